/* SPDX-License-Identifier: MIT
 *
 * status/mark.h - marks: empty files in the state folder whose time says when something
 * was last seen to be so.
 */
#ifndef TL_STATUS_MARK_H
#define TL_STATUS_MARK_H

#include <stdbool.h>
#include <time.h>

#define TLI_MARK_HOUR ((time_t)3600)
#define TLI_MARK_DAY (24 * TLI_MARK_HOUR)

/* The time of the last change of a mark, or {0, 0}: it does not exist, is older than
 * `life` seconds, lies in the future, or is not a file of root's or of this process'
 * user. A path of NULL is a mark that does not exist. */
struct timespec tli_mark_time(const char *path, time_t life);
/* The same as yes or no. */
bool tli_mark_is_set(const char *path, time_t life);
/* Set it to the present, and make `folder`, in which it is, if that is missing. A mark
 * that cannot be set is missing the next time: nothing depends on more. */
void tli_mark_set(const char *folder, const char *path);

#endif
