/* SPDX-License-Identifier: MIT
 *
 * test_identity_local.c - users and groups of domains beside the machine's own: ids and
 * names of local accounts, and subordinate ids.
 */
#include <check.h>
#include <errno.h>
#include <trustlogon/identity.h>

#include "pac_of_alice.h"

START_TEST(local_files)
{
    static const char *const broken[] = {
        "a:x\n",       "a:x:\n", "a:x:y:1\n", "a:x:-1:1\n", "a:x:4294967296:1\n",
        "a:x:1\a:1\n", "junk\n"};

    for (size_t i = 0; i < COUNT(broken); i++) {
        ck_assert_msg(load_local(broken[i], "") == -EBADMSG, "%s", broken[i]);
        ck_assert_ptr_null(local);
        ck_assert_int_eq(load_local("", broken[i]), -EBADMSG);
    }
    ck_assert_int_eq(
        tl_local_ids_load(ctx, "/nonexistent/passwd", "/nonexistent/group", &local), 0);
    ck_assert(!tl_local_has_uid(local, 0));
    ck_assert_int_ne(tl_local_ids_load(ctx, folder, "/nonexistent/group", &local), 0);
    ck_assert_int_eq(load_local("a:x:7:8::/:\nb:x:9:8::/:", "g:x:8:a\n"), 0);
    ck_assert(tl_local_has_uid(local, 7) && tl_local_has_uid(local, 9));
    ck_assert(!tl_local_has_uid(local, 8) && tl_local_has_gid(local, 8));
    ck_assert(tl_local_has_user(local, "b") && !tl_local_has_user(local, "g"));
}
END_TEST

/* Ranges of subuid and subgid, as newuidmap reads them; lines that it does not parse lend
 * nothing. */
