/* SPDX-License-Identifier: MIT
 *
 * environment.c - the environment variables that the project's programs keep.
 *
 * The libraries below take settings, caches, plug-ins, traces and search domains from it:
 * KRB5_CONFIG, KRB5CCNAME, KRB5_TRACE, GSS_MECH_CONFIG, GSS_USE_PROXY, RES_OPTIONS,
 * LOCALDOMAIN, HOSTALIASES, LDAPRC, SASL_PATH, OPENSSL_CONF, and others in later
 * versions. So the table lists what is kept, not what is dropped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <trustlogon/config.h>
#include <unistd.h>

static const char *const kept[] = {
    /* how to talk to the terminal */
    "COLUMNS", "LANG", "LANGUAGE", "NO_COLOR", "TERM", "TZ",
    /* from the service manager [sd_listen_fds(3), sd_notify(3)] */
    "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "NOTIFY_SOCKET"};
static const char locale[] = "LC_";

static bool is_kept(const char *entry)
{
    size_t len = strcspn(entry, "=");

    if (strncmp(entry, locale, sizeof(locale) - 1) == 0)
        return true;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (strlen(kept[i]) == len && strncmp(entry, kept[i], len) == 0)
            return true;
    return false;
}

int tl_own_environment(void)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char **copies = NULL;
    size_t count = 0;
    int ret = ctx == NULL ? -ENOMEM : 0;

    for (char **at = environ; ret == 0 && at != NULL && *at != NULL; at++) {
        if (!is_kept(*at) || strchr(*at, '=') == NULL)
            continue;
        copies = talloc_realloc(ctx, copies, char *, count + 1);
        if (copies == NULL || (copies[count] = talloc_strdup(copies, *at)) == NULL)
            ret = -ENOMEM;
        count++;
    }
    if (ret == 0 && clearenv() != 0)
        ret = -ENOMEM;
    for (size_t i = 0; ret == 0 && i < count; i++) {
        char *value = strchr(copies[i], '=');

        *value++ = '\0';
        ret = setenv(copies[i], value, 1) == 0 ? 0 : -errno;
    }
    talloc_free(ctx);
    return ret;
}
