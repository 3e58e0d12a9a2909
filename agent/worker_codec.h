/* SPDX-License-Identifier: MIT
 *
 * worker_codec.h - what a worker says, as JSON and back.
 *
 * Everything that is decoded comes from a process that may have been taken over. Decoding
 * checks lengths, counts and types, and nothing that it yields is true for having been
 * decoded. A new reference, or NULL for want of memory, is what encoding returns;
 * decoding returns 0, -EBADMSG or -ENOMEM, and what it makes is a child of ctx.
 */
#ifndef TLA_WORKER_CODEC_H
#define TLA_WORKER_CODEC_H

#include <jansson.h>
#include <trustlogon/logon.h>
#include <trustlogon/lookup.h>
#include <trustlogon/tickets.h>
#include <trustlogon/unix_facts.h>

/* As many as a PAC may have. */
#define TLA_GROUPS_MAX TL_PAC_MAX_GROUPS

json_t *tla_outcome_encode(const struct tl_outcome *out);
/* Into an outcome that says "ok". An outcome that works has no failure in it. */
int tla_outcome_decode(const json_t *from, struct tl_outcome *out);

/* Fail with stage, reason, status, names and detail of `from`; nothing if it says "ok".
 * `out` may be NULL. */
void tla_outcome_fail_as(const struct tl_outcome *from, struct tl_outcome *out);

json_t *tla_words_encode(const struct tl_words *words);
int tla_words_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_words **out);

json_t *tla_tickets_encode(const struct tl_tickets *tickets);
int tla_tickets_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_tickets **out);

json_t *tla_exchanged_encode(const struct tl_exchanged *exchanged);
int tla_exchanged_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_exchanged **out);

json_t *tla_topology_encode(const struct tl_topology *topology);
int tla_topology_decode(TALLOC_CTX *ctx, const json_t *from,
                        struct tl_topology **topology);

json_t *tla_unix_facts_encode(const struct tl_unix_facts *facts);
int tla_unix_facts_decode(TALLOC_CTX *ctx, const json_t *from,
                          struct tl_unix_facts **out);

/* The groups of an answer, by SID and sAMAccountName: ids and other names are computed by
 * the reader. */
json_t *tla_groups_encode(const struct tl_lookup_answer *answer);
int tla_groups_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_dir_names **out);

#endif
