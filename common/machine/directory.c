/* SPDX-License-Identifier: MIT
 *
 * directory.c - the directories a logon may read: the workstation's own with the
 * machine's credentials, the user's with the user's ticket; and the snapshot
 * made from the first.
 */
#include <errno.h>
#include <sys/stat.h>
#include <trustlogon/logon.h>
#include <trustlogon/name.h>

#include "logon/explain.h"

#define SNAPSHOT_FILE "topology.json"

/* A ticket for LDAP that is not granted is no failed logon: 7 is not 1787 here. */
static enum tl_reason directory_ticket(struct tl_krb *krb, const char *service,
                                       const char *realm, struct tl_outcome *out)
{
    struct tl_outcome *why = tl_outcome_new(NULL);
    enum tl_reason reason = tl_krb_ticket(krb, service, realm, why);

    if (reason != TL_REASON_OK) {
        reason = tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_DIRECTORY_UNREADABLE,
                                 "no ticket for %s: %s", service,
                                 why != NULL && why->detail != NULL
                                     ? why->detail
                                     : tl_reason_info(reason)->slug);
        tl_outcome_set_subject(out, realm);
    }
    talloc_free(why);
    return reason;
}

/* Bind to one of `dcs`, the first that lets us, with the session's tickets: *which. */
static enum tl_reason open_first(TALLOC_CTX *ctx, struct tl_krb *krb,
                                 struct tl_dc_list *dcs, const char *realm,
                                 tl_deadline deadline, const struct tl_trace *trace,
                                 struct tl_directory **dir, const struct tl_dc **which,
                                 struct tl_outcome *out)
{
    enum tl_reason reason = TL_REASON_NO_LOGON_SERVERS;

    for (size_t i = 0; i < dcs->count; i++) {
        char *service = tl_directory_service(dcs, &dcs->dcs[i]);

        if (service == NULL)
            return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
        tl_outcome_reset(out);
        reason = directory_ticket(krb, service, realm, out);
        if (reason == TL_REASON_OK)
            reason = tl_directory_open(ctx, &dcs->dcs[i], tl_krb_ccache_name(krb),
                                       deadline, trace, dir, out);
        *which = &dcs->dcs[i];
        if (reason == TL_REASON_OK || tl_deadline_left_ms(deadline) == 0)
            return reason;
    }
    if (dcs->count == 0)
        return tl_outcome_fail(out, TL_STAGE_LOCATE, reason,
                               "no domain controller is known");
    return reason;
}

const char *tli_site(TALLOC_CTX *ctx, const struct tl_config *config,
                     const struct tl_topology *topo)
{
    struct tl_topology *saved = NULL;
    char *site = NULL;

    if (config->site != NULL)
        return config->site;
    if (topo == NULL && tl_snapshot_load(NULL, config, &saved) == 0)
        topo = saved;
    if (topo != NULL && topo->site != NULL)
        site = talloc_strdup(ctx, topo->site);
    talloc_free(saved);
    return site;
}

enum tl_reason tli_machine_directory_open(TALLOC_CTX *ctx, const struct tl_config *config,
                                          const struct tl_workstation *ws,
                                          const struct tl_trace *trace,
                                          tl_deadline deadline,
                                          struct tli_machine_directory **own_out,
                                          struct tl_outcome *out)
{
    struct tli_machine_directory *own;
    enum tl_reason reason = TL_REASON_NO_MEMORY;

