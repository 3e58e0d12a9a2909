/* SPDX-License-Identifier: MIT
 *
 * op_lookup.c - look up a user or a group, into the identity store.
 *
 * The client waits a second at most and then reads the store again, independent of the
 * answer. A look-up that takes longer is still finished, for the next client.
 */
#include "operations.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <trustlogon/name.h>

#include "channel.h"
#include "journal.h"
#include "lock_file.h"
#include "logon_worker.h"
#include "lookup_lock.h"
#include "lookup_reader.h"
#include "store/inspect.h"
#include "store_update.h"

/* Seconds for which a snapshot is not read again for an unknown domain. As in a logon:
 * made-up domain names must not turn into LDAP traffic. */
#define SNAPSHOT_YOUNG_S 60

/* One look-up. */
struct query {
    struct tla_conv *conv;
    struct tl_question question;
    /* The store's class for the same question. */
    enum tli_store_class class;
    /* The question in words, for the lock and for people. */
    const char *text;
    tl_deadline deadline;
    /* The domain of the name or id was asked, and the user or group does not exist ... */
    bool none;
    /* ... unless as a user principal name, which could not be looked up. */
    bool sam_only;
};

static int answer(struct query *query, enum tl_reason reason)
{
    struct tl_outcome *out = query->conv->outcome;

    if (reason == TL_REASON_OK)
        tl_outcome_reset(out);
    else if (query->none)
        out->ntstatus =
            query->question.group ? TL_WIRE_NO_SUCH_GROUP : TL_WIRE_NO_SUCH_USER;
    return tla_done(query->conv, NULL, (struct tli_wire_msg){0});
}

static enum tl_reason fail(struct query *query, enum tl_reason reason, const char *detail)
{
    return tl_outcome_fail(query->conv->outcome, TL_STAGE_LOCAL, reason, "%s", detail);
}

/* 0: the question is complete. -EBADMSG, -ENOMEM. */
static int read_question(struct tla_conv *conv, struct query *query)
{
    uint32_t lookup = conv->request.lookup;
    bool by_name = lookup == TL_LOOKUP_USER_NAME || lookup == TL_LOOKUP_GROUP_NAME;
    char *folded = NULL;

    if (lookup < TL_LOOKUP_USER_NAME || lookup > TL_LOOKUP_GROUP_ID ||
        (by_name && conv->request.user == NULL))
        return -EBADMSG;
    query->conv = conv;
    query->class = (enum tli_store_class)lookup;
    query->question.group =
        lookup == TL_LOOKUP_GROUP_NAME || lookup == TL_LOOKUP_GROUP_ID;
    query->question.name = by_name ? conv->request.user : NULL;
    query->question.id = conv->request.id;
    if (by_name)
        folded = tl_fold(conv, conv->request.user);
    query->text =
        by_name ? talloc_asprintf(conv, "%s %s", query->question.group ? "group" : "user",
                                  folded != NULL ? folded : "")
                : talloc_asprintf(conv, "%s %u", query->question.group ? "gid" : "uid",
                                  query->question.id);
    return query->text != NULL ? 0 : -ENOMEM;
}

static bool is_there(enum tli_store_answer answer)
{
    return answer == TL_STORE_HIT || answer == TL_STORE_STALE;
}

/* The store's own answer: the same question may have been answered a moment ago. */
static enum tli_store_answer find_in_store(const struct query *query)
{
    char *path = talloc_asprintf(query->conv, "%s/%s", query->conv->config->state_dir,
                                 TL_STORE_FILE);
    struct tli_store_view *view = NULL;
    enum tli_store_answer answer = TL_STORE_MISS;
    struct tli_store_entry entry;
    uint64_t now = tli_store_now();

    if (path != NULL && tli_store_view_open(query->conv, path, &view) == 0) {
        if (query->question.name != NULL)
            answer = tli_store_by_name(&view->map, query->class, query->question.name,
                                       now, &entry);
        else
            answer = tli_store_by_id(&view->map, query->class, query->question.id, now,
                                     &entry);
        /* A user is known once the groups are. */
        if (answer == TL_STORE_HIT && entry.class == TL_STORE_USER_ID)
            answer = tli_store_by_id(&view->map, TL_STORE_GIDS, entry.id, now, &entry);
    }
    talloc_free(view);
    talloc_free(path);
    return answer;
}

static enum tl_reason plan(struct query *query, const struct tl_lookup_input *in,
                           struct tl_lookup_plan **plan_out)
{
    char *error = NULL;
    int ret = tl_lookup_plan_make(query->conv, in->machine, in->local, &query->question,
                                  plan_out, &error);

    if (ret == -EINVAL)
        return fail(query, TL_REASON_CONFIG_INVALID, error);
    return ret == 0 ? TL_REASON_OK : fail(query, TL_REASON_NO_MEMORY, "");
}

