/* SPDX-License-Identifier: MIT
 *
 * id_show.c - what `trustlogon id` found, for people and as JSON.
 */
#include <stdio.h>
#include <string.h>

#include "identity.h"

#define MEMBERS_SHOWN 20

static const char *source_words(enum tli_store_source source)
{
    switch (source) {
    case TL_STORE_SOURCE_PAC:
        return "proven at a logon (PAC)";
    case TL_STORE_SOURCE_LDAP:
        return "read from the domain's directory (LDAP)";
    case TL_STORE_SOURCE_LSA:
        return "SID and name from the workstation's DC, which asks across the trust "
               "(LSA)";
    default:
        return "unknown source";
    }
}

static const char *origin(const struct cli_id_facts *facts,
                          const struct tli_store_entry *entry)
{
    TALLOC_CTX *ctx = facts->cli;
    uint64_t now = tli_store_now();
    const char *written = cli_when(ctx, entry->written),
               *end = cli_when(ctx, entry->valid_until);

    if (facts->not_stored)
        return talloc_asprintf(ctx, "%s just now, by this command; not stored",
                               source_words(entry->source));
    if (now > entry->valid_until)
        return talloc_asprintf(ctx, "%s %s; expired %s", source_words(entry->source),
                               written, end);
    if (now > entry->fresh_until)
        return talloc_asprintf(ctx, "%s %s; due for refresh, expires %s",
                               source_words(entry->source), written, end);
    return talloc_asprintf(ctx, "%s %s; refreshed %s, expires %s",
                           source_words(entry->source), written,
                           cli_when(ctx, entry->fresh_until), end);
}

static void line(const struct cli *cli, const char *label,
                 const struct tli_store_string *text)
{
    if (text->length > 0)
        printf("%-12s%s\n", label, cli_show(cli, text->at));
}

static void names(struct cli *cli, const struct tli_store_item *item)
{
    char *all = talloc_strdup(cli, "");

    for (uint32_t i = 0; i < item->num_keys; i++) {
        struct tli_store_key key = tli_store_item_key(item, i);

        if (key.name != NULL && key.class != TL_STORE_SID &&
            strcmp(key.name, item->entry.name.at) != 0)
            all =
                talloc_asprintf_append(all, "%s%s", all[0] == '\0' ? "" : ", ", key.name);
    }
    if (all != NULL && all[0] != '\0')
        cli_print_wrapped("Names", cli_show(cli, all));
}

static const char *group_name(const struct cli_id_facts *facts, uint32_t gid)
{
    struct tli_store_item item;

    for (size_t i = 0; i < facts->num_groups; i++)
        if (facts->groups[i].gid == gid)
            return facts->groups[i].name;
    return facts->view != NULL &&
                   tli_store_item_by_id(facts->view, TL_STORE_GROUP_ID, gid, &item) &&
                   !item.negative
               ? item.entry.name.at
               : NULL;
}

/* The groups come last, since there may be hundreds. A group's name is known once it was
 * looked up: the PAC has SIDs only. */
static void user_text(const struct cli_id_facts *facts)
{
    struct cli *cli = facts->cli;
    const struct tli_store_entry *entry = &facts->user.entry;
    const char *primary = group_name(facts, entry->gid);

    printf("%-12s%s%s%s\n", "User", cli_color(cli, "bold"), cli_show(cli, entry->name.at),
           cli_color(cli, "off"));
    names(cli, &facts->user);
    line(cli, "SID", &entry->sid);
    printf("%-12s%u%s\n", "uid", entry->id,
           facts->idmap != NULL
               ? talloc_asprintf(cli, " (idmap = %s)", cli_show(cli, facts->idmap))
               : "");
    printf("%-12s%u %s%s%s\n", "gid", entry->gid, primary != NULL ? "(" : "",
           primary != NULL ? cli_show(cli, primary) : "", primary != NULL ? ")" : "");
    line(cli, "Full name", &entry->gecos);
    line(cli, "Home", &entry->home);
    line(cli, "Shell", &entry->shell);
    cli_print_wrapped("Source", origin(facts, entry));
    if (!facts->has_gids)
        return;
    cli_print_wrapped(
        "Groups", talloc_asprintf(cli, "%zu, %s%s", facts->num_groups,
                                  origin(facts, &facts->gids.entry),
                                  facts->gids.entry.source == TL_STORE_SOURCE_LSA
                                      ? "; the others are known from the first logon on"
                                      : ""));
    for (size_t i = 0; i < facts->num_groups; i++) {
        const struct cli_id_group *group = &facts->groups[i];

        printf("%12s%-11u %-48s %s\n", "", group->gid,
               group->sid != NULL ? cli_show(cli, group->sid) : "-",
               group->name != NULL ? cli_show(cli, group->name)
                                   : "(name not looked up yet)");
    }
}

