/* SPDX-License-Identifier: MIT
 *
 * trustlogon/logon.h - a whole logon: name, route, DC, exchange, proof, identity.
 */
#ifndef TRUSTLOGON_LOGON_H
#define TRUSTLOGON_LOGON_H

#include <trustlogon/evidence.h>
#include <trustlogon/identity.h>
#include <trustlogon/kerberos.h>
#include <trustlogon/machine.h>
#include <trustlogon/proof.h>

/*
 * The groups of this machine's own domain that the user is in, as its directory states
 * them: what was known before the logon, and what is known after it.
 */
struct tl_own_group {
    struct tl_sid sid;
    bool has_gid; /* with idmap = rfc2307, where it was known */
    uint32_t gid;
};
/* Times are in seconds since 1970; 0: never. */
struct tl_own_groups {
    int64_t asked;    /* the directory was asked, with or without an answer */
    int64_t answered; /* it answered, or a look-up's answer was taken in its place */
    size_t count;
    struct tl_own_group *groups; /* children of the context that was passed */
};
/* Fill in the groups that are cached from before for a user who has just been proven;
 * *known is all zero. */
typedef void (*tl_cached_groups_fn)(void *arg, TALLOC_CTX *ctx, const struct tl_sid *user,
                                    struct tl_own_groups *known);

struct tl_logon;
struct tl_unix_facts;
struct tl_dir_names;

/* What an exchange brings to the proof. */
struct tl_exchanged {
    struct tl_claim *claim;
    const char *path; /* the realms that were asked, as text, or NULL */
};

/*
 * Another process, which reads what the network sends. What it says is not believed: the
 * caller proves the claim, and judges the rest. Each function returns the reason of
 * logon->outcome, or of `out`; what it makes is a child of the logon.
 */
struct tl_logon_worker {
    void *arg;
    /* As tl_machine_refresh() of logon->machine. */
    enum tl_reason (*refresh)(void *arg, struct tl_logon *logon, struct tl_outcome *out);
    /* As tl_logon_exchange(); also sets logon->client, answered and trusts_newer. */
    enum tl_reason (*exchange)(void *arg, struct tl_logon *logon,
                               const struct tl_credential *credential,
                               const struct tl_challenge *challenge,
                               struct tl_exchanged **exchanged);
    /* Why the ticket could not be proven, by this machine's directory. */
    enum tl_reason (*explain_proof)(void *arg, struct tl_logon *logon);
    /* As tl_lookup_own_groups(), with the PAC of the logon; only SIDs are used. */
    enum tl_reason (*own_groups)(void *arg, struct tl_logon *logon, tl_deadline deadline,
                                 struct tl_dir_names **groups, struct tl_outcome *out);
    /* As tl_logon_unix_facts(), called once for each domain. `own`: it is this machine's
     * domain, to be read with the machine's tickets only. */
    enum tl_reason (*unix_facts)(void *arg, struct tl_logon *logon, const char *domain,
                                 bool own, struct tl_unix_facts **facts);
};

struct tl_logon {
    /* in */
    /* A copy of the caller's, for the logon may find that this machine is another one of
     * its keytab, or read the trusts again. */
    struct tl_machine *machine;
    const struct tl_trace *trace;      /* may be NULL */
    tl_cached_groups_fn cached_groups; /* NULL: nothing is cached from earlier logons */
    void *cached_groups_arg;
    /* How long a failure may be explained, which never changes the status;
     * tl_logon_new(): explain_timeout. */
    int explain_ms;
    /* Of the logon in progress, for all its steps together; 0: there is none. */
    tl_deadline deadline;
    const struct tl_logon_worker *worker; /* NULL: this process does all */
    /* out: as far as the logon got; children of it */
    struct tl_name *name;
    struct tl_route *route;
    struct tl_locator *locator;
    struct tl_krb *krb;
    struct tl_outcome *unread;    /* why the trusts could not be read; NULL: they were */
    struct tl_facts *facts;       /* what was seen while a failure was explained */
    bool answered;                /* a KDC answered, perhaps with an error */
    bool trusts_newer;            /* the exchange read trusts that are not saved yet */
    const char *client;           /* canonical principal, after the AS exchange */
    struct tl_proven *proven;     /* after the proof */
    struct tl_pac *pac;           /* of it; `own` is in its resource groups */
    struct tl_own_groups own;     /* of a user from outside of the own forest */
    struct tl_identity *identity; /* on success only */
    struct tl_membership *member; /* after tl_rules_check_logon() */
    const char *domain;           /* DNS name of the user's domain; the same */
    struct tl_outcome *outcome;
    struct tl_words *words;
};

