/* SPDX-License-Identifier: MIT
 *
 * syscall_table.c - a seccomp filter from a table of the system calls that stay allowed.
 */
#include "syscall_table.h"

#include <errno.h>

#if HAVE_SECCOMP

static int allow(scmp_filter_ctx filter, const struct tla_syscall *call)
{
    if (call->number < 0)
        return 0;
    if (call->mask == 0)
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call->number, 0);
    return seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, call->number, 1,
        SCMP_CMP(call->argument, SCMP_CMP_MASKED_EQ, call->mask, call->value));
}

int tla_allow_only(const struct tla_calls *lists, size_t count)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int rc = filter == NULL ? -ENOMEM : 0;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lists[i].count && rc == 0; k++)
            rc = allow(filter, &lists[i].calls[k]);
    if (rc == 0)
        rc = seccomp_load(filter);
    if (filter != NULL)
        seccomp_release(filter);
    return rc;
}

#else

int tla_allow_only(const struct tla_calls *lists, size_t count)
{
    return 0;
}

#endif
