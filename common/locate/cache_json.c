/* SPDX-License-Identifier: MIT
 *
 * locate/cache_json.c - a cache entry as text, and back; pure.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <trustlogon/name.h>

#include "internal.h"

#define VERSION 1
#define DCS_MAX (TL_MAX_SERVERS * TL_MAX_ADDRESSES)

struct tli_cache_entry *tli_cache_copy(TALLOC_CTX *ctx,
                                       const struct tli_cache_entry *from)
{
    struct tli_cache_entry *to = talloc_zero(ctx, struct tli_cache_entry);
    const char **strings[] = {&to->domain, &to->site, &to->failed_reason,
                              &to->failed_detail};

    if (!to)
        return NULL;
    *to = *from;
    to->next = NULL;
    to->dcs = talloc_zero_array(to, struct tli_cache_dc, from->count);
    if (!to->dcs)
        goto fail;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        if (*strings[i] && !(*strings[i] = talloc_strdup(to, *strings[i])))
            goto fail;
    }
    for (size_t i = 0; i < from->count; i++) {
        if (tli_dc_copy(to->dcs, &to->dcs[i].dc, &from->dcs[i].dc) != 0)
            goto fail;
        to->dcs[i].failed = from->dcs[i].failed;
    }
    return to;
fail:
    talloc_free(to);
    return NULL;
}

/* ---- out */

static json_t *dc_to_json(const struct tli_cache_dc *from)
{
    const struct tl_dc *dc = &from->dc;

    return json_pack(
        "{s:s, s:s, s:i, s:i, s:b, s:b, s:b, s:I, s:I, s:s*, s:s*, s:s*, s:s*, s:I}",
        "host", dc->host, "address", dc->address, "priority", dc->priority, "weight",
        dc->weight, "in_site", dc->in_site, "pinged", dc->pinged, "realm_only",
        dc->realm_only, "ping_us", (json_int_t)dc->ping_us, "flags",
        (json_int_t)dc->flags, "forest", dc->forest, "flat_domain", dc->flat_domain,
        "dc_site", dc->dc_site, "client_site", dc->client_site, "failed",
        (json_int_t)from->failed);
}

char *tli_cache_encode(TALLOC_CTX *ctx, const struct tli_cache_entry *entry)
{
    json_t *dcs = json_array(), *root;
    char *text, *copy = NULL;

    for (size_t i = 0; i < entry->count; i++)
        json_array_append_new(dcs, dc_to_json(&entry->dcs[i]));
    root = json_pack("{s:i, s:s, s:s*, s:I, s:I, s:I, s:s*, s:s*, s:o}", "version",
                     VERSION, "domain", entry->domain, "site", entry->site, "found",
                     (json_int_t)entry->found, "checked", (json_int_t)entry->checked,
                     "search_failed", (json_int_t)entry->failed, "reason",
                     entry->failed_reason, "detail", entry->failed_detail, "dcs", dcs);
    if (!root || json_array_size(dcs) != entry->count) {
        json_decref(root);
        return NULL;
    }
    text = json_dumps(root, JSON_INDENT(1));
    if (text)
        copy = talloc_asprintf(ctx, "%s\n", text);
    free(text);
    json_decref(root);
    return copy;
}

/* ---- in */

static int get_string(TALLOC_CTX *ctx, const json_t *object, const char *key,
                      const char **value)
{
    const json_t *member = json_object_get(object, key);

    *value = NULL;
    if (!member)
        return 0;
    if (!json_is_string(member) || json_string_length(member) > 4096)
        return -EBADMSG;
    *value = talloc_strdup(ctx, json_string_value(member));
    return *value ? 0 : -ENOMEM;
}

static int get_number(const json_t *object, const char *key, int64_t max, int64_t *value)
{
    const json_t *member = json_object_get(object, key);

    *value = 0;
    if (!json_is_integer(member))
        return -EBADMSG;
    *value = json_integer_value(member);
    return *value < 0 || *value > max ? -EBADMSG : 0;
}

static int parse_address(TALLOC_CTX *ctx, struct tl_dc *dc, const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return tli_dc_set_address(ctx, dc, (const struct sockaddr *)&in);
    if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
        return tli_dc_set_address(ctx, dc, (const struct sockaddr *)&in6);
    return -EBADMSG;
}

