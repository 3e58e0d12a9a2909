/* SPDX-License-Identifier: MIT
 *
 * channel.h - the agent's side of the wire (wire/wire.h).
 *
 * All return 0; -ECANCELED if the user or the application refused; or the error of the
 * wire: -ETIMEDOUT, -ECONNRESET, -EBADMSG, -errno.
 */
#ifndef TLA_CHANNEL_H
#define TLA_CHANNEL_H

#include <trustlogon/status.h>

#include "agent.h"

/* Read the request into conv->request. */
int tla_receive_request(struct tla_conv *conv);
/* Ask the user. *answer is a child of conv and wiped when it is freed. */
int tla_prompt(struct tla_conv *conv, enum tli_wire_style style, const char *text,
               char **answer);
/* Show the user a text. */
int tla_say(struct tla_conv *conv, enum tli_wire_style style, const char *text);
/* End the conversation with conv->outcome; `words` (may be NULL) has the text, `done`
 * brings further fields. */
int tla_done(struct tla_conv *conv, const struct tl_words *words,
             struct tli_wire_msg done);

#endif
