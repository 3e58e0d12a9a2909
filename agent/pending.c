/* SPDX-License-Identifier: MIT
 *
 * pending.c - a logon between pam_authenticate and pam_acct_mgmt and pam_setcred.
 *
 * The calls may come from different processes, so the tickets wait in a file:
 * RUN_DIR/pending/<token>, root's, 0600, beside <token>.logon with the name and the ids
 * they belong to and the SIDs for the access rules. A client that presents the
 * token must be root, or the uid of the tickets, and name the same user.
 */
#include "pending.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "find_user.h"
#include "pending_record.h"
#include "store/store.h"

#define SWEPT ".swept" /* beside the records; its time is that of the last sweep */
#define SWEEP_SECONDS 60

bool tla_token_is_valid(const char *token)
{
    return token != NULL && strlen(token) == TLA_TOKEN_LEN &&
           strspn(token, "0123456789abcdef") == TLA_TOKEN_LEN;
}

/* An own folder: made if absent, refused if other users could write to it. */
static int own_folder(const char *path, mode_t mode)
{
    struct stat st;

    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return -errno;
    if (lstat(path, &st) != 0)
        return -errno;
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return -EPERM;
    /* The umask may have taken away what clients need to reach the socket. */
    if ((st.st_mode & 0777) != mode && chmod(path, mode) != 0)
        return -errno;
    return 0;
}

static int make_folder(TALLOC_CTX *ctx, const char *run_dir)
{
    char *folder = talloc_asprintf(ctx, "%s/pending", run_dir);
    int rc = folder == NULL ? -ENOMEM : own_folder(run_dir, 0755);

    if (rc == 0)
        rc = own_folder(folder, 0700);
    talloc_free(folder);
    return rc;
}

int tla_pending_new(TALLOC_CTX *ctx, const char *run_dir, struct tla_pending **pending)
{
    uint8_t random[TLA_TOKEN_LEN / 2];
    struct tla_pending *fresh;
    int rc;

    *pending = NULL;
    fresh = talloc_zero(ctx, struct tla_pending);
    if (fresh == NULL)
        return -ENOMEM;
    rc = make_folder(fresh, run_dir);
    if (rc == 0 && getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        rc = -EIO;
    if (rc != 0)
        goto fail;
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(fresh->token + 2 * i, 3, "%02x", random[i]);
    fresh->ticket_path = talloc_asprintf(fresh, "%s/pending/%s", run_dir, fresh->token);
    rc = fresh->ticket_path == NULL ? -ENOMEM : 0;
    if (rc != 0)
        goto fail;
    *pending = fresh;
    return 0;
fail:
    talloc_free(fresh);
    return rc;
}

int tla_pending_save(const char *run_dir, const struct tla_pending *pending)
{
    char *path = talloc_asprintf(NULL, "%s/pending/%s.logon", run_dir, pending->token);
    char *record = NULL;
    int fd = -1, rc = path == NULL ? -ENOMEM : tla_pending_format(path, pending, &record);
    size_t len;

    if (rc != 0)
        goto done;
    len = strlen(record);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        rc = -errno;
    else if (write(fd, record, len) != (ssize_t)len)
        rc = -EIO;
done:
    if (fd >= 0)
        close(fd);
    talloc_free(path);
    return rc;
}

/* The whole of a record that is young enough. */
static int read_record(TALLOC_CTX *ctx, const char *path, char **record)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    ssize_t got;
    int rc = 0;

    *record = NULL;
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        st.st_size > TLA_PENDING_RECORD_MAX ||
        time(NULL) - st.st_mtime > TLA_PENDING_SECONDS)
        rc = -ENOENT;
    if (rc == 0)
        *record = talloc_zero_size(ctx, (size_t)st.st_size + 1);
    if (rc == 0 && *record == NULL)
        rc = -ENOMEM;
    got = rc == 0 ? read(fd, *record, (size_t)st.st_size) : -1;
    if (rc == 0 && got != st.st_size)
        rc = got < 0 ? -errno : -ENOENT;
    close(fd);
    return rc;
}

/* A record of another user fails like a missing one, so a client learns nothing from a
 * token that is not its own. */
int tla_pending_load(TALLOC_CTX *ctx, const char *run_dir, const char *token,
                     const char *user, struct tla_pending **pending)
{
    struct tla_pending *found;
    char *path, *record = NULL;
    int rc;

    *pending = NULL;
    if (!tla_token_is_valid(token) || user == NULL)
        return -ENOENT;
    found = talloc_zero(ctx, struct tla_pending);
    if (found == NULL)
        return -ENOMEM;
    memcpy(found->token, token, sizeof(found->token));
    found->ticket_path = talloc_asprintf(found, "%s/pending/%s", run_dir, token);
    path = talloc_asprintf(found, "%s/pending/%s.logon", run_dir, token);
    rc = found->ticket_path == NULL || path == NULL ? -ENOMEM
                                                    : read_record(found, path, &record);
    if (rc == 0)
        rc = tla_pending_parse(found, record);
    /* By the name that was given, or the one that canonical_user put in its place. */
    if (rc == 0 && strcmp(found->user, user) != 0 && strcmp(found->canonical, user) != 0)
        rc = -ENOENT;
    if (rc != 0) {
        talloc_free(found);
        return rc;
    }
    *pending = found;
    return 0;
}

int tla_pending_of(struct tla_conv *conv, struct tla_pending **pending)
{
    const struct tli_wire_msg *request = &conv->request;
    struct tla_user user;
    int rc = tla_pending_load(conv, conv->config->run_dir, request->session,
                              request->user, pending);

    if (rc == -ENOENT && request->user != NULL && !tli_store_owns_name(request->user) &&
        tla_find_user(conv, conv->config->state_dir, request->user, &user) == 0)
        rc = tla_pending_load(conv, conv->config->run_dir, request->session,
                              user.canonical, pending);
    return rc;
}

void tla_pending_drop(const char *run_dir, const char *token)
{
    char *path;

    if (!tla_token_is_valid(token))
        return;
    path = talloc_asprintf(NULL, "%s/pending/%s.logon", run_dir, token);
    if (path == NULL)
        return;
    (void)unlink(path);
    path[strlen(path) - strlen(".logon")] = '\0';
    (void)unlink(path);
    talloc_free(path);
}

/* Whether the last sweep was less than a minute ago. On a machine with many logons many
 * records wait, which are not read at every step of every logon. */
static bool is_swept(int dir, time_t now)
{
    struct stat st;
    int fd;

    if (fstatat(dir, SWEPT, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime <= now &&
        now - st.st_mtime < SWEEP_SECONDS)
        return true;
    fd = openat(dir, SWEPT, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
        (void)futimens(fd, NULL);
        close(fd);
    }
    return false;
}

void tla_pending_sweep(const char *run_dir, time_t now)
{
    char *path = talloc_asprintf(NULL, "%s/pending", run_dir);
    DIR *dir = path != NULL ? opendir(path) : NULL;
    struct dirent *entry;
    struct stat st;

    talloc_free(path);
    if (dir == NULL)
        return;
    if (is_swept(dirfd(dir), now))
        goto done;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' &&
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && now - st.st_mtime > TLA_PENDING_SECONDS)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
done:
    closedir(dir);
}
