/* SPDX-License-Identifier: MIT
 *
 * route_judge.c - what is wrong between two domains, as far as their TDOs tell.
 *
 * A table of checks is run over the TDOs of the user's side first, hop by hop, then
 * over those of the workstation's side: the user's KDC is asked first, so its fault ends
 * the logon.
 */
#include <errno.h>
#include <trustlogon/name.h>

#include "route_judge.h"

static int check_missing(struct tli_scene *s)
{
    const struct tl_nameless_tdo *nameless;
    const struct tl_tdo *misnamed;

    /* Only where the way enters our forest: within one, the crossRefs already say
     * that the domains are joined, and of the user's forest too little was read. */
    if (s->tdo != NULL || !tl_topology_was_read(s->topo, s->holder) ||
        tli_is_ours(s, s->holder) == tli_is_ours(s, s->partner))
        return 0;
    nameless = tl_topology_nameless(s->topo, s->holder, s->partner);
    misnamed = tli_misnamed(s);
    if (misnamed != NULL)
        return tli_blame(s, TL_REASON_TRUST_PARTNER, misnamed->dn,
                         talloc_asprintf(s->ctx, "trustPartner = %s; right is %s",
                                         misnamed->partner, s->partner));
    if (nameless != NULL)
        return tli_blame(s, TL_REASON_TRUST_DAMAGED, nameless->dn,
                         talloc_strdup(s->ctx, "no trustPartner"));
    return tli_blame(s, TL_REASON_TRUST_MISSING, NULL, NULL);
}

static int check_type(struct tli_scene *s)
{
    char *attribute;

    if (s->tdo == NULL || s->tdo->type == TL_TRUST_UPLEVEL)
        return 0;
    attribute = talloc_asprintf(s->ctx, "trustType = %u", s->tdo->type);
    if (attribute == NULL)
        return -ENOMEM;
    return tli_blame(s,
                     s->tdo->type == TL_TRUST_DOWNLEVEL ? TL_REASON_TRUST_DOWNLEVEL
                                                        : TL_REASON_TRUST_MIT,
                     NULL, attribute);
}

static int check_partner(struct tli_scene *s)
{
    char *attribute;

    if (s->tdo == NULL || tli_same_domain(s->tdo->partner, s->partner))
        return 0;
    if (tli_dns_shaped(s->tdo->partner)) {
        attribute = talloc_asprintf(s->ctx, "trustPartner = %s; right is %s",
                                    s->tdo->partner, s->partner);
        return attribute != NULL ? tli_blame(s, TL_REASON_TRUST_PARTNER, NULL, attribute)
                                 : -ENOMEM;
    }
    attribute = talloc_asprintf(s->ctx, "trustPartner = %s", s->tdo->partner);
    if (attribute == NULL)
        return -ENOMEM;
    return tli_blame(s, TL_REASON_TRUST_NETBIOS_NAMED, NULL, attribute);
}

static int check_direction(struct tli_scene *s)
{
    uint32_t needed = s->user_side ? TL_TRUST_INBOUND : TL_TRUST_OUTBOUND;
    char *attribute;

    if (s->tdo == NULL || (s->tdo->direction & needed) != 0)
        return 0;
    attribute = talloc_asprintf(s->ctx, "trustDirection = %u, %s", s->tdo->direction,
                                tl_tdo_direction_name(s->tdo));
    if (attribute == NULL)
        return -ENOMEM;
    return tli_blame(s, TL_REASON_TRUST_DIRECTION, NULL, attribute);
}

static int check_transitive(struct tli_scene *s)
{
    char *attribute;

    if (s->tdo == NULL || s->path->num_hops < 2 || tli_tdo_routes_names(s->tdo))
        return 0;
    if ((s->tdo->attributes & TL_TRUST_WITHIN_FOREST) != 0 &&
        (s->tdo->attributes & TL_TRUST_NON_TRANSITIVE) == 0)
        return 0;
    attribute = talloc_asprintf(s->ctx, "trustAttributes = 0x%x%s", s->tdo->attributes,
                                (s->tdo->attributes & TL_TRUST_NON_TRANSITIVE) != 0
                                    ? ", NON_TRANSITIVE"
                                    : ", an external trust");
    if (attribute == NULL)
        return -ENOMEM;
    return tli_blame(s, TL_REASON_TRUST_NOT_TRANSITIVE, NULL, attribute);
}

