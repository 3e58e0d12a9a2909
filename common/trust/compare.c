/* SPDX-License-Identifier: MIT
 *
 * compare.c - when two names of domains are the same [LSAD 3.1.4.7.16.1].
 */
#include <errno.h>
#include <string.h>
#include <trustlogon/name.h>

#include "internal.h"

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

bool tli_ascii_equal(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

int tli_ascii_order(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return (int)lower(*a) - (int)lower(*b);
}

size_t tli_dns_length(const char *name)
{
    size_t len, label = 0;

    if (name == NULL)
        return 0;
    len = strnlen(name, TL_DNS_MAX + 2);
    if (len > 0 && name[len - 1] == '.')
        len--;
    if (len > TL_DNS_MAX)
        return 0;
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '.' && label == 0)
            return 0;
        label = name[i] == '.' ? 0 : label + 1;
    }
    return label == 0 ? 0 : len;
}

bool tli_dns_within(const char *name, const char *base)
{
    size_t len = tli_dns_length(name), base_len = tli_dns_length(base);

    if (len == 0 || base_len == 0 || len < base_len)
        return false;
    if (!tli_ascii_equal(name + len - base_len, base, base_len))
        return false;
    return len == base_len || name[len - base_len - 1] == '.';
}

bool tli_same_domain(const char *a, const char *b)
{
    size_t len = tli_dns_length(a);

    return len != 0 && len == tli_dns_length(b) && tli_ascii_equal(a, b, len);
}

static bool is_ascii(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s > 0x7F)
            return false;
    return true;
}

bool tli_same_flat(const char *a, const char *b)
{
    if (a == NULL || b == NULL || *a == '\0')
        return false;
    if (tli_ascii_order(a, b) == 0)
        return true;
    /* Folding allocates; thousands of records are compared for one name. */
    return !is_ascii(a) && !is_ascii(b) && tl_name_equal(a, b);
}

bool tli_dns_shaped(const char *name)
{
    size_t len = tli_dns_length(name);

    return len != 0 && memchr(name, '.', len) != NULL && tl_dns_valid(name);
}

int tli_copy_string(TALLOC_CTX *ctx, const char **to, const char *from)
{
    *to = from != NULL ? talloc_strdup(ctx, from) : NULL;
    return from == NULL || *to != NULL ? 0 : -ENOMEM;
}
