/* SPDX-License-Identifier: MIT
 *
 * ticket_renewer.c - a child of the listener that renews the tickets of sessions.
 *
 * As LSASS does: a TGT whose time is half over is renewed for as long as its KDC allows
 * (seven days by AD's default). The cache itself has the times, so nothing is scheduled,
 * and a cache that the user has filled with other tickets is handled the same way.
 */
#include "ticket_renewer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <trustlogon/kerberos.h>
#include <trustlogon/tickets.h>
#include <trustlogon/machine.h>
#include <unistd.h>

#include "config.h"
#include "journal.h"
#include "sessions.h"

#define RENEW_MS 15000 /* for each session */
#define ALL_S 600      /* for all of them */
#define SLOW_US 5000000

/* The child that renews as the user belongs to that user, who can stop it: if one took
 * long, the user's other sessions are left out this time, and a realm counts as silent
 * only if it is silent for two users. */
struct renewer {
    struct tl_config *config;
    /* Its site; the keytab is not needed. */
    struct tl_machine *machine;
    /* A session whose realm did not answer just now, or NULL; and the realm did not
     * answer another user either. */
    const struct tla_session *silent;
    bool certainly;
    /* The last slow one; the sessions of a user come together. */
    const struct tla_session *slow;
};

static void log_refusal(const struct tla_session *session, const char *run_dir,
                        int64_t end, const char *why)
{
    struct tla_session noted = *session;

    if (session->refused_end == end)
        return;
    tla_journal_line(LOG_NOTICE, "the tickets of %s are not renewed: %s", session->user,
                     why);
    noted.refused_end = end;
    (void)tla_session_note(run_dir, strrchr(session->path, '/') + 1, &noted);
}

/* Log the result and note what the next sessions need. Only a change is logged: a refusal
 * once for each TGT, a missing cache not at all. SILENT from two users of one realm in a
 * row makes is_in_vain() skip the rest of that realm. */
static void handle(struct renewer *r, const struct tla_session *session,
                   enum tl_renewal result, int64_t end, const char *why)
{
    time_t until = (time_t)end;
    struct tm tm;
    char text[32] = "";

    switch (result) {
    case TL_RENEWAL_DONE:
        if (gmtime_r(&until, &tm) != NULL)
            (void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
        tla_journal_line(LOG_INFO, "the tickets of %s are renewed until %s UTC",
                         session->user, text);
        break;
    case TL_RENEWAL_GONE:
        (void)unlink(session->path);
        break;
    case TL_RENEWAL_REFUSED:
        log_refusal(session, r->config->run_dir, end, why);
        break;
    case TL_RENEWAL_SILENT:
        r->certainly = r->silent != NULL && r->silent->uid != session->uid &&
                       strcasecmp(r->silent->realm, session->realm) == 0;
        r->silent = session;
        __attribute__((fallthrough));
    case TL_RENEWAL_FAILED:
        tla_journal_line(LOG_INFO, "cannot renew the tickets of %s: %s", session->user,
                         why != NULL ? why : "?");
        break;
    case TL_RENEWAL_NOT_DUE:
    case TL_RENEWAL_OVER:
        break;
    }
}

static void renew_one(struct renewer *r, const struct tla_session *session)
{
    struct tl_renewal_request request = {.ccache = session->ccache,
                                         .realm = session->realm,
                                         .uid = session->uid,
                                         .gid = session->gid};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tl_locator *locator = tl_locator_new(tmp, r->config, r->machine->site, NULL);
    struct tl_krb *krb = NULL;
    const char *why = NULL;
    enum tl_renewal result;
    int64_t end = 0, began;

    if (locator != NULL &&
        tl_krb_new(tmp, r->config, locator, tl_deadline_in_ms(RENEW_MS), NULL, &krb,
                   NULL) == TL_REASON_OK) {
        began = tl_now_us();
        result = tl_ccache_renew(tmp, krb, &request, &end, &why);
        if (tl_now_us() - began > SLOW_US)
            r->slow = session;
        handle(r, session, result, end, why);
    }
    talloc_free(tmp);
}

static int by_user(const void *a, const void *b)
{
    const struct tla_session *one = a, *two = b;

    return one->uid < two->uid ? -1 : one->uid > two->uid;
}

static bool is_in_vain(const struct renewer *r, const struct tla_session *session)
{
    return (r->slow != NULL && r->slow->uid == session->uid) ||
           (r->certainly && strcasecmp(r->silent->realm, session->realm) == 0);
}

int tla_renew_tickets(const struct tla_setup *setup)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct renewer r = {0};
    struct tla_session *sessions = NULL;
    struct tl_outcome *out = tl_outcome_new(ctx);
    size_t count = 0;

    alarm(ALL_S);
    if (out == NULL || tla_config(ctx, setup, NULL, NULL, &r.config, out) != TL_REASON_OK)
        return 1;
    r.machine = tl_machine_new(ctx, r.config);
    if (r.machine == NULL)
        return 1;
    (void)tl_machine_load_snapshot(r.machine);
    (void)tla_session_list(ctx, r.config->run_dir, &sessions, &count);
    if (count > 1)
        qsort(sessions, count, sizeof(*sessions), by_user);
    for (size_t i = 0; i < count; i++) {
        if (!is_in_vain(&r, &sessions[i]))
            renew_one(&r, &sessions[i]);
    }
    talloc_free(ctx);
    return 0;
}
