/* SPDX-License-Identifier: MIT
 *
 * options.c - the options of the PAM line, read by wire/pam_options.h; an error is one
 * line of the log.
 */
#include <syslog.h>

#include "module.h"

int tlp_options_read(struct tlp *m, int argc, const char **argv)
{
    tli_pam_options_init(&m->options);
    for (int i = 0; i < argc; i++) {
        const char *wrong = tli_pam_options_add(&m->options, argv[i]);

        if (wrong != NULL) {
            tlp_log(m, LOG_ERR,
                    "%s: \"%s\" on the PAM line; every logon is refused until it is "
                    "corrected, see pam_trustlogon(8)",
                    wrong, argv[i]);
            return PAM_SERVICE_ERR;
        }
    }
    return PAM_SUCCESS;
}
