/* SPDX-License-Identifier: MIT
 *
 * id_check.c - what stands between a record of the identity store and who asks NSS: local
 * names and ids, another source that answers first, a configuration that changed.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include <trustlogon/idmap.h>

#include "identity.h"

#define NSS_BUFFER (1U << 20)
#define LINE_BUFFER 65536 /* of a file; no longer one is looked behind */

static void warn(struct id_facts *facts, bool serious, const char *slug, const char *text)
{
    struct id_warning *more = talloc_realloc(facts->cli, facts->warnings,
                                             struct id_warning, facts->num_warnings + 1);

    if (more == NULL || text == NULL)
        return;
    more[facts->num_warnings] = (struct id_warning){slug, text, serious};
    facts->warnings = more;
    facts->num_warnings++;
}

/* The files themselves, never NSS: that would ask us. `name` NULL: by id. */
static struct id_local local_user(TALLOC_CTX *ctx, const char *name, uint32_t id)
{
    struct id_local found = {.file = "/etc/passwd"};
    FILE *file = fopen(found.file, "re");
    struct passwd pw = {0}, *got;
    char buffer[LINE_BUFFER];

    while (file != NULL && found.name == NULL &&
           fgetpwent_r(file, &pw, buffer, sizeof(buffer), &got) == 0) {
        if (name != NULL ? strcmp(pw.pw_name, name) != 0 : pw.pw_uid != id)
            continue;
        found.name = talloc_strdup(ctx, pw.pw_name);
        found.id = pw.pw_uid;
    }
    if (file != NULL)
        fclose(file);
    return found;
}

static struct id_local local_group(TALLOC_CTX *ctx, const char *name, uint32_t id)
{
    struct id_local found = {.file = "/etc/group"};
    FILE *file = fopen(found.file, "re");
    struct group gr = {0}, *got;
    char buffer[LINE_BUFFER];

    while (file != NULL && found.name == NULL &&
           fgetgrent_r(file, &gr, buffer, sizeof(buffer), &got) == 0) {
        if (name != NULL ? strcmp(gr.gr_name, name) != 0 : gr.gr_gid != id)
            continue;
        found.name = talloc_strdup(ctx, gr.gr_name);
        found.id = gr.gr_gid;
    }
    if (file != NULL)
        fclose(file);
    return found;
}

void id_find_local(struct id_facts *facts)
{
    const struct asked *asked = &facts->asked;
    const char *name = asked->is_id ? NULL : asked->text;

    if (asked->is_sid)
        return;
    facts->local = local_user(facts->cli, name, asked->id);
    if (facts->local.name == NULL)
        facts->local = local_group(facts->cli, name, asked->id);
}

static void check_ids(struct id_facts *facts, const struct tli_store_item *item)
{
    const struct tli_store_entry *entry = &item->entry;
    bool user = entry->class == TL_STORE_USER_ID;
    struct id_local local = user ? local_user(facts->cli, NULL, entry->id)
                                 : local_group(facts->cli, NULL, entry->id);
    struct tl_sid sid;
    uint32_t id = entry->id;

    if (local.name != NULL && strcmp(local.name, entry->name.at) != 0)
        warn(facts, true, "id-collision",
             talloc_asprintf(facts->cli,
                             "%s %u is that of '%s' in %s too: nobody may have both",
                             user ? "uid" : "gid", entry->id, local.name, local.file));
    if (!facts->not_stored && !tli_store_owns_id(&facts->view->map, entry->id))
        warn(facts, true, "id-outside",
             "the id is outside of the store's ranges, so NSS does not answer with it");
    if (entry->sid.length > 0 && facts->map != NULL && facts->file == NULL &&
        tl_sid_parse(entry->sid.at, &sid) == 0 &&
        tl_idmap_to_id(facts->map, &sid, &id, NULL) == 0 && id != entry->id)
        warn(facts, true, "id-differs",
             talloc_asprintf(facts->cli,
                             "by the configuration and trusts of now the SID has the id "
                             "%u: whoever logs on or is looked up next gets that one",
                             id));
}

/* What a program would be told, whatever sources /etc/nsswitch.conf lists. */
static void check_nss(struct id_facts *facts, const struct tli_store_entry *entry)
{
    char *buffer = talloc_size(facts->cli, NSS_BUFFER);
    bool user = entry->class == TL_STORE_USER_ID;
    struct passwd pw, *got_pw = NULL;
    struct group gr, *got_gr = NULL;
    uint32_t id;
    int rc;

    if (buffer == NULL)
        return;
    rc = user ? getpwnam_r(entry->name.at, &pw, buffer, NSS_BUFFER, &got_pw)
              : getgrnam_r(entry->name.at, &gr, buffer, NSS_BUFFER, &got_gr);
    id = got_pw != NULL ? pw.pw_uid : got_gr != NULL ? gr.gr_gid : 0;
    if (got_pw == NULL && got_gr == NULL)
        warn(facts, true, "nss-unknown",
             talloc_asprintf(facts->cli,
                             "programs are told that there is no such %s%s%s: is "
                             "'trustlogon' in the line '%s:' of /etc/nsswitch.conf?",
                             user ? "user" : "group", rc != 0 ? ", " : "",
                             rc != 0 ? strerror(rc) : "", user ? "passwd" : "group"));
    else if (id != entry->id)
        warn(facts, true, "nss-other",
             talloc_asprintf(facts->cli,
                             "programs are told another id, %u: a source before "
                             "'trustlogon' in /etc/nsswitch.conf has the name too",
                             id));
    talloc_free(buffer);
}

void id_check(struct id_facts *facts)
{
    const struct tli_store_item *found = facts->has_user    ? &facts->user
                                         : facts->has_group ? &facts->group
                                                            : NULL;
    bool nobody = facts->has_user && !facts->has_gids;

    if (found == NULL)
        return;
    check_ids(facts, found);
    if (nobody || (facts->has_gids && !id_is_valid(&facts->gids)))
        warn(
            facts, false, "no-groups",
            "no list of the user's groups is known: programs see the primary group only");
    if (facts->local.name != NULL && !facts->asked.is_id)
        warn(facts, true, "local-name",
             talloc_asprintf(facts->cli, "%s has this very name, with the id %u",
                             facts->local.file, facts->local.id));
    if (facts->file == NULL && !facts->not_stored && id_is_valid(found))
        check_nss(facts, &found->entry);
}
