/* SPDX-License-Identifier: MIT
 *
 * test_directory.c - directory entries, as a hostile or broken server could
 * send them, into trusts, domains and suffixes; and filter escaping.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <trustlogon/directory.h>

#include "entries.h"
#include "run_suite.h"
#include "talloc_context.h"

static struct tli_entry good_tdo(void)
{
    static const uint8_t sid[] = {1, 4, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0,
                                  1, 0, 0, 0, 2, 0, 0, 0, 3,  0, 0, 0};
    struct tli_entry entry = {.dn = "CN=contoso.test,CN=System,DC=fabrikam,DC=test"};

    put_text(ctx, &entry, "trustPartner", "contoso.test");
    put_text(ctx, &entry, "flatName", "CONTOSO");
    put_text(ctx, &entry, "trustDirection", "3");
    put_text(ctx, &entry, "trusttype", "2"); /* names of attributes have no case */
    put_text(ctx, &entry, "trustAttributes", "4");
    put_text(ctx, &entry, "msDS-SupportedEncryptionTypes", "24");
    put_text(ctx, &entry, "whenChanged", "20260102030405.0Z");
    put_bytes(ctx, &entry, "securityIdentifier", sid, sizeof(sid));
    return entry;
}

START_TEST(tdo_whole)
{
    struct tli_entry entry = good_tdo();
    struct tl_tdo *tdo;
    const char *why;
    char sid[TL_SID_STRING_MAX];

    ck_assert_int_eq(tli_tdo_from_entry(ctx, "Fabrikam.TEST", &entry, &tdo, &why), 0);
    ck_assert_str_eq(tdo->holder, "fabrikam.test");
    ck_assert_str_eq(tdo->dn, entry.dn);
    ck_assert_str_eq(tdo->partner, "contoso.test");
    ck_assert_str_eq(tdo->flat, "CONTOSO");
    ck_assert_uint_eq(tdo->direction, 3);
    ck_assert_uint_eq(tdo->type, 2);
    ck_assert_uint_eq(tdo->attributes, TL_TRUST_QUARANTINED);
    ck_assert(tdo->has_enctypes && tdo->enctypes == 24);
    ck_assert_int_eq(tdo->changed, 1767323045);
    ck_assert(tdo->has_sid);
    ck_assert_str_eq(tl_sid_format(&tdo->sid, sid), "S-1-5-21-1-2-3");
    ck_assert_ptr_null(tdo->forest_info);
    ck_assert_ptr_null(tdo->forest_info_error);
}
END_TEST

/* One attribute replaced (value NULL: taken away), and the result for the TDO. */
static const struct {
    const char *name, *value;
    size_t len;
    int ret;
    uint32_t direction, type, attributes;
    bool has_flat, has_sid, has_enctypes, has_changed;
} tdo_cases[] = {
#define V(text) text, sizeof(text) - 1
    {"trustPartner", NULL, 0, -EBADMSG},
    {"trustPartner", V(""), -EBADMSG},
    {"trustPartner", V("con\0toso"), -EBADMSG},
    {"trustPartner", V("con\xfftoso"), -EBADMSG},
    {"trustPartner", V("con\ntoso"), -EBADMSG},
    {"trustDirection", V("x"), -EBADMSG},
    {"trustDirection", V(""), -EBADMSG},
    {"trustDirection", V("-"), -EBADMSG},
    {"trustDirection", V(" 3"), -EBADMSG},
    {"trustDirection", V("3\0"), -EBADMSG},
    {"trustDirection", V("0x3"), -EBADMSG},
    {"trustType", V("4294967296"), -EBADMSG},
    {"trustType", V("-2147483649"), -EBADMSG},
    {"trustAttributes", V("99999999999999999999999999999"), -EBADMSG},
    {"trustDirection", NULL, 0, 0, 0, 2, 4, true, true, true, true},
    {"trustType", NULL, 0, 0, 3, 0, 4, true, true, true, true},
    {"trustAttributes", NULL, 0, 0, 3, 2, 0, true, true, true, true},
    {"trustAttributes", V("-2147483648"), 0, 3, 2, 0x80000000U, true, true, true, true},
    {"trustAttributes", V("-1"), 0, 3, 2, 0xFFFFFFFFU, true, true, true, true},
    {"trustAttributes", V("4294967295"), 0, 3, 2, 0xFFFFFFFFU, true, true, true, true},
    {"flatName", NULL, 0, 0, 3, 2, 4, false, true, true, true},
    {"flatName", V("A\x1b[31m"), 0, 3, 2, 4, false, true, true, true},
    {"securityIdentifier", NULL, 0, 0, 3, 2, 4, true, false, true, true},
    {"securityIdentifier", V("\x01\x04"), 0, 3, 2, 4, true, false, true, true},
    {"msDS-SupportedEncryptionTypes", V("aes"), 0, 3, 2, 4, true, true, false, true},
    {"msDS-SupportedEncryptionTypes", NULL, 0, 0, 3, 2, 4, true, true, false, true},
    {"whenChanged", NULL, 0, 0, 3, 2, 4, true, true, true, false},
    {"whenChanged", V("2026"), 0, 3, 2, 4, true, true, true, false},
    {"whenChanged", V("20261302030405.0Z"), 0, 3, 2, 4, true, true, true, false},
    {"whenChanged", V("20260102030405.0"), 0, 3, 2, 4, true, true, true, false},
    /* Left-over forest trust information in an external trust means nothing. */
    {"msDS-TrustForestTrustInfo", V("junk"), 0, 3, 2, 4, true, true, true, true},
#undef V
};

