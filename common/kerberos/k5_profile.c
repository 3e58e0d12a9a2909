/* SPDX-License-Identifier: MIT
 *
 * k5_profile.c - a libkrb5 context with fixed settings, laid over krb5.conf, so that no
 * file and no environment variable changes what matters to security or to the diagnosis:
 * a clock that is off is reported (1398), not corrected; libkrb5 never asks DNS or sends
 * anything by itself. Below krb5.conf are Windows' defaults for what it may set.
 */
#include "internal.h"
#include "smartcard_profile.h"

#include <errno.h>
#include <profile.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* libkrb5's own default, where krb5.conf has no clockskew (RFC 4120 1.6) */
#define CLOCKSKEW_DEFAULT 300

struct layer {
    profile_t below;  /* krb5.conf */
    enum tl_rc4 rc4;  /* which encryption types are allowed */
    bool cards;       /* the pkinit plugin is loaded */
    atomic_int users; /* contexts that share the layer */
};

static const char AES[] = "aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96 "
                          "aes256-cts-hmac-sha384-192 aes128-cts-hmac-sha256-128";
static const char AES_RC4[] = "aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96 "
                              "aes256-cts-hmac-sha384-192 aes128-cts-hmac-sha256-128 "
                              "arcfour-hmac-md5";

/* [libdefaults]; a NULL value stands for the list of encryption types. */
static const struct {
    const char *name, *value;
} fixed[] = {
    {"allow_weak_crypto", "false"},
    {"allow_rc4", "false"}, /* libkrb5 1.21 and later know it; see lookup() */
    {"default_tgs_enctypes", NULL},
    {"default_tkt_enctypes", NULL},
    {"permitted_enctypes", NULL},
    {"dns_canonicalize_hostname", "false"},
    {"dns_lookup_kdc", "false"},
    {"dns_lookup_realm", "false"},
    {"dns_uri_lookup", "false"},
    {"realm_try_domains", "-1"},
    {"qualify_shortname", ""},
    {"rdns", "false"},
    {"kdc_timesync", "0"},
    {"noaddresses", "true"},
    {"proxiable", "false"},
};

/* [libdefaults] that an administrator may set, and what Windows asks for where he does
 * not [KILE 3.2.5]: MIT's own are one day, not renewable, not forwardable. */
static const struct {
    const char *name, *value;
} usual[] = {
    {"ticket_lifetime", "10h"},
    {"renew_lifetime", "7d"},
    {"forwardable", "true"},
};

/* libkrb5 asks for its realm's own setting first, which has no default. */
static const char *usual_value(const char *const *names)
{
    if (names[0] == NULL || strcmp(names[0], "libdefaults") != 0 || names[1] == NULL ||
        names[2] != NULL)
        return NULL;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (strcmp(names[1], usual[i].name) == 0)
            return usual[i].value;
    }
    return NULL;
}

/* The fixed value for a question, or NULL. Realms may have their own
 * [libdefaults] REALM = { ... }, so the last name decides. */
static const char *lookup(const struct layer *layer, const char *const *names)
{
    size_t n = 0;

    while (names[n] != NULL)
        n++;
    if (n == 3 && strcmp(names[0], "capaths") == 0)
        return "."; /* only the intermediate realms that the KDCs name */
    /* libkrb5 needs an address before it passes a message to krb5_set_kdc_send_hook;
     * nothing is sent to this one. */
    if (n == 3 && strcmp(names[0], "realms") == 0 && strcmp(names[2], "kdc") == 0)
        return "127.0.0.1:9";
    if (n < 2 || strcmp(names[0], "libdefaults") != 0)
        return NULL;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (strcmp(names[n - 1], fixed[i].name) != 0)
            continue;
        if (layer->rc4 != TL_RC4_NO && strcmp(fixed[i].name, "allow_rc4") == 0)
            return "true";
        if (fixed[i].value != NULL)
            return fixed[i].value;
        /* The AS exchange, whose keys are made from passwords, offers no RC4 for trusts.
         * A TGS request does: where it leads is not known before the reply. The walk
         * checks the result. */
        if (layer->rc4 == TL_RC4_TRUSTS &&
            strcmp(fixed[i].name, "default_tkt_enctypes") == 0)
            return AES;
        return layer->rc4 != TL_RC4_NO ? AES_RC4 : AES;
    }
    return NULL;
}

