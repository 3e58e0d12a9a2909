/* SPDX-License-Identifier: MIT
 *
 * s2k.h - the work that a KDC asks for to make a key of a password.
 */
#ifndef TL_STATUS_S2K_H
#define TL_STATUS_S2K_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Rounds of PBKDF2 [RFC 3962 4]. Active Directory and MIT use the default of 4,096, three
 * milliseconds; libkrb5 would go up to 16 million, and no deadline interrupts it. The
 * number comes in messages that an attacker on the path can change.
 */
#define TL_S2K_ROUNDS_MAX 131072U
#define TL_S2K_ROUNDS 4096U /* where no number is given */

/* What a key is made by, for one encryption type. */
struct tli_s2k_hint {
    int32_t etype;
    /* In the reply. NULL: it has none, or parameters that are not AES's. */
    const uint8_t *salt;
    size_t salt_len;
    uint32_t rounds;
};
#define TL_S2K_HINTS_MAX 8
struct tli_s2k_hints {
    size_t count; /* in the order of the reply; more than fit are left out */
    struct tli_s2k_hint each[TL_S2K_HINTS_MAX];
};

/*
 * `reply` is a KRB-ERROR that asks for preauthentication, or an AS-REP. True if no
 * ETYPE-INFO2 in it [RFC 4120 5.2.7.5] asks for more. False also for bytes that are not
 * DER: libkrb5 reads more liberally, and might find a number there. `hints` may be NULL.
 * Pure.
 */
bool tli_s2k_affordable(const uint8_t *reply, size_t len, struct tli_s2k_hints *hints);

/* The same for padata by itself, the DER of a SEQUENCE OF PA-DATA: the content of the
 * armor of a reply [RFC 6113 5.4.3]. */
bool tli_s2k_padata_affordable(const uint8_t *list, size_t len);

#endif
