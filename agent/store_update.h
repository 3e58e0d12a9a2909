/* SPDX-License-Identifier: MIT
 *
 * store_update.h - the identity store, which NSS reads, opened for writing.
 *
 * All return 0 or -errno; -EEXIST: the id belongs to another account.
 *
 * `asked` is the spelling that was asked for, so that readers, which fold ASCII only,
 * find it next time; NULL: none.
 */
#ifndef TLA_STORE_UPDATE_H
#define TLA_STORE_UPDATE_H

#include <trustlogon/config.h>
#include <trustlogon/identity.h>
#include <trustlogon/lookup.h>

#include "store/writer.h"

struct tla_store_handle {
    struct tli_store *store;
    const char *path;
    /* Seconds after which a record that is written now is asked for again. */
    uint64_t fresh_s;
};

/* `own_domain`: the machine's own; NULL: not known at present. *out is a child of ctx. */
int tla_store_open(TALLOC_CTX *ctx, const struct tl_config *config,
                   const char *own_domain, struct tla_store_handle **out);
/* A user, and the ids of the groups. */
int tla_store_user(struct tla_store_handle *handle, const struct tl_identity *identity,
                   const char *asked, enum tli_store_source source);
/* What a look-up found: the user, and the groups as partial ones. */
int tla_store_answer(struct tla_store_handle *handle,
                     const struct tl_lookup_answer *found, const char *asked);
/* `partial`: the members were not read. */
int tla_store_group(struct tla_store_handle *handle, const struct tl_group *group,
                    const char *asked, const char *const *members, size_t num_members,
                    bool partial, enum tli_store_source source);

#endif
