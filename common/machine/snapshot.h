/* SPDX-License-Identifier: MIT
 *
 * machine/snapshot.h - the saved snapshot of the trusts, and what a machine takes from a
 * topology that replaces the one it has.
 */
#ifndef TL_MACHINE_SNAPSHOT_H
#define TL_MACHINE_SNAPSHOT_H

#include <trustlogon/machine.h>

/* Drop a topology that was read as a member of another domain. The site stays. */
void tli_machine_drop_foreign_topology(struct tl_machine *machine);
/* Take `fresh` in place of the topology there is, and its site with it. */
void tli_machine_set_topology(struct tl_machine *machine, struct tl_topology *fresh);
/*
 * The same with a topology just read from a directory, which does not name the site: the
 * one of the former topology stays.
 */
void tli_machine_replace_topology(struct tl_machine *machine, struct tl_topology *fresh);
/* A snapshot younger than this is not read again for a name that it does not know:
 * guessed domain names must not turn into LDAP traffic. */
#define TLI_SNAPSHOT_YOUNG_S 60
/* Whether a topology was read less than so many seconds ago; false for NULL. */
bool tli_snapshot_is_younger(const struct tl_topology *topo, int seconds);
/* Write machine->topology as the snapshot. A failure is only noted: an ordinary user's
 * command may not write there, and still has its answer. */
void tli_machine_save_snapshot(const struct tl_machine *machine,
                               const struct tl_trace *trace);

#endif
