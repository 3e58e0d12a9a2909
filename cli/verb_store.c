/* SPDX-License-Identifier: MIT
 *
 * verb_store.c - `trustlogon store`: what the identity store holds, whether it is
 * sound, and changes by hand.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "records.h"
#include "store/writer.h"

#define DAMAGE_SHOWN 20

/* A store that was inspected; `items` only if they are wanted. */
struct survey {
    struct tli_store_view *view;
    struct tli_store_stats stats;
    struct tli_store_damage *damage;
    struct tli_store_item *items;
};

/* The items only if they are wanted: there may be a million. 0 or an exit code. */
static int look(struct cli *cli, const char *file, bool items, struct survey *survey)
{
    int code = cli_records_open(cli, file, &survey->view), rc;

    if (code != 0)
        return code;
    rc = tli_store_inspect(cli, survey->view, &survey->stats, &survey->damage,
                           items ? &survey->items : NULL);
    return rc == 0 ? 0
                   : cli_error(cli, EXIT_CANNOT_TELL, "%s: %s", survey->view->path,
                               strerror(-rc));
}

static json_t *json_stats(const struct survey *survey)
{
    const struct tli_store_stats *stats = &survey->stats;
    const struct tli_store_map *map = &survey->view->map;
    json_t *ranges = json_array();

    for (uint32_t i = 0; i < map->num_ranges; i++)
        json_array_append_new(ranges, json_pack("{s:I, s:I}", "first",
                                                (json_int_t)map->ranges[i].first, "last",
                                                (json_int_t)map->ranges[i].last));
    return json_pack(
        "{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, "
        "s:o, s:o}",
        "file", cli_json_text(survey->view->path), "created", (json_int_t)stats->created,
        "size", (json_int_t)stats->size, "used", (json_int_t)stats->used, "dead",
        (json_int_t)stats->dead, "users", (json_int_t)stats->users, "groups",
        (json_int_t)stats->groups, "gid_lists", (json_int_t)stats->gid_lists, "missing",
        (json_int_t)stats->negatives, "ended", (json_int_t)stats->ended, "buckets",
        (json_int_t)stats->buckets, "keys", (json_int_t)stats->keys, "longest_chain",
        (json_int_t)stats->longest, "damaged", (json_int_t)stats->damaged, "unfinished",
        stats->unfinished, "ranges", ranges, "bare_names",
        map->bare.length > 0 ? cli_json_text(map->bare.domain) : json_null());
}

static void print_bare_names(const struct tli_store_map *map)
{
    if (map->bare.length > 0)
        printf("Bare names  %s%s\n", map->bare.domain,
               map->bare.shown ? "" : " (whole names are shown)");
}

static void print_ranges(const struct tli_store_map *map)
{
    printf("%-12s", "Ids");
    for (uint32_t i = 0; i < map->num_ranges; i++)
        printf("%s%u-%u", i == 0 ? "" : ", ", map->ranges[i].first, map->ranges[i].last);
    printf("%s\n", map->num_ranges == 0 ? "none" : "");
}

static void print_entries(const struct tli_store_stats *stats)
{
    printf("%-12s%u user%s, %u group%s, %u group list%s, %u known not to exist",
           "Entries", stats->users, stats->users == 1 ? "" : "s", stats->groups,
           stats->groups == 1 ? "" : "s", stats->gid_lists,
           stats->gid_lists == 1 ? "" : "s", stats->negatives);
    printf(stats->ended > 0 ? "; %u of all expired\n" : "\n", stats->ended);
}

static void print_state(const struct cli *cli, const struct tli_store_stats *stats)
{
    printf("%-12s", "State");
    if (stats->damaged > 0)
        printf("%sdamaged in %u place%s%s: see 'trustlogon store check'\n",
               cli_color(cli, "red"), stats->damaged, stats->damaged == 1 ? "" : "s",
               cli_color(cli, "off"));
    else if (stats->unfinished)
        printf("sound; a change is in progress or was interrupted: the next one "
               "completes it\n");
    else
        printf("%ssound%s\n", cli_color(cli, "green"), cli_color(cli, "off"));
}

static int statistics(struct cli *cli, const char *file, const char *what)
{
    struct survey survey;
    const struct tli_store_stats *stats = &survey.stats;
    int code = look(cli, file, false, &survey);

    if (code != 0)
        return code;
    if (cli->json) {
        cli_print_json(json_stats(&survey));
    } else {
        printf("%-12s%s, created %s\n", "File", cli_show(cli, survey.view->path),
               cli_when(cli, stats->created));
        printf("%-12s%s, %s in use, %s of that dead\n", "Size",
               cli_bytes(cli, stats->size), cli_bytes(cli, stats->used),
               cli_bytes(cli, stats->dead));
        print_entries(stats);
        printf("%-12s%u keys in %u buckets, longest chain %u\n", "Index", stats->keys,
               stats->buckets, stats->longest);
        print_ranges(&survey.view->map);
        print_bare_names(&survey.view->map);
        print_state(cli, stats);
    }
    return stats->damaged == 0 ? EXIT_WORKS : EXIT_PROBLEM;
}

