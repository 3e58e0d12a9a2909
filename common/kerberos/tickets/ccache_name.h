/* SPDX-License-Identifier: MIT
 *
 * ccache_name.h - the name of a user's credentials cache.
 */
#ifndef TL_KERBEROS_CCACHE_NAME_H
#define TL_KERBEROS_CCACHE_NAME_H

#include <sys/types.h>
#include <talloc.h>

/* krb5.conf's default_ccache_name or the built-in default, expanded for a user:
 * %{uid}, %{euid}, %{USERID}, %{TEMP}, %{null}. -EINVAL for a token whose value is
 * not known here, or a type that cannot be made from outside the user's session; *why
 * then holds a plain sentence. */
int tli_ccache_expand(TALLOC_CTX *ctx, const char *pattern, uid_t uid, char **name,
                      const char **why);

#endif
