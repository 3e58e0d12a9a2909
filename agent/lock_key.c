/* SPDX-License-Identifier: MIT
 *
 * lock_key.c - the secret key of the hash that places names in files of locks.
 *
 * Any user may have any name looked up. With a hash that any user can compute, names that
 * collide with another user's are found in seconds, and looking them up without end would
 * delay that user.
 */
#include "lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "status/siphash.h"

/* -ENOENT; -EBADMSG: not such a file. */
static int read_key(const char *path, uint8_t key[TL_SIPHASH_KEY])
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), rc = 0;
    struct stat st;

    if (fd < 0)
        return errno == ELOOP ? -EBADMSG : -errno;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & 077) != 0 || st.st_size != TL_SIPHASH_KEY ||
        read(fd, key, TL_SIPHASH_KEY) != TL_SIPHASH_KEY)
        rc = -EBADMSG;
    close(fd);
    return rc;
}

/* Written under another name and linked, so that it is always complete; of several made
 * at once the first one stays. */
static int make_key(const char *path)
{
    char *draft = talloc_asprintf(NULL, "%s.%d", path, (int)getpid());
    uint8_t key[TL_SIPHASH_KEY];
    int fd, rc = 0;

    if (draft == NULL)
        return -ENOMEM;
    (void)unlink(draft);
    fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        rc = -errno;
        talloc_free(draft);
        return rc;
    }
    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key) ||
        write(fd, key, sizeof(key)) != (ssize_t)sizeof(key))
        rc = -EIO;
    close(fd);
    if (rc == 0 && link(draft, path) != 0 && errno != EEXIST)
        rc = -errno;
    (void)unlink(draft);
    talloc_free(draft);
    explicit_bzero(key, sizeof(key));
    return rc;
}

int tla_lock_hash(const char *run_dir, const char *text, uint64_t *hash)
{
    char *path = talloc_asprintf(NULL, "%s/" TLA_LOCK_KEY_FILE, run_dir);
    uint8_t key[TL_SIPHASH_KEY];
    int rc = path != NULL ? read_key(path, key) : -ENOMEM;

    *hash = 0;
    if (rc == -EBADMSG)
        (void)unlink(path);
    if (rc == -EBADMSG || rc == -ENOENT) {
        rc = make_key(path);
        if (rc == 0)
            rc = read_key(path, key);
    }
    if (rc == 0)
        *hash = tli_siphash(key, text, strlen(text));
    explicit_bzero(key, sizeof(key));
    talloc_free(path);
    return rc;
}
