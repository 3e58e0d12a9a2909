/* SPDX-License-Identifier: MIT
 *
 * nss.c - does a program that asks this machine's name service for the user get that very
 * user?
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"
#include "local_files.h"

#define NSSWITCH "/etc/nsswitch.conf"
#define MODULE "libnss_trustlogon.so.2"
#define ANSWER_MS 5000
#define PASSWD_MAX 65536

/* What the name service says of a user: whether the module could be loaded, whether
 * the user was found, and with which uid. */
struct answer {
    bool loaded, found;
    uid_t uid;
    int error;
};

/* In a child of its own: other modules of nsswitch.conf may never come back. */
static void child(const char *name, int fd)
{
    static char buffer[PASSWD_MAX];
    struct passwd pw, *got = NULL;
    struct answer answer = {0};
    void *module = dlopen(MODULE, RTLD_LAZY);

    answer.loaded = module != NULL;
    answer.error = getpwnam_r(name, &pw, buffer, sizeof(buffer), &got);
    answer.found = got != NULL;
    answer.uid = got != NULL ? got->pw_uid : 0;
    if (module != NULL)
        dlclose(module);
    _exit(write(fd, &answer, sizeof(answer)) == (ssize_t)sizeof(answer) ? 0 : 1);
}

/* 0; -ETIMEDOUT; -errno. */
static int ask(const char *name, struct answer *answer)
{
    struct pollfd pfd = {.events = POLLIN};
    tl_deadline deadline = tl_deadline_in_ms(ANSWER_MS);
    int fds[2], ready, rc = 0;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0)
        return -errno;
    pid = fork();
    if (pid == 0)
        child(name, fds[1]);
    if (pid < 0)
        rc = -errno;
    close(fds[1]);
    pfd.fd = fds[0];
    do
        ready = pid > 0 ? poll(&pfd, 1, tl_deadline_left_ms(deadline)) : 0;
    while (ready < 0 && errno == EINTR);
    if (rc == 0 && ready == 0)
        rc = -ETIMEDOUT;
    else if (rc == 0 && read(fds[0], answer, sizeof(*answer)) != (ssize_t)sizeof(*answer))
        rc = -EIO;
    close(fds[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return rc;
}

/* One line of nsswitch.conf. True: our module is asked. */
static bool check_line(struct run *run, const char *text, const char *database)
{
    struct tli_nss_line line;

    tli_nsswitch_judge(run->diag, text, database, &line);
    /* initgroups uses group's line if it has no line of its own. */
    if (!line.present && strcmp(database, "initgroups") == 0)
        return true;
    if (!line.ours) {
        tli_found(run, "nsswitch", database, TL_FINDING_FAILED,
                  TL_REASON_NSS_NOT_CONFIGURED, NSSWITCH, database,
                  line.present ? "its line has no 'trustlogon'" : "it has no line");
        return false;
    }
    if (line.ended_by != NULL) {
        tli_found(run, "nsswitch", database, TL_FINDING_FAILED,
                  TL_REASON_NSS_NOT_CONFIGURED, NSSWITCH, database,
                  "an action after '%s' ends the query before 'trustlogon'",
                  line.ended_by);
        return false;
    }
    tli_found_ok(run, "nsswitch", database, "%s%s",
                 line.before != NULL ? "'trustlogon' is in its line, after: "
                                     : "'trustlogon' is in its line",
                 line.before != NULL ? line.before : "");
    return true;
}

/* False: the name cannot be a domain user's. */
static bool has_user(const struct run *run)
{
    const struct tl_logon *logon = run->diag->logon;

    if (run->logon == NULL || run->route == NULL)
        return false;
    return run->route->verdict == TL_REASON_OK &&
           (logon == NULL || logon->outcome->reason != TL_REASON_USER_UNKNOWN);
}

static void judge_answer(struct run *run, const char *name, const struct answer *answer)
{
    uint32_t uid = 0, gid = 0;
    bool known = tli_known_user(run, &uid, &gid);

    if (!answer->loaded)
        tli_found(run, "nss", name, TL_FINDING_FAILED, TL_REASON_NSS_NOT_CONFIGURED,
                  NSSWITCH, NULL, "the module " MODULE " is not installed");
    else if (!answer->found && !has_user(run))
        tli_left_out(run, TL_AREA_PARTLY, "without a user to look up");
    else if (!answer->found)
        tli_found(run, "nss", name, TL_FINDING_WARNING, TL_REASON_NSS_USER_UNKNOWN, name,
                  NULL, "programs find no such user%s%s", answer->error != 0 ? ": " : "",
                  answer->error != 0 ? strerror(answer->error) : "");
    else if (known && answer->uid != uid)
        tli_found(run, "nss", name, TL_FINDING_FAILED, TL_REASON_NSS_OTHER_USER, name,
                  NULL, "programs get uid %u, but the user's is %u", answer->uid, uid);
    else
        tli_found_ok(run, "nss", name, "programs get uid %u", answer->uid);
}

/* By the name that programs have in the end, where it is known. */
static void check_answer(struct run *run)
{
    const struct tl_logon *logon = run->diag->logon;
    const char *name =
        logon != NULL && logon->identity != NULL ? logon->identity->canonical : run->name;
    struct answer answer = {0};
    int rc;

    tli_progress(run, "the name service about", name);
    rc = ask(name, &answer);
    if (rc == 0) {
        judge_answer(run, name, &answer);
        return;
    }
    if (rc == -ETIMEDOUT)
        tli_found(run, "nss", name, TL_FINDING_WARNING, TL_REASON_NSS_USER_UNKNOWN, name,
                  NULL, "the name service did not answer within %d s", ANSWER_MS / 1000);
    else
        tli_left_out(run, TL_AREA_PARTLY, "the query failed: %s", strerror(-rc));
}

void tli_check_nss(struct run *run)
{
    char *text = NULL;
    int rc = tli_text_read(run, NSSWITCH, &text);
    bool asked;

    if (rc != 0 && rc != -ENOENT) {
        tli_left_out(run, TL_AREA_PARTLY, "%s: %s", NSSWITCH, strerror(-rc));
        run->diag->complete = false;
    } else {
        asked = check_line(run, text != NULL ? text : "", "passwd");
        asked = check_line(run, text != NULL ? text : "", "group") && asked;
        asked = check_line(run, text != NULL ? text : "", "initgroups") && asked;
        talloc_free(text);
        if (!asked)
            return;
    }
    check_answer(run);
}