/* Another forest trust of the same holder that claims the host more exactly. */
static const struct tl_tdo *rival(const struct tli_scene *s, size_t specific)
{
    size_t labels;

    for (size_t i = 0; i < s->topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &s->topo->trusts[i];

        if (tdo != s->tdo && tli_same_domain(tdo->holder, s->holder) &&
            tli_tdo_routes_names(tdo) &&
            tli_forest_match(tdo, s->ws->fqdn, &labels).reason == TL_REASON_OK &&
            labels > specific)
            return tdo;
    }
    return NULL;
}

static char *why_not_routed(const struct tli_scene *s,
                            const struct tl_suffix_match *match)
{
    switch (match->reason) {
    case TL_REASON_SUFFIX_EXCLUDED:
        return talloc_asprintf(s->ctx, "TLN_EX %s", match->record->name);
    case TL_REASON_DOMAIN_DISABLED:
        return talloc_asprintf(s->ctx, "domain %s: %s", match->record->name,
                               tli_ft_flag_words(match->record));
    case TL_REASON_SUFFIX_UNKNOWN:
        return talloc_asprintf(s->ctx, "no TLN covers %s", s->ws->fqdn);
    default:
        return talloc_asprintf(s->ctx, "TLN %s: %s", match->record->name,
                               tli_ft_flag_words(match->record));
    }
}

/* What else a TDO holds shows that these bits are not those it was made with. */
static int contradicts(struct tli_scene *s, const struct tl_tdo *tdo, const char *how)
{
    char *attribute =
        talloc_asprintf(s->ctx, "trustAttributes = 0x%x, %s", tdo->attributes, how);

    if (attribute == NULL)
        return -ENOMEM;
    return tli_blame(s, TL_REASON_TRUST_FLAGS, tdo->dn, attribute);
}

/*
 * The own side has a forest trust, so the host is asked for and a referral expected; but
 * to the user's KDC it is an external trust, which carries no referrals. A trust
 * that was recreated on one side only looks like this.
 */
static int check_same_kind(struct tli_scene *s)
{
    char *attribute;

    if (!s->user_side || s->tdo == NULL || tli_tdo_routes_names(s->tdo) ||
        s->hop->tdo_to == NULL || !tli_tdo_routes_names(s->hop->tdo_to))
        return 0;
    if (!s->hop->tdo_to->keeps_forest_info && s->hop->tdo_to->forest_info == NULL &&
        s->hop->tdo_to->forest_info_error == NULL)
        return contradicts(s, s->hop->tdo_to,
                           "FOREST_TRANSITIVE, and no msDS-TrustForestTrustInfo");
    if (tl_tdo_is_forest(s->tdo))
        return contradicts(s, s->tdo, "FOREST_TRANSITIVE and NON_TRANSITIVE at once");
    if (s->tdo->keeps_forest_info)
        return contradicts(s, s->tdo,
                           "without FOREST_TRANSITIVE, and the msDS-TrustForestTrustInfo "
                           "of a forest trust");
    attribute = talloc_asprintf(s->ctx, "trustAttributes = 0x%x, not a forest trust",
                                s->tdo->attributes);
    if (attribute == NULL)
        return -ENOMEM;
    return tli_blame(s, TL_REASON_TRUST_KINDS, NULL, attribute);
}

/* KDCs treat what is marked so as a domain of their own forest, whose tickets need no
 * filtering and whose referrals follow no trust between forests. */
static int check_outside(struct tli_scene *s)
{
    char *attribute;

    if (s->tdo == NULL || (s->tdo->attributes & TL_TRUST_WITHIN_FOREST) == 0 ||
        tli_is_ours(s, s->holder) == tli_is_ours(s, s->partner))
        return 0;
    attribute = talloc_asprintf(s->ctx, "trustAttributes = 0x%x, WITHIN_FOREST",
                                s->tdo->attributes);
    if (attribute == NULL)
        return -ENOMEM;
    return tli_blame(s, TL_REASON_TRUST_WITHIN_FOREST, NULL, attribute);
}

