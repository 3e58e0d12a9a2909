/* SPDX-License-Identifier: MIT
 *
 * locate/cache.c - what the locator remembers, one JSON file per domain in the
 * cache folder. Many agents write at once: each writes a file of its own beside
 * and renames it, so a reader sees one whole version or another, and of two
 * writers the later wins. Nothing here is needed for a logon: a file that is missing,
 * damaged, or possibly another user's counts as empty.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <trustlogon/name.h>

#include "internal.h"
#include "status/folder.h"
#include "status/keep.h"

#define FILE_MAX (256 * 1024)
#define PREFIX "dc-"
#define SUFFIX ".json"
/* KDCs refer to any domain, and administrators ask for any: the folder must not grow
 * without end. The least recently used file is removed first. */
#define FILES_MAX 512
/* A use is noted in the file's time of access, not each time. */
#define USE_NOTED_S 60

char *tli_cache_file_name(TALLOC_CTX *ctx, const char *domain)
{
    char name[NAME_MAX - 16];
    size_t n = 0;

    for (const char *p = domain; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-' ||
                     *p == '_' || (*p == '.' && p > domain);

        if (n + 4 > sizeof name)
            return NULL;
        if (plain)
            name[n++] = *p;
        else
            n += (size_t)snprintf(name + n, sizeof name - n, "%%%02x",
                                  (unsigned int)(unsigned char)*p);
    }
    name[n] = '\0';
    return n ? talloc_asprintf(ctx, PREFIX "%s" SUFFIX, name) : NULL;
}

static int open_folder(const struct tl_locator *locator)
{
    const char *path = locator->config->cache_dir;

    return path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* When a file was read or written last. */
static time_t used_at(const struct stat *st)
{
    return st->st_atime > st->st_mtime ? st->st_atime : st->st_mtime;
}

/* File systems keep access times badly or not at all, so this file sets them. */
static void note_use(const struct tl_locator *locator, int fd)
{
    const struct timespec times[2] = {{.tv_sec = (time_t)tli_locator_wall(locator)},
                                      {.tv_nsec = UTIME_OMIT}};
    struct stat st;

    if (fstat(fd, &st) == 0 && times[0].tv_sec - used_at(&st) >= USE_NOTED_S)
        (void)futimens(fd, times);
}

/* Trusted: a file of root's or our own that no other user may write. */
static bool trustworthy(int fd, off_t *size)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
        return false;
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return false;
    *size = st.st_size;
    return true;
}

