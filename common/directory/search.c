/* SPDX-License-Identifier: MIT
 *
 * search.c - a search, page by page, its entries copied within bounds.
 */
#include <string.h>

#include "directory/connection.h"

#define EXTENDED_DN "1.2.840.113556.1.4.529"
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
};

static int copy_values(struct intake *intake, struct berval **from,
                       struct tl_attribute *attribute)
{
    size_t all = 0;

    while (from != NULL && from[all] != NULL && all < VALUES_MAX)
        all++;
    intake->entries->cut |= from != NULL && from[all] != NULL;
    attribute->values = talloc_zero_array(intake->entries, struct tl_value, all);
    if (attribute->values == NULL)
        return -1;
    for (size_t i = 0; i < all; i++) {
        struct tl_value *value = &attribute->values[attribute->count];
        uint8_t *copy;

        if (from[i]->bv_len > VALUE_MAX || from[i]->bv_len > BYTES_MAX - intake->bytes) {
            intake->entries->cut = true;
            continue;
        }
        intake->bytes += from[i]->bv_len;
        copy = talloc_size(attribute->values, from[i]->bv_len + 1);
        if (copy == NULL)
            return -1;
        memcpy(copy, from[i]->bv_val, from[i]->bv_len);
        copy[from[i]->bv_len] = '\0';
        value->data = copy;
        value->len = from[i]->bv_len;
        attribute->count++;
    }
    return 0;
}

/* "member;range=0-1499" into its parts. 0, or -1: no memory. */
static int copy_name(TALLOC_CTX *ctx, const char *name, struct tl_attribute *attribute)
{
    size_t len = strcspn(name, ";");

    attribute->name = talloc_strndup(ctx, name, len);
    attribute->options = name[len] == ';' ? talloc_strdup(ctx, name + len + 1) : NULL;
    return attribute->name == NULL || (name[len] == ';' && attribute->options == NULL)
               ? -1
               : 0;
}

static int copy_attributes(struct intake *intake, LDAP *ld, LDAPMessage *message,
                           struct tl_entry *entry)
{
    TALLOC_CTX *ctx = intake->entries;
    BerElement *ber = NULL;
    char *name = ldap_first_attribute(ld, message, &ber);
    int ret = 0;

    for (; name != NULL && ret == 0; name = ldap_next_attribute(ld, message, ber)) {
        struct berval **values = ldap_get_values_len(ld, message, name);
        struct tl_attribute *all;

        ret = -1;
        all =
            talloc_realloc(ctx, entry->attributes, struct tl_attribute, entry->count + 1);
        if (all != NULL) {
            entry->attributes = all;
            all[entry->count] = (struct tl_attribute){0};
            if (copy_name(ctx, name, &all[entry->count]) == 0)
                ret = copy_values(intake, values, &all[entry->count]);
            entry->count++;
        }
        ldap_value_free_len(values);
        ldap_memfree(name);
    }
    ldap_memfree(name);
    ber_free(ber, 0);
    return ret;
}

/* Append one entry. 0, or -1: no memory. */
static int take_entry(struct intake *intake, LDAP *ld, LDAPMessage *message)
{
    struct tl_entries *entries = intake->entries;
    struct tl_entry *all = entries->entries, *entry;
    char *dn;

    if (entries->count >= intake->max) {
        entries->cut = true;
        return 0;
    }
    if (entries->count == (all != NULL ? talloc_array_length(all) : 0))
        all = talloc_realloc(entries, all, struct tl_entry, 2 * entries->count + 1);
    if (all == NULL)
        return -1;
    entries->entries = all;
    entry = &all[entries->count];
    *entry = (struct tl_entry){0};
    dn = ldap_get_dn(ld, message);
    entry->dn = dn != NULL ? talloc_strdup(entries, dn) : NULL;
    ldap_memfree(dn);
    if (entry->dn == NULL || copy_attributes(intake, ld, message, entry) != 0)
        return -1;
    entries->count++;
    return 0;
}

/* The end of a page: the server's verdict, and the cookie of the next page. */
static int take_result(struct tl_connection *connection, LDAPMessage *message,
                       struct berval *cookie)
{
    LDAPControl **controls = NULL, *page;
    ber_int_t estimate;
    int result = LDAP_OTHER, error;

