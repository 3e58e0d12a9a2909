/* SPDX-License-Identifier: MIT
 *
 * syscall_table.c - a seccomp filter from a table of the system calls that stay allowed.
 */
#include "syscall_table.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int compile(const struct tla_calls *list, struct tla_program *program)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int fd = memfd_create("filter", MFD_CLOEXEC),
        rc = filter != NULL && fd >= 0 ? 0 : -ENOMEM;
    struct stat st;

    for (size_t i = 0; i < list->count && rc == 0; i++)
        rc = allow(filter, &list->calls[i]);
    if (rc == 0)
        rc = seccomp_export_bpf(filter, fd);
    if (rc == 0 && (fstat(fd, &st) != 0 || st.st_size <= 0))
        rc = -EIO;
    if (rc == 0) {
        program->code = malloc((size_t)st.st_size);
        program->count = (size_t)st.st_size / sizeof(struct sock_filter);
        if (program->code == NULL)
            rc = -ENOMEM;
        else if (pread(fd, program->code, (size_t)st.st_size, 0) != st.st_size)
            rc = -EIO;
    }
    if (fd >= 0)
        close(fd);
    if (filter != NULL)
        seccomp_release(filter);
    return rc;
}

int tla_program_make(const struct tla_calls *list, struct tla_program *program)
{
    int rc;

    if (program->count > 0)
        return 0;
    rc = compile(list, program);
    if (rc != 0) {
        free(program->code);
        *program = (struct tla_program){0};
    }
    return rc;
}

int tla_program_load(const struct tla_program *program)
{
    const struct sock_fprog whole = {.len = (unsigned short)program->count,
                                     .filter = program->code};

    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0) == 0 ? 0 : -errno;
}

#else

int tla_program_make(const struct tla_calls *list, struct tla_program *program)
{
    return 0;
}

int tla_program_load(const struct tla_program *program)
{
    return 0;
}

#endif

int tla_allow_only(const struct tla_calls *list)
{
    struct tla_program program = {0};
    int rc = tla_program_make(list, &program);

    return rc == 0 ? tla_program_load(&program) : rc;
}
