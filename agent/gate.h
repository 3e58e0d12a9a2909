/* SPDX-License-Identifier: MIT
 *
 * gate.h - locks on single bytes of a file, which is all that workers share. They are
 * of the open file description: they end with the process, whatever ends it.
 */
#ifndef TL_AGENT_GATE_H
#define TL_AGENT_GATE_H

#include "agent.h"

/* Root's alone, made if absent; its descriptor or -errno. */
int tla_lock_file(const char *run_dir, const char *name);
/* Without waiting: 0, or -errno. */
int tla_lock_byte(int fd, off_t at);
/* Whether that only says that another one holds it. */
bool tla_lock_is_taken(int rc);
/* Two texts with one hash wait for each other, and that is all. */
uint32_t tla_lock_hash(const char *text);

#endif