START_TEST(tdo_hostile)
{
    struct tli_entry entry = good_tdo();
    struct tl_tdo *tdo = (void *)1;
    const char *why;
    int ret;

    replace_bytes(ctx, &entry, tdo_cases[_i].name, tdo_cases[_i].value,
                  tdo_cases[_i].len);
    ret = tli_tdo_from_entry(ctx, "fabrikam.test", &entry, &tdo, &why);
    ck_assert_int_eq(ret, tdo_cases[_i].ret);
    if (ret != 0) {
        ck_assert_ptr_null(tdo);
        ck_assert_ptr_nonnull(why);
        return;
    }
    ck_assert_uint_eq(tdo->direction, tdo_cases[_i].direction);
    ck_assert_uint_eq(tdo->type, tdo_cases[_i].type);
    ck_assert_uint_eq(tdo->attributes, tdo_cases[_i].attributes);
    ck_assert_int_eq(tdo->flat != NULL, tdo_cases[_i].has_flat);
    ck_assert_int_eq(tdo->has_sid, tdo_cases[_i].has_sid);
    ck_assert_int_eq(tdo->has_enctypes, tdo_cases[_i].has_enctypes);
    ck_assert_int_eq(tdo->changed != 0, tdo_cases[_i].has_changed);
    ck_assert_ptr_null(tdo->forest_info_error);
}
END_TEST

