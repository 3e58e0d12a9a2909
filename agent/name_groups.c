/* SPDX-License-Identifier: MIT
 *
 * name_groups.c - names for the groups of a logon.
 *
 * A PAC has SIDs only, and `id` asks for the name of each. They are read by a worker,
 * after the answer of the logon, with the tickets of the user: those can read the user's
 * own domain over a one-way trust, too, where the machine's cannot. What is not found is
 * looked up when NSS asks for it.
 */
#include "name_groups.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <trustlogon/idmap.h>
#include <trustlogon/unix_facts.h>

#include "journal.h"
#include "logon_worker.h"
#include "store/inspect.h"
#include "store_update.h"

#define LIMIT_MS 8000

struct nameless {
    size_t count;
    struct tl_sid *sids;
};

/* The groups without a name in the store, those of this machine's domain by themselves:
 * a process that reads what the user's domain sends does not name them. */
static bool find_nameless(TALLOC_CTX *ctx, const struct tla_store_handle *handle,
                          const struct tl_logon *logon, struct nameless *own,
                          struct nameless *others)
{
    const struct tl_identity *identity = logon->identity;
    const struct tl_domain *domain =
        tl_topology_domain(logon->machine->topology, logon->machine->workstation->domain);
    struct tli_store_view *view = NULL;
    uint64_t now = tli_store_now();
    struct tli_store_entry entry;

    own->sids = talloc_array(ctx, struct tl_sid, identity->num_groups + 1);
    others->sids = talloc_array(ctx, struct tl_sid, identity->num_groups + 1);
    if (own->sids == NULL || others->sids == NULL ||
        tli_store_view_open(ctx, handle->path, &view) != 0)
        return false;
    for (size_t i = 0; i < identity->num_groups; i++) {
        const struct tl_sid *sid = &identity->groups[i].sid;
        bool is_own =
            domain != NULL && domain->has_sid && tl_sid_in_domain(sid, &domain->sid);
        struct nameless *where = is_own ? own : others;

        if (tli_store_by_id(&view->map, TL_STORE_GROUP_ID, identity->groups[i].gid, now,
                            &entry) != TL_STORE_HIT)
            where->sids[where->count++] = *sid;
    }
    talloc_free(view);
    return true;
}

/* The gid of a group as the logon has it: with rfc2307 it is a number of the directory's.
 */
static struct tl_unix_facts *facts_of(TALLOC_CTX *ctx, const struct tl_identity *identity)
{
    struct tl_unix_facts *facts = talloc_zero(ctx, struct tl_unix_facts);

    for (size_t i = 0; facts != NULL && i < identity->num_groups; i++)
        if (tl_unix_facts_add(facts, &identity->groups[i].sid, identity->groups[i].gid) !=
            0)
            return NULL;
    return facts;
}

static bool is_asked(const struct tl_sid *sids, size_t count, const struct tl_sid *sid)
{
    for (size_t i = 0; i < count; i++)
        if (tl_sid_equal(&sids[i], sid))
            return true;
    return false;
}

/* Names come from the worker; the domain of each, and its ids, from what is known here of
 * its SID. */
static void store_names(TALLOC_CTX *ctx, struct tla_store_handle *handle,
                        const struct tl_logon *logon, const struct tl_lookup_input *in,
                        const struct tl_sid *sids, size_t count,
                        const struct tl_dir_names *found)
{
    const struct tl_machine *machine = logon->machine;
    struct tl_identity_input input = {.config = machine->config,
                                      .facts = facts_of(ctx, logon->identity),
                                      .local = in->local};
    struct tl_lookup_answer answer = {.source = TL_LOOKUP_LDAP};
    struct tl_idmap *map = NULL;
    char *error = NULL;

    answer.groups = talloc_zero_array(ctx, struct tl_group *, found->count + 1);
    if (answer.groups == NULL || input.facts == NULL ||
        tl_idmap_new(ctx, machine->config, machine->workstation->domain,
                     machine->topology, NULL, &map, &error) != 0)
        return;
    for (size_t i = 0; i < found->count; i++) {
        const struct tl_dir_name *name = &found->names[i];

        if (is_asked(sids, count, &name->sid) &&
            tl_group_build(ctx, &input, map, &name->sid, name->name,
                           &answer.groups[answer.num_groups], NULL) == TL_REASON_OK)
            answer.num_groups++;
    }
    if (tla_store_answer(handle, &answer, NULL) != 0)
        tla_journal_line(LOG_INFO,
                         "cannot write the names of groups to the identity store");
}

static void name_them(TALLOC_CTX *ctx, struct tla_store_handle *handle,
                      struct tl_logon *logon, const struct tl_lookup_input *in, bool own,
                      const struct nameless *those)
{
    const struct tl_outcome *out = logon->outcome;
    struct tl_dir_names *found = NULL;
    enum tl_reason reason;

    if (those->count == 0)
        return;
    logon->deadline = tl_deadline_in_ms(LIMIT_MS);
    reason =
        tla_worker_name_groups(ctx, logon, in, own, those->sids, those->count, &found);
    if (reason != TL_REASON_OK)
        tla_journal_line(LOG_INFO, "cannot read the names of %zu groups: %s (%s)",
                         those->count, tl_reason_info(reason)->slug,
                         out->detail != NULL ? out->detail : "");
    logon->deadline = 0;
    if (found != NULL)
        store_names(ctx, handle, logon, in, those->sids, those->count, found);
}

/* Without a topology no domain is known that could be asked. */
void tla_name_groups(struct tla_conv *conv, struct tl_logon *logon)
{
    TALLOC_CTX *ctx = talloc_new(conv);
    struct tl_lookup_input in = {.machine = logon->machine};
    struct tl_local_ids *local = NULL;
    struct tla_store_handle *handle = NULL;
    struct nameless own = {0}, others = {0};

    /* End the conversation for a client that waits for its end. */
    (void)shutdown(conv->fd, SHUT_RDWR);
    if (logon->machine->topology == NULL ||
        tla_store_open(ctx, conv->config, logon->machine->workstation->domain, &handle) !=
            0 ||
        tl_local_ids_load(ctx, "/etc/passwd", "/etc/group", &local) != 0)
        goto cleanup;
    in.local = local;
    if (find_nameless(ctx, handle, logon, &own, &others)) {
        name_them(ctx, handle, logon, &in, true, &own);
        name_them(ctx, handle, logon, &in, false, &others); /* perhaps it is slow */
    }

cleanup:
    talloc_free(ctx);
}
