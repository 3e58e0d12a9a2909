/* SPDX-License-Identifier: MIT
 *
 * card_dialogue.h - the dialogue of a logon with a smart card.
 */
#ifndef TLA_CARD_DIALOGUE_H
#define TLA_CARD_DIALOGUE_H

#include <trustlogon/logon.h>
#include <trustlogon/smartcard.h>

#include "agent.h"

/* All NULL and false: ask for a password. */
struct tla_card_answer {
    /* The card, and its PIN (wiped when freed). */
    struct tl_card *card;
    char *pin;
    /* A card is required and cannot be used: the logon has failed, as its outcome says.
     */
    bool over;
};
/* Find a card and read its PIN, if this logon may use one. 0 or what the conversation
 * returned (channel.h). */
int tla_card_ask(struct tla_conv *conv, struct tl_logon *logon,
                 struct tla_card_answer *answer);

#endif
