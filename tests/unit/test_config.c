/* SPDX-License-Identifier: MIT
 *
 * test_config.c - the configuration: what good files mean, and that every bad
 * one is refused with one line naming file, section and key.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/options.h"
#include "config/text.h"
#include "fixtures.h"

static TALLOC_CTX *ctx;
static temp_path folder;

static void setup(void)
{
    ctx = talloc_new(NULL);
    make_temp_folder(folder);
}

static void teardown(void)
{
    remove_tree(folder);
    talloc_free(ctx);
}

static char *put(const char *name, const char *text, mode_t mode)
{
    char *path = talloc_asprintf(ctx, "%s/%s", folder, name);

    write_text(path, text);
    ck_assert_int_eq(chmod(path, mode), 0);
    return path;
}

static void make_folder(const char *name, mode_t mode)
{
    char *path = talloc_asprintf(ctx, "%s/%s", folder, name);

    ck_assert_int_eq(mkdir(path, 0755), 0);
    ck_assert_int_eq(chmod(path, mode), 0);
}

/* Load a file that must be refused; the error, without the folder's name. */
static const char *refused(const char *path)
{
    struct tl_config *config = (void *)1;
    char *error = NULL;
    int ret = tl_config_load(ctx, path, &config, &error);

    ck_assert_msg(ret == -EINVAL || ret == -ENOENT, "ret %d", ret);
    ck_assert_ptr_null(config);
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_null(strchr(error, '\n'));
    ck_assert_msg(strncmp(error, folder, strlen(folder)) == 0, "%s", error);
    return error + strlen(folder) + 1;
}

static struct tl_config *loaded(const char *path)
{
    struct tl_config *config = NULL;
    char *error = NULL;

    ck_assert_msg(tl_config_load(ctx, path, &config, &error) == 0, "%s", error);
    ck_assert_ptr_null(error);
    return config;
}

START_TEST(defaults_are_the_headers)
{
    struct tl_config *c = tl_config_defaults(ctx);

    ck_assert_ptr_nonnull(c);
    ck_assert_ptr_null(c->realm);
    ck_assert_str_eq(c->keytab, "/etc/krb5.keytab");
    ck_assert_int_eq(c->walk, TL_WALK_WINDOWS);
    ck_assert_int_eq(c->logon_timeout, 15000);
    ck_assert_int_eq(c->kdc_connect_timeout, 2500);
    ck_assert_int_eq(c->kdc_race_delay, 250);
    ck_assert_int_eq(c->hop_limit, 6);
    ck_assert(c->explain && c->require_ldap_ping && c->allow_rc4 == TL_RC4_TRUSTS);
    ck_assert_uint_eq(c->minimum_uid, 1000);
    ck_assert_int_eq(c->negative_lifetime, 45);
    ck_assert_int_eq(c->close_site_timeout, 900);
    ck_assert(!c->try_next_closest_site);
    ck_assert_int_eq(c->cache_lifetime, 43200);
    ck_assert_int_eq(c->max_per_uid, 8);
    ck_assert_ptr_nonnull(c->state_dir);
}
END_TEST

START_TEST(keys_are_unique)
{
    for (size_t i = 0; i < tli_num_options; i++)
        ck_assert_ptr_eq(tli_option_find(NULL, tli_options[i].key), &tli_options[i]);
}
END_TEST

START_TEST(good_file)
{
    struct tl_config *c =
        loaded(put("a.conf",
                   "# comment\n\n; another\n[workstation]\n"
                   " realm = fabrikam.test\n hostname = WS1.Fabrikam.Test\n"
                   " default_domain = CONTOSO\n keytab = FILE:/etc/k\n"
                   "[logon]\r\n walk=\"direct\"\r\n explain = Off\r\n"
                   " minimum_uid = 4294967294\n"
                   " ccache = KEYRING:persistent:%{uid}\n"
                   "[logon]\n hop_limit = 3\n[topology]\n",
                   0644));

    ck_assert_str_eq(c->realm, "FABRIKAM.TEST");
    ck_assert_str_eq(c->hostname, "ws1.fabrikam.test");
    ck_assert_str_eq(c->default_domain, "CONTOSO");
    ck_assert_str_eq(c->keytab, "FILE:/etc/k");
    ck_assert_int_eq(c->walk, TL_WALK_DIRECT);
    ck_assert(!c->explain);
    ck_assert_uint_eq(c->minimum_uid, 4294967294U);
    ck_assert_str_eq(c->ccache, "KEYRING:persistent:%{uid}");
    ck_assert_int_eq(c->hop_limit, 3);
    ck_assert_int_eq(c->logon_timeout, 15000);
    ck_assert_ptr_nonnull(strstr(c->file, "a.conf"));
}
END_TEST

