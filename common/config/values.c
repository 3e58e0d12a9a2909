/* SPDX-License-Identifier: MIT
 *
 * values.c - one option's value: from text, checked, and back to text.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include <trustlogon/access.h>

#include "identity/id_options.h"
#include "options.h"

#define QUOTE_MAX 80
#define VALUE_MAX 512

/* Options that are one of a few words: each an enum that counts them from 0. */
static const struct choice {
    enum tli_option_type type;
    const char *words[4];
    const char *fault;
} choices[] = {
    {TL_OPTION_WALK,
     {[TL_WALK_WINDOWS] = "windows",
      [TL_WALK_REFERRAL] = "referral",
      [TL_WALK_DIRECT] = "direct"},
     "must be windows, referral or direct"},
    {TL_OPTION_IDMAP,
     {[TL_IDMAP_SSS] = "sss",
      [TL_IDMAP_RID] = "rid",
      [TL_IDMAP_AUTORID] = "autorid",
      [TL_IDMAP_RFC2307] = "rfc2307"},
     "must be sss, rid, autorid or rfc2307"},
    {TL_OPTION_FAST,
     {[TL_FAST_NEVER] = "never", [TL_FAST_TRY] = "try", [TL_FAST_DEMAND] = "demand"},
     "must be never, try or demand"},
    {TL_OPTION_RC4,
     {[TL_RC4_NO] = "no", [TL_RC4_TRUSTS] = "trusts", [TL_RC4_YES] = "yes"},
     "must be no, trusts or yes"},
    {TL_OPTION_CARDS,
     {[TL_SMARTCARD_NEVER] = "never",
      [TL_SMARTCARD_TRY] = "try",
      [TL_SMARTCARD_REQUIRE] = "require"},
     "must be never, try or require"},
};
#define CHOICE_WORDS (sizeof(choices[0].words) / sizeof(choices[0].words[0]))

/* The words that krb5.conf takes for a boolean. */
static const struct {
    const char *word;
    bool value;
} bool_words[] = {
    {"yes", true},  {"y", true},    {"true", true}, {"t", true},      {"on", true},
    {"1", true},    {"no", false},  {"n", false},   {"false", false}, {"f", false},
    {"nil", false}, {"off", false}, {"0", false},
};

char *tli_option_quote(TALLOC_CTX *ctx, const char *text)
{
    char *copy = talloc_strndup(ctx, text, QUOTE_MAX);

    for (unsigned char *c = (unsigned char *)copy; c != NULL && *c != '\0'; c++)
        if (*c < 0x20 || *c >= 0x7f)
            *c = '?';
    return copy;
}

TL_PRINTF(4, 5)
static int refuse(TALLOC_CTX *ctx, const char *value, char **why, const char *fmt, ...)
{
    char *quoted = tli_option_quote(ctx, value);
    va_list args;

    if (quoted == NULL)
        return -ENOMEM;
    *why = talloc_asprintf(ctx, "'%s' ", quoted);
    talloc_free(quoted);
    va_start(args, fmt);
    if (*why != NULL)
        *why = talloc_vasprintf_append(*why, fmt, args);
    va_end(args);
    return *why != NULL ? -EINVAL : -ENOMEM;
}

static bool parse_bool(const char *value, bool *result)
{
    for (size_t i = 0; i < sizeof(bool_words) / sizeof(bool_words[0]); i++)
        if (strcasecmp(value, bool_words[i].word) == 0) {
            *result = bool_words[i].value;
            return true;
        }
    return false;
}

/* Plain decimal digits only: the octal numbers, signs and blanks that strtol() accepts
 * would be surprises. */
static bool parse_number(const char *value, int64_t *number)
{
    int64_t n = 0;

    if (*value == '\0' || strlen(value) > 10)
        return false;
    for (; *value != '\0'; value++) {
        if (*value < '0' || *value > '9')
            return false;
        n = n * 10 + (*value - '0');
    }
    *number = n;
    return true;
}

static int store_string(TALLOC_CTX *ctx, struct tl_config *config,
                        const struct tli_option *option, const char *value, char **why)
{
    const char **member = (const char **)(void *)((char *)config + option->offset);
    const char *fault = tli_option_fault(option->type, value);
    char *copy;

    if (fault != NULL)
        return refuse(ctx, value, why, "%s", fault);
    copy = talloc_strdup(config, value);
    if (copy == NULL)
        return -ENOMEM;
    for (char *c = copy; *c != '\0'; c++) {
        if (option->type == TL_OPTION_REALM)
            *c = (char)toupper((unsigned char)*c);
        else if (option->type == TL_OPTION_HOST || option->type == TL_OPTION_BARE)
            *c = (char)tolower((unsigned char)*c);
    }
    *member = copy;
    return 0;
}

static int store_ranges(TALLOC_CTX *ctx, struct tl_config *config, const char *value,
                        enum tli_option_type type, void *member, char **why)
{
    struct tl_autorid_domains *domains = NULL;
    struct tl_rid_ranges *ranges = NULL;
    const char *fault = NULL;
    int ret;

    if (type == TL_OPTION_SPAN)
        ret = tli_id_span_parse(value, member, &fault);
    else if (type == TL_OPTION_AUTORID)
        ret = tli_autorid_domains_parse(config, value, &domains, &fault);
    else
        ret = tli_rid_ranges_parse(config, value, &ranges, &fault);
    if (ret == -EINVAL)
        return refuse(ctx, value, why, "%s", fault);
    if (ret == 0 && domains != NULL)
        *(const struct tl_autorid_domains **)member = domains;
    if (ret == 0 && ranges != NULL)
        *(const struct tl_rid_ranges **)member = ranges;
    return ret;
}

