/* SPDX-License-Identifier: MIT
 *
 * lookup_lock.h - locks on single bytes of a file, which is all that workers share. They
 * are of the open file description: they end with the process, whatever ends it.
 */
#ifndef TL_AGENT_GATE_H
#define TL_AGENT_GATE_H

#include "agent.h"

/* Root's alone, made if absent; its descriptor or -errno. */
int tla_lock_open(const char *run_dir, const char *name);
/*
 * Where the byte of a text is: nobody but root can tell which texts meet, for the hash
 * is keyed with a secret of this machine's (RUN_DIR/locks.key, made on first
 * use). 0 or -errno.
 */
int tla_lock_hash(const char *run_dir, const char *text, uint64_t *hash);

#endif
