/* SPDX-License-Identifier: MIT
 *
 * worker_json.h - the members of which the messages of workers are made (worker_codec.h).
 */
#ifndef TLA_WORKER_JSON_H
#define TLA_WORKER_JSON_H

#include <jansson.h>
#include <trustlogon/sid.h>
#include <talloc.h>

/* A string or null: text that is not UTF-8 is left out. */
json_t *tla_json_text(const char *text);
/* NULL for null; false: neither, or longer than TL_WIRE_STRING_MAX. */
bool tla_json_text_of(TALLOC_CTX *ctx, const json_t *value, const char **text);
/* The same of a member. */
bool tla_json_take_text(TALLOC_CTX *ctx, const json_t *from, const char *key,
                        const char **text);
/* False: not an integer, or not in this range. */
bool tla_json_take_number(const json_t *from, const char *key, int64_t low, int64_t high,
                          int64_t *number);
bool tla_json_take_flag(const json_t *from, const char *key, bool *flag);
/* Hexadecimal digits. */
json_t *tla_json_bytes(const uint8_t *bytes, size_t len);
/* NULL: not bytes, or more than `max`. */
uint8_t *tla_json_take_bytes(TALLOC_CTX *ctx, const json_t *from, size_t max,
                             size_t *len);
json_t *tla_json_sid(const struct tl_sid *sid);
bool tla_json_take_sid(const json_t *from, struct tl_sid *sid);

#endif
