/* SPDX-License-Identifier: MIT
 *
 * test_local_pam.c - the files of PAM as people write them, and what `diagnose` makes of
 * them.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "diagnose/local_files.h"
#include "run_suite.h"
#include "talloc_context.h"
#include "wire/wire.h"

/* ---- PAM */

/* Files of a test: name and text, up to NULL. */
static const char *load_pam(void *arg, const char *name)
{
    const char *const *files = arg;

    for (; *files != NULL; files += 2)
        if (strcmp(files[0], name) == 0)
            return files[1];
    return NULL;
}

static struct tli_pam_stack *pam(const char *const *files)
{
    struct tli_pam_stack *stack =
        tli_pam_stack_read(ctx, "sshd", load_pam, (void *)(uintptr_t)files);

    ck_assert_ptr_nonnull(stack);
    return stack;
}

static enum tli_pam_fault pam_line(enum tli_pam_kind kind, const char *text,
                                   const char **culprit)
{
    const char *files[] = {"sshd", text, NULL};
    const struct tli_pam_entry *entry;
    enum tli_pam_fault fault = tli_pam_judge(pam(files), kind, &entry);

    if (culprit != NULL)
        *culprit = entry != NULL ? entry->module : NULL;
    return fault;
}

#define COMMON_AUTH                                                                      \
    "auth [success=2 default=ignore] pam_trustlogon.so\n"                                \
    "auth [success=1 default=ignore] pam_unix.so nullok try_first_pass\n"                \
    "auth requisite pam_deny.so\nauth required pam_permit.so\n"
#define COMMON_ACCOUNT                                                                   \
    "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"             \
    "account requisite pam_deny.so\naccount required pam_permit.so\n"                    \
    "account [success=ok new_authtok_reqd=ok ignore=ignore user_unknown=ignore "         \
    "default=bad] pam_trustlogon.so\n"

/* As docs/setup.md has it, and without us. */
START_TEST(pam_of_debian)
{
    const char *files[] = {"sshd",
                           "@include common-auth\naccount required pam_nologin.so\n"
                           "@include common-account\n",
                           "common-auth",
                           COMMON_AUTH,
                           "common-account",
                           COMMON_ACCOUNT,
                           NULL};
    struct tli_pam_stack *stack = pam(files);
    const struct tli_pam_entry *culprit;

    ck_assert_ptr_null(stack->broken);
    ck_assert_uint_eq(stack->count, 9);
    ck_assert_int_eq(tli_pam_judge(stack, TL_PAM_AUTH, &culprit), TL_PAM_FINE);
    ck_assert_int_eq(tli_pam_judge(stack, TL_PAM_ACCOUNT, &culprit), TL_PAM_FINE);
    ck_assert_int_eq(tli_pam_judge(stack, TL_PAM_SESSION, &culprit), TL_PAM_ABSENT);
}
END_TEST

/* system-auth by substack: a "done" in it ends no more than the substack. */
START_TEST(pam_of_red_hat)
{
    const char *files[] = {
        "sshd",
        "auth substack password-auth\nauth include postlogin\n"
        "account required pam_nologin.so\naccount include password-auth\n",
        "password-auth",
        "auth required pam_env.so\n"
        "auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\n"
        "auth sufficient pam_unix.so try_first_pass\n"
        "auth sufficient pam_trustlogon.so\nauth required pam_deny.so\n"
        "account sufficient pam_localuser.so\n"
        "account sufficient pam_usertype.so issystem\n"
        "account required pam_trustlogon.so\naccount required pam_permit.so\n",
        "postlogin",
        "auth optional pam_umask.so silent\n",
        NULL};
    struct tli_pam_stack *stack = pam(files);
    const struct tli_pam_entry *culprit;

    ck_assert_ptr_null(stack->broken);
    ck_assert_int_eq(tli_pam_judge(stack, TL_PAM_AUTH, &culprit), TL_PAM_FINE);
    ck_assert_int_eq(tli_pam_judge(stack, TL_PAM_ACCOUNT, &culprit), TL_PAM_FINE);
}
END_TEST

