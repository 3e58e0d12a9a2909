/* SPDX-License-Identifier: MIT
 *
 * fake_kpasswd.h - services that change passwords, and misbehave: processes on
 * 127.0.0.0/8, on TCP and UDP, and the ticket for them.
 */
#ifndef TL_TEST_FAKE_KPASSWD_H
#define TL_TEST_FAKE_KPASSWD_H

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kerberos/kpasswd/kpasswd.h"
#include "filtered_port.h"
#include "run_suite.h"
#include "sealed_tickets.h"

#define AES ENCTYPE_AES256_CTS_HMAC_SHA1_96
#define SERVICE "kadmin/changepw@CONTOSO.TEST"
#define NEW "New.Password.1"
#define MAX_DCS 3
#define DEADLINE_MS 3000 /* silence costs so much; a busy machine needs it */

enum port { OPEN = 'o', REFUSED = 'r', FILTERED = 'f' };
enum habit {
    ANSWERS, /* with `result` */
    SILENT,  /* takes the request */
    CLOSES,
    GARBAGE,
    KRB_ERROR,      /* unauthenticated: `result` in its e-data */
    BARE_KRB_ERROR, /* without a frame */
    SKEW,
    NO_KEY,       /* does not have the service's key */
    EMPTY_RESULT, /* authenticated, and no code in it */
    CHANGED_BITS, /* authenticated, then changed in transit */
    MEDDLED       /* authenticated, then as `counters` says */
};

/* What services do, and the result that is required. */
struct script {
    const char *what;
    /* "or ff": TCP and UDP of each DC, Open, Refused or Filtered, in their order */
    const char *dcs;
    enum habit habit; /* of the first one that is asked; the others answer */
    const char *result;
    size_t len;
    enum tl_reason reason;
    int asked; /* the DC that got the request, counted from 1; 0: none */
    const char *by, *says;
};

static TALLOC_CTX *mem;
static struct tl_config *config;
static struct tl_outcome *out;
static struct tl_krb *krb;
static krb5_keyblock service_key, session_key;
static struct tl_dc_list list;
static pid_t children[MAX_DCS];
static int fillers[MAX_DCS]; /* of the queues that are full; -1: none */
struct counters {
    atomic_int requests[MAX_DCS], right[MAX_DCS];
    atomic_int flip_at, flip_bits, cut; /* what MEDDLED does to its answer */
    atomic_int len;                     /* of the answer before that */
};
static struct counters *counters; /* shared with the services */

/* --- a service --- */

struct service {
    int index, tcp, udp; /* -1: not open */
    const struct script *script;
    enum habit habit;
};

static inline krb5_data error_reply(const struct service *s, int code, int off)
{
    static const uint8_t frame[] = {0, 0, 0, 1, 0, 0};
    krb5_error error;
    krb5_data made = {0}, framed;

    memset(&error, 0, sizeof(error));
    error.error = (krb5_ui_4)code;
    error.stime = (krb5_timestamp)time(NULL) - off;
    error.e_data.data = (char *)(uintptr_t)s->script->result;
    error.e_data.length = (unsigned int)s->script->len;
    krb5_parse_name(krb->k5, SERVICE, &error.server);
    if (krb5_mk_error(krb->k5, &error, &made) != 0)
        abort();
    if (s->habit == BARE_KRB_ERROR)
        return made;
    framed.length = made.length + 6;
    framed.data = talloc_size(mem, framed.length);
    memcpy(framed.data, frame, 6);
    framed.data[0] = (char)(framed.length >> 8);
    framed.data[1] = (char)framed.length;
    memcpy(framed.data + 6, made.data, made.length);
    return framed;
}

/* Open the request as a DC does, and answer with a result. False: a request of another
 * kind. */
