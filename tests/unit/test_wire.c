/* SPDX-License-Identifier: MIT
 *
 * test_wire.c - the message codec between the modules and the agent: what goes
 * in comes out, and any other input is refused without harm.
 */
#include "wire/wire.h"
#include "run_suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Every member once, apart from the codec's own table, so that a field that
 * drops out of either is noticed. */
static const size_t numbers[] = {
    offsetof(struct tli_wire_msg, op),       offsetof(struct tli_wire_msg, flags),
    offsetof(struct tli_wire_msg, style),    offsetof(struct tli_wire_msg, uid),
    offsetof(struct tli_wire_msg, gid),      offsetof(struct tli_wire_msg, has_owner),
    offsetof(struct tli_wire_msg, ntstatus), offsetof(struct tli_wire_msg, local_user),
    offsetof(struct tli_wire_msg, expires),  offsetof(struct tli_wire_msg, lookup),
    offsetof(struct tli_wire_msg, id),       offsetof(struct tli_wire_msg, unnamed),
};
static const size_t strings[] = {
    offsetof(struct tli_wire_msg, user),    offsetof(struct tli_wire_msg, service),
    offsetof(struct tli_wire_msg, tty),     offsetof(struct tli_wire_msg, rhost),
    offsetof(struct tli_wire_msg, options), offsetof(struct tli_wire_msg, conf),
    offsetof(struct tli_wire_msg, session), offsetof(struct tli_wire_msg, ccache),
    offsetof(struct tli_wire_msg, text),    offsetof(struct tli_wire_msg, secret),
    offsetof(struct tli_wire_msg, reason),  offsetof(struct tli_wire_msg, canonical),
};

static uint32_t *number(struct tli_wire_msg *msg, size_t i)
{
    return (uint32_t *)(void *)((char *)msg + numbers[i]);
}

static const char **string(struct tli_wire_msg *msg, size_t i)
{
    return (const char **)(void *)((char *)msg + strings[i]);
}

static void assert_same(struct tli_wire_msg *a, struct tli_wire_msg *b)
{
    ck_assert_int_eq(a->type, b->type);
    for (size_t i = 0; i < COUNT(numbers); i++)
        ck_assert_uint_eq(*number(a, i), *number(b, i));
    for (size_t i = 0; i < COUNT(strings); i++)
        ck_assert_pstr_eq(*string(a, i), *string(b, i));
}

static void assert_zero(const struct tli_wire_msg *msg)
{
    static const struct tli_wire_msg zero;

    ck_assert_mem_eq(msg, &zero, sizeof(zero));
}

/* Decode bytes from an allocation of their exact size, so that the address
 * sanitizer sees one byte too many, and look at what the message points to. */
static int decode_checked(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    struct tli_wire_msg msg;
    int ret;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, len);
    ret = tli_wire_decode(copy, len, &msg);
    if (ret != 0) {
        ck_assert_int_eq(ret, -EBADMSG);
        assert_zero(&msg);
    }
    for (size_t i = 0; i < COUNT(strings); i++) {
        const char *s = *string(&msg, i);

        if (s == NULL)
            continue;
        ck_assert(s >= (char *)copy && s < (char *)copy + len);
        ck_assert_ptr_nonnull(memchr(s, '\0', (size_t)((char *)copy + len - s)));
    }
    free(copy);
    return ret;
}

static struct tli_wire_msg full_message(void)
{
    static const char *const words[] = {"CONTOSO\\alice",
                                        "sshd",
                                        "pts/0",
                                        "host",
                                        "walk=direct",
                                        "/etc/x.conf",
                                        "0123456789abcdef",
                                        "FILE:/tmp/x",
                                        "",
                                        "s3cret",
                                        "trust-downlevel",
                                        "alice@contoso.test"};
    struct tli_wire_msg msg = {.type = TL_WIRE_REQUEST};

