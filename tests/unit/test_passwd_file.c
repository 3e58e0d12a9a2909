/* SPDX-License-Identifier: MIT
 *
 * test_passwd_file.c - the lines of passwd(5) and group(5): names, ids and primary
 * groups, also behind lines that are long or malformed.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "fixtures.h"
#include "store/passwd_file.h"

#define LINES 16

static temp_path path;

static void setup(void)
{
    make_temp_file(path);
}

static void teardown(void)
{
    unlink(path);
}

/* What was read, as text: "name id gid", with "-" for what a line does not have. */
struct seen {
    size_t count, most;
    char lines[LINES][64];
};

static void put_id(char *to, size_t size, bool has, uint32_t id)
{
    if (has)
        snprintf(to, size, "%u", id);
    else
        snprintf(to, size, "-");
}

static bool note(void *data, const struct tli_passwd_line *line)
{
    struct seen *seen = data;
    char id[16], gid[16];

    ck_assert_uint_lt(seen->count, LINES);
    put_id(id, sizeof(id), line->has_id, line->id);
    put_id(gid, sizeof(gid), line->has_gid, line->gid);
    snprintf(seen->lines[seen->count], sizeof(seen->lines[0]), "%.20s %s %s",
             line->name != NULL ? line->name : "-", id, gid);
    return ++seen->count < seen->most;
}

static struct seen read_all(const char *text)
{
    struct seen seen = {.most = LINES};

    write_text(path, text);
    ck_assert_int_eq(tli_passwd_read(path, note, &seen), 0);
    return seen;
}

START_TEST(users)
{
    static const char *const expected[] = {
        "root 0 0",         "alice 1000 1001", "signs 1 2", "nogid 5 -",
        "empty 5 -",        "words 5 -",       "minus - -", "large - 4294967295",
        "max 4294967295 -", "last 7 8"};
    const struct seen seen = read_all("root:x:0:0:root:/root:/bin/sh\n"
                                      "alice:x:1000:1001:A, 9:/home/alice:/bin/sh\n"
                                      "signs:x: +1: +2:::\n"
                                      "nogid:x:5\n"
                                      "empty:x:5::7:/:\n"
                                      "words:x:5:6six:7:/:\n"
                                      "minus:x:-1:-1:7:/:\n"
                                      "large:x:4294967296:4294967295:::\n"
                                      "max:x:4294967295:99999999999999999999:::\n"
                                      "last:x:7:8");

    ck_assert_uint_eq(seen.count, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < seen.count; i++)
        ck_assert_str_eq(seen.lines[i], expected[i]);
}
END_TEST

/* The fourth field of a group has names, of which the first may begin with a digit. */
START_TEST(groups)
{
    const struct seen seen = read_all("adm:x:4:syslog,alice,5\n"
                                      "odd:x:6:7up,8\n"
                                      "next:x:9:\n");

    ck_assert_uint_eq(seen.count, 3);
    ck_assert_str_eq(seen.lines[0], "adm 4 -");
    ck_assert_str_eq(seen.lines[1], "odd 6 -");
    ck_assert_str_eq(seen.lines[2], "next 9 -");
}
END_TEST

/* fgetpwent_r(3) would end at a line that is longer than its buffer. */
START_TEST(behind_a_long_line)
{
    static char text[100000];
    struct seen seen;

    snprintf(text, sizeof(text), "long:x:1:2:%090000d:/:\nwanted:x:3:4:::\n", 0);
    seen = read_all(text);
    ck_assert_uint_eq(seen.count, 2);
    ck_assert_str_eq(seen.lines[0], "long 1 2");
    ck_assert_str_eq(seen.lines[1], "wanted 3 4");
}
END_TEST

START_TEST(ends_when_the_reader_says_so)
{
    struct seen seen = {.most = 1};

    write_text(path, "a:x:1:1:::\nb:x:2:2:::\n");
    ck_assert_int_eq(tli_passwd_read(path, note, &seen), 0);
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_int_eq(tli_passwd_read("/nonexistent/file", note, &seen), -ENOENT);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("passwd_file");
    TCase *tcase = tcase_create("passwd_file");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, users);
    tcase_add_test(tcase, groups);
    tcase_add_test(tcase, behind_a_long_line);
    tcase_add_test(tcase, ends_when_the_reader_says_so);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
