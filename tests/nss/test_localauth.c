/* SPDX-License-Identifier: MIT
 *
 * test_localauth.c - the localauth module: called by its table, and through libkrb5 with
 * the drop-in that is installed, on a store and an agent of the test's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <krb5.h>
#include <krb5/localauth_plugin.h>
#include <pwd.h>
#include <stdlib.h>

#include "../unit/fake_agent.h"
#include "../unit/run_suite.h"
#include "store/writer.h"

#define CONTOSO "S-1-5-21-1-2-3-"
#define FABRIKAM "S-1-5-21-4-5-6-"

static const struct tli_store_range range = {200000, 399999};
static struct tli_store *store;
static struct krb5_localauth_vtable_st table;
static struct fake_agent agent;
static const struct tli_store_life life = {UINT32_MAX, UINT32_MAX};

/* The whole of NSS, as libc would ask it: domain users, but one name that is also in
 * /etc/passwd with another uid, one that is root's, and one that NSS does not know. */
static const struct {
    const char *name;
    uid_t uid;
} known[] = {
    {"CONTOSO\\alice", 201105},
    {"contoso.test\\Alice", 201105},
    {"alice@contoso.test", 201105},
    {"CONTOSO\\bob", 201106},
    {"administrator@contoso.test", 200500},
    {"administrator@fabrikam.test", 300500},
    {"\xc3\xbcnal@contoso.test", 201109},
    {"both@contoso.test", 1001},
    {"crown@contoso.test", 0},
    {"eve@contoso.test", 201110},
    {"\xc3\xabve@contoso.test", 201110},
    {"\xcf\x83\xce\xb1\xcf\x83@contoso.test", 201113},
    {"new@contoso.test", 201150},
    {"administrator", 1002},
    {"bob", 201106},
    {"root", 0},
    {"alice", 1003},
};

__attribute__((visibility("default"))) int getpwnam_r(const char *name, struct passwd *pw,
                                                      char *buffer, size_t size,
                                                      struct passwd **result)
{
    *result = NULL;
    for (size_t i = 0; i < COUNT(known); i++) {
        if (strcmp(known[i].name, name) != 0)
            continue;
        memset(pw, 0, sizeof(*pw));
        pw->pw_uid = known[i].uid;
        *result = pw;
    }
    return 0;
}

static void put(const char *name, const char *const *aliases, const char *sid,
                uint32_t uid)
{
    struct tli_store_user user = {.name = name,
                                  .aliases = aliases,
                                  .sid = sid,
                                  .uid = uid,
                                  .gid = 200513,
                                  .home = "/home/x",
                                  .shell = "/bin/sh",
                                  .life = life};

    if (tli_store_put_user(store, &user) != 0)
        abort();
}

static void fill(void)
{
    const char *alice[] = {"CONTOSO\\alice", "contoso.test\\alice", "alice@corp.example",
                           NULL};
    const char *bob[] = {"CONTOSO\\bob", "contoso.test\\bob", NULL};
    const char *zed[] = {"eve@contoso.test", "zed@fabrikam.test",
                         "\xc3\xabve@contoso.test", NULL};
    const char *sigma[] = {"\xcf\x83\xce\xb1\xcf\x82@contoso.test",
                           "\xce\xa3\xce\x91\xce\xa3@contoso.test", NULL};
    const char *unal[] = {"\xc3\x9cnal@contoso.test", NULL};

    put("alice@contoso.test", alice, CONTOSO "1105", 201105);
    put("bob@contoso.test", bob, CONTOSO "1106", 201106);
    put("administrator@contoso.test", NULL, CONTOSO "500", 200500);
    put("administrator@fabrikam.test", NULL, FABRIKAM "500", 300500);
    put("both@contoso.test", NULL, CONTOSO "1107", 201107);
    put("crown@contoso.test", NULL, CONTOSO "1108", 201108);
    put("unknown@contoso.test", NULL, CONTOSO "1111", 201111);
    put("ws2$@contoso.test", NULL, CONTOSO "1112", 201112);
    put("\xc3\xbcnal@contoso.test", unal, CONTOSO "1109", 201109);
    /* An explicit UPN that looks like the own name of another user: the store's writer
     * refuses it, and the module would not accept it. */
    put("zed@contoso.test", zed, CONTOSO "1110", 201110);
    put("\xcf\x83\xce\xb1\xcf\x83@contoso.test", sigma, CONTOSO "1113", 201113);
}

