/* SPDX-License-Identifier: MIT
 *
 * trustlogon/proof.h - the ticket for this machine against its keytab: the user's
 * identity, and which realms vouch for it.
 */
#ifndef TRUSTLOGON_PROOF_H
#define TRUSTLOGON_PROOF_H

#include <trustlogon/kerberos.h>
#include <trustlogon/pac.h>

/*
 * Proof: decrypt the host ticket with the keytab, find the PAC, verify its
 * server signature and client info, decode it. No option skips this.
 */
TL_PUBLIC enum tl_reason tl_krb_proof(TALLOC_CTX *ctx, struct tl_krb *krb,
                                      const struct tl_workstation *ws,
                                      struct tl_pac **pac, struct tl_outcome *out);

/* Realm number i of those that the proven ticket came through, without both ends; NULL
 * past the last. And the same as text, "A.TEST, B.TEST". */
TL_PUBLIC const char *tl_krb_transited(const struct tl_krb *krb, size_t i);
TL_PUBLIC char *tl_krb_transited_text(TALLOC_CTX *ctx, const struct tl_krb *krb);

#endif
