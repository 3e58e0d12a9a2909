/* SPDX-License-Identifier: MIT
 *
 * lsa_service.h - the socket of trustlogon-lsa, and the program behind it.
 */
#ifndef TLA_LSA_SERVICE_H
#define TLA_LSA_SERVICE_H

#include <stdbool.h>
#include <sys/types.h>

#include <talloc.h>

struct tla_lsa;
/* Listen at <run_dir>/lsa.sock. NULL, with a line in the journal, if the socket cannot be
 * made; all others take NULL. Freed, it ends the program and removes the socket. */
struct tla_lsa *tla_lsa_open(TALLOC_CTX *ctx, const char *run_dir);
/* To be polled for POLLIN; -1 while the program runs and accepts itself. */
int tla_lsa_fd(const struct tla_lsa *lsa);
/* A client has connected: start the program, or answer that it is not available. */
void tla_lsa_ready(struct tla_lsa *lsa);
/* Was this child the program? */
bool tla_lsa_reaped(struct tla_lsa *lsa, pid_t pid, int status);
/* In a child of the listener: close the socket and leave the program alone. */
void tla_lsa_forget(struct tla_lsa *lsa);

#endif
