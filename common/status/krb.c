/* SPDX-License-Identifier: MIT
 *
 * krb.c - the Kerberos error codes 0 to 93: names as the RFCs print them (RFC 4120 7.5.9,
 * PKINIT's from RFC 4556, FAST's from RFC 6113), texts in our words.
 */
#include <trustlogon/status.h>

#include "prefix.h"

static const struct tl_krb_info table[] = {
    {0, "KDC_ERR_NONE", "No error."},
    {1, "KDC_ERR_NAME_EXP", "The client's account has expired."},
    {2, "KDC_ERR_SERVICE_EXP", "The service's account has expired."},
    {3, "KDC_ERR_BAD_PVNO", "The KDC does not speak this protocol version."},
    {4, "KDC_ERR_C_OLD_MAST_KVNO", "The client's key is under an old master key."},
    {5, "KDC_ERR_S_OLD_MAST_KVNO", "The service's key is under an old master key."},
    {6, "KDC_ERR_C_PRINCIPAL_UNKNOWN", "The KDC does not know the client."},
    {7, "KDC_ERR_S_PRINCIPAL_UNKNOWN",
     "The KDC does not know the service, nor a realm to refer to."},
    {8, "KDC_ERR_PRINCIPAL_NOT_UNIQUE", "More than one account has this name."},
    {9, "KDC_ERR_NULL_KEY", "The account has no key: its password was never set."},
    {10, "KDC_ERR_CANNOT_POSTDATE", "The ticket may not be postdated."},
    {11, "KDC_ERR_NEVER_VALID", "The requested ticket would end before it starts."},
    {12, "KDC_ERR_POLICY", "A policy of the KDC forbids it."},
    {13, "KDC_ERR_BADOPTION", "The KDC cannot grant a requested option."},
    {14, "KDC_ERR_ETYPE_NOSUPP", "No encryption type in common."},
    {15, "KDC_ERR_SUMTYPE_NOSUPP", "The KDC does not know this checksum type."},
    {16, "KDC_ERR_PADATA_TYPE_NOSUPP",
     "The KDC does not support this kind of pre-authentication."},
    {17, "KDC_ERR_TRTYPE_NOSUPP", "The KDC does not know this transited encoding."},
    {18, "KDC_ERR_CLIENT_REVOKED",
     "The client's account is disabled, locked out or otherwise barred."},
    {19, "KDC_ERR_SERVICE_REVOKED", "The service's account is disabled."},
    {20, "KDC_ERR_TGT_REVOKED", "The ticket-granting ticket is no longer accepted."},
    {21, "KDC_ERR_CLIENT_NOTYET", "The client's account is not valid yet."},
    {22, "KDC_ERR_SERVICE_NOTYET", "The service's account is not valid yet."},
    {23, "KDC_ERR_KEY_EXPIRED", "The password has expired or must be changed."},
    {24, "KDC_ERR_PREAUTH_FAILED", "Pre-authentication failed: a wrong password."},
    {25, "KDC_ERR_PREAUTH_REQUIRED",
     "Pre-authentication is needed: a step of the exchange, not a failure."},
    {26, "KDC_ERR_SERVER_NOMATCH", "Ticket and request name different services."},
    {27, "KDC_ERR_MUST_USE_USER2USER",
     "The account has no service principal name: user-to-user tickets only."},
    {28, "KDC_ERR_PATH_NOT_ACCEPTED", "The realms the ticket came through are refused."},
    {29, "KDC_ERR_SVC_UNAVAILABLE", "The KDC cannot serve at the moment."},
    {31, "KRB_AP_ERR_BAD_INTEGRITY", "Decryption failed: the keys do not match."},
    {32, "KRB_AP_ERR_TKT_EXPIRED", "The ticket has expired."},
    {33, "KRB_AP_ERR_TKT_NYV", "The ticket is not valid yet."},
    {34, "KRB_AP_ERR_REPEAT", "The request was seen before."},
    {35, "KRB_AP_ERR_NOT_US",
     "The ticket is for another service, or comes over a trust that is not accepted."},
    {36, "KRB_AP_ERR_BADMATCH", "Ticket and authenticator do not belong together."},
    {37, "KRB_AP_ERR_SKEW", "The clocks differ by too much."},
    {38, "KRB_AP_ERR_BADADDR", "The network address is not the one in the ticket."},
    {39, "KRB_AP_ERR_BADVERSION", "Protocol versions do not match."},
    {40, "KRB_AP_ERR_MSG_TYPE", "A message of an unexpected type."},
    {41, "KRB_AP_ERR_MODIFIED", "The message was modified, or the keys do not match."},
    {42, "KRB_AP_ERR_BADORDER", "Messages are out of order."},
    {43, "KRB_AP_ERR_ILL_CR_TKT",
     "The realms that the ticket came through are not allowed."}, /* MIT krb5's own */
    {44, "KRB_AP_ERR_BADKEYVER", "No key of this version is available."},
    {45, "KRB_AP_ERR_NOKEY", "The service's key is not available."},
    {46, "KRB_AP_ERR_MUT_FAIL", "Mutual authentication failed."},
    {47, "KRB_AP_ERR_BADDIRECTION", "The message runs in the wrong direction."},
    {48, "KRB_AP_ERR_METHOD", "Another authentication method is needed."},
    {49, "KRB_AP_ERR_BADSEQ", "The sequence number is wrong."},
    {50, "KRB_AP_ERR_INAPP_CKSUM", "The checksum is of an unsuitable type."},
    {51, "KRB_AP_PATH_NOT_ACCEPTED", "The realms on the way are not accepted."},
    {52, "KRB_ERR_RESPONSE_TOO_BIG",
     "The reply is too large for UDP: repeat the request over TCP."},
    {60, "KRB_ERR_GENERIC", "An error without a code of its own."},
    {61, "KRB_ERR_FIELD_TOOLONG", "A field of the request is too long."},
    {62, "KDC_ERR_CLIENT_NOT_TRUSTED",
     "The KDC does not trust the client's certificate."},
    {63, "KDC_ERR_KDC_NOT_TRUSTED", "The KDC has no certificate that the client trusts."},
    {64, "KDC_ERR_INVALID_SIG", "A signature is not valid."},
    {65, "KDC_ERR_DH_KEY_PARAMETERS_NOT_ACCEPTED",
     "The Diffie-Hellman parameters are not accepted."},
    {66, "KDC_ERR_CERTIFICATE_MISMATCH", "The certificates do not match."},
    {67, "KRB_AP_ERR_NO_TGT", "There is no ticket-granting ticket for user-to-user."},
    {68, "KDC_ERR_WRONG_REALM",
     "The client belongs to another realm: send the request there."},
    {69, "KRB_AP_ERR_USER_TO_USER_REQUIRED",
     "The service takes user-to-user tickets only."},
    {70, "KDC_ERR_CANT_VERIFY_CERTIFICATE", "No path leads to a trusted certificate."},
    {71, "KDC_ERR_INVALID_CERTIFICATE", "A certificate on the path is not valid."},
    {72, "KDC_ERR_REVOKED_CERTIFICATE", "A certificate on the path is revoked."},
    {73, "KDC_ERR_REVOCATION_STATUS_UNKNOWN",
     "It cannot be determined whether a certificate is revoked."},
    {74, "KDC_ERR_REVOCATION_STATUS_UNAVAILABLE",
     "The revocation list of a certificate cannot be reached."},
    {75, "KDC_ERR_CLIENT_NAME_MISMATCH",
     "The certificate names another client than the request."},
    {76, "KDC_ERR_KDC_NAME_MISMATCH", "The KDC's certificate names another KDC."},
    {77, "KDC_ERR_INCONSISTENT_KEY_PURPOSE",
     "The certificate's purpose does not allow a logon."},
    {78, "KDC_ERR_DIGEST_IN_CERT_NOT_ACCEPTED",
     "The digest used in a certificate is not accepted."},
    {79, "KDC_ERR_PA_CHECKSUM_MUST_BE_INCLUDED",
     "The request lacks the checksum of public-key pre-authentication."},
    {80, "KDC_ERR_DIGEST_IN_SIGNED_DATA_NOT_ACCEPTED",
     "The digest used in the signed data is not accepted."},
    {81, "KDC_ERR_PUBLIC_KEY_ENCRYPTION_NOT_SUPPORTED",
     "Public-key encryption of the reply key is not supported."},
    {90, "KDC_ERR_PREAUTH_EXPIRED", "The pre-authentication took too long: start again."},
    {91, "KDC_ERR_MORE_PREAUTH_DATA_REQUIRED",
     "One more step of pre-authentication is needed."},
    {92, "KDC_ERR_PREAUTH_BAD_AUTHENTICATION_SET",
     "The KDC does not offer this authentication set."},
    {93, "KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS",
     "The KDC does not know a critical option of FAST."},
};
#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))

