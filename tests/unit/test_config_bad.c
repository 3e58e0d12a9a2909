/* SPDX-License-Identifier: MIT
 *
 * test_config_bad.c - every bad file of the configuration is refused with one line naming
 * file, section and key.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "config_files.h"

/* One line each: a text and the whole error after "<folder>/t.conf: ". */
static const struct {
    const char *text, *error;
} bad_texts[] = {
    {"[logon]\nwalk = foo\n",
     "line 2: [logon] walk: 'foo' must be windows, referral or direct"},
    {"[logon]\nwalk = Direct\n",
     "line 2: [logon] walk: 'Direct' must be windows, referral or direct"},
    {"[logon]\nwalk = direct # c\n",
     "line 2: [logon] walk: 'direct # c' must be windows, referral or direct"},
    {"[logon]\nwalk = direct\nwalk = direct\n",
     "line 3: [logon] walk: given more than once"},
    {"[logon]\nwalk = direct\n[logon]\nwalk = windows\n",
     "line 4: [logon] walk: given more than once"},
    {"[logon]\nwalks = direct\n", "line 2: [logon] walks: no such option"},
    {"[locator]\nwalk = direct\n", "line 2: [locator] walk: belongs in [logon]"},
    {"[libdefaults]\nwalk = direct\n", "line 1: [libdefaults]: no such section"},
    {"[Logon]\nwalk = direct\n", "line 1: [Logon]: no such section"},
    {"[libdefaults]\n", "line 1: [libdefaults]: no such section"},
    {"[logon]\nwalk =\nexplain = no\n", "line 2: no value after '='"},
    {"[logon]\nwalk = \"\"\n", "line 2: [logon] walk: has no value"},
    {"walk = direct\n[logon]\n", "line 1: the line stands before the first [section]"},
    {"\n[logon\nwalk = direct\n", "line 2: a section must be written [name]"},
    {" [logon]\nwalk = direct\n", "line 1: a section must begin at the left margin"},
    {"[logon]\nwalk direct\n", "line 2: neither '[section]' nor 'key = value'"},
    {"[logon]\n= direct\n", "line 2: no key before '='"},
    {"[logon]\n\nthe walk = direct\n", "line 3: neither '[section]' nor 'key = value'"},
    {"[logon]\nwalk = {\n}\n", "line 2: groups in braces are not supported"},
    {"[logon]\n}\n", "line 2: neither '[section]' nor 'key = value'"},
    {"[logon]\nwalk = \"direct\n", "line 2: the closing quotation mark is missing"},
    {"include /etc/shadow\n",
     "line 1: include, includedir and module are not supported; use the .conf.d folder"},
    {"[logon]\n includedir /etc\n",
     "line 2: include, includedir and module are not supported; use the .conf.d folder"},
    {"[logon]\nhop_limit = six\n",
     "line 2: [logon] hop_limit: 'six' must be an integer (1 to 32)"},
    {"[logon]\nhop_limit = 33\n",
     "line 2: [logon] hop_limit: '33' is out of range (1 to 32)"},
    {"[logon]\nhop_limit = -1\n",
     "line 2: [logon] hop_limit: '-1' must be an integer (1 to 32)"},
    {"[logon]\nhop_limit = 6.5\n",
     "line 2: [logon] hop_limit: '6.5' must be an integer (1 to 32)"},
    {"[logon]\nhop_limit = 99999999999999999999\n",
     "line 2: [logon] hop_limit: '99999999999999999999' must be an integer (1 to 32)"},
    {"[logon]\nminimum_uid = 0\n",
     "line 2: [logon] minimum_uid: '0' is out of range (1000 to 4294967294)"},
    {"[logon]\nexplain = perhaps\n",
     "line 2: [logon] explain: 'perhaps' must be yes or no"},
    {"[workstation]\nrealm = FABRIKAM..TEST\n",
     "line 2: [workstation] realm: 'FABRIKAM..TEST' is not a realm (EXAMPLE.COM)"},
    {"[workstation]\nhostname = ws1\n",
     "line 2: [workstation] hostname: 'ws1' is not a fully "
     "qualified host name (ws1.example.com)"},
    {"[workstation]\ndefault_domain = ../../etc\n",
     "line 2: [workstation] default_domain: '../../etc' is not a domain name "
     "(example.com or "
     "EXAMPLE)"},
    {"[identity]\nbare_names = yes\n",
     "line 2: [identity] bare_names: 'yes' must be no, own or "
     "the DNS name of a domain (example.com)"},
    {"[identity]\nbare_names = CONTOSO\n", "line 2: [identity] bare_names: 'CONTOSO' "
                                           "must be no, own or the DNS name of a domain "
                                           "(example.com)"},
    {"[identity]\nshow_bare_names = always\n",
     "line 2: [identity] show_bare_names: 'always' must be yes or no"},
    {"[workstation]\nsite = a.b\n",
     "line 2: [workstation] site: 'a.b' is not a site name"},
    {"[workstation]\nkeytab = krb5.keytab\n",
     "line 2: [workstation] keytab: 'krb5.keytab' is not an absolute path"},
    {"[logon]\nallow_rc4 = trust\n",
     "line 2: [logon] allow_rc4: 'trust' must be no, trusts or yes"},
    {"[logon]\nsmartcard = yes\n",
     "line 2: [logon] smartcard: 'yes' must be never, try or require"},
    {"[logon]\npkinit_identity = ENV:X\n",
     "line 2: [logon] pkinit_identity: 'ENV:X' must be PKCS11:, FILE:, PKCS12: or DIR: "
     "with its "
     "parameters"},
    {"[logon]\npkinit_identity = FILE:cert.pem\n",
     "line 2: [logon] pkinit_identity: 'FILE:cert.pem' must be PKCS11:, FILE:, PKCS12: "
     "or DIR: "
     "with its parameters"},
    {"[logon]\npkinit_identity = PKCS11:\n",
     "line 2: [logon] pkinit_identity: 'PKCS11:' must be PKCS11:, FILE:, PKCS12: or DIR: "
     "with "
     "its parameters"},
    {"[logon]\npkinit_anchors = PKCS12:/x\n",
     "line 2: [logon] pkinit_anchors: 'PKCS12:/x' must be FILE: or DIR: and an absolute "
     "path"},
    {"[logon]\nccache = MEMORY:x\n",
     "line 2: [logon] ccache: 'MEMORY:x' must be an absolute "
     "path, or begin with FILE:, DIR:, KEYRING: or KCM:"},
    {"[identity]\nidmap = tdb\n",
     "line 2: [identity] idmap: 'tdb' must be sss, rid, autorid or rfc2307"},
    {"[identity]\nidmap = rid\n", "[identity] idmap: 'rid' needs rid_ranges"},
    {"[identity]\nidmap = rfc2307\nrid_ranges = A:1000-2000\n",
     "[identity] idmap: 'rfc2307' needs rfc2307_ranges"},
    {"[identity]\nidmap = autorid\nautorid_domains = 0: ALLOC\n",
     "[identity] idmap: 'autorid' needs autorid_range"},
    {"[identity]\nidmap = autorid\nautorid_range = 100000-299999\n",
     "[identity] idmap: 'autorid' needs autorid_domains"},
    {"[identity]\nidmap = autorid\nautorid_range = 100000-299998\n"
     "autorid_domains = 1: ALLOC\n",
     "[identity] autorid_domains: names a range beyond the end of autorid_range"},
    {"[identity]\nidmap = autorid\nautorid_range = 100000-299999\n"
     "autorid_domains = 1: S-1-5-21-1-2-3#42950\n",
     "[identity] autorid_domains: has an index after '#' that no RID reaches"},
    {"[identity]\nautorid_range = 999-299999\n",
     "line 2: [identity] autorid_range: '999-299999' must be LOW-HIGH with numbers from "
     "1000 to "
     "4294967293"},
    {"[identity]\nautorid_range = 100000\n", "line 2: [identity] autorid_range: '100000' "
                                             "must be LOW-HIGH with numbers from 1000 to "
                                             "4294967293"},
    {"[identity]\nautorid_range = 2000-1999\n",
     "line 2: [identity] autorid_range: '2000-1999' ends before it begins"},
    {"[identity]\nautorid_rangesize = 1999\n",
     "line 2: [identity] autorid_rangesize: '1999' is out of range (2000 to 4294967294)"},
    {"[identity]\nunix_nss_info = maybe\n",
     "line 2: [identity] unix_nss_info: 'maybe' must be yes or no"},
    {"[identity]\nunix_primary_group = maybe\n",
     "line 2: [identity] unix_primary_group: 'maybe' must be yes or no"},
    {"[identity]\nrfc2307_ranges = A:1000-2000\nrfc2307_ranges = B:2000-3000\n",
     "line 2: [identity] rfc2307_ranges: 'A:1000-2000, B:2000-3000' has ranges that "
     "overlap: two "
     "users would share an id"},
    {"[identity]\nhome = /a\nhome = /b\n",
     "line 3: [identity] home: given more than once"},
    {"[identity]\nidmap_range_min = 999\n",
     "line 2: [identity] idmap_range_min: '999' is out of range (1000 to 4294967294)"},
    {"[identity]\nidmap_range_max = 399999\n",
     "[identity] idmap_range_max: leaves no room for one slice of idmap_range_size"},
    {"[identity]\nidmap_range_max = 1000\n",
     "[identity] idmap_range_max: leaves no room for one slice of idmap_range_size"},
    {"[identity]\nhome = home/%u\n",
     "line 2: [identity] home: 'home/%u' must be an absolute "
     "path; it may contain %u, %d, %D, %n and %%"},
    {"[identity]\nhome = /home/../%u\n", "line 2: [identity] home: '/home/../%u' must be "
                                         "an absolute path; it may contain %u, %d, "
                                         "%D, %n and %%"},
    {"[identity]\nhome = /home/%s\n",
     "line 2: [identity] home: '/home/%s' must be an absolute "
     "path; it may contain %u, %d, %D, %n and %%"},
    {"[identity]\nhome = /home/%\n",
     "line 2: [identity] home: '/home/%' must be an absolute "
     "path; it may contain %u, %d, %D, %n and %%"},
    {"[identity]\nshell = /bin/sh:x\n", "line 2: [identity] shell: '/bin/sh:x' must be "
                                        "an absolute path; it may contain %u, %d, %D, "
                                        "%n and %%"},
    {"[logon]\nw\x1b[31m = 1\n", "line 2: [logon] w?[31m: no such option"},
    {"[logon]\nwalk = \x01%s%n\xff\n",
     "line 2: [logon] walk: '?%s%n?' must be windows, referral or direct"},
};

