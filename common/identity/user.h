/* SPDX-License-Identifier: MIT
 *
 * user.h - the parts of an identity that are text: names, home, shell.
 */
#ifndef TL_IDENTITY_USER_H
#define TL_IDENTITY_USER_H

#include <trustlogon/identity.h>

struct tl_user_text {
    const char *sam;       /* sAMAccountName, lower case */
    const char *dns;       /* DNS name of the user's domain, lower case */
    const char *flat;      /* its flat name, NULL: not known */
    const char *canonical; /* sam@dns */
};

/* user_names.c: from the PAC and the ticket's client. 0, -ENOMEM, or -EINVAL
 * with *fault, a constant phrase. */
int tl_user_text_make(TALLOC_CTX *ctx, const struct tl_pac *pac, const char *client,
                      struct tl_user_text *text, const char **fault);
/* The same from an account's name and the DNS name of its domain. */
int tl_account_text(TALLOC_CTX *ctx, const char *account, const char *dns,
                    struct tl_user_text *text, const char **fault);
/* Fill identity->names. */
int tl_user_names(struct tl_identity *identity, const struct tl_identity_input *in,
                  const struct tl_user_text *text);

/* template.c: replace %u by sam, %d by the flat name in lower case (the DNS name
 * where it is not known), %D by the DNS name, %n by the canonical name, %% by %.
 * -EINVAL with *fault where the result is no absolute path that stays below
 * itself. */
int tl_template_expand(TALLOC_CTX *ctx, const char *template,
                       const struct tl_user_text *text, char **result,
                       const char **fault);

#endif
