/* SPDX-License-Identifier: MIT
 *
 * store_update.c - write users and groups into the store that the NSS module reads.
 *
 * After a logon's proof and before its answer: a program that learns "logged on" asks NSS
 * for the user at once. A record that cannot be written does not fail the logon, since
 * another NSS module may know the user; the error is in the journal. An account whose id
 * already belongs to another is refused: the kernel cannot tell them apart.
 *
 * A look-up does not replace what a logon proved: the groups of a PAC, which are more
 * complete than a directory's, stay as long as they are valid, and of two sources the
 * more complete one counts.
 */
#include "store_update.h"

#include <errno.h>
#include <string.h>

#include "journal.h"
#include "status/folder.h"
#include "store/inspect.h"
#include "store/writer.h"

/* Seconds for which a record is valid: readers without an agent keep using it. The
 * record of a user who was neither logged on nor looked up for so long expires. */
#define VALID_S (90 * 86400)
/* Seconds after which cached groups are read again, if some could not be read this time.
 */
#define FEWER_S 60

/* All ids that the configuration can assign, not only those of the domains known now:
 * ranges that change with the topology would rewrite the store each time. */
static size_t ranges_of(const struct tl_config *config, struct tli_store_range *ranges)
{
    struct tl_id_span spans[TL_STORE_RANGES];
    size_t count = tl_idmap_spans(config, spans, TL_STORE_RANGES);

    for (size_t i = 0; i < count; i++)
        ranges[i] = (struct tli_store_range){spans[i].low, spans[i].high};
    return count;
}

/* A bare name stays out: the store answers for names with a domain only. */
static size_t add_aliases(const char **aliases, const char *const *names, size_t count,
                          const char *asked)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (tli_store_owns_name(names[i]))
            aliases[kept++] = names[i];
    if (tli_store_owns_name(asked))
        aliases[kept++] = asked;
    return kept;
}

static int put_user(struct tli_store *store, const struct tl_identity *identity,
                    const char *asked, const struct tli_store_life *life)
{
    char sid[TL_SID_STRING_MAX];
    struct tli_store_user user = {.name = identity->canonical,
                                  .sid = tl_sid_format(&identity->sid, sid),
                                  .uid = identity->uid,
                                  .gid = identity->gid,
                                  .gecos = identity->gecos,
                                  .home = identity->home,
                                  .shell = identity->shell,
                                  .life = *life};
    const char **aliases =
        talloc_zero_array(store, const char *, identity->num_names + 2);

    if (aliases == NULL)
        return -ENOMEM;
    (void)add_aliases(aliases, identity->names, identity->num_names, asked);
    user.aliases = aliases;
    return tli_store_put_user(store, &user);
}

/* A private group has no SID and no object in the directory: its record comes from the
 * user's, and it is the first in the list. */
static int put_gids(struct tli_store *store, const struct tl_identity *identity,
                    const struct tli_store_life *life)
{
    uint32_t *gids = talloc_array(store, uint32_t, identity->num_groups + 1);
    size_t count = 0;
    int rc;

    if (gids == NULL)
        return -ENOMEM;
    if (identity->private_group)
        gids[count++] = identity->gid;
    for (size_t i = 0; i < identity->num_groups; i++)
        gids[count++] = identity->groups[i].gid;
    rc = tli_store_put_gids(store, identity->uid, gids, count, life);
    if (rc == 0 && identity->private_group) {
        const char *at = strchr(identity->canonical, '@');
        const char *aliases[] = {NULL, NULL};
        struct tli_store_group own = {.name = identity->canonical,
                                      .aliases = aliases,
                                      .gid = identity->gid,
                                      .life = *life};

        /* A group is found by its domain in front, too. */
        if (at != NULL)
            aliases[0] =
                talloc_asprintf(gids, "%s\\%.*s", at + 1, (int)(at - identity->canonical),
                                identity->canonical);
        rc = tli_store_put_group(store, &own);
    }
    return rc;
}

/* Set the domain of bare names. If that is the machine's own and not known at present,
 * the store keeps its value. */