static json_t *json_damage(const struct tli_store_damage *damage)
{
    json_t *array = json_array();

    for (size_t i = 0; i < talloc_array_length(damage); i++)
        json_array_append_new(array,
                              json_pack("{s:I, s:s}", "at", (json_int_t)damage[i].at,
                                        "what", damage[i].what));
    return array;
}

/* Only the first damaged places are listed, but all are counted: a broken disk may have
 * thousands. */
static int check(struct cli *cli, const char *file, const char *what)
{
    struct survey survey;
    const struct tli_store_stats *stats = &survey.stats;
    size_t count;
    int code = look(cli, file, false, &survey);

    if (code != 0)
        return code;
    count = talloc_array_length(survey.damage);
    if (cli->json) {
        json_t *object = json_stats(&survey);

        json_object_set_new(object, "sound", json_boolean(stats->damaged == 0));
        json_object_set_new(object, "damage", json_damage(survey.damage));
        cli_print_json(object);
    } else {
        for (size_t i = 0; i < count && i < DAMAGE_SHOWN; i++)
            printf("byte %-10ju %s\n", (uintmax_t)survey.damage[i].at,
                   survey.damage[i].what);
        if (stats->damaged > DAMAGE_SHOWN)
            printf("and %u more places\n", stats->damaged - DAMAGE_SHOWN);
        print_entries(stats);
        print_state(cli, stats);
        if (stats->damaged > 0)
            cli_print_wrapped(
                "Remedy", "'trustlogon store compact' keeps the intact records; lost "
                          "ones are looked up again on demand. Readers ignore damaged "
                          "records. If damage comes back, check the disk.");
    }
    return stats->damaged == 0 ? EXIT_WORKS : EXIT_PROBLEM;
}

/* With the file's own ranges: any others would make the writer replace the file. */
static int open_writer(struct cli *cli, const struct tli_store_view *view,
                       struct tli_store **store)
{
    int rc =
        tli_store_open(cli, view->path, view->map.ranges, view->map.num_ranges, store);

    switch (rc) {
    case 0:
        return 0;
    case -EACCES:
    case -EPERM:
        return cli_error(cli, EXIT_CANNOT_TELL, "%s: only root may change it",
                         view->path);
    case -EBUSY:
        return cli_error(cli, EXIT_CANNOT_TELL,
                         "%s: another program has held its lock for two seconds; try "
                         "again",
                         view->path);
    default:
        return cli_error(cli, EXIT_CANNOT_TELL, "%s: %s", view->path, strerror(-rc));
    }
}

static int compact(struct cli *cli, const char *file, const char *what)
{
    struct survey before, after;
    struct tli_store *store;
    int code = look(cli, file, false, &before), rc;

    if (code == 0)
        code = open_writer(cli, before.view, &store);
    if (code != 0)
        return code;
    rc = tli_store_compact(store);
    if (rc != 0)
        return cli_error(cli, EXIT_CANNOT_TELL, "%s: %s", before.view->path,
                         strerror(-rc));
    code = look(cli, file, false, &after);
    if (code != 0)
        return code;
    if (cli->json) {
        cli_print_json(json_pack("{s:o, s:o}", "before", json_stats(&before), "after",
                                 json_stats(&after)));
    } else {
        printf("%-12s%s in use before, %s now; the file has %s\n", "Compacted",
               cli_bytes(cli, before.stats.used), cli_bytes(cli, after.stats.used),
               cli_bytes(cli, after.stats.size));
        print_entries(&after.stats);
        print_state(cli, &after.stats);
    }
    return EXIT_WORKS;
}

static int drop_item(struct tli_store *store, const struct tli_store_item *item)
{
    struct tli_store_key key = tli_store_item_key(item, 0);

    return key.name != NULL ? tli_store_drop_name(store, key.class, key.name)
                            : tli_store_drop_id(store, key.class, key.id);
}

static void print_dropped(struct cli *cli, const struct tli_store_item *item)
{
    if (item->negative)
        printf("%-12smissing %s\n", "Dropped",
               cli_show(cli, cli_missing_what(cli, item)));
    else
        printf("%-12s%s %s, %u, %s\n", "Dropped", cli_kind_of(item),
               cli_show(cli, item->entry.name.at), item->entry.id,
               item->entry.sid.length > 0 ? cli_show(cli, item->entry.sid.at) : "no SID");
}

