/* SPDX-License-Identifier: MIT
 *
 * ccache_file.c - FILE caches. libkrb5 removes the file of a cache and creates it again;
 * in /tmp another user can be quicker in between, and the logon would have no tickets.
 * So libkrb5 fills the file in a folder that only the user may enter, and the finished
 * file gets its name in one step, which never replaces another user's file. Folders are
 * held by descriptors: what a name leads to afterwards does not matter.
 */
#include "ccache_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PRIVATE ".trustlogon-XXXXXX"
#define WITHIN "cc"
/* Other users may take names, too, but not names that they cannot guess. */
#define TRIES 64

struct place {
    int folder;  /* where the cache is to be */
    char *name;  /* in there */
    int private; /* folder of the unfinished file */
    bool made;   /* it is there, opened or not */
    char private_name[sizeof(PRIVATE)];
};

/* Letters and digits in the place of the six X at the end. */
static int make_name(char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    unsigned char bytes[6];
    char *end = name + strlen(name) - sizeof(bytes);

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return -1;
    for (size_t i = 0; i < sizeof(bytes); i++)
        end[i] = letters[bytes[i] % (sizeof(letters) - 1)];
    return 0;
}

/* Of the cache, whole: a name alone does not say which file system is meant. */
static const char *path_of(const struct ccache_job *job)
{
    return job->name + strlen("FILE:");
}

static bool is_pattern(const char *name)
{
    size_t len = strlen(name);

    return len >= 6 && strcmp(name + len - 6, "XXXXXX") == 0;
}

int tli_ccache_check_own(struct ccache_job *job, int folder, const char *name)
{
    struct stat st;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? -ENOENT
                               : tli_ccache_fail(job, name, strerrordesc_np(errno));
    if (!S_ISREG(st.st_mode))
        return tli_ccache_fail(job, name, "it is not a regular file");
    if (st.st_uid != geteuid())
        return tli_ccache_fail(job, name, "it belongs to another user");
    return 0;
}

/* The folder's owner, and those who may write to one that is not sticky, can put a file
 * of their own under the name at any time. */
int tli_ccache_check_folder(struct ccache_job *job, const char *folder,
                            const struct stat *st)
{
    if (!S_ISDIR(st->st_mode))
        return tli_ccache_fail(job, folder, "it is not a folder");
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return tli_ccache_fail(job, folder, "the folder belongs to another user");
    if ((st->st_mode & S_IWOTH) != 0 && (st->st_mode & S_ISVTX) == 0)
        return tli_ccache_fail(job, folder, "all users may write to the folder");
    return 0;
}

/* The folder of the path; 0 or -1. */
static int open_folder(struct ccache_job *job, const char *path, int *fd)
{
    char folder[sizeof(job->name)];
    int len = (int)(strrchr(path, '/') - path);
    struct stat st;

    snprintf(folder, sizeof(folder), "%.*s", len > 0 ? len : 1, path);
    *fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0 && errno == ENOENT)
        return tli_ccache_fail(job, path, "there is no such folder");
    if (*fd < 0 || fstat(*fd, &st) != 0)
        return tli_ccache_fail(job, folder, strerrordesc_np(errno));
    return tli_ccache_check_folder(job, folder, &st);
}

static int make_private(struct ccache_job *job, struct place *place)
{
    struct stat st;
    int made = -1;

    for (int i = 0; i < TRIES && made != 0; i++) {
        strcpy(place->private_name, PRIVATE);
        if (make_name(place->private_name) != 0)
            return tli_ccache_fail(job, place->private_name, strerrordesc_np(errno));
        made = mkdirat(place->folder, place->private_name, 0700);
        if (made != 0 && errno != EEXIST)
            break;
    }
    if (made != 0)
        return tli_ccache_fail(job, path_of(job), strerrordesc_np(errno));
    place->made = true;
    place->private = openat(place->folder, place->private_name,
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place->private < 0 || fstat(place->private, &st) != 0)
        return tli_ccache_fail(job, path_of(job), strerrordesc_np(errno));
    if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return tli_ccache_fail(job, path_of(job), "the folder for it was replaced");
    return 0;
}