    *own_out = NULL;
    own = talloc_zero(ctx, struct tli_machine_directory);
    if (own == NULL) {
        tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
        goto cleanup;
    }
    own->locator = tl_locator_new(own, config, tli_site(own, config, NULL), trace);
    if (own->locator == NULL) {
        tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
        goto cleanup;
    }
    reason = tl_locate(own, own->locator, ws->domain, 0, deadline, &own->dcs, out);
    if (reason == TL_REASON_OK)
        reason = tl_krb_new(own, config, own->locator, deadline, trace, &own->krb, out);
    if (reason == TL_REASON_OK)
        reason = tl_krb_as_machine(own->krb, ws, out);
    if (reason == TL_REASON_OK)
        reason = open_first(own, own->krb, own->dcs, ws->realm, deadline, trace,
                            &own->dir, &own->dc, out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    *own_out = own;
    return TL_REASON_OK;

cleanup:
    talloc_free(own);
    return reason;
}

enum tl_reason tli_user_directory_open(TALLOC_CTX *ctx, struct tl_krb *krb,
                                       struct tl_locator *locator, const char *domain,
                                       const struct tl_trace *trace, tl_deadline deadline,
                                       struct tl_directory **dir, struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tl_dc_list *dcs = NULL;
    const struct tl_dc *which;
    char *realm = tl_realm_of(tmp, domain);
    enum tl_reason reason;

    *dir = NULL;
    if (realm == NULL) {
        reason = tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
        goto cleanup;
    }
    reason = tl_locate(tmp, locator, domain, 0, deadline, &dcs, out);
    if (reason == TL_REASON_OK && dcs->dcs[0].realm_only) {
        reason = tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_DIRECTORY_UNREADABLE,
                                 "a Kerberos realm has no directory");
        tl_outcome_set_subject(out, domain);
    }
    if (reason == TL_REASON_OK)
        reason = open_first(ctx, krb, dcs, realm, deadline, trace, dir, &which, out);

cleanup:
    talloc_free(tmp);
    return reason;
}

enum tl_reason tli_user_trusts_read(struct tl_krb *krb, struct tl_locator *locator,
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
        tli_user_trusts_read(krb, locator, user_domain, trace, deadline, topo, out);

    if (between == NULL || tl_dns_compare(between, user_domain) == TL_DNS_EQUAL ||
        tl_dns_compare(between, ws->domain) == TL_DNS_EQUAL ||
        tl_topology_domain(topo, between) != NULL)
        return reason;
    if (tli_user_trusts_read(krb, locator, between, trace, deadline, topo, NULL) !=
        TL_REASON_OK)
        tl_trace_note(trace, "the trusts of %s could not be read", between);
    return reason;
}

static char *snapshot_path(TALLOC_CTX *ctx, const struct tl_config *config)
{
    return talloc_asprintf(ctx, "%s/%s", config->state_dir, SNAPSHOT_FILE);
}

int tl_snapshot_load(TALLOC_CTX *ctx, const struct tl_config *config,
                     struct tl_topology **topo)
{
    char *path = snapshot_path(ctx, config);
    char *error = NULL;
    int ret;

    *topo = NULL;
    if (path == NULL)
        return -ENOMEM;
    ret = tl_topology_load(ctx, path, topo, &error);
    TALLOC_FREE(error);
    talloc_free(path);
    return ret;
}

void tli_snapshot_save(const struct tl_config *config, const struct tl_topology *topo,
                       const struct tl_trace *trace)
{
    char *path = snapshot_path(NULL, config);

    /* Readers of the identity store pass through it, whatever umask its maker has. */
    if (mkdir(config->state_dir, 0755) == 0)
        (void)chmod(config->state_dir, 0755);
    /* Who may not write (an ordinary user's command) still has the answer. */
    if (path != NULL && tl_topology_save(topo, path) != 0)
        tl_trace_note(trace, "the snapshot %s was not saved", path);
    talloc_free(path);
}

enum tl_reason tl_refresh(TALLOC_CTX *ctx, const struct tl_config *config,
                          const struct tl_workstation *ws, const struct tl_trace *trace,
                          tl_deadline deadline, struct tl_topology **topo,
                          struct tl_outcome *out)
{
    struct tli_machine_directory *own = NULL;
    enum tl_reason reason;

    *topo = NULL;
    reason = tli_machine_directory_open(ctx, config, ws, trace, deadline, &own, out);
    if (reason != TL_REASON_OK)
        return reason;
    reason = tl_directory_topology(ctx, own->dir, topo, out);
    if (reason == TL_REASON_OK) {
        /* Of the one that has proved to be a domain controller. */
        if ((*topo)->site == NULL && own->dc->client_site != NULL)
            (*topo)->site = talloc_strdup(*topo, own->dc->client_site);
        tli_snapshot_save(config, *topo, trace);
    }
    talloc_free(own);
    return reason;
}
