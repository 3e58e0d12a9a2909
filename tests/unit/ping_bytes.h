/* SPDX-License-Identifier: MIT
 *
 * ping_bytes.h - answers to an LDAP ping, byte by byte, for the tests that need
 * to send or to break one. Written apart from the decoder, after [ADTS 6.3.1.9].
 */
#ifndef PING_BYTES_H
#define PING_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    uint8_t data[8192];
    size_t len;
};

static inline void put(struct bytes *b, const void *data, size_t len)
{
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

static inline void put_u8(struct bytes *b, unsigned int value)
{
    b->data[b->len++] = (uint8_t)value;
}

static inline void put_u16(struct bytes *b, unsigned int value)
{
    put_u8(b, value & 0xff);
    put_u8(b, value >> 8);
}

static inline void put_u32(struct bytes *b, uint32_t value)
{
    put_u16(b, value & 0xffff);
    put_u16(b, value >> 16);
}

static inline void put_name(struct bytes *b, const char *name)
{
    while (*name) {
        size_t n = strcspn(name, ".");

        put_u8(b, (unsigned int)n);
        put(b, name, n);
        name += n + (name[n] == '.');
    }
    put_u8(b, 0);
}

static inline void put_header(struct bytes *b, unsigned int opcode, uint32_t flags)
{
    static const uint8_t guid[16] = {1, 2,  3,  4,  5,  6,  7,  8,
                                     9, 10, 11, 12, 13, 14, 15, 16};

    b->len = 0;
    put_u16(b, opcode);
    put_u16(b, 0);
    put_u32(b, flags);
    put(b, guid, sizeof guid);
}

static inline void put_tail(struct bytes *b)
{
    put_u32(b, 5);
    put_u32(b, 0xffffffff);
}

/* The attribute's bytes for a DC of `domain`, itself the forest's root. The domain is
 * written once and pointed at after that. */
static inline void make_reply(struct bytes *b, unsigned int opcode, uint32_t flags,
                              const char *domain, const char *dc_site,
                              const char *client_site)
{
    put_header(b, opcode, flags);
    put_name(b, domain);
    put_u16(b, 0x18c0); /* a pointer to 24, high byte first */
    put_u8(b, 3);
    put(b, "dc1", 3);
    put_u16(b, 0x18c0);
    put_name(b, "CONTOSO");
    put_name(b, "DC1");
    put_name(b, "");
    put_name(b, dc_site);
    put_name(b, client_site);
    put_tail(b);
}

/* What the answer names besides when it is asked: the next closest site, and before it,
 * with `address`, that of the DC. */
static inline void add_next_site(struct bytes *b, const char *site, bool address)
{
    b->len -= 8;
    if (address) {
        put_u8(b, 16);
        put(b, "\x02\0\0\0\x7f\0\0\x0a\0\0\0\0\0\0\0\0", 16);
    }
    put_name(b, site);
    put_u32(b, address ? 0x1d : 0x15);
    put_u32(b, 0xffffffff);
}

/* Wrap the bytes after `from` into one element, with lengths of four bytes. */
static inline void wrap(struct bytes *b, size_t from, unsigned int tag)
{
    size_t len = b->len - from;

    memmove(b->data + from + 6, b->data + from, len);
    b->data[from] = (uint8_t)tag;
    b->data[from + 1] = 0x84;
    b->data[from + 2] = b->data[from + 3] = 0;
    b->data[from + 4] = (uint8_t)(len >> 8);
    b->data[from + 5] = (uint8_t)len;
    b->len += 6;
}

static inline void put_id(struct bytes *b, int id)
{
    put_u8(b, 2);
    put_u8(b, 4);
    for (int shift = 24; shift >= 0; shift -= 8)
        put_u8(b, (unsigned int)id >> shift & 0xff);
}

static inline void put_done(struct bytes *b, int id)
{
    size_t start = b->len;

    put_id(b, id);
    put(b, "\x65\x07\x0a\x01\x00\x04\x00\x04\x00", 9);
    wrap(b, start, 0x30);
}

/* A UDP packet: an entry with one attribute, and the result. */
static inline void make_packet(struct bytes *b, int id, const char *attribute,
                               const struct bytes *value)
{
    size_t entry, list, item, set;

    b->len = 0;
    put_id(b, id);
    entry = b->len;
    put(b, "\x04\x00", 2);
    list = item = b->len;
    put_u8(b, 4);
    put_u8(b, (unsigned int)strlen(attribute));
    put(b, attribute, strlen(attribute));
    set = b->len;
    put(b, value->data, value->len);
    wrap(b, set, 0x04);
    wrap(b, set, 0x31);
    wrap(b, item, 0x30);
    wrap(b, list, 0x30);
    wrap(b, entry, 0x64);
    wrap(b, 0, 0x30);
    put_done(b, id);
}

#endif
