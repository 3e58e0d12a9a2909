/* SPDX-License-Identifier: MIT
 *
 * syscall_table.h - a seccomp filter from a table of the system calls that stay allowed.
 *
 * trustlogond and trustlogon-lsa have a table each (syscall_filter.c, lsa/filter.c).
 */
#ifndef TLA_SYSCALL_TABLE_H
#define TLA_SYSCALL_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "tl_build.h"

struct tla_syscall {
    /* Negative: this architecture does not have the call. */
    int number;
    /* Allowed only if this argument, masked, has this value; mask 0: always. */
    unsigned int argument;
    uint64_t mask, value;
};

#if HAVE_SECCOMP
#include <seccomp.h>
#define TLA_SYSCALL(name) SCMP_SYS(name)
#else
#define TLA_SYSCALL(name) (-1)
#endif

/* Rows of a table. */
/* clang-format off */
#define ALLOW(name) {.number = TLA_SYSCALL(name)}
#define ALLOW_IF(name, argument_, mask_, value_)                                         \
    {.number = TLA_SYSCALL(name), .argument = (argument_), .mask = (mask_), .value = (value_)}
/* clang-format on */

/* The place of clone's flags among its arguments. */
#if defined(__s390__) || defined(__s390x__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* From now on every call that the table does not allow fails with ENOSYS, upon which a C
 * library newer than the table takes the older call. 0 or -errno; 0, without a filter,
 * in a build without libseccomp. */
struct tla_calls {
    const struct tla_syscall *calls;
    size_t count;
};
/* clang-format off */
#define TLA_CALLS(table) {.calls = (table), .count = sizeof(table) / sizeof((table)[0])}
/* clang-format on */
int tla_allow_only(const struct tla_calls *list);

/* The same in two steps: libseccomp takes most of a millisecond to make a filter, which a
 * process makes once for all its children. All zero: not made yet. */
struct sock_filter;
struct tla_program {
    struct sock_filter *code; /* malloc() */
    size_t count;
};
int tla_program_make(const struct tla_calls *list, struct tla_program *program);
int tla_program_load(const struct tla_program *program);

#endif
