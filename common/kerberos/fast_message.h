/* SPDX-License-Identifier: MIT
 *
 * Private to this folder: where in Kerberos messages the parts of FAST stand
 * [RFC 6113 5.4]. Windows on the bytes given; nothing is decrypted here. Pure.
 */
#ifndef TL_FAST_MESSAGE_H
#define TL_FAST_MESSAGE_H

#include "status/der.h"

#define TL_PA_FX_FAST 136
#define TL_PA_FX_ERROR 137

/* An EncryptedData [RFC 4120 5.2.9]. */
struct tl_encrypted {
    int32_t etype;
    struct tl_der cipher;
};

/* All return 0, or -ENOENT or -EBADMSG. */

/* The element of this type of a SEQUENCE OF PA-DATA. `value` may be empty. */
int tl_padata_find(struct tl_der list, int32_t type, struct tl_der *value);
/* The padata of a KRB-ERROR (METHOD-DATA in its e-data), an AS-REP or a TGS-REP, as
 * the DER of the whole SEQUENCE OF. */
int tl_reply_padata(struct tl_der reply, struct tl_der *list);
/* The armor of an AS-REQ: the authenticator of its AP-REQ. */
int tl_fast_authenticator(struct tl_der request, struct tl_encrypted *authenticator);
/* The subkey of a decrypted authenticator. */
int tl_authenticator_subkey(struct tl_der authenticator, int32_t *etype,
                            struct tl_der *key);
/* KrbFastArmoredRep in the value of a reply's PA-FX-FAST. */
int tl_fast_reply(struct tl_der value, struct tl_encrypted *enc);
/* The padata of a decrypted KrbFastResponse, as the DER of the SEQUENCE OF. */
int tl_fast_response_padata(struct tl_der response, struct tl_der *list);

#endif
