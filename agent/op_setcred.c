/* SPDX-License-Identifier: MIT
 *
 * op_setcred.c - tickets of a logon into the user's cache, and out of it.
 *
 * Root's programs pass on values of a PAM environment, and a user's locker (operations.c
 * allows it to refresh only) any value: the owner must be a user's uid, and everything
 * under a path of the user's is done by a child that has become the user
 * (tl_ccache_store).
 */
#include "operations.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <trustlogon/tickets.h>

#include "account_check.h"
#include "channel.h"
#include "deferred_note.h"
#include "journal.h"
#include "pending.h"
#include "sessions.h"

static enum tl_ccache_op op_of(const struct tli_wire_msg *request)
{
    if (request->op == TL_OP_CLOSE || (request->flags & TL_WIRE_F_DELETE) != 0)
        return TL_CCACHE_DELETE;
    if ((request->flags & TL_WIRE_F_REINITIALIZE) != 0)
        return TL_CCACHE_REINITIALIZE;
    if ((request->flags & TL_WIRE_F_REFRESH) != 0)
        return TL_CCACHE_REFRESH;
    return TL_CCACHE_ESTABLISH;
}

/* Whether the cache was made for one session: a FILE cache that ends in six random
 * characters, as tl_ccache_store() makes them. Other names are shared by the user's
 * sessions and outlive this one. */
static bool is_of_one_session(const char *ccache)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *last;

    if (ccache == NULL || strncmp(ccache, "FILE:", 5) != 0)
        return false;
    last = strrchr(ccache, '_');
    return last != NULL && strlen(last + 1) == 6 && strspn(last + 1, letters) == 6;
}

static int answer(struct tla_conv *conv, const char *ccache)
{
    struct tl_words_input in = {.user = conv->request.user};
    struct tl_words *words = NULL;

    if (conv->outcome->reason != TL_REASON_OK) {
        words = tl_outcome_words(conv, conv->outcome, &in);
        tla_journal_logon(conv, conv->outcome, words, NULL);
    }
    return tla_done(conv, words, (struct tli_wire_msg){.ccache = ccache});
}

static enum tl_reason check_owner(struct tla_conv *conv)
{
    const struct tli_wire_msg *request = &conv->request;

    if (request->has_owner == 1 && request->uid >= conv->config->minimum_uid &&
        request->uid != 0 && request->gid != 0)
        return TL_REASON_OK;
    return tl_outcome_fail(
        conv->outcome, TL_STAGE_IDENTITY, TL_REASON_CCACHE_FAILED,
        "uid %u, gid %u do not belong to a domain user (minimum_uid is %u)", request->uid,
        request->gid, conv->config->minimum_uid);
}

static enum tl_reason find_tickets(struct tla_conv *conv, struct tl_ccache_request *store,
                                   struct tla_pending **pending)
{
    int rc;

    *pending = NULL;
    if (store->op == TL_CCACHE_DELETE)
        return TL_REASON_OK;
    rc = tla_pending_of(conv, pending);
    if (rc != 0)
        return tl_outcome_fail(
            conv->outcome, TL_STAGE_LOCAL, TL_REASON_CCACHE_FAILED,
            "the logon's tickets are gone: unknown token, or older than "
            "%d minutes",
            TLA_PENDING_SECONDS / 60);
    store->pending = (*pending)->ticket_path;
    /* The tickets belong to a SID. NSS maps the name to a uid, and other modules
     * answer there too: the tickets go to the proven uid only. The same for the group. */
    if (tla_account_check_owner(conv, (*pending)->uid) != TL_REASON_OK)
        return conv->outcome->reason;
    store->gid = (*pending)->gid;
    return TL_REASON_OK;
}

/* Record a new cache of the session, so that it is renewed from now on. */
static void note_session(struct tla_conv *conv, const struct tla_pending *pending,
                         const char *ccache)
{
    const struct tla_session session = {.uid = pending->uid,
                                        .gid = pending->gid,
                                        .ccache = ccache,
                                        .realm = pending->domain,
                                        .user = pending->canonical};
    int rc = tla_session_note(conv->config->run_dir, pending->token, &session);

    if (rc != 0)
        tla_journal_line(LOG_WARNING, "the tickets of %s will not be renewed: %s",
                         pending->canonical, strerror(-rc));
}

/* pam_close_session deletes only a cache that was made for the session; a refresh without
 * a cache goes to the youngest session's. */
int tla_op_setcred(struct tla_conv *conv)
{
    const struct tli_wire_msg *request = &conv->request;
    struct tl_ccache_request store = {
        .op = op_of(request),
        .existing = request->ccache,
        .type_name = conv->config->ccache,
        .uid = request->uid,
        .gid = request->gid,
        .only_existing = conv->peer != 0,
    };
    struct tla_pending *pending = NULL;
    const char *name = NULL;
    bool begins;

    if (store.op == TL_CCACHE_DELETE) {
        tla_deferred_note_cancel(conv->config->run_dir, request->session);
        tla_session_drop(conv->config->run_dir, request->uid, request->ccache);
        tla_pending_drop(conv->config->run_dir, request->session);
    } else if (store.op != TL_CCACHE_ESTABLISH && store.existing == NULL) {
        store.existing = tla_session_cache(conv, conv->config->run_dir, request->uid);
    }
    begins = store.op == TL_CCACHE_ESTABLISH || store.existing == NULL;
    if (request->op == TL_OP_CLOSE && !is_of_one_session(request->ccache))
        return answer(conv, NULL);
    if (check_owner(conv) != TL_REASON_OK ||
        find_tickets(conv, &store, &pending) != TL_REASON_OK)
        return answer(conv, NULL);
    if (tl_ccache_store(conv, &store, &name, conv->outcome) != TL_REASON_OK)
        return answer(conv, NULL);
    /* Stored once; the record stays a while for pam_acct_mgmt. */
    if (pending != NULL) {
        (void)unlink(pending->ticket_path);
        if (begins)
            note_session(conv, pending, name);
        tla_deferred_note_set_cache(conv->config->run_dir, pending->token, pending->uid,
                                    name);
    }
    return answer(conv, name);
}