/* It has been a boolean, and takes the words of one. */
static const struct {
    const char *word;
    enum tl_rc4 policy;
} rc4_words[] = {{"no", TL_RC4_NO},         {"False", TL_RC4_NO}, {"0", TL_RC4_NO},
                 {"trusts", TL_RC4_TRUSTS}, {"yes", TL_RC4_YES},  {"TRUE", TL_RC4_YES},
                 {"1", TL_RC4_YES}};

START_TEST(rc4_is_a_boolean_too)
{
    char *text = talloc_asprintf(NULL, "[logon]\n allow_rc4 = %s\n", rc4_words[_i].word);

    ck_assert_int_eq(loaded(put("rc4.conf", text, 0644))->allow_rc4,
                     rc4_words[_i].policy);
    talloc_free(text);
}
END_TEST

/* One line each: a text and the whole error after "<folder>/t.conf: ". */
static const struct {
    const char *text, *error;
} bad_texts[] = {
    {"[logon]\nwalk = foo\n", "[logon] walk: 'foo' is none of windows, referral, direct"},
    {"[logon]\nwalk = Direct\n",
     "[logon] walk: 'Direct' is none of windows, referral, direct"},
    {"[logon]\nwalk = direct # c\n",
     "[logon] walk: 'direct # c' is none of windows, referral, direct"},
    {"[logon]\nwalk = direct\nwalk = direct\n", "[logon] walk: given more than once"},
    {"[logon]\nwalk = direct\n[logon]\nwalk = windows\n",
     "[logon] walk: given more than once"},
    {"[logon]\nwalks = direct\n", "[logon] walks: no such option"},
    {"[locator]\nwalk = direct\n", "[locator] walk: belongs into [logon]"},
    {"[libdefaults]\nwalk = direct\n", "[libdefaults]: no such section"},
    {"[Logon]\nwalk = direct\n", "[Logon]: no such section"},
    {"[libdefaults]\n", "[libdefaults]: no such section"},
    {"[logon]\nwalk =\nexplain = no\n", "line 2: no value after '='"},
    {"[logon]\nwalk = \"\"\n", "[logon] walk: has no value"},
    {"walk = direct\n[logon]\n", "line 1: the line stands before the first [section]"},
    {"\n[logon\nwalk = direct\n", "line 2: a section is written [name]"},
    {" [logon]\nwalk = direct\n", "line 1: a section begins at the left margin"},
    {"[logon]\nwalk direct\n", "line 2: neither '[section]' nor 'key = value'"},
    {"[logon]\n= direct\n", "line 2: no key before '='"},
    {"[logon]\n\nthe walk = direct\n", "line 3: neither '[section]' nor 'key = value'"},
    {"[logon]\nwalk = {\n}\n", "line 2: groups in braces have no place here"},
    {"[logon]\n}\n", "line 2: neither '[section]' nor 'key = value'"},
    {"[logon]\nwalk = \"direct\n", "line 2: the closing quotation mark is missing"},
    {"include /etc/shadow\n",
     "line 1: include, includedir and module have no place here; use the .conf.d folder"},
    {"[logon]\n includedir /etc\n",
     "line 2: include, includedir and module have no place here; use the .conf.d folder"},
    {"[logon]\nhop_limit = six\n",
     "[logon] hop_limit: 'six' is no whole number (1 to 32)"},
    {"[logon]\nhop_limit = 33\n", "[logon] hop_limit: '33' is out of range (1 to 32)"},
    {"[logon]\nhop_limit = -1\n", "[logon] hop_limit: '-1' is no whole number (1 to 32)"},
    {"[logon]\nhop_limit = 6.5\n",
     "[logon] hop_limit: '6.5' is no whole number (1 to 32)"},
    {"[logon]\nhop_limit = 99999999999999999999\n",
     "[logon] hop_limit: '99999999999999999999' is no whole number (1 to 32)"},
    {"[logon]\nminimum_uid = 0\n",
     "[logon] minimum_uid: '0' is out of range (1000 to 4294967294)"},
    {"[logon]\nexplain = perhaps\n", "[logon] explain: 'perhaps' is neither yes nor no"},
    {"[workstation]\nrealm = FABRIKAM..TEST\n",
     "[workstation] realm: 'FABRIKAM..TEST' is no realm (EXAMPLE.COM)"},
    {"[workstation]\nhostname = ws1\n",
     "[workstation] hostname: 'ws1' is no fully qualified host name (ws1.example.com)"},
    {"[workstation]\ndefault_domain = ../../etc\n",
     "[workstation] default_domain: '../../etc' is no domain name (example.com or "
     "EXAMPLE)"},
    {"[identity]\nbare_names = yes\n",
     "[identity] bare_names: 'yes' is neither no nor own nor the DNS name of a domain "
     "(example.com)"},
    {"[identity]\nbare_names = CONTOSO\n", "[identity] bare_names: 'CONTOSO' is neither "
                                           "no nor own nor the DNS name of a domain "
                                           "(example.com)"},
    {"[identity]\nshow_bare_names = always\n",
     "[identity] show_bare_names: 'always' is neither yes nor no"},
    {"[workstation]\nsite = a.b\n", "[workstation] site: 'a.b' is no site name"},
    {"[workstation]\nkeytab = krb5.keytab\n",
     "[workstation] keytab: 'krb5.keytab' is no absolute path"},
    {"[logon]\nallow_rc4 = trust\n",
     "[logon] allow_rc4: 'trust' is none of no, trusts, yes"},
    {"[logon]\nsmartcard = yes\n",
     "[logon] smartcard: 'yes' is none of never, try, require"},
    {"[logon]\npkinit_identity = ENV:X\n",
     "[logon] pkinit_identity: 'ENV:X' is none of PKCS11:, FILE:, PKCS12: and DIR: with "
     "what they need"},
    {"[logon]\npkinit_identity = FILE:cert.pem\n",
     "[logon] pkinit_identity: 'FILE:cert.pem' is none of PKCS11:, FILE:, PKCS12: and "
     "DIR: with what they need"},
    {"[logon]\npkinit_identity = PKCS11:\n",
     "[logon] pkinit_identity: 'PKCS11:' is none of PKCS11:, FILE:, PKCS12: and DIR: "
     "with what they need"},
    {"[logon]\npkinit_anchors = PKCS12:/x\n",
     "[logon] pkinit_anchors: 'PKCS12:/x' is neither FILE: nor DIR: and an absolute "
     "path"},
    {"[logon]\nccache = MEMORY:x\n", "[logon] ccache: 'MEMORY:x' is neither an absolute "
                                     "path nor FILE:, DIR:, KEYRING: or "
                                     "KCM:"},
    {"[identity]\nidmap = tdb\n",
     "[identity] idmap: 'tdb' is none of sss, rid, autorid, rfc2307"},
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
     "[identity] autorid_domains: has an index behind '#' that no RID reaches"},
    {"[identity]\nautorid_range = 999-299999\n",
     "[identity] autorid_range: '999-299999' is no LOW-HIGH with numbers from 1000 to "
     "4294967293"},
    {"[identity]\nautorid_range = 100000\n",
     "[identity] autorid_range: '100000' is no LOW-HIGH with numbers from 1000 to "
     "4294967293"},
    {"[identity]\nautorid_range = 2000-1999\n",
     "[identity] autorid_range: '2000-1999' ends before it begins"},
    {"[identity]\nautorid_rangesize = 1999\n",
     "[identity] autorid_rangesize: '1999' is out of range (2000 to 4294967294)"},
    {"[identity]\nunix_nss_info = maybe\n",
     "[identity] unix_nss_info: 'maybe' is neither yes nor no"},
    {"[identity]\nunix_primary_group = maybe\n",
     "[identity] unix_primary_group: 'maybe' is neither yes nor no"},
    {"[identity]\nrfc2307_ranges = A:1000-2000\nrfc2307_ranges = B:2000-3000\n",
     "[identity] rfc2307_ranges: 'A:1000-2000, B:2000-3000' has ranges that overlap: two "
     "users would share an id"},
    {"[identity]\nhome = /a\nhome = /b\n", "[identity] home: given more than once"},
    {"[identity]\nidmap_range_min = 999\n",
     "[identity] idmap_range_min: '999' is out of range (1000 to 4294967294)"},
    {"[identity]\nidmap_range_max = 399999\n",
     "[identity] idmap_range_max: leaves no room for one slice of idmap_range_size"},
    {"[identity]\nidmap_range_max = 1000\n",
     "[identity] idmap_range_max: leaves no room for one slice of idmap_range_size"},
    {"[identity]\nhome = home/%u\n", "[identity] home: 'home/%u' is no absolute path "
                                     "with %u, %d, %D, %n or %% in it"},
    {"[identity]\nhome = /home/../%u\n", "[identity] home: '/home/../%u' is no absolute "
                                         "path with %u, %d, %D, %n or %% in it"},
    {"[identity]\nhome = /home/%s\n", "[identity] home: '/home/%s' is no absolute path "
                                      "with %u, %d, %D, %n or %% in it"},
    {"[identity]\nhome = /home/%\n", "[identity] home: '/home/%' is no absolute path "
                                     "with %u, %d, %D, %n or %% in it"},
    {"[identity]\nshell = /bin/sh:x\n", "[identity] shell: '/bin/sh:x' is no absolute "
                                        "path with %u, %d, %D, %n or %% in it"},
    {"[logon]\nw\x1b[31m = 1\n", "[logon] w?[31m: no such option"},
    {"[logon]\nwalk = \x01%s%n\xff\n",
     "[logon] walk: '?%s%n?' is none of windows, referral, direct"},
};

