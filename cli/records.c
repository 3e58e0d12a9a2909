/* SPDX-License-Identifier: MIT
 *
 * records.c - the identity store for the verbs `store` and `id`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <trustlogon/sid.h>

#include "records.h"
#include "tl_build.h"

int cli_asked_parse(const struct cli *cli, const char *text, struct cli_asked *asked)
{
    struct tl_sid sid;
    char *end;
    unsigned long long number;

    *asked = (struct cli_asked){.text = text};
    if (strncasecmp(text, "S-1-", 4) == 0 && strpbrk(text, "@\\") == NULL) {
        asked->is_sid = true;
        if (tl_sid_parse(text, &sid) != 0)
            return cli_error(cli, EXIT_USAGE, "'%s' is not a SID", text);
        return 0;
    }
    if (text[0] == '\0')
        return cli_error(cli, EXIT_USAGE, "the name is empty");
    if (strspn(text, "0123456789") != strlen(text))
        return 0;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || number >= UINT32_MAX)
        return cli_error(cli, EXIT_USAGE, "'%s' is not a user or group id", text);
    asked->is_id = true;
    asked->id = (uint32_t)number;
    return 0;
}

size_t cli_asked_find(const struct tli_store_view *view, const struct cli_asked *asked,
                      struct tli_store_item items[ASKED_MAX])
{
    static const enum tli_store_class ids[] = {TL_STORE_USER_ID, TL_STORE_GROUP_ID};
    static const enum tli_store_class names[] = {TL_STORE_USER_NAME, TL_STORE_GROUP_NAME};
    size_t count = 0;

    if (asked->is_sid)
        return tli_store_item_by_name(view, TL_STORE_SID, asked->text, &items[0]) ? 1 : 0;
    for (size_t i = 0; i < ASKED_MAX; i++) {
        if (asked->is_id
                ? tli_store_item_by_id(view, ids[i], asked->id, &items[count])
                : tli_store_item_by_name(view, names[i], asked->text, &items[count]))
            count++;
    }
    return count;
}

const char *cli_records_path(struct cli *cli, const char *file)
{
    const char *folder = cli->config != NULL ? cli->config->state_dir : TL_STATE_DIR;

    return file != NULL ? file : talloc_asprintf(cli, "%s/%s", folder, TL_STORE_FILE);
}

int cli_records_open(struct cli *cli, const char *file, struct tli_store_view **view)
{
    const char *path = cli_records_path(cli, file);
    int rc = path == NULL ? -ENOMEM : tli_store_view_open(cli, path, view);

    switch (rc) {
    case 0:
        return 0;
    case -ENOENT:
        return cli_error(cli, EXIT_CANNOT_TELL,
                         "no identity store yet: the first logon or look-up creates %s",
                         path);
    case -EUCLEAN:
        return cli_error(cli, EXIT_PROBLEM,
                         "%s is not an identity store of this version: it is ignored, "
                         "and the agent replaces it at the next logon or look-up",
                         path);
    case -EPERM:
        return cli_error(cli, EXIT_PROBLEM,
                         "%s is ignored, since users other than root could have written "
                         "it. Remove it, and find out what changed its owner or mode",
                         path);
    default:
        return cli_error(cli, EXIT_CANNOT_TELL, "%s: %s", path, strerror(-rc));
    }
}

bool cli_record_is_valid(const struct tli_store_item *item)
{
    uint64_t now = tli_store_now();

    return now <= item->entry.valid_until &&
           (!item->negative || now <= item->entry.fresh_until);
}

const char *cli_when(TALLOC_CTX *ctx, uint64_t at)
{
    static const struct {
        uint64_t seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    uint64_t now = tli_store_now(), span = at > now ? at - now : now - at;
    size_t i = 0;

    if (span > UINT64_C(36500) * 86400)
        return at > now ? "never" : "long ago";
    /* From two of a unit on: "90 min" says more than "1 h". */
    while (i < 3 && span < 2 * units[i].seconds)
        i++;
    span /= units[i].seconds;
    return at > now ? talloc_asprintf(ctx, "in %ju %s", (uintmax_t)span, units[i].unit)
                    : talloc_asprintf(ctx, "%ju %s ago", (uintmax_t)span, units[i].unit);
}

