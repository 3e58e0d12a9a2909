/* SPDX-License-Identifier: MIT
 *
 * fake_kdcs.h - KDCs that misbehave: processes on 127.0.0.1, each on a port of its own;
 * and the locator that names them.
 */
#ifndef TL_TEST_FAKE_KDCS_H
#define TL_TEST_FAKE_KDCS_H

#include <check.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kerberos/transport/transport.h"
#include "filtered_port.h"
#include "run_suite.h"

#define MAX_KDCS 4
#define BIG_REPLY 200000U

enum habit {
    ANSWERS,
    REFUSES,          /* no listener */
    FILTERED,         /* the connection is never accepted: SYNs are dropped */
    HANGS,            /* takes the request and says nothing */
    GARBAGE,          /* speaks another protocol */
    HUGE_LENGTH,      /* claims two gigabytes */
    TOO_MANY_BYTES,   /* sends more than the length says */
    CLOSES,           /* takes the request and closes */
    CLOSES_WITHIN,    /* closes in the middle of the reply */
    CLOSES_AFTER,     /* answers, then closes */
    CLOSES_ON_SECOND, /* answers, then closes when asked again */
    UNAVAILABLE,      /* KRB-ERROR 29 */
    DRIPS,            /* byte by byte */
    BIG               /* a long reply */
};

struct counters {
    atomic_int connections, requests;
};

struct kdc {
    pid_t pid;
    int fd, filler; /* filler: 0, or what fills the queue of a FILTERED one */
    struct tl_dc dc;
};

static struct counters *counters; /* shared with the KDCs */
static struct kdc kdcs[MAX_KDCS];
static size_t num_kdcs;
static int num_failed, num_worked, num_finds, num_forced;
static const char *last_worked;
static size_t first_list_len; /* DCs the locator names without FORCE; 0: all */
static bool forced_fails;     /* a search past the cache finds nothing */
static TALLOC_CTX *mem;
static struct tl_config *config;
static struct tli_transport *net;
static struct tl_outcome *out;

/* --- the KDCs --- */

static inline bool read_full(int fd, uint8_t *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = read(fd, buf + done, len - done);

        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static inline void write_full(int fd, const uint8_t *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = send(fd, buf + done, len - done, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        done += (size_t)n;
    }
}

/* The reply names the KDC in its third byte. */
static inline void reply_one(int fd, enum habit habit, size_t index)
{
    static uint8_t big[BIG_REPLY + 4];
    uint8_t reply[] = {0, 0, 0, 4, 0x6b, 2, (uint8_t)index, 0, 0xff};
    static const uint8_t huge[] = {0x7f, 0xff, 0xff, 0xff, 0x6b};

    switch (habit) {
    case GARBAGE:
        write_full(fd, (const uint8_t *)"HTTP/1.0 400 Bad Request\r\n", 26);
        break;
    case HUGE_LENGTH:
        write_full(fd, huge, sizeof(huge));
        break;
    case TOO_MANY_BYTES:
        write_full(fd, reply, 9);
        break;
    case CLOSES_WITHIN:
        write_full(fd, reply, 6);
        break;
    case UNAVAILABLE:
        reply[4] = 0x7e;
        reply[7] = 29;
        write_full(fd, reply, 8);
        break;
    case DRIPS:
        for (size_t i = 0; i < 8; i++) {
            write_full(fd, reply + i, 1);
            usleep(1000);
        }
        break;
    case BIG:
        memcpy(big,
               (uint8_t[]){0, BIG_REPLY >> 16, (BIG_REPLY >> 8) & 0xff, BIG_REPLY & 0xff,
                           0x6b, 2, (uint8_t)index},
               7);
        write_full(fd, big, sizeof(big));
        break;
    default:
        write_full(fd, reply, 8);
    }
}

static inline void serve(int fd, enum habit habit, size_t index)
{
    uint8_t request[4096];

    for (int n = 1;; n++) {
        size_t len;

        if (!read_full(fd, request, 4))
            return;
        len = (size_t)request[2] << 8 | request[3];
        if (len > sizeof(request) || !read_full(fd, request, len))
            return;
        counters[index].requests++;
        if (habit == CLOSES || (habit == CLOSES_ON_SECOND && n == 2))
            return;
        if (habit == HANGS) {
            pause();
            return;
        }
        reply_one(fd, habit, index);
        if (habit == CLOSES_AFTER || habit == CLOSES_WITHIN)
            return;
    }
}

/* One process per connection, so that a hanging one does not block others. */
static inline _Noreturn void kdc_main(int fd, enum habit habit, size_t index)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int conn = accept(fd, NULL, NULL);

        if (conn < 0)
            _exit(0);
        counters[index].connections++;
        if (fork() == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(fd);
            serve(conn, habit, index);
            _exit(0);
        }
        close(conn);
    }
}

