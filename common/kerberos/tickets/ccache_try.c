/* SPDX-License-Identifier: MIT
 *
 * ccache_try.c - can a user's credentials cache be written? Runs as the user, in a child
 * process: makes a cache beside those that are there, of the same tickets as a logon's,
 * and removes it.
 */
#include "ccache_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* A new file in the same folder: the one that is configured may be in use. */
static int try_file(struct ccache_job *job)
{
    const char *path = job->name + strlen("FILE:");
    size_t len = strlen(job->name);

    if (len < 6 || strcmp(job->name + len - 6, "XXXXXX") != 0) {
        if (tli_ccache_check_own(job, AT_FDCWD, path) == -1)
            return -1;
        snprintf(job->name + len, sizeof(job->name) - len, ".XXXXXX");
    }
    return tli_ccache_write_file(job) == 0 ? tli_ccache_delete(job) : -1;
}

/* The folder of a DIR cache that was made for the try, as libkrb5 has left it. */
static void remove_folder(const char *folder)
{
    char primary[1200];

    snprintf(primary, sizeof(primary), "%s/primary", folder);
    (void)unlink(primary);
    (void)rmdir(folder);
}

/* One more cache of the collection. The primary one stays what it is. */
static int try_collection(struct ccache_job *job)
{
    bool is_dir = strncasecmp(job->name, "DIR:/", 5) == 0;
    const char *folder = job->name + 4;
    bool made = is_dir && access(folder, F_OK) != 0;
    krb5_context k5 = job->k5;
    krb5_ccache cache = NULL;
    krb5_error_code ret, ended = 0;
    char type[16];

    snprintf(type, sizeof(type), "%.*s", (int)strcspn(job->name, ":"), job->name);
    if (is_dir && tli_ccache_check_dir(job, folder) != 0)
        return -1;
    ret = krb5_cc_set_default_name(k5, job->name);
    if (ret == 0)
        ret = krb5_cc_new_unique(k5, type, NULL, &cache);
    if (ret == 0)
        ret = tli_ccache_fill(job, cache);
    if (cache != NULL)
        ended = krb5_cc_destroy(k5, cache);
    if (made)
        remove_folder(folder);
    if (ret == 0)
        ret = ended;
    return ret == 0 ? 0 : tli_ccache_fail_k5(job, job->name, ret);
}

int tli_ccache_try(struct ccache_job *job)
{
    return strncasecmp(job->name, "FILE:", 5) == 0 ? try_file(job) : try_collection(job);
}
