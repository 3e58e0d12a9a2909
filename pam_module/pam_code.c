/* SPDX-License-Identifier: MIT
 *
 * pam_code.c - the one place where an NTSTATUS becomes a PAM code.
 *
 * Values from [MS-ERREF] 2.3.1. What the table does not name is a refusal.
 */
#include "module.h"

static const struct {
    uint32_t ntstatus;
    int code;
} table[] = {
    {0x00000000U, PAM_SUCCESS},
    /* No domain controller could be asked: the next module may have another source. */
    {0xC000005EU, PAM_AUTHINFO_UNAVAIL}, /* NO_LOGON_SERVERS, 1311 */
    {0xC00000DFU, PAM_AUTHINFO_UNAVAIL}, /* NO_SUCH_DOMAIN, 1355 */
    {0xC0000233U, PAM_AUTHINFO_UNAVAIL}, /* DOMAIN_CONTROLLER_NOT_FOUND, 1908 */
    {0xC0000388U, PAM_AUTHINFO_UNAVAIL}, /* DOWNGRADE_DETECTED, 1265 */
    {0xC0000321U, PAM_AUTHINFO_UNAVAIL}, /* SMARTCARD_SUBSYSTEM_FAILURE */
    {0xC0000383U, PAM_AUTHINFO_UNAVAIL}, /* SMARTCARD_NO_CARD */
    /* The account is valid, but may not log on. */
    {0xC0000022U, PAM_PERM_DENIED},      /* ACCESS_DENIED */
    {0xC000006EU, PAM_PERM_DENIED},      /* ACCOUNT_RESTRICTION, 1327 */
    {0xC000006FU, PAM_PERM_DENIED},      /* INVALID_LOGON_HOURS, 1328 */
    {0xC0000070U, PAM_PERM_DENIED},      /* INVALID_WORKSTATION, 1329 */
    {0xC0000072U, PAM_PERM_DENIED},      /* ACCOUNT_DISABLED, 1331 */
    {0xC000015BU, PAM_PERM_DENIED},      /* LOGON_TYPE_NOT_GRANTED, 1385 */
    {0xC0000198U, PAM_PERM_DENIED},      /* NOLOGON_INTERDOMAIN_TRUST_ACCOUNT, 1807 */
    {0xC0000199U, PAM_PERM_DENIED},      /* NOLOGON_WORKSTATION_TRUST_ACCOUNT, 1808 */
    {0xC0000234U, PAM_PERM_DENIED},      /* ACCOUNT_LOCKED_OUT, 1909 */
    {0xC00002FAU, PAM_PERM_DENIED},      /* SMARTCARD_LOGON_REQUIRED */
    {0xC0000381U, PAM_PERM_DENIED},      /* SMARTCARD_CARD_BLOCKED */
    {0xC0000413U, PAM_PERM_DENIED},      /* AUTHENTICATION_FIREWALL_FAILED, 1935 */
    {0xC0000193U, PAM_ACCT_EXPIRED},     /* ACCOUNT_EXPIRED, 1793 */
    {0xC0000071U, PAM_NEW_AUTHTOK_REQD}, /* PASSWORD_EXPIRED, 1330 */
    {0xC0000224U, PAM_NEW_AUTHTOK_REQD}, /* PASSWORD_MUST_CHANGE, 1907 */
    /* This machine. */
    {0xC0000017U, PAM_BUF_ERR},    /* NO_MEMORY */
    {0xC00000E5U, PAM_SYSTEM_ERR}, /* INTERNAL_ERROR */
};

int tlp_pam_code(uint32_t ntstatus)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].ntstatus == ntstatus)
            return table[i].code;
    }
    return PAM_AUTH_ERR;
}
