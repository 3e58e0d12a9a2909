/* SPDX-License-Identifier: MIT
 *
 * smartcard.c - smart cards in the AS exchange (smartcard.h). libkrb5 asks for PINs
 * through its responder. It gets one answer, and another one only after the first was
 * right; anything else that it asks for ends the exchange, so that no wrong PIN is tried
 * twice.
 */
#include "kerberos/safe_file.h"
#include "kerberos/smartcard_profile.h"
#include "smartcard.h"

#include <errno.h>
#include <string.h>

#define IDENTITY "X509_user_identity"
#define ANCHORS "X509_anchors"
#define COMPLAINT_MAX 400

/* Words of the plugin's trace that report a failure, and those that show that the PIN was
 * right. Only the sentence and the reason depend on them. */
static const char *const complaints[] = {"fail",      "error",  " no ",
                                         "could not", "unable", "mismatch"};
static const struct {
    const char *words;
    enum tli_card_step step;
} steps[] = {
    {"no matching certificate", TL_CARD_CHOICE},
    {"there must be exactly one", TL_CARD_CHOICE},
    {"loading CA certs", TL_CARD_ANCHORS},
    {"computed kdc-req-body checksum", TL_CARD_REQUEST},
};

/* "[pid] time.usec: PKINIT ...": what the plugin did, without secrets. */
static void watch(krb5_context k5, const krb5_trace_info *info, void *data)
{
    struct tli_card_try *try = data;
    const char *text = info != NULL ? strstr(info->message, "PKINIT ") : NULL;
    size_t len;

    (void)k5;
    if (text == NULL)
        return;
    text += strlen("PKINIT ");
    len = strcspn(text, "\n");
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (strstr(text, steps[i].words) != NULL)
            try->step = steps[i].step;
    for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
        if (strstr(text, complaints[i]) == NULL)
            continue;
        talloc_free(try->complaint);
        try->complaint =
            talloc_strndup(try->card, text, len < COMPLAINT_MAX ? len : COMPLAINT_MAX);
        return;
    }
}

static enum tl_pin_state state_of(int32_t flags)
{
    if ((flags & KRB5_RESPONDER_PKINIT_FLAGS_TOKEN_USER_PIN_LOCKED) != 0)
        return TL_PIN_LOCKED;
    if ((flags & KRB5_RESPONDER_PKINIT_FLAGS_TOKEN_USER_PIN_FINAL_TRY) != 0)
        return TL_PIN_FINAL_TRY;
    if ((flags & KRB5_RESPONDER_PKINIT_FLAGS_TOKEN_USER_PIN_COUNT_LOW) != 0)
        return TL_PIN_COUNT_LOW;
    return TL_PIN_FINE;
}

static krb5_error_code give_pin(krb5_context k5, void *data, krb5_responder_context rctx)
{
    struct tli_card_try *try = data;
    krb5_responder_pkinit_challenge *challenge = NULL;
    krb5_error_code ret = krb5_responder_pkinit_get_challenge(k5, rctx, &challenge);
    /* armor that is offered late, say, restarts the exchange: that PIN was right */
    bool same = false, again = try->given && try->step < TL_CARD_ANCHORS;

    if (ret != 0 || challenge == NULL)
        return ret; /* other questions have other mechanisms, and stay open */
    try->asked = true;
    for (krb5_responder_pkinit_identity **id = challenge->identities; *id != NULL; id++)
        same = same || strcmp((*id)->identity, try->card->identity) == 0;
    krb5_responder_pkinit_challenge_free(k5, rctx, challenge);
    if (!same || again)
        return KRB5_LIBOS_PWDINTR; /* another card now, or a second try */
    try->given = true;
    try->step = TL_CARD_PIN;
    return krb5_responder_pkinit_set_answer(k5, rctx, try->card->identity, try->pin);
}

static krb5_error_code set_options(krb5_context k5, krb5_get_init_creds_opt *opt,
                                   const struct tl_config *config)
{
    krb5_error_code ret = 0;

    if (config->pkinit_identity != NULL)
        ret = krb5_get_init_creds_opt_set_pa(k5, opt, IDENTITY, config->pkinit_identity);
    if (ret == 0 && config->pkinit_anchors != NULL)
        ret = krb5_get_init_creds_opt_set_pa(k5, opt, ANCHORS, config->pkinit_anchors);
    return ret;
}

krb5_error_code tli_card_offer(krb5_context k5, krb5_get_init_creds_opt *opt,
                               const struct tl_config *config,
                               struct tli_card_try *card_try)
{
    krb5_error_code ret = card_try->offered ? 0 : set_options(k5, opt, config);

    card_try->offered = true;
    if (ret == 0)
        ret = krb5_set_trace_callback(k5, watch, card_try);
    if (ret == 0)
        ret = krb5_get_init_creds_opt_set_responder(k5, opt, give_pin, card_try);
    return ret;
}

/* --- which card is there --- */

struct look {
    struct tl_card *card; /* the first that asks for a PIN */
    TALLOC_CTX *ctx;      /* owns it */
};

