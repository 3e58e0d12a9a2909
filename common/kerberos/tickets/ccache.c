/* SPDX-License-Identifier: MIT
 *
 * ccache.c - tickets between authentication and session: saved to a pending file of
 * root's, then stored in the user's own cache by a child process that has become the
 * user.
 */
#include "kerberos/internal.h"

#include "carried.h"
#include "ccache_name.h"
#include "ccache_write.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <trustlogon/tickets.h>

/* Seconds: a KCM daemon or a keyring that hangs must not hang the logon. */
#define CHILD_TIMEOUT 5
#define CHILD_LATE 1 /* more, before a child whose alarm did not ring is given up */

int tl_krb_save_pending(struct tl_krb *krb, const char *path)
{
    struct tl_tickets *tickets = NULL;
    int rc = tl_krb_tickets(krb, krb, &tickets);

    if (rc == 0)
        rc = tl_tickets_save(tickets, tickets->client, path);
    talloc_free(tickets);
    return rc;
}

int tl_krb_save_empty(const char *user, const char *realm, const char *path)
{
    struct tl_tickets none = {0};
    krb5_principal client = NULL;
    krb5_context k5 = NULL;
    char *name = NULL;
    int rc = tli_k5_context(TL_RC4_NO, &k5) == 0 ? 0 : -EIO;

    if (rc == 0 && (krb5_build_principal(k5, &client, (unsigned int)strlen(realm), realm,
                                         user, (char *)NULL) != 0 ||
                    krb5_unparse_name(k5, client, &name) != 0))
        rc = -ENOMEM;
    if (rc == 0)
        rc = tl_tickets_save(&none, name, path);
    krb5_free_unparsed_name(k5, name);
    krb5_free_principal(k5, client);
    krb5_free_context(k5);
    return rc;
}

/* The session keyring of the logon's program, perhaps root's own, is inherited, and a
 * process that possesses a keyring may read what is in it. */
static int leave_session_keyring(void)
{
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0)
        return 0;
    /* Without kernel keyrings, or in a container that forbids them, there is none to
     * leave.
     */
    return errno == ENOSYS || errno == EPERM ? 0 : -errno;
}

/* For good: real, effective and saved ids, and no group of root's. */
static int become(uid_t uid, gid_t gid)
{
    uid_t r, e, s;
    int rc = leave_session_keyring();

    if (rc != 0)
        return rc;
    if (geteuid() == 0 && setgroups(1, &gid) != 0)
        return -errno;
    if (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        return -errno;
    if (getresuid(&r, &e, &s) != 0 || r != uid || e != uid || s != uid)
        return -EPERM;
    /* From now on the user can stop this process, against which no alarm helps. It must
     * not outlive its parent, which waits for it, and the user must not read its memory,
     * which is a copy of root's. A change of ids resets both settings: the second, if
     * fs.suid_dumpable says so. */
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0
               ? 0
               : -errno;
}

/* What the network sent is decoded by the user's own process. */
static int decode(struct ccache_job *job, const struct tl_tickets *tickets)
{
    krb5_principal client = NULL;
    int64_t end;
    krb5_error_code ret = krb5_cc_new_unique(job->k5, "MEMORY", NULL, &job->tickets);

    if (ret == 0)
        ret = tli_tickets_fill(job->k5, job->tickets, tickets, &client, &end);
    krb5_free_principal(job->k5, client);
    return ret == 0 ? 0 : tli_ccache_fail_k5(job, "the pending tickets", ret);
}

static int keep_only(int fd)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int standard = 0; standard <= STDERR_FILENO; standard++)
        if (null < 0 || dup2(null, standard) < 0)
            return -1;
    return fd > STDERR_FILENO + 1 &&
                   close_range(STDERR_FILENO + 1, (unsigned int)fd - 1, 0) != 0
               ? -1
               : close_range((unsigned int)fd + 1, ~0U, 0);
}

static int child_work(struct ccache_job *job, int fd)
{
    struct tl_tickets *tickets = NULL;
    sigset_t none;
    int err = 0;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGALRM, SIG_DFL);
    alarm(job->seconds);
    umask(077);
    if (job->pending != NULL)
        err = tl_tickets_load(NULL, job->pending, &tickets);
    if (err != 0)
        return tli_ccache_fail(job, "the pending tickets", strerrordesc_np(-err));
    /* Nothing of the caller's stays open in a process that decodes what the network sent.
     * A renewal has connections of its own. */
    if (tickets != NULL && keep_only(fd) != 0)
        return tli_ccache_fail(job, "the descriptors", strerrordesc_np(errno));
    err = become(job->uid, job->gid);
    if (err != 0)
        return tli_ccache_fail(job, "cannot become the user", strerrordesc_np(-err));
    if (tickets != NULL && decode(job, tickets) != 0)
        return -1;
    return job->work(job);
}

