/* SPDX-License-Identifier: MIT
 *
 * reset_process.c - undo what the caller of su(1) or sudo(8) chose for the agent.
 *
 * An agent that they start is a child of their caller, who chooses how fast it runs, when
 * it is killed for memory, and whether it runs at all. It holds locks that other users'
 * logons wait for.
 *
 * Descriptors, signals, limits and the environment are reset before exec by the PAM
 * module (pam_module/spawn.c). Every step here is tried once: a container may forbid it,
 * and locks have time limits of their own (status/lock.h).
 */
#include "reset_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "journal.h"

#define TIMER_SLACK_NS 50000 /* what the kernel gives init */
#define CGROUP_MAX 4096

static int write_to(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW), rc = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        rc = -errno;
    close(fd);
    return rc;
}

static void reset_scheduling(void)
{
    const struct sched_param plain = {0};
    cpu_set_t all;

    (void)sched_setscheduler(0, SCHED_OTHER, &plain);
    (void)setpriority(PRIO_PROCESS, 0, 0);
    memset(&all, 0xff, sizeof(all)); /* processors that do not exist are left out */
    (void)sched_setaffinity(0, sizeof(all), &all);
    (void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
                  IOPRIO_PRIO_VALUE(IOPRIO_CLASS_NONE, 0));
    (void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
    (void)write_to("/proc/self/oom_score_adj", "0");
}

/* Where cgroup v2 is mounted, alone or beside v1; NULL: nowhere. In v1 nothing is
 * delegated to users. */
static const char *cgroup_mount(void)
{
    static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    struct statfs fs;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (statfs(places[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
            return places[i];
    }
    return NULL;
}

/* "0::/user.slice/..." among the lines of /proc/self/cgroup. */
static bool read_own(char *path, size_t size)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[CGROUP_MAX];
    bool found = false;

    while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        found = strncmp(line, "0::/", 4) == 0 && strlen(line + 3) < size;
    }
    if (found)
        memcpy(path, line + 3, strlen(line + 3) + 1);
    if (file != NULL)
        fclose(file);
    return found;
}

static bool is_writable_by_users(const char *mount, const char *cgroup)
{
    char path[2 * CGROUP_MAX];
    struct stat st;

    snprintf(path, sizeof(path), "%s%s/cgroup.procs", mount, cgroup);
    return stat(path, &st) == 0 &&
           (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0);
}

/* Whether a user controls this cgroup or one above it, and so can freeze it or take away
 * processor and memory. */
static bool is_delegated(const char *mount, char *cgroup)
{
    char *slash;

    while ((slash = strrchr(cgroup, '/')) != NULL && slash[1] != '\0') {
        if (is_writable_by_users(mount, cgroup))
            return true;
        *slash = '\0';
    }
    return false;
}

/* Into the root, the only cgroup that holds processes beside other cgroups; or, in a
 * container, whose root is not that one, to the cgroup of its init. */
static int leave_cgroup(const char *mount)
{
    static const char *const ways[] = {"cgroup.procs", "init.scope/cgroup.procs"};
    char path[CGROUP_MAX];
    int rc = -ENOENT;

    for (size_t i = 0; rc != 0 && i < sizeof(ways) / sizeof(ways[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", mount, ways[i]);
        rc = write_to(path, "0");
    }
    return rc;
}

void tla_reset_process(void)
{
    const char *mount = cgroup_mount();
    char cgroup[CGROUP_MAX];
    int rc;

    reset_scheduling();
    if (mount == NULL || !read_own(cgroup, sizeof(cgroup)) ||
        !is_delegated(mount, cgroup))
        return;
    rc = leave_cgroup(mount);
    if (rc != 0)
        tla_journal_line(LOG_NOTICE, "cannot leave a cgroup that the caller controls: %s",
                         strerror(-rc));
}
