/* SPDX-License-Identifier: MIT
 *
 * id_gather.c - gather what this machine knows of a user or a group: from the identity
 * store first; then from the agent, which writes it there, if the store does not know it
 * or
 * --refresh is given.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <trustlogon/idmap.h>

#include "identity.h"
#include "store/local.h"
#include "store/writer.h"
#include "tl_build.h"
#include "wire/ask.h"

#define ASK_TIMEOUT_MS 20000

/* This machine and its snapshot of the trusts. They help, but a record of the store can
 * be shown without them. An ordinary user cannot read the keytab. */
static void load_world(struct cli_id_facts *facts)
{
    struct cli *cli = facts->cli;
    char *error = NULL;
    struct tl_machine *machine = NULL;
    const char *domain;

    (void)cli_open_machine(cli, 0, &machine);
    facts->machine = machine;
    (void)tl_machine_detect(machine, NULL);
    if (machine->workstation == NULL && machine->topology != NULL)
        machine->workstation = cli_workstation_of(cli, machine->topology);
    domain = machine->workstation != NULL ? machine->workstation->domain : NULL;
    if (domain != NULL && tl_idmap_new(cli, cli->config, domain, machine->topology, NULL,
                                       &facts->map, &error) != 0)
        facts->map = NULL;
}

/* How ids are mapped, by the name in the configuration. */
static void find_idmap(struct cli_id_facts *facts)
{
    struct cli *cli = facts->cli;
    size_t count;
    struct tl_config_item *items = tl_config_items(cli, cli->config, &count);

    for (size_t i = 0; items != NULL && i < count && facts->file == NULL; i++)
        if (strcmp(items[i].key, "idmap") == 0)
            facts->idmap = items[i].value;
}

/* A bare name belongs to the domain of bare_names, if one is set. */
static void complete_name(struct cli_id_facts *facts)
{
    const struct tl_config *config = facts->cli->config;
    const struct tl_workstation *ws = facts->machine->workstation;
    const char *domain = tl_bare_domain(config, ws != NULL ? ws->domain : NULL);

    facts->key = facts->asked;
    /* NSS does not know an account of the machine, or of the system, as the domain's. */
    if (domain != NULL && !facts->asked.is_id && !facts->asked.is_sid &&
        tli_local_takes_bare("/etc/passwd", facts->asked.text))
        return;
    if (domain == NULL)
        domain = config->default_domain;
    if (!facts->asked.is_id && !facts->asked.is_sid && domain != NULL &&
        !tli_store_owns_name(facts->asked.text))
        facts->key.text =
            talloc_asprintf(facts->cli, "%s\\%s", domain, facts->asked.text);
}

static void read_store(struct cli_id_facts *facts)
{
    struct tli_store_item items[ASKED_MAX];
    const char *path = cli_records_path(facts->cli, facts->file);
    size_t count;

    facts->has_user = facts->has_group = facts->has_gids = false;
    facts->no_user = facts->no_group = false;
    /* The former view stays: what was found in it may be shown. */
    facts->store_rc =
        path == NULL ? -ENOMEM : tli_store_view_open(facts->cli, path, &facts->view);
    if (facts->store_rc != 0)
        return;
    count = cli_asked_find(facts->view, &facts->key, items);
    for (size_t i = 0; i < count; i++) {
        bool user = items[i].entry.class == TL_STORE_USER_ID;

        if (items[i].negative) {
            *(user ? &facts->no_user : &facts->no_group) = cli_record_is_valid(&items[i]);
            facts->missing = items[i];
        } else {
            *(user ? &facts->has_user : &facts->has_group) = true;
            *(user ? &facts->user : &facts->group) = items[i];
        }
    }
    if (facts->has_user)
        facts->has_gids = tli_store_item_by_id(facts->view, TL_STORE_GIDS,
                                               facts->user.entry.id, &facts->gids);
}

static const char *agent_words(TALLOC_CTX *ctx, int rc, uint32_t ntstatus)
{
    const struct tl_status_info *status = tl_status_by_ntstatus(ntstatus);

    switch (rc) {
    case 0:
        break;
    case -ENOENT:
    case -ECONNREFUSED:
        return "the agent is not running (systemctl start trustlogond.socket)";
    case -ETIMEDOUT:
        return "the agent did not answer in time";
    case -ECONNRESET:
        return "the agent refused the request: too many look-ups at once";
    case -EACCES:
        return "the process that listens on the agent's socket does not run as root";
    default:
        return talloc_asprintf(ctx, "cannot ask the agent: %s", strerror(-rc));
    }
    if (ntstatus == 0 || ntstatus == TL_WIRE_NO_SUCH_USER ||
        ntstatus == TL_WIRE_NO_SUCH_GROUP)
        return NULL;
    return talloc_asprintf(ctx, "the agent cannot look it up: 0x%08X %s", ntstatus,
                           status != NULL ? status->name : "");
}

/* Ask for a user or a group, by the name or the id that was given or that the SID has. */
static void ask_agent(struct cli_id_facts *facts, bool group)
{
    struct cli *cli = facts->cli;
    const char *name = facts->key.is_id || facts->key.is_sid ? NULL : facts->key.text;
    uint32_t id = facts->key.id, what;
    struct tl_sid sid;

    if (facts->key.is_sid &&
        (facts->map == NULL || tl_sid_parse(facts->key.text, &sid) != 0 ||
         tl_idmap_to_id(facts->map, &sid, &id, NULL) != 0))
        return;
    if (name != NULL && !tli_store_owns_name(name))
        return;
    if (name == NULL && facts->view != NULL && !tli_store_owns_id(&facts->view->map, id))
        return;
    what = group ? (name != NULL ? TL_LOOKUP_GROUP_NAME : TL_LOOKUP_GROUP_ID)
                 : (name != NULL ? TL_LOOKUP_USER_NAME : TL_LOOKUP_USER_ID);
    cli_progress_start(cli);
    cli_progress_at(cli, "the agent, which looks up", facts->key.text);
    facts->agent_rc = tli_ask_lookup(TL_LOOKUP_SOCKET, what, name, id, ASK_TIMEOUT_MS,
                                     &facts->agent_ntstatus);
    cli_progress_stop();
    facts->agent_asked = true;
    facts->agent_text = agent_words(cli, facts->agent_rc, facts->agent_ntstatus);
    read_store(facts);
}

