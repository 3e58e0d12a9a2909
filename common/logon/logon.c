/* SPDX-License-Identifier: MIT
 *
 * logon.c - the journey of one logon: name, route, DC, exchange, proof, identity.
 * Each step is another folder's; here is only their order, and what is judged after the
 * exchange (exchange.c), which another process may have made.
 */
#include <errno.h>
#include <string.h>
#include <trustlogon/logon.h>
#include <trustlogon/sidrules.h>
#include <trustlogon/pac_name_check.h>
#include <trustlogon/proof.h>

#include "explain.h"
#include "machine/snapshot.h"
#include "steps.h"

/* A user to whom this machine cannot give a uid of their own is not logged on: the
 * session would run as another user, or as none. */
static enum tl_reason identify(struct tl_logon *logon, tl_deadline deadline)
{
    struct tl_identity_input in = {.config = logon->machine->config,
                                   .ws = logon->machine->workstation,
                                   .topo = logon->machine->topology,
                                   .pac = logon->pac,
                                   .client = logon->client,
                                   .trace = logon->trace};
    struct tl_local_ids *local = NULL;
    struct tl_unix_facts *facts = NULL;
    enum tl_reason reason;
    int ret = tl_local_ids_load(logon, "/etc/passwd", "/etc/group", &local);

    if (ret == -ENOMEM)
        return tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    if (ret != 0)
        return tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                               "/etc/passwd or /etc/group cannot be read: %s",
                               strerror(-ret));
    in.local = local;
    reason = logon->machine->config->idmap == TL_IDMAP_RFC2307
                 ? tli_unix_facts_read(logon, NULL, deadline, &facts)
                 : TL_REASON_OK;
    in.facts = facts;
    if (reason == TL_REASON_OK)
        reason = tl_identity_build(logon, &in, &logon->identity, logon->outcome);
    talloc_free(facts);
    talloc_free(local);
    return reason;
}

/* What was asked may have taken all of the logon's time. What is read now is saved, so
 * that the next logon need not read it: it has the time of an explanation at least. */
static enum tl_reason refresh_late(struct tl_logon *logon, tl_deadline deadline)
{
    tl_deadline least = tl_deadline_in_ms(logon->machine->config->explain_timeout);
    enum tl_reason reason;

    logon->deadline = deadline > least ? deadline : least;
    reason = tli_logon_refresh(logon, logon->deadline, NULL);
    logon->deadline = deadline;
    return reason;
}

/* However young, the snapshot may be older than the domains, trusts and routing that the
 * KDCs know. Only a proven account gets here, so guesses cause no LDAP traffic. */
static bool read_again(struct tl_logon *logon, tl_deadline deadline)
{
    if (refresh_late(logon, deadline) != TL_REASON_OK)
        return false;
    tl_outcome_reset(logon->outcome);
    return true;
}

/* A realm that the ticket must not have come through, or NULL. */
static const char *strange_realm(const struct tl_logon *logon, const char *realm)
{
    const struct tl_proven *proven = logon->proven;

    for (size_t i = 0; i < proven->num_transited; i++)
        if (!tl_may_transit(logon->machine->topology, logon->machine->workstation->domain,
                            realm, proven->transited[i]))
            return proven->transited[i];
    return NULL;
}

/* A trusted realm can make tickets in the name of any other realm's users. A KDC that
 * does not compare trusts lets such a ticket pass, but notes in it the realm that it came
 * from. */
static enum tl_reason check_transited(struct tl_logon *logon, tl_deadline deadline)
{
    struct tl_outcome *out = logon->outcome;
    const char *realm = strrchr(logon->client, '@') + 1;
    const char *strange = strange_realm(logon, realm);
    char *all;

    if (strange != NULL && read_again(logon, deadline))
        strange = strange_realm(logon, realm);
    if (strange == NULL)
        return TL_REASON_OK;
    all = tl_transited_text(out, logon->proven);
    tl_outcome_set_subject(out, strange);
    tl_outcome_set_attribute(out, all);
    return tl_outcome_fail(
        out, TL_STAGE_PROOF, TL_REASON_TRANSITED_REFUSED, "%s (of %s)%s", strange,
        all != NULL ? all : "?",
        logon->machine->topology == NULL ? "; the trusts could not be read" : "");
}

/* A TDO that was wrong when the snapshot was taken must not refuse its users until the
 * next one. */
static enum tl_reason apply_rules(struct tl_logon *logon, tl_deadline deadline)
{
    enum tl_reason reason = TL_REASON_OK;

    for (int tries = 0; tries < 2; tries++) {
        reason = tl_pac_apply_rules(logon->pac, logon->machine->topology, logon->route,
                                    logon->client, logon->machine->workstation,
                                    logon->trace, logon->outcome);
        if (!tl_is_sid_refusal(reason) || tries > 0 || !read_again(logon, deadline))
            break;
    }
    return reason;
}

static enum tl_reason check_name(struct tl_logon *logon, tl_deadline deadline)
{
    struct tl_outcome *out = logon->outcome;
    enum tl_reason reason = tl_pac_check_name(logon->pac, logon->machine->topology,
                                              logon->route, logon->client, out);

    if (reason != TL_REASON_REPLY_MISMATCH || !read_again(logon, deadline))
        return reason;
    return tl_pac_check_name(logon->pac, logon->machine->topology, logon->route,
                             logon->client, out);
}

