/* SPDX-License-Identifier: MIT
 *
 * deferred_note.c - the note that a session waits for tickets.
 */
#include "deferred_note.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text_file.h"

char *tla_deferred_note_path(TALLOC_CTX *ctx, const char *run_dir, const char *token)
{
    return tla_token_is_valid(token)
               ? talloc_asprintf(ctx, "%s/pending/%s.waits", run_dir, token)
               : NULL;
}

static char *text_with(TALLOC_CTX *ctx, uint32_t uid, const char *ccache)
{
    return talloc_asprintf(ctx, "%u %s", uid, ccache);
}

/* Remove the notes of other monitors that wait for the same cache; they end at their next
 * check. */
static void supersede(const char *run_dir, const char *token, const char *text)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *folder = talloc_asprintf(tmp, "%s/pending", run_dir), *found;
    DIR *dir = folder != NULL ? opendir(folder) : NULL;
    const struct dirent *entry;
    size_t len;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        char *path = talloc_asprintf(tmp, "%s/%s", folder, entry->d_name);

        if (path != NULL && dot != NULL && strcmp(dot, ".waits") == 0 &&
            strncmp(entry->d_name, token, strlen(token)) != 0 &&
            tla_file_read(tmp, path, 077, TL_WIRE_STRING_MAX, &found, &len) == 0 &&
            strcmp(found, text) == 0)
            (void)unlink(path);
        talloc_free(path);
    }
    if (dir != NULL)
        closedir(dir);
    talloc_free(tmp);
}

void tla_deferred_note_set_cache(const char *run_dir, const char *token, uint32_t uid,
                                 const char *ccache)
{
    char *note = tla_deferred_note_path(NULL, run_dir, token),
         *text = text_with(note, uid, ccache);

    /* Few logons have a note: most monitors do not wait. */
    if (text != NULL && access(note, F_OK) == 0) {
        if (tla_file_replace(note, text, false) != 0)
            (void)unlink(note);
        else
            supersede(run_dir, token, text);
    }
    talloc_free(note);
}

void tla_deferred_note_cancel(const char *run_dir, const char *token)
{
    char *note = tla_deferred_note_path(NULL, run_dir, token);

    if (note != NULL)
        (void)unlink(note);
    talloc_free(note);
}

void tla_deferred_note_begin(struct tla_conv *conv, const struct tla_pending *pending)
{
    char *note = tla_deferred_note_path(conv, conv->config->run_dir, pending->token);
    char *text = text_with(note, pending->uid, "");

    if (text != NULL && !conv->setup->single &&
        tla_file_replace(note, text, false) == 0 && conv->peer != 0)
        supersede(conv->config->run_dir, pending->token, text);
    talloc_free(note);
}

const char *tla_deferred_note_read(TALLOC_CTX *ctx, const char *note)
{
    char *text;
    size_t len;

    if (tla_file_read(ctx, note, 077, TL_WIRE_STRING_MAX, &text, &len) != 0 ||
        utimensat(AT_FDCWD, note, NULL, AT_SYMLINK_NOFOLLOW) != 0 ||
        strchr(text, ' ') == NULL)
        return NULL;
    return strchr(text, ' ') + 1;
}

/* A FILE cache belongs to one session: if it is gone, so is the session. A program that
 * has not asked for a cache by now (sudo) will not, since the sweeper removes the
 * tickets. */
bool tla_deferred_note_is_stale(const char *ccache, int64_t waited_us)
{
    struct stat st;

    if (ccache[0] == '\0')
        return waited_us > TLA_PENDING_SECONDS * 1000000LL;
    return strncmp(ccache, "FILE:", 5) == 0 && lstat(ccache + 5, &st) != 0;
}
