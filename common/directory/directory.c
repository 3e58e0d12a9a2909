/* SPDX-License-Identifier: MIT
 *
 * directory.c - what a logon asks of a directory about the forest: its domains,
 * suffixes and trusts.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <trustlogon/name.h>

#include "internal.h"

/* The catalogue is optional; it must not use up the whole deadline. */
#define GC_TIMEOUT_MS 700

static enum tl_reason no_memory(struct tl_outcome *out)
{
    tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    return TL_REASON_NO_MEMORY;
}

static enum tl_reason read_root(struct tl_directory *dir, struct tl_outcome *out)
{
    static const char *const attributes[] = {
        "defaultNamingContext", "rootDomainNamingContext", "configurationNamingContext",
        "isGlobalCatalogReady", NULL};
    const struct tli_search search = {"", LDAP_SCOPE_BASE, "(objectClass=*)", attributes};
    struct tli_entries *entries = NULL;
    const struct tli_entry *root;
    const char *ready;
    enum tl_reason reason;

    reason = tli_connection_search(dir, dir->ldap, &search, &entries, out);
    if (reason != TL_REASON_OK)
        return reason;
    if (entries->count != 1)
        return tli_connection_fail(dir->ldap, out, "there is no rootDSE");
    root = &entries->entries[0];
    dir->default_nc = tli_entry_text(root, "defaultNamingContext");
    dir->root_nc = tli_entry_text(root, "rootDomainNamingContext");
    dir->config_nc = tli_entry_text(root, "configurationNamingContext");
    dir->domain = tli_dn_to_dns(dir, dir->default_nc);
    dir->forest = tli_dn_to_dns(dir, dir->root_nc);
    if (dir->domain == NULL || dir->forest == NULL || dir->config_nc == NULL)
        return tli_connection_fail(dir->ldap, out,
                                   "the rootDSE is not that of a domain controller");
    ready = tli_entry_text(root, "isGlobalCatalogReady");
    dir->gc_offered = ready != NULL && strcasecmp(ready, "TRUE") == 0;
    return TL_REASON_OK;
}

