/* SPDX-License-Identifier: MIT
 *
 * plain.h - text of users and networks, made fit for a terminal, a log and a prompt.
 *
 * libc only: it is for the modules in other people's processes as well.
 */
#ifndef TL_PLAIN_H
#define TL_PLAIN_H

#include <stddef.h>

/*
 * Put a '?' in the place of each character that moves a cursor, reorders or hides text,
 * or ends a line, and of each byte that is not part of a character: C0 and C1 controls,
 * DEL, line and paragraph separators, marks of direction, invisible format characters,
 * tags, non-characters, and each byte that is not UTF-8 [RFC 3629]. The text never grows.
 * `keep`: controls of ASCII that stay, for text with lines of its own; NULL: none.
 */
void tli_plain(char *text, const char *keep);

#endif
