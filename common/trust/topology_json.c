/* SPDX-License-Identifier: MIT
 *
 * topology_json.c - the snapshot as JSON text. docs/topology.md is its description.
 *
 * Encoding is topology_dump.c. The text may have been written by hand, or by an attacker:
 * every member's type, range and length is checked, and the number of objects is bounded.
 */
#include <errno.h>
#include <string.h>
#include <stdio.h>
#include <jansson.h>
#include <trustlogon/name.h>

#include "internal.h"
#include "topology_json.h"

#define STRING_MAX 1048576
#define DOMAINS_MAX 4096
#define SUFFIXES_MAX 65536
#define TRUSTS_MAX 4096
#define RECORDS_MAX 4194304

/* The object that is being read, and where errors go. */
struct reader {
    TALLOC_CTX *owner; /* what read strings hang on */
    const json_t *object;
    char place[80]; /* "trusts[3]", for messages */
    TALLOC_CTX *error_ctx;
    char **error;
};

static int fail(const struct reader *in, const char *key, const char *what)
{
    if (in->error != NULL)
        *in->error = talloc_asprintf(in->error_ctx, "%s%s%s: %s", in->place,
                                     *in->place && *key ? "." : "", key, what);
    return -EBADMSG;
}

static const json_t *member(const struct reader *in, const char *key)
{
    const json_t *value = json_object_get(in->object, key);

    return value != NULL && !json_is_null(value) ? value : NULL;
}

enum need { OPTIONAL, REQUIRED };

static int get_string(const struct reader *in, const char *key, enum need need,
                      const char **out)
{
    const json_t *value = member(in, key);

    if (value == NULL)
        return need == REQUIRED ? fail(in, key, "is missing") : 0;
    if (!json_is_string(value))
        return fail(in, key, "is not a string");
    if (json_string_length(value) == 0 || json_string_length(value) > STRING_MAX)
        return fail(in, key, "is empty or too long");
    *out = talloc_strndup(in->owner, json_string_value(value), STRING_MAX);
    return *out != NULL ? 0 : -ENOMEM;
}

/* A DNS name, kept in lower case without a trailing dot. */
static int get_dns(const struct reader *in, const char *key, enum need need,
                   const char **out)
{
    const char *typed = NULL;
    int ret = get_string(in, key, need, &typed);

    if (ret != 0 || typed == NULL)
        return ret;
    if (tli_dns_length(typed) == 0 || !tl_dns_valid(typed))
        return fail(in, key, "is not a DNS name");
    *out = tl_dns_of(in->owner, typed);
    return *out != NULL ? 0 : -ENOMEM;
}

static int get_integer(const struct reader *in, const char *key, json_int_t low,
                       json_int_t high, json_int_t *out, bool *present)
{
    const json_t *value = member(in, key);

    *present = value != NULL;
    if (value == NULL)
        return 0;
    if (!json_is_integer(value))
        return fail(in, key, "is not an integer");
    if (json_integer_value(value) < low || json_integer_value(value) > high)
        return fail(in, key, "is out of range");
    *out = json_integer_value(value);
    return 0;
}

static int get_u32(const struct reader *in, const char *key, enum need need,
                   uint32_t *out, bool *present)
{
    json_int_t value = 0;
    bool there;
    int ret = get_integer(in, key, 0, UINT32_MAX, &value, &there);

    if (ret != 0)
        return ret;
    if (!there && need == REQUIRED)
        return fail(in, key, "is missing");
    *out = (uint32_t)value;
    if (present != NULL)
        *present = there;
    return 0;
}

static int get_i64(const struct reader *in, const char *key, int64_t *out)
{
    json_int_t value = 0;
    bool there;
    int ret = get_integer(in, key, INT64_MIN, INT64_MAX, &value, &there);

    if (ret == 0)
        *out = value;
    return ret;
}

static int get_sid(const struct reader *in, const char *key, struct tl_sid *sid,
                   bool *present)
{
    const json_t *value = member(in, key);

    if (value == NULL)
        return 0;
    if (!json_is_string(value))
        return fail(in, key, "is not a string");
    if (tl_sid_parse(json_string_value(value), sid) != 0)
        return fail(in, key, "is not a SID");
    *present = true;
    return 0;
}

/* The array `key`, or NULL where it is absent. */
static int get_array(const struct reader *in, const char *key, size_t max,
                     const json_t **out, size_t *count)
{
    const json_t *value = member(in, key);

    *out = NULL;
    *count = 0;
    if (value == NULL)
        return 0;
    if (!json_is_array(value))
        return fail(in, key, "is not an array");
    if (json_array_size(value) > max)
        return fail(in, key, "has too many elements");
    *out = value;
    *count = json_array_size(value);
    return 0;
}

