/* SPDX-License-Identifier: MIT
 *
 * people.h - for people.c and members.c: what they share.
 */
#ifndef TL_DIRECTORY_PEOPLE_H
#define TL_DIRECTORY_PEOPLE_H

#include "internal.h"
#include "people_decode.h"

/* The naming context and, asked for on first use, the SID of the server's domain. */
enum tl_reason tli_people_domain_of(struct tl_directory *dir,
                                    struct tli_people_domain *domain,
                                    struct tl_outcome *out);
static inline enum tl_reason tli_people_no_memory(struct tl_outcome *out)
{
    tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    return TL_REASON_NO_MEMORY;
}
/* The one account with this escaped value of an attribute. Several are ID_COLLISION where
 * the attribute is an id, USER_UNKNOWN where it is a name. */
enum tl_reason tli_people_user(TALLOC_CTX *ctx, TALLOC_CTX *tmp, struct tl_directory *dir,
                               const char *attribute, const char *escaped,
                               struct tl_dir_user **user, struct tl_outcome *out);
enum tl_reason tli_people_group(TALLOC_CTX *ctx, TALLOC_CTX *tmp,
                                struct tl_directory *dir, const char *attribute,
                                const char *escaped, struct tl_dir_group **group,
                                struct tl_outcome *out);
/* A SID as an assertion value. */
char *tli_people_sid_value(TALLOC_CTX *ctx, const struct tl_sid *sid);

#endif
