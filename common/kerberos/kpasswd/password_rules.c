/* SPDX-License-Identifier: MIT
 *
 * password_rules.c - which rule a refused password broke, in words for its owner.
 *
 * A DC says that it refuses, and either its policy (AD) or a sentence (Samba), but not
 * which rule was broken. Length and kinds of characters can be counted here; what
 * remains may be the history or the rule against names.
 */
#include "kpasswd.h"

#include <string.h>
#include <strings.h>
#include <unictype.h>
#include <unistr.h>

#define DAY 86400U
#define HOUR 3600U
#define MINUTE 60U
#define KINDS 5
#define KINDS_NEEDED 3 /* [SAMR 3.1.1.7.2] */
#define NAME_MIN_LEN 3 /* a shorter account name is not looked for there */

/* Samba's sentences (4.17, kpasswd and samdb_set_password): the reason is in them
 * only. Another version's sentence is still shown. */
static const struct {
    const char *begins;
    enum tl_reason reason;
} sentences[] = {
    {"Password too short", TL_REASON_PASSWORD_TOO_SHORT},
    {"Password does not meet complexity", TL_REASON_PASSWORD_NOT_COMPLEX},
    {"Password is already in password history", TL_REASON_PASSWORD_REPEATED},
};

/* Characters as AD counts them: UTF-16 units. */
static size_t length_of(const char *password)
{
    const uint8_t *p = (const uint8_t *)password;
    size_t n = 0;
    ucs4_t c;

    while ((p = u8_next(&c, p)) != NULL)
        n += c >= 0x10000 ? 2 : 1;
    return n;
}

/* Capital, small, digit, letter without case, anything else. */
static bool mixed_enough(const char *password)
{
    const uint8_t *p = (const uint8_t *)password;
    bool kinds[KINDS] = {false};
    size_t count = 0;
    ucs4_t c;

    while ((p = u8_next(&c, p)) != NULL) {
        if (c >= '0' && c <= '9')
            kinds[0] = true;
        else if (uc_is_upper(c))
            kinds[1] = true;
        else if (uc_is_lower(c))
            kinds[2] = true;
        else if (uc_is_alpha(c))
            kinds[3] = true;
        else
            kinds[4] = true;
    }
    for (size_t i = 0; i < KINDS; i++)
        count += kinds[i];
    return count >= KINDS_NEEDED;
}

/* Does it contain the account's name, in any case? */
static bool holds_name(const char *password, const char *account)
{
    size_t len = account != NULL ? strlen(account) : 0;

    if (len < NAME_MIN_LEN)
        return false;
    for (; *password != '\0'; password++)
        if (strncasecmp(password, account, len) == 0)
            return true;
    return false;
}

static char *duration(TALLOC_CTX *ctx, uint64_t seconds)
{
    uint64_t unit = seconds >= DAY ? DAY : seconds >= HOUR ? HOUR : MINUTE;
    uint64_t n = (seconds + unit - 1) / unit;
    const char *name = unit == DAY ? "day" : unit == HOUR ? "hour" : "minute";

    return talloc_asprintf(ctx, "%llu %s%s", (unsigned long long)n, name,
                           n == 1 ? "" : "s");
}

/* The rules that cannot be checked here, as sentences; *reason if only one is left. */
static char *what_is_left(TALLOC_CTX *ctx, const struct tli_password_policy *policy,
                          enum tl_reason *reason)
{
    bool complex = (policy->properties & TL_PASSWORD_COMPLEX) != 0;
    char *text = talloc_strdup(ctx, "");
    char *age = NULL;

    *reason = TL_REASON_PASSWORD_RULES;
    if (policy->history > 0 && !complex && policy->min_age == 0)
        *reason = TL_REASON_PASSWORD_REPEATED;
    if (policy->history > 0)
        text = talloc_asprintf_append(text, "It must differ from the last %u passwords. ",
                                      policy->history);
    if (complex)
        text = talloc_strdup_append(text, "It must not contain any part of your name. ");
    if (policy->min_age > 0 && (age = duration(ctx, policy->min_age)) != NULL)
        text = talloc_asprintf_append(text, "A password can be changed again after %s. ",
                                      age);
    talloc_free(age);
    if (text != NULL && text[0] == '\0')
        text = talloc_strdup_append(text, "The domain controller states no reason. ");
    if (text != NULL)
        text[strlen(text) - 1] = '\0';
    return text;
}

static enum tl_reason by_policy(TALLOC_CTX *ctx, const struct tli_password_refusal *in,
                                char **detail)
{
    const struct tli_password_policy *policy = &in->result->policy;
    bool complex = (policy->properties & TL_PASSWORD_COMPLEX) != 0;
    bool legible = u8_check((const uint8_t *)in->password, strlen(in->password)) == NULL;
    enum tl_reason reason;

    if (legible && length_of(in->password) < policy->min_length) {
        *detail = talloc_asprintf(ctx, "It must have at least %u characters.",
                                  policy->min_length);
        return TL_REASON_PASSWORD_TOO_SHORT;
    }
    if (legible && complex && !mixed_enough(in->password)) {
        *detail =
            talloc_strdup(ctx, "It must contain three of these: upper case letters, "
                               "lower case letters, digits, other characters.");
        return TL_REASON_PASSWORD_NOT_COMPLEX;
    }
    if (complex && holds_name(in->password, in->account)) {
        *detail = talloc_strdup(ctx, "It must not contain the account's name.");
        return TL_REASON_PASSWORD_NOT_COMPLEX;
    }
    *detail = what_is_left(ctx, policy, &reason);
    return reason;
}

static enum tl_reason by_text(TALLOC_CTX *ctx, const char *text, char **detail)
{
    *detail = talloc_asprintf(ctx, "The domain controller says: \"%s\"", text);
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
        if (strncmp(text, sentences[i].begins, strlen(sentences[i].begins)) == 0)
            return sentences[i].reason;
    return TL_REASON_PASSWORD_RULES;
}

enum tl_reason tli_password_refused(TALLOC_CTX *ctx,
                                    const struct tli_password_refusal *in, char **detail)
{
    *detail = NULL;
    if (in->result->has_policy)
        return by_policy(ctx, in, detail);
    if (in->result->text != NULL)
        return by_text(ctx, in->result->text, detail);
    *detail = talloc_strdup(ctx, "The domain controller states no reason.");
    return TL_REASON_PASSWORD_RULES;
}
