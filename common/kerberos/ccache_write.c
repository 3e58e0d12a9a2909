/* SPDX-License-Identifier: MIT
 *
 * Writing a user's credentials cache. Runs as the user, in a child process; so
 * the worst that a hostile name can do is what the user could do anyway. What is
 * left is other users: a name in /tmp may be a link or a file of theirs, and
 * tickets must not go there. So a file is made beside (mkstemp) and renamed.
 */
#include "ccache_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct ccache_job *job, const char *doing, const char *text)
{
    snprintf(job->error, sizeof(job->error), "%s: %s", doing, text);
    return -1;
}

static int fail_k5(struct ccache_job *job, const char *doing, krb5_error_code code)
{
    const char *text = krb5_get_error_message(job->k5, code);

    fail(job, doing, text);
    krb5_free_error_message(job->k5, text);
    return -1;
}

krb5_error_code tl_ccache_fill(struct ccache_job *job, krb5_ccache to)
{
    krb5_principal client = NULL;
    krb5_error_code ret = krb5_cc_get_principal(job->k5, job->tickets, &client);

    if (ret == 0)
        ret = krb5_cc_initialize(job->k5, to, client);
    if (ret == 0)
        ret = krb5_cc_copy_creds(job->k5, job->tickets, to);
    krb5_free_principal(job->k5, client);
    return ret;
}

/* A cached logon brings the name of its client and no ticket. */
static bool brings_nothing(struct ccache_job *job)
{
    krb5_cc_cursor cursor;
    krb5_creds creds;
    bool nothing = true;

    if (krb5_cc_start_seq_get(job->k5, job->tickets, &cursor) != 0)
        return false;
    if (krb5_cc_next_cred(job->k5, job->tickets, &cursor, &creds) == 0) {
        krb5_free_cred_contents(job->k5, &creds);
        nothing = false;
    }
    krb5_cc_end_seq_get(job->k5, job->tickets, &cursor);
    return nothing;
}

/* What the user has there must not be lost for nothing. */
static bool is_better(struct ccache_job *job, krb5_ccache there)
{
    krb5_principal theirs = NULL, ours = NULL;
    bool better = brings_nothing(job) &&
                  krb5_cc_get_principal(job->k5, there, &theirs) == 0 &&
                  krb5_cc_get_principal(job->k5, job->tickets, &ours) == 0 &&
                  krb5_principal_compare_flags(job->k5, theirs, ours,
                                               KRB5_PRINCIPAL_COMPARE_CASEFOLD);

    krb5_free_principal(job->k5, theirs);
    krb5_free_principal(job->k5, ours);
    return better;
}

static bool file_is_better(struct ccache_job *job)
{
    krb5_ccache there = NULL;
    bool better =
        krb5_cc_resolve(job->k5, job->name, &there) == 0 && is_better(job, there);

    if (there != NULL)
        krb5_cc_close(job->k5, there);
    return better;
}

/* The file at `path` is the user's own, or there is none (-ENOENT). */
static int check_own_file(struct ccache_job *job, const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? -ENOENT : fail(job, path, strerrordesc_np(errno));
    if (!S_ISREG(st.st_mode))
        return fail(job, path, "it is no regular file");
    if (st.st_uid != geteuid())
        return fail(job, path, "it belongs to another user");
    return 0;
}

/* Whoever owns the folder, or may write to one that is not sticky, can put a file of
 * his under the name between two openings of it, and libkrb5 opens often. */
static int check_folder(struct ccache_job *job, const char *folder)
{
    struct stat st;

    if (stat(folder, &st) != 0)
        return errno == ENOENT ? -ENOENT : fail(job, folder, strerrordesc_np(errno));
    if (!S_ISDIR(st.st_mode))
        return fail(job, folder, "it is no folder");
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return fail(job, folder, "the folder belongs to another user");
    if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
        return fail(job, folder, "anybody may write to the folder");
    return 0;
}

static int check_folder_of(struct ccache_job *job, const char *path)
{
    char folder[sizeof(job->name)];
    int len = (int)(strrchr(path, '/') - path);

    snprintf(folder, sizeof(folder), "%.*s", len > 0 ? len : 1, path);
    return check_folder(job, folder);
}

