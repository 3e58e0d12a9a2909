/* SPDX-License-Identifier: MIT
 *
 * topology_dump.c - the snapshot written as JSON. docs/topology.md describes it.
 */
#include <errno.h>
#include <stdlib.h>
#include <jansson.h>

#include "internal.h"
#include "topology_json.h"

/* Set a member; an absent value leaves it out. jansson's "_new" calls take the
 * reference and accept NULL as a failure, which is what a string that is not UTF-8
 * gives. */
static int put_string(json_t *object, const char *key, const char *value)
{
    if (value == NULL || *value == '\0')
        return 0;
    return json_object_set_new(object, key, json_string(value)) == 0 ? 0 : -EINVAL;
}

static int put_integer(json_t *object, const char *key, json_int_t value)
{
    return json_object_set_new(object, key, json_integer(value)) == 0 ? 0 : -ENOMEM;
}

static int put_sid(json_t *object, const char *key, const struct tl_sid *sid, bool there)
{
    char text[TL_SID_STRING_MAX];

    /* Only revision 1 has a text form that reads back. */
    if (!there || sid->revision != 1 || sid->num_subs == 0)
        return 0;
    return put_string(object, key, tl_sid_format(sid, text));
}

/* Append `item`, which the caller has just made and which may be NULL. The reference is
 * always taken. */
static int append(json_t *array, json_t *item, int ret)
{
    if (ret != 0) {
        json_decref(item);
        return ret;
    }
    return json_array_append_new(array, item) == 0 ? 0 : -ENOMEM;
}

static int dump_domain(json_t *out, const struct tl_domain *domain)
{
    int ret = put_string(out, "dns", domain->dns);

    if (ret == 0)
        ret = put_string(out, "flat", domain->flat);
    if (ret == 0)
        ret = put_string(out, "parent", domain->parent);
    return ret != 0 ? ret : put_sid(out, "sid", &domain->sid, domain->has_sid);
}

static int dump_record(json_t *out, const struct tl_ft_record *rec)
{
    int ret = put_integer(out, "type", rec->raw_type);

    if (ret == 0)
        ret = put_integer(out, "flags", rec->flags);
    if (ret == 0)
        ret = put_integer(out, "time", (json_int_t)rec->time);
    if (ret == 0)
        ret = put_string(out, "name", rec->name);
    if (ret == 0)
        ret = put_string(out, "flat", rec->flat);
    return ret != 0 ? ret : put_sid(out, "sid", &rec->sid, rec->has_sid);
}

static int dump_info(json_t *out, const struct tl_forest_info *info)
{
    json_t *array = json_array();
    int ret = array != NULL ? 0 : -ENOMEM;

    for (size_t i = 0; ret == 0 && i < info->count; i++) {
        json_t *item = json_object();

        ret = append(array, item, dump_record(item, &info->records[i]));
    }
    if (ret == 0)
        return json_object_set_new(out, "forestTrustInfo", array) == 0 ? 0 : -ENOMEM;
    json_decref(array);
    return ret;
}

static int dump_trust(json_t *out, const struct tl_tdo *tdo)
{
    int ret = put_string(out, "holder", tdo->holder);

    if (ret == 0)
        ret = put_string(out, "dn", tdo->dn);
    if (ret == 0)
        ret = put_string(out, "trustPartner", tdo->partner);
    if (ret == 0)
        ret = put_string(out, "flatName", tdo->flat);
    if (ret == 0)
        ret = put_sid(out, "securityIdentifier", &tdo->sid, tdo->has_sid);
    if (ret == 0)
        ret = put_integer(out, "trustDirection", tdo->direction);
    if (ret == 0)
        ret = put_integer(out, "trustType", tdo->type);
    if (ret == 0)
        ret = put_integer(out, "trustAttributes", tdo->attributes);
    if (ret == 0 && tdo->has_enctypes)
        ret = put_integer(out, "msDS-SupportedEncryptionTypes", tdo->enctypes);
    if (ret == 0 && tdo->created != 0)
        ret = put_integer(out, "whenCreated", tdo->created);
    if (ret == 0 && tdo->changed != 0)
        ret = put_integer(out, "whenChanged", tdo->changed);
    if (ret == 0)
        ret = put_string(out, "forestTrustInfoError", tdo->forest_info_error);
    if (ret == 0)
        ret = put_string(out, "damage", tdo->damage);
    if (ret == 0 && tdo->forest_info != NULL)
        ret = dump_info(out, tdo->forest_info);
    return ret;
}

static int dump_nameless(json_t *out, const struct tl_nameless_tdo *tdo)
{
    int ret = put_string(out, "holder", tdo->holder);

    if (ret == 0)
        ret = put_string(out, "dn", tdo->dn);
    return ret != 0 ? ret : put_string(out, "flatName", tdo->flat);
}

static int put_strings(json_t *object, const char *key, const char *const *values,
                       size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(array, json_string(values[i])) != 0) {
            json_decref(array);
            return -EINVAL;
        }
    return json_object_set_new(object, key, array) == 0 ? 0 : -ENOMEM;
}

static int dump_lists(json_t *root, const struct tl_topology *topo)
{
    json_t *domains = json_array(), *trusts = json_array(), *nameless;
    int ret = put_strings(root, "uPNSuffixes", topo->suffixes, topo->num_suffixes);

    if (ret == 0)
        ret = put_strings(root, "holdersRead", topo->read, topo->num_read);
    /* The root owns the arrays from here on, full or not. */
    if (json_object_set_new(root, "domains", domains) != 0)
        ret = -ENOMEM;
    if (json_object_set_new(root, "trusts", trusts) != 0)
        ret = -ENOMEM;
    for (size_t i = 0; ret == 0 && i < topo->num_domains; i++) {
        json_t *item = json_object();

        ret = append(domains, item, dump_domain(item, &topo->domains[i]));
    }
    for (size_t i = 0; ret == 0 && i < topo->num_trusts; i++) {
        json_t *item = json_object();

        ret = append(trusts, item, dump_trust(item, &topo->trusts[i]));
    }
    if (topo->num_nameless == 0)
        return ret;
    nameless = json_array();
    if (json_object_set_new(root, "namelessTrusts", nameless) != 0)
        ret = -ENOMEM;
    for (size_t i = 0; ret == 0 && i < topo->num_nameless; i++) {
        json_t *item = json_object();

        ret = append(nameless, item, dump_nameless(item, &topo->nameless[i]));
    }
    return ret;
}

/* Members come in the order of docs/topology.md, so that two snapshots can be compared as
 * text. */
int tl_topology_to_json(TALLOC_CTX *ctx, const struct tl_topology *topo, char **json)
{
    json_t *root = json_object();
    char *text = NULL;
    int ret = put_integer(root, "version", TL_TOPOLOGY_VERSION);

    *json = NULL;
    if (ret == 0 && topo == NULL)
        ret = -EINVAL;
    if (ret == 0)
        ret = put_integer(root, "taken", topo->taken);
    if (ret == 0)
        ret = put_string(root, "source", topo->source);
    if (ret == 0)
        ret = put_string(root, "domain", topo->domain);
    if (ret == 0)
        ret = put_string(root, "forest", topo->forest);
    if (ret == 0)
        ret = put_string(root, "site", topo->site);
    if (ret == 0)
        ret = dump_lists(root, topo);
    if (ret != 0)
        goto cleanup;
    text = json_dumps(root, JSON_INDENT(1));
    *json = text != NULL ? talloc_strdup(ctx, text) : NULL;
    ret = *json != NULL ? 0 : -ENOMEM;

cleanup:
    free(text);
    json_decref(root);
    return ret;
}
