/* SPDX-License-Identifier: MIT
 *
 * name_groups.c - names for the groups of a logon.
 *
 * A PAC has SIDs only, and `id` asks for the name of each. They are read in the worker of
 * the logon, after its answer, with the tickets of the user: those can read the user's
 * own domain over a one-way trust, too, where the machine's cannot. What is not found is
 * looked up when NSS asks for it.
 */
#include "name_groups.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "journal.h"
#include "store/inspect.h"
#include "store_update.h"

#define LIMIT_MS 8000

/* The groups without a name in the store. */
static struct tl_sid *nameless(TALLOC_CTX *ctx, const struct tla_store_handle *handle,
                               const struct tl_identity *identity, size_t *count)
{
    struct tl_sid *sids = talloc_array(ctx, struct tl_sid, identity->num_groups + 1);
    struct tli_store_view *view = NULL;
    uint64_t now = tli_store_now();
    struct tli_store_entry entry;

    *count = 0;
    if (sids == NULL || tli_store_view_open(ctx, handle->path, &view) != 0)
        return NULL;
    for (size_t i = 0; i < identity->num_groups; i++)
        if (tli_store_by_id(&view->map, TL_STORE_GROUP_ID, identity->groups[i].gid, now,
                            &entry) != TL_STORE_HIT)
            sids[(*count)++] = identity->groups[i].sid;
    talloc_free(view);
    return sids;
}

static void name_them(TALLOC_CTX *ctx, struct tla_store_handle *handle,
                      const struct tl_lookup_input *in, const struct tl_sid *sids,
                      size_t count)
{
    struct tl_lookup *lookup = tl_lookup_new(ctx, in);
    struct tl_outcome *out = tl_outcome_new(ctx);
    struct tl_lookup_answer *found = NULL;
    enum tl_reason reason;

    if (lookup == NULL || out == NULL)
        return;
    reason = tl_lookup_name_groups(lookup, sids, count, &found, out);
    if (reason != TL_REASON_OK)
        tla_journal_line(LOG_INFO, "cannot read the names of %zu groups: %s (%s)", count,
                         tl_reason_info(reason)->slug,
                         out->detail != NULL ? out->detail : "");
    if (found != NULL && tla_store_answer(handle, found, NULL) != 0)
        tla_journal_line(LOG_INFO,
                         "cannot write the names of groups to the identity store");
}

/* Without a topology no domain is known that could be asked. */
void tla_name_groups(struct tla_conv *conv, const struct tl_logon *logon)
{
    TALLOC_CTX *ctx = talloc_new(conv);
    struct tl_lookup_input in = {.machine = logon->machine,
                                 .trace = logon->trace,
                                 .krb = logon->krb,
                                 .deadline = tl_deadline_in_ms(LIMIT_MS)};
    struct tl_local_ids *local = NULL;
    struct tla_store_handle *handle = NULL;
    struct tl_sid *sids;
    size_t count = 0;

    /* End the conversation for a client that waits for its end. */
    (void)shutdown(conv->fd, SHUT_RDWR);
    alarm(LIMIT_MS / 1000 + 5);
    if (logon->machine->topology == NULL ||
        tla_store_open(ctx, conv->config, logon->machine->workstation->domain, &handle) !=
            0 ||
        tl_local_ids_load(ctx, "/etc/passwd", "/etc/group", &local) != 0)
        goto cleanup;
    in.local = local;
    sids = nameless(ctx, handle, logon->identity, &count);
    if (sids != NULL && count > 0) {
        tl_krb_set_deadline(logon->krb, in.deadline);
        name_them(ctx, handle, &in, sids, count);
    }

cleanup:
    talloc_free(ctx);
    alarm(0);
}
