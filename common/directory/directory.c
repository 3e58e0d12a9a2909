/* SPDX-License-Identifier: MIT
 *
 * directory.c - what a logon asks of a directory: domains, trusts, the owner of
 * a service principal name, the account of a user.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <trustlogon/name.h>

#include "directory/connection.h"

/* The catalogue is a convenience; it may not eat the whole deadline. */
#define GC_TIMEOUT_MS 700

struct tl_directory {
    struct tl_connection *ldap;
    struct tl_connection *gc; /* opened when first needed; NULL: not to be had */
    bool gc_tried, gc_offered;
    size_t num_domains; /* of the forest, once read; 0: not known */
    struct tl_dc *dc;   /* what is needed of it for the second connection */
    const char *ccache;
    const char *default_nc, *root_nc, *config_nc;
    const char *domain, *forest; /* DNS names of the first two */
};

static enum tl_reason no_memory(struct tl_outcome *out)
{
    return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

static enum tl_reason read_root(struct tl_directory *dir, struct tl_outcome *out)
{
    static const char *const attributes[] = {
        "defaultNamingContext", "rootDomainNamingContext", "configurationNamingContext",
        "isGlobalCatalogReady", NULL};
    const struct tl_search search = {"", LDAP_SCOPE_BASE, "(objectClass=*)", attributes};
    struct tl_entries *entries = NULL;
    const struct tl_entry *root;
    const char *ready;
    enum tl_reason reason;

    reason = tl_connection_search(dir, dir->ldap, &search, &entries, out);
    if (reason != TL_REASON_OK)
        return reason;
    if (entries->count != 1)
        return tl_connection_fail(dir->ldap, out, "there is no rootDSE");
    root = &entries->entries[0];
    dir->default_nc = tl_entry_text(root, "defaultNamingContext");
    dir->root_nc = tl_entry_text(root, "rootDomainNamingContext");
    dir->config_nc = tl_entry_text(root, "configurationNamingContext");
    dir->domain = tl_dn_to_dns(dir, dir->default_nc);
    dir->forest = tl_dn_to_dns(dir, dir->root_nc);
    if (dir->domain == NULL || dir->forest == NULL || dir->config_nc == NULL)
        return tl_connection_fail(dir->ldap, out,
                                  "the rootDSE is not that of a domain controller");
    ready = tl_entry_text(root, "isGlobalCatalogReady");
    dir->gc_offered = ready != NULL && strcasecmp(ready, "TRUE") == 0;
    return TL_REASON_OK;
}

enum tl_reason tl_directory_open(TALLOC_CTX *ctx, const struct tl_dc *dc,
                                 const char *ccache, tl_deadline deadline,
                                 const struct tl_trace *trace,
                                 struct tl_directory **dir_out, struct tl_outcome *out)
{
    struct tl_directory *dir = talloc_zero(ctx, struct tl_directory);
    enum tl_reason reason;

    *dir_out = NULL;
    if (dir == NULL)
        return no_memory(out);
    dir->dc = talloc_zero(dir, struct tl_dc);
    dir->ccache = talloc_strdup(dir, ccache);
    reason = no_memory(NULL);
    if (dir->dc == NULL || dir->ccache == NULL)
        goto cleanup;
    dir->dc->domain = talloc_strdup(dir, dc->domain);
    dir->dc->host = talloc_strdup(dir, dc->host);
    dir->dc->address = talloc_strdup(dir, dc->address);
    dir->dc->addr = dc->addr;
    dir->dc->addr_len = dc->addr_len;
    if (dir->dc->domain == NULL || dir->dc->host == NULL || dir->dc->address == NULL)
        goto cleanup;
    reason = tl_connection_open(dir, dir->dc, TL_LDAP_PORT, ccache, deadline, trace,
                                &dir->ldap, out);
    if (reason == TL_REASON_OK)
        reason = read_root(dir, out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    *dir_out = dir;
    return TL_REASON_OK;

cleanup:
    if (reason == TL_REASON_NO_MEMORY)
        no_memory(out);
    talloc_free(dir);
    return reason;
}

/* The global catalogue of the same server, where it is one, answers, and would hold
 * more than we have already. */
static struct tl_connection *catalogue(struct tl_directory *dir)
{
    tl_deadline deadline =
        tl_deadline_min(dir->ldap->deadline, tl_deadline_in_ms(GC_TIMEOUT_MS));

    if (dir->num_domains == 1)
        return NULL;
    if (dir->gc_offered && !dir->gc_tried) {
        tl_connection_open(dir, dir->dc, TL_GC_PORT, dir->ccache, deadline,
                           dir->ldap->trace, &dir->gc, NULL);
        if (dir->gc != NULL)
            dir->gc->deadline = dir->ldap->deadline;
    }
    dir->gc_tried = true;
    return dir->gc;
}

/* The TDOs below CN=System of one naming context, over one connection. */
static enum tl_reason read_trusts(struct tl_connection *connection, const char *nc,
                                  const char *holder, struct tl_topology *topo,
                                  struct tl_outcome *out)
{
    static const char *const attributes[] = {"trustPartner",
                                             "flatName",
                                             "trustDirection",
                                             "trustType",
                                             "trustAttributes",
                                             "securityIdentifier",
                                             "whenChanged",
                                             "msDS-SupportedEncryptionTypes",
                                             "msDS-TrustForestTrustInfo",
                                             NULL};
    struct tl_search search = {NULL, LDAP_SCOPE_ONELEVEL, "(objectClass=trustedDomain)",
                               attributes};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tl_entries *entries = NULL;
    enum tl_reason reason;