    for (size_t i = 0; i < COUNT(numbers); i++)
        *number(&msg, i) = 0xc000018bU + (uint32_t)i;
    for (size_t i = 0; i < COUNT(strings); i++)
        *string(&msg, i) = words[i];
    return msg;
}

START_TEST(round_trip_of_everything)
{
    struct tli_wire_msg msg = full_message(), back;
    uint8_t buf[TL_WIRE_MAX];
    size_t len;

    ck_assert_int_eq(tli_wire_encode(&msg, buf, sizeof(buf), &len), 0);
    ck_assert_uint_eq(buf[6], COUNT(numbers) + COUNT(strings));
    ck_assert_int_eq(tli_wire_decode(buf, len, &back), 0);
    assert_same(&msg, &back);
    ck_assert_int_eq(decode_checked(buf, len), 0);
}
END_TEST

START_TEST(round_trip_of_random_messages)
{
    static char text[TL_WIRE_STRING_MAX * 2];
    uint8_t buf[TL_WIRE_MAX];
    struct tli_wire_msg msg, back;
    size_t len;

    srandom(20260101);
    for (int round = 0; round < 5000; round++) {
        char *at = text;

        memset(&msg, 0, sizeof(msg));
        msg.type = (enum tli_wire_type)(1 + random() % TL_WIRE_DONE);
        for (size_t i = 0; i < COUNT(numbers); i++)
            *number(&msg, i) = random() % 2 ? (uint32_t)random() << (random() % 3) : 0;
        for (size_t i = 0; i < COUNT(strings); i++) {
            size_t n = (size_t)random() % (random() % 8 ? 20 : 600);

            if (random() % 3 == 0)
                continue;
            *string(&msg, i) = at;
            for (size_t k = 0; k < n; k++)
                *at++ = (char)(1 + random() % 255);
            *at++ = '\0';
        }
        ck_assert_int_eq(tli_wire_encode(&msg, buf, sizeof(buf), &len), 0);
        ck_assert_int_eq(tli_wire_decode(buf, len, &back), 0);
        assert_same(&msg, &back);
    }
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    struct tli_wire_msg msg = full_message();
    uint8_t buf[TL_WIRE_MAX];
    size_t len;

    ck_assert_int_eq(tli_wire_encode(&msg, buf, sizeof(buf), &len), 0);
    for (size_t n = 0; n < len; n++)
        ck_assert_int_eq(decode_checked(buf, n), -EBADMSG);
}
END_TEST

START_TEST(every_flipped_byte_is_harmless)
{
    struct tli_wire_msg msg = full_message();
    uint8_t buf[TL_WIRE_MAX];
    size_t len;

    ck_assert_int_eq(tli_wire_encode(&msg, buf, sizeof(buf), &len), 0);
    for (size_t at = 0; at < len; at++) {
        for (unsigned mask = 1; mask < 256; mask++) {
            buf[at] = (uint8_t)(buf[at] ^ mask);
            decode_checked(buf, len);
            buf[at] = (uint8_t)(buf[at] ^ mask);
        }
    }
}
END_TEST

#define HEAD "TLW1\001\001"