/* Plan with the present snapshot, and with a fresh one if the domain is unknown, since it
 * may be that of a new trust. */
static enum tl_reason plan_or_refresh(struct query *query, struct tl_machine *machine,
                                      const struct tl_lookup_input *in,
                                      struct tl_lookup_plan **plan_out)
{
    const struct tl_topology *topo = machine->topology;
    enum tl_reason reason = TL_REASON_OK;

    if (topo != NULL)
        reason = plan(query, in, plan_out);
    if (topo != NULL && (reason != TL_REASON_OK || !(*plan_out)->not_known_yet ||
                         time(NULL) - topo->taken < SNAPSHOT_YOUNG_S))
        return reason;
    reason = tla_worker_read_trusts(query->conv, machine, query->deadline,
                                    query->conv->outcome);
    return reason == TL_REASON_OK ? plan(query, in, plan_out) : reason;
}

/* The users in a group, which may take longer than the client waits: the group itself is
 * in the store by then. */
static int store_members(const struct query *query, struct tla_store_handle *handle,
                         struct tl_lookup *lookup, const struct tl_lookup_answer *found)
{
    struct tl_outcome *why = tl_outcome_new(lookup);
    const char **members = NULL;
    enum tl_reason reason;
    size_t count = 0;

    if (found->entry == NULL) /* the members cannot be read */
        return tla_store_group(
            handle, found->groups[0], query->question.name, NULL, 0, false,
            found->source == TL_LOOKUP_LDAP ? TL_STORE_SOURCE_LDAP : TL_STORE_SOURCE_LSA);
    if (why == NULL)
        return -ENOMEM;
    reason = tl_lookup_members(lookup, lookup, found, &members, &count, why);
    if (reason != TL_REASON_OK) {
        tla_journal_line(LOG_INFO, "cannot read the members of %s: %s (%s)", query->text,
                         tl_reason_info(reason)->slug,
                         why->detail != NULL ? why->detail : "");
        return 0;
    }
    return tla_store_group(handle, found->groups[0], query->question.name, members, count,
                           false, TL_STORE_SOURCE_LDAP);
}

static int store_answer(const struct query *query, struct tla_store_handle *handle,
                        struct tl_lookup *lookup, const struct tl_lookup_answer *found)
{
    bool own_group = query->question.group && found->identity != NULL;
    int rc = tla_store_answer(handle, found, query->question.name);

    /* A question by name may be about the members; one by id is about the name. */
    if (rc == 0 && query->question.group && query->question.name != NULL && !own_group)
        rc = store_members(query, handle, lookup, found);
    return rc;
}

/*
 * The store drops the records that share a folded name with a negative entry: right for a
 * user who is gone, wrong for one whose name the directory distinguishes from the one
 * asked for (a final sigma from another). Any user could remove that record by asking for
 * the other name.
 */
static bool folds_like_another(const struct query *query,
                               const struct tla_store_handle *handle)
{
    char *folded = tl_fold(query->conv, query->question.name);
    struct tli_store_view *view = NULL;
    bool alike = false;
    struct tli_store_entry entry;
    uint64_t now = tli_store_now();

    if (folded != NULL && tli_store_view_open(query->conv, handle->path, &view) == 0)
        alike =
            is_there(tli_store_by_name(&view->map, query->class, folded, now, &entry)) &&
            !is_there(tli_store_by_name(&view->map, query->class, query->question.name,
                                        now, &entry));
    talloc_free(view);
    talloc_free(folded);
    return alike;
}

/* Whether the name is the user principal name of an account with another name: then the
 * answer is not about that account. */
static bool is_known_by_upn(const struct query *query,
                            const struct tla_store_handle *handle)
{
    struct tli_store_view *view = NULL;
    struct tl_name *name = NULL, *there = NULL;
    struct tli_store_entry entry;
    bool known = false;

    if (tli_store_view_open(query->conv, handle->path, &view) == 0 &&
        is_there(tli_store_by_name(&view->map, query->class, query->question.name,
                                   tli_store_now(), &entry)) &&
        tl_name_parse(query->conv, query->question.name, strlen(query->question.name),
                      &name, NULL) == 0 &&
        tl_name_parse(query->conv, entry.name.at, entry.name.length, &there, NULL) == 0)
        known = !tl_name_equal(name->user, there->user);
    talloc_free(view);
    talloc_free(name);
    talloc_free(there);
    return known;
}

/* If a negative entry cannot be stored, the domain is asked again; nothing else is lost.
 */
static void store_missing(const struct query *query, struct tla_store_handle *handle)
{
    uint64_t until = tli_store_now() + (uint64_t)query->conv->config->unknown_lifetime;
    int rc;

    if (query->question.name != NULL && folds_like_another(query, handle))
        return;
    if (query->question.name != NULL)
        rc = tli_store_put_missing_name(handle->store, query->class, query->question.name,
                                        until);
    else
        rc = tli_store_put_missing_id(handle->store, query->class, query->question.id,
                                      until);
    if (rc != 0 && rc != -EINVAL && rc != -ERANGE && rc != -ENOSPC)
        tla_journal_line(LOG_WARNING, "cannot write to the identity store: %s",
                         strerror(-rc));
}

