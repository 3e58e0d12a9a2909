/* SPDX-License-Identifier: MIT
 *
 * deferred_tickets.c - tickets for a session that began with a cached logon, once a
 * domain controller answers.
 *
 * The worker of that logon stays, with the password in locked memory, and tries again
 * and again, more and more seldom. RUN_DIR/pending/<token>.waits says that it does, for
 * which uid, and which cache the session has got meanwhile; without that file nobody
 * needs tickets. One waits for each cache: who unlocks a screen ten times before the
 * network is back has one session and one password.
 */
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

#include "cached.h"

#define FIRST_S 5
#define LONGEST_S 300 /* less than what tla_pending_sweep() waits for */
#define GIVE_UP_S (10 * 3600)
#define LOOK_S 10 /* whether anybody still wants the tickets */
#define SHARE 4   /* of all conversations: how many may wait like this */
#define EACH 4    /* and how many of one user's */

struct waiting {
    struct tla_conv *conv;
    const struct tla_pending *pending;
    const struct tl_sid *sid;
    const char *password;
    char *note;    /* path */
    int64_t began; /* monotonic, microseconds */
};

static char *note_of(TALLOC_CTX *ctx, const char *run_dir, const char *token)
{
    return tla_token_is_valid(token)
               ? talloc_asprintf(ctx, "%s/pending/%s.waits", run_dir, token)
               : NULL;
}

static char *text_of(TALLOC_CTX *ctx, uint32_t uid, const char *ccache)
{
    return talloc_asprintf(ctx, "%u %s", uid, ccache);
}

/* Others who wait for the same end when they look next. */
static void supersede(const char *run_dir, const char *token, const char *text)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *folder = talloc_asprintf(tmp, "%s/pending", run_dir), *found;
    DIR *dir = folder != NULL ? opendir(folder) : NULL;
    const struct dirent *entry;
    size_t len;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        char *path = talloc_asprintf(tmp, "%s/%s", folder, entry->d_name);

        if (path != NULL && dot != NULL && strcmp(dot, ".waits") == 0 &&
            strncmp(entry->d_name, token, strlen(token)) != 0 &&
            tla_file_read(tmp, path, 077, TL_WIRE_STRING_MAX, &found, &len) == 0 &&
            strcmp(found, text) == 0)
            (void)unlink(path);
        talloc_free(path);
    }
    if (dir != NULL)
        closedir(dir);
    talloc_free(tmp);
}

void tla_when_back_tell(const char *run_dir, const char *token, uint32_t uid,
                        const char *ccache)
{
    char *note = note_of(NULL, run_dir, token), *text = text_of(note, uid, ccache);

    /* No such file: nobody waits, which is the case of nearly every logon. */
    if (text != NULL && access(note, F_OK) == 0) {
        if (tla_file_replace(note, text, false) != 0)
            (void)unlink(note);
        else
            supersede(run_dir, token, text);
    }
    talloc_free(note);
}

void tla_when_back_cancel(const char *run_dir, const char *token)
{
    char *note = note_of(NULL, run_dir, token);

    if (note != NULL)
        (void)unlink(note);
    talloc_free(note);
}

/* The session's cache, "" while it has none; NULL: the session is over. Young again
 * for the sweeper. */
static const char *read_note(TALLOC_CTX *ctx, const struct waiting *w)
{
    char *text;
    size_t len;

    if (tla_file_read(ctx, w->note, 077, TL_WIRE_STRING_MAX, &text, &len) != 0 ||
        utimensat(AT_FDCWD, w->note, NULL, AT_SYMLINK_NOFOLLOW) != 0 ||
        strchr(text, ' ') == NULL)
        return NULL;
    return strchr(text, ' ') + 1;
}

/* A FILE cache that is gone was the session's own, and so the session is gone. Who has
 * asked for no cache by now (sudo) will not, since the sweeper takes the tickets. */
static bool is_gone(const char *ccache, int64_t waited_us)
{
    struct stat st;

    if (ccache[0] == '\0')
        return waited_us > TLA_PENDING_SECONDS * 1000000LL;
    return strncmp(ccache, "FILE:", 5) == 0 && lstat(ccache + 5, &st) != 0;
}

static enum tl_reason log_on(const struct waiting *w, TALLOC_CTX *ctx,
                             struct tl_logon **logon)
{
    struct tl_workstation *ws = NULL;
    struct tl_topology *topology = NULL;
    struct tl_config *quick = talloc(ctx, struct tl_config);
    enum tl_reason reason;

