/* SPDX-License-Identifier: MIT
 *
 * test_known_names.c - names of groups that are not asked for twice within seconds.
 */
#include <check.h>
#include <unistd.h>

#include "directory/known_names.h"
#include "fixtures.h"

#define CONTOSO "S-1-5-21-1-2-3"

static TALLOC_CTX *ctx;
static struct tli_known_names *known;
static struct tl_dir_name name;

static void setup(void)
{
    ctx = talloc_new(NULL);
    known = tli_known_names_new(ctx, 100);
    name = (struct tl_dir_name){
        .sid = sid_of(CONTOSO "-1200"), .kind = TL_DIR_GROUP, .domain_local = true};
}

static void teardown(void)
{
    talloc_free(ctx);
}

static bool is_known(const char *sid, const char *as)
{
    const struct tl_sid asked = sid_of(sid);
    struct tl_dir_name found = {0};

    if (!tli_known_names_find(ctx, known, &asked, &found))
        return false;
    ck_assert_str_eq(found.name, as);
    ck_assert(tl_sid_equal(&found.sid, &asked));
    ck_assert(found.kind == TL_DIR_GROUP && found.domain_local);
    return true;
}

START_TEST(kept)
{
    ck_assert(!is_known(CONTOSO "-1200", "Sales"));
    name.name = "Sales";
    tli_known_names_add(known, &name);
    name.name = "not this one";
    ck_assert(is_known(CONTOSO "-1200", "Sales"));
    ck_assert(!is_known("S-1-5-21-9-9-9-1200", "Sales"));
    name.name = "Vendite";
    tli_known_names_add(known, &name);
    ck_assert(is_known(CONTOSO "-1200", "Vendite"));
}
END_TEST

/* Those with the same place: the last one has it. */
START_TEST(one_place)
{
    name.name = "Sales";
    tli_known_names_add(known, &name);
    name.sid = sid_of(CONTOSO "-2224");
    name.name = "Other";
    tli_known_names_add(known, &name);
    ck_assert(is_known(CONTOSO "-2224", "Other"));
    ck_assert(!is_known(CONTOSO "-1200", "Sales"));
}
END_TEST

START_TEST(not_kept)
{
    static const enum tl_dir_kind kinds[] = {TL_DIR_UNKNOWN, TL_DIR_USER, TL_DIR_COMPUTER,
                                             TL_DIR_FOREIGN};

    name.name = "Sales";
    for (size_t i = 0; i < COUNT(kinds); i++) {
        name.kind = kinds[i];
        tli_known_names_add(known, &name);
    }
    name.kind = TL_DIR_GROUP;
    name.name = NULL;
    tli_known_names_add(known, &name);
    ck_assert(!is_known(CONTOSO "-1200", "Sales"));
    name.name = "Sales";
    tli_known_names_add(NULL, &name);
    known = NULL;
    ck_assert(!is_known(CONTOSO "-1200", "Sales"));
}
END_TEST

START_TEST(for_some_seconds)
{
    known = tli_known_names_new(ctx, 0);
    name.name = "Sales";
    tli_known_names_add(known, &name);
    (void)usleep(10);
    ck_assert(!is_known(CONTOSO "-1200", "Sales"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("known_names");
    TCase *tc = tcase_create("known_names");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, kept);
    tcase_add_test(tc, one_place);
    tcase_add_test(tc, not_kept);
    tcase_add_test(tc, for_some_seconds);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
