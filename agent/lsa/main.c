/* SPDX-License-Identifier: MIT
 *
 * Lines in, lines out, and the clock over it. See lsa.h.
 */
#include "lsa.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT 5
#define TIMEOUT_MAX 60

enum exit_code { EXIT_END = 0, EXIT_BROKEN = 1, EXIT_USAGE = 2, EXIT_LATE = 3 };

/* --- the clock --- */

/* Only this bounds everything below: libkrb5 and libdcerpc wait in places of
 * their own choosing, and some of them for a minute. */
static void on_late(int signal_number)
{
    static const char answer[] =
        "{\"error\":\"0xC00000B5\",\"text\":\"NT_STATUS_IO_TIMEOUT\"}\n";
    ssize_t written = write(STDOUT_FILENO, answer, sizeof(answer) - 1);

    (void)signal_number;
    _exit(written > 0 ? EXIT_LATE : EXIT_BROKEN);
}

static void set_clock(unsigned int seconds)
{
    struct itimerval timer = {.it_value.tv_sec = (time_t)seconds};

    setitimer(ITIMER_REAL, &timer, NULL);
}

static int prepare_clock(void)
{
    struct sigaction action = {.sa_handler = on_late};
    sigset_t alarm_only;

    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    if (sigaction(SIGALRM, &action, NULL) != 0)
        return -errno;
    return sigprocmask(SIG_UNBLOCK, &alarm_only, NULL) != 0 ? -errno : 0;
}

/* --- answers --- */

/* In one write(), so that the clock never finds half a line out. */
static int put(json_t *object)
{
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    size_t len, done = 0;
    int ret = 0;

    json_decref(object);
    if (text == NULL)
        return -ENOMEM;
    len = strlen(text);
    text[len] = '\n'; /* in place of its NUL */
    while (ret == 0 && done <= len) {
        ssize_t n = write(STDOUT_FILENO, text + done, len + 1 - done);

        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            ret = -EPIPE;
    }
    free(text);
    return ret;
}

static json_t *error_json(uint32_t ntstatus, const char *why)
{
    char code[11];

    snprintf(code, sizeof(code), "0x%08" PRIX32, ntstatus);
    return json_pack("{s:s, s:s}", "error", code, "text", why != NULL ? why : "");
}

static json_t *answer_json(const struct lsa_answer *answer)
{
    char sid[TL_SID_STRING_MAX];

    return json_pack("{s:s, s:s, s:s, s:s}", "name", answer->name, "domain",
                     answer->domain, "sid", tl_sid_format(&answer->sid, sid), "type",
                     answer->type);
}

static int serve(struct lsa_rpc *rpc, const char *line, size_t len, unsigned int seconds)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct lsa_request request;
    struct lsa_answer answer;
    const char *why = lsa_line_parse(line, len, &request);
    uint32_t ret = LSA_INVALID_PARAMETER;
    json_t *object;
    int written;

    if (why == NULL) {
        set_clock(seconds);
        ret = lsa_rpc_lookup(ctx, rpc, &request, &answer, &why);
        set_clock(0);
    }
    object = ret == 0 ? answer_json(&answer) : error_json(ret, why);
    /* A name that is not UTF-8 is no JSON; the DC sent what cannot be. */
    if (object == NULL)
        object = error_json(LSA_BAD_REPLY, "the answer cannot be told");
    written = put(object);
    talloc_free(ctx);
    return written;
}

/* The rest of a line that is too long is read and dropped. */
static int loop(struct lsa_rpc *rpc, unsigned int seconds)
{
    char line[LSA_LINE_MAX + 2];
    size_t len = 0;
    int c, ret = 0;

    while (ret == 0 && (c = getchar()) != EOF) {
        if (c != '\n') {
            if (len <= LSA_LINE_MAX)
                line[len++] = (char)c;
            continue;
        }
        line[len] = '\0';
        ret = serve(rpc, line, len, seconds);
        len = 0;
    }
    return ret;
}

/* --- start --- */

static int usage(const char *why)
{
    fprintf(stderr,
            "%s%susage: trustlogon-lsa [--timeout SECONDS] [--rc4] DC ADDRESS REALM "
            "KEYTAB ACCOUNT\n",
            why != NULL ? why : "", why != NULL ? "\n" : "");
    return EXIT_USAGE;
}

static int read_arguments(int argc, char **argv, struct lsa_peer *peer,
                          unsigned int *seconds)
{
    static const struct option options[] = {{"timeout", required_argument, NULL, 't'},
                                            {"rc4", no_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    const char *why;
    long value;
    char *end;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'r') {
            peer->rc4 = true;
            continue;
        }
        if (c != 't')
            return usage(NULL);
        value = strtol(optarg, &end, 10);
        if (*optarg == '\0' || *end != '\0' || value < 1 || value > TIMEOUT_MAX)
            return usage("--timeout takes 1 to 60");
        *seconds = (unsigned int)value;
    }
    if (argc - optind != 5)
        return usage(NULL);
    peer->dc = argv[optind];
    peer->address = argv[optind + 1];
    peer->realm = argv[optind + 2];
    peer->keytab = argv[optind + 3];
    peer->account = argv[optind + 4];
    why = lsa_peer_check(peer);
    return why != NULL ? usage(why) : EXIT_END;
}

/* Keys and tickets pass through this memory; and krb5 and Samba take settings,
 * caches and traces from the environment. */
static int harden(void)
{
    struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || clearenv() != 0 ||
        signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return -EPERM;
    return 0;
}

int main(int argc, char **argv)
{
    struct lsa_peer peer = {0};
    unsigned int seconds = TIMEOUT_DEFAULT;
    struct lsa_tickets *tickets;
    struct lsa_rpc *rpc = NULL;
    TALLOC_CTX *ctx;
    int ret = read_arguments(argc, argv, &peer, &seconds);

    if (ret != EXIT_END)
        return ret;
    if (harden() != 0) {
        fprintf(stderr, "trustlogon-lsa: this process cannot be protected\n");
        return EXIT_BROKEN;
    }
    ctx = talloc_new(NULL);
    tickets = lsa_tickets_new(ctx, &peer);
    if (tickets != NULL)
        rpc = lsa_rpc_new(ctx, &peer, tickets);
    if (rpc == NULL || prepare_clock() != 0) {
        fprintf(stderr, "trustlogon-lsa: Samba's libraries cannot be set up\n");
        talloc_free(ctx);
        return EXIT_BROKEN;
    }
    ret = loop(rpc, seconds);
    talloc_free(ctx);
    return ret == 0 ? EXIT_END : EXIT_BROKEN;
}
