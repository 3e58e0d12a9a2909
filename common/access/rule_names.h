/* SPDX-License-Identifier: MIT
 *
 * rule_names.h - names of access rules looked up in the directories of their domains.
 *
 * A struct tli_rule_names lives for one verdict. A directory is asked when the first name
 * needs it, and all questions together have one deadline.
 */
#ifndef TL_ACCESS_RULE_NAMES_H
#define TL_ACCESS_RULE_NAMES_H

#include <trustlogon/rules.h>

#include "lookup/reading.h"

struct tli_rule_names;
struct tli_rule_names *tli_rule_names_new(TALLOC_CTX *ctx,
                                          const struct tl_rules_input *in);

/* The domain named `text` or, where that is NULL, the domain of `sid`. With `ask` the
 * topology is read again, once, if it does not know the domain. False: *why. */
bool tli_rule_names_domain(struct tli_rule_names *names, const char *text,
                           const struct tl_sid *sid, bool ask,
                           struct tl_known_domain *domain, const char **why);

/* Ask its directory, as the machine or as the user. DIRECTORY_UNREADABLE: neither may, or
 * it does not answer. *reading is a child of `names`. */
enum tl_reason tli_rule_names_read(struct tli_rule_names *names,
                                   const struct tl_known_domain *domain,
                                   const struct tli_reading_question *question,
                                   struct tli_reading **reading, struct tl_outcome *out);

/* Whether the user or a proven group of the user's is a member of this group of `domain`,
 * nested groups of the domain included. 0, or -EIO: it cannot be asked. */
int tli_rule_names_holds(struct tli_rule_names *names,
                         const struct tl_known_domain *domain, const struct tl_sid *sid,
                         const struct tl_membership *member, bool *holds);

struct tli_rule_found {
    struct tl_sid sid;
    const char *name; /* as the directory spells it */
};
/* Look up a group or user by exactly one of `name` and `sid`. 0; -ENOENT: the directory
 * has nothing that a rule can use; -EIO: it cannot be asked. *why says why; strings
 * belong to `names`. */
int tli_rule_names_ask(struct tli_rule_names *names, const struct tl_known_domain *domain,
                       bool group, const char *name, const struct tl_sid *sid,
                       struct tli_rule_found *found, const char **why);

#endif
