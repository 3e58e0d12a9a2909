/* SPDX-License-Identifier: MIT
 *
 * test_ldap.c - LDAP messages to bytes and back, filters against libldap's own encoder,
 * and messages over a socket that brings them in pieces, late, or not as agreed.
 */
#include <check.h>
#include <errno.h>
#include <ldap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "directory/connection.h"
#include "run_suite.h"
#include "talloc_context.h"

/* Exported by libldap; its header is not installed. */
int ldap_pvt_put_filter(BerElement *ber, const char *filter);

static int flatten(int (*put)(BerElement *, const char *), const char *filter,
                   struct berval *out)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    int ret = put(ber, filter);

    *out = (struct berval){0, NULL};
    if (ret == 0)
        ck_assert_int_eq(ber_flatten2(ber, out, 1), 0);
    ber_free(ber, 1);
    return ret;
}

/* --- filters --- */

static const char *const good[] = {
    "(objectClass=*)",
    "(sAMAccountName=alice)",
    "(sAMAccountName=)",
    "(&(objectCategory=person)(userPrincipalName=a\\2ab\\28c\\29\\5c\\00\\ff))",
    "(&(objectClass=group)(groupType:1.2.3:=8)(|(member=CN=a\\2cb,DC=x)(member=CN=c)))",
    "(!(cn=x))",
    "(|(uSNChanged>=5)(uSNChanged<=9))",
    "(memberOf=CN=Sales=West,DC=contoso,DC=test)",
};

START_TEST(filter_as_libldap)
{
    struct berval ours, theirs;

    ck_assert_int_eq(flatten(tli_ldap_put_filter, good[_i], &ours), 0);
    ck_assert_int_eq(flatten(ldap_pvt_put_filter, good[_i], &theirs), 0);
    ck_assert_uint_eq(ours.bv_len, theirs.bv_len);
    ck_assert_mem_eq(ours.bv_val, theirs.bv_val, ours.bv_len);
    ber_memfree(ours.bv_val);
    ber_memfree(theirs.bv_val);
}
END_TEST

static const char *const bad[] = {
    "",         "cn=x",      "(cn=x",         "(cn)",          "()",      "(=x)",
    "(&)",      "(&(cn=x)",  "(!(a=1)(b=2))", "(cn=x))",       "(cn=x)x", "(cn=a*b)",
    "(cn=*b)",  "(cn=\\zz)", "(cn=\\4)",      "(cn=a(b)",      "(cn~=x)", "(:=x)",
    "(cn:=x)x", "(a:b=x)",   "(|cn=x)",       "(&(cn=x)cn=y)", "(a>=*)",  "(cn:1.2:=*)x",
};

START_TEST(filter_refused)
{
    struct berval none;

    ck_assert_int_eq(flatten(tli_ldap_put_filter, bad[_i], &none), -EINVAL);
}
END_TEST

START_TEST(filter_too_deep)
{
    char *text = talloc_strdup(ctx, "(cn=x)");
    struct berval out;

    for (int i = 0; i < 16; i++)
        text = talloc_asprintf(ctx, "(!%s)", text);
    ck_assert_int_eq(flatten(tli_ldap_put_filter, text, &out), 0);
    ber_memfree(out.bv_val);
    text = talloc_asprintf(ctx, "(!%s)", text);
    ck_assert_int_eq(flatten(tli_ldap_put_filter, text, &out), -EINVAL);
}
END_TEST

/* --- messages --- */

static struct tli_ber window(const struct tli_ldap_bytes *bytes)
{
    ck_assert_ptr_nonnull(bytes);
    return (struct tli_ber){bytes->data, bytes->len};
}

