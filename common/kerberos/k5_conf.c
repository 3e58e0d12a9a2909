/* SPDX-License-Identifier: MIT
 *
 * k5_conf.c - what is wrong with krb5.conf, with the file and the line. libkrb5 has lost
 * both by the time it says "Improper format of Kerberos configuration file", so its own
 * parser is run again on the first lines of the file, until the shortest start is found
 * that it rejects. Included files are checked in the same way.
 */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <profile.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES (1024 * 1024)
#define INCLUDES_MAX 8

static long parse(const char *path)
{
    const char *files[] = {path, NULL};
    profile_t profile = NULL;
    long code = profile_init(files, &profile);

    profile_abandon(profile);
    return code;
}

/* libkrb5's answer to the first `len` bytes of a file. */
static long parse_start(const char *text, size_t len)
{
    int fd = memfd_create("krb5.conf", MFD_CLOEXEC);
    char path[32];
    long code = ENOMEM;

    if (fd >= 0 && write(fd, text, len) == (ssize_t)len) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        code = parse(path);
    }
    if (fd >= 0)
        close(fd);
    return code;
}

static char *read_file(TALLOC_CTX *ctx, const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    char *text = NULL;
    ssize_t got = -1;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= FILE_MAX_BYTES)
        text = talloc_array(ctx, char, (size_t)st.st_size + 1);
    if (text != NULL)
        got = read(fd, text, (size_t)st.st_size);
    close(fd);
    if (got < 0) {
        talloc_free(text);
        return NULL;
    }
    text[got] = '\0';
    *len = (size_t)got;
    return text;
}

/* Where line number `line`, counted from 1, ends. */
static size_t end_of_line(const char *text, size_t len, unsigned int line)
{
    size_t at = 0;

    while (line > 0 && at < len)
        line -= text[at++] == '\n';
    return at;
}

/* The first line that libkrb5 does not take: the parser accepts every shorter start, and
 * rejects every longer one. *code is its error. */
static unsigned int bad_line(const char *text, size_t len, long *code)
{
    unsigned int low = 0, high = 1;

    for (size_t i = 0; i < len; i++)
        high += text[i] == '\n';
    *code = parse_start(text, len);
    while (high - low > 1) {
        unsigned int middle = low + (high - low) / 2;
        long said = parse_start(text, end_of_line(text, len, middle));

        if (said == 0) {
            low = middle;
        } else {
            high = middle;
            *code = said;
        }
    }
    return high;
}

/* As the profile library: letters, digits, '-' and '_', or anything.conf. */
static bool is_included(const char *name)
{
    size_t len = strlen(name);

    return (len > 5 && name[0] != '.' && strcmp(name + len - 5, ".conf") == 0) ||
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-_") == len;
}

/* The first file in a folder that libkrb5 does not take, or NULL. */
static char *bad_file_in(TALLOC_CTX *ctx, const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *de;
    char *found = NULL;

    while (dir != NULL && found == NULL && (de = readdir(dir)) != NULL)
        if (is_included(de->d_name)) {
            found = talloc_asprintf(ctx, "%s/%s", path, de->d_name);
            if (found != NULL && parse(found) == 0)
                TALLOC_FREE(found);
        }
    if (dir != NULL)
        closedir(dir);
    return found;
}

/* The file in which the fault lies that this line includes; NULL: it lies in the line. */
static char *bad_include(TALLOC_CTX *ctx, const char *line)
{
    static const char *const words[] = {"include", "includedir"};

    for (int dir = 0; dir <= 1; dir++) {
        size_t len = strlen(words[dir]);
        char *path;

        if (strncmp(line, words[dir], len) != 0 ||
            (line[len] != ' ' && line[len] != '\t'))
            continue;
        path = talloc_strdup(ctx, line + len + strspn(line + len, " \t"));
        if (path == NULL)
            return NULL;
        path[strcspn(path, " \t\r\n")] = '\0';
        if (dir)
            return bad_file_in(ctx, path);
        return access(path, R_OK) == 0 && parse(path) != 0 ? path : NULL;
    }
    return NULL;
}

/* "/etc/krb5.conf, line 3: Syntax error in profile relation"; NULL: no error. *next is
 * the included file that is at fault, or NULL. */
static char *fault_of(TALLOC_CTX *ctx, const char *path, char **next)
{
    size_t len = 0, start;
    long code = parse(path);
    char *text = code != 0 ? read_file(ctx, path, &len) : NULL;
    unsigned int line = 0;
    char *said;

    *next = NULL;
    if (code == 0)
        return NULL;
    if (text != NULL) {
        line = bad_line(text, len, &code);
        start = end_of_line(text, len, line - 1);
        text[end_of_line(text, len, line)] = '\0';
        *next = bad_include(ctx, text + start);
    }
    said = tli_k5_message(ctx, NULL, (krb5_error_code)code);
    return line != 0 ? talloc_asprintf(ctx, "%s, line %u: %s", path, line, said)
                     : talloc_asprintf(ctx, "%s: %s", path, said);
}

