/* SPDX-License-Identifier: MIT
 *
 * trustlogon/status.h - every code a logon can end with, and its words.
 *
 * Three vocabularies meet here: Kerberos error codes (RFC 4120 7.5.9), Windows'
 * NTSTATUS with its Win32 twin ([MS-ERREF] 2.3.1, winerror.h texts, which are
 * what a user sees), and our own reasons, finer than both. All tables are
 * constant; all functions are pure.
 */
#ifndef TRUSTLOGON_STATUS_H
#define TRUSTLOGON_STATUS_H

#include <trustlogon/defs.h>

/* NTSTATUS values that the code itself names; the table knows more. */
#define TL_NT_SUCCESS 0x00000000U
#define TL_NT_ACCESS_DENIED 0xC0000022U
#define TL_NT_NO_LOGON_SERVERS 0xC000005EU
#define TL_NT_NO_SUCH_USER 0xC0000064U
#define TL_NT_WRONG_PASSWORD 0xC000006AU
#define TL_NT_PASSWORD_RESTRICTION 0xC000006CU
#define TL_NT_LOGON_FAILURE 0xC000006DU
#define TL_NT_ACCOUNT_RESTRICTION 0xC000006EU
#define TL_NT_INVALID_LOGON_HOURS 0xC000006FU
#define TL_NT_INVALID_WORKSTATION 0xC0000070U
#define TL_NT_PASSWORD_EXPIRED 0xC0000071U
#define TL_NT_ACCOUNT_DISABLED 0xC0000072U
#define TL_NT_NOT_SUPPORTED 0xC00000BBU
#define TL_NT_NO_SUCH_DOMAIN 0xC00000DFU
#define TL_NT_INTERNAL_ERROR 0xC00000E5U
#define TL_NT_NO_MEMORY 0xC0000017U
#define TL_NT_TIME_DIFFERENCE_AT_DC 0xC0000133U
#define TL_NT_LOGON_TYPE_NOT_GRANTED 0xC000015BU
#define TL_NT_NO_TRUST_LSA_SECRET 0xC000018AU
#define TL_NT_NO_TRUST_SAM_ACCOUNT 0xC000018BU
#define TL_NT_TRUSTED_DOMAIN_FAILURE 0xC000018CU
#define TL_NT_TRUSTED_RELATIONSHIP_FAILURE 0xC000018DU
#define TL_NT_ACCOUNT_EXPIRED 0xC0000193U
#define TL_NT_NOLOGON_WORKSTATION_TRUST_ACCOUNT 0xC0000199U
#define TL_NT_PASSWORD_MUST_CHANGE 0xC0000224U
#define TL_NT_ACCOUNT_LOCKED_OUT 0xC0000234U
#define TL_NT_MAX_REFERRALS_EXCEEDED 0xC00002F4U
#define TL_NT_PKINIT_NAME_MISMATCH 0xC00002F9U
#define TL_NT_SMARTCARD_LOGON_REQUIRED 0xC00002FAU
#define TL_NT_KDC_UNKNOWN_ETYPE 0xC00002FDU
#define TL_NT_PKINIT_FAILURE 0xC0000320U
#define TL_NT_SMARTCARD_SUBSYSTEM_FAILURE 0xC0000321U
#define TL_NT_SMARTCARD_WRONG_PIN 0xC0000380U
#define TL_NT_SMARTCARD_CARD_BLOCKED 0xC0000381U
#define TL_NT_SMARTCARD_CARD_NOT_AUTHENTICATED 0xC0000382U
#define TL_NT_SMARTCARD_NO_CARD 0xC0000383U
#define TL_NT_SMARTCARD_NO_CERTIFICATE 0xC0000385U
#define TL_NT_DOWNGRADE_DETECTED 0xC0000388U
#define TL_NT_SMARTCARD_CERT_REVOKED 0xC0000389U
#define TL_NT_ISSUING_CA_UNTRUSTED 0xC000038AU
#define TL_NT_REVOCATION_OFFLINE_C 0xC000038BU
#define TL_NT_PKINIT_CLIENT_FAILURE 0xC000038CU
#define TL_NT_SMARTCARD_CERT_EXPIRED 0xC000038DU
#define TL_NT_AUTHENTICATION_FIREWALL_FAILED 0xC0000413U

