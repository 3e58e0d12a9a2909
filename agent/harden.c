/* SPDX-License-Identifier: MIT
 *
 * harden.c - give up what a monitor does not need, before it reads anything.
 *
 * What stays: SETUID and SETGID (credentials are stored by a child that has become the
 * user), CHOWN and DAC_OVERRIDE (a cache folder of the user's). No capability comes back
 * through exec: the bounding set is reduced first, and no_new_privs holds for every
 * child.
 */
#include "harden.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITIES_LEFT                                                                \
    ((1ULL << CAP_SETUID) | (1ULL << CAP_SETGID) | (1ULL << CAP_CHOWN) |                 \
     (1ULL << CAP_DAC_OVERRIDE))

static int drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};

    /* PR_CAPBSET_READ says -1 after the last capability this kernel knows. */
    for (unsigned int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
        if ((CAPABILITIES_LEFT & (1ULL << cap)) == 0)
            (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    }
    if (syscall(SYS_capget, &head, data) != 0)
        return -errno;
    for (int half = 0; half < 2; half++) {
        data[half].permitted &= (uint32_t)(CAPABILITIES_LEFT >> (32 * half));
        data[half].effective = data[half].permitted;
        data[half].inheritable = 0;
    }
    return syscall(SYS_capset, &head, data) == 0 ? 0 : -errno;
}

int tla_harden(void)
{
    const struct rlimit none = {0, 0};
    int rc;

    /* A core file or a debugger would show passwords and tickets. */
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return -errno;
    rc = drop_capabilities();
    if (rc != 0)
        return rc;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    return tla_filter();
}
