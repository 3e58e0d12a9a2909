/* SPDX-License-Identifier: MIT
 *
 * logon_prepare.c - the start of every logon and password change.
 */
#include "logon_prepare.h"

#include "own_groups.h"

enum tl_reason tla_logon_new(TALLOC_CTX *ctx, struct tla_conv *conv,
                             const struct tl_config *config, struct tl_logon **logon,
                             struct tl_outcome *out)
{
    struct tl_workstation *ws = NULL;
    struct tl_topology *topology = NULL;
    enum tl_reason reason;

    *logon = NULL;
    reason = tl_workstation_detect(ctx, config, &ws, out);
    if (reason != TL_REASON_OK)
        return reason;
    /* Without a snapshot the exchange itself finds the way. */
    (void)tl_snapshot_load(ctx, config, &topology);
    *logon = tl_logon_new(ctx, config, ws, topology, NULL);
    if (*logon == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    (*logon)->recall = tla_cached_own_groups;
    (*logon)->recall_arg = conv;
    return TL_REASON_OK;
}

enum tl_reason tla_logon_prepare(struct tla_conv *conv, struct tl_logon **logon)
{
    enum tl_reason reason = tla_logon_new(conv, conv, conv->config, logon, conv->outcome);

    return reason == TL_REASON_OK ? tl_logon_prepare(*logon, conv->request.user) : reason;
}
