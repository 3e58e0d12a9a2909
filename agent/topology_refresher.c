/* SPDX-License-Identifier: MIT
 *
 * topology_refresher.c - a child of the listener that refreshes the topology snapshot.
 */
#include "topology_refresher.h"

#include <trustlogon/machine.h>
#include <unistd.h>

#include "config.h"
#include "journal.h"
#include "store_update.h"

#define REFRESH_MS 60000

/* Try again as another machine if the keytab has keys of two and the first is unknown to
 * its KDC: so that is settled before the first user logs on. */
static enum tl_reason refresh(struct tl_machine *machine, struct tl_outcome *out)
{
    enum tl_reason reason =
        tl_machine_refresh(machine, NULL, tl_deadline_in_ms(REFRESH_MS), out);

    if (reason == TL_REASON_OK || !tl_machine_try_other(machine))
        return reason;
    tl_outcome_reset(out);
    return tl_machine_refresh(machine, NULL, tl_deadline_in_ms(REFRESH_MS), out);
}

/* The store is opened even if the machine is not joined yet, as long as the configuration
 * is valid: opening it writes what NSS needs. */
int tla_refresh_topology(const struct tla_setup *setup)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_outcome *out = tl_outcome_new(ctx);
    struct tl_machine *machine = NULL;
    struct tl_config *config = NULL;
    struct tla_store_handle *handle = NULL;
    enum tl_reason reason;
    bool configured;

    alarm(3 * REFRESH_MS / 1000); /* refresh() may read twice */
    reason = out == NULL ? TL_REASON_NO_MEMORY
                         : tla_config(ctx, setup, NULL, NULL, &config, out);
    configured = reason == TL_REASON_OK;
    if (configured)
        reason = tl_machine_open(ctx, config, &machine, out);
    /* The id ranges that NSS asks the agent for, and the domain of bare names: files may
     * have owners before the first user logs on here. */
    if (configured &&
        tla_store_open(ctx, config, machine != NULL ? machine->workstation->domain : NULL,
                       &handle) != 0)
        tla_journal_line(LOG_WARNING, "cannot create the identity store");
    if (reason == TL_REASON_OK)
        reason = refresh(machine, out);
    if (reason != TL_REASON_OK)
        tla_journal_line(LOG_INFO, "cannot refresh the trusts: %s (%s)",
                         tl_reason_info(reason)->slug,
                         out != NULL && out->detail != NULL ? out->detail : "no detail");
    talloc_free(ctx);
    return reason == TL_REASON_OK ? 0 : 1;
}
