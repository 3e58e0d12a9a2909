/* SPDX-License-Identifier: MIT
 *
 * config_files.h - files of the configuration, and the result of loading them.
 */
#ifndef TL_TEST_CONFIG_FILES_H
#define TL_TEST_CONFIG_FILES_H

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "config/options.h"
#include "config/text.h"
#include "scratch.h"

/* A file of the folder; its path. */
static inline char *put(const char *name, const char *text, mode_t mode)
{
    char *path = talloc_asprintf(ctx, "%s/%s", folder, name);

    write_text(path, text);
    ck_assert_int_eq(chmod(path, mode), 0);
    return path;
}

/* A folder in the folder. */
static inline void make_folder(const char *name, mode_t mode)
{
    char *path = talloc_asprintf(ctx, "%s/%s", folder, name);

    ck_assert_int_eq(mkdir(path, 0755), 0);
    ck_assert_int_eq(chmod(path, mode), 0);
}

/* Load a file that must be refused; the error, without the folder's name. */
static inline const char *refused(const char *path)
{
    struct tl_config *config = (void *)1;
    struct tl_config_error *error = NULL;
    int ret = tl_config_load(ctx, path, &config, &error);

    ck_assert_msg(ret == -EINVAL || ret == -ENOENT || ret == -EACCES, "ret %d", ret);
    ck_assert_ptr_null(config);
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_null(strchr(error->text, '\n'));
    ck_assert_msg(strncmp(error->text, folder, strlen(folder)) == 0, "%s", error->text);
    return error->text + strlen(folder) + 1;
}

/* Load a file that must be valid. */
static inline struct tl_config *loaded(const char *path)
{
    struct tl_config *config = NULL;
    struct tl_config_error *error = NULL;

    ck_assert_msg(tl_config_load(ctx, path, &config, &error) == 0, "%s", error->text);
    ck_assert_ptr_null(error);
    return config;
}

#endif