/* rid_ranges, and what its error says after the quoted value; NULL: a good one. */
static const struct {
    const char *text, *fault;
} ranges[] = {
    {"CONTOSO:1000-1000", NULL},
    {"a.b-c_d:100000-4294967293 , B:2000-99999", NULL},
    {"CONTOSO", "is no list of"},
    {"CONTOSO:", "is no list of"},
    {":1000-2000", "is no list of"},
    {"CONTOSO:1000-2000,", "is no list of"},
    {"CONTOSO:1000-2000;B:3000-4000", "is no list of"},
    {"CONTOSO:1000-2000 B:3000-4000", "is no list of"},
    {"CON TOSO:1000-2000", "is no list of"},
    {"CONTOSO:-1000-2000", "is no list of"},
    {"CONTOSO:999-2000", "has a range that is not LOW-HIGH"},
    {"CONTOSO:1000", "has a range that is not LOW-HIGH"},
    {"CONTOSO:1000-", "has a range that is not LOW-HIGH"},
    {"CONTOSO:1000-4294967294", "has a range that is not LOW-HIGH"},
    {"CONTOSO:1000-99999999999999999999", "has a range that is not LOW-HIGH"},
    {"CONTOSO:2000-1999", "has a range that ends before"},
    {"A:1000-2000, a:3000-4000", "names a domain twice"},
    {"A:1000-2000, B:2000-4000", "has ranges that overlap"},
    {"A:5000-6000, B:1000-9000", "has ranges that overlap"},
};

