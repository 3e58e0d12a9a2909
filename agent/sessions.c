/* SPDX-License-Identifier: MIT
 *
 * sessions.c - the PAM sessions whose tickets the agent stored.
 *
 * RUN_DIR/sessions/<token>, root's, 0600 in a folder of 0700. A cache that several
 * sessions share (KEYRING, KCM, DIR) has a record for each, and the last one to end ends
 * its renewal. Records hold names and ids, no secret.
 */
#include "sessions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pending.h"
#include "text_file.h"

#define RECORD_MAX 4096

static char *folder_of(TALLOC_CTX *ctx, const char *run_dir)
{
    return talloc_asprintf(ctx, "%s/sessions", run_dir);
}

char *tla_session_format(TALLOC_CTX *ctx, const struct tla_session *session)
{
    return talloc_asprintf(ctx, "%u %u %" PRId64 "\n%s\n%s\n%s\n", session->uid,
                           session->gid, session->refused_end, session->ccache,
                           session->realm, session->user);
}

static bool one_line(const char *text)
{
    return text != NULL && *text != '\0' && strchr(text, '\n') == NULL;
}

int tla_session_note(const char *run_dir, const char *token,
                     const struct tla_session *session)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *folder = folder_of(tmp, run_dir), *text;
    char *path = talloc_asprintf(tmp, "%s/%s", folder, token);
    int rc = 0;

    text = tla_session_format(tmp, session);
    if (folder == NULL || path == NULL || text == NULL)
        rc = -ENOMEM;
    else if (!tla_token_is_valid(token) || !one_line(session->ccache) ||
             !one_line(session->realm) || !one_line(session->user) ||
             strlen(text) > RECORD_MAX)
        rc = -EINVAL;
    else if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        rc = -errno;
    else
        rc = tla_file_replace(path, text, false);
    talloc_free(tmp);
    return rc;
}

/* A number and the character that ends it, at *text, which is moved behind them. */
static bool take_number(char **text, char ends, long long *value)
{
    char *end = *text;

    if (**text < '0' || **text > '9')
        return false;
    *value = strtoll(*text, &end, 10);
    if (*end != ends)
        return false;
    *text = end + (ends != '\0');
    return true;
}

bool tla_session_parse(struct tla_session *session, char *text)
{
    char *ids = strsep(&text, "\n");
    long long uid, gid, refused_end;

    session->ccache = strsep(&text, "\n");
    session->realm = strsep(&text, "\n");
    session->user = strsep(&text, "\n");
    if (text == NULL || !one_line(session->ccache) || !one_line(session->realm) ||
        !one_line(session->user) || !take_number(&ids, ' ', &uid) ||
        !take_number(&ids, ' ', &gid) || !take_number(&ids, '\0', &refused_end) ||
        uid == 0 || gid == 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
        return false;
    session->uid = (uint32_t)uid;
    session->gid = (uint32_t)gid;
    session->refused_end = refused_end;
    return true;
}

/* Also `st` of the record, for its age. */
static bool read_record(TALLOC_CTX *ctx, int folder, const char *name,
                        struct tla_session *session, struct stat *st)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char *text = fd >= 0 ? talloc_zero_size(ctx, RECORD_MAX + 1) : NULL;
    bool good = text != NULL && fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
                st->st_uid == geteuid() && read(fd, text, RECORD_MAX) > 0 &&
                tla_session_parse(session, text);

    if (fd >= 0)
        close(fd);
    if (!good)
        talloc_free(text);
    return good;
}

/* Each record to `each` until it returns false. */
static void walk(TALLOC_CTX *ctx, const char *run_dir,
                 bool (*each)(void *arg, const struct tla_session *session,
                              const struct stat *st),
                 void *arg)
{
    char *folder = folder_of(ctx, run_dir);
    DIR *dir = folder != NULL ? opendir(folder) : NULL;
    struct dirent *entry;
    bool go_on = true;

    while (dir != NULL && go_on && (entry = readdir(dir)) != NULL) {
        struct tla_session session = {0};
        struct stat st;

        if (!tla_token_is_valid(entry->d_name) ||
            !read_record(ctx, dirfd(dir), entry->d_name, &session, &st))
            continue;
        session.path = talloc_asprintf(ctx, "%s/%s", folder, entry->d_name);
        go_on = session.path != NULL && each(arg, &session, &st);
    }
    if (dir != NULL)
        closedir(dir);
}

struct collected {
    TALLOC_CTX *ctx;
    struct tla_session *list;
    size_t count;
    int rc;
};

static bool collect(void *arg, const struct tla_session *session, const struct stat *st)
{
    struct collected *all = arg;
    struct tla_session *grown =
        talloc_realloc(all->ctx, all->list, struct tla_session, all->count + 1);

    if (grown == NULL) {
        all->rc = -ENOMEM;
        return false;
    }
    all->list = grown;
    grown[all->count++] = *session;
    return true;
}

int tla_session_list(TALLOC_CTX *ctx, const char *run_dir, struct tla_session **list,
                     size_t *count)
{
    struct collected all = {.ctx = ctx};

    walk(ctx, run_dir, collect, &all);
    *list = all.rc == 0 ? all.list : NULL;
    *count = all.rc == 0 ? all.count : 0;
    return all.rc;
}

static bool note_one(void *arg, const struct tla_session *session, const struct stat *st)
{
    *(bool *)arg = true;
    return false;
}

bool tla_session_any(const char *run_dir)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    bool any = false;

    walk(tmp, run_dir, note_one, &any);
    talloc_free(tmp);
    return any;
}

struct wanted {
    TALLOC_CTX *ctx;
    uint32_t uid;
    const char *ccache;
    struct timespec youngest;
};

static bool drop(void *arg, const struct tla_session *session, const struct stat *st)
{
    const struct wanted *wanted = arg;

    if (session->uid != wanted->uid || strcmp(session->ccache, wanted->ccache) != 0)
        return true;
    return unlink(session->path) != 0;
}

void tla_session_drop(const char *run_dir, uint32_t uid, const char *ccache)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct wanted wanted = {.uid = uid, .ccache = ccache};

    if (ccache != NULL)
        walk(tmp, run_dir, drop, &wanted);
    talloc_free(tmp);
}

/* A missing FILE cache belonged to a session that ended without pam_close_session. */
static bool is_there(const char *ccache)
{
    struct stat st;

    return strncmp(ccache, "FILE:", 5) != 0 || lstat(ccache + 5, &st) == 0;
}

static bool find_youngest(void *arg, const struct tla_session *session,
                          const struct stat *st)
{
    struct wanted *wanted = arg;

    if (session->uid == wanted->uid && is_there(session->ccache) &&
        (wanted->ccache == NULL || st->st_mtim.tv_sec > wanted->youngest.tv_sec ||
         (st->st_mtim.tv_sec == wanted->youngest.tv_sec &&
          st->st_mtim.tv_nsec > wanted->youngest.tv_nsec))) {
        wanted->ccache = session->ccache;
        wanted->youngest = st->st_mtim;
    }
    return true;
}

const char *tla_session_cache(TALLOC_CTX *ctx, const char *run_dir, uint32_t uid)
{
    struct wanted wanted = {.uid = uid};

    walk(ctx, run_dir, find_youngest, &wanted);
    return wanted.ccache;
}
