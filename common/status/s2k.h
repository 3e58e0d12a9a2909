/* SPDX-License-Identifier: MIT
 *
 * Private to common: how much work a KDC asks for before a password is a key.
 */
#ifndef TL_STATUS_S2K_H
#define TL_STATUS_S2K_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Rounds of PBKDF2 [RFC 3962 4]. Active Directory and MIT use the default of 4,096, three
 * milliseconds; libkrb5 would go up to 16 million, and no deadline interrupts it. The
 * number stands in messages that anybody on the way can change.
 */
#define TL_S2K_ROUNDS_MAX 131072U

/*
 * `reply` is a KRB-ERROR that asks for preauthentication, or an AS-REP. True if no
 * ETYPE-INFO2 in it [RFC 4120 5.2.7.5] asks for more. False also for what is no DER:
 * libkrb5 reads more liberally, and might find a number here. Pure.
 */
bool tli_s2k_affordable(const uint8_t *reply, size_t len);

/* The same for padata by itself, the DER of a SEQUENCE OF PA-DATA: what stands in the
 * armor of a reply [RFC 6113 5.4.3]. */
bool tli_s2k_padata_affordable(const uint8_t *list, size_t len);

#endif
