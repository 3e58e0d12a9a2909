/* SPDX-License-Identifier: MIT
 *
 * sidrules.c - the SIDs of a PAC that this workstation accepts.
 *
 * Two questions for every SID. Is it one that no domain may hand to a member at
 * all: builtin groups, logon types, local accounts (the member rule)? And could
 * the domain that issued it speak for it: that depends on the boundary between
 * that domain and ours [MS-PAC 4.1.2.2], which its TDO describes.
 *
 * One limit follows from where this stands: a SID of our own domain in ExtraSids
 * may have been added by our own KDC after the boundary (Samba 4.17 does that
 * with domain-local groups) or may be forged by the other side; nothing in the
 * PAC tells which, so for a user of another forest it is set aside: access rules may
 * deny by it, and allow if our own directory confirms it. The place for them is the
 * resource groups [KILE 3.3.5.7.3], and those pass.
 */
#include <string.h>

#include <trustlogon/name.h>
#include <trustlogon/sidrules.h>

#define FIRST_ORDINARY_RID 1000U /* below: made with the domain [MS-PAC 4.1.2.2] */

enum boundary {
    WITHIN_FOREST,
    CROSS_FOREST, /* the SIDs of the forest information pass */
    PIM,          /* the same, and those of the own forest */
    EXTERNAL,     /* everything but the own forest's passes */
    QUARANTINED,  /* only those of the domain itself, and so if nothing is known */
};

struct rules {
    const struct tl_topology *topo;
    const struct tl_workstation *ws;
    const struct tl_trace *trace;
    struct tl_outcome *out;
    struct tl_pac *pac;
    const char *domain; /* of the user, DNS; NULL: not known */
    bool foreign;       /* and not of our forest */
    enum boundary boundary;
    const struct tl_tdo *tdo;        /* the own side's trust that carries it, or NULL */
    const struct tl_sid *domain_sid; /* as the directory says; NULL: not known */
    const struct tl_ft_record *disabled; /* its domain record, if that is switched off */
    const struct tl_tdo *disabler;       /* the trust that has that record */
};

static const struct tl_domain *own_domain_of(const struct tl_topology *topo,
                                             const struct tl_sid *domain_sid)
{
    for (size_t i = 0; topo != NULL && i < topo->num_domains; i++) {
        if (topo->domains[i].has_sid && tl_sid_equal(&topo->domains[i].sid, domain_sid))
            return &topo->domains[i];
    }
    return NULL;
}

/* S-1-5-21-x-y-z */
static bool is_domain_sid(const struct tl_sid *sid)
{
    static const uint8_t nt[6] = {0, 0, 0, 0, 0, 5};

    return sid->num_subs == 4 && sid->subs[0] == 21 &&
           memcmp(sid->authority, nt, sizeof(nt)) == 0;
}

/*
 * SIDs outside all domains that say something about the logon and so may cross
 * every boundary (NeverFilter): this or other organization, asserted identity,
 * non-unique authority, claims valid and compounded.
 */
static bool passes_always(const struct tl_sid *sid, const struct tl_sid *domain,
                          uint32_t rid)
{
    uint8_t authority = sid->authority[5];

    for (size_t i = 0; i < 5; i++) {
        if (sid->authority[i] != 0)
            return false;
    }
    if (authority == 4 || authority == 18)
        return true;
    if (authority != 5)
        return false;
    if (sid->num_subs == 1)
        return sid->subs[0] == 15 || sid->subs[0] == 1000;
    return is_domain_sid(domain) && domain->subs[1] == 0 && domain->subs[2] == 0 &&
           domain->subs[3] == 0 && (rid == 496 || rid == 497);
}

static bool sid_disabled(const struct tl_ft_record *rec)
{
    return (rec->flags & (TL_FT_SID_DISABLED_ADMIN | TL_FT_SID_DISABLED_CONFLICT)) != 0;
}

/* NULL, or why a SID of `domain` may not come from the user's domain. */
static const char *refuse_domain(const struct rules *r, const struct tl_sid *domain)
{
    if (r->boundary == WITHIN_FOREST || tl_sid_equal(domain, &r->pac->domain_sid))
        return NULL;
    if (own_domain_of(r->topo, domain) != NULL && r->boundary != PIM)
        return "a SID of the workstation's forest that the user's domain may not assert";
    switch (r->boundary) {
    case EXTERNAL:
        return NULL;
    case CROSS_FOREST:
    case PIM:
        if (own_domain_of(r->topo, domain) != NULL || tl_forest_has_sid(r->tdo, domain))
            return NULL;
        return "a SID of a domain that the forest trust's information does not list";
    default:
        return "a SID of a domain other than the user's";
    }
}

