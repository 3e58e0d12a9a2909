/* SPDX-License-Identifier: MIT
 *
 * pac_bytes.h - a PAC made by hand, byte by byte, with everything in it that
 * the decoder knows, for test_pac.c.
 */
#ifndef PAC_BYTES_H
#define PAC_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    uint8_t at[65536];
    size_t len;
};

/* A PAC under construction, with the places the tests come back to. */
static struct bytes pac;
static size_t logon, user_flags, user_id, group_count, name_head, name_array, group_array,
    domain_sid, extra_count, extra_array, first_extra, resource_sid_pointer,
    resource_array;
static size_t client, upn, requestor;

static void u16(uint16_t v)
{
    pac.at[pac.len++] = (uint8_t)v;
    pac.at[pac.len++] = (uint8_t)(v >> 8);
}

static void u32(uint32_t v)
{
    u16((uint16_t)v);
    u16((uint16_t)(v >> 16));
}

static void u64(uint64_t v)
{
    u32((uint32_t)v);
    u32((uint32_t)(v >> 32));
}

static void ascii(const char *s)
{
    for (; *s != '\0'; s++)
        u16((uint16_t)*s);
}

static void align(size_t to)
{
    while (pac.len % to != 0)
        pac.at[pac.len++] = 0;
}

static void set16(size_t at, uint16_t v)
{
    pac.at[at] = (uint8_t)v;
    pac.at[at + 1] = (uint8_t)(v >> 8);
}

static void set32(size_t at, uint32_t v)
{
    set16(at, (uint16_t)v);
    set16(at + 2, (uint16_t)(v >> 16));
}

static void sid(uint8_t count, const uint32_t *subs)
{
    pac.at[pac.len++] = 1;
    pac.at[pac.len++] = count;
    memcpy(pac.at + pac.len, "\0\0\0\0\0\005", 6);
    pac.len += 6;
    for (size_t i = 0; i < count; i++)
        u32(subs[i]);
}

static void rpc_sid(uint8_t count, const uint32_t *subs)
{
    u32(count);
    sid(count, subs);
}

/* RPC_UNICODE_STRING; its characters follow later, by string_array(). */
static void string_head(const char *s)
{
    u16((uint16_t)(2 * strlen(s)));
    u16((uint16_t)(2 * strlen(s)));
    u32(s[0] != '\0' ? 0x20004 : 0);
}

static void string_array(const char *s)
{
    if (s[0] == '\0')
        return;
    align(4);
    u32((uint32_t)strlen(s));
    u32(0);
    u32((uint32_t)strlen(s));
    ascii(s);
}

static const uint32_t domain[] = {21, 1, 2, 3}, user[] = {21, 1, 2, 3, 1104},
                      foreign[] = {21, 9, 9, 9, 1500}, asserted[] = {15},
                      workstation_domain[] = {21, 7, 7, 7};
static const char *const names[] = {"alice", "Alice A",      "logon.cmd",
                                    "",      "\\\\fs\\home", "H:"};

static void write_logon_fixed(void)
{
    for (uint64_t i = 1; i <= 6; i++)
        u64(i << 32 | i);
    name_head = pac.len;
    for (size_t i = 0; i < 6; i++)
        string_head(names[i]);
    u16(17);
    u16(3);
    user_id = pac.len;
    u32(1104);
    u32(513);
    group_count = pac.len;
    u32(2);
    u32(0x20008);
    user_flags = pac.len;
    u32(0x220);
    u64(0); /* UserSessionKey */
    u64(0);
    string_head("DC1");
    string_head("CONTOSO");
    u32(0x2000c);
    u64(0);
    u32(0x10); /* UserAccountControl */
    u32(0);
    u64(0);
    u64(0);
    u64(0);
    extra_count = pac.len;
    u32(2);
    u32(0x20010);
    resource_sid_pointer = pac.len;
    u32(0x20014);
    u32(1);
    u32(0x20018);
}

static void write_logon_deferred(void)
{
    name_array = pac.len;
    for (size_t i = 0; i < 6; i++)
        string_array(names[i]);
    align(4);
    group_array = pac.len;
    u32(2);
    u32(513);
    u32(7);
    u32(1201);
    u32(0x20000007);
    string_array("DC1");
    string_array("CONTOSO");
    align(4);
    domain_sid = pac.len;
    rpc_sid(4, domain);
    extra_array = pac.len;
    u32(2);
    u32(0x2001c);
    u32(7);
    u32(0x20020);
    u32(0x27);
    first_extra = pac.len;
    rpc_sid(5, foreign);
    rpc_sid(1, asserted);
    rpc_sid(4, workstation_domain);
    resource_array = pac.len;
    u32(1);
    u32(1300);
    u32(0x20000007);
}

static void entry(size_t which, uint32_t type, size_t from, size_t to)
{
    set32(8 + 16 * which, type);
    set32(12 + 16 * which, (uint32_t)(to - from));
    set32(16 + 16 * which, (uint32_t)from);
}

static void write_logon_info(size_t which)
{
    logon = pac.len;
    memcpy(pac.at + pac.len, "\001\020\010\000\314\314\314\314", 8);
    pac.len += 8;
    u64(0);
    u32(0x20000);
    write_logon_fixed();
    write_logon_deferred();
    align(8);
    set32(logon + 8, (uint32_t)(pac.len - logon - 16));
    entry(which, 1, logon, pac.len);
}

static void write_upn_dns_info(size_t which)
{
    upn = pac.len;
    u16(12);
    u16(24);
    u16(12);
    u16(40);
    u32(3);
    u16(10);
    u16(56);
    u16(28);
    u16(72);
    u32(0); /* padding to where the first string begins */
    ascii("al@b.c");
    align(8);
    ascii("B.TEST");
    align(8);
    ascii("alice");
    align(8);
    sid(5, user);
    entry(which, 12, upn, pac.len);
    align(8);
}

#define BUFFERS 6

static void setup(void)
{
    memset(&pac, 0, sizeof(pac));
    pac.at[0] = BUFFERS;
    pac.len = 8 + 16 * BUFFERS;

    write_logon_info(0);
    client = pac.len;
    u64(0x1d9000000000002);
    u16(10);
    ascii("alice");
    entry(1, 10, client, pac.len);
    align(8);
    write_upn_dns_info(2);
    entry(3, 17, pac.len, pac.len + 8);
    u32(2);
    u32(1);
    requestor = pac.len;
    sid(5, user);
    entry(4, 18, requestor, pac.len);
    align(8);
    entry(5, 6, pac.len, pac.len + 16); /* a signature: not looked at */
    u64(0xffffff76);
    u64(0);
}

#endif
