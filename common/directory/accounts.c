/* SPDX-License-Identifier: MIT
 *
 * accounts.c - who owns a service principal name, which account a user name is.
 */
#include <string.h>
#include <strings.h>

#include "internal.h"

static enum tl_reason no_memory(struct tl_outcome *out)
{
    tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    return TL_REASON_NO_MEMORY;
}

/* Search accounts: those of the whole forest by the catalogue where there is one, else,
 * or if `own` says so, those of this domain. */
static enum tl_reason find_accounts(TALLOC_CTX *ctx, struct tl_directory *dir, bool own,
                                    const char *filter, struct tli_entries **entries,
                                    struct tl_outcome *out)
{
    static const char *const attributes[] = {"sAMAccountName", "userPrincipalName",
                                             "userAccountControl", NULL};
    struct tli_search search = {"", LDAP_SCOPE_SUBTREE, filter, attributes};
    struct tli_connection *connection = own ? NULL : tli_directory_catalogue(dir);

    if (connection != NULL &&
        tli_connection_search(ctx, connection, &search, entries, NULL) == TL_REASON_OK)
        return TL_REASON_OK;
    search.base = dir->default_nc;
    return tli_connection_search(ctx, dir->ldap, &search, entries, out);
}

/* NULL stays NULL; -1 without memory. */
static int give(TALLOC_CTX *ctx, const char *text, const char **copy)
{
    *copy = text != NULL ? talloc_strdup(ctx, text) : NULL;
    return text != NULL && *copy == NULL ? -1 : 0;
}

static int copy_account(TALLOC_CTX *ctx, const struct tli_entry *entry,
                        struct tl_account *account)
{
    if (tli_entry_u32(entry, "userAccountControl", &account->control) != 0)
        account->control = 0;
    return give(ctx, entry->dn, &account->dn) != 0 ||
                   give(ctx, tli_entry_text(entry, "sAMAccountName"), &account->name) !=
                       0 ||
                   give(ctx, tli_entry_text(entry, "userPrincipalName"), &account->upn) !=
                       0
               ? -1
               : 0;
}

/* If no account has it, *accounts is an empty array, not NULL: that is an answer. */
static enum tl_reason accounts_with(TALLOC_CTX *ctx, struct tl_directory *dir, bool own,
                                    const char *attribute, const char *value,
                                    struct tl_account **accounts, size_t *count,
                                    struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tli_entries *entries = NULL;
    struct tl_account *list = NULL;
    char *escaped = tl_ldap_escape(tmp, (const uint8_t *)value, strlen(value));
    char *filter = talloc_asprintf(tmp, "(%s=%s)", attribute, escaped);
    enum tl_reason reason;

    *accounts = NULL;
    *count = 0;
    if (escaped == NULL || filter == NULL) {
        reason = no_memory(out);
        goto cleanup;
    }
    reason = find_accounts(tmp, dir, own, filter, &entries, out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    list = talloc_zero_array(ctx, struct tl_account, entries->count);
    for (size_t i = 0; list != NULL && i < entries->count; i++)
        if (copy_account(list, &entries->entries[i], &list[i]) != 0)
            TALLOC_FREE(list);
    if (list == NULL) {
        reason = no_memory(out);
        goto cleanup;
    }
    *accounts = list;
    *count = entries->count;

cleanup:
    talloc_free(tmp);
    return reason;
}

enum tl_reason tl_directory_spn(TALLOC_CTX *ctx, struct tl_directory *dir,
                                const char *spn, struct tl_account **accounts,
                                size_t *count, struct tl_outcome *out)
{
    return accounts_with(ctx, dir, false, "servicePrincipalName", spn, accounts, count,
                         out);
}

enum tl_reason tl_directory_upn(TALLOC_CTX *ctx, struct tl_directory *dir,
                                const char *upn, struct tl_account **accounts,
                                size_t *count, struct tl_outcome *out)
{
    return accounts_with(ctx, dir, false, "userPrincipalName", upn, accounts, count, out);
}

enum tl_reason tl_directory_account(TALLOC_CTX *ctx, struct tl_directory *dir,
                                    const char *name, struct tl_account **accounts,
                                    size_t *count, struct tl_outcome *out)
{
    return accounts_with(ctx, dir, true, "sAMAccountName", name, accounts, count, out);
}

/* One attempt to find a user by an attribute. */
static enum tl_reason find_user(TALLOC_CTX *ctx, struct tl_directory *dir, bool own,
                                const char *attribute, const char *value, size_t len,
                                struct tli_entries **entries, struct tl_outcome *out)
{
    char *escaped = tl_ldap_escape(ctx, (const uint8_t *)value, len), *filter;

    filter =
        talloc_asprintf(ctx, "(&(objectCategory=person)(%s=%s))", attribute, escaped);
    if (escaped == NULL || filter == NULL)
        return no_memory(out);
    return find_accounts(ctx, dir, own, filter, entries, out);
}

enum tl_reason tl_directory_user(TALLOC_CTX *ctx, struct tl_directory *dir,
                                 const char *upn_or_sam, const char **sam,
                                 const char **upn, const char **dn,
                                 struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    const char *at = strrchr(upn_or_sam, '@');
    struct tli_entries *entries = NULL;
    const struct tli_entry *user;
    enum tl_reason reason = TL_REASON_OK;

    *sam = *upn = *dn = NULL;
    if (at != NULL)
        reason = find_user(tmp, dir, false, "userPrincipalName", upn_or_sam,
                           strlen(upn_or_sam), &entries, out);
    /* A bare name, or an implicit UPN that no account has as its explicit UPN. */
    if (reason == TL_REASON_OK &&
        (at == NULL || (entries->count == 0 && strcasecmp(at + 1, dir->domain) == 0)))
        reason = find_user(tmp, dir, true, "sAMAccountName", upn_or_sam,
                           at != NULL ? (size_t)(at - upn_or_sam) : strlen(upn_or_sam),
                           &entries, out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    if (entries->count != 1) {
        reason = TL_REASON_USER_UNKNOWN;
        tl_outcome_fail(out, TL_STAGE_IDENTITY, reason, "%zu accounts have this name",
                        entries->count);
        goto cleanup;
    }
    user = &entries->entries[0];
    if (give(ctx, tli_entry_text(user, "sAMAccountName"), sam) != 0 ||
        give(ctx, tli_entry_text(user, "userPrincipalName"), upn) != 0 ||
        give(ctx, user->dn, dn) != 0)
        reason = no_memory(out);

cleanup:
    talloc_free(tmp);
    return reason;
}
