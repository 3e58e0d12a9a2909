/* SPDX-License-Identifier: MIT
 *
 * claim.h - the checksum of a claim, which both sides make.
 */
#ifndef TL_PROOF_CLAIM_H
#define TL_PROOF_CLAIM_H

#include "kerberos/internal.h"

#include <trustlogon/proof.h>

/* Over the nonce, of the type that is mandatory for the key [RFC 3961 3]. The caller
 * frees *sum with krb5_free_checksum_contents(). */
krb5_error_code tli_claim_sum(krb5_context k5, const krb5_keyblock *session,
                              const struct tl_challenge *challenge, krb5_checksum *sum);

#endif
