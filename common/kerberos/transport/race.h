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
    char *realm, *domain;
    struct tli_conn *kept;    /* READY, or NULL */
    struct tl_dc_list *known; /* candidates, once asked for */
    struct tli_realm_net *next;
};

struct tli_transport {
    const struct tl_config *config;
    const struct tl_trace *trace;
    struct tli_transport_source source;
    struct tli_realm_net *realms;
};

struct tli_race {
    struct tli_transport *net;
    struct tli_realm_net *rn;
    enum tl_stage stage;
    const uint8_t *request;
    size_t len;
    int64_t reply_delay_us, race_delay_us;
    tl_deadline deadline;
    int64_t connect_end_us; /* nobody searches or waits for a connection longer */
    size_t next;            /* index into the candidates */
    bool searched, forced;  /* asked the locator; asked it past its cache */
    enum tl_reason find_reason, forced_reason;
    int64_t last_start_us;
    size_t count;
    struct tli_conn *runners[TL_RACE_RUNNERS];
    bool told[TL_RACE_RUNNERS]; /* the trace knows how the connection went */
    uint8_t *unavailable;       /* the reply of a KDC that said it is not available */
    size_t unavailable_len;
    const char *unavailable_kdc;
};

/* Until one of the runners holds a reply, which is returned and stays the realm's.
 * NULL: all are dead, and no candidate is left or no time. */
struct tli_conn *tli_race_run(struct tli_race *race, struct tl_outcome *out);

#endif
