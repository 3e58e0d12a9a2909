/* SPDX-License-Identifier: MIT
 *
 * smartcard_profile.h - what krb5.conf says about smart cards, and our defaults.
 */
#ifndef TL_KERBEROS_SMARTCARD_PROFILE_H
#define TL_KERBEROS_SMARTCARD_PROFILE_H

#include <profile.h>
#include <stdbool.h>
#include <talloc.h>

/* Settings of a context with cards, or without: true if `values` was set, 0 or an error
 * code in *ret. */
bool tli_card_profile(profile_t below, bool cards, const char *const *names,
                      char ***values, long *ret);
/* Whether krb5.conf has such a setting for the realm, or for all. */
bool tli_card_setting(profile_t profile, const char *realm, const char *name);
/* NULL, or why a file that krb5.conf names for cards is not trusted. *file, a child of
 * ctx, is that file. */
const char *tli_card_unsafe(TALLOC_CTX *ctx, profile_t profile, const char *realm,
                            char **file);

#endif