START_TEST(rid_ranges)
{
    struct tl_config *config = tl_config_defaults(ctx);
    char *error = NULL;
    int ret = tl_config_set(
        ctx, config, "t", talloc_asprintf(ctx, "rid_ranges=%s", ranges[_i].text), &error);

    if (ranges[_i].fault == NULL) {
        ck_assert_int_eq(ret, 0);
        ck_assert_str_eq(config->rid_ranges->text, ranges[_i].text);
        return;
    }
    ck_assert_int_eq(ret, -EINVAL);
    ck_assert_ptr_null(config->rid_ranges);
    ck_assert_msg(strstr(error, ranges[_i].fault) != NULL, "%s", error);
}
END_TEST

#define A "S-1-5-21-1-2-3"
#define B "S-1-5-21-4294967295-4294967295-4294967295"

/* autorid_domains, likewise. */
static const struct {
    const char *text, *fault;
} autorid[] = {
    {"RANGE 0: ALLOC, RANGE 1: S-1-5-32, RANGE 2: " A ", RANGE 3: " B, NULL},
    {"2:" A ",3 : " A "#1", "is no list of"},
    {"2: " A " , 3: " A "#1, 4: " A "#42949", NULL},
    {"4294967295: " A, NULL},
    {"4294967296: " A, "is no list of"},
    {"RANGE: " A, "is no list of"},
    {"RANGE -1: " A, "is no list of"},
    {A, "is no list of"},
    {"1 " A, "is no list of"},
    {"1: ", "is no list of"},
    {"1", "is no list of"},
    {"RANGE", "is no list of"},
    {"RANGE999", "is no list of"},
    {"1: CONTOSO", "is no list of"},
    {"1: " A "#", "is no list of"},
    {"1: " A "#x", "is no list of"},
    {"1: " A "#1#2", "is no list of"},
    {"1: " A " #1", "is no list of"},
    {"1: " A ",", "is no list of"},
    {"1: " A "; 2: " B, "is no list of"},
    {"1: " A " 2: " B, "is no list of"},
    {"1: " A ", 1: " B, "gives one range twice"},
    {"0: ALLOC, 0: " B, "gives one range twice"},
    {"1: " A ", 2: " A, "gives a domain two ranges with one index"},
    {"1: " A "#7, 2: " A "#7", "gives a domain two ranges with one index"},
};