static int set_bare(struct tli_store *store, const struct tl_config *config,
                    const char *own)
{
    const char *none = tl_bare_domain(config, "");
    const char *domain = tl_bare_domain(config, own);

    if (domain == NULL && none != NULL)
        return 0;
    return tli_store_set_bare(store, domain, config->show_bare_names);
}

/* Opening with other ranges than the file's replaces the file (writer.h). */
int tla_store_open(TALLOC_CTX *ctx, const struct tl_config *config,
                   const char *own_domain, struct tla_store_handle **out)
{
    struct tli_store_range ranges[TL_STORE_RANGES];
    size_t count = ranges_of(config, ranges);
    struct tla_store_handle *handle = talloc_zero(ctx, struct tla_store_handle);
    int rc = -ENOMEM;

    *out = NULL;
    if (handle == NULL)
        return rc;
    handle->path = talloc_asprintf(handle, "%s/%s", config->state_dir, TL_STORE_FILE);
    handle->fresh_s = (uint64_t)config->known_lifetime;
    if (handle->path == NULL)
        goto cleanup;
    rc = tli_make_folder(config->state_dir);
    if (rc != 0)
        goto cleanup;
    rc = tli_store_open(handle, handle->path, ranges, count, &handle->store);
    if (rc == 0)
        rc = set_bare(handle->store, config, own_domain);
    if (rc != 0)
        goto cleanup;
    *out = handle;
    return 0;

cleanup:
    talloc_free(handle);
    return rc;
}

static struct tli_store_life life_from(const struct tla_store_handle *handle,
                                       enum tli_store_source source)
{
    uint64_t now = tli_store_now();

    return (struct tli_store_life){now + handle->fresh_s, now + VALID_S, source};
}

/* The valid records of this account in the store. */
struct found {
    bool user, gids;
    bool same_name;
    enum tli_store_source user_source, gids_source;
    uint64_t gids_end;
};

static bool is_valid(enum tli_store_answer answer)
{
    return answer == TL_STORE_HIT || answer == TL_STORE_STALE;
}

static void find(const struct tla_store_handle *handle,
                 const struct tl_identity *identity, struct found *found)
{
    uint64_t now = tli_store_now();
    struct tli_store_view *view = NULL;
    struct tli_store_entry entry;
    char sid[TL_SID_STRING_MAX];

    *found = (struct found){0};
    if (tli_store_view_open(NULL, handle->path, &view) != 0)
        return;
    tl_sid_format(&identity->sid, sid);
    if (is_valid(
            tli_store_by_id(&view->map, TL_STORE_USER_ID, identity->uid, now, &entry)) &&
        strcmp(entry.sid.at, sid) == 0) {
        found->user = true;
        found->user_source = entry.source;
        found->same_name = strcmp(entry.name.at, identity->canonical) == 0;
        if (is_valid(
                tli_store_by_id(&view->map, TL_STORE_GIDS, identity->uid, now, &entry))) {
            found->gids = true;
            found->gids_source = entry.source;
            found->gids_end = entry.valid_until;
        }
    }
    talloc_free(view);
}

/* Log which account already has the id. */
static void log_holder(const struct tla_store_handle *handle, enum tli_store_class class,
                       uint32_t id, const char *name)
{
    struct tli_store_view *view = NULL;
    struct tli_store_entry entry = {0};

    if (tli_store_view_open(NULL, handle->path, &view) == 0)
        (void)tli_store_by_id(&view->map, class, id, tli_store_now(), &entry);
    tla_journal_line(LOG_WARNING,
                     "id-collision: %s has the id %u, which already belongs to %s (%s)",
                     name, id, entry.name.at != NULL ? entry.name.at : "another account",
                     entry.sid.at != NULL ? entry.sid.at : "no SID");
    talloc_free(view);
}

/* An LSA returns SID and name only; a directory or a logon is more complete. */
static bool knows_less(enum tli_store_source source, enum tli_store_source there)
{
    return source == TL_STORE_SOURCE_LSA && there != TL_STORE_SOURCE_LSA;
}

