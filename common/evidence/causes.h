/* SPDX-License-Identifier: MIT
 *
 * causes.h - the table of causes, which judge.c ranks.
 */
#ifndef TL_EVIDENCE_CAUSES_H
#define TL_EVIDENCE_CAUSES_H

#include <trustlogon/evidence.h>

#define TLI_ENDINGS_MAX 8
#define TLI_EXPECTS_MAX 3
#define TLI_NO_OBJECT "no object" /* how the attribute of such a fact begins */

/* How a logon with this cause ends: by the KRB-ERROR of a domain's KDC on the walk,
 * or by a reason that this machine found by itself, about a domain or any. */
struct tli_ending {
    int32_t krb_error; /* TL_KRB_NONE: `reason` counts */
    enum tl_place at;  /* which domain; HERE with a reason: any */
    enum tl_reason reason;
};

/* What else must hold, if it is known. */
struct tli_expect {
    enum tl_fact_kind kind;
    enum tl_place place;
    bool holds;
};

struct tli_cause {
    enum tl_reason reason;
    enum tl_fact_kind fact; /* does not hold */
    enum tl_place place;    /* of that fact */
    const char *about;      /* how its attribute begins; NULL: in any way */
    size_t num_expects;
    struct tli_expect expects[TLI_EXPECTS_MAX];
    size_t num_endings;
    struct tli_ending endings[TLI_ENDINGS_MAX];
    const char *source; /* of the rule for this end */
};

extern const struct tli_cause tli_causes[];
extern const size_t tli_num_causes;

#endif
