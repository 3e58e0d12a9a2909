/* SPDX-License-Identifier: MIT
 *
 * password_dialogue.h - the change of a password, for passwd(1) and for a logon that
 * needs one.
 */
#ifndef TLA_PASSWORD_DIALOGUE_H
#define TLA_PASSWORD_DIALOGUE_H

#include <trustlogon/logon.h>

#include "agent.h"

/*
 * Ask for the new password, twice, and change it; again while another one may be
 * accepted, three times in all. `why` a new one is wanted has been said already, if the
 * program shows messages; or NULL. 0 or what the conversation said; logon->outcome says
 * how it ended, and *fresh is the new password (wiped when freed) if it worked.
 */
int tla_password_dialogue(struct tla_conv *conv, struct tl_logon *logon, const char *old,
                          const char *why, char **fresh);
/* One change, without a dialogue. */
enum tl_reason tla_password_change(struct tla_conv *conv, struct tl_logon *logon,
                                   const char *old, const char *fresh);

#endif
