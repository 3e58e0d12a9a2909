/* SPDX-License-Identifier: MIT
 *
 * verb_diagnose.c - `trustlogon diagnose NAME`: the whole checklist in an
 * administrator's order, and the one cause at its end.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "options.h"

#define FINDING_INDENT 24 /* columns of verdict and check */

static const char *const verdict_words[] = {[TL_FINDING_OK] = "ok",
                                            [TL_FINDING_WARNING] = "warning",
                                            [TL_FINDING_FAILED] = "failed",
                                            [TL_FINDING_UNKNOWN] = "unknown"};
static const char *const verdict_colors[] = {[TL_FINDING_OK] = "green",
                                             [TL_FINDING_WARNING] = "yellow",
                                             [TL_FINDING_FAILED] = "red",
                                             [TL_FINDING_UNKNOWN] = "yellow"};

static void finding_text(const struct cli *cli, const struct tl_finding *finding)
{
    char *line = talloc_asprintf(cli, "%s%s%s%s%s%s",
                                 finding->target ? cli_show(cli, finding->target) : "",
                                 finding->address ? " (" : "",
                                 finding->address ? cli_show(cli, finding->address) : "",
                                 finding->address ? ")" : "", finding->target ? ": " : "",
                                 cli_show(cli, finding->what));

    printf("%s%-8s%s %-14s ", cli_color(cli, verdict_colors[finding->verdict]),
           verdict_words[finding->verdict], cli_color(cli, "off"), finding->check);
    /* In a pipe each finding stays one line, for grep. */
    if (line != NULL && isatty(STDOUT_FILENO))
        cli_print_folded(FINDING_INDENT, line);
    else
        printf("%s\n", line != NULL ? line : "");
    talloc_free(line);
}

/* Green means that nothing is left to do. */
static const char *sum_color(const struct tl_diagnosis *diagnosis)
{
    if (diagnosis->reason != TL_REASON_OK)
        return "red";
    return diagnosis->failed + diagnosis->warned > 0 || diagnosis->logon == NULL ||
                   !diagnosis->complete
               ? "yellow"
               : "green";
}

static void cause_text(const struct cli *cli, const struct tl_diagnosis *diagnosis)
{
    if (diagnosis->message != NULL)
        printf("The user sees: %s%s%s\n", cli_color(cli, "red"),
               cli_show(cli, diagnosis->message), cli_color(cli, "off"));
    if (diagnosis->ntstatus != 0)
        printf("%-12s0x%08X\n", "Status", diagnosis->ntstatus);
    printf("%-12s%s\n", "Reason", tl_reason_info(diagnosis->reason)->slug);
    cli_print_wrapped("Why", diagnosis->cause);
    cli_print_wrapped("Remedy", diagnosis->remedy);
    cli_print_wrapped("Who", diagnosis->who);
}

/* Whether findings[i] is the first of a reason that was not given as the cause. */
static bool is_more(const struct tl_diagnosis *diagnosis, size_t i)
{
    const struct tl_finding *finding = &diagnosis->findings[i];

    if (finding->verdict == TL_FINDING_OK || finding->outcome->reason == TL_REASON_OK ||
        finding->outcome->reason == diagnosis->reason || finding->remedy == NULL)
        return false;
    for (size_t j = 0; j < i; j++)
        if (diagnosis->findings[j].verdict != TL_FINDING_OK &&
            diagnosis->findings[j].outcome->reason == finding->outcome->reason)
            return false;
    return true;
}

/* Problems that are not the cause are to be fixed, too. */
static void more_text(const struct tl_diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct tl_finding *finding = &diagnosis->findings[i];

        if (!is_more(diagnosis, i))
            continue;
        printf("%-12s%s\n", finding->verdict == TL_FINDING_FAILED ? "Also" : "Warning",
               tl_reason_info(finding->outcome->reason)->slug);
        cli_print_wrapped("Why", finding->cause);
        cli_print_wrapped("Remedy", finding->remedy);
    }
}

static void diagnosis_text(const struct cli *cli, const struct tl_diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->count; i++)
        finding_text(cli, &diagnosis->findings[i]);
    printf("\n%s%s%s\n", cli_color(cli, sum_color(diagnosis)),
           cli_show(cli, diagnosis->summary), cli_color(cli, "off"));
    if (diagnosis->reason != TL_REASON_OK)
        cause_text(cli, diagnosis);
    more_text(diagnosis);
    cli_print_wrapped("Extent", diagnosis->extent);
}

static json_t *areas_json(const struct tl_diagnosis *diagnosis)
{
    static const char *const states[] = {[TL_AREA_NOT_LOOKED] = "no",
                                         [TL_AREA_PARTLY] = "partly",
                                         [TL_AREA_LOOKED] = "yes",
                                         [TL_AREA_NEEDLESS] = "needless"};
    json_t *areas = json_array();

    for (size_t i = 0; i < diagnosis->num_areas; i++) {
        const struct tl_area *area = &diagnosis->areas[i];

        json_array_append_new(areas,
                              json_pack("{s:s, s:s, s:s, s:o}", "area", area->slug,
                                        "what", area->what, "tested", states[area->state],
                                        "why", cli_json_text(area->why)));
    }
    return areas;
}

/* docs/json.md describes the members. The order of the findings is that of the
 * checklist. */
