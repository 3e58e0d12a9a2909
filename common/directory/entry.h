/* SPDX-License-Identifier: MIT
 *
 * entry.h - what a directory said, as plain data, and what it means. Pure: no
 * LDAP library here, so that hostile answers can be written by hand in a test.
 */
#ifndef TL_DIRECTORY_ENTRY_H
#define TL_DIRECTORY_ENTRY_H

#include <trustlogon/topology.h>

struct tl_value {
    const uint8_t *data; /* a NUL follows, not counted */
    size_t len;
};
struct tl_attribute {
    const char *name; /* without options */
    size_t count;
    struct tl_value *values;
    const char *options; /* "range=0-1499", or NULL */
};
struct tl_entry {
    const char *dn;
    size_t count;
    struct tl_attribute *attributes;
};
struct tl_entries {
    size_t count;
    struct tl_entry *entries;
    bool cut; /* there were more, or larger ones, than are taken */
};

/* UTF-8 without control characters (C0, DEL, C1), 1 to `max` bytes; one byte behind
 * the last may be read. */
bool tl_text_fit(const uint8_t *data, size_t len, size_t max);
/* NULL where there is no such attribute (names are compared without case). */
const struct tl_attribute *tl_entry_attribute(const struct tl_entry *entry,
                                              const char *name);
/* A value fit to be kept and shown, by tl_text_fit(), of at most 1024 bytes. NULL
 * otherwise. It is borrowed from the entry. */
const char *tl_value_text(const struct tl_value *value);
/* The first value as such a text; NULL where there is none or it is not fit. */
const char *tl_entry_text(const struct tl_entry *entry, const char *name);
/*
 * An integer. Active Directory writes 32-bit flags as signed decimals, so
 * -2147483648 to 4294967295 is taken. 0, -ENOENT, or -EBADMSG.
 */
int tl_entry_u32(const struct tl_entry *entry, const char *name, uint32_t *number);
/* Seconds since 1970 of a GeneralizedTime "20260102030405.0Z"; 0 otherwise. */
int64_t tl_entry_time(const struct tl_entry *entry, const char *name);
int tl_entry_sid(const struct tl_entry *entry, const char *name, struct tl_sid *sid);

/* "DC=contoso,DC=test" is contoso.test: lower case, NULL for any other DN. */
char *tl_dn_to_dns(TALLOC_CTX *ctx, const char *dn);

/*
 * A trustedDomain object. *tdo is a child of ctx. -EBADMSG, with *why a constant
 * phrase, without a usable trustPartner or with numbers that are none; a forest
 * trust information that cannot be decoded is no such error, but is told in the
 * TDO itself.
 */
int tl_tdo_from_entry(TALLOC_CTX *ctx, const char *holder, const struct tl_entry *entry,
                      struct tl_tdo **tdo, const char **why);
/*
 * The domains among the crossRefs of CN=Partitions, with their parents. Entries
 * that are no domains of the forest, or have no usable dnsRoot, are left out.
 */
int tl_domains_from_entries(TALLOC_CTX *ctx, const struct tl_entries *crossrefs,
                            struct tl_domain **domains, size_t *count);
/* uPNSuffixes of CN=Partitions, lower case, without those that are no DNS name. */
int tl_suffixes_from_entry(TALLOC_CTX *ctx, const struct tl_entry *partitions,
                           const char ***suffixes, size_t *count);

#endif
