/* SPDX-License-Identifier: MIT
 *
 * steps.h - the steps that a logon and a change of the password have in common.
 * Each fails into logon->outcome.
 */
#ifndef TL_LOGON_STEPS_H
#define TL_LOGON_STEPS_H

#include <trustlogon/logon.h>

/* OK or PASSWORD_NOT_UTF8; no packet is sent. */
enum tl_reason tl_logon_check_text(struct tl_logon *logon, const char *password);
/* Route and locator: logon->route->realm is set. The session of before ends. */
enum tl_reason tl_logon_way(struct tl_logon *logon, tl_deadline deadline);
/* A fresh Kerberos session in logon->krb. */
enum tl_reason tl_logon_session(struct tl_logon *logon, tl_deadline deadline);
/* own_groups.c: what the own domain's directory says of a user from outside, into
 * logon->own and the resource groups of logon->pac. OK or NO_MEMORY. */
enum tl_reason tl_own_groups(struct tl_logon *logon, tl_deadline deadline);
/* logon->words, from the outcome. */
void tl_logon_tell(struct tl_logon *logon);

#endif
