/* SPDX-License-Identifier: MIT
 *
 * trustlogon/evidence.h - which fault explains a failed logon: facts that were seen, and
 * a pure function that ranks causes by them. docs/diagnosis.md has both tables.
 */
#ifndef TRUSTLOGON_EVIDENCE_H
#define TRUSTLOGON_EVIDENCE_H

#include <trustlogon/outcome.h>
#include <trustlogon/trust.h>

enum tl_fact_kind {
#define TL_FACT(id, slug, holds) TL_FACT_##id,
#include <trustlogon/facts.def>
#undef TL_FACT
    TL_FACT_COUNT
};
struct tl_fact_info {
    const char *slug;  /* stable: "spn-ours" */
    const char *holds; /* the sentence that is true if nothing is wrong */
};
/* NULL for a number that is not a kind. */
TL_PUBLIC const struct tl_fact_info *tl_fact_info(enum tl_fact_kind kind);

/* What a fact is about. */
enum tl_place {
    TL_PLACE_HERE, /* this machine */
    TL_PLACE_OWN,  /* the domain that this machine is a member of */
    TL_PLACE_USER  /* the user's domain */
};
/* The source of a fact. Only a directory and a verified ticket are authenticated. */
enum tl_source {
    TL_SOURCE_DIRECTORY, /* LDAP, sealed by a ticket of the domain */
    TL_SOURCE_TICKET,    /* a ticket or PAC that this machine verified */
    TL_SOURCE_NETWORK,   /* a KRB-ERROR, a port: an attacker on the path can forge it */
    TL_SOURCE_FILE       /* a file of this machine */
};

/* One thing that was seen to hold, or not to. What was not checked is not a fact. */
struct tl_fact {
    enum tl_fact_kind kind;
    enum tl_place place;
    enum tl_source source;
    bool holds;
    /* If it does not hold, each of them NULL if not known: the object (DN, principal,
     * host or file), its attribute with the value found ("trustPartner = contso.test"),
     * and the right value ("contoso.test"). */
    const char *object, *attribute, *wanted;
};

/* A growing list. Freed with its talloc parent. */
struct tl_facts {
    size_t count;
    struct tl_fact *facts;
    bool incomplete; /* memory was out: something is missing */
};
TL_PUBLIC struct tl_facts *tl_facts_new(TALLOC_CTX *ctx);
/* Add a copy; object, attribute and wanted are copied too. `facts` may be NULL. */
TL_PUBLIC void tl_facts_add(struct tl_facts *facts, const struct tl_fact *fact);
/* Whether a kind is known to hold (1), not to hold (0), or is not known (-1); of several
 * instances one that does not hold decides. */
TL_PUBLIC int tl_facts_hold(const struct tl_facts *facts, enum tl_fact_kind kind,
                            enum tl_place place);

/* Whether a TDO of the workstation's side bears its name (tl_tdo_bears_its_name()). */
TL_PUBLIC void tl_facts_of_tdo(struct tl_facts *facts, const struct tl_tdo *tdo);

/* What one domain controller holds of an object that decides about a logon. */
enum tl_replicated {
    TL_REPLICATED_USER,    /* the user's account */
    TL_REPLICATED_MACHINE, /* this machine's account */
    TL_REPLICATED_TRUST    /* a trusted domain object */
};
struct tl_replica {
    const char *host; /* the domain controller */
    const char *dn;   /* NULL: it does not have the object */
    /* In the order of tl_replica_attributes(); NULL: the object does not have it. Several
     * values are one text, in the order of their bytes. */
    const char **values;
};
/* The attributes that are compared, ended by NULL. */
TL_PUBLIC const char *const *tl_replica_attributes(enum tl_replicated what);
/*
 * Number `i` of what the domain controller that answered holds otherwise than another
 * one: "userAccountControl = 514 at dc2.contoso.test, 512 at dc1.contoso.test", a child
 * of ctx. NULL past the end, or without memory. *behind: what the first one holds may
 * refuse what the other lets in: a flag that only it has, an older password. `spn` is the
 * machine's, or NULL. Pure.
 */
TL_PUBLIC char *tl_replica_difference(TALLOC_CTX *ctx, enum tl_replicated what,
                                      const struct tl_replica *answered,
                                      const struct tl_replica *other, const char *spn,
                                      size_t i, bool *behind);

/* Who can fix what a conclusion names, in words ("the administrators of contoso.test");
 * an object's DN shows whose it is. NULL: nobody but the user, or it is not known. Pure.
 */
TL_PUBLIC char *tl_who_mends(TALLOC_CTX *ctx, enum tl_reason reason, const char *subject,
                             const char *own_domain, const char *user_domain);

/* What the evidence comes to. */
struct tl_conclusion {
    enum tl_reason reason;      /* TL_REASON_OK: no cause fits better than the outcome */
    const struct tl_fact *fact; /* the fact that it rests on; belongs to the list */
};

/*
 * The cause that explains `out` best. A cause is out where a fact contradicts it; one
 * that rests on something wrong and explains how the logon ended wins; of several, the
 * earliest in the logon. A cause that does not explain the outcome is not chosen: the
 * fact is reported, but it is not why the logon failed. `own_realm` and `user_realm` show
 * which side out->realm is on; both may be NULL. Pure.
 */
TL_PUBLIC struct tl_conclusion tl_evidence_judge(const struct tl_facts *facts,
                                                 const struct tl_outcome *out,
                                                 const char *own_realm,
                                                 const char *user_realm);
/* The same, written into the outcome: reason, subject, attribute ("found; right is
 * wanted"). The status stays: a cause explains it. True if a cause was found. */
TL_PUBLIC bool tl_evidence_refine(const struct tl_facts *facts, struct tl_outcome *out,
                                  const char *own_realm, const char *user_realm);

#endif
