/* SPDX-License-Identifier: MIT
 *
 * test_lookup_find.c - which directories a look-up asks, and which of their answers it
 * accepts.
 */
#include "fake_servers.h"

START_TEST(honest)
{
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_OK);
    ck_assert_str_eq(asked, "contoso.test ");
    ck_assert_str_eq(answer->identity->canonical, "alice@contoso.test");
    ck_assert_int_eq(answer->source, TL_LOOKUP_LDAP);
    /* Our own Domain Admins are not CONTOSO's to give; our own groups that Sales are in
     * are ours. */
    ck_assert_uint_eq(answer->identity->num_groups, 3);
    ck_assert_uint_eq(answer->num_groups, 3);
    ck_assert_str_eq(answer->groups[0]->canonical, "local readers@fabrikam.test");
    ck_assert_str_eq(answer->groups[2]->canonical, "sales@contoso.test");
    ck_assert_int_eq(find(true, "contoso.test\\SALES"), TL_REASON_OK);
    ck_assert_str_eq(answer->groups[0]->canonical, "sales@contoso.test");
    ck_assert_ptr_null(answer->identity);
    ck_assert_ptr_nonnull(answer->entry);
}
END_TEST

/* A directory cannot speak for another domain. */
START_TEST(lying)
{
    domain_sid = FABRIKAM;
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_DIRECTORY_UNREADABLE);
    ck_assert_int_eq(find(true, "CONTOSO\\Sales"), TL_REASON_DIRECTORY_UNREADABLE);
    domain_sid = CONTOSO;
    user_sid = FABRIKAM "-500"; /* which the directory's reader would refuse, too */
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_USER_UNKNOWN);
    user_sid = CONTOSO "-1104";
    user_sam = "mallory";
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_USER_UNKNOWN);
    user_sam = "a:b";
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_USER_UNKNOWN);
    group_name = "Admins";
    ck_assert_int_eq(find(true, "CONTOSO\\Sales"), TL_REASON_USER_UNKNOWN);
}
END_TEST

/* A group that is unknown may be a user's own. */
#define FOUR_OF_CONTOSO "contoso.test contoso.test contoso.test contoso.test "
START_TEST(unknown)
{
    user_sam = group_name = NULL;
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_USER_UNKNOWN);
    ck_assert_int_eq(find(true, "CONTOSO\\Sales"), TL_REASON_USER_UNKNOWN);
    group_name = "Sales";
    group_type = TL_GROUP_GLOBAL;
    ck_assert_int_eq(find(true, "CONTOSO\\Sales"), TL_REASON_USER_UNKNOWN);
    ck_assert_str_eq(asked, FOUR_OF_CONTOSO);
    ck_assert_int_eq(find(false, "NOWHERE\\x"), TL_REASON_USER_UNKNOWN);
    ck_assert_str_eq(asked, FOUR_OF_CONTOSO);
}
END_TEST

/* Another domain's domain-local group exists, and has no members here. */
START_TEST(domain_local)
{
    group_type = TL_GROUP_SECURITY | TL_GROUP_DOMAIN_LOCAL;
    ck_assert_int_eq(find(true, "CONTOSO\\Sales"), TL_REASON_OK);
    ck_assert_ptr_null(answer->entry);
    group_sid = FABRIKAM "-1200";
    ck_assert_int_eq(find(true, "fabrikam.test\\Sales"), TL_REASON_OK);
    ck_assert_ptr_nonnull(answer->entry);
}
END_TEST

/* An explicit UPN with the domain's own name for its suffix, where no user
 * has it as sAMAccountName. */
START_TEST(own_suffix)
{
    no_such_sam = "al.smith";
    user_upn = "Al.Smith@contoso.test";
    ck_assert_int_eq(find(false, "al.smith@contoso.test"), TL_REASON_OK);
    ck_assert_str_eq(answer->identity->canonical, "alice@contoso.test");
    ck_assert_int_eq(find(false, "CONTOSO\\al.smith"), TL_REASON_OK);
    ck_assert_int_eq(find(false, "al.smith@CONTOSO"), TL_REASON_OK);
    user_upn = "mallory@contoso.test";
    ck_assert_int_eq(find(false, "al.smith@contoso.test"), TL_REASON_USER_UNKNOWN);
    no_such_sam = "-"; /* a user has the name as sAMAccountName: the name is his */
    user_upn = "Al.Smith@contoso.test";
    ck_assert_int_eq(find(false, "al.smith@contoso.test"), TL_REASON_USER_UNKNOWN);
}
END_TEST

