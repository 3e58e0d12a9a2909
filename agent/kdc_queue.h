/* SPDX-License-Identifier: MIT
 *
 * kdc_queue.h - the queue in front of the KDCs of a realm.
 */
#ifndef TLA_KDC_QUEUE_H
#define TLA_KDC_QUEUE_H

#include <talloc.h>
#include <trustlogon/trace.h>

struct tla_kdc_place;
/*
 * Wait for a place at the KDCs of a realm, which is held until tla_kdc_place_leave() or
 * the end of the process. Never refused: the wait ends at the deadline, or
 * when no other monitor gets a reply from the KDCs. `user`: the logon's caller, who has
 * few places; NULL: a program of root's own. Returns NULL only without memory.
 */
struct tla_kdc_place *tla_kdc_queue_wait(TALLOC_CTX *ctx, const char *run_dir,
                                         const char *realm, const char *user,
                                         tl_deadline until);
/* The trace for the logon, which shows other monitors when the KDCs reply; lives as long
 * as the place. */
const struct tl_trace *tla_kdc_place_trace(const struct tla_kdc_place *place);
/* NULL is allowed, and so is a second time. */
void tla_kdc_place_leave(struct tla_kdc_place *place);

#endif