START_TEST(requests)
{
    static const uint8_t bind[] = {0x30, 0x18, 2,   1,    5,    0x60, 0x13, 2,   1,
                                   3,    4,    0,   0xa3, 0x0c, 4,    6,    'G', 'S',
                                   'S',  'A',  'P', 'I',  4,    2,    0xfe, 0};
    static const uint8_t unbind[] = {0x30, 5, 2, 1, 9, 0x42, 0};
    static const uint8_t token[] = {0xfe, 0};
    static const char *const cn[] = {"cn", NULL};
    struct tli_ldap_search search = {.base = "DC=x",
                                     .scope = LDAP_SCOPE_SUBTREE,
                                     .seconds = 3,
                                     .filter = "(cn=*)",
                                     .attributes = cn,
                                     .page = 500,
                                     .cookie = {token, 2},
                                     .extended_dn = true};
    struct tli_ldap_message message;
    struct tli_ldap_bytes *bytes;
    struct tli_ber cookie;

    bytes = tli_ldap_bind_request(ctx, 5, "GSSAPI", (struct tli_ber){token, 2});
    ck_assert_uint_eq(window(bytes).len, sizeof(bind));
    ck_assert_mem_eq(bytes->data, bind, sizeof(bind));
    bytes = tli_ldap_unbind_request(ctx, 9);
    ck_assert_uint_eq(window(bytes).len, sizeof(unbind));
    ck_assert_mem_eq(bytes->data, unbind, sizeof(unbind));
    bytes = tli_ldap_search_request(ctx, 7, &search);
    ck_assert_int_eq(tli_ldap_message_decode(window(bytes), &message), 0);
    ck_assert_int_eq(message.id, 7);
    ck_assert_uint_eq(message.op, 0x63);
    /* The control is the same in both directions but for its number. */
    ck_assert_int_eq(tli_ldap_cookie_decode(&message, &cookie), 0);
    ck_assert_uint_eq(cookie.len, 2);
    ck_assert_mem_eq(cookie.data, token, 2);
    search.filter = "(cn=a*b)";
    ck_assert_ptr_null(tli_ldap_search_request(ctx, 7, &search));
}
END_TEST

/* As Active Directory writes them: lengths of four bytes. */
static const uint8_t entry[] = {0x30, 0x84, 0,    0,    0,    0x1e, 2,    1, 3,
                                0x64, 0x84, 0,    0,    0,    0x15, 4,    4, 'C',
                                'N',  '=',  'a',  0x30, 0x0d, 0x30, 0x0b, 4, 2,
                                'c',  'n',  0x31, 5,    4,    1,    'a',  4, 0};
static const uint8_t done[] = {0x30, 0x0c, 2, 1, 3, 0x65, 7, 0x0a, 1, 4, 4, 0, 4, 0};

START_TEST(responses)
{
    struct tli_ber dn, attributes, value;
    struct tli_ldap_attribute attribute;
    struct tli_ldap_message message;
    struct tli_ldap_result result;

    ck_assert_int_eq(
        tli_ldap_message_decode((struct tli_ber){entry, sizeof(entry)}, &message), 0);
    ck_assert_uint_eq(message.op, TL_LDAP_ENTRY);
    ck_assert_int_eq(tli_ldap_entry_decode(&message, &dn, &attributes), 0);
    ck_assert_mem_eq(dn.data, "CN=a", dn.len);
    ck_assert_int_eq(tli_ldap_attribute_next(&attributes, &attribute), 0);
    ck_assert_mem_eq(attribute.name.data, "cn", attribute.name.len);
    ck_assert(tli_ber_take(&attribute.values, TL_BER_OCTETS, &value) && value.len == 1);
    ck_assert(tli_ber_take(&attribute.values, TL_BER_OCTETS, &value) && value.len == 0);
    ck_assert_uint_eq(attribute.values.len + attributes.len, 0);
    ck_assert_int_eq(
        tli_ldap_message_decode((struct tli_ber){done, sizeof(done)}, &message), 0);
    ck_assert_int_eq(tli_ldap_result_decode(&message, &result), 0);
    ck_assert_int_eq(result.code, LDAP_SIZELIMIT_EXCEEDED);
}
END_TEST