static char *read_all(TALLOC_CTX *ctx, int fd, size_t *len)
{
    off_t size = 0;
    size_t used = 0;
    ssize_t got;
    char *text;

    if (!trustworthy(fd, &size))
        return NULL;
    text = talloc_array(ctx, char, (size_t)size + 1);
    while (text && used < (size_t)size) {
        got = read(fd, text + used, (size_t)size - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    *len = used;
    return text;
}

struct tli_cache_entry *tli_cache_load(TALLOC_CTX *ctx, const struct tl_locator *locator,
                                       const char *domain)
{
    struct tli_cache_entry *entry = NULL;
    char *name, *text;
    int folder, fd = -1;
    size_t len;

    for (entry = locator->unsaved; entry; entry = entry->next) {
        if (strcmp(entry->domain, domain) == 0)
            return tli_cache_copy(ctx, entry);
    }
    name = tli_cache_file_name(NULL, domain);
    folder = open_folder(locator);
    if (name && folder >= 0)
        fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) {
        text = read_all(name, fd, &len);
        if (text && tli_cache_decode(ctx, text, len, &entry) == 0 &&
            strcmp(entry->domain, domain) != 0)
            TALLOC_FREE(entry);
        if (entry)
            note_use(locator, fd);
        close(fd);
    }
    if (folder >= 0)
        close(folder);
    talloc_free(name);
    return entry;
}

/* The least recently used file so far. */
struct oldest {
    char name[NAME_MAX + 1]; /* empty: none yet */
    time_t used;             /* read or written last */
};

static void remember_oldest(struct oldest *oldest, const char *name,
                            const struct stat *st)
{
    if (oldest->name[0] != '\0' && used_at(st) >= oldest->used)
        return;
    snprintf(oldest->name, sizeof oldest->name, "%s", name);
    oldest->used = used_at(st);
}

/* May one more file be made? Old ones are removed, and if there are still too many, the
 * least recently used one. */
static bool room(const struct tl_locator *locator, int folder)
{
    time_t oldest = (time_t)tli_locator_wall(locator) - locator->config->cache_lifetime;
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again >= 0 ? fdopendir(again) : NULL;
    const struct dirent *de;
    struct oldest unused = {.name = ""};
    size_t count = 0;

    if (!dir) {
        if (again >= 0)
            close(again);
        return false;
    }
    while ((de = readdir(dir))) {
        struct stat st;

        if (strncmp(de->d_name, PREFIX, sizeof PREFIX - 1) != 0 ||
            fstatat(folder, de->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (st.st_mtime < oldest && unlinkat(folder, de->d_name, 0) == 0)
            continue;
        remember_oldest(&unused, de->d_name, &st);
        count++;
    }
    closedir(dir);
    if (count >= FILES_MAX && unlinkat(folder, unused.name, 0) == 0)
        count--;
    return count < FILES_MAX;
}

static bool write_all(int fd, const char *text)
{
    size_t len = strlen(text), done = 0;

    while (done < len) {
        ssize_t put = write(fd, text + done, len - done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

/* Write beside and rename. Not synced: after a crash a damaged file counts as missing. */
static bool replace(const struct tl_locator *locator, int folder, const char *name,
                    const char *text)
{
    struct stat st;
    char beside[32];
    bool ok;
    int fd;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 && !room(locator, folder))
        return false;
    snprintf(beside, sizeof beside, PREFIX "%08x.new", tli_random(NULL, UINT32_MAX));
    fd = openat(folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                0644);
    if (fd < 0)
        return false;
    /* Readable for the command; the agent's umask does not count. */
    ok = fchmod(fd, 0644) == 0 && write_all(fd, text);
    ok = close(fd) == 0 && ok;
    if (!ok || renameat(folder, beside, folder, name) != 0) {
        unlinkat(folder, beside, 0);
        return false;
    }
    return true;
}

static void remember(struct tl_locator *locator, const struct tli_cache_entry *entry)
{
    struct tli_cache_entry *copy = tli_cache_copy(locator, entry);

    if (!copy)
        return;
    copy->next = locator->unsaved;
    locator->unsaved = copy;
}

static void forget(struct tl_locator *locator, const char *domain)
{
    for (struct tli_cache_entry **at = &locator->unsaved; *at;) {
        struct tli_cache_entry *entry = *at;

        if (strcmp(entry->domain, domain) == 0) {
            *at = entry->next;
            talloc_free(entry);
        } else {
            at = &entry->next;
        }
    }
}

bool tli_cache_write(const struct tl_locator *locator, const char *domain,
                     const char *text)
{
    char *name = tli_cache_file_name(NULL, domain);
    bool stored = false;
    int folder;

    if (locator->config->cache_dir)
        (void)tli_make_folder(locator->config->cache_dir);
    folder = open_folder(locator);
    if (name && folder >= 0)
        stored = replace(locator, folder, name, text);
    if (folder >= 0)
        close(folder);
    talloc_free(name);
    return stored;
}

void tli_cache_store(struct tl_locator *locator, const struct tli_cache_entry *entry)
{
    char *text = tli_cache_encode(NULL, entry);
    bool stored = false;

    if (text && !tli_keep(TLI_KEPT_DCS, entry->domain, text, &stored))
        stored = tli_cache_write(locator, entry->domain, text);
    forget(locator, entry->domain);
    if (!stored)
        remember(locator, entry);
    talloc_free(text);
}