/* What a domain controller cannot work with; the first of several. */
START_TEST(tdo_damage)
{
    static const uint8_t info[] = {7, 0, 0, 0, 0, 0, 0, 0};
    static const struct {
        const char *name, *value, *damage;
    } rows[] = {
        {"flatName", NULL, "no flatName"},
        {"securityIdentifier", NULL, "no securityIdentifier"},
        {"securityIdentifier", "S-1-5", "a securityIdentifier that is no SID"},
        {"trustAttributes", NULL, "no trustAttributes"},
        {"whenChanged", NULL, NULL},
        {"trustAttributes", "8", "a msDS-TrustForestTrustInfo of an unknown version"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tli_entry entry = good_tdo();
        struct tl_tdo *tdo;
        const char *why;

        replace_bytes(ctx, &entry, "msDS-TrustForestTrustInfo", info, sizeof(info));
        replace_bytes(ctx, &entry, rows[i].name, rows[i].value,
                      rows[i].value != NULL ? strlen(rows[i].value) : 0);
        ck_assert_int_eq(tli_tdo_from_entry(ctx, "f.test", &entry, &tdo, &why), 0);
        ck_assert(tdo->keeps_forest_info);
        if (rows[i].damage == NULL)
            ck_assert_ptr_null(tdo->damage);
        else
            ck_assert_str_eq(tdo->damage, rows[i].damage);
    }
}
END_TEST

START_TEST(tdo_huge_partner)
{
    struct tli_entry entry = good_tdo();
    char *name = talloc_zero_size(ctx, 100001);
    struct tl_tdo *tdo;
    const char *why;

    memset(name, 'a', 100000);
    replace_bytes(ctx, &entry, "trustPartner", name, 100000);
    ck_assert_int_eq(tli_tdo_from_entry(ctx, "f.test", &entry, &tdo, &why), -EBADMSG);
    replace_bytes(ctx, &entry, "trustPartner", name, 1024);
    ck_assert_int_eq(tli_tdo_from_entry(ctx, "f.test", &entry, &tdo, &why), 0);
}
END_TEST

START_TEST(tdo_forest_info)
{
    /* version 1, one record: 17 + 2 bytes, enabled TLN "a.b" */
    static const uint8_t blob[] = {1, 0, 0, 0, 1, 0, 0, 0, 20, 0, 0, 0, 0, 0,   0,   0,
                                   0, 0, 0, 0, 0, 0, 0, 0, 0,  3, 0, 0, 0, 'a', '.', 'b'};
    struct tli_entry entry = good_tdo();
    struct tl_tdo *tdo;
    const char *why;

    replace_bytes(ctx, &entry, "trustAttributes", "8", 1);
    replace_bytes(ctx, &entry, "msDS-TrustForestTrustInfo", blob, sizeof(blob));
    ck_assert_int_eq(tli_tdo_from_entry(ctx, "f.test", &entry, &tdo, &why), 0);
    ck_assert_ptr_nonnull(tdo->forest_info);
    ck_assert_uint_eq(tdo->forest_info->count, 1);
    ck_assert_str_eq(tdo->forest_info->records[0].name, "a.b");

    replace_bytes(ctx, &entry, "msDS-TrustForestTrustInfo", blob, sizeof(blob) - 1);
    ck_assert_int_eq(tli_tdo_from_entry(ctx, "f.test", &entry, &tdo, &why), 0);
    ck_assert_ptr_null(tdo->forest_info);
    ck_assert_ptr_nonnull(tdo->forest_info_error);
}
END_TEST

START_TEST(domains)
{
    struct tli_entries all = {0};
    struct tl_domain *found;
    size_t count;

    all.count = 6;
    all.entries = talloc_zero_array(ctx, struct tli_entry, all.count);
    all.entries[0].dn = "CN=CHILD,CN=Partitions,CN=Configuration,DC=root,DC=test";
    put_text(ctx, &all.entries[0], "systemFlags", "3");
    put_text(ctx, &all.entries[0], "dnsRoot", "Child.Root.test");
    put_text(ctx, &all.entries[0], "nETBIOSName", "CHILD");
    put_text(ctx, &all.entries[0], "trustParent",
             "cn=ROOT,CN=Partitions,CN=Configuration,DC=root,DC=test");
    all.entries[1].dn = "CN=ROOT,CN=Partitions,CN=Configuration,DC=root,DC=test";
    put_text(ctx, &all.entries[1], "systemFlags", "3");
    put_text(ctx, &all.entries[1], "dnsRoot", "root.test");
    /* a naming context without a domain; no flags; no name; its own parent */
    all.entries[2].dn = "CN=Enterprise Schema,CN=Partitions";
    put_text(ctx, &all.entries[2], "systemFlags", "1");
    put_text(ctx, &all.entries[2], "dnsRoot", "root.test");
    all.entries[3].dn = "CN=a";
    put_text(ctx, &all.entries[3], "dnsRoot", "a.test");
    all.entries[4].dn = "CN=b";
    put_text(ctx, &all.entries[4], "systemFlags", "-1");
    put_text(ctx, &all.entries[4], "dnsRoot", "b..test");
    all.entries[5].dn = "CN=c";
    put_text(ctx, &all.entries[5], "systemFlags", "2");
    put_text(ctx, &all.entries[5], "dnsRoot", "c.test");
    put_text(ctx, &all.entries[5], "trustParent", "CN=c");

    ck_assert_int_eq(tli_domains_from_entries(ctx, &all, &found, &count), 0);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(found[0].dns, "child.root.test");
    ck_assert_str_eq(found[0].flat, "CHILD");
    ck_assert_str_eq(found[0].parent, "root.test");
    ck_assert_str_eq(found[1].dns, "root.test");
    ck_assert_ptr_null(found[1].flat);
    ck_assert_ptr_null(found[1].parent);
    ck_assert_ptr_null(found[2].parent);
}
END_TEST

START_TEST(suffixes)
{
    struct tli_entry entry = {.dn = "CN=Partitions"};
    const char **found;
    size_t count;

    ck_assert_int_eq(tli_suffixes_from_entry(ctx, &entry, &found, &count), 0);
    ck_assert_uint_eq(count, 0);
    put_text(ctx, &entry, "uPNSuffixes", "Corp.Example");
    put_text(ctx, &entry, "uPNSuffixes", "bad\tone");
    put_text(ctx, &entry, "uPNSuffixes", "..");
    put_text(ctx, &entry, "uPNSuffixes", "two.example");
    ck_assert_int_eq(tli_suffixes_from_entry(ctx, &entry, &found, &count), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(found[0], "corp.example");
    ck_assert_str_eq(found[1], "two.example");
}
END_TEST

static const struct {
    const char *dn, *dns;
} dn_cases[] = {
    {"DC=contoso,DC=test", "contoso.test"},
    {"dc=Contoso, dc=TEST", "contoso.test"},
    {"DC=test", "test"},
    {"CN=x,DC=contoso,DC=test", NULL},
    {"DC=a+DC=b,DC=test", NULL},
    {"DC=a.b,DC=test", NULL},
    {"DC=a\\00b,DC=test", NULL},
    {"DC=,DC=test", NULL},
    {"DC=a\\2cDC\\3db", NULL},
    {"", NULL},
    {"DC=", NULL},
    {"not a dn", NULL},
    {NULL, NULL},
};

START_TEST(dn_to_dns)
{
    char *dns = tli_dn_to_dns(ctx, dn_cases[_i].dn);

    if (dn_cases[_i].dns == NULL)
        ck_assert_msg(dns == NULL, "%s", dns);
    else
        ck_assert_str_eq(dns, dn_cases[_i].dns);
}
END_TEST

START_TEST(escaping)
{
    static const uint8_t bytes[] = {'a', 0, '*', '(', ')', '\\', 0xc3, 0xa9, '=', '$'};
    uint8_t all[256];
    char *out;

    ck_assert_str_eq(tl_ldap_escape(ctx, bytes, sizeof(bytes)),
                     "a\\00\\2a\\28\\29\\5c\\c3\\a9\\3d$");
    ck_assert_str_eq(tl_ldap_escape(ctx, NULL, 0), "");
    ck_assert_str_eq(tl_ldap_escape(ctx, (const uint8_t *)"host/ws1.a-b.test", 17),
                     "host/ws1.a-b.test");
    /* For any input, no character with a meaning in a filter comes out. */
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)i;
    out = tl_ldap_escape(ctx, all, sizeof(all));
    ck_assert_ptr_null(strpbrk(out, "*()&|!<>~=:\"',;+ "));
    for (const char *c = out; *c != '\0'; c++)
        ck_assert_int_lt((unsigned char)*c, 0x7f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("directory");
    TCase *t = tcase_create("directory");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, tdo_whole);
    tcase_add_loop_test(t, tdo_hostile, 0, COUNT(tdo_cases));
    tcase_add_test(t, tdo_damage);
    tcase_add_test(t, tdo_huge_partner);
    tcase_add_test(t, tdo_forest_info);
    tcase_add_test(t, domains);
    tcase_add_test(t, suffixes);
    tcase_add_loop_test(t, dn_to_dns, 0, COUNT(dn_cases));
    tcase_add_test(t, escaping);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
