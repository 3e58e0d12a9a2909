/* SPDX-License-Identifier: MIT
 *
 * cli.h - what the verbs of the command `trustlogon` share.
 */
#ifndef TL_CLI_H
#define TL_CLI_H

#include <jansson.h>
#include <trustlogon/diagnose.h>
#include <trustlogon/logon.h>

/* Exit codes, the same for every verb. */
enum {
    EXIT_WORKS = 0,       /* what was asked for works */
    EXIT_PROBLEM = 1,     /* it does not: something has to be fixed */
    EXIT_USAGE = 2,       /* the command line is wrong */
    EXIT_CANNOT_TELL = 3, /* neither could be found out */
    CLI_SHOW_HELP = -2    /* not an exit code: --help was given, main() prints it */
};

/* One run of the command; all that is allocated is a child of it. */

struct cli {
    const char *verb;         /* "" before it is known */
    const char *conf;         /* --conf FILE, or NULL */
    bool json;                /* --json */
    bool color;               /* on a terminal, unless NO_COLOR is set */
    struct tl_config *config; /* NULL before cli_load_config() */
};

typedef int (*cli_verb_fn)(struct cli *cli, int argc, char **argv);
int verb_config(struct cli *cli, int argc, char **argv);
int verb_diagnose(struct cli *cli, int argc, char **argv);
int verb_id(struct cli *cli, int argc, char **argv);
int verb_locate(struct cli *cli, int argc, char **argv);
int verb_logon(struct cli *cli, int argc, char **argv);
int verb_refresh(struct cli *cli, int argc, char **argv);
int verb_route(struct cli *cli, int argc, char **argv);
int verb_status(struct cli *cli, int argc, char **argv);
int verb_store(struct cli *cli, int argc, char **argv);
int verb_trusts(struct cli *cli, int argc, char **argv);

/* usage.c: "trustlogon VERB: text" on stderr (or {"error": ...} with --json); returns
 * `code`. */
int cli_error(const struct cli *cli, int code, const char *fmt, ...) TL_PRINTF(3, 4);
/* After getopt_long() returned '?' or ':' (`option`): say which option it was;
 * EXIT_USAGE. */
int cli_bad_option(const struct cli *cli, int option, char **argv);
/* The one positional argument of a verb, or NULL after a usage error. */
const char *cli_one_argument(const struct cli *cli, int argc, char **argv,
                             const char *what);
/* load.c: read the configuration into cli->config; 0, or an exit code after the error was
 * printed. */
int cli_load_config(struct cli *cli);
/* Fill in machine->workstation from the keytab: 0, or an exit code after the error was
 * printed. */
int cli_detect_machine(struct cli *cli, struct tl_machine *machine);

/* A workstation that is a member of the domain a dump was taken in. */
struct tl_workstation *cli_workstation_of(TALLOC_CTX *ctx,
                                          const struct tl_topology *topo);

/* This machine by its configuration, its host name and the snapshot. It needs no keytab,
 * so an ordinary user can ask. */
struct tl_workstation *cli_workstation_here(const struct cli *cli,
                                            const struct tl_topology *topo);

/* If `name` looks like DOMAIN\\name without its backslash, print a hint on stderr. */
void cli_hint_backslash(struct cli *cli, const char *name,
                        const struct tl_topology *topo);

/* Open this machine: its configuration (unless it is already loaded), its workstation if
 * asked for, and the snapshot of its trusts. Without CLI_SNAPSHOT a snapshot that cannot
 * be loaded is not an error. 0, or an exit code after the error was printed. */
#define CLI_WORKSTATION 1U /* detect it, which needs the keytab and so root */
#define CLI_SNAPSHOT 2U    /* fail without it */
int cli_open_machine(struct cli *cli, unsigned int needs, struct tl_machine **machine);

/* A machine with a topology and no workstation: of a dump, or (file NULL) of the
 * configuration and this machine's snapshot; 0 or an exit code. */
int cli_load_machine(struct cli *cli, const char *file, struct tl_machine **machine);

/* out.c: text for people. cli_show() makes network strings safe for a terminal. */
const char *cli_show(const struct cli *cli, const char *text);
const char *cli_color(const struct cli *cli,
                      const char *name); /* "red", "green", "yellow", "bold", "off" */
void cli_print_wrapped(const char *label, const char *text);
/* Text that begins in column `indent` (from 0), folded between words at the width of the
 * terminal and indented to that column; ends the line. */
void cli_print_folded(int indent, const char *text);
void cli_print_outcome(const struct cli *cli, const struct tl_outcome *out,
                       const struct tl_words *words);
void cli_print_event(const struct cli *cli, const struct tl_event *event);
int cli_print_json(json_t *object); /* steals the reference; returns 0 */

/* json.c: the library's objects as JSON. New references; never NULL. */
json_t *
cli_json_text(const char *text); /* null for NULL, repaired where it is not UTF-8 */
json_t *cli_json_status(uint32_t ntstatus);
json_t *cli_json_outcome(const struct tl_outcome *out, const struct tl_words *words);
json_t *cli_json_event(const struct tl_event *event);
json_t *cli_json_events(const struct tl_trace_log *log);
json_t *cli_json_route(const struct tl_route *route);
json_t *cli_json_tdo(const struct tl_tdo *tdo);
json_t *cli_json_dc(const struct tl_dc *dc);

/* password.c: from the terminal without echo, else one line of standard input. NULL after
 * an error was reported. An empty line and the end of the input are errors, since a KDC
 * counts an empty password as a wrong one. Wiped when freed. */
char *cli_read_password(const struct cli *cli, const char *name);
/* The same of something else: "PIN for". Nothing typed is "". */
char *cli_read_secret(const struct cli *cli, const char *what, const char *name);

/* progress.c: after a second of waiting, print on a terminal's stderr what it waits
 * for. */
void cli_progress_start(const struct cli *cli);
void cli_progress_at(void *arg, const char *check, const char *target);
void cli_progress_stop(void);

#endif
