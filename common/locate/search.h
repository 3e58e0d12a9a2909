/* SPDX-License-Identifier: MIT
 *
 * locate/search.h - the state of one search, shared by its servers (targets.c), its
 * loop (search.c) and what makes a list or a reason of it (result.c).
 */
#ifndef TL_LOCATE_SEARCH_H
#define TL_LOCATE_SEARCH_H

#include "internal.h"

#define TL_MAX_FDS (16 + TL_MAX_SERVERS * TL_MAX_ADDRESSES)

/* One server and its addresses. */
struct tli_target {
    struct tli_run *run;
    struct tli_srv srv;
    unsigned int pending; /* address questions without an answer yet */
    size_t count;         /* addresses */
    struct tli_probe probes[TL_MAX_ADDRESSES];
};

/* One SRV question and its answer. */
struct tli_srv_answer {
    struct tli_run *run;
    bool pending; /* asked, and no answer yet */
    enum tli_dns_result result;
    int64_t arrived_us;
    size_t count;
    struct tli_srv *srv; /* child of the run */
};

struct tli_run {
    const struct tli_search *in;
    struct tli_dns *dns; /* NULL: known servers, no questions */
    bool from_cache;
    bool realm_only;       /* no domain: a Kerberos realm's records are asked for */
    const char *no_domain; /* what DNS said then */
    struct tli_srv_answer site, plain; /* of the site, and siteless */
    struct tli_target *targets;        /* in the order in which they are pinged */
    size_t count;
    unsigned int pending; /* address questions of all targets */
    bool addresses_unanswered, no_memory;
    bool with_ipv6;                      /* AAAA records were asked for, too */
    int64_t resolve_us;                  /* when the addresses were asked for */
    int64_t first_ping_us, last_ping_us; /* 0: none was sent */
    int64_t next_ping_us;                /* not before then */
    struct tli_probe *best;              /* first to answer well */
    int64_t best_us;
};

/* Ask for the SRV records of `site` (NULL: the siteless ones). */
int tli_run_ask_srv(struct tli_run *run, struct tli_srv_answer *answer, const char *site);
/* The servers of the SRV answers, in the order in which they are tried; their addresses
 * are asked for. */
int tli_run_targets_of_dns(struct tli_run *run);
/* The servers of a list, in its order. */
int tli_run_targets_of_list(struct tli_run *run, const struct tl_dc_list *known);
/* The list of a finished run, or the reason of its failure. */
enum tl_reason tli_run_result(TALLOC_CTX *ctx, struct tli_run *run,
                              struct tl_dc_list **list);
#endif
