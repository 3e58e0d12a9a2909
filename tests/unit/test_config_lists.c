/* SPDX-License-Identifier: MIT
 *
 * test_config_lists.c - the options that are lists: rid_ranges and autorid_domains.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "config_files.h"

/* rid_ranges, and what its error says after the quoted value; NULL: a good one. */
static const struct {
    const char *text, *fault;
} ranges[] = {
    {"CONTOSO:1000-1000", NULL},
    {"a.b-c_d:100000-4294967293 , B:2000-99999", NULL},
    {"CONTOSO", "is not a list of"},
    {"CONTOSO:", "is not a list of"},
    {":1000-2000", "is not a list of"},
    {"CONTOSO:1000-2000,", "is not a list of"},
    {"CONTOSO:1000-2000;B:3000-4000", "is not a list of"},
    {"CONTOSO:1000-2000 B:3000-4000", "is not a list of"},
    {"CON TOSO:1000-2000", "is not a list of"},
    {"CONTOSO:-1000-2000", "is not a list of"},
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
    struct tl_config_error *error = NULL;
    int ret = tl_config_set(
        ctx, config, "t", talloc_asprintf(ctx, "rid_ranges=%s", ranges[_i].text), &error);

    if (ranges[_i].fault == NULL) {
        ck_assert_int_eq(ret, 0);
        ck_assert_str_eq(config->rid_ranges->text, ranges[_i].text);
        return;
    }
    ck_assert_int_eq(ret, -EINVAL);
    ck_assert_ptr_null(config->rid_ranges);
    ck_assert_msg(strstr(error->text, ranges[_i].fault) != NULL, "%s", error->text);
}
END_TEST

#define A "S-1-5-21-1-2-3"
#define B "S-1-5-21-4294967295-4294967295-4294967295"

/* autorid_domains, likewise. */
static const struct {
    const char *text, *fault;
} autorid[] = {
    {"RANGE 0: ALLOC, RANGE 1: S-1-5-32, RANGE 2: " A ", RANGE 3: " B, NULL},
    {"2:" A ",3 : " A "#1", "is not a list of"},
    {"2: " A " , 3: " A "#1, 4: " A "#42949", NULL},
    {"4294967295: " A, NULL},
    {"4294967296: " A, "is not a list of"},
    {"RANGE: " A, "is not a list of"},
    {"RANGE -1: " A, "is not a list of"},
    {A, "is not a list of"},
    {"1 " A, "is not a list of"},
    {"1: ", "is not a list of"},
    {"1", "is not a list of"},
    {"RANGE", "is not a list of"},
    {"RANGE999", "is not a list of"},
    {"1: CONTOSO", "is not a list of"},
    {"1: " A "#", "is not a list of"},
    {"1: " A "#x", "is not a list of"},
    {"1: " A "#1#2", "is not a list of"},
    {"1: " A " #1", "is not a list of"},
    {"1: " A ",", "is not a list of"},
    {"1: " A "; 2: " B, "is not a list of"},
    {"1: " A " 2: " B, "is not a list of"},
    {"1: " A ", 1: " B, "assigns one range twice"},
    {"0: ALLOC, 0: " B, "assigns one range twice"},
    {"1: " A ", 2: " A, "assigns a domain two ranges with the same index"},
    {"1: " A "#7, 2: " A "#7", "assigns a domain two ranges with the same index"},
};

START_TEST(autorid_domains)
{
    struct tl_config *config = tl_config_defaults(ctx);
    struct tl_config_error *error = NULL;
    int ret = tl_config_set(ctx, config, "t",
                            talloc_asprintf(ctx, "autorid_domains=%s", autorid[_i].text),
                            &error);

    if (autorid[_i].fault == NULL) {
        ck_assert_msg(ret == 0, "%s", error->text);
        ck_assert_str_eq(config->autorid_domains->text, autorid[_i].text);
        return;
    }
    ck_assert_int_eq(ret, -EINVAL);
    ck_assert_ptr_null(config->autorid_domains);
    ck_assert_msg(strstr(error->text, autorid[_i].fault) != NULL, "%s", error->text);
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

int main(void)
{
    Suite *suite = suite_create("config_lists");
    TCase *t = tcase_create("config");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_loop_test(t, rid_ranges, 0, COUNT(ranges));
    tcase_add_loop_test(t, autorid_domains, 0, COUNT(autorid));
    tcase_add_test(t, a_list_on_many_lines);
    tcase_add_test(t, lists_and_the_folder);
    tcase_add_test(t, rid_ranges_are_kept);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
