/* SPDX-License-Identifier: MIT
 *
 * user_names.c - every name of the user, except names that could mean another user.
 *
 * A domain speaks for its own names only: the sAMAccountName below its DNS name and below
 * the flat name that the own side's directory has for it, and an explicit UPN whose
 * suffix is routed to it. A trusted domain could otherwise give one of its users the name
 * of a user of another domain.
 */
#include <errno.h>
#include <string.h>

#include <trustlogon/name.h>

#include "user.h"

/* NULL, or why a user cannot have this sAMAccountName here. The name module has the rules
 * of the directory; the other characters would end a field or a path. */
static const char *account_fault(TALLOC_CTX *ctx, const char *account)
{
    enum tl_name_error error = TL_NAME_OK;
    struct tl_name *name = NULL;
    const char *fault = NULL;

    if (account == NULL || account[0] == '\0' || strcmp(account, ".") == 0 ||
        strcmp(account, "..") == 0)
        return "the account has no name";
    if (strlen(account) > TL_SAM_MAX)
        return "the account's name is longer than a sAMAccountName may be";
    if (tl_name_parse(ctx, account, strlen(account), &name, &error) != 0)
        fault = tl_name_error_text(error);
    else if (name->form != TL_NAME_BARE || strpbrk(account, ":/") != NULL)
        fault = "the account's name contains a character that separates a name from its "
                "domain";
    talloc_free(name);
    return fault;
}

int tli_account_text(TALLOC_CTX *ctx, const char *account, const char *dns,
                     struct tli_user_text *text, const char **fault)
{
    memset(text, 0, sizeof(*text));
    *fault = account_fault(ctx, account);
    if (*fault != NULL)
        return -EINVAL;
    text->sam = tl_fold(ctx, account);
    text->dns = tl_dns_of(ctx, dns);
    text->canonical = talloc_asprintf(ctx, "%s@%s", text->sam, text->dns);
    if (text->sam == NULL || text->dns == NULL || text->canonical == NULL)
        return -ENOMEM;
    return 0;
}

int tl_canonical_name(TALLOC_CTX *ctx, const char *account, const char *dns,
                      const char **canonical, const char **fault)
{
    TALLOC_CTX *tmp = talloc_new(ctx);
    struct tli_user_text text;
    int ret = tmp != NULL ? tli_account_text(tmp, account, dns, &text, fault) : -ENOMEM;

    *canonical = ret == 0 ? talloc_steal(ctx, text.canonical) : NULL;
    talloc_free(tmp);
    return ret;
}

int tli_user_text_make(TALLOC_CTX *ctx, const struct tl_pac *pac, const char *client,
                       struct tli_user_text *text, const char **fault)
{
    const char *realm = client != NULL ? strrchr(client, '@') : NULL;

    memset(text, 0, sizeof(*text));
    *fault = "the ticket's client has no realm";
    if (realm == NULL || !tl_dns_valid(realm + 1))
        return -EINVAL;
    return tli_account_text(ctx, pac->account, realm + 1, text, fault);
}

/* A name that the machine's own account has belongs to that account. */
static int add(struct tl_identity *identity, const struct tl_local_ids *local, char *name)
{
    const char **grown;

    if (name == NULL)
        return -ENOMEM;
    if (tl_name_equal(name, identity->canonical) || tl_local_has_user(local, name))
        return 0;
    for (size_t i = 0; i < identity->num_names; i++) {
        if (tl_name_equal(name, identity->names[i]))
            return 0;
    }
    grown = talloc_realloc(identity, identity->names, const char *,
                           (unsigned int)identity->num_names + 1);
    if (grown == NULL)
        return -ENOMEM;
    identity->names = grown;
    identity->names[identity->num_names++] = talloc_steal(grown, name);
    return 0;
}

static bool in_own_forest(const struct tl_topology *topo, const struct tl_sid *domain)
{
    for (size_t i = 0; i < topo->num_domains; i++) {
        if (topo->domains[i].has_sid && tl_sid_equal(&topo->domains[i].sid, domain))
            return true;
    }
    return false;
}

/*
 * A suffix that names a domain makes an implicit UPN, sam@domain, even if another account
 * has it as its userPrincipalName. Any other must be routed to the forest of the user's
 * domain.
 */
static int upn_is_his(TALLOC_CTX *ctx, const struct tl_identity_input *in,
                      const struct tli_user_text *text, const char *upn, bool *his)
{
    struct tl_suffix_index *index = NULL;
    struct tl_name *name = NULL;
    struct tl_suffix_match match;
    struct tl_route *route = NULL;
    int ret;

    *his = false;
    ret = tl_name_parse(ctx, upn, strlen(upn), &name, NULL);
    if (ret != 0 || name->form != TL_NAME_UPN || in->topo == NULL)
        return ret == -ENOMEM ? ret : 0;
    ret = tl_route(ctx, name, in->ws, in->topo, &route);
    if (ret != 0)
        return ret;
    if (route->domain_named) {
        *his = tl_dns_equal(route->user_domain, text->dns) &&
               tl_name_equal(name->user, text->sam);
        return 0;
    }
    ret = tl_suffix_index_new(ctx, in->topo, &index);
    if (ret != 0)
        return ret;
    match = tl_suffix_find(index, name->domain);
    *his = match.reason == TL_REASON_OK &&
           (match.tdo != NULL ? tl_forest_has_sid(match.tdo, &in->pac->domain_sid)
                              : in_own_forest(in->topo, &in->pac->domain_sid));
    return 0;
}

static int add_upn(struct tl_identity *identity, const struct tl_identity_input *in,
                   const struct tli_user_text *text)
{
    const char *upn = in->pac->upn;
    TALLOC_CTX *tmp;
    bool his;
    int ret;

    if (upn == NULL || in->pac->upn_constructed || strpbrk(upn, ":/") != NULL)
        return 0;
    tmp = talloc_new(identity);
    ret = tmp != NULL ? upn_is_his(tmp, in, text, upn, &his) : -ENOMEM;
    if (ret == 0 && his)
        ret = add(identity, in->local, talloc_strdup(identity, upn));
    talloc_free(tmp);
    return ret;
}

int tli_user_names(struct tl_identity *identity, const struct tl_identity_input *in,
                   const struct tli_user_text *text)
{
    const char *usual =
        in->ws->default_domain != NULL ? in->ws->default_domain : in->ws->domain;
    int ret;

    ret = add(identity, in->local,
              talloc_asprintf(identity, "%s\\%s", text->dns, text->sam));
    if (ret == 0 && text->flat != NULL)
        ret = add(identity, in->local,
                  talloc_asprintf(identity, "%s\\%s", text->flat, text->sam));
    if (ret == 0 && text->flat != NULL)
        ret = add(identity, in->local,
                  talloc_asprintf(identity, "%s@%s", text->sam, text->flat));
    if (ret == 0)
        ret = add_upn(identity, in, text);
    if (ret == 0 && (tl_dns_equal(usual, text->dns) || tl_name_equal(usual, text->flat)))
        ret = add(identity, in->local, talloc_strdup(identity, text->sam));
    return ret;
}
