/* SPDX-License-Identifier: MIT
 *
 * trustlogon/credential.h - what a user proves an account with.
 */
#ifndef TRUSTLOGON_CREDENTIAL_H
#define TRUSTLOGON_CREDENTIAL_H

/*
 * A password, or a smart card and its PIN. All members are borrowed: the caller that
 * reads them from the user wipes them.
 */
struct tl_credential {
    const char *password; /* UTF-8; NULL with a card */
    struct tl_card *card; /* from tl_card_find() (<trustlogon/smartcard.h>), or NULL */
    const char *pin;      /* of the card; tried on it at most once */
};

#endif