/* A name may be that of a user and of a group: both go. */
static int drop(struct cli *cli, const char *file, const char *what)
{
    struct tli_store_item items[ASKED_MAX];
    struct tli_store_view *view;
    struct tli_store *store;
    struct cli_asked asked;
    json_t *dropped;
    size_t count;
    int rc = 0, code = cli_asked_parse(cli, what, &asked);

    if (code == 0)
        code = cli_records_open(cli, file, &view);
    if (code != 0)
        return code;
    count = cli_asked_find(view, &asked, items);
    if (count == 0)
        return cli_error(cli, EXIT_PROBLEM, "the store has no entry for '%s'", what);
    code = open_writer(cli, view, &store);
    if (code != 0)
        return code;
    dropped = json_array();
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = drop_item(store, &items[i]);
        rc = rc == -ENOENT ? 0 : rc; /* another process just did */
        if (rc == 0 && cli->json)
            json_array_append_new(dropped, cli_json_item(&items[i]));
        else if (rc == 0)
            print_dropped(cli, &items[i]);
    }
    if (rc == 0 && cli->json)
        cli_print_json(json_pack("{s:O}", "dropped", dropped));
    json_decref(dropped);
    return rc == 0
               ? EXIT_WORKS
               : cli_error(cli, EXIT_CANNOT_TELL, "%s: %s", view->path, strerror(-rc));
}

static int by_kind_and_name(const void *a, const void *b)
{
    const struct tli_store_item *x = a, *y = b;
    int order = (int)x->negative - (int)y->negative;

    if (order == 0)
        order = (int)x->entry.class - (int)y->entry.class;
    return order != 0 ? order : strcmp(x->entry.name.at, y->entry.name.at);
}

static void print_item(struct cli *cli, const struct tli_store_item *item)
{
    const struct tli_store_entry *entry = &item->entry;
    const char *source = cli_source_slug(entry->source);

    if (item->negative) {
        printf("missing             %-40s %s %s\n",
               cli_show(cli, cli_missing_what(cli, item)),
               tli_store_now() > entry->valid_until ? "expired" : "expires",
               cli_when(cli, entry->valid_until));
        return;
    }
    printf("%-7s %-11u %-40s %-10s %s%s\n", cli_kind_of(item), entry->id,
           cli_show(cli, entry->name.at), source != NULL ? source : "-",
           cli_when(cli, entry->written),
           tli_store_now() > entry->valid_until ? ", expired" : "");
}

/* Lists of gids are left out: they belong to a user, and `id` shows them. */
static int list(struct cli *cli, const char *file, const char *what)
{
    static const char *const kinds[][2] = {
        {"users", "user"}, {"groups", "group"}, {"missing", "missing"}};
    struct survey survey;
    json_t *entries;
    const char *kind = NULL;
    size_t count;
    int code;

    for (size_t i = 0; what != NULL && i < 3; i++)
        kind = strcmp(what, kinds[i][0]) == 0 ? kinds[i][1] : kind;
    if (what != NULL && kind == NULL)
        return cli_error(cli, EXIT_USAGE, "list takes users, groups or missing, not '%s'",
                         what);
    code = look(cli, file, true, &survey);
    if (code != 0)
        return code;
    entries = json_array();
    count = survey.items == NULL ? 0 : talloc_array_length(survey.items);
    if (count > 0)
        qsort(survey.items, count, sizeof(*survey.items), by_kind_and_name);
    for (size_t i = 0; i < count; i++) {
        const struct tli_store_item *item = &survey.items[i];

        if ((kind != NULL && strcmp(cli_kind_of(item), kind) != 0) ||
            (!item->negative && item->entry.class == TL_STORE_GIDS))
            continue;
        if (cli->json)
            json_array_append_new(entries, cli_json_item(item));
        else
            print_item(cli, item);
    }
    if (cli->json)
        cli_print_json(json_pack("{s:O}", "entries", entries));
    json_decref(entries);
    return survey.stats.damaged == 0 ? EXIT_WORKS : EXIT_PROBLEM;
}

static const struct {
    const char *name;
    int (*run)(struct cli *cli, const char *file, const char *what);
    int least, most; /* arguments */
} actions[] = {{"check", check, 0, 0},
               {"compact", compact, 0, 0},
               {"drop", drop, 1, 1},
               {"list", list, 0, 1}};

/* Without an action: the statistics. */
int verb_store(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"file", required_argument, NULL, 'f'},
                                            CLI_COMMON_OPTIONS};
    const char *file = NULL;
    int option, left, code;

    while ((option = getopt_long(argc, argv, CLI_SHORT_OPTIONS "f:", options, NULL)) !=
           -1)
        switch (option) {
        case 'f':
            file = optarg;
            break;
            CLI_COMMON_CASES;
        }
    code = cli_load_config(cli);
    if (code != 0)
        return code;
    if (optind == argc)
        return statistics(cli, file, NULL);
    left = argc - optind - 1;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(argv[optind], actions[i].name) != 0)
            continue;
        if (left < actions[i].least)
            return cli_error(cli, EXIT_USAGE,
                             "give the name, the user or group id or the SID to drop");
        if (left > actions[i].most)
            return cli_error(cli, EXIT_USAGE, "unexpected argument '%s'",
                             argv[optind + 1 + actions[i].most]);
        return actions[i].run(cli, file, left > 0 ? argv[optind + 1] : NULL);
    }
    return cli_error(cli, EXIT_USAGE,
                     "unknown action '%s': give check, compact, drop or list",
                     argv[optind]);
}
