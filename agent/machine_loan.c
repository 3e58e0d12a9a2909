/* SPDX-License-Identifier: MIT
 *
 * machine_loan.c - the machine's tickets, got by a short-lived worker that has the keys,
 * and kept in the run folder.
 */
#include "machine_loan.h"

#include <errno.h>
#include <string.h>

#include "machine/keytab_machines.h"
#include "worker_codec.h"

/* "krbtgt/REALM@REALM" */
static char *tgt_of(TALLOC_CTX *ctx, const char *realm)
{
    return talloc_asprintf(ctx, KRB5_TGS_NAME "/%s@%s", realm, realm);
}

static json_t *result_of(struct tla_work *work)
{
    struct tl_logon *logon = work->logon;
    struct tl_tickets *tickets = NULL;

    if (logon->outcome->reason == TL_REASON_OK &&
        tl_krb_tickets(logon, logon->krb, &tickets) != 0)
        return NULL;
    return json_pack("{s:o,s:o}", "outcome", tla_outcome_encode(logon->outcome),
                     "tickets",
                     tickets != NULL ? tla_tickets_encode(tickets) : json_null());
}

static enum tl_reason new_context(struct tl_logon *logon)
{
    const struct tl_machine *machine = logon->machine;

    tl_outcome_reset(logon->outcome);
    logon->locator = tl_locator_new(logon, machine->config, machine->site, logon->trace);
    if (logon->locator == NULL)
        return tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    return tl_krb_new(logon, machine->config, logon->locator, tl_logon_deadline(logon),
                      logon->trace, &logon->krb, logon->outcome);
}

/* In the worker that has the keys: it speaks with the machine's own domain alone. */
static json_t *run_as(struct tla_work *work)
{
    struct tl_logon *logon = work->logon;

    if (new_context(logon) == TL_REASON_OK)
        (void)tl_krb_as_machine(logon->krb, logon->machine->workstation, logon->outcome);
    return result_of(work);
}

struct walk {
    const struct tl_tickets *tgt;
    const char *service, *realm;
};

/* In a worker without keys: the way to a KDC of another realm, for armor, or for a ticket
 * for one of its servers. */
static json_t *run_walk(struct tla_work *work)
{
    const struct walk *walk = work->arg;
    struct tl_logon *logon = work->logon;

    if (new_context(logon) == TL_REASON_OK) {
        if (tl_krb_take_tickets(logon->krb, walk->tgt) != 0)
            tl_outcome_fail(logon->outcome, TL_STAGE_AS, TL_REASON_INTERNAL,
                            "the machine's tickets cannot be read");
        else
            (void)tl_krb_ticket(logon->krb, walk->service, walk->realm, logon->outcome);
    }
    return result_of(work);
}

/* What the worker may not write itself. */
static void note_account(const struct tl_machine *machine, const struct tl_outcome *out)
{
    const struct tl_workstation *ws = machine->workstation;

    if (out->reason == TL_REASON_OK)
        tli_machine_proven(machine->config, ws->realm, ws->flat);
    else if (out->stage == TL_STAGE_AS && out->krb_error == TL_KRB_C_PRINCIPAL_UNKNOWN)
        tli_machine_disowned(machine->config, ws->realm, ws->flat);
}

/* One of these works, for the worker that asks. */
static enum tl_reason get(const struct tla_work *asked, bool keys,
                          const struct walk *walk, struct tl_tickets **tickets,
                          struct tl_outcome *out)
{
    struct tl_logon *logon = tl_logon_new(asked->logon, asked->logon->machine, NULL);
    struct tla_work work = {.conv = asked->conv,
                            .logon = logon,
                            .run = keys ? run_as : run_walk,
                            .arg = walk,
                            .keys = keys,
                            .own = keys};
    tl_deadline least = tl_deadline_in_ms(asked->conv->config->explain_timeout);
    json_t *result = NULL;

    *tickets = NULL;
    if (logon == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    logon->deadline = asked->logon->deadline;
    /* An explanation has time of its own. */
    if (asked->serves != NULL)
        work.at_most_ms = tl_deadline_left_ms(logon->deadline) + 1000;
    else if (logon->deadline != 0 && logon->deadline < least)
        logon->deadline = least;
    if (tla_work_do(&work, &result) != 0 ||
        tla_outcome_decode(json_object_get(result, "outcome"), out) != 0) {
        tl_outcome_reset(out);
        tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                        "the process that gets the machine's tickets has failed");
    } else if (keys) {
        note_account(logon->machine, out);
    }
    if (out->reason == TL_REASON_OK &&
        tla_tickets_decode(asked->logon, json_object_get(result, "tickets"), tickets) !=
            0)
        tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                        "the machine's tickets cannot be read");
    /* The name of the keytab in the worker's memory helps nobody. */
    if (out->subject != NULL && strncmp(out->subject, "MEMORY:", 7) == 0)
        tl_outcome_set_subject(out, asked->conv->config->keytab);
    json_decref(result);
    talloc_free(logon);
    return out->reason;
}

