/* SPDX-License-Identifier: MIT
 *
 * carried.c - the tickets of a context as bytes, so that a process which has got them can
 * hand them to another one.
 */
#include "carried.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <trustlogon/tickets.h>

/* Version 4 of MIT's file format, in which krb5_marshal_credentials() writes. */
static const uint8_t FILE_HEADER[] = {5, 4, 0, 0};

static int append(struct tl_tickets *tickets, krb5_context k5, krb5_creds *creds)
{
    struct tl_ticket_bytes *grown = talloc_realloc(
        tickets, tickets->tickets, struct tl_ticket_bytes, tickets->count + 1);
    krb5_data *bytes = NULL;
    int rc = -ENOMEM;

    if (grown == NULL)
        return rc;
    tickets->tickets = grown;
    if (krb5_marshal_credentials(k5, creds, &bytes) != 0)
        return rc;
    grown[tickets->count].at = talloc_memdup(grown, bytes->data, bytes->length);
    grown[tickets->count].len = bytes->length;
    if (grown[tickets->count].at != NULL) {
        tickets->count++;
        rc = 0;
    }
    explicit_bzero(bytes->data, bytes->length);
    krb5_free_data(k5, bytes);
    return rc;
}

static int wipe(struct tl_tickets *tickets)
{
    for (size_t i = 0; i < tickets->count; i++)
        explicit_bzero((void *)(uintptr_t)tickets->tickets[i].at,
                       tickets->tickets[i].len);
    return 0;
}

struct tl_tickets *tl_tickets_new(TALLOC_CTX *ctx)
{
    struct tl_tickets *tickets = talloc_zero(ctx, struct tl_tickets);

    if (tickets != NULL)
        talloc_set_destructor(tickets, wipe);
    return tickets;
}

int tl_krb_tickets(TALLOC_CTX *ctx, const struct tl_krb *krb, struct tl_tickets **out)
{
    struct tl_tickets *tickets = tl_tickets_new(ctx);
    krb5_cc_cursor cursor;
    krb5_creds creds;
    int rc = 0;

    *out = NULL;
    if (tickets == NULL)
        return -ENOMEM;
    tickets->client =
        krb->client_name != NULL ? talloc_strdup(tickets, krb->client_name) : NULL;
    if (tickets->client == NULL ||
        krb5_cc_start_seq_get(krb->k5, krb->ccache, &cursor) != 0) {
        talloc_free(tickets);
        return -EINVAL;
    }
    while (rc == 0 && krb5_cc_next_cred(krb->k5, krb->ccache, &cursor, &creds) == 0) {
        if (!krb5_is_config_principal(krb->k5, creds.server))
            rc = append(tickets, krb->k5, &creds);
        krb5_free_cred_contents(krb->k5, &creds);
    }
    krb5_cc_end_seq_get(krb->k5, krb->ccache, &cursor);
    if (rc == 0)
        *out = tickets;
    else
        talloc_free(tickets);
    return rc;
}

int tli_krb_become(struct tl_krb *krb, krb5_principal client, int64_t tgt_end)
{
    char *name = tli_k5_name(krb, krb->k5, client);
    char *realm = talloc_strndup(krb, client->realm.data, client->realm.length);

    if (name == NULL || realm == NULL)
        return -ENOMEM;
    krb5_free_principal(krb->k5, krb->client);
    talloc_free(krb->client_name);
    talloc_free(krb->tgt_realm);
    krb->client = client;
    krb->client_name = name;
    krb->tgt_realm = realm;
    krb->tgt_end = tgt_end;
    return 0;
}

static bool is_tgt(krb5_const_principal server)
{
    return server->length == 2 && server->data[0].length == strlen(KRB5_TGS_NAME) &&
           memcmp(server->data[0].data, KRB5_TGS_NAME, strlen(KRB5_TGS_NAME)) == 0;
}

static krb5_error_code take(struct tl_krb *krb, const struct tl_ticket_bytes *bytes)
{
    const krb5_data whole = {.length = (unsigned int)bytes->len,
                             .data = (char *)(uintptr_t)bytes->at};
    krb5_creds *creds = NULL;
    krb5_error_code ret = krb5_unmarshal_credentials(krb->k5, &whole, &creds);
    int64_t end;

    if (ret != 0)
        return ret;
    end = (int64_t)(uint32_t)creds->times.endtime;
    if (is_tgt(creds->server) && end > krb->tgt_end)
        krb->tgt_end = end;
    ret = krb5_cc_store_cred(krb->k5, krb->ccache, creds);
    krb5_free_creds(krb->k5, creds);
    return ret;
}

int tl_krb_take_tickets(struct tl_krb *krb, const struct tl_tickets *tickets)
{
    krb5_principal client = NULL;
    krb5_error_code ret = krb5_parse_name(krb->k5, tickets->client, &client);

    if (ret == 0)
        ret = krb5_cc_initialize(krb->k5, krb->ccache, client);
    if (ret != 0 || tli_krb_become(krb, client, 0) != 0) {
        krb5_free_principal(krb->k5, client);
        return -EINVAL;
    }
    for (size_t i = 0; ret == 0 && i < tickets->count; i++)
        ret = take(krb, &tickets->tickets[i]);
    return ret == 0 ? 0 : -EBADMSG;
}

static int put(int fd, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

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

static int put_u32(int fd, size_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
                             (uint8_t)(value >> 8), (uint8_t)value};

    return put(fd, bytes, sizeof(bytes));
}

static int put_data(int fd, const krb5_data *data)
{
    int rc = put_u32(fd, data->length);

    return rc != 0 ? rc : put(fd, data->data, data->length);
}

static int put_principal(int fd, krb5_const_principal client)
{
    int rc = put_u32(fd, (size_t)client->type);

    if (rc == 0)
        rc = put_u32(fd, (size_t)client->length);
    if (rc == 0)
        rc = put_data(fd, &client->realm);
    for (int i = 0; rc == 0 && i < client->length; i++)
        rc = put_data(fd, &client->data[i]);
    return rc;
}

/* The file is made of the bytes as they are; ccache.c reads them. */
int tl_tickets_save_pending(const struct tl_tickets *tickets, const char *client,
                            const char *path)
{
    krb5_principal principal = NULL;
    krb5_context k5 = NULL;
    int fd = -1, rc = tli_k5_context(TL_RC4_NO, &k5) == 0 ? 0 : -EIO;

    if (rc == 0 && krb5_parse_name(k5, client, &principal) != 0)
        rc = -EINVAL;
    if (rc == 0) {
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        rc = fd < 0 ? -errno : put(fd, FILE_HEADER, sizeof(FILE_HEADER));
    }
    if (rc == 0)
        rc = put_principal(fd, principal);
    for (size_t i = 0; rc == 0 && i < tickets->count; i++)
        rc = put(fd, tickets->tickets[i].at, tickets->tickets[i].len);
    if (fd >= 0 && close(fd) != 0 && rc == 0)
        rc = -errno;
    if (fd >= 0 && rc != 0)
        (void)unlink(path);
    krb5_free_principal(k5, principal);
    krb5_free_context(k5);
    return rc;
}
