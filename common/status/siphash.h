/* SPDX-License-Identifier: MIT
 *
 * siphash.h - a keyed hash for tables and locks that users share: without the key no user
 * can choose names that collide (SipHash-2-4, Aumasson and Bernstein 2012).
 */
#ifndef TL_STATUS_SIPHASH_H
#define TL_STATUS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define TL_SIPHASH_KEY 16 /* bytes */

uint64_t tli_siphash(const uint8_t key[TL_SIPHASH_KEY], const void *data, size_t len);

#endif
