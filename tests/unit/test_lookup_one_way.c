/* SPDX-License-Identifier: MIT
 *
 * test_lookup_one_way.c - a look-up where no directory can be asked, and trustlogon-lsa
 * asks our own DC.
 */
#include "fake_servers.h"

START_TEST(one_way)
{
    open_says = TL_REASON_TRUST_DIRECTION;
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_OK);
    ck_assert_str_eq(asked, "contoso.test lsa:contoso.test\\alice lsa:sid ");
    ck_assert_int_eq(answer->source, TL_LOOKUP_LSA);
    ck_assert_uint_eq(answer->identity->num_groups, 1);
    ck_assert_str_eq(answer->identity->gecos, "alice");
    /* Where the direction is known, no ticket is asked for. */
    topo->trusts[0].direction = TL_TRUST_OUTBOUND;
    asked = talloc_strdup(ctx, "");
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_OK);
    ck_assert_str_eq(asked, "lsa:contoso.test\\alice lsa:sid ");
    lsa_name = "Sales";
    lsa_sid = CONTOSO "-1200";
    lsa_type = TL_LSA_GROUP;
    ck_assert_int_eq(find(true, "CONTOSO\\sales"), TL_REASON_OK);
    ck_assert_ptr_null(answer->entry);
}
END_TEST

/* With a suffix of its own: our DC may know the owner; if it does not, the owner stays
 * unknown.
 */
START_TEST(one_way_upn)
{
    bool named = false;

    topo = snapshot_of(ctx, TOPO_FOREST, FABRIKAM);
    machine.topology = topo;
    open_says = TL_REASON_TRUST_DIRECTION;
    ck_assert_int_eq(find(false, "alice@corp.example"), TL_REASON_OK);
    ck_assert_ptr_nonnull(strstr(asked, "lsa:alice@corp.example "));
    ck_assert_str_eq(answer->identity->canonical, "alice@contoso.test");
    for (size_t i = 0; i < answer->identity->num_names; i++)
        named |= strcmp(answer->identity->names[i], "alice@corp.example") == 0;
    ck_assert(named);
    lsa_status = 0xC0000073;
    ck_assert_int_eq(find(false, "alice@corp.example"), TL_REASON_DIRECTORY_UNREADABLE);
    lsa_status = 0;
    lsa_sid = FABRIKAM "-1104";
    ck_assert_int_eq(find(false, "alice@corp.example"), TL_REASON_DIRECTORY_UNREADABLE);
}
END_TEST

static const struct {
    const char *name, *domain, *sid;
    enum tli_lsa_type type;
    uint32_t status;
    int rc;
    enum tl_reason reason;
} told[] = {
    {"alice", "CONTOSO", CONTOSO "-1104", TL_LSA_USER, 0xC0000073, 0,
     TL_REASON_USER_UNKNOWN},
    {"alice", "CONTOSO", CONTOSO "-1104", TL_LSA_USER, 0xC000005E, 0,
     TL_REASON_DIRECTORY_UNREADABLE},
    {"alice", "CONTOSO", CONTOSO "-1104", TL_LSA_USER, 0, -ENOPKG,
     TL_REASON_DIRECTORY_UNREADABLE},
    /* of another domain, or of another user */
    {"alice", "CONTOSO", FABRIKAM "-1104", TL_LSA_USER, 0, 0,
     TL_REASON_DIRECTORY_UNREADABLE},
    {"alice", "FABRIKAM", CONTOSO "-1104", TL_LSA_USER, 0, 0,
     TL_REASON_DIRECTORY_UNREADABLE},
    {"mallory", "CONTOSO", CONTOSO "-1104", TL_LSA_USER, 0, 0, TL_REASON_USER_UNKNOWN},
    {"alice", "CONTOSO", CONTOSO "-1200", TL_LSA_GROUP, 0, 0, TL_REASON_USER_UNKNOWN},
    {"alice", "CONTOSO", CONTOSO "-1200", TL_LSA_COMPUTER, 0, 0, TL_REASON_USER_UNKNOWN},
    {"alice", "CONTOSO", CONTOSO "-1200", TL_LSA_DELETED, 0, 0, TL_REASON_USER_UNKNOWN},
};

START_TEST(lsa_answers)
{
    open_says = TL_REASON_TRUST_DIRECTION;
    lsa_name = told[_i].name;
    lsa_domain = told[_i].domain;
    lsa_sid = told[_i].sid;
    lsa_type = told[_i].type;
    lsa_status = told[_i].status;
    lsa_rc = told[_i].rc;
    lsa_knows_groups = true;
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), told[_i].reason);
}
END_TEST

/* A DC whose own question to the other domain fails says the same as one that finds no
 * user. */
START_TEST(lsa_cannot_ask)
{
    open_says = TL_REASON_TRUST_DIRECTION;
    lsa_status = 0xC0000073;
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_DIRECTORY_UNREADABLE);
    ck_assert_int_eq(find(true, "CONTOSO\\Sales"), TL_REASON_DIRECTORY_UNREADABLE);
    lsa_knows_groups = true;
    ck_assert_int_eq(find(true, "CONTOSO\\Sales"), TL_REASON_USER_UNKNOWN);
}
END_TEST

static enum tl_reason read_own(void *arg, TALLOC_CTX *mem,
                               const struct tl_lookup_domain *domain,
                               const struct tli_reading_question *question,
                               tl_deadline deadline, struct tli_reading **reading,
                               struct tl_outcome *why)
{
    ck_assert_str_eq(domain->dns, "fabrikam.test");
    dcs_cached |= question->kind == TLI_READ_NAMES && question->count == 0;
    *reading = talloc_zero(mem, struct tli_reading);
    (*reading)->names = talloc_zero(*reading, struct tl_dir_names);
    return TL_REASON_OK;
}

/* The process that reads the own domain's directory searches for its DCs too. */
START_TEST(dcs_found_by_another_process)
{
    const struct tl_lookup_reader reader = {.read = read_own};

    topo->trusts[0].direction = TL_TRUST_OUTBOUND;
    lookup->in.reader = &reader;
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_OK);
    ck_assert_str_eq(asked, "lsa:contoso.test\\alice lsa:sid ");
    dcs_cached = false;
    ck_assert_int_eq(find(false, "CONTOSO\\alice"), TL_REASON_OK);
    ck_assert(dcs_cached);
}
END_TEST

START_TEST(lsa_computer)
{
    open_says = TL_REASON_TRUST_DIRECTION;
    lsa_name = "ws2$";
    ck_assert_int_eq(find(false, "CONTOSO\\ws2$"), TL_REASON_USER_UNKNOWN);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lookup_one_way");
    TCase *tcase = tcase_create("lookup_one_way");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, one_way);
    tcase_add_test(tcase, one_way_upn);
    tcase_add_loop_test(tcase, lsa_answers, 0, COUNT(told));
    tcase_add_test(tcase, lsa_cannot_ask);
    tcase_add_test(tcase, lsa_computer);
    tcase_add_test(tcase, dcs_found_by_another_process);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
