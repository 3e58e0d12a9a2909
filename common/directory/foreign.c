/* SPDX-License-Identifier: MIT
 *
 * foreign.c - the groups of this domain that accounts of other forests are in.
 *
 * An account of another forest is a member of a domain-local group by a
 * foreignSecurityPrincipal, an object of this domain that has the SID and nothing else
 * [ADTS 6.1.1.4.10]. The user's own domain does not know these groups; a KDC of this
 * domain puts them into tickets for its services [KILE 3.3.5.7.3].
 */
#include <errno.h>
#include <string.h>

#include "people.h"

#define SIDS_AT_ONCE 50
#define DNS_AT_ONCE 20
#define GROUPS_MAX 1000

/* The search for groups, level by level. */
struct finding {
    struct tl_directory *dir;
    struct tli_people_domain domain;
    struct tl_dir_names *found; /* owns all */
    const char **dns;           /* whose groups are looked for: strangers, then groups */
    size_t num_dns;
    struct tl_outcome *out;
};

static int add_dn(struct finding *f, const char *dn)
{
    const char **more =
        talloc_realloc(f->found, f->dns, const char *, (unsigned int)f->num_dns + 1);

    if (more == NULL)
        return -ENOMEM;
    f->dns = more;
    more[f->num_dns] = talloc_strdup(f->found, dn);
    return more[f->num_dns++] != NULL ? 0 : -ENOMEM;
}

/* Append "(attribute=value)"; NULL without memory. */
static char *also(char *filter, const char *attribute, char *value)
{
    if (filter != NULL && value != NULL)
        filter = talloc_asprintf_append(filter, "(%s=%s)", attribute, value);
    else
        filter = NULL;
    talloc_free(value);
    return filter;
}

/* Search with a filter that also() has filled and that is open twice, "(&(...)(|". */
static enum tl_reason search_any(TALLOC_CTX *ctx, const struct finding *f,
                                 struct tli_search *search, char *filter,
                                 struct tli_entries **entries)
{
    if (filter != NULL)
        search->filter = filter = talloc_asprintf_append(filter, "))");
    return filter != NULL
               ? tli_connection_search(ctx, f->dir->ldap, search, entries, f->out)
               : tli_people_no_memory(f->out);
}

static enum tl_reason find_strangers(struct finding *f, const struct tl_sid *sids,
                                     size_t count)
{
    static const char *const attributes[] = {"objectSid", NULL};
    struct tli_search search = {
        f->dir->default_nc, LDAP_SCOPE_SUBTREE, NULL, attributes, count, false};
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *filter = talloc_strdup(tmp, "(&(objectClass=foreignSecurityPrincipal)(|");
    struct tli_entries *entries = NULL;
    enum tl_reason reason;

    for (size_t i = 0; i < count; i++)
        filter = also(filter, "objectSid", tli_people_sid_value(tmp, &sids[i]));
    reason = search_any(tmp, f, &search, filter, &entries);
    for (size_t i = 0; reason == TL_REASON_OK && i < entries->count; i++)
        if (tli_dn_in_domain(entries->entries[i].dn, f->domain.nc) &&
            add_dn(f, entries->entries[i].dn) != 0)
            reason = tli_people_no_memory(f->out);
    talloc_free(tmp);
    return reason;
}

static bool is_found(const struct finding *f, const struct tl_sid *sid)
{
    for (size_t i = 0; i < f->found->count; i++)
        if (tl_sid_equal(&f->found->names[i].sid, sid))
            return true;
    return false;
}

/* One more group, whose own groups are to be found as well. */
static int take_group(struct finding *f, const struct tli_entry *entry)
{
    struct tl_dir_name name, *more;
    int ret = tli_name_from_entry(f->found, &f->domain, entry, &name);

    if (ret == -EBADMSG || (ret == 0 && (name.kind != TL_DIR_GROUP || name.name == NULL ||
                                         is_found(f, &name.sid))))
        return 0;
    if (ret == 0 && f->found->count == GROUPS_MAX) {
        f->found->cut = true;
        return 0;
    }
    if (ret != 0)
        return ret;
    more = talloc_realloc(f->found, f->found->names, struct tl_dir_name,
                          (unsigned int)f->found->count + 1);
    if (more == NULL)
        return -ENOMEM;
    f->found->names = more;
    more[f->found->count++] = name;
    return add_dn(f, entry->dn);
}

static enum tl_reason find_groups(struct finding *f, size_t first, size_t count)
{
    static const char *const attributes[] = {"objectClass", "objectSid", "sAMAccountName",
                                             "sAMAccountType", NULL};
    struct tli_search search = {f->dir->default_nc, LDAP_SCOPE_SUBTREE, NULL,
                                attributes,         GROUPS_MAX,         false};
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *filter = talloc_strdup(
        tmp, "(&(objectClass=group)(groupType:1.2.840.113556.1.4.803:=2147483648)(|");
    struct tli_entries *entries = NULL;
    enum tl_reason reason;

    for (size_t i = first; i < first + count; i++)
        filter = also(filter, "member",
                      tl_ldap_escape(tmp, (const uint8_t *)f->dns[i], strlen(f->dns[i])));
    reason = search_any(tmp, f, &search, filter, &entries);
    for (size_t i = 0; reason == TL_REASON_OK && i < entries->count; i++)
        if (take_group(f, &entries->entries[i]) != 0)
            reason = tli_people_no_memory(f->out);
    if (reason == TL_REASON_OK)
        f->found->cut |= entries->cut;
    talloc_free(tmp);
    return reason;
}

static size_t fewer(size_t left, size_t most)
{
    return left < most ? left : most;
}

enum tl_reason tl_directory_foreign_groups(TALLOC_CTX *ctx, struct tl_directory *dir,
                                           const struct tl_sid *sids, size_t count,
                                           struct tl_dir_names **groups,
                                           struct tl_outcome *out)
{
    struct finding f = {.dir = dir, .out = out};
    enum tl_reason reason;
    size_t step;

    *groups = NULL;
    f.found = talloc_zero(ctx, struct tl_dir_names);
    reason = f.found != NULL ? tli_people_domain_of(dir, &f.domain, out)
                             : tli_people_no_memory(out);
    for (size_t i = 0; reason == TL_REASON_OK && i < count; i += SIDS_AT_ONCE)
        reason = find_strangers(&f, sids + i, fewer(count - i, SIDS_AT_ONCE));
    /* The list grows while it is gone through; each group is in it once. */
    for (size_t i = 0; reason == TL_REASON_OK && i < f.num_dns; i += step) {
        step = fewer(f.num_dns - i, DNS_AT_ONCE);
        reason = find_groups(&f, i, step);
    }
    if (reason == TL_REASON_OK)
        *groups = f.found;
    else
        talloc_free(f.found);
    return reason;
}
