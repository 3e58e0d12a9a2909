/* SPDX-License-Identifier: MIT
 *
 * route_judge.h - the checks of a path's TDOs: what they look at, and how they blame.
 */
#ifndef TRUST_ROUTE_JUDGE_H
#define TRUST_ROUTE_JUDGE_H

#include "internal.h"

/* What is judged at the moment: a TDO at one end of one hop. */
struct tli_scene {
    TALLOC_CTX *ctx;
    const struct tl_topology *topo;
    const struct tl_workstation *ws;
    const char *user_domain;
    const struct tli_path *path;
    const struct tl_hop *hop;
    const struct tl_tdo *tdo;     /* the one on trial; NULL: missing */
    const char *holder, *partner; /* whose it is, for whom */
    bool user_side;
    struct tli_fault *fault;
};

/* A check returns 0 with fault->reason set where it found something. */
typedef int (*check_fn)(struct tli_scene *s);

/* Note what is wrong: `subject` NULL is the TDO on trial, or what is missing in its
 * place; `attribute` is taken as it is. 0 or -ENOMEM. */
int tli_blame(struct tli_scene *s, enum tl_reason reason, const char *subject,
              char *attribute);
/* A domain of the workstation's forest. */
bool tli_is_ours(const struct tli_scene *s, const char *domain);

/* tdo_judge.c: one TDO by itself, and beside others. A check returns 0 with fault->reason
 * set where it found something; -ENOMEM. */
/* The holder's object that bears the partner's name and has another trustPartner, or
 * NULL. */
const struct tl_tdo *tli_misnamed(const struct tli_scene *s);
int tli_check_damage(struct tli_scene *s);
int tli_check_twin(struct tli_scene *s);
int tli_check_enctypes(struct tli_scene *s);
int tli_check_spelling(struct tli_scene *s);

#endif