/* Every message that is cut anywhere is refused, and so is one with something behind. */
START_TEST(cut_anywhere)
{
    struct tli_ldap_message message;
    uint8_t longer[sizeof(done) + 1] = {0};

    for (size_t len = 0; len < sizeof(entry); len++) {
        uint8_t *copy = talloc_memdup(ctx, entry, len);

        ck_assert_int_eq(tli_ldap_message_decode((struct tli_ber){copy, len}, &message),
                         -EBADMSG);
    }
    memcpy(longer, done, sizeof(done));
    ck_assert_int_eq(
        tli_ldap_message_decode((struct tli_ber){longer, sizeof(longer)}, &message),
        -EBADMSG);
}
END_TEST

START_TEST(sizes)
{
    static const uint8_t indefinite[] = {0x30, 0x80},
                         five[] = {0x30, 0x85, 0, 0, 0, 0, 1}, octets[] = {4, 1, 0},
                         huge[] = {0x30, 0x84, 255, 255, 255, 255};
    size_t size;

    ck_assert_int_eq(tli_ber_size(entry, 1, TL_BER_SEQUENCE, &size), 0);
    ck_assert_int_eq(tli_ber_size(entry, 5, TL_BER_SEQUENCE, &size), 0);
    ck_assert_int_eq(tli_ber_size(entry, 6, TL_BER_SEQUENCE, &size), 1);
    ck_assert_uint_eq(size, sizeof(entry));
    ck_assert_int_eq(tli_ber_size(huge, 6, TL_BER_SEQUENCE, &size), 1);
    ck_assert_uint_eq(size, 6 + (size_t)UINT32_MAX);
    ck_assert_int_eq(tli_ber_size(indefinite, 2, TL_BER_SEQUENCE, &size), -EBADMSG);
    ck_assert_int_eq(tli_ber_size(five, 7, TL_BER_SEQUENCE, &size), -EBADMSG);
    ck_assert_int_eq(tli_ber_size(octets, 3, TL_BER_SEQUENCE, &size), -EBADMSG);
}
END_TEST

/* --- the stream --- */

static struct tli_stream *pair(int *other, int ms)
{
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    *other = fds[1];
    return tli_stream_new(ctx, fds[0], tl_deadline_in_ms(ms));
}

static void give(int fd, const void *data, size_t len)
{
    ck_assert_int_eq(send(fd, data, len, 0), (int)len);
}

/* A process that sends parts of two messages, with pauses between them. */
static pid_t in_pieces(int fd)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    give(fd, entry, 10);
    nanosleep(&pause, NULL);
    give(fd, entry + 10, sizeof(entry) - 10);
    give(fd, done, 3);
    nanosleep(&pause, NULL);
    give(fd, done + 3, sizeof(done) - 3);
    _exit(0);
}

START_TEST(two_messages_in_pieces)
{
    struct tli_ber message;
    int other;
    struct tli_stream *stream = pair(&other, 3000);
    pid_t sender = in_pieces(other);

    close(other);
    ck_assert_int_eq(tli_stream_receive(stream, &message), 0);
    ck_assert_uint_eq(message.len, sizeof(entry));
    ck_assert_mem_eq(message.data, entry, sizeof(entry));
    ck_assert_int_eq(tli_stream_receive(stream, &message), 0);
    ck_assert_mem_eq(message.data, done, sizeof(done));
    ck_assert_int_eq(tli_stream_receive(stream, &message), -EPIPE);
    ck_assert_int_eq(waitpid(sender, NULL, 0), sender);
}
END_TEST

START_TEST(a_server_that_says_nothing)
{
    struct tli_ber message;
    int other;
    struct tli_stream *stream = pair(&other, 20);

    give(other, entry, 10);
    ck_assert_int_eq(tli_stream_receive(stream, &message), -ETIMEDOUT);
    close(other);
}
END_TEST

