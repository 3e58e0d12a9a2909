/* SPDX-License-Identifier: MIT
 *
 * lookup_reader.c - a monitor's questions to the processes that read directories.
 *
 * What such a process says is decoded here and then held to its own domain by the
 * look-up (tli_reading_refuse()).
 */
#include "lookup_reader.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "lookup_processes.h"
#include "reading_codec.h"
#include "reading_work.h"
#include "status/siphash.h"
#include "worker_message.h"

/* A process that cannot be started loses questions that it never read, too. */
#define LOST_MAX 4
#define PAUSE_NS 10000000L /* longer each time */
/* A user with as many groups as a token has, and many names; members are more. */
#define ANSWER_MAX (1024U * 1024)

/* A socket to the process of one domain, for the questions of one look-up. */
struct line {
    struct line *next;
    const char *domain;
    int fd;
};

struct readers {
    struct tl_lookup_reader reader; /* first: what the look-up has */
    const struct tla_conv *conv;
    const struct tl_machine *machine;
    bool stamped, resident; /* there is a process for it, with this stamp */
    uint64_t stamp;
    struct line *lines;
};

/* NULL: no memory. Access rules do not concern the process of a domain. */
static char *settings_text(TALLOC_CTX *ctx, const struct tl_config *config)
{
    char *text = talloc_strdup(ctx, "");
    size_t count = 0;
    struct tl_config_item *items = tl_config_items(ctx, config, &count);

    for (size_t i = 0; text != NULL && items != NULL && i < count; i++)
        if (strcmp(items[i].section, "access") != 0)
            text = talloc_asprintf_append(text, "%s.%s=%s\n", items[i].section,
                                          items[i].key, items[i].value);
    return items != NULL ? text : NULL;
}

/* Only a PAM line makes other settings than the files'. */
static bool is_of_file(TALLOC_CTX *ctx, const struct tla_conv *conv, const char *text)
{
    struct tl_config *file = NULL;
    const char *same = NULL;

    if (conv->request.conf == NULL && conv->request.options == NULL)
        return true;
    if (tla_config(ctx, conv->setup, NULL, NULL, &file, NULL) == TL_REASON_OK)
        same = settings_text(ctx, file);
    return same != NULL && strcmp(same, text) == 0;
}

/* What the process of a domain is started with. NULL: this conversation has other
 * settings. */
static char *inherited(TALLOC_CTX *ctx, const struct readers *readers)
{
    const struct tla_conv *conv = readers->conv;
    const struct tl_workstation *ws = readers->machine->workstation;
    char *text = settings_text(ctx, conv->config);
    struct stat keytab = {0};

    if (text == NULL || !is_of_file(ctx, conv, text))
        return NULL;
    (void)stat(conv->config->keytab, &keytab);
    return talloc_asprintf_append(text, "%s %s %lld.%09ld %llu", ws->realm, ws->flat,
                                  (long long)keytab.st_mtim.tv_sec,
                                  keytab.st_mtim.tv_nsec,
                                  (unsigned long long)keytab.st_ino);
}

/* Not for secrecy, so the key is nobody's. */
static void make_stamp(struct readers *readers)
{
    static const uint8_t key[TL_SIPHASH_KEY];
    TALLOC_CTX *tmp = talloc_new(readers);
    char *text = NULL;

    if (readers->conv->setup->lookups > 0)
        text = inherited(tmp, readers);
    readers->resident = text != NULL;
    if (text != NULL)
        readers->stamp = tli_siphash(key, text, strlen(text));
    talloc_free(tmp);
}

static int close_line(struct line *line)
{
    if (line->fd >= 0)
        close(line->fd);
    line->fd = -1;
    return 0;
}

static enum tla_asker asker_of(const struct tla_conv *conv)
{
    if (conv->endpoint == TLA_ENDPOINT_LOGON)
        return TLA_ASKED_BY_LOGONS;
    return conv->peer == 0 ? TLA_ASKED_BY_ROOT : TLA_ASKED_BY_USERS;
}

