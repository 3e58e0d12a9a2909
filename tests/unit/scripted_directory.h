/* SPDX-License-Identifier: MIT
 *
 * scripted_directory.h - a directory that is scripted by the test, in place of the search
 * over a connection.
 */
#ifndef TL_TEST_SCRIPTED_DIRECTORY_H
#define TL_TEST_SCRIPTED_DIRECTORY_H

#include <check.h>

#include "directory/internal.h"
#include "directory/people_decode.h"
#include "entries.h"
#include "fixtures.h"

#define NC "DC=contoso,DC=test"
#define DOMAIN "S-1-5-21-1-2-3"

static TALLOC_CTX *ctx;
static struct tl_directory *dir;
static struct tl_outcome *out;
static int searches; /* how often the directory was asked */
/* What the directory says; each test sets it. */
static enum tl_reason (*server)(const struct tli_search *search,
                                struct tli_entries *entries);

/* A further entry of an answer, without attributes. */
static inline struct tli_entry *new_entry(struct tli_entries *all, const char *dn)
{
    if ((all->count & (all->count - 1)) == 0) /* full: as much again */
        all->entries =
            talloc_realloc(all, all->entries, struct tli_entry, 2 * all->count + 1);
    all->entries[all->count] = (struct tli_entry){.dn = dn};
    return &all->entries[all->count++];
}

/* A further value: this SID. */
static inline void sid_value(TALLOC_CTX *owner, struct tli_attribute *attribute,
                             const char *string)
{
    const struct tl_sid sid = sid_of(string);

    add_sid_value(owner, attribute, &sid);
}

/* The real one is search.c's, which the linker leaves out for this one. */
enum tl_reason tli_connection_search(TALLOC_CTX *owner, struct tli_connection *connection,
                                     const struct tli_search *search,
                                     struct tli_entries **entries,
                                     struct tl_outcome *outcome)
{
    enum tl_reason reason;

    searches++;
    ck_assert_int_lt(searches, 100000);
    *entries = talloc_zero(owner, struct tli_entries);
    reason = server(search, *entries);
    if (reason != TL_REASON_OK)
        return tli_connection_fail(connection, outcome, "scripted");
    return TL_REASON_OK;
}

static inline void setup(void)
{
    ctx = talloc_new(NULL);
    out = tl_outcome_new(ctx);
    dir = talloc_zero(ctx, struct tl_directory);
    dir->ldap = talloc_zero(dir, struct tli_connection);
    dir->ldap->server = "dc1.contoso.test";
    dir->ldap->domain = dir->domain = "contoso.test";
    dir->default_nc = NC;
    dir->has_sid = true;
    dir->sid = sid_of(DOMAIN);
    searches = 0;
}

static inline void teardown(void)
{
    talloc_free(ctx);
}

/* An account as searches for members return it. */
static inline void add_account(struct tli_entries *all, unsigned int rid,
                               const char *type)
{
    struct tli_entry *entry =
        new_entry(all, talloc_asprintf(all, "CN=m%u,CN=Users," NC, rid));

    sid_value(all, new_attribute(all, entry, "objectSid"),
              talloc_asprintf(all, DOMAIN "-%u", rid));
    put_text(all, entry, "objectClass", "top");
    put_text(all, entry, "sAMAccountType", type);
    put_text(all, entry, "sAMAccountName", talloc_asprintf(all, "m%u", rid));
}

#endif
