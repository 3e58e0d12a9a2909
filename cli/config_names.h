/* SPDX-License-Identifier: MIT
 *
 * config_names.h - `trustlogon config`: names in the configuration that no domain has.
 */
#ifndef TL_CLI_CONFIG_NAMES_H
#define TL_CLI_CONFIG_NAMES_H

#include "cli.h"

/* Check default_domain, bare_names and realm against the snapshot (NULL: none yet) and,
 * for root, the keytab; prints each problem, or adds it to the array `problems`.
 * EXIT_WORKS or EXIT_PROBLEM. */
int cli_config_names(struct cli *cli, const struct tl_topology *topo, json_t *problems);

#endif
