/* SPDX-License-Identifier: MIT
 *
 * id_check.c - why NSS may not show a record of the identity store: local names and ids,
 * another source that answers first, a configuration that changed.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include <trustlogon/idmap.h>

#include "identity.h"
#include "store/passwd_file.h"

#define NSS_BUFFER (1U << 20)
#define PASSWD "/etc/passwd"
#define GROUP "/etc/group"

static void warn(struct cli_id_facts *facts, bool serious, const char *slug,
                 const char *text)
{
    struct cli_id_warning *more = talloc_realloc(
        facts->cli, facts->warnings, struct cli_id_warning, facts->num_warnings + 1);

    if (more == NULL || text == NULL)
        return;
    more[facts->num_warnings] = (struct cli_id_warning){slug, text, serious};
    facts->warnings = more;
    facts->num_warnings++;
}

/* What a file is searched for, and what was found. */
struct search {
    struct cli *cli;
    const char *name; /* NULL: by id */
    uint32_t id;
    struct cli_id_local found;
};

static bool look_at(void *data, const struct tli_passwd_line *line)
{
    struct search *search = data;

    if (!tli_passwd_line_counts(line) || line->name == NULL || !line->has_id ||
        (search->name != NULL ? strcmp(line->name, search->name) != 0
                              : line->id != search->id))
        return true;
    search->found.name = talloc_strdup(search->cli, line->name);
    search->found.id = line->id;
    return false;
}

/* `name` NULL: by id. A file that cannot be read has no entries. */
static struct cli_id_local local_entry(struct cli *cli, const char *file,
                                       const char *name, uint32_t id)
{
    struct search search = {.cli = cli, .name = name, .id = id, .found = {.file = file}};

    (void)tli_passwd_read(file, look_at, &search);
    return search.found;
}

void cli_id_find_local(struct cli_id_facts *facts)
{
    const struct cli_asked *asked = &facts->asked;
    const char *name = asked->is_id ? NULL : asked->text;

    if (asked->is_sid)
        return;
    facts->local = local_entry(facts->cli, PASSWD, name, asked->id);
    if (facts->local.name == NULL)
        facts->local = local_entry(facts->cli, GROUP, name, asked->id);
}

static void check_ids(struct cli_id_facts *facts, const struct tli_store_item *item)
{
    const struct tli_store_entry *entry = &item->entry;
    bool user = entry->class == TL_STORE_USER_ID;
    struct cli_id_local local =
        local_entry(facts->cli, user ? PASSWD : GROUP, NULL, entry->id);
    struct tl_sid sid;
    uint32_t id = entry->id;

    if (local.name != NULL && strcmp(local.name, entry->name.at) != 0)
        warn(facts, true, "id-collision",
             talloc_asprintf(facts->cli,
                             "%s %u also belongs to '%s' in %s: remove one of the two",
                             user ? "uid" : "gid", entry->id, local.name, local.file));
    if (!facts->not_stored && !tli_store_owns_id(&facts->view->map, entry->id))
        warn(facts, true, "id-outside",
             "the id is outside the store's ranges, so NSS does not return it");
    if (entry->sid.length > 0 && facts->map != NULL && facts->file == NULL &&
        tl_sid_parse(entry->sid.at, &sid) == 0 &&
        tl_idmap_to_id(facts->map, &sid, &id, NULL) == 0 && id != entry->id)
        warn(facts, true, "id-differs",
             talloc_asprintf(facts->cli,
                             "the present configuration and trusts map the SID to the id "
                             "%u: the next logon or look-up changes the record",
                             id));
}

/* What NSS answers to a program, with all sources that /etc/nsswitch.conf lists. */
static void check_nss(struct cli_id_facts *facts, const struct tli_store_entry *entry)
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
                             "NSS does not find the %s%s%s: check that the line '%s:' "
                             "of /etc/nsswitch.conf has 'trustlogon'",
                             user ? "user" : "group", rc != 0 ? ", " : "",
                             rc != 0 ? strerror(rc) : "", user ? "passwd" : "group"));
    else if (id != entry->id)
        warn(facts, true, "nss-other",
             talloc_asprintf(facts->cli,
                             "NSS returns another id, %u: a source before 'trustlogon' "
                             "in /etc/nsswitch.conf has the same name",
                             id));
    talloc_free(buffer);
}

void cli_id_check(struct cli_id_facts *facts)
{
    const struct tli_store_item *found = facts->has_user    ? &facts->user
                                         : facts->has_group ? &facts->group
                                                            : NULL;
    bool no_gids = facts->has_user && !facts->has_gids;

    if (found == NULL)
        return;
    check_ids(facts, found);
    if (no_gids || (facts->has_gids && !cli_record_is_valid(&facts->gids)))
        warn(facts, false, "no-groups",
             "the user's groups are not known: programs see the primary group only");
    if (facts->local.name != NULL && !facts->asked.is_id)
        warn(facts, true, "local-name",
             talloc_asprintf(facts->cli, "%s has the same name, with the id %u",
                             facts->local.file, facts->local.id));
    if (facts->file == NULL && !facts->not_stored && cli_record_is_valid(found))
        check_nss(facts, &found->entry);
}
