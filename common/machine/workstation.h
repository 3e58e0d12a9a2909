/* SPDX-License-Identifier: MIT
 *
 * machine/workstation.h - the identity of this machine, by its configuration and its
 * keytab.
 */
#ifndef TL_MACHINE_WORKSTATION_H
#define TL_MACHINE_WORKSTATION_H

#include <trustlogon/config.h>
#include <trustlogon/outcome.h>
#include <trustlogon/route.h>

/* See tl_machine_detect(). *ws is a child of ctx. */
enum tl_reason tli_workstation_detect(TALLOC_CTX *ctx, const struct tl_config *config,
                                      struct tl_workstation **ws, struct tl_outcome *out);

#endif
