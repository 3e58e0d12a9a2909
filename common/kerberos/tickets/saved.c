/* SPDX-License-Identifier: MIT
 *
 * saved.c - a file of tickets, as bytes and back. Pure.
 */
#include "saved.h"

#include <errno.h>
#include <string.h>

static const uint8_t MAGIC[] = {'T', 'L', 'T', '1'};
#define MAGIC_LEN sizeof(MAGIC)
#define NAME_MAX_LEN 1024 /* a principal's text */

/* --- to bytes --- */

static size_t size_of(const struct tl_tickets *tickets)
{
    size_t size = MAGIC_LEN + 4 + strlen(tickets->client) + 4;

    for (size_t i = 0; i < tickets->count; i++)
        size += 4 + strlen(tickets->tickets[i].server) + 8 + 4 + tickets->tickets[i].len;
    return size;
}

static uint8_t *put_number(uint8_t *at, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(number >> 8 * (bytes - 1 - i));
    return at + bytes;
}

static uint8_t *put_counted(uint8_t *at, const void *from, size_t len)
{
    at = put_number(at, len, 4);
    memcpy(at, from, len);
    return at + len;
}

static bool fits(const struct tl_tickets *tickets)
{
    if (tickets->client == NULL || strlen(tickets->client) > NAME_MAX_LEN ||
        tickets->count > TL_TICKETS_MAX)
        return false;
    for (size_t i = 0; i < tickets->count; i++)
        if (strlen(tickets->tickets[i].server) > NAME_MAX_LEN ||
            tickets->tickets[i].len > TL_TICKET_BYTES_MAX)
            return false;
    return true;
}

int tli_tickets_format(TALLOC_CTX *ctx, const struct tl_tickets *tickets, uint8_t **bytes,
                       size_t *len)
{
    uint8_t *at;

    *bytes = NULL;
    if (!fits(tickets))
        return -EINVAL;
    *len = size_of(tickets);
    at = *bytes = talloc_size(ctx, *len);
    if (at == NULL)
        return -ENOMEM;
    memcpy(at, MAGIC, MAGIC_LEN);
    at = put_counted(at + MAGIC_LEN, tickets->client, strlen(tickets->client));
    at = put_number(at, tickets->count, 4);
    for (size_t i = 0; i < tickets->count; i++) {
        const struct tl_ticket_bytes *one = &tickets->tickets[i];

        at = put_counted(at, one->server, strlen(one->server));
        at = put_number(at, (uint64_t)one->end, 8);
        at = put_counted(at, one->at, one->len);
    }
    return 0;
}

/* --- back --- */

struct reader {
    const uint8_t *at;
    size_t left;
};

static bool take_number(struct reader *in, size_t bytes, uint64_t *number)
{
    *number = 0;
    if (in->left < bytes)
        return false;
    for (size_t i = 0; i < bytes; i++)
        *number = *number << 8 | in->at[i];
    in->at += bytes;
    in->left -= bytes;
    return true;
}

static bool take_counted(struct reader *in, size_t most, const uint8_t **at, size_t *len)
{
    uint64_t length;

    if (!take_number(in, 4, &length) || length > most || length > in->left)
        return false;
    *at = in->at;
    *len = (size_t)length;
    in->at += length;
    in->left -= (size_t)length;
    return true;
}

/* NULL: no name, or no memory. */
static const char *take_name(TALLOC_CTX *ctx, struct reader *in)
{
    const uint8_t *at;
    size_t len;

    if (!take_counted(in, NAME_MAX_LEN, &at, &len) || len == 0 ||
        memchr(at, '\0', len) != NULL)
        return NULL;
    return talloc_strndup(ctx, (const char *)at, len);
}

static bool take_ticket(TALLOC_CTX *ctx, struct reader *in, struct tl_ticket_bytes *one)
{
    const uint8_t *at;
    uint64_t end;

    one->server = take_name(ctx, in);
    if (one->server == NULL || !take_number(in, 8, &end) || end > INT64_MAX ||
        !take_counted(in, TL_TICKET_BYTES_MAX, &at, &one->len) || one->len == 0)
        return false;
    one->end = (int64_t)end;
    one->at = talloc_memdup(ctx, at, one->len);
    return one->at != NULL;
}

int tli_tickets_parse(TALLOC_CTX *ctx, const uint8_t *bytes, size_t len,
                      struct tl_tickets **tickets)
{
    struct reader in = {bytes, len};
    struct tl_tickets *all;
    uint64_t count;

    *tickets = NULL;
    if (len < MAGIC_LEN || memcmp(bytes, MAGIC, MAGIC_LEN) != 0)
        return -EBADMSG;
    in.at += MAGIC_LEN;
    in.left -= MAGIC_LEN;
    all = tl_tickets_new(ctx);
    if (all == NULL)
        return -ENOMEM;
    all->client = take_name(all, &in);
    if (all->client == NULL || !take_number(&in, 4, &count) || count > TL_TICKETS_MAX)
        goto bad;
    all->tickets = talloc_zero_array(all, struct tl_ticket_bytes, (unsigned)count + 1);
    if (all->tickets == NULL)
        goto bad;
    while (all->count < count) {
        if (!take_ticket(all->tickets, &in, &all->tickets[all->count]))
            goto bad;
        all->count++;
    }
    if (in.left != 0)
        goto bad;
    *tickets = all;
    return 0;
bad:
    talloc_free(all);
    return -EBADMSG;
}
