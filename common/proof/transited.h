/* SPDX-License-Identifier: MIT
 *
 * transited.h - the realms that a ticket came through.
 */
#ifndef TL_PROOF_TRANSITED_H
#define TL_PROOF_TRANSITED_H

#include "kerberos/internal.h"

/* `client` and `server` are the realms at the ends of the path and not part of the list.
 * Pure. -EBADMSG, -ENOMEM; realms->names is a child of ctx. */
int tli_transited_decode(TALLOC_CTX *ctx, const krb5_transited *transited,
                         const char *client, const char *server,
                         struct tli_realms *realms);

#endif