/* The user's KDC refers host/<fqdn> by the forest trust's names: is ours there? */
static int check_host_routed(struct tli_scene *s)
{
    struct tl_suffix_match match;
    const struct tl_tdo *other;
    enum tl_reason reason = TL_REASON_HOST_NOT_ROUTED;
    char *attribute;
    size_t specific;

    if (!s->user_side || s->tdo == NULL || !tli_tdo_routes_names(s->tdo))
        return 0;
    match = tli_forest_match(s->tdo, s->ws->fqdn, &specific);
    if (match.reason == TL_REASON_OK) {
        other = rival(s, specific);
        if (other == NULL)
            return 0;
        attribute =
            talloc_asprintf(s->ctx, "%s is routed to %s", s->ws->fqdn, other->partner);
    } else if (match.reason == TL_REASON_TRUST_INFO_BROKEN) {
        reason = TL_REASON_TRUST_INFO_BROKEN;
        attribute = talloc_strdup(s->ctx, s->tdo->forest_info_error);
    } else if (s->tdo->forest_info == NULL) {
        reason = TL_REASON_TRUST_INFO_MISSING;
        attribute = talloc_strdup(s->ctx, "msDS-TrustForestTrustInfo is absent");
    } else {
        attribute = why_not_routed(s, &match);
    }
    return attribute != NULL ? tli_blame(s, reason, NULL, attribute) : -ENOMEM;
}

static int check_selective(struct tli_scene *s)
{
    char *attribute;

    if (s->tdo == NULL || (s->tdo->attributes & TL_TRUST_CROSS_ORGANIZATION) == 0)
        return 0;
    attribute = talloc_asprintf(s->ctx, "trustAttributes = 0x%x, CROSS_ORGANIZATION",
                                s->tdo->attributes);
    if (attribute == NULL)
        return -ENOMEM;
    return tli_blame(s, TL_REASON_TRUST_SELECTIVE, NULL, attribute);
}

/* A ticket that comes over a forest trust must bear a realm that the trust claims
 * [MS-PAC 4.1.2.3]; Samba does not look. So this comes last. */
static int check_realm_claimed(struct tli_scene *s)
{
    struct tl_suffix_match match;
    char *attribute = NULL;
    size_t specific;

    if (s->user_side || s->tdo == NULL || !tli_tdo_routes_names(s->tdo))
        return 0;
    match = tli_forest_match(s->tdo, s->user_domain, &specific);
    if (match.reason == TL_REASON_OK)
        return 0;
    if (match.reason == TL_REASON_TRUST_INFO_BROKEN) {
        attribute = talloc_strdup(s->ctx, s->tdo->forest_info_error);
        return attribute != NULL ? tli_blame(s, match.reason, NULL, attribute) : -ENOMEM;
    }
    if (match.record != NULL) {
        attribute = talloc_strdup(s->ctx, tli_ft_flag_words(match.record));
        if (attribute == NULL)
            return -ENOMEM;
    }
    return tli_blame(s, match.reason,
                     match.record != NULL ? match.record->name : s->user_domain,
                     attribute);
}

static const check_fn checks[] = {check_missing,      check_type,        check_partner,
                                  check_direction,    check_outside,     check_transitive,
                                  check_same_kind,    check_host_routed, check_selective,
                                  check_realm_claimed};
/* What does not stop every logon, and is why where nothing else is. */
static const check_fn suspicions[] = {tli_check_damage, tli_check_twin,
                                      tli_check_enctypes, tli_check_spelling};

/* How it ends where the reason alone does not say: the user's KDC answers 7, the
 * workstation's KDC refuses the ticket of the trust (35 on Samba). */
