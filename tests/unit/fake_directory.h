/* SPDX-License-Identifier: MIT
 *
 * fake_directory.h - the look-up of common/lookup with a test in place of its network:
 * each test defines the functions that are declared here. A test that needs further ones
 * renames and declares them before it includes this, and includes what calls them. It
 * includes fixtures.h last: check.h has a `fail` of its own.
 */
#ifndef TL_TEST_FAKE_DIRECTORY_H
#define TL_TEST_FAKE_DIRECTORY_H

#include "lookup/query.h"
#include "topologies.h"

#define tli_lookup_directory fake_open
#define tl_directory_domain_sid fake_domain_sid
#define tl_directory_user_by_sam fake_user_by_sam
#define tl_directory_user_by_upn fake_user_by_upn
#define tl_directory_user_groups fake_user_groups
#define tl_directory_user_whole fake_user_whole
#define tl_directory_names fake_names
#define tl_directory_foreign_groups fake_foreign_groups

static enum tl_reason fake_open(struct tl_lookup *lookup, const char *domain,
                                struct tl_directory **dir, struct tl_outcome *out);
static enum tl_reason fake_domain_sid(struct tl_directory *dir, struct tl_sid *sid,
                                      struct tl_outcome *out);
static enum tl_reason fake_user_by_sam(TALLOC_CTX *mem, struct tl_directory *dir,
                                       const char *name, struct tl_dir_user **user,
                                       struct tl_outcome *out);
static enum tl_reason fake_user_by_upn(TALLOC_CTX *mem, struct tl_directory *dir,
                                       const char *name, struct tl_dir_user **user,
                                       struct tl_outcome *out);
static enum tl_reason fake_user_groups(TALLOC_CTX *mem, struct tl_directory *dir,
                                       const struct tl_dir_user *user,
                                       struct tl_sid **sids, size_t *count,
                                       struct tl_outcome *out);
static enum tl_reason fake_names(TALLOC_CTX *mem, struct tl_directory *dir,
                                 const struct tl_sid *sids, size_t count,
                                 struct tl_dir_names **names, struct tl_outcome *out);
static enum tl_reason fake_foreign_groups(TALLOC_CTX *mem, struct tl_directory *dir,
                                          const struct tl_sid *sids, size_t count,
                                          struct tl_dir_names **groups,
                                          struct tl_outcome *out);

/* As both. */
static inline enum tl_reason fake_user_whole(TALLOC_CTX *mem, struct tl_directory *dir,
                                             const struct tl_sid *sid,
                                             struct tl_dir_user **user,
                                             struct tl_sid **sids, size_t *count,
                                             struct tl_outcome *out)
{
    enum tl_reason reason = tl_directory_user_by_sid(mem, dir, sid, user, out);

    return reason == TL_REASON_OK
               ? tl_directory_user_groups(mem, dir, *user, sids, count, out)
               : reason;
}

#include "../../common/lookup/directory.c"
#include "../../common/lookup/domain_directory.c"
#include "../../common/lookup/finish.c"
#include "../../common/lookup/lookup.c"
#include "../../common/lookup/query.c"
#include "../../common/lookup/reading.c"
#include "../../common/lookup/resources.c"

#endif
