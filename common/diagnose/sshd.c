/* SPDX-License-Identifier: MIT
 *
 * sshd.c - what sshd's own settings mean for the user.
 */
#include <errno.h>
#include <glob.h>
#include <string.h>

#include "internal.h"
#include "local_files.h"

#define FOLDER "/etc/ssh/"
#define FILE_NAME FOLDER "sshd_config"

/* The nth file of a pattern; globbed each time: there are few, and small. */
static const char *load(void *arg, const char *pattern, size_t nth, bool *unreadable)
{
    char *full = pattern == NULL     ? talloc_strdup(arg, FILE_NAME)
                 : pattern[0] == '/' ? talloc_strdup(arg, pattern)
                                     : talloc_asprintf(arg, FOLDER "%s", pattern);
    char *text = NULL;
    glob_t found;
    int rc;

    if (full == NULL || glob(full, 0, NULL, &found) != 0)
        return NULL;
    if (nth < found.gl_pathc) {
        rc = tli_text_read(arg, found.gl_pathv[nth], &text);
        *unreadable = rc != 0 && rc != -ENOENT;
    }
    globfree(&found);
    return text;
}

static void check_methods(struct run *run, const struct tli_sshd *sshd)
{
    if (!sshd->use_pam)
        tli_found(run, "sshd", FILE_NAME, TL_FINDING_WARNING, TL_REASON_SSHD_NO_PAM,
                  FILE_NAME, "UsePAM", "UsePAM is no: sshd calls no PAM module");
    else if (!sshd->passwords && !sshd->keyboard)
        tli_found(run, "sshd", FILE_NAME, TL_FINDING_WARNING, TL_REASON_SSHD_NO_PASSWORDS,
                  FILE_NAME, NULL,
                  "PasswordAuthentication and KbdInteractiveAuthentication are no");
    else
        tli_found_ok(run, "sshd", FILE_NAME, "UsePAM is yes, %s",
                     sshd->keyboard ? "KbdInteractiveAuthentication is yes"
                                    : "but only PasswordAuthentication, which does not "
                                      "show the user the reason of a refusal");
}

static void check_users(struct run *run, const struct tli_sshd *sshd, const char *user)
{
    const char *pattern = NULL;
    enum tli_sshd_match match = tli_sshd_match(&sshd->deny_users, user, &pattern);

    if (match >= TL_SSHD_MAYBE) {
        tli_found(run, "sshd", FILE_NAME, TL_FINDING_WARNING, TL_REASON_SSHD_USERS,
                  FILE_NAME, "DenyUsers", "DenyUsers %s excludes %s%s", pattern, user,
                  match == TL_SSHD_MAYBE ? " from some hosts" : "");
        return;
    }
    if (sshd->allow_users.count == 0)
        return;
    match = tli_sshd_match(&sshd->allow_users, user, &pattern);
    if (match == TL_SSHD_NO)
        tli_found(run, "sshd", FILE_NAME, TL_FINDING_WARNING, TL_REASON_SSHD_USERS,
                  FILE_NAME, "AllowUsers", "AllowUsers does not list %s", user);
    else if (match == TL_SSHD_SPLIT)
        tli_found(run, "sshd", FILE_NAME, TL_FINDING_WARNING, TL_REASON_SSHD_USERS,
                  FILE_NAME, "AllowUsers",
                  "sshd reads AllowUsers %s as a user and a host, not as %s: write '?' "
                  "for the '@'",
                  pattern, user);
    else
        tli_found_ok(run, "sshd", FILE_NAME, "AllowUsers %s allows %s%s", pattern, user,
                     match == TL_SSHD_MAYBE ? " from some hosts" : "");
}

/* Which parts of the file were not judged, in one sentence. */
static void tell_rest(struct run *run, const struct tli_sshd *sshd, const char *user)
{
    char *rest = talloc_strdup(run->diag, "");
    bool users = sshd->allow_users.count + sshd->deny_users.count > 0;

    if (sshd->matches > 0)
        rest = talloc_asprintf_append(rest, ", not the options below Match (%zu)",
                                      sshd->matches);
    if (sshd->by_groups)
        rest = talloc_strdup_append(rest, ", not AllowGroups and DenyGroups");
    if (users && user == NULL)
        rest = talloc_strdup_append(rest, ", not AllowUsers and DenyUsers");
    if (sshd->included != NULL) {
        rest = talloc_asprintf_append(rest, ", not %s, which cannot be read",
                                      sshd->included);
        run->diag->complete = false;
    }
    if (rest != NULL && rest[0] != '\0')
        tli_left_out(run, TL_AREA_PARTLY, "%s", rest + 2);
}

/* The name that sshd compares with, which is the name service's; NULL: not known. */
static const char *user_of(struct run *run, TALLOC_CTX *ctx)
{
    const struct tl_logon *logon = run->diag->logon;
    char *path = talloc_asprintf(ctx, "%s/%s", run->config->state_dir, TL_STORE_FILE);
    struct tli_store_view *view = NULL;
    const char *user;

    if (logon == NULL || logon->identity == NULL)
        return NULL;
    user = logon->identity->canonical;
    if (path != NULL && tli_store_view_open(ctx, path, &view) == 0)
        user = tli_shown_name(ctx, view, "/etc/passwd", user);
    return user;
}

void tli_check_sshd(struct run *run)
{
    TALLOC_CTX *texts = talloc_new(run);
    const char *user = texts != NULL ? user_of(run, texts) : NULL;
    struct tli_sshd sshd;
    int rc = texts != NULL ? tli_sshd_read(texts, load, texts, &sshd) : -ENOMEM;

    if (rc == -ENOENT) {
        tli_left_out(run, TL_AREA_NOT_LOOKED, "there is no " FILE_NAME);
    } else if (rc != 0) {
        tli_left_out(run, TL_AREA_NOT_LOOKED, FILE_NAME ": %s", strerror(-rc));
        run->diag->complete = false;
    } else {
        check_methods(run, &sshd);
        if (user != NULL)
            check_users(run, &sshd, user);
        tell_rest(run, &sshd, user);
    }
    talloc_free(texts);
}
