/* SPDX-License-Identifier: MIT
 *
 * saved_file.c - files of tickets: written by root, and read back without a look at what
 * is in the tickets (saved.h).
 */
#include "saved.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_BYTES_MAX (8 << 20)
/* A ticket that ends sooner is not worth a question to a server. */
#define LEFT_S 300

static int put_all(int fd, const uint8_t *at, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, at, len);

        if (done < 0 && errno != EINTR)
            return -errno;
        if (done > 0) {
            at += done;
            len -= (size_t)done;
        }
    }
    return 0;
}

int tl_tickets_save(const struct tl_tickets *tickets, const char *client,
                    const char *path)
{
    const struct tl_tickets whole = {client, tickets->count, tickets->tickets};
    uint8_t *bytes = NULL;
    size_t len = 0;
    int fd = -1, rc = tli_tickets_format(NULL, &whole, &bytes, &len);

    if (rc != 0)
        return rc;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    rc = fd < 0 ? -errno : put_all(fd, bytes, len);
    if (fd >= 0 && close(fd) != 0 && rc == 0)
        rc = -errno;
    if (fd >= 0 && rc != 0)
        (void)unlink(path);
    explicit_bzero(bytes, len);
    talloc_free(bytes);
    return rc;
}

bool tli_ticket_lasts(int64_t end)
{
    return end >= (int64_t)time(NULL) + LEFT_S;
}

bool tl_tickets_lasting(const struct tl_tickets *tickets, const char *server)
{
    return tli_ticket_lasts(tl_tickets_end(tickets, server));
}

void tl_tickets_drop_ended(struct tl_tickets *tickets)
{
    size_t kept = 0;

    for (size_t i = 0; i < tickets->count; i++) {
        if (tli_ticket_lasts(tickets->tickets[i].end))
            tickets->tickets[kept++] = tickets->tickets[i];
        else
            explicit_bzero((void *)(uintptr_t)tickets->tickets[i].at,
                           tickets->tickets[i].len);
    }
    tickets->count = kept;
}

/* The client of an AS exchange with the machine's key: tli_keytab_is_machine(). */
static bool is_machine(const char *client, const struct tl_workstation *ws)
{
    const char *const forms[][3] = {
        {"", ws->flat, "$"}, {"host/", ws->fqdn, ""}, {"host/", ws->flat, ""}};
    bool found = false;

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && !found; i++) {
        char *name = talloc_asprintf(NULL, "%s%s%s@%s", forms[i][0], forms[i][1],
                                     forms[i][2], ws->realm);

        found = name != NULL && strcasecmp(name, client) == 0;
        talloc_free(name);
    }
    return found;
}

bool tl_tickets_of_machine(const struct tl_tickets *tickets,
                           const struct tl_workstation *ws)
{
    char *tgt = talloc_asprintf(NULL, KRB5_TGS_NAME "/%s@%s", ws->realm, ws->realm);
    bool good = tgt != NULL && is_machine(tickets->client, ws) &&
                tl_tickets_lasting(tickets, tgt);

    talloc_free(tgt);
    return good;
}

/* Those that last and fit: TGTs first, because all others can be got with them. */
static void choose(const struct tl_tickets *tickets, struct tl_tickets *kept)
{
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < tickets->count && kept->count < TL_TICKETS_MAX; i++) {
            const struct tl_ticket_bytes *one = &tickets->tickets[i];
            bool tgt =
                strncmp(one->server, KRB5_TGS_NAME "/", strlen(KRB5_TGS_NAME "/")) == 0;

            if (tgt == (round == 0) && tli_ticket_lasts(one->end))
                kept->tickets[kept->count++] = *one;
        }
}

int tl_tickets_replace(const struct tl_tickets *tickets, const char *path)
{
    char *beside = talloc_asprintf(NULL, "%s.%d", path, (int)getpid());
    struct tl_tickets kept = {.client = tickets->client};
    int rc = -ENOMEM;

    kept.tickets = talloc_array(beside, struct tl_ticket_bytes, TL_TICKETS_MAX);
    if (beside == NULL || kept.tickets == NULL)
        goto done;
    choose(tickets, &kept);
    (void)unlink(beside); /* of a process with our number that was killed here */
    rc = tl_tickets_save(&kept, kept.client, beside);
    if (rc == 0 && rename(beside, path) != 0) {
        rc = -errno;
        (void)unlink(beside);
    }
done:
    talloc_free(beside);
    return rc;
}

/* All bytes of a regular file that only this user can read and write. */
static int read_all(TALLOC_CTX *ctx, const char *path, uint8_t **bytes, size_t *len)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    int rc = 0;

    if (fd < 0)
        return errno == ELOOP ? -EPERM : -errno;
    if (fstat(fd, &st) != 0)
        rc = -errno;
    else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        rc = -EPERM;
    else if (st.st_size > FILE_BYTES_MAX)
        rc = -EBADMSG;
    if (rc == 0) {
        *len = (size_t)st.st_size;
        *bytes = talloc_size(ctx, *len + 1);
        rc = *bytes == NULL ? -ENOMEM : 0;
    }
    if (rc == 0 && read(fd, *bytes, *len) != (ssize_t)*len)
        rc = -EBADMSG;
    close(fd);
    return rc;
}

int tl_tickets_load(TALLOC_CTX *ctx, const char *path, struct tl_tickets **tickets)
{
    TALLOC_CTX *tmp = talloc_new(ctx);
    uint8_t *bytes = NULL;
    size_t len = 0;
    int rc = tmp == NULL ? -ENOMEM : read_all(tmp, path, &bytes, &len);

    *tickets = NULL;
    if (rc == 0)
        rc = tli_tickets_parse(ctx, bytes, len, tickets);
    if (bytes != NULL)
        explicit_bzero(bytes, len);
    talloc_free(tmp);
    return rc;
}
