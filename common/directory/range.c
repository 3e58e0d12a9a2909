/* SPDX-License-Identifier: MIT
 *
 * range.c - the members of large groups: pieces of values, SIDs within DNs, and the union
 * of the results of several searches.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "people_decode.h"

#define EXTENDED_DN_MAX 8192
/* No group of any server has more members; sums stay far from overflow. */
#define RANGE_MAX ((size_t)1000 * 1000 * 1000)

/* Digits at *at, which moves behind them. */
static int number(const char **at, size_t *value)
{
    size_t n = 0;

    if (**at < '0' || **at > '9')
        return -EBADMSG;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        n = n * 10 + (size_t)(**at - '0');
        if (n > RANGE_MAX)
            return -EBADMSG;
    }
    *value = n;
    return 0;
}

int tli_range_parse(const char *options, size_t *first_out, size_t *next_out)
{
    const char *at = options;
    size_t first, last;

    *first_out = *next_out = 0;
    while (at != NULL && strncasecmp(at, "range=", 6) != 0) {
        at = strchr(at, ';');
        if (at != NULL)
            at++;
    }
    if (at == NULL)
        return -ENOENT;
    at += 6;
    if (number(&at, &first) != 0 || *at++ != '-')
        return -EBADMSG;
    if (*at == '*' && (at[1] == '\0' || at[1] == ';')) {
        *first_out = first;
        return 0;
    }
    if (number(&at, &last) != 0 || last < first || (*at != '\0' && *at != ';'))
        return -EBADMSG;
    *first_out = first;
    *next_out = last + 1;
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int hex_sid(const char *text, size_t len, struct tl_sid *sid)
{
    uint8_t bytes[8 + 4 * TL_SID_MAX_SUBS];

    if (len % 2 != 0 || len / 2 > sizeof(bytes))
        return -EBADMSG;
    for (size_t i = 0; i < len / 2; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return -EBADMSG;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return tl_sid_decode(bytes, len / 2, sid);
}

static int string_sid(const char *text, size_t len, struct tl_sid *sid)
{
    char string[TL_SID_STRING_MAX];

    if (len >= sizeof(string))
        return -EBADMSG;
    memcpy(string, text, len);
    string[len] = '\0';
    return tl_sid_parse(string, sid) == 0 ? 0 : -EBADMSG;
}

/* Whether a DN is "CN=<the SID>,...". */
static bool named_by_sid(const char *dn, const struct tl_sid *sid)
{
    char string[TL_SID_STRING_MAX];
    size_t len = strlen(tl_sid_format(sid, string));

    return strncasecmp(dn, "CN=", 3) == 0 && strncasecmp(dn + 3, string, len) == 0 &&
           dn[3 + len] == ',';
}

int tli_extended_dn_sid(const struct tli_value *value, struct tl_sid *sid_out,
                        bool *foreign)
{
    const char *at = (const char *)value->data, *end;
    struct tl_sid sid = {0};

    *sid_out = sid;
    *foreign = false;
    if (value->len == 0 || value->len > EXTENDED_DN_MAX || strlen(at) != value->len)
        return -EBADMSG;
    /* The components come before the DN, which itself never begins with '<'. */
    for (; *at == '<'; at = end + 2) {
        size_t len;
        int ret;

        end = strchr(at, '>');
        if (end == NULL || end[1] != ';')
            return -EBADMSG;
        if (strncasecmp(at, "<SID=", 5) != 0)
            continue;
        at += 5;
        len = (size_t)(end - at);
        ret =
            *at == 'S' || *at == 's' ? string_sid(at, len, &sid) : hex_sid(at, len, &sid);
        if (ret != 0)
            return ret;
    }
    if (sid.num_subs == 0)
        return -ENOENT;
    *foreign = named_by_sid(at, &sid);
    *sid_out = sid;
    return 0;
}

static int compare_sids(const struct tl_sid *a, const struct tl_sid *b)
{
    int order = memcmp(a->authority, b->authority, sizeof(a->authority));

    for (size_t i = 0; order == 0 && i < a->num_subs && i < b->num_subs; i++)
        if (a->subs[i] != b->subs[i])
            order = a->subs[i] < b->subs[i] ? -1 : 1;
    if (order == 0 && a->num_subs != b->num_subs)
        order = a->num_subs < b->num_subs ? -1 : 1;
    return order;
}

int tli_dir_name_compare(const void *a, const void *b)
{
    const struct tl_dir_name *x = a, *y = b;
    int order = compare_sids(&x->sid, &y->sid);

    if (order == 0)
        order = (y->kind != TL_DIR_UNKNOWN) - (x->kind != TL_DIR_UNKNOWN);
    if (order == 0)
        order = (y->name != NULL) - (x->name != NULL);
    return order;
}

size_t tli_dir_names_unique(struct tl_dir_name *names, size_t count)
{
    size_t kept = 0;

    if (count == 0)
        return 0;
    qsort(names, count, sizeof(names[0]), tli_dir_name_compare);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !tl_sid_equal(&names[kept - 1].sid, &names[i].sid))
            names[kept++] = names[i];
    return kept;
}
