/* SPDX-License-Identifier: MIT
 *
 * search.c - a search, page by page, its entries copied within bounds.
 */
#include <errno.h>
#include <string.h>

#include "connection.h"

#define PAGE_SIZE 500
#define PAGES_MAX 1000
#define ENTRIES_MAX 10000
#define VALUES_MAX 10000
/* A forest trust's routing table is the largest thing we ask for. */
#define VALUE_MAX ((size_t)4 * 1024 * 1024)
#define BYTES_MAX ((size_t)64 * 1024 * 1024)

/* What one search has brought, and may still bring. */
struct intake {
    struct tli_entries *entries;
    size_t max, bytes;
    uint8_t *cookie; /* of the next page; NULL: this is the last */
    size_t cookie_len;
};

static int copy_value(struct intake *intake, struct tli_ber from,
                      struct tli_attribute *attribute)
{
    struct tli_value *value = &attribute->values[attribute->count];
    uint8_t *copy;

    if (from.len > VALUE_MAX || from.len > BYTES_MAX - intake->bytes) {
        intake->entries->cut = true;
        return 0;
    }
    intake->bytes += from.len;
    copy = talloc_size(attribute->values, from.len + 1);
    if (copy == NULL)
        return -ENOMEM;
    if (from.len > 0)
        memcpy(copy, from.data, from.len);
    copy[from.len] = '\0';
    value->data = copy;
    value->len = from.len;
    attribute->count++;
    return 0;
}

/* How many values there are, or -EBADMSG. */
static int count_values(struct tli_ber values, size_t *count)
{
    struct tli_ber value;

    for (*count = 0; values.len > 0; ++*count)
        if (!tli_ber_take(&values, TL_BER_OCTETS, &value))
            return -EBADMSG;
    return 0;
}

static int copy_values(struct intake *intake, struct tli_ber from,
                       struct tli_attribute *attribute)
{
    struct tli_ber value;
    size_t all;
    int ret = count_values(from, &all);

    if (ret != 0)
        return ret;
    if (all > VALUES_MAX) {
        intake->entries->cut = true;
        all = VALUES_MAX;
    }
    attribute->values = talloc_zero_array(intake->entries, struct tli_value, all);
    if (attribute->values == NULL)
        return -ENOMEM;
    for (size_t i = 0; ret == 0 && i < all; i++)
        ret = tli_ber_take(&from, TL_BER_OCTETS, &value)
                  ? copy_value(intake, value, attribute)
                  : -EBADMSG;
    return ret;
}

/* A NUL ends the text: then it is not a name that was asked for. */
static char *copy_text(TALLOC_CTX *ctx, struct tli_ber from)
{
    return talloc_strndup(ctx, from.len > 0 ? (const char *)from.data : "", from.len);
}

/* "member;range=0-1499" into its parts. 0 or -ENOMEM. */
static int copy_name(TALLOC_CTX *ctx, struct tli_ber from,
                     struct tli_attribute *attribute)
{
    char *name = copy_text(ctx, from), *options;

    if (name == NULL)
        return -ENOMEM;
    options = strchr(name, ';');
    if (options != NULL)
        *options++ = '\0';
    attribute->name = name;
    attribute->options = options;
    return 0;
}

static int copy_attributes(struct intake *intake, struct tli_ber attributes,
                           struct tli_entry *entry)
{
    TALLOC_CTX *ctx = intake->entries;
    struct tli_ldap_attribute one;
    int ret = 0;

    while (ret == 0 && attributes.len > 0) {
        struct tli_attribute *all;

        ret = tli_ldap_attribute_next(&attributes, &one);
        if (ret != 0)
            break;
        all = talloc_realloc(ctx, entry->attributes, struct tli_attribute,
                             entry->count + 1);
        if (all == NULL)
            return -ENOMEM;
        entry->attributes = all;
        all[entry->count] = (struct tli_attribute){0};
        ret = copy_name(ctx, one.name, &all[entry->count]);
        if (ret == 0)
            ret = copy_values(intake, one.values, &all[entry->count]);
        entry->count++;
    }
    return ret;
}

/* Append one entry. 0, -ENOMEM, or -EBADMSG. */
static int take_entry(struct intake *intake, const struct tli_ldap_message *message)
{
    struct tli_entries *entries = intake->entries;
    struct tli_entry *all = entries->entries, *entry;
    struct tli_ber dn, attributes;
    int ret;

    if (entries->count >= intake->max) {
        entries->cut = true;
        return 0;
    }
    ret = tli_ldap_entry_decode(message, &dn, &attributes);
    if (ret != 0)
        return ret;
    if (entries->count == (all != NULL ? talloc_array_length(all) : 0))
        all = talloc_realloc(entries, all, struct tli_entry, 2 * entries->count + 1);
    if (all == NULL)
        return -ENOMEM;
    entries->entries = all;
    entry = &all[entries->count];
    *entry = (struct tli_entry){0};
    entry->dn = copy_text(entries, dn);
    ret = entry->dn == NULL ? -ENOMEM : copy_attributes(intake, attributes, entry);
    if (ret == 0)
        entries->count++;
    return ret;
}