/* NULL, or why an extra SID is dropped. */
static const char *refuse_extra(const struct rules *r, const struct tl_sid *sid)
{
    struct tl_sid domain;
    const char *why;
    uint32_t rid;

    if (tl_sid_split(sid, &domain, &rid) != 0)
        return "a SID without sub-authorities";
    if (passes_always(sid, &domain, rid))
        return NULL;
    if (!is_domain_sid(&domain))
        return "a well-known or local SID, which no domain assigns";
    why = refuse_domain(r, &domain);
    if (why == NULL && r->foreign && rid < FIRST_ORDINARY_RID)
        why = "a SID with a RID below 1000 from another forest";
    return why;
}

/* Resource groups are the workstation's domain's own, added by its KDC. */
static const char *refuse_resource(const struct rules *r, const struct tl_sid *sid)
{
    const struct tl_domain *own = tl_topology_domain(r->topo, r->ws->domain);
    struct tl_sid domain;
    uint32_t rid;

    if (tl_sid_split(sid, &domain, &rid) != 0 || !is_domain_sid(&domain))
        return "a resource group outside any domain";
    if (own != NULL && own->has_sid)
        return tl_sid_equal(&domain, &own->sid)
                   ? NULL
                   : "a resource group of another domain than the workstation's";
    if (r->foreign && tl_sid_equal(&domain, &r->pac->domain_sid))
        return "a resource group of the user's domain";
    return NULL;
}

static size_t filter(const struct rules *r, struct tl_pac_group *groups, size_t count,
                     const char *(*refuse)(const struct rules *r,
                                           const struct tl_sid *sid))
{
    char string[TL_SID_STRING_MAX];
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        const char *why = refuse(r, &groups[i].sid);
        struct tl_event event = {.kind = TL_EVENT_SID,
                                 .krb_error = TL_KRB_NONE,
                                 .realm = r->domain,
                                 .text = why};

        if (why == NULL) {
            /* What is dropped goes behind what is kept. */
            const struct tl_pac_group keep = groups[i];

            groups[i] = groups[kept];
            groups[kept++] = keep;
            continue;
        }
        event.subject = tl_sid_format(&groups[i].sid, string);
        tl_trace_event(r->trace, &event);
    }
    return kept;
}

/* Of those dropped: which our own KDC may have added, the only one that could. */
static size_t set_aside(const struct rules *r, struct tl_pac_group *dropped, size_t count)
{
    size_t aside = 0;

    for (size_t i = 0; r->foreign && i < count; i++) {
        const struct tl_pac_group group = dropped[i];
        struct tl_sid domain;
        uint32_t rid;

        if (tl_sid_split(&group.sid, &domain, &rid) != 0 ||
            own_domain_of(r->topo, &domain) == NULL)
            continue;
        dropped[i] = dropped[aside];
        dropped[aside++] = group;
    }
    return aside;
}

static enum tl_reason refuse_user(const struct rules *r, const struct tl_sid *sid,
                                  enum tl_reason reason, const char *why)
{
    char string[TL_SID_STRING_MAX];
    struct tl_event event = {.kind = TL_EVENT_SID, .krb_error = TL_KRB_NONE};

    event.realm = r->domain;
    event.subject = tl_sid_format(sid, string);
    event.text = why;
    tl_trace_event(r->trace, &event);
    reason = tl_outcome_fail(r->out, TL_STAGE_PROOF, reason, "%s (%s)", why, string);
    if (r->out != NULL) {
        tl_outcome_set_subject(r->out, string);
        if (r->domain != NULL)
            tl_outcome_set_realm(r->out, r->domain);
    }
    return reason;
}

/* The TDO has the SID of another domain than its partner's tickets: one that was rebuilt
 * under its name, or one that impersonates it. */
static enum tl_reason refuse_trust(const struct rules *r)
{
    char have[TL_SID_STRING_MAX], wanted[TL_SID_STRING_MAX];
    char *attribute = talloc_asprintf(r->out, "securityIdentifier = %s",
                                      tl_sid_format(r->domain_sid, wanted));
    enum tl_reason reason = refuse_user(r, &r->pac->user_sid, TL_REASON_TRUST_SID,
                                        "the user's domain has another SID");

