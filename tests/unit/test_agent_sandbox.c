/* SPDX-License-Identifier: MIT
 *
 * test_agent_sandbox.c - what is left to a worker that has been taken over: each probe
 * runs inside its sandbox, entered as tla_sandbox_enter() is by every worker.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <time.h>
#include <unistd.h>

#include "agent/harden.h"
#include "agent/sandbox.h"
#include "run_suite.h"
#include "tl_build.h"

/* nobody, where the system user of the build does not exist */
static struct tla_worker_user user = {65534, 65534};
static char secret[] = "the parent's memory";
static char folder[] = "/tmp/trustlogon-sandbox-XXXXXX";
static char shadow[64], scratch[64];

/* A probe that is refused returns 0. */
static int refused(bool done)
{
    return done ? 1 : 0;
}

static bool is_open(int fd)
{
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool opens(const char *path, int flags)
{
    return is_open(open(path, flags | O_CLOEXEC, 0600));
}

static bool has_socket(int family, int type, int protocol)
{
    return is_open(socket(family, type | SOCK_CLOEXEC, protocol));
}

static int read_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char byte;
    bool done = fd >= 0 && read(fd, &byte, 1) == 1;

    (void)is_open(fd);
    return refused(done);
}

static int read_shadow(void)
{
    return read_file("/etc/shadow");
}

static int read_keytab(void)
{
    return read_file(shadow); /* of mode 0600, and root's */
}

/* Readable by all, and outside of what a worker has to do with. */
static int read_outside(void)
{
    return tla_sandbox_files() > 0 ? read_file(scratch) : 0;
}

static int read_memory_of_parent(void)
{
    char copy[sizeof(secret)];
    struct iovec here = {copy, sizeof(copy)}, there = {secret, sizeof(secret)};
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
    return refused(opens(path, O_RDONLY) ||
                   syscall(SYS_process_vm_readv, getppid(), &here, 1, &there, 1, 0) > 0);
}

static int read_environment_of_parent(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/environ", (int)getppid());
    return read_file(path);
}

static int make_file(void)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/new", folder);
    return refused(opens(path, O_WRONLY | O_CREAT) || opens("/tmp", O_RDWR | O_TMPFILE) ||
                   mkdir(path, 0700) == 0 || mknod(path, S_IFIFO | 0600, 0) == 0);
}

static int write_file(void)
{
    return refused(opens(scratch, O_WRONLY) || opens(scratch, O_RDWR) ||
                   opens(scratch, O_RDONLY | O_TRUNC) || truncate(scratch, 0) == 0);
}

static int change_file(void)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/other", folder);
    return refused(chmod(scratch, 04755) == 0 || chown(scratch, 0, 0) == 0 ||
                   unlink(scratch) == 0 || rename(scratch, path) == 0 ||
                   link(scratch, path) == 0 || symlink(scratch, path) == 0);
}

static int exec_program(void)
{
    char *const argv[] = {(char[]){"false"}, NULL};

    (void)execve("/bin/false", argv, argv);
    return refused(false);
}

static bool maps(int protection)
{
    void *page = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool mapped = page != MAP_FAILED;

    if (mapped)
        (void)munmap(page, 4096);
    return mapped;
}

