/* SPDX-License-Identifier: MIT
 *
 * id_direct.c - the look-up that `trustlogon id` does itself if the agent has no answer.
 * Root only, since it needs the machine's keytab. Nothing is stored, but a failure has
 * its reason and remedy, where the agent's answer has the code only.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "identity.h"

#define LIMIT_MS 20000

static struct tli_store_string text_of(const char *text)
{
    const char *at = text != NULL ? text : "";

    return (struct tli_store_string){at, (uint32_t)strlen(at)};
}

static void add_names(TALLOC_CTX *ctx, struct tli_store_item *item,
                      enum tli_store_class class, const char *const *names, size_t count)
{
    struct tli_store_key *keys =
        talloc_zero_array(ctx, struct tli_store_key, (unsigned)count + 1);

    if (keys == NULL)
        return;
    keys[0] = (struct tli_store_key){.class = class, .name = item->entry.name.at};
    for (size_t i = 0; i < count; i++)
        keys[i + 1] = (struct tli_store_key){.class = class, .name = names[i]};
    item->keys = keys;
    item->num_keys = (uint32_t)count + 1;
}

static struct tli_store_entry entry_of(TALLOC_CTX *ctx, enum tli_store_class class,
                                       enum tl_lookup_source source,
                                       const struct tl_sid *sid, uint32_t id,
                                       const char *name)
{
    char text[TL_SID_STRING_MAX];
    uint64_t now = tli_store_now();

    return (struct tli_store_entry){
        .class = class,
        .source = source == TL_LOOKUP_LSA ? TL_STORE_SOURCE_LSA : TL_STORE_SOURCE_LDAP,
        .id = id,
        .gid = id,
        .name = text_of(name),
        .gecos = text_of(""),
        .home = text_of(""),
        .shell = text_of(""),
        .sid = text_of(talloc_strdup(ctx, tl_sid_format(sid, text))),
        .written = now,
        .fresh_until = now,
        .valid_until = now,
        .partial = class == TL_STORE_GROUP_ID};
}

static const char *name_among(const struct tl_lookup_answer *answer, uint32_t gid)
{
    for (size_t i = 0; i < answer->num_groups; i++)
        if (answer->groups[i]->gid == gid)
            return answer->groups[i]->canonical;
    return NULL;
}

static void take_user(struct cli_id_facts *facts, const struct tl_lookup_answer *answer)
{
    const struct tl_identity *who = answer->identity;
    char text[TL_SID_STRING_MAX];

    facts->user = (struct tli_store_item){0};
    facts->user.entry = entry_of(facts->cli, TL_STORE_USER_ID, answer->source, &who->sid,
                                 who->uid, who->canonical);
    facts->user.entry.gid = who->gid;
    facts->user.entry.gecos = text_of(who->gecos);
    facts->user.entry.home = text_of(who->home);
    facts->user.entry.shell = text_of(who->shell);
    add_names(facts->cli, &facts->user, TL_STORE_USER_NAME, who->names, who->num_names);
    facts->has_user = true;
    facts->gids = (struct tli_store_item){.entry = facts->user.entry};
    facts->gids.entry.class = TL_STORE_GIDS;
    facts->groups =
        talloc_zero_array(facts->cli, struct cli_id_group, (unsigned)who->num_groups);
    if (facts->groups == NULL)
        return;
    facts->has_gids = true;
    facts->num_groups = who->num_groups;
    for (size_t i = 0; i < who->num_groups; i++)
        facts->groups[i] = (struct cli_id_group){
            .gid = who->groups[i].gid,
            .sid = talloc_strdup(facts->cli, tl_sid_format(&who->groups[i].sid, text)),
            .name = name_among(answer, who->groups[i].gid)};
}

static void take_group(struct cli_id_facts *facts, const struct tl_lookup_answer *answer)
{
    const struct tl_group *group = answer->groups[0];

    facts->group = (struct tli_store_item){0};
    facts->group.entry = entry_of(facts->cli, TL_STORE_GROUP_ID, answer->source,
                                  &group->sid, group->gid, group->canonical);
    add_names(facts->cli, &facts->group, TL_STORE_GROUP_NAME, group->names,
              group->num_names);
    facts->has_group = true;
}

/* The plan of the look-up. It asks no server, so every user may see why the name cannot
 * be that of a user or group. */
static struct tl_lookup_plan *plan(struct cli_id_facts *facts,
                                   const struct tl_local_ids *local,
                                   const struct tl_question *question)
{
    struct tl_lookup_plan *made = NULL;
    char *error = NULL;

    if (tl_lookup_plan_make(facts->cli, facts->machine, local, question, &made, &error) !=
        0)
        return NULL;
    if (made->num_domains == 0)
        facts->why = made->why;
    return made;
}

/* False: the user does not exist, so a group may be looked up. Only root has the keytab
 * that the look-up needs; and if the agent had an answer, it would be the same. */
static bool find(struct cli_id_facts *facts, const struct tl_local_ids *local, bool group)
{
    struct cli *cli = facts->cli;
    const char *name = facts->key.is_id ? NULL : facts->key.text;
    const struct tl_question question = {
        .group = group, .name = name, .id = facts->key.id};
    struct tl_lookup_input in = {.machine = facts->machine,
                                 .local = local,
                                 .deadline = tl_deadline_in_ms(LIMIT_MS)};
    struct tl_lookup_answer *answer = NULL;
    struct tl_lookup_plan *what = plan(facts, local, &question);
    struct tl_lookup *lookup;
    enum tl_reason reason;

    if (what == NULL || geteuid() != 0 || facts->agent_text == NULL)
        return true;
    lookup = tl_lookup_new(cli, &in);
    if (lookup == NULL)
        return true;
    facts->direct = tl_outcome_new(cli);
    cli_progress_start(cli);
    cli_progress_at(cli, "the domain of", facts->key.text);
    reason = tl_lookup_find(lookup, what, &question, &answer, facts->direct);
    cli_progress_stop();
    if (reason == TL_REASON_OK && group)
        take_group(facts, answer);
    else if (reason == TL_REASON_OK)
        take_user(facts, answer);
    facts->not_stored = reason == TL_REASON_OK;
    return reason != TL_REASON_USER_UNKNOWN;
}

void cli_id_look_up(struct cli_id_facts *facts)
{
    struct tl_words_input in = {.user = facts->key.text};
    struct tl_local_ids *local = NULL;

    if (facts->key.is_sid || facts->machine->workstation == NULL || facts->file != NULL ||
        tl_local_ids_load(facts->cli, "/etc/passwd", "/etc/group", &local) != 0)
        return;
    if (!find(facts, local, false))
        (void)find(facts, local, true);
    if (facts->direct == NULL)
        return;
    if (facts->route != NULL)
        in.user_domain = facts->route->user_domain;
    in.workstation = facts->machine->workstation->fqdn;
    in.workstation_domain = facts->machine->workstation->domain;
    facts->direct_words = tl_outcome_words(facts->cli, facts->direct, &in);
}
