/* SPDX-License-Identifier: MIT
 *
 * trustlogon/sid.h - security identifiers [MS-DTYP 2.4.2]. Pure.
 */
#ifndef TRUSTLOGON_SID_H
#define TRUSTLOGON_SID_H

#include <trustlogon/defs.h>

#define TL_SID_MAX_SUBS 15
#define TL_SID_STRING_MAX 184 /* "S-1-" + 48-bit authority + 15 * 11 + NUL */

struct tl_sid {
    uint8_t revision; /* 1 */
    uint8_t num_subs;
    uint8_t authority[6]; /* big-endian */
    uint32_t subs[TL_SID_MAX_SUBS];
};

/* "S-1-5-21-..." <-> structure. -EINVAL for anything malformed: no
 * sub-authority, more than 15, numbers with leading zeroes or too large. */
TL_PUBLIC int tl_sid_parse(const char *string, struct tl_sid *sid);
/* Returns buf. */
TL_PUBLIC const char *tl_sid_format(const struct tl_sid *sid,
                                    char buf[TL_SID_STRING_MAX]);
/* The packed form of directories and NDR (sub-authorities little-endian); the
 * whole of `len` must be the SID. -EBADMSG otherwise. */
TL_PUBLIC int tl_sid_decode(const uint8_t *data, size_t len, struct tl_sid *sid);
TL_PUBLIC size_t tl_sid_encode(const struct tl_sid *sid,
                               uint8_t out[8 + 4 * TL_SID_MAX_SUBS]);
TL_PUBLIC bool tl_sid_equal(const struct tl_sid *a, const struct tl_sid *b);
/* sid is domain-RID: domain with exactly one sub-authority more. */
TL_PUBLIC bool tl_sid_in_domain(const struct tl_sid *sid, const struct tl_sid *domain);
/* domain-RID; -EINVAL if the domain has 15 sub-authorities already. */
TL_PUBLIC int tl_sid_append(const struct tl_sid *domain, uint32_t rid,
                            struct tl_sid *sid);
/* The domain part and the RID; -EINVAL for a SID without sub-authorities. */
TL_PUBLIC int tl_sid_split(const struct tl_sid *sid, struct tl_sid *domain,
                           uint32_t *rid);
/* The name of a SID that no domain issues and tickets carry, such as S-1-18-1, or NULL
 * [MS-DTYP 2.4.2.4]. It has no uid or gid; access rules may name it. */
TL_PUBLIC const char *tl_sid_well_known(const struct tl_sid *sid);

#endif
