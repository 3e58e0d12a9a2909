/* SPDX-License-Identifier: MIT
 *
 * name_models.h - accounts of three domains, and a model of how KDCs read their names:
 * the account that a logon by a name proves.
 *
 * A KDC takes a name for a sAMAccountName of its domain, else for a user principal name
 * [KILE 3.3.5.6.1]; the real tl_pac_check_name() says which one was proven.
 */
#ifndef TL_TEST_NAME_MODELS_H
#define TL_TEST_NAME_MODELS_H

#include <string.h>
#include <strings.h>
#include <trustlogon/pac_name_check.h>

#include "fake_directory.h"
#include "fixtures.h"

static const struct {
    const char *dns, *flat, *sid;
} domains[] = {
    {"fabrikam.test", "FABRIKAM", "S-1-5-21-9-9-9"},
    {"contoso.test", "CONTOSO", "S-1-5-21-1-2-3"},
    {"emea.contoso.test", "EMEA", "S-1-5-21-1-2-4"},
    {"tree.example", "TREE", "S-1-5-21-1-2-5"},
};
#define DOMAINS COUNT(domains)

static const struct account {
    size_t domain;
    const char *sam, *upn; /* explicit, or NULL */
    uint32_t rid;
} accounts[] = {
    {1, "jd42", "john.doe@contoso.test", 1101},
    {1, "Alice", "alice@corp.example", 1102},
    {1, "bob", NULL, 1103},
    /* of one name one has it as his sAMAccountName, the other as his UPN */
    {1, "smith", NULL, 1104},
    {1, "asmith", "smith@contoso.test", 1105},
    {0, "carol", "carol@fabrikam.example", 1106},
    {0, "d.x", "dx@fabrikam.test", 1107},
    {2, "dave", "dave@corp.example", 1108},
    {2, "erin", "erin.e@emea.contoso.test", 1109},
    {3, "j\xc3\xbcrgen", "j.gro\xc3\x9f@tree.example", 1110},
    {3, "zo\xc3\xab", "z@off.example", 1111},
    /* suffixes that are not his forest's */
    {1, "mallory", "mallory@lab.corp.example", 1112},
    {1, "eve", "eve@nowhere.example", 1113},
};
#define ACCOUNTS COUNT(accounts)

static TALLOC_CTX *ctx;
static struct tl_topology *topo;
static struct tl_workstation ws;

static inline struct tl_sid account_sid(const char *domain, uint32_t rid)
{
    const struct tl_sid sid = sid_of(domain);
    struct tl_sid whole;

    ck_assert_int_eq(tl_sid_append(&sid, rid, &whole), 0);
    return whole;
}

/* The account of the domain with this sAMAccountName, or NULL. */
static inline const struct account *by_sam(size_t domain, const char *sam)
{
    for (size_t i = 0; i < ACCOUNTS; i++)
        if (accounts[i].domain == domain && tl_name_equal(accounts[i].sam, sam))
            return &accounts[i];
    return NULL;
}

/* The account of the domain with this explicit UPN, or NULL. */
static inline const struct account *by_upn(size_t domain, const char *upn)
{
    for (size_t i = 0; i < ACCOUNTS; i++)
        if (accounts[i].domain == domain && tl_name_equal(accounts[i].upn, upn))
            return &accounts[i];
    return NULL;
}

/* Its place in `domains`; DOMAINS if it is not there. */
static inline size_t domain_named(const char *dns)
{
    size_t i = 0;

    while (i < DOMAINS && strcasecmp(domains[i].dns, dns) != 0)
        i++;
    return i;
}

/* An enterprise name: our own KDC knows it, or sends it where the suffix is routed, and
 * there any domain of the forest may have it. */
static inline const struct account *by_enterprise(const char *name)
{
    const struct account *found = by_upn(0, name);
    struct tl_suffix_index *index = NULL;
    struct tl_suffix_match match;

    ck_assert_int_eq(tl_suffix_index_new(ctx, topo, &index), 0);
    match = tl_suffix_find(index, strrchr(name, '@') + 1);
    talloc_free(index);
    if (match.reason != TL_REASON_OK || match.tdo == NULL ||
        strcmp(match.tdo->partner, "contoso.test") != 0)
        return found;
    for (size_t i = 1; found == NULL && i < DOMAINS; i++)
        found = by_upn(i, name);
    return found;
}

/* The account that a logon by this name proves, or NULL. */
static inline const struct account *logon(const char *text)
{
    const struct account *found = NULL;
    struct tl_name *name = NULL;
    struct tl_route *route = NULL;
    struct tl_pac pac = {0};
    char *client, *implicit;

    if (tl_name_parse(ctx, text, strlen(text), &name, NULL) != 0)
        return NULL;
    ck_assert_int_eq(tl_route(ctx, name, &ws, topo, &route), 0);
    if (route->local || route->realm == NULL)
        return NULL;
    if (route->type == TL_ENTERPRISE) {
        found = by_enterprise(route->principal);
    } else {
        size_t domain = domain_named(route->domain);

        if (domain == DOMAINS)
            return NULL;
        found = by_sam(domain, route->principal);
        if (found == NULL)
            found = by_upn(domain, talloc_asprintf(ctx, "%s@%s", route->principal,
                                                   domains[domain].dns));
    }
    if (found == NULL)
        return NULL;
    implicit = talloc_asprintf(ctx, "%s@%s", found->sam, domains[found->domain].dns);
    client = talloc_asprintf(ctx, "%s@%s", found->sam,
                             tl_realm_of(ctx, domains[found->domain].dns));
    pac.account = found->sam;
    pac.upn = found->upn != NULL ? found->upn : implicit;
    pac.user_sid = account_sid(domains[found->domain].sid, found->rid);
    return tl_pac_check_name(&pac, topo, route, client, NULL) == TL_REASON_OK ? found
                                                                              : NULL;
}

#endif
