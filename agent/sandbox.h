/* SPDX-License-Identifier: MIT
 *
 * sandbox.h - what a worker is: a process of a system user's that owns nothing and can
 * read, compute, and talk to the network.
 */
#ifndef TLA_SANDBOX_H
#define TLA_SANDBOX_H

#include <sys/types.h>

#include "tl_build.h"

/* Whom workers become. */
struct tla_worker_user {
    uid_t uid;
    gid_t gid;
};

/* The system user of the build (option worker_user), from /etc/passwd. 0; -ENOENT: there
 * is none; -EINVAL: it is root; or -errno. */
int tla_worker_user_find(struct tla_worker_user *user);

/*
 * In a fresh child, before it reads a byte of the network: it can signal, trace or read
 * no other process, write no file, load no program or code, and listen on no socket. 0 or
 * -errno: then the child must end.
 */
int tla_sandbox_enter(const struct tla_worker_user *user);
/* The user, the capabilities and the end with the monitor alone (sandbox = no). */
int tla_sandbox_become(const struct tla_worker_user *user);
/* For a worker that uses a smart card, whose PKCS #11 module may need whatever it likes:
 * no more than that it ends with its monitor. 0 or -errno. */
int tla_sandbox_stay_alone(void);

/* sandbox_filter.c: the system calls that are left. 0 or -errno; -ENOSYS in a build
 * without libseccomp. */
int tla_sandbox_filter(void);
/* Make it before it is needed, for all children; at the latest before set_limits(), since
 * it is made in a file in memory. 0 or -errno. */
int tla_sandbox_filter_make(void);
/* The kernel's version of Landlock; 0: it has none, or it is switched off. */
int tla_landlock_version(void);
/* sandbox_files.c: read only, by Landlock, where the kernel has it: its version, 0 where
 * it does not, or -errno. */
int tla_sandbox_files(void);

#endif
