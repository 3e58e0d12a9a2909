/* SPDX-License-Identifier: MIT
 *
 * fast_message.h - where the parts of FAST are in Kerberos messages [RFC 6113 5.4].
 * Results point into the bytes given; nothing is decrypted here. Pure.
 */
#ifndef TL_FAST_MESSAGE_H
#define TL_FAST_MESSAGE_H

#include "status/der.h"

#define TL_PA_FX_FAST 136
#define TL_PA_FX_ERROR 137

/* An EncryptedData [RFC 4120 5.2.9]. */
struct tli_encrypted {
    int32_t etype;
    struct tli_der cipher;
};

/* All return 0, or -ENOENT or -EBADMSG. */

/* The element of this type of a SEQUENCE OF PA-DATA. `value` may be empty. */
int tli_padata_find(struct tli_der list, int32_t type, struct tli_der *value);
/* The padata of a KRB-ERROR (METHOD-DATA in its e-data), an AS-REP or a TGS-REP, as
 * the DER of the whole SEQUENCE OF. */
int tli_reply_padata(struct tli_der reply, struct tli_der *list);
/* The armor of an AS-REQ: the authenticator of its AP-REQ. */
int tli_fast_authenticator(struct tli_der request, struct tli_encrypted *authenticator);
/* The subkey of a decrypted authenticator. */
int tli_authenticator_subkey(struct tli_der authenticator, int32_t *etype,
                             struct tli_der *key);
/* KrbFastArmoredRep in the value of a reply's PA-FX-FAST. */
int tli_fast_reply(struct tli_der value, struct tli_encrypted *enc);
/* The padata of a decrypted KrbFastResponse, as the DER of the SEQUENCE OF. */
int tli_fast_response_padata(struct tli_der response, struct tli_der *list);

#endif
