/* SPDX-License-Identifier: MIT
 *
 * lock_file.h - locks on single bytes of a file, which is all that monitors share.
 *
 * They belong to the open file description and end with the process, even if it is
 * killed.
 */
#ifndef TLA_LOCK_FILE_H
#define TLA_LOCK_FILE_H

#include <stdint.h>
#include <sys/types.h>

#include <talloc.h>

#define TLA_LOOKUP_LOCK_FILE "lookups.lock"
#define TLA_PLACES_FILE "places.lock"
#define TLA_LOCK_KEY_FILE "locks.key"

/* Its locks are released when this is freed. */
struct tla_lock {
    /* -errno: the file cannot be opened. */
    int fd;
};

/* Root's alone, made if absent; its descriptor or -errno. */
int tla_lock_open(const char *run_dir, const char *name);
/* The same as an object; check its fd. NULL without memory. */
struct tla_lock *tla_lock_new(TALLOC_CTX *ctx, const char *run_dir, const char *name);
/* Lock the first free of `count` bytes. 0; -EAGAIN: all are taken; -errno. */
int tla_lock_one_of(int fd, off_t first, int count);

/*
 * lock_key.c: the hash that places a text in a file of locks. Only root can tell which
 * texts collide, since the hash is keyed with a secret of this machine
 * (RUN_DIR/locks.key, made on first use). 0 or -errno.
 */
int tla_lock_hash(const char *run_dir, const char *text, uint64_t *hash);

#endif