/* A reader for element `i` of the array `key`, which must be an object. */
static int enter(const struct reader *in, const json_t *array, const char *key, size_t i,
                 struct reader *inner)
{
    *inner = *in;
    inner->object = json_array_get(array, i);
    snprintf(inner->place, sizeof inner->place, "%.40s%s%.12s[%zu]", in->place,
             *in->place != '\0' ? "." : "", key, i);
    return json_is_object(inner->object) ? 0 : fail(inner, "", "is not an object");
}

static int read_domain(const struct reader *in, struct tl_domain *domain)
{
    int ret = get_dns(in, "dns", REQUIRED, &domain->dns);

    if (ret == 0)
        ret = get_string(in, "flat", OPTIONAL, &domain->flat);
    if (ret == 0)
        ret = get_dns(in, "parent", OPTIONAL, &domain->parent);
    return ret != 0 ? ret : get_sid(in, "sid", &domain->sid, &domain->has_sid);
}

static int read_domains(const struct reader *in, struct tl_topology *topo)
{
    const json_t *array;
    struct reader inner;
    size_t count;
    int ret = get_array(in, "domains", DOMAINS_MAX, &array, &count);

    if (ret != 0 || count == 0)
        return ret;
    topo->domains = talloc_zero_array(topo, struct tl_domain, count);
    if (topo->domains == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count && ret == 0; i++) {
        ret = enter(in, array, "domains", i, &inner);
        if (ret == 0)
            ret = read_domain(&inner, &topo->domains[i]);
    }
    topo->num_domains = count;
    return ret;
}

/* An array of strings, as one talloc array. */
static int get_strings(const struct reader *in, const char *key, size_t max,
                       const char ***out, size_t *count_out)
{
    const json_t *array;
    const char **strings;
    size_t count;
    int ret = get_array(in, key, max, &array, &count);

    if (ret != 0 || count == 0)
        return ret;
    strings = talloc_zero_array(in->owner, const char *, count);
    if (strings == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(array, i);

        if (!json_is_string(value) || json_string_length(value) == 0 ||
            json_string_length(value) > TL_NAME_MAX)
            return fail(in, key, "an element is not a string of 1 to 1024 bytes");
        strings[i] = talloc_strdup(strings, json_string_value(value));
        if (strings[i] == NULL)
            return -ENOMEM;
    }
    *out = strings;
    *count_out = count;
    return 0;
}

static int read_record(const struct reader *in, struct tl_ft_record *rec)
{
    int64_t when = 0;
    int ret = get_u32(in, "type", REQUIRED, &rec->raw_type, NULL);

    if (ret == 0 && rec->raw_type > UINT8_MAX)
        ret = fail(in, "type", "is out of range");
    if (ret == 0)
        ret = get_u32(in, "flags", OPTIONAL, &rec->flags, NULL);
    if (ret == 0)
        ret = get_i64(in, "time", &when);
    if (ret != 0)
        return ret;
    rec->time = (uint64_t)when;
    rec->type = tli_ft_type_of(rec->raw_type);
    if (rec->type > TL_FT_DOMAIN)
        return 0;
    ret = get_string(in, "name", OPTIONAL, &rec->name);
    if (rec->type != TL_FT_DOMAIN || ret != 0)
        return ret;
    ret = get_string(in, "flat", OPTIONAL, &rec->flat);
    return ret != 0 ? ret : get_sid(in, "sid", &rec->sid, &rec->has_sid);
}

static int read_info(const struct reader *in, struct tl_tdo *tdo)
{
    const json_t *array;
    struct reader inner, below;
    struct tl_forest_info *info;
    size_t count;
    int ret = get_array(in, "forestTrustInfo", RECORDS_MAX, &array, &count);

    if (ret != 0 || array == NULL)
        return ret;
    info = talloc_zero(in->owner, struct tl_forest_info);
    if (info == NULL)
        return -ENOMEM;
    info->records = talloc_zero_array(info, struct tl_ft_record, count);
    if (info->records == NULL)
        return -ENOMEM;
    below = *in;
    below.owner = info;
    for (size_t i = 0; i < count && ret == 0; i++) {
        ret = enter(&below, array, "info", i, &inner);
        if (ret == 0)
            ret = read_record(&inner, &info->records[i]);
    }
    info->count = count;
    tdo->forest_info = info;
    return ret;
}

