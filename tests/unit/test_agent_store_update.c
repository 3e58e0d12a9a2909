/* SPDX-License-Identifier: MIT
 *
 * test_agent_store_update.c - which parts of a user and a group reach the store, and
 * which older parts stay.
 */
#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/journal.h"
#include "agent/store_update.h"
#include "scratch.h"
#include "store/writer_internal.h"

#define SID "S-1-5-21-1-2-3-"

static struct tl_config *config;
static struct tla_store_handle *handle;
static struct tl_identity *alice;
static struct tl_group sales;

static char told[512];

/* In place of the journal. */
void tla_journal_line(int priority, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(told, sizeof(told), fmt, args);
    va_end(args);
}

static const char *const group_names[] = {"CONTOSO\\Sales"};

static void setup(void)
{
    static const char *names[] = {"CONTOSO\\alice", "alice@corp.example", "alice"};

    scratch_setup();
    config = tl_config_defaults(ctx);
    config->state_dir = folder;
    ck_assert_int_eq(tla_store_open(ctx, config, NULL, &handle), 0);
    alice = talloc_zero(ctx, struct tl_identity);
    alice->sid = sid_of(SID "1104");
    alice->canonical = "alice@contoso.test";
    alice->names = names;
    alice->num_names = COUNT(names);
    alice->uid = 301104;
    alice->gid = 300513;
    alice->num_groups = 2;
    alice->groups = talloc_zero_array(alice, struct tl_identity_group, 2);
    alice->groups[0] = (struct tl_identity_group){sid_of(SID "513"), 300513};
    alice->groups[1] = (struct tl_identity_group){sid_of(SID "1200"), 301200};
    alice->gecos = "Alice";
    alice->home = "/home/alice";
    alice->shell = "/bin/bash";
    sales = (struct tl_group){.sid = sid_of(SID "1200"),
                              .gid = 301200,
                              .canonical = "sales@contoso.test",
                              .num_names = 1,
                              .names = (const char **)(uintptr_t)group_names};
}

static void teardown(void)
{
    talloc_free(handle);
    unlink(talloc_asprintf(ctx, "%s/" TL_STORE_FILE, folder));
    unlink(talloc_asprintf(ctx, "%s/" TL_STORE_FILE ".lock", folder));
    scratch_teardown_empty();
}

/* Strings of the entry are copied, as the mapping goes. */
static enum tli_store_answer look(enum tli_store_class class, const char *name,
                                  uint32_t id, struct tli_store_entry *entry)
{
    struct tli_store_view *view = NULL;
    uint64_t now = tli_store_now();
    enum tli_store_answer answer;

    *entry = (struct tli_store_entry){0};
    ck_assert_int_eq(tli_store_view_open(ctx, handle->path, &view), 0);
    answer = name != NULL ? tli_store_by_name(&view->map, class, name, now, entry)
                          : tli_store_by_id(&view->map, class, id, now, entry);
    return answer; /* the view is a child of ctx and lives on */
}

static void put_alice(enum tli_store_source source)
{
    ck_assert_int_eq(tla_store_user(handle, alice, NULL, source), 0);
}

START_TEST(a_user)
{
    struct tli_store_entry entry;

    put_alice(TL_STORE_SOURCE_LDAP);
    ck_assert_int_eq(look(TL_STORE_USER_NAME, "contoso\\ALICE", 0, &entry), TL_STORE_HIT);
    ck_assert_str_eq(entry.name.at, "alice@contoso.test");
    ck_assert_str_eq(entry.sid.at, SID "1104");
    ck_assert_int_eq(entry.source, TL_STORE_SOURCE_LDAP);
    ck_assert_uint_eq(entry.fresh_until - entry.written, 3600);
    ck_assert_int_eq(look(TL_STORE_USER_NAME, "alice@corp.example", 0, &entry),
                     TL_STORE_HIT);
    ck_assert_int_eq(look(TL_STORE_USER_NAME, "alice", 0, &entry), TL_STORE_MISS);
    ck_assert_int_eq(look(TL_STORE_GIDS, NULL, alice->uid, &entry), TL_STORE_HIT);
    ck_assert_uint_eq(entry.count, 2);
    ck_assert_uint_eq(entry.gids[1], 301200);
}
END_TEST

