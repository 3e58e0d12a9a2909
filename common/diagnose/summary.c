/* SPDX-License-Identifier: MIT
 *
 * summary.c - what the findings come to, in one line each: how it ended, and how far
 * that holds. Pure.
 */
#include <string.h>

#include "internal.h"

static bool whole(const struct tl_diagnosis *diag)
{
    for (size_t i = 0; i < diag->num_areas; i++)
        if (diag->areas[i].state != TL_AREA_LOOKED &&
            diag->areas[i].state != TL_AREA_NEEDLESS)
            return false;
    return diag->complete;
}

/* "2 checks above failed, 1 warned"; NULL where none did. */
static char *counts(TALLOC_CTX *ctx, const struct tl_diagnosis *diag)
{
    char *text = NULL;

    if (diag->failed > 0)
        text = talloc_asprintf(ctx, "%zu check%s above failed", diag->failed,
                               diag->failed == 1 ? "" : "s");
    if (diag->warned > 0)
        text = talloc_asprintf(ctx, "%s%s%zu %s", text != NULL ? text : "",
                               text != NULL ? ", " : "", diag->warned,
                               text != NULL        ? "warned"
                               : diag->warned == 1 ? "check above warns"
                                                   : "checks above warn");
    return text;
}

char *tl_diagnosis_summary(TALLOC_CTX *ctx, const struct tl_diagnosis *diag)
{
    const char *logon = diag->logon != NULL ? "The logon works" : "No logon was tried";
    char *found = counts(ctx, diag);

    if (diag->cache_decides)
        return talloc_strdup(ctx,
                             "No domain controller grants the logon; cached credentials "
                             "may.");
    if (diag->reason != TL_REASON_OK)
        return talloc_asprintf(
            ctx, "%s",
            diag->logon == NULL ? "Something is wrong; no logon was tried."
            : diag->logon->outcome->reason == TL_REASON_OK
                ? "The domain controllers let the user in; this machine is not ready."
                : "The logon fails.");
    if (found != NULL)
        return talloc_asprintf(ctx, "%s; %s.", logon, found);
    if (diag->logon == NULL)
        return talloc_strdup(ctx, "No fault was found, and no logon was tried.");
    if (!diag->complete)
        return talloc_strdup(ctx,
                             "No fault was found, but not everything could be checked.");
    return talloc_strdup(ctx,
                         whole(diag) ? "Everything works." : "What was tested works.");
}

static char *append(char *text, const char *lead, const struct tl_area *area, bool why)
{
    return talloc_asprintf_append(text, "%s%s%s%s%s", lead, area->what, why ? " (" : "",
                                  why ? area->why : "", why ? ")" : "");
}

char *tl_diagnosis_extent(TALLOC_CTX *ctx, const struct tl_diagnosis *diag)
{
    static const char *const titles[] = {
        "Tested: ", "In part: ", "Not tested: ", "Nothing to test: "};
    static const enum tl_area_state states[] = {TL_AREA_LOOKED, TL_AREA_PARTLY,
                                                TL_AREA_NOT_LOOKED, TL_AREA_NEEDLESS};
    char *text = talloc_strdup(ctx, "");

    for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++) {
        const char *lead = titles[s];

        for (size_t i = 0; i < diag->num_areas && text != NULL; i++) {
            const struct tl_area *area = &diag->areas[i];

            if (area->state != states[s])
                continue;
            if (lead == titles[s] && text[0] != '\0')
                text = talloc_strdup_append(text, " ");
            text = append(text, lead, area, area->why != NULL);
            lead = ", ";
        }
        if (lead != titles[s] && text != NULL)
            text = talloc_strdup_append(text, ".");
    }
    return text;
}