    tl_outcome_fail(r->out, TL_STAGE_PROOF, reason, "have %s",
                    tl_sid_format(&r->pac->domain_sid, have));
    tl_outcome_set_subject(r->out, r->tdo->dn != NULL ? r->tdo->dn : r->tdo->partner);
    tl_outcome_set_attribute(r->out, attribute);
    talloc_free(attribute);
    return reason;
}

/* The forest trust's information switches the user's domain off by its SID. */
static enum tl_reason refuse_disabled(const struct rules *r)
{
    const char *by = (r->disabled->flags & TL_FT_SID_DISABLED_ADMIN) != 0
                         ? "by an administrator"
                         : "because of a conflict";
    char sid[TL_SID_STRING_MAX];
    char *attribute = talloc_asprintf(
        r->out, "msDS-TrustForestTrustInfo disables the SID of %s (%s), %s", r->domain,
        tl_sid_format(&r->disabled->sid, sid), by);
    enum tl_reason reason =
        refuse_user(r, &r->pac->user_sid, TL_REASON_DOMAIN_SID_DISABLED,
                    "the forest trust's information disables the domain by its SID");

    tl_outcome_set_subject(r->out, r->disabler->dn != NULL ? r->disabler->dn
                                                           : r->disabler->partner);
    tl_outcome_set_attribute(r->out, attribute);
    talloc_free(attribute);
    return reason;
}

/*
 * A SID of the own forest as LogonDomainId is not a membership too many but a
 * false identity: authentication fails, it is not filtered [MS-PAC 4.1.2.2]. The
 * groups of GroupIds are made from LogonDomainId and so judged with it.
 */
static enum tl_reason check_user(const struct rules *r)
{
    const struct tl_pac *pac = r->pac;
    const struct tl_sid *sid = &pac->user_sid;
    const enum tl_reason filtered = TL_REASON_PAC_SID_FILTERED;

    if (pac->has_requestor_sid && !tl_sid_equal(&pac->requestor_sid, sid))
        return refuse_user(r, &pac->requestor_sid, TL_REASON_PAC_INVALID,
                           "the ticket was requested by another account");
    if (!is_domain_sid(&pac->domain_sid))
        return refuse_user(r, &pac->domain_sid, filtered, "not the SID of a domain");
    if (!tl_sid_in_domain(sid, &pac->domain_sid))
        return refuse_user(r, sid, filtered, "not a SID of the PAC's own logon domain");
    if (r->foreign && own_domain_of(r->topo, &pac->domain_sid) != NULL)
        return refuse_user(
            r, sid, filtered,
            "a user of another forest with a SID of the workstation's forest");
    if (r->disabled != NULL)
        return refuse_disabled(r);
    if (r->domain_sid != NULL && !tl_sid_equal(r->domain_sid, &pac->domain_sid))
        return r->tdo != NULL && r->domain_sid == &r->tdo->sid
                   ? refuse_trust(r)
                   : refuse_user(r, sid, filtered, "the user's domain has another SID");
    return TL_REASON_OK;
}

static enum boundary boundary_of(const struct tl_tdo *tdo)
{
    const uint32_t a = tdo->attributes;
    const uint32_t pim =
        TL_TRUST_FOREST_TRANSITIVE | TL_TRUST_TREAT_AS_EXTERNAL | TL_TRUST_PIM;

    if (a & TL_TRUST_QUARANTINED)
        return QUARANTINED;
    if (a & TL_TRUST_WITHIN_FOREST)
        return WITHIN_FOREST;
    if ((a & pim) == pim)
        return PIM;
    if ((a & TL_TRUST_FOREST_TRANSITIVE) && !(a & TL_TRUST_TREAT_AS_EXTERNAL))
        return CROSS_FOREST;
    return EXTERNAL;
}

static bool own_side(const struct rules *r, const struct tl_tdo *tdo)
{
    return tl_dns_equal(tdo->holder, r->ws->domain) ||
           tl_dns_equal(tdo->holder, r->topo->forest);
}

