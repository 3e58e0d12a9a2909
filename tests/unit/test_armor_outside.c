/* SPDX-License-Identifier: MIT
 *
 * test_armor_outside.c - what it means when an answer comes outside of FAST armor, and
 * what is remembered of a realm that has FAST.
 */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kerberos/exchange/fast_message.h"
#include "armor_kdc.h"

/* Replies outside the armor. */
static const struct {
    enum tl_fast_policy policy;
    bool known, kept, offer;
    int32_t code;
    enum tl_reason reason;
    bool again;
} plain[] = {
#define DEMAND TL_FAST_DEMAND, false, false
#define TRY_KNOWN TL_FAST_TRY, true, false
    {DEMAND, false, TL_KRB_PREAUTH_REQUIRED, TL_REASON_ARMOR_UNSUPPORTED, false},
    {DEMAND, true, TL_KRB_PREAUTH_REQUIRED, TL_REASON_ARMOR_STRIPPED, false},
    {DEMAND, false, TL_KRB_CLIENT_REVOKED, TL_REASON_ARMOR_UNSUPPORTED, false},
    {DEMAND, false, TL_KRB_KEY_EXPIRED, TL_REASON_ARMOR_UNSUPPORTED, false},
    {DEMAND, false, TL_KRB_WRONG_REALM, TL_REASON_ARMOR_UNSUPPORTED, false},
    /* no key to reply with, because of its clock: goes on, to that error */
    {DEMAND, false, TL_KRB_SKEW, TL_REASON_OK, false},
    {TL_FAST_DEMAND, true, false, false, TL_KRB_PREAUTH_REQUIRED,
     TL_REASON_ARMOR_STRIPPED, false},
    /* kept tickets may be from before the domain changed its keys: a second try */
    {TL_FAST_DEMAND, true, true, false, TL_KRB_BADKEYVER, TL_REASON_OK, true},
    {TL_FAST_TRY, true, true, false, TL_KRB_PREAUTH_FAILED, TL_REASON_OK, true},
    /* but this KDC did not even look at it */
    {TL_FAST_TRY, true, true, false, TL_KRB_PREAUTH_REQUIRED, TL_REASON_ARMOR_STRIPPED,
     false},
    {TRY_KNOWN, false, TL_KRB_PREAUTH_REQUIRED, TL_REASON_ARMOR_STRIPPED, false},
    {TRY_KNOWN, true, TL_KRB_PREAUTH_REQUIRED, TL_REASON_ARMOR_STRIPPED, false},
    {TRY_KNOWN, false, TL_KRB_PREAUTH_FAILED, TL_REASON_ARMOR_STRIPPED, false},
    /* not known: in the clear first, and the offer is taken up */
    {TL_FAST_TRY, false, false, true, TL_KRB_PREAUTH_REQUIRED, TL_REASON_OK, true},
    {TL_FAST_TRY, false, false, false, TL_KRB_PREAUTH_REQUIRED, TL_REASON_OK, false},
    {TL_FAST_TRY, false, false, false, TL_KRB_PREAUTH_FAILED, TL_REASON_OK, false},
    /* another realm is another question, for there armor may be known */
    {TL_FAST_TRY, false, false, false, TL_KRB_WRONG_REALM, TL_REASON_OK, true},
#undef DEMAND
#undef TRY_KNOWN
};

START_TEST(outside)
{
    struct exchange e;
    struct bytes list = plain[_i].offer ? SEQ(pa(TL_PA_FX_FAST, nothing())) : nothing();

    config.fast = plain[_i].policy;
    if (plain[_i].known)
        tli_realm_note_fast(&config, REALM);
    krb->armor->saved = plain[_i].kept;
    start(&e);
    ck_assert_int_eq(e.fast.on, plain[_i].policy == TL_FAST_DEMAND || plain[_i].known);
    ck_assert_int_eq(
        receive(&e, error((unsigned int)plain[_i].code, "FABRIKAM.TEST", list)),
        TL_REASON_OK);
    ck_assert(!e.ex.armored);
    ck_assert_int_eq(tli_fast_judge(&e.fast, &e.ex, out), plain[_i].reason);
    ck_assert_int_eq(e.fast.again, plain[_i].again);
    if (plain[_i].reason != TL_REASON_OK)
        ck_assert_uint_eq(out->ntstatus, TL_NT_DOWNGRADE_DETECTED);
    if (plain[_i].code == TL_KRB_WRONG_REALM && plain[_i].again)
        ck_assert_str_eq(e.fast.realm, "FABRIKAM.TEST");
    stop(&e);
}
END_TEST

START_TEST(kept_once)
{
    struct exchange e;

    krb->armor->saved = true;
    start(&e);
    e.fast.renewed = true; /* these are the new ones */
    ck_assert_int_eq(receive(&e, error(TL_KRB_BADKEYVER, NULL, nothing())), TL_REASON_OK);
    ck_assert_int_eq(tli_fast_judge(&e.fast, &e.ex, out), TL_REASON_ARMOR_UNSUPPORTED);
    stop(&e);
}
END_TEST

START_TEST(memory)
{
    char *path = talloc_asprintf(ctx, "%s/fast." REALM, dir);
    struct timespec old[2] = {{.tv_sec = time(NULL) - 31L * 24 * 3600},
                              {.tv_sec = time(NULL) - 31L * 24 * 3600}};
    struct stat st;

    ck_assert(!tli_realm_has_fast(&config, REALM));
    tli_realm_note_fast(&config, REALM);
    ck_assert(tli_realm_has_fast(&config, REALM));
    ck_assert(!tli_realm_has_fast(&config, "FABRIKAM.TEST"));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
    ck_assert(!tli_realm_has_fast(&config, REALM)); /* too long ago */
    tli_realm_note_fast(&config, REALM);
    ck_assert(tli_realm_has_fast(&config, REALM));
    /* invalid names, and a link of another user */
    tli_realm_note_fast(&config, "../x");
    ck_assert(!tli_realm_has_fast(&config, "../x"));
    unlink(path);
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
    ck_assert(!tli_realm_has_fast(&config, REALM));
    tli_realm_note_fast(&config, REALM);
    ck_assert(!tli_realm_has_fast(&config, REALM));
}
END_TEST

/* This logon may have to make the folder, and NSS reads files beside it. */
START_TEST(folder)
{
    struct stat st;
    mode_t mask;

    config.state_dir = talloc_asprintf(ctx, "%s/state", dir);
    mask = umask(077);
    tli_realm_note_fast(&config, REALM);
    umask(mask);
    ck_assert(tli_realm_has_fast(&config, REALM));
    ck_assert_int_eq(stat(config.state_dir, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0755);
    ck_assert_int_eq(unlink(talloc_asprintf(ctx, "%s/fast." REALM, config.state_dir)), 0);
    ck_assert_int_eq(rmdir(config.state_dir), 0);
    config.state_dir = dir;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("armor_outside");
    TCase *tc = tcase_create("armor");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, outside, 0, COUNT(plain));
    tcase_add_test(tc, kept_once);
    tcase_add_test(tc, memory);
    tcase_add_test(tc, folder);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
