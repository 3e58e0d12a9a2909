/* SPDX-License-Identifier: MIT
 *
 * test_localauth.c - the localauth module, called by its table, on a store and an agent
 * of the test's.
 */
#include <errno.h>
#include <krb5.h>
#include <krb5/localauth_plugin.h>
#include <stdlib.h>

#include "localauth_users.h"

/* A principal of one component, or of two at "/". */
struct principal {
    krb5_principal_data p;
    krb5_data parts[2];
    char text[12000];
};

static krb5_const_principal principal(const char *name, const char *realm)
{
    static struct principal one;
    char *slash;

    memset(&one, 0, sizeof(one));
    memcpy(one.text, name, strlen(name));
    slash = strchr(one.text, '/');
    one.p.length = slash != NULL ? 2 : 1;
    one.parts[0].data = one.text;
    one.parts[0].length =
        (unsigned)(slash != NULL ? (size_t)(slash - one.text) : strlen(one.text));
    if (slash != NULL) {
        one.parts[1].data = slash + 1;
        one.parts[1].length = (unsigned)strlen(slash + 1);
    }
    one.p.data = one.parts;
    one.p.realm.data = strdup(realm);
    one.p.realm.length = (unsigned)strlen(realm);
    one.p.type = KRB5_NT_PRINCIPAL;
    return &one.p;
}

static const struct {
    const char *principal, *realm, *lname;
    int expect;
} verdicts[] = {
    {"alice", "CONTOSO.TEST", "CONTOSO\\alice", 0},
    {"alice", "CONTOSO.TEST", "contoso.test\\Alice", 0},
    {"alice", "CONTOSO.TEST", "alice@contoso.test", 0},
    {"ALICE", "CONTOSO.TEST", "alice@contoso.test", 0},
    {"\xc3\x9cnal", "CONTOSO.TEST", "\xc3\xbcnal@contoso.test", 0},
    {"\xc3\xbcNAL", "CONTOSO.TEST", "\xc3\xbcnal@contoso.test", 0},
    {"\xcf\x83\xce\xb1\xcf\x82", "CONTOSO.TEST", "\xcf\x83\xce\xb1\xcf\x83@contoso.test",
     0},
    {"\xce\xa3\xce\x91\xce\xa3", "CONTOSO.TEST", "\xcf\x83\xce\xb1\xcf\x83@contoso.test",
     0},
    {"administrator", "CONTOSO.TEST", "administrator@contoso.test", 0},
    {"administrator", "FABRIKAM.TEST", "administrator@fabrikam.test", 0},
    /* others, and the same name of another domain */
    {"alice", "CONTOSO.TEST", "CONTOSO\\bob", EPERM},
    {"administrator", "FABRIKAM.TEST", "administrator@contoso.test", EPERM},
    {"administrator", "CONTOSO.TEST", "administrator@fabrikam.test", EPERM},
    {"alice", "FABRIKAM.TEST", "alice@contoso.test", EPERM},
    /* users of this machine */
    {"alice", "CONTOSO.TEST", "root", EPERM},
    {"root", "FABRIKAM.TEST", "root", EPERM},
    {"administrator", "FABRIKAM.TEST", "administrator", EPERM},
    {"alice", "CONTOSO.TEST", "alice", EPERM},
    {"alice", "CONTOSO.TEST", "", EPERM},
    /* a domain user whose name NSS maps to another user, to root, to no user */
    {"both", "CONTOSO.TEST", "both@contoso.test", EPERM},
    {"crown", "CONTOSO.TEST", "crown@contoso.test", EPERM},
    {"unknown", "CONTOSO.TEST", "unknown@contoso.test", EPERM},
    /* names that are not sam@domain */
    {"eve", "CONTOSO.TEST", "eve@contoso.test", EPERM},
    {"zed", "FABRIKAM.TEST", "eve@contoso.test", EPERM},
    {"\xc3\xabve", "CONTOSO.TEST", "\xc3\xabve@contoso.test", EPERM},
    {"\xc3\x8bve", "CONTOSO.TEST", "zed@contoso.test", EPERM},
    {"\xc3\xabve", "CONTOSO.TEST", "zed@contoso.test", EPERM},
    {"alice", "CORP.EXAMPLE", "alice@contoso.test", EPERM},
    {"alice@corp.example", "CONTOSO.TEST", "alice@contoso.test", EPERM},
    {"alice@contoso.test", "FABRIKAM.TEST", "alice@contoso.test", EPERM},
    {"CONTOSO\\alice", "CONTOSO.TEST", "alice@contoso.test", EPERM},
    {"alice", "CONTOSO", "alice@contoso.test", EPERM},
    {"alice/admin", "CONTOSO.TEST", "alice@contoso.test", EPERM},
    {"host/ws1.fabrikam.test", "CONTOSO.TEST", "alice@contoso.test", EPERM},
    {"ws2$", "CONTOSO.TEST", "ws2$@contoso.test", EPERM},
    {"", "CONTOSO.TEST", "alice@contoso.test", EPERM},
    {"alice", "", "alice@contoso.test", EPERM},
    {"alice\n", "CONTOSO.TEST", "alice@contoso.test", EPERM},
    {"alice", "CONTOSO.TEST\n", "alice@contoso.test", EPERM},
    {"alice", "CONTOSO.TEST", "alice@contoso.test\n", EPERM},
    {"nobody", "CONTOSO.TEST", "nobody@contoso.test", EPERM},
};