/* The DC is copied: further connections (global catalogue) are opened to it later, when
 * the caller's list may be gone. */
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
    reason = tli_connection_open(dir, dir->dc, TL_LDAP_PORT, ccache, deadline, trace,
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

void tl_directory_set_deadline(struct tl_directory *dir, tl_deadline deadline,
                               int silence_ms)
{
    tli_connection_set_deadline(dir->ldap, deadline, silence_ms);
    if (dir->gc != NULL)
        tli_connection_set_deadline(dir->gc, deadline, silence_ms);
}

bool tl_directory_was_silent(const struct tl_directory *dir)
{
    return tli_connection_was_silent(dir->ldap);
}

bool tl_directory_is_open(const struct tl_directory *dir)
{
    return tli_connection_is_open(dir->ldap);
}

const struct tl_dc *tl_directory_dc(const struct tl_directory *dir)
{
    return dir->dc;
}

struct tli_connection *tli_directory_catalogue(struct tl_directory *dir)
{
    tl_deadline deadline =
        tl_deadline_min(dir->ldap->deadline, tl_deadline_in_ms(GC_TIMEOUT_MS));

    if (dir->num_domains == 1)
        return NULL;
    if (dir->gc_offered && !dir->gc_tried) {
        tli_connection_open(dir, dir->dc, TL_GC_PORT, dir->ccache, deadline,
                            dir->ldap->trace, &dir->gc, NULL);
        if (dir->gc != NULL)
            dir->gc->deadline = dir->ldap->deadline;
    }
    dir->gc_tried = true;
    return dir->gc;
}

/* The TDOs below CN=System of one naming context, over one connection. */
static enum tl_reason read_trusts(struct tli_connection *connection, const char *nc,
                                  const char *holder, struct tl_topology *topo,
                                  struct tl_outcome *out)
{
    static const char *const attributes[] = {"trustPartner",
                                             "flatName",
                                             "trustDirection",
                                             "trustType",
                                             "trustAttributes",
                                             "securityIdentifier",
                                             "whenCreated",
                                             "whenChanged",
                                             "msDS-SupportedEncryptionTypes",
                                             "msDS-TrustForestTrustInfo",
                                             NULL};
    struct tli_search search = {NULL, LDAP_SCOPE_ONELEVEL, "(objectClass=trustedDomain)",
                                attributes};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tli_entries *entries = NULL;
    enum tl_reason reason;

    search.base = talloc_asprintf(tmp, "CN=System,%s", nc);
    if (search.base == NULL) {
        reason = no_memory(out);
        goto cleanup;
    }
    reason = tli_connection_search(tmp, connection, &search, &entries, out);
    for (size_t i = 0; reason == TL_REASON_OK && i < entries->count; i++) {
        const char *why = NULL;
        struct tl_tdo *tdo = NULL;
        int ret = tli_tdo_from_entry(tmp, holder, &entries->entries[i], &tdo, &why);

        if (ret == -EBADMSG) {
            tl_trace_note(connection->trace, "%s is left out: %s", entries->entries[i].dn,
                          why);
            if (tli_entry_attribute(&entries->entries[i], "trustPartner") == NULL &&
                tl_topology_add_nameless(
                    topo, holder, entries->entries[i].dn,
                    tli_entry_text(&entries->entries[i], "flatName")) != 0)
                reason = no_memory(out);
            continue;
        }
        if (ret != 0 || tl_topology_add_trust(topo, tdo) != 0)
            reason = no_memory(out);
    }
    if (reason == TL_REASON_OK && tl_topology_mark_read(topo, holder) != 0)
        reason = no_memory(out);

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
    struct tli_search search = {NULL, LDAP_SCOPE_ONELEVEL, "(objectClass=crossRef)",
                                crossref_attributes};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tli_entries *entries = NULL;
    enum tl_reason reason;

    search.base = talloc_asprintf(tmp, "CN=Partitions,%s", dir->config_nc);
    if (search.base == NULL) {
        reason = no_memory(out);
        goto cleanup;
    }
    reason = tli_connection_search(tmp, dir->ldap, &search, &entries, out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    if (tli_domains_from_entries(topo, entries, &topo->domains, &topo->num_domains) !=
        0) {
        reason = no_memory(out);
        goto cleanup;
    }
    dir->num_domains = topo->num_domains;
    search.scope = LDAP_SCOPE_BASE;
    search.filter = "(objectClass=*)";
    search.attributes = suffix_attributes;
    reason = tli_connection_search(tmp, dir->ldap, &search, &entries, out);
    if (reason == TL_REASON_OK && entries->count == 1 &&
        tli_suffixes_from_entry(topo, &entries->entries[0], &topo->suffixes,
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
    const struct tli_search search = {dir->default_nc, LDAP_SCOPE_BASE, "(objectClass=*)",
                                      attributes};
    struct tli_entries *entries = NULL;
    enum tl_reason reason;

    reason = tli_connection_search(topo, dir->ldap, &search, &entries, out);
    if (reason != TL_REASON_OK)
        return reason;
    for (size_t i = 0; i < topo->num_domains; i++) {
        struct tl_domain *domain = &topo->domains[i];

        if (strcmp(domain->dns, dir->domain) == 0 && entries->count == 1)
            domain->has_sid =
                tli_entry_sid(&entries->entries[0], "objectSid", &domain->sid) == 0;
        for (size_t j = 0; j < topo->num_trusts && !domain->has_sid; j++) {
            const struct tl_tdo *tdo = &topo->trusts[j];

            if ((tdo->attributes & TL_TRUST_WITHIN_FOREST) != 0 && tdo->has_sid &&
                tl_dns_equal(tdo->partner, domain->dns)) {
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
    struct tli_connection *root;
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
        root = tli_directory_catalogue(dir);
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