    search.base = talloc_asprintf(tmp, "CN=System,%s", nc);
    if (search.base == NULL) {
        reason = no_memory(out);
        goto cleanup;
    }
    reason = tl_connection_search(tmp, connection, &search, &entries, out);
    for (size_t i = 0; reason == TL_REASON_OK && i < entries->count; i++) {
        const char *why = NULL;
        struct tl_tdo *tdo = NULL;
        int ret = tl_tdo_from_entry(tmp, holder, &entries->entries[i], &tdo, &why);

        if (ret == -EBADMSG) {
            tl_trace_note(connection->trace, "%s is left out: %s", entries->entries[i].dn,
                          why);
            continue;
        }
        if (ret != 0 || tl_topology_add_trust(topo, tdo) != 0)
            reason = no_memory(out);
    }

cleanup:
    talloc_free(tmp);
    return reason;
}

enum tl_reason tl_directory_trusts(struct tl_directory *dir, struct tl_topology *topo,
                                   struct tl_outcome *out)
{
    return read_trusts(dir->ldap, dir->default_nc, dir->domain, topo, out);
}

/* CN=Partitions and what is below it: domains and suffixes of the forest. */
static enum tl_reason read_partitions(struct tl_directory *dir, struct tl_topology *topo,
                                      struct tl_outcome *out)
{
    static const char *const crossref_attributes[] = {"systemFlags", "dnsRoot",
                                                      "nETBIOSName", "trustParent", NULL};
    static const char *const suffix_attributes[] = {"uPNSuffixes", NULL};
    struct tl_search search = {NULL, LDAP_SCOPE_ONELEVEL, "(objectClass=crossRef)",
                               crossref_attributes};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tl_entries *entries = NULL;
    enum tl_reason reason;

    search.base = talloc_asprintf(tmp, "CN=Partitions,%s", dir->config_nc);
    if (search.base == NULL) {
        reason = no_memory(out);
        goto cleanup;
    }
    reason = tl_connection_search(tmp, dir->ldap, &search, &entries, out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    if (tl_domains_from_entries(topo, entries, &topo->domains, &topo->num_domains) != 0) {
        reason = no_memory(out);
        goto cleanup;
    }
    dir->num_domains = topo->num_domains;
    search.scope = LDAP_SCOPE_BASE;
    search.filter = "(objectClass=*)";
    search.attributes = suffix_attributes;
    reason = tl_connection_search(tmp, dir->ldap, &search, &entries, out);
    if (reason == TL_REASON_OK && entries->count == 1 &&
        tl_suffixes_from_entry(topo, &entries->entries[0], &topo->suffixes,
                               &topo->num_suffixes) != 0)
        reason = no_memory(out);

cleanup:
    talloc_free(tmp);
    return reason;
}

/* SIDs: the own domain's from its head, the others' from the trusts within the forest. */
static enum tl_reason read_sids(struct tl_directory *dir, struct tl_topology *topo,
                                struct tl_outcome *out)
{
    static const char *const attributes[] = {"objectSid", NULL};
    const struct tl_search search = {dir->default_nc, LDAP_SCOPE_BASE, "(objectClass=*)",
                                     attributes};
    struct tl_entries *entries = NULL;
    enum tl_reason reason;

    reason = tl_connection_search(topo, dir->ldap, &search, &entries, out);
    if (reason != TL_REASON_OK)
        return reason;
    for (size_t i = 0; i < topo->num_domains; i++) {
        struct tl_domain *domain = &topo->domains[i];

        if (strcmp(domain->dns, dir->domain) == 0 && entries->count == 1)
            domain->has_sid =
                tl_entry_sid(&entries->entries[0], "objectSid", &domain->sid) == 0;
        for (size_t j = 0; j < topo->num_trusts && !domain->has_sid; j++) {
            const struct tl_tdo *tdo = &topo->trusts[j];

            if ((tdo->attributes & TL_TRUST_WITHIN_FOREST) != 0 && tdo->has_sid &&
                tl_dns_compare(tdo->partner, domain->dns) == TL_DNS_EQUAL) {
                domain->sid = tdo->sid;
                domain->has_sid = true;
            }
        }
    }
    talloc_free(entries);
    return TL_REASON_OK;
}

enum tl_reason tl_directory_topology(TALLOC_CTX *ctx, struct tl_directory *dir,
                                     struct tl_topology **topo_out,
                                     struct tl_outcome *out)
{
    struct tl_topology *topo = tl_topology_new(ctx);
    struct tl_connection *root = dir->ldap;
    enum tl_reason reason;

