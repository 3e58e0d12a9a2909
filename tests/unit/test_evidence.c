/* SPDX-License-Identifier: MIT
 *
 * test_evidence.c - causes by table: facts, how the logon ended, and the cause.
 */
#include <string.h>
#include <check.h>
#include <trustlogon/evidence.h>

#include "fixtures.h"

#define WSDOMAIN "FABRIKAM.TEST"
#define USERDOMAIN "CONTOSO.TEST"
#define ROWS(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

/* "spn-ours=no@own clock-here=yes@here user-replicated=no@user:pwdLastSet" */
static struct tl_facts *facts_of(TALLOC_CTX *ctx, const char *text)
{
    struct tl_facts *facts = tl_facts_new(ctx);
    char *copy = talloc_strdup(ctx, text), *rest = NULL;

    for (char *word = strtok_r(copy, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        char *is = strchr(word, '='), *at = strchr(word, '@'), *about = strchr(word, ':');
        struct tl_fact fact = {.object = "the object", .attribute = "found"};

        ck_assert(is != NULL && at != NULL);
        *is = *at = '\0';
        if (about != NULL) {
            *about = '\0';
            fact.attribute = about + 1;
            for (char *c = about + 1; *c != '\0'; c++)
                *c = *c == '_' ? ' ' : *c;
        }
        while (strcmp(tl_fact_info(fact.kind)->slug, word) != 0)
            ck_assert_msg(++fact.kind < TL_FACT_COUNT, "no fact is called %s", word);
        fact.holds = strcmp(is + 1, "yes") == 0;
        fact.place = strcmp(at + 1, "own") == 0    ? TL_PLACE_OWN
                     : strcmp(at + 1, "user") == 0 ? TL_PLACE_USER
                                                   : TL_PLACE_HERE;
        tl_facts_add(facts, &fact);
    }
    return facts;
}

/* The KDC of a realm returned `krb_error`, or, without one, this machine found
 * `reason`. */
static const struct row {
    const char *what, *facts, *realm;
    int32_t krb_error;
    enum tl_reason reason, wanted;
} rows[] = {
    {"nothing was seen", "", WSDOMAIN, 7, TL_REASON_WALK_UNKNOWN, TL_REASON_OK},
    {"all is well", "machine-exists=yes@own spn-ours=yes@own", WSDOMAIN, 7,
     TL_REASON_WALK_UNKNOWN, TL_REASON_OK},
    {"the account is gone", "machine-exists=no@own", WSDOMAIN, 7, TL_REASON_WALK_UNKNOWN,
     TL_REASON_MACHINE_MISSING},
    {"the account is gone, and its name with it",
     "machine-exists=no@own spn-exists=no@own", WSDOMAIN, 7, TL_REASON_WALK_UNKNOWN,
     TL_REASON_MACHINE_MISSING},
    {"it is gone, and the other KDC refused", "machine-exists=no@own", USERDOMAIN, 7,
     TL_REASON_WALK_UNKNOWN, TL_REASON_OK},
    {"it is gone, and the password was wrong", "machine-exists=no@own", USERDOMAIN,
     TL_KRB_NONE, TL_REASON_WRONG_PASSWORD, TL_REASON_OK},
    {"it is gone, and so the directory is closed", "machine-exists=no@own", WSDOMAIN,
     TL_KRB_NONE, TL_REASON_MACHINE_ACCOUNT, TL_REASON_MACHINE_MISSING},
    {"it is gone, but its name is its own", "machine-exists=no@own spn-ours=yes@own",
     WSDOMAIN, 7, TL_REASON_WALK_UNKNOWN, TL_REASON_OK},
    {"disabled", "machine-exists=yes@own machine-enabled=no@own", WSDOMAIN, 7,
     TL_REASON_WALK_UNKNOWN, TL_REASON_MACHINE_DISABLED},
    {"disabled and nameless: the account is met first",
     "machine-enabled=no@own spn-exists=no@own", WSDOMAIN, 7, TL_REASON_WALK_UNKNOWN,
     TL_REASON_MACHINE_DISABLED},
    {"nobody has the name", "machine-exists=yes@own spn-exists=no@own", WSDOMAIN, 7,
     TL_REASON_WALK_UNKNOWN, TL_REASON_SPN_MISSING},
    {"two have it", "spn-exists=yes@own spn-single=no@own", WSDOMAIN, 7,
     TL_REASON_WALK_UNKNOWN, TL_REASON_SPN_DUPLICATE},
    {"two have it, which no key shows", "spn-exists=yes@own spn-single=no@own", WSDOMAIN,
     TL_KRB_NONE, TL_REASON_KEYTAB_STALE, TL_REASON_OK},
    {"another has it: no common encryption type",
     "spn-exists=yes@own spn-single=yes@own spn-ours=no@own", WSDOMAIN, 14,
     TL_REASON_ETYPE_UNSUPPORTED, TL_REASON_SPN_ELSEWHERE},
    {"another has it: its key is not in the keytab", "spn-ours=no@own", WSDOMAIN,
     TL_KRB_NONE, TL_REASON_KEYTAB_WRONG, TL_REASON_SPN_ELSEWHERE},
    {"the keytab is stale, and the name its own", "spn-ours=yes@own", WSDOMAIN,
     TL_KRB_NONE, TL_REASON_KEYTAB_STALE, TL_REASON_OK},
    {"the partner's name is misspelt", "tdo-name=no@own", USERDOMAIN, TL_KRB_NONE,
     TL_REASON_DNS_NO_RECORDS, TL_REASON_TRUST_PARTNER},
    {"it is misspelt, and was not looked for", "tdo-name=no@own", USERDOMAIN, TL_KRB_NONE,
     TL_REASON_WRONG_PASSWORD, TL_REASON_OK},
    {"it is right, and DNS has no records", "tdo-name=yes@own", USERDOMAIN, TL_KRB_NONE,
     TL_REASON_DNS_NO_RECORDS, TL_REASON_OK},
    {"the directory that would tell is closed", "ldap-open=no@user", USERDOMAIN, 7,
     TL_REASON_WALK_UNKNOWN, TL_REASON_TRUST_UNREADABLE},
    {"that of the side that refused is open", "ldap-open=no@own ldap-open=yes@user",
     USERDOMAIN, 7, TL_REASON_WALK_UNKNOWN, TL_REASON_OK},
    {"the own side refused, and its directory is closed", "ldap-open=no@own", WSDOMAIN,
     TL_KRB_NOT_US, TL_REASON_TRUST_REFUSED, TL_REASON_TRUST_UNREADABLE},
    {"closed, and yet what is wrong was seen", "ldap-open=no@own machine-exists=no@own",
     WSDOMAIN, 7, TL_REASON_WALK_UNKNOWN, TL_REASON_MACHINE_MISSING},
    {"one DC's clock", "clock-here=yes@here clock-dc=no@user", USERDOMAIN, TL_KRB_NONE,
     TL_REASON_CLOCK_SKEW, TL_REASON_CLOCK_DC},
    {"this clock, and that of a DC", "clock-here=no@here clock-dc=no@user", USERDOMAIN,
     TL_KRB_NONE, TL_REASON_CLOCK_SKEW, TL_REASON_CLOCK_MACHINE},
    {"a name server is silent", "name-server-answers=no@here", USERDOMAIN, TL_KRB_NONE,
     TL_REASON_DNS_NO_ANSWER, TL_REASON_NAME_SERVER_SILENT},
    {"the DC is down, and the name server asks it",
     "dc-answers=no@user name-server-serves=no@user", USERDOMAIN, TL_KRB_NONE,
     TL_REASON_DNS_NO_ANSWER, TL_REASON_DC_DOWN},
    {"the DC is well, and the name server fails",
     "dc-answers=yes@user name-server-serves=no@user", USERDOMAIN, TL_KRB_NONE,
     TL_REASON_DNS_NO_ANSWER, TL_REASON_NAME_SERVER_FAILS},
    {"the DC is down, and it is the name server",
     "dc-answers=no@own name-server-answers=no@here", WSDOMAIN, TL_KRB_NONE,
     TL_REASON_DNS_NO_ANSWER, TL_REASON_NAME_SERVER_SILENT},
    {"a DC is down, and another domain is not found", "dc-answers=no@own", USERDOMAIN,
     TL_KRB_NONE, TL_REASON_NO_LOGON_SERVERS, TL_REASON_OK},
    {"none is listed, and the one asked instead is silent",
     "name-server-answers=no@here name-server-listed=no@here", USERDOMAIN, TL_KRB_NONE,
     TL_REASON_DNS_NO_ANSWER, TL_REASON_NAME_SERVER_UNREADABLE},
    {"one is silent, and the logon failed later", "name-server-answers=no@here", WSDOMAIN,
     7, TL_REASON_WALK_UNKNOWN, TL_REASON_OK},
    {"the keytab is another realm's", "keytab-realm=no@here", WSDOMAIN, TL_KRB_NONE,
     TL_REASON_DNS_NO_RECORDS, TL_REASON_KEYTAB_REALM},
    {"it is, and the user's domain is not found", "keytab-realm=no@here", USERDOMAIN,
     TL_KRB_NONE, TL_REASON_DNS_NO_RECORDS, TL_REASON_OK},
    {"the account has another userPrincipalName", "user-upn=no@user", USERDOMAIN,
     TL_KRB_NONE, TL_REASON_USER_UNKNOWN, TL_REASON_USER_UPN},
    {"it has, and its password was wrong", "user-upn=no@user", USERDOMAIN, TL_KRB_NONE,
     TL_REASON_WRONG_PASSWORD, TL_REASON_OK},
    {"the account takes cards only", "user-flags=no@user", USERDOMAIN, TL_KRB_NONE,
     TL_REASON_WRONG_PASSWORD, TL_REASON_USER_FLAGS},
    {"two accounts have the name", "user-upn-single=no@user user-upn=no@user", USERDOMAIN,
     TL_KRB_NONE, TL_REASON_USER_UNKNOWN, TL_REASON_USER_UPN_TWICE},
    {"two have it, and the password was wrong", "user-upn-single=no@user", USERDOMAIN,
     TL_KRB_NONE, TL_REASON_WRONG_PASSWORD, TL_REASON_OK},
    {"the KDC rejects the machine's key", "machine-key=no@own", WSDOMAIN, TL_KRB_NONE,
     TL_REASON_ETYPE_UNSUPPORTED, TL_REASON_MACHINE_KEY},
    {"it does, and a flag that could be read says why",
     "machine-key=no@own machine-flags=no@own", WSDOMAIN, TL_KRB_NONE,
     TL_REASON_ETYPE_UNSUPPORTED, TL_REASON_MACHINE_FLAGS},
    {"it does, and the user's KDC has no type in common", "machine-key=no@own",
     USERDOMAIN, TL_KRB_NONE, TL_REASON_ETYPE_UNSUPPORTED, TL_REASON_OK},
    {"the ticket says more than that the key is rejected", "machine-key=no@own", WSDOMAIN,
     TL_KRB_NONE, TL_REASON_KEYTAB_STALE, TL_REASON_OK},
    {"a flag takes the machine's keys", "machine-exists=yes@own machine-flags=no@own",
     WSDOMAIN, 14, TL_REASON_ETYPE_UNSUPPORTED, TL_REASON_MACHINE_FLAGS},
    {"disabled at one DC", "user-replicated=no@user:userAccountControl", USERDOMAIN,
     TL_KRB_NONE, TL_REASON_ACCOUNT_DISABLED, TL_REASON_REPLICATION},
    {"disabled at one DC, and the password was wrong for another reason",
     "user-replicated=no@user:lockoutTime", USERDOMAIN, TL_KRB_NONE,
     TL_REASON_WRONG_PASSWORD, TL_REASON_OK},
    {"the password of yesterday", "user-replicated=no@user:pwdLastSet", USERDOMAIN,
     TL_KRB_NONE, TL_REASON_WRONG_PASSWORD, TL_REASON_REPLICATION},
    {"all DCs have the same", "user-replicated=yes@user user-flags=no@user", USERDOMAIN,
     TL_KRB_NONE, TL_REASON_WRONG_PASSWORD, TL_REASON_USER_FLAGS},
    {"the machine is unknown to one DC",
     "machine-exists=no@own machine-replicated=no@own:no_object_at_dc1", WSDOMAIN, 7,
     TL_REASON_WALK_UNKNOWN, TL_REASON_REPLICATION},
    {"the machine is disabled at one DC",
     "machine-enabled=no@own machine-replicated=no@own:userAccountControl", WSDOMAIN, 7,
     TL_REASON_WALK_UNKNOWN, TL_REASON_REPLICATION},
    {"its key is older at one DC, and the ticket was made with it",
     "machine-replicated=no@own:msDS-KeyVersionNumber", WSDOMAIN, TL_KRB_NONE,
     TL_REASON_KEYTAB_WRONG, TL_REASON_REPLICATION},
    {"one DC's trust is broken", "trust-replicated=no@user:trustType", USERDOMAIN, 7,
     TL_REASON_TRUST_DOWNLEVEL, TL_REASON_REPLICATION},
    {"it is, and the other side refused", "trust-replicated=no@user:trustType", WSDOMAIN,
     TL_KRB_NOT_US, TL_REASON_TRUST_REFUSED, TL_REASON_OK},
    {"one DC's clock, and another failure", "clock-here=yes@here clock-dc=no@user",
     USERDOMAIN, 7, TL_REASON_WALK_UNKNOWN, TL_REASON_OK},
};

START_TEST(causes)
{
    const struct row *row = &rows[_i];
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tl_facts *facts = facts_of(mem, row->facts);
    struct tl_outcome *out = tl_outcome_new(mem);
    struct tl_conclusion found;

    tl_outcome_fail(out, row->krb_error != TL_KRB_NONE ? TL_STAGE_WALK : TL_STAGE_PROOF,
                    row->reason, NULL);
    out->krb_error = row->krb_error;
    tl_outcome_set_realm(out, row->realm);
    found = tl_evidence_judge(facts, out, WSDOMAIN, USERDOMAIN);
    ck_assert_msg(found.reason == row->wanted, "%s: %s", row->what,
                  tl_reason_info(found.reason)->slug);
    ck_assert_msg((found.fact != NULL) == (row->wanted != TL_REASON_OK), "%s", row->what);
    /* The order in which facts were seen changes nothing. */
    for (size_t i = 0; i < facts->count / 2; i++) {
        const struct tl_fact first = facts->facts[i];

        facts->facts[i] = facts->facts[facts->count - 1 - i];
        facts->facts[facts->count - 1 - i] = first;
    }
    found = tl_evidence_judge(facts, out, WSDOMAIN, USERDOMAIN);
    ck_assert_msg(found.reason == row->wanted, "%s, reversed", row->what);
    talloc_free(mem);
}
END_TEST

START_TEST(refined)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tl_outcome *out = tl_outcome_new(mem);
    struct tl_facts *facts = tl_facts_new(mem);
    const struct tl_fact fact = {.kind = TL_FACT_SPN_OURS,
                                 .place = TL_PLACE_OWN,
                                 .object = "host/ws1.fabrikam.test",
                                 .attribute = "CN=walter",
                                 .wanted = "WS1$"};

