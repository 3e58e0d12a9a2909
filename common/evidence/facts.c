/* SPDX-License-Identifier: MIT
 *
 * facts.c - the list of what was seen.
 */
#include <string.h>
#include <trustlogon/evidence.h>

const struct tl_fact_info *tl_fact_info(enum tl_fact_kind kind)
{
    static const struct tl_fact_info table[] = {
#define TL_FACT(id, slug, holds) {slug, holds},
#include <trustlogon/facts.def>
#undef TL_FACT
    };

    return (unsigned)kind < TL_FACT_COUNT ? &table[kind] : NULL;
}

struct tl_facts *tl_facts_new(TALLOC_CTX *ctx)
{
    return talloc_zero(ctx, struct tl_facts);
}

/* A copy of a text that may be NULL; false: no memory. */
static bool copied(TALLOC_CTX *ctx, const char **text)
{
    if (*text == NULL)
        return true;
    *text = talloc_strdup(ctx, *text);
    return *text != NULL;
}

void tl_facts_add(struct tl_facts *facts, const struct tl_fact *fact)
{
    struct tl_fact *list, copy = *fact;

    if (facts == NULL)
        return;
    list =
        talloc_realloc(facts, facts->facts, struct tl_fact, (unsigned)facts->count + 1);
    if (list != NULL)
        facts->facts = list;
    if (list == NULL || !copied(facts, &copy.object) || !copied(facts, &copy.attribute) ||
        !copied(facts, &copy.wanted)) {
        facts->incomplete = true;
        return;
    }
    facts->facts[facts->count++] = copy;
}

int tl_facts_hold(const struct tl_facts *facts, enum tl_fact_kind kind,
                  enum tl_place place)
{
    int known = -1;

    for (size_t i = 0; facts != NULL && i < facts->count; i++) {
        const struct tl_fact *fact = &facts->facts[i];

        if (fact->kind != kind || fact->place != place)
            continue;
        if (!fact->holds)
            return 0;
        known = 1;
    }
    return known;
}
