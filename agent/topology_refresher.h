/* SPDX-License-Identifier: MIT
 *
 * topology_refresher.h - a child of the listener that refreshes the topology snapshot.
 */
#ifndef TLA_TOPOLOGY_REFRESHER_H
#define TLA_TOPOLOGY_REFRESHER_H

#include "agent.h"

/* Read the trusts once and write the snapshot: exit status of the child. */
int tla_refresh_topology(const struct tla_setup *setup);

#endif