    tl_outcome_fail_krb(out, TL_STAGE_WALK, 7, 0, "said so");
    tl_outcome_set_realm(out, WSDOMAIN);
    ck_assert(!tl_evidence_refine(facts, out, WSDOMAIN, USERDOMAIN));
    ck_assert_int_eq(out->reason, TL_REASON_WALK_UNKNOWN);
    tl_facts_add(facts, &fact);
    ck_assert(tl_evidence_refine(facts, out, WSDOMAIN, USERDOMAIN));
    ck_assert_int_eq(out->reason, TL_REASON_SPN_ELSEWHERE);
    ck_assert_str_eq(out->subject, "host/ws1.fabrikam.test");
    ck_assert_str_eq(out->attribute, "CN=walter; right is WS1$");
    /* What the user reads is what the KDC's code leads to. */
    ck_assert_uint_eq(out->ntstatus, TL_NT_NO_TRUST_SAM_ACCOUNT);
    ck_assert_int_eq(out->krb_error, 7);
    talloc_free(mem);
}
END_TEST

/* An object is named for its partner when it is made. */
START_TEST(named_for_its_partner)
{
    static const struct {
        const char *dn, *partner;
        int holds; /* -1: the name cannot be told */
    } objects[] = {
        {"CN=contoso.test,CN=System,DC=fabrikam,DC=test", "contoso.test", 1},
        {"cn=CONTOSO.test,CN=System,DC=fabrikam,DC=test", "contoso.test", 1},
        {"CN=contoso.test,CN=System,DC=fabrikam,DC=test", "contso.test", 0},
        {"CN=CONTOSO,CN=System,DC=fabrikam,DC=test", "contoso.test", -1},
        {"CN=a\\,b,CN=System,DC=fabrikam,DC=test", "contoso.test", -1},
        {"CN=contoso.test", "contoso.test", -1},
        {"", "contoso.test", -1},
        {NULL, "contoso.test", -1},
    };

    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        struct tl_facts *facts = tl_facts_new(NULL);
        struct tl_tdo tdo = {.dn = objects[i].dn, .partner = objects[i].partner};

        tl_facts_of_tdo(facts, &tdo);
        ck_assert_msg(tl_facts_hold(facts, TL_FACT_TDO_NAME, TL_PLACE_OWN) ==
                          objects[i].holds,
                      "%s", objects[i].dn);
        talloc_free(facts);
    }
}
END_TEST

