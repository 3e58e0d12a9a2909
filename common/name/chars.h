/* SPDX-License-Identifier: MIT
 *
 * chars.h - which characters the parts of a name may hold.
 */
#ifndef TL_NAME_CHARS_H
#define TL_NAME_CHARS_H

#include <stdbool.h>
#include <stddef.h>

/* No sAMAccountName holds these [ADSchema a-samaccountname]. */
#define TL_CHARS_NOT_SAM "\"/\\[]:;|=,+*?<>"
/*
 * No domain name, DNS or NetBIOS, and no computer name holds these (KB909264).
 * The article names '_' and '&' too, but as a warning and as history: domains
 * that have them exist and their users must be able to log on.
 */
#define TL_CHARS_NOT_DOMAIN ",~:!@#$%^'(){}\\/ \"*?<>|"

/* Is one of `set` (ASCII) among the `len` bytes? */
bool tli_chars_any(const char *bytes, size_t len, const char *set);
/* Is there a control character (C0, DEL, C1) in this valid UTF-8? */
bool tli_chars_control(const char *utf8, size_t len);
/* Valid UTF-8? */
bool tli_chars_utf8(const char *bytes, size_t len);

#endif
