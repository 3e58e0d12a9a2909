/* SPDX-License-Identifier: MIT
 *
 * lsa_service.c - the socket of trustlogon-lsa, and the program behind it.
 *
 * As inetd's "wait": the listener owns the socket and polls it only while the program
 * does not run. A client that connects waits in the backlog until the program accepts, so
 * no client is lost when the program ends, hangs or is killed between two questions.
 */
#include "lsa_service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal.h"
#include "lookup/lsa_client.h"
#include "tl_build.h"

#define BACKLOG 128
#define SHORT_LIFE_MS 1000
#define SHORT_LIVES 3 /* one after another, before a pause */
#define PAUSE_MAX_MS 60000
#define EXIT_LATE 3 /* agent/lsa/lsa.h */
#define EXIT_NO_EXEC 127

struct tla_lsa {
    /* The listening socket, and its path. */
    int fd;
    char *path;
    /* The program; 0: it does not run. */
    pid_t pid;
    /* When it was started last, and until when it is not started again: milliseconds of
     * the monotonic clock. */
    int64_t started, pause;
    /* How many times it ended at once, one after another. */
    unsigned int short_lives;
    /* The journal has that it is not installed. */
    bool logged_absent;
};

static int64_t now_ms(void)
{
    return tl_now_us() / 1000;
}

/* A program that outlived its listener would hold the socket of the next one. */
static int lsa_destroy(struct tla_lsa *lsa)
{
    if (lsa->pid > 0)
        (void)kill(lsa->pid, SIGTERM);
    if (lsa->fd >= 0) {
        close(lsa->fd);
        (void)unlink(lsa->path);
    }
    return 0;
}

static int bind_lsa(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    mode_t mask;
    int fd, ret;

    if (strlen(path) >= sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    memcpy(addr.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* That the agent's own socket was free shows that no other agent runs here. */
    (void)unlink(path);
    mask = umask(0177);
    ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 ? 0 : -errno;
    umask(mask);
    if (ret == 0 && listen(fd, BACKLOG) != 0)
        ret = -errno;
    if (ret == 0)
        return fd;
    close(fd);
    return ret;
}

struct tla_lsa *tla_lsa_open(TALLOC_CTX *ctx, const char *run_dir)
{
    struct tla_lsa *lsa = talloc_zero(ctx, struct tla_lsa);
    char *path = talloc_asprintf(lsa, "%s/%s", run_dir, TL_LSA_SOCKET);
    int fd = path == NULL ? -ENOMEM : bind_lsa(path);

    if (fd < 0) {
        tla_journal_line(LOG_WARNING,
                         "cannot listen on %s/%s: %s; trustlogon-lsa is not available",
                         run_dir, TL_LSA_SOCKET, strerror(-fd));
        talloc_free(lsa);
        return NULL;
    }
    lsa->fd = fd;
    lsa->path = path;
    talloc_set_destructor(lsa, lsa_destroy);
    return lsa;
}

int tla_lsa_fd(const struct tla_lsa *lsa)
{
    return lsa != NULL && lsa->pid == 0 ? lsa->fd : -1;
}

void tla_lsa_forget(struct tla_lsa *lsa)
{
    if (lsa == NULL)
        return;
    close(lsa->fd);
    talloc_set_destructor(lsa, NULL);
}

/* Answer every client that waits: the program will not start soon. */
static void refuse_all(const struct tla_lsa *lsa, const char *answer)
{
    int fd;

    while ((fd = accept4(lsa->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        (void)send(fd, answer, strlen(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
    }
}

static void run_program(int listener)
{
    char *const argv[] = {(char[]){"trustlogon-lsa"}, NULL};
    char *const envp[] = {NULL};
    sigset_t none;
    int null;

    /* 0: the socket; 1: /dev/null; 2: the agent's own, until the program has set itself
     * up. */
    if (dup2(listener, STDIN_FILENO) < 0)
        _exit(EXIT_NO_EXEC);
    null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || close_range(3, ~0U, 0) != 0)
        _exit(EXIT_NO_EXEC);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    execve(TL_LSA_PATH, argv, envp);
    _exit(EXIT_NO_EXEC);
}

static bool is_installed(struct tla_lsa *lsa)
{
    bool installed = access(TL_LSA_PATH, X_OK) == 0;

    if (!installed && !lsa->logged_absent)
        tla_journal_line(
            LOG_WARNING,
            "%s is not installed (it is built with -Dlsa=enabled, and may be "
            "a separate package): over a one-way trust, users are unknown "
            "here until their first logon",
            TL_LSA_PATH);
    lsa->logged_absent = !installed;
    return installed;
}

void tla_lsa_ready(struct tla_lsa *lsa)
{
    int64_t now = now_ms();
    pid_t pid = -1;

    if (!is_installed(lsa)) {
        refuse_all(lsa, "{\"unavailable\":\"" TL_LSA_NOT_INSTALLED "\"}\n");
        return;
    }
    if (now >= lsa->pause) {
        pid = fork();
        if (pid == 0)
            run_program(lsa->fd);
        if (pid < 0)
            tla_journal_line(LOG_ERR, "cannot start trustlogon-lsa: %s", strerror(errno));
    }
    if (pid < 0) {
        refuse_all(lsa, "{\"unavailable\":\"" TL_LSA_NOT_STARTED "\"}\n");
        return;
    }
    lsa->pid = pid;
    lsa->started = now;
}

static void log_end(int status)
{
    if (WIFSIGNALED(status))
        tla_journal_line(LOG_ERR, "trustlogon-lsa was killed by signal %d",
                         WTERMSIG(status));
    else if (WEXITSTATUS(status) == EXIT_LATE)
        tla_journal_line(LOG_NOTICE, "trustlogon-lsa got no answer from the DC in time");
    else if (WEXITSTATUS(status) != 0)
        tla_journal_line(LOG_ERR, "trustlogon-lsa exited with status %d",
                         WEXITSTATUS(status));
}

bool tla_lsa_reaped(struct tla_lsa *lsa, pid_t pid, int status)
{
    int64_t now = now_ms(), pause;

    if (lsa == NULL || lsa->pid == 0 || lsa->pid != pid)
        return false;
    lsa->pid = 0;
    log_end(status);
    if ((WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
        now - lsa->started >= SHORT_LIFE_MS)
        lsa->short_lives = 0;
    else
        lsa->short_lives++;
    if (lsa->short_lives >= SHORT_LIVES) {
        /* 1 s, 2 s, 4 s ... */
        pause = lsa->short_lives < SHORT_LIVES + 6
                    ? 1000LL << (lsa->short_lives - SHORT_LIVES)
                    : PAUSE_MAX_MS;
        lsa->pause = now + pause;
        tla_journal_line(LOG_ERR,
                         "trustlogon-lsa ends at once: not started again for %d s",
                         (int)(pause / 1000));
    }
    return true;
}
