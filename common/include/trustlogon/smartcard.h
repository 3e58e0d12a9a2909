/* SPDX-License-Identifier: MIT
 *
 * trustlogon/smartcard.h - a certificate and its PIN in the place of a password.
 *
 * libkrb5's pkinit plugin talks to the card (PKCS #11) or opens the file, and does the
 * exchange [RFC 4556]; here is which card it is, that its PIN is tried once for each time
 * it was typed (cards lock after three wrong ones), and what went wrong.
 */
#ifndef TRUSTLOGON_SMARTCARD_H
#define TRUSTLOGON_SMARTCARD_H

#include <trustlogon/config.h>
#include <trustlogon/outcome.h>

/* What the card says of its PIN (PKCS #11, CKF_USER_PIN_...). */
enum tl_pin_state { TL_PIN_FINE, TL_PIN_COUNT_LOW, TL_PIN_FINAL_TRY, TL_PIN_LOCKED };

struct tl_card {
    const char *identity; /* as the plugin names it */
    const char *label;    /* for people: the token's label, or the file */
    enum tl_pin_state state;
    bool spent; /* a PIN was tried on it and was wrong: no other is tried */
};

/*
 * The card that is there, or the file that would be used, for users of `realm` (NULL:
 * any realm). Nothing is sent and no PIN is tried. SMARTCARD_NONE; also for one that asks
 * for no PIN, since it would prove nothing about the user.
 * SMARTCARD_PLUGIN: the machine has no pkinit plugin. CONFIG_INVALID: no trust anchor is
 * configured to verify the domain controller's certificate with.
 */
TL_PUBLIC enum tl_reason tl_card_find(TALLOC_CTX *ctx, const struct tl_config *config,
                                      const char *realm, struct tl_card **card,
                                      struct tl_outcome *out);

#endif
