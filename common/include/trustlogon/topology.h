/* SPDX-License-Identifier: MIT
 *
 * trustlogon/topology.h - what is known about domains and trusts: a snapshot.
 *
 * The agent reads it over LDAP with the machine's credentials
 * (trustlogon/directory.h), saves it as JSON, and every route is computed from
 * it. Pure, but for tl_topology_load() and tl_topology_save().
 */
#ifndef TRUSTLOGON_TOPOLOGY_H
#define TRUSTLOGON_TOPOLOGY_H

#include <trustlogon/trust.h>

/* A domain of the workstation's own forest (from its crossRef). */
struct tl_domain {
    const char *dns;    /* lower case */
    const char *flat;   /* NetBIOS name, as in the directory */
    const char *parent; /* DNS name of the parent domain; NULL for a tree root */
    struct tl_sid sid;  /* objectSid of its head, where known */
    bool has_sid;
};

/* A trusted domain object that names no partner, so nothing can be done with it. */
struct tl_nameless_tdo {
    const char *holder, *dn;
    const char *flat; /* flatName, or NULL */
};

/* A snapshot. */
struct tl_suffix_index;
struct tl_topology {
    int64_t taken;      /* when it was read, seconds since 1970; 0: never */
    const char *source; /* "ldap://dc1.fabrikam.test" or a file, or NULL */
    const char *domain; /* DNS name of the workstation's domain, lower case */
    const char *forest; /* DNS name of its forest root, lower case */
    const char *site;   /* the workstation's site, or NULL */
    size_t num_domains; /* domains of the own forest, own domain included */
    struct tl_domain *domains;
    size_t num_suffixes; /* uPNSuffixes of the own forest */
    const char **suffixes;
    size_t num_trusts; /* TDOs of any holder: own domain, forest root, the other side */
    struct tl_tdo *trusts;
    size_t num_nameless;
    struct tl_nameless_tdo *nameless;
    size_t num_read; /* holders whose TDOs were all read: any other does not exist */
    const char **read;
    const struct tl_suffix_index *index; /* tl_topology_index(); NULL: not made */
};

TL_PUBLIC struct tl_topology *tl_topology_new(TALLOC_CTX *ctx);
/* Below, and wherever a topology is taken, NULL is one of which nothing is known;
 * changing or writing it is -EINVAL. */

/* Add a copy of a TDO, replacing one with the same holder and partner, unless both have
 * DNs and these differ: then there are two objects, and the one that bears its partner's
 * name is the one that is found. */
TL_PUBLIC int tl_topology_add_trust(struct tl_topology *topo, const struct tl_tdo *tdo);
TL_PUBLIC int tl_topology_add_nameless(struct tl_topology *topo, const char *holder,
                                       const char *dn, const char *flat);
/* The one of this holder that was the trust with `domain` (DNS or flat name), by its DN
 * or its flatName; or NULL. */
TL_PUBLIC const struct tl_nameless_tdo *
tl_topology_nameless(const struct tl_topology *topo, const char *holder,
                     const char *domain);
/* Note that all TDOs of `holder` have been added, even if it has none. */
TL_PUBLIC int tl_topology_mark_read(struct tl_topology *topo, const char *holder);
/* Whether they have been: by that mark, or because at least one is there. */
TL_PUBLIC bool tl_topology_was_read(const struct tl_topology *topo, const char *holder);
/* Another topology, in which the TDOs of `holder` are those that `from` has. It borrows
 * from both. NULL: one of them is NULL, or no memory. */
TL_PUBLIC struct tl_topology *tl_topology_with(TALLOC_CTX *ctx,
                                               const struct tl_topology *base,
                                               const char *holder,
                                               const struct tl_topology *from);
/* The TDO that `holder` has for `partner` (DNS or flat name), or NULL. */
TL_PUBLIC const struct tl_tdo *tl_topology_trust(const struct tl_topology *topo,
                                                 const char *holder, const char *partner);
/* What two readings of the trusts say differently, the first three of it: "CN=...:
 * securityIdentifier; CN=...: it is new". NULL: nothing; or no memory. Holders that only
 * one of them has read do not count. */
TL_PUBLIC char *tl_topology_difference(TALLOC_CTX *ctx, const struct tl_topology *saved,
                                       const struct tl_topology *now);
/* A domain of the own forest by DNS or flat name, or NULL. */
TL_PUBLIC const struct tl_domain *tl_topology_domain(const struct tl_topology *topo,
                                                     const char *name);
/* Whether both are of one forest, by the directory of the workstation's side: equal, or
 * domains of the own forest, or listed by one forest trust over which users come. No
 * other trust may list `domain` as well. `topo` may be NULL. */
TL_PUBLIC bool tl_same_forest(const struct tl_topology *topo, const char *realm,
                              const char *domain);

/* Whether a ticket of a user of `client` may come through the realm `through` to this
 * machine, of `own`. A user of `own` comes through none; others through the own forest
 * and through the forest to which a trust of the workstation's side assigns them. */
TL_PUBLIC bool tl_may_transit(const struct tl_topology *topo, const char *own,
                              const char *client, const char *through);

/*
 * JSON: documented in docs/topology.md. Decoding checks every member's type and
 * length; unknown members are ignored; -EBADMSG with *error (child of ctx)
 * naming the member otherwise.
 */
TL_PUBLIC int tl_topology_to_json(TALLOC_CTX *ctx, const struct tl_topology *topo,
                                  char **json);
TL_PUBLIC int tl_topology_from_json(TALLOC_CTX *ctx, const char *json, size_t len,
                                    struct tl_topology **topo, char **error);
/* File forms. save writes beside and renames, mode 0644. load: -ENOENT if absent. */
TL_PUBLIC int tl_topology_save(const struct tl_topology *topo, const char *path);
TL_PUBLIC int tl_topology_load(TALLOC_CTX *ctx, const char *path,
                               struct tl_topology **topo, char **error);
/*
 * What-if: apply "TRUST.ATTRIBUTE=VALUE". TRUST is the partner's name, or
 * HOLDER/PARTNER; ATTRIBUTE one of trustType, trustDirection, trustAttributes,
 * trustPartner, flatName, tln:NAME (VALUE: enabled, disabled, new, conflict,
 * absent), tlnex:NAME (VALUE: present, absent). -EINVAL with *error otherwise.
 */
TL_PUBLIC int tl_topology_set(TALLOC_CTX *ctx, struct tl_topology *topo,
                              const char *setting, char **error);

#endif
