/* SPDX-License-Identifier: MIT
 *
 * trustlogon/trust.h - the trusted domain object (TDO) and its forest trust
 * information [MS-ADTS 6.1.6.7, 6.1.6.9.3]. Pure.
 */
#ifndef TRUSTLOGON_TRUST_H
#define TRUSTLOGON_TRUST_H

#include <trustlogon/sid.h>

/* trustDirection, seen from the domain that holds the TDO. */
#define TL_TRUST_INBOUND 1U  /* the partner trusts us: our users may go there */
#define TL_TRUST_OUTBOUND 2U /* we trust the partner: its users may come here */

/* trustType [ADTS 6.1.6.7.15] */
#define TL_TRUST_DOWNLEVEL 1U
#define TL_TRUST_UPLEVEL 2U
#define TL_TRUST_MIT 3U
#define TL_TRUST_DCE 4U
#define TL_TRUST_AAD 5U

/* trustAttributes [ADTS 6.1.6.7.9] */
#define TL_TRUST_NON_TRANSITIVE 0x00000001U
#define TL_TRUST_UPLEVEL_ONLY 0x00000002U
#define TL_TRUST_QUARANTINED 0x00000004U
#define TL_TRUST_FOREST_TRANSITIVE 0x00000008U
#define TL_TRUST_CROSS_ORGANIZATION 0x00000010U
#define TL_TRUST_WITHIN_FOREST 0x00000020U
#define TL_TRUST_TREAT_AS_EXTERNAL 0x00000040U
#define TL_TRUST_RC4 0x00000080U
#define TL_TRUST_AES 0x00000100U
#define TL_TRUST_NO_TGT_DELEGATION 0x00000200U
#define TL_TRUST_PIM 0x00000400U
#define TL_TRUST_TGT_DELEGATION 0x00000800U
#define TL_TRUST_NO_TARGET_VALIDATION 0x00001000U

/* msDS-SupportedEncryptionTypes [KILE 2.2.7]: AES128 and AES256; AES for session keys,
 * for any key of the ticket itself. */
#define TL_ENCTYPES_AES 0x18U
#define TL_ENCTYPE_AES_SK 0x20U

/* Record types and flags of the forest trust information. */
enum tl_ft_type {
    TL_FT_TLN = 0,
    TL_FT_TLN_EX = 1,
    TL_FT_DOMAIN = 2,
    TL_FT_BINARY = 3,
    TL_FT_SCANNER = 4
};
#define TL_FT_DISABLED_NEW 0x1U /* TLN, TLN_EX */
#define TL_FT_DISABLED_ADMIN 0x2U
#define TL_FT_DISABLED_CONFLICT 0x4U
#define TL_FT_SID_DISABLED_ADMIN 0x1U /* DOMAIN */
#define TL_FT_SID_DISABLED_CONFLICT 0x2U
#define TL_FT_NB_DISABLED_ADMIN 0x4U
#define TL_FT_NB_DISABLED_CONFLICT 0x8U
#define TL_FT_DISABLED_MASK 0xFFFFU

/* One record of the forest trust information. */
struct tl_ft_record {
    enum tl_ft_type type;
    uint32_t raw_type; /* as on the wire; types beyond 2 are kept, never used */
    uint32_t flags;
    uint64_t time;     /* FILETIME; the halves may be stored in either order */
    const char *name;  /* TLN, TLN_EX: the name; DOMAIN: its DNS name (may be NULL) */
    const char *flat;  /* DOMAIN: NetBIOS name, may be NULL */
    struct tl_sid sid; /* DOMAIN */
    bool has_sid;
};

struct tl_forest_info {
    size_t count;
    struct tl_ft_record *records;
};

