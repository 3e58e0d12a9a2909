/* SPDX-License-Identifier: MIT
 *
 * search.c - a search, page by page, its entries copied within bounds.
 */
#include <errno.h>
#include <string.h>

#include "directory/connection.h"

#define PAGE_SIZE 500
#define PAGES_MAX 1000
#define ENTRIES_MAX 10000
#define VALUES_MAX 10000
/* A forest trust's routing table is the largest thing we ask for. */
#define VALUE_MAX ((size_t)4 * 1024 * 1024)
#define BYTES_MAX ((size_t)64 * 1024 * 1024)

/* What one search has brought, and may still bring. */
struct intake {
    struct tl_entries *entries;
    size_t max, bytes;
    uint8_t *cookie; /* of the next page; NULL: there is none */
    size_t cookie_len;
};

static int copy_value(struct intake *intake, struct tl_ber from,
                      struct tl_attribute *attribute)
{
    struct tl_value *value = &attribute->values[attribute->count];
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
static int count_values(struct tl_ber values, size_t *count)
{
    struct tl_ber value;

    for (*count = 0; values.len > 0; ++*count)
        if (!tl_ber_take(&values, TL_BER_OCTETS, &value))
            return -EBADMSG;
    return 0;
}

static int copy_values(struct intake *intake, struct tl_ber from,
                       struct tl_attribute *attribute)
{
    struct tl_ber value;
    size_t all;
    int ret = count_values(from, &all);

    if (ret != 0)
        return ret;
    if (all > VALUES_MAX) {
        intake->entries->cut = true;
        all = VALUES_MAX;
    }
    attribute->values = talloc_zero_array(intake->entries, struct tl_value, all);
    if (attribute->values == NULL)
        return -ENOMEM;
    for (size_t i = 0; ret == 0 && i < all; i++)
        ret = tl_ber_take(&from, TL_BER_OCTETS, &value)
                  ? copy_value(intake, value, attribute)
                  : -EBADMSG;
    return ret;
}

/* Text with a NUL in it ends there: then it is not a name that was asked for. */
static char *copy_text(TALLOC_CTX *ctx, struct tl_ber from)
{
    return talloc_strndup(ctx, from.len > 0 ? (const char *)from.data : "", from.len);
}

/* "member;range=0-1499" into its parts. 0 or -ENOMEM. */
static int copy_name(TALLOC_CTX *ctx, struct tl_ber from, struct tl_attribute *attribute)
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

static int copy_attributes(struct intake *intake, struct tl_ber attributes,
                           struct tl_entry *entry)
{
    TALLOC_CTX *ctx = intake->entries;
    struct tl_ldap_attribute one;
    int ret = 0;