/* Readers fold ASCII only; a question in another spelling must find it. */
START_TEST(spellings)
{
    struct tli_store_entry entry;

    alice->canonical = "älice@contoso.test";
    put_alice(TL_STORE_SOURCE_LDAP);
    ck_assert_int_eq(look(TL_STORE_USER_NAME, "Älice@contoso.test", 0, &entry),
                     TL_STORE_MISS);
    ck_assert_int_eq(
        tla_store_user(handle, alice, "Älice@contoso.test", TL_STORE_SOURCE_LDAP), 0);
    ck_assert_int_eq(look(TL_STORE_USER_NAME, "Älice@contoso.test", 0, &entry),
                     TL_STORE_HIT);
    /* A bare name is never stored as a name of the domain. */
    ck_assert_int_eq(tla_store_user(handle, alice, "alice", TL_STORE_SOURCE_LDAP), 0);
    ck_assert_int_eq(look(TL_STORE_USER_NAME, "alice", 0, &entry), TL_STORE_MISS);
}
END_TEST

static struct tli_store_bare bare_after(const char *names, bool show, const char *own)
{
    struct tla_store_handle *again = NULL;
    struct tli_store_bare bare;

    config->bare_names = names;
    config->show_bare_names = show;
    ck_assert_int_eq(tla_store_open(ctx, config, own, &again), 0);
    ck_assert_ptr_nonnull(again);
    bare = again->store->map.bare;
    talloc_free(again);
    return bare;
}

/* The store takes over the configuration's setting when it is opened next, except for the
 * machine's own domain while that is not known. */
START_TEST(bare_names)
{
    put_alice(TL_STORE_SOURCE_PAC);
    ck_assert_uint_eq(bare_after("no", true, NULL).length, 0);
    ck_assert_uint_eq(bare_after("own", true, NULL).length, 0);
    ck_assert_str_eq(bare_after("own", true, "fabrikam.test").domain, "fabrikam.test");
    ck_assert_str_eq(bare_after("own", true, NULL).domain, "fabrikam.test");
    ck_assert(bare_after("contoso.test", true, NULL).shown);
    ck_assert_str_eq(bare_after("contoso.test", false, "x.test").domain, "contoso.test");
    ck_assert(!bare_after("contoso.test", false, NULL).shown);
    ck_assert_uint_eq(bare_after("no", true, NULL).length, 0);
}
END_TEST

/* Groups that a logon proved outlast what is read later, as long as they are valid. */
START_TEST(proven_groups_stay)
{
    static const enum tli_store_source later[] = {TL_STORE_SOURCE_LDAP,
                                                  TL_STORE_SOURCE_LSA};
    struct tli_store_entry entry, before;

    put_alice(TL_STORE_SOURCE_PAC);
    look(TL_STORE_GIDS, NULL, alice->uid, &before);
    alice->num_groups = 1;
    for (size_t i = 0; i < COUNT(later); i++) {
        put_alice(later[i]);
        ck_assert_int_eq(look(TL_STORE_GIDS, NULL, alice->uid, &entry), TL_STORE_HIT);
        ck_assert_uint_eq(entry.count, 2);
        ck_assert_int_eq(entry.source, TL_STORE_SOURCE_PAC);
        ck_assert_uint_eq(entry.valid_until, before.valid_until);
    }
    /* But not those of another user with that uid, nor against the next logon. */
    alice->sid = sid_of(SID "1105");
    put_alice(TL_STORE_SOURCE_LDAP);
    look(TL_STORE_GIDS, NULL, alice->uid, &entry);
    ck_assert_uint_eq(entry.count, 1);
    alice->num_groups = 2;
    put_alice(TL_STORE_SOURCE_PAC);
    alice->num_groups = 1;
    put_alice(TL_STORE_SOURCE_PAC);
    look(TL_STORE_GIDS, NULL, alice->uid, &entry);
    ck_assert_uint_eq(entry.count, 1);
}
END_TEST

