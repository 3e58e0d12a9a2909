/* SPDX-License-Identifier: MIT
 *
 * verifiers.h - the file of cached logons as text, and back. Pure.
 */
#ifndef TLA_VERIFIERS_H
#define TLA_VERIFIERS_H

#include <stdbool.h>
#include <stdint.h>

#include <talloc.h>
#include <trustlogon/sid.h>

#define TLA_VERIFIERS_HEAD "trustlogon cached logons 1"
#define TLA_VERIFIERS_FOOT "end"

#define TLA_CACHED_MAX 50      /* users */
#define TLA_CACHED_TRIES 5     /* wrong passwords in a row */
#define TLA_CACHED_PAUSE_S 900 /* seconds after those in which none is compared */

struct tla_verifier {
    struct tl_sid sid;
    int64_t proven;   /* when a KDC proved the password, seconds since 1970 */
    int64_t tried;    /* the last wrong try; 0: none */
    uint32_t wrong;   /* in a row */
    const char *hash; /* crypt(5) */
};
struct tla_verifiers {
    size_t count;
    struct tla_verifier *each; /* newest proof first */
};

/* The whole file, or -EBADMSG: a malformed file is ignored as a whole. */
int tla_verifiers_parse(TALLOC_CTX *ctx, const char *text, size_t len,
                        struct tla_verifiers **out);
/* Child of ctx; NULL: no memory. */
char *tla_verifiers_format(TALLOC_CTX *ctx, const struct tla_verifiers *list);
/* NULL: none of this SID. */
struct tla_verifier *tla_verifiers_find(const struct tla_verifiers *list,
                                        const struct tl_sid *sid);
/* First in the list, in place of an older one of the same SID; those beyond `most` go.
 * 0 or -ENOMEM. */
int tla_verifiers_put(struct tla_verifiers *list, const struct tla_verifier *verifier,
                      size_t most);
void tla_verifiers_drop(struct tla_verifiers *list, const struct tl_sid *sid);
/* Whether a password may be compared now. */
bool tla_verifier_open(const struct tla_verifier *verifier, int64_t now);

#endif
