/* SPDX-License-Identifier: MIT
 *
 * names.c - what SIDs are called, many at a time.
 */
#include <errno.h>

#include "known_names.h"
#include "people.h"

/* SIDs in one filter: about 5 KB of it. */
#define SIDS_AT_ONCE 50

/* A filter for those of `count` names that this domain could know and that are not known
 * yet; NULL in *filter for none. */
static int make_filter(TALLOC_CTX *ctx, const struct tli_people_domain *domain,
                       const struct tl_dir_name *names, size_t count, char **filter)
{
    char *all = NULL;

    *filter = NULL;
    for (size_t i = 0; i < count; i++) {
        char *value;

        if (names[i].kind != TL_DIR_UNKNOWN ||
            !tli_sid_is_local(domain, &names[i].sid, true))
            continue;
        value = tli_people_sid_value(ctx, &names[i].sid);
        if (all == NULL)
            all = talloc_strdup(ctx, "(|");
        if (value != NULL)
            all = talloc_asprintf_append(all, "(objectSid=%s)", value);
        talloc_free(value);
        if (value == NULL || all == NULL)
            return -ENOMEM;
    }
    if (all != NULL) {
        all = talloc_strdup_append(all, ")");
        if (all == NULL)
            return -ENOMEM;
    }
    *filter = all;
    return 0;
}

/* Give each of `count` names what was found for its SID. */
static int fill(TALLOC_CTX *ctx, const struct tl_directory *dir,
                const struct tli_people_domain *domain, const struct tli_entries *entries,
                struct tl_dir_name *names, size_t count)
{
    for (size_t i = 0; i < entries->count; i++) {
        struct tl_dir_name found;
        int ret = tli_name_from_entry(ctx, domain, &entries->entries[i], &found);

        if (ret == -ENOMEM)
            return ret;
        for (size_t j = 0; ret == 0 && j < count; j++)
            if (tl_sid_equal(&names[j].sid, &found.sid)) {
                names[j] = found;
                tli_known_names_add(dir->known, &found);
            }
    }
    return 0;
}

static enum tl_reason name_some(TALLOC_CTX *ctx, struct tl_directory *dir,
                                const struct tli_people_domain *domain,
                                struct tl_dir_name *names, size_t count,
                                struct tl_outcome *out)
{
    static const char *const attributes[] = {"objectClass", "objectSid", "sAMAccountName",
                                             "sAMAccountType", NULL};
    struct tli_search search = {
        dir->default_nc, LDAP_SCOPE_SUBTREE, NULL, attributes, count, false};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tli_entries *entries = NULL;
    enum tl_reason reason = TL_REASON_OK;
    char *filter;

    if (make_filter(tmp, domain, names, count, &filter) != 0) {
        reason = tli_people_no_memory(out);
        goto cleanup;
    }
    if (filter == NULL)
        goto cleanup;
    search.filter = filter;
    reason = tli_connection_search(tmp, dir->ldap, &search, &entries, out);
    if (reason == TL_REASON_OK && fill(ctx, dir, domain, entries, names, count) != 0)
        reason = tli_people_no_memory(out);

cleanup:
    talloc_free(tmp);
    return reason;
}

void tl_directory_keep_names(struct tl_directory *dir, int seconds)
{
    dir->known = tli_known_names_new(dir, seconds); /* without memory it is not kept */
}

/* Every SID has its place in the answer from the start; the searches fill in the names
 * they find. */
enum tl_reason tl_directory_names(TALLOC_CTX *ctx, struct tl_directory *dir,
                                  const struct tl_sid *sids, size_t count,
                                  struct tl_dir_names **names_out, struct tl_outcome *out)
{
    struct tl_dir_names *names = talloc_zero(ctx, struct tl_dir_names);
    struct tli_people_domain domain;
    enum tl_reason reason;

    *names_out = NULL;
    reason = names != NULL ? tli_people_domain_of(dir, &domain, out)
                           : tli_people_no_memory(out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    names->names = talloc_zero_array(names, struct tl_dir_name, count);
    if (names->names == NULL) {
        reason = tli_people_no_memory(out);
        goto cleanup;
    }
    names->count = count;
    for (size_t i = 0; i < count; i++)
        if (!tli_known_names_find(names, dir->known, &sids[i], &names->names[i]))
            names->names[i].sid = sids[i];
    for (size_t i = 0; i < count && reason == TL_REASON_OK; i += SIDS_AT_ONCE)
        reason = name_some(names, dir, &domain, names->names + i,
                           count - i < SIDS_AT_ONCE ? count - i : SIDS_AT_ONCE, out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    *names_out = names;
    return TL_REASON_OK;

cleanup:
    talloc_free(names);
    return reason;
}
