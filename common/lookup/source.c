/* SPDX-License-Identifier: MIT
 *
 * source.c - the directories that a look-up reads, opened with the machine's tickets.
 */
#include <strings.h>

#include "internal.h"

#include "logon/explain.h"

/* In the agent's run folder; root's alone. */
#define TICKETS "machine.tickets"
#define DCS_MAX 4 /* that are tried */
#define QUICK_US 1000000

static enum tl_reason no_memory(struct tl_outcome *out)
{
    return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

struct tl_lookup *tl_lookup_new(TALLOC_CTX *ctx, const struct tl_lookup_input *in)
{
    struct tl_lookup *lookup = talloc_zero(ctx, struct tl_lookup);

    if (lookup == NULL)
        return NULL;
    lookup->in = *in;
    lookup->tickets = talloc_asprintf(lookup, "%s/" TICKETS, in->config->run_dir);
    lookup->locator = tl_locator_new(lookup, in->config,
                                     tli_site(lookup, in->config, in->topo), in->trace);
    if (lookup->tickets == NULL || lookup->locator == NULL)
        TALLOC_FREE(lookup);
    return lookup;
}

/* A Kerberos session of the machine's, with kept tickets unless `anew`. */
static enum tl_reason start(struct tl_lookup *lookup, bool anew, struct tl_outcome *out)
{
    enum tl_reason reason;

    if (lookup->in.krb != NULL) {
        lookup->krb = lookup->in.krb;
        return TL_REASON_OK;
    }
    if (lookup->krb != NULL && !anew)
        return TL_REASON_OK;
    TALLOC_FREE(lookup->krb);
    reason = tl_krb_new(lookup, lookup->in.config, lookup->locator, lookup->in.deadline,
                        lookup->in.trace, &lookup->krb, out);
    if (reason != TL_REASON_OK)
        return reason;
    lookup->kept = !anew && tl_krb_load_machine_tickets(lookup->krb, lookup->in.ws,
                                                        lookup->tickets) == 0;
    lookup->fresh = !lookup->kept;
    if (!lookup->kept)
        reason = tl_krb_as_machine(lookup->krb, lookup->in.ws, out);
    if (reason != TL_REASON_OK)
        TALLOC_FREE(lookup->krb);
    return reason;
}

static enum tl_reason open_one(struct tl_lookup *lookup, const struct tl_dc *dc,
                               const char *realm, struct tl_directory **dir,
                               struct tl_outcome *out)
{
    char *service = tl_directory_service(lookup, dc);
    enum tl_reason reason = TL_REASON_OK;

    if (service == NULL)
        return no_memory(out);
    if (!tl_krb_has_ticket(lookup->krb, service, realm)) {
        reason = tl_krb_ticket(lookup->krb, service, realm, out);
        lookup->fresh |= reason == TL_REASON_OK;
    }
    talloc_free(service);
    if (reason == TL_REASON_OK)
        return tl_directory_open(lookup, dc, tl_krb_ccache_name(lookup->krb),
                                 lookup->in.deadline, lookup->in.trace, dir, out);
    /* A server that the KDC does not know is none that this machine may ask: over a
     * one-way trust there is no way for its tickets. */
    if (out->krb_error == TL_KRB_S_PRINCIPAL_UNKNOWN)
        return TL_REASON_TRUST_DIRECTION;
    /* Nor is there over a trust without AES, with `allow_rc4 = no`. */
    if (out->krb_error == TL_KRB_ETYPE_NOSUPP &&
        strcasecmp(realm, lookup->in.ws->realm) != 0)
        return TL_REASON_TRUST_DIRECTION;
    return reason;
}

/* The first that lets us in. */
static enum tl_reason open_first(struct tl_lookup *lookup, const struct tl_dc_list *dcs,
                                 const char *realm, struct tl_directory **dir,
                                 struct tl_outcome *out)
{
    enum tl_reason reason =
        tl_outcome_fail(out, TL_STAGE_LOCATE, TL_REASON_NO_LOGON_SERVERS,
                        "no domain controller is known");

    for (size_t i = 0; i < dcs->count && i < DCS_MAX; i++) {
        tl_outcome_reset(out);
        reason = open_one(lookup, &dcs->dcs[i], realm, dir, out);
        if (reason == TL_REASON_OK || tl_deadline_left_ms(lookup->in.deadline) == 0)
            break;
    }
    return reason;
}

static int remember(struct tl_lookup *lookup, const char *domain,
                    struct tl_directory *dir)
{
    struct tl_directory **open =
        talloc_realloc(lookup, lookup->open, struct tl_directory *, lookup->num_open + 1);
    const char **names;

    if (open == NULL)
        return -1;
    lookup->open = open;
    names =
        talloc_realloc(lookup, lookup->open_domains, const char *, lookup->num_open + 1);
    if (names == NULL)
        return -1;
    lookup->open_domains = names;
    names[lookup->num_open] = talloc_strdup(names, domain);
    open[lookup->num_open] = dir;
    if (names[lookup->num_open] == NULL)
        return -1;
    lookup->num_open++;
    return 0;
}

enum tl_reason tli_lookup_directory(struct tl_lookup *lookup, const char *domain,
                                    struct tl_directory **dir, struct tl_outcome *out)
{
    struct tl_dc_list *dcs = NULL;
    int64_t began = tl_now_us();
    enum tl_reason reason;
    char *realm;

    *dir = NULL;
    for (size_t i = 0; i < lookup->num_open; i++)
        if (tl_dns_compare(lookup->open_domains[i], domain) == TL_DNS_EQUAL) {
            *dir = lookup->open[i];
            return TL_REASON_OK;
        }
    realm = tl_realm_of(lookup, domain);
    if (realm == NULL)
        return no_memory(out);
    reason =
        tl_locate(lookup, lookup->locator, domain, 0, lookup->in.deadline, &dcs, out);
    if (reason == TL_REASON_OK)
        reason = start(lookup, false, out);
    if (reason == TL_REASON_OK)
        reason = open_first(lookup, dcs, realm, dir, out);
    /* Kept tickets are for keys that may have changed since; who is silent has not even
     * seen them. */
    if (reason != TL_REASON_OK && reason != TL_REASON_TRUST_DIRECTION &&
        lookup->krb != NULL && lookup->kept && tl_now_us() - began < QUICK_US) {
        tl_outcome_reset(out);
        reason = start(lookup, true, out);
        if (reason == TL_REASON_OK)
            reason = open_first(lookup, dcs, realm, dir, out);
    }
    if (reason == TL_REASON_OK && lookup->fresh && lookup->in.krb == NULL) {
        if (tl_krb_save_machine_tickets(lookup->krb, lookup->tickets) != 0)
            tl_trace_note(lookup->in.trace, "the machine's tickets could not be kept");
        lookup->fresh = false;
    }
    if (reason == TL_REASON_OK && remember(lookup, domain, *dir) != 0)
        reason = no_memory(out);
    talloc_free(dcs);
    talloc_free(realm);
    return reason;
}
