/* SPDX-License-Identifier: MIT
 *
 * pam_entry.c - the six functions libpam calls, and nothing else.
 */
#include "module.h"

#define TLP_EXPORT __attribute__((visibility("default")))

/* No service runs with options that were not understood: a typing error in the PAM line
 * must never grant a logon. */
static int run(int (*service)(struct tlp *m), pam_handle_t *pamh, int flags, int argc,
               const char **argv)
{
    struct tlp m = {.pamh = pamh, .flags = flags};
    int rc = tlp_options_read(&m, argc, argv);

    return rc == PAM_SUCCESS ? service(&m) : rc;
}

TLP_EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc,
                                   const char **argv)
{
    return run(tlp_authenticate, pamh, flags, argc, argv);
}

TLP_EXPORT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return run(tlp_setcred, pamh, flags, argc, argv);
}

TLP_EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc,
                                const char **argv)
{
    return run(tlp_account, pamh, flags, argc, argv);
}

TLP_EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
                                   const char **argv)
{
    return run(tlp_open_session, pamh, flags, argc, argv);
}

TLP_EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
                                    const char **argv)
{
    return run(tlp_close_session, pamh, flags, argc, argv);
}

TLP_EXPORT int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc,
                                const char **argv)
{
    return run(tlp_chauthtok, pamh, flags, argc, argv);
}
