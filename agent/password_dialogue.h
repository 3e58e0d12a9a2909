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
 * accepted, three times in all. `why` (or NULL) is why a new one is needed, which the
 * user has seen already if the program shows messages. 0 or the error of the
 * conversation; logon->outcome has the result, and *fresh the new password (wiped when
 * freed) on success.
 */
int tla_password_dialogue(struct tla_conv *conv, struct tl_logon *logon, const char *old,
                          const char *why, char **fresh);
/* One change, without a dialogue. */
enum tl_reason tla_password_change(struct tla_conv *conv, struct tl_logon *logon,
                                   const char *old, const char *fresh);

#endif
