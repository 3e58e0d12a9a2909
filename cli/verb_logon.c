/* SPDX-License-Identifier: MIT
 *
 * verb_logon.c - `trustlogon logon NAME`: a full logon without PAM, every
 * exchange shown as it happens. Needs the keytab, so root.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <trustlogon/rules.h>

#include "cli.h"
#include "options.h"

/* The receiver of the trace: each event is printed, and kept for JSON. */
struct shown {
    struct cli *cli;
    struct tl_trace_log *log;
};

static void on_event(void *arg, const struct tl_event *event)
{
    struct shown *shown = arg;

    if (shown->cli->json)
        tl_trace_log_fn(shown->log, event);
    else
        cli_print_event(shown->cli, event);
}

static json_t *sids_json(const struct tl_pac *pac)
{
    char sid[TL_SID_STRING_MAX];
    json_t *groups = json_array(), *directory = json_array();

    for (size_t i = 0; i < pac->num_groups; i++)
        json_array_append_new(groups,
                              json_string(tl_sid_format(&pac->groups[i].sid, sid)));
    for (size_t i = 0; i < pac->num_extra; i++)
        json_array_append_new(groups,
                              json_string(tl_sid_format(&pac->extra[i].sid, sid)));
    for (size_t i = 0; i < pac->num_resource; i++)
        json_array_append_new(groups,
                              json_string(tl_sid_format(&pac->resource[i].sid, sid)));
    for (size_t i = 0; i < pac->num_resource; i++)
        if ((pac->resource[i].attributes & TL_MEMBER_DIRECTORY) != 0)
            json_array_append_new(directory,
                                  json_string(tl_sid_format(&pac->resource[i].sid, sid)));
    return json_pack("{s:o, s:s, s:o, s:o, s:o}", "account", cli_json_text(pac->account),
                     "sid", tl_sid_format(&pac->user_sid, sid), "domain",
                     cli_json_text(pac->domain_flat), "groups", groups,
                     "directory_groups", directory);
}

/* What the SIDs are on this machine: a line of passwd, and the groups' ids. */
static void account_json(json_t *object, const struct tl_identity *identity)
{
    json_t *names = json_array(), *gids = json_array();

    for (size_t i = 0; i < identity->num_names; i++)
        json_array_append_new(names, cli_json_text(identity->names[i]));
    for (size_t i = 0; i < identity->num_groups; i++)
        json_array_append_new(gids, json_integer(identity->groups[i].gid));
    json_object_set_new(object, "name", cli_json_text(identity->canonical));
    json_object_set_new(object, "aliases", names);
    json_object_set_new(object, "uid", json_integer(identity->uid));
    json_object_set_new(object, "gid", json_integer(identity->gid));
    json_object_set_new(object, "gids", gids);
    json_object_set_new(object, "gecos", cli_json_text(identity->gecos));
    json_object_set_new(object, "home", cli_json_text(identity->home));
    json_object_set_new(object, "shell", cli_json_text(identity->shell));
}

static json_t *identity_json(const struct tl_logon *logon)
{
    json_t *object;

    if (logon->pac == NULL || logon->identity == NULL)
        return json_null();
    object = sids_json(logon->pac);
    account_json(object, logon->identity);
    return object;
}

static void logon_text(const struct cli *cli, const struct tl_logon *logon)
{
    char sid[TL_SID_STRING_MAX];

    printf("\n");
    if (logon->outcome->reason != TL_REASON_OK)
        cli_print_outcome(cli, logon->outcome, logon->words);
    /* Also for a user that an access rule refuses: the SIDs show which rule. */
    if (logon->identity == NULL)
        return;
    if (logon->outcome->reason != TL_REASON_OK)
        printf("\nAuthenticated as %s", cli_show(cli, logon->client));
    else
        printf("%sLogged on%s as %s", cli_color(cli, "green"), cli_color(cli, "off"),
               cli_show(cli, logon->client));
    printf(", %s, %zu groups\n", tl_sid_format(&logon->pac->user_sid, sid),
           logon->pac->num_groups + logon->pac->num_extra + logon->pac->num_resource);
    printf("%s: uid %" PRIu32 ", gid %" PRIu32 ", %zu groups with an id, home %s, shell "
           "%s\n",
           cli_show(cli, logon->identity->canonical), logon->identity->uid,
           logon->identity->gid, logon->identity->num_groups,
           cli_show(cli, logon->identity->home), cli_show(cli, logon->identity->shell));
}

