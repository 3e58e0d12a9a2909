/* SPDX-License-Identifier: MIT
 *
 * test_identity.c - from a PAC to a line of passwd: ids and groups, and whose they may
 * be.
 */
#include <check.h>
#include <string.h>
#include <trustlogon/identity.h>

#include "pac_of_alice.h"

static bool was_dropped(const char *sid)
{
    for (size_t i = 0; i < dropped->count; i++)
        if (dropped->events[i].kind == TL_EVENT_SID &&
            strcmp(dropped->events[i].subject, sid) == 0)
            return dropped->events[i].text != NULL;
    return false;
}

START_TEST(a_whole_identity)
{
    struct tl_identity *a;

    add_group(&pac->extra, &pac->num_extra, "S-1-18-1", 7);
    add_group(&pac->extra, &pac->num_extra, CONTOSO "-1200", 7); /* again */
    add_group(&pac->extra, &pac->num_extra, SUB "-1300", 7);     /* has no range */
    add_group(&pac->extra, &pac->num_extra, CONTOSO "-1201", 0x17);
    add_group(&pac->resource, &pac->num_resource, FABRIKAM "-1400", 7);
    a = alice();
    ck_assert_str_eq(a->canonical, "alice@contoso.test");
    ck_assert_uint_eq(a->uid, 201104);
    ck_assert_uint_eq(a->gid, 200513);
    ck_assert(!a->private_group);
    ck_assert_uint_eq(a->num_groups, 3);
    ck_assert_uint_eq(a->groups[0].gid, 200513);
    ck_assert_uint_eq(a->groups[1].gid, 201200);
    ck_assert_uint_eq(a->groups[2].gid, 101400);
    ck_assert(was_dropped("S-1-18-1"));
    ck_assert(was_dropped(SUB "-1300"));
    ck_assert(was_dropped(CONTOSO "-1201"));
    ck_assert_uint_eq(dropped->count, 3);
    ck_assert_str_eq(a->gecos, "Alice Liddell");
    ck_assert_str_eq(a->home, "/home/contoso.test/alice");
    ck_assert_str_eq(a->shell, "/bin/bash");
    ck_assert(named(a, "CONTOSO\\alice"));
    ck_assert(named(a, "contoso.test\\alice"));
    ck_assert(named(a, "alice@CONTOSO"));
    ck_assert(!named(a, "LIES\\alice")); /* what the PAC says of itself */
    ck_assert(!named(a, "alice"));
    ck_assert_uint_eq(a->num_names, 3);
}
END_TEST

/* As sssd: private groups in the other domains of the forest, and only there. */
START_TEST(private_groups)
{
    static const struct {
        const char *domain, *client;
        bool private_group;
    } users[] = {
        {FABRIKAM, "alice@FABRIKAM.TEST", false},
        {EU, "alice@EU.FABRIKAM.TEST", true},
        {CONTOSO, "alice@CONTOSO.TEST", false},
    };
    struct tl_identity *a;

    set_option(config, "idmap=sss");
    for (size_t i = 0; i < COUNT(users); i++) {
        make_pac(users[i].domain);
        ck_assert_int_eq(build(users[i].client, &a), TL_REASON_OK);
        ck_assert_int_eq(a->private_group, users[i].private_group);
        ck_assert_uint_eq(a->gid, a->uid - 1104 + (users[i].private_group ? 1104 : 513));
        ck_assert_uint_eq(a->num_groups, 2);
        ck_assert_uint_eq(a->groups[0].gid, a->uid - 1104 + 513);
    }
    set_option(config, "idmap=rid");
    set_option(config, "rid_ranges=EU:700000-799999");
    make_pac(EU);
    ck_assert_int_eq(build("alice@EU.FABRIKAM.TEST", &a), TL_REASON_OK);
    ck_assert(!a->private_group);
    ck_assert_uint_eq(a->gid, 700513);
}
END_TEST

