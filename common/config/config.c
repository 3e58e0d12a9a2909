/* SPDX-License-Identifier: MIT
 *
 * config.c - /etc/trustlogon.conf and its .d folder, from defaults to a
 * struct tl_config. A later file overrides an earlier one, key by key.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tl_build.h>
#include <unistd.h>

#include <trustlogon/idmap.h>

#include "error.h"
#include "options.h"
#include "text.h"

/* Of a file or a folder as a whole. */
static int complain(TALLOC_CTX *ctx, struct tl_config_error **error, const char *file,
                    const char *what)
{
    return tli_config_complain(ctx, error, &(struct tli_config_place){.where = file},
                               "%s", what);
}

/* These files decide who may log on, so only root may be able to write them. */
static const char *owner_fault(const struct stat *st)
{
    if (geteuid() != 0)
        return NULL;
    if (st->st_uid != 0)
        return "does not belong to root";
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "is writable by users other than root";
    return NULL;
}

/* Not blocking and no controlling terminal: the path may be a FIFO or a device. The size
 * is limited while reading, since that of stat() may be wrong by then. */
int tli_config_read(TALLOC_CTX *ctx, const char *file, char **text, size_t *len,
                    struct tl_config_error **error)
{
    const char *fault;
    struct stat st;
    size_t have = 0;
    char *bytes;
    int fd, ret = 0;

    *text = NULL;
    *len = 0;
    *error = NULL;
    bytes = talloc_size(ctx, TL_CONFIG_TEXT_MAX + 1);
    if (bytes == NULL)
        return -ENOMEM;
    fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        ret = -errno;
        if (ret != -ENOENT && complain(ctx, error, file, strerror(-ret)) == -ENOMEM)
            ret = -ENOMEM;
        else if (ret != -ENOENT && ret != -EACCES)
            ret = -EINVAL;
        goto cleanup;
    }
    if (fstat(fd, &st) != 0) {
        ret = complain(ctx, error, file, strerror(errno));
        goto cleanup;
    }
    fault = !S_ISREG(st.st_mode) ? "is not a regular file" : owner_fault(&st);
    if (fault != NULL) {
        ret = complain(ctx, error, file, fault);
        goto cleanup;
    }
    for (;;) {
        ssize_t n = read(fd, bytes + have, TL_CONFIG_TEXT_MAX + 1 - have);

        if (n < 0) {
            ret = complain(ctx, error, file, strerror(errno));
            goto cleanup;
        }
        have += (size_t)n;
        if (have > TL_CONFIG_TEXT_MAX) {
            ret =
                tli_config_complain(ctx, error, &(struct tli_config_place){.where = file},
                                    "is larger than %d bytes", TL_CONFIG_TEXT_MAX);
            goto cleanup;
        }
        if (n == 0)
            break;
    }
    *text = bytes;
    *len = have;
    bytes = NULL;

cleanup:
    if (fd >= 0)
        close(fd);
    talloc_free(bytes);
    return ret;
}

struct tl_config *tl_config_defaults(TALLOC_CTX *ctx)
{
    struct tl_config *config = talloc_zero(ctx, struct tl_config);
    char *why = NULL;

    if (config == NULL)
        return NULL;
    for (size_t i = 0; i < tli_num_options; i++) {
        const struct tli_option *option = &tli_options[i];

        if (option->initial != NULL &&
            tli_option_store(config, config, option, option->initial, &why) != 0) {
            talloc_free(config);
            return NULL;
        }
    }
    config->state_dir = TL_STATE_DIR;
    config->cache_dir = TL_CACHE_DIR;
    config->run_dir = TL_RUN_DIR;
    return config;
}

static int load_file(TALLOC_CTX *ctx, struct tl_config *config, const char *file,
                     struct tl_config_error **error)
{
    char *text;
    size_t len;
    int ret = tli_config_read(ctx, file, &text, &len, error);

    if (ret != 0)
        return ret;
    ret = tli_config_text(ctx, config, file, text, len, error);
    talloc_free(text);
    return ret;
}

