/* SPDX-License-Identifier: MIT
 *
 * lookup.c - one question, asked in the domains of its plan.
 */
#include "query.h"

/* The domain's own directory where this machine may read it, else the machine's DC. */
static enum tl_reason ask_domain(struct tli_lookup_query *query)
{
    enum tl_reason reason = TL_REASON_TRUST_DIRECTION;

    tl_outcome_reset(query->out);
    if (query->domain->two_way || query->lookup->in.krb != NULL)
        reason = tli_query_directory(query);
    if (reason != TL_REASON_TRUST_DIRECTION)
        return reason;
    tl_outcome_reset(query->out);
    return tli_query_lsa(query);
}

/*
 * Domain by domain until one has the account. "Unknown" is the answer only if every
 * domain said so; else it is the reason of the first that could not be asked.
 */
enum tl_reason tl_lookup_find(struct tl_lookup *lookup, const struct tl_lookup_plan *plan,
                              const struct tl_question *question,
                              struct tl_lookup_answer **answer, struct tl_outcome *out)
{
    struct tli_lookup_query query = {
        .lookup = lookup, .plan = plan, .question = question, .out = out};
    enum tl_reason reason, unsure = TL_REASON_OK;
    char *detail = NULL; /* of the first domain that could not be asked */

    *answer = NULL;
    lookup->sam_only = false;
    tl_outcome_fail(out, TL_STAGE_ROUTE, TL_REASON_USER_UNKNOWN, "%s",
                    plan->why != NULL ? plan->why : "no domain can be queried");
    for (size_t i = 0; i < plan->num_domains; i++) {
        query.domain = &plan->domains[i];
        TALLOC_FREE(query.answer);
        query.facts = NULL; /* its children */
        query.resources = NULL;
        query.by_upn = false;
        query.answer = talloc_zero(lookup, struct tl_lookup_answer);
        if (query.answer == NULL)
            return tli_query_no_memory(&query);
        reason = ask_domain(&query);
        if (reason == TL_REASON_OK) {
            query.answer->domain = query.domain;
            *answer = query.answer;
            return TL_REASON_OK;
        }
        if (reason != TL_REASON_USER_UNKNOWN && !tli_lookup_is_unusable(reason) &&
            unsure == TL_REASON_OK) {
            unsure = reason;
            detail = out->detail != NULL ? talloc_strdup(lookup, out->detail) : NULL;
        }
        if (tl_deadline_left_ms(lookup->in.deadline) == 0)
            break;
    }
    talloc_free(query.answer);
    if (unsure != TL_REASON_OK && unsure != out->reason) {
        tl_outcome_reset(out);
        tl_outcome_fail(out, TL_STAGE_IDENTITY, unsure, "%s",
                        detail != NULL ? detail : "");
    }
    return unsure != TL_REASON_OK ? unsure : TL_REASON_USER_UNKNOWN;
}

bool tl_lookup_sam_only(const struct tl_lookup *lookup)
{
    return lookup->sam_only;
}
