/* SPDX-License-Identifier: MIT
 *
 * test_pam_options.c - the PAM line: what is understood, what is refused; and
 * that the module knows every option of trustlogon.conf that it hands on.
 */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trustlogon/config.h>

#include "../../pam_module/log.c"
#include "../../pam_module/options.c"
#include "run_suite.h"

static char logged[1024];

/* In place of libpam's: what would be in the log. */
void pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(logged, sizeof(logged), fmt, args);
    va_end(args);
}

static int read_one(struct tlp *m, const char *arg)
{
    memset(m, 0, sizeof(*m));
    logged[0] = '\0';
    return tlp_options_read(m, 1, &arg);
}

START_TEST(test_good)
{
    const char *argv[] = {"try_first_pass", "use_authtok",        "quiet",
                          "debug",          "canonical_user=yes", "minimum_uid=2000",
                          "conf=/etc/x",    "realm=A.B",          "walk=direct",
                          "timeout=5"};
    struct tlp m = {0};

    ck_assert_int_eq(tlp_options_read(&m, 10, argv), PAM_SUCCESS);
    ck_assert(m.options.try_first_pass && m.options.use_authtok && m.options.quiet);
    ck_assert(m.options.debug && m.options.canonical_user && !m.options.use_first_pass);
    ck_assert_uint_eq(m.options.minimum_uid, 2000);
    ck_assert_uint_eq(m.options.timeout, 5);
    ck_assert_str_eq(m.options.conf, "/etc/x");
    ck_assert_str_eq(m.options.for_agent, "minimum_uid=2000\nrealm=A.B\nwalk=direct");
}
END_TEST

static const char *const bad[] = {
    "",
    "unknown",
    "try_first_passs",
    "try_first_pas",
    "quiet=yes",
    "canonical_user",
    "canonical_user=1",
    "canonical_user=YES",
    "conf=",
    "conf=relative",
    "conf",
    "minimum_uid=",
    "timeout=-1",
    "timeout=0",
    "timeout=4000",
    "minimum_uid=99999999999",
    "walk",
    "max_per_uid=4",
    "minimum_uid=12x",
    "minimum_uid= 12",
    "=",
    "agent=trustlogon",
    "realm=A\nkeytab=/x",
    "REALM=A.B",
};

START_TEST(test_bad)
{
    char wanted[128];
    struct tlp m;

    ck_assert_int_eq(read_one(&m, bad[_i]), PAM_SERVICE_ERR);
    /* One line that names the culprit, its control characters replaced. */
    snprintf(wanted, sizeof(wanted), "%s", bad[_i]);
    for (char *p = strchr(wanted, '\n'); p != NULL; p = strchr(p, '\n'))
        *p = '?';
    ck_assert_msg(strstr(logged, wanted) != NULL, "\"%s\" not in \"%s\"", wanted, logged);
}
END_TEST

/* Of two lists one would be lost, and with it who is kept out by it. */
START_TEST(test_twice)
{
    const char *argv[] = {"deny_groups=A\\b", "allow_groups=A\\c d, S-1-5-21-1",
                          "deny_groups=A\\e"};
    struct tlp m = {0};

    ck_assert_int_eq(tlp_options_read(&m, 2, argv), PAM_SUCCESS);
    ck_assert_str_eq(m.options.for_agent,
                     "deny_groups=A\\b\nallow_groups=A\\c d, S-1-5-21-1");
    memset(&m, 0, sizeof(m));
    ck_assert_int_eq(tlp_options_read(&m, 3, argv), PAM_SERVICE_ERR);
    ck_assert_ptr_nonnull(strstr(logged, "twice: \"deny_groups=A\\e\""));
}
END_TEST

START_TEST(test_too_long)
{
    static char value[TL_WIRE_STRING_MAX + 16];
    struct tlp m;

    snprintf(value, sizeof(value), "realm=%0*d", (int)sizeof(value) - 8, 0);
    ck_assert_int_eq(read_one(&m, value), PAM_SERVICE_ERR);
}
END_TEST

/* What trustlogon.conf knows, the PAM line knows, but for the daemon's own and for
 * identities: a user is the same in every service. */
START_TEST(test_all_of_the_file)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_config *config = tl_config_defaults(ctx);
    struct tl_config_item *items;
    size_t count = 0, known = 0, expected = 0;

    ck_assert_ptr_nonnull(config);
    items = tl_config_items(ctx, config, &count);
    ck_assert_uint_gt(count, 20);
    for (size_t i = 0; i < count; i++) {
        bool daemons = strcmp(items[i].section, "agent") == 0 ||
                       strcmp(items[i].section, "identity") == 0;
        bool found = false;

        for (size_t j = 0; tli_pam_options_agent_name(j) != NULL; j++)
            found |= strcmp(tli_pam_options_agent_name(j), items[i].key) == 0;
        ck_assert_msg(found == !daemons, "option %s", items[i].key);
        expected += !daemons;
    }
    while (tli_pam_options_agent_name(known) != NULL)
        known++;
    ck_assert_uint_eq(known, expected);
    talloc_free(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pam_options");
    TCase *tc = tcase_create("options");

    tcase_add_test(tc, test_good);
    tcase_add_loop_test(tc, test_bad, 0, COUNT(bad));
    tcase_add_test(tc, test_twice);
    tcase_add_test(tc, test_too_long);
    tcase_add_test(tc, test_all_of_the_file);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