START_TEST(sss_needs_no_topology)
{
    struct tl_identity *with, *without;

    set_option(config, "idmap=sss");
    with = alice();
    topo = NULL;
    without = alice();
    ck_assert_uint_eq(with->uid, without->uid);
    ck_assert(!named(without, "LIES\\alice"));
    ck_assert_str_eq(without->home, "/home/contoso.test/alice");
}
END_TEST

START_TEST(no_id)
{
    set_option(config, "rid_ranges=contoso.test:200000-200999");
    refused(TL_REASON_ID_UNMAPPABLE);
    ck_assert_str_eq(out->subject, CONTOSO "-1104");
    ck_assert_ptr_nonnull(strstr(out->detail, "rid_ranges"));
    set_option(config, "rid_ranges=contoso.test:200000-299999");
    pac->primary_group_rid = 100000;
    refused(TL_REASON_ID_UNMAPPABLE);
    ck_assert_str_eq(out->subject, CONTOSO "-100000");
    pac->primary_group_rid = 513;
    set_option(config, "minimum_uid=201105");
    refused(TL_REASON_ID_UNMAPPABLE);
    set_option(config, "minimum_uid=201104");
    alice();
}
END_TEST

START_TEST(collisions)
{
    struct tl_identity *a;
    char *members = talloc_strdup(ctx, "");

    ck_assert_int_eq(load_local("root:x:0:0::/:/bin/sh\nbob:x:201104:1::/:/bin/sh", ""),
                     0);
    refused(TL_REASON_ID_COLLISION);
    ck_assert_str_eq(out->subject, CONTOSO "-1104");
    /* the primary group's, behind a line longer than any fixed buffer */
    for (int i = 0; i < 10000; i++)
        members = talloc_asprintf_append_buffer(members, ",member%d", i);
    ck_assert_int_eq(
        load_local("", talloc_asprintf(ctx, "all:x:5000:%s\n\n# c\n+\nstaff:x:200513:\n",
                                       members)),
        0);
    refused(TL_REASON_ID_COLLISION);
    ck_assert_str_eq(out->subject, CONTOSO "-513");
    /* another group's: it is left out */
    ck_assert_int_eq(load_local("", "staff:x:201200:\n"), 0);
    a = alice();
    ck_assert_uint_eq(a->num_groups, 1);
    ck_assert(was_dropped(CONTOSO "-1200"));
    /* the private group's */
    set_option(config, "idmap=sss");
    make_pac(EU);
    ck_assert_int_eq(build("alice@EU.FABRIKAM.TEST", &a), TL_REASON_OK);
    ck_assert_int_eq(load_local("", talloc_asprintf(ctx, "staff:x:%u:\n", a->uid)), 0);
    ck_assert_int_eq(build("alice@EU.FABRIKAM.TEST", &a), TL_REASON_ID_COLLISION);
}
END_TEST

START_TEST(computers)
{
    static const uint32_t bits[] = {0x40, 0x80, 0x100};
    struct tl_identity *a;

    pac->account = "ws2$";
    ck_assert_int_eq(build("ws2$@CONTOSO.TEST", &a), TL_REASON_COMPUTER_ACCOUNT);
    ck_assert_ptr_null(a);
    ck_assert_str_eq(out->subject, "ws2$@contoso.test");
    ck_assert_uint_eq(out->ntstatus, TL_NT_NOLOGON_WORKSTATION_TRUST_ACCOUNT);
    pac->account = "alice";
    for (size_t i = 0; i < COUNT(bits); i++) {
        pac->user_account_control = bits[i] | 0x10;
        refused(TL_REASON_COMPUTER_ACCOUNT);
    }
    pac->user_account_control = 0x210; /* normal, password does not expire */
    alice();
    pac->account = "al$ice";
    ck_assert_int_eq(build("al$ice@CONTOSO.TEST", &a), TL_REASON_OK);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("identity");
    TCase *t = tcase_create("identity");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_whole_identity);
    tcase_add_test(t, private_groups);
    tcase_add_test(t, sss_needs_no_topology);
    tcase_add_test(t, no_id);
    tcase_add_test(t, collisions);
    tcase_add_test(t, computers);
    suite_add_tcase(s, t);
    return run_suite(s);
}
