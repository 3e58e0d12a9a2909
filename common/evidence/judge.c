/* SPDX-License-Identifier: MIT
 *
 * judge.c - which cause explains an outcome.
 */
#include <string.h>
#include <trustlogon/evidence.h>
#include <trustlogon/name.h>

#include "causes.h"

/* What the causes are held against. */
struct trial {
    const struct tl_facts *facts;
    const struct tl_outcome *out;
    const char *own_realm, *user_realm;
};

static bool is_at(const struct trial *trial, const char *domain, enum tl_place place)
{
    const char *realm = place == TL_PLACE_OWN    ? trial->own_realm
                        : place == TL_PLACE_USER ? trial->user_realm
                                                 : NULL;

    return tl_dns_equal(domain, realm);
}

static bool ends_so(const struct trial *trial, const struct tli_ending *ending)
{
    const struct tl_outcome *out = trial->out;

    if (ending->krb_error == TL_KRB_NONE)
        return out->reason == ending->reason &&
               (ending->at == TL_PLACE_HERE || is_at(trial, out->realm, ending->at) ||
                is_at(trial, out->subject, ending->at));
    return out->stage == TL_STAGE_WALK && out->krb_error == ending->krb_error &&
           is_at(trial, out->realm, ending->at);
}

static bool explains(const struct trial *trial, const struct tli_cause *cause)
{
    for (size_t i = 0; i < cause->num_endings; i++)
        if (ends_so(trial, &cause->endings[i]))
            return true;
    return false;
}

static bool is_contradicted(const struct trial *trial, const struct tli_cause *cause)
{
    for (size_t i = 0; i < cause->num_expects; i++) {
        const struct tli_expect *expect = &cause->expects[i];
        int holds = tl_facts_hold(trial->facts, expect->kind, expect->place);

        if (holds >= 0 && (holds == 1) != expect->holds)
            return true;
    }
    return false;
}

static bool is_about(const struct tl_fact *fact, const char *about)
{
    return about == NULL || (fact->attribute != NULL &&
                             strncmp(fact->attribute, about, strlen(about)) == 0);
}

/* The first fact that the cause rests on, or NULL: no fault was seen there. */
static const struct tl_fact *wrong_fact(const struct tl_facts *facts,
                                        const struct tli_cause *cause)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct tl_fact *fact = &facts->facts[i];

        if (fact->kind == cause->fact && fact->place == cause->place && !fact->holds &&
            is_about(fact, cause->about))
            return fact;
    }
    return NULL;
}

struct tl_conclusion tl_evidence_judge(const struct tl_facts *facts,
                                       const struct tl_outcome *out,
                                       const char *own_realm, const char *user_realm)
{
    const struct trial trial = {facts, out, own_realm, user_realm};
    struct tl_conclusion best = {.reason = TL_REASON_OK};

    if (facts == NULL || out == NULL || out->reason == TL_REASON_OK)
        return best;
    /* The table is in the order in which a logon meets the causes. */
    for (size_t i = 0; i < tli_num_causes && best.fact == NULL; i++) {
        const struct tli_cause *cause = &tli_causes[i];

        if (!explains(&trial, cause) || is_contradicted(&trial, cause))
            continue;
        best.fact = wrong_fact(facts, cause);
        if (best.fact != NULL)
            best.reason = cause->reason;
    }
    return best;
}

bool tl_evidence_refine(const struct tl_facts *facts, struct tl_outcome *out,
                        const char *own_realm, const char *user_realm)
{
    struct tl_conclusion found = tl_evidence_judge(facts, out, own_realm, user_realm);
    const struct tl_fact *fact = found.fact;
    char *attribute;

    if (fact == NULL)
        return false;
    /* A cause explains the status that the logon ended with; it does not change it. */
    out->reason = found.reason;
    tl_outcome_set_subject(out, fact->object);
    attribute =
        fact->attribute != NULL && fact->wanted != NULL
            ? talloc_asprintf(out, "%s; right is %s", fact->attribute, fact->wanted)
            : NULL;
    tl_outcome_set_attribute(out, attribute != NULL ? attribute : fact->attribute);
    talloc_free(attribute);
    return true;
}
