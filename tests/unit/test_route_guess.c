/* SPDX-License-Identifier: MIT
 *
 * test_route_guess.c - names that can be meant in two ways: a UPN whose suffix no trust
 * lists, and a backslash that a shell has eaten.
 */
#include <string.h>
#include <check.h>
#include <trustlogon/route.h>

#include "route_rows.h"

START_TEST(guessed_upn)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_route *r = route(ctx, topology(ctx, E, NULL), &ws1, "alice@corp.example");

    ck_assert_str_eq(r->implicit_upn, "alice@contoso.test");
    ck_assert_ptr_null(r->user_domain);
    ck_assert(!r->domain_named);
    ck_assert_uint_eq(r->ntstatus, TL_NT_LOGON_FAILURE);
    r = route(ctx, topology(ctx, E, NULL), &ws1, "CONTOSO\\alice");
    ck_assert_str_eq(r->implicit_upn, "alice@contoso.test");
    ck_assert_str_eq(r->user_domain, "contoso.test");
    ck_assert_str_eq(r->user_flat, "CONTOSO");
    ck_assert(r->domain_named);
    talloc_free(ctx);
}
END_TEST

/* A guess only for a bare name that begins with a domain's, the longest first. */
START_TEST(backslash_lost)
{
    static const struct {
        const char *typed, *meant;
    } rows_meant[] = {
        {"CONTOSOalice", "CONTOSO\\alice"},
        {"contosoAlice", "CONTOSO\\Alice"},
        {"contoso.testalice", "contoso.test\\alice"},
        {"FABRIKAMbob", "FABRIKAM\\bob"},
        {"CONTOSO", NULL},
        {"alice", NULL},
        {"CONTOSO\\alice", NULL},
        {"CONTOSOalice@contoso.test", NULL},
    };
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo = topology(ctx, E, NULL);

    for (size_t i = 0; i < COUNT(rows_meant); i++) {
        const char *typed = rows_meant[i].typed;
        struct tl_name *name = NULL;
        char *meant;

        ck_assert_int_eq(tl_name_parse(ctx, typed, strlen(typed), &name, NULL), 0);
        meant = tl_name_meant(ctx, name, topo);
        ck_assert_pstr_eq(meant, rows_meant[i].meant);
        ck_assert_ptr_null(tl_name_meant(ctx, name, NULL));
    }
    talloc_free(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("route_guess");
    TCase *table = tcase_create("table");

    tcase_add_test(table, guessed_upn);
    tcase_add_test(table, backslash_lost);
    suite_add_tcase(suite, table);
    return run_suite(suite);
}