/* Fill a new file whose name mkstemp() completes. */
static int fill_new_file(struct ccache_job *job, char *path)
{
    char name[sizeof(job->name) + 8];
    krb5_ccache cache = NULL;
    krb5_error_code ret;
    int fd = mkstemp(path);

    if (fd < 0)
        return fail(job, path, strerrordesc_np(errno));
    close(fd);
    snprintf(name, sizeof(name), "FILE:%s", path);
    ret = krb5_cc_resolve(job->k5, name, &cache);
    if (ret == 0)
        ret = tl_ccache_fill(job, cache);
    if (cache != NULL)
        krb5_cc_close(job->k5, cache);
    if (ret != 0) {
        fail_k5(job, path, ret);
        unlink(path);
        return -1;
    }
    return 0;
}

static int write_file(struct ccache_job *job)
{
    char *path = job->name + strlen("FILE:");
    size_t len = strlen(path);
    char beside[sizeof(job->name) + 8];
    int ret = check_folder_of(job, path);

    if (ret != 0)
        return ret != -ENOENT ? ret : fail(job, path, "there is no such folder");
    if (len >= 6 && strcmp(path + len - 6, "XXXXXX") == 0 && !job->only_existing)
        return fill_new_file(job, path);
    ret = check_own_file(job, path);
    if (ret == -ENOENT && job->only_existing)
        return fail(job, path, "there is no such cache");
    if (ret != 0 && ret != -ENOENT)
        return ret;
    if (ret == 0 && file_is_better(job))
        return 0;
    snprintf(beside, sizeof(beside), "%s.XXXXXX", path);
    if (fill_new_file(job, beside) != 0)
        return -1;
    if (rename(beside, path) != 0) {
        fail(job, path, strerrordesc_np(errno));
        unlink(beside);
        return -1;
    }
    return 0;
}

/* The folder of a DIR cache, or the one that it will be made in. */
static int check_dir(struct ccache_job *job, const char *path)
{
    int ret = check_folder_of(job, path);

    if (ret == 0)
        ret = check_folder(job, path);
    return ret == -ENOENT ? 0 : ret; /* libkrb5 makes it, or says why not */
}

/* DIR, KEYRING:persistent, KCM hold several caches: take the one of this client,
 * or a new one, and make it the primary. */
static int write_collection(struct ccache_job *job)
{
    krb5_context k5 = job->k5;
    krb5_principal client = NULL;
    krb5_ccache cache = NULL;
    char type[16];
    krb5_error_code ret;

    snprintf(type, sizeof(type), "%.*s", (int)strcspn(job->name, ":"), job->name);
    if (strncasecmp(job->name, "DIR:/", 5) == 0 && check_dir(job, job->name + 4) != 0)
        return -1;
    ret = krb5_cc_set_default_name(k5, job->name);
    if (ret == 0) /* makes the folder of DIR, the collection of the others */
        ret = krb5_cc_resolve(k5, job->name, &cache);
    if (ret == 0) {
        krb5_cc_close(k5, cache);
        cache = NULL;
        ret = krb5_cc_get_principal(k5, job->tickets, &client);
    }
    if (ret == 0) {
        ret = krb5_cc_cache_match(k5, client, &cache);
        if (ret != 0 && !job->only_existing)
            ret = krb5_cc_new_unique(k5, type, NULL, &cache);
    }
    if (ret == 0 && !is_better(job, cache))
        ret = tl_ccache_fill(job, cache);
    if (ret == 0)
        ret = krb5_cc_switch(k5, cache);
    if (cache != NULL)
        krb5_cc_close(k5, cache);
    krb5_free_principal(k5, client);
    return ret == 0 ? 0 : fail_k5(job, job->name, ret);
}

int tl_ccache_write(struct ccache_job *job)
{
    return strncasecmp(job->name, "FILE:", 5) == 0 ? write_file(job)
                                                   : write_collection(job);
}

int tl_ccache_delete(struct ccache_job *job)
{
    krb5_ccache cache = NULL;
    krb5_error_code ret;
    int own;

    /* The others are shared by all sessions of the user: one that ends must
     * not take the tickets from the rest. They end by themselves. */
    if (strncasecmp(job->name, "FILE:", 5) != 0)
        return 0;
    own = check_own_file(job, job->name + 5);
    if (own != 0)
        return own == -ENOENT ? 0 : own;
    ret = krb5_cc_resolve(job->k5, job->name, &cache);
    if (ret == 0)
        ret = krb5_cc_destroy(job->k5, cache);
    return ret == 0 ? 0 : fail_k5(job, job->name, ret);
}
