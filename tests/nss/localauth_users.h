/* SPDX-License-Identifier: MIT
 *
 * localauth_users.h - the localauth module, a store and an agent of the test's, and an
 * NSS.
 */
#ifndef TL_TEST_LOCALAUTH_USERS_H
#define TL_TEST_LOCALAUTH_USERS_H

#include <dlfcn.h>
#include <krb5.h>
#include <krb5/localauth_plugin.h>
#include <pwd.h>
#include <stdlib.h>

#include "../unit/fixtures.h"
#include "nss_agent.h"

#define CONTOSO "S-1-5-21-1-2-3-"
#define FABRIKAM "S-1-5-21-4-5-6-"

static struct krb5_localauth_vtable_st table;
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

/* A user in the store. */
static inline void put(const char *name, const char *const *aliases, const char *sid,
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

/* Users with all kinds of names; not all are what they look like. */
static inline void fill(void)
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

static inline void setup(void)
{
    krb5_error_code (*init)(krb5_context, int, int, krb5_plugin_vtable);
    void *lib = dlopen(TEST_LOCALAUTH, RTLD_NOW | RTLD_LOCAL), *symbol;

    open_store_and_socket();
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

static inline void teardown(void)
{
    close_store_and_socket();
}

#endif
