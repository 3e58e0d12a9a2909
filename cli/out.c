/* SPDX-License-Identifier: MIT
 *
 * out.c - text for people: colours on a terminal, wrapped paragraphs, events.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"
#include "wire/plain.h"

#define LABEL_WIDTH 12

const char *cli_show(const struct cli *cli, const char *text)
{
    char *clean;

    if (text == NULL)
        return "-";
    clean = talloc_strdup(cli, text);
    if (clean != NULL)
        tli_plain(clean, NULL);
    return clean != NULL ? clean : "-";
}

const char *cli_color(const struct cli *cli, const char *name)
{
    static const struct {
        const char *name, *code;
    } codes[] = {{"red", "\033[31m"},
                 {"green", "\033[32m"},
                 {"yellow", "\033[33m"},
                 {"bold", "\033[1m"},
                 {"off", "\033[0m"}};

    for (size_t i = 0; cli->color && i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(codes[i].name, name) == 0)
            return codes[i].code;
    return "";
}

static int terminal_width(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col > 100 ? 100 : size.ws_col;
    return 90;
}

void cli_print_folded(int indent, const char *text)
{
    int column = indent, width = terminal_width();

    while (*text != '\0') {
        int blanks = (int)strspn(text, " "), word = (int)strcspn(text + blanks, " ");

        if (column + blanks + word > width && column > indent) {
            printf("\n%*s", indent, "");
            column = indent;
            text += blanks;
            blanks = 0;
        }
        printf("%.*s", blanks + word, text);
        column += blanks + word;
        text += blanks + word;
    }
    putchar('\n');
}

void cli_print_wrapped(const char *label, const char *text)
{
    if (text == NULL)
        return;
    printf("%-*s", LABEL_WIDTH, label);
    cli_print_folded(LABEL_WIDTH, text);
}

/* Windows' sentence first, since users and administrators search for it; then the codes,
 * from the most general to the most particular. */
void cli_print_outcome(const struct cli *cli, const struct tl_outcome *out,
                       const struct tl_words *words)
{
    const struct tl_status_info *status = tl_status_by_ntstatus(out->ntstatus);

    if (out->reason == TL_REASON_OK)
        return;
    if (words != NULL && words->message != NULL)
        printf("%s%s%s\n", cli_color(cli, "red"), cli_show(cli, words->message),
               cli_color(cli, "off"));
    printf("%-12s0x%08X %s%s", "Status", out->ntstatus, status ? status->name : "",
           status && status->win32 ? ", " : "\n");
    if (status != NULL && status->win32 != 0)
        printf("Win32 %u\n", status->win32);
    if (out->krb_error != TL_KRB_NONE) {
        const struct tl_krb_info *krb = tl_krb_by_code(out->krb_error);

        printf("%-12s%d %s", "Kerberos", out->krb_error, krb ? krb->name : "");
        if (out->edata_ntstatus != 0)
            printf(", extended status 0x%08X", out->edata_ntstatus);
        printf("\n");
    }
    printf("%-12s%s", "Step", tl_stage_name(out->stage));
    if (out->hop > 0)
        printf(", exchange %d", out->hop);
    if (out->kdc != NULL)
        printf(", %s", cli_show(cli, out->kdc));
    printf("\n%-12s%s\n", "Reason", tl_reason_info(out->reason)->slug);
    if (words != NULL) {
        cli_print_wrapped("Why", words->explanation);
        cli_print_wrapped("Remedy", words->remedy);
    }
}

void cli_print_event(const struct cli *cli, const struct tl_event *event)
{
    const struct tl_krb_info *krb =
        event->krb_error != TL_KRB_NONE ? tl_krb_by_code(event->krb_error) : NULL;

    printf("%8.3f s  %-8s", (double)event->at_us / 1e6, tl_event_kind_name(event->kind));
    if (event->message != NULL)
        printf(" %s", cli_show(cli, event->message));
    if (krb != NULL)
        printf(" %s%d %s%s", cli_color(cli, "yellow"), event->krb_error, krb->name,
               cli_color(cli, "off"));
    if (event->edata_ntstatus != 0)
        printf(" (0x%08X)", event->edata_ntstatus);
    if (event->armored)
        printf(" (armored)");
    if (event->subject != NULL)
        printf(" %s", cli_show(cli, event->subject));
    if (event->server != NULL)
        printf(" @ %s", cli_show(cli, event->server));
    if (event->took_us > 0)
        printf(" [%.1f ms]", (double)event->took_us / 1000);
    if (event->text != NULL)
        printf(" %s", cli_show(cli, event->text));
    printf("\n");
    fflush(stdout);
}

int cli_print_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
    putchar('\n');
    json_decref(object);
    return 0;
}