/* Of a realm's armor only that realm's is kept, beside the TGT that came from the own
 * KDC: what a KDC of another forest sends must not become armor for a third one. */
static struct tl_tickets *with_armor(TALLOC_CTX *ctx, const struct tl_tickets *own,
                                     const char *tgt, const struct tl_tickets *walked,
                                     const char *armor)
{
    struct tl_tickets *both = tl_tickets_new(ctx);

    if (both == NULL ||
        tl_tickets_add(both, walked, armor, tl_tickets_end(own, tgt)) != 0 ||
        tl_tickets_add(both, own, tgt, INT64_MAX) != 0) /* the client is the own KDC's */
        TALLOC_FREE(both);
    return both;
}

static enum tl_reason walk_for(const struct tla_work *work, const char *realm,
                               const char *armor, const struct tl_tickets *own,
                               struct tl_tickets **tickets, struct tl_outcome *out)
{
    char *service = talloc_asprintf(work->logon, KRB5_TGS_NAME "/%s", realm);
    char *tgt = tgt_of(work->logon, work->logon->machine->workstation->realm);
    const struct walk walk = {.tgt = own, .service = service, .realm = realm};
    struct tl_tickets *walked = NULL;
    enum tl_reason reason = TL_REASON_OK;

    if (service != NULL && tgt != NULL)
        reason = get(work, false, &walk, &walked, out);
    if (reason == TL_REASON_OK && walked != NULL)
        *tickets = with_armor(work->logon, own, tgt, walked, armor);
    if (reason == TL_REASON_OK && *tickets == NULL)
        reason = tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    talloc_free(walked);
    talloc_free(tgt);
    talloc_free(service);
    return reason;
}

/* The TGT alone: other saved tickets may be for a trust that has been removed since, or
 * whose direction has changed. */
static struct tl_tickets *only_tgt(const struct tla_work *work,
                                   const struct tl_tickets *own)
{
    char *tgt = tgt_of(work->logon, work->logon->machine->workstation->realm);
    struct tl_tickets *alone = tl_tickets_new(work->logon);

    if (tgt == NULL || alone == NULL || tl_tickets_add(alone, own, tgt, INT64_MAX) != 0)
        TALLOC_FREE(alone);
    talloc_free(tgt);
    return alone;
}

/* Those of an earlier run, if they last; nothing of them is decoded here. */
static struct tl_tickets *load(const struct tla_work *work, const char *path)
{
    struct tl_tickets *tickets = NULL;

    if (tl_tickets_load(work->logon, path, &tickets) == 0 &&
        !tl_tickets_of_machine(tickets, work->logon->machine->workstation))
        TALLOC_FREE(tickets);
    if (tickets != NULL)
        tl_tickets_drop_ended(tickets);
    return tickets;
}

/* A file of the run folder; that of a realm's armor has the realm, which is known here,
 * in its name. */
static char *path_of(const struct tla_work *work, const char *name, const char *realm)
{
    if (realm != NULL && strchr(realm, '/') != NULL)
        return NULL;
    return talloc_asprintf(work->logon, "%s/%s%s%s", work->conv->config->run_dir, name,
                           realm != NULL ? "." : "", realm != NULL ? realm : "");
}

/* The TGT, of an earlier run or new. */
static enum tl_reason get_tgt(const struct tla_work *work, bool fresh, const char *path,
                              struct tl_tickets **tickets, struct tl_outcome *out)
{
    enum tl_reason reason;

    *tickets = fresh ? NULL : load(work, path);
    if (*tickets != NULL)
        return TL_REASON_OK;
    reason = get(work, true, NULL, tickets, out);
    if (*tickets != NULL)
        (void)tl_tickets_replace(*tickets, path);
    return reason;
}

/* For a walk to the server's realm. Of what it brings that ticket alone is kept: the
 * process that asks for it is not to have any other. */