static void logon_json(const struct tl_logon *logon, const struct tl_trace_log *log)
{
    json_t *object = cli_json_outcome(logon->outcome, logon->words);

    json_object_set_new(object, "client", cli_json_text(logon->client));
    json_object_set_new(object, "route", cli_json_route(logon->route));
    json_object_set_new(object, "identity", identity_json(logon));
    json_object_set_new(object, "events", cli_json_events(log));
    cli_print_json(object);
}

/* Exit code of a finished logon: an error of this machine is not a verdict on the logon.
 */
static int logon_exit(const struct tl_outcome *out)
{
    if (out->reason == TL_REASON_OK)
        return EXIT_WORKS;
    return out->stage == TL_STAGE_LOCAL ? EXIT_CANNOT_TELL : EXIT_PROBLEM;
}

/* Read the password or PIN, and log on. EXIT_WORKS: see the outcome. */
static int log_on(struct cli *cli, struct tl_logon *logon, struct tl_trace *trace,
                  struct shown *shown, bool with_card)
{
    const char *name = logon->name->whole;
    struct tl_words_input in = {.user = name};
    struct tl_card *card = NULL;
    enum tl_reason reason;
    char *secret;

    if (with_card && tl_card_find(logon, cli->config, logon->route->realm, &card,
                                  logon->outcome) != TL_REASON_OK) {
        logon->words = tl_outcome_words(logon, logon->outcome, &in);
        return EXIT_WORKS;
    }
    secret = card != NULL ? cli_read_secret(cli, "PIN for", card->label)
                          : cli_read_password(cli, name);
    if (secret == NULL)
        return EXIT_USAGE;
    *trace = tl_trace_start(on_event, shown); /* typing time is not the logon's */
    if (card != NULL && secret[0] == '\0')
        reason = tl_outcome_fail(logon->outcome, TL_STAGE_AS,
                                 TL_REASON_SMARTCARD_PIN_MISSING, NULL);
    else
        reason = tl_logon_run(
            logon, &(struct tl_credential){.password = card == NULL ? secret : NULL,
                                           .card = card,
                                           .pin = card != NULL ? secret : NULL});
    explicit_bzero(secret, strlen(secret));
    if (reason == TL_REASON_OK)
        tl_rules_judge_logon(logon);
    else if (logon->words == NULL)
        logon->words = tl_outcome_words(logon, logon->outcome, &in);
    return EXIT_WORKS;
}

/* Name and route come before the password: for a local name no password is asked for. */
int verb_logon(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"smartcard", no_argument, NULL, 's'},
                                            {"walk", required_argument, NULL, 'w'},
                                            CLI_COMMON_OPTIONS};
    const char *name, *walk = NULL;
    struct tl_config_error *error = NULL;
    bool with_card = false;
    struct tl_machine *machine = NULL;
    struct tl_logon *logon;
    struct shown shown = {.cli = cli};
    struct tl_trace trace;
    int option, code;

    while ((option = getopt_long(argc, argv, CLI_SHORT_OPTIONS "w:", options, NULL)) !=
           -1)
        switch (option) {
        case 's':
            with_card = true;
            break;
        case 'w':
            walk = talloc_asprintf(cli, "walk=%s", optarg);
            break;
            CLI_COMMON_CASES;
        }
    name = cli_one_argument(cli, argc, argv, "a name");
    if (name == NULL)
        return EXIT_USAGE;
    code = cli_load_config(cli);
    if (code == 0 && walk != NULL &&
        tl_config_set(cli, cli->config, "--walk", walk, &error) != 0)
        code = cli_error(cli, EXIT_USAGE, "%s",
                         error != NULL ? error->text : "out of memory");
    if (code == 0)
        code = cli_open_machine(cli, CLI_WORKSTATION, &machine);
    if (code != 0)
        return code;
    shown.log = tl_trace_log_new(cli);
    trace = tl_trace_start(on_event, &shown);
    cli_hint_backslash(cli, name, machine->topology);
    logon = tl_logon_new(cli, machine, &trace);
    if (tl_logon_prepare(logon, name) != TL_REASON_OK)
        return cli_error(cli, EXIT_PROBLEM, "%s",
                         logon->outcome->detail
                             ? logon->outcome->detail
                             : "a name of this machine, not of a domain");
    code = log_on(cli, logon, &trace, &shown, with_card);
    if (code != EXIT_WORKS)
        return code;
    if (cli->json)
        logon_json(logon, shown.log);
    else
        logon_text(cli, logon);
    return logon_exit(logon->outcome);
}