static inline bool open_and_answer(const struct service *s,
                                   const struct tli_kpasswd_frame *in, krb5_data *reply)
{
    krb5_data ap = {.length = (unsigned int)in->ap_len,
                    .data = (char *)(uintptr_t)in->ap};
    krb5_data priv = {.length = (unsigned int)in->body_len,
                      .data = (char *)(uintptr_t)in->body};
    krb5_data result = {.length = (unsigned int)s->script->len,
                        .data = (char *)(uintptr_t)s->script->result};
    krb5_data password = {0}, ap_rep = {0}, sealed = {0};
    struct tli_kpasswd_frame answer = {.version = TL_KPASSWD_CHANGE};
    krb5_octet loopback[4] = {127, 0, 0, 1};
    krb5_address here = {.magic = KV5M_ADDRESS,
                         .addrtype = ADDRTYPE_INET,
                         .length = 4,
                         .contents = loopback};
    krb5_keytab_entry entry;
    krb5_keytab keytab;
    krb5_auth_context auth = NULL;
    krb5_replay_data replay;
    krb5_keyblock *subkey = NULL;
    uint8_t *bytes;
    size_t len;

    memset(&entry, 0, sizeof(entry));
    entry.key = service_key;
    entry.vno = 1;
    if (krb5_parse_name(krb->k5, SERVICE, &entry.principal) != 0 ||
        krb5_kt_resolve(krb->k5, "MEMORY:service", &keytab) != 0 ||
        krb5_kt_add_entry(krb->k5, keytab, &entry) != 0 ||
        krb5_auth_con_init(krb->k5, &auth) != 0 ||
        krb5_auth_con_setflags(krb->k5, auth, KRB5_AUTH_CONTEXT_DO_SEQUENCE) != 0)
        abort();
    if (krb5_rd_req(krb->k5, &auth, &ap, entry.principal, keytab, NULL, NULL) != 0 ||
        krb5_rd_priv(krb->k5, auth, &priv, &password, &replay) != 0)
        return false;
    if (password.length == strlen(NEW) && memcmp(password.data, NEW, strlen(NEW)) == 0)
        counters->right[s->index]++;
    if (s->habit == EMPTY_RESULT)
        result.length = 1;
    if (krb5_mk_rep(krb->k5, auth, &ap_rep) != 0 ||
        krb5_auth_con_getrecvsubkey(krb->k5, auth, &subkey) != 0 ||
        krb5_auth_con_setsendsubkey(krb->k5, auth, subkey) != 0 ||
        krb5_auth_con_setaddrs(krb->k5, auth, &here, NULL) != 0 ||
        krb5_mk_priv(krb->k5, auth, &result, &sealed, &replay) != 0)
        abort();
    if (s->habit == CHANGED_BITS)
        sealed.data[sealed.length - 3] ^= 1;
    answer.ap = (const uint8_t *)ap_rep.data;
    answer.ap_len = ap_rep.length;
    answer.body = (const uint8_t *)sealed.data;
    answer.body_len = sealed.length;
    if (tli_kpasswd_write(mem, &answer, &bytes, &len) != 0)
        abort();
    if (s->habit == MEDDLED) {
        counters->len = (int)len;
        if (counters->flip_at < (int)len)
            bytes[counters->flip_at] ^= (uint8_t)counters->flip_bits;
        if (counters->cut < (int)len)
            len -= (size_t)counters->cut;
    }
    *reply = (krb5_data){.length = (unsigned int)len, .data = (char *)bytes};
    return true;
}

/* False: no answer. The harmless question before UDP is always answered. */
static inline bool serve(const struct service *s, const uint8_t *request, size_t len,
                         krb5_data *reply)
{
    /* what can be made without the key: AP-REP and KRB-PRIV by form */
    static const uint8_t form[] = {0,    14,   0,    1,    0,    4,    0x6f,
                                   0x02, 0x30, 0x00, 0x75, 0x02, 0x30, 0x00};
    struct tli_kpasswd_frame frame;

    if (tli_kpasswd_read(request, len, &frame) != 0)
        return false;
    if (frame.ap_len < 10) {
        *reply = error_reply(s, TL_KRB_GENERIC, 0);
        return true;
    }
    counters->requests[s->index]++;
    switch (s->habit) {
    case SILENT:
        pause();
        return false;
    case CLOSES:
        return false;
    case GARBAGE:
        *reply = (krb5_data){.length = 4, .data = (char *)(uintptr_t) "HTTP"};
        return true;
    case KRB_ERROR:
    case BARE_KRB_ERROR:
        *reply = error_reply(s, TL_KRB_GENERIC, 0);
        return true;
    case NO_KEY:
        *reply = (krb5_data){.length = sizeof(form), .data = (char *)(uintptr_t)form};
        return true;
    case SKEW:
        *reply = error_reply(s, TL_KRB_SKEW, 3600);
        return true;
    default:
        return open_and_answer(s, &frame, reply);
    }
}

static inline void serve_tcp(const struct service *s)
{
    int fd = accept(s->tcp, NULL, NULL);
    uint8_t request[8192], head[4];
    ssize_t n = recv(fd, head, 4, MSG_WAITALL);
    size_t len = n == 4 ? (size_t)head[2] << 8 | head[3] : 0;
    krb5_data reply;

    if (len > 0 && len <= sizeof(request) &&
        recv(fd, request, len, MSG_WAITALL) == (ssize_t)len &&
        serve(s, request, len, &reply)) {
        uint8_t *framed = talloc_size(mem, reply.length + 4);

        memset(framed, 0, 2);
        framed[2] = (uint8_t)(reply.length >> 8);
        framed[3] = (uint8_t)reply.length;
        memcpy(framed + 4, reply.data, reply.length);
        (void)send(fd, framed, reply.length + 4, MSG_NOSIGNAL);
    }
    close(fd);
}

static inline void serve_udp(const struct service *s)
{
    struct sockaddr_storage from;
    socklen_t from_len = sizeof(from);
    uint8_t request[8192];
    krb5_data reply;
    ssize_t n = recvfrom(s->udp, request, sizeof(request), 0, (struct sockaddr *)&from,
                         &from_len);

    if (n > 0 && serve(s, request, (size_t)n, &reply))
        (void)sendto(s->udp, reply.data, reply.length, 0, (struct sockaddr *)&from,
                     from_len);
}

