/* SPDX-License-Identifier: MIT
 *
 * test_kpasswd_net.c - changing a password at services that misbehave: processes on
 * 127.0.0.0/8, on TCP and UDP. What counts is that a success is an authenticated one,
 * that no second service sees the request, and what is reported of the rest.
 */
#include <check.h>
#include <string.h>

#include "fake_kpasswd.h"

static const struct script scripts[] = {
#define WORKED ANSWERS, "\0\0", 2, TL_REASON_OK
    {"tcp", "oo", WORKED, 1, "tcp", NULL},
    {"tcp refused", "ro", WORKED, 1, "udp", NULL},
    {"tcp filtered", "fo", WORKED, 1, "udp", NULL},
    {"udp filtered", "of", WORKED, 1, "tcp", NULL},
    {"the first is gone", "ff oo", WORKED, 2, "tcp", NULL},
    {"two are gone, one of them loudly", "rr ff ro", WORKED, 3, "udp", NULL},
#undef WORKED
#define UNREACHABLE ANSWERS, "", 0, TL_REASON_PASSWORD_UNREACHABLE, 0, NULL
    {"all refuse", "rr rr", UNREACHABLE, "464/tcp refused, 464/udp refused; "},
    {"all filtered", "ff", UNREACHABLE, "464/tcp no answer, 464/udp no answer"},
#undef UNREACHABLE
/* the second would take it, and must not get it */
#define UNKNOWN "\0\0", 2, TL_REASON_PASSWORD_UNKNOWN, 1
    {"silence", "oo oo", SILENT, UNKNOWN, "tcp", "did not answer"},
    {"silence over udp", "ro oo", SILENT, UNKNOWN, "udp", "did not answer"},
    {"hangs up", "oo oo", CLOSES, UNKNOWN, "tcp", "did not answer"},
    {"garbage", "oo oo", GARBAGE, UNKNOWN, "tcp", "not a message"},
    {"without the key", "oo oo", NO_KEY, UNKNOWN, "tcp", "is not valid"},
    {"changed on the way", "oo oo", CHANGED_BITS, UNKNOWN, "tcp", "is not valid"},
    {"no result", "oo oo", EMPTY_RESULT, UNKNOWN, "tcp", "no result"},
#undef UNKNOWN
#define FAILED TL_REASON_PASSWORD_FAILED, 1, "tcp"
    {"an error", "oo", KRB_ERROR, "\0\3who are you", 13, FAILED,
     "(60): who are you. If the old"},
    {"an error that says it worked", "oo", KRB_ERROR, "\0\0", 2, FAILED,
     "If the old password"},
    {"an error without a frame", "oo", BARE_KRB_ERROR, "\0\3", 2, FAILED,
     "KRB_ERR_GENERIC (60)"},
    {"an error that tells the rule", "oo", BARE_KRB_ERROR, "\0\4Password too short.", 21,
     TL_REASON_PASSWORD_TOO_SHORT, 1, "tcp", "too short.\" If the old password"},
    {"an error that denies", "oo", KRB_ERROR, "\0\5", 2, TL_REASON_PASSWORD_DENIED, 1,
     "tcp", "does not let this user change the password. If the old"},
    {"out of order", "oo", ANSWERS, "\0\2disk full", 11, FAILED, "result 2: disk full"},
    {"an unknown code", "oo", ANSWERS, "\1\0", 2, FAILED, "result 256"},
#undef FAILED
    {"a clock that is off", "oo", SKEW, "", 0, TL_REASON_CLOCK_SKEW, 1, "tcp",
     "60 minutes"},
    {"too short", "oo", ANSWERS, "\0\4Password too short, really", 28,
     TL_REASON_PASSWORD_TOO_SHORT, 1, "tcp", "too short, really"},
    {"not allowed", "oo", ANSWERS, "\0\5", 2, TL_REASON_PASSWORD_DENIED, 1, "tcp",
     "does not let"},
};

