/* SPDX-License-Identifier: MIT
 *
 * ccache_write.c - writing a user's credentials cache. Runs as the user, in a child
 * process, so the worst that a hostile name can do is what the user could do anyway.
 * What remains is other users: a name in /tmp may be a link or a file of theirs, and
 * tickets must not go there (ccache_file.c).
 */
#include "ccache_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_folder_at(struct ccache_job *job, const char *folder, struct stat *st)
{
    if (stat(folder, st) != 0)
        return errno == ENOENT ? -ENOENT
                               : tli_ccache_fail(job, folder, strerrordesc_np(errno));
    return tli_ccache_check_folder(job, folder, st);
}

/* libkrb5 accepts any folder that it finds, and creates the files in there by name: so
 * the folder is made here, and is the user's. */
int tli_ccache_check_dir(struct ccache_job *job, const char *path)
{
    char parent[sizeof(job->name)];
    int len = (int)(strrchr(path, '/') - path);
    struct stat st;
    int ret;

    snprintf(parent, sizeof(parent), "%.*s", len > 0 ? len : 1, path);
    ret = check_folder_at(job, parent, &st);
    if (ret == 0)
        ret = check_folder_at(job, path, &st);
    if (ret == -ENOENT && !job->only_existing &&
        (mkdir(path, 0700) == 0 || errno == EEXIST))
        ret = check_folder_at(job, path, &st);
    if (ret == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return tli_ccache_fail(job, path, "other users may write to the folder");
    return ret == -ENOENT ? 0 : ret; /* libkrb5 says why not */
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
    if (strncasecmp(job->name, "DIR:/", 5) == 0 &&
        tli_ccache_check_dir(job, job->name + 4) != 0)
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
    if (ret == 0 && !tli_ccache_is_better(job, cache))
        ret = tli_ccache_fill(job, cache);
    if (ret == 0)
        ret = krb5_cc_switch(k5, cache);
    if (cache != NULL)
        krb5_cc_close(k5, cache);
    krb5_free_principal(k5, client);
    return ret == 0 ? 0 : tli_ccache_fail_k5(job, job->name, ret);
}

int tli_ccache_write(struct ccache_job *job)
{
    return strncasecmp(job->name, "FILE:", 5) == 0 ? tli_ccache_write_file(job)
                                                   : write_collection(job);
}

int tli_ccache_delete(struct ccache_job *job)
{
    krb5_ccache cache = NULL;
    krb5_error_code ret;
    int own;

    /* The others are shared by all sessions of the user: one that ends must
     * not take the tickets from the rest. They end by themselves. */
    if (strncasecmp(job->name, "FILE:", 5) != 0)
        return 0;
    own = tli_ccache_check_own(job, AT_FDCWD, job->name + 5);
    if (own != 0)
        return own == -ENOENT ? 0 : own;
    ret = krb5_cc_resolve(job->k5, job->name, &cache);
    if (ret == 0)
        ret = krb5_cc_destroy(job->k5, cache);
    return ret == 0 ? 0 : tli_ccache_fail_k5(job, job->name, ret);
}
