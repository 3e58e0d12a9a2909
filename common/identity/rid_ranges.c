/* SPDX-License-Identifier: MIT
 *
 * rid_ranges.c - which ids each domain has: DOMAIN:LOW-HIGH, for idmap = rid and
 * for idmap = rfc2307.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "id_options.h"

static const char not_a_list[] = "is not a list of DOMAIN:LOW-HIGH "
                                 "(CONTOSO:100000-299999, fabrikam.test:300000-499999)";

static bool read_number(const char **at, uint32_t *number)
{
    uint64_t n;
    size_t digits = tli_read_digits(at, 11, &n);

    *number = (uint32_t)n;
    return digits > 0 && n >= TL_ID_LOWEST && n <= TL_ID_HIGHEST;
}

static bool read_name(TALLOC_CTX *ctx, const char **at, const char **name)
{
    size_t len = 0;

    while (isalnum((unsigned char)(*at)[len]) ||
           ((*at)[len] != '\0' && strchr("-_.", (*at)[len]) != NULL))
        len++;
    if (len == 0 || (*at)[len] != ':')
        return false;
    *name = talloc_strndup(ctx, *at, len);
    *at += len + 1;
    return true;
}

/* NULL, or what is wrong with it beside those before it. */
static const char *range_fault(const struct tl_rid_ranges *ranges,
                               const struct tl_rid_range *range)
{
    if (range->low > range->high)
        return "has a range that ends before it begins";
    for (size_t i = 0; i < ranges->count; i++) {
        const struct tl_rid_range *other = &ranges->range[i];

        if (strcasecmp(other->domain, range->domain) == 0)
            return "names a domain twice";
        if (range->low <= other->high && other->low <= range->high)
            return "has ranges that overlap: two users would share an id";
    }
    return NULL;
}

static int parse_one(struct tl_rid_ranges *ranges, const char **at, const char **fault)
{
    struct tl_rid_range range = {0}, *grown;

    *fault = not_a_list;
    if (!read_name(ranges, at, &range.domain))
        return -EINVAL;
    if (range.domain == NULL)
        return -ENOMEM;
    if (!isdigit((unsigned char)**at))
        return -EINVAL;
    if (!read_number(at, &range.low) || *(*at)++ != '-' || !read_number(at, &range.high))
        goto bad_number;
    *fault = range_fault(ranges, &range);
    if (*fault != NULL)
        return -EINVAL;
    grown = talloc_realloc(ranges, ranges->range, struct tl_rid_range, ranges->count + 1);
    if (grown == NULL)
        return -ENOMEM;
    ranges->range = grown;
    ranges->range[ranges->count++] = range;
    return 0;

bad_number:
    *fault = "has a range that is not LOW-HIGH with numbers from 1000 to 4294967293";
    return -EINVAL;
}

int tli_rid_ranges_parse(TALLOC_CTX *ctx, const char *text,
                         struct tl_rid_ranges **ranges_out, const char **fault)
{
    struct tl_rid_ranges *ranges = talloc_zero(ctx, struct tl_rid_ranges);
    const char *at = text;
    int ret;

    *ranges_out = NULL;
    *fault = NULL;
    if (ranges == NULL)
        return -ENOMEM;
    ranges->text = talloc_strdup(ranges, text);
    ret = ranges->text != NULL ? 0 : -ENOMEM;
    while (ret == 0) {
        while (*at == ' ' || *at == '\t')
            at++;
        ret = parse_one(ranges, &at, fault);
        while (ret == 0 && (*at == ' ' || *at == '\t'))
            at++;
        if (ret == 0 && *at == '\0') {
            *ranges_out = ranges;
            return 0;
        }
        if (ret == 0 && *at++ != ',') {
            *fault = not_a_list;
            ret = -EINVAL;
        }
    }
    talloc_free(ranges);
    return ret;
}
