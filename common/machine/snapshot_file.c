/* SPDX-License-Identifier: MIT
 *
 * snapshot_file.c - a topology in a file, as JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <trustlogon/topology.h>

/* 100,000 names take about 12 MB. */
#define FILE_MAX ((size_t)256 << 20)

static int write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        text += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Written beside and renamed: readers see the old file or the new one, whole. */
int tl_topology_save(const struct tl_topology *topo, const char *path)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *beside = talloc_asprintf(tmp, "%s.XXXXXX", path), *json = NULL;
    int fd = -1, ret = -ENOMEM;

    if (beside == NULL)
        goto cleanup;
    ret = tl_topology_to_json(tmp, topo, &json);
    if (ret != 0)
        goto cleanup;
    fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) {
        ret = -errno;
        goto cleanup;
    }
    ret = write_all(fd, json, strlen(json));
    /* Synced before the rename: after a power cut there is the old file or the new
     * one, not an empty one. */
    if (ret == 0 && (fchmod(fd, 0644) != 0 || fsync(fd) != 0))
        ret = -errno;
    if (ret == 0 && rename(beside, path) != 0)
        ret = -errno;
    if (ret != 0)
        unlink(beside);

cleanup:
    if (fd >= 0)
        close(fd);
    talloc_free(tmp);
    return ret;
}

static int read_all(TALLOC_CTX *ctx, int fd, char **text, size_t *len)
{
    size_t room = 1 << 16;
    char *buf = talloc_array(ctx, char, room), *grown;

    *text = NULL;
    *len = 0;
    while (buf != NULL) {
        ssize_t n = read(fd, buf + *len, room - *len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0) {
            *text = buf;
            return 0;
        }
        *len += (size_t)n;
        if (*len < room)
            continue;
        if (room >= FILE_MAX)
            return -EFBIG;
        room *= 2;
        grown = talloc_realloc(ctx, buf, char, room);
        buf = grown;
    }
    return -ENOMEM;
}

int tl_topology_load(TALLOC_CTX *ctx, const char *path, struct tl_topology **topo,
                     char **error)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *text = NULL;
    size_t len = 0;
    int fd, ret;

    *topo = NULL;
    if (error != NULL)
        *error = NULL;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ret = fd < 0 ? -errno : read_all(tmp, fd, &text, &len);
    if (fd >= 0)
        close(fd);
    if (ret == 0)
        ret = tl_topology_from_json(ctx, text, len, topo, error);
    else if (error != NULL)
        *error = talloc_asprintf(ctx, "%s: %s", path, strerror(-ret));
    talloc_free(tmp);
    return ret;
}
