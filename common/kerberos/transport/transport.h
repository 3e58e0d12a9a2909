/* SPDX-License-Identifier: MIT
 *
 * transport.h - bytes to a KDC and back, over TCP 88.
 *
 * One connection per KDC is kept and serves all exchanges of a context. A realm
 * without one gets its candidates from the locator: the first is tried, the next in
 * parallel after config->kdc_race_delay, and the first to answer is kept. A candidate
 * that connects while another already has the request waits as a stand-by, so that a
 * request is not sent twice without need.
 */
#ifndef TL_TRANSPORT_H
#define TL_TRANSPORT_H

#include <trustlogon/locate.h>

#define TL_KDC_REPLY_MAX (1024U * 1024U)

/* Where candidates come from, so that tests can name their own. */
struct tli_transport_source {
    enum tl_reason (*find)(TALLOC_CTX *ctx, void *arg, const char *domain,
                           unsigned int flags, tl_deadline deadline,
                           struct tl_dc_list **list, struct tl_outcome *out);
    void (*failed)(void *arg, const struct tl_dc *dc);
    void (*worked)(void *arg, const struct tl_dc *dc);
    void *arg;
    /* Does a reply say "try another KDC" (KRB-ERROR 29)? */
    bool (*unavailable)(void *arg, const uint8_t *reply, size_t len);
    void *unavailable_arg; /* `arg` is for the three before */
    uint16_t port; /* 0: 88, or the port of the candidate's address if it has one */
};

struct tli_transport;
/* The source is copied; config and trace are borrowed. */
struct tli_transport *tli_transport_new(TALLOC_CTX *ctx, const struct tl_config *config,
                                        const struct tl_trace *trace,
                                        const struct tli_transport_source *source);

/*
 * DCs of a realm that the caller has located: exchanges with the realm try these, and ask
 * the source only when all of them have failed. Search and connection share
 * kdc_connect_timeout, so the first exchange has what the search, which took `took_us`,
 * left of it. The list becomes a child of the transport. 0 or -ENOMEM.
 */
int tli_transport_set_candidates(struct tli_transport *net, const char *realm,
                                 struct tl_dc_list *list, int64_t took_us);

struct tli_transport_answer {
    uint8_t *data; /* child of the context given */
    size_t len;
    int64_t took_us; /* from sending to the whole reply */
    const char *kdc; /* "dc1.contoso.test (10.99.0.11) 88/tcp" */
};
/*
 * `counts_as_attempt`: a request that is better not sent to two KDCs (a wrong password
 * counts at each): the stand-by gets it later. Reasons: what the locator says,
 * PORT88_FILTERED, PORT88_REFUSED, KDC_SILENT, KDC_GARBAGE, NO_LOGON_SERVERS,
 * DEADLINE; the outcome names realm and KDC, its detail the result of every candidate.
 */
enum tl_reason tli_transport_exchange(TALLOC_CTX *ctx, struct tli_transport *net,
                                      enum tl_stage stage, const char *realm,
                                      const uint8_t *request, size_t len,
                                      bool counts_as_attempt, tl_deadline deadline,
                                      struct tli_transport_answer *answer,
                                      struct tl_outcome *out);
/* Open connections, for tests and for the trace. */
size_t tli_transport_open_count(const struct tli_transport *net);

/* --- kdc_conn.c: one TCP connection --- */

enum tli_conn_state {
    TL_CONN_CONNECTING,
    TL_CONN_READY,   /* connected, nothing outstanding */
    TL_CONN_WRITING, /* the request is on its way out */
    TL_CONN_READING, /* waiting for the reply */
    TL_CONN_DONE,    /* the reply is in `in` */
    TL_CONN_DEAD     /* `why` tells */
};

struct tli_conn {
    int fd;
    enum tli_conn_state state;
    bool spent;            /* not to be used for another request */
    bool reused;           /* has answered before: a close may be mere idleness */
    bool any_reply;        /* not from a KDC: its first byte may be anything */
    enum tl_reason reason; /* why it is dead */
    const char *why;       /* the same in one phrase */
    int64_t started_us;    /* connecting */
    int64_t sent_us;       /* the request */
    struct tl_dc dc;       /* a copy */
    char *kdc;             /* "dc1.contoso.test (10.99.0.11) 88/tcp" */
    uint8_t *out;          /* length prefix and request */
    size_t out_len, out_done;
    uint8_t *in; /* length prefix and reply */
    size_t in_len, in_size;
};

/* Start connecting. NULL only when memory is out; a failure at once is DEAD. */
struct tli_conn *tli_conn_new(TALLOC_CTX *ctx, const struct tl_dc *dc, uint16_t port);
/* Hand it a request: READY -> WRITING. -ENOMEM. */
int tli_conn_send(struct tli_conn *conn, const uint8_t *request, size_t len);
/* What poll() should wait for, and what to do with its answer. */
short tli_conn_events(const struct tli_conn *conn);
void tli_conn_handle(struct tli_conn *conn, short revents);
void tli_conn_kill(struct tli_conn *conn, enum tl_reason reason, const char *why);
/* The reply of a DONE connection, which is READY for the next request again. */
uint8_t *tli_conn_take(TALLOC_CTX *ctx, struct tli_conn *conn, size_t *len);

#endif