/* MIT's error tables put their own marks before the RFC's; they end up in
 * logs, so they are taken as well. */
static const char *const prefixes[] = {
    "KRB5KDC_ERR_", "KRB5KRB_AP_ERR_", "KRB5KRB_ERR_", "KDC_ERROR_", "KDC_ERR_",
    "KRB_AP_ERR_",  "KRB_ERR_",        "KRB_AP_",      NULL,
};

/* What MIT spells otherwise, behind its prefix. */
static const struct {
    const char *name;
    int32_t code;
} aliases[] = {
    {"KEY_EXP", 23},
    {"UNKNOWN_CRITICAL_FAST_OPTION", 93},
};

const struct tl_krb_info *tl_krb_by_code(int32_t code)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (table[i].code == code)
            return &table[i];
    }
    return NULL;
}

const struct tl_krb_info *tl_krb_by_name(const char *name)
{
    const char *bare;

    if (name == NULL)
        return NULL;
    /* As the RFCs write it first: 28 and 51 differ by their prefixes alone. */
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strcasecmp(table[i].name, name) == 0)
            return &table[i];
    }
    bare = tli_skip_prefix(name, prefixes);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strcasecmp(tli_skip_prefix(table[i].name, prefixes), bare) == 0)
            return &table[i];
    }
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcasecmp(aliases[i].name, bare) == 0)
            return tl_krb_by_code(aliases[i].code);
    }
    return NULL;
}

const struct tl_krb_info *tl_krb_table(size_t *count)
{
    *count = TABLE_COUNT;
    return table;
}
