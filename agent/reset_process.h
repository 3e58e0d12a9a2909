/* SPDX-License-Identifier: MIT
 *
 * reset_process.h - undo what the caller of su(1) chose for an agent that is started for
 * it.
 */
#ifndef TLA_RESET_PROCESS_H
#define TLA_RESET_PROCESS_H

/* Before tla_harden(), which gives up the means. */
void tla_reset_process(void);

#endif
