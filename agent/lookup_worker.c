/* SPDX-License-Identifier: MIT
 *
 * lookup_worker.c - a worker that stays: it keeps the directory of its domain open, and
 * answers one question after the other.
 */
#include "lookup_worker.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <trustlogon/logon.h>

#include "config.h"
#include "lookup_processes.h"
#include "machine_loan.h"
#include "reading_codec.h"
#include "worker_message.h"
#include "worker_process.h"

#define CLIENTS_MAX 64
/* It ends after lookup_idle without a client; and after LIFE_S no more clients come, so
 * that nothing that it may have gathered lasts. */
#define LIFE_S 3600
#define SPARE_S 10      /* that a question may take longer than it is waited for */
#define MESSAGE_MS 2000 /* for a message of a monitor, which waits for nothing */

struct server {
    const struct tl_lookup_domain *domain;
    struct tl_lookup *lookup;
    int brings; /* where clients come from; -1: no more come */
    int64_t began;
    size_t count;
    int clients[CLIENTS_MAX];
};

/* NULL: the question is malformed or its deadline has passed, or out of memory. The alarm
 * kills a process that loops over what it reads. */
static json_t *answer(struct server *server, TALLOC_CTX *ctx, const json_t *asked)
{
    struct tl_outcome *out = tl_outcome_new(ctx);
    struct tli_reading_question question;
    struct tli_reading *reading = NULL;
    tl_deadline until;

    if (out == NULL || tla_question_decode(ctx, asked, &question, &until) != 0 ||
        tl_deadline_left_ms(until) == 0) /* nobody waits for it */
        return NULL;
    alarm((unsigned int)tl_deadline_left_ms(until) / 1000 + SPARE_S);
    tli_lookup_set_deadline(server->lookup, until);
    /* The outcome has the reason. */
    (void)tli_lookup_read(ctx, server->lookup, server->domain, &question, &reading, out);
    return tla_reading_encode(reading, out);
}

/* False: the client is not served again. */
static bool serve(struct server *server, int fd)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    json_t *asked = NULL, *told = NULL;
    int rc = tla_message_receive(fd, tl_deadline_in_ms(MESSAGE_MS), &asked);

    if (rc == 0)
        told = answer(server, ctx, asked);
    alarm(TLA_SERVES_S);
    rc = told != NULL ? tla_message_send(fd, told, tl_deadline_in_ms(MESSAGE_MS)) : -1;
    json_decref(asked);
    json_decref(told);
    talloc_free(ctx);
    return rc == 0;
}

static void take_no_more(struct server *server)
{
    if (server->brings >= 0)
        close(server->brings); /* the listener starts another */
    server->brings = -1;
}

static void welcome(struct server *server)
{
    char nothing;
    int fd = tla_socket_take(server->brings, &nothing, sizeof(nothing));

    if (fd >= 0)
        server->clients[server->count++] = fd;
    else if (fd == -EPIPE)
        take_no_more(server);
}

static void leave(struct server *server, size_t which)
{
    close(server->clients[which]);
    server->clients[which] = server->clients[--server->count];
}

/* While others were served a client may have given up. */
static bool has_gone(int fd)
{
    struct pollfd now = {.fd = fd, .events = POLLIN};

    return poll(&now, 1, 0) > 0 && (now.revents & (POLLHUP | POLLERR)) != 0;
}

/* One question of each client that has one; from the last to the first, because the last
 * one takes the place of one that leaves. */
static void serve_all(struct server *server, const struct pollfd *fds)
{
    for (size_t i = server->count; i-- > 0;)
        if (fds[i].revents != 0 &&
            (has_gone(server->clients[i]) || !serve(server, server->clients[i])))
            leave(server, i);
}

/* Milliseconds until it takes no more clients. */
static int life_left(const struct server *server)
{
    int64_t left = LIFE_S * 1000LL - (tl_now_us() - server->began) / 1000;

    return left > 0 ? (int)left : 0;
}

static void serve_until_idle(struct server *server, int idle_s)
{
    while (server->count > 0 || server->brings >= 0) {
        struct pollfd fds[CLIENTS_MAX + 1];
        size_t count = server->count;
        int left = life_left(server), ready;
        bool ages = server->brings >= 0 && left < 1000 * idle_s;

        for (size_t i = 0; i < count; i++)
            fds[i] = (struct pollfd){.fd = server->clients[i], .events = POLLIN};
        fds[count] = (struct pollfd){.fd = count < CLIENTS_MAX ? server->brings : -1,
                                     .events = POLLIN};
        ready = poll(fds, count + 1, ages ? left : 1000 * idle_s);
        if ((ready < 0 && errno != EINTR) || (ready == 0 && !ages))
            return;
        if (life_left(server) == 0)
            take_no_more(server);
        if (ready <= 0)
            continue;
        serve_all(server, fds);
        if (fds[count].revents != 0 && server->brings >= 0)
            welcome(server);
    }
}

static json_t *run(struct tla_work *work)
{
    const struct tl_lookup_input in = {
        .machine = work->logon->machine, .trace = work->logon->trace, .borrow = true};
    struct server server = {
        .domain = work->arg, .brings = TLA_CLIENTS_FD, .began = tl_now_us()};

    (void)prctl(PR_SET_NAME, TLA_LOOKUP_NAME);
    server.lookup = tl_lookup_new(work->logon, &in);
    if (server.lookup == NULL)
        return NULL;
    serve_until_idle(&server, in.machine->config->lookup_idle);
    talloc_free(server.lookup); /* ends its connections */
    return json_object();
}

static int keep(struct tla_conv *conv, const char *dns, int clients)
{
    struct tl_machine *machine = NULL;
    struct tl_known_domain known;
    struct tl_lookup_domain domain;
    struct tla_work work = {.conv = conv,
                            .run = run,
                            .arg = &domain,
                            .clients = clients,
                            .lend = tla_machine_tickets};
    json_t *result = NULL;
    int rc = -ENOENT;

    if (tl_machine_open(conv, conv->config, &machine, conv->outcome) == TL_REASON_OK &&
        tl_known_domain(machine->topology, machine->workstation, dns, &known)) {
        domain = tli_lookup_known(&known, machine->workstation);
        work.own = domain.own;
        work.serves = domain.dns;
        work.logon = tl_logon_new(conv, machine, NULL);
    }
    if (work.logon != NULL)
        rc = tla_work_do(&work, &result);
    json_decref(result);
    return rc;
}

int tla_lookup_keep(const struct tla_setup *setup, const char *domain, int clients)
{
    struct tla_conv *conv = tla_conv_without_client(setup);
    int rc = 1;

    (void)prctl(PR_SET_NAME, TLA_LOOKUP_NAME);
    if (conv == NULL)
        return 1;
    if (tla_config(conv, setup, NULL, NULL, &conv->config, conv->outcome) == TL_REASON_OK)
        rc = keep(conv, domain, clients) == 0 ? 0 : 1;
    talloc_free(conv);
    return rc;
}