START_TEST(autorid_domains)
{
    struct tl_config *config = tl_config_defaults(ctx);
    char *error = NULL;
    int ret = tl_config_set(ctx, config, "t",
                            talloc_asprintf(ctx, "autorid_domains=%s", autorid[_i].text),
                            &error);

    if (autorid[_i].fault == NULL) {
        ck_assert_msg(ret == 0, "%s", error);
        ck_assert_str_eq(config->autorid_domains->text, autorid[_i].text);
        return;
    }
    ck_assert_int_eq(ret, -EINVAL);
    ck_assert_ptr_null(config->autorid_domains);
    ck_assert_msg(strstr(error, autorid[_i].fault) != NULL, "%s", error);
}
END_TEST

/* What `net idmap get ranges | sed 's/^/autorid_domains = /'` makes, longer than any
 * line may be. */
START_TEST(a_list_on_many_lines)
{
    char *text = talloc_strdup(ctx, "[identity]\nidmap = autorid\n"
                                    "autorid_range = 100000-9999999\n"
                                    "autorid_domains = RANGE 0: ALLOC\n"
                                    "autorid_domains = RANGE 1: S-1-5-32\n");
    const struct tl_autorid_domain *domain;
    struct tl_id_span span = {0};
    struct tl_config *c;

    for (int i = 2; i < 60; i++)
        text = talloc_asprintf_append(text, "autorid_domains = RANGE %d: " B "#%d\n", i,
                                      i - 2);
    c = loaded(put("a.conf", text, 0644));
    domain = c->autorid_domains->domain;
    ck_assert_int_eq(c->idmap, TL_IDMAP_AUTORID);
    ck_assert_uint_eq(c->autorid_rangesize, 100000);
    ck_assert_uint_eq(c->autorid_range.low, 100000);
    ck_assert_uint_eq(c->autorid_range.high, 9999999);
    ck_assert_uint_eq(c->autorid_domains->count, 60);
    ck_assert(domain[0].reserved && domain[1].reserved && !domain[2].reserved);
    ck_assert_uint_eq(domain[59].range, 59);
    ck_assert_uint_eq(domain[59].index, 57);
    ck_assert_uint_eq(tl_idmap_spans(c, &span, 1), 1);
    ck_assert_uint_eq(span.low, 100000);
    ck_assert_uint_eq(span.high, 9999999);
}
END_TEST