START_TEST(pam_faults)
{
    static const struct {
        enum tli_pam_kind kind;
        const char *text;
        enum tli_pam_fault fault;
        const char *culprit;
    } table[] = {
        {TL_PAM_AUTH, "auth required pam_unix.so\n", TL_PAM_ABSENT, NULL},
        {TL_PAM_AUTH, "#auth sufficient pam_trustlogon.so\n", TL_PAM_ABSENT, NULL},
        {TL_PAM_AUTH, "account required pam_trustlogon.so\n", TL_PAM_ABSENT, NULL},
        {TL_PAM_AUTH, "-auth required /lib/security/pam_trustlogon.so debug\n",
         TL_PAM_FINE, NULL},
        {TL_PAM_AUTH, "auth requisite pam_unix.so\nauth sufficient pam_trustlogon.so\n",
         TL_PAM_NOT_REACHED, "pam_unix.so"},
        {TL_PAM_AUTH, "auth required pam_unix.so\nauth sufficient pam_trustlogon.so\n",
         TL_PAM_REFUSED, "pam_unix.so"},
        {TL_PAM_AUTH, "auth required pam_trustlogon.so\nauth required pam_unix.so\n",
         TL_PAM_REFUSED, "pam_unix.so"},
        {TL_PAM_AUTH, "auth optional pam_trustlogon.so\nauth required pam_permit.so\n",
         TL_PAM_OPEN, NULL},
        {TL_PAM_AUTH,
         "auth [success=1 default=ignore] \\\n  pam_trustlogon.so\n"
         "auth requisite pam_deny.so\nauth required pam_permit.so\n",
         TL_PAM_FINE, "pam_deny.so"},
        /* One too many: the jump leads past the end. */
        {TL_PAM_AUTH,
         "auth [success=1 default=ignore] pam_unix.so\n"
         "auth [success=3 default=ignore] pam_trustlogon.so\n"
         "auth requisite pam_deny.so\nauth required pam_permit.so\n",
         TL_PAM_FINE, "pam_deny.so"},
        {TL_PAM_ACCOUNT,
         "account sufficient pam_unix.so\naccount required pam_trustlogon.so\n",
         TL_PAM_NOT_REACHED, "pam_unix.so"},
        {TL_PAM_ACCOUNT,
         "account sufficient pam_trustlogon.so\naccount required pam_unix.so\n",
         TL_PAM_OPEN, NULL},
        {TL_PAM_ACCOUNT,
         "account required pam_trustlogon.so\naccount required pam_unix.so\n",
         TL_PAM_FINE, NULL},
        {TL_PAM_ACCOUNT,
         "account required pam_localuser.so\naccount required pam_trustlogon.so\n",
         TL_PAM_REFUSED, "pam_localuser.so"},
        {TL_PAM_ACCOUNT,
         "account required pam_krb5.so minimum_uid=1000\n"
         "account required pam_trustlogon.so\n",
         TL_PAM_FINE, NULL},
    };

    for (size_t i = 0; i < COUNT(table); i++) {
        const char *culprit;

        ck_assert_msg(pam_line(table[i].kind, table[i].text, &culprit) == table[i].fault,
                      "%s", table[i].text);
        ck_assert_pstr_eq(culprit, table[i].culprit);
    }
}
END_TEST

/* Its users are let in before our module is asked, though the stack otherwise follows our
 * verdict. */
START_TEST(pam_rivals)
{
    static const struct {
        const char *text, *rival;
    } table[] = {
        {"auth sufficient pam_krb5.so\nauth required pam_trustlogon.so\n", "pam_krb5.so"},
        {"auth [success=2] pam_unix.so\nauth sufficient pam_sss.so\n"
         "auth required pam_trustlogon.so\n",
         "pam_sss.so"},
        {"auth required pam_trustlogon.so\nauth sufficient pam_krb5.so\n", NULL},
        {"account required pam_krb5.so\nauth required pam_trustlogon.so\n", NULL},
    };

    for (size_t i = 0; i < COUNT(table); i++) {
        const char *files[] = {"sshd", table[i].text, NULL};

        ck_assert_pstr_eq(tli_pam_rival(pam(files)), table[i].rival);
    }
}
END_TEST

