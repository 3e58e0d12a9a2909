/* SPDX-License-Identifier: MIT
 *
 * sandbox.c - how a worker gives up everything.
 */
#include "sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE /* linux 6.3 */
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#define FILES_MAX 128
#define CPU_MAX_S 120
#define PASSWD_LINE_MAX 4096

/* /etc/passwd itself: NSS would ask this agent. */
int tla_worker_user_find(struct tla_worker_user *user)
{
    FILE *file = fopen("/etc/passwd", "re");
    struct passwd line = {0}, *entry = NULL;
    char text[PASSWD_LINE_MAX];
    int rc = -ENOENT;

    if (file == NULL)
        return -errno;
    while (rc == -ENOENT && fgetpwent_r(file, &line, text, sizeof(text), &entry) == 0) {
        if (strcmp(entry->pw_name, TL_WORKER_USER) != 0)
            continue;
        *user = (struct tla_worker_user){.uid = entry->pw_uid, .gid = entry->pw_gid};
        rc = user->uid != 0 && user->gid != 0 ? 0 : -EINVAL;
    }
    fclose(file);
    return rc;
}

static int set_limits(void)
{
    static const struct {
        int which;
        rlim_t most;
    } limits[] = {
        {RLIMIT_CORE, 0},
        {RLIMIT_FSIZE, 0}, /* does not apply to sockets and pipes */
        {RLIMIT_NOFILE, FILES_MAX},
        {RLIMIT_CPU, CPU_MAX_S},
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const struct rlimit limit = {limits[i].most, limits[i].most};

        if (setrlimit((__rlimit_resource_t)limits[i].which, &limit) != 0)
            return -errno;
    }
    return 0;
}

static int drop_user(const struct tla_worker_user *user)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[2] = {{0}};

    if (geteuid() != 0)
        return 0; /* a developer's own agent: there is nothing to give up */
    /* Not root's session keyring, if su(1) has started the agent. A kernel without
     * keyrings has none to leave. */
    (void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    if (setgroups(0, NULL) != 0 || setresgid(user->gid, user->gid, user->gid) != 0 ||
        setresuid(user->uid, user->uid, user->uid) != 0)
        return -errno;
    if (syscall(SYS_capset, &head, none) != 0)
        return -errno;
    return 0;
}

/* The change of the user has reset both. A debugger of the same user must not follow, and
 * the worker ends with its monitor. */
int tla_sandbox_stay_alone(void)
{
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                   prctl(PR_SET_PDEATHSIG, SIGKILL) == 0
               ? 0
               : -errno;
}

int tla_sandbox_become(const struct tla_worker_user *user)
{
    int rc = drop_user(user);

    if (rc == 0)
        rc = tla_sandbox_stay_alone();
    if (rc == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        rc = -errno;
    return rc;
}

int tla_sandbox_enter(const struct tla_worker_user *user)
{
    int rc = tla_sandbox_filter_make();

    if (rc == 0)
        rc = set_limits();
    if (rc == 0)
        rc = tla_sandbox_become(user);
    if (rc == 0)
        rc = tla_sandbox_files();
    if (rc < 0)
        return rc;
    /* An older kernel says EINVAL; the filter refuses the same mappings. */
    (void)prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
    return tla_sandbox_filter();
}
