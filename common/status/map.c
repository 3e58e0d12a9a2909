/* SPDX-License-Identifier: MIT
 *
 * map.c - from a KRB-ERROR to the NTSTATUS that a Windows user would see, and to the
 * reason.
 *
 * Windows' own function for this is not published. The rows rest on what is published: KB
 * articles that show both codes of one failing logon, the statuses that domain
 * controllers put into e-data, and the descriptions of the events 4625, 4768 and 4771.
 * If nothing is known, the row says so. The first row that fits wins, so the order
 * matters.
 */
#include <trustlogon/status.h>

#define ANY_KRB INT32_MIN
#define ANY_STATUS 0xFFFFFFFFU

#define AS (1U << TL_STAGE_AS)
#define WALK (1U << TL_STAGE_WALK)
#define PROOF (1U << TL_STAGE_PROOF)
#define ANY_STAGE (~0U)

struct rule {
    int32_t krb;
    unsigned int stages;
    uint32_t edata; /* status the e-data must hold, or ANY_STATUS (none included) */
    uint32_t ntstatus;
    enum tl_reason reason;
};

static const struct rule rules[] = {
    /* KB2015518, KB2008039: 7 for host/<workstation> is 1787, and the extended
     * status (C0000035 there: a duplicate name) does not replace it. The status
     * still tells the duplicate apart. */
    {TL_KRB_S_PRINCIPAL_UNKNOWN, WALK, 0xC0000035U, TL_NT_NO_TRUST_SAM_ACCOUNT,
     TL_REASON_SPN_DUPLICATE},
    {TL_KRB_S_PRINCIPAL_UNKNOWN, WALK, ANY_STATUS, TL_NT_NO_TRUST_SAM_ACCOUNT,
     TL_REASON_WALK_UNKNOWN},
    /* RFC 4120's own code for a duplicate; AD sends 7 with C0000035 instead. */
    {8, WALK, ANY_STATUS, TL_NT_NO_TRUST_SAM_ACCOUNT, TL_REASON_SPN_DUPLICATE},
    /* In an AS exchange the service is krbtgt/<realm>: the server is not a KDC of that
     * realm. No source; "no such domain" is the meaning. */
    {TL_KRB_S_PRINCIPAL_UNKNOWN, AS, ANY_STATUS, TL_NT_NO_SUCH_DOMAIN,
     TL_REASON_KDC_ERROR},

    /* Events 4625, 4771: unknown name and wrong password read the same, and no account
     * state is revealed without the right password. */
    {TL_KRB_C_PRINCIPAL_UNKNOWN, ANY_STAGE, ANY_STATUS, TL_NT_LOGON_FAILURE,
     TL_REASON_USER_UNKNOWN},
    {TL_KRB_PREAUTH_FAILED, ANY_STAGE, ANY_STATUS, TL_NT_LOGON_FAILURE,
     TL_REASON_WRONG_PASSWORD},

    /* KB2959395: selective authentication, checked for krbtgt targets as well. In
     * an AS exchange no trust is crossed: there the same status is a refusal by
     * an authentication policy. */
    {TL_KRB_POLICY, AS, TL_NT_AUTHENTICATION_FIREWALL_FAILED,
     TL_NT_AUTHENTICATION_FIREWALL_FAILED, TL_REASON_AUTHENTICATION_POLICY},
    {TL_KRB_POLICY, ANY_STAGE, TL_NT_AUTHENTICATION_FIREWALL_FAILED,
     TL_NT_AUTHENTICATION_FIREWALL_FAILED, TL_REASON_SELECTIVE_AUTH},

    /* Account states come in the e-data of any code (12, 18, 23, 60), and the user sees
     * the state. */
    {ANY_KRB, ANY_STAGE, TL_NT_ACCOUNT_RESTRICTION, TL_NT_ACCOUNT_RESTRICTION,
     TL_REASON_ACCOUNT_RESTRICTION},
    {ANY_KRB, ANY_STAGE, TL_NT_INVALID_LOGON_HOURS, TL_NT_INVALID_LOGON_HOURS,
     TL_REASON_LOGON_HOURS},
    {ANY_KRB, ANY_STAGE, TL_NT_INVALID_WORKSTATION, TL_NT_INVALID_WORKSTATION,
     TL_REASON_WORKSTATION_NOT_ALLOWED},
    {ANY_KRB, ANY_STAGE, TL_NT_PASSWORD_EXPIRED, TL_NT_PASSWORD_EXPIRED,
     TL_REASON_PASSWORD_EXPIRED},
    {ANY_KRB, ANY_STAGE, TL_NT_PASSWORD_MUST_CHANGE, TL_NT_PASSWORD_MUST_CHANGE,
     TL_REASON_PASSWORD_MUST_CHANGE},
    {ANY_KRB, ANY_STAGE, TL_NT_ACCOUNT_DISABLED, TL_NT_ACCOUNT_DISABLED,
     TL_REASON_ACCOUNT_DISABLED},
    {ANY_KRB, ANY_STAGE, TL_NT_ACCOUNT_LOCKED_OUT, TL_NT_ACCOUNT_LOCKED_OUT,
     TL_REASON_ACCOUNT_LOCKED},
    {ANY_KRB, ANY_STAGE, TL_NT_ACCOUNT_EXPIRED, TL_NT_ACCOUNT_EXPIRED,
     TL_REASON_ACCOUNT_EXPIRED},
    {ANY_KRB, ANY_STAGE, TL_NT_SMARTCARD_LOGON_REQUIRED, TL_NT_SMARTCARD_LOGON_REQUIRED,
     TL_REASON_SMARTCARD_REQUIRED},

    {ANY_KRB, AS, TL_NT_PKINIT_NAME_MISMATCH, TL_NT_PKINIT_NAME_MISMATCH,
     TL_REASON_SMARTCARD_OTHER_USER},
    {ANY_KRB, AS, TL_NT_SMARTCARD_CERT_REVOKED, TL_NT_SMARTCARD_CERT_REVOKED,
     TL_REASON_SMARTCARD_REVOKED},
    {ANY_KRB, AS, TL_NT_ISSUING_CA_UNTRUSTED, TL_NT_ISSUING_CA_UNTRUSTED,
     TL_REASON_SMARTCARD_ISSUER},
    {ANY_KRB, AS, TL_NT_REVOCATION_OFFLINE_C, TL_NT_REVOCATION_OFFLINE_C,
     TL_REASON_SMARTCARD_REVOCATION},
    {ANY_KRB, AS, TL_NT_PKINIT_CLIENT_FAILURE, TL_NT_PKINIT_CLIENT_FAILURE,
     TL_REASON_SMARTCARD_UNTRUSTED},
    {ANY_KRB, AS, TL_NT_SMARTCARD_CERT_EXPIRED, TL_NT_SMARTCARD_CERT_EXPIRED,
     TL_REASON_SMARTCARD_EXPIRED},

    /* The code alone. RFC 4556 3.1.3; the statuses by their texts in [MS-ERREF]. */
    {TL_KRB_PADATA_TYPE_NOSUPP, AS, ANY_STATUS, TL_NT_NOT_SUPPORTED,
     TL_REASON_PKINIT_UNSUPPORTED},
    {TL_KRB_CLIENT_NOT_TRUSTED, AS, ANY_STATUS, TL_NT_PKINIT_CLIENT_FAILURE,
     TL_REASON_SMARTCARD_UNTRUSTED},
    {63, AS, ANY_STATUS, TL_NT_PKINIT_FAILURE, TL_REASON_KDC_CERTIFICATE},
    {64, AS, ANY_STATUS, TL_NT_PKINIT_CLIENT_FAILURE, TL_REASON_SMARTCARD_UNTRUSTED},
    {66, AS, ANY_STATUS, TL_NT_PKINIT_NAME_MISMATCH, TL_REASON_SMARTCARD_OTHER_USER},
    {70, AS, ANY_STATUS, TL_NT_ISSUING_CA_UNTRUSTED, TL_REASON_SMARTCARD_ISSUER},
    {71, AS, ANY_STATUS, TL_NT_PKINIT_CLIENT_FAILURE, TL_REASON_SMARTCARD_UNTRUSTED},
    {72, AS, ANY_STATUS, TL_NT_SMARTCARD_CERT_REVOKED, TL_REASON_SMARTCARD_REVOKED},
    {73, AS, ANY_STATUS, TL_NT_REVOCATION_OFFLINE_C, TL_REASON_SMARTCARD_REVOCATION},
    {74, AS, ANY_STATUS, TL_NT_REVOCATION_OFFLINE_C, TL_REASON_SMARTCARD_REVOCATION},
    {75, AS, ANY_STATUS, TL_NT_PKINIT_NAME_MISMATCH, TL_REASON_SMARTCARD_OTHER_USER},
    {76, AS, ANY_STATUS, TL_NT_PKINIT_FAILURE, TL_REASON_KDC_CERTIFICATE},
    {77, AS, ANY_STATUS, TL_NT_PKINIT_CLIENT_FAILURE, TL_REASON_SMARTCARD_UNTRUSTED},
    {TL_KRB_NAME_EXP, ANY_STAGE, ANY_STATUS, TL_NT_ACCOUNT_EXPIRED,
     TL_REASON_ACCOUNT_EXPIRED},
    {TL_KRB_POLICY, AS, ANY_STATUS, TL_NT_ACCOUNT_RESTRICTION,
     TL_REASON_ACCOUNT_RESTRICTION},
    {TL_KRB_POLICY, ANY_STAGE, ANY_STATUS, TL_NT_ACCOUNT_RESTRICTION, TL_REASON_POLICY},
    /* KB4492348: in an AS exchange it is the account that has no such key. */
    {TL_KRB_ETYPE_NOSUPP, AS, ANY_STATUS, TL_NT_KDC_UNKNOWN_ETYPE, TL_REASON_ACCOUNT_RC4},
    {TL_KRB_ETYPE_NOSUPP, ANY_STAGE, ANY_STATUS, TL_NT_KDC_UNKNOWN_ETYPE,
     TL_REASON_ETYPE_UNSUPPORTED},
    /* Windows always sends the status along. Samba 4.17 leaves it out in one case, the
     * locked account, and locking is also what an MIT KDC means by the bare code. */
    {TL_KRB_CLIENT_REVOKED, ANY_STAGE, ANY_STATUS, TL_NT_ACCOUNT_LOCKED_OUT,
     TL_REASON_ACCOUNT_LOCKED},
    {TL_KRB_KEY_EXPIRED, ANY_STAGE, ANY_STATUS, TL_NT_PASSWORD_EXPIRED,
     TL_REASON_PASSWORD_EXPIRED},
    {TL_KRB_SVC_UNAVAILABLE, ANY_STAGE, ANY_STATUS, TL_NT_NO_LOGON_SERVERS,
     TL_REASON_NO_LOGON_SERVERS},

    /* Keys that do not match: which side's key it is depends on who decrypts what. */
    {TL_KRB_BAD_INTEGRITY, AS, ANY_STATUS, TL_NT_LOGON_FAILURE, TL_REASON_WRONG_PASSWORD},
    {TL_KRB_BAD_INTEGRITY, WALK, ANY_STATUS, TL_NT_TRUSTED_DOMAIN_FAILURE,
     TL_REASON_TRUST_REFUSED},
    {41, WALK, ANY_STATUS, TL_NT_TRUSTED_DOMAIN_FAILURE, TL_REASON_TRUST_REFUSED},
    {TL_KRB_BADKEYVER, WALK, ANY_STATUS, TL_NT_TRUSTED_DOMAIN_FAILURE,
     TL_REASON_TRUST_REFUSED},
    {TL_KRB_NOKEY, WALK, ANY_STATUS, TL_NT_TRUSTED_DOMAIN_FAILURE,
     TL_REASON_TRUST_REFUSED},
    {TL_KRB_BAD_INTEGRITY, PROOF, ANY_STATUS, TL_NT_TRUSTED_RELATIONSHIP_FAILURE,
     TL_REASON_KEYTAB_WRONG},
    {41, PROOF, ANY_STATUS, TL_NT_TRUSTED_RELATIONSHIP_FAILURE, TL_REASON_KEYTAB_WRONG},
    {TL_KRB_BADKEYVER, PROOF, ANY_STATUS, TL_NT_TRUSTED_RELATIONSHIP_FAILURE,
     TL_REASON_KEYTAB_STALE},
    {TL_KRB_NOKEY, PROOF, ANY_STATUS, TL_NT_TRUSTED_RELATIONSHIP_FAILURE,
     TL_REASON_KEYTAB_NO_KEY},
    /* Samba's reply to a cross-realm ticket of a trust it does not accept. */
    {TL_KRB_NOT_US, WALK, ANY_STATUS, TL_NT_TRUSTED_DOMAIN_FAILURE,
     TL_REASON_TRUST_REFUSED},

    /* A ticket got a moment ago that is expired or not yet valid is a clock. */
    {32, ANY_STAGE, ANY_STATUS, TL_NT_TIME_DIFFERENCE_AT_DC, TL_REASON_CLOCK_SKEW},
    {33, ANY_STAGE, ANY_STATUS, TL_NT_TIME_DIFFERENCE_AT_DC, TL_REASON_CLOCK_SKEW},
    {TL_KRB_SKEW, ANY_STAGE, ANY_STATUS, TL_NT_TIME_DIFFERENCE_AT_DC,
     TL_REASON_CLOCK_SKEW},

    /* A referral that cannot be followed (no realm in it, none left to ask). */
    {TL_KRB_WRONG_REALM, ANY_STAGE, ANY_STATUS, TL_NT_MAX_REFERRALS_EXCEEDED,
     TL_REASON_KDC_ERROR},
};

