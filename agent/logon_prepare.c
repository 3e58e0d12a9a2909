/* SPDX-License-Identifier: MIT
 *
 * logon_prepare.c - the start of every logon and password change.
 */
#include "logon_prepare.h"

#include "logon_worker.h"
#include "own_groups.h"

enum tl_reason tla_logon_new(TALLOC_CTX *ctx, struct tla_conv *conv,
                             const struct tl_config *config, struct tl_logon **logon,
                             struct tl_outcome *out)
{
    struct tl_machine *machine = NULL;
    enum tl_reason reason;

    *logon = NULL;
    reason = tl_machine_open(ctx, config, &machine, out);
    if (reason != TL_REASON_OK)
        return reason;
    *logon = tl_logon_new(ctx, machine, NULL);
    if (*logon == NULL || tla_logon_worker_use(conv, *logon) != 0)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    (*logon)->cached_groups = tla_cached_own_groups;
    (*logon)->cached_groups_arg = conv;
    return TL_REASON_OK;
}

enum tl_reason tla_logon_prepare(struct tla_conv *conv, struct tl_logon **logon)
{
    enum tl_reason reason = tla_logon_new(conv, conv, conv->config, logon, conv->outcome);

    return reason == TL_REASON_OK ? tl_logon_prepare(*logon, conv->request.user) : reason;
}
