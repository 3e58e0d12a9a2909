/* SPDX-License-Identifier: MIT
 *
 * lookup_processes.h - the processes that read directories for look-ups: one for each
 * domain that is being asked and for each kind of asker, so that no user's questions keep
 * root's programs waiting, and no program's a logon. The listener keeps them.
 *
 * A monitor that has a question makes a pair of sockets and sends one of them to the
 * listener, with the name of the domain; the listener passes it on to the process of that
 * domain, which it starts if there is none. So the listener reads messages of one size,
 * of its own monitors.
 */
#ifndef TLA_LOOKUP_PROCESSES_H
#define TLA_LOOKUP_PROCESSES_H

#include "agent.h"

enum tla_asker { TLA_ASKED_BY_USERS, TLA_ASKED_BY_ROOT, TLA_ASKED_BY_LOGONS };

/* What a monitor sends, with a socket. */
struct tla_lookup_call {
    char domain[256]; /* DNS name, ended by a NUL */
    uint32_t asker;   /* enum tla_asker */
    /* Of what the process inherits: the settings, the keytab; and when the trusts were
     * read. One that has another stamp, or older trusts, is replaced. */
    uint64_t stamp;
    int64_t taken;
};

/* A fork of the listener that has become tla_lookup_keep(); `clients` is the other's end.
 * Its pid; <= 0: it could not be made. */
typedef pid_t (*tla_lookup_start_fn)(void *arg, const char *domain, int clients);

struct tla_lookups;
/* NULL: it cannot be made; each question then has a worker of its own. */
struct tla_lookups *tla_lookups_new(TALLOC_CTX *ctx, tla_lookup_start_fn start,
                                    void *arg);
/* What monitors send calls to (setup->lookups), and where they arrive; -1 for NULL. */
int tla_lookups_for_monitors(const struct tla_lookups *lookups);
int tla_lookups_fd(const struct tla_lookups *lookups);
/* A call has arrived. */
void tla_lookups_ready(struct tla_lookups *lookups);
/* A child of the listener has ended. May be NULL. */
void tla_lookups_reaped(struct tla_lookups *lookups, pid_t pid);
/* In a child of the listener: close what is the listener's. May be NULL. */
void tla_lookups_forget(struct tla_lookups *lookups);

/* In a monitor: `client` goes to the process of the domain, and is the caller's to close.
 * 0 or -errno. */
int tla_lookup_send(int lookups, const struct tla_lookup_call *call, int client);

/* One socket over another one: 0, or -errno; -EPIPE: the other side has ended. And the
 * other side: the socket, -EAGAIN, -EPIPE, or -errno; `call` of `len` bytes. */
int tla_socket_pass(int over, const void *call, size_t len, int passed);
int tla_socket_take(int over, void *call, size_t len);

#endif