/* The label of "PKCS11:module_name=...:slotid=...:token=LABEL", or the file's name. */
static const char *label_of(const char *identity)
{
    const char *token = strstr(identity, "token=");
    const char *slash = strrchr(identity, '/');

    if (token != NULL && token[strlen("token=")] != '\0')
        return token + strlen("token=");
    return slash != NULL && slash[1] != '\0' ? slash + 1 : identity;
}

static krb5_error_code note_card(krb5_context k5, void *data, krb5_responder_context rctx)
{
    struct look *look = data;
    krb5_responder_pkinit_challenge *challenge = NULL;
    const krb5_responder_pkinit_identity *first = NULL;
    struct tl_card *card;

    if (krb5_responder_pkinit_get_challenge(k5, rctx, &challenge) != 0 ||
        challenge == NULL)
        return KRB5_LIBOS_PWDINTR;
    first = challenge->identities[0];
    if (first != NULL && look->card == NULL) {
        card = talloc_zero(look->ctx, struct tl_card);
        if (card != NULL) {
            card->identity = talloc_strdup(card, first->identity);
            card->label = tl_plain_text(card, label_of(first->identity));
            card->state = state_of(first->token_flags);
        }
        look->card = card != NULL && card->identity && card->label ? card : NULL;
    }
    krb5_responder_pkinit_challenge_free(k5, rctx, challenge);
    return KRB5_LIBOS_PWDINTR; /* before a PIN is tried, or a keypad asks for it */
}

/* The plugin takes this option from each context once; without it the option is not read.
 */
static bool has_plugin(enum tl_rc4 rc4)
{
    krb5_get_init_creds_opt *opt = NULL;
    krb5_context k5 = NULL;
    bool found;

    if (tli_k5_context_for(rc4, true, &k5) != 0)
        return false;
    found = krb5_get_init_creds_opt_alloc(k5, &opt) == 0 &&
            krb5_get_init_creds_opt_set_pa(k5, opt, IDENTITY, "FILE:/dev/null") == 0 &&
            krb5_get_init_creds_opt_set_pa(k5, opt, IDENTITY, "FILE:/dev/null") != 0;
    krb5_get_init_creds_opt_free(k5, opt);
    krb5_free_context(k5);
    return found;
}

/* The first step of an exchange that would begin with a certificate, without a hint from
 * a KDC: the plugin looks for one. The request is never sent. */
static krb5_error_code look_for_card(krb5_context k5, const struct tl_config *config,
                                     const char *realm, struct look *look)
{
    krb5_preauthtype kind = KRB5_PADATA_PK_AS_REQ;
    krb5_get_init_creds_opt *opt = NULL;
    krb5_init_creds_context icc = NULL;
    krb5_data in = {0}, request = {0}, next = {0};
    krb5_principal nobody = NULL;
    unsigned int flags = 0;
    krb5_error_code ret = krb5_get_init_creds_opt_alloc(k5, &opt);

    if (ret == 0)
        ret = set_options(k5, opt, config);
    if (ret == 0)
        ret = krb5_get_init_creds_opt_set_responder(k5, opt, note_card, look);
    if (ret == 0)
        ret = krb5_build_principal(k5, &nobody, (unsigned int)strlen(realm), realm,
                                   "nobody", NULL);
    if (ret == 0) {
        krb5_get_init_creds_opt_set_preauth_list(opt, &kind, 1);
        ret = krb5_init_creds_init(k5, nobody, NULL, NULL, 0, opt, &icc);
    }
    if (ret == 0)
        ret = krb5_init_creds_step(k5, icc, &in, &request, &next, &flags);
    krb5_free_data_contents(k5, &request);
    krb5_free_data_contents(k5, &next);
    krb5_init_creds_free(k5, icc);
    krb5_free_principal(k5, nobody);
    krb5_get_init_creds_opt_free(k5, opt);
    return ret;
}

static bool has_anchors(krb5_context k5, const struct tl_config *config,
                        const char *realm)
{
    profile_t profile = NULL;
    /* without a realm it is unknown: realms may have their own */
    bool found = config->pkinit_anchors != NULL || realm == NULL;

    if (!found && krb5_get_profile(k5, &profile) == 0)
        found = tli_card_setting(profile, realm, "pkinit_anchors");
    profile_abandon(profile);
    return found;
}

/* A user who can write these files chooses which KDC is trusted, or runs code as root. */
static enum tl_reason check_files(krb5_context k5, const struct tl_config *config,
                                  const char *realm, struct tl_outcome *out)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    enum tl_reason reason = TL_REASON_OK;
    profile_t profile = NULL;
    const char *why = NULL;
    char *file = NULL;

    if (config->pkinit_anchors != NULL)
        why = tli_pkinit_unsafe(mem, config->pkinit_anchors, &file);
    if (why == NULL && config->pkinit_identity != NULL)
        why = tli_pkinit_unsafe(mem, config->pkinit_identity, &file);
    if (why == NULL && krb5_get_profile(k5, &profile) == 0)
        why = tli_card_unsafe(mem, profile, realm, &file);
    profile_abandon(profile);
    if (why != NULL) {
        tl_outcome_set_subject(out, file);
        reason =
            tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_FILE_UNSAFE, "%s", why);
    }
    talloc_free(mem);
    return reason;
}

