/* SPDX-License-Identifier: MIT
 *
 * test_pac_name_check.c - which account of which domain may answer to the name that was
 * typed, over the trusts of forests.h.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <trustlogon/pac_name_check.h>

#include "forests.h"

#define P TL_PRINCIPAL
#define E TL_ENTERPRISE

static const struct row {
    const char *what;
    enum tl_principal_type type;
    const char *principal, *domain; /* the route's */
    const char *client, *account, *upn;
    bool ok;
    bool no_topology;
} rows[] = {
    {"itself", P, "alice", "contoso.test", "alice@CONTOSO.TEST", "alice",
     "alice@contoso.test", true},
    {"itself, no UPN in the PAC", P, "alice", "contoso.test", "alice@CONTOSO.TEST",
     "alice", NULL, true},
    {"letters of other case", P, "ALICE", "contoso.test", "alice@CONTOSO.TEST", "alice",
     NULL, true},
    {"an own suffix besides", P, "alice", "contoso.test", "alice@CONTOSO.TEST", "alice",
     "alice@corp.example", true},
    {"by its UPN", P, "a.smith", "contoso.test", "alice@CONTOSO.TEST", "alice",
     "A.Smith@contoso.test", true},
    {"another user", P, "alice", "contoso.test", "bob@CONTOSO.TEST", "bob",
     "bob@contoso.test", false},
    {"another user's SIDs, asked for by this name", P, "alice", "contoso.test",
     "alice@CONTOSO.TEST", "bob", NULL, false},
    {"the computer of that name", P, "ws1", "fabrikam.test", "WS1$@FABRIKAM.TEST", "WS1$",
     NULL, false},
    {"a namesake of another domain", P, "alice", "contoso.test", "alice@FABRIKAM.TEST",
     "alice", "alice@fabrikam.test", false},
    {"a child domain's user, by UPN", P, "alice", "contoso.test", "as@EU.CONTOSO.TEST",
     "as", "alice@contoso.test", true},
    {"the same, nothing known", P, "alice", "contoso.test", "as@EU.CONTOSO.TEST", "as",
     "alice@contoso.test", false, true},
    {"a name below, which its forest does not list", P, "alice", "contoso.test",
     "as@XX.CONTOSO.TEST", "as", "alice@contoso.test", false},
    {"a listed domain, disabled by its SID", P, "alice", "contoso.test",
     "as@OFF.CONTOSO.TEST", "as", "alice@contoso.test", false},
    {"one with a conflict", P, "alice", "contoso.test", "as@CLASH.CONTOSO.TEST", "as",
     "alice@contoso.test", false},
    {"one below it", P, "alice", "contoso.test", "as@SUB.CLASH.CONTOSO.TEST", "as",
     "alice@contoso.test", false},
    {"one that is excluded", P, "alice", "contoso.test", "as@OUT.CONTOSO.TEST", "as",
     "alice@contoso.test", false},
    {"by name below ours, in a forest of its own", P, "carol", "fabrikam.test",
     "mallory@DMZ.FABRIKAM.TEST", "mallory", "carol@fabrikam.test", false},
    {"the same the other way round", P, "mallory", "dmz.fabrikam.test",
     "carol@FABRIKAM.TEST", "carol", "mallory@dmz.fabrikam.test", false},
    {"by its own name", P, "mallory", "dmz.fabrikam.test", "mallory@DMZ.FABRIKAM.TEST",
     "mallory", "carol@fabrikam.test", true},
    {"a domain that another forest lists, too", P, "mallory", "dmz.fabrikam.test",
     "alice@CONTOSO.TEST", "alice", "mallory@dmz.fabrikam.test", false},
    {"a domain that two forests list", P, "erin", "both.example", "alice@CONTOSO.TEST",
     "alice", "erin@both.example", false},
    {"a forest without a table, below its name", P, "erin", "plain.example",
     "x@EU.PLAIN.EXAMPLE", "x", "erin@plain.example", true},
    {"a forest whose users do not come", P, "erin", "inbound.test", "x@EU.INBOUND.TEST",
     "x", "erin@inbound.test", false},
    {"a child domain's namesake", P, "alice", "contoso.test", "alice@EU.CONTOSO.TEST",
     "alice", "alice@eu.contoso.test", false},
    {"another tree of the forest", P, "alice", "contoso.test", "as@EMEA.EXAMPLE", "as",
     "alice@contoso.test", true},
    {"the same, nothing known", P, "alice", "contoso.test", "as@EMEA.EXAMPLE", "as",
     "alice@contoso.test", false, true},
    {"a strange domain's claim", P, "alice", "contoso.test", "mallory@EVIL.TEST",
     "mallory", "alice@contoso.test", false},
    {"own forest", P, "carol", "eu.fabrikam.test", "carol@FABRIKAM.TEST", "c",
     "carol@eu.fabrikam.test", true},
    {"suffix", E, "alice@corp.example", "fabrikam.test", "as@CONTOSO.TEST", "as",
     "Alice@Corp.Example", true},
    {"suffix, claimed by another domain", E, "alice@corp.example", "fabrikam.test",
     "mallory@EVIL.TEST", "mallory", "alice@corp.example", false},
    {"suffix, routing not known", E, "alice@corp.example", "fabrikam.test",
     "as@CONTOSO.TEST", "as", "alice@corp.example", false, true},
    {"suffix, known to our own KDC", E, "carol@any.example", "fabrikam.test",
     "carol@FABRIKAM.TEST", "carol", "carol@any.example", true, true},
    {"suffix of the own forest", E, "carol@any.example", "fabrikam.test",
     "carol@EU.FABRIKAM.TEST", "carol", "carol@any.example", true},
    {"a trusted domain's name as a suffix, of our forest", E, "alice@contoso.test",
     "fabrikam.test", "carol@EU.FABRIKAM.TEST", "carol", "alice@contoso.test", false},
    {"a suffix of a forest, from its domain that is disabled", E, "alice@corp.example",
     "fabrikam.test", "as@OFF.CONTOSO.TEST", "as", "alice@corp.example", false},
    {"suffix without a route", E, "alice@any.example", "fabrikam.test", "as@CONTOSO.TEST",
     "as", "alice@any.example", false},
    {"suffix that is disabled", E, "alice@off.example", "fabrikam.test",
     "as@CONTOSO.TEST", "as", "alice@off.example", false},
    {"suffix, another user", E, "alice@corp.example", "fabrikam.test", "bob@CONTOSO.TEST",
     "bob", "bob@corp.example", false},
    {"suffix, no UPN in the PAC", E, "alice@corp.example", "fabrikam.test",
     "bob@CONTOSO.TEST", "alice", NULL, false},
    {"a domain that was not known as one", E, "alice@contoso.test", "fabrikam.test",
     "alice@CONTOSO.TEST", "alice", "alice@corp.example", true, true},
    {"the same, another user", E, "alice@contoso.test", "fabrikam.test",
     "bob@CONTOSO.TEST", "bob", "bob@corp.example", false, true},
    {"no realm", P, "alice", "contoso.test", "alice", "alice", NULL, false},
};

START_TEST(test_row)
{
    const struct row *row = &rows[_i];
    const struct tl_route route = {
        .type = row->type, .principal = row->principal, .domain = row->domain};
    struct tl_pac pac = {.account = row->account, .upn = row->upn};
    char name[64] = "";
    struct tl_outcome *out = tl_outcome_new(NULL);
    enum tl_reason reason;

    strncpy(name, row->client, strcspn(row->client, "@"));
    pac.client_name = name;
    reason = tl_pac_check_name(&pac, row->no_topology ? NULL : &forests, &route,
                               row->client, out);
    ck_assert_msg((reason == TL_REASON_OK) == row->ok, "%s: %s", row->what,
                  tl_reason_info(reason)->slug);
    ck_assert_int_eq(out->reason, reason);
    if (!row->ok)
        ck_assert_int_eq(reason, TL_REASON_REPLY_MISMATCH);
    talloc_free(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pac_name_check");
    TCase *tc = tcase_create("pac_name_check");

    tcase_add_loop_test(tc, test_row, 0, COUNT(rows));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
