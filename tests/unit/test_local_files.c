/* SPDX-License-Identifier: MIT
 *
 * test_local_files.c - resolv.conf, nsswitch.conf and sshd_config as people write them,
 * one answer of a name server, and what `diagnose` makes of them.
 */
#include <check.h>
#include <string.h>

#include "diagnose/local_files.h"
#include "run_suite.h"
#include "talloc_context.h"

/* ---- resolv.conf */

static struct tli_resolv_conf resolv(const char *text)
{
    struct tli_resolv_conf conf;

    tli_resolv_conf_parse(talloc_strdup(ctx, text), &conf);
    return conf;
}

START_TEST(name_servers)
{
    struct tli_resolv_conf conf =
        resolv("# nameserver 10.0.0.9\n"
               "search fabrikam.test\n"
               "nameserver 10.99.0.21\n"
               "\tnameserver\t2001:db8::53  # comment\n"
               "nameserver fe80::1%1\r\n"
               "nameserver10.0.0.1\n"
               "options rotate\n"
               "nameserver 10.99.0.11"); /* without an end of line */

    ck_assert_uint_eq(conf.count, 4);
    ck_assert_uint_eq(conf.bad, 0);
    ck_assert(!conf.by_default);
    ck_assert_str_eq(conf.servers[0].text, "10.99.0.21");
    ck_assert_int_eq(conf.servers[0].addr.ss_family, AF_INET);
    ck_assert_int_eq(conf.servers[1].addr.ss_family, AF_INET6);
    ck_assert_uint_eq(((struct sockaddr_in6 *)&conf.servers[2].addr)->sin6_scope_id, 1);
    ck_assert_str_eq(conf.servers[3].text, "10.99.0.11");
}
END_TEST

START_TEST(invalid_name_servers)
{
    struct tli_resolv_conf conf = resolv("nameserver dc1.contoso.test\nnameserver\n"
                                         "nameserver 10.0.0\nnameserver 10.0.0.1\n");

    ck_assert_uint_eq(conf.count, 1);
    ck_assert_uint_eq(conf.bad, 3);
    conf = resolv("");
    ck_assert(conf.by_default);
    ck_assert_str_eq(conf.servers[0].text, "127.0.0.1");
}
END_TEST

START_TEST(too_many_name_servers)
{
    char *text = talloc_strdup(ctx, "");
    struct tli_resolv_conf conf;

    for (int i = 0; i < 100; i++)
        text = talloc_asprintf_append(text, "nameserver 10.0.0.%d\n", i);
    conf = resolv(text);
    ck_assert_uint_eq(conf.count, TL_RESOLVERS_MAX);
}
END_TEST

/* ---- one server's answer */

/* A question for a.b, and one SRV record 0 100 88 dc.b. */
static const uint8_t found[] = {
    0x12, 0x34, 0x81, 0x80, 0, 1, 0,    1,  0,  0,  0,   0,   1, 'a', 1,
    'b',  0,    0,    33,   0, 1, 0xc0, 12, 0,  33, 0,   1,   0, 0,   0,
    60,   0,    12,   0,    0, 0, 100,  0,  88, 2,  'd', 'c', 1, 'b', 0};