    *logon = NULL;
    if (quick == NULL)
        return TL_REASON_NO_MEMORY;
    *quick = *w->conv->config;
    quick->explain = false;
    reason = tl_workstation_detect(ctx, quick, &ws, NULL);
    if (reason != TL_REASON_OK)
        return reason;
    (void)tl_snapshot_load(ctx, quick, &topology);
    *logon = tl_logon_new(ctx, quick, ws, topology, NULL);
    if (*logon == NULL)
        return TL_REASON_NO_MEMORY;
    (*logon)->recall = tla_recall;
    (*logon)->recall_arg = w->conv;
    reason = tl_logon_prepare(*logon, w->conv->request.user);
    if (reason == TL_REASON_OK)
        reason = tl_logon_password(*logon, w->password);
    if (reason == TL_REASON_OK && !tl_sid_equal(&(*logon)->identity->sid, w->sid))
        reason = TL_REASON_REPLY_MISMATCH;
    return reason;
}

/* Over what setcred left, or in its place if it has not come yet. */
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

    if (tla_keep_identity(w->conv, logon) != TL_REASON_OK)
        return;
    if (tla_keep_groups(w->conv, logon, now) == 0)
        tla_cached_keep(w->conv, w->sid, now, w->password);
    (void)unlink(w->pending->ticket_path);
    rc = tl_krb_save_pending(logon->krb, w->pending->ticket_path);
    if (rc == 0 && ccache[0] != '\0') {
        if (tl_ccache_store(logon, &store, &name, logon->outcome) != TL_REASON_OK)
            tla_journal_line(LOG_WARNING, "tickets of %s: %s", w->pending->canonical,
                             logon->outcome->detail != NULL ? logon->outcome->detail
                                                            : "?");
        (void)unlink(w->pending->ticket_path);
    }
    tla_journal_line(LOG_INFO,
                     "%s, logged on with cached credentials, has been proven now",
                     w->pending->canonical);
}

/*
 * A KDC refused the user. The password may have been changed meanwhile: no second try,
 * which would count towards a lockout.
 */
static void refused(const struct waiting *w, enum tl_reason reason)
{
    if (reason == TL_REASON_WRONG_PASSWORD || tla_cached_is_over(reason))
        tla_cached_forget(w->conv, w->sid);
    tla_journal_line(LOG_NOTICE,
                     "%s was logged on with cached credentials, and is refused now: %s",
                     w->pending->canonical, tl_reason_info(reason)->slug);
}

/* Does waiting go on? It does over a trust that is broken: that says nothing of the
 * user. */
static bool try_once(const struct waiting *w)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    const char *ccache = tmp != NULL ? read_note(tmp, w) : NULL;
    struct tl_logon *logon = NULL;
    enum tl_reason reason;
    bool go_on = false;

    if (ccache == NULL || is_gone(ccache, tl_now_us() - w->began))
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

void tla_when_back_note(struct tla_conv *conv, const struct tla_pending *pending)
{
    char *note = note_of(conv, conv->config->run_dir, pending->token);
    char *text = text_of(note, pending->uid, "");

    if (text != NULL && !conv->setup->single &&
        tla_file_replace(note, text, false) == 0 && conv->peer != 0)
        supersede(conv->config->run_dir, pending->token, text);
    talloc_free(note);
}

/* Those who wait are among all conversations, and shall leave room for logons; and no
 * user's sessions take the room of the others'. */
static int take_place(struct tla_conv *conv, uint32_t uid)
{
    const char *run_dir = conv->config->run_dir;
    char *holder = talloc_asprintf(conv, "when back %u", uid);
    struct tla_gate *own, *place;
    int rc = holder != NULL ? tla_gate_place(conv, run_dir, holder, EACH, &own) : -ENOMEM;

    if (rc == 0)
        rc = tla_gate_place(conv, run_dir, "when back",
                            conv->config->max_conversations / SHARE, &place);
    return rc;
}

void tla_when_back(struct tla_conv *conv, const struct tla_pending *pending,
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
    w.note = note_of(conv, conv->config->run_dir, pending->token);
    if (w.note == NULL)
        return;
    if (take_place(conv, pending->uid) != 0) {
        tla_journal_line(LOG_NOTICE,
                         "the session of %s gets no tickets when a domain controller is "
                         "back: too many sessions wait for that",
                         pending->canonical);
        (void)unlink(w.note);
        return;
    }
    (void)mlock(password, strlen(password));
    /* It ends with the agent, not after it. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == listener)
        wait_and_try(&w);
    (void)unlink(w.note);
}