/* A server that never stops sending does not hold a caller either. */
START_TEST(a_server_that_sends_for_ever)
{
    enum { SHARE = 100 };
    uint8_t *bytes = talloc_array(ctx, uint8_t, SHARE * sizeof(done));
    int other, ret = 0;
    struct tli_stream *stream = pair(&other, 100);
    int64_t start = tl_now_us();
    struct tli_ber message;

    for (size_t i = 0; i < SHARE; i++)
        memcpy(bytes + i * sizeof(done), done, sizeof(done));
    while (ret == 0 && tl_now_us() - start < 2000000) {
        (void)send(other, bytes, SHARE * sizeof(done), 0);
        for (size_t i = 0; ret == 0 && i < SHARE; i++)
            ret = tli_stream_receive(stream, &message);
    }
    ck_assert_int_eq(ret, -ETIMEDOUT);
    close(other);
}
END_TEST

START_TEST(invalid_messages)
{
    static const uint8_t huge[] = {0x30, 0x84, 255, 255, 255, 255},
                         http[] = "HTTP/1.1 400";
    struct tli_ber message;
    int other;
    struct tli_stream *stream = pair(&other, 1000);

    give(other, huge, sizeof(huge));
    ck_assert_int_eq(tli_stream_receive(stream, &message), -EBADMSG);
    close(other);
    stream = pair(&other, 1000);
    give(other, http, sizeof(http));
    ck_assert_int_eq(tli_stream_receive(stream, &message), -EBADMSG);
    close(other);
}
END_TEST

/* What came in the clear with the bind's last answer must not count as sealed. */
START_TEST(nothing_in_the_clear_is_kept)
{
    struct tli_gss gss = {0};
    struct tli_ber message;
    int other;
    struct tli_stream *stream = pair(&other, 1000);

    give(other, done, sizeof(done));
    give(other, entry, sizeof(entry));
    ck_assert_int_eq(tli_stream_receive(stream, &message), 0);
    ck_assert_int_eq(tli_stream_seal(stream, &gss), -EBADMSG);
    ck_assert_int_eq(tli_stream_receive(stream, &message), 0);
    ck_assert_int_eq(tli_stream_seal(stream, &gss), 0);
    /* From here on a message in the clear is a token of 0x300c0201 bytes. */
    give(other, done, sizeof(done));
    ck_assert_int_eq(tli_stream_receive(stream, &message), -EBADMSG);
    close(other);
}
END_TEST

/* A server that does not read does not hold a caller beyond the deadline. */
START_TEST(a_server_that_does_not_read)
{
    size_t len = (size_t)8 << 20;
    uint8_t *bytes = talloc_zero_size(ctx, len);
    int other;
    struct tli_stream *stream = pair(&other, 50);
    int64_t start = tl_now_us();

    ck_assert_int_eq(tli_stream_send(stream, bytes, len), -ETIMEDOUT);
    ck_assert_int_lt(tl_now_us() - start, 5000000);
    close(other);
    ck_assert_int_eq(tli_stream_send(stream, bytes, len), -EPIPE);
    ck_assert_str_eq(tli_stream_error(-EPIPE), "the server closed the connection");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ldap");
    TCase *t = tcase_create("ldap");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, filter_as_libldap, 0, COUNT(good));
    tcase_add_loop_test(t, filter_refused, 0, COUNT(bad));
    tcase_add_test(t, filter_too_deep);
    tcase_add_test(t, requests);
    tcase_add_test(t, responses);
    tcase_add_test(t, cut_anywhere);
    tcase_add_test(t, sizes);
    tcase_add_test(t, two_messages_in_pieces);
    tcase_add_test(t, a_server_that_says_nothing);
    tcase_add_test(t, a_server_that_sends_for_ever);
    tcase_add_test(t, invalid_messages);
    tcase_add_test(t, nothing_in_the_clear_is_kept);
    tcase_add_test(t, a_server_that_does_not_read);
    suite_add_tcase(s, t);
    return run_suite(s);
}
