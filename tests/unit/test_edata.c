/* SPDX-License-Identifier: MIT
 *
 * test_edata.c - the NTSTATUS in the e-data of a KRB-ERROR, byte by byte.
 */
#include <trustlogon/status.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1

static const struct {
    const char *what;
    const uint8_t *data;
    size_t len;
    int ret;
    uint32_t ntstatus;
} cases[] = {
    {"nothing", NULL, 0, -ENOENT, 0},
    {"KERB-ERROR-DATA, selective authentication, flags 3",
     BYTES("\x30\x15\xa1\x03\x02\x01\x03\xa2\x0e\x04\x0c"
           "\x13\x04\x00\xc0\x00\x00\x00\x00\x03\x00\x00\x00"),
     0, 0xC0000413},
    {"KERB-ERROR-DATA, unknown flag bits and a reserved field in use",
     BYTES("\x30\x15\xa1\x03\x02\x01\x03\xa2\x0e\x04\x0c"
           "\x35\x00\x00\xc0\x01\x02\x03\x04\xff\xff\xff\xff"),
     0, 0xC0000035},
    {"KERB-ERROR-DATA, status 0 does not count",
     BYTES("\x30\x15\xa1\x03\x02\x01\x03\xa2\x0e\x04\x0c"
           "\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"),
     -ENOENT, 0},
    {"KERB-ERROR-DATA, skew recovery without a value",
     BYTES("\x30\x05\xa1\x03\x02\x01\x02"), -ENOENT, 0},
    {"KERB-ERROR-DATA, extended error of 11 bytes",
     BYTES("\x30\x14\xa1\x03\x02\x01\x03\xa2\x0d\x04\x0b"
           "\x13\x04\x00\xc0\x00\x00\x00\x00\x03\x00\x00"),
     -EBADMSG, 0},
    {"KERB-ERROR-DATA, extended error without a value",
     BYTES("\x30\x05\xa1\x03\x02\x01\x03"), -EBADMSG, 0},
    {"KERB-ERROR-DATA, one byte behind the sequence",
     BYTES("\x30\x05\xa1\x03\x02\x01\x02\x00"), -EBADMSG, 0},
    {"KERB-ERROR-DATA, a third field",
     BYTES("\x30\x1a\xa1\x03\x02\x01\x03\xa2\x0e\x04\x0c"
           "\x13\x04\x00\xc0\x00\x00\x00\x00\x03\x00\x00\x00\xa3\x03\x02\x01\x00"),
     -EBADMSG, 0},
    {"METHOD-DATA, PA-PW-SALT with a status",
     BYTES("\x30\x17\x30\x15\xa1\x03\x02\x01\x03\xa2\x0e\x04\x0c"
           "\x72\x00\x00\xc0\x00\x00\x00\x00\x01\x00\x00\x00"),
     0, 0xC0000072},
    {"METHOD-DATA, the status behind other padata",
     BYTES("\x30\x22\x30\x09\xa1\x03\x02\x01\x13\xa2\x02\x04\x00"
           "\x30\x15\xa1\x03\x02\x01\x03\xa2\x0e\x04\x0c"
           "\x34\x02\x00\xc0\x00\x00\x00\x00\x01\x00\x00\x00"),
     0, 0xC0000234},
    {"METHOD-DATA, a negative padata type",
     BYTES("\x30\x0b\x30\x09\xa1\x03\x02\x01\x80\xa2\x02\x04\x00"), -ENOENT, 0},
    {"METHOD-DATA, a salt that is 12 letters",
     BYTES("\x30\x17\x30\x15\xa1\x03\x02\x01\x03\xa2\x0e\x04\x0c"
           "EXAMPLE.TEST"),
     -ENOENT, 0},
    {"METHOD-DATA, empty", BYTES("\x30\x00"), -ENOENT, 0},
    {"METHOD-DATA, good status, then garbage",
     BYTES("\x30\x18\x30\x15\xa1\x03\x02\x01\x03\xa2\x0e\x04\x0c"
           "\x72\x00\x00\xc0\x00\x00\x00\x00\x01\x00\x00\x00\x30"),
     -EBADMSG, 0},
    {"METHOD-DATA, padata without a value", BYTES("\x30\x07\x30\x05\xa1\x03\x02\x01\x03"),
     -EBADMSG, 0},
    {"TYPED-DATA is neither",
     BYTES("\x30\x0b\x30\x09\xa0\x03\x02\x01\x03\xa1\x02\x04\x00"), -EBADMSG, 0},
    {"text", BYTES("no such user"), -EBADMSG, 0},
    {"indefinite length", BYTES("\x30\x80\xa1\x03\x02\x01\x02\x00\x00"), -EBADMSG, 0},
    {"length in more octets than needed", BYTES("\x30\x81\x05\xa1\x03\x02\x01\x02"),
     -EBADMSG, 0},
    {"length with a leading zero", BYTES("\x30\x82\x00\x85\xa1"), -EBADMSG, 0},
    {"length beyond the end", BYTES("\x30\x06\xa1\x03\x02\x01\x02"), -EBADMSG, 0},
    {"length of all ones", BYTES("\x30\x84\xff\xff\xff\xff\xa1\x03\x02\x01\x02"),
     -EBADMSG, 0},
    {"length of eight octets", BYTES("\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff\xa1"),
     -EBADMSG, 0},
    {"length octets missing", BYTES("\x30\x84\x01"), -EBADMSG, 0},
    {"integer of no bytes", BYTES("\x30\x04\xa1\x02\x02\x00"), -EBADMSG, 0},
    {"integer longer than needed", BYTES("\x30\x06\xa1\x04\x02\x02\x00\x03"), -EBADMSG,
     0},
    {"integer of five bytes", BYTES("\x30\x09\xa1\x07\x02\x05\x01\x00\x00\x00\x03"),
     -EBADMSG, 0},
    {"integer beyond the end", BYTES("\x30\x05\xa1\x03\x02\x02\x01"), -EBADMSG, 0},
    {"two integers in [1]", BYTES("\x30\x08\xa1\x06\x02\x01\x02\x02\x01\x02"), -EBADMSG,
     0},
    {"a tag alone", BYTES("\x30"), -EBADMSG, 0},
};

/* From an allocation of the exact size, so that a byte too many is noticed. */
static int decode(const uint8_t *data, size_t len, uint32_t *ntstatus)
{
    uint8_t *exact = malloc(len + (len == 0));
    int ret;

    ck_assert_ptr_nonnull(exact);
    if (len > 0)
        memcpy(exact, data, len);
    ret = tl_edata_ntstatus(exact, len, ntstatus);
    free(exact);
    return ret;
}

START_TEST(decodes)
{
    uint32_t ntstatus = 1;

    ck_assert_msg(decode(cases[_i].data, cases[_i].len, &ntstatus) == cases[_i].ret, "%s",
                  cases[_i].what);
    ck_assert_msg(ntstatus == cases[_i].ntstatus, "%s: %08x", cases[_i].what, ntstatus);
}
END_TEST

/* No beginning of a good message is one itself. */
START_TEST(cut_off)
{
    uint32_t ntstatus;

    if (cases[_i].ret == -EBADMSG || cases[_i].len < 2)
        return;
    for (size_t len = 1; len < cases[_i].len; len++)
        ck_assert_int_eq(decode(cases[_i].data, len, &ntstatus), -EBADMSG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("edata");
    TCase *tcase = tcase_create("decode");

    tcase_add_loop_test(tcase, decodes, 0, COUNT(cases));
    tcase_add_loop_test(tcase, cut_off, 0, COUNT(cases));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