const char *cli_bytes(TALLOC_CTX *ctx, uint64_t count)
{
    if (count < 1024)
        return talloc_asprintf(ctx, "%ju bytes", (uintmax_t)count);
    if (count < UINT64_C(1024) * 1024)
        return talloc_asprintf(ctx, "%.1f KiB", (double)count / 1024);
    return talloc_asprintf(ctx, "%.1f MiB", (double)count / (1024 * 1024));
}

const char *cli_source_slug(enum tli_store_source source)
{
    switch (source) {
    case TL_STORE_SOURCE_PAC:
        return "logon";
    case TL_STORE_SOURCE_LDAP:
        return "directory";
    case TL_STORE_SOURCE_LSA:
        return "lsa";
    default:
        return NULL;
    }
}

const char *cli_kind_of(const struct tli_store_item *item)
{
    if (item->negative)
        return "missing";
    return item->entry.class == TL_STORE_USER_ID    ? "user"
           : item->entry.class == TL_STORE_GROUP_ID ? "group"
                                                    : "groups";
}

const char *cli_missing_what(TALLOC_CTX *ctx, const struct tli_store_item *item)
{
    struct tli_store_key key = tli_store_item_key(item, 0);
    const char *kind = item->entry.class == TL_STORE_USER_ID ? "user" : "group";

    return key.name != NULL ? talloc_asprintf(ctx, "%s %s", kind, key.name)
                            : talloc_asprintf(ctx, "%s %u", kind, key.id);
}

static json_t *json_string_of(const struct tli_store_string *string)
{
    return string->length == 0 ? json_null() : cli_json_text(string->at);
}

static json_t *json_keys(const struct tli_store_item *item)
{
    json_t *names = json_array();

    for (uint32_t i = 0; i < item->num_keys; i++) {
        struct tli_store_key key = tli_store_item_key(item, i);

        if (key.name != NULL && key.class != TL_STORE_SID)
            json_array_append_new(names, cli_json_text(key.name));
    }
    return names;
}

/* docs/json.md describes the members. Absent values are null, never left out, but each
 * kind has its own set of members. */
json_t *cli_json_item(const struct tli_store_item *item)
{
    const struct tli_store_entry *entry = &item->entry;
    json_t *object = json_pack("{s:s, s:I, s:I, s:I, s:b, s:o}", "kind",
                               cli_kind_of(item), "written", (json_int_t)entry->written,
                               "fresh_until", (json_int_t)entry->fresh_until,
                               "valid_until", (json_int_t)entry->valid_until, "ended",
                               tli_store_now() > entry->valid_until, "source",
                               cli_json_text(cli_source_slug(entry->source)));
    json_t *gids;

    if (item->negative) {
        struct tli_store_key key = tli_store_item_key(item, 0);

        json_object_set_new(
            object, "of",
            json_string(entry->class == TL_STORE_USER_ID ? "user" : "group"));
        json_object_set_new(object, "name", cli_json_text(key.name));
        json_object_set_new(object, "id",
                            key.name != NULL ? json_null() : json_integer(key.id));
        return object;
    }
    json_object_set_new(object, "id", json_integer(entry->id));
    if (entry->class == TL_STORE_GIDS) {
        gids = json_array();
        for (uint32_t i = 0; i < entry->count; i++)
            json_array_append_new(gids, json_integer(entry->gids[i]));
        json_object_set_new(object, "gids", gids);
        return object;
    }
    json_object_set_new(object, "name", json_string_of(&entry->name));
    json_object_set_new(object, "sid", json_string_of(&entry->sid));
    json_object_set_new(object, "names", json_keys(item));
    if (entry->class == TL_STORE_GROUP_ID) {
        json_object_set_new(object, "members",
                            entry->partial ? json_null() : json_integer(entry->count));
        return object;
    }
    json_object_set_new(object, "gid", json_integer(entry->gid));
    json_object_set_new(object, "gecos", json_string_of(&entry->gecos));
    json_object_set_new(object, "home", json_string_of(&entry->home));
    json_object_set_new(object, "shell", json_string_of(&entry->shell));
    return object;
}
