/* SPDX-License-Identifier: MIT
 *
 * siphash.c - SipHash-2-4 (siphash.h). All integers are little-endian.
 */
#include "siphash.h"

#define ROUNDS_EACH 2
#define ROUNDS_LAST 4

static uint64_t word_of(const uint8_t *bytes, size_t len)
{
    uint64_t word = 0;

    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static uint64_t turn(uint64_t word, unsigned int bits)
{
    return word << bits | word >> (64 - bits);
}

static void mix(uint64_t v[4], int rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = turn(v[1], 13) ^ v[0];
        v[3] = turn(v[3], 16) ^ v[2];
        v[0] = turn(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = turn(v[1], 17) ^ v[2];
        v[3] = turn(v[3], 21) ^ v[0];
        v[2] = turn(v[2], 32);
    }
}

static void take_in(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    mix(v, ROUNDS_EACH);
    v[0] ^= word;
}

uint64_t tli_siphash(const uint8_t key[TL_SIPHASH_KEY], const void *data, size_t len)
{
    const uint8_t *bytes = data;
    uint64_t k0 = word_of(key, 8), k1 = word_of(key + 8, 8);
    uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                     k0 ^ UINT64_C(0x6c7967656e657261),
                     k1 ^ UINT64_C(0x7465646279746573)};
    size_t left = len;

    for (; left >= 8; left -= 8, bytes += 8)
        take_in(v, word_of(bytes, 8));
    take_in(v, (uint64_t)len << 56 | word_of(bytes, left));
    v[2] ^= 0xff;
    mix(v, ROUNDS_LAST);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