/* The end of a page: the server's verdict, and the cookie of the next page. */
static int take_result(struct intake *intake, const struct tli_ldap_message *message,
                       int *verdict)
{
    struct tli_ldap_result result;
    struct tli_ber cookie;
    int ret = tli_ldap_result_decode(message, &result);

    if (ret == 0)
        ret = tli_ldap_cookie_decode(message, &cookie);
    if (ret != 0)
        return ret;
    *verdict = result.code;
    TALLOC_FREE(intake->cookie);
    intake->cookie_len = cookie.len;
    if (cookie.len > 0)
        intake->cookie = talloc_memdup(intake->entries, cookie.data, cookie.len);
    return cookie.len > 0 && intake->cookie == NULL ? -ENOMEM : 0;
}

static enum tl_reason search_failed(struct tli_connection *connection,
                                    const struct tli_search *search, const char *why,
                                    struct tl_outcome *out)
{
    return tli_connection_fail(connection, out, "search of %s: %s",
                               *search->base != '\0' ? search->base : "the root", why);
}

static enum tl_reason no_memory(struct tl_outcome *out)
{
    return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

/* All messages of one request. */
static enum tl_reason read_page(struct tli_connection *connection,
                                const struct tli_search *search, struct intake *intake,
                                struct tl_outcome *out)
{
    struct tli_ldap_message message = {0};
    int verdict = LDAP_OTHER;

    while (message.op != TL_LDAP_DONE) {
        const char *why;
        int ret = tli_connection_receive(connection, &message, &why);

        /* a continuation reference is not followed */
        if (ret == 0 && message.op == TL_LDAP_ENTRY)
            ret = take_entry(intake, &message);
        else if (ret == 0 && message.op == TL_LDAP_DONE)
            ret = take_result(intake, &message, &verdict);
        else if (ret == 0 && message.op != TL_LDAP_REFERENCE)
            ret = -EBADMSG;
        connection->broken |= ret != 0; /* the rest of the messages is not read */
        if (ret == -ENOMEM)
            return no_memory(out);
        if (ret != 0)
            return search_failed(connection, search, tli_stream_error(ret), out);
    }
    intake->entries->cut |= verdict == LDAP_SIZELIMIT_EXCEEDED;
    if (verdict == LDAP_SUCCESS || verdict == LDAP_NO_SUCH_OBJECT ||
        verdict == LDAP_SIZELIMIT_EXCEEDED)
        return TL_REASON_OK;
    return search_failed(connection, search, ldap_err2string(verdict), out);
}

static enum tl_reason ask_page(struct tli_connection *connection,
                               const struct tli_search *search, struct intake *intake,
                               struct tl_outcome *out)
{
    int left = tl_deadline_left_ms(connection->deadline), ret;
    const struct tli_ldap_search question = {
        .base = search->base,
        .scope = search->scope,
        .seconds = left / 1000 + 1,
        .filter = search->filter,
        .attributes = search->attributes,
        .page = search->scope != LDAP_SCOPE_BASE ? PAGE_SIZE : 0,
        .cookie = {intake->cookie, intake->cookie_len},
        .extended_dn = search->extended_dn,
    };
    struct tli_ldap_bytes *request;
    const char *why;

    if (left == 0)
        return search_failed(connection, search, tli_stream_error(-ETIMEDOUT), out);
    request = tli_ldap_search_request(intake->entries, ++connection->last_id, &question);
    ret = tli_connection_send(connection, request, &why);
    talloc_free(request);
    if (ret == -ENOMEM)
        return no_memory(out);
    return ret != 0 ? search_failed(connection, search, why, out)
                    : read_page(connection, search, intake, out);
}

/* Pages are asked for until the server has no more, or the limits of the search or of
 * this library are reached; `cut` says so. */
enum tl_reason tli_connection_search(TALLOC_CTX *ctx, struct tli_connection *connection,
                                     const struct tli_search *search,
                                     struct tli_entries **entries_out,
                                     struct tl_outcome *out)
{
    struct tli_entries *entries = talloc_zero(ctx, struct tli_entries);
    struct tl_event event = {.kind = TL_EVENT_LDAP,
                             .server = connection->server,
                             .realm = connection->domain,
                             .message = "search",
                             .subject = search->base,
                             .krb_error = -1};
    struct intake intake = {entries, search->max_entries, 0, NULL, 0};
    enum tl_reason reason = TL_REASON_OK;
    int64_t start = tl_now_us();
    int pages = 0;

    *entries_out = NULL;
    if (intake.max == 0)
        intake.max = ENTRIES_MAX;
    if (entries == NULL)
        return no_memory(out);
    do
        reason = ask_page(connection, search, &intake, out);
    while (reason == TL_REASON_OK && intake.cookie_len > 0 && ++pages < PAGES_MAX &&
           entries->count < intake.max);
    entries->cut |= reason == TL_REASON_OK && intake.cookie_len > 0;

    event.took_us = tl_now_us() - start;
    event.text =
        talloc_asprintf(entries, "%.300s: %zu entries%s", search->filter, entries->count,
                        reason != TL_REASON_OK ? ", failed"
                        : entries->cut         ? ", the rest left out"
                                               : "");
    tl_trace_event(connection->trace, &event);
    if (reason != TL_REASON_OK)
        talloc_free(entries);
    else
        *entries_out = entries;
    return reason;
}