START_TEST(bad_text)
{
    char *want = talloc_asprintf(ctx, "t.conf: %s", bad_texts[_i].error);

    ck_assert_str_eq(refused(put("t.conf", bad_texts[_i].text, 0644)), want);
}
END_TEST

/* The parts of an error, for those who do not print the line. */
START_TEST(parts_of_an_error)
{
    static const struct {
        const char *text, *setting, *what;
        unsigned int line;
    } rows[] = {
        {"[logon]\n\nwalk = foo\n", "[logon] walk = foo",
         "'foo' must be windows, referral or direct", 3},
        {"[agent]\n[logon]\nwalk* = foo\n", "[logon] walk = foo",
         "'foo' must be windows, referral or direct", 3},
        {"[logon]\nhop_limit = 2\n hop_limit=3\n", "[logon] hop_limit = 3",
         "given more than once", 3},
        {"[logon]\nexplain = yes\nwalks = x\n", "[logon] walks", "no such option", 3},
        {"[logon]\n[nowhere]\nwalk = direct\n", "[nowhere]", "no such section", 2},
        {"[logon]\nwalk\n", NULL, "neither '[section]' nor 'key = value'", 2},
        {"[identity]\nidmap = rid\n", "[identity] idmap", "'rid' needs rid_ranges", 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *path = put("p.conf", rows[i].text, 0644);
        struct tl_config_error *error = NULL;
        struct tl_config *config;

        ck_assert_int_eq(tl_config_load(ctx, path, &config, &error), -EINVAL);
        ck_assert_str_eq(error->where, path);
        ck_assert_str_eq(error->what, rows[i].what);
        ck_assert_pstr_eq(error->setting, rows[i].setting);
        ck_assert_uint_eq(error->line, rows[i].line);
    }
}
END_TEST

START_TEST(nul_and_long_lines)
{
    static const char nul[] = "[logon]\nwalk = di\0rect\n";
    struct tl_config *config = tl_config_defaults(ctx);
    char *text = talloc_strdup(ctx, "[logon]\n# ");
    struct tl_config_error *error;

    ck_assert_int_eq(tli_config_text(ctx, config, "f", nul, sizeof(nul) - 1, &error),
                     -EINVAL);
    ck_assert_str_eq(error->text, "f: line 2: the line contains a NUL byte");
    for (int i = 0; i < 300; i++)
        text = talloc_asprintf_append(text, "walk");
    ck_assert_int_eq(tli_config_text(ctx, config, "f", text, strlen(text), &error),
                     -EINVAL);
    ck_assert_str_eq(error->text, "f: line 2: the line is too long");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_bad");
    TCase *t = tcase_create("config");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_loop_test(t, bad_text, 0, COUNT(bad_texts));
    tcase_add_test(t, parts_of_an_error);
    tcase_add_test(t, nul_and_long_lines);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
