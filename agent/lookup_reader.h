/* SPDX-License-Identifier: MIT
 *
 * lookup_reader.h - directories, read for a look-up by the processes of their domains.
 */
#ifndef TLA_LOOKUP_READER_H
#define TLA_LOOKUP_READER_H

#include <trustlogon/lookup.h>

#include "agent.h"

/* What goes into tl_lookup_input.reader: a child of ctx, as are its sockets. Without a
 * listener each question has a worker of its own. NULL: no memory. */
const struct tl_lookup_reader *tla_lookup_reader_new(TALLOC_CTX *ctx,
                                                     const struct tla_conv *conv,
                                                     const struct tl_machine *machine);

#endif