START_TEST(test_script)
{
    const struct script *script = &scripts[_i];
    enum tl_reason reason;

    for (size_t i = 0; 3 * i < strlen(script->dcs); i++)
        add_dc(script, (int)i);
    reason = tli_kpasswd_change(krb, &list, NEW, out);
    ck_assert_msg(reason == script->reason, "%s: %s (%s), not %s", script->what,
                  tl_reason_info(reason)->slug, out->detail != NULL ? out->detail : "",
                  tl_reason_info(script->reason)->slug);
    ck_assert_int_eq(out->reason, reason);
    for (int i = 0; i < MAX_DCS; i++)
        ck_assert_msg(counters->requests[i] == (i + 1 == script->asked),
                      "%s: DC %d got %d", script->what, i + 1, counters->requests[i]);
    if (script->by != NULL)
        ck_assert_ptr_nonnull(strstr(out->kdc, script->by));
    if (reason == TL_REASON_OK)
        ck_assert_int_eq(counters->right[script->asked - 1], 1);
    else
        ck_assert_int_eq(out->stage, TL_STAGE_PASSWORD);
    if (script->says != NULL)
        ck_assert_msg(strstr(out->detail, script->says) != NULL, "%s: %s", script->what,
                      out->detail);
}
END_TEST

static enum tl_reason meddled(int at, int bits, int cut)
{
    counters->flip_at = at;
    counters->flip_bits = bits;
    counters->cut = cut;
    tl_outcome_reset(out);
    tl_krb_set_deadline(krb, tl_deadline_in_ms(DEADLINE_MS));
    return tli_kpasswd_change(krb, &list, NEW, out);
}

/* Each byte of an answer flipped, and the answer cut at each: a "no" never becomes
 * a "yes", and a "yes" never a "no" with a signature. */
START_TEST(test_meddled)
{
    static const struct script scripted[] = {
        {.dcs = "oo", .habit = MEDDLED, .asked = 1, .result = "\0\4no", .len = 4},
        {.dcs = "oo", .habit = MEDDLED, .asked = 1, .result = "\0\0", .len = 2}};
    enum tl_reason signed_no = TL_REASON_PASSWORD_RULES;
    int len;

    add_dc(&scripted[_i], 0);
    ck_assert_int_eq(meddled(0, 0, 0), _i == 0 ? signed_no : TL_REASON_OK);
    len = counters->len;
    ck_assert_int_gt(len, 100);
    /* a byte or two less than some answers: times in DER have no fixed length */
    for (int at = 0; at < len - 8; at++) {
        enum tl_reason flipped = meddled(at, 1 << at % 8, 0);
        enum tl_reason cut = meddled(0, 0, at + 1);

        ck_assert_msg(flipped != (_i == 0 ? TL_REASON_OK : signed_no), "byte %d", at);
        ck_assert_msg(cut == TL_REASON_PASSWORD_UNKNOWN, "%d bytes less: %s", at + 1,
                      tl_reason_info(cut)->slug);
    }
}
END_TEST

START_TEST(test_order)
{
    static const struct {
        const char *before, *after; /* r: read-only, w: writable, u: not pinged */
    } rows[] = {{"", ""},     {"r", "r"},       {"rw", "wr"},
                {"uw", "uw"}, {"rwru", "wurr"}, {"wwrrwu", "wwwurr"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tl_dc dcs[8] = {0};
        struct tl_dc_list few = {.count = strlen(rows[i].before), .dcs = dcs};

        for (size_t d = 0; d < few.count; d++) {
            char kind = rows[i].before[d];

            dcs[d].flags = kind == 'u' ? 0 : kind == 'r' ? TL_DS_KDC : TL_DS_WRITABLE;
            dcs[d].priority = (uint16_t)d;
        }
        tli_kpasswd_order(&few);
        for (size_t d = 0; d < few.count; d++) {
            ck_assert_int_eq(rows[i].after[d], dcs[d].flags == 0           ? 'u'
                                               : dcs[d].flags == TL_DS_KDC ? 'r'
                                                                           : 'w');
            /* those of one kind stay in their order */
            if (d > 0 && rows[i].after[d] == 'r' && rows[i].after[d - 1] == 'r')
                ck_assert_uint_gt(dcs[d].priority, dcs[d - 1].priority);
        }
    }
}
END_TEST

START_TEST(test_no_ticket)
{
    krb5_free_creds(krb->k5, krb->changepw);
    krb->changepw = NULL;
    ck_assert_int_eq(tli_kpasswd_change(krb, &list, NEW, out), TL_REASON_INTERNAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kpasswd_net");
    TCase *tc = tcase_create("services");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_script, 0, COUNT(scripts));
    tcase_add_loop_test(tc, test_meddled, 0, 2);
    tcase_add_test(tc, test_order);
    tcase_add_test(tc, test_no_ticket);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
