/* SPDX-License-Identifier: MIT
 *
 * asking.h - one question on its way, for lookup.c and those who answer parts of it.
 */
#ifndef TL_LOOKUP_ASKING_H
#define TL_LOOKUP_ASKING_H

#include "internal.h"

struct tli_asking {
    struct tl_lookup *lookup;
    const struct tl_lookup_plan *plan;
    const struct tl_question *question;
    const struct tl_lookup_domain *domain; /* the one being asked */
    struct tl_lookup_answer *answer;
    bool by_upn; /* found by plan->upn, which nobody's sAMAccountName stands before */
    struct tl_dir_names *resources; /* groups of the workstation's domain, or NULL */
    struct tl_unix_facts *facts;    /* with rfc2307 only: what directories told of ids */
    struct tl_outcome *out;
};

/* Of this account something is known that makes it nobody here, for good (lookup.c). */
bool tli_asking_cannot_be(enum tl_reason reason);

/* --- finish.c: from what was found to the answer; all return a reason as
 * tl_lookup_find() does --- */

enum tl_reason tli_asking_no_memory(const struct tli_asking *a);
enum tl_reason tli_asking_unknown(const struct tli_asking *a, const char *why);
/* a->lookup->map, made once. */
enum tl_reason tli_asking_map(const struct tli_asking *a);
/* The user is who was asked for, and becomes the answer's identity. */
enum tl_reason tli_asking_identify(struct tli_asking *a, struct tl_pac *account);
/* Those of these groups that the identity has; one that cannot be shown costs nobody the
 * user. */
enum tl_reason tli_asking_add_groups(const struct tli_asking *a,
                                     const struct tl_dir_names *names);
/* One more group of the answer. */
enum tl_reason tli_asking_add_group(const struct tli_asking *a, const struct tl_sid *sid,
                                    const char *name);
/* The group added last is what was asked for. */
enum tl_reason tli_asking_check_group(const struct tli_asking *a);

/* --- directory.c, lsa.c: who can be asked --- */

/* The directory of a->domain, which has that domain's SID. TRUST_DIRECTION: not for this
 * machine. */
enum tl_reason tli_asking_open(const struct tli_asking *a, struct tl_directory **dir);
enum tl_reason tli_asking_directory(struct tli_asking *a);
enum tl_reason tli_asking_lsa(struct tli_asking *a);
/* What one SID of a->domain is called; USER_UNKNOWN: nothing. */
enum tl_reason tli_asking_lsa_name(const struct tli_asking *a, const struct tl_sid *sid,
                                   struct tl_dir_name *name);

/* --- resources.c --- */

/* The groups of the workstation's own domain that the account is in: into
 * account->resource and a->resources. What cannot be read there is left out. */
enum tl_reason tli_asking_resources(struct tli_asking *a, struct tl_pac *account);

/* --- many.c --- */

/*
 * Fill in the names of those that have none and are not of a->domain (NULL: of any),
 * each from its own domain's directory, or few of them through the LSA. What cannot be
 * told stays as it is: OK, or why not.
 */
enum tl_reason tli_asking_names(const struct tli_asking *a, struct tl_dir_name *names,
                                size_t count);
/* The domain in `plan` or, added to it, in the topology; NULL: none of ours. */
const struct tl_lookup_domain *tli_asking_domain_of(const struct tli_asking *a,
                                                    struct tl_lookup_plan *plan,
                                                    const struct tl_sid *sid);

#endif
