/* SPDX-License-Identifier: MIT
 *
 * test_pam_code.c - every NTSTATUS against its PAM code (docs/sources.md). The
 * module's table holds bare numbers (it may not include ours); here they meet
 * the names of trustlogon/status.h.
 */
#include <check.h>
#include <stdlib.h>

#include <trustlogon/status.h>

#include "../../pam_module/pam_code.c"
#include "run_suite.h"

static const struct {
    uint32_t ntstatus;
    int code;
} cases[] = {
    {TL_NT_SUCCESS, PAM_SUCCESS},
    {TL_NT_WRONG_PASSWORD, PAM_AUTH_ERR},
    {TL_NT_LOGON_FAILURE, PAM_AUTH_ERR},
    {TL_NT_PASSWORD_RESTRICTION, PAM_AUTH_ERR},
    {TL_NT_NO_SUCH_USER, PAM_AUTH_ERR},
    {TL_NT_NO_TRUST_LSA_SECRET, PAM_AUTH_ERR},
    {TL_NT_NO_TRUST_SAM_ACCOUNT, PAM_AUTH_ERR},
    {TL_NT_TRUSTED_DOMAIN_FAILURE, PAM_AUTH_ERR},
    {TL_NT_TRUSTED_RELATIONSHIP_FAILURE, PAM_AUTH_ERR},
    {TL_NT_TIME_DIFFERENCE_AT_DC, PAM_AUTH_ERR},
    {TL_NT_MAX_REFERRALS_EXCEEDED, PAM_AUTH_ERR},
    {TL_NT_KDC_UNKNOWN_ETYPE, PAM_AUTH_ERR},
    {TL_NT_NO_LOGON_SERVERS, PAM_AUTHINFO_UNAVAIL},
    {TL_NT_NO_SUCH_DOMAIN, PAM_AUTHINFO_UNAVAIL},
    {TL_NT_DOWNGRADE_DETECTED, PAM_AUTHINFO_UNAVAIL},
    {TL_NT_ACCESS_DENIED, PAM_PERM_DENIED},
    {TL_NT_ACCOUNT_DISABLED, PAM_PERM_DENIED},
    {TL_NT_ACCOUNT_LOCKED_OUT, PAM_PERM_DENIED},
    {TL_NT_INVALID_LOGON_HOURS, PAM_PERM_DENIED},
    {TL_NT_INVALID_WORKSTATION, PAM_PERM_DENIED},
    {TL_NT_ACCOUNT_RESTRICTION, PAM_PERM_DENIED},
    {TL_NT_SMARTCARD_LOGON_REQUIRED, PAM_PERM_DENIED},
    {TL_NT_AUTHENTICATION_FIREWALL_FAILED, PAM_PERM_DENIED},
    {TL_NT_ACCOUNT_EXPIRED, PAM_ACCT_EXPIRED},
    {TL_NT_PASSWORD_EXPIRED, PAM_NEW_AUTHTOK_REQD},
    {TL_NT_PASSWORD_MUST_CHANGE, PAM_NEW_AUTHTOK_REQD},
    {TL_NT_NO_MEMORY, PAM_BUF_ERR},
    {TL_NT_INTERNAL_ERROR, PAM_SYSTEM_ERR},
    /* never seen before: refused */
    {0x00000001U, PAM_AUTH_ERR},
    {0xDEADBEEFU, PAM_AUTH_ERR},
    {0xFFFFFFFFU, PAM_AUTH_ERR},
};

START_TEST(test_code)
{
    ck_assert_int_eq(tlp_pam_code(cases[_i].ntstatus), cases[_i].code);
}
END_TEST

/* Success has one status only, now and when rows are added to the table. */
START_TEST(test_success_is_zero_only)
{
    for (uint32_t i = 1; i < 0x10000; i++) {
        ck_assert_int_ne(tlp_pam_code(i), PAM_SUCCESS);
        ck_assert_int_ne(tlp_pam_code(0xC0000000U | i), PAM_SUCCESS);
        ck_assert_int_ne(tlp_pam_code(i << 16), PAM_SUCCESS);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pam_code");
    TCase *tc = tcase_create("codes");

    tcase_add_loop_test(tc, test_code, 0, COUNT(cases));
    tcase_add_test(tc, test_success_is_zero_only);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
