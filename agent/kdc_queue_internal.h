/* SPDX-License-Identifier: MIT
 *
 * kdc_queue_internal.h - the layout of the queue's file; for kdc_queue.c and its test.
 */
#ifndef TLA_KDC_QUEUE_INTERNAL_H
#define TLA_KDC_QUEUE_INTERNAL_H

#include "kdc_queue.h"

#define TLA_KDC_QUEUE_FILE "logons.lock"
/* Places of a realm; the workstation's own KDC has those of other realms as well. Some
 * are not root's alone, and of them one user has fewer. */
#define TLA_KDC_PLACES 8
#define TLA_KDC_PLACES_OTHERS (TLA_KDC_PLACES / 2)
/* Microseconds without a reply to any monitor, after which no monitor waits in the queue:
 * more than it takes to give up a connection, or a pause of the KDC would release the
 * whole queue at once. */
#define TLA_KDC_STALLED_US 3000000
/* The file has the time of the last reply for each realm; the locks lie behind. */
#define TLA_KDC_PLACES_FROM (1 << 20)

struct tla_kdc_place {
    /* Of the file, with the locks that are held; -1: left. */
    int fd;
    /* Of the realm. */
    uint64_t hash;
    /* A user's logon, and then: the hash of realm and user, and whether one of the
     * user's places is held. */
    bool counted;
    uint64_t own_hash;
    bool has_own;
    struct tl_trace trace;
};

/* The offset of the time of the last reply, and that time; 0: none, or an invalid one. */
off_t tla_kdc_reply_at(const struct tla_kdc_place *place);
int64_t tla_kdc_last_reply(const struct tla_kdc_place *place, int64_t now);
/* The first place of a realm, by its hash. */
off_t tla_kdc_places_at(uint64_t hash);

#endif