static json_t *diagnosis_json(const struct tl_diagnosis *diagnosis)
{
    json_t *findings = json_array();

    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct tl_finding *finding = &diagnosis->findings[i];

        json_array_append_new(
            findings,
            json_pack(
                "{s:s, s:s, s:o, s:o, s:s, s:o, s:s, s:o, s:o}", "area", finding->area,
                "check", finding->check, "target", cli_json_text(finding->target),
                "address", cli_json_text(finding->address), "verdict",
                verdict_words[finding->verdict], "what", cli_json_text(finding->what),
                "reason", tl_reason_info(finding->outcome->reason)->slug, "cause",
                cli_json_text(finding->cause), "remedy", cli_json_text(finding->remedy)));
    }
    return json_pack(
        "{s:b, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "ok", diagnosis->reason == TL_REASON_OK, "complete", diagnosis->complete,
        "reason", tl_reason_info(diagnosis->reason)->slug, "status",
        diagnosis->reason != TL_REASON_OK && diagnosis->ntstatus == 0
            ? json_null()
            : cli_json_status(diagnosis->ntstatus),
        "message", cli_json_text(diagnosis->message), "cause",
        cli_json_text(diagnosis->cause), "remedy", cli_json_text(diagnosis->remedy),
        "who", cli_json_text(diagnosis->who), "subject",
        cli_json_text(diagnosis->subject), "attribute",
        cli_json_text(diagnosis->attribute), "summary", cli_json_text(diagnosis->summary),
        "areas", areas_json(diagnosis), "findings", findings, "logon",
        diagnosis->logon && diagnosis->logon->outcome
            ? cli_json_outcome(diagnosis->logon->outcome, diagnosis->logon->words)
            : json_null(),
        "events", cli_json_events(diagnosis->trace));
}

/* Read the password, or find the card and read its PIN; 0 or an exit code. */
static int read_credential(struct cli *cli, const char *name, bool with_card,
                           struct tl_credential *credential, char **typed)
{
    struct tl_outcome *out = tl_outcome_new(cli);
    struct tl_words *words;

    if (with_card &&
        tl_card_find(cli, cli->config, NULL, &credential->card, out) != TL_REASON_OK) {
        words = tl_outcome_words(cli, out, NULL);
        return cli_error(cli, EXIT_PROBLEM, "%s %s",
                         words != NULL ? words->explanation : "no card",
                         words != NULL && words->remedy != NULL ? words->remedy : "");
    }
    *typed = with_card ? cli_read_secret(cli, "PIN for", credential->card->label)
                       : cli_read_password(cli, name);
    if (*typed == NULL)
        return EXIT_USAGE;
    if (with_card && (*typed)[0] == '\0')
        return cli_error(cli, EXIT_USAGE, "no PIN given; an empty one is not tried");
    credential->password = with_card ? NULL : *typed;
    credential->pin = with_card ? *typed : NULL;
    return 0;
}

/* That of the PAM service's line, where one is meant; 0 or an exit code. What is wrong
 * with it, *error, is a finding, unless this user may not read it. */
static int load_config(struct cli *cli, const char *service,
                       struct tl_config_error **error)
{
    int ret;

    if (service != NULL && (strchr(service, '/') != NULL || service[0] == '.'))
        return cli_error(cli, EXIT_USAGE, "'%s' is not the name of a file of /etc/pam.d",
                         cli_show(cli, service));
    ret = service != NULL
              ? tl_diagnose_config(cli, service, cli->conf, &cli->config, error)
              : tl_config_load(cli, cli->conf, &cli->config, error);
    if ((ret == -EINVAL || ret == -ENOENT) && *error != NULL) {
        cli->config = tl_config_defaults(cli);
        ret = 0;
    }
    if (ret == 0)
        return 0;
    return cli_error(cli, EXIT_CANNOT_TELL, "%s",
                     *error != NULL ? (*error)->text : strerror(-ret));
}

/* The password is read before the first check, so that the checks run without a pause.
 * Without root the keytab cannot be read: that is not a verdict on the logon. */
int verb_diagnose(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"no-password", no_argument, NULL, 'n'},
                                            {"service", required_argument, NULL, 'p'},
                                            {"smartcard", no_argument, NULL, 's'},
                                            CLI_COMMON_OPTIONS};
    bool ask = true, with_card = false;
    struct tl_credential credential = {0};
    struct tl_diagnose_request request = {.progress = cli_progress_at,
                                          .progress_arg = cli};
    char *typed = NULL;
    struct tl_config_error *error = NULL;
    struct tl_diagnosis *diagnosis;
    int option, code, ret;

    while ((option = getopt_long(argc, argv, CLI_SHORT_OPTIONS "n", options, NULL)) != -1)
        switch (option) {
        case 'n':
            ask = false;
            break;
        case 'p':
            request.service = optarg;
            break;
        case 's':
            with_card = true;
            break;
            CLI_COMMON_CASES;
        }
    request.name = cli_one_argument(cli, argc, argv, "a name");
    if (request.name == NULL)
        return EXIT_USAGE;
    code = load_config(cli, request.service, &error);
    ask = ask && error == NULL; /* no logon gets as far as a password */
    if (code == 0 && ask)
        code = read_credential(cli, request.name, with_card, &credential, &typed);
    if (code != 0)
        return code;
    request.config = cli->config;
    request.config_error = error;
    request.credential = ask ? &credential : NULL;
    cli_progress_start(cli);
    ret = tl_diagnose(cli, &request, &diagnosis);
    cli_progress_stop();
    if (typed != NULL)
        explicit_bzero(typed, strlen(typed));
    if (ret != 0)
        return cli_error(cli, EXIT_CANNOT_TELL, "%s", strerror(-ret));
    if (cli->json)
        cli_print_json(diagnosis_json(diagnosis));
    else
        diagnosis_text(cli, diagnosis);
    if (diagnosis->reason == TL_REASON_KEYTAB_NEEDS_ROOT)
        return EXIT_CANNOT_TELL;
    if (diagnosis->reason != TL_REASON_OK)
        return EXIT_PROBLEM;
    return diagnosis->complete ? EXIT_WORKS : EXIT_CANNOT_TELL;
}
