/* SPDX-License-Identifier: MIT
 *
 * lookup/query.h - one question on its way to an answer, for the files that answer parts
 * of it. Each uses the ones above it here only:
 *
 *   query.c             failures, and the table of ids
 *   domain_directory.c  a question to the directory of a domain (reading.h)
 *   resources.c         groups of the machine's own domain
 *   finish.c            from what was found to the answer
 *   directory.c, lsa.c  the two that can be asked
 *   lookup.c            one name or id; many.c: many SIDs at once
 */
#ifndef TL_LOOKUP_QUERY_H
#define TL_LOOKUP_QUERY_H

#include "internal.h"

struct tli_lookup_query {
    struct tl_lookup *lookup;
    const struct tl_lookup_plan *plan;
    const struct tl_question *question;
    const struct tl_lookup_domain *domain; /* the one that is asked now */
    struct tl_lookup_answer *answer;
    bool by_upn; /* found by plan->upn, after no account had the sAMAccountName */
    struct tl_dir_names *resources; /* groups of the machine's domain, or NULL */
    struct tl_unix_facts *facts;    /* with rfc2307 only: ids that directories gave */
    struct tl_outcome *out;
};

/* --- query.c --- */

/* The account was found, but cannot be a user or group of this machine. */
bool tli_lookup_is_unusable(enum tl_reason reason);
/* NO_MEMORY and USER_UNKNOWN, into query->out. */
enum tl_reason tli_query_no_memory(const struct tli_lookup_query *query);
enum tl_reason tli_query_unknown(const struct tli_lookup_query *query, const char *why);
/* Add the gids of the groups in a reading to query->facts, if that has any. 0, -ENOMEM.
 */
int tli_query_take_gids(const struct tli_lookup_query *query,
                        const struct tli_reading *reading);
/* query->lookup->map, made once. */
enum tl_reason tli_query_map(const struct tli_lookup_query *query);

/* --- domain_directory.c --- */

/* Ask the directory of query->domain. *reading is a child of the answer.
 * TRUST_DIRECTION: this machine has no tickets there. */
enum tl_reason tli_query_read(const struct tli_lookup_query *query,
                              const struct tli_reading_question *question,
                              struct tli_reading **reading);

/* --- resources.c --- */

/* The groups of the machine's own domain that the account is in: into account->resource
 * and query->resources. What cannot be read there is left out. */
enum tl_reason tli_query_resources(struct tli_lookup_query *query,
                                   struct tl_pac *account);

/* --- finish.c --- */

/* The account becomes the answer's identity, if it is the one that was asked for. */
enum tl_reason tli_query_identify(struct tli_lookup_query *query, struct tl_pac *account);
/* Of these groups, those that the identity has. One that cannot be shown is left out. */
enum tl_reason tli_query_add_groups(const struct tli_lookup_query *query,
                                    const struct tl_dir_names *names);
/* One more group of the answer. */
enum tl_reason tli_query_add_group(const struct tli_lookup_query *query,
                                   const struct tl_sid *sid, const char *name);
/* OK if the group that was added last is the one that was asked for. */
enum tl_reason tli_query_check_group(const struct tli_lookup_query *query);

/* --- directory.c, lsa.c --- */

enum tl_reason tli_query_directory(struct tli_lookup_query *query);
enum tl_reason tli_query_lsa(struct tli_lookup_query *query);
/* The name of one SID of query->domain; USER_UNKNOWN: it has no name. */
enum tl_reason tli_query_lsa_name(const struct tli_lookup_query *query,
                                  const struct tl_sid *sid, struct tl_dir_name *name);

#endif