    *topo_out = NULL;
    if (topo == NULL)
        return no_memory(out);
    topo->taken = time(NULL);
    topo->source = talloc_asprintf(topo, "ldap://%s", dir->dc->host);
    topo->domain = talloc_strdup(topo, dir->domain);
    topo->forest = talloc_strdup(topo, dir->forest);
    if (topo->source == NULL || topo->domain == NULL || topo->forest == NULL) {
        reason = no_memory(out);
        goto cleanup;
    }
    reason = read_partitions(dir, topo, out);
    if (reason == TL_REASON_OK)
        reason = tl_directory_trusts(dir, topo, out);
    /* Only the root's TDOs carry forest trust information; a domain controller of
     * another domain has them in its catalogue, if it is one. */
    if (reason == TL_REASON_OK && strcmp(dir->domain, dir->forest) != 0) {
        root = catalogue(dir);
        if (root == NULL || read_trusts(root, dir->root_nc, dir->forest, topo, NULL) != 0)
            tl_trace_note(dir->ldap->trace, "the trusts of %s could not be read",
                          dir->forest);
    }
    if (reason == TL_REASON_OK)
        reason = read_sids(dir, topo, out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    *topo_out = topo;
    return TL_REASON_OK;

cleanup:
    talloc_free(topo);
    return reason;
}

/* Search accounts: those of the whole forest by the catalogue where there is one, else,
 * or if `own` says so, those of this domain. */
static enum tl_reason find_accounts(TALLOC_CTX *ctx, struct tl_directory *dir, bool own,
                                    const char *filter, struct tl_entries **entries,
                                    struct tl_outcome *out)
{
    static const char *const attributes[] = {"sAMAccountName", "userPrincipalName", NULL};
    struct tl_search search = {"", LDAP_SCOPE_SUBTREE, filter, attributes};
    struct tl_connection *connection = own ? NULL : catalogue(dir);

    if (connection != NULL &&
        tl_connection_search(ctx, connection, &search, entries, NULL) == TL_REASON_OK)
        return TL_REASON_OK;
    search.base = dir->default_nc;
    return tl_connection_search(ctx, dir->ldap, &search, entries, out);
}

enum tl_reason tl_directory_spn(TALLOC_CTX *ctx, struct tl_directory *dir,
                                const char *spn, const char ***dns_out, size_t *count,
                                struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tl_entries *entries = NULL;
    const char **dns = NULL;
    char *filter, *escaped;
    enum tl_reason reason;

    *dns_out = NULL;
    *count = 0;
    escaped = tl_ldap_escape(tmp, (const uint8_t *)spn, strlen(spn));
    filter = talloc_asprintf(tmp, "(servicePrincipalName=%s)", escaped);
    if (escaped == NULL || filter == NULL) {
        reason = no_memory(out);
        goto cleanup;
    }
    reason = find_accounts(tmp, dir, false, filter, &entries, out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    dns = talloc_zero_array(ctx, const char *, entries->count);
    for (size_t i = 0; dns != NULL && i < entries->count; i++) {
        dns[i] = talloc_strdup(dns, entries->entries[i].dn);
        if (dns[i] == NULL)
            TALLOC_FREE(dns);
    }
    if (dns == NULL) {
        reason = no_memory(out);
        goto cleanup;
    }
    *dns_out = dns;
    *count = entries->count;

cleanup:
    talloc_free(tmp);
    return reason;
}

/* NULL stays NULL; -1 where memory is out. */
static int give(TALLOC_CTX *ctx, const char *text, const char **copy)
{
    *copy = text != NULL ? talloc_strdup(ctx, text) : NULL;
    return text != NULL && *copy == NULL ? -1 : 0;
}

/* One attempt to find a user by an attribute. */
static enum tl_reason find_user(TALLOC_CTX *ctx, struct tl_directory *dir, bool own,
                                const char *attribute, const char *value, size_t len,
                                struct tl_entries **entries, struct tl_outcome *out)
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
    struct tl_entries *entries = NULL;
    const struct tl_entry *user;
    enum tl_reason reason = TL_REASON_OK;

    *sam = *upn = *dn = NULL;
    if (at != NULL)
        reason = find_user(tmp, dir, false, "userPrincipalName", upn_or_sam,
                           strlen(upn_or_sam), &entries, out);
    /* A bare name, or an implicit UPN that no account has as its explicit one. */
    if (reason == TL_REASON_OK &&
        (at == NULL || (entries->count == 0 && strcasecmp(at + 1, dir->domain) == 0)))
        reason = find_user(tmp, dir, true, "sAMAccountName", upn_or_sam,
                           at != NULL ? (size_t)(at - upn_or_sam) : strlen(upn_or_sam),
                           &entries, out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    if (entries->count != 1) {
        reason = tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_USER_UNKNOWN,
                                 "%zu accounts have this name", entries->count);
        goto cleanup;
    }
    user = &entries->entries[0];
    if (give(ctx, tl_entry_text(user, "sAMAccountName"), sam) != 0 ||
        give(ctx, tl_entry_text(user, "userPrincipalName"), upn) != 0 ||
        give(ctx, user->dn, dn) != 0)
        reason = no_memory(out);

cleanup:
    talloc_free(tmp);
    return reason;
}
