/* SPDX-License-Identifier: MIT
 *
 * identity.h - what `trustlogon id` finds out (id_gather.c, id_direct.c, id_check.c) and
 * shows (id_show.c).
 */
#ifndef TL_CLI_IDENTITY_H
#define TL_CLI_IDENTITY_H

#include <trustlogon/lookup.h>

#include "records.h"

/* One of the user's groups. */
struct cli_id_group {
    uint32_t gid;
    const char *sid, *name; /* NULL: not known */
};

/* An entry of /etc/passwd or /etc/group. */
struct cli_id_local {
    const char *name; /* NULL: no entry */
    const char *file;
    uint32_t id;
};

/* Something an administrator should know; `serious` makes the exit code 1. */
struct cli_id_warning {
    const char *slug, *text;
    bool serious;
};

/* What is asked, and all that was found out about it. */
struct cli_id_facts {
    struct cli *cli;
    const char *file; /* of the store; NULL: this machine's, and then more is asked */
    bool refresh;
    struct cli_asked asked;     /* as given */
    struct cli_asked key;       /* as looked up: a bare name in the default domain */
    struct tl_machine *machine; /* without a workstation where it is not known */
    struct tl_idmap *map;       /* NULL without a workstation */
    const char *idmap; /* the kind of id mapping; NULL for another machine's store */

    struct tli_store_view *view; /* NULL: no store; store_rc has the error */
    int store_rc;
    /* What was found, ended or not; and what is known not to exist. */
    bool has_user, has_group, has_gids, no_user, no_group;
    struct tli_store_item user, group, gids, missing;
    size_t num_groups;
    struct cli_id_group *groups;

    bool agent_asked;
    int agent_rc; /* of tli_ask_lookup() */
    uint32_t agent_ntstatus;
    const char *agent_text;    /* the same in words; NULL: it had an answer */
    struct tl_route *route;    /* of a name that is not known */
    const char *why;           /* no user or group can be meant; or NULL */
    const char *well_known;    /* the name of such a SID; or NULL */
    struct tl_outcome *direct; /* of a look-up by the command itself; or NULL */
    struct tl_words *direct_words;
    bool not_stored; /* what was found is from there */

    struct cli_id_local local; /* the account that has the name or id asked for */
    size_t num_warnings;
    struct cli_id_warning *warnings;
};

/* id_gather.c: 0, or an exit code after the error was printed. */
int cli_id_gather(struct cli_id_facts *facts);
/* id_direct.c: for what is not known, and why. */
void cli_id_look_up(struct cli_id_facts *facts);
/* id_check.c: compares what was found with the machine; fills local and warnings. */
void cli_id_find_local(struct cli_id_facts *facts);
void cli_id_check(struct cli_id_facts *facts);
/* id_show.c */
void cli_id_text(const struct cli_id_facts *facts);
json_t *cli_id_json(const struct cli_id_facts *facts);

#endif
