/* SPDX-License-Identifier: MIT
 *
 * names.c - options whose values are names and paths: which values are valid.
 */
#include <ctype.h>
#include <string.h>

#include "name/realm_list.h"
#include "options.h"

#define DNS_NAME_MAX 255
#define LABEL_MAX 63

/* Kinds of cache an agent can make for a user; MEMORY would end with the agent. */
static const char *const ccache_types[] = {"FILE:", "DIR:", "KEYRING:", "KCM:"};

static bool is_label(const char *s, size_t len)
{
    if (len == 0 || len > LABEL_MAX || s[0] == '-' || s[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isascii((unsigned char)s[i]) ||
            (!isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '_'))
            return false;
    return true;
}

static bool is_dns_name(const char *value)
{
    if (strlen(value) > DNS_NAME_MAX)
        return false;
    for (;;) {
        size_t len = strcspn(value, ".");

        if (!is_label(value, len))
            return false;
        if (value[len] == '\0')
            return true;
        value += len + 1;
    }
}

static bool is_plain(const char *value)
{
    for (; *value != '\0'; value++)
        if ((unsigned char)*value < 0x20 || (unsigned char)*value >= 0x7f)
            return false;
    return true;
}

static bool is_keytab(const char *value)
{
    if (strncmp(value, "FILE:", 5) == 0)
        value += 5;
    return value[0] == '/' && value[1] != '\0' && is_plain(value);
}

static bool is_ccache(const char *value)
{
    if (!is_plain(value))
        return false;
    if (value[0] == '/')
        return value[1] != '\0';
    for (size_t i = 0; i < sizeof(ccache_types) / sizeof(ccache_types[0]); i++)
        if (strncmp(value, ccache_types[i], strlen(ccache_types[i])) == 0)
            return true;
    return false;
}

/* As krb5.conf(5) has them under pkinit_identities. Not ENV: the agent clears its
 * environment. */
static bool is_pkinit(const char *value, bool anchors)
{
    static const char *const kinds[] = {"FILE:", "DIR:", "PKCS12:", "PKCS11:"};

    if (!is_plain(value))
        return false;
    for (size_t i = 0; i < (anchors ? 2U : 4U); i++) {
        size_t len = strlen(kinds[i]);

        if (strncmp(value, kinds[i], len) == 0)
            /* a module may be named without a folder, and parts of it named first */
            return value[len] == '/' || (i == 3 && value[len] != '\0');
    }
    return false;
}

/* No two slashes in a row and no part "." or "..", so that what is written is
 * where it leads; what the escapes become is checked when they do. */
bool tli_path_template_valid(const char *value)
{
    if (value[0] != '/' || value[1] == '\0' || !is_plain(value))
        return false;
    for (const char *part = value; *part != '\0';) {
        size_t len = strcspn(++part, "/");

        if (len == 0 || (len == 1 && part[0] == '.') ||
            (len == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        part += len;
    }
    for (const char *c = strchr(value, '%'); c != NULL; c = strchr(c + 2, '%')) {
        if (c[1] == '\0' || strchr("udDn%", c[1]) == NULL)
            return false;
    }
    return strpbrk(value, ":\n") == NULL;
}

/* Types that have a table of words or a number are checked where they are stored
 * (values.c). */
const char *tli_option_fault(enum tli_option_type type, const char *value)
{
    switch (type) {
    case TL_OPTION_REALM:
        return is_dns_name(value) ? NULL : "is not a realm (EXAMPLE.COM)";
    case TL_OPTION_HOST:
        return is_dns_name(value) && strchr(value, '.') != NULL
                   ? NULL
                   : "is not a fully qualified host name (ws1.example.com)";
    case TL_OPTION_DOMAIN:
        return is_dns_name(value) ? NULL
                                  : "is not a domain name (example.com or EXAMPLE)";
    case TL_OPTION_BARE:
        return strcmp(value, "no") == 0 || strcmp(value, "own") == 0 ||
                       (is_dns_name(value) && strchr(value, '.') != NULL)
                   ? NULL
                   : "must be no, own or the DNS name of a domain (example.com)";
    case TL_OPTION_SITE:
        return is_label(value, strlen(value)) ? NULL : "is not a site name";
    case TL_OPTION_PATH:
        return tli_path_template_valid(value)
                   ? NULL
                   : "must be an absolute path; it may contain %u, %d, %D, %n and %%";
    case TL_OPTION_KEYTAB:
        return is_keytab(value) ? NULL : "is not an absolute path";
    case TL_OPTION_REALMS:
        return tli_realm_list_valid(value)
                   ? NULL
                   : "is not a list of realms (A.EXAMPLE B.EXAMPLE)";
    case TL_OPTION_PKINIT:
        return is_pkinit(value, false)
                   ? NULL
                   : "must be PKCS11:, FILE:, PKCS12: or DIR: with its parameters";
    case TL_OPTION_ANCHORS:
        return is_pkinit(value, true) ? NULL
                                      : "must be FILE: or DIR: and an absolute path";
    default:
        return is_ccache(value) ? NULL
                                : "must be an absolute path, or begin with FILE:, DIR:, "
                                  "KEYRING: or KCM:";
    }
}
