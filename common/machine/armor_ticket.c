/* SPDX-License-Identifier: MIT
 *
 * armor_ticket.c - the tickets that armor is made of: the machine's own for the KDC of
 * the user's realm, fetched by a walk of the machine's and saved between logons.
 */
#include "kerberos/exchange/armor.h"
#include "kerberos/tickets/carried.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <trustlogon/tickets.h>
#include <trustlogon/machine.h>

#include "status/folder.h"

struct machine_armor {
    struct tli_armor armor; /* first: what exchange/armor.c holds */
    const struct tl_workstation *ws;
    char *path;   /* the tickets between logons */
    bool refused; /* a KDC rejects those of an earlier run */
};

static struct machine_armor *machine_armor(struct tli_armor *armor)
{
    return (struct machine_armor *)armor;
}

/* libkrb5 looks for the ticket in the cache, and would ask a KDC if it were missing.
 * Every exchange is ours to make, to bound and to trace. */
static krb5_error_code send_nothing(krb5_context k5, void *data, const krb5_data *realm,
                                    const krb5_data *message, krb5_data **new_message,
                                    krb5_data **reply)
{
    (void)k5, (void)data, (void)realm, (void)message;
    *new_message = NULL;
    *reply = NULL;
    return KRB5_KDC_UNREACH;
}

/* The machine's context, with saved or lent tickets, or those of an AS exchange. */
static enum tl_reason open_machine(struct machine_armor *own, struct tl_krb *krb,
                                   const char *realm, struct tl_outcome *out)
{
    const struct tl_loan loan = {.fresh = own->refused, .armor = realm};
    struct tli_armor *armor = &own->armor;
    enum tl_reason reason = tl_krb_new(own, krb->config, krb->locator, krb->deadline,
                                       krb->trace, &armor->machine, out);

    if (reason != TL_REASON_OK)
        return reason;
    talloc_free(armor->machine->net);
    armor->machine->net = krb->net; /* the connections serve the user next */
    if (tli_machine_tickets_lent(armor->machine, &loan, &reason, out)) {
        armor->saved = !own->refused;
    } else {
        armor->saved =
            tl_krb_load_machine_tickets(armor->machine, own->ws, own->path) == 0;
        if (!armor->saved)
            reason = tl_krb_as_machine(armor->machine, own->ws, out);
    }
    if (reason != TL_REASON_OK)
        TALLOC_FREE(armor->machine);
    return reason;
}

static enum tl_reason get_ticket(struct machine_armor *own, struct tl_krb *krb,
                                 const char *service, const char *realm,
                                 struct tl_outcome *out)
{
    struct tli_armor *armor = &own->armor;
    enum tl_reason reason = TL_REASON_OK;
    bool fresh = armor->machine == NULL;

    if (armor->machine == NULL)
        reason = open_machine(own, krb, realm, out);
    if (reason != TL_REASON_OK)
        return reason;
    fresh = fresh && !armor->saved;
    armor->machine->deadline = krb->deadline;
    if (!tl_krb_has_ticket(armor->machine, service, realm)) {
        reason = tl_krb_ticket(armor->machine, service, realm, out);
        fresh |= reason == TL_REASON_OK;
    }
    /* tickets that cannot be saved are fetched again next time, and serve now */
    if (fresh) {
        (void)tli_make_folder(krb->config->run_dir);
        (void)tl_krb_save_machine_tickets(armor->machine, own->path);
    }
    return reason;
}

/* A KDC rejects the saved TGT: the domain may have changed its keys. */
static bool stale(const struct tli_armor *armor, const struct tl_outcome *out)
{
    return armor->saved && out->krb_error != TL_KRB_NONE &&
           out->krb_error != TL_KRB_S_PRINCIPAL_UNKNOWN;
}

static void drop(struct tli_armor *armor)
{
    TALLOC_FREE(armor->machine);
    armor->saved = false;
    machine_armor(armor)->refused = true;
    (void)unlink(machine_armor(armor)->path);
}

static enum tl_reason get(struct tli_armor *armor, struct tl_krb *krb, const char *realm,
                          struct tl_outcome *out)
{
    struct machine_armor *own = machine_armor(armor);
    char *service = talloc_asprintf(krb, "%s/%s", KRB5_TGS_NAME, realm);
    enum tl_reason reason;

    if (service == NULL)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    reason = get_ticket(own, krb, service, realm, out);
    if (reason != TL_REASON_OK && stale(armor, out)) {
        drop(armor);
        tl_outcome_reset(out);
        reason = get_ticket(own, krb, service, realm, out);
    }
    talloc_free(service);
    /* The machine's own key and its own DCs have reasons that say what to do. Here a
     * KDC refused. */
    if (reason != TL_REASON_OK && out->stage == TL_STAGE_WALK &&
        out->krb_error != TL_KRB_NONE)
        reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_ARMOR_UNAVAILABLE, "%s",
                                 out->detail);
    return reason;
}

int tl_krb_set_armor(struct tl_krb *krb, const struct tl_workstation *ws)
{
    struct machine_armor *own;

    if (krb->config->fast == TL_FAST_NEVER)
        return 0;
    own = talloc_zero(krb, struct machine_armor);
    if (own == NULL)
        return -ENOMEM;
    own->armor = (struct tli_armor){.get = get, .drop = drop, .flat = ws->flat};
    own->ws = ws;
    own->path = talloc_asprintf(own, "%s/" TL_MACHINE_ARMOR, krb->config->run_dir);
    if (own->path == NULL)
        return -ENOMEM;
    krb->armor = &own->armor;
    krb5_set_kdc_send_hook(krb->k5, send_nothing, NULL);
    return 0;
}

enum tl_reason tl_krb_armor_for(struct tl_krb *krb, const char *realm,
                                struct tl_outcome *out)
{
    if (krb->armor == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                               "armor is not enabled");
    return krb->armor->get(krb->armor, krb, realm, out);
}