/* A later file's list is the whole list, as any later value is. */
START_TEST(lists_and_the_folder)
{
    struct tl_id_span spans[2];
    struct tl_config *c;

    make_folder("l.conf.d", 0755);
    put("l.conf.d/1.conf", "[identity]\nrfc2307_ranges = C:7000-8000\n", 0644);
    c = loaded(put("l.conf",
                   "[identity]\nidmap = rfc2307\nunix_primary_group = no\n"
                   "rfc2307_ranges = A:1000-2000\nrfc2307_ranges = B:3000-4000\n",
                   0644));
    ck_assert_uint_eq(c->rfc2307_ranges->count, 1);
    ck_assert(!c->unix_primary_group && c->unix_nss_info);

    set_option(c, "rfc2307_ranges=A:5000-6000,B:1000-2000,C:3000-4000,D:90000-90009");
    ck_assert_uint_eq(tl_idmap_spans(c, spans, 2), 2);
    ck_assert_uint_eq(spans[0].low, 5000);
    ck_assert_uint_eq(spans[0].high, 6000);
    ck_assert_uint_eq(spans[1].low, 1000);
    ck_assert_uint_eq(spans[1].high, 90009);
    set_option(c, "idmap=sss");
    ck_assert_uint_eq(tl_idmap_spans(c, spans, 2), 1);
    ck_assert_uint_eq(spans[0].low, 200000);
    ck_assert_uint_eq(spans[0].high, 2000199999);
}
END_TEST

START_TEST(rid_ranges_are_kept)
{
    struct tl_config *c =
        loaded(put("r.conf",
                   "[identity]\nidmap = rid\n"
                   "rid_ranges = CONTOSO:100000-299999, fabrikam.test:300000-300001\n"
                   "home = /srv/%d/%n\n",
                   0644));

    ck_assert_int_eq(c->idmap, TL_IDMAP_RID);
    ck_assert_uint_eq(c->rid_ranges->count, 2);
    ck_assert_str_eq(c->rid_ranges->range[1].domain, "fabrikam.test");
    ck_assert_uint_eq(c->rid_ranges->range[1].low, 300000);
    ck_assert_uint_eq(c->rid_ranges->range[1].high, 300001);
    ck_assert_str_eq(c->home, "/srv/%d/%n");
    ck_assert_str_eq(c->shell, "/bin/bash");
}
END_TEST

START_TEST(bad_text)
{
    char *want = talloc_asprintf(ctx, "t.conf: %s", bad_texts[_i].error);

    ck_assert_str_eq(refused(put("t.conf", bad_texts[_i].text, 0644)), want);
}
END_TEST

START_TEST(nul_and_long_lines)
{
    static const char nul[] = "[logon]\nwalk = di\0rect\n";
    struct tl_config *config = tl_config_defaults(ctx);
    char *error, *text = talloc_strdup(ctx, "[logon]\n# ");

    ck_assert_int_eq(tli_config_text(ctx, config, "f", nul, sizeof(nul) - 1, &error),
                     -EINVAL);
    ck_assert_str_eq(error, "f: line 2: the line holds a NUL byte");
    for (int i = 0; i < 300; i++)
        text = talloc_asprintf_append(text, "walk");
    ck_assert_int_eq(tli_config_text(ctx, config, "f", text, strlen(text), &error),
                     -EINVAL);
    ck_assert_str_eq(error, "f: line 2: the line is too long");
}
END_TEST

