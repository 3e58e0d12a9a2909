/* SPDX-License-Identifier: MIT
 *
 * known.c - what a user's last proof said of his groups, kept for logons without one
 * (ssh keys, cron).
 *
 * STATE_DIR/members/<SID>, of root, 0600 in a folder of 0700: which groups somebody is
 * in is for everybody to see by ids only, and whoever could write here would decide
 * who gets in.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"

#define FOLDER "members"
#define FILE_MAX (8 << 20) /* as many groups as a PAC can have */

static char *folder_of(TALLOC_CTX *ctx, const struct tl_config *config)
{
    return talloc_asprintf(ctx, "%s/" FOLDER, config->state_dir);
}

static int write_beside(const char *path, const char *text)
{
    char *beside = talloc_asprintf(NULL, "%s.XXXXXX", path);
    int fd = beside != NULL ? mkostemp(beside, O_CLOEXEC) : -1; /* mode 0600 */
    size_t len = strlen(text);
    int rc = 0;

    if (fd < 0)
        rc = beside != NULL ? -errno : -ENOMEM;
    else if (write(fd, text, len) != (ssize_t)len)
        rc = -EIO;
    else if (rename(beside, path) != 0)
        rc = -errno;
    if (fd >= 0)
        close(fd);
    if (rc != 0 && fd >= 0)
        (void)unlink(beside);
    talloc_free(beside);
    return rc;
}

int tla_known_save(const struct tl_config *config, const struct tla_known *known)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *folder = folder_of(tmp, config), *groups = NULL, *text, *path;
    char sid[TL_SID_STRING_MAX];
    int rc =
        folder != NULL ? tl_membership_to_text(tmp, known->member, &groups) : -ENOMEM;

    if (rc != 0)
        goto cleanup;
    text = talloc_asprintf(tmp, "proven %" PRId64 "\nchecked %" PRId64 "\n%s",
                           known->proven, known->checked, groups);
    path =
        talloc_asprintf(tmp, "%s/%s", folder, tl_sid_format(&known->member->user, sid));
    if (text == NULL || path == NULL)
        rc = -ENOMEM;
    else if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        rc = -errno;
    else
        rc = write_beside(path, text);

cleanup:
    talloc_free(tmp);
    return rc;
}

static int read_whole(TALLOC_CTX *ctx, const char *path, char **text)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    int rc = 0;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 || st.st_size > FILE_MAX)
        rc = -EPERM;
    *text = rc == 0 ? talloc_zero_size(ctx, (size_t)st.st_size + 1) : NULL;
    if (rc == 0 && *text == NULL)
        rc = -ENOMEM;
    if (rc == 0 && read(fd, *text, (size_t)st.st_size) != st.st_size)
        rc = -EIO;
    close(fd);
    return rc;
}

/* "word 123\n" at *text, which is moved behind it. */
static bool take_time(char **text, const char *word, int64_t *value)
{
    char *line = strsep(text, "\n"), *end = NULL;
    size_t len = strlen(word);

    if (line == NULL || *text == NULL || strncmp(line, word, len) != 0 ||
        line[len] != ' ' || line[len + 1] < '0' || line[len + 1] > '9')
        return false;
    *value = strtoll(line + len + 1, &end, 10);
    return *end == '\0';
}

int tla_known_load(TALLOC_CTX *ctx, const struct tl_config *config,
                   const struct tl_sid *sid, struct tla_known **result)
{
    struct tla_known *known = talloc_zero(ctx, struct tla_known);
    struct tl_membership *member = NULL;
    char *folder = folder_of(known, config), *text = NULL, *path;
    char string[TL_SID_STRING_MAX];
    int rc = -ENOMEM;

    *result = NULL;
    path = talloc_asprintf(known, "%s/%s", folder, tl_sid_format(sid, string));
    if (known != NULL && folder != NULL && path != NULL)
        rc = read_whole(known, path, &text);
    if (rc == 0 && (!take_time(&text, "proven", &known->proven) ||
                    !take_time(&text, "checked", &known->checked)))
        rc = -EBADMSG;
    if (rc == 0)
        rc = tl_membership_from_text(known, text, strlen(text), &member);
    if (rc == 0 && !tl_sid_equal(&member->user, sid))
        rc = -EBADMSG;
    if (rc != 0) {
        talloc_free(known);
        return rc;
    }
    known->member = member;
    *result = known;
    return 0;
}
