/* SPDX-License-Identifier: MIT
 *
 * print_pac.h - for the drivers that pac.py's judge() looks at.
 */
#ifndef TESTS_DIFF_PRINT_PAC_H
#define TESTS_DIFF_PRINT_PAC_H

#include <trustlogon/pac.h>

/* "ok account=... ..." and a newline, on standard output. */
void print_pac(const struct tl_pac *pac);

#endif