static uint32_t status_of(const struct tli_scene *s)
{
    const struct tl_reason_info *info = tl_reason_info(s->fault->reason);

    if (info->ntstatus != 0)
        return info->ntstatus;
    if (s->user_side || s->fault->reason == TL_REASON_TRUST_NOT_TRANSITIVE)
        return TL_NT_NO_TRUST_SAM_ACCOUNT;
    return s->fault->reason == TL_REASON_TRUST_SELECTIVE
               ? TL_NT_AUTHENTICATION_FIREWALL_FAILED
               : TL_NT_TRUSTED_DOMAIN_FAILURE;
}

static int run_checks(struct tli_scene *s, const check_fn *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int ret = list[i](s);

        if (ret != 0)
            return ret;
        if (s->fault->reason != TL_REASON_OK) {
            s->fault->ntstatus = status_of(s);
            return 0;
        }
    }
    return 0;
}

/* One list of checks, over the TDOs of the user's side, then over those of the own. */
static int run_over_path(struct tli_scene *s, const check_fn *list, size_t count)
{
    *s->fault = (struct tli_fault){.reason = TL_REASON_OK};
    for (int side = 0; side < 2 && s->topo != NULL; side++) {
        s->user_side = side == 0;
        for (size_t i = 0; i < s->path->num_hops; i++) {
            int ret;

            s->hop = &s->path->hops[i];
            s->tdo = s->user_side ? s->hop->tdo_from : s->hop->tdo_to;
            s->holder = s->user_side ? s->hop->from : s->hop->to;
            s->partner = s->user_side ? s->hop->to : s->hop->from;
            ret = run_checks(s, list, count);
            if (ret != 0 || s->fault->reason != TL_REASON_OK)
                return ret;
        }
    }
    return 0;
}

int tli_path_judge(TALLOC_CTX *ctx, const struct tl_topology *topo,
                   const struct tl_workstation *ws, const char *user_domain,
                   const struct tli_path *path, struct tli_fault *fault)
{
    struct tli_scene s = {ctx, topo, ws, user_domain, path, .fault = fault};

    return run_over_path(&s, checks, sizeof(checks) / sizeof(checks[0]));
}

/* What may be wrong with a path on which tli_path_judge() finds nothing. */
static int suspect(TALLOC_CTX *ctx, const struct tl_topology *topo,
                   const struct tl_workstation *ws, const char *user_domain,
                   const struct tli_path *path, struct tli_fault *fault)
{
    struct tli_scene s = {ctx, topo, ws, user_domain, path, .fault = fault};

    return run_over_path(&s, suspicions, sizeof(suspicions) / sizeof(suspicions[0]));
}

int tli_tdo_judge_kind(TALLOC_CTX *ctx, const struct tl_tdo *tdo, const char *peer,
                       struct tli_fault *fault)
{
    struct tli_scene s = {
        .ctx = ctx, .tdo = tdo, .holder = tdo->holder, .partner = peer, .fault = fault};
    int ret;

    *fault = (struct tli_fault){.reason = TL_REASON_OK};
    ret = check_type(&s);
    if (ret == 0 && fault->reason == TL_REASON_OK)
        ret = check_partner(&s);
    return ret;
}

enum tl_reason tl_route_judge(TALLOC_CTX *ctx, const struct tl_topology *topo,
                              const char *user_domain, const struct tl_workstation *ws,
                              const char **subject, const char **attribute)
{
    TALLOC_CTX *tmp;
    struct tli_path path;
    struct tli_fault fault;
    enum tl_reason reason = TL_REASON_NO_MEMORY;

    *subject = *attribute = NULL;
    if (topo == NULL || user_domain == NULL)
        return TL_REASON_OK;
    tmp = talloc_new(ctx);
    if (tmp == NULL || tli_path_find(tmp, topo, ws, user_domain, &path) != 0 ||
        tli_path_judge(tmp, topo, ws, user_domain, &path, &fault) != 0)
        goto cleanup;
    if (fault.reason == TL_REASON_OK &&
        suspect(tmp, topo, ws, user_domain, &path, &fault) != 0)
        goto cleanup;
    *subject = talloc_steal(ctx, fault.subject);
    *attribute = talloc_steal(ctx, fault.attribute);
    reason = fault.reason;

cleanup:
    talloc_free(tmp);
    return reason;
}