/* libkrb5 does not report errno: all is "I/O operation failed". */
static bool is_full(const struct place *place)
{
    struct statvfs fs;

    return fstatvfs(place->private, &fs) == 0 &&
           (fs.f_bavail == 0 || (fs.f_files > 0 && fs.f_favail == 0));
}

/* libkrb5 knows names only: this one is relative to the private folder. */
static int fill(struct ccache_job *job, struct place *place)
{
    krb5_ccache cache = NULL;
    krb5_error_code ret;

    if (make_private(job, place) != 0)
        return -1;
    if (fchdir(place->private) != 0)
        return tli_ccache_fail(job, path_of(job), strerrordesc_np(errno));
    ret = krb5_cc_resolve(job->k5, "FILE:" WITHIN, &cache);
    if (ret == 0)
        ret = tli_ccache_fill(job, cache);
    if (cache != NULL)
        krb5_cc_close(job->k5, cache);
    if (ret == 0)
        return 0;
    if (is_full(place))
        return tli_ccache_fail(job, path_of(job), strerrordesc_np(ENOSPC));
    return tli_ccache_fail_k5(job, path_of(job), ret);
}

/* Give it a name that nothing has; -1 with errno. */
static int put_new(const struct place *place)
{
    if (renameat2(place->private, WITHIN, place->folder, place->name, RENAME_NOREPLACE) ==
        0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* A file system such as NFS does not know how. */
    return linkat(place->private, WITHIN, place->folder, place->name, 0);
}

static int put_unique(struct ccache_job *job, struct place *place)
{
    for (int i = 0; i < TRIES; i++) {
        if (make_name(place->name) != 0)
            break;
        if (put_new(place) == 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    return tli_ccache_fail(job, path_of(job), strerrordesc_np(errno));
}

/* At a name that is given, in the place of the user's own file if there is one. */
static int put_fixed(struct ccache_job *job, struct place *place)
{
    for (int i = 0; i < TRIES; i++) {
        int there = tli_ccache_check_own(job, place->folder, place->name);

        if (there == 0 &&
            renameat(place->private, WITHIN, place->folder, place->name) == 0)
            return 0;
        if (there == -ENOENT && put_new(place) == 0)
            return 0;
        if (there != 0 && there != -ENOENT)
            return -1;
        if (there == 0 || errno != EEXIST)
            break;
    }
    return tli_ccache_fail(job, path_of(job), strerrordesc_np(errno));
}

/* The user's tickets there must not be replaced by a cache without any. */
static bool is_better(struct ccache_job *job)
{
    krb5_ccache there = NULL;
    bool better = krb5_cc_resolve(job->k5, job->name, &there) == 0 &&
                  tli_ccache_is_better(job, there);

    if (there != NULL)
        krb5_cc_close(job->k5, there);
    return better;
}

static int write_to(struct ccache_job *job, struct place *place)
{
    bool unique = is_pattern(place->name) && !job->only_existing;
    int there = unique ? -ENOENT : tli_ccache_check_own(job, place->folder, place->name);

    if (there == -ENOENT && job->only_existing)
        return tli_ccache_fail(job, path_of(job), "there is no such cache");
    if (there != 0 && there != -ENOENT)
        return -1;
    if (there == 0 && is_better(job))
        return 0;
    if (fill(job, place) != 0)
        return -1;
    return unique ? put_unique(job, place) : put_fixed(job, place);
}

int tli_ccache_write_file(struct ccache_job *job)
{
    const char *path = path_of(job);
    struct place place = {.folder = -1, .private = -1};
    int ret = open_folder(job, path, &place.folder);

    place.name = strrchr(job->name, '/') + 1;
    if (ret == 0)
        ret = write_to(job, &place);
    if (place.private >= 0) {
        (void)unlinkat(place.private, WITHIN, 0); /* unless it has moved */
        close(place.private);
    }
    if (place.made)
        (void)unlinkat(place.folder, place.private_name, AT_REMOVEDIR);
    if (place.folder >= 0)
        close(place.folder);
    return ret;
}
