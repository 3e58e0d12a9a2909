/* SPDX-License-Identifier: MIT
 *
 * carried.c - the tickets of a context as bytes, so that a process which has got them can
 * hand them to another one.
 */
#include "carried.h"

#include <errno.h>
#include <string.h>
#include <trustlogon/tickets.h>

static int append(struct tl_tickets *tickets, krb5_context k5, krb5_creds *creds)
{
    struct tl_ticket_bytes *grown = talloc_realloc(
        tickets, tickets->tickets, struct tl_ticket_bytes, tickets->count + 1);
    struct tl_ticket_bytes *one;
    krb5_data *bytes = NULL;

    if (grown == NULL)
        return -ENOMEM;
    tickets->tickets = grown;
    if (krb5_marshal_credentials(k5, creds, &bytes) != 0)
        return -ENOMEM;
    one = &grown[tickets->count];
    *one = (struct tl_ticket_bytes){
        .server = tli_k5_name(grown, k5, creds->server),
        .end = (int64_t)(uint32_t)creds->times.endtime,
        .at = talloc_memdup(grown, bytes->data, bytes->length),
        .len = bytes->length,
    };
    explicit_bzero(bytes->data, bytes->length);
    krb5_free_data(k5, bytes);
    if (one->at != NULL)
        tickets->count++; /* also without a name: it is wiped */
    return one->at != NULL && one->server != NULL ? 0 : -ENOMEM;
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

static const struct tl_ticket_bytes *longest(const struct tl_tickets *tickets,
                                             const char *server)
{
    const struct tl_ticket_bytes *found = NULL;

    for (size_t i = 0; i < tickets->count; i++)
        if (strcmp(tickets->tickets[i].server, server) == 0 &&
            (found == NULL || tickets->tickets[i].end > found->end))
            found = &tickets->tickets[i];
    return found;
}

int tl_tickets_add(struct tl_tickets *tickets, const struct tl_tickets *from,
                   const char *server, int64_t end)
{
    const struct tl_ticket_bytes *one = longest(from, server);
    struct tl_ticket_bytes *grown, *copy;

    tickets->client = talloc_strdup(tickets, from->client);
    if (tickets->client == NULL)
        return -ENOMEM;
    if (one == NULL)
        return 0;
    grown = talloc_realloc(tickets, tickets->tickets, struct tl_ticket_bytes,
                           tickets->count + 1);
    if (grown == NULL)
        return -ENOMEM;
    tickets->tickets = grown;
    copy = &grown[tickets->count];
    *copy = (struct tl_ticket_bytes){.server = talloc_strdup(grown, one->server),
                                     .end = one->end < end ? one->end : end,
                                     .at = talloc_memdup(grown, one->at, one->len),
                                     .len = one->len};
    if (copy->at != NULL)
        tickets->count++; /* also without a name: it is wiped */
    return copy->at != NULL && copy->server != NULL ? 0 : -ENOMEM;
}

int64_t tl_tickets_end(const struct tl_tickets *tickets, const char *server)
{
    const struct tl_ticket_bytes *one = longest(tickets, server);

    return one != NULL ? one->end : 0;
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

static krb5_error_code take(krb5_context k5, krb5_ccache ccache,
                            const struct tl_ticket_bytes *bytes, int64_t *tgt_end)
{
    const krb5_data whole = {.length = (unsigned int)bytes->len,
                             .data = (char *)(uintptr_t)bytes->at};
    krb5_creds *creds = NULL;
    krb5_error_code ret = krb5_unmarshal_credentials(k5, &whole, &creds);
    int64_t end;

    if (ret != 0)
        return ret;
    end = (int64_t)(uint32_t)creds->times.endtime;
    if (is_tgt(creds->server) && end > *tgt_end)
        *tgt_end = end;
    ret = krb5_cc_store_cred(k5, ccache, creds);
    krb5_free_creds(k5, creds);
    return ret;
}

krb5_error_code tli_tickets_fill(krb5_context k5, krb5_ccache ccache,
                                 const struct tl_tickets *tickets, krb5_principal *client,
                                 int64_t *tgt_end)
{
    krb5_error_code ret = krb5_parse_name(k5, tickets->client, client);

    *tgt_end = 0;
    if (ret == 0)
        ret = krb5_cc_initialize(k5, ccache, *client);
    for (size_t i = 0; ret == 0 && i < tickets->count; i++)
        ret = take(k5, ccache, &tickets->tickets[i], tgt_end);
    if (ret != 0) {
        krb5_free_principal(k5, *client);
        *client = NULL;
    }
    return ret;
}

int tl_krb_take_tickets(struct tl_krb *krb, const struct tl_tickets *tickets)
{
    krb5_principal client = NULL;
    int64_t tgt_end;

    if (tli_tickets_fill(krb->k5, krb->ccache, tickets, &client, &tgt_end) != 0)
        return -EBADMSG;
    if (tli_krb_become(krb, client, tgt_end) != 0) {
        krb5_free_principal(krb->k5, client);
        return -ENOMEM;
    }
    return 0;
}