static int store_access(TALLOC_CTX *ctx, struct tl_config *config, const char *value,
                        const struct tl_access_list **member, char **why)
{
    struct tl_access_list *list = talloc_zero(config, struct tl_access_list);
    const char *fault = NULL;
    int ret = list != NULL ? tl_access_parse(list, value, list, &fault) : -ENOMEM;

    if (ret == -EINVAL)
        ret = refuse(ctx, value, why, "%s: %s", "is not a list of SIDs and DOMAIN\\name",
                     fault);
    if (ret != 0)
        talloc_free(list);
    else
        *member = list;
    return ret;
}

static int store_number(TALLOC_CTX *ctx, const struct tli_option *option,
                        const char *value, void *member, char **why)
{
    int64_t number = 0;

    if (!parse_number(value, &number))
        return refuse(ctx, value, why, "must be an integer (%" PRId64 " to %" PRId64 ")",
                      option->min, option->max);
    if (number < option->min || number > option->max)
        return refuse(ctx, value, why, "is out of range (%" PRId64 " to %" PRId64 ")",
                      option->min, option->max);
    if (option->type == TL_OPTION_UID)
        *(uint32_t *)member = (uint32_t)number;
    else
        *(int *)member = (int)number;
    return 0;
}

static const struct choice *choice_of(enum tli_option_type type)
{
    const struct choice *choice = choices;

    while (choice->type != type)
        choice++;
    return choice;
}

static int store_choice(TALLOC_CTX *ctx, const struct choice *choice, const char *value,
                        void *member, char **why)
{
    for (unsigned int i = 0; i < CHOICE_WORDS && choice->words[i] != NULL; i++)
        if (strcmp(value, choice->words[i]) == 0) {
            *(unsigned int *)member = i;
            return 0;
        }
    return refuse(ctx, value, why, "%s", choice->fault);
}

int tli_option_store(TALLOC_CTX *ctx, struct tl_config *config,
                     const struct tli_option *option, const char *value, char **why)
{
    void *member = (char *)config + option->offset;
    bool yes;

    *why = NULL;
    if (*value == '\0') {
        *why = talloc_strdup(ctx, "has no value");
        return *why != NULL ? -EINVAL : -ENOMEM;
    }
    if (strlen(value) > VALUE_MAX && !tli_option_is_list(option))
        return refuse(ctx, value, why, "is longer than %d characters", VALUE_MAX);
    switch (option->type) {
    case TL_OPTION_INT:
    case TL_OPTION_UID:
        return store_number(ctx, option, value, member, why);
    case TL_OPTION_BOOL:
        if (parse_bool(value, member))
            return 0;
        return refuse(ctx, value, why, "must be yes or no");
    case TL_OPTION_RC4:
        /* it was a boolean, and configurations have such values */
        if (parse_bool(value, &yes)) {
            *(enum tl_rc4 *)member = yes ? TL_RC4_YES : TL_RC4_NO;
            return 0;
        }
        return store_choice(ctx, choice_of(option->type), value, member, why);
    case TL_OPTION_WALK:
    case TL_OPTION_IDMAP:
    case TL_OPTION_CARDS:
    case TL_OPTION_FAST:
        return store_choice(ctx, choice_of(option->type), value, member, why);
    case TL_OPTION_RANGES:
    case TL_OPTION_AUTORID:
    case TL_OPTION_SPAN:
        return store_ranges(ctx, config, value, option->type, member, why);
    case TL_OPTION_ACCESS:
        return store_access(ctx, config, value, member, why);
    default:
        return store_string(ctx, config, option, value, why);
    }
}

/* The inverse of tli_option_store(): unless it is empty, the text can be written into a
 * file again. */
char *tli_option_show(TALLOC_CTX *ctx, const struct tl_config *config,
                      const struct tli_option *option)
{
    const void *member = (const char *)config + option->offset;
    const struct tl_autorid_domains *domains;
    const struct tl_rid_ranges *ranges;
    const struct tl_id_span *span;
    const struct tl_access_list *list;
    const char *string;

    switch (option->type) {
    case TL_OPTION_INT:
        return talloc_asprintf(ctx, "%d", *(const int *)member);
    case TL_OPTION_UID:
        return talloc_asprintf(ctx, "%" PRIu32, *(const uint32_t *)member);
    case TL_OPTION_BOOL:
        return talloc_strdup(ctx, *(const bool *)member ? "yes" : "no");
    case TL_OPTION_WALK:
    case TL_OPTION_CARDS:
    case TL_OPTION_IDMAP:
    case TL_OPTION_FAST:
    case TL_OPTION_RC4:
        return talloc_strdup(
            ctx, choice_of(option->type)->words[*(const unsigned int *)member]);
    case TL_OPTION_RANGES:
        ranges = *(const struct tl_rid_ranges *const *)member;
        return talloc_strdup(ctx, ranges != NULL ? ranges->text : "");
    case TL_OPTION_AUTORID:
        domains = *(const struct tl_autorid_domains *const *)member;
        return talloc_strdup(ctx, domains != NULL ? domains->text : "");
    case TL_OPTION_SPAN:
        span = member;
        return span->high != 0
                   ? talloc_asprintf(ctx, "%" PRIu32 "-%" PRIu32, span->low, span->high)
                   : talloc_strdup(ctx, "");
    case TL_OPTION_ACCESS:
        list = *(const struct tl_access_list *const *)member;
        return tl_access_show(ctx, list);
    default:
        string = *(const char *const *)member;
        return talloc_strdup(ctx, string != NULL ? string : "");
    }
}