static void child(struct ccache_job *job, int fd)
{
    struct ccache_report report;

    memset(&report, 0, sizeof(report));
    report.status = child_work(job, fd);
    report.end = job->end;
    snprintf(report.text, sizeof(report.text), "%s",
             report.status == 0 ? job->name : job->error);
    if (job->tickets != NULL)
        krb5_cc_destroy(job->k5, job->tickets);
    _exit(write(fd, &report, sizeof(report)) == (ssize_t)sizeof(report) ? 0 : 1);
}

/* What is written in one piece (less than PIPE_BUF) comes in one piece; 0 at the end. */
static ssize_t read_by(int fd, tl_deadline deadline, void *buf, size_t len)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    int ready;

    do
        ready = poll(&pfd, 1, tl_deadline_left_ms(deadline));
    while (ready < 0 && errno == EINTR);
    return ready > 0 ? read(fd, buf, len) : -1;
}

/* The user can stop the child together with its alarm, so the parent reads the pipe
 * with a deadline of its own, and reaps the child only after the end of the pipe. */
int tli_ccache_as_user(struct ccache_job *job, struct ccache_report *report)
{
    int fds[2];
    pid_t pid;

    snprintf(report->text, sizeof(report->text), "the helper process failed");
    if (pipe2(fds, O_CLOEXEC) != 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        child(job, fds[1]);
    }
    close(fds[1]);
    if (pid > 0) {
        const tl_deadline deadline =
            tl_deadline_in_ms(1000LL * (job->seconds + CHILD_LATE));
        struct ccache_report got;

        report->status = -1;
        if (read_by(fds[0], deadline, &got, sizeof(got)) == (ssize_t)sizeof(got))
            *report = got;
        report->text[sizeof(report->text) - 1] = '\0';
        /* Past the end of the pipe nothing can stop it any more. */
        if (read_by(fds[0], deadline, &got, sizeof(got)) == 0)
            while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
    }
    close(fds[0]);
    return pid > 0 ? report->status : -1;
}

/* The name to use: the existing cache, else by configuration. */
static int choose_name(TALLOC_CTX *ctx, krb5_context k5,
                       const struct tl_ccache_request *req, char **name, const char **why)
{
    const char *pattern = req->existing != NULL ? req->existing : req->type_name;
    char *configured = NULL;
    int ret;

    if (pattern == NULL)
        pattern = configured = tli_k5_conf_default(ctx, k5, "default_ccache_name");
    ret = tli_ccache_expand(ctx, pattern, req->uid, name, why);
    talloc_free(configured);
    return ret;
}

/* The name is checked here, as root; everything that touches the cache is the child's
 * work. */
static enum tl_reason store(TALLOC_CTX *ctx, krb5_context k5,
                            const struct tl_ccache_request *req, const char **name,
                            struct tl_outcome *out)
{
    bool delete = req->op == TL_CCACHE_DELETE;
    struct ccache_job job = {.k5 = k5,
                             .pending = delete ? NULL : req->pending,
                             .uid = req->uid,
                             .gid = req->gid,
                             .only_existing = req->only_existing,
                             .seconds = CHILD_TIMEOUT,
                             .work = delete                     ? tli_ccache_delete
                                     : req->op == TL_CCACHE_TRY ? tli_ccache_try
                                                                : tli_ccache_write};
    struct ccache_report report = {.status = -1};
    const char *why = NULL;
    char *full = NULL;
    int ret = choose_name(ctx, k5, req, &full, &why);

    if (ret == -ENOMEM)
        return tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_NO_MEMORY, NULL);
    if (ret == 0 && strlen(full) >= sizeof(job.name) - 16)
        why = "its name is too long";
    if (why != NULL) {
        talloc_free(full);
        return tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_CCACHE_FAILED,
                               "the credentials cache cannot be used: %s", why);
    }
    snprintf(job.name, sizeof(job.name), "%s", full);
    tl_outcome_set_subject(out, full);
    talloc_free(full);
    if (tli_ccache_as_user(&job, &report) != 0)
        return tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_CCACHE_FAILED, "%s",
                               report.text);
    if (delete)
        return TL_REASON_OK;
    *name = talloc_strdup(ctx, report.text);
    if (*name == NULL)
        return tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_NO_MEMORY, NULL);
    return TL_REASON_OK;
}

enum tl_reason tl_ccache_store(TALLOC_CTX *ctx, const struct tl_ccache_request *req,
                               const char **name, struct tl_outcome *out)
{
    krb5_context k5 = NULL;
    enum tl_reason reason;

    *name = NULL;
    if ((req->op != TL_CCACHE_DELETE && req->pending == NULL) ||
        (req->op == TL_CCACHE_DELETE && req->existing == NULL))
        return tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_INTERNAL,
                               "an incomplete request to store tickets");
    reason = tli_k5_open(TL_RC4_NO, false, TL_STAGE_IDENTITY, &k5, out);
    if (reason != TL_REASON_OK)
        return reason;
    reason = store(ctx, k5, req, name, out);
    krb5_free_context(k5);
    return reason;
}