START_TEST(replies)
{
    static const struct {
        uint8_t flags, rcode;
        enum tli_dns_says says;
    } table[] = {{0x81, 0x80, TL_DNS_SAYS_FOUND},   {0x83, 0x80, TL_DNS_SAYS_CUT},
                 {0x81, 0x83, TL_DNS_SAYS_NOTHING}, {0x81, 0x82, TL_DNS_SAYS_SERVFAIL},
                 {0x81, 0x85, TL_DNS_SAYS_REFUSED}, {0x81, 0x84, TL_DNS_SAYS_ODD},
                 {0x01, 0x00, TL_DNS_SAYS_ODD} /* a question */};
    uint8_t reply[sizeof(found)];
    size_t records;

    for (size_t i = 0; i < COUNT(table); i++) {
        memcpy(reply, found, sizeof(found));
        reply[2] = table[i].flags;
        reply[3] = table[i].rcode;
        ck_assert_int_eq(tli_dns_reply_judge(reply, sizeof(reply), 0x1234, &records),
                         table[i].says);
        ck_assert_uint_eq(records, table[i].says == TL_DNS_SAYS_FOUND);
        ck_assert_int_eq(tli_dns_reply_judge(reply, sizeof(reply), 0x1235, &records),
                         TL_DNS_SAYS_ODD);
    }
    for (size_t len = 0; len < 12; len++)
        ck_assert_int_eq(tli_dns_reply_judge(found, len, 0x1234, &records),
                         TL_DNS_SAYS_ODD);
    ck_assert_int_eq(tli_dns_reply_judge(found, sizeof(found) - 3, 0x1234, &records),
                     TL_DNS_SAYS_NOTHING);
}
END_TEST

/* ---- nsswitch.conf */

static struct tli_nss_line nss(const char *database, const char *text)
{
    struct tli_nss_line line;

    tli_nsswitch_judge(ctx, text, database, &line);
    return line;
}

START_TEST(nsswitch_lines)
{
    static const struct {
        const char *text;
        bool present, ours;
        const char *ended_by, *before;
    } table[] = {
        {"", false, false, NULL, NULL},
        {"# passwd: files trustlogon\n", false, false, NULL, NULL},
        {"passwd_compat: trustlogon\n", false, false, NULL, NULL},
        {"passwd: files systemd", true, false, NULL, NULL},
        {"passwd: files #trustlogon\n", true, false, NULL, NULL},
        {"passwd: files trustlogon2\n", true, false, NULL, "trustlogon2"},
        {"group: files\n\tpasswd :  files systemd trustlogon  # ours\n", true, true, NULL,
         NULL},
        {"passwd: files sss winbind trustlogon ldap\n", true, true, NULL, "sss, winbind"},
        {"passwd: files [NOTFOUND=return] trustlogon\n", true, true, "files", NULL},
        {"passwd: files sss [ notfound=RETURN ] trustlogon\n", true, true, "sss", "sss"},
        {"passwd: files[!UNAVAIL=return]trustlogon\n", true, true, "files", NULL},
        {"passwd: files [!NOTFOUND=return] trustlogon\n", true, true, NULL, NULL},
        {"passwd: files [SUCCESS=return UNAVAIL=return] trustlogon\n", true, true, NULL,
         NULL},
        {"passwd: files [NOTFOUND=continue] trustlogon\n", true, true, NULL, NULL},
        {"passwd: files trustlogon [NOTFOUND=return] sss\n", true, true, NULL, NULL},
        {"passwd: files [NOTFOUND=return trustlogon", true, false, "files", NULL},
        {"passwd: trustlogon\npasswd: files\n", true, false, NULL, NULL},
    };

    for (size_t i = 0; i < COUNT(table); i++) {
        struct tli_nss_line line = nss("passwd", table[i].text);

        ck_assert_msg(line.present == table[i].present && line.ours == table[i].ours,
                      "%s", table[i].text);
        ck_assert_pstr_eq(line.ended_by, table[i].ended_by);
        ck_assert_pstr_eq(line.before, table[i].before);
    }
}
END_TEST

/* ---- sshd_config */

static const char *load_sshd(void *arg, const char *pattern, size_t nth, bool *unreadable)
{
    const char *const *files = arg;

    *unreadable = false;
    for (; *files != NULL; files += 2)
        if (strcmp(files[0], pattern != NULL ? pattern : "") == 0 && nth-- == 0) {
            *unreadable = files[1][0] == '!';
            return *unreadable ? NULL : files[1];
        }
    return NULL;
}

static struct tli_sshd sshd(const char *const *files)
{
    struct tli_sshd got;