static int connect_line(const struct readers *readers, struct line *line)
{
    const struct tl_topology *topo = readers->machine->topology;
    struct tla_lookup_call call = {.asker = asker_of(readers->conv),
                                   .stamp = readers->stamp,
                                   .taken = topo != NULL ? topo->taken : 0};
    int ends[2], rc;

    if (strlen(line->domain) >= sizeof(call.domain))
        return -ENAMETOOLONG;
    memcpy(call.domain, line->domain, strlen(line->domain));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -errno;
    rc = tla_lookup_send(readers->conv->setup->lookups, &call, ends[1]);
    close(ends[1]);
    if (rc == 0)
        line->fd = ends[0];
    else
        close(ends[0]);
    return rc;
}

/* The one there is, perhaps closed, or a new one. */
static struct line *line_to(struct readers *readers, const char *domain)
{
    struct line *line = readers->lines;

    while (line != NULL && !tl_dns_equal(line->domain, domain))
        line = line->next;
    if (line != NULL)
        return line;
    line = talloc_zero(readers, struct line);
    if (line == NULL)
        return NULL;
    line->fd = -1;
    talloc_set_destructor(line, close_line);
    line->domain = talloc_strdup(line, domain);
    line->next = readers->lines;
    readers->lines = line;
    return line->domain != NULL ? line : NULL;
}

/* *sent: the process has the question. */
static int ask_once(const struct readers *readers, struct line *line,
                    const struct tli_reading_question *question, tl_deadline deadline,
                    bool *sent, json_t **told)
{
    json_t *asked = tla_question_encode(question, deadline);
    int rc = asked != NULL ? 0 : -ENOMEM;

    *sent = false;
    if (rc == 0 && line->fd < 0)
        rc = connect_line(readers, line);
    if (rc == 0)
        rc = tla_message_send(line->fd, asked, deadline);
    *sent = rc == 0;
    if (rc == 0)
        rc = tla_message_receive_most(
            line->fd, deadline,
            question->kind == TLI_READ_MEMBERS ? TLA_MESSAGE_MAX : ANSWER_MAX, told);
    if (rc != 0)
        close_line(line); /* a late answer must not be taken for the next one's */
    json_decref(asked);
    return rc;
}

/* The process may have ended, of age or with a client in its queue, or have no room in
 * it: then it, or its successor, is asked a moment later. A question over which two of
 * them end is not put to a third. */
static int ask(struct readers *readers, const char *domain,
               const struct tli_reading_question *question, tl_deadline deadline,
               json_t **told)
{
    struct line *line = line_to(readers, domain);
    int rc = line != NULL ? -EPIPE : -ENOMEM, lost = 0;

    for (int i = 0; (rc == -EPIPE || rc == -EAGAIN) && lost < LOST_MAX &&
                    tl_deadline_left_ms(deadline) > 0;
         i++) {
        bool sent;

        if (i > 0)
            (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS * (i < 10 ? i : 10)},
                            NULL);
        rc = ask_once(readers, line, question, deadline, &sent, told);
        lost += rc == -EPIPE && sent;
    }
    return rc;
}

static enum tl_reason read_domain(void *arg, TALLOC_CTX *ctx,
                                  const struct tl_lookup_domain *domain,
                                  const struct tli_reading_question *question,
                                  tl_deadline deadline, struct tli_reading **reading,
                                  struct tl_outcome *out)
{
    struct readers *readers = arg;
    json_t *told = NULL;
    int rc;

    *reading = NULL;
    if (!readers->stamped)
        make_stamp(readers);
    readers->stamped = true;
    if (!readers->resident)
        return tla_reading_work(ctx, readers->conv, readers->machine, NULL, domain,
                                question, deadline, reading, out);
    rc = ask(readers, domain->dns, question, deadline, &told);
    if (rc == 0)
        rc = tla_reading_decode(ctx, told, reading, out);
    json_decref(told);
    if (rc == 0)
        return out->reason;
    tl_outcome_reset(out);
    return tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                           "the process that reads the directory of %s: %s", domain->dns,
                           strerror(-rc));
}

const struct tl_lookup_reader *tla_lookup_reader_new(TALLOC_CTX *ctx,
                                                     const struct tla_conv *conv,
                                                     const struct tl_machine *machine)
{
    struct readers *readers = talloc_zero(ctx, struct readers);

    if (readers == NULL)
        return NULL;
    readers->reader = (struct tl_lookup_reader){.read = read_domain, .arg = readers};
    readers->conv = conv;
    readers->machine = machine;
    return &readers->reader;
}
