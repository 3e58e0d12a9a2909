/* SPDX-License-Identifier: MIT
 *
 * directory.c - directories opened as this machine or as a user.
 */
#include "directory.h"

#include <stdint.h>

#include <trustlogon/name.h>
#include <trustlogon/machine.h>

struct tl_locator *tli_machine_locator(TALLOC_CTX *ctx, const struct tl_machine *machine,
                                       const struct tl_trace *trace)
{
    return tl_locator_new(ctx, machine->config, machine->site, trace);
}

enum tl_reason
tli_directory_open_first(TALLOC_CTX *ctx, const struct tli_directory_opener *opener,
                         const struct tl_dc_list *dcs, struct tl_directory **dir,
                         const struct tl_dc **which, struct tl_outcome *out)
{
    enum tl_reason reason =
        tl_outcome_fail(out, TL_STAGE_LOCATE, TL_REASON_NO_LOGON_SERVERS,
                        "no domain controller is known");

    for (size_t i = 0; i < dcs->count && i < opener->most; i++) {
        char *service = tl_directory_service(ctx, &dcs->dcs[i]);

        if (service == NULL)
            return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
        tl_outcome_reset(out);
        reason = opener->get_ticket(opener, service, out);
        talloc_free(service);
        if (reason == TL_REASON_OK)
            reason = tl_directory_open(ctx, &dcs->dcs[i], tl_krb_ccache_name(opener->krb),
                                       opener->deadline, opener->trace, dir, out);
        *which = &dcs->dcs[i];
        if (reason == TL_REASON_OK || tl_deadline_left_ms(opener->deadline) == 0)
            break;
    }
    return reason;
}

/* A ticket for LDAP that a KDC refuses is not a refused logon: its code 7 does not mean
 * the 1787 that it does on the walk, so only its text is kept. */
static enum tl_reason get_ticket(const struct tli_directory_opener *opener,
                                 const char *service, struct tl_outcome *out)
{
    struct tl_outcome *why = tl_outcome_new(NULL);
    enum tl_reason reason = tl_krb_ticket(opener->krb, service, opener->realm, why);

    if (reason != TL_REASON_OK) {
        reason = tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_DIRECTORY_UNREADABLE,
                                 "no ticket for %s: %s", service,
                                 why != NULL && why->detail != NULL
                                     ? why->detail
                                     : tl_reason_info(reason)->slug);
        tl_outcome_set_subject(out, opener->realm);
    }
    talloc_free(why);
    return reason;
}

enum tl_reason tli_directory_open_at(TALLOC_CTX *ctx, struct tl_krb *krb,
                                     const struct tl_dc *dc, const struct tl_trace *trace,
                                     tl_deadline deadline, struct tl_directory **dir,
                                     struct tl_outcome *out)
{
    struct tl_dc copy = *dc;
    const struct tl_dc_list alone = {.count = 1, .dcs = &copy};
    struct tli_directory_opener opener = {.krb = krb,
                                          .most = 1,
                                          .deadline = deadline,
                                          .trace = trace,
                                          .get_ticket = get_ticket};
    const struct tl_dc *which;
    char *realm = tl_realm_of(NULL, dc->domain);
    enum tl_reason reason;

    *dir = NULL;
    if (realm == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    opener.realm = realm;
    reason = tli_directory_open_first(ctx, &opener, &alone, dir, &which, out);
    talloc_free(realm);
    return reason;
}

/* Locate, AS exchange with the machine's key, ticket, bind. Locator and Kerberos context
 * stay in *own_out, so that other domains can be asked with the same tickets
 * (tli_user_directory_open()). */
enum tl_reason
tli_machine_directory_open(TALLOC_CTX *ctx, const struct tl_machine *machine,
                           const struct tl_trace *trace, tl_deadline deadline,
                           struct tli_machine_directory **own_out, struct tl_outcome *out)
{
    const struct tl_workstation *ws = machine->workstation;
    struct tli_directory_opener opener = {.realm = ws->realm,
                                          .most = SIZE_MAX,
                                          .deadline = deadline,
                                          .trace = trace,
                                          .get_ticket = get_ticket};
    struct tli_machine_directory *own = talloc_zero(ctx, struct tli_machine_directory);
    enum tl_reason reason;

    *own_out = NULL;
    if (own != NULL)
        own->locator = tli_machine_locator(own, machine, trace);
    if (own == NULL || own->locator == NULL) {
        talloc_free(own);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    }
    reason = tl_locate(own, own->locator, ws->domain, 0, deadline, &own->dcs, out);
    if (reason == TL_REASON_OK)
        reason = tl_krb_new(own, machine->config, own->locator, deadline, trace,
                            &own->krb, out);
    if (reason == TL_REASON_OK)
        reason = tl_krb_as_machine(own->krb, ws, out);
    opener.krb = own->krb;
    if (reason == TL_REASON_OK)
        reason =
            tli_directory_open_first(own, &opener, own->dcs, &own->dir, &own->dc, out);
    if (reason == TL_REASON_OK)
        *own_out = own;
    else
        talloc_free(own);
    return reason;
}

/* `krb` needs a TGT only: tl_krb_ticket() walks from its realm to that of the domain,
 * over the trusts between them. */
enum tl_reason tli_user_directory_open(TALLOC_CTX *ctx, struct tl_krb *krb,
                                       struct tl_locator *locator, const char *domain,
                                       const struct tl_trace *trace, tl_deadline deadline,
                                       struct tl_directory **dir, struct tl_outcome *out)
{
    struct tli_directory_opener opener = {.krb = krb,
                                          .most = SIZE_MAX,
                                          .deadline = deadline,
                                          .trace = trace,
                                          .get_ticket = get_ticket};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tl_dc_list *dcs = NULL;
    const struct tl_dc *which;
    char *realm = tl_realm_of(tmp, domain);
    enum tl_reason reason;

    *dir = NULL;
    if (realm == NULL) {
        talloc_free(tmp);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    }
    opener.realm = realm;
    reason = tl_locate(tmp, locator, domain, 0, deadline, &dcs, out);
    if (reason == TL_REASON_OK && dcs->dcs[0].realm_only) {
        reason = tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_DIRECTORY_UNREADABLE,
                                 "a Kerberos realm has no directory");
        tl_outcome_set_subject(out, domain);
    }
    if (reason == TL_REASON_OK)
        reason = tli_directory_open_first(ctx, &opener, dcs, dir, &which, out);
    talloc_free(tmp);
    return reason;
}
