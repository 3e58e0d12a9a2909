/* SPDX-License-Identifier: MIT
 *
 * internal.h - what the files of common/trust share.
 *
 * Sides: the *own side* is the workstation's domain and its forest's root; their TDOs
 * route names. The *user's side* is any other holder that was read.
 */
#ifndef TRUST_INTERNAL_H
#define TRUST_INTERNAL_H

#include <trustlogon/route.h>

/* compare.c. All accept NULL, which equals nothing. */
bool tli_same_domain(const char *a, const char *b); /* DNS names */
bool tli_same_flat(const char *a, const char *b);   /* NetBIOS names */
/* A DNS name of at least two labels: a realm can be made of it. */
bool tli_dns_shaped(const char *name);
/* Length without one trailing dot; 0 for what is not a DNS name (empty labels, > 255):
 * such a name routes nothing and is not routed. */
size_t tli_dns_length(const char *name);
/* `name` equals `base` or lies below it. */
bool tli_dns_within(const char *name, const char *base);
/* ASCII letters only, in every locale (Turkish maps 'I' differently). */
bool tli_ascii_equal(const char *a, const char *b, size_t len);
int tli_ascii_order(const char *a, const char *b);
int tli_copy_string(TALLOC_CTX *ctx, const char **to, const char *from);

/* forest_match.c */
/* A trust whose forest information routes names: forest, not cut to its two ends. */
bool tli_tdo_routes_names(const struct tl_tdo *tdo);
/* Of the own side: held by the workstation's domain or by its forest's root. */
bool tli_tdo_is_own_side(const struct tl_topology *topo, const struct tl_tdo *tdo);
/* How one forest trust treats one DNS name; `specific`: labels of the deciding name. */
struct tl_suffix_match tli_forest_match(const struct tl_tdo *tdo, const char *name,
                                        size_t *specific);
enum tl_reason tli_tln_reason(uint32_t flags); /* SUFFIX_DISABLED_* or OK */
bool tli_domain_sid_disabled(const struct tl_ft_record *rec);
/* "Disabled-New", "Disabled-SID", ... as samba-tool prints them; "" when enabled. */
const char *tli_ft_flag_words(const struct tl_ft_record *rec);

/* known_domain.c: what a typed domain or suffix names. */
struct tli_known {
    const char *dns;                   /* NULL: a flat name without a known DNS name */
    const char *flat;                  /* NULL: not known */
    const struct tl_tdo *tdo;          /* own side's trust that knows it, or NULL */
    const struct tl_ft_record *record; /* its domain record in that trust, or NULL */
    bool own_forest;
    bool by_flat; /* the flat name was typed */
};
bool tli_known_find(const struct tl_topology *topo, const struct tl_workstation *ws,
                    const char *typed, struct tli_known *known);

/* path.c */
struct tli_path {
    size_t num_hops;
    struct tl_hop *hops;
    bool external; /* one hop, and nothing but a trust of two domains carries it */
};
/* The expected way from `user_domain` to ws->domain; strings belong to ctx or topo. */
int tli_path_find(TALLOC_CTX *ctx, const struct tl_topology *topo,
                  const struct tl_workstation *ws, const char *user_domain,
                  struct tli_path *path);

/* route_judge.c */
struct tli_fault {
    enum tl_reason reason;
    uint32_t ntstatus;
    const char *subject, *attribute;
};
/* The first thing wrong on a path; reason OK where nothing known is. */
int tli_path_judge(TALLOC_CTX *ctx, const struct tl_topology *topo,
                   const struct tl_workstation *ws, const char *user_domain,
                   const struct tli_path *path, struct tli_fault *fault);
/* What is wrong with a TDO by itself: its type, or a NetBIOS name for the partner. */
int tli_tdo_judge_kind(TALLOC_CTX *ctx, const struct tl_tdo *tdo, const char *peer,
                       struct tli_fault *fault);

#endif
