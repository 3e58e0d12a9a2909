/* SPDX-License-Identifier: MIT
 *
 * safe_file.c - files that decide what counts as proof, or become part of this process:
 * only root may have written them.
 */
#include "safe_file.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *tli_stat_unsafe(const struct stat *st, bool secret)
{
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return "it does not belong to root";
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "users other than root may write to it";
    if (secret && (st->st_mode & (S_IRGRP | S_IROTH)) != 0)
        return "users other than root may read it";
    return NULL;
}

/* A missing file is reported by its reader. */
static const char *path_unsafe(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? tli_stat_unsafe(&st, false) : NULL;
}

static const char *folder_unsafe(TALLOC_CTX *ctx, const char *folder, char **file)
{
    const char *why = path_unsafe(folder);
    DIR *dir = why == NULL ? opendir(folder) : NULL;
    struct dirent *entry;

    *file = talloc_strdup(ctx, folder);
    while (dir != NULL && why == NULL && (entry = readdir(dir)) != NULL) {
        char *one = talloc_asprintf(ctx, "%s/%s", folder, entry->d_name);

        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            why = one != NULL ? path_unsafe(one) : "out of memory";
        if (why != NULL)
            *file = one;
    }
    if (dir != NULL)
        closedir(dir);
    return why;
}

/* The module of "PKCS11:/path...", or of "PKCS11:module_name=/path:..."; NULL: found by
 * the linker's own rules. */
static char *module_of(TALLOC_CTX *ctx, const char *value)
{
    const char *name = strstr(value, "module_name=");
    const char *path = name != NULL ? name + strlen("module_name=") : value;

    return *path == '/' ? talloc_strndup(ctx, path, strcspn(path, ":")) : NULL;
}

const char *tli_pkinit_unsafe(TALLOC_CTX *ctx, const char *value, char **file)
{
    *file = NULL;
    if (strncmp(value, "DIR:", 4) == 0)
        return folder_unsafe(ctx, value + 4, file);
    if (strncmp(value, "FILE:", 5) == 0)
        *file = talloc_strndup(ctx, value + 5, strcspn(value + 5, ","));
    else if (strncmp(value, "PKCS11:", 7) == 0)
        *file = module_of(ctx, value + 7);
    return *file != NULL ? path_unsafe(*file) : NULL;
}
