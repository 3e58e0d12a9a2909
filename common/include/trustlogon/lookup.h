/* SPDX-License-Identifier: MIT
 *
 * trustlogon/lookup.h - users and groups that never logged on here: from a name or an
 * id to an identity or a group, by asking the domain that must know.
 *
 * Where the machine may read it, the directory of the account's own domain is asked,
 * over LDAP with the machine's ticket. Over a one-way trust it may not: then the
 * workstation's own DC asks across the trust [MS-LSAT], and knows SID and name only.
 * What comes back passes the SID rules and the making of identities that a logon's PAC
 * passes: the same ids, names and refusals.
 */
#ifndef TRUSTLOGON_LOOKUP_H
#define TRUSTLOGON_LOOKUP_H

#include <trustlogon/identity.h>
#include <trustlogon/machine.h>
#include <trustlogon/people.h>

struct tl_question {
    bool group;       /* of a group; else of a user */
    const char *name; /* any form with a domain; NULL: by id */
    uint32_t id;
};

enum tl_lookup_by {
    TL_LOOKUP_BY_SAM,
    TL_LOOKUP_BY_UPN,
    TL_LOOKUP_BY_SID,
    TL_LOOKUP_BY_ID /* rfc2307: the number in the directory */
};

/* A domain that may know, as our own side's directory has it. */
struct tl_lookup_domain {
    const char *dns, *flat; /* flat: NULL, not known */
    bool has_sid;
    struct tl_sid sid;
    bool two_way; /* as far as is known, the machine can have tickets there */
    bool own_forest;
    bool own; /* the workstation's own domain */
};

/* What a question means. Nobody can be meant where num_domains is 0; *why says it. */
struct tl_lookup_plan {
    enum tl_lookup_by by;
    const char *name; /* sAMAccountName, or the whole UPN */
    /* By sAMAccountName, of a user: name@domain, which may be an explicit UPN of an
     * account that is called otherwise; else NULL. */
    const char *upn;
    struct tl_sid sid;
    uint32_t id;
    size_t num_domains; /* to be asked in this order until one knows */
    struct tl_lookup_domain *domains;
    const char *why;    /* a constant phrase, or NULL */
    bool not_known_yet; /* nobody by this snapshot; a newer one may know the domain */
};

/*
 * Pure. A bare name is ours only where bare_names or default_domain says so, and never
 * one of `local`. An explicit UPN means the forest its suffix is routed to; a group has
 * none. An id means the SID that the id mapping gives it to, or, with rfc2307, whom the
 * directory does whose range it is in. Without a topology of the machine's own domain
 * nobody is known yet. 0, -ENOMEM, or -EINVAL with *error (child of ctx): the
 * configuration contradicts itself.
 */
TL_PUBLIC int tl_lookup_plan_make(TALLOC_CTX *ctx, const struct tl_machine *machine,
                                  const struct tl_local_ids *local,
                                  const struct tl_question *question,
                                  struct tl_lookup_plan **plan, char **error);

struct tl_lookup_input {
    const struct tl_machine *machine;
    const struct tl_local_ids *local;
    const struct tl_trace *trace; /* may be NULL */
    /* A session with a TGT to ask by, of who has just logged on: it can read its own
     * domain whatever the trust. NULL: as the machine. */
    struct tl_krb *krb;
    tl_deadline deadline;
};

enum tl_lookup_source { TL_LOOKUP_LDAP = 1, TL_LOOKUP_LSA };

struct tl_lookup_answer {
    enum tl_lookup_source source;
    struct tl_identity *identity; /* of a user, else NULL */
    /* The group asked for; or those of the user's groups whose names came with him. */
    size_t num_groups;
    struct tl_group **groups;
    bool own_unread; /* which groups of this machine's domain he is in is not known */
    /* For tl_lookup_members(). */
    const struct tl_lookup_domain *domain;
    const struct tl_dir_group *entry; /* NULL: its members cannot be read */
};

/* One session: tickets and connections stay open for further questions. What is in
 * `in` is borrowed. NULL when memory is out. */
struct tl_lookup;
TL_PUBLIC struct tl_lookup *tl_lookup_new(TALLOC_CTX *ctx,
                                          const struct tl_lookup_input *in);
/*
 * TL_REASON_OK and *answer (child of the session). USER_UNKNOWN: who must know says
 * that there is none, or the one there is can be nobody here (ID_UNMAPPABLE,
 * ID_COLLISION and ID_NAME_UNSAFE, which the outcome's reason tells). Every other
 * reason: could not tell.
 */
TL_PUBLIC enum tl_reason tl_lookup_find(struct tl_lookup *lookup,
                                        const struct tl_lookup_plan *plan,
                                        const struct tl_question *question,
                                        struct tl_lookup_answer **answer,
                                        struct tl_outcome *out);
/* After USER_UNKNOWN: it was said of the sAMAccountName only, for it may be that whoever
 * said so translates no user principal names (a Samba DC, across a trust). */
TL_PUBLIC bool tl_lookup_sam_only(const struct tl_lookup *lookup);
/*
 * The users in the group that an answer holds, by their canonical names, nested groups
 * opened as deep as they go; children of ctx. Those of other domains are named by their
 * own domain's directory where there are few, and left out where that does not answer.
 */
TL_PUBLIC enum tl_reason tl_lookup_members(TALLOC_CTX *ctx, struct tl_lookup *lookup,
                                           const struct tl_lookup_answer *answer,
                                           const char ***members, size_t *count,
                                           struct tl_outcome *out);
/*
 * The groups that these SIDs are, all that can be told at once: *answer has those found,
 * in no order. OK, or what kept the last domain from telling.
 */
TL_PUBLIC enum tl_reason tl_lookup_name_groups(struct tl_lookup *lookup,
                                               const struct tl_sid *sids, size_t count,
                                               struct tl_lookup_answer **answer,
                                               struct tl_outcome *out);

/*
 * The groups of the workstation's own domain that an account of another forest is in,
 * itself or by a group of its own that `account` has, nested ones too. At most a search
 * for the account, and one for each level of groups that has it.
 */
TL_PUBLIC enum tl_reason tl_lookup_own_groups(TALLOC_CTX *ctx, struct tl_lookup *lookup,
                                              const struct tl_pac *account,
                                              struct tl_dir_names **groups,
                                              struct tl_outcome *out);

#endif
