/* SPDX-License-Identifier: MIT
 *
 * records.h - the identity store for the verbs `store` and `id`.
 */
#ifndef TL_CLI_RECORDS_H
#define TL_CLI_RECORDS_H

#include "cli.h"
#include "store/inspect.h"

/* What was asked for: a number, a SID, or a name. */
struct cli_asked {
    const char *text;
    bool is_id, is_sid;
    uint32_t id;
};
/* 0, or EXIT_USAGE after the error was printed: the number is not an id, the SID is
 * malformed. */
int cli_asked_parse(const struct cli *cli, const char *text, struct cli_asked *asked);
/* At most one record for each kind, the user first: a name may be that of a user and of
 * a group. Returns how many were filled in. */
#define ASKED_MAX 2
size_t cli_asked_find(const struct tli_store_view *view, const struct cli_asked *asked,
                      struct tli_store_item items[ASKED_MAX]);

/* The store at `file` (NULL: this machine's); 0, or an exit code after the error was
 * printed: EXIT_PROBLEM for a file that readers ignore, EXIT_CANNOT_TELL otherwise, also
 * if no store exists yet. */
int cli_records_open(struct cli *cli, const char *file, struct tli_store_view **view);
/* Where it is. */
const char *cli_records_path(struct cli *cli, const char *file);

/* Whether readers take it now. */
bool cli_record_is_valid(const struct tli_store_item *item);

/* "5 min ago", "in 3 h"; a child of ctx. */
const char *cli_when(TALLOC_CTX *ctx, uint64_t at);
/* "12.5 MiB" */
const char *cli_bytes(TALLOC_CTX *ctx, uint64_t count);
/* "logon", "directory", "lsa", for columns and JSON; NULL if it is not known. */
const char *cli_source_slug(enum tli_store_source source);
/* "user", "group", "groups", or "missing" for a negative one. */
const char *cli_kind_of(const struct tli_store_item *item);
/* What does not exist by a negative record: "user gone@contoso.test", "group 200777". */
const char *cli_missing_what(TALLOC_CTX *ctx, const struct tli_store_item *item);
json_t *cli_json_item(const struct tli_store_item *item);

#endif
