/* SPDX-License-Identifier: MIT
 *
 * domain_directory.c - the directory of the domain that is asked, held to its SID.
 */
#include "query.h"

/* A reason that would say something about the account becomes DIRECTORY_UNREADABLE: the
 * code with which a KDC refused this machine says nothing about the account, so a forged
 * one must not make an account unknown. */
static enum tl_reason not_asked(const struct tli_lookup_query *query,
                                enum tl_reason reason)
{
    char *why = NULL;

    if (reason != TL_REASON_USER_UNKNOWN && !tli_lookup_is_unusable(reason))
        return reason;
    if (query->out != NULL && query->out->detail != NULL)
        why = talloc_strdup(query->answer, query->out->detail);
    return tl_outcome_fail(query->out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                           "the directory of %s could not be queried: %s",
                           query->domain->dns,
                           why != NULL ? why : tl_reason_info(reason)->slug);
}

/* A server that calls itself the directory of this domain and has the SID of another
 * would give its users the ids of that domain's. */
enum tl_reason tli_query_open(const struct tli_lookup_query *query,
                              struct tl_directory **dir)
{
    const struct tl_lookup_domain *domain = query->domain;
    struct tl_sid sid;
    enum tl_reason reason =
        tli_lookup_directory(query->lookup, domain->dns, dir, query->out);

    if (reason == TL_REASON_OK)
        reason = tl_directory_domain_sid(*dir, &sid, query->out);
    if (reason != TL_REASON_OK)
        return not_asked(query, reason);
    if (!domain->has_sid || !tl_sid_equal(&sid, &domain->sid))
        return tl_outcome_fail(
            query->out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
            "the directory of %s does not have the SID that the trust names",
            domain->dns);
    return TL_REASON_OK;
}
