/* SPDX-License-Identifier: MIT
 *
 * test_lsa_client.c - asking trustlogon-lsa: what goes out, and every way in which no
 * answer comes.
 */
#include "lookup/lsa_client.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures.h"
#include "keytab_entries.h"
#include "lsa_lines.h"

static TALLOC_CTX *mem;
static temp_path folder;
static struct tl_config *config;
static struct tl_workstation ws = {
    .flat = "WS1", .fqdn = "ws1.fabrikam.test", .realm = "FABRIKAM.TEST"};
static struct tl_machine machine;
static struct tli_lsa_peer peer;
static int listener;

/* --- the conversation --- */

static void add_key(const char *name, uint8_t fill)
{
    krb5_context k5;
    uint8_t key[32];

    memset(key, fill, sizeof(key));
    ck_assert_int_eq(krb5_init_context(&k5), 0);
    add_aes_to_keytab(k5, config->keytab, name, 2, key);
    krb5_free_context(k5);
}

static void setup(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    mem = talloc_new(NULL);
    config = tl_config_defaults(mem);
    make_temp_folder(folder);
    config->keytab = talloc_asprintf(mem, "%s/keytab", folder);
    config->run_dir = folder;
    add_key("HTTP/ws1.fabrikam.test@FABRIKAM.TEST", 'H');
    add_key("WS1$@FABRIKAM.TEST", 'M');
    machine = (struct tl_machine){.config = config, .workstation = &ws};
    peer = (struct tli_lsa_peer){&machine, "dc1.fabrikam.test", "10.99.0.21"};
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", folder, TL_LSA_SOCKET);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
    ck_assert_int_eq(listen(listener, 4), 0);
}

static void teardown(void)
{
    if (listener >= 0)
        close(listener);
    remove_tree(folder);
    talloc_free(mem);
}

/* A program in place of trustlogon-lsa: 0 if the question was `wanted` and came with
 * keys, `answer` is then what it says (in two pieces). */
static pid_t answering(const char *wanted, const char *answer)
{
    pid_t pid = fork();
    char text[4096] = "", keys[4096], control[CMSG_SPACE(sizeof(int))];
    struct iovec iov = {text, sizeof(text) - 1};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    size_t half = strlen(answer) / 2;
    ssize_t len;
    int fd, file;

    if (pid != 0)
        return pid;
    fd = accept(listener, NULL, NULL);
    if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) <= 0 || CMSG_FIRSTHDR(&message) == NULL)
        _exit(1);
    memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(file));
    len = pread(file, keys, sizeof(keys), 0);
    /* The machine's key, and no other service's. */
    if (len <= 0 || memmem(keys, (size_t)len, "MMMMMMMMMMMMMMMM", 16) == NULL ||
        memmem(keys, (size_t)len, "HHHH", 4) != NULL ||
        memmem(keys, (size_t)len, "WS1$", 4) == NULL)
        _exit(2);
    if (strcmp(text, wanted) != 0)
        _exit(3);
    if (write(fd, answer, half) < 0)
        _exit(4);
    usleep(1000);
    _exit(write(fd, answer + half, strlen(answer) - half) < 0 ? 4 : 0);
}

static int ended(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int ask(const char *name, const char *sid_text, int ms,
               struct tli_lsa_answer **answer)
{
    struct tl_sid sid = {0};
    const char *why;
    int ret;

    if (sid_text != NULL)
        sid = sid_of(sid_text);
    ret = tli_lsa_ask(mem, &peer, name, sid_text != NULL ? &sid : NULL,
                      tl_deadline_in_ms(ms), answer, &why);
    ck_assert((ret == 0) == (*answer != NULL));
    ck_assert((ret == 0) == (why == NULL));
    return ret;
}

START_TEST(ask_name)
{
    pid_t pid = answering("peer aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$\n"
                          "name CONTOSO\\alice\n",
                          ALICE "\n");
    struct tli_lsa_answer *answer;

    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 30000, &answer), 0);
    ck_assert_str_eq(answer->name, "alice");
    ck_assert_int_eq(ended(pid), 0);
}
END_TEST

START_TEST(ask_sid)
{
    pid_t pid = answering("peer rc4 dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$\n"
                          "sid S-1-5-21-1-2-3-1103\n",
                          ALICE "\n");
    struct tli_lsa_answer *answer;

    config->allow_rc4 = TL_RC4_YES;
    ck_assert_int_eq(ask(NULL, "S-1-5-21-1-2-3-1103", 30000, &answer), 0);
    ck_assert_str_eq(answer->domain, "CONTOSO");
    ck_assert_int_eq(ended(pid), 0);
}
END_TEST