    ck_assert_int_eq(tli_sshd_read(ctx, load_sshd, (void *)(uintptr_t)files, &got), 0);
    return got;
}

START_TEST(sshd_settings)
{
    const char *debian[] = {
        "",
        "Include /etc/ssh/sshd_config.d/*.conf\n"
        "KbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\n"
        "AllowUsers root \"alice?contoso.test\" # comment\n"
        "allowusers bob\n"
        "Match User carol\n  PasswordAuthentication no\n  DenyUsers dave\n"
        "Match Group x\n  UsePAM no\nMatch all\nDenyUsers erin\n",
        "/etc/ssh/sshd_config.d/*.conf",
        "kbdinteractiveauthentication=yes\n",
        "/etc/ssh/sshd_config.d/*.conf",
        "Match Host x\nUsePAM no\n",
        NULL};
    const char *empty[] = {"", "", NULL};
    const char *unreadable[] = {"", "Include x\nUsePAM yes\n", "x", "!", NULL};
    const char *circle[] = {"", "Include x\n", "x", "Include x\nAllowGroups a\n", NULL};
    struct tli_sshd got = sshd(debian);

    ck_assert(got.use_pam && got.passwords && got.keyboard && !got.by_groups);
    ck_assert_uint_eq(got.matches, 3);
    ck_assert_uint_eq(got.allow_users.count, 3);
    ck_assert_str_eq(got.allow_users.patterns[1], "alice?contoso.test");
    ck_assert_uint_eq(got.deny_users.count, 1);
    got = sshd(empty);
    ck_assert(!got.use_pam && got.passwords && got.keyboard);
    got = sshd(unreadable);
    ck_assert_str_eq(got.included, "x");
    ck_assert(got.use_pam);
    ck_assert(sshd(circle).by_groups);
}
END_TEST

START_TEST(sshd_users)
{
    static const struct {
        const char *pattern;
        enum tli_sshd_match match;
    } table[] = {{"alice?contoso.test", TL_SSHD_YES},
                 {"*contoso.test", TL_SSHD_YES},
                 {"*", TL_SSHD_YES},
                 {"*@*", TL_SSHD_YES},
                 {"alice@contoso.test", TL_SSHD_SPLIT},
                 {"*@contoso.test", TL_SSHD_MAYBE}, /* any user, from that host */
                 {"alice?contoso.test@10.0.0.1", TL_SSHD_MAYBE},
                 {"alice", TL_SSHD_NO},
                 {"bob@contoso.test", TL_SSHD_NO},
                 {"a*b*t", TL_SSHD_NO},
                 {"a*e*o?t*.t*t", TL_SSHD_YES},
                 {"", TL_SSHD_NO}};
    const char *pattern;

    for (size_t i = 0; i < COUNT(table); i++) {
        const char *patterns[] = {"nobody", table[i].pattern};
        struct tli_sshd_list list = {2, patterns};

        ck_assert_msg(tli_sshd_match(&list, "alice@contoso.test", &pattern) ==
                          table[i].match,
                      "%s", table[i].pattern);
        if (table[i].match != TL_SSHD_NO)
            ck_assert_str_eq(pattern, table[i].pattern);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("local_files");
    TCase *dns = tcase_create("dns");
    TCase *programs = tcase_create("programs");

    tcase_add_checked_fixture(dns, setup, teardown);
    tcase_add_test(dns, name_servers);
    tcase_add_test(dns, invalid_name_servers);
    tcase_add_test(dns, too_many_name_servers);
    tcase_add_test(dns, replies);
    tcase_add_checked_fixture(programs, setup, teardown);
    tcase_add_test(programs, nsswitch_lines);
    tcase_add_test(programs, sshd_settings);
    tcase_add_test(programs, sshd_users);
    suite_add_tcase(suite, dns);
    suite_add_tcase(suite, programs);
    return run_suite(suite);
}
