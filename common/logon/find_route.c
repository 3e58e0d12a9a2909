/* SPDX-License-Identifier: MIT
 *
 * find_route.c - the first steps of a logon: name and route. The trusts are read again
 * where the snapshot does not know the name.
 */
#include <errno.h>
#include <string.h>

#include <trustlogon/logon.h>
#include <trustlogon/name.h>

#include "explain.h"
#include "machine/snapshot.h"
#include "steps.h"
#include "store/local.h"

static enum tl_reason find_route_by(struct tl_logon *logon,
                                    const struct tl_topology *topology)
{
    struct tl_route *route;

    if (tl_route(logon, logon->name, logon->machine->workstation, topology, &route) != 0)
        return tl_outcome_fail(logon->outcome, TL_STAGE_ROUTE, TL_REASON_NO_MEMORY, NULL);
    TALLOC_FREE(logon->route);
    logon->route = route;
    if (route->local)
        return tl_outcome_fail(logon->outcome, TL_STAGE_NAME, TL_REASON_NAME_LOCAL, NULL);
    return TL_REASON_OK;
}

/* A bare name that an account of the machine has, in upper or lower case, or that is
 * reserved on every machine. To NSS it is not a domain user's, so it is not here. */
static bool bare_and_local(const struct tl_logon *logon)
{
    return logon->machine->workstation->bare_names && logon->name->form == TL_NAME_BARE &&
           tli_local_takes_bare("/etc/passwd", logon->name->user);
}

enum tl_reason tli_logon_route(struct tl_logon *logon)
{
    return find_route_by(logon, logon->machine->topology);
}

enum tl_reason tl_logon_prepare(struct tl_logon *logon, const char *name)
{
    enum tl_name_error error;
    int ret;

    tl_outcome_reset(logon->outcome);
    ret = tl_name_parse(logon, name, strlen(name), &logon->name, &error);
    if (ret == -ENOMEM)
        return tl_outcome_fail(logon->outcome, TL_STAGE_NAME, TL_REASON_NO_MEMORY, NULL);
    if (ret != 0)
        return tl_outcome_fail(logon->outcome, TL_STAGE_NAME, TL_REASON_NAME_INVALID,
                               "%s", tl_name_error_text(error));
    if (tl_name_is_local(logon->name, logon->machine->workstation->flat,
                         logon->machine->workstation->fqdn) ||
        bare_and_local(logon))
        return tl_outcome_fail(logon->outcome, TL_STAGE_NAME, TL_REASON_NAME_LOCAL, NULL);
    return tli_logon_route(logon);
}

/*
 * The trusts cannot be read now. A snapshot that is not old still says which domains
 * exist. To an old one a new domain is unknown, so the name is then taken at its word.
 */
static enum tl_reason route_without_reading(struct tl_logon *logon)
{
    if (logon->route->verdict == TL_REASON_DOMAIN_UNKNOWN &&
        !tli_snapshot_is_younger(logon->machine->topology,
                                 logon->machine->config->topology_refresh))
        return find_route_by(logon, NULL);
    return tli_logon_route(logon);
}

enum tl_reason tli_logon_refresh(struct tl_logon *logon, tl_deadline deadline,
                                 struct tl_outcome *out)
{
    const struct tl_logon_worker *worker = logon->worker;

    return worker != NULL
               ? worker->refresh(worker->arg, logon, out)
               : tl_machine_refresh(logon->machine, logon->trace, deadline, out);
}

bool tli_logon_other_machine(struct tl_logon *logon)
{
    const struct tl_workstation *before = logon->machine->workstation, *now;

    if (!tl_machine_try_other(logon->machine))
        return false;
    now = logon->machine->workstation;
    tl_trace_note(
        logon->trace,
        "the domain does not know this machine as %s$ (%s); the keytab has keys "
        "of %s$ (%s) as well",
        before->flat, before->realm, now->flat, now->realm);
    return true;
}

/*
 * A name without a place in the snapshot may belong to a trust that is newer, or no
 * snapshot exists yet (first logon of a machine without the daemon): read the directory
 * once and route again.
 */
static enum tl_reason complete_route(struct tl_logon *logon, tl_deadline deadline)
{
    struct tl_outcome *why;
    enum tl_reason reason;
    bool placed =
        logon->route->realm != NULL && logon->route->verdict != TL_REASON_DOMAIN_UNKNOWN;

    if (placed || tli_snapshot_is_younger(logon->machine->topology, TLI_SNAPSHOT_YOUNG_S))
        return TL_REASON_OK;
    why = tl_outcome_new(logon);
    reason = tli_logon_refresh(logon, deadline, why);
    if (reason != TL_REASON_OK && tli_logon_other_machine(logon)) {
        tl_outcome_reset(why);
        reason = tli_logon_refresh(logon, deadline, why);
    }
    if (reason != TL_REASON_OK) {
        logon->unread = logon->machine->topology == NULL ? why : NULL;
        tl_trace_note(logon->trace,
                      "the trusts could not be read; the route is not confirmed");
        return route_without_reading(logon);
    }
    talloc_free(why);
    return tli_logon_route(logon);
}

/* A route without a realm: no KDC can be asked, so the verdict is the outcome. */
static enum tl_reason no_realm(struct tl_logon *logon)
{
    const struct tl_route *route = logon->route;
    enum tl_reason reason =
        route->verdict != TL_REASON_OK ? route->verdict : TL_REASON_DOMAIN_UNKNOWN;

    tl_outcome_fail(logon->outcome, TL_STAGE_ROUTE, reason, "%s", route->why);
    logon->outcome->ntstatus =
        route->ntstatus != 0 ? route->ntstatus : TL_NT_NO_SUCH_DOMAIN;
    tl_outcome_set_subject(logon->outcome, route->subject);
    tl_outcome_set_attribute(logon->outcome, route->attribute);
    (void)tli_explain_unread(logon);
    tli_explain_unknown_domain(logon);
    return logon->outcome->reason;
}

enum tl_reason tli_logon_find_route(struct tl_logon *logon, tl_deadline deadline)
{
    enum tl_reason reason = complete_route(logon, deadline);

    if (reason != TL_REASON_OK)
        return reason;
    return logon->route->realm != NULL ? TL_REASON_OK : no_realm(logon);
}

enum tl_reason tli_logon_new_locator(struct tl_logon *logon)
{
    TALLOC_FREE(logon->krb); /* it uses the locator */
    TALLOC_FREE(logon->locator);
    logon->locator = tli_machine_locator(logon, logon->machine, logon->trace);
    if (logon->locator == NULL)
        return tl_outcome_fail(logon->outcome, TL_STAGE_LOCATE, TL_REASON_NO_MEMORY,
                               NULL);
    return TL_REASON_OK;
}
