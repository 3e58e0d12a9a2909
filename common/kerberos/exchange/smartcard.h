/* SPDX-License-Identifier: MIT
 *
 * smartcard.h - one AS exchange with a card.
 */
#ifndef TL_KERBEROS_SMARTCARD_H
#define TL_KERBEROS_SMARTCARD_H

#include <trustlogon/smartcard.h>

#include "kerberos/internal.h"

/* How far the plugin came, as far as its trace shows. */
enum tli_card_step {
    TL_CARD_PIN,     /* the PIN was not taken, or was never tried */
    TL_CARD_CHOICE,  /* no certificate could be chosen */
    TL_CARD_ANCHORS, /* the PIN was right; the certificates to trust are read */
    TL_CARD_REQUEST  /* the request is being signed, or was sent */
};

struct tli_card_try {
    struct tl_card *card;
    const char *pin;
    bool offered;      /* to this context; a further exchange in it needs no more */
    bool asked, given; /* the plugin wanted a PIN; it has got ours */
    enum tli_card_step step;
    char *complaint; /* the last failure that the plugin reported, or NULL */
};

/* Hand the card to an exchange, which then uses nothing else. The context is one of
 * tli_k5_context_for() with cards, and used with one `card_try`, which outlives the
 * exchange; it may take several, of which the first had no armor. */
krb5_error_code tli_card_offer(krb5_context k5, krb5_get_init_creds_opt *opt,
                               const struct tl_config *config,
                               struct tli_card_try *card_try);
/* The reason for libkrb5's error `ret`; `ex` has the KDC's last reply. */
enum tl_reason tli_card_fail(struct tl_krb *krb, struct tli_card_try *card_try,
                             krb5_error_code ret, const struct tli_exchange *ex,
                             struct tl_outcome *out);

/* After a PIN that was wrong, and after the exchange, which holds the card: add how many
 * more the card takes. Returns the outcome's reason. */
enum tl_reason tli_card_count(const struct tl_config *config, const char *realm,
                              struct tl_card *card, struct tl_outcome *out);

#endif