START_TEST(bom_and_empty)
{
    static const char bom[] = "\xef\xbb\xbf[logon]\nwalk = direct\n";
    struct tl_config *config = tl_config_defaults(ctx);
    char *error;

    ck_assert_int_eq(tli_config_text(ctx, config, "f", "", 0, &error), 0);
    ck_assert_int_eq(tli_config_text(ctx, config, "f", "# x", 3, &error), 0);
    ck_assert_int_eq(tli_config_text(ctx, config, "f", bom, sizeof(bom) - 1, &error), 0);
    ck_assert_int_eq(config->walk, TL_WALK_DIRECT);
}
END_TEST

START_TEST(folder_overrides_in_byte_order)
{
    struct tl_config *c;
    char *main_file = put("m.conf", "[logon]\nwalk = direct\nhop_limit = 2\n", 0644);

    make_folder("m.conf.d", 0755);
    put("m.conf.d/10.conf", "[logon]\nhop_limit = 4\n", 0644);
    put("m.conf.d/9.conf", "[logon]\nhop_limit = 5\n", 0644);
    put("m.conf.d/99.conf.rpmsave", "nonsense", 0644);
    put("m.conf.d/.hidden.conf", "nonsense", 0644);
    put("m.conf.d/B.conf", "[agent]\nmax_per_uid = 1\n", 0644);
    put("m.conf.d/a.conf", "[agent]\nmax_per_uid = 2\n", 0644);
    c = loaded(main_file);
    ck_assert_int_eq(c->walk, TL_WALK_DIRECT);
    ck_assert_int_eq(c->hop_limit, 5);
    ck_assert_int_eq(c->max_per_uid, 2);

    put("m.conf.d/z.conf", "[agent]\nmax_per_uid = x\n", 0644);
    ck_assert_str_eq(refused(main_file),
                     "m.conf.d/z.conf: [agent] max_per_uid: 'x' is no "
                     "whole number (1 to 65536)");
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
    char *path = talloc_asprintf(ctx, "%s/none.conf", folder);
    char *text = talloc_strdup(ctx, "");

    ck_assert_str_eq(refused(path), "none.conf: No such file or directory");
    make_folder("dir.conf", 0755);
    path = talloc_asprintf(ctx, "%s/dir.conf", folder);
    ck_assert_str_eq(refused(path), "dir.conf: is no regular file");
    path = talloc_asprintf(ctx, "%s/fifo.conf", folder);
    ck_assert_int_eq(mkfifo(path, 0644), 0);
    ck_assert_str_eq(refused(path), "fifo.conf: is no regular file");
    for (int i = 0; i < 700; i++)
        text = talloc_asprintf_append(text, "# %0100d\n", i);
    ck_assert_str_eq(refused(put("big.conf", text, 0644)),
                     "big.conf: is larger than 65536 bytes");
    path = put("d.conf", "", 0644);
    put("d.conf.d", "", 0644);
    ck_assert_str_eq(refused(path), "d.conf.d: is no folder");
    path = put("l.conf", "", 0644);
    make_folder("l.conf.d", 0755);
    ck_assert_int_eq(
        symlink("/nonexistent", talloc_asprintf(ctx, "%s/l.conf.d/x.conf", folder)), 0);
    ck_assert_str_eq(refused(path), "l.conf.d/x.conf: No such file or directory");
}
END_TEST

START_TEST(files_others_may_write)
{
    char *path;

    if (geteuid() != 0)
        return;
    ck_assert_str_eq(refused(put("w.conf", "", 0666)),
                     "w.conf: may be written by others than root");
    ck_assert_str_eq(refused(put("g.conf", "", 0664)),
                     "g.conf: may be written by others than root");
    path = put("o.conf", "", 0644);
    ck_assert_int_eq(chown(path, 1234, 0), 0);
    ck_assert_str_eq(refused(path), "o.conf: does not belong to root");
    path = put("d.conf", "", 0644);
    make_folder("d.conf.d", 01777);
    ck_assert_str_eq(refused(path), "d.conf.d: may be written by others than root");
}
END_TEST

