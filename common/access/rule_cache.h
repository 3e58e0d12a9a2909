/* SPDX-License-Identifier: MIT
 *
 * rule_cache.h - the SIDs of names in access rules, remembered between logons.
 *
 * STATE_DIR/rules, of root, 0600: who can write it decides who gets in, so a file that
 * anybody else could have written counts as none. One line for a name:
 *
 *   group contoso.test S-1-5-21-1-2-3-1604 1764000000 linux users
 *
 * Writers do not lock: of two the later wins, and what is lost is a look-up.
 */
#ifndef TL_LOGON_RULE_CACHE_H
#define TL_LOGON_RULE_CACHE_H

#include <trustlogon/config.h>
#include <trustlogon/sid.h>

#define TL_RULES_FILE "rules"
/* After its lifetime a SID goes on to count for so long if nobody can be asked. */
#define TL_RULE_STALE_S (7 * 86400)

struct tli_rule_name {
    bool group;
    const char *domain; /* DNS name, folded */
    const char *name;   /* folded */
    struct tl_sid sid;
    int64_t found; /* when a directory said so, seconds since 1970 */
};
struct tli_rule_cache {
    const char *path;
    size_t count;
    struct tli_rule_name *names;
    bool changed;
};

/* Empty where there is no file to believe; NULL without memory. */
struct tli_rule_cache *tli_rule_cache_load(TALLOC_CTX *ctx,
                                           const struct tl_config *config);
/* NULL: not known, or too old for anything. Names as written. */
const struct tli_rule_name *tli_rule_cache_find(const struct tli_rule_cache *cache,
                                                bool group, const char *domain,
                                                const char *name, int64_t now);
/* sid NULL: there is no such name any more. 0 or -ENOMEM. */
int tli_rule_cache_put(struct tli_rule_cache *cache, bool group, const char *domain,
                       const char *name, const struct tl_sid *sid, int64_t now);
/* Only if something changed. 0 or -errno. */
int tli_rule_cache_save(struct tli_rule_cache *cache, int64_t now);

/* The text of the file, for tests: -EBADMSG unless every line is one. */
int tli_rule_cache_parse(struct tli_rule_cache *cache, const char *text, size_t len);

#endif
