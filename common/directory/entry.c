/* SPDX-License-Identifier: MIT
 *
 * entry.c - reading single values of directory entries.
 */
#include <ctype.h>
#include <errno.h>
#include <ldap.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <trustlogon/name.h>
#include <unistr.h>

#include "entry.h"

#define TEXT_MAX 1024

const struct tli_attribute *tli_entry_attribute(const struct tli_entry *entry,
                                                const char *name)
{
    for (size_t i = 0; i < entry->count; i++)
        if (strcasecmp(entry->attributes[i].name, name) == 0 &&
            entry->attributes[i].count > 0)
            return &entry->attributes[i];
    return NULL;
}

bool tli_text_fit(const uint8_t *data, size_t len, size_t max)
{
    if (len == 0 || len > max || u8_check(data, len) != NULL)
        return false;
    for (size_t i = 0; i < len; i++)
        if (data[i] < 0x20 || data[i] == 0x7f ||
            (data[i] == 0xc2 && data[i + 1] < 0xa0)) /* U+0080 to U+009F */
            return false;
    return true;
}

bool tli_is_text(const char *text)
{
    return tli_text_fit((const uint8_t *)text, strlen(text), TEXT_MAX);
}

const char *tli_value_text(const struct tli_value *value)
{
    return tli_text_fit(value->data, value->len, TEXT_MAX) ? (const char *)value->data
                                                           : NULL;
}

const char *tli_entry_text(const struct tli_entry *entry, const char *name)
{
    const struct tli_attribute *attribute = tli_entry_attribute(entry, name);

    return attribute != NULL ? tli_value_text(&attribute->values[0]) : NULL;
}

int tli_entry_u32(const struct tli_entry *entry, const char *name, uint32_t *number)
{
    const struct tli_attribute *attribute = tli_entry_attribute(entry, name);
    const struct tli_value *value;
    bool negative = false;
    int64_t n = 0;
    size_t i = 0;

    *number = 0;
    if (attribute == NULL)
        return -ENOENT;
    value = &attribute->values[0];
    if (value->len > 0 && value->data[0] == '-') {
        negative = true;
        i = 1;
    }
    if (i == value->len || value->len > 11)
        return -EBADMSG;
    for (; i < value->len; i++) {
        if (value->data[i] < '0' || value->data[i] > '9')
            return -EBADMSG;
        n = n * 10 + (value->data[i] - '0');
    }
    if (negative)
        n = -n;
    if (n < INT32_MIN || n > UINT32_MAX)
        return -EBADMSG;
    *number = (uint32_t)n;
    return 0;
}

int64_t tli_entry_time(const struct tli_entry *entry, const char *name)
{
    const char *text = tli_entry_text(entry, name);
    struct tm tm = {0};
    char *end;
    int64_t seconds;

    /* strptime() takes fewer digits than a field has: all 14 must be there. */
    if (text == NULL || strspn(text, "0123456789") != 14)
        return 0;
    end = strptime(text, "%Y%m%d%H%M%S", &tm);
    if (end != text + 14 || end[strspn(end, ".,0123456789")] != 'Z')
        return 0;
    seconds = timegm(&tm);
    return seconds > 0 ? seconds : 0;
}

int tli_entry_sid(const struct tli_entry *entry, const char *name, struct tl_sid *sid)
{
    const struct tli_attribute *attribute = tli_entry_attribute(entry, name);

    *sid = (struct tl_sid){0};
    if (attribute == NULL)
        return -ENOENT;
    return tl_sid_decode(attribute->values[0].data, attribute->values[0].len, sid);
}

static bool is_label(const struct berval *value)
{
    return value->bv_len > 0 && memchr(value->bv_val, '.', value->bv_len) == NULL &&
           memchr(value->bv_val, '\0', value->bv_len) == NULL;
}

/* Every RDN must be one DC=<label>; the library's own ldap_dn2domain() takes the
 * tail of any DN, which is not what is asked here. */
char *tli_dn_to_dns(TALLOC_CTX *ctx, const char *dn)
{
    char *dns = NULL;
    LDAPDN parts = NULL;

    if (dn == NULL || ldap_str2dn(dn, &parts, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS ||
        parts == NULL)
        return NULL;
    for (size_t i = 0; parts[i] != NULL; i++) {
        const LDAPAVA *ava = parts[i][0];

        if (parts[i][1] != NULL || ava->la_attr.bv_len != 2 ||
            strncasecmp(ava->la_attr.bv_val, "DC", 2) != 0 || !is_label(&ava->la_value))
            goto refuse;
        dns = i == 0 ? talloc_strndup(ctx, ava->la_value.bv_val, ava->la_value.bv_len)
                     : talloc_asprintf_append(dns, ".%.*s", (int)ava->la_value.bv_len,
                                              ava->la_value.bv_val);
        if (dns == NULL)
            goto refuse;
    }
    if (dns == NULL || !tl_dns_valid(dns))
        goto refuse;
    for (char *c = dns; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    ldap_dnfree(parts);
    return dns;

refuse:
    ldap_dnfree(parts);
    talloc_free(dns);
    return NULL;
}
