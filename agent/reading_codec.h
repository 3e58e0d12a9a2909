/* SPDX-License-Identifier: MIT
 *
 * reading_codec.h - questions to the process that reads the directory of a domain, and
 * its answers (lookup/reading.h), as JSON and back.
 *
 * Both sides check lengths, counts and types. What an answer may say of whom is another
 * matter: tli_reading_refuse(). Encoding returns a new reference, or NULL for want of
 * memory; decoding returns 0, -EBADMSG or -ENOMEM, and what it makes is a child of ctx.
 */
#ifndef TLA_READING_CODEC_H
#define TLA_READING_CODEC_H

#include <jansson.h>

#include "lookup/reading.h"

/* As many SIDs as one question names at most. */
#define TLA_QUESTION_SIDS_MAX 16384

/* `until`: how long the answer is waited for, by the clock of this machine. */
json_t *tla_question_encode(const struct tli_reading_question *question,
                            tl_deadline until);
int tla_question_decode(TALLOC_CTX *ctx, const json_t *from,
                        struct tli_reading_question *question, tl_deadline *until);

/* Without DNs, which no other process has a use for. `reading` may be NULL. */
json_t *tla_reading_encode(const struct tli_reading *reading,
                           const struct tl_outcome *out);
/* *reading is NULL if the outcome says that it failed; `out` says "ok" before. */
int tla_reading_decode(TALLOC_CTX *ctx, const json_t *from, struct tli_reading **reading,
                       struct tl_outcome *out);

#endif