static int dc_strings(TALLOC_CTX *ctx, const json_t *object, struct tl_dc *dc)
{
    const char *address;
    int rc;

    rc = get_string(ctx, object, "host", &dc->host);
    if (rc == 0 && (!dc->host || !tli_srv_host_valid(dc->host)))
        rc = -EBADMSG;
    if (rc == 0)
        rc = get_string(ctx, object, "address", &address);
    if (rc == 0)
        rc = address ? parse_address(ctx, dc, address) : -EBADMSG;
    if (rc == 0)
        rc = get_string(ctx, object, "forest", &dc->forest);
    if (rc == 0)
        rc = get_string(ctx, object, "flat_domain", &dc->flat_domain);
    if (rc == 0)
        rc = get_string(ctx, object, "dc_site", &dc->dc_site);
    if (rc == 0)
        rc = get_string(ctx, object, "client_site", &dc->client_site);
    return rc;
}

static int dc_from_json(TALLOC_CTX *ctx, const json_t *object, struct tli_cache_dc *to)
{
    const json_t *in_site = json_object_get(object, "in_site"),
                 *pinged = json_object_get(object, "pinged");
    struct tl_dc *dc = &to->dc;
    int64_t priority, weight, flags;

    if (!json_is_object(object) || !json_is_boolean(in_site) || !json_is_boolean(pinged))
        return -EBADMSG;
    if (get_number(object, "priority", UINT16_MAX, &priority) ||
        get_number(object, "weight", UINT16_MAX, &weight) ||
        get_number(object, "flags", UINT32_MAX, &flags) ||
        get_number(object, "ping_us", INT64_MAX, &dc->ping_us) ||
        get_number(object, "failed", INT64_MAX, &to->failed))
        return -EBADMSG;
    dc->in_site = json_is_true(in_site);
    dc->pinged = json_is_true(pinged);
    dc->realm_only = json_is_true(json_object_get(object, "realm_only"));
    dc->priority = (uint16_t)priority;
    dc->weight = (uint16_t)weight;
    dc->flags = (uint32_t)flags;
    return dc_strings(ctx, object, dc);
}

/* The file is checked like a message from the network: one member of the wrong type
 * makes it count as missing. */
static int entry_from_json(const json_t *root, struct tli_cache_entry *e)
{
    const json_t *dcs = json_object_get(root, "dcs");
    int64_t version;
    int rc;

    if (get_number(root, "version", INT32_MAX, &version) || version != VERSION ||
        get_number(root, "found", INT64_MAX, &e->found) ||
        get_number(root, "checked", INT64_MAX, &e->checked) ||
        get_number(root, "search_failed", INT64_MAX, &e->failed) || !json_is_array(dcs) ||
        json_array_size(dcs) > DCS_MAX)
        return -EBADMSG;
    rc = get_string(e, root, "domain", &e->domain);
    if (rc == 0 && !e->domain)
        rc = -EBADMSG;
    if (rc == 0)
        rc = get_string(e, root, "site", &e->site);
    if (rc == 0)
        rc = get_string(e, root, "reason", &e->failed_reason);
    if (rc == 0)
        rc = get_string(e, root, "detail", &e->failed_detail);
    if (rc)
        return rc;
    e->dcs = talloc_zero_array(e, struct tli_cache_dc, json_array_size(dcs));
    if (!e->dcs)
        return -ENOMEM;
    for (size_t i = 0; i < json_array_size(dcs) && rc == 0; i++) {
        struct tli_cache_dc *dc = &e->dcs[i];

        rc = dc_from_json(e->dcs, json_array_get(dcs, i), dc);
        dc->dc.domain = e->domain;
        dc->dc.found = e->found;
        e->count++;
    }
    return rc;
}

int tli_cache_decode(TALLOC_CTX *ctx, const char *text, size_t len,
                     struct tli_cache_entry **entry)
{
    struct tli_cache_entry *e = NULL;
    json_error_t error;
    json_t *root;
    int rc = -EBADMSG;

    *entry = NULL;
    root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(root)) {
        e = talloc_zero(ctx, struct tli_cache_entry);
        rc = e ? entry_from_json(root, e) : -ENOMEM;
    }
    json_decref(root);
    if (rc) {
        talloc_free(e);
        return rc;
    }
    *entry = e;
    return 0;
}