/* Kerberos protocol error codes that the code names (RFC 4120 7.5.9). */
#define TL_KRB_NONE (-1) /* no KRB-ERROR was received */
#define TL_KRB_NAME_EXP 1
#define TL_KRB_C_PRINCIPAL_UNKNOWN 6
#define TL_KRB_S_PRINCIPAL_UNKNOWN 7
#define TL_KRB_POLICY 12
#define TL_KRB_ETYPE_NOSUPP 14
#define TL_KRB_PADATA_TYPE_NOSUPP 16
#define TL_KRB_CLIENT_REVOKED 18
#define TL_KRB_KEY_EXPIRED 23
#define TL_KRB_PREAUTH_FAILED 24
#define TL_KRB_PREAUTH_REQUIRED 25
#define TL_KRB_SVC_UNAVAILABLE 29
#define TL_KRB_BAD_INTEGRITY 31
#define TL_KRB_NOT_US 35
#define TL_KRB_SKEW 37
#define TL_KRB_BADKEYVER 44
#define TL_KRB_NOKEY 45
#define TL_KRB_RESPONSE_TOO_BIG 52
#define TL_KRB_GENERIC 60
#define TL_KRB_CLIENT_NOT_TRUSTED 62
#define TL_KRB_WRONG_REALM 68

/* The steps of a logon, in order: the one in which it ended. */
enum tl_stage {
    TL_STAGE_NAME,     /* reading the name as typed */
    TL_STAGE_ROUTE,    /* deciding realm, principal, path */
    TL_STAGE_LOCATE,   /* finding a domain controller */
    TL_STAGE_AS,       /* AS exchange with the user's KDC */
    TL_STAGE_WALK,     /* TGS exchanges towards host/<workstation> */
    TL_STAGE_PROOF,    /* ticket against keytab, PAC checks */
    TL_STAGE_IDENTITY, /* SIDs, names, credentials cache */
    TL_STAGE_LOCAL,    /* configuration, agent, memory: this machine */
    TL_STAGE_PASSWORD  /* changing the password; no step of a logon */
};
TL_PUBLIC const char *tl_stage_name(enum tl_stage stage); /* "name", "route", ... */

/*
 * Our own causes. The table behind tl_reason_info() gives for each its stable
 * slug (what --json and the journal print), the NTSTATUS it ends in, and the
 * explanation and remedy for an administrator. common/status/reasons.def lists
 * them once; the enum and the table are both made from it.
 */
enum tl_reason {
#define TL_REASON(id, slug, ntstatus, party, explanation, remedy) TL_REASON_##id,
#include <trustlogon/reasons.def>
#undef TL_REASON
    TL_REASON_COUNT
};

/* Who can mend what a reason names. */
enum tl_party {
    TL_PARTY_NOBODY,   /* no one party: the user, or it is not known */
    TL_PARTY_ROOT,     /* of this machine */
    TL_PARTY_OWN,      /* administrators of the domain that the machine is a member of */
    TL_PARTY_USERS,    /* administrators of the user's domain */
    TL_PARTY_HOSTS,    /* of the domain of the host that is named */
    TL_PARTY_BOTH,     /* of the domain whose object is named, or of both: a trust has two
                          ends */
    TL_PARTY_RESOLVER, /* who runs the name servers */
    TL_PARTY_NETWORK,  /* who runs the network between this machine and a domain
                          controller */
    TL_PARTY_CARD      /* who issues smart cards */
};

/* One row of the NTSTATUS table. */
struct tl_status_info {
    uint32_t ntstatus;  /* 0xC000018B */
    const char *name;   /* "NO_TRUST_SAM_ACCOUNT", without STATUS_ */
    uint32_t win32;     /* 1787; 0 where Windows has no twin */
    const char *text;   /* the Win32 text word for word, or the NTSTATUS text */
    const char *causes; /* what usually brings it about; NULL if obvious */
    const char *remedy; /* what to do; NULL if none is known */
};

