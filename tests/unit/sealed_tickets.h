/* SPDX-License-Identifier: MIT
 *
 * sealed_tickets.h - tickets as a KDC would seal them.
 */
#ifndef TL_TEST_SEALED_TICKETS_H
#define TL_TEST_SEALED_TICKETS_H

#include <check.h>
#include <krb5.h>
#include <stdlib.h>

/* libkrb5 exports these for its KDC, but declares them in no public header. */
krb5_error_code krb5_encrypt_tkt_part(krb5_context k5, const krb5_keyblock *key,
                                      krb5_ticket *ticket);
krb5_error_code encode_krb5_ticket(const krb5_ticket *ticket, krb5_data **out);

struct seal {
    const krb5_keyblock *key;
    krb5_kvno kvno;
    krb5_enctype labelled; /* the enctype that the ticket names; 0: the key's own */
};

/* The bytes of a ticket for the service, for the caller to free(). */
static inline krb5_data seal_ticket(krb5_context k5, const char *service,
                                    krb5_enc_tkt_part *part, const struct seal *seal)
{
    krb5_ticket ticket = {.enc_part2 = part};
    krb5_data *encoded = NULL, bytes;

    ck_assert_int_eq(krb5_parse_name(k5, service, &ticket.server), 0);
    ck_assert_int_eq(krb5_encrypt_tkt_part(k5, seal->key, &ticket), 0);
    ticket.enc_part.kvno = seal->kvno;
    if (seal->labelled != 0)
        ticket.enc_part.enctype = seal->labelled;
    ck_assert_int_eq(encode_krb5_ticket(&ticket, &encoded), 0);
    bytes = *encoded;
    free(encoded);
    krb5_free_data_contents(k5, &ticket.enc_part.ciphertext);
    krb5_free_principal(k5, ticket.server);
    return bytes;
}

#endif
