/* SPDX-License-Identifier: MIT
 *
 * words.c - the one place where an outcome becomes words.
 *
 * Values that fill the templates come from networks and from keyboards: they are stripped
 * of what could move a terminal's cursor or forge a log line, and cut where they are
 * long.
 */
#include <string.h>

#include <trustlogon/outcome.h>

#include "wire/plain.h"

#define VALUE_MAX 512 /* bytes of a value that are shown */

struct value {
    const char *key;
    const char *value;
    const char *unknown; /* plain words where the value is not known */
};

/* Append a value as plain text; returns NULL when memory is out. */
static char *append_value(char *text, const char *value)
{
    size_t len = strnlen(value, VALUE_MAX + 1);
    char clean[VALUE_MAX + 1];
    bool cut = len > VALUE_MAX;

    if (cut) {
        len = VALUE_MAX;
        while (len > 0 && ((unsigned char)value[len] & 0xc0) == 0x80)
            len--; /* not in the middle of a character */
    }
    memcpy(clean, value, len);
    clean[len] = '\0';
    tli_plain(clean, NULL);
    text = talloc_strdup_append_buffer(text, clean);
    if (text != NULL && cut)
        text = talloc_strdup_append_buffer(text, "...");
    return text;
}

char *tl_plain_text(TALLOC_CTX *ctx, const char *value)
{
    char *text = talloc_strdup(ctx, "");

    return text == NULL ? NULL : append_value(text, value);
}

static const struct value *find(const struct value *values, const char *key, size_t len)
{
    for (; values->key != NULL; values++) {
        if (strlen(values->key) == len && memcmp(values->key, key, len) == 0)
            return values;
    }
    return NULL;
}

/* Fill a template. An unknown placeholder stays as it is: the unit tests check that the
 * table has none. */
static bool ends_in_stop(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && text[len - 1] == '.';
}

static char *fill(TALLOC_CTX *ctx, const char *pattern, const struct value *values)
{
    char *text = talloc_strdup(ctx, "");
    const char *open;

    while (text != NULL && (open = strstr(pattern, "%{")) != NULL) {
        const char *close = strchr(open, '}');
        const struct value *v;

        if (close == NULL)
            break;
        v = find(values, open + 2, (size_t)(close - open) - 2);
        text = talloc_strndup_append_buffer(text, pattern, (size_t)(open - pattern));
        if (text == NULL)
            return NULL;
        if (v == NULL)
            text = talloc_strndup_append_buffer(text, open, (size_t)(close - open) + 1);
        else if (v->value != NULL && v->value[0] != '\0')
            text = append_value(text, v->value);
        else
            text = talloc_strdup_append_buffer(text, v->unknown);
        pattern = close + 1;
        if (text != NULL && pattern[0] == '.' && ends_in_stop(text))
            pattern++;
    }
    return text == NULL ? NULL : talloc_strdup_append_buffer(text, pattern);
}

/* Windows has one sentence for all that may be wrong with a new password, and one for a
 * wrong PIN. Returns what the user has to know besides, or NULL. */
static const char *hint_of(const struct tl_outcome *out)
{
    switch (out->reason) {
    case TL_REASON_PASSWORD_TOO_SHORT:
    case TL_REASON_PASSWORD_NOT_COMPLEX:
    case TL_REASON_PASSWORD_REPEATED:
    case TL_REASON_PASSWORD_TOO_YOUNG:
    case TL_REASON_PASSWORD_RULES:
    case TL_REASON_PASSWORD_NOT_GIVEN:
    case TL_REASON_PASSWORD_DENIED:
    case TL_REASON_SMARTCARD_PIN_WRONG:
        return out->detail;
    case TL_REASON_PASSWORD_UNREACHABLE:
        return "The password was not changed.";
    case TL_REASON_PASSWORD_FAILED:
        return "The domain controller says that the password was not changed.";
    case TL_REASON_PASSWORD_UNKNOWN:
        return "It is not known whether the password was changed. Try the new one; if it "
               "is refused, try the old one.";
    default:
        return NULL;
    }
}

/* The sentence for the user: Windows' own, word for word. */
static char *message(TALLOC_CTX *ctx, const struct tl_outcome *out)
{
    const struct tl_status_info *info = tl_status_by_ntstatus(out->ntstatus);
    const char *hint = hint_of(out);
    char *text;

    if (info == NULL)
        return talloc_asprintf(ctx, "The logon failed with status 0x%08X.",
                               out->ntstatus);
    text = talloc_strdup(ctx, info->text);
    if (text != NULL && hint != NULL)
        text = talloc_strdup_append_buffer(text, " ");
    return text != NULL && hint != NULL ? append_value(text, hint) : text;
}

struct tl_words *tl_outcome_words(TALLOC_CTX *ctx, const struct tl_outcome *out,
                                  const struct tl_words_input *in)
{
    static const struct tl_words_input nothing;
    const struct tl_reason_info *info = tl_reason_info(out->reason);
    struct tl_words *words = talloc_zero(ctx, struct tl_words);
    char *text;

    if (in == NULL)
        in = &nothing;
    if (info == NULL)
        info = tl_reason_info(TL_REASON_INTERNAL);
    const struct value values[] = {
        {"user", in->user, "the user"},
        {"upn", in->implicit_upn, "(the account name, '@', the domain's DNS name)"},
        {"workstation", in->workstation, "the workstation"},
        {"wsdomain", in->workstation_domain, "the workstation's domain"},
        {"wsflat", in->workstation_flat, "the workstation"},
        {"userdomain", in->user_domain, "the user's domain"},
        {"subject", out->subject, "(name not known)"},
        {"attribute", out->attribute, "value not known"},
        {"realm", out->realm, "the realm"},
        {"kdc", out->kdc, "the domain controller"},
        {"detail", out->detail, "no details are known."},
        {NULL, NULL, NULL},
    };

    if (words == NULL)
        return NULL;
    if (out->reason != TL_REASON_OK) {
        words->message = message(words, out);
        if (words->message == NULL)
            goto nomem;
    }
    text = fill(words, info->explanation, values);
    /* What libraries say, at its end, is often no sentence. */
    if (text != NULL && !ends_in_stop(text))
        text = talloc_strdup_append_buffer(text, ".");
    words->explanation = text;
    if (words->explanation == NULL)
        goto nomem;
    if (info->remedy != NULL) {
        words->remedy = fill(words, info->remedy, values);
        if (words->remedy == NULL)
            goto nomem;
    }
    return words;

nomem:
    talloc_free(words);
    return NULL;
}
