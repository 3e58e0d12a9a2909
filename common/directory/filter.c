/* SPDX-License-Identifier: MIT
 *
 * filter.c - a search filter from its text [RFC 4515] to BER [RFC 4511 4.5.1.7].
 * Substrings are not supported, since no caller needs them; "*" in a value must be
 * escaped.
 */
#include <errno.h>
#include <string.h>

#include "message.h"

#define FILTER_AND 0xa0
#define FILTER_OR 0xa1
#define FILTER_NOT 0xa2
#define FILTER_EQUAL 0xa3
#define FILTER_GREATER 0xa5
#define FILTER_LESS 0xa6
#define FILTER_PRESENT 0x87
#define FILTER_EXTENSIBLE 0xa9
#define RULE 0x81
#define TYPE 0x82
#define VALUE 0x83

#define DEPTH_MAX 16

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The value at `text` up to its ")", unescaped into `out`. */
static int unescape(const char *text, size_t len, char *out, size_t *used)
{
    *used = 0;
    for (size_t i = 0; i < len; i++) {
        int high, low;

        if (text[i] == '*' || text[i] == '(')
            return -EINVAL;
        if (text[i] != '\\') {
            out[(*used)++] = text[i];
            continue;
        }
        if (len - i < 3)
            return -EINVAL;
        high = hex(text[i + 1]);
        low = hex(text[i + 2]);
        if (high < 0 || low < 0)
            return -EINVAL;
        out[(*used)++] = (char)(high * 16 + low);
        i += 2;
    }
    return 0;
}

/* "attribute:1.2.3:" before its "=" */
static int put_extensible(BerElement *ber, char *name, const struct berval *value)
{
    char *rule = strchr(name, ':');
    size_t len = strlen(rule);

    if (rule == name || len < 3 || rule[len - 1] != ':')
        return -EINVAL;
    *rule++ = '\0';
    rule[strlen(rule) - 1] = '\0';
    return ber_printf(ber, "t{tststO}", (ber_tag_t)FILTER_EXTENSIBLE, (ber_tag_t)RULE,
                      rule, (ber_tag_t)TYPE, name, (ber_tag_t)VALUE, value) < 0
               ? -ENOMEM
               : 0;
}

/* `name`, with what precedes its "=" */
static int put_item(BerElement *ber, char *name, const struct berval *value)
{
    size_t len = strlen(name);
    ber_tag_t tag = FILTER_EQUAL;

    if (len > 1 && (name[len - 1] == '>' || name[len - 1] == '<')) {
        tag = name[len - 1] == '>' ? FILTER_GREATER : FILTER_LESS;
        name[len - 1] = '\0';
    }
    if (*name == '\0' || name[strcspn(name, "<>~*()\\&|!")] != '\0')
        return -EINVAL;
    if (strchr(name, ':') != NULL)
        return tag == FILTER_EQUAL ? put_extensible(ber, name, value) : -EINVAL;
    return ber_printf(ber, "t{sO}", tag, name, value) < 0 ? -ENOMEM : 0;
}

/* Everything up to the ")" of this item; *at moves onto that. */
static int put_comparison(BerElement *ber, const char **at)
{
    size_t len = strcspn(*at, ")"), before = strcspn(*at, "=");
    const char *text = *at + before + 1;
    char *copy, *value;
    struct berval bytes;
    int ret;

    if (before >= len || (*at)[len] == '\0')
        return -EINVAL;
    copy = talloc_strndup(NULL, *at, len);
    value = talloc_array(copy, char, len + 1);
    if (value == NULL) {
        talloc_free(copy);
        return -ENOMEM;
    }
    copy[before] = '\0';
    if (len - before == 2 && *text == '*') {
        ret = before > 0 && copy[strcspn(copy, "<>~:*()\\&|!")] == '\0' ? 0 : -EINVAL;
        if (ret == 0 && ber_printf(ber, "ts", (ber_tag_t)FILTER_PRESENT, copy) < 0)
            ret = -ENOMEM;
    } else {
        ret = unescape(text, len - before - 1, value, &bytes.bv_len);
        bytes.bv_val = value;
        if (ret == 0)
            ret = put_item(ber, copy, &bytes);
    }
    talloc_free(copy);
    *at += len;
    return ret;
}

/* A set, "&", "|" or "!", that has begun, and how many filters it has so far. */
struct set {
    ber_tag_t tag;
    size_t count;
};

static int open_set(BerElement *ber, char sign, struct set *set)
{
    set->tag = sign == '&' ? FILTER_AND : sign == '|' ? FILTER_OR : FILTER_NOT;
    set->count = 0;
    return ber_printf(ber, "t{", set->tag) < 0 ? -ENOMEM : 0;
}

static int close_set(BerElement *ber, const struct set *set)
{
    if (set->count == 0 || (set->tag == FILTER_NOT && set->count != 1))
        return -EINVAL;
    return ber_printf(ber, "}") < 0 ? -ENOMEM : 0;
}

int tli_ldap_put_filter(BerElement *ber, const char *filter)
{
    struct set sets[DEPTH_MAX];
    size_t depth = 0;
    int ret = 0;

    do {
        if (*filter == ')' && depth > 0) {
            ret = close_set(ber, &sets[--depth]);
        } else if (*filter == '(') {
            if (depth > 0)
                sets[depth - 1].count++;
            filter++;
            if (*filter != '&' && *filter != '|' && *filter != '!')
                ret = put_comparison(ber, &filter);
            else if (depth < DEPTH_MAX)
                ret = open_set(ber, *filter, &sets[depth++]);
            else
                ret = -EINVAL;
        } else {
            ret = -EINVAL;
        }
        filter++;
    } while (ret == 0 && depth > 0);
    return ret == 0 && *filter != '\0' ? -EINVAL : ret;
}