char *tli_k5_conf_syntax(TALLOC_CTX *ctx, const char *path)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *found = NULL, *next = NULL;

    for (int depth = 0; path != NULL && depth < INCLUDES_MAX; depth++) {
        found = fault_of(tmp, path, &next);
        path = next;
    }
    found = found != NULL ? talloc_strdup(ctx, found) : NULL;
    talloc_free(tmp);
    return found;
}

/* --- values --- */

/* Values that libkrb5 fails for when it needs them; for other invalid ones it uses the
 * default. */
static const char *const times[] = {"ticket_lifetime", "renew_lifetime"};

static char *time_fault(TALLOC_CTX *ctx, profile_t profile, const char **names,
                        const char *where)
{
    char **values = NULL, *fault = NULL;
    krb5_deltat delta;

    if (profile_get_values(profile, names, &values) != 0)
        return NULL;
    /* of two, the first counts */
    if (values[0] != NULL && krb5_string_to_deltat(values[0], &delta) != 0)
        fault = talloc_asprintf(
            ctx, "krb5.conf, [libdefaults] %s%s: '%s' is not a time (10h, 7d)", where,
            names[names[2] != NULL ? 2 : 1], values[0]);
    profile_free_list(values);
    return fault;
}

char *tli_k5_conf_values(TALLOC_CTX *ctx, const char *path)
{
    const char *files[] = {path, NULL}, *libdefaults[] = {"libdefaults", NULL};
    profile_t profile = NULL;
    char **groups = NULL, *fault = NULL;

    if (profile_init(files, &profile) != 0)
        return NULL;
    if (profile_get_subsection_names(profile, libdefaults, &groups) != 0)
        groups = NULL;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]) && fault == NULL; i++) {
        const char *all[] = {"libdefaults", times[i], NULL, NULL};

        fault = time_fault(ctx, profile, all, "");
        for (char **realm = groups; realm != NULL && *realm != NULL && fault == NULL;
             realm++) {
            const char *one[] = {"libdefaults", *realm, times[i], NULL};
            char *where = talloc_asprintf(ctx, "%s ", *realm);

            fault = where != NULL ? time_fault(ctx, profile, one, where) : NULL;
            talloc_free(where);
        }
    }
    profile_free_list(groups);
    profile_abandon(profile);
    return fault;
}

/* --- the context, or what keeps it from being made --- */

enum tl_reason tli_k5_open(enum tl_rc4 rc4, bool cards, enum tl_stage stage,
                           krb5_context *k5, struct tl_outcome *out)
{
    krb5_error_code ret = tli_k5_context_for(rc4, cards, k5);
    TALLOC_CTX *tmp;
    char *fault, *said;

    if (ret == 0)
        return TL_REASON_OK;
    *k5 = NULL;
    if (ret == ENOMEM)
        return tl_outcome_fail(out, stage, TL_REASON_NO_MEMORY, NULL);
    tmp = talloc_new(NULL);
    fault = tli_k5_conf_syntax(tmp, TL_KRB5_CONF);
    said = tli_k5_message(tmp, NULL, ret);
    (void)tl_outcome_fail(out, stage, TL_REASON_KRB5_CONF, "%s",
                          fault != NULL  ? fault
                          : said != NULL ? said
                                         : "?");
    talloc_free(tmp);
    return TL_REASON_KRB5_CONF;
}

char *tli_k5_conf_default(TALLOC_CTX *ctx, krb5_context k5, const char *option)
{
    profile_t profile = NULL;
    char *value = NULL, *copy = NULL;

    if (krb5_get_profile(k5, &profile) == 0 &&
        profile_get_string(profile, "libdefaults", option, NULL, NULL, &value) == 0 &&
        value != NULL)
        copy = talloc_strdup(ctx, value);
    profile_release_string(value);
    profile_abandon(profile);
    return copy;
}

char *tl_krb5_conf_default(TALLOC_CTX *ctx, const char *option)
{
    krb5_context k5 = NULL;
    char *value = NULL;

    if (tli_k5_open(TL_RC4_NO, false, TL_STAGE_LOCAL, &k5, NULL) == TL_REASON_OK)
        value = tli_k5_conf_default(ctx, k5, option);
    if (k5 != NULL)
        krb5_free_context(k5);
    return value;
}

int tl_krb5_conf_check(TALLOC_CTX *ctx, char **error)
{
    struct tl_outcome *out = tl_outcome_new(ctx);
    krb5_context k5 = NULL;

    *error = NULL;
    if (out == NULL)
        return -ENOMEM;
    if (tli_k5_open(TL_RC4_NO, false, TL_STAGE_LOCAL, &k5, out) != TL_REASON_OK)
        *error = talloc_strdup(ctx, out->detail != NULL ? out->detail : "?");
    else
        *error = tli_k5_conf_values(ctx, TL_KRB5_CONF);
    if (k5 != NULL)
        krb5_free_context(k5);
    talloc_free(out);
    return *error != NULL ? -EINVAL : 0;
}
