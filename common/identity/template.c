/* SPDX-License-Identifier: MIT
 *
 * template.c - home and shell of one user from the configured template.
 *
 * What is put in comes from a directory: it must not produce a path that leads elsewhere
 * (CVE-2026-14476 of SSSD) or a line with a further field.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <trustlogon/name.h>

#include "user.h"

#define PATH_LIMIT 1024 /* of the expanded path; far below PATH_MAX */

/* NULL, or why `value` cannot be part of a path in a line of passwd. */
static const char *value_fault(const char *value)
{
    if (*value == '\0')
        return "a part of the path is empty";
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f || *c == '/' || *c == ':')
            return "a name contains a slash, a colon or a control character";
    }
    return NULL;
}

static const char *value_of(const struct tli_user_text *text, const char *flat,
                            char escape)
{
    switch (escape) {
    case 'u':
        return text->sam;
    case 'd':
        return flat;
    case 'D':
        return text->dns;
    case 'n':
        return text->canonical;
    default:
        return "%";
    }
}

const char *tli_path_fault(const char *path)
{
    if (path[0] != '/')
        return "the path is not absolute";
    if (strlen(path) > PATH_LIMIT)
        return "the path is too long";
    while (*path == '/') {
        size_t len = strcspn(++path, "/");

        if (len == 0 || (len == 1 && path[0] == '.') ||
            (len == 2 && path[0] == '.' && path[1] == '.'))
            return "a part of the path is empty, \".\" or \"..\"";
        if (len > NAME_MAX)
            return "a part of the path is longer than a file name may be";
        path += len;
    }
    return NULL;
}

static char *append(char *path, const char *from, size_t len)
{
    return path != NULL ? talloc_strndup_append_buffer(path, from, len) : NULL;
}

/* Values come from directories: each is checked by itself before it becomes part of a
 * path, and the path as a whole again. */
int tli_template_expand(TALLOC_CTX *ctx, const char *template,
                        const struct tli_user_text *text, char **result,
                        const char **fault)
{
    char *path = talloc_strdup(ctx, ""), *flat;
    int ret = -EINVAL;

    *result = NULL;
    *fault = NULL;
    flat = tl_fold(path, text->flat != NULL ? text->flat : text->dns);
    if (path == NULL || flat == NULL) {
        ret = -ENOMEM;
        goto cleanup;
    }
    while (*template != '\0') {
        size_t plain = strcspn(template, "%");
        const char *value;

        path = append(path, template, plain);
        template += plain;
        if (*template == '\0')
            break;
        value = value_of(text, flat, template[1]);
        *fault = value_fault(value);
        if (*fault != NULL)
            goto cleanup;
        path = append(path, value, strlen(value));
        template += template[1] != '\0' ? 2 : 1;
    }
    if (path == NULL) {
        ret = -ENOMEM;
        goto cleanup;
    }
    *fault = tli_path_fault(path);
    if (*fault != NULL)
        goto cleanup;
    talloc_free(flat);
    *result = path;
    return 0;

cleanup:
    talloc_free(path);
    return ret;
}