START_TEST(another_sid)
{
    pid_t pid = answering("peer aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$\n"
                          "sid S-1-5-21-1-2-3-1104\n",
                          ALICE "\n");
    struct tli_lsa_answer *answer;

    ck_assert_int_eq(ask(NULL, "S-1-5-21-1-2-3-1104", 30000, &answer), -EBADMSG);
    ck_assert_int_eq(ended(pid), 0);
}
END_TEST

START_TEST(no_answer)
{
    struct tli_lsa_answer *answer;
    int64_t start = tl_now_us(), took;

    /* No process accepts: the question waits in the backlog. */
    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 100, &answer), -ETIMEDOUT);
    took = tl_now_us() - start;
    ck_assert_int_ge(took, 99000);
    ck_assert_int_lt(took, 5000000);
    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 0, &answer), -ETIMEDOUT);
    /* The backlog is full: connect() itself waits. */
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 10, &answer), -ETIMEDOUT);
}
END_TEST

static const struct {
    const char *answer;
    int ret;
} broken[] = {
    {"", -ECONNRESET},
    {"{\"name\":\"al", -ECONNRESET},
    {ALICE, -ECONNRESET}, /* no newline: not whole */
    {"\n", -EBADMSG},
};

START_TEST(broken_answer)
{
    pid_t pid = answering("peer aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$\n"
                          "name CONTOSO\\alice\n",
                          broken[_i].answer);
    struct tli_lsa_answer *answer;

    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 30000, &answer), broken[_i].ret);
    ck_assert_int_eq(ended(pid), 0);
}
END_TEST

START_TEST(flood)
{
    char *much = talloc_array(mem, char, 100000);
    struct tli_lsa_answer *answer;
    pid_t pid;

    memset(much, ' ', 99999);
    much[99999] = '\0';
    pid = answering("peer aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$\n"
                    "name CONTOSO\\alice\n",
                    much);
    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 30000, &answer), -EBADMSG);
    (void)ended(pid);
}
END_TEST

START_TEST(listener_answers_without_reading)
{
    static const char line[] = "{\"unavailable\":\"not-installed\"}\n";
    pid_t pid = fork();
    struct tli_lsa_answer *answer;

    if (pid == 0) {
        int fd = accept(listener, NULL, NULL);

        _exit(write(fd, line, sizeof(line) - 1) < 0 ? 1 : 0);
    }
    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 30000, &answer), -ENOPKG);
    ck_assert_int_eq(ended(pid), 0);
}
END_TEST

START_TEST(no_listener)
{
    struct tli_lsa_answer *answer;
    char path[96];

    close(listener);
    listener = -1;
    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 1000, &answer), -ENOTCONN);
    snprintf(path, sizeof(path), "%s/%s", folder, TL_LSA_SOCKET);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 1000, &answer), -ENOTCONN);
}
END_TEST

START_TEST(no_keys)
{
    struct tli_lsa_answer *answer;

    unlink(config->keytab);
    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 1000, &answer), -ENOKEY);
    add_key("HTTP/ws1.fabrikam.test@FABRIKAM.TEST", 'H');
    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 1000, &answer), -ENOKEY);
}
END_TEST

START_TEST(no_such_question)
{
    struct tli_lsa_answer *answer;
    char *name = talloc_zero_size(mem, TL_LSA_WORD_MAX + 2);

    memset(name, 'a', TL_LSA_WORD_MAX + 1);
    ck_assert_int_eq(ask(name, NULL, 1000, &answer), -EINVAL);
    ck_assert_int_eq(ask("", NULL, 1000, &answer), -EINVAL);
    ck_assert_int_eq(ask("CONTOSO\\alice\nsid S-1-5-18", NULL, 1000, &answer), -EINVAL);
    peer.dc = "dc1 10.0.0.1";
    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 1000, &answer), -EINVAL);
    peer.dc = "dc1\n";
    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 1000, &answer), -EINVAL);
    peer.dc = "";
    ck_assert_int_eq(ask("CONTOSO\\alice", NULL, 1000, &answer), -EINVAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lsa_client");
    TCase *talk = tcase_create("ask");

    tcase_add_checked_fixture(talk, setup, teardown);
    tcase_add_test(talk, ask_name);
    tcase_add_test(talk, ask_sid);
    tcase_add_test(talk, another_sid);
    tcase_add_test(talk, no_answer);
    tcase_add_loop_test(talk, broken_answer, 0, COUNT(broken));
    tcase_add_test(talk, flood);
    tcase_add_test(talk, listener_answers_without_reading);
    tcase_add_test(talk, no_listener);
    tcase_add_test(talk, no_keys);
    tcase_add_test(talk, no_such_question);
    suite_add_tcase(suite, talk);
    return run_suite(suite);
}