static int read_trust(const struct reader *in, struct tl_tdo *tdo)
{
    int ret = get_dns(in, "holder", REQUIRED, &tdo->holder);

    if (ret == 0)
        ret = get_string(in, "dn", OPTIONAL, &tdo->dn);
    if (ret == 0)
        ret = get_string(in, "trustPartner", REQUIRED, &tdo->partner);
    if (ret == 0)
        ret = get_string(in, "flatName", OPTIONAL, &tdo->flat);
    if (ret == 0)
        ret = get_sid(in, "securityIdentifier", &tdo->sid, &tdo->has_sid);
    if (ret == 0)
        ret = get_u32(in, "trustDirection", REQUIRED, &tdo->direction, NULL);
    if (ret == 0)
        ret = get_u32(in, "trustType", REQUIRED, &tdo->type, NULL);
    if (ret == 0)
        ret = get_u32(in, "trustAttributes", OPTIONAL, &tdo->attributes, NULL);
    if (ret == 0)
        ret = get_u32(in, "msDS-SupportedEncryptionTypes", OPTIONAL, &tdo->enctypes,
                      &tdo->has_enctypes);
    if (ret == 0)
        ret = get_i64(in, "whenCreated", &tdo->created);
    if (ret == 0)
        ret = get_i64(in, "whenChanged", &tdo->changed);
    if (ret == 0)
        ret = get_string(in, "forestTrustInfoError", OPTIONAL, &tdo->forest_info_error);
    if (ret == 0)
        ret = get_string(in, "damage", OPTIONAL, &tdo->damage);
    return ret != 0 ? ret : read_info(in, tdo);
}

static int read_trusts(const struct reader *in, struct tl_topology *topo)
{
    const json_t *array;
    struct reader inner;
    size_t count;
    int ret = get_array(in, "trusts", TRUSTS_MAX, &array, &count);

    if (ret != 0 || count == 0)
        return ret;
    topo->trusts = talloc_zero_array(topo, struct tl_tdo, count);
    if (topo->trusts == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count && ret == 0; i++) {
        ret = enter(in, array, "trusts", i, &inner);
        if (ret == 0)
            ret = read_trust(&inner, &topo->trusts[i]);
    }
    topo->num_trusts = count;
    return ret;
}

static int read_nameless(const struct reader *in, struct tl_topology *topo)
{
    const json_t *array;
    struct reader inner;
    size_t count;
    int ret = get_array(in, "namelessTrusts", TRUSTS_MAX, &array, &count);

    if (ret != 0 || count == 0)
        return ret;
    topo->nameless = talloc_zero_array(topo, struct tl_nameless_tdo, (unsigned)count);
    if (topo->nameless == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count && ret == 0; i++) {
        struct tl_nameless_tdo *tdo = &topo->nameless[i];

        ret = enter(in, array, "namelessTrusts", i, &inner);
        if (ret == 0)
            ret = get_dns(&inner, "holder", REQUIRED, &tdo->holder);
        if (ret == 0)
            ret = get_string(&inner, "dn", REQUIRED, &tdo->dn);
        if (ret == 0)
            ret = get_string(&inner, "flatName", OPTIONAL, &tdo->flat);
    }
    topo->num_nameless = count;
    return ret;
}

static int read_all(const struct reader *in, struct tl_topology *topo)
{
    json_int_t version = 0;
    bool there;
    int ret = get_integer(in, "version", 0, INT32_MAX, &version, &there);

    if (ret == 0 && version != TL_TOPOLOGY_VERSION)
        ret = fail(in, "version", there ? "is not 1" : "is missing");
    if (ret == 0)
        ret = get_i64(in, "taken", &topo->taken);
    if (ret == 0)
        ret = get_string(in, "source", OPTIONAL, &topo->source);
    if (ret == 0)
        ret = get_dns(in, "domain", OPTIONAL, &topo->domain);
    if (ret == 0)
        ret = get_dns(in, "forest", OPTIONAL, &topo->forest);
    if (ret == 0)
        ret = get_string(in, "site", OPTIONAL, &topo->site);
    if (ret == 0)
        ret = read_domains(in, topo);
    if (ret == 0)
        ret = get_strings(in, "uPNSuffixes", SUFFIXES_MAX, &topo->suffixes,
                          &topo->num_suffixes);
    if (ret == 0)
        ret = get_strings(in, "holdersRead", TRUSTS_MAX, &topo->read, &topo->num_read);
    if (ret == 0)
        ret = read_nameless(in, topo);
    return ret != 0 ? ret : read_trusts(in, topo);
}

/* Duplicate members are refused: one reader would see another topology than the next. */
int tl_topology_from_json(TALLOC_CTX *ctx, const char *json, size_t len,
                          struct tl_topology **topo_out, char **error)
{
    struct reader in = {.error_ctx = ctx, .error = error};
    struct tl_topology *topo;
    json_error_t where;
    json_t *root;
    int ret = 0;

    *topo_out = NULL;
    if (error != NULL)
        *error = NULL;
    topo = tl_topology_new(ctx);
    if (topo == NULL)
        return -ENOMEM;
    root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) {
        snprintf(in.place, sizeof in.place, "line %d, column %d", where.line,
                 where.column);
        ret = fail(&in, "", where.text);
    } else if (!json_is_object(root)) {
        ret = fail(&in, "JSON", "is not an object");
    } else {
        in.owner = topo;
        in.object = root;
        ret = read_all(&in, topo);
    }
    json_decref(root);
    if (ret == 0)
        *topo_out = topo;
    else
        talloc_free(topo);
    return ret;
}