/* By DNS name only: a realm whose name equals a flat name is another realm. */
static const struct tl_tdo *find_trust(const struct rules *r, const char *holder)
{
    const struct tl_tdo *tdo = tl_topology_trust(r->topo, holder, r->domain);

    return tdo != NULL && tl_dns_equal(tdo->partner, r->domain) ? tdo : NULL;
}

static const struct tl_domain *find_own(const struct rules *r)
{
    const struct tl_domain *own = tl_topology_domain(r->topo, r->domain);

    return own != NULL && tl_dns_equal(own->dns, r->domain) ? own : NULL;
}

/* The domain's record in a forest trust of the own side. */
static const struct tl_ft_record *find_record(const struct rules *r,
                                              const struct tl_tdo **tdo)
{
    for (size_t i = 0; i < r->topo->num_trusts; i++) {
        const struct tl_tdo *t = &r->topo->trusts[i];

        if (t->forest_info == NULL || !tl_tdo_is_forest(t) || !own_side(r, t))
            continue;
        for (size_t k = 0; k < t->forest_info->count; k++) {
            const struct tl_ft_record *rec = &t->forest_info->records[k];

            if (rec->type == TL_FT_DOMAIN && tl_dns_equal(rec->name, r->domain)) {
                *tdo = t;
                return rec;
            }
        }
    }
    return NULL;
}

/* Only TDOs of the own side count: what the other side's directory says about
 * itself is what it is to be checked against. */
static void find_foreign(struct rules *r)
{
    const struct tl_tdo *via = NULL;
    const struct tl_ft_record *rec = find_record(r, &via);

    if (r->tdo != NULL && r->tdo->has_sid)
        r->domain_sid = &r->tdo->sid;
    else if (rec != NULL && rec->has_sid)
        r->domain_sid = &rec->sid;
    if (rec != NULL && sid_disabled(rec)) {
        r->disabled = rec;
        r->disabler = via;
    }
    if (r->tdo == NULL)
        r->tdo = via;
    if (r->tdo != NULL)
        r->boundary = boundary_of(r->tdo);
    r->foreign = r->boundary != WITHIN_FOREST;
}

static void find_boundary(struct rules *r)
{
    const struct tl_domain *own = find_own(r);

    r->foreign = own == NULL && !tl_dns_equal(r->domain, r->ws->domain);
    r->boundary = r->foreign ? QUARANTINED : WITHIN_FOREST;
    if (r->topo == NULL || r->domain == NULL)
        return;
    r->tdo = find_trust(r, r->ws->domain);
    if (r->tdo == NULL)
        r->tdo = find_trust(r, r->topo->forest);
    if (r->foreign) {
        find_foreign(r);
        return;
    }
    if (own != NULL && own->has_sid)
        r->domain_sid = &own->sid;
    /* A child domain under quarantine speaks for itself alone. */
    if (r->tdo != NULL && (r->tdo->attributes & TL_TRUST_QUARANTINED))
        r->boundary = QUARANTINED;
}

bool tl_is_sid_refusal(enum tl_reason reason)
{
    return reason == TL_REASON_PAC_SID_FILTERED || reason == TL_REASON_TRUST_SID ||
           reason == TL_REASON_DOMAIN_SID_DISABLED;
}

enum tl_reason tl_pac_apply_rules(struct tl_pac *pac, const struct tl_topology *topo,
                                  const struct tl_route *route, const char *client,
                                  const struct tl_workstation *ws,
                                  const struct tl_trace *trace, struct tl_outcome *out)
{
    struct rules r = {.topo = topo, .ws = ws, .trace = trace, .out = out, .pac = pac};
    const char *at = client != NULL ? strrchr(client, '@') : NULL;
    enum tl_reason reason;
    size_t all;

    r.domain = at != NULL ? at + 1 : route != NULL ? route->user_domain : NULL;
    find_boundary(&r);
    reason = check_user(&r);
    if (reason != TL_REASON_OK)
        return reason;
    all = pac->num_extra;
    pac->num_extra = filter(&r, pac->extra, all, refuse_extra);
    pac->num_unproven = 0;
    pac->unproven = NULL;
    if (all > 0) { /* else there may be no array at all */
        pac->unproven = pac->extra + pac->num_extra;
        pac->num_unproven =
            set_aside(&r, pac->extra + pac->num_extra, all - pac->num_extra);
    }
    pac->num_resource = filter(&r, pac->resource, pac->num_resource, refuse_resource);
    return TL_REASON_OK;
}
