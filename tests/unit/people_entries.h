/* SPDX-License-Identifier: MIT
 *
 * people_entries.h - entries of people in contoso.test, as a directory sends them.
 */
#ifndef TL_TEST_PEOPLE_ENTRIES_H
#define TL_TEST_PEOPLE_ENTRIES_H

#include "directory/people_decode.h"
#include "entries.h"
#include "fixtures.h"

#define NC "DC=contoso,DC=test"
#define ALICE_DN "CN=alice,CN=Users," NC

/* A value of a table and its length, NULs in it included. */
#define V(text) text, sizeof(text) - 1

static TALLOC_CTX *ctx;
static struct tli_people_domain domain;

static inline void setup(void)
{
    ctx = talloc_new(NULL);
    domain.nc = NC;
    domain.sid = sid_of("S-1-5-21-1-2-3");
}

static inline void teardown(void)
{
    talloc_free(ctx);
}

/* A further value of the attribute, as the bytes of a SID. */
static inline void put_sid(struct tli_entry *entry, const char *name, const char *string)
{
    const struct tl_sid sid = sid_of(string);
    uint8_t packed[8 + 4 * TL_SID_MAX_SUBS];

    put_bytes(ctx, entry, name, packed, tl_sid_encode(&sid, packed));
}

/* The whole entry of a user. */
static inline struct tli_entry alice(void)
{
    struct tli_entry entry = {.dn = ALICE_DN};

    put_text(ctx, &entry, "sAMAccountName", "alice");
    put_text(ctx, &entry, "userPrincipalName", "alice@corp.example");
    put_sid(&entry, "objectSid", "S-1-5-21-1-2-3-1103");
    put_text(ctx, &entry, "primaryGroupID", "513");
    put_text(ctx, &entry, "displayName", "Alice: the First");
    put_text(ctx, &entry, "unixHomeDirectory", "/home/alice");
    put_text(ctx, &entry, "loginShell", "/bin/bash");
    put_text(ctx, &entry, "uidNumber", "10001");
    put_text(ctx, &entry, "gidNumber", "10000");
    put_text(ctx, &entry, "userAccountControl", "512");
    return entry;
}

#endif
