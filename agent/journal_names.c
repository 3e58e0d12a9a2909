/* SPDX-License-Identifier: MIT
 *
 * journal_names.c - which names may appear in a log.
 *
 * Users type their password at the prompt for the name. A name that no domain knows and
 * this machine has never seen is left out of all logs, except for a PAM line with `debug`
 * (pam_unix(8) does the same). The administrator still has the reason, and every part of
 * the outcome that does not quote the name.
 */
#include "journal.h"

#include <string.h>

#include "find_user.h"

/* The KDC's error is about this account, so it exists. An attacker on the wire can forge
 * that, and then a log has one name too many. */
static bool account_exists(const struct tl_outcome *out)
{
    switch (out->krb_error) {
    case TL_KRB_NAME_EXP:
    case TL_KRB_POLICY:
    case TL_KRB_ETYPE_NOSUPP:
    case TL_KRB_CLIENT_REVOKED:
    case TL_KRB_KEY_EXPIRED:
    case TL_KRB_PREAUTH_FAILED:
    case TL_KRB_PREAUTH_REQUIRED:
        return true;
    default:
        return out->stage == TL_STAGE_WALK || out->stage == TL_STAGE_PROOF ||
               out->stage == TL_STAGE_IDENTITY || out->stage == TL_STAGE_PASSWORD;
    }
}

/* The name has an existing domain or suffix, and the domain has not denied it. */
static bool domain_is_known(const struct tl_logon *logon, const char *name)
{
    const struct tl_route *route = logon->route;

    return strpbrk(name, "\\@") != NULL && route != NULL && route->user_domain != NULL &&
           logon->outcome->reason != TL_REASON_USER_UNKNOWN &&
           logon->outcome->reason != TL_REASON_NAME_INVALID;
}

static bool suffix_is_known(const struct tl_outcome *out)
{
    return out->reason == TL_REASON_SUFFIX_DISABLED_NEW ||
           out->reason == TL_REASON_SUFFIX_DISABLED_ADMIN ||
           out->reason == TL_REASON_SUFFIX_DISABLED_CONFLICT ||
           out->reason == TL_REASON_SUFFIX_EXCLUDED;
}

bool tla_journal_may_name(struct tla_conv *conv, const struct tl_logon *logon)
{
    const char *name = conv->request.user;
    struct tla_user user;
    bool known = (conv->request.flags & TL_WIRE_F_DEBUG) != 0;

    if (!known && logon != NULL && name != NULL)
        known = logon->outcome->reason == TL_REASON_OK ||
                account_exists(logon->outcome) || domain_is_known(logon, name) ||
                suffix_is_known(logon->outcome);
    if (!known && name != NULL && conv->config != NULL)
        known = tla_find_user(conv, conv->config->state_dir, name, &user) == 0;
    conv->unnamed = !known;
    return known;
}

bool tla_journal_quotes(const char *text, const char *name)
{
    char part[TL_WIRE_STRING_MAX];

    while (text != NULL && name != NULL && *name != '\0') {
        size_t len = strcspn(name, "\\/@");

        if (len > 0 && len < sizeof(part)) {
            memcpy(part, name, len);
            part[len] = '\0';
            if (strcasestr(text, part) != NULL)
                return true;
        }
        name += name[len] == '\0' ? len : len + 1;
    }
    return false;
}