static enum tl_reason exchange(struct tl_logon *logon,
                               const struct tl_credential *credential,
                               const struct tl_challenge *challenge,
                               struct tl_exchanged **exchanged)
{
    const struct tl_logon_worker *worker = logon->worker;

    if (worker != NULL)
        return worker->exchange(worker->arg, logon, credential, challenge, exchanged);
    return tl_logon_exchange(logon, credential, challenge, exchanged);
}

/* An account of this machine that its KDC does not know is not the user's fault: the
 * exchange is repeated as another machine of the keytab. */
static enum tl_reason exchange_as_either(struct tl_logon *logon,
                                         const struct tl_credential *credential,
                                         const struct tl_challenge *challenge,
                                         struct tl_exchanged **exchanged)
{
    enum tl_reason reason = exchange(logon, credential, challenge, exchanged);

    if (reason == TL_REASON_OK || logon->outcome->stage != TL_STAGE_WALK ||
        !tli_logon_other_machine(logon))
        return reason;
    tl_outcome_reset(logon->outcome);
    reason = tli_logon_route(logon);
    return reason == TL_REASON_OK ? exchange(logon, credential, challenge, exchanged)
                                  : reason;
}

static enum tl_reason prove(struct tl_logon *logon, const struct tl_challenge *challenge,
                            const struct tl_exchanged *exchanged)
{
    enum tl_reason reason =
        tl_prove(logon, logon->machine->config, logon->machine->workstation, challenge,
                 exchanged->claim, &logon->proven, logon->outcome);

    if (reason == TL_REASON_OK) {
        logon->pac = logon->proven->pac;
        logon->client = logon->proven->client;
    }
    if (reason == TL_REASON_PAC_NO_IDENTITY)
        tl_outcome_set_attribute(logon->outcome, exchanged->path);
    return reason;
}

static enum tl_reason explain_proof(struct tl_logon *logon)
{
    const struct tl_logon_worker *worker = logon->worker;

    return worker != NULL ? worker->explain_proof(worker->arg, logon)
                          : tl_logon_explain_proof(logon);
}

/* The trusts by which the ticket is judged, and which are saved, are not taken from
 * whoever made the exchange. */
static enum tl_reason follow_trusts(struct tl_logon *logon, enum tl_reason reason,
                                    tl_deadline deadline)
{
    if (logon->worker == NULL || !logon->trusts_newer ||
        refresh_late(logon, deadline) != TL_REASON_OK)
        return reason;
    return reason == TL_REASON_OK ? tli_logon_route(logon) : reason;
}

/* The steps in their order. */
static enum tl_reason steps(struct tl_logon *logon,
                            const struct tl_credential *credential,
                            const struct tl_challenge *challenge)
{
    tl_deadline deadline = logon->deadline = tl_logon_deadline(logon);
    struct tl_exchanged *exchanged = NULL;
    enum tl_reason reason = credential->password != NULL
                                ? tli_logon_check_text(logon, credential->password)
                                : TL_REASON_OK;

    if (reason == TL_REASON_OK)
        reason = tli_logon_find_route(logon, deadline);
    if (reason == TL_REASON_OK)
        reason = exchange_as_either(logon, credential, challenge, &exchanged);
    reason = follow_trusts(logon, reason, deadline);
    if (reason == TL_REASON_OK)
        reason = prove(logon, challenge, exchanged);
    if (tli_proof_needs_words(logon))
        reason = explain_proof(logon);
    if (reason == TL_REASON_OK)
        reason = check_transited(logon, deadline);
    if (reason == TL_REASON_OK)
        reason = apply_rules(logon, deadline);
    if (reason == TL_REASON_OK)
        reason = check_name(logon, deadline);
    if (reason == TL_REASON_OK)
        reason = tli_logon_add_own_groups(logon, deadline);
    if (reason == TL_REASON_OK)
        reason = identify(logon, deadline);
    return reason;
}

enum tl_reason tl_logon_unix_facts(struct tl_logon *logon, const char *domain,
                                   struct tl_unix_facts **facts)
{
    return tli_unix_facts_read(logon, domain, tl_logon_deadline(logon), facts);
}

enum tl_reason tl_logon_run(struct tl_logon *logon,
                            const struct tl_credential *credential)
{
    struct tl_challenge challenge;
    enum tl_reason reason;

    tl_outcome_reset(logon->outcome);
    TALLOC_FREE(logon->proven);
    logon->client = NULL; /* it may have been a string of that */
    logon->member = NULL;
    logon->pac = NULL;
    logon->identity = NULL;
    logon->own = (struct tl_own_groups){0};
    logon->trusts_newer = false;
    if (tl_challenge_new(&challenge) == 0)
        reason = steps(logon, credential, &challenge);
    else
        reason = tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                                 "there are no random bytes");
    logon->deadline = 0;
    /* Callers read the outcome: it is a success only if reason, outcome and PAC agree. */
    if ((reason == TL_REASON_OK) != (logon->outcome->reason == TL_REASON_OK) ||
        (reason == TL_REASON_OK && logon->pac == NULL))
        reason = tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                                 "a step and its outcome disagree");
    tli_logon_set_words(logon);
    return reason;
}
