/* SPDX-License-Identifier: MIT
 *
 * user.h - the parts of an identity that are text: names, home, shell.
 */
#ifndef TL_IDENTITY_USER_H
#define TL_IDENTITY_USER_H

#include <trustlogon/identity.h>

struct tli_user_text {
    const char *sam;       /* sAMAccountName, lower case */
    const char *dns;       /* DNS name of the user's domain, lower case */
    const char *flat;      /* its flat name, NULL: not known */
    const char *canonical; /* sam@dns */
};

/* user_names.c: from the PAC and the ticket's client. 0, -ENOMEM, or -EINVAL
 * with *fault, a constant phrase. */
int tli_user_text_make(TALLOC_CTX *ctx, const struct tl_pac *pac, const char *client,
                       struct tli_user_text *text, const char **fault);
/* The same from an account's name and the DNS name of its domain. */
int tli_account_text(TALLOC_CTX *ctx, const char *account, const char *dns,
                     struct tli_user_text *text, const char **fault);
/* Fill identity->names. */
int tli_user_names(struct tl_identity *identity, const struct tl_identity_input *in,
                   const struct tli_user_text *text);

/* template.c: replace %u by sam, %d by the flat name in lower case (the DNS name where it
 * is not known), %D by the DNS name, %n by the canonical name, %% by %. -EINVAL with
 * *fault where the result is not an absolute path without "." and "..". */
int tli_template_expand(TALLOC_CTX *ctx, const char *template,
                        const struct tli_user_text *text, char **result,
                        const char **fault);

/* NULL, or why `path` is not an absolute path without "." and "..". */
const char *tli_path_fault(const char *path);

/* user_ids.c: the ids that SIDs have on this machine, taken ones refused. */
struct tli_user_ids {
    const struct tl_identity_input *in;
    const struct tl_idmap *map;
    bool subdomain; /* of the own forest, but not the workstation's own domain */
};
/* OK; ID_UNMAPPABLE or ID_COLLISION with *why. */
enum tl_reason tli_user_uid(const struct tli_user_ids *ids, const struct tl_sid *sid,
                            uint32_t *uid, const char **why);
enum tl_reason tli_user_gid(const struct tli_user_ids *ids, const struct tl_sid *sid,
                            uint32_t *gid, const char **why);
/* The primary group: gid, private_group and *sid, which names no group (num_subs 0) if
 * the gid is private or no group has it. `windows` is the one of the PAC. */
enum tl_reason tli_user_primary(const struct tli_user_ids *ids,
                                const struct tl_sid *windows,
                                struct tl_identity *identity, struct tl_sid *sid,
                                const char **why);

#endif
