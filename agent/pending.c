/* SPDX-License-Identifier: MIT
 *
 * pending.c - a logon between pam_authenticate and pam_setcred.
 *
 * The two calls may come from different processes, so the tickets wait in a
 * file: RUN_DIR/pending/<token>, root's, 0600, beside <token>.logon with the
 * name they belong to. The token is 128 random bits; whoever presents it must
 * be root and name the same user.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"

#define RECORD_MAX 8192

bool tla_token_is_valid(const char *token)
{
    return token != NULL && strlen(token) == TLA_TOKEN_LEN &&
           strspn(token, "0123456789abcdef") == TLA_TOKEN_LEN;
}

/* A folder of ours: made if absent, refused if anyone else could write to it. */
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
    char *record = talloc_asprintf(path, "%s\n%s\n%u\n", pending->user,
                                   pending->canonical, pending->expires);
    int fd = -1, rc = 0;
    size_t len;

    if (record == NULL) {
        rc = -ENOMEM;
        goto done;
    }
    len = strlen(record);
    if (len > RECORD_MAX || strchr(pending->user, '\n') != NULL ||
        strchr(pending->canonical, '\n') != NULL) {
        rc = -EINVAL;
        goto done;
    }
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

/* The whole of a small file of ours that is young enough. */
static int read_record(const char *path, char *record)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    ssize_t got;
    int rc = 0;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        time(NULL) - st.st_mtime > TLA_PENDING_SECONDS)
        rc = -ENOENT;
    got = rc == 0 ? read(fd, record, RECORD_MAX) : -1;
    if (rc == 0 && got < 0)
        rc = -errno;
    else if (rc == 0)
        record[got] = '\0';
    close(fd);
    return rc;
}

static int parse(struct tla_pending *pending, char *record)
{
    char *save = NULL;
    const char *user = strtok_r(record, "\n", &save);
    const char *canonical = strtok_r(NULL, "\n", &save);
    const char *expires = strtok_r(NULL, "\n", &save);

    if (expires == NULL)
        return -ENOENT;
    pending->user = talloc_strdup(pending, user);
    pending->canonical = talloc_strdup(pending, canonical);
    pending->expires = (uint32_t)strtoul(expires, NULL, 10);
    return pending->user != NULL && pending->canonical != NULL ? 0 : -ENOMEM;
}

int tla_pending_load(TALLOC_CTX *ctx, const char *run_dir, const char *token,
                     const char *user, struct tla_pending **pending)
{
    struct tla_pending *found;
    char record[RECORD_MAX + 1];
    char *path;
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
    rc = found->ticket_path == NULL || path == NULL ? -ENOMEM : read_record(path, record);
    if (rc == 0)
        rc = parse(found, record);
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

void tla_pending_sweep(const char *run_dir, time_t now)
{
    char *path = talloc_asprintf(NULL, "%s/pending", run_dir);
    DIR *dir = path != NULL ? opendir(path) : NULL;
    struct dirent *entry;
    struct stat st;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' &&
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && now - st.st_mtime > TLA_PENDING_SECONDS)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir != NULL)
        closedir(dir);
    talloc_free(path);
}