/* A further KDC with this behaviour, after the existing ones. */
static inline void add_kdc(enum habit habit)
{
    struct kdc *kdc = &kdcs[num_kdcs];
    struct sockaddr_in *in = (struct sockaddr_in *)&kdc->dc.addr;
    socklen_t len = sizeof(*in);

    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    kdc->fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(kdc->fd, (struct sockaddr *)in, sizeof(*in)), 0);
    ck_assert_int_eq(getsockname(kdc->fd, (struct sockaddr *)in, &len), 0);
    kdc->dc.addr_len = sizeof(*in);
    kdc->dc.domain = "contoso.test";
    kdc->dc.host = talloc_asprintf(mem, "dc%zu.contoso.test", num_kdcs + 1);
    kdc->dc.address = "127.0.0.1";
    if (habit == FILTERED) {
        kdc->filler = listen_filtered(kdc->fd);
    } else if (habit != REFUSES) {
        ck_assert_int_eq(listen(kdc->fd, 16), 0);
        kdc->pid = fork();
        if (kdc->pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test tears nothing down */
            setpgid(0, 0);
            kdc_main(kdc->fd, habit, num_kdcs);
        }
        setpgid(kdc->pid, kdc->pid);
    }
    num_kdcs++;
}

/* --- the locator --- */

static inline enum tl_reason fake_find(TALLOC_CTX *ctx, void *arg, const char *domain,
                                       unsigned int flags, tl_deadline deadline,
                                       struct tl_dc_list **list, struct tl_outcome *o)
{
    size_t n = num_kdcs;

    ck_assert_str_eq(domain, "contoso.test");
    *list = NULL;
    num_finds++;
    num_forced += (flags & TL_LOCATE_FORCE) != 0;
    if (!(flags & TL_LOCATE_FORCE) && first_list_len != 0)
        n = first_list_len;
    if ((flags & TL_LOCATE_FORCE) && forced_fails)
        n = 0;
    if (n == 0)
        return tl_outcome_fail(o, TL_STAGE_LOCATE, TL_REASON_DNS_NO_RECORDS, NULL);
    *list = talloc_zero(ctx, struct tl_dc_list);
    (*list)->count = n;
    (*list)->dcs = talloc_zero_array(*list, struct tl_dc, n);
    for (size_t i = 0; i < n; i++)
        (*list)->dcs[i] = kdcs[i].dc;
    return TL_REASON_OK;
}

static inline void fake_failed(void *arg, const struct tl_dc *dc)
{
    num_failed++;
}

static inline void fake_worked(void *arg, const struct tl_dc *dc)
{
    num_worked++;
    last_worked = talloc_strdup(mem, dc->host);
}

static inline bool fake_unavailable(void *arg, const uint8_t *reply, size_t len)
{
    return len == 4 && reply[0] == 0x7e && reply[3] == 29;
}

static inline void setup(void)
{
    struct tli_transport_source source = {.find = fake_find,
                                          .failed = fake_failed,
                                          .worked = fake_worked,
                                          .unavailable = fake_unavailable};

    mem = talloc_new(NULL);
    counters = mmap(NULL, sizeof(*counters) * MAX_KDCS, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(kdcs, 0, sizeof(kdcs));
    num_kdcs = first_list_len = 0;
    num_failed = num_worked = num_finds = num_forced = 0;
    last_worked = "";
    forced_fails = false;
    config = tl_config_defaults(mem);
    config->kdc_race_delay = 30;
    config->kdc_connect_timeout = 10000; /* however slow this machine is */
    net = tli_transport_new(mem, config, NULL, &source);
    out = tl_outcome_new(mem);
}

static inline void teardown(void)
{
    for (size_t i = 0; i < num_kdcs; i++) {
        if (kdcs[i].pid > 0) {
            kill(-kdcs[i].pid, SIGKILL);
            waitpid(kdcs[i].pid, NULL, 0);
        }
        close(kdcs[i].fd);
        if (kdcs[i].filler > 0)
            close(kdcs[i].filler);
    }
    munmap(counters, sizeof(*counters) * MAX_KDCS);
    talloc_free(mem);
}

/* --- asking --- */

static inline enum tl_reason ask(bool counts_as_attempt, int ms,
                                 struct tli_transport_answer *answer)
{
    static const uint8_t request[] = {0x6a, 3, 1, 2, 3};

    return tli_transport_exchange(mem, net, TL_STAGE_AS, "CONTOSO.TEST", request,
                                  sizeof(request), counts_as_attempt,
                                  tl_deadline_in_ms(ms), answer, out);
}

/* Index of the KDC that answered. */
static inline int asked_ok(bool counts_as_attempt)
{
    struct tli_transport_answer answer;
    enum tl_reason reason = ask(counts_as_attempt, 20000, &answer);

    ck_assert_msg(reason == TL_REASON_OK, "%s: %s", tl_reason_info(reason)->slug,
                  out->detail != NULL ? out->detail : "");
    ck_assert_uint_ge(answer.len, 4);
    return answer.data[2];
}

#endif
