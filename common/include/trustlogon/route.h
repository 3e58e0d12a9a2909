/* SPDX-License-Identifier: MIT
 *
 * trustlogon/route.h - from a name to a realm, a principal and a path.
 *
 * A pure function of (name, workstation, topology). It never stops a logon: a
 * verdict other than TL_REASON_OK is a prediction; the exchange is still made,
 * and the verdict explains what happened. Rules: [MS-DRSR] 5.64.2, [MS-ADTS]
 * 6.1.6.9.3.2, [MS-KILE] 3.3.5.1.1 and the routing code of Samba; where they
 * differ see docs/decisions/routing.md.
 */
#ifndef TRUSTLOGON_ROUTE_H
#define TRUSTLOGON_ROUTE_H

#include <trustlogon/name.h>
#include <trustlogon/status.h>
#include <trustlogon/topology.h>

struct tl_config;

/* This machine, as far as names and routes depend on it. */
struct tl_workstation {
    const char *flat;           /* WS1 */
    const char *fqdn;           /* ws1.fabrikam.test, lower case */
    const char *realm;          /* FABRIKAM.TEST */
    const char *domain;         /* fabrikam.test */
    const char *default_domain; /* domain of a bare name; NULL: `domain` */
    /* NSS knows that domain's users by bare names: an account of the machine itself must
     * not be taken for one of them. */
    bool bare_names;
    const char *realms; /* [topology] realms, or NULL */
};

/* The domain whose users and groups have names without a domain, by DNS name; NULL: no
 * domain has. `own` is the machine's own domain, NULL where it is not known. */
TL_PUBLIC const char *tl_bare_domain(const struct tl_config *config, const char *own);

/* Name types of the AS-REQ's client [RFC 4120 6.2, RFC 6806 5]. */
enum tl_principal_type {
    TL_PRINCIPAL = 1,  /* NT-PRINCIPAL */
    TL_ENTERPRISE = 10 /* NT-ENTERPRISE */
};

/* Which ticket the walk asks for first at the user's KDC. */
enum tl_first_ask {
    /* host/ws with canonicalize: the KDC refers by suffix routing */
    TL_ASK_HOST,
    /* krbtgt/<workstation realm>: no suffix routing can apply (external trust) */
    TL_ASK_KRBTGT
};

/* One step of the path: a TGT of `to` that `from` issues. The names are DNS names. */
struct tl_hop {
    const char *from, *to;
    const struct tl_tdo *tdo_from; /* the TDO that `from` holds for `to`; NULL: unknown */
    const struct tl_tdo *tdo_to;   /* the TDO that `to` holds for `from`; NULL: unknown */
};

struct tl_route {
    enum tl_reason verdict; /* TL_REASON_OK, or why it will probably fail */
    uint32_t ntstatus;      /* how it will probably end */
    const char *subject;    /* the TDO or suffix the verdict is about, or NULL */
    const char *attribute;  /* "trustType = 1", or NULL */
    const char *why;        /* one sentence: the rule that decided the route */
    bool local;             /* a name of this machine (verdict NAME_LOCAL) */
    const char *realm;      /* realm whose KDC gets the AS-REQ */
    const char *domain;     /* its DNS name, lower case */
    const char *principal;  /* client without its realm: "alice", "alice@corp.example" */
    enum tl_principal_type type;
    const char *user_domain;  /* DNS name of the user's domain where known, else NULL */
    const char *user_flat;    /* its flat name where known */
    const char *implicit_upn; /* sam@fqdn where the name gives it, else a guess or NULL */
    bool domain_named;        /* DOM\sam or implicit UPN: the user named the domain */
    enum tl_first_ask first_ask;
    size_t num_hops;     /* expected path; 0 within one domain */
    struct tl_hop *hops; /* pointers into the topology: keep it alive */
};

/*
 * Never fails but for memory (-ENOMEM). `topo` may be NULL: nothing is known, and a
 * domain's DNS name is taken at its word. With a topology, a domain that it does not have
 * is unknown (`realm` is NULL), unless ws->realms lists it: otherwise the user who types
 * a name would choose which hosts are looked up and asked.
 */
TL_PUBLIC int tl_route(TALLOC_CTX *ctx, const struct tl_name *name,
                       const struct tl_workstation *ws, const struct tl_topology *topo,
                       struct tl_route **route);