static enum tl_reason walk_to(const struct tla_work *work, const struct tl_loan *loan,
                              const char *server, const struct tl_tickets *own,
                              struct tl_tickets **tickets, struct tl_outcome *out)
{
    struct tl_tickets *tgt = only_tgt(work, own), *walked = NULL;
    const struct walk walk = {.tgt = tgt, .service = loan->service, .realm = loan->realm};
    enum tl_reason reason =
        tgt != NULL ? get(work, false, &walk, &walked, out)
                    : tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);

    if (reason == TL_REASON_OK) {
        *tickets = tl_tickets_new(work->logon);
        if (*tickets == NULL ||
            tl_tickets_add(*tickets, walked, server, INT64_MAX) != 0) {
            TALLOC_FREE(*tickets);
            reason = tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
        }
    }
    talloc_free(walked);
    talloc_free(tgt);
    return reason;
}

/* The ticket for a server, of an earlier run or new. Only that of the machine's own
 * domain is saved: others' would outlive a trust. */
static enum tl_reason get_service(const struct tla_work *work, const struct tl_loan *loan,
                                  struct tl_tickets **tickets, struct tl_outcome *out)
{
    const struct tl_workstation *ws = work->logon->machine->workstation;
    char *server = talloc_asprintf(work->logon, "%s@%s", loan->service, loan->realm);
    char *file = path_of(work, TL_MACHINE_LDAP, NULL);
    char *tgts = path_of(work, TL_MACHINE_TICKETS, NULL);
    char *machine = talloc_asprintf(work->logon, "%s$@%s", ws->flat, ws->realm);
    bool saves = strcmp(loan->realm, ws->realm) == 0;
    struct tl_tickets *own = NULL;
    enum tl_reason reason = TL_REASON_OK;

    *tickets = NULL;
    if (server == NULL || file == NULL || tgts == NULL || machine == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    if (saves && !loan->fresh && tl_tickets_load(work->logon, file, tickets) == 0 &&
        (strcmp((*tickets)->client, machine) != 0 ||
         !tl_tickets_lasting(*tickets, server)))
        TALLOC_FREE(*tickets);
    if (*tickets == NULL) {
        reason = get_tgt(work, loan->fresh, tgts, &own, out);
        if (reason == TL_REASON_OK)
            reason = walk_to(work, loan, server, own, tickets, out);
        if (saves && *tickets != NULL)
            (void)tl_tickets_replace(*tickets, file);
        talloc_free(own);
    }
    talloc_free(machine);
    talloc_free(tgts);
    talloc_free(file);
    talloc_free(server);
    return reason;
}

/* The same of armor; *tickets are those of the TGT, and then those with armor. */
static enum tl_reason add_armor(const struct tla_work *work, const struct tl_loan *loan,
                                const char *path, struct tl_tickets **tickets,
                                struct tl_outcome *out)
{
    char *armor = tgt_of(work->logon, loan->armor);
    struct tl_tickets *both = NULL;
    enum tl_reason reason = TL_REASON_OK;

    if (armor == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    if (tl_tickets_lasting(*tickets, armor)) { /* the own realm's */
        talloc_free(armor);
        return TL_REASON_OK;
    }
    if (!loan->fresh)
        both = load(work, path);
    if (both == NULL || !tl_tickets_lasting(both, armor)) {
        TALLOC_FREE(both);
        reason = walk_for(work, loan->armor, armor, *tickets, &both, out);
        if (both != NULL)
            (void)tl_tickets_replace(both, path);
    }
    talloc_free(*tickets);
    *tickets = both;
    talloc_free(armor);
    return reason;
}

static enum tl_reason get_machines(const struct tla_work *work,
                                   const struct tl_loan *loan,
                                   struct tl_tickets **tickets, struct tl_outcome *out)
{
    bool armored = loan->armor != NULL;
    /* One spelling, for file and ticket. */
    const struct tl_loan folded = {
        .fresh = loan->fresh,
        .armor = armored ? tl_realm_of(work->logon, loan->armor) : NULL};
    char *path = path_of(work, armored ? TL_MACHINE_ARMOR : TL_MACHINE_TICKETS, NULL);
    char *armor = armored ? path_of(work, TL_MACHINE_ARMOR, folded.armor) : NULL;
    enum tl_reason reason;

    *tickets = NULL;
    if (path == NULL || (armored && (folded.armor == NULL || armor == NULL)))
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    reason = get_tgt(work, loan->fresh, path, tickets, out);
    if (reason == TL_REASON_OK && armored)
        reason = add_armor(work, &folded, armor, tickets, out);
    talloc_free(armor);
    talloc_free(path);
    return reason;
}

enum tl_reason tla_machine_tickets(const struct tla_work *work,
                                   const struct tl_loan *loan,
                                   struct tl_tickets **tickets, struct tl_outcome *out)
{
    return loan->service != NULL ? get_service(work, loan, tickets, out)
                                 : get_machines(work, loan, tickets, out);
}
