/* SPDX-License-Identifier: MIT
 *
 * name.c - parsing the name as the user typed it.
 */
#include <errno.h>
#include <string.h>
#include <unistr.h>

#include <trustlogon/name.h>

#include "chars.h"

/* A stretch of the bytes given. */
struct part {
    const char *p;
    size_t len;
};

const char *tl_name_error_text(enum tl_name_error error)
{
    switch (error) {
    case TL_NAME_OK:
        return "The name is well formed.";
    case TL_NAME_EMPTY:
        return "The name is empty.";
    case TL_NAME_TOO_LONG:
        return "The name, or a part of it, is longer than Active Directory allows.";
    case TL_NAME_NOT_UTF8:
        return "The name is not valid UTF-8.";
    case TL_NAME_CONTROL:
        return "The name contains a control character.";
    case TL_NAME_ILLEGAL_USER:
        return "The user part contains a character that is not allowed in an account "
               "name, or only dots and spaces.";
    case TL_NAME_ILLEGAL_DOMAIN:
        return "The domain part contains a character that is not allowed in a domain "
               "name, or an empty label.";
    case TL_NAME_EMPTY_PART:
        return "The user or the domain before or after the separator is missing.";
    }
    return "The name is not valid.";
}

static enum tl_name_error check_whole(const char *bytes, size_t len)
{
    if (len == 0)
        return TL_NAME_EMPTY;
    if (len > TL_NAME_MAX)
        return TL_NAME_TOO_LONG;
    if (!tli_chars_utf8(bytes, len))
        return TL_NAME_NOT_UTF8;
    if (tli_chars_control(bytes, len))
        return TL_NAME_CONTROL;
    return TL_NAME_OK;
}

/* CredUIParseUserName: a backslash splits the name even if it has an '@'; without one the
 * last '@' does. */
static enum tl_name_form split(const char *bytes, size_t len, struct part *user,
                               struct part *domain)
{
    const char *sep = memchr(bytes, '\\', len);

    if (sep != NULL) {
        *domain = (struct part){bytes, (size_t)(sep - bytes)};
        *user = (struct part){sep + 1, len - domain->len - 1};
        return TL_NAME_DOWNLEVEL;
    }
    sep = memrchr(bytes, '@', len);
    if (sep != NULL) {
        *user = (struct part){bytes, (size_t)(sep - bytes)};
        *domain = (struct part){sep + 1, len - user->len - 1};
        return TL_NAME_UPN;
    }
    *user = (struct part){bytes, len};
    *domain = (struct part){NULL, 0};
    return TL_NAME_BARE;
}

static enum tl_name_error check_user(enum tl_name_form form, const struct part *user)
{
    size_t idle = 0;

    if (user->len == 0)
        return TL_NAME_EMPTY_PART;
    while (idle < user->len && (user->p[idle] == '.' || user->p[idle] == ' '))
        idle++;
    if (idle == user->len)
        return TL_NAME_ILLEGAL_USER;
    /* A directory ignores spaces around a name, NSS does not: "alice " would log on as a
     * user whom the machine does not know. */
    if (user->p[0] == ' ' || user->p[user->len - 1] == ' ')
        return TL_NAME_ILLEGAL_USER;
    /* The attribute userPrincipalName takes any character; only the account name is
     * restricted. */
    if (form == TL_NAME_UPN)
        return TL_NAME_OK;
    if (tli_chars_any(user->p, user->len, TL_CHARS_NOT_SAM))
        return TL_NAME_ILLEGAL_USER;
    if (u8_mbsnlen((const uint8_t *)user->p, user->len) > TL_SAM_MAX)
        return TL_NAME_TOO_LONG;
    return TL_NAME_OK;
}

static enum tl_name_error check_domain(enum tl_name_form form, struct part *domain)
{
    if (domain->len == 0)
        return TL_NAME_EMPTY_PART;
    /* ".\user": the accounts of this machine. */
    if (form == TL_NAME_DOWNLEVEL && domain->len == 1 && domain->p[0] == '.')
        return TL_NAME_OK;
    if (domain->p[domain->len - 1] == '.')
        domain->len--;
    if (domain->len == 0 || domain->p[0] == '.' || domain->p[domain->len - 1] == '.' ||
        memmem(domain->p, domain->len, "..", 2) != NULL ||
        tli_chars_any(domain->p, domain->len, TL_CHARS_NOT_DOMAIN))
        return TL_NAME_ILLEGAL_DOMAIN;
    return domain->len > TL_DNS_MAX ? TL_NAME_TOO_LONG : TL_NAME_OK;
}

static int make(TALLOC_CTX *ctx, enum tl_name_form form, const struct part *whole,
                const struct part *user, const struct part *domain, struct tl_name **name)
{
    struct tl_name *result = talloc_zero(ctx, struct tl_name);

    if (result == NULL)
        return -ENOMEM;
    result->form = form;
    result->whole = talloc_strndup(result, whole->p, whole->len);
    result->user = talloc_strndup(result, user->p, user->len);
    if (form != TL_NAME_BARE)
        result->domain = talloc_strndup(result, domain->p, domain->len);
    if (result->whole == NULL || result->user == NULL ||
        (form != TL_NAME_BARE && result->domain == NULL)) {
        talloc_free(result);
        return -ENOMEM;
    }
    *name = result;
    return 0;
}

int tl_name_parse(TALLOC_CTX *ctx, const char *bytes, size_t len, struct tl_name **name,
                  enum tl_name_error *error)
{
    struct part whole = {bytes, len}, user, domain;
    enum tl_name_form form;
    enum tl_name_error e;

    *name = NULL;
    if (error != NULL)
        *error = TL_NAME_OK;
    e = check_whole(bytes, len);
    if (e == TL_NAME_OK) {
        form = split(bytes, len, &user, &domain);
        e = check_user(form, &user);
        if (e == TL_NAME_OK && form != TL_NAME_BARE)
            e = check_domain(form, &domain);
        if (e == TL_NAME_OK)
            return make(ctx, form, &whole, &user, &domain, name);
    }
    if (error != NULL)
        *error = e;
    return -EINVAL;
}

bool tl_name_is_local(const struct tl_name *name, const char *ws_flat,
                      const char *ws_fqdn)
{
    /* A UPN suffix is a name of the directory even if it looks like the machine's. */
    if (name->form != TL_NAME_DOWNLEVEL)
        return false;
    return strcmp(name->domain, ".") == 0 || tl_name_equal(name->domain, ws_flat) ||
           tl_dns_equal(name->domain, ws_fqdn);
}