static bool knows(const struct cli_id_facts *facts, bool group)
{
    return group ? facts->has_group && cli_record_is_valid(&facts->group)
                 : facts->has_user && cli_record_is_valid(&facts->user);
}

/* The agent answers from the store while a record is fresh, so the record is expired
 * first. It stays usable if the agent has no answer. 0 or an exit code. */
static int expire_record(struct cli_id_facts *facts)
{
    const struct tli_store_map *map = facts->view != NULL ? &facts->view->map : NULL;
    struct tli_store *store;
    int rc;

    if (geteuid() != 0)
        return cli_error(facts->cli, EXIT_CANNOT_TELL, "only root may use --refresh");
    if (map == NULL)
        return 0;
    rc = tli_store_open(facts->cli, facts->view->path, map->ranges, map->num_ranges,
                        &store);
    if (rc == 0 && facts->has_user)
        rc = tli_store_expire(store, TL_STORE_USER_ID, facts->user.entry.id);
    if ((rc == 0 || rc == -ENOENT) && facts->has_group)
        rc = tli_store_expire(store, TL_STORE_GROUP_ID, facts->group.entry.id);
    if ((rc == 0 || rc == -ENOENT) && (facts->no_user || facts->no_group)) {
        struct tli_store_key key = tli_store_item_key(&facts->missing, 0);

        rc = key.name != NULL ? tli_store_drop_name(store, key.class, key.name)
                              : tli_store_drop_id(store, key.class, key.id);
    }
    if (rc != 0 && rc != -ENOENT)
        return cli_error(facts->cli, EXIT_CANNOT_TELL, "%s: %s", facts->view->path,
                         strerror(-rc));
    return 0;
}

/* The user first. A group is looked up if no user is found, or if the store has a group
 * of this name. */
static void resolve(struct cli_id_facts *facts)
{
    bool group_first = knows(facts, true) && !knows(facts, false);

    if (facts->file != NULL)
        return;
    for (int i = 0; i < 2; i++) {
        bool group = (i == 1) != group_first;

        if (facts->refresh ||
            (!knows(facts, group) && !(group ? facts->no_group : facts->no_user)))
            ask_agent(facts, group);
        if (knows(facts, group) || facts->agent_text != NULL)
            return;
    }
}

static void name_groups(struct cli_id_facts *facts)
{
    struct cli *cli = facts->cli;
    char text[TL_SID_STRING_MAX];

    facts->groups = talloc_zero_array(cli, struct cli_id_group, facts->gids.entry.count);
    if (facts->groups == NULL)
        return;
    facts->num_groups = facts->gids.entry.count;
    for (size_t i = 0; i < facts->num_groups; i++) {
        struct cli_id_group *group = &facts->groups[i];
        struct tli_store_item item;
        struct tl_sid sid;

        group->gid = facts->gids.entry.gids[i];
        if (tli_store_item_by_id(facts->view, TL_STORE_GROUP_ID, group->gid, &item) &&
            !item.negative) {
            group->name = item.entry.name.at;
            group->sid = item.entry.sid.length > 0 ? item.entry.sid.at : NULL;
        }
        if (group->sid == NULL && facts->map != NULL &&
            tl_idmap_to_sid(facts->map, group->gid, &sid) == 0)
            group->sid = talloc_strdup(cli, tl_sid_format(&sid, text));
    }
}

static void find_route(struct cli_id_facts *facts)
{
    struct cli *cli = facts->cli;
    struct tl_logon *logon;

    if (facts->machine->workstation == NULL || facts->asked.is_id || facts->asked.is_sid)
        return;
    logon = tl_logon_new(cli, facts->machine, NULL);
    if (logon == NULL)
        return;
    (void)tl_logon_prepare(logon, facts->asked.text);
    facts->route = logon->route;
}

/* A SID that tickets carry and no directory has. */
static void find_well_known(struct cli_id_facts *facts)
{
    struct tl_sid sid;

    if (!facts->asked.is_sid || tl_sid_parse(facts->asked.text, &sid) != 0)
        return;
    facts->well_known = tl_sid_well_known(&sid);
    if (facts->well_known != NULL)
        facts->why =
            talloc_asprintf(facts->cli, "%s: it has no id, and access rules can name it",
                            facts->well_known);
}

int cli_id_gather(struct cli_id_facts *facts)
{
    int code;

    load_world(facts);
    find_idmap(facts);
    complete_name(facts);
    find_well_known(facts);
    cli_id_find_local(facts);
    read_store(facts);
    if (facts->store_rc != 0 && facts->file != NULL)
        return cli_records_open(facts->cli, facts->file, &facts->view);
    if (facts->refresh && (code = expire_record(facts)) != 0)
        return code;
    resolve(facts);
    if (facts->has_gids)
        name_groups(facts);
    if (!knows(facts, false) && !knows(facts, true)) {
        find_route(facts);
        cli_id_look_up(facts);
    }
    cli_id_check(facts);
    return 0;
}