static void setup(void)
{
    krb5_error_code (*init)(krb5_context, int, int, krb5_plugin_vtable);
    void *lib = dlopen(TEST_LOCALAUTH, RTLD_NOW | RTLD_LOCAL), *symbol;

    unlink(TEST_STORE);
    unlink(TEST_SOCKET);
    agent.pid = 0;
    ck_assert_int_eq(tli_store_open(NULL, TEST_STORE, &range, 1, &store), 0);
    fill();
    ck_assert_ptr_nonnull(lib);
    symbol = dlsym(lib, "localauth_trustlogon_initvt");
    ck_assert_ptr_nonnull(symbol);
    memcpy(&init, &symbol, sizeof(init));
    memset(&table, 0, sizeof(table));
    ck_assert_int_eq(init(NULL, 2, 1, (krb5_plugin_vtable)(void *)&table),
                     KRB5_PLUGIN_VER_NOTSUPP);
    ck_assert_ptr_null(table.name);
    ck_assert_int_eq(init(NULL, 1, 1, (krb5_plugin_vtable)(void *)&table), 0);
    ck_assert_str_eq(table.name, "trustlogon");
}

static void teardown(void)
{
    fake_agent_stop(&agent);
    talloc_free(store);
    unlink(TEST_STORE);
    unlink(TEST_STORE ".lock");
    unlink(TEST_SOCKET);
}

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
    agent = (struct fake_agent){
        .path = TEST_SOCKET, .behaviour = FAKE_ANSWERS, .answer = knows_new};
    fake_agent_start(&agent);
    ck_assert_int_eq(table.userok(NULL, NULL, p, "new@contoso.test"), 0);
    ck_assert_uint_eq(atomic_load(agent.questions), 1);
    free(p->realm.data);
}
END_TEST

/* Names without a domain, where one domain has such. */
START_TEST(bare_names)
{
    krb5_const_principal p = principal("bob", "CONTOSO.TEST");
    char *lname = NULL;
    FILE *file;

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
    file = fopen(TEST_PASSWD, "w");
    fputs("bob:x:1004:1004::/:\n", file);
    fclose(file);
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

static const struct {
    const char *principal, *lname;
} local_names[] = {
    {"alice@CONTOSO.TEST", "alice@contoso.test"},
    {"Administrator@FABRIKAM.TEST", "administrator@fabrikam.test"},
    {"root@FABRIKAM.TEST", NULL},
    {"eve@CONTOSO.TEST", NULL},
    {"alice/admin@CONTOSO.TEST", NULL},
    {"ws2$@CONTOSO.TEST", NULL},
    {"\xc3\xabve@CONTOSO.TEST", NULL},
    {"\xc3\x9cnal@CONTOSO.TEST", "\xc3\xbcnal@contoso.test"},
};

/* A default realm whose principals libkrb5 itself would map by name. */
static krb5_context make_context(const char *more)
{
    char conf[] = "/tmp/trustlogon-krb5.XXXXXX";
    int fd = mkstemp(conf);
    krb5_context context;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_gt(dprintf(fd,
                             "[libdefaults]\n default_realm = FABRIKAM.TEST\n"
                             "[plugins]\n localauth = {\n module = trustlogon:%s\n"
                             "%s }\n",
                             TEST_LOCALAUTH, more),
                     0);
    close(fd);
    ck_assert_int_eq(setenv("KRB5_CONFIG", conf, 1), 0);
    ck_assert_int_eq(krb5_init_context(&context), 0);
    unlink(conf);
    return context;
}

START_TEST(through_libkrb5)
{
    krb5_context context = make_context("  enable_only = trustlogon\n");
    krb5_principal p;
    char name[300];

    for (size_t i = 0; i < COUNT(local_names); i++) {
        int got;

        ck_assert_int_eq(krb5_parse_name(context, local_names[i].principal, &p), 0);
        got = krb5_aname_to_localname(context, p, sizeof(name), name);
        ck_assert_int_eq(got, local_names[i].lname != NULL ? 0 : KRB5_LNAME_NOTRANS);
        if (local_names[i].lname != NULL)
            ck_assert_str_eq(name, local_names[i].lname);
        krb5_free_principal(context, p);
    }
    ck_assert_int_eq(krb5_parse_name(context, "administrator@FABRIKAM.TEST", &p), 0);
    ck_assert(krb5_kuserok(context, p, "administrator@fabrikam.test"));
    ck_assert(!krb5_kuserok(context, p, "administrator"));
    ck_assert(!krb5_kuserok(context, p, "root"));
    krb5_free_principal(context, p);
    krb5_free_context(context);
}
END_TEST

/* Where libkrb5's own mappings were left on, and one of them says yes. */
START_TEST(beside_other_mappings)
{
    static const char *const settings[] = {"", "  disable = trustlogon\n"};

    for (size_t i = 0; i < COUNT(settings); i++) {
        krb5_context context = make_context(settings[i]);
        krb5_principal p;

        ck_assert_int_eq(krb5_parse_name(context, "administrator@FABRIKAM.TEST", &p), 0);
        ck_assert(krb5_kuserok(context, p, "administrator") == (i == 1));
        krb5_free_principal(context, p);
        krb5_free_context(context);
    }
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
    tcase_add_test(tcase, through_libkrb5);
    tcase_add_test(tcase, beside_other_mappings);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
