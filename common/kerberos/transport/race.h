/* SPDX-License-Identifier: MIT
 *
 * race.h - one exchange with the KDCs of a realm: the state that transport.c sets up and
 * settles, and race.c runs.
 */
#ifndef TL_KERBEROS_RACE_H
#define TL_KERBEROS_RACE_H

#include "transport.h"

#define TL_RACE_RUNNERS 16

struct tli_realm_net {
    char *realm, *domain;  /* one name, as Kerberos and as DNS write it */
    struct tli_conn *kept; /* the connection of the last exchange: READY, or NULL */
    struct tl_dc_list *candidates; /* best first, once located; NULL before */
    int64_t search_us; /* how long it took to locate them before the first exchange */
    struct tli_realm_net *next;
};

struct tli_transport {
    const struct tl_config *config;
    const struct tl_trace *trace;
    struct tli_transport_source source;
    struct tli_realm_net *realms; /* asked so far */
};

struct tli_race {
    struct tli_transport *net;
    struct tli_realm_net *rn;
    enum tl_stage stage;
    const uint8_t *request;
    size_t len;
    int64_t race_delay_us;  /* between the starts of two connections */
    int64_t reply_delay_us; /* between sending the request to two KDCs */
    tl_deadline deadline;
    int64_t connect_end_us; /* no search and no wait for a connection takes longer */
    size_t next;            /* index into the candidates */
    bool searched, forced;  /* asked the locator; asked it past its cache */
    enum tl_reason find_reason, forced_reason; /* its two answers */
    int64_t last_start_us;                     /* of the newest runner */
    size_t count;
    struct tli_conn *runners[TL_RACE_RUNNERS];
    bool traced[TL_RACE_RUNNERS]; /* the trace has how the connection went */
    uint8_t *unavailable;         /* the reply of a KDC that said it is not available */
    size_t unavailable_len;
    const char *unavailable_kdc;
};

/* Until one of the runners holds a reply, which is returned and stays the realm's.
 * NULL: all are dead, and no candidate is left or no time. */
struct tli_conn *tli_race_run(struct tli_race *race, struct tl_outcome *out);

#endif