/* libkrb5 gives the list back to free_values(), where profile_free_list() must
 * do for both kinds: plain malloc, as the profile library uses. */
static long get_values(void *data, const char *const *names, char ***values)
{
    struct layer *layer = data;
    const char *value = lookup(layer, names);
    char **list;
    long ret;

    if (tli_card_profile(layer->below, layer->cards, names, values, &ret))
        return ret;
    if (value == NULL) {
        ret = profile_get_values(layer->below, names, values);
        if (ret == PROF_NO_RELATION || ret == PROF_NO_SECTION)
            value = usual_value(names);
        if (value == NULL)
            return ret;
    }
    list = calloc(2, sizeof(*list));
    if (list == NULL)
        return ENOMEM;
    list[0] = strdup(value);
    if (list[0] == NULL) {
        free(list);
        return ENOMEM;
    }
    *values = list;
    return 0;
}

static void free_values(void *data, char **values)
{
    (void)data;
    profile_free_list(values);
}

static void cleanup(void *data)
{
    struct layer *layer = data;

    if (--layer->users > 0)
        return;
    profile_abandon(layer->below);
    free(layer);
}

/* libkrb5 copies the profile for every context; the layer never changes, so
 * copies share it. */
static long copy(void *data, void **copied)
{
    struct layer *layer = data;

    layer->users++;
    *copied = layer;
    return 0;
}

/* Two contexts: a plain one, whose profile is krb5.conf's, and the one with our layer
 * over that profile. */
krb5_error_code tli_k5_context_for(enum tl_rc4 rc4, bool cards, krb5_context *k5)
{
    struct profile_vtable table = {
        .minor_ver = 1,
        .get_values = get_values,
        .free_values = free_values,
        .cleanup = cleanup,
        .copy = copy,
    };
    struct layer *layer = NULL;
    profile_t over = NULL;
    krb5_context plain = NULL;
    krb5_error_code ret;

    *k5 = NULL;
    ret = krb5_init_context_profile(NULL, KRB5_INIT_CONTEXT_SECURE, &plain);
    if (ret != 0)
        return ret;
    layer = calloc(1, sizeof(*layer));
    ret = layer == NULL ? ENOMEM : krb5_get_profile(plain, &layer->below);
    krb5_free_context(plain);
    if (ret != 0) {
        free(layer);
        return ret;
    }
    layer->rc4 = rc4;
    layer->cards = cards;
    layer->users = 1;
    ret = (krb5_error_code)profile_init_vtable(&table, layer, &over);
    if (ret != 0) {
        cleanup(layer);
        return ret;
    }
    ret = krb5_init_context_profile(over, KRB5_INIT_CONTEXT_SECURE, k5);
    profile_abandon(over);
    return ret;
}

krb5_error_code tli_k5_context(enum tl_rc4 rc4, krb5_context *k5)
{
    return tli_k5_context_for(rc4, false, k5);
}

bool tli_enctype_allowed(enum tl_rc4 rc4, enum tli_key_use use, krb5_enctype enctype)
{
    switch (enctype) {
    case ENCTYPE_AES128_CTS_HMAC_SHA1_96:
    case ENCTYPE_AES256_CTS_HMAC_SHA1_96:
    case ENCTYPE_AES128_CTS_HMAC_SHA256_128:
    case ENCTYPE_AES256_CTS_HMAC_SHA384_192:
        return true;
    case ENCTYPE_ARCFOUR_HMAC:
        return rc4 == TL_RC4_YES || (rc4 == TL_RC4_TRUSTS && use == TL_KEY_OF_REFERRAL);
    default:
        return false;
    }
}

int tli_k5_clockskew(krb5_context k5)
{
    profile_t profile = NULL;
    int skew = CLOCKSKEW_DEFAULT;

    if (krb5_get_profile(k5, &profile) == 0)
        (void)profile_get_integer(profile, "libdefaults", "clockskew", NULL,
                                  CLOCKSKEW_DEFAULT, &skew);
    profile_abandon(profile);
    return skew > 0 ? skew : CLOCKSKEW_DEFAULT;
}