START_TEST(subordinate_ids)
{
    static const char *const nothing[] = {"",
                                          "bob\n",
                                          "bob:1000\n",
                                          "bob:1000:\n",
                                          "bob::10\n",
                                          ":1000:10\n",
                                          "#bob:1000:10\n",
                                          "bob:1000:0\n",
                                          "bob:x:10\n",
                                          "bob:1000:1x\n",
                                          "bob:-1:10\n",
                                          "bob:1000:-1\n",
                                          "bob: 1000:10\n",
                                          "bob:1000:10:\n",
                                          "bob:4294967296:10\n",
                                          "bob:99999999999999999999:1\n"};
    const struct tl_subids *lent;
    const char *why;
    size_t count;

    for (size_t i = 0; i < COUNT(nothing); i++) {
        put("subuid", nothing[i]);
        ck_assert_int_eq(load_local("", ""), 0);
        (void)tl_local_subids(local, false, &count);
        ck_assert_msg(count == 0, "%s", nothing[i]);
    }
    put("subuid", "bob:100000:65536\n junk\n1001:0x40000:16\neve:4294967290:100");
    put("subgid", "bob:300000:1\n");
    ck_assert_int_eq(load_local("", "g:x:8:\n"), 0);
    lent = tl_local_subids(local, false, &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(lent[1].owner, "1001");
    ck_assert_uint_eq(lent[2].last, UINT32_MAX);
    ck_assert_int_eq(tl_local_judge_uid(local, 99999, &why), TL_REASON_OK);
    ck_assert_ptr_null(why);
    ck_assert_int_eq(tl_local_judge_uid(local, 100000, &why), TL_REASON_ID_SUBORDINATE);
    ck_assert_int_eq(tl_local_judge_uid(local, 165535, &why), TL_REASON_ID_SUBORDINATE);
    ck_assert_int_eq(tl_local_judge_uid(local, 165536, &why), TL_REASON_OK);
    ck_assert_int_eq(tl_local_judge_uid(local, 0x4000f, &why), TL_REASON_ID_SUBORDINATE);
    ck_assert_int_eq(tl_local_judge_gid(local, 100000, &why), TL_REASON_OK);
    ck_assert_int_eq(tl_local_judge_gid(local, 300000, &why), TL_REASON_ID_SUBORDINATE);
    ck_assert_int_eq(tl_local_judge_gid(local, 8, &why), TL_REASON_ID_COLLISION);
}
END_TEST

/* A user whose uid is lent is refused, a group with such a gid is left out; both are
 * listed. */
START_TEST(subordinate_ids_belong_to_no_user)
{
    struct tl_identity *a = alice(), *b = NULL;
    struct tl_withheld_ids *ids = NULL;
    struct tl_idmap *map = NULL;
    char *error = NULL;
    size_t count, groups = a->num_groups;
    uint32_t uid = a->uid, gid = a->groups[groups - 1].gid;

    ck_assert_uint_ne(a->groups[groups - 1].gid, a->gid);
    put("subgid", talloc_asprintf(ctx, "bob:%u:1\n", gid));
    ck_assert_int_eq(load_local("", ""), 0);
    a = alice();
    ck_assert_uint_eq(a->num_groups, groups - 1);
    put("subuid", talloc_asprintf(ctx, "bob:%u:2\n", uid - 1));
    ck_assert_int_eq(load_local("", ""), 0);
    ck_assert_int_eq(build("alice@CONTOSO.TEST", &b), TL_REASON_ID_SUBORDINATE);
    ck_assert_int_eq(tl_idmap_new(ctx, config, "fabrikam.test", topo, NULL, &map, &error),
                     0);
    ck_assert_int_eq(tl_withheld_ids(ctx, map, local, &ids, &count), 0);
    ck_assert_uint_eq(count, 2);
    for (size_t i = 0; i < count; i++) {
        bool users = ids[i].low == uid - 1;

        ck_assert_uint_eq(ids[i].high, users ? uid : gid);
        ck_assert_str_eq(ids[i].why, users ? "/etc/subuid reserves them for bob"
                                           : "/etc/subgid reserves them for bob");
    }
}
END_TEST

/* A user called root has no more than his own uid, and not the bare name. */
START_TEST(names_of_local_accounts)
{
    struct tl_identity *a;

    ws.default_domain = "contoso";
    a = alice();
    ck_assert(named(a, "alice"));
    pac->account = "root";
    ck_assert_int_eq(build("root@CONTOSO.TEST", &a), TL_REASON_OK);
    ck_assert_str_eq(a->canonical, "root@contoso.test");
    ck_assert(!named(a, "root"));
    ck_assert_uint_eq(a->uid, 201104);
    /* A local account with a domain in its name keeps that name for itself ... */
    pac->account = "alice";
    ck_assert_int_eq(load_local("CONTOSO\\alice:x:5:5::/:\nalice:x:6:6::/:", ""), 0);
    a = alice();
    ck_assert(!named(a, "CONTOSO\\alice") && !named(a, "alice"));
    ck_assert(named(a, "contoso.test\\alice"));
    /* ... and the user is refused if it is the name that programs use. */
    ck_assert_int_eq(load_local("alice@contoso.test:x:5:5::/:", ""), 0);
    refused(TL_REASON_NAME_TAKEN);
    ck_assert_str_eq(out->subject, "alice@contoso.test");
    ck_assert_int_eq(load_local("", "alice@contoso.test:x:5:"), 0);
    alice();
}
END_TEST

START_TEST(names_of_local_groups)
{
    struct tl_sid sid = sid_of(CONTOSO "-1200");
    struct tl_identity_input in = {.config = config, .ws = &ws, .topo = topo, .pac = pac};
    struct tl_group *group;
    struct tl_idmap *map;
    char *error;

    ck_assert_int_eq(tl_idmap_new(ctx, config, ws.domain, topo, NULL, &map, &error), 0);
    ck_assert_int_eq(load_local("sales@contoso.test:x:5:5::/:", "sales:x:5:\n"), 0);
    in.local = local;
    ck_assert_int_eq(tl_group_build(ctx, &in, map, &sid, "Sales", &group, out),
                     TL_REASON_OK);
    ck_assert_str_eq(group->canonical, "sales@contoso.test");
    ck_assert_int_eq(load_local("", "sales@contoso.test:x:5:\n"), 0);
    in.local = local;
    ck_assert_int_eq(tl_group_build(ctx, &in, map, &sid, "Sales", &group, out),
                     TL_REASON_NAME_TAKEN);
    ck_assert_ptr_null(group);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("identity_local");
    TCase *t = tcase_create("identity");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, local_files);
    tcase_add_test(t, subordinate_ids);
    tcase_add_test(t, subordinate_ids_belong_to_no_user);
    tcase_add_test(t, names_of_local_accounts);
    tcase_add_test(t, names_of_local_groups);
    suite_add_tcase(s, t);
    return run_suite(s);
}