    ber_memfree(cookie->bv_val);
    *cookie = (struct berval){0, NULL};
    error = ldap_parse_result(connection->ld, message, &result, NULL, NULL, NULL,
                              &controls, 0);
    if (error != LDAP_SUCCESS)
        return error;
    page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (page != NULL && ldap_parse_pageresponse_control(connection->ld, page, &estimate,
                                                        cookie) != LDAP_SUCCESS)
        *cookie = (struct berval){0, NULL};
    ldap_controls_free(controls);
    return result;
}

static enum tl_reason search_failed(struct tl_connection *connection,
                                    const struct tl_search *search, const char *why,
                                    struct tl_outcome *out)
{
    return tl_connection_fail(connection, out, "search of %s: %s",
                              *search->base != '\0' ? search->base : "the root", why);
}

/* All messages of one request. */
static enum tl_reason read_page(struct tl_connection *connection,
                                const struct tl_search *search, int id,
                                struct intake *intake, struct berval *cookie,
                                struct tl_outcome *out)
{
    for (;;) {
        const char *why;
        LDAPMessage *message = tl_connection_result(connection, id, &why);
        int type, ret = 0;

        if (message == NULL)
            return search_failed(connection, search, why, out);
        type = ldap_msgtype(message);
        if (type == LDAP_RES_SEARCH_ENTRY)
            ret = take_entry(intake, connection->ld, message);
        else if (type == LDAP_RES_SEARCH_RESULT)
            ret = take_result(connection, message, cookie);
        ldap_msgfree(message);
        if (type == LDAP_RES_SEARCH_ENTRY && ret != 0) {
            tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
            return TL_REASON_NO_MEMORY;
        }
        if (type != LDAP_RES_SEARCH_RESULT)
            continue; /* an entry, or a continuation reference, which is not followed */
        intake->entries->cut |= ret == LDAP_SIZELIMIT_EXCEEDED;
        if (ret == LDAP_SUCCESS || ret == LDAP_NO_SUCH_OBJECT ||
            ret == LDAP_SIZELIMIT_EXCEEDED)
            return TL_REASON_OK;
        return search_failed(connection, search, ldap_err2string(ret), out);
    }
}

static int send_page(struct tl_connection *connection, const struct tl_search *search,
                     struct berval *cookie, int *id)
{
    /* SEQUENCE { INTEGER 1 }: SIDs as strings [ADTS 3.1.1.3.4.1.5]. A server without
     * the control leaves the SIDs away, which the reader sees. */
    static char one[] = {0x30, 3, 2, 1, 1};
    LDAPControl extended = {(char *)(uintptr_t)EXTENDED_DN, {sizeof(one), one}, 0};
    LDAPControl *page = NULL, *controls[] = {NULL, NULL, NULL}, **next = controls;
    char **attributes = (char **)(uintptr_t)search->attributes;
    int left = tl_deadline_left_ms(connection->deadline), error;
    struct timeval tv = {left / 1000, (left % 1000) * 1000};

    if (connection->broken)
        return LDAP_SERVER_DOWN;
    if (left == 0)
        return LDAP_TIMEOUT;
    if (search->scope != LDAP_SCOPE_BASE) {
        error = ldap_create_page_control(connection->ld, PAGE_SIZE, cookie, 1, &page);
        if (error != LDAP_SUCCESS)
            return error;
        *next++ = page;
    }
    if (search->extended_dn)
        *next = &extended;
    error = ldap_search_ext(connection->ld, search->base, search->scope, search->filter,
                            attributes, 0, controls, NULL, &tv, 0, id);
    ldap_control_free(page);
    return error;
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
    struct intake intake = {entries, search->max_entries, 0};
    struct berval cookie = {0, NULL};
    enum tl_reason reason = TL_REASON_OK;
    int64_t start = tl_now_us();
    int pages = 0;

    *entries_out = NULL;
    if (intake.max == 0)
        intake.max = ENTRIES_MAX;
    if (entries == NULL) {
        tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
        return TL_REASON_NO_MEMORY;
    }
    do {
        int id = 0, error = send_page(connection, search, &cookie, &id);

        connection->broken |= error == LDAP_SERVER_DOWN;
        if (error != LDAP_SUCCESS)
            reason = search_failed(connection, search, ldap_err2string(error), out);
        else
            reason = read_page(connection, search, id, &intake, &cookie, out);
    } while (reason == TL_REASON_OK && cookie.bv_len > 0 && ++pages < PAGES_MAX &&
             entries->count < intake.max);
    entries->cut |= reason == TL_REASON_OK && cookie.bv_len > 0;
    ber_memfree(cookie.bv_val);

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