static bool rule_fits(const struct rule *rule, enum tl_stage stage, int32_t krb_code,
                      uint32_t edata_ntstatus)
{
    if (rule->krb != ANY_KRB && rule->krb != krb_code)
        return false;
    if ((rule->stages & (1U << (unsigned int)stage)) == 0)
        return false;
    return rule->edata == ANY_STATUS || rule->edata == edata_ntstatus;
}

static struct rule look_up(enum tl_stage stage, int32_t krb_code, uint32_t edata_ntstatus)
{
    struct rule fallback = {krb_code, ANY_STAGE, ANY_STATUS, TL_NT_LOGON_FAILURE,
                            TL_REASON_KDC_ERROR};

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rule_fits(&rules[i], stage, krb_code, edata_ntstatus))
            return rules[i];
    }
    /* GENERIC says "read the e-data"; only an error severity (11 in the two top
     * bits, [MS-ERREF] 2.3) may become the outcome of a failure. */
    if (krb_code == TL_KRB_GENERIC && edata_ntstatus >> 30 == 3)
        fallback.ntstatus = edata_ntstatus;
    return fallback;
}

uint32_t tl_status_from_krb(enum tl_stage stage, int32_t krb_code,
                            uint32_t edata_ntstatus)
{
    return look_up(stage, krb_code, edata_ntstatus).ntstatus;
}

enum tl_reason tl_reason_from_krb(enum tl_stage stage, int32_t krb_code,
                                  uint32_t edata_ntstatus)
{
    return look_up(stage, krb_code, edata_ntstatus).reason;
}
