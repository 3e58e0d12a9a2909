/* SPDX-License-Identifier: MIT
 *
 * trustlogon/lookup.h - users and groups that never logged on here: from a name or an id
 * to an identity or a group, by asking the domain that it belongs to.
 *
 * Where the machine may read it, the directory of the account's own domain is asked, over
 * LDAP with the machine's ticket. Over a one-way trust it may not: then the machine's own
 * DC asks across the trust [MS-LSAT], and knows SID and name only. The answer passes the
 * same SID rules and makes the same identity as the PAC of a logon: the same ids, names
 * and refusals.
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

/* A domain to ask, as the trusts of the machine's own side describe it. */
struct tl_lookup_domain {
    const char *dns, *flat; /* flat: NULL, not known */
    bool has_sid;
    struct tl_sid sid;
    bool two_way; /* as far as is known, the machine can get tickets there */
    bool own_forest;
    bool own; /* the workstation's own domain */
};

/* What a question means. With num_domains 0 it cannot mean an account, and `why` says
 * why.
 */
struct tl_lookup_plan {
    enum tl_lookup_by by;
    const char *name; /* sAMAccountName, or the whole UPN */
    /* By sAMAccountName, of a user: name@domain, which may be the explicit UPN of an
     * account with another name; else NULL. */
    const char *upn;
    struct tl_sid sid;
    uint32_t id;
    size_t num_domains; /* to be asked in this order until one has the account */
    struct tl_lookup_domain *domains;
    const char *why;    /* a constant phrase, or NULL */
    bool not_known_yet; /* no account by this snapshot; a newer one may know the domain */
};

/*
 * Pure. A bare name belongs to a domain only where bare_names or default_domain says so,
 * and never if it is in `local`. An explicit UPN means the forest that its suffix is
 * routed to; groups do not have UPNs. An id means the SID that the id mapping maps it to,
 * or, with rfc2307, an account in the directory of the domain whose range it is in.
 * Without a topology of the machine's own domain no account is known yet. 0, -ENOMEM, or
 * -EINVAL with *error (child of ctx): the configuration contradicts itself.
 */
TL_PUBLIC int tl_lookup_plan_make(TALLOC_CTX *ctx, const struct tl_machine *machine,
                                  const struct tl_local_ids *local,
                                  const struct tl_question *question,
                                  struct tl_lookup_plan **plan, char **error);

struct tl_lookup_reader;
struct tl_lookup_input {
    const struct tl_machine *machine;
    const struct tl_local_ids *local;
    const struct tl_trace *trace; /* may be NULL */
    /* A Kerberos context with the TGT of a user who has just logged on, which can read
     * the user's own domain over any trust. NULL: as the machine. */
    struct tl_krb *krb;
    tl_deadline deadline;
    /* Another process that reads the directories (lookup/reading.h); NULL: this one. */
    const struct tl_lookup_reader *reader;
    /* This process borrows the ticket for each server (tl_krb_borrow_ticket()), and is
     * not to have the machine's TGT. */
    bool borrow;
};

enum tl_lookup_source { TL_LOOKUP_LDAP = 1, TL_LOOKUP_LSA };

struct tl_lookup_answer {
    enum tl_lookup_source source;
    struct tl_identity *identity; /* of a user, else NULL */
    /* The group that was asked for; or those of the user's groups that came with names.
     */
    size_t num_groups;
    struct tl_group **groups;
    bool own_unread; /* the user's groups of this machine's domain could not be read */
    /* For tl_lookup_members(). */
    const struct tl_lookup_domain *domain;
    const struct tl_dir_group *entry; /* NULL: its members cannot be read */
};

/* Tickets and connections that stay open for further questions. What `in` points to is
 * borrowed. NULL: out of memory. */
struct tl_lookup;
TL_PUBLIC struct tl_lookup *tl_lookup_new(TALLOC_CTX *ctx,
                                          const struct tl_lookup_input *in);
/*
 * TL_REASON_OK and *answer (child of the look-up). USER_UNKNOWN: the domain says that the
 * account does not exist, or the account cannot be used on this machine (the outcome's
 * reason is then ID_UNMAPPABLE, ID_COLLISION or ID_NAME_UNSAFE). Every other reason: it
 * could not be found out.
 */
TL_PUBLIC enum tl_reason tl_lookup_find(struct tl_lookup *lookup,
                                        const struct tl_lookup_plan *plan,
                                        const struct tl_question *question,
                                        struct tl_lookup_answer **answer,
                                        struct tl_outcome *out);
/* After USER_UNKNOWN: this holds for the sAMAccountName only, because the DC may be one
 * that maps no user principal names across a trust (Samba's). */
TL_PUBLIC bool tl_lookup_sam_only(const struct tl_lookup *lookup);
/*
 * The users in the group of an answer, nested groups included, by their canonical names;
 * children of ctx. Those of other domains get their names from their own domain's
 * directory where there are few, and are left out where that does not answer.
 */
TL_PUBLIC enum tl_reason tl_lookup_members(TALLOC_CTX *ctx, struct tl_lookup *lookup,
                                           const struct tl_lookup_answer *answer,
                                           const char ***members, size_t *count,
                                           struct tl_outcome *out);
/*
 * The groups with these SIDs: *answer has those that were found, in no order. OK, or why
 * the last domain could not be asked.
 */
TL_PUBLIC enum tl_reason tl_lookup_name_groups(struct tl_lookup *lookup,
                                               const struct tl_sid *sids, size_t count,
                                               struct tl_lookup_answer **answer,
                                               struct tl_outcome *out);

/*
 * The groups of the machine's own domain that an account of another forest is in,
 * directly or through one of the groups of `account`, nested groups included. At most a
 * search for the account, and one for each level of groups that has it.
 */
TL_PUBLIC enum tl_reason tl_lookup_own_groups(TALLOC_CTX *ctx, struct tl_lookup *lookup,
                                              const struct tl_pac *account,
                                              struct tl_dir_names **groups,
                                              struct tl_outcome *out);

#endif
