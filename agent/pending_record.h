/* SPDX-License-Identifier: MIT
 *
 * pending_record.h - the record of a pending logon as text, and back. Pure.
 *
 * One line each: user, canonical name, expires, uid, gid, domain, refused, detail; then
 * the lines of tl_membership_to_text().
 */
#ifndef TLA_PENDING_RECORD_H
#define TLA_PENDING_RECORD_H

#include "pending.h"

/* Bytes: a PAC can have 8192 groups of each kind, a SID 184 characters. */
#define TLA_PENDING_RECORD_MAX (8 << 20)

/* *record is a child of ctx. -EINVAL: a name with a line break; -E2BIG; -ENOMEM. */
int tla_pending_format(TALLOC_CTX *ctx, const struct tla_pending *pending, char **record);
/* -ENOENT: the text is not such a record. `record` is cut into the fields, which stay in
 * it; the membership is a child of pending. */
int tla_pending_parse(struct tla_pending *pending, char *record);

#endif