/* name, bytes with their length, expected */
static const struct {
    const char *what, *bytes;
    size_t len;
    int expect;
} cases[] = {
#define BYTES(s) s, sizeof(s) - 1
    {"no field", BYTES(HEAD "\0\0"), 0},
    {"one number",
     BYTES(HEAD "\001\0"
                "\001\001\0\0\004\0\0\0\001\0\0\0"),
     0},
    {"one string",
     BYTES(HEAD "\001\0"
                "\012\003\0\0\002\0\0\0a\0"),
     0},
    {"an empty string",
     BYTES(HEAD "\001\0"
                "\012\003\0\0\001\0\0\0\0"),
     0},
    {"fields in any order",
     BYTES(HEAD "\002\0"
                "\012\003\0\0\001\0\0\0\0"
                "\001\001\0\0\004\0\0\0\001\0\0\0"),
     0},
    {"no bytes", BYTES(""), -EBADMSG},
    {"other magic", BYTES("TLW2\001\001\0\0"), -EBADMSG},
    {"other version", BYTES("TLW1\002\001\0\0"), -EBADMSG},
    {"type 0", BYTES("TLW1\001\000\0\0"), -EBADMSG},
    {"type 7", BYTES("TLW1\001\007\0\0"), -EBADMSG},
    {"fewer fields than counted", BYTES(HEAD "\001\0"), -EBADMSG},
    {"more fields than counted",
     BYTES(HEAD "\0\0"
                "\012\003\0\0\002\0\0\0a\0"),
     -EBADMSG},
    {"a byte after the last field",
     BYTES(HEAD "\0\0"
                "\0"),
     -EBADMSG},
    {"tag 0",
     BYTES(HEAD "\001\0"
                "\0\001\0\0\004\0\0\0\001\0\0\0"),
     -EBADMSG},
    {"unknown tag",
     BYTES(HEAD "\001\0"
                "\037\003\0\0\002\0\0\0a\0"),
     -EBADMSG},
    {"tag over 31",
     BYTES(HEAD "\001\0"
                "\052\003\0\0\002\0\0\0a\0"),
     -EBADMSG},
    {"number as a string",
     BYTES(HEAD "\001\0"
                "\001\003\0\0\002\0\0\0a\0"),
     -EBADMSG},
    {"string as a number",
     BYTES(HEAD "\001\0"
                "\012\001\0\0\004\0\0\0abc\0"),
     -EBADMSG},
    {"reserved bytes set",
     BYTES(HEAD "\001\0"
                "\012\003\001\0\002\0\0\0a\0"),
     -EBADMSG},
    {"a number of 8 bytes",
     BYTES(HEAD "\001\0"
                "\001\001\0\0\010\0\0\0\001\0\0\0\0\0\0\0"),
     -EBADMSG},
    {"a string of no bytes",
     BYTES(HEAD "\001\0"
                "\012\003\0\0\0\0\0\0"),
     -EBADMSG},
    {"a string without its NUL",
     BYTES(HEAD "\001\0"
                "\012\003\0\0\001\0\0\0a"),
     -EBADMSG},
    {"a NUL inside",
     BYTES(HEAD "\001\0"
                "\012\003\0\0\004\0\0\0a\0b\0"),
     -EBADMSG},
    {"two NULs",
     BYTES(HEAD "\001\0"
                "\012\003\0\0\003\0\0\0a\0\0"),
     -EBADMSG},
    {"a length beyond the packet",
     BYTES(HEAD "\001\0"
                "\012\003\0\0\003\0\0\0a\0"),
     -EBADMSG},
    {"the largest length",
     BYTES(HEAD "\001\0"
                "\012\003\0\0\377\377\377\377a\0"),
     -EBADMSG},
    {"a number twice",
     BYTES(HEAD "\002\0"
                "\001\001\0\0\004\0\0\0\001\0\0\0"
                "\001\001\0\0\004\0\0\0\001\0\0\0"),
     -EBADMSG},
    {"a string twice",
     BYTES(HEAD "\002\0"
                "\012\003\0\0\002\0\0\0a\0"
                "\012\003\0\0\002\0\0\0a\0"),
     -EBADMSG},
};

START_TEST(hand_made_packets)
{
    int ret = decode_checked((const uint8_t *)cases[_i].bytes, cases[_i].len);

    ck_assert_msg(ret == cases[_i].expect, "%s: %d", cases[_i].what, ret);
}
END_TEST