/* Files that a package manager or an editor leaves in the folder do not end in .conf. */
static int wanted(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 5 &&
           strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* strcmp order in every locale: alphasort() would follow LC_COLLATE. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_folder(TALLOC_CTX *ctx, struct tl_config *config, const char *folder,
                       struct tl_config_error **error)
{
    struct dirent **entries = NULL;
    const char *fault;
    struct stat st;
    int count, ret = 0;

    if (stat(folder, &st) != 0)
        return errno == ENOENT ? 0 : complain(ctx, error, folder, strerror(errno));
    fault = !S_ISDIR(st.st_mode) ? "is not a folder" : owner_fault(&st);
    if (fault != NULL)
        return complain(ctx, error, folder, fault);
    count = scandir(folder, &entries, wanted, by_bytes);
    if (count < 0)
        return complain(ctx, error, folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        char *file = NULL;

        if (ret == 0) {
            file = talloc_asprintf(ctx, "%s/%s", folder, entries[i]->d_name);
            ret = file != NULL ? load_file(ctx, config, file, error) : -ENOMEM;
        }
        if (ret == -ENOENT) /* a dangling link */
            ret = complain(ctx, error, file, strerror(ENOENT));
        talloc_free(file);
        free(entries[i]);
    }
    free(entries);
    return ret;
}

/* "[identity] idmap: 'rid' needs rid_ranges" */
static int contradict(TALLOC_CTX *ctx, struct tl_config_error **error, const char *file,
                      const char *conflict)
{
    char section[32], key[64];
    int end = 0;

    if (sscanf(conflict, "[%31[^]]] %63[^:]: %n", section, key, &end) != 2 || end == 0)
        return complain(ctx, error, file, conflict);
    return tli_config_complain(
        ctx, error,
        &(struct tli_config_place){.where = file, .section = section, .key = key}, "%s",
        conflict + end);
}

/* Options may contradict each other only when all files are read, so that is checked last
 * and reported for the main file. */
int tl_config_load(TALLOC_CTX *ctx, const char *path, struct tl_config **config_out,
                   struct tl_config_error **error)
{
    const char *file = path != NULL ? path : TL_CONF_FILE;
    struct tl_config *config = tl_config_defaults(ctx);
    char *folder;
    int ret;

    *config_out = NULL;
    *error = NULL;
    folder = talloc_asprintf(config, "%s.d", file);
    if (config == NULL || folder == NULL) {
        ret = -ENOMEM;
        goto cleanup;
    }
    ret = load_file(ctx, config, file, error);
    if (ret == 0)
        config->file = talloc_strdup(config, file);
    if (ret == -ENOENT && path == NULL)
        ret = 0;
    if (ret == -ENOENT && complain(ctx, error, file, strerror(ENOENT)) == -ENOMEM)
        ret = -ENOMEM;
    if (ret == 0)
        ret = load_folder(ctx, config, folder, error);
    if (ret == 0 && tl_idmap_conflict(config) != NULL)
        ret = contradict(ctx, error, file, tl_idmap_conflict(config));
    if (ret != 0)
        goto cleanup;
    talloc_free(folder);
    *config_out = config;
    return 0;

cleanup:
    talloc_free(config);
    return ret;
}

int tl_config_set(TALLOC_CTX *ctx, struct tl_config *config, const char *where,
                  const char *assignment, struct tl_config_error **error)
{
    struct tli_config_place at = {.where = where};
    const char *equals = strchr(assignment, '=');
    const struct tli_option *option = NULL;
    char *key = NULL, *why = NULL;
    int ret;

    *error = NULL;
    key = equals != NULL ? talloc_strndup(ctx, assignment, (size_t)(equals - assignment))
                         : talloc_strdup(ctx, assignment);
    if (key == NULL)
        return -ENOMEM;
    at.key = key;
    option = tli_option_find(NULL, key);
    if (option == NULL) {
        ret = tli_config_complain(ctx, error, &at, "no such option");
    } else if (equals == NULL) {
        ret = tli_config_complain(ctx, error, &at, "has no value (key=value)");
    } else {
        at.value = equals + 1;
        ret = tli_option_store(ctx, config, option, at.value, &why);
        if (ret == -EINVAL)
            ret = tli_config_complain(ctx, error, &at, "%s", why);
    }
    talloc_free(why);
    talloc_free(key);
    return ret;
}

struct tl_config_item *tl_config_items(TALLOC_CTX *ctx, const struct tl_config *config,
                                       size_t *count)
{
    struct tl_config *defaults = tl_config_defaults(ctx);
    struct tl_config_item *items =
        talloc_zero_array(ctx, struct tl_config_item, tli_num_options);

    *count = 0;
    if (defaults == NULL || items == NULL)
        goto cleanup;
    for (size_t i = 0; i < tli_num_options; i++) {
        char *usual = tli_option_show(defaults, defaults, &tli_options[i]);

        items[i].section = tli_options[i].section;
        items[i].key = tli_options[i].key;
        items[i].what = tli_options[i].what;
        items[i].value = tli_option_show(items, config, &tli_options[i]);
        if (usual == NULL || items[i].value == NULL)
            goto cleanup;
        items[i].is_default = strcmp(usual, items[i].value) == 0;
    }
    talloc_free(defaults);
    *count = tli_num_options;
    return items;

cleanup:
    talloc_free(defaults);
    talloc_free(items);
    return NULL;
}
