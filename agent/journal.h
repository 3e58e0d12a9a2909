/* SPDX-License-Identifier: MIT
 *
 * journal.h - the agent's log.
 */
#ifndef TLA_JOURNAL_H
#define TLA_JOURNAL_H

#include <syslog.h>

#include <trustlogon/logon.h>

#include "agent.h"

/* --- journal.c --- */

/* Before any thread or child. */
void tla_journal_open(bool to_stderr);
void tla_journal_line(int priority, const char *fmt, ...) TL_PRINTF(2, 3);
/* One logon of the conversation's user, refused or accepted, with every field of the
 * outcome; without the name, and what quotes it, if conv->unnamed is set. */
void tla_journal_logon(struct tla_conv *conv, const struct tl_outcome *out,
                       const struct tl_words *words, const char *canonical);
/* One change of a password, done or not; the same. */
void tla_journal_password(struct tla_conv *conv, const struct tl_outcome *out,
                          const struct tl_words *words, const char *canonical);

/* --- journal_limit.c --- */

/* A line that the client of the conversation can cause as often as it likes: a few a
 * minute for each uid, the rest are counted. */
void tla_journal_caller(const struct tla_conv *conv, int priority, const char *fmt, ...)
    TL_PRINTF(3, 4);

/* --- journal_names.c --- */

/* Whether logs may have the name that the conversation is about, by the outcome of
 * `logon` (NULL: no logon was tried). Sets conv->unnamed. */
bool tla_journal_may_name(struct tla_conv *conv, const struct tl_logon *logon);
/* Does the text hold a part of the name? */
bool tla_journal_quotes(const char *text, const char *name);

#endif