START_TEST(ordinary_user)
{
    char *path = put("u.conf", "[logon]\nwalk = direct\n", 0600);
    char *own = put("own.conf", "[logon]\nwalk = direct\n", 0664);

    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(chown(own, 1234, 1234), 0);
    ck_assert_int_eq(seteuid(1234), 0);
    ck_assert_str_eq(refused(path), "u.conf: Permission denied");
    ck_assert_int_eq(loaded(own)->walk, TL_WALK_DIRECT);
    ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(set_and_items)
{
    struct tl_config *config = tl_config_defaults(ctx);
    struct tl_config_item *items;
    char *error;
    size_t count;

    ck_assert_int_eq(tl_config_set(ctx, config, "pam", "walk=referral", &error), 0);
    ck_assert_int_eq(config->walk, TL_WALK_REFERRAL);
    ck_assert_int_eq(tl_config_set(ctx, config, "pam", "walk=x", &error), -EINVAL);
    ck_assert_str_eq(error, "pam: walk: 'x' is none of windows, referral, direct");
    ck_assert_int_eq(tl_config_set(ctx, config, "pam", "walk", &error), -EINVAL);
    ck_assert_str_eq(error, "pam: walk: has no value (key=value)");
    ck_assert_int_eq(tl_config_set(ctx, config, "pam", "run=x", &error), -EINVAL);
    ck_assert_str_eq(error, "pam: run: no such option");
    ck_assert_int_eq(config->walk, TL_WALK_REFERRAL);

    items = tl_config_items(ctx, config, &count);
    ck_assert_ptr_nonnull(items);
    ck_assert_uint_eq(count, tli_num_options);
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(items[i].value);
        ck_assert_int_eq(items[i].is_default, strcmp(items[i].key, "walk") != 0);
        if (strcmp(items[i].key, "walk") == 0)
            ck_assert_str_eq(items[i].value, "referral");
    }
}
END_TEST

/* The page lists options as ".It Cm name = default" under ".Ss [section]". */
START_TEST(manual_page_and_table_agree)
{
    FILE *page = fopen(MANUAL_PAGE, "r");
    char line[512], section[64] = "", key[64], value[128];
    size_t seen = 0;

    ck_assert_ptr_nonnull(page);
    while (fgets(line, sizeof(line), page) != NULL) {
        const struct tli_option *option;

        if (sscanf(line, ".Ss [%63[a-z]]", section) == 1 ||
            sscanf(line, ".It Cm %63[a-z0-9_] = Ar %127[^\n]", key, value) != 2)
            continue;
        option = tli_option_find(section, key);
        ck_assert_msg(option != NULL, "the page has [%s] %s, the table not", section,
                      key);
        if (option->initial != NULL)
            ck_assert_msg(strcmp(option->initial, value) == 0, "%s: default %s, page %s",
                          key, option->initial, value);
        ck_assert_msg(option == &tli_options[seen], "%s stands elsewhere in the table",
                      key);
        seen++;
    }
    fclose(page);
    ck_assert_uint_eq(seen, tli_num_options);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *t = tcase_create("config");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, defaults_are_the_headers);
    tcase_add_test(t, keys_are_unique);
    tcase_add_test(t, good_file);
    tcase_add_loop_test(t, rc4_is_a_boolean_too, 0, COUNT(rc4_words));
    tcase_add_loop_test(t, bad_text, 0, COUNT(bad_texts));
    tcase_add_loop_test(t, rid_ranges, 0, COUNT(ranges));
    tcase_add_loop_test(t, autorid_domains, 0, COUNT(autorid));
    tcase_add_test(t, a_list_on_many_lines);
    tcase_add_test(t, lists_and_the_folder);
    tcase_add_test(t, rid_ranges_are_kept);
    tcase_add_test(t, nul_and_long_lines);
    tcase_add_test(t, bom_and_empty);
    tcase_add_test(t, folder_overrides_in_byte_order);
    tcase_add_test(t, files_that_cannot_be_read);
    tcase_add_test(t, files_others_may_write);
    tcase_add_test(t, ordinary_user);
    tcase_add_test(t, set_and_items);
    tcase_add_test(t, manual_page_and_table_agree);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
