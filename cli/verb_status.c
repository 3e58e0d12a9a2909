/* SPDX-License-Identifier: MIT
 *
 * verb_status.c - `trustlogon status CODE`: what a code, name or reason means.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "options.h"

/* What a code turned out to be; more than one may be set (1326 is also a number of
 * libkrb5's space only above its base). */
struct meaning {
    const struct tl_status_info *status;
    const struct tl_krb_info *krb;
    const struct tl_reason_info *reason;
};

/* libkrb5 returns protocol errors as this base plus the code of RFC 4120. */
#define KRB5_BASE (-1765328384L)

static void by_number(const char *text, struct meaning *found)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 0);
    if (end == text || *end != '\0' || errno != 0)
        return;
    if (number >= KRB5_BASE && number <= KRB5_BASE + 127)
        found->krb = tl_krb_by_code((int32_t)(number - KRB5_BASE));
    else if (number >= 0 && number <= 127)
        found->krb = tl_krb_by_code((int32_t)number);
    else if (number > 0 && number <= 0xFFFF)
        found->status = tl_status_by_win32((uint32_t)number);
    else if (number >= INT32_MIN && number <= UINT32_MAX)
        found->status = tl_status_by_ntstatus((uint32_t)number);
}

static json_t *meaning_json(const struct meaning *found, const struct tl_words *words)
{
    json_t *object = json_object();

    if (found->krb != NULL)
        json_object_set_new(object, "kerberos",
                            json_pack("{s:i, s:s, s:s}", "code", found->krb->code, "name",
                                      found->krb->name, "text", found->krb->text));
    if (found->reason != NULL)
        json_object_set_new(object, "reason",
                            json_pack("{s:s, s:o, s:o}", "slug", found->reason->slug,
                                      "explanation", cli_json_text(words->explanation),
                                      "remedy", cli_json_text(words->remedy)));
    if (found->status != NULL) {
        json_object_set_new(object, "status", cli_json_status(found->status->ntstatus));
        json_object_set_new(object, "causes", cli_json_text(found->status->causes));
        json_object_set_new(object, "remedy", cli_json_text(found->status->remedy));
    }
    return object;
}

static void meaning_text(const struct cli *cli, const struct meaning *found,
                         const struct tl_words *words)
{
    const struct tl_status_info *status = found->status;

    if (found->krb != NULL) {
        printf("%-12s%d (0x%X) %s\n", "Kerberos", found->krb->code,
               (unsigned)found->krb->code, found->krb->name);
        cli_print_wrapped("", found->krb->text);
    }
    if (found->reason != NULL) {
        printf("%-12s%s\n", "Reason", found->reason->slug);
        cli_print_wrapped("Why", words->explanation);
        cli_print_wrapped("Remedy", words->remedy);
    }
    if (status == NULL)
        return;
    printf("%-12s0x%08X STATUS_%s\n", found->krb || found->reason ? "At logon" : "Status",
           status->ntstatus, status->name);
    if (status->win32 != 0)
        printf("%-12s%u (0x%X)\n", "Win32", status->win32, status->win32);
    printf("%-12s%s%s%s\n", "Text", cli_color(cli, "bold"), status->text,
           cli_color(cli, "off"));
    cli_print_wrapped("Causes", status->causes);
    cli_print_wrapped("Remedy", found->reason == NULL ? status->remedy : NULL);
}

/* A Kerberos error or a reason is shown with the NTSTATUS that a logon would end in. The
 * stage matters for that: the same error means another thing in the walk than in the AS
 * exchange. */
int verb_status(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    struct meaning found = {0};
    struct tl_outcome *out = tl_outcome_new(cli);
    struct tl_words_input in = {0};
    struct tl_words *words = NULL;
    const char *code = NULL;
    int option;

    /* libkrb5's codes are negative, and getopt would take them for options. */
    if (argc > 1 && argv[argc - 1][0] == '-' && isdigit((unsigned char)argv[argc - 1][1]))
        code = argv[--argc];
    while ((option = getopt_long(argc, argv, CLI_SHORT_OPTIONS, options, NULL)) != -1)
        switch (option) {
            CLI_COMMON_CASES;
        }
    if (code == NULL || optind < argc)
        code = cli_one_argument(cli, argc, argv, "a code");
    if (code == NULL)
        return EXIT_USAGE;

    by_number(code, &found);
    if (found.status == NULL && found.krb == NULL) {
        found.status = tl_status_by_name(code);
        found.krb = found.status == NULL ? tl_krb_by_name(code) : NULL;
        found.reason = tl_reason_by_slug(code);
    }
    if (found.krb != NULL)
        found.status = tl_status_by_ntstatus(
            tl_status_from_krb(found.krb->code == TL_KRB_S_PRINCIPAL_UNKNOWN ||
                                       found.krb->code == TL_KRB_NOT_US
                                   ? TL_STAGE_WALK
                                   : TL_STAGE_AS,
                               found.krb->code, 0));
    if (found.reason != NULL) {
        tl_outcome_fail(out, TL_STAGE_ROUTE, found.reason->reason, NULL);
        words = tl_outcome_words(cli, out, &in);
        if (found.status == NULL && found.reason->ntstatus != 0)
            found.status = tl_status_by_ntstatus(found.reason->ntstatus);
    }
    if (found.status == NULL && found.krb == NULL && found.reason == NULL)
        return cli_error(cli, EXIT_PROBLEM, "'%s' is not a known code, name or reason",
                         code);
    if (cli->json)
        cli_print_json(meaning_json(&found, words));
    else
        meaning_text(cli, &found, words);
    return EXIT_WORKS;
}
