/* SPDX-License-Identifier: MIT
 *
 * id_options.h - the text of the options that give ids to domains.
 *
 * Each function returns 0, -ENOMEM, or -EINVAL with *fault, a constant phrase that fits
 * behind the quoted value.
 */
#ifndef TL_IDENTITY_ID_OPTIONS_H
#define TL_IDENTITY_ID_OPTIONS_H

#include <trustlogon/config.h>

/* rid_ranges.c: "CONTOSO:100000-299999, fabrikam.test:300000-499999". */
int tli_rid_ranges_parse(TALLOC_CTX *ctx, const char *text,
                         struct tl_rid_ranges **ranges_out, const char **fault);
/* autorid.c: "100000-2999999". */
int tli_id_span_parse(const char *text, struct tl_id_span *span, const char **fault);
/* autorid.c: "RANGE 1: S-1-5-21-1-2-3, RANGE 2: S-1-5-21-1-2-3#1". */
int tli_autorid_domains_parse(TALLOC_CTX *ctx, const char *text,
                              struct tl_autorid_domains **domains_out,
                              const char **fault);

/* Decimal digits from *at on, which is moved behind them: how many. At most `max` are
 * taken, so that *number cannot overflow. */
size_t tli_read_digits(const char **at, size_t max, uint64_t *number);

#endif