/* An LSA knows SID and name only: it confirms what other sources stored, and removes
 * nothing. */
START_TEST(lsa_knows_less)
{
    struct tli_store_entry entry;

    put_alice(TL_STORE_SOURCE_LDAP);
    alice->num_groups = 1;
    alice->num_names = 1;
    alice->gecos = "alice";
    put_alice(TL_STORE_SOURCE_LSA);
    ck_assert_int_eq(look(TL_STORE_USER_NAME, "alice@corp.example", 0, &entry),
                     TL_STORE_HIT);
    ck_assert_str_eq(entry.gecos.at, "Alice");
    ck_assert_int_eq(entry.source, TL_STORE_SOURCE_LDAP);
    look(TL_STORE_GIDS, NULL, alice->uid, &entry);
    ck_assert_uint_eq(entry.count, 2);
    /* A new name is stored. */
    alice->canonical = "alicia@contoso.test";
    put_alice(TL_STORE_SOURCE_LSA);
    ck_assert_int_eq(look(TL_STORE_USER_ID, NULL, alice->uid, &entry), TL_STORE_HIT);
    ck_assert_str_eq(entry.name.at, "alicia@contoso.test");
    ck_assert_int_eq(look(TL_STORE_USER_NAME, "alice@contoso.test", 0, &entry),
                     TL_STORE_MISS);
}
END_TEST

static void put_sales(const char *const *members, size_t count, bool partial)
{
    ck_assert_int_eq(tla_store_group(handle, &sales, NULL, members, count, partial,
                                     TL_STORE_SOURCE_LDAP),
                     0);
}

/* The journal says which two accounts claim one id; the user does not learn it. */
START_TEST(an_id_of_two)
{
    struct tl_identity bob = *alice;

    bob.sid = sid_of(SID "1105");
    bob.canonical = "bob@contoso.test";
    bob.num_names = 0;
    told[0] = '\0';
    ck_assert_int_eq(tla_store_user(handle, alice, NULL, TL_STORE_SOURCE_PAC), 0);
    ck_assert_str_eq(told, "");
    ck_assert_int_eq(tla_store_user(handle, &bob, NULL, TL_STORE_SOURCE_PAC), -EEXIST);
    ck_assert_str_eq(told,
                     "id-collision: bob@contoso.test has the id 301104, which already "
                     "belongs to alice@contoso.test (" SID "1104)");
}
END_TEST

START_TEST(a_group)
{
    const char *members[] = {"alice@contoso.test"};
    struct tli_store_entry entry;

    put_sales(NULL, 0, true);
    ck_assert_int_eq(look(TL_STORE_GROUP_ID, NULL, sales.gid, &entry), TL_STORE_HIT);
    ck_assert_int_eq(look(TL_STORE_GROUP_NAME, "contoso\\sales", 0, &entry),
                     TL_STORE_STALE);
    put_sales(members, 1, false);
    put_sales(NULL, 0, true); /* which the user's next look-up brings */
    ck_assert_int_eq(look(TL_STORE_GROUP_NAME, "contoso\\sales", 0, &entry),
                     TL_STORE_HIT);
    ck_assert_uint_eq(entry.count, 1);
    /* Another group with that name is not the one whose members are known. */
    sales.sid = sid_of(SID "1300");
    put_sales(NULL, 0, true);
    ck_assert_int_eq(look(TL_STORE_GROUP_ID, NULL, sales.gid, &entry), TL_STORE_HIT);
    ck_assert(entry.partial && entry.count == 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("agent_store_update");
    TCase *tcase = tcase_create("agent_store_update");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_user);
    tcase_add_test(tcase, spellings);
    tcase_add_test(tcase, bare_names);
    tcase_add_test(tcase, proven_groups_stay);
    tcase_add_test(tcase, lsa_knows_less);
    tcase_add_test(tcase, an_id_of_two);
    tcase_add_test(tcase, a_group);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
