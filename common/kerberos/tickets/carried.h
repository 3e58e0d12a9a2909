/* SPDX-License-Identifier: MIT
 *
 * carried.h - tickets that another process or another run has got become a context's.
 */
#ifndef TL_KERBEROS_CARRIED_H
#define TL_KERBEROS_CARRIED_H

#include "kerberos/internal.h"

#include <trustlogon/tickets.h>

/* The context is `client`'s from now on, which it owns on success, with a TGT until
 * `tgt_end`. 0 or -ENOMEM. */
int tli_krb_become(struct tl_krb *krb, krb5_principal client, int64_t tgt_end);
/* Decode them into a cache, in the place of what is there. *client is the caller's to
 * free, NULL after an error; *tgt_end is the end of the TGT that lasts longest, or 0. */
krb5_error_code tli_tickets_fill(krb5_context k5, krb5_ccache ccache,
                                 const struct tl_tickets *tickets, krb5_principal *client,
                                 int64_t *tgt_end);
/* False: this process has no lender, and gets the machine's tickets itself. Else *reason
 * says whether the context has them now. */
bool tli_machine_tickets_lent(struct tl_krb *krb, const struct tl_loan *loan,
                              enum tl_reason *reason, struct tl_outcome *out);

#endif
