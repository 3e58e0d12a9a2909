/* SPDX-License-Identifier: MIT
 *
 * logon_prepare.h - the start of every logon and password change.
 */
#ifndef TLA_LOGON_PREPARE_H
#define TLA_LOGON_PREPARE_H

#include <trustlogon/logon.h>

#include "agent.h"

/*
 * A logon, child of ctx, on this machine as it is known now, with the groups that the
 * agent has cached. `config` is conv's, or a changed copy of it that lives as long. `out`
 * may be NULL.
 */
enum tl_reason tla_logon_new(TALLOC_CTX *ctx, struct tla_conv *conv,
                             const struct tl_config *config, struct tl_logon **logon,
                             struct tl_outcome *out);
/* The logon of the request's user, child of conv, and the reason of tl_logon_prepare().
 * *logon is NULL if it could not be made; the reason is then that of the failure. */
enum tl_reason tla_logon_prepare(struct tla_conv *conv, struct tl_logon **logon);

#endif
