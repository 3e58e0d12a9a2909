/* SPDX-License-Identifier: MIT
 *
 * store.c - the folders that the agent writes to, and the identity store that the name
 * service reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "store/local.h"

#define ROOM (256U * 1024U) /* of a store that begins */

/* Write this many bytes into an unnamed file. 0 or -errno. */
static int try_room(const char *folder)
{
    static const char block[4096] = {1};
    int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    int rc = 0;

    if (fd < 0) {
        rc = -errno;
        return rc < 0 ? rc : -EIO;
    }
    for (size_t done = 0; rc == 0 && done < ROOM; done += sizeof(block)) {
        ssize_t put = write(fd, block, sizeof(block));

        if (put != (ssize_t)sizeof(block))
            rc = put < 0 ? -errno : -ENOSPC;
    }
    if (close(fd) != 0 && rc == 0)
        rc = -errno;
    return rc;
}

static void check_folder(struct run *run, const char *folder, enum tl_verdict severity)
{
    int rc = try_room(folder);

    /* Not every file system has unnamed files. */
    if (rc == -EOPNOTSUPP)
        tli_left_out(run, TL_AREA_PARTLY, "free space in %s cannot be tested", folder);
    else if (rc == -ENOENT)
        tli_found_ok(run, "folder", folder,
                     "it does not exist yet: trustlogond creates it");
    else if (rc != 0)
        tli_found(run, "folder", folder, severity, TL_REASON_FOLDER_UNWRITABLE, folder,
                  NULL, "%s", strerror(-rc));
    else
        tli_found_ok(run, "folder", folder, "it can be written");
}

bool tli_store_knows(const struct tli_store_view *view, const char *name, uint32_t *uid,
                     uint32_t *gid)
{
    char full[TL_STORE_NAME_MAX + 1];
    const char *whole = tli_store_full_name(&view->map, name, full);
    struct tli_store_entry entry;
    enum tli_store_answer answer;

    if (whole == NULL)
        return false;
    answer =
        tli_store_by_name(&view->map, TL_STORE_USER_NAME, whole, tli_store_now(), &entry);
    if (answer != TL_STORE_HIT && answer != TL_STORE_STALE)
        return false;
    if (uid != NULL)
        *uid = entry.id;
    if (gid != NULL)
        *gid = entry.gid;
    return true;
}

const char *tli_shown_name(TALLOC_CTX *ctx, const struct tli_store_view *view,
                           const char *passwd, const char *canonical)
{
    size_t bare = tli_store_bare_length(&view->map, canonical, strlen(canonical));
    struct tli_local_query local = {0};

    if (bare == 0)
        return canonical;
    local.shown = talloc_strndup(ctx, canonical, bare);
    return local.shown != NULL && tli_local_find(passwd, &local) == 0 &&
                   !local.shown_is_local
               ? local.shown
               : canonical;
}

static void check_store(struct run *run)
{
    const char *path =
        talloc_asprintf(run->diag, "%s/%s", run->config->state_dir, TL_STORE_FILE);
    struct tli_store_view *view = NULL;
    int rc = path != NULL ? tli_store_view_open(run, path, &view) : -ENOMEM;

    if (rc == -ENOENT)
        tli_found_ok(run, "store", path,
                     "it does not exist yet: the first logon or look-up creates it");
    else if (rc != 0)
        tli_found(run, "store", path, TL_FINDING_FAILED, TL_REASON_STORE_UNUSABLE, path,
                  NULL, "%s",
                  rc == -EPERM     ? "users other than root could have written it"
                  : rc == -EUCLEAN ? "its header is damaged"
                                   : strerror(-rc));
    else
        tli_found_ok(run, "store", path, "it can be read, and %s %s",
                     tli_store_knows(view, run->name, NULL, NULL) ? "knows"
                                                                  : "does not know yet",
                     run->name);
    talloc_free(view);
}

void tli_check_store(struct run *run)
{
    const struct tl_config *config = run->config;

    check_store(run);
    if (geteuid() != 0) {
        tli_left_out(run, TL_AREA_PARTLY, "only root can test whether it can be written");
        return;
    }
    check_folder(run, config->state_dir, TL_FINDING_FAILED);
    check_folder(run, config->run_dir, TL_FINDING_FAILED);
    /* Without it a logon looks for its domain controllers each time. */
    check_folder(run, config->cache_dir, TL_FINDING_WARNING);
}
