/* SPDX-License-Identifier: MIT
 *
 * card_dialogue.c - the dialogue of a logon with a smart card.
 *
 * The reader is searched for a card before the network is used, and the PIN is prompted
 * for with any name: the conversation does not show which users exist.
 */
#include "card_dialogue.h"

#include <errno.h>

#include "channel.h"
#include "client_watch.h"
#include "journal.h"

/* The card is in a reader of this machine and blocks after a few wrong PINs: a remote
 * client must not be offered the card of the user who sits here, unless the administrator
 * requires cards for every logon. */
static bool is_offered(const struct tla_conv *conv)
{
    const char *from = conv->request.rhost;

    if (conv->config->smartcard == TL_SMARTCARD_REQUIRE)
        return true;
    return conv->config->smartcard == TL_SMARTCARD_TRY && conv->request.secret == NULL &&
           (from == NULL || from[0] == '\0');
}

/* With `try`, the logon continues with a password. */
static bool may_have_password(const struct tla_conv *conv)
{
    return conv->config->smartcard == TL_SMARTCARD_TRY;
}

static int give_up(struct tl_logon *logon, enum tl_reason reason, const char *detail,
                   struct tla_card_answer *answer)
{
    tl_outcome_fail(logon->outcome, TL_STAGE_AS, reason, detail != NULL ? "%s" : NULL,
                    detail);
    answer->over = true;
    return 0;
}

static int ask_pin(struct tla_conv *conv, const struct tl_card *card, char **pin)
{
    static const char *const warnings[] = {
        [TL_PIN_FINE] = "",
        [TL_PIN_COUNT_LOW] = " (a wrong PIN was entered; a few more block the card)",
        [TL_PIN_FINAL_TRY] = " (last try before the card is blocked)",
        [TL_PIN_LOCKED] = "",
    };
    char *text =
        talloc_asprintf(conv, "PIN for %s%s: ", card->label, warnings[card->state]);
    int rc = tla_prompt(conv, TL_STYLE_PIN, text != NULL ? text : "PIN: ", pin);

    talloc_free(text);
    return rc;
}

/* No card can be used. If a password is allowed, the reason is for the journal only. */
static int no_card(struct tla_conv *conv, struct tl_logon *logon,
                   const struct tl_outcome *why, struct tla_card_answer *answer)
{
    if (!may_have_password(conv))
        return give_up(logon, why->reason, why->detail, answer);
    if (why->reason != TL_REASON_SMARTCARD_NONE)
        tla_journal_line(LOG_NOTICE, "smart card not offered: %s%s%s",
                         tl_reason_info(why->reason)->slug,
                         why->detail != NULL ? ": " : "",
                         why->detail != NULL ? why->detail : "");
    return 0;
}

static int blocked(struct tla_conv *conv, struct tl_logon *logon,
                   const struct tl_card *card, struct tla_card_answer *answer)
{
    if (!may_have_password(conv))
        return give_up(logon, TL_REASON_SMARTCARD_BLOCKED, card->label, answer);
    return tla_say(conv, TL_STYLE_INFO,
                   tl_status_by_ntstatus(TL_NT_SMARTCARD_CARD_BLOCKED)->text);
}

/* A card that is blocked, or whose PIN is left empty, leads to the password prompt if
 * passwords are allowed, and ends the logon otherwise. */
int tla_card_ask(struct tla_conv *conv, struct tl_logon *logon,
                 struct tla_card_answer *answer)
{
    const char *realm = logon->route != NULL ? logon->route->realm : NULL;
    struct tl_outcome *why = tl_outcome_new(logon);
    struct tl_card *card = NULL;
    char *pin = NULL;
    int rc;

    *answer = (struct tla_card_answer){0};
    if (why == NULL)
        return -ENOMEM;
    if (!is_offered(conv))
        return 0;
    tla_watch_client(conv, true); /* a reader may hang */
    (void)tl_card_find(logon, conv->config, realm, &card, why);
    tla_watch_client(conv, false);
    if (card == NULL)
        return no_card(conv, logon, why, answer);
    if (card->state == TL_PIN_LOCKED)
        return blocked(conv, logon, card, answer);
    rc = ask_pin(conv, card, &pin);
    if (rc != 0)
        return rc;
    if (pin[0] != '\0') {
        answer->card = card;
        answer->pin = pin;
        return 0;
    }
    talloc_free(pin);
    return may_have_password(conv)
               ? 0
               : give_up(logon, TL_REASON_SMARTCARD_PIN_MISSING, NULL, answer);
}