/* A domain that a rule or a record may name: one of the own forest, the partner of a
 * trust of the own side, or one that such a forest trust lists and does not disable.
 * False for any other name, and where the domain's SID is not known. */
struct tl_known_domain {
    const char *dns;  /* belongs to the topology */
    const char *flat; /* NULL: not known */
    struct tl_sid sid;
    bool other_organization; /* its users come over selective authentication */
};
TL_PUBLIC bool tl_known_domain(const struct tl_topology *topo,
                               const struct tl_workstation *ws, const char *name,
                               struct tl_known_domain *domain);

/* A bare name that begins with the name of a known domain: a shell removes the backslash
 * of an unquoted CONTOSO\alice. The name that was probably meant, "CONTOSO\alice", or
 * NULL: for any other name, and where memory is out. A guess for messages, never a route.
 */
TL_PUBLIC char *tl_name_meant(TALLOC_CTX *ctx, const struct tl_name *name,
                              const struct tl_topology *topo);

/*
 * Judge a path once both sides' TDOs are known (after a failure): the first
 * thing wrong between the user's domain and the workstation's, with subject and
 * attribute as talloc children of ctx. TL_REASON_OK where nothing is wrong. The
 * user's side is judged first: TDO missing, type, name, direction, transitivity,
 * routing of the workstation's name, selective authentication; then the
 * workstation's. A TDO is missing only where its holder's directory was read.
 */
TL_PUBLIC enum tl_reason tl_route_judge(TALLOC_CTX *ctx, const struct tl_topology *topo,
                                        const char *user_domain,
                                        const struct tl_workstation *ws,
                                        const char **subject, const char **attribute);

/*
 * The TDOs without AES (tl_tdo_lacks_aes) on the expected path from a user's domain, in
 * the order in which a logon meets them; `list` is a child of ctx and points into the
 * topology. -ENOMEM only. They are not a fault by themselves: the effect depends on
 * allow_rc4 and on the domain controllers.
 */
struct tl_rc4_hop {
    const char *from, *to;    /* the hop */
    const struct tl_tdo *tdo; /* held by one of these */
    bool uneven;              /* the TDO at the other end of it has AES */
};
TL_PUBLIC int tl_route_rc4(TALLOC_CTX *ctx, const struct tl_topology *topo,
                           const char *user_domain, const struct tl_workstation *ws,
                           struct tl_rc4_hop **list, size_t *count);

/*
 * Which forest trust routes a UPN suffix or DNS name. An index over the
 * topology for fast look-ups (100,000 names); tl_route() makes and uses one. It
 * points into the topology. Names of the own forest are in it: they give OK with
 * neither trust nor record. `topo` may be NULL: no suffix is known.
 */
TL_PUBLIC int tl_suffix_index_new(TALLOC_CTX *ctx, const struct tl_topology *topo,
                                  struct tl_suffix_index **index);
/* Make it once for a topology that is asked often, and whose domains and suffixes do not
 * change any more: tl_suffix_index_new() then costs nothing. 0, -ENOMEM, -EINVAL for
 * NULL.
 */
TL_PUBLIC int tl_topology_index(struct tl_topology *topo);
struct tl_suffix_match {
    const struct tl_tdo *tdo; /* trust that routes it, or whose flag forbids it */
    const struct tl_ft_record *record; /* TLN, exclusion or domain record that decided */
    /* OK, SUFFIX_DISABLED_*, SUFFIX_EXCLUDED, SUFFIX_UNKNOWN, DOMAIN_DISABLED, or
     * TRUST_INFO_BROKEN (of any trust) */
    enum tl_reason reason;
};
TL_PUBLIC struct tl_suffix_match tl_suffix_find(const struct tl_suffix_index *index,
                                                const char *suffix);

/*
 * Where no trust has the name of a domain that was typed (DNS or NetBIOS): the trust of
 * the workstation's side that is missing it, as TRUST_DAMAGED, TRUST_PARTNER or
 * TRUST_FLAT with subject and attribute (children of ctx, or of topo); else OK.
 */
TL_PUBLIC enum tl_reason tl_route_meant(TALLOC_CTX *ctx, const struct tl_topology *topo,
                                        const char *typed, const char **subject,
                                        const char **attribute);

#endif