START_TEST(who_may_be_whom)
{
    krb5_const_principal p = principal(verdicts[_i].principal, verdicts[_i].realm);
    int got;

    errno = 42;
    got = table.userok(NULL, NULL, p, verdicts[_i].lname);
    ck_assert_int_eq(errno, 42);
    ck_assert_msg(got == verdicts[_i].expect, "%s@%s as %s: %d", verdicts[_i].principal,
                  verdicts[_i].realm, verdicts[_i].lname, got);
    free(p->realm.data);
}
END_TEST

START_TEST(endless_names)
{
    static char endless[10001];
    krb5_const_principal p;

    memset(endless, 'x', sizeof(endless) - 1);
    p = principal(endless, "CONTOSO.TEST");
    ck_assert_int_eq(table.userok(NULL, NULL, p, "alice@contoso.test"), EPERM);
    free(p->realm.data);
    p = principal("alice", endless);
    ck_assert_int_eq(table.userok(NULL, NULL, p, "alice@contoso.test"), EPERM);
    free(p->realm.data);
    p = principal("alice", "CONTOSO.TEST");
    endless[5000] = '@';
    ck_assert_int_eq(table.userok(NULL, NULL, p, endless), EPERM);
    ck_assert_int_eq(table.userok(NULL, NULL, p, NULL), EPERM);
    ck_assert_int_eq(table.userok(NULL, NULL, NULL, "alice@contoso.test"), EPERM);
    free(p->realm.data);
}
END_TEST

/* A component is counted, not terminated: a NUL inside ends no name. */
START_TEST(a_nul_inside)
{
    static char bytes[] = "alice\0x";
    krb5_data part = {KV5M_DATA, sizeof(bytes) - 1, bytes};
    krb5_principal_data p = {.data = &part, .length = 1, .type = KRB5_NT_PRINCIPAL};
    char realm[] = "CONTOSO.TEST";

    p.realm = (krb5_data){KV5M_DATA, sizeof(realm) - 1, realm};
    ck_assert_int_eq(table.userok(NULL, NULL, &p, "alice@contoso.test"), EPERM);
    part.length = 5;
    ck_assert_int_eq(table.userok(NULL, NULL, &p, "alice@contoso.test"), 0);
    p.length = 0;
    ck_assert_int_eq(table.userok(NULL, NULL, &p, "alice@contoso.test"), EPERM);
}
END_TEST

static uint32_t knows_new(const struct tli_wire_msg *request)
{
    if (request->lookup != TL_LOOKUP_USER_NAME ||
        strcasecmp(request->user, "new@contoso.test") != 0)
        return TL_WIRE_NO_SUCH_USER;
    put("new@contoso.test", NULL, CONTOSO "1150", 201150);
    return 0;
}

/* The first session of a user who never logged on here. */
START_TEST(the_agent_is_asked)
{
    krb5_const_principal p = principal("new", "CONTOSO.TEST");

    ck_assert_int_eq(table.userok(NULL, NULL, p, "new@contoso.test"), EPERM);
    start(FAKE_ANSWERS, knows_new);
    ck_assert_int_eq(table.userok(NULL, NULL, p, "new@contoso.test"), 0);
    ck_assert_uint_eq(questions(), 1);
    free(p->realm.data);
}
END_TEST

/* Names without a domain, where one domain has such. */
START_TEST(bare_names)
{
    krb5_const_principal p = principal("bob", "CONTOSO.TEST");
    char *lname = NULL;

    ck_assert_int_eq(table.userok(NULL, NULL, p, "bob"), EPERM);
    ck_assert_int_eq(tli_store_set_bare(store, "contoso.test", true), 0);
    ck_assert_int_eq(table.userok(NULL, NULL, p, "bob"), 0);
    ck_assert_int_eq(table.userok(NULL, NULL, p, "CONTOSO\\bob"), 0);
    /* NSS, as a whole, has another alice; root and administrator are the machine's. */
    ck_assert_int_eq(table.userok(NULL, NULL, p, "alice"), EPERM);
    ck_assert_int_eq(table.userok(NULL, NULL, p, "root"), EPERM);
    ck_assert_int_eq(table.userok(NULL, NULL, p, "administrator"), EPERM);
    ck_assert_int_eq(table.an2ln(NULL, NULL, NULL, NULL, p, &lname), 0);
    ck_assert_str_eq(lname, "bob");
    table.free_string(NULL, NULL, lname);
    write_text(TEST_PASSWD, "bob:x:1004:1004::/:\n");
    ck_assert_int_eq(table.userok(NULL, NULL, p, "bob"), EPERM);
    ck_assert_int_eq(table.an2ln(NULL, NULL, NULL, NULL, p, &lname), 0);
    ck_assert_str_eq(lname, "bob@contoso.test");
    table.free_string(NULL, NULL, lname);
    unlink(TEST_PASSWD);
    free(p->realm.data);
    p = principal("alice", "CONTOSO.TEST");
    ck_assert_int_eq(table.userok(NULL, NULL, p, "alice"), EPERM);
    ck_assert_int_eq(table.userok(NULL, NULL, p, "bob"), EPERM);
    free(p->realm.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("localauth");
    TCase *tcase = tcase_create("module");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, who_may_be_whom, 0, COUNT(verdicts));
    tcase_add_test(tcase, endless_names);
    tcase_add_test(tcase, a_nul_inside);
    tcase_add_test(tcase, the_agent_is_asked);
    tcase_add_test(tcase, bare_names);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