START_TEST(pam_files_that_are_broken)
{
    const char *circle[] = {"sshd", "auth include sshd\nauth required pam_unix.so\n",
                            NULL};
    const char *gone[] = {"sshd", "@include common-auth\nauth required pam_unix.so\n",
                          NULL};
    static const char *const lines[] = {
        "auth\n",         "auth required\n",         "auth [success=ok pam_unix.so\n",
        "auth never x\n", "auth [success] x.so\n",   "auth [success=0] x.so\n",
        "nonsense x y\n", "auth include\n",          "auth [success=many] x.so\n",
        "@include\n",     "auth [default=-5] x.so\n"};

    ck_assert_ptr_nonnull(strstr(pam(circle)->broken, "include each other"));
    ck_assert_ptr_nonnull(strstr(pam(gone)->broken, "common-auth"));
    for (size_t i = 0; i < COUNT(lines); i++) {
        const char *files[] = {"sshd", lines[i], NULL};

        ck_assert_msg(pam(files)->broken != NULL, "%s", lines[i]);
        ck_assert_uint_eq(pam(files)->count, 0);
    }
}
END_TEST

/* A module that is not installed fails with the code that libpam gives it. */
START_TEST(pam_missing_modules)
{
    static const struct {
        const char *text, *missing;
        enum tli_pam_fault fault;
    } rows[] = {
        {"auth required pam_nothing.so\n" COMMON_AUTH, "pam_nothing.so", TL_PAM_REFUSED},
        {"auth optional pam_nothing.so\n" COMMON_AUTH, "pam_nothing.so", TL_PAM_FINE},
        {"auth sufficient pam_nothing.so\n" COMMON_AUTH, "pam_nothing.so", TL_PAM_FINE},
        {"auth [module_unknown=ignore default=die] pam_nothing.so\n" COMMON_AUTH,
         "pam_nothing.so", TL_PAM_FINE},
        {COMMON_AUTH, "pam_trustlogon.so", TL_PAM_REFUSED},
        {COMMON_AUTH, "pam_unix.so", TL_PAM_FINE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *files[] = {"sshd", rows[i].text, NULL};
        struct tli_pam_stack *stack = pam(files);
        const struct tli_pam_entry *culprit;

        for (size_t e = 0; e < stack->count; e++)
            stack->entries[e].missing =
                strcmp(stack->entries[e].module, rows[i].missing) == 0;
        ck_assert_msg(tli_pam_judge(stack, TL_PAM_AUTH, &culprit) == rows[i].fault, "%zu",
                      i);
    }
}
END_TEST

/* Modules whose answer is not known and matters, with the line that each stands in. */
START_TEST(pam_modules_that_decide)
{
    static const struct {
        const char *text, *told; /* "module:line ..." */
    } rows[] = {
        {COMMON_AUTH COMMON_ACCOUNT, ""},
        {"# by hand\naccount required \\\n   pam_access.so nodefgroup\n"
         "account requisite pam_time.so\n" COMMON_ACCOUNT,
         "pam_access.so:2 pam_time.so:4 "},
        {"account optional pam_access.so\n" COMMON_ACCOUNT, ""},
        {"auth requisite pam_nologin.so\nauth required pam_env.so\n" COMMON_AUTH,
         "pam_nologin.so:1 "},
        /* whom it lets in our module is not asked about, whom it refuses, too */
        {"auth sufficient pam_listfile.so\n" COMMON_AUTH, ""},
        {"auth required pam_faillock.so preauth\n" COMMON_AUTH
         "auth [default=die] pam_faillock.so authfail\n",
         "pam_faillock.so:1 "},
        {"auth required pam_succeed_if.so uid >= 1000 quiet\n"
         "auth required pam_succeed_if.so user ingroup staff\n" COMMON_AUTH,
         "pam_succeed_if.so:2 "},
        /* Behind the end of the stack nothing decides. */
        {"auth sufficient pam_trustlogon.so\nauth required pam_deny.so\n"
         "auth required pam_shells.so\n",
         ""},
        {"account required pam_duo.so\n" COMMON_ACCOUNT, "pam_duo.so:1 "},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *files[] = {"sshd", rows[i].text, NULL};
        struct tli_pam_stack *stack = pam(files);
        char *told = talloc_strdup(ctx, "");

        for (size_t e = 0; e < stack->count; e++)
            if (tli_pam_decides(stack, &stack->entries[e]))
                told = talloc_asprintf_append(told, "%s:%d ", stack->entries[e].module,
                                              stack->entries[e].line);
        ck_assert_str_eq(told, rows[i].told);
    }
}
END_TEST

START_TEST(pam_arguments_and_shells)
{
    const char *files[] = {
        "sshd", "auth required pam_nologin.so successok \\\n file=/a/b\n", NULL};
    const struct tli_pam_entry *entry = &pam(files)->entries[0];
    const char *shells = "# /bin/false\n/bin/sh\n/bin/bash";

    ck_assert_str_eq(tli_pam_argument(ctx, entry, "file"), "/a/b");
    ck_assert_ptr_null(tli_pam_argument(ctx, entry, "fil"));
    ck_assert_ptr_null(tli_pam_argument(ctx, entry, "successok"));
    ck_assert(tli_shells_has(shells, "/bin/sh"));
    ck_assert(tli_shells_has(shells, "/bin/bash"));
    ck_assert(!tli_shells_has(shells, "/bin/false"));
    ck_assert(!tli_shells_has(shells, "/bin/s"));
    ck_assert(!tli_shells_has("", "/bin/sh"));
}
END_TEST

static struct tli_pam_line options_of(const char *arguments, int expected)
{
    const char *text =
        talloc_asprintf(ctx,
                        "account required pam_trustlogon.so walk=referral\n"
                        "auth required /usr/lib/security/pam_trustlogon.so %s\n",
                        arguments);
    const char *files[] = {"sshd", text, NULL};
    struct tli_pam_line line;

    ck_assert_int_eq(tli_pam_line_read(ctx, pam(files), &line), expected);
    return line;
}

/* The options of 'auth' that belong to trustlogon.conf, as PAM parts its arguments. */
START_TEST(pam_line_options)
{
    const char *without[] = {"sshd", "auth required pam_unix.so walk=direct\n", NULL};
    struct tli_pam_line line = options_of("", 0);

    ck_assert_uint_eq(line.count, 0);
    ck_assert_ptr_null(line.conf);
    ck_assert_str_eq(line.file, "sshd");
    line = options_of("quiet conf=/etc/x timeout=9 \\\n walk=direct\tminimum_uid=5 "
                      "[allow_users=A\\b, C\\d e]  use_first_pass",
                      0);
    ck_assert_str_eq(line.conf, "/etc/x");
    ck_assert_uint_eq(line.count, 3);
    ck_assert_str_eq(line.options[0], "walk=direct");
    ck_assert_str_eq(line.options[1], "minimum_uid=5");
    ck_assert_str_eq(line.options[2], "allow_users=A\\b, C\\d e");
    /* options of trustlogon.conf that the module does not take, and misspelt ones */
    ck_assert_str_eq(options_of("walk=direct home=/x", -EINVAL).refused, "home=/x");
    ck_assert_str_eq(options_of("wlak=direct", -EINVAL).refused, "wlak=direct");
    ck_assert_str_eq(options_of("walk2", -EINVAL).refused, "walk2");
    ck_assert_str_eq(options_of("quiet=yes", -EINVAL).refused, "quiet=yes");
    ck_assert_str_eq(options_of("canonical_user=1", -EINVAL).refused, "canonical_user=1");
    ck_assert_str_eq(options_of("timeout=x", -EINVAL).refused, "timeout=x");
    ck_assert_str_eq(options_of("minimum_uid", -EINVAL).refused, "minimum_uid");
    ck_assert_str_eq(options_of("conf=x", -EINVAL).refused, "conf=x");
    ck_assert_str_eq(options_of("timeout=0", -EINVAL).wrong,
                     "option value must be 1 to 3600");
    ck_assert_str_eq(options_of("timeout=3601", -EINVAL).refused, "timeout=3601");
    ck_assert_str_eq(
        options_of(talloc_asprintf(ctx, "realm=%0*d", TL_WIRE_STRING_MAX, 0), -EINVAL)
            .wrong,
        "option too long");
    ck_assert_str_eq(options_of("walk=direct walk=windows", -EINVAL).refused,
                     "walk=windows");
    ck_assert_str_eq(options_of("socket=/s agent=/a", 0).socket, "/s");
    ck_assert_uint_eq(options_of("[walk=direct", 0).count, 0);
    ck_assert_int_eq(tli_pam_line_read(ctx, pam(without), &line), -ENOENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("local_pam");
    TCase *tcase = tcase_create("pam");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, pam_of_debian);
    tcase_add_test(tcase, pam_of_red_hat);
    tcase_add_test(tcase, pam_faults);
    tcase_add_test(tcase, pam_rivals);
    tcase_add_test(tcase, pam_files_that_are_broken);
    tcase_add_test(tcase, pam_missing_modules);
    tcase_add_test(tcase, pam_modules_that_decide);
    tcase_add_test(tcase, pam_arguments_and_shells);
    tcase_add_test(tcase, pam_line_options);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
