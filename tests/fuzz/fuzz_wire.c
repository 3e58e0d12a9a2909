/* SPDX-License-Identifier: MIT
 *
 * fuzz_wire.c - any packet: either refused, or the same message again after
 * it is encoded and decoded.
 */
#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void same_string(const char *a, const char *b)
{
    must((a == NULL) == (b == NULL));
    must(a == NULL || strcmp(a, b) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[TL_WIRE_MAX];
    struct tli_wire_msg a, b;
    size_t len;

    if (tli_wire_decode(data, size, &a) != 0)
        return 0;
    must(tli_wire_encode(&a, buf, sizeof(buf), &len) == 0);
    must(len <= size); /* numbers sent as 0 are not sent again */
    must(tli_wire_decode(buf, len, &b) == 0);
    must(a.type == b.type && a.op == b.op && a.flags == b.flags && a.style == b.style);
    must(a.uid == b.uid && a.gid == b.gid && a.has_owner == b.has_owner);
    must(a.lookup == b.lookup && a.id == b.id && a.unnamed == b.unnamed);
    must(a.ntstatus == b.ntstatus && a.local_user == b.local_user &&
         a.expires == b.expires);
    same_string(a.user, b.user);
    same_string(a.service, b.service);
    same_string(a.tty, b.tty);
    same_string(a.rhost, b.rhost);
    same_string(a.options, b.options);
    same_string(a.conf, b.conf);
    same_string(a.session, b.session);
    same_string(a.ccache, b.ccache);
    same_string(a.text, b.text);
    same_string(a.secret, b.secret);
    same_string(a.reason, b.reason);
    same_string(a.canonical, b.canonical);
    return 0;
}
