/* SPDX-License-Identifier: MIT
 *
 * replicas.c - one object as two domain controllers hold it. What one of them has heard
 * of last is not known; what is known is which value refuses a logon.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <trustlogon/evidence.h>

#include "causes.h"

#define VALUE_SHOWN 60 /* characters */
#define FILETIME_EPOCH 11644473600LL
#define FILETIME_UNIT 10000000LL
/* Flags of an account that keep it from logging on, or its keys from being used. */
#define REFUSING (0x2U | 0x40000U | 0x200000U)

/* How values of an attribute are compared, and which of two refuses. */
enum nature {
    ANY,     /* another value may refuse */
    FLAGS,   /* one of REFUSING */
    TIME,    /* the older one, 0 being the oldest */
    END,     /* the earlier one, 0 being never */
    LOCKED,  /* any but 0 */
    VERSION, /* the smaller one */
    NAMES    /* the one without the name that is asked for */
};
/* The attributes of a kind of object and their nature, in one order. */
struct rules {
    const char *const *names;
    const enum nature *natures;
};

/* clang-format off */
#define USER_ATTRIBUTES(X)                                                               \
    X("userAccountControl", FLAGS) X("pwdLastSet", TIME)                                 \
    X("msDS-SupportedEncryptionTypes", ANY) X("accountExpires", END)                     \
    X("lockoutTime", LOCKED) X("userPrincipalName", ANY)
#define MACHINE_ATTRIBUTES(X)                                                            \
    X("userAccountControl", FLAGS) X("msDS-KeyVersionNumber", VERSION)                   \
    X("servicePrincipalName", NAMES) X("msDS-SupportedEncryptionTypes", ANY)
/* Whether a trust is usable is judged as a whole, by tl_route_judge(). */
#define TRUST_ATTRIBUTES(X)                                                              \
    X("trustType", ANY) X("trustDirection", ANY) X("trustPartner", ANY)                  \
    X("flatName", ANY) X("trustAttributes", ANY) X("securityIdentifier", ANY)            \
    X("msDS-SupportedEncryptionTypes", ANY) X("msDS-TrustForestTrustInfo", ANY)
#define NAME(name, nature) name,
#define NATURE(name, nature) nature,
/* clang-format on */

static const char *const user_names[] = {USER_ATTRIBUTES(NAME) NULL};
static const enum nature user_natures[] = {USER_ATTRIBUTES(NATURE)};
static const char *const machine_names[] = {MACHINE_ATTRIBUTES(NAME) NULL};
static const enum nature machine_natures[] = {MACHINE_ATTRIBUTES(NATURE)};
static const char *const trust_names[] = {TRUST_ATTRIBUTES(NAME) NULL};
static const enum nature trust_natures[] = {TRUST_ATTRIBUTES(NATURE)};

static const struct rules rules[] = {
    [TL_REPLICATED_USER] = {user_names, user_natures},
    [TL_REPLICATED_MACHINE] = {machine_names, machine_natures},
    [TL_REPLICATED_TRUST] = {trust_names, trust_natures},
};

const char *const *tl_replica_attributes(enum tl_replicated what)
{
    return rules[what].names;
}

static long long number(const char *value)
{
    return value != NULL ? strtoll(value, NULL, 10) : 0;
}

/* A number that is not there counts as 0. */
static bool same(enum nature nature, const char *a, const char *b)
{
    if (nature != ANY && nature != NAMES)
        return number(a) == number(b);
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* When it ends; 0 is never, like the largest number. */
static long long end_of(const char *value)
{
    return number(value) == 0 ? INT64_MAX : number(value);
}

/* Whether one of "a, b, c" is `name`. */
static bool has_name(const char *names, const char *name)
{
    const size_t len = strlen(name);

    for (const char *at = names; at != NULL; at = strchr(at, ',')) {
        at += strspn(at, ", ");
        if (strncasecmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
    }
    return false;
}

static bool refuses(enum nature nature, const char *mine, const char *other,
                    const char *spn)
{
    switch (nature) {
    case ANY:
        return true;
    case FLAGS:
        return ((uint32_t)number(mine) & ~(uint32_t)number(other) & REFUSING) != 0;
    case TIME:
    case VERSION:
        return number(mine) < number(other);
    case END:
        return end_of(mine) < end_of(other);
    case LOCKED:
        return number(other) == 0;
    case NAMES:
        return spn != NULL && !has_name(mine, spn) && has_name(other, spn);
    }
    return false;
}

/* A time as a person writes it, a long value by its beginning. */
static const char *shown(TALLOC_CTX *ctx, enum nature nature, const char *value)
{
    const time_t when = (time_t)(number(value) / FILETIME_UNIT - FILETIME_EPOCH);
    char text[32];
    struct tm tm;

    if (value == NULL)
        return "none";
    if ((nature == TIME || nature == END || nature == LOCKED) && when > 0 &&
        number(value) != INT64_MAX && gmtime_r(&when, &tm) != NULL &&
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &tm) > 0)
        return talloc_strdup(ctx, text);
    return strlen(value) > VALUE_SHOWN
               ? talloc_asprintf(ctx, "%.*s...", VALUE_SHOWN, value)
               : value;
}

static char *object_words(TALLOC_CTX *ctx, const struct tl_replica *answered,
                          const struct tl_replica *other)
{
    return answered->dn == NULL
               ? talloc_asprintf(ctx, TLI_NO_OBJECT " at %s, there at %s", answered->host,
                                 other->host)
               : talloc_asprintf(ctx, "there at %s, no object at %s", answered->host,
                                 other->host);
}

char *tl_replica_difference(TALLOC_CTX *ctx, enum tl_replicated what,
                            const struct tl_replica *answered,
                            const struct tl_replica *other, const char *spn, size_t i,
                            bool *behind)
{
    const char *const *names = rules[what].names;

    *behind = false;
    if ((answered->dn == NULL) != (other->dn == NULL)) {
        *behind = answered->dn == NULL;
        return i == 0 ? object_words(ctx, answered, other) : NULL;
    }
    for (size_t n = 0; answered->dn != NULL && names[n] != NULL; n++) {
        const char *mine = answered->values[n], *theirs = other->values[n];
        enum nature nature = rules[what].natures[n];

        if (same(nature, mine, theirs) || i-- > 0)
            continue;
        *behind = refuses(nature, mine, theirs, spn);
        return talloc_asprintf(ctx, "%s = %s at %s, %s at %s", names[n],
                               shown(ctx, nature, mine), answered->host,
                               shown(ctx, nature, theirs), other->host);
    }
    return NULL;
}
