/* SPDX-License-Identifier: MIT
 *
 * tdo.c - what a trusted domain object is, in words.
 */
#include <string.h>
#include <strings.h>

#include "internal.h"

#define CN "CN="

bool tl_tdo_is_forest(const struct tl_tdo *tdo)
{
    return tdo->type == TL_TRUST_UPLEVEL &&
           (tdo->attributes & TL_TRUST_FOREST_TRANSITIVE) != 0;
}

char *tl_tdo_name(TALLOC_CTX *ctx, const char *dn)
{
    size_t len;

    if (strncasecmp(dn, CN, strlen(CN)) != 0)
        return NULL;
    dn += strlen(CN);
    len = strcspn(dn, ",\\");
    return dn[len] == ',' ? talloc_strndup(ctx, dn, len) : NULL;
}

bool tl_tdo_bears_its_name(TALLOC_CTX *ctx, const struct tl_tdo *tdo, char **name)
{
    *name = tdo->dn != NULL ? tl_tdo_name(ctx, tdo->dn) : NULL;
    return tli_same_domain(*name, tdo->partner);
}

const char *tl_tdo_kind(const struct tl_tdo *tdo)
{
    if (tdo->type == TL_TRUST_DOWNLEVEL)
        return "downlevel";
    if (tdo->type == TL_TRUST_MIT)
        return "mit";
    if (tdo->type != TL_TRUST_UPLEVEL)
        return "other";
    /* "external" has no bit: it is what remains [ADTS 6.1.6.7.9]. */
    if (tl_tdo_is_forest(tdo))
        return "forest";
    return (tdo->attributes & TL_TRUST_WITHIN_FOREST) != 0 ? "within-forest" : "external";
}

const char *tl_tdo_direction_name(const struct tl_tdo *tdo)
{
    static const char *const names[] = {"disabled", "incoming", "outgoing", "two-way"};

    return names[tdo->direction & (TL_TRUST_INBOUND | TL_TRUST_OUTBOUND)];
}

bool tl_tdo_lacks_aes(const struct tl_tdo *tdo)
{
    return tdo->type == TL_TRUST_UPLEVEL &&
           (!tdo->has_enctypes || (tdo->enctypes & TL_ENCTYPES_AES) == 0);
}

char *tl_tdo_enctype_words(TALLOC_CTX *ctx, const struct tl_tdo *tdo)
{
    return tdo->has_enctypes
               ? talloc_asprintf(ctx, "msDS-SupportedEncryptionTypes = %u", tdo->enctypes)
               : talloc_strdup(ctx, "no msDS-SupportedEncryptionTypes");
}

/* The first five as `nltest /domain_trusts` prints them; for the others no source has
 * nltest's word, so they take the bit's name. */
static const struct {
    uint32_t bit;
    const char *word;
} attribute_words[] = {
    {TL_TRUST_FOREST_TRANSITIVE, "foresttrans"},
    {TL_TRUST_WITHIN_FOREST, "withinforest"},
    {TL_TRUST_QUARANTINED, "quarantined"},
    {TL_TRUST_TREAT_AS_EXTERNAL, "external"},
    {TL_TRUST_NON_TRANSITIVE, "non-trans"},
    {TL_TRUST_UPLEVEL_ONLY, "uplevel-only"},
    {TL_TRUST_CROSS_ORGANIZATION, "cross-org"},
    {TL_TRUST_RC4, "rc4"},
    {TL_TRUST_AES, "aes"},
    {TL_TRUST_NO_TGT_DELEGATION, "no-tgt-delegation"},
    {TL_TRUST_PIM, "pim"},
    {TL_TRUST_TGT_DELEGATION, "tgt-delegation"},
    {TL_TRUST_NO_TARGET_VALIDATION, "no-target-validation"},
};

char *tl_tdo_attribute_words(TALLOC_CTX *ctx, uint32_t attributes)
{
    char *words = talloc_strdup(ctx, "");

    for (size_t i = 0; words != NULL; i++) {
        if (i == sizeof attribute_words / sizeof attribute_words[0])
            break;
        if ((attributes & attribute_words[i].bit) != 0)
            words = talloc_asprintf_append(words, "%s%s", *words != '\0' ? " " : "",
                                           attribute_words[i].word);
    }
    return words;
}
