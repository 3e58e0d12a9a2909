/* SPDX-License-Identifier: MIT
 *
 * reason.c - stage names and the table of reasons, made from reasons.def.
 */
#include <string.h>

#include <trustlogon/status.h>

static const struct tl_reason_info table[] = {
#define TL_REASON(id, slug, ntstatus, party, explanation, remedy)                        \
    {TL_REASON_##id, slug, ntstatus, TL_PARTY_##party, explanation, remedy},
#include <trustlogon/reasons.def>
#undef TL_REASON
};

const char *tl_stage_name(enum tl_stage stage)
{
    switch (stage) {
    case TL_STAGE_NAME:
        return "name";
    case TL_STAGE_ROUTE:
        return "route";
    case TL_STAGE_LOCATE:
        return "locate";
    case TL_STAGE_AS:
        return "as";
    case TL_STAGE_WALK:
        return "walk";
    case TL_STAGE_PROOF:
        return "proof";
    case TL_STAGE_IDENTITY:
        return "identity";
    case TL_STAGE_LOCAL:
        return "local";
    case TL_STAGE_PASSWORD:
        return "password";
    }
    return "unknown";
}

const struct tl_reason_info *tl_reason_info(enum tl_reason reason)
{
    if ((unsigned int)reason >= TL_REASON_COUNT)
        return NULL;
    return &table[reason];
}

const struct tl_reason_info *tl_reason_by_slug(const char *slug)
{
    if (slug == NULL)
        return NULL;
    for (size_t i = 0; i < TL_REASON_COUNT; i++) {
        if (strcmp(table[i].slug, slug) == 0)
            return &table[i];
    }
    return NULL;
}

bool tl_reason_is_of_client(enum tl_reason reason)
{
    switch (reason) {
    case TL_REASON_USER_UNKNOWN:
    case TL_REASON_ACCOUNT_DISABLED:
    case TL_REASON_ACCOUNT_LOCKED:
    case TL_REASON_ACCOUNT_EXPIRED:
    case TL_REASON_ACCOUNT_RESTRICTION:
    case TL_REASON_AUTHENTICATION_POLICY:
    case TL_REASON_PASSWORD_EXPIRED:
    case TL_REASON_PASSWORD_MUST_CHANGE:
    case TL_REASON_LOGON_HOURS:
    case TL_REASON_WORKSTATION_NOT_ALLOWED:
    case TL_REASON_SMARTCARD_REQUIRED:
        return true;
    default:
        return false;
    }
}
