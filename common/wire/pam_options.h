/* SPDX-License-Identifier: MIT
 *
 * pam_options.h - the options of the PAM line: what the module takes, and so what
 * `trustlogon diagnose` says of a line. libc only.
 */
#ifndef TLI_PAM_OPTIONS_H
#define TLI_PAM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire.h"

/* The options of one line. Strings are borrowed from its arguments. */
struct tli_pam_options {
    bool try_first_pass, use_first_pass, use_authtok;
    bool quiet, debug;
    bool canonical_user;
    unsigned int minimum_uid;
    unsigned int timeout; /* seconds the agent may take, users' thinking not counted */
    const char *conf, *socket, *agent;
    char for_agent[TL_WIRE_STRING_MAX]; /* "realm=X\nwalk=direct" */
};

/* Those of an empty line. */
void tli_pam_options_init(struct tli_pam_options *options);
/* Take one argument: NULL, or what is wrong with it, a constant phrase. After an error
 * the line is of no use: the module refuses every logon. */
const char *tli_pam_options_add(struct tli_pam_options *options, const char *argument);
/* The names of the options that are trustlogon.conf's too, which go to the agent; NULL
 * at the end. */
const char *tli_pam_options_agent_name(size_t index);

#endif
