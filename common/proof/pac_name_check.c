/* SPDX-License-Identifier: MIT
 *
 * pac_name_check.c - is the proven account the one whose name was given?
 *
 * A client that asks for canonicalization takes the name that the reply brings
 * [RFC 6806 6]. So an attacker on the wire who knows the password of any account can put
 * that account in the place of the one that was typed: request and reply are protected by
 * that password only. What comes back is genuine, signed, and another user's; the calling
 * programs go on with the name they were given. So the PAC, which cannot be changed on
 * the wire, must be that name's account.
 */
#include <string.h>

#include <trustlogon/name.h>
#include <trustlogon/pac_name_check.h>

static bool own_has(const struct tl_topology *topo, const char *domain)
{
    for (size_t i = 0; i < topo->num_domains; i++) {
        if (tl_dns_equal(topo->domains[i].dns, domain))
            return true;
    }
    return false;
}

static bool is_trusted_domain(const struct tl_topology *topo, const char *name)
{
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        if (tl_dns_equal(tdo->partner, name) &&
            (tl_dns_equal(tdo->holder, topo->domain) ||
             tl_dns_equal(tdo->holder, topo->forest)))
            return true;
    }
    return false;
}

/*
 * May an account of `realm` bear a userPrincipalName with a suffix of its own? The
 * referral there is WRONG_REALM, which any attacker on the wire can send; an
 * administrator of a trusted domain can give an account any UPN, so also that of a user
 * of another forest. So the realm must be where our own side's trusts route the suffix,
 * as a KDC of ours would, or of the own forest, whose KDCs find a UPN with any suffix in
 * the global catalogue. A suffix that is a trusted domain's name is that domain's.
 */
static bool may_bear_suffix(TALLOC_CTX *mem, const struct tl_topology *topo,
                            const struct tl_route *route, const char *realm,
                            const char *suffix)
{
    struct tl_suffix_index *index = NULL;
    struct tl_suffix_match match;

    if (tl_dns_equal(realm, route->domain)) /* our own KDC knew the account itself */
        return true;
    if (topo == NULL)
        return false;
    if (is_trusted_domain(topo, suffix))
        return tl_same_forest(topo, realm, suffix);
    if (own_has(topo, realm))
        return true;
    if (tl_suffix_index_new(mem, topo, &index) != 0)
        return false;
    match = tl_suffix_find(index, suffix);
    return match.reason == TL_REASON_OK && match.tdo != NULL &&
           tl_forest_has_domain(match.tdo, realm);
}

/* sam in the domain it was sought in, or the UPN sam@domain, which any account of that
 * domain's forest may bear (an administrator of another of its domains can set any UPN):
 * of the account whose SIDs are accepted. CLIENT_INFO only repeats the name that was
 * asked for. */
static bool is_sam_or_upn(const struct tl_pac *pac, const struct tl_topology *topo,
                          const char *sam, const char *domain, const char *upn,
                          const char *realm)
{
    if (tl_dns_equal(realm, domain) && tl_name_equal(pac->account, sam))
        return true;
    return tl_name_equal(pac->upn, upn) && tl_same_forest(topo, realm, domain);
}

static bool answers_to(TALLOC_CTX *mem, const struct tl_pac *pac,
                       const struct tl_topology *topo, const struct tl_route *route,
                       const char *realm)
{
    const char *at;
    char *text;

    if (route->type != TL_ENTERPRISE) {
        text = talloc_asprintf(mem, "%s@%s", route->principal, route->domain);
        return text != NULL &&
               is_sam_or_upn(pac, topo, route->principal, route->domain, text, realm);
    }
    at = strrchr(route->principal, '@');
    if (at != NULL && tl_name_equal(pac->upn, route->principal) &&
        may_bear_suffix(mem, topo, route, realm, at + 1))
        return true;
    text = at != NULL
               ? talloc_strndup(mem, route->principal, (size_t)(at - route->principal))
               : NULL;
    return text != NULL &&
           is_sam_or_upn(pac, topo, text, at + 1, route->principal, realm);
}

enum tl_reason tl_pac_check_name(const struct tl_pac *pac, const struct tl_topology *topo,
                                 const struct tl_route *route, const char *client,
                                 struct tl_outcome *out)
{
    const char *at = client != NULL ? strrchr(client, '@') : NULL;
    TALLOC_CTX *mem = talloc_new(NULL);
    bool ok;

    if (mem == NULL)
        return tl_outcome_fail(out, TL_STAGE_PROOF, TL_REASON_NO_MEMORY, NULL);
    ok = at != NULL && route->principal != NULL && route->domain != NULL &&
         answers_to(mem, pac, topo, route, at + 1);
    talloc_free(mem);
    if (ok)
        return TL_REASON_OK;
    return tl_outcome_fail(out, TL_STAGE_PROOF, TL_REASON_REPLY_MISMATCH,
                           "requested %s, but the ticket proves %s (%s)",
                           route->principal != NULL ? route->principal : "no account",
                           client != NULL ? client : "no account",
                           pac->upn != NULL ? pac->upn : "no UPN");
}
