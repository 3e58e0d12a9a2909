/* SPDX-License-Identifier: MIT
 *
 * lookup.c - one question, asked where the plan says.
 */
#include "asking.h"

bool tli_asking_cannot_be(enum tl_reason reason)
{
    return reason == TL_REASON_ID_UNMAPPABLE || reason == TL_REASON_ID_COLLISION ||
           reason == TL_REASON_ID_SUBORDINATE || reason == TL_REASON_ID_NAME_UNSAFE ||
           reason == TL_REASON_COMPUTER_ACCOUNT || reason == TL_REASON_NAME_TAKEN ||
           reason == TL_REASON_PAC_SID_FILTERED;
}

static enum tl_reason ask_domain(struct tli_asking *a)
{
    enum tl_reason reason = TL_REASON_TRUST_DIRECTION;

    tl_outcome_reset(a->out);
    if (a->domain->two_way || a->lookup->in.krb != NULL)
        reason = tli_asking_directory(a);
    if (reason != TL_REASON_TRUST_DIRECTION)
        return reason;
    tl_outcome_reset(a->out);
    return tli_asking_lsa(a);
}

enum tl_reason tl_lookup_find(struct tl_lookup *lookup, const struct tl_lookup_plan *plan,
                              const struct tl_question *question,
                              struct tl_lookup_answer **answer, struct tl_outcome *out)
{
    struct tli_asking a = {
        .lookup = lookup, .plan = plan, .question = question, .out = out};
    enum tl_reason reason, unsure = TL_REASON_OK;
    char *detail = NULL; /* of the first that could not tell */

    *answer = NULL;
    lookup->sam_only = false;
    tl_outcome_fail(out, TL_STAGE_ROUTE, TL_REASON_USER_UNKNOWN, "%s",
                    plan->why != NULL ? plan->why : "nobody can be asked");
    for (size_t i = 0; i < plan->num_domains; i++) {
        a.domain = &plan->domains[i];
        TALLOC_FREE(a.answer);
        a.facts = NULL; /* its children */
        a.resources = NULL;
        a.by_upn = false;
        a.answer = talloc_zero(lookup, struct tl_lookup_answer);
        if (a.answer == NULL)
            return tli_asking_no_memory(&a);
        reason = ask_domain(&a);
        if (reason == TL_REASON_OK) {
            a.answer->domain = a.domain;
            *answer = a.answer;
            return TL_REASON_OK;
        }
        if (reason != TL_REASON_USER_UNKNOWN && !tli_asking_cannot_be(reason) &&
            unsure == TL_REASON_OK) {
            unsure = reason;
            detail = out->detail != NULL ? talloc_strdup(lookup, out->detail) : NULL;
        }
        if (tl_deadline_left_ms(lookup->in.deadline) == 0)
            break;
    }
    talloc_free(a.answer);
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
