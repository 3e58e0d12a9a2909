/* SPDX-License-Identifier: MIT
 *
 * bare.c - names without a domain, and the machine's own accounts, which take precedence.
 *
 * `files` may come behind this module in nsswitch.conf, and an account may be added after
 * a domain's user of the same name has become known: so the file is read for each answer
 * that has a bare name in it. Answers with whole names do not need it.
 */
#include <errno.h>
#include <string.h>

#include "module.h"
#include "store/passwd_file.h"

enum nss_status nss_own(const struct nss_bare *bare, bool *shown, int *errnop)
{
    struct tli_local_query query = {.typed = bare->typed,
                                    .shown = bare->shown,
                                    .has_id = bare->id >= NSS_LEAST_ID,
                                    .id = bare->id};
    int saved = errno, rc = tli_local_find(bare->file, &query);

    errno = saved;
    *shown = false;
    if (rc != 0)
        return nss_cannot_tell(errnop);
    if (query.typed_is_local || query.id_is_local)
        return NSS_STATUS_NOTFOUND;
    *shown = bare->shown != NULL && !query.shown_is_local;
    return NSS_STATUS_SUCCESS;
}

enum nss_status nss_show(struct nss_bare *bare, char *name, size_t length, int *errnop)
{
    enum nss_status status;
    bool shown;

    if (length == 0 && bare->typed == NULL)
        return NSS_STATUS_SUCCESS;
    if (length > 0) {
        name[length] = '\0';
        bare->shown = name;
    }
    status = nss_own(bare, &shown, errnop);
    if (length > 0 && !shown)
        name[length] = '@';
    return status;
}

bool nss_cut_members(const struct tli_store_map *map, struct group *gr)
{
    bool any = false;

    for (char **member = gr->gr_mem; map->bare.shown && *member != NULL; member++) {
        size_t bare = tli_store_bare_length(map, *member, strlen(*member));

        if (bare > 0)
            (*member)[bare] = '\0';
        any = any || bare > 0;
    }
    return any;
}

/* A local name: members of that name get their domain back, if it was cut. The machine
 * may have accounts with an '@' in their names, too. */
static bool give_back(void *data, const struct tli_passwd_line *line)
{
    for (char **member = data; line->name != NULL && *member != NULL; member++) {
        if (strchr(*member, '@') == NULL && tli_local_same(*member, line->name))
            (*member)[strlen(*member)] = '@';
    }
    return true;
}

enum nss_status nss_show_members(struct group *gr, int *errnop)
{
    int saved = errno, rc = tli_passwd_read(TL_NSS_PASSWD, give_back, gr->gr_mem);

    errno = saved;
    return rc == 0 || rc == -ENOENT ? NSS_STATUS_SUCCESS : nss_cannot_tell(errnop);
}