/* One row of the Kerberos error table. */
struct tl_krb_info {
    int32_t code;     /* 7 */
    const char *name; /* "KDC_ERR_S_PRINCIPAL_UNKNOWN" */
    const char *text; /* plain words */
};

/* One row of the table of reasons. */
struct tl_reason_info {
    enum tl_reason reason;
    const char *slug;  /* "trust-downlevel" */
    uint32_t ntstatus; /* where this reason ends; 0: depends on the code */
    enum tl_party party;
    /* One or two sentences, and what to do, in the imperative; both may hold %{...}, see
     * tl_outcome_words(). */
    const char *explanation, *remedy;
};

/* Look-ups; NULL where unknown. Names are compared without case, with or
 * without the prefixes NT_STATUS_, STATUS_, ERROR_ (NTSTATUS and Win32) and
 * KDC_ERR_, KRB_AP_ERR_, KRB_ERR_, also as MIT writes them, KRB5KDC_ERR_ and so
 * on (Kerberos). tl_status_by_name() knows the SEC_E_ names of Windows' logs as
 * well. Win32 code 0 is success. */
TL_PUBLIC const struct tl_status_info *tl_status_by_ntstatus(uint32_t ntstatus);
TL_PUBLIC const struct tl_status_info *tl_status_by_win32(uint32_t win32);
TL_PUBLIC const struct tl_status_info *tl_status_by_name(const char *name);
TL_PUBLIC const struct tl_krb_info *tl_krb_by_code(int32_t code);
TL_PUBLIC const struct tl_krb_info *tl_krb_by_name(const char *name);
/* Never NULL for a valid reason. */
TL_PUBLIC const struct tl_reason_info *tl_reason_info(enum tl_reason reason);
TL_PUBLIC const struct tl_reason_info *tl_reason_by_slug(const char *slug);
/* Whether the reason is a verdict on the client of an AS exchange. Where the client was
 * the machine, it must not be reported as one on the user. */
TL_PUBLIC bool tl_reason_is_of_client(enum tl_reason reason);
/* All rows, for listings and for tests: returns the table, *count its rows. */
TL_PUBLIC const struct tl_status_info *tl_status_table(size_t *count);
TL_PUBLIC const struct tl_krb_info *tl_krb_table(size_t *count);

/*
 * The NTSTATUS Windows would report for a KRB error met at `stage`
 * (docs/sources.md#codes: KB2015518 for 7 on the walk = C000018B, which the extended
 * status does not replace; KB2959395 for 12 + C0000413). `edata_ntstatus` is 0 where the
 * error carried none. Never returns 0.
 */
TL_PUBLIC uint32_t tl_status_from_krb(enum tl_stage stage, int32_t krb_code,
                                      uint32_t edata_ntstatus);
/* The reason that goes with it, as far as the code alone shows it. */
TL_PUBLIC enum tl_reason tl_reason_from_krb(enum tl_stage stage, int32_t krb_code,
                                            uint32_t edata_ntstatus);

/*
 * The NTSTATUS a KDC put into the e-data of a KRB-ERROR: either
 * KERB-ERROR-DATA of type 3 with a KERB-EXT-ERROR ([MS-KILE] 2.2.1, 2.2.2) or
 * METHOD-DATA whose PA-PW-SALT (3) is such a 12-byte structure. Windows sends the
 * first, in AS and TGS exchanges alike; Samba sends the second for the account
 * errors of an AS exchange. Unknown flag bits are ignored. Returns 0
 * and sets *ntstatus, -ENOENT where there is none (other well-formed data),
 * -EBADMSG where the bytes are neither.
 */
TL_PUBLIC int tl_edata_ntstatus(const uint8_t *data, size_t len, uint32_t *ntstatus);

#endif
