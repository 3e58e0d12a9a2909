/* SPDX-License-Identifier: MIT
 *
 * test_identity_text.c - names, paths and comments of users, and everything a hostile
 * directory may bring in them.
 */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <trustlogon/identity.h>

#include "pac_of_alice.h"

static const struct {
    const char *upn;
    bool constructed, his;
} upns[] = {
    {"alice@corp.example", false, true},
    {"a.liddell@corp.example", false, true},
    {"alice@corp.example", true, false},
    {"alice@other.example", false, false},
    {"bob@contoso.test", false, false},
    {"alice@fabrikam.test", false, false},
    {"root@fabrikam", false, false},
    {"x@sub.contoso.test", false, false},
    {"alice@corp.example:x", false, false},
    {"../x@corp.example", false, false},
    {"alice", false, false},
    {"FABRIKAM\\bob@corp.example", false, false},
};

START_TEST(explicit_upns)
{
    struct tl_identity *a;

    pac->upn = upns[_i].upn;
    pac->upn_constructed = upns[_i].constructed;
    a = alice();
    ck_assert_msg(named(a, upns[_i].upn) == upns[_i].his, "%s", upns[_i].upn);
    ck_assert_uint_eq(a->num_names, 3 + upns[_i].his);
}
END_TEST

static const char *const bad_accounts[] = {
    "", ".", "..", "a/b", "../root", "a:b", "a\nb", "a@b", "a\\b", "\x1b[31m", "\xff",
};

START_TEST(hostile_accounts)
{
    pac->account = bad_accounts[_i];
    refused(TL_REASON_ID_NAME_UNSAFE);
}
END_TEST

START_TEST(hostile_text)
{
    struct tl_identity *a;

    pac->full_name = "Eve:x:0:0\n:/:\x7f";
    ck_assert_str_eq(alice()->gecos, "Eve?x?0?0?\?/?\?");
    pac->full_name = "";
    ck_assert_str_eq(alice()->gecos, "alice");
    pac->full_name = NULL;
    ck_assert_str_eq(alice()->gecos, "alice");
    pac->account = "\xc3\x84gidius"; /* Ägidius */
    ck_assert_int_eq(build("x@CONTOSO.TEST", &a), TL_REASON_OK);
    ck_assert_str_eq(a->home, "/home/contoso.test/\xc3\xa4gidius");
    ck_assert_int_eq(build("x", &a), TL_REASON_ID_NAME_UNSAFE);
    ck_assert_int_eq(build("x@", &a), TL_REASON_ID_NAME_UNSAFE);
    ck_assert_int_eq(build("x@a/b", &a), TL_REASON_ID_NAME_UNSAFE);
    ck_assert_int_eq(build(NULL, &a), TL_REASON_ID_NAME_UNSAFE);
}
END_TEST

static const struct {
    const char *template, *sam, *flat, *want; /* NULL: refused */
} templates[] = {
    {"/home/%D/%u", "alice", "CONTOSO", "/home/contoso.test/alice"},
    {"/home/%d/%u", "alice", "CONTOSO", "/home/contoso/alice"},
    {"/home/%d/%u", "alice", NULL, "/home/contoso.test/alice"},
    {"/h/%n", "alice", "CONTOSO", "/h/alice@contoso.test"},
    {"/h/100%%/%u.%u", "al", "CONTOSO", "/h/100%/al.al"},
    {"/h/.%u", "alice", "CONTOSO", "/h/.alice"},
    {"/h/%u", "..", "CONTOSO", NULL},
    {"/h/.%u", ".", "CONTOSO", NULL},
    {"/h/%u", "a/../../b", "CONTOSO", NULL},
    {"/h/%u", "", "CONTOSO", NULL},
    {"/h/%u", "a:b", "CONTOSO", NULL},
    {"/h/%u", "a\nb", "CONTOSO", NULL},
    {"/h/%d", "a", "X/Y", NULL},
    {"%u", "alice", "CONTOSO", NULL},
    {"", "alice", "CONTOSO", NULL},
    {"/h//%u", "alice", "CONTOSO", NULL},
    {"/h/%u/", "alice", "CONTOSO", NULL},
};

START_TEST(expansion)
{
    struct tli_user_text text = {.sam = templates[_i].sam,
                                 .dns = "contoso.test",
                                 .flat = templates[_i].flat,
                                 .canonical = "alice@contoso.test"};
    const char *fault = NULL;
    char *path = (void *)1;
    int ret = tli_template_expand(ctx, templates[_i].template, &text, &path, &fault);

    if (templates[_i].want == NULL) {
        ck_assert_int_eq(ret, -EINVAL);
        ck_assert_ptr_null(path);
        ck_assert_ptr_nonnull(fault);
        return;
    }
    ck_assert_int_eq(ret, 0);
    ck_assert_str_eq(path, templates[_i].want);
}
END_TEST

START_TEST(long_names)
{
    char *sam = talloc_strndup(ctx, "", 0);

    while (strlen(sam) < 256)
        sam = talloc_asprintf_append(sam, "x");
    pac->account = sam;
    refused(TL_REASON_ID_NAME_UNSAFE); /* one more than a file's name may have */
    ck_assert_ptr_nonnull(strstr(out->detail, "part of the path"));
    set_option(config, "home=/home");
    alice();
    pac->account = talloc_asprintf(ctx, "%sx", sam);
    refused(TL_REASON_ID_NAME_UNSAFE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("identity_text");
    TCase *t = tcase_create("identity");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, explicit_upns, 0, COUNT(upns));
    tcase_add_loop_test(t, hostile_accounts, 0, COUNT(bad_accounts));
    tcase_add_test(t, hostile_text);
    tcase_add_loop_test(t, expansion, 0, COUNT(templates));
    tcase_add_test(t, long_names);
    suite_add_tcase(s, t);
    return run_suite(s);
}