    while (ret == 0 && attributes.len > 0) {
        struct tl_attribute *all;

        ret = tl_ldap_attribute_next(&attributes, &one);
        if (ret != 0)
            break;
        all =
            talloc_realloc(ctx, entry->attributes, struct tl_attribute, entry->count + 1);
        if (all == NULL)
            return -ENOMEM;
        entry->attributes = all;
        all[entry->count] = (struct tl_attribute){0};
        ret = copy_name(ctx, one.name, &all[entry->count]);
        if (ret == 0)
            ret = copy_values(intake, one.values, &all[entry->count]);
        entry->count++;
    }
    return ret;
}

/* Append one entry. 0, -ENOMEM, or -EBADMSG. */
static int take_entry(struct intake *intake, const struct tl_ldap_message *message)
{
    struct tl_entries *entries = intake->entries;
    struct tl_entry *all = entries->entries, *entry;
    struct tl_ber dn, attributes;
    int ret;

    if (entries->count >= intake->max) {
        entries->cut = true;
        return 0;
    }
    ret = tl_ldap_entry_decode(message, &dn, &attributes);
    if (ret != 0)
        return ret;
    if (entries->count == (all != NULL ? talloc_array_length(all) : 0))
        all = talloc_realloc(entries, all, struct tl_entry, 2 * entries->count + 1);
    if (all == NULL)
        return -ENOMEM;
    entries->entries = all;
    entry = &all[entries->count];
    *entry = (struct tl_entry){0};
    entry->dn = copy_text(entries, dn);
    ret = entry->dn == NULL ? -ENOMEM : copy_attributes(intake, attributes, entry);
    if (ret == 0)
        entries->count++;
    return ret;
}

/* The end of a page: the server's verdict, and the cookie of the next page. */
static int take_result(struct intake *intake, const struct tl_ldap_message *message,
                       int *verdict)
{
    struct tl_ldap_result result;
    struct tl_ber cookie;
    int ret = tl_ldap_result_decode(message, &result);

    if (ret == 0)
        ret = tl_ldap_cookie_decode(message, &cookie);
    if (ret != 0)
        return ret;
    *verdict = result.code;
    TALLOC_FREE(intake->cookie);
    intake->cookie_len = cookie.len;
    if (cookie.len > 0)
        intake->cookie = talloc_memdup(intake->entries, cookie.data, cookie.len);
    return cookie.len > 0 && intake->cookie == NULL ? -ENOMEM : 0;
}

static enum tl_reason search_failed(struct tl_connection *connection,
                                    const struct tl_search *search, const char *why,
                                    struct tl_outcome *out)
{
    return tl_connection_fail(connection, out, "search of %s: %s",
                              *search->base != '\0' ? search->base : "the root", why);
}

static enum tl_reason no_memory(struct tl_outcome *out)
{
    return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

/* All messages of one request. */
static enum tl_reason read_page(struct tl_connection *connection,
                                const struct tl_search *search, struct intake *intake,
                                struct tl_outcome *out)
{
    struct tl_ldap_message message = {0};
    int verdict = LDAP_OTHER;

    while (message.op != TL_LDAP_DONE) {
        const char *why;
        int ret = tl_connection_receive(connection, &message, &why);

        /* a continuation reference is not followed */
        if (ret == 0 && message.op == TL_LDAP_ENTRY)
            ret = take_entry(intake, &message);
        else if (ret == 0 && message.op == TL_LDAP_DONE)
            ret = take_result(intake, &message, &verdict);
        else if (ret == 0 && message.op != TL_LDAP_REFERENCE)
            ret = -EBADMSG;
        if (ret == -ENOMEM)
            return no_memory(out);
        if (ret != 0) {
            connection->broken = true;
            return search_failed(connection, search, tl_stream_error(ret), out);
        }
    }
    intake->entries->cut |= verdict == LDAP_SIZELIMIT_EXCEEDED;
    if (verdict == LDAP_SUCCESS || verdict == LDAP_NO_SUCH_OBJECT ||
        verdict == LDAP_SIZELIMIT_EXCEEDED)
        return TL_REASON_OK;
    return search_failed(connection, search, ldap_err2string(verdict), out);
}

static enum tl_reason ask_page(struct tl_connection *connection,
                               const struct tl_search *search, struct intake *intake,
                               struct tl_outcome *out)
{
    int left = tl_deadline_left_ms(connection->deadline), ret;
    const struct tl_ldap_search question = {
        .base = search->base,
        .scope = search->scope,
        .seconds = left / 1000 + 1,
        .filter = search->filter,
        .attributes = search->attributes,
        .page = search->scope != LDAP_SCOPE_BASE ? PAGE_SIZE : 0,
        .cookie = {intake->cookie, intake->cookie_len},
        .extended_dn = search->extended_dn,
    };
    struct tl_ldap_bytes *request;
    const char *why;

    if (left == 0)
        return search_failed(connection, search, tl_stream_error(-ETIMEDOUT), out);
    request = tl_ldap_search_request(intake->entries, ++connection->last_id, &question);
    ret = tl_connection_send(connection, request, &why);
    talloc_free(request);
    if (ret == -ENOMEM)
        return no_memory(out);
    return ret != 0 ? search_failed(connection, search, why, out)
                    : read_page(connection, search, intake, out);
}

enum tl_reason tl_connection_search(TALLOC_CTX *ctx, struct tl_connection *connection,
                                    const struct tl_search *search,
                                    struct tl_entries **entries_out,
                                    struct tl_outcome *out)
{
    struct tl_entries *entries = talloc_zero(ctx, struct tl_entries);
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
