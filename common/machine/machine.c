/* SPDX-License-Identifier: MIT
 *
 * machine.c - a struct tl_machine: made, detected, and changed into another one of the
 * same keytab.
 */
#include <errno.h>
#include <string.h>
#include <trustlogon/machine.h>

#include "snapshot.h"
#include "workstation.h"

struct tl_machine *tl_machine_new(TALLOC_CTX *ctx, const struct tl_config *config)
{
    struct tl_machine *machine = talloc_zero(ctx, struct tl_machine);

    if (machine == NULL)
        return NULL;
    machine->config = config;
    machine->site = config->site;
    return machine;
}

static void become(struct tl_machine *machine, const struct tl_workstation *workstation)
{
    machine->workstation = workstation;
    tli_machine_drop_foreign_topology(machine);
}

enum tl_reason tl_machine_detect(struct tl_machine *machine, struct tl_outcome *out)
{
    struct tl_workstation *workstation = NULL;
    enum tl_reason reason =
        tli_workstation_detect(machine, machine->config, &workstation, out);

    if (reason == TL_REASON_OK)
        become(machine, workstation);
    return reason;
}

enum tl_reason tl_machine_open(TALLOC_CTX *ctx, const struct tl_config *config,
                               struct tl_machine **machine_out, struct tl_outcome *out)
{
    struct tl_machine *machine = tl_machine_new(ctx, config);
    enum tl_reason reason;

    *machine_out = NULL;
    if (machine == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    reason = tl_machine_detect(machine, out);
    if (reason != TL_REASON_OK) {
        talloc_free(machine);
        return reason;
    }
    (void)tl_machine_load_snapshot(machine);
    *machine_out = machine;
    return TL_REASON_OK;
}

static bool is_same(const struct tl_workstation *a, const struct tl_workstation *b)
{
    return strcmp(a->realm, b->realm) == 0 && strcmp(a->flat, b->flat) == 0 &&
           strcmp(a->fqdn, b->fqdn) == 0;
}

bool tl_machine_try_other(struct tl_machine *machine)
{
    struct tl_workstation *other = NULL;

    if (tli_workstation_detect(machine, machine->config, &other, NULL) != TL_REASON_OK)
        return false;
    if (is_same(other, machine->workstation)) {
        talloc_free(other);
        return false;
    }
    become(machine, other);
    return true;
}
