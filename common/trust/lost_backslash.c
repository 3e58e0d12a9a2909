/* SPDX-License-Identifier: MIT
 *
 * lost_backslash.c - the name behind one whose backslash a shell took: CONTOSOalice.
 */
#include <string.h>
#include <trustlogon/name.h>

#include "internal.h"

struct search {
    const char *text;
    size_t len; /* of the longest domain's name that the text begins with */
    const char *domain;
};

/* `domain` is the beginning of the text, and something follows it. */
static void consider(TALLOC_CTX *tmp, struct search *search, const char *domain)
{
    size_t len = domain != NULL ? strlen(domain) : 0;
    const char *start;

    if (len <= search->len || strlen(search->text) <= len)
        return;
    start = talloc_strndup(tmp, search->text, len);
    if (start == NULL || !tl_name_equal(start, domain))
        return;
    search->len = len;
    search->domain = domain;
}

char *tl_name_meant(TALLOC_CTX *ctx, const struct tl_name *name,
                    const struct tl_topology *topo)
{
    struct search search = {.text = name->user};
    TALLOC_CTX *tmp;

    if (name->form != TL_NAME_BARE || topo == NULL)
        return NULL;
    tmp = talloc_new(NULL);
    for (size_t i = 0; i < topo->num_domains; i++) {
        consider(tmp, &search, topo->domains[i].dns);
        consider(tmp, &search, topo->domains[i].flat);
    }
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_forest_info *info = topo->trusts[i].forest_info;

        consider(tmp, &search, topo->trusts[i].partner);
        consider(tmp, &search, topo->trusts[i].flat);
        for (size_t r = 0; info != NULL && r < info->count; r++) {
            if (info->records[r].type != TL_FT_DOMAIN)
                continue;
            consider(tmp, &search, info->records[r].name);
            consider(tmp, &search, info->records[r].flat);
        }
    }
    talloc_free(tmp);
    if (search.domain == NULL)
        return NULL;
    return talloc_asprintf(ctx, "%s\\%s", search.domain, name->user + search.len);
}
