/* SPDX-License-Identifier: MIT
 *
 * rule_cache.h - the SIDs of names in access rules, kept between logons.
 *
 * STATE_DIR/rules, root's, 0600: its contents decide who gets in, so a file that another
 * user can write is ignored. One line for a name:
 *
 *   group contoso.test S-1-5-21-1-2-3-1604 1764000000 linux users
 *
 * Writers do not lock: the last one wins, and the loss is one look-up.
 */
#ifndef TL_ACCESS_RULE_CACHE_H
#define TL_ACCESS_RULE_CACHE_H

#include <trustlogon/config.h>
#include <trustlogon/sid.h>

#define TL_RULES_FILE "rules"
/* For so long after its lifetime a SID still counts if no directory can be asked. */
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
    struct tli_rule_name *names; /* room for as many as are kept */
    bool changed;                /* since it was loaded */
};

/* Empty if the file is missing or ignored; NULL: out of memory. */
struct tli_rule_cache *tli_rule_cache_load(TALLOC_CTX *ctx,
                                           const struct tl_config *config);
/* NULL: not known, or too old. `domain` and `name` as written. */
const struct tli_rule_name *tli_rule_cache_find(const struct tli_rule_cache *cache,
                                                bool group, const char *domain,
                                                const char *name, int64_t now);
/* sid NULL: the name no longer exists. 0 or -ENOMEM. */
int tli_rule_cache_put(struct tli_rule_cache *cache, bool group, const char *domain,
                       const char *name, const struct tl_sid *sid, int64_t now);
/* Only if something changed. 0 or -errno. */
int tli_rule_cache_save(struct tli_rule_cache *cache, int64_t now);

/* The text of the file, for tests: -EBADMSG unless every line is one. */
int tli_rule_cache_parse(struct tli_rule_cache *cache, const char *text, size_t len);

#endif
