/* SPDX-License-Identifier: MIT
 *
 * config.h - the configuration of one conversation, or of the listener.
 */
#ifndef TLA_CONFIG_H
#define TLA_CONFIG_H

#include "agent.h"

/*
 * Read `conf` (NULL: the setup's) and apply `options`, those of the PAM line, one per
 * line (NULL: none). *config is a child of ctx. CONFIG_INVALID: `out` names file, section
 * and key.
 */
enum tl_reason tla_config(TALLOC_CTX *ctx, const struct tla_setup *setup,
                          const char *conf, const char *options,
                          struct tl_config **config, struct tl_outcome *out);

#endif
