/* SPDX-License-Identifier: MIT
 *
 * names.c - whether a name is for this module.
 *
 * Decided without the agent, so that root and the machine's own accounts log on while
 * everything else is broken. /etc/passwd is read as a file: NSS would ask our own module
 * and the network.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_modutil.h>

#include "module.h"
#include "store/passwd_file.h"

static bool has_other_name(void *name, const struct tli_passwd_line *line)
{
    const char **left = name;

    if (line->name != NULL && strcmp(*left, line->name) == 0)
        *left = NULL;
    return *left != NULL;
}

/* 1 yes, 0 no, -errno unknown: also for a missing file, since every machine has one. */
static int in_passwd_file(const char *name)
{
    const char *left = name;
    int rc = tli_passwd_read("/etc/passwd", has_other_name, &left);

    return rc != 0 ? rc : left == NULL;
}

/* ".\x" and "WS1\x": an account of this machine, as at Windows' logon screen. */
static bool names_this_machine(const char *user, const char *backslash)
{
    char host[256];
    size_t len = (size_t)(backslash - user), flat_len;

    if (len == 1 && user[0] == '.')
        return true;
    if (gethostname(host, sizeof(host)) != 0)
        return false;
    host[sizeof(host) - 1] = '\0';
    flat_len = strcspn(host, ".");
    return (len == flat_len && strncasecmp(user, host, len) == 0) ||
           (len == strlen(host) && strncasecmp(user, host, len) == 0);
}

static int is_local(const char *user)
{
    const char *backslash = strchr(user, '\\');

    if (backslash != NULL && names_this_machine(user, backslash))
        return 1;
    /* A name with a domain, too: NSS reads that file first, and a domain's password must
     * not open the machine's account. */
    return in_passwd_file(user);
}

int tlp_user(struct tlp *m)
{
    const char *user = NULL;
    int rc = pam_get_user(m->pamh, &user, NULL), local;

    if (rc != PAM_SUCCESS)
        return rc == PAM_CONV_AGAIN ? PAM_INCOMPLETE : rc;
    if (user == NULL || *user == '\0' || strlen(user) >= sizeof(m->user))
        return PAM_USER_UNKNOWN; /* longer than any name of any domain */
    memcpy(m->user, user, strlen(user) + 1);
    local = is_local(m->user);
    if (local < 0) {
        tlp_log(m, LOG_ERR, "cannot read /etc/passwd: %s", strerror(-local));
        return PAM_SYSTEM_ERR;
    }
    if (local > 0)
        return PAM_USER_UNKNOWN;
    if (m->options.minimum_uid > 0) {
        struct passwd *pw = pam_modutil_getpwnam(m->pamh, m->user);

        if (pw != NULL && pw->pw_uid < m->options.minimum_uid)
            return PAM_USER_UNKNOWN;
    }
    return PAM_SUCCESS;
}
