/* SPDX-License-Identifier: MIT
 *
 * test_transited.c - the realms that a ticket came through: what the bytes mean, held to
 * libkrb5's own reading of them, and through which a user may come.
 */
#include <check.h>
#include <errno.h>
#include <profile.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "forests.h"
#include "proof/transited.h"

/* Exported, but declared in no public header. */
krb5_error_code krb5_check_transited_list(krb5_context k5, const krb5_data *contents,
                                          const krb5_data *client,
                                          const krb5_data *server);

#define CLIENT "DAVE.CHILD.CONTOSO.TEST"
#define SERVER "FABRIKAM.TEST"

static const struct {
    const char *contents;
    const char *realms; /* separated by spaces; NULL: refused */
    bool libkrb5_too;
} rows[] = {
    {"", "", true},
    {"DEVEL.ALPHA.LOCAL", "DEVEL.ALPHA.LOCAL", true},
    {"A.TEST,B.TEST", "A.TEST B.TEST", true},
    /* RFC 4120 3.3.3.2 */
    {"EDU,MIT.,ATHENA.,WASHINGTON.EDU,CS.",
     "EDU MIT.EDU ATHENA.MIT.EDU WASHINGTON.EDU CS.WASHINGTON.EDU", true},
    {"/COM,/HP,/APOLLO, /COM/DEC", "/COM /COM/HP /COM/HP/APOLLO /COM/DEC", true},
    {"A\\,B", "A,B", true},
    {"A\\\\B", "A\\B", true},
    {"A\\.,B", "A. B", false},
    {" A.TEST", "A.TEST", true},
    /* an empty one: all between its neighbours, or the ends */
    {",TEST", "TEST CHILD.CONTOSO.TEST CONTOSO.TEST", true},
    {"D.C.B.A,,A", "D.C.B.A A C.B.A B.A", true},
    {"D.C.B.A,,,A", "D.C.B.A A C.B.A B.A", false},
    {"A.B.FABRIKAM.TEST,", "A.B.FABRIKAM.TEST B.FABRIKAM.TEST", true},
    {"/A/B/C/D,, /A", "/A/B/C/D /A /A/B /A/B/C", false},
    {",", NULL, false},
    {"EVIL.TEST,,OTHER.EXAMPLE", NULL, true},
    {"A.TEST,", NULL, true},
    {"A,,A", NULL, false},
    {"CHILD.", NULL, false},
    {"A\\", NULL, false},
    {"A\nB", NULL, false},
    {"A\x7f", NULL, false},
    {"\xff\xfe", NULL, false},
    {" ", NULL, false},
};

static krb5_transited transited_of(const char *contents, size_t len)
{
    krb5_transited made = {.tr_type = 1};

    made.tr_contents.data = (char *)(uintptr_t)contents;
    made.tr_contents.length = (unsigned int)len;
    return made;
}

/* Does libkrb5 let it pass, where these realms may be transited? */
static bool libkrb5_lets_pass(const krb5_transited *transited,
                              const struct tli_realms *realms, size_t without)
{
    char path[] = "/tmp/trustlogon-transited-XXXXXX";
    const char *files[] = {path, NULL};
    krb5_data client = {.data = (char *)(uintptr_t)CLIENT, .length = strlen(CLIENT)};
    krb5_data server = {.data = (char *)(uintptr_t)SERVER, .length = strlen(SERVER)};
    profile_t profile;
    krb5_context k5;
    krb5_error_code ret;
    int fd = mkstemp(path);

    ck_assert_int_gt(dprintf(fd, "[capaths]\n " CLIENT " = {\n"), 0);
    for (size_t i = 0; i < realms->count; i++) {
        if (i == without)
            continue;
        ck_assert_int_gt(dprintf(fd, "  " SERVER " = \""), 0);
        for (const char *c = realms->names[i]; *c != '\0'; c++)
            ck_assert_int_gt(dprintf(fd, *c == '\\' ? "\\\\" : "%c", *c), 0);
        ck_assert_int_gt(dprintf(fd, "\"\n"), 0);
    }
    ck_assert_int_gt(dprintf(fd, " }\n"), 0);
    close(fd);
    ck_assert_int_eq(profile_init(files, &profile), 0);
    ck_assert_int_eq(krb5_init_context_profile(profile, 0, &k5), 0);
    ret = krb5_check_transited_list(k5, &transited->tr_contents, &client, &server);
    krb5_free_context(k5);
    profile_release(profile);
    unlink(path);
    return ret == 0;
}

START_TEST(test_decode)
{
    const krb5_transited transited =
        transited_of(rows[_i].contents, strlen(rows[_i].contents));
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tli_realms realms;
    int ret = tli_transited_decode(mem, &transited, CLIENT, SERVER, &realms);
    char *text = talloc_strdup(mem, "");

    ck_assert_msg(ret == (rows[_i].realms != NULL ? 0 : -EBADMSG), "%s: %d",
                  rows[_i].contents, ret);
    for (size_t i = 0; i < realms.count; i++)
        text = talloc_asprintf_append(text, "%s%s", i > 0 ? " " : "", realms.names[i]);
    ck_assert_str_eq(text, rows[_i].realms != NULL ? rows[_i].realms : "");
    if (rows[_i].libkrb5_too) {
        ck_assert_msg(libkrb5_lets_pass(&transited, &realms, SIZE_MAX) == (ret == 0),
                      "%s", rows[_i].contents);
        for (size_t i = 0; i < realms.count; i++)
            ck_assert_msg(!libkrb5_lets_pass(&transited, &realms, i), "%s without %s",
                          rows[_i].contents, realms.names[i]);
    }
    talloc_free(mem);
}
END_TEST