enum tl_reason tl_card_find(TALLOC_CTX *ctx, const struct tl_config *config,
                            const char *realm, struct tl_card **card,
                            struct tl_outcome *out)
{
    struct look look = {.ctx = ctx};
    krb5_context k5 = NULL;
    enum tl_reason reason = TL_REASON_OK;

    *card = NULL;
    if (!has_plugin(config->allow_rc4))
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_PLUGIN, NULL);
    reason = tli_k5_open(config->allow_rc4, true, TL_STAGE_AS, &k5, out);
    if (reason != TL_REASON_OK)
        return reason;
    if (!has_anchors(k5, config, realm))
        reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_CONFIG_INVALID,
                                 "smartcard needs pkinit_anchors, the issuers that "
                                 "certificates of domain controllers must come from");
    else
        reason = check_files(k5, config, realm, out);
    if (reason == TL_REASON_OK)
        (void)look_for_card(k5, config, realm != NULL ? realm : "-", &look);
    krb5_free_context(k5);
    if (reason == TL_REASON_OK && look.card == NULL)
        reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_NONE, "%s",
                                 config->pkinit_identity != NULL
                                     ? config->pkinit_identity
                                     : "pkinit_identities of krb5.conf");
    *card = look.card;
    return reason;
}

/* --- what went wrong --- */

/* The PIN was right and the request was not made. The plugin checks the user's own
 * certificate first, as the KDC will, and says so in libkrb5's message. */
static enum tl_reason fail_request(const struct tli_card_try *try, const char *message,
                                   struct tl_outcome *out)
{
    const char *own = strstr(message, "own certificate");

    if (own != NULL && strstr(own, "(depth 0)") != NULL && strstr(own, "expired") != NULL)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_EXPIRED, NULL);
    if (own != NULL)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_UNTRUSTED,
                               "this machine failed to verify its %s", own);
    return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_BROKEN, "%s; %s",
                           message, try->complaint != NULL ? try->complaint : "");
}

static enum tl_reason fail_before_request(struct tli_card_try *try, const char *message,
                                          struct tl_outcome *out)
{
    if (!try->asked)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_PKINIT_UNSUPPORTED,
                               "it does not offer PKINIT");
    if (!try->given)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_NONE,
                               "not the card whose PIN was asked for");
    /* before the PIN is tried; of a realm that was not known when the card was found */
    if (strstr(message, "pkinit_anchors") != NULL)
        try->step = TL_CARD_ANCHORS;
    switch (try->step) {
    case TL_CARD_PIN:
        try->card->spent = true;
        tl_outcome_set_subject(out, try->card->label);
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_PIN_WRONG, NULL);
    case TL_CARD_CHOICE:
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_NO_CERTIFICATE,
                               NULL);
    case TL_CARD_ANCHORS:
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_CONFIG_INVALID,
                               "pkinit_anchors, or pkinit_pool or pkinit_revoke of "
                               "krb5.conf: %s",
                               message);
    default:
        return fail_request(try, message, out);
    }
}

enum tl_reason tli_card_fail(struct tl_krb *krb, struct tli_card_try *card_try,
                             krb5_error_code ret, const struct tli_exchange *ex,
                             struct tl_outcome *out)
{
    bool replied = tli_krb_msg_kind((const uint8_t *)ex->reply.data, ex->reply.length) ==
                   TL_MSG_AS_REP;
    enum tl_reason reason;
    char *message;

    if (ret == ENOMEM)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    if (replied && !(card_try->given && card_try->complaint != NULL))
        return tli_krb_fail_local(krb, out, TL_STAGE_AS, ret, "the AS exchange failed");
    /* libkrb5 does not report why it found no key in a reply: the plugin's trace has it
     */
    if (replied)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_KDC_CERTIFICATE, "%s",
                               card_try->complaint);
    message = tli_k5_message(card_try->card, krb->k5, ret);
    reason = fail_before_request(card_try, message != NULL ? message : "?", out);
    talloc_free(message);
    return reason;
}

enum tl_reason tli_card_count(const struct tl_config *config, const char *realm,
                              struct tl_card *card, struct tl_outcome *out)
{
    struct tl_card *now = NULL;

    (void)tl_card_find(card, config, realm, &now, NULL);
    if (now == NULL)
        return out->reason; /* it is out of its reader now */
    if (now->state == TL_PIN_LOCKED)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_BLOCKED, "%s",
                               card->label);
    if (now->state == TL_PIN_FINAL_TRY)
        tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_PIN_WRONG,
                        "One more wrong PIN blocks the card.");
    else if (now->state == TL_PIN_COUNT_LOW)
        tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_PIN_WRONG,
                        "A few more wrong PINs block the card.");
    return out->reason;
}
