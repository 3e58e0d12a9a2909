/* SPDX-License-Identifier: MIT
 *
 * harden.h - give up what a monitor does not need, before it reads a byte of client or
 * network.
 */
#ifndef TLA_HARDEN_H
#define TLA_HARDEN_H

/* Limits, capabilities, and the filter. 0 or -errno. */
int tla_harden(void);
/* syscall_filter.c: the filter alone. 0 or -errno; 0 in a build without libseccomp. */
int tla_filter(void);
/* Make it before it is needed, for all children. 0 or -errno. */
int tla_filter_make(void);

#endif