/* The member after this one; NULL at the end of the list, even if its count claims more.
 */
static const char *next_member(const struct tli_store_entry *entry, const char *member)
{
    const char *next = member + strlen(member) + 1;

    return next < entry->list + entry->list_size ? next : NULL;
}

static const char *first_member(const struct tli_store_entry *entry)
{
    return entry->list_size > 0 ? entry->list : NULL;
}

static void group_text(const struct cli_id_facts *facts)
{
    struct cli *cli = facts->cli;
    const struct tli_store_entry *entry = &facts->group.entry;
    const char *member = first_member(entry);
    char *all = talloc_strdup(cli, "");

    printf("%-12s%s%s%s\n", "Group", cli_color(cli, "bold"),
           cli_show(cli, entry->name.at), cli_color(cli, "off"));
    names(cli, &facts->group);
    line(cli, "SID", &entry->sid);
    printf("%-12s%u\n", "gid", entry->id);
    for (uint32_t i = 0; member != NULL && i < MEMBERS_SHOWN; i++) {
        all = talloc_asprintf_append(all, "%s%s", i == 0 ? ": " : ", ", member);
        member = next_member(entry, member);
    }
    if (entry->count > MEMBERS_SHOWN)
        all = talloc_asprintf_append(all, " and more");
    cli_print_wrapped(
        "Members", entry->partial ? "not looked up yet"
                   : entry->source == TL_STORE_SOURCE_LSA && entry->count == 0
                       ? "cannot be read across a one-way trust"
                       : cli_show(cli, talloc_asprintf(cli, "%u%s", entry->count, all)));
    cli_print_wrapped("Source", origin(facts, entry));
}

static const char *what(const struct cli_id_facts *facts)
{
    return talloc_asprintf(facts->cli, "%s%s",
                           facts->asked.is_id    ? "id "
                           : facts->asked.is_sid ? "SID "
                                                 : "",
                           facts->asked.text);
}

static void missing_text(const struct cli_id_facts *facts)
{
    struct cli *cli = facts->cli;
    const char *kind = !facts->no_group  ? "user"
                       : !facts->no_user ? "group"
                                         : "user or group";

    cli_print_wrapped(
        "Unknown",
        cli_show(cli, talloc_asprintf(cli, "no such %s: %s (looked up %s, again %s)",
                                      kind, facts->asked.text,
                                      cli_when(cli, facts->missing.entry.written),
                                      cli_when(cli, facts->missing.entry.valid_until))));
}

static void name_without_domain(const struct cli_id_facts *facts)
{
    struct cli *cli = facts->cli;
    struct tl_name *parsed = NULL;
    char *meant = NULL;

    if (tl_name_parse(cli, facts->asked.text, strlen(facts->asked.text), &parsed, NULL) ==
        0)
        meant = tl_name_meant(cli, parsed, facts->machine->topology);
    if (meant != NULL)
        cli_print_wrapped("Name",
                          talloc_asprintf(cli,
                                          "it does not name a domain. If you mean '%s', "
                                          "quote it: the shell removes the backslash",
                                          cli_show(cli, meant)));
    else
        cli_print_wrapped("Name",
                          "a name without a domain is a local name, unless "
                          "[identity] bare_names or [workstation] default_domain is "
                          "set: give "
                          "DOMAIN\\name or name@domain");
}

/* No user or group was found: the cause, as far as it is known. */
static void unknown_text(const struct cli_id_facts *facts)
{
    struct cli *cli = facts->cli;

    if (facts->local.name != NULL)
        printf("%-12s%s, id %u, in %s: local to this machine\n", "Local",
               cli_show(cli, facts->local.name), facts->local.id, facts->local.file);
    if (facts->no_user || facts->no_group)
        missing_text(facts);
    else if (facts->local.name == NULL)
        printf("%-12s%s %s\n", facts->well_known != NULL ? "Known" : "Unknown",
               cli_show(cli, what(facts)),
               facts->well_known != NULL ? "is a well-known SID"
                                         : "is not known on this machine");
    if (!facts->asked.is_id && !facts->asked.is_sid &&
        !tli_store_owns_name(facts->key.text))
        name_without_domain(facts);
    else if (facts->asked.is_id && facts->view != NULL &&
             !tli_store_owns_id(&facts->view->map, facts->asked.id))
        cli_print_wrapped("Id", "outside the id ranges of domain users and groups (see "
                                "'trustlogon store')");
    if (facts->why != NULL)
        cli_print_wrapped("Why", cli_show(cli, facts->why));
    if (facts->agent_text != NULL)
        cli_print_wrapped("Agent", cli_show(cli, facts->agent_text));
    if (facts->direct != NULL && facts->direct_words != NULL) {
        printf("%-12s%s\n", "Reason", tl_reason_info(facts->direct->reason)->slug);
        cli_print_wrapped("Why", cli_show(cli, facts->direct_words->explanation));
        cli_print_wrapped("Remedy", facts->direct_words->remedy != NULL
                                        ? cli_show(cli, facts->direct_words->remedy)
                                        : NULL);
    }
    if (facts->route != NULL && !facts->route->local) {
        bool good = facts->route->verdict == TL_REASON_OK;

        printf("%-12s%s, %s%s%s; see 'trustlogon %s'\n", "Route",
               cli_show(cli, facts->route->realm), cli_color(cli, good ? "green" : "red"),
               good ? "route found" : tl_reason_info(facts->route->verdict)->slug,
               cli_color(cli, "off"), good ? "diagnose" : "route");
    }
}