/* A server that is down does not make the user unknown. */
START_TEST(cannot_tell)
{
    static const enum tl_reason rows[] = {TL_REASON_NO_LOGON_SERVERS,
                                          TL_REASON_DIRECTORY_UNREADABLE,
                                          TL_REASON_KEYTAB_WRONG, TL_REASON_DEADLINE};

    for (size_t i = 0; i < COUNT(rows); i++) {
        open_says = rows[i];
        ck_assert_int_eq(find(false, "CONTOSO\\alice"), rows[i]);
        ck_assert_int_eq(out->reason, rows[i]);
    }
    ck_assert_ptr_null(strstr(asked, "lsa:"));
    /* A KDC's error about this machine says nothing about the user. */
    for (int reason = TL_REASON_OK + 1; tl_reason_info(reason) != NULL; reason++) {
        if (reason == TL_REASON_TRUST_DIRECTION)
            continue; /* then the LSA is asked */
        open_says = reason;
        ck_assert_msg(find(false, "CONTOSO\\alice") != TL_REASON_USER_UNKNOWN, "%s",
                      tl_reason_info(reason)->slug);
    }
    /* Not even if the next domain says that the user does not exist. */
    own_side_open = false;
    open_says = TL_REASON_NO_LOGON_SERVERS;
    topo->domains = talloc_realloc(topo, topo->domains, struct tl_domain, 2);
    topo->domains[1] = (struct tl_domain){.dns = "eu.fabrikam.test", .flat = "EU"};
    topo->num_domains = 2;
    asked = talloc_strdup(ctx, "");
    ck_assert_int_eq(find(false, "x@fabrikam.example"), TL_REASON_NO_LOGON_SERVERS);
    ck_assert_str_eq(asked, "fabrikam.test eu.fabrikam.test ");
}
END_TEST

/* The outcome is all that another process learns. */
START_TEST(outcome_says_what_is_returned)
{
    const struct tli_reading_question question = {.kind = TLI_READ_USER, .name = "alice"};
    const struct tl_lookup_domain *domain =
        tli_lookup_domain(ctx, &machine, "contoso.test");
    struct tli_reading *reading = NULL;

    open_says = TL_REASON_TRUST_DIRECTION;
    ck_assert_int_eq(tli_lookup_read(ctx, lookup, domain, &question, &reading, out),
                     TL_REASON_TRUST_DIRECTION);
    ck_assert_int_eq(out->reason, TL_REASON_TRUST_DIRECTION);
    open_says = TL_REASON_OK;
    tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_ID_COLLISION, NULL);
    ck_assert_int_eq(tli_lookup_read(ctx, lookup, domain, &question, &reading, out),
                     TL_REASON_OK);
    ck_assert_int_eq(out->reason, TL_REASON_OK);
}
END_TEST

static const char *claimed; /* the SID of the user that another process has read */

static enum tl_reason read_elsewhere(void *arg, TALLOC_CTX *mem,
                                     const struct tl_lookup_domain *domain,
                                     const struct tli_reading_question *question,
                                     tl_deadline deadline, struct tli_reading **reading,
                                     struct tl_outcome *why)
{
    ck_assert_ptr_eq(arg, &claimed);
    if (claimed == NULL)
        return tl_outcome_fail(why, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    *reading = talloc_zero(mem, struct tli_reading);
    (*reading)->names = talloc_zero(*reading, struct tl_dir_names);
    if (question->kind != TLI_READ_USER)
        return TL_REASON_OK;
    (*reading)->user = talloc_zero(*reading, struct tl_dir_user);
    (*reading)->user->sam = "Alice";
    (*reading)->user->sid = sid_of(claimed);
    (*reading)->user->primary_group_rid = 513;
    return TL_REASON_OK;
}

/* It is believed in what concerns its own domain alone. */
START_TEST(read_by_another_process)
{
    const struct tl_lookup_reader reader = {.read = read_elsewhere, .arg = &claimed};

    lookup->in.reader = &reader;
    open_says = TL_REASON_INTERNAL; /* nothing is read here */
    claimed = CONTOSO "-1104";
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_OK);
    ck_assert_str_eq(answer->identity->canonical, "alice@contoso.test");
    ck_assert_str_eq(asked, "");
    /* A reason of this process's own, or another domain's, is not its to say. */
    claimed = NULL;
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_DIRECTORY_UNREADABLE);
    ck_assert_ptr_nonnull(strstr(out->detail, "no-memory"));
    claimed = FABRIKAM "-500";
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_DIRECTORY_UNREADABLE);
    ck_assert_ptr_nonnull(strstr(out->detail, "is refused: the user's SID"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lookup_find");
    TCase *tcase = tcase_create("lookup_find");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, honest);
    tcase_add_test(tcase, lying);
    tcase_add_test(tcase, unknown);
    tcase_add_test(tcase, read_by_another_process);
    tcase_add_test(tcase, outcome_says_what_is_returned);
    tcase_add_test(tcase, domain_local);
    tcase_add_test(tcase, own_suffix);
    tcase_add_test(tcase, cannot_tell);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