/*
 * Decode msDS-TrustForestTrustInfo. Either the whole blob is understood or
 * -EBADMSG; *where then points at a constant phrase saying what was wrong.
 * Accepts exactly what Samba's libndr accepts: the version and the records' own
 * lengths decide nothing, a record ends where its data ends; names are UTF-8, and
 * what follows a NUL in one is dropped; an empty name is NULL; no byte may be left.
 */
TL_PUBLIC int tl_forest_info_decode(TALLOC_CTX *ctx, const uint8_t *data, size_t len,
                                    struct tl_forest_info **info, const char **where);

/* A trusted domain object as its holder's directory has it. */
struct tl_tdo {
    const char *holder;  /* DNS name of the domain whose directory holds it, lower case */
    const char *dn;      /* its DN, NULL where not known */
    const char *partner; /* trustPartner: a DNS name, or a NetBIOS name in a wrong TDO */
    const char *flat;    /* flatName, or NULL */
    struct tl_sid sid;   /* securityIdentifier */
    bool has_sid;
    uint32_t direction, type, attributes; /* trustDirection, trustType, trustAttributes */
    uint32_t enctypes;                    /* msDS-SupportedEncryptionTypes */
    bool has_enctypes;
    int64_t created;                    /* whenCreated, seconds since 1970; 0 unknown */
    int64_t changed;                    /* whenChanged, the same */
    struct tl_forest_info *forest_info; /* NULL: none, or broken */
    const char *forest_info_error;      /* why it could not be decoded, or NULL */
    bool keeps_forest_info; /* msDS-TrustForestTrustInfo is there, whatever the kind */
    /* What of it a domain controller cannot work with: "no flatName"; NULL: nothing. */
    const char *damage;
};

/* Whether the domain belongs to the forest that this trust leads to: it is the partner,
 * or listed in the trust's table and neither disabled by SID nor excluded. For an
 * external trust only the partner does. */
TL_PUBLIC bool tl_forest_has_domain(const struct tl_tdo *tdo, const char *dns);
TL_PUBLIC bool tl_forest_has_sid(const struct tl_tdo *tdo, const struct tl_sid *domain);

/* The name that the object bears: "contoso.test" of "CN=contoso.test,CN=System,..."; NULL
 * for another form of DN. */
TL_PUBLIC char *tl_tdo_name(TALLOC_CTX *ctx, const char *dn);
/* Whether the object bears the name of its partner, as it did when it was made [MS-ADTS
 * 6.1.6.7]; trustPartner can be changed afterwards. *name: the name that it bears, or
 * NULL where its DN does not show one, or is not known. */
TL_PUBLIC bool tl_tdo_bears_its_name(TALLOC_CTX *ctx, const struct tl_tdo *tdo,
                                     char **name);
/* "forest", "external", "within-forest", "mit", "downlevel" or "other". */
TL_PUBLIC const char *tl_tdo_kind(const struct tl_tdo *tdo);
/* Type 2 and FOREST_TRANSITIVE. */
TL_PUBLIC bool tl_tdo_is_forest(const struct tl_tdo *tdo);
/* "two-way", "incoming", "outgoing", "disabled". */
TL_PUBLIC const char *tl_tdo_direction_name(const struct tl_tdo *tdo);
/*
 * Whether a domain's tickets over this trust are made with RC4: a trust of Active
 * Directory whose msDS-SupportedEncryptionTypes has no AES or is absent, as in every
 * trust that was made without the box "The other domain supports Kerberos AES
 * Encryption".
 */
TL_PUBLIC bool tl_tdo_lacks_aes(const struct tl_tdo *tdo);
/* "msDS-SupportedEncryptionTypes = 4", "no msDS-SupportedEncryptionTypes" */
TL_PUBLIC char *tl_tdo_enctype_words(TALLOC_CTX *ctx, const struct tl_tdo *tdo);
/* Attribute words as nltest prints them: "foresttrans quarantined"; "" for none. */
TL_PUBLIC char *tl_tdo_attribute_words(TALLOC_CTX *ctx, uint32_t attributes);

#endif
