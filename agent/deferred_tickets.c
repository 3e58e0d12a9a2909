/* SPDX-License-Identifier: MIT
 *
 * deferred_tickets.c - tickets for a session that began with a cached logon, once a
 * domain controller answers.
 *
 * The monitor of that logon stays, with the password in locked memory, and tries again at
 * growing intervals, for as long as the session has a note (deferred_note.h). One monitor
 * waits for each cache: a user who unlocks the screen ten times before the network is
 * back has one session and one password.
 */
#include "deferred_tickets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <trustlogon/tickets.h>

#include "cached_logon.h"
#include "deferred_note.h"
#include "journal.h"
#include "lock_file.h"
#include "logon_commit.h"
#include "logon_prepare.h"
#include "logon_worker.h"
#include "places.h"

/* Seconds from one try to the next: at first, and at most (less than what
 * tla_pending_sweep() waits for). */
#define FIRST_S 5
#define LONGEST_S 300
#define GIVE_UP_S (10 * 3600)
/* Seconds from one check of the note to the next. */
#define LOOK_S 10
/* How many may wait like this: a fourth of all conversations, and so many of one user. */
#define SHARE 4
#define EACH 4

struct waiting {
    struct tla_conv *conv;
    const struct tla_pending *pending;
    const struct tl_sid *sid;
    const char *password;
    char *note;    /* path of the note */
    int64_t began; /* microseconds of the monotonic clock */
};

/* The same user with the same password; without the explanation of a failure, which would
 * not be shown. */
static enum tl_reason log_on(const struct waiting *w, TALLOC_CTX *ctx,
                             struct tl_logon **logon)
{
    struct tl_config *quick = talloc(ctx, struct tl_config);
    enum tl_reason reason;

    *logon = NULL;
    if (quick == NULL)
        return TL_REASON_NO_MEMORY;
    *quick = *w->conv->config;
    quick->explain = false;
    reason = tla_logon_new(ctx, w->conv, quick, logon, NULL);
    if (reason == TL_REASON_OK)
        reason = tl_logon_prepare(*logon, w->conv->request.user);
    if (reason == TL_REASON_OK)
        reason = tl_logon_run(*logon, &(struct tl_credential){.password = w->password});
    if (reason == TL_REASON_OK && !tl_sid_equal(&(*logon)->identity->sid, w->sid))
        reason = TL_REASON_REPLY_MISMATCH;
    return reason;
}

/* Put the tickets into the cache that setcred made, or the file that it will fetch. */
static void hand_over(const struct waiting *w, struct tl_logon *logon, const char *ccache)
{
    struct tl_ccache_request store = {.op = TL_CCACHE_REFRESH,
                                      .pending = w->pending->ticket_path,
                                      .existing = ccache,
                                      .only_existing = w->conv->peer != 0,
                                      .uid = w->pending->uid,
                                      .gid = w->pending->gid};
    int64_t now = (int64_t)time(NULL);
    const char *name = NULL;
    int rc;

    if (tla_commit_identity(w->conv, logon) != TL_REASON_OK)
        return;
    (void)unlink(w->pending->ticket_path);
    rc = tla_logon_worker_save_tickets(logon, w->pending->ticket_path);
    if (tla_commit_groups(w->conv, logon, now) == 0)
        tla_cached_logon_save(w->conv, w->sid, now, w->password);
    if (rc == 0 && ccache[0] != '\0') {
        if (tl_ccache_store(logon, &store, &name, logon->outcome) != TL_REASON_OK)
            tla_journal_line(
                LOG_WARNING, "cannot store the tickets of %s: %s", w->pending->canonical,
                logon->outcome->detail != NULL ? logon->outcome->detail : "?");
        (void)unlink(w->pending->ticket_path);
    }
    tla_journal_line(LOG_INFO,
                     "%s, logged on with cached credentials, is now proven by a KDC",
                     w->pending->canonical);
}

/*
 * A KDC refused the user. The password may have been changed meanwhile: a second try
 * would count towards a lockout, so none is made.
 */
static void refused(const struct waiting *w, enum tl_reason reason)
{
    if (reason == TL_REASON_WRONG_PASSWORD || tla_cached_logon_is_ended(reason))
        tla_cached_logon_drop(w->conv, w->sid);
    tla_journal_line(LOG_NOTICE,
                     "%s, logged on with cached credentials, is now refused by a KDC: %s",
                     w->pending->canonical, tl_reason_info(reason)->slug);
}

/* One try, if the session still waits. true: wait on, also over a broken trust, which
 * is not an answer about the user. */
static bool try_once(const struct waiting *w)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    const char *ccache = tmp != NULL ? tla_deferred_note_read(tmp, w->note) : NULL;
    struct tl_logon *logon = NULL;
    enum tl_reason reason;
    bool go_on = false;

    if (ccache == NULL || tla_deferred_note_is_stale(ccache, tl_now_us() - w->began))
        goto done;
    reason = log_on(w, tmp, &logon);
    if (reason == TL_REASON_OK)
        hand_over(w, logon, ccache);
    else if (logon != NULL && logon->answered && logon->outcome->stage == TL_STAGE_AS)
        refused(w, reason);
    else
        go_on = true;
done:
    talloc_free(tmp);
    return go_on;
}

static void wait_and_try(const struct waiting *w)
{
    int64_t end = w->began + GIVE_UP_S * 1000000LL;
    int seconds = FIRST_S;

    do {
        for (int left = seconds; left > 0 && access(w->note, F_OK) == 0; left -= LOOK_S)
            (void)poll(NULL, 0, (left < LOOK_S ? left : LOOK_S) * 1000);
        seconds = seconds < LONGEST_S / 2 ? seconds * 2 : LONGEST_S;
    } while (tl_now_us() < end && try_once(w));
}

/* Waiting monitors count as conversations and must leave room for logons, and one user's
 * sessions must leave room for those of others. */
static int take_place(struct tla_conv *conv, uint32_t uid)
{
    const char *run_dir = conv->config->run_dir;
    char *holder = talloc_asprintf(conv, "when back %u", uid);
    struct tla_lock *own, *place;
    int rc = holder != NULL ? tla_place_take(conv, run_dir, holder, EACH, &own) : -ENOMEM;

    if (rc == 0)
        rc = tla_place_take(conv, run_dir, "when back",
                            conv->config->max_conversations / SHARE, &place);
    return rc;
}

void tla_deferred_tickets(struct tla_conv *conv, const struct tla_pending *pending,
                          const struct tl_sid *sid, const char *password)
{
    struct waiting w = {.conv = conv,
                        .pending = pending,
                        .sid = sid,
                        .password = password,
                        .began = tl_now_us()};
    pid_t listener = getppid();

    if (conv->setup->single)
        return;
    w.note = tla_deferred_note_path(conv, conv->config->run_dir, pending->token);
    if (w.note == NULL)
        return;
    if (take_place(conv, pending->uid) != 0) {
        tla_journal_line(LOG_NOTICE,
                         "the session of %s gets no tickets when a domain controller "
                         "answers: too many sessions wait",
                         pending->canonical);
        (void)unlink(w.note);
        return;
    }
    (void)mlock(password, strlen(password));
    /* The monitor ends with the agent. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == listener)
        wait_and_try(&w);
    (void)unlink(w.note);
}
