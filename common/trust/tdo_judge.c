/* SPDX-License-Identifier: MIT
 *
 * tdo_judge.c - what is wrong with a TDO by itself, beside the other objects of its
 * holder, and beside the one at its other end.
 */
#include <errno.h>
#include <string.h>

#include "route_judge.h"

/* Of the encryption types of a trust [KILE 2.2.7] those that a KDC makes keys of. */
#define ETYPE_RC4 0x4U
#define ETYPE_AES128 0x8U
#define ETYPE_AES256 0x10U
#define ETYPES_USABLE (ETYPE_RC4 | TL_ENCTYPES_AES)

static int blame_words(struct tli_scene *s, enum tl_reason reason, const char *subject,
                       char *attribute)
{
    return attribute != NULL ? tli_blame(s, reason, subject, attribute) : -ENOMEM;
}

const struct tl_tdo *tli_misnamed(const struct tli_scene *s)
{
    for (size_t i = 0; i < s->topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &s->topo->trusts[i];
        char *name;
        bool found = !tl_tdo_bears_its_name(NULL, tdo, &name) &&
                     tli_same_domain(name, s->partner) &&
                     tli_same_domain(tdo->holder, s->holder);

        talloc_free(name);
        if (found)
            return tdo;
    }
    return NULL;
}

int tli_check_damage(struct tli_scene *s)
{
    if (s->tdo == NULL || s->tdo->damage == NULL)
        return 0;
    return blame_words(s, TL_REASON_TRUST_DAMAGED, NULL,
                       talloc_strdup(s->ctx, s->tdo->damage));
}

/* "flatName = CONTOSO" of another object, if that has a name of this one; NULL with *same
 * NULL otherwise. */
static char *shared(TALLOC_CTX *ctx, const struct tl_tdo *a, const struct tl_tdo *b)
{
    char sid[TL_SID_STRING_MAX];

    if (tli_same_domain(a->partner, b->partner))
        return talloc_asprintf(ctx, "trustPartner = %s", b->partner);
    if (tli_same_flat(a->flat, b->flat))
        return talloc_asprintf(ctx, "flatName = %s", b->flat);
    if (a->has_sid && b->has_sid && tl_sid_equal(&a->sid, &b->sid))
        return talloc_asprintf(ctx, "securityIdentifier = %s",
                               tl_sid_format(&b->sid, sid));
    return NULL;
}

/* A domain controller finds a trust by each of its names: of two objects it may take the
 * other one. */
int tli_check_twin(struct tli_scene *s)
{
    if (s->tdo == NULL || s->tdo->dn == NULL)
        return 0;
    for (size_t i = 0; i < s->topo->num_trusts; i++) {
        const struct tl_tdo *other = &s->topo->trusts[i];
        char *name;

        if (other->dn == NULL || !tli_same_domain(other->holder, s->tdo->holder) ||
            tli_ascii_order(other->dn, s->tdo->dn) == 0)
            continue;
        name = shared(s->ctx, s->tdo, other);
        if (name != NULL)
            return blame_words(
                s, TL_REASON_TRUST_TWIN, other->dn,
                talloc_asprintf(s->ctx, "%s, which %s has, too", name, s->tdo->dn));
    }
    return 0;
}

/* The key that a KDC takes of a TDO. Without the attribute it decides by itself: 0. */
static uint32_t strongest(const struct tl_tdo *tdo)
{
    static const uint32_t types[] = {ETYPE_AES256, ETYPE_AES128, ETYPE_RC4};

    for (size_t i = 0; tdo->has_enctypes && i < sizeof(types) / sizeof(types[0]); i++)
        if ((tdo->enctypes & types[i]) != 0)
            return types[i];
    return 0;
}

/* The user's KDC encrypts a ticket with the key that the workstation's KDC must have. An
 * end with RC4 alone is the one to blame, and judged by tl_route_rc4(). */
int tli_check_enctypes(struct tli_scene *s)
{
    const struct tl_tdo *from = s->hop->tdo_from, *to = s->hop->tdo_to;
    char *words;

    if (s->tdo == NULL || !s->tdo->has_enctypes)
        return 0;
    words = tl_tdo_enctype_words(s->ctx, s->tdo);
    if (words == NULL)
        return -ENOMEM;
    if ((s->tdo->enctypes & ETYPES_USABLE) == 0)
        return blame_words(s, TL_REASON_TRUST_ENCTYPES, NULL,
                           talloc_asprintf(s->ctx, "%s, neither AES nor RC4", words));
    if (s->user_side || from == NULL || strongest(from) == ETYPE_RC4 ||
        strongest(to) == ETYPE_RC4 || (strongest(from) & ~to->enctypes) == 0)
        return 0;
    return blame_words(s, TL_REASON_TRUST_ENCTYPES, NULL,
                       talloc_asprintf(s->ctx, "%s, and %s has %u", words,
                                       from->dn != NULL ? from->dn : "the other end",
                                       from->enctypes));
}

/* Names are compared as they are written by some domain controllers. */
int tli_check_spelling(struct tli_scene *s)
{
    size_t len = s->tdo != NULL ? strlen(s->tdo->partner) : 0;

    if (len == 0 || s->tdo->partner[len - 1] != '.')
        return 0;
    return blame_words(
        s, TL_REASON_TRUST_PARTNER, NULL,
        talloc_asprintf(s->ctx,
                        "trustPartner = %s with a dot at its end; right is "
                        "%.*s",
                        s->tdo->partner, (int)len - 1, s->tdo->partner));
}