START_TEST(limits_of_strings)
{
    static char longest[TL_WIRE_STRING_MAX + 1];
    struct tli_wire_msg msg = {.type = TL_WIRE_SAY, .text = longest}, back;
    uint8_t buf[TL_WIRE_MAX + 16];
    size_t len;

    memset(longest, 'x', TL_WIRE_STRING_MAX);
    ck_assert_int_eq(tli_wire_encode(&msg, buf, sizeof(buf), &len), -E2BIG);
    ck_assert_uint_eq(len, 0);

    longest[TL_WIRE_STRING_MAX - 1] = '\0';
    ck_assert_int_eq(tli_wire_encode(&msg, buf, sizeof(buf), &len), 0);
    ck_assert_int_eq(tli_wire_decode(buf, len, &back), 0);
    ck_assert_str_eq(back.text, longest);

    /* One byte more on the wire than encoding would ever send. */
    memset(buf + 16, 'x', TL_WIRE_STRING_MAX);
    buf[16 + TL_WIRE_STRING_MAX] = '\0';
    buf[12]++;
    ck_assert_int_eq(decode_checked(buf, len + 1), -EBADMSG);
}
END_TEST

START_TEST(limits_of_packets)
{
    static char big[TL_WIRE_STRING_MAX];
    static uint8_t buf[TL_WIRE_MAX * 2];
    struct tli_wire_msg msg = {
        .type = TL_WIRE_SAY, .text = big, .user = big, .conf = big};
    size_t len, exact;

    memset(big, 'x', sizeof(big) - 1);
    ck_assert_int_eq(tli_wire_encode(&msg, buf, sizeof(buf), &exact), 0);
    for (size_t cap = 0; cap < exact; cap += 7) {
        ck_assert_int_eq(tli_wire_encode(&msg, buf, cap, &len), -ENOSPC);
        ck_assert_uint_eq(len, 0);
    }
    ck_assert_int_eq(tli_wire_encode(&msg, buf, exact, &len), 0);
    ck_assert_uint_eq(len, exact);

    /* A buffer over TL_WIRE_MAX does not make larger messages. */
    msg.tty = big;
    ck_assert_int_eq(tli_wire_encode(&msg, buf, sizeof(buf), &len), -ENOSPC);
}
END_TEST

/* Five strings, each within its own limit, that make one message over its limit. */
START_TEST(a_well_formed_packet_that_is_too_large)
{
    static uint8_t buf[8 + 5 * (8 + TL_WIRE_STRING_MAX)] = "TLW1\001\001\005";
    const size_t step = 8 + TL_WIRE_STRING_MAX;

    for (uint8_t i = 0; i < 5; i++) {
        uint8_t *field = buf + 8 + i * step;

        memset(field, 'x', step - 1);
        memcpy(field, "\012\003\0\0\0\020\0\0", 8); /* 4096 bytes */
        field[0] = (uint8_t)(field[0] + i);
    }
    ck_assert_int_eq(decode_checked(buf, sizeof(buf)), -EBADMSG);
    /* Three of them are fine. */
    buf[6] = 3;
    ck_assert_int_eq(decode_checked(buf, 8 + 3 * step), 0);
}
END_TEST

START_TEST(a_message_needs_a_type)
{
    struct tli_wire_msg msg = {.user = "alice"};
    uint8_t buf[64];
    size_t len = 1;

    ck_assert_int_eq(tli_wire_encode(&msg, buf, sizeof(buf), &len), -EINVAL);
    ck_assert_uint_eq(len, 0);
    msg.type = (enum tli_wire_type)(TL_WIRE_DONE + 1);
    ck_assert_int_eq(tli_wire_encode(&msg, buf, sizeof(buf), &len), -EINVAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire");
    TCase *tc = tcase_create("codec");

    tcase_add_test(tc, round_trip_of_everything);
    tcase_add_test(tc, round_trip_of_random_messages);
    tcase_add_test(tc, every_truncation_is_refused);
    tcase_add_test(tc, every_flipped_byte_is_harmless);
    tcase_add_loop_test(tc, hand_made_packets, 0, COUNT(cases));
    tcase_add_test(tc, limits_of_strings);
    tcase_add_test(tc, limits_of_packets);
    tcase_add_test(tc, a_well_formed_packet_that_is_too_large);
    tcase_add_test(tc, a_message_needs_a_type);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
