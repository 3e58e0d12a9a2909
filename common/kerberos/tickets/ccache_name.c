/* SPDX-License-Identifier: MIT
 *
 * ccache_name.c - the name of a user's credentials cache: krb5.conf's
 * default_ccache_name, expanded for another user. libkrb5 expands for its own process
 * only.
 */
#include "ccache_name.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define UNIQUE_PATTERN "FILE:/tmp/krb5cc_%{uid}_XXXXXX"

/* The value of one token, or NULL: unknown. */
static char *token_value(TALLOC_CTX *ctx, const char *token, size_t len, uid_t uid)
{
    static const char *const numeric[] = {"uid", "euid", "USERID"};

    for (size_t i = 0; i < sizeof(numeric) / sizeof(numeric[0]); i++)
        if (strlen(numeric[i]) == len && strncmp(token, numeric[i], len) == 0)
            return talloc_asprintf(ctx, "%lu", (unsigned long)uid);
    if (len == 4 && strncmp(token, "TEMP", 4) == 0)
        return talloc_strdup(ctx, "/tmp");
    if (len == 4 && strncmp(token, "null", 4) == 0)
        return talloc_strdup(ctx, "");
    return NULL;
}

static int expand_tokens(TALLOC_CTX *ctx, const char *pattern, uid_t uid, char **name,
                         const char **why)
{
    char *done = talloc_strdup(ctx, "");
    const char *p = pattern;

    while (done != NULL && *p != '\0') {
        const char *start = strstr(p, "%{"), *end;
        char *value;

        if (start == NULL) {
            done = talloc_strdup_append(done, p);
            break;
        }
        end = strchr(start, '}');
        value = end != NULL ? token_value(done, start + 2, (size_t)(end - start - 2), uid)
                            : NULL;
        if (value == NULL) {
            talloc_free(done);
            *why = "its name contains a %{...} that cannot be resolved for another user";
            return -EINVAL;
        }
        done = talloc_strndup_append(done, p, (size_t)(start - p));
        if (done != NULL)
            done = talloc_strdup_append(done, value);
        p = end + 1;
    }
    *name = done;
    return done != NULL ? 0 : -ENOMEM;
}

/* One cache per session, as sshd and pam_krb5 do: the plain name is shared by all
 * sessions of a user, and the first one to end would take it from the others. */
static bool is_plain(const char *pattern)
{
    if (strncmp(pattern, "FILE:", 5) == 0)
        pattern += 5;
    return strcmp(pattern, "/tmp/krb5cc_%{uid}") == 0 ||
           strcmp(pattern, "/tmp/krb5cc_%{euid}") == 0 ||
           strcmp(pattern, "/tmp/krb5cc_%{USERID}") == 0;
}

static bool type_is(const char *name, const char *type)
{
    size_t len = strlen(type);

    return strncasecmp(name, type, len) == 0 && (name[len] == ':' || name[len] == '\0');
}

/* Can a process outside the user's session make it? */
static const char *refusal(const char *name)
{
    if (name[0] == '/' || (type_is(name, "FILE") && name[5] == '/') ||
        (type_is(name, "DIR") && name[4] == '/'))
        return NULL;
    if (type_is(name, "KCM") || strncasecmp(name, "KEYRING:persistent:", 19) == 0)
        return NULL;
    if (type_is(name, "KEYRING"))
        return "a keyring other than KEYRING:persistent exists within the session only";
    if (type_is(name, "MEMORY"))
        return "MEMORY caches exist within one process only";
    if (type_is(name, "FILE") || type_is(name, "DIR"))
        return "its path does not begin with /";
    return "its type is not FILE, DIR, KEYRING:persistent or KCM";
}

int tli_ccache_expand(TALLOC_CTX *ctx, const char *pattern, uid_t uid, char **name,
                      const char **why)
{
    int ret;

    *name = NULL;
    *why = NULL;
    /* "FILE", "DIR" and so on alone name a type: its usual place */
    if (pattern == NULL || is_plain(pattern) || strcasecmp(pattern, "FILE") == 0)
        pattern = UNIQUE_PATTERN;
    else if (strcasecmp(pattern, "DIR") == 0)
        pattern = "DIR:/run/user/%{uid}/krb5cc";
    else if (strcasecmp(pattern, "KEYRING") == 0)
        pattern = "KEYRING:persistent:%{uid}";
    else if (strcasecmp(pattern, "KCM") == 0)
        pattern = "KCM:";
    *why = refusal(pattern);
    if (*why != NULL)
        return -EINVAL;
    ret = expand_tokens(ctx, pattern, uid, name, why);
    if (ret == 0 && (*name)[0] == '/') {
        char *full = talloc_asprintf(ctx, "FILE:%s", *name);

        talloc_free(*name);
        *name = full;
        ret = full != NULL ? 0 : -ENOMEM;
    }
    return ret;
}