static inline void run_service(const struct service *s)
{
    struct pollfd fds[2] = {{.fd = s->tcp, .events = POLLIN},
                            {.fd = s->udp, .events = POLLIN}};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(60);
    for (;;) {
        if (poll(fds, 2, -1) <= 0)
            continue;
        if (fds[0].revents != 0)
            serve_tcp(s);
        if (fds[1].revents != 0)
            serve_udp(s);
    }
}

/* --- the stage --- */

/* One port number for both, or none of them listening. */
static inline void make_sockets(struct service *s, const char *ports,
                                struct sockaddr_in *addr)
{
    socklen_t len = sizeof(*addr);

    *addr = (struct sockaddr_in){.sin_family = AF_INET};
    addr->sin_addr.s_addr = htonl(0x7f00000bU + (uint32_t)s->index);
    do {
        s->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        addr->sin_port = 0;
        ck_assert_int_eq(bind(s->tcp, (struct sockaddr *)addr, len), 0);
        ck_assert_int_eq(getsockname(s->tcp, (struct sockaddr *)addr, &len), 0);
        if (bind(s->udp, (struct sockaddr *)addr, len) == 0)
            break;
        close(s->udp);
        close(s->tcp);
    } while (true);
    if (ports[1] == REFUSED)
        close(s->udp);
    if (ports[1] != OPEN)
        s->udp = -1; /* an unread socket stays open and silent */
    if (ports[0] == REFUSED)
        close(s->tcp);
    else if (ports[0] == FILTERED)
        fillers[s->index] = listen_filtered(s->tcp);
    else
        ck_assert_int_eq(listen(s->tcp, 8), 0);
    if (ports[0] != OPEN)
        s->tcp = -1;
}

/* A further DC, with the services of the script; one of them has its behaviour. */
static inline void add_dc(const struct script *script, int index)
{
    bool asked = index + 1 == (script->asked > 0 ? script->asked : 1);
    struct service s = {
        .index = index, .script = script, .habit = asked ? script->habit : ANSWERS};
    struct sockaddr_in addr;
    struct tl_dc *dc = &list.dcs[index];

    make_sockets(&s, script->dcs + (ptrdiff_t)3 * index, &addr);
    dc->host = talloc_asprintf(mem, "dc%d.contoso.test", index + 1);
    dc->domain = "contoso.test";
    dc->address = "127.0.0.x";
    memcpy(&dc->addr, &addr, sizeof(addr));
    dc->addr_len = sizeof(addr);
    list.count++;
    children[index] = fork();
    if (children[index] == 0)
        run_service(&s);
}

/* The ticket with which passwords are changed, as the AS exchange brings it. */
static inline void make_ticket(void)
{
    krb5_timestamp now = (krb5_timestamp)time(NULL);
    krb5_enc_tkt_part part = {
        .session = &session_key,
        .transited.tr_type = 1,
        .times = {.authtime = now, .starttime = now, .endtime = now + 300}};
    struct seal seal = {.key = &service_key, .kvno = 1};

    ck_assert_int_eq(krb5_parse_name(krb->k5, "alice@CONTOSO.TEST", &part.client), 0);
    krb->changepw = calloc(1, sizeof(*krb->changepw));
    krb->changepw->ticket = seal_ticket(krb->k5, SERVICE, &part, &seal);
    krb->changepw->client = part.client;
    ck_assert_int_eq(krb5_parse_name(krb->k5, SERVICE, &krb->changepw->server), 0);
    krb->changepw->times = part.times;
    ck_assert_int_eq(
        krb5_copy_keyblock_contents(krb->k5, &session_key, &krb->changepw->keyblock), 0);
}

static inline void setup(void)
{
    mem = talloc_new(NULL);
    config = tl_config_defaults(mem);
    config->kdc_race_delay = 60;
    config->kdc_connect_timeout = 800;
    out = tl_outcome_new(mem);
    ck_assert_int_eq(
        tl_krb_new(mem, config, NULL, tl_deadline_in_ms(DEADLINE_MS), NULL, &krb, out),
        TL_REASON_OK);
    ck_assert_int_eq(krb5_c_make_random_key(krb->k5, AES, &service_key), 0);
    ck_assert_int_eq(krb5_c_make_random_key(krb->k5, AES, &session_key), 0);
    make_ticket();
    counters = mmap(NULL, sizeof(*counters), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    list = (struct tl_dc_list){.dcs = talloc_zero_array(mem, struct tl_dc, MAX_DCS)};
    for (int i = 0; i < MAX_DCS; i++)
        fillers[i] = -1;
}

static inline void teardown(void)
{
    for (size_t i = 0; i < list.count; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
        if (fillers[i] >= 0)
            close(fillers[i]);
    }
    munmap(counters, sizeof(*counters));
    krb5_free_keyblock_contents(krb->k5, &service_key);
    krb5_free_keyblock_contents(krb->k5, &session_key);
    talloc_free(mem);
}

#endif