/* What `machine` points to and `trace` are borrowed; the workstation must be known. A
 * topology that was read as a member of another domain does not count. */
TL_PUBLIC struct tl_logon *tl_logon_new(TALLOC_CTX *ctx, const struct tl_machine *machine,
                                        const struct tl_trace *trace);
/*
 * Name and route, without a packet: whether the name is a domain user's; called before a
 * password is asked for. NAME_LOCAL, NAME_INVALID, or OK (also with a bad verdict).
 */
TL_PUBLIC enum tl_reason tl_logon_prepare(struct tl_logon *logon, const char *name);
/*
 * The logon. Returns the outcome's reason; logon->outcome, words and all that was reached
 * are set. A failed walk is explained (both sides' TDOs are read,
 * the user's with the user's fresh ticket) if the configuration says so.
 */
TL_PUBLIC enum tl_reason tl_logon_run(struct tl_logon *logon,
                                      const struct tl_credential *credential);

/* That of the logon in progress; else logon_timeout from now. */
TL_PUBLIC tl_deadline tl_logon_deadline(const struct tl_logon *logon);
/* No KDC answered a logon that failed: what is cached of the last one may take its place.
 * Where one did, its answer decides. */
TL_PUBLIC bool tl_logon_unanswered(const struct tl_logon *logon);

/*
 * The part of tl_logon_run() that reads what the user's KDCs and directories send: DC, AS
 * exchange, walk, and the explanation of a failure. It needs no key of this machine where
 * its tickets are lent (<trustlogon/tickets.h>). *exchanged is a child of the logon;
 * logon->krb keeps the tickets.
 */
TL_PUBLIC enum tl_reason tl_logon_exchange(struct tl_logon *logon,
                                           const struct tl_credential *credential,
                                           const struct tl_challenge *challenge,
                                           struct tl_exchanged **exchanged);
/* The directory of this machine says why a ticket could not be proven. */
TL_PUBLIC enum tl_reason tl_logon_explain_proof(struct tl_logon *logon);
/* Read the POSIX attributes of an authenticated user from the directory of one domain,
 * for idmap = rfc2307. ID_UNMAPPABLE names the attribute that cannot be read. */
TL_PUBLIC enum tl_reason tl_logon_unix_facts(struct tl_logon *logon, const char *domain,
                                             struct tl_unix_facts **facts);

/* A password of AD is Unicode, and its key is made of UTF-8 [RFC 3962 4]: any other bytes
 * cannot be a password, and sent to a KDC they would only count as a wrong one. All
 * functions here refuse them without a packet: PASSWORD_NOT_UTF8, or for a new password
 * PASSWORD_NOT_GIVEN. */
TL_PUBLIC bool tl_password_is_text(const char *password);

/*
 * The old password, proven by and to the user's DC, and a password service found
 * there: before a new one is asked for. After tl_logon_prepare(). It is not a logon, see
 * tl_krb_as_changepw(). outcome and words are set.
 */
TL_PUBLIC enum tl_reason tl_password_prove(struct tl_logon *logon, const char *old);
/* Whether it has expired or must be changed. For PAM_CHANGE_EXPIRED_AUTHTOK, right after
 * tl_password_prove(). */
TL_PUBLIC bool tl_password_is_over(struct tl_logon *logon, const char *old);
/*
 * Prove the old password and change it. OK only if the DC said so, authenticated;
 * for the other ends see tl_krb_change_password(). A refusal that may be for the
 * password's age is PASSWORD_TOO_YOUNG with the date, if a logon with the old one
 * brings it. words->message is Windows' sentence, followed by the broken rule.
 */
TL_PUBLIC enum tl_reason tl_password_change(struct tl_logon *logon, const char *old,
                                            const char *new_password);

/* After PASSWORD_RULES: whether the password's age is why, by a logon with the old one,
 * whose ticket has to be proven. tl_password_change() does this itself unless the logon
 * has a worker. */
TL_PUBLIC void tl_password_explain_age(struct tl_logon *logon, const char *old);

#endif
