/* SPDX-License-Identifier: MIT
 *
 * known_names.c - names of groups for some seconds: one place for each RID, which the
 * last one that comes there has.
 */
#include "known_names.h"

#include <trustlogon/trace.h>

#define PLACES 1024

struct place {
    int64_t until_us;
    struct tl_dir_name name;
};

struct tli_known_names {
    int64_t lasts_us;
    struct place places[PLACES];
};

struct tli_known_names *tli_known_names_new(TALLOC_CTX *ctx, int seconds)
{
    struct tli_known_names *known = talloc_zero(ctx, struct tli_known_names);

    if (known != NULL)
        known->lasts_us = (int64_t)seconds * 1000000;
    return known;
}

static size_t place_of(const struct tl_sid *sid)
{
    return sid->num_subs > 0 ? sid->subs[sid->num_subs - 1] % PLACES : 0;
}

bool tli_known_names_find(TALLOC_CTX *ctx, const struct tli_known_names *known,
                          const struct tl_sid *sid, struct tl_dir_name *name)
{
    const struct place *place = known != NULL ? &known->places[place_of(sid)] : NULL;
    char *copy;

    if (place == NULL || place->name.name == NULL || place->until_us < tl_now_us() ||
        !tl_sid_equal(&place->name.sid, sid))
        return false;
    copy = talloc_strdup(ctx, place->name.name);
    if (copy == NULL)
        return false;
    *name = place->name;
    name->name = copy;
    return true;
}

void tli_known_names_add(struct tli_known_names *known, const struct tl_dir_name *name)
{
    struct place *place;
    char *copy;

    if (known == NULL || name->kind != TL_DIR_GROUP || name->name == NULL)
        return;
    copy = talloc_strdup(known, name->name);
    if (copy == NULL)
        return;
    place = &known->places[place_of(&name->sid)];
    talloc_free((char *)(uintptr_t)place->name.name);
    place->name = *name;
    place->name.name = copy;
    place->until_us = tl_now_us() + known->lasts_us;
}
