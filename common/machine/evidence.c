/* SPDX-License-Identifier: MIT
 *
 * evidence.c - what directories say about a logon that failed.
 */
#include "evidence.h"

#include <trustlogon/name.h>

bool tli_is_plain_realm(struct tl_locator *locator, const char *domain,
                        tl_deadline deadline)
{
    struct tl_dc_list *dcs = NULL;
    bool plain =
        tl_locate(NULL, locator, domain, 0, deadline, &dcs, NULL) == TL_REASON_OK &&
        dcs->dcs[0].realm_only;

    talloc_free(dcs);
    return plain;
}

static enum tl_reason read_trusts(struct tl_krb *krb, struct tl_locator *locator,
                                  const char *domain, const struct tl_trace *trace,
                                  tl_deadline deadline, struct tl_topology *topo,
                                  struct tl_outcome *out)
{
    struct tl_directory *dir = NULL;
    enum tl_reason reason =
        tli_user_directory_open(NULL, krb, locator, domain, trace, deadline, &dir, out);

    if (reason == TL_REASON_OK)
        reason = tl_directory_trusts(dir, topo, out);
    talloc_free(dir);
    return reason;
}

enum tl_reason tli_path_trusts_read(struct tl_krb *krb, struct tl_locator *locator,
                                    const char *user_domain,
                                    const struct tl_workstation *ws,
                                    const struct tl_outcome *walk,
                                    const struct tl_trace *trace, tl_deadline deadline,
                                    struct tl_topology *topo, struct tl_outcome *out)
{
    const char *between =
        walk != NULL && walk->stage == TL_STAGE_WALK ? walk->realm : NULL;
    enum tl_reason reason =
        read_trusts(krb, locator, user_domain, trace, deadline, topo, out);

    if (between == NULL || tl_dns_equal(between, user_domain) ||
        tl_dns_equal(between, ws->domain) || tl_topology_domain(topo, between) != NULL)
        return reason;
    if (read_trusts(krb, locator, between, trace, deadline, topo, NULL) != TL_REASON_OK)
        tl_trace_note(trace, "the trusts of %s could not be read", between);
    return reason;
}

enum tl_reason tli_judge_spn(TALLOC_CTX *ctx, struct tl_directory *dir,
                             const struct tl_workstation *ws, const char **subject,
                             const char **attribute)
{
    TALLOC_CTX *tmp = talloc_new(ctx);
    char *spn = talloc_asprintf(tmp, "host/%s", ws->fqdn);
    const char **dns = NULL;
    size_t count = 0;
    char *both = NULL;
    enum tl_reason reason = TL_REASON_OK;

    *subject = *attribute = NULL;
    if (spn == NULL ||
        tl_directory_spn(tmp, dir, spn, &dns, &count, NULL) != TL_REASON_OK)
        goto cleanup;
    if (count == 1)
        goto cleanup;
    reason = count == 0 ? TL_REASON_SPN_MISSING : TL_REASON_SPN_DUPLICATE;
    for (size_t i = 0; i < count; i++)
        both = i == 0 ? talloc_strdup(tmp, dns[i])
                      : talloc_asprintf_append(both, "; %s", dns[i]);
    *subject = talloc_steal(ctx, spn);
    *attribute = talloc_steal(ctx, both);

cleanup:
    talloc_free(tmp);
    return reason;
}