static int map_code(void)
{
    static char data[8192];
    char *page = data + 4096 - (uintptr_t)data % 4096;

    return refused(maps(PROT_READ | PROT_WRITE | PROT_EXEC) ||
                   maps(PROT_READ | PROT_EXEC) ||
                   mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
}

static int other_families(void)
{
    static const int families[] = {AF_UNIX, AF_NETLINK, AF_PACKET,
                                   AF_ALG,  AF_VSOCK,   AF_BLUETOOTH};

    for (size_t i = 0; i < COUNT(families); i++)
        if (has_socket(families[i], SOCK_RAW, 0) ||
            has_socket(families[i], SOCK_DGRAM, 0))
            return refused(true);
    return refused(has_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int listen_somewhere(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 0;

    if (fd < 0)
        return 2;
    (void)bind(fd, (const struct sockaddr *)&any, sizeof(any));
    if (listen(fd, 1) == 0 || is_open(accept(fd, NULL, NULL)))
        status = 1;
    close(fd);
    return status;
}

static int trace_parent(void)
{
    return refused(syscall(SYS_ptrace, 16, getppid(), 0, 0) == 0);
}

static int signal_others(void)
{
    return refused(kill(getppid(), 0) == 0 || kill(getppid(), SIGTERM) == 0 ||
                   syscall(SYS_tgkill, getppid(), getppid(), SIGTERM) == 0);
}

static int use_keys(void)
{
    return refused(
        syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) >= 0 ||
        syscall(SYS_add_key, "user", "x", "y", 1, KEY_SPEC_PROCESS_KEYRING) >= 0);
}

static int raise_limits(void)
{
    const struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};

    return refused(setrlimit(RLIMIT_FSIZE, &more) == 0 ||
                   setrlimit(RLIMIT_CORE, &more) == 0);
}

static int become_someone(void)
{
    return refused(setuid(0) == 0 || setresuid(0, 0, 0) == 0 || setgid(0) == 0 ||
                   syscall(SYS_setfsuid, 0) > 0);
}

static int make_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid == 0)
        _exit(0);
    return refused(pid > 0 || unshare(CLONE_NEWUSER) == 0);
}

static int change_system(void)
{
    const struct timespec now = {0};

    return refused(mount("none", "/mnt", "tmpfs", 0, NULL) == 0 || chroot("/tmp") == 0 ||
                   clock_settime(CLOCK_REALTIME, &now) == 0 ||
                   syscall(SYS_bpf, 0, NULL, 0) >= 0 ||
                   syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0) >= 0);
}

/* What the work needs. */
static int work(void)
{
    int status = read_file("/etc/hosts") == 0 ? 1 : 0;

    status |= !opens("/etc", O_RDONLY | O_DIRECTORY) ? 16 : 0;
    status |= !has_socket(AF_INET, SOCK_DGRAM, 0) ? 2 : 0;
    status |= !has_socket(AF_INET6, SOCK_STREAM, 0) ? 4 : 0;
    status |= maps(PROT_READ | PROT_WRITE) ? 0 : 8;
    return status;
}

static const struct {
    const char *name;
    int (*probe)(void);
} probes[] = {
    {"work", work},
    {"read /etc/shadow", read_shadow},
    {"read a keytab", read_keytab},
    {"read outside of the system's folders", read_outside},
    {"read the monitor's memory", read_memory_of_parent},
    {"read the monitor's environment", read_environment_of_parent},
    {"make a file", make_file},
    {"write a file", write_file},
    {"change a file", change_file},
    {"execute a program", exec_program},
    {"map code", map_code},
    {"sockets of other families", other_families},
    {"listen", listen_somewhere},
    {"trace", trace_parent},
    {"signal", signal_others},
    {"keyrings", use_keys},
    {"raise limits", raise_limits},
    {"become someone", become_someone},
    {"make a process", make_process},
    {"change the system", change_system},
};

static int inside(int (*probe)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        /* the monitor's own filter lies below */
        if (tla_harden() != 0)
            _exit(98);
        if (tla_sandbox_enter(&user) != 0)
            _exit(99);
        _exit(probe());
    }
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

START_TEST(test_probe)
{
    ck_assert_msg(inside(probes[_i].probe) == 0, "%s", probes[_i].name);
}
END_TEST

static void make_files(void)
{
    int fd;

    (void)tla_worker_user_find(&user);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chmod(folder, 0777), 0);
    snprintf(shadow, sizeof(shadow), "%s/keytab", folder);
    snprintf(scratch, sizeof(scratch), "%s/scratch", folder);
    fd = open(shadow, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, "x", 1), 1);
    close(fd);
    fd = open(scratch, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, "x", 1), 1);
    ck_assert_int_eq(fchmod(fd, 0666), 0);
    close(fd);
}

static void remove_files(void)
{
    (void)unlink(shadow);
    (void)unlink(scratch);
    (void)rmdir(folder);
}

int main(void)
{
    Suite *suite = suite_create("agent_sandbox");
    TCase *tc = tcase_create("sandbox");

    if (!HAVE_SECCOMP || geteuid() != 0)
        return 77;
    tcase_add_unchecked_fixture(tc, make_files, remove_files);
    tcase_add_loop_test(tc, test_probe, 0, COUNT(probes));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
