/* SPDX-License-Identifier: MIT
 *
 * secret.h - strings that are overwritten when they are freed.
 */
#ifndef TLA_SECRET_H
#define TLA_SECRET_H

#include <talloc.h>

/* A copy, child of ctx, that is wiped when it is freed; NULL for NULL or without
 * memory. */
char *tla_secret(TALLOC_CTX *ctx, const char *text);

#endif
