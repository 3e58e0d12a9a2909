/* SPDX-License-Identifier: MIT
 *
 * dns.c - DNS and NetBIOS names of domains: comparing, checking, and the realm of a
 * domain.
 */
#include <string.h>
#include <unistr.h>

#include <trustlogon/name.h>

#include "chars.h"

#define LABEL_MAX 63

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static char ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* Length without one trailing dot. */
static size_t bare_length(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

static bool same(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
    }
    return true;
}

/* Whether `name` ends in "." and `tail`. A tail without labels would match every name, so
 * it matches none. */
static bool below(const char *name, size_t len, const char *tail, size_t tail_len)
{
    return tail_len > 0 && len > tail_len && name[len - tail_len - 1] == '.' &&
           same(name + len - tail_len, tail, tail_len);
}

enum tl_dns_cmp tl_dns_compare(const char *a, const char *b)
{
    size_t a_len, b_len;

    if (a == NULL || b == NULL)
        return TL_DNS_DIFFERENT;
    a_len = bare_length(a);
    b_len = bare_length(b);
    if (a_len == b_len && same(a, b, a_len))
        return TL_DNS_EQUAL;
    if (below(a, a_len, b, b_len))
        return TL_DNS_BELOW;
    if (below(b, b_len, a, a_len))
        return TL_DNS_ABOVE;
    return TL_DNS_DIFFERENT;
}

bool tl_dns_equal(const char *a, const char *b)
{
    return tl_dns_compare(a, b) == TL_DNS_EQUAL;
}

size_t tl_dns_labels(const char *name)
{
    size_t len, labels = 1;

    if (name == NULL || (len = bare_length(name)) == 0)
        return 0;
    for (size_t i = 0; i < len; i++)
        labels += name[i] == '.';
    return labels;
}

bool tl_dns_valid(const char *name)
{
    size_t len, label = 0;

    if (name == NULL)
        return false;
    len = bare_length(name);
    if (len == 0 || len > TL_DNS_MAX || !tli_chars_utf8(name, len) ||
        tli_chars_control(name, len) || tli_chars_any(name, len, TL_CHARS_NOT_DOMAIN))
        return false;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && name[i] != '.') {
            label++;
            continue;
        }
        if (label == 0 || label > LABEL_MAX)
            return false;
        label = 0;
    }
    return true;
}

bool tl_netbios_valid(const char *name)
{
    size_t len;

    if (name == NULL)
        return false;
    len = strnlen(name, 4 * TL_NETBIOS_MAX + 1);
    /* A dot is found in domains that were upgraded from NT, never as the first
     * character (KB909264). */
    if (len == 0 || len > 4 * TL_NETBIOS_MAX || name[0] == '.' ||
        !tli_chars_utf8(name, len) || tli_chars_control(name, len) ||
        tli_chars_any(name, len, TL_CHARS_NOT_DOMAIN))
        return false;
    return u8_mbsnlen((const uint8_t *)name, len) <= TL_NETBIOS_MAX;
}

static char *map_case(TALLOC_CTX *ctx, const char *name, char (*map)(char))
{
    char *copy;

    if (name == NULL)
        return NULL;
    copy = talloc_strndup(ctx, name, bare_length(name));
    if (copy == NULL)
        return NULL;
    for (char *p = copy; *p != '\0'; p++)
        *p = map(*p);
    return copy;
}

char *tl_realm_of(TALLOC_CTX *ctx, const char *dns_domain)
{
    return map_case(ctx, dns_domain, ascii_upper);
}

char *tl_dns_of(TALLOC_CTX *ctx, const char *realm)
{
    return map_case(ctx, realm, ascii_lower);
}