void cli_id_text(const struct cli_id_facts *facts)
{
    struct cli *cli = facts->cli;

    if (facts->has_user)
        user_text(facts);
    if (facts->has_user && facts->has_group)
        printf("\n");
    if (facts->has_group)
        group_text(facts);
    if (!facts->has_user && !facts->has_group)
        unknown_text(facts);
    else if (facts->agent_text != NULL)
        cli_print_wrapped("Agent", cli_show(cli, facts->agent_text));
    for (size_t i = 0; i < facts->num_warnings; i++) {
        fputs(cli_color(cli, facts->warnings[i].serious ? "red" : "yellow"), stdout);
        cli_print_wrapped("Warning", cli_show(cli, facts->warnings[i].text));
        fputs(cli_color(cli, "off"), stdout);
    }
}

static json_t *json_groups(const struct cli_id_facts *facts)
{
    json_t *list = json_array(), *object = cli_json_item(&facts->gids);

    for (size_t i = 0; i < facts->num_groups; i++)
        json_array_append_new(list, json_pack("{s:I, s:o, s:o}", "gid",
                                              (json_int_t)facts->groups[i].gid, "sid",
                                              cli_json_text(facts->groups[i].sid), "name",
                                              cli_json_text(facts->groups[i].name)));
    json_object_del(object, "gids");
    json_object_set_new(object, "list", list);
    return object;
}

static json_t *json_group(const struct cli_id_facts *facts)
{
    const struct tli_store_entry *entry = &facts->group.entry;
    json_t *object = cli_json_item(&facts->group), *list = json_array();

    for (const char *m = first_member(entry); m != NULL; m = next_member(entry, m))
        json_array_append_new(list, cli_json_text(m));
    json_object_set(object, "member_names", entry->partial ? json_null() : list);
    json_decref(list);
    return object;
}

static json_t *json_agent(const struct cli_id_facts *facts)
{
    if (!facts->agent_asked)
        return json_null();
    return json_pack("{s:o, s:o}", "status",
                     facts->agent_rc == 0 ? cli_json_status(facts->agent_ntstatus)
                                          : json_null(),
                     "text", cli_json_text(facts->agent_text));
}

static json_t *json_warnings(const struct cli_id_facts *facts)
{
    json_t *array = json_array();

    for (size_t i = 0; i < facts->num_warnings; i++)
        json_array_append_new(array, json_pack("{s:s, s:o, s:b}", "warning",
                                               facts->warnings[i].slug, "text",
                                               cli_json_text(facts->warnings[i].text),
                                               "serious", facts->warnings[i].serious));
    return array;
}

static json_t *json_local(const struct cli_id_facts *facts)
{
    if (facts->local.name == NULL)
        return json_null();
    return json_pack("{s:o, s:I, s:s}", "name", cli_json_text(facts->local.name), "id",
                     (json_int_t)facts->local.id, "file", facts->local.file);
}

json_t *cli_id_json(const struct cli_id_facts *facts)
{
    const struct {
        const char *name;
        json_t *value;
    } members[] = {
        {"asked", cli_json_text(facts->asked.text)},
        {"idmap", cli_json_text(facts->idmap)},
        {"user", facts->has_user ? cli_json_item(&facts->user) : json_null()},
        {"groups", facts->has_gids ? json_groups(facts) : json_null()},
        {"group", facts->has_group ? json_group(facts) : json_null()},
        {"stored", json_boolean(!facts->not_stored)},
        {"missing", facts->no_user || facts->no_group ? cli_json_item(&facts->missing)
                                                      : json_null()},
        {"local", json_local(facts)},
        {"agent", json_agent(facts)},
        {"direct", facts->direct != NULL
                       ? cli_json_outcome(facts->direct, facts->direct_words)
                       : json_null()},
        {"why", cli_json_text(facts->why)},
        {"route", facts->route != NULL ? cli_json_route(facts->route) : json_null()},
        {"warnings", json_warnings(facts)},
    };
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        json_object_set_new(object, members[i].name, members[i].value);
    return object;
}
