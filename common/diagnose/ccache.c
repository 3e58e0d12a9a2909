/* SPDX-License-Identifier: MIT
 *
 * ccache.c - a credentials cache of the configured kind, as the user would have it
 * written, with the tickets of the logon.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <trustlogon/tickets.h>

#include "internal.h"

bool tli_known_user(struct run *run, uint32_t *uid, uint32_t *gid)
{
    const struct tl_logon *logon = run->diag->logon;
    struct tli_store_view *view = NULL;
    bool known = false;
    char *path;

    if (logon != NULL && logon->identity != NULL) {
        *uid = logon->identity->uid;
        *gid = logon->identity->gid;
        return true;
    }
    path = talloc_asprintf(run, "%s/%s", run->config->state_dir, TL_STORE_FILE);
    if (path != NULL && tli_store_view_open(run, path, &view) == 0)
        known = tli_store_knows(view, run->name, uid, gid);
    talloc_free(view);
    talloc_free(path);
    return known;
}

/* The tickets on their way to the user, as the agent keeps them; 0 or -errno. */
static int save_tickets(struct run *run, const char *path, bool *empty)
{
    const struct tl_logon *logon = run->diag->logon;

    if (mkdir(run->config->run_dir, 0755) != 0 && errno != EEXIST)
        return -errno;
    *empty = logon == NULL || logon->outcome->reason != TL_REASON_OK;
    return *empty ? tl_krb_save_empty("user", run->machine->workstation->realm, path)
                  : tl_krb_save_pending(logon->krb, path);
}

static void try_cache(struct run *run, const char *pending, uint32_t uid, uint32_t gid)
{
    struct tl_ccache_request request = {.op = TL_CCACHE_TRY,
                                        .pending = pending,
                                        .type_name = run->config->ccache,
                                        .uid = uid,
                                        .gid = gid};
    struct tl_outcome *out = tl_outcome_new(run->diag);
    const char *name = NULL;

    tli_progress(run, "the credentials cache of", run->name);
    if (tl_ccache_store(run->diag, &request, &name, out) != TL_REASON_OK)
        tli_found_outcome(run, "ccache", run->config->ccache, out);
    else
        tli_found_ok(run, "ccache", name, "written as uid %u, and removed again", uid);
}

void tli_check_ccache(struct run *run)
{
    char *pending =
        talloc_asprintf(run, "%s/diagnose.%ld", run->config->run_dir, (long)getpid());
    uint32_t uid = 0, gid = 0;
    bool empty = false;
    int rc;

    if (geteuid() != 0) {
        tli_left_out(run, TL_AREA_NOT_LOOKED, "only root can test it");
        return;
    }
    if (!tli_known_user(run, &uid, &gid)) {
        tli_left_out(run, TL_AREA_NOT_LOOKED, "the user id is not known");
        return;
    }
    rc = pending != NULL ? save_tickets(run, pending, &empty) : -ENOMEM;
    if (rc != 0) {
        tli_found(run, "ccache", run->config->run_dir, TL_FINDING_FAILED,
                  TL_REASON_FOLDER_UNWRITABLE, run->config->run_dir, NULL, "%s",
                  strerror(-rc));
        return;
    }
    if (empty)
        tli_left_out(run, TL_AREA_PARTLY, "an empty one, because there are no tickets");
    try_cache(run, pending, uid, gid);
    (void)unlink(pending);
    talloc_free(pending);
}
