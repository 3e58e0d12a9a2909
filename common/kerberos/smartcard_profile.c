/* SPDX-License-Identifier: MIT
 *
 * smartcard_profile.c - the settings of libkrb5's pkinit plugin, laid over krb5.conf
 * like those of k5_profile.c.
 */
#include "safe_file.h"
#include "smartcard_profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Cards hold several certificates, of which one is for logons; the plugin takes the
 * first rule that fits just one of them. Windows wants the first. */
static const char *const cert_match[] = {"<EKU>msScLogin", "<EKU>pkinit",
                                         "<EKU>clientAuth<KU>digitalSignature",
                                         "<SUBJECT>.*", NULL};

/* A list that profile_free_list() frees: `first`, then `then`. */
static long join(char **first, const char *const *then, char ***values)
{
    size_t n = 0, more = 0;
    char **list;

    while (first != NULL && first[n] != NULL)
        n++;
    while (then[more] != NULL)
        more++;
    list = calloc(n + more + 1, sizeof(*list));
    if (list == NULL)
        return ENOMEM;
    for (size_t i = 0; i < n + more; i++) {
        list[i] = strdup(i < n ? first[i] : then[i - n]);
        if (list[i] == NULL) {
            while (i > 0)
                free(list[--i]);
            free(list);
            return ENOMEM;
        }
    }
    *values = list;
    return 0;
}

static bool has(profile_t profile, const char *const *names)
{
    char **values = NULL;
    bool found =
        profile_get_values(profile, names, &values) == 0 && values != NULL && values[0];

    profile_free_list(values);
    return found;
}

bool tli_card_setting(profile_t profile, const char *realm, const char *name)
{
    const char *of_defaults[] = {"libdefaults", realm, name, NULL};
    const char *of_realm[] = {"realms", realm, name, NULL};
    const char *of_all[] = {"libdefaults", name, NULL};

    return (realm != NULL && (has(profile, of_defaults) || has(profile, of_realm))) ||
           has(profile, of_all);
}

static const char *one_unsafe(TALLOC_CTX *ctx, profile_t profile,
                              const char *const *names, char **file)
{
    char **values = NULL;
    const char *why = NULL;

    if (profile_get_values(profile, names, &values) != 0)
        return NULL;
    for (size_t i = 0; values[i] != NULL && why == NULL; i++)
        why = tli_pkinit_unsafe(ctx, values[i], file);
    profile_free_list(values);
    return why;
}

const char *tli_card_unsafe(TALLOC_CTX *ctx, profile_t profile, const char *realm,
                            char **file)
{
    static const char *const settings[] = {"pkinit_anchors", "pkinit_pool",
                                           "pkinit_revoke", "pkinit_identities",
                                           "pkinit_identity"};
    const char *why = NULL;

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]) && why == NULL; i++) {
        const char *of_defaults[] = {"libdefaults", realm, settings[i], NULL};
        const char *of_realm[] = {"realms", realm, settings[i], NULL};
        const char *of_all[] = {"libdefaults", settings[i], NULL};

        why = one_unsafe(ctx, profile, of_all, file);
        if (why == NULL && realm != NULL)
            why = one_unsafe(ctx, profile, of_defaults, file);
        if (why == NULL && realm != NULL)
            why = one_unsafe(ctx, profile, of_realm, file);
    }
    return why;
}

/* The last place where the plugin looks for a realm's own setting; if krb5.conf does not
 * have it anywhere, ours is used. */
static bool is_left_open(profile_t below, const char *const *names, const char *name)
{
    return strcmp(names[0], "realms") == 0 && strcmp(names[2], name) == 0 &&
           !tli_card_setting(below, names[1], name);
}

/* libkrb5 asks for one relation at a time; three of them depend on whether this
 * context is for a card. */
bool tli_card_profile(profile_t below, bool cards, const char *const *names,
                      char ***values, long *ret)
{
    static const char *const pkinit[] = {"pkinit", NULL};
    const char *hostname[] = {NULL, NULL};
    char **theirs = NULL;

    *ret = 0;
    if (names[0] == NULL || names[1] == NULL || names[2] == NULL || names[3] != NULL)
        return false;
    /* Where a password is asked for, a certificate of krb5.conf's pkinit_identities must
     * not replace it. */
    if (!cards && strcmp(names[0], "plugins") == 0 &&
        strcmp(names[1], "clpreauth") == 0 && strcmp(names[2], "disable") == 0) {
        if (profile_get_values(below, names, &theirs) != 0)
            theirs = NULL;
        *ret = join(theirs, pkinit, values);
        profile_free_list(theirs);
        return true;
    }
    /* Active Directory's certificates name the domain, as Windows' strict validation
     * (KdcValidation = 2) wants it; the plugin by itself looks for a name that only MIT's
     * and Heimdal's have. */
    if (cards && is_left_open(below, names, "pkinit_kdc_hostname")) {
        hostname[0] = names[1];
        *ret = join(NULL, hostname, values);
        return true;
    }
    if (cards && is_left_open(below, names, "pkinit_cert_match")) {
        *ret = join(NULL, cert_match, values);
        return true;
    }
    return false;
}
