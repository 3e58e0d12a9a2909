/* SPDX-License-Identifier: MIT
 *
 * escape.c - assertion values for search filters [RFC 4515 3].
 */
#include <trustlogon/directory.h>

/* Everything but plain ASCII letters, digits and a few harmless marks becomes
 * \XX: a filter then holds nothing that any server could read in another way. */
static bool is_plain(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           c == '-' || c == '.' || c == '_' || c == '/' || c == '@' || c == '$';
}

char *tl_ldap_escape(TALLOC_CTX *ctx, const uint8_t *value, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    char *out, *at;

    if (len > (SIZE_MAX - 1) / 3)
        return NULL;
    out = at = talloc_array(ctx, char, len * 3 + 1);
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        if (is_plain(value[i])) {
            *at++ = (char)value[i];
            continue;
        }
        *at++ = '\\';
        *at++ = hex[value[i] >> 4];
        *at++ = hex[value[i] & 15];
    }
    *at = '\0';
    return out;
}
