/* SPDX-License-Identifier: MIT
 *
 * decode.c - directory entries into trusts, domains and suffixes.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <trustlogon/name.h>

#include "entry.h"

/* systemFlags of a crossRef [ADTS 6.1.1.2.1.1]: the head of a domain. */
#define CROSSREF_NTDS_DOMAIN 0x2U

static char *lower(TALLOC_CTX *ctx, const char *text)
{
    char *copy = talloc_strdup(ctx, text);

    for (char *c = copy; c != NULL && *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

/* 0 or -ENOMEM; *copy is NULL if the attribute is missing or unusable. */
static int copy_text(TALLOC_CTX *ctx, const struct tli_entry *entry, const char *name,
                     const char **copy)
{
    const char *text = tli_entry_text(entry, name);

    *copy = text != NULL ? talloc_strdup(ctx, text) : NULL;
    return text != NULL && *copy == NULL ? -ENOMEM : 0;
}

/* Only a forest trust's blob counts [ADTS 6.1.6.9.3]; others may hold stale data. */
static int decode_forest_info(struct tl_tdo *tdo, const struct tli_entry *entry)
{
    const struct tli_attribute *blob =
        tli_entry_attribute(entry, "msDS-TrustForestTrustInfo");
    const char *where = NULL;
    int ret;

    if (blob == NULL || !tl_tdo_is_forest(tdo))
        return 0;
    ret = tl_forest_info_decode(tdo, blob->values[0].data, blob->values[0].len,
                                &tdo->forest_info, &where);
    if (ret != -EBADMSG)
        return ret;
    tdo->forest_info_error = talloc_strdup(tdo, where);
    return tdo->forest_info_error != NULL ? 0 : -ENOMEM;
}

/* The first attribute that every trust between domains has [MS-ADTS 6.1.6.7] and this one
 * has not, or not in a form that can be used. A domain controller may then refuse all
 * tickets over it. */
static const char *damage_of(const struct tl_tdo *tdo, const struct tli_entry *entry)
{
    const struct tli_attribute *info =
        tli_entry_attribute(entry, "msDS-TrustForestTrustInfo");

    if (tli_entry_attribute(entry, "trustAttributes") == NULL)
        return "no trustAttributes";
    if (tdo->flat == NULL)
        return "no flatName";
    if (tli_entry_attribute(entry, "securityIdentifier") == NULL)
        return "no securityIdentifier";
    if (!tdo->has_sid)
        return "a securityIdentifier that is no SID";
    if (info != NULL && tl_tdo_is_forest(tdo) && info->values[0].len >= 4 &&
        memcmp(info->values[0].data, "\1\0\0", 4) != 0)
        return "a msDS-TrustForestTrustInfo of an unknown version";
    return NULL;
}

/* The numbers may be absent, which is 0, but must not be malformed: a route is computed
 * from them. */
int tli_tdo_from_entry(TALLOC_CTX *ctx, const char *holder, const struct tli_entry *entry,
                       struct tl_tdo **tdo_out, const char **why)
{
    struct tl_tdo *tdo = talloc_zero(ctx, struct tl_tdo);
    int ret = -ENOMEM;

    *tdo_out = NULL;
    *why = NULL;
    if (tdo == NULL)
        return -ENOMEM;
    tdo->holder = lower(tdo, holder);
    tdo->dn = talloc_strdup(tdo, entry->dn);
    if (tdo->holder == NULL || tdo->dn == NULL ||
        copy_text(tdo, entry, "trustPartner", &tdo->partner) != 0 ||
        copy_text(tdo, entry, "flatName", &tdo->flat) != 0)
        goto cleanup;
    ret = -EBADMSG;
    if (tdo->partner == NULL) {
        *why = "it has no usable trustPartner";
        goto cleanup;
    }
    if (tli_entry_u32(entry, "trustDirection", &tdo->direction) == -EBADMSG)
        *why = "its trustDirection is not a number";
    if (tli_entry_u32(entry, "trustType", &tdo->type) == -EBADMSG)
        *why = "its trustType is not a number";
    if (tli_entry_u32(entry, "trustAttributes", &tdo->attributes) == -EBADMSG)
        *why = "its trustAttributes is not a number";
    if (*why != NULL)
        goto cleanup;
    tdo->has_sid = tli_entry_sid(entry, "securityIdentifier", &tdo->sid) == 0;
    tdo->has_enctypes =
        tli_entry_u32(entry, "msDS-SupportedEncryptionTypes", &tdo->enctypes) == 0;
    tdo->keeps_forest_info =
        tli_entry_attribute(entry, "msDS-TrustForestTrustInfo") != NULL;
    if (tdo->type == TL_TRUST_UPLEVEL)
        tdo->damage = damage_of(tdo, entry);
    tdo->created = tli_entry_time(entry, "whenCreated");
    tdo->changed = tli_entry_time(entry, "whenChanged");
    ret = decode_forest_info(tdo, entry);
    if (ret != 0)
        goto cleanup;
    *tdo_out = tdo;
    return 0;

cleanup:
    talloc_free(tdo);
    return ret;
}

static bool is_domain(const struct tli_entry *crossref)
{
    const char *dns = tli_entry_text(crossref, "dnsRoot");
    uint32_t flags = 0;

    return tli_entry_u32(crossref, "systemFlags", &flags) == 0 &&
           (flags & CROSSREF_NTDS_DOMAIN) != 0 && dns != NULL && tl_dns_valid(dns);
}

/* trustParent is the DN of the parent domain's crossRef. */
static int copy_parent(TALLOC_CTX *ctx, const struct tli_entries *crossrefs,
                       const struct tli_entry *child, const char **parent)
{
    const char *dn = tli_entry_text(child, "trustParent");

    *parent = NULL;
    for (size_t i = 0; dn != NULL && i < crossrefs->count; i++) {
        const struct tli_entry *other = &crossrefs->entries[i];

        if (other == child || strcasecmp(other->dn, dn) != 0 || !is_domain(other))
            continue;
        *parent = lower(ctx, tli_entry_text(other, "dnsRoot"));
        return *parent != NULL ? 0 : -ENOMEM;
    }
    return 0;
}

int tli_domains_from_entries(TALLOC_CTX *ctx, const struct tli_entries *crossrefs,
                             struct tl_domain **domains_out, size_t *count_out)
{
    struct tl_domain *domains;
    size_t count = 0;

    *domains_out = NULL;
    *count_out = 0;
    domains = talloc_zero_array(ctx, struct tl_domain, crossrefs->count);
    if (domains == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < crossrefs->count; i++) {
        const struct tli_entry *entry = &crossrefs->entries[i];
        struct tl_domain *domain = &domains[count];

        if (!is_domain(entry))
            continue;
        domain->dns = lower(domains, tli_entry_text(entry, "dnsRoot"));
        if (domain->dns == NULL ||
            copy_text(domains, entry, "nETBIOSName", &domain->flat) != 0 ||
            copy_parent(domains, crossrefs, entry, &domain->parent) != 0) {
            talloc_free(domains);
            return -ENOMEM;
        }
        count++;
    }
    *domains_out = domains;
    *count_out = count;
    return 0;
}

int tli_suffixes_from_entry(TALLOC_CTX *ctx, const struct tli_entry *partitions,
                            const char ***suffixes_out, size_t *count_out)
{
    const struct tli_attribute *attribute =
        tli_entry_attribute(partitions, "uPNSuffixes");
    size_t all = attribute != NULL ? attribute->count : 0, count = 0;
    const char **suffixes;

    *suffixes_out = NULL;
    *count_out = 0;
    suffixes = talloc_zero_array(ctx, const char *, all);
    if (suffixes == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < all; i++) {
        const char *text = tli_value_text(&attribute->values[i]);

        if (text == NULL || !tl_dns_valid(text))
            continue;
        suffixes[count] = lower(suffixes, text);
        if (suffixes[count] == NULL) {
            talloc_free(suffixes);
            return -ENOMEM;
        }
        count++;
    }
    *suffixes_out = suffixes;
    *count_out = count;
    return 0;
}
