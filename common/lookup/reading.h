/* SPDX-License-Identifier: MIT
 *
 * lookup/reading.h - one question to the directory of one domain, and what it brings.
 *
 * A look-up asks whole questions, each of which may take several searches, so that they
 * can be answered by another process: one that reads what that domain's servers send,
 * and has nothing else. The process that asks believes it in what concerns its domain
 * alone (tli_reading_refuse()).
 */
#ifndef TL_LOOKUP_READING_H
#define TL_LOOKUP_READING_H

#include <trustlogon/lookup.h>
#include <trustlogon/pac.h>
#include <trustlogon/route.h>
#include <trustlogon/unix_facts.h>

enum tli_reading_kind {
    TLI_READ_USER,          /* a user, the groups of the token, and their names */
    TLI_READ_ACCOUNT,       /* a user alone */
    TLI_READ_GROUP,         /* a group */
    TLI_READ_NAMES,         /* the names of SIDs */
    TLI_READ_MEMBERS,       /* of a group, by SID: tl_directory_members(), nested */
    TLI_READ_FOREIGN_GROUPS /* tl_directory_foreign_groups() */
};

/* Members that the kind has no use for are 0. */
struct tli_reading_question {
    enum tli_reading_kind kind;
    /* A user or a group, as in a plan (lookup.h); of a group only the SID for MEMBERS. */
    enum tl_lookup_by by;
    const char *name;
    const char *upn; /* by SAM: tried if no account has the name; or NULL */
    struct tl_sid sid;
    uint32_t id;
    /* NAMES: whose; FOREIGN_GROUPS: whose groups. */
    size_t count;
    const struct tl_sid *sids;
    /* USER: the SIDs of the groups, without their names. */
    bool nameless;
    /* With idmap = rfc2307: the ids too, and of a user the group with its gidNumber. */
    bool unix_ids, primary_group;
};

struct tli_reading {
    struct tl_dir_user *user;
    bool by_upn; /* the user was found by question->upn */
    struct tl_dir_group *group;
    struct tl_dir_names *names; /* NAMES: in the order of the SIDs */
    struct tl_unix_facts *facts;
};

/* Ask an open directory. *reading is a child of ctx. The reasons of people.h. */
enum tl_reason tli_reading_ask(TALLOC_CTX *ctx, struct tl_directory *dir,
                               const struct tli_reading_question *question,
                               struct tli_reading **reading, struct tl_outcome *out);

/* NULL, or why a reading by another process is not one of this domain: a SID, a name or
 * an id that is another domain's, or text that no directory's decoder lets through. Pure.
 */
const char *tli_reading_refuse(const struct tl_lookup_domain *domain,
                               const struct tli_reading_question *question,
                               const struct tli_reading *reading);

/*
 * What a logon's PAC would say about this user, made of what a directory says, so that
 * one set of SID rules and one way to make identities serve both. `groups` are the
 * tokenGroups with their names. `own`: the domain is the machine's, whose domain-local
 * groups count here; those of other domains do not, and no PAC brings them.
 */
int tli_lookup_account(TALLOC_CTX *ctx, const struct tl_dir_user *user,
                       const struct tl_dir_names *groups, bool own,
                       const struct tl_trace *trace, struct tl_pac **pac);
/* Who reads the directories for a look-up (tl_lookup_input.reader). TRUST_DIRECTION: this
 * machine may not ask the domain. */
struct tl_lookup_reader {
    enum tl_reason (*read)(void *arg, TALLOC_CTX *ctx,
                           const struct tl_lookup_domain *domain,
                           const struct tli_reading_question *question,
                           tl_deadline deadline, struct tli_reading **reading,
                           struct tl_outcome *out);
    void *arg;
};

/* Ask the look-up's reader, whose answer is judged, or, where it has none, as below. */
enum tl_reason tli_lookup_ask(TALLOC_CTX *ctx, struct tl_lookup *lookup,
                              const struct tl_lookup_domain *domain,
                              const struct tli_reading_question *question,
                              struct tli_reading **reading, struct tl_outcome *out);
/* Ask in this process, over connections that are kept in the look-up. */
enum tl_reason tli_lookup_read(TALLOC_CTX *ctx, struct tl_lookup *lookup,
                               const struct tl_lookup_domain *domain,
                               const struct tli_reading_question *question,
                               struct tli_reading **reading, struct tl_outcome *out);
/* The deadline of further questions. */
void tli_lookup_set_deadline(struct tl_lookup *lookup, tl_deadline deadline);
/* A domain that this machine knows, as far as reading its directory needs it. */
struct tl_lookup_domain tli_lookup_known(const struct tl_known_domain *known,
                                         const struct tl_workstation *ws);
/* The domain as look-ups of this machine know it; NULL: its users may not log on here, or
 * no memory. */
const struct tl_lookup_domain *
tli_lookup_domain(TALLOC_CTX *ctx, const struct tl_machine *machine, const char *dns);

#endif