START_TEST(test_limits)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    char many[8192] = "";
    struct tli_realms realms;
    krb5_transited transited = transited_of("EVIL.TEST\0OTHER", 15);

    ck_assert_int_eq(tli_transited_decode(mem, &transited, CLIENT, SERVER, &realms),
                     -EBADMSG);
    transited = transited_of("EVIL.TEST", 10); /* the NUL counted */
    ck_assert_int_eq(tli_transited_decode(mem, &transited, CLIENT, SERVER, &realms), 0);
    ck_assert_str_eq(realms.names[0], "EVIL.TEST");
    transited.tr_type = 2;
    ck_assert_int_eq(tli_transited_decode(mem, &transited, CLIENT, SERVER, &realms),
                     -EBADMSG);
    transited.tr_contents.length = 0;
    ck_assert_int_eq(tli_transited_decode(mem, &transited, CLIENT, SERVER, &realms), 0);
    for (size_t i = 0; i < 33; i++)
        many[2 * i] = 'R', many[2 * i + 1] = ',';
    transited = transited_of(many, 65);
    ck_assert_int_eq(tli_transited_decode(mem, &transited, CLIENT, SERVER, &realms),
                     -EBADMSG);
    transited = transited_of(many, 63);
    ck_assert_int_eq(tli_transited_decode(mem, &transited, CLIENT, SERVER, &realms), 0);
    ck_assert_uint_eq(realms.count, 32);
    /* each name may be as long, and both together not */
    memset(many, 'A', sizeof(many));
    many[0] = 'X';
    many[1] = many[200] = ',';
    many[199] = many[400] = '.';
    transited = transited_of(many, 200);
    ck_assert_int_eq(tli_transited_decode(mem, &transited, CLIENT, SERVER, &realms), 0);
    transited = transited_of(many, 401);
    ck_assert_int_eq(tli_transited_decode(mem, &transited, CLIENT, SERVER, &realms),
                     -EBADMSG);
    memset(many, 'A', sizeof(many));
    transited = transited_of(many, 256);
    ck_assert_int_eq(tli_transited_decode(mem, &transited, CLIENT, SERVER, &realms),
                     -EBADMSG);
    transited = transited_of(many, 4097);
    ck_assert_int_eq(tli_transited_decode(mem, &transited, CLIENT, SERVER, &realms),
                     -EBADMSG);
    talloc_free(mem);
}
END_TEST

/* Whether a user of one realm may come through another to a workstation of
 * fabrikam.test; the trusts are those of forests.h. */
static const struct {
    const char *client, *through;
    bool may, nothing_known;
} ways[] = {
    {"FABRIKAM.TEST", "EU.FABRIKAM.TEST", false, false},
    {"FABRIKAM.TEST", "FABRIKAM.TEST", false, true},
    {"FABRIKAM.TEST", "CONTOSO.TEST", false, false},
    {"EU.FABRIKAM.TEST", "CONTOSO.TEST", false, false},
    {"EU.FABRIKAM.TEST", "fabrikam.test", true, false},
    {"CONTOSO.TEST", "EU.FABRIKAM.TEST", true, false},
    {"CONTOSO.TEST", "FABRIKAM.TEST", true, true},
    {"CONTOSO.TEST", "EVIL.TEST", false, false},
    {"CONTOSO.TEST", "CHILD.CONTOSO.TEST", true, false},
    {"CHILD.CONTOSO.TEST", "CONTOSO.TEST", true, false},
    {"CHILD.CONTOSO.TEST", "CONTOSO.TEST", false, true},
    {"CHILD.CONTOSO.TEST", "XX.CONTOSO.TEST", false, false},
    {"CHILD.CONTOSO.TEST", "OFF.CONTOSO.TEST", false, false},
    {"CHILD.CONTOSO.TEST", "CLASH.CONTOSO.TEST", false, false},
    {"OFF.CONTOSO.TEST", "CONTOSO.TEST", false, false},
    {"CLASH.CONTOSO.TEST", "CONTOSO.TEST", false, false},
    {"EVIL.TEST", "CONTOSO.TEST", false, false},
    {"EVIL.TEST", "EU.FABRIKAM.TEST", true, false},
    {"UNKNOWN.TEST", "CONTOSO.TEST", false, false},
    /* a forest that lists the domains of others */
    {"CONTOSO.TEST", "LIAR.TEST", false, false},
    {"CHILD.CONTOSO.TEST", "LIAR.TEST", false, false},
    {"EVIL.TEST", "LIAR.TEST", false, false},
    {"SUB.PLAIN.EXAMPLE", "LIAR.TEST", false, false},
    {"SUB.PLAIN.EXAMPLE", "PLAIN.EXAMPLE", true, false},
    {"SUB.LIAR.TEST", "LIAR.TEST", true, false},
    {"INBOUND.TEST", "CHILD.INBOUND.TEST", false, false},
    {"CONTOSO.TEST", "/COM/HP", false, false},
};

START_TEST(test_way)
{
    ck_assert_msg(tl_may_transit(ways[_i].nothing_known ? NULL : &forests,
                                 "fabrikam.test", ways[_i].client,
                                 ways[_i].through) == ways[_i].may,
                  "%s through %s", ways[_i].client, ways[_i].through);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("transited");
    TCase *tc = tcase_create("transited");

    tcase_add_loop_test(tc, test_decode, 0, COUNT(rows));
    tcase_add_test(tc, test_limits);
    tcase_add_loop_test(tc, test_way, 0, COUNT(ways));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
