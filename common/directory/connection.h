/* SPDX-License-Identifier: MIT
 *
 * connection.h - one LDAP connection to a domain controller, bound with GSSAPI
 * and sealed, and searches on it. Everything obeys the connection's deadline.
 */
#ifndef TL_DIRECTORY_CONNECTION_H
#define TL_DIRECTORY_CONNECTION_H

#include <ldap.h>
#include <trustlogon/directory.h>

#include "entry.h"
#include "message.h"
#include "stream.h"

#define TL_LDAP_PORT 389
#define TL_GC_PORT 3268 /* the global catalogue: every domain of the forest, in part */

struct tli_connection {
    struct tli_stream *stream;
    struct tli_gss *gss;
    int last_id; /* of a request */
    bool broken; /* the position in its stream is lost */
    tl_deadline deadline;
    const struct tl_trace *trace;
    const char *server; /* "dc1.contoso.test (10.99.0.11) 389/tcp" */
    const char *domain; /* as asked for, for outcomes and traces */
};

enum tl_reason tli_connection_open(TALLOC_CTX *ctx, const struct tl_dc *dc, uint16_t port,
                                   const char *ccache, tl_deadline deadline,
                                   const struct tl_trace *trace,
                                   struct tli_connection **connection,
                                   struct tl_outcome *out);

/* False: it is broken, or the server has ended it or sent what nothing asked for (a
 * notice of disconnection, RFC 4511 4.4.1). */
bool tli_connection_is_open(const struct tli_connection *connection);
/* Of further searches; `silence_ms` as tli_stream_set_deadline(). */
void tli_connection_set_deadline(struct tli_connection *connection, tl_deadline deadline,
                                 int silence_ms);
bool tli_connection_was_silent(const struct tli_connection *connection);

struct tli_search {
    const char *base;
    int scope; /* LDAP_SCOPE_* */
    const char *filter;
    const char *const *attributes; /* NULL-terminated */
    size_t max_entries;            /* 0: 10,000 */
    bool extended_dn;              /* DNs as values bring GUID and SID with them */
};
/* At most `max_entries` of 64 MiB in all, and 10,000 values of each attribute; `cut` says
 * that there were more. For an object that does not exist the result is empty. */
enum tl_reason tli_connection_search(TALLOC_CTX *ctx, struct tli_connection *connection,
                                     const struct tli_search *search,
                                     struct tli_entries **entries,
                                     struct tl_outcome *out);
/* DIRECTORY_UNREADABLE about this connection. */
TL_PRINTF(3, 4)
enum tl_reason tli_connection_fail(const struct tli_connection *connection,
                                   struct tl_outcome *out, const char *fmt, ...);
/* Send a request; on failure *why is a constant phrase. */
int tli_connection_send(struct tli_connection *connection,
                        const struct tli_ldap_bytes *request, const char **why);
/* Wait for the next message of the last request; it stays until the next call. */
int tli_connection_receive(struct tli_connection *connection,
                           struct tli_ldap_message *message, const char **why);

#endif
