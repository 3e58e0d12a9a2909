/* SPDX-License-Identifier: MIT
 *
 * monitor.c - one conversation from its request to its end.
 */
#include "monitor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "config.h"
#include "harden.h"
#include "journal.h"
#include "lock_file.h"
#include "operations.h"
#include "peer.h"
#include "pending.h"
#include "places.h"

/* Of all conversations: the share of one caller of root's programs (an eighth), and of
 * all callers together (half). */
#define CALLER_SHARE 8
#define CALLERS_SHARE 2

/* A locker's request must be about its own account: by /etc/passwd, or by the store,
 * which the logon then has to prove. */
static bool speaks_for_itself(struct tla_conv *conv)
{
    const char *user = conv->request.user;

    if (conv->peer == 0 || conv->endpoint == TLA_ENDPOINT_LOOKUP ||
        tla_peer_in_passwd("/etc/passwd", user, conv->peer))
        return true;
    conv->peer_by_store = tla_peer_in_store(conv, conv->config, user, conv->peer);
    return conv->peer_by_store;
}

static int refuse(struct tla_conv *conv)
{
    /* Log the name only if an account has it: otherwise it may be a password. */
    bool named = conv->request.user != NULL && tla_journal_may_name(conv, NULL);

    tla_journal_caller(conv, LOG_NOTICE, "uid %u asked for operation %u%s%s: refused",
                       (unsigned int)conv->peer, conv->request.op, named ? " as " : "",
                       named ? conv->request.user : "");
    conv->unnamed = !named;
    tl_outcome_fail(conv->outcome, TL_STAGE_LOCAL, TL_REASON_DENIED, NULL);
    return tla_done(conv, NULL, (struct tli_wire_msg){0});
}

static int take_one_of(struct tla_conv *conv, const char *holder, int share)
{
    int most = conv->config->max_conversations / share;
    struct tla_lock *place = NULL;

    return tla_place_take(conv, conv->config->run_dir, holder, most > 0 ? most : 1,
                          &place);
}

/* Root's programs are not limited, but each user that calls them is: a thousand su of one
 * user, waiting at their prompts, would lock all others out. */
static int take_place(struct tla_conv *conv)
{
    const char *caller = conv->request.caller;
    char *holder;
    int rc;

    if (conv->peer != 0 || conv->setup->single || caller == NULL)
        return 0;
    holder = talloc_asprintf(conv, "caller %s", caller);
    if (holder == NULL)
        return -ENOMEM;
    rc = take_one_of(conv, holder, CALLER_SHARE);
    if (rc == -EAGAIN) {
        tla_journal_line(LOG_WARNING, "%s has too many conversations", holder);
        return rc;
    }
    rc = take_one_of(conv, "callers", CALLERS_SHARE);
    if (rc == -EAGAIN)
        tla_journal_line(LOG_WARNING, "all callers together have too many conversations");
    return rc == -EAGAIN ? rc : 0;
}

static int configure(struct tla_conv *conv)
{
    bool root = conv->peer == 0 && conv->endpoint == TLA_ENDPOINT_LOGON;

    return tla_config(conv, conv->setup, root ? conv->request.conf : NULL,
                      root ? conv->request.options : NULL, &conv->config,
                      conv->outcome) == TL_REASON_OK
               ? 0
               : -EINVAL;
}

static int refuse_configuration(struct tla_conv *conv)
{
    struct tl_words_input in = {.user = conv->request.user};
    struct tl_words *words = tl_outcome_words(conv, conv->outcome, &in);

    (void)tla_journal_may_name(conv, NULL);
    tla_journal_logon(conv, conv->outcome, words, NULL);
    return tla_done(conv, words, (struct tli_wire_msg){0});
}

/* In this order: a request that is not allowed costs nothing, and only a client that may
 * ask has the configuration read and a place taken. */
static int dispatch(struct tla_conv *conv)
{
    const struct tla_operation *operation = tla_operation_find(conv->request.op);

    if (!operation->may_ask(conv))
        return refuse(conv);
    if (configure(conv) != 0)
        return refuse_configuration(conv);
    if (!speaks_for_itself(conv) || take_place(conv) != 0)
        return refuse(conv);
    if (conv->endpoint == TLA_ENDPOINT_LOGON)
        tla_pending_sweep(conv->config->run_dir, time(NULL));
    return operation->handler != NULL ? operation->handler(conv) : refuse(conv);
}

static int wipe_conv(struct tla_conv *conv)
{
    explicit_bzero(conv->buf, sizeof(conv->buf));
    return 0;
}

int tla_serve(const struct tla_setup *setup, int fd, enum tla_endpoint_kind endpoint)
{
    struct ucred peer = {.uid = (uid_t)-1};
    struct tla_conv *conv = talloc_zero(NULL, struct tla_conv);
    int rc = conv == NULL ? -ENOMEM : tla_harden();

    if (rc != 0) {
        tla_journal_line(LOG_ERR, "a monitor cannot drop its privileges: %s",
                         strerror(-rc));
        goto done;
    }
    talloc_set_destructor(conv, wipe_conv);
    conv->setup = setup;
    conv->fd = fd;
    conv->endpoint = endpoint;
    conv->outcome = tl_outcome_new(conv);
    rc = conv->outcome == NULL ? -ENOMEM : tla_peer_read(fd, &peer);
    conv->peer = peer.uid;
    if (rc == 0)
        rc = tla_receive_request(conv);
    if (rc == 0)
        rc = dispatch(conv);
    if (rc != 0 && rc != -ECONNRESET && rc != -ECANCELED)
        tla_journal_caller(conv, LOG_NOTICE, "a conversation ended early: %s",
                           strerror(-rc));
done:
    talloc_free(conv);
    return rc;
}