static int put_user_and_gids(struct tla_store_handle *handle,
                             const struct tl_identity *identity, const char *asked,
                             enum tli_store_source source, bool fewer)
{
    struct tli_store_life life = life_from(handle, source), kept = life;
    struct found found = {0};
    int rc;

    if (source != TL_STORE_SOURCE_PAC)
        find(handle, identity, &found);
    if (found.user && found.same_name && knows_less(source, found.user_source))
        rc = tli_store_renew(handle->store, TL_STORE_USER_ID, identity->uid, &life);
    else
        rc = put_user(handle->store, identity, asked, &life);
    if (rc == -EEXIST)
        log_holder(handle, TL_STORE_USER_ID, identity->uid, identity->canonical);
    if (rc != 0)
        return rc;
    kept.valid_until = found.gids_end;
    if (found.gids && (found.gids_source == TL_STORE_SOURCE_PAC ||
                       knows_less(source, found.gids_source)))
        return tli_store_renew(handle->store, TL_STORE_GIDS, identity->uid, &kept);
    if (found.gids && fewer) { /* read again soon */
        kept.fresh_until = tli_store_now() + FEWER_S;
        return tli_store_renew(handle->store, TL_STORE_GIDS, identity->uid, &kept);
    }
    return put_gids(handle->store, identity, &life);
}

int tla_store_user(struct tla_store_handle *handle, const struct tl_identity *identity,
                   const char *asked, enum tli_store_source source)
{
    return put_user_and_gids(handle, identity, asked, source, false);
}

/* A fresh record with members is better than one without. */
static bool has_better(const struct tla_store_handle *handle,
                       const struct tl_group *group)
{
    struct tli_store_view *view = NULL;
    struct tli_store_entry entry;
    char sid[TL_SID_STRING_MAX];
    bool better = false;

    if (tli_store_view_open(NULL, handle->path, &view) != 0)
        return false;
    if (tli_store_by_id(&view->map, TL_STORE_GROUP_ID, group->gid, tli_store_now(),
                        &entry) == TL_STORE_HIT)
        better = !entry.partial &&
                 strcmp(entry.sid.at, tl_sid_format(&group->sid, sid)) == 0 &&
                 strcmp(entry.name.at, group->canonical) == 0;
    talloc_free(view);
    return better;
}

int tla_store_answer(struct tla_store_handle *handle,
                     const struct tl_lookup_answer *found, const char *asked)
{
    enum tli_store_source source =
        found->source == TL_LOOKUP_LDAP ? TL_STORE_SOURCE_LDAP : TL_STORE_SOURCE_LSA;
    int rc = 0;

    if (found->identity != NULL)
        rc = put_user_and_gids(handle, found->identity, asked, source, found->own_unread);
    for (size_t i = 0; rc == 0 && i < found->num_groups; i++) {
        rc = tla_store_group(handle, found->groups[i],
                             found->identity == NULL ? asked : NULL, NULL, 0, true,
                             source);
        /* The user is stored even if a group's id is already another group's. */
        if (rc == -EEXIST && found->identity != NULL)
            rc = 0;
    }
    return rc;
}

int tla_store_group(struct tla_store_handle *handle, const struct tl_group *group,
                    const char *asked, const char *const *members, size_t num_members,
                    bool partial, enum tli_store_source source)
{
    char sid[TL_SID_STRING_MAX];
    struct tli_store_group record = {.name = group->canonical,
                                     .sid = tl_sid_format(&group->sid, sid),
                                     .gid = group->gid,
                                     .members = members,
                                     .num_members = num_members,
                                     .partial = partial,
                                     .life = life_from(handle, source)};
    const char **aliases;
    int rc;

    if (partial && has_better(handle, group))
        return 0;
    aliases = talloc_zero_array(handle, const char *, group->num_names + 2);
    if (aliases == NULL)
        return -ENOMEM;
    (void)add_aliases(aliases, group->names, group->num_names, asked);
    record.aliases = aliases;
    rc = tli_store_put_group(handle->store, &record);
    if (rc == -EEXIST)
        log_holder(handle, TL_STORE_GROUP_ID, group->gid, group->canonical);
    talloc_free(aliases);
    return rc;
}
