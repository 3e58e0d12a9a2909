/* SPDX-License-Identifier: MIT
 *
 * topology_refresher.c - a child of the listener that refreshes the topology snapshot.
 */
#include "topology_refresher.h"

#include <trustlogon/machine.h>
#include <unistd.h>

#include "config.h"
#include "journal.h"
#include "logon_worker.h"
#include "store_update.h"

#define REFRESH_MS 60000

/* Try again as another machine if the keytab has keys of two and the first is unknown to
 * its KDC: so that is settled before the first user logs on. */
static enum tl_reason refresh(struct tla_conv *conv, struct tl_machine *machine)
{
    enum tl_reason reason = tla_worker_read_trusts(
        conv, machine, tl_deadline_in_ms(REFRESH_MS), conv->outcome);

    if (reason == TL_REASON_OK || !tl_machine_try_other(machine))
        return reason;
    tl_outcome_reset(conv->outcome);
    return tla_worker_read_trusts(conv, machine, tl_deadline_in_ms(REFRESH_MS),
                                  conv->outcome);
}

/* The store is opened even if the machine is not joined yet, as long as the configuration
 * is valid: opening it writes what NSS needs. */
int tla_refresh_topology(const struct tla_setup *setup)
{
    struct tla_conv *conv = tla_conv_without_client(setup);
    struct tl_machine *machine = NULL;
    struct tla_store_handle *handle = NULL;
    enum tl_reason reason;

    if (conv == NULL)
        return 1;
    alarm(3 * REFRESH_MS / 1000); /* refresh() may read twice */
    reason = tla_config(conv, setup, NULL, NULL, &conv->config, conv->outcome);
    if (reason == TL_REASON_OK)
        reason = tl_machine_open(conv, conv->config, &machine, conv->outcome);
    /* The id ranges that NSS asks the agent for, and the domain of bare names: files may
     * have owners before the first user logs on here. */
    if (conv->config != NULL &&
        tla_store_open(conv, conv->config,
                       machine != NULL ? machine->workstation->domain : NULL,
                       &handle) != 0)
        tla_journal_line(LOG_WARNING, "cannot create the identity store");
    if (reason == TL_REASON_OK)
        reason = refresh(conv, machine);
    if (reason != TL_REASON_OK)
        tla_journal_line(
            LOG_INFO, "cannot refresh the trusts: %s (%s)", tl_reason_info(reason)->slug,
            conv->outcome->detail != NULL ? conv->outcome->detail : "no detail");
    talloc_free(conv);
    return reason == TL_REASON_OK ? 0 : 1;
}
