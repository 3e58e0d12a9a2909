/* SPDX-License-Identifier: MIT
 *
 * config_ids.h - a part of `trustlogon config`.
 */
#ifndef TL_CLI_CONFIG_IDS_H
#define TL_CLI_CONFIG_IDS_H

#include "cli.h"

/* Print, or append to `ids`, each range of ids with its domain; to `unknown` the names
 * in the range lists that match no domain; and to `withheld` the ids that are not given
 * out. `topo` NULL: nothing is known. Returns an exit code. */
int cli_config_ids(struct cli *cli, const struct tl_topology *topo, json_t *ids,
                   json_t *unknown, json_t *withheld);

#endif
