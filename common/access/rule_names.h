/* SPDX-License-Identifier: MIT
 *
 * rule_names.h - names of access rules looked up in the directories of their domains.
 *
 * One of these lives for one verdict. Directories are opened when the first name
 * needs them, each once, and everything together has one deadline.
 */
#ifndef TL_LOGON_RULE_NAMES_H
#define TL_LOGON_RULE_NAMES_H

#include <trustlogon/people.h>
#include <trustlogon/rules.h>

struct tli_rule_names;
struct tli_rule_names *tli_rule_names_new(TALLOC_CTX *ctx,
                                          const struct tl_rules_input *in);

/* The domain a name or a SID is of, NULL for `text` or `sid`; the topology is read anew
 * once if it does not know the domain and `ask` is set. False: *why. */
bool tli_rule_names_domain(struct tli_rule_names *names, const char *text,
                           const struct tl_sid *sid, bool ask,
                           struct tl_known_domain *domain, const char **why);

/* Its directory; NULL: *why. */
struct tl_directory *tli_rule_names_open(struct tli_rule_names *names,
                                         const struct tl_known_domain *domain,
                                         const char **why);

/* Does this group of `domain`, and groups of that domain in it, hold the user or a
 * group that is proven? -EIO: cannot be asked. */
int tli_rule_names_holds(struct tli_rule_names *names,
                         const struct tl_known_domain *domain, const struct tl_sid *sid,
                         const struct tl_membership *member, bool *holds);

struct tli_rule_found {
    struct tl_sid sid;
    const char *name; /* as the directory spells it */
};
/* 0; -ENOENT: the directory says that there is none of use; -EIO: it cannot be asked.
 * *why then says so; strings belong to `names`. Exactly one of `name`, `sid`. */
int tli_rule_names_ask(struct tli_rule_names *names, const struct tl_known_domain *domain,
                       bool group, const char *name, const struct tl_sid *sid,
                       struct tli_rule_found *found, const char **why);

#endif