/* Whose an object is, its DN shows. */
START_TEST(who)
{
    static const struct {
        enum tl_reason reason;
        const char *subject, *user_domain, *who;
    } rows_of_who[] = {
        {TL_REASON_TRUST_DIRECTION, "CN=fabrikam.test,CN=System,DC=contoso,DC=test",
         USERDOMAIN, "the administrators of contoso.test"},
        {TL_REASON_TRUST_SECRET, "CN=a,DC=x,DC=y; CN=b,DC=z", "contoso.test",
         "the administrators of fabrikam.test and of contoso.test together"},
        {TL_REASON_TRUST_MISSING, "contoso.test in fabrikam.test", NULL,
         "the administrators of fabrikam.test"},
        {TL_REASON_SPN_ELSEWHERE, "host/ws1", "contoso.test",
         "the administrators of fabrikam.test"},
        {TL_REASON_ACCOUNT_DISABLED, NULL, "contoso.test",
         "the administrators of contoso.test"},
        {TL_REASON_REPLICATION, "CN=alice,CN=Users,DC=contoso,DC=test", NULL,
         "the administrators of contoso.test"},
        {TL_REASON_DC_DOWN, "dc1.contoso.test", NULL,
         "the administrators of contoso.test"},
        {TL_REASON_CLOCK_DC, "dc1.contoso.test", NULL,
         "the administrators of contoso.test"},
        {TL_REASON_KEYTAB_STALE, "/etc/krb5.keytab", NULL, "root on this machine"},
        {TL_REASON_PAM_STACK, "login", NULL, "root on this machine"},
        {TL_REASON_WRONG_PASSWORD, NULL, "contoso.test", NULL},
        {TL_REASON_OK, NULL, NULL, NULL},
    };
    TALLOC_CTX *mem = talloc_new(NULL);

    for (size_t i = 0; i < sizeof(rows_of_who) / sizeof(rows_of_who[0]); i++) {
        char *words = tl_who_mends(mem, rows_of_who[i].reason, rows_of_who[i].subject,
                                   "fabrikam.test", rows_of_who[i].user_domain);

        ck_assert_msg((words == NULL) == (rows_of_who[i].who == NULL) &&
                          (words == NULL || strcmp(words, rows_of_who[i].who) == 0),
                      "%zu: %s", i, words != NULL ? words : "");
    }
    talloc_free(mem);
}
END_TEST

/* A success has no cause, and without facts no fault is found. */
START_TEST(nothing)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tl_outcome *out = tl_outcome_new(mem);
    struct tl_facts *facts = facts_of(mem, "machine-exists=no@own");

    ck_assert(!tl_evidence_refine(facts, out, WSDOMAIN, USERDOMAIN));
    tl_outcome_fail_krb(out, TL_STAGE_WALK, 7, 0, NULL);
    ck_assert(!tl_evidence_refine(facts, out, WSDOMAIN, USERDOMAIN)); /* no realm */
    ck_assert(!tl_evidence_refine(NULL, out, NULL, NULL));
    ck_assert_int_eq(tl_facts_hold(NULL, TL_FACT_SPN_OURS, TL_PLACE_OWN), -1);
    tl_facts_add(NULL, &facts->facts[0]);
    ck_assert_ptr_null(tl_fact_info(TL_FACT_COUNT));
    talloc_free(mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("evidence");
    TCase *tc = tcase_create("evidence");

    tcase_add_loop_test(tc, causes, 0, ROWS(rows));
    tcase_add_test(tc, who);
    tcase_add_test(tc, refined);
    tcase_add_test(tc, named_for_its_partner);
    tcase_add_test(tc, nothing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