/* The look-up itself. The caller holds the lock of the question. A name of an unknown
 * domain makes plan_or_refresh() read a fresh snapshot into the machine. Sets query->none
 * only on the answer of the domain, never after an error, since a negative record follows
 * from it. */
static enum tl_reason resolve(struct query *query, struct tla_store_handle *handle)
{
    struct tla_conv *conv = query->conv;
    struct tl_lookup_input in = {.deadline = query->deadline};
    struct tl_lookup_answer *found = NULL;
    struct tl_lookup_plan *what = NULL;
    struct tl_lookup *lookup;
    struct tl_local_ids *local = NULL;
    struct tl_machine *machine = NULL;
    enum tl_reason reason = tl_machine_open(conv, conv->config, &machine, conv->outcome);
    int rc;

    if (reason != TL_REASON_OK)
        return reason;
    in.machine = machine;
    if (tl_local_ids_load(conv, "/etc/passwd", "/etc/group", &local) != 0)
        return fail(query, TL_REASON_INTERNAL, "cannot read /etc/passwd or /etc/group");
    in.local = local;
    reason = plan_or_refresh(query, machine, &in, &what);
    if (reason != TL_REASON_OK)
        return reason;
    in.reader = tla_lookup_reader_new(conv, conv, machine);
    lookup = in.reader != NULL ? tl_lookup_new(conv, &in) : NULL;
    if (lookup == NULL)
        return fail(query, TL_REASON_NO_MEMORY, "");
    reason = tl_lookup_find(lookup, what, &query->question, &found, conv->outcome);
    query->none = reason == TL_REASON_USER_UNKNOWN;
    query->sam_only = query->none && tl_lookup_sam_only(lookup);
    rc = reason == TL_REASON_OK ? store_answer(query, handle, lookup, found) : 0;
    talloc_free(lookup);
    if (rc == -EEXIST)
        return fail(query, TL_REASON_ID_COLLISION, "the id belongs to another account");
    if (rc != 0)
        return fail(query, TL_REASON_INTERNAL, strerror(-rc));
    return reason;
}

/* Without the name, which may be a mistyped password; `trustlogon id NAME` explains any
 * failure. */
static void log_failure(const struct query *query, enum tl_reason reason)
{
    const char *detail = query->conv->outcome->detail;

    if (detail == NULL || tla_journal_quotes(detail, query->question.name))
        detail = "";
    tla_journal_caller(query->conv, LOG_INFO, "look-up of a %s for uid %u failed: %s%s%s",
                       query->question.group ? "group" : "user",
                       (unsigned int)query->conv->peer, tl_reason_info(reason)->slug,
                       *detail != '\0' ? ": " : "", detail);
}

/* The store is read again behind the lock: the client before may have had the same
 * question. */
static enum tl_reason look_up(struct query *query)
{
    struct tla_conv *conv = query->conv;
    struct tla_store_handle *handle = NULL;
    struct tla_lock *lock = NULL;
    enum tl_reason reason;
    /* Look-ups in a domain that does not answer must not keep sshd from finding its
     * users. */
    int rc = tla_lookup_lock_enter(conv, conv->config->run_dir, query->text, conv->peer,
                                   conv->config->lookup_max, query->deadline, &lock);

    if (rc != 0)
        return fail(query, TL_REASON_DEADLINE, "too many look-ups at once");
    switch (find_in_store(query)) {
    case TL_STORE_HIT:
        return TL_REASON_OK;
    case TL_STORE_NEGATIVE:
        query->none = true;
        return fail(query, TL_REASON_USER_UNKNOWN, "a recent look-up found none");
    default:
        break;
    }
    rc = tla_store_open(conv, conv->config, NULL, &handle);
    if (rc != 0)
        return fail(query, TL_REASON_INTERNAL, strerror(-rc));
    reason = resolve(query, handle);
    if (query->sam_only && is_known_by_upn(query, handle)) {
        query->none = false;
        reason = fail(query, TL_REASON_DIRECTORY_UNREADABLE,
                      "no server could be asked for user principal names");
    }
    if (query->none)
        store_missing(query, handle);
    else if (reason != TL_REASON_OK)
        log_failure(query, reason);
    talloc_free(lock);
    return reason;
}

int tla_op_lookup(struct tla_conv *conv)
{
    struct query query = {0};
    int rc = read_question(conv, &query);

    if (rc != 0)
        return rc;
    query.deadline = tl_deadline_in_ms(conv->config->lookup_timeout);
    alarm((unsigned int)conv->config->lookup_timeout / 1000 + 10);
    return answer(&query, look_up(&query));
}
