/* SPDX-License-Identifier: MIT
 *
 * entry.h - what a directory returned, as plain data, and what it means. Pure: no
 * LDAP library here, so that hostile answers can be written by hand in a test.
 */
#ifndef TL_DIRECTORY_ENTRY_H
#define TL_DIRECTORY_ENTRY_H

#include <trustlogon/topology.h>

struct tli_value {
    const uint8_t *data; /* a NUL follows, not counted */
    size_t len;
};
struct tli_attribute {
    const char *name; /* without options */
    size_t count;
    struct tli_value *values;
    const char *options; /* "range=0-1499", or NULL */
};
/* An object with the attributes that were asked for and that it has. */
struct tli_entry {
    const char *dn;
    size_t count;
    struct tli_attribute *attributes;
};
/* The result of a search. */
struct tli_entries {
    size_t count;
    struct tli_entry *entries;
    bool cut; /* there were more, or larger ones, than are taken */
};

/* UTF-8 without control characters (C0, DEL, C1), 1 to `max` bytes; one byte behind
 * the last may be read. */
bool tli_text_fit(const uint8_t *data, size_t len, size_t max);
/* The same of a string of at most 1024 bytes. */
bool tli_is_text(const char *text);
/* NULL if the entry does not have the attribute (names are compared without case). */
const struct tli_attribute *tli_entry_attribute(const struct tli_entry *entry,
                                                const char *name);
/* A value fit to be kept and shown, by tli_text_fit(), of at most 1024 bytes. NULL
 * otherwise. It is borrowed from the entry. */
const char *tli_value_text(const struct tli_value *value);
/* The first value as such a text; NULL if it is missing or unusable. */
const char *tli_entry_text(const struct tli_entry *entry, const char *name);
/*
 * An integer. Active Directory writes 32-bit flags as signed decimals, so
 * -2147483648 to 4294967295 is taken. 0, -ENOENT, or -EBADMSG.
 */
int tli_entry_u32(const struct tli_entry *entry, const char *name, uint32_t *number);
/* Seconds since 1970 of a GeneralizedTime "20260102030405.0Z"; 0 otherwise. */
int64_t tli_entry_time(const struct tli_entry *entry, const char *name);
int tli_entry_sid(const struct tli_entry *entry, const char *name, struct tl_sid *sid);

/* "DC=contoso,DC=test" is contoso.test: lower case, NULL for any other DN. */
char *tli_dn_to_dns(TALLOC_CTX *ctx, const char *dn);

/*
 * A trustedDomain object. *tdo is a child of ctx. -EBADMSG, with *why a constant phrase,
 * without a usable trustPartner or with malformed numbers. Forest trust information that
 * cannot be decoded is not such an error: the TDO records it.
 */
int tli_tdo_from_entry(TALLOC_CTX *ctx, const char *holder, const struct tli_entry *entry,
                       struct tl_tdo **tdo, const char **why);
/*
 * The domains among the crossRefs of CN=Partitions, with their parents. Entries that are
 * not domains of the forest, or have no usable dnsRoot, are left out.
 */
int tli_domains_from_entries(TALLOC_CTX *ctx, const struct tli_entries *crossrefs,
                             struct tl_domain **domains, size_t *count);
/* uPNSuffixes of CN=Partitions, lower case, without those that are not DNS names. */
int tli_suffixes_from_entry(TALLOC_CTX *ctx, const struct tli_entry *partitions,
                            const char ***suffixes, size_t *count);

#endif
