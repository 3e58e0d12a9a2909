/* SPDX-License-Identifier: MIT
 *
 * cached_logon.c - save and compare the passwords of cached logons.
 *
 * A try is written down as wrong before the password is compared, and one process at a
 * time compares: cutting the power, or guessing in many processes at once, gains no
 * further tries.
 */
#include "cached_logon.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client_watch.h"
#include "journal.h"
#include "secret.h"
#include "status/lock.h"
#include "text_file.h"
#include "verifiers.h"

#define FILE_NAME "cached-logons"
#define FILE_MAX (64 * 1024)

/* The file of verifiers, read and locked; freeing it releases the lock. */
struct verifier_file {
    char *path;
    int lock; /* descriptor of its lock file */
    struct tla_verifiers *list;
};

static int close_file(struct verifier_file *file)
{
    if (file->lock >= 0)
        close(file->lock);
    return 0;
}

/* -EBADMSG: damaged, or not a file of verifiers. */
static int read_list(struct verifier_file *file)
{
    char *text = NULL;
    size_t len;
    int rc = tla_file_read(file, file->path, 077, FILE_MAX, &text, &len);

    if (rc == -EPERM || rc == -EIO)
        return -EBADMSG;
    return rc == 0 ? tla_verifiers_parse(file, text, len, &file->list) : rc;
}

/* Takes the lock before it reads, so that tries are counted by one process at a time. A
 * missing or damaged file reads as one without entries: the next logon with a domain
 * controller writes a new one. */
static int open_file(TALLOC_CTX *ctx, const struct tl_config *config,
                     struct verifier_file **out)
{
    static const char empty[] = TLA_VERIFIERS_HEAD "\n" TLA_VERIFIERS_FOOT "\n";
    struct verifier_file *file = talloc_zero(ctx, struct verifier_file);
    char *lock;
    int rc;

    *out = NULL;
    if (file == NULL)
        return -ENOMEM;
    file->lock = -1;
    talloc_set_destructor(file, close_file);
    file->path = talloc_asprintf(file, "%s/" FILE_NAME, config->state_dir);
    lock = talloc_asprintf(file, "%s.lock", file->path);
    if (file->path == NULL || lock == NULL) {
        talloc_free(file);
        return -ENOMEM;
    }
    file->lock = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    rc = file->lock < 0
             ? -errno
             : tli_lock_file(file->lock, tl_deadline_in_ms(config->logon_timeout));
    if (rc == -ETIMEDOUT)
        tla_journal_line(LOG_WARNING,
                         "%s: another process has held the lock for too long", lock);
    if (rc == 0)
        rc = read_list(file);
    if (rc != 0 && rc != -ENOENT && rc != -EBADMSG) {
        talloc_free(file);
        return rc;
    }
    if (rc == -EBADMSG)
        tla_journal_line(LOG_WARNING,
                         "%s is damaged and ignored: no cached logons until the users "
                         "have logged on with a domain controller again",
                         file->path);
    if (rc != 0)
        rc = tla_verifiers_parse(file, empty, sizeof(empty) - 1, &file->list);
    if (rc != 0) {
        talloc_free(file);
        return rc;
    }
    *out = file;
    return 0;
}

static int write_file(const struct verifier_file *file)
{
    char *text = tla_verifiers_format(NULL, file->list);
    int rc = text != NULL ? tla_file_replace(file->path, text, true) : -ENOMEM;

    talloc_free(text);
    return rc;
}

/* SID and password together, so that a hash serves for one user only. NULL: longer than
 * crypt(3) takes; cut off, it would equal other passwords. */
static char *phrase_of(TALLOC_CTX *ctx, const struct tl_sid *sid, const char *password)
{
    char text[TL_SID_STRING_MAX], *whole, *phrase;

    whole = talloc_asprintf(ctx, "%s %s", tl_sid_format(sid, text), password);
    if (whole == NULL || strlen(whole) >= CRYPT_MAX_PASSPHRASE_SIZE) {
        if (whole != NULL)
            explicit_bzero(whole, strlen(whole));
        talloc_free(whole);
        return NULL;
    }
    phrase = tla_secret(ctx, whole);
    explicit_bzero(whole, strlen(whole));
    talloc_free(whole);
    return phrase;
}

/* The hash by `setting`, a hash or a fresh salt. NULL: crypt(3) does not know it. */
static char *hash_of(TALLOC_CTX *ctx, const char *phrase, const char *setting)
{
    struct crypt_data *data = calloc(1, sizeof(*data));
    const char *made = data != NULL ? crypt_r(phrase, setting, data) : NULL;
    char *hash = made != NULL && made[0] != '*' ? talloc_strdup(ctx, made) : NULL;

    if (data != NULL)
        explicit_bzero(data, sizeof(*data));
    free(data);
    return hash;
}

static bool same(const char *a, const char *b)
{
    size_t len = strlen(a);
    unsigned char differs = 0;

    if (strlen(b) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return differs == 0;
}

static int save(struct tla_conv *conv, const struct tl_sid *sid, int64_t proven,
                const char *password)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    struct tla_verifier verifier = {.sid = *sid, .proven = proven};
    char *phrase = phrase_of(conv, sid, password);
    struct verifier_file *file = NULL;
    int rc = phrase == NULL ? -E2BIG : 0;

    if (rc == 0 && crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) == NULL)
        rc = -errno;
    if (rc == 0) {
        verifier.hash = hash_of(phrase, phrase, setting);
        rc = verifier.hash == NULL ? -ENOMEM : open_file(phrase, conv->config, &file);
    }
    if (rc == 0)
        rc =
            tla_verifiers_put(file->list, &verifier, (size_t)conv->config->cached_logons);
    if (rc == 0)
        rc = write_file(file);
    talloc_free(phrase);
    return rc;
}

static void remove_file(const struct tl_config *config)
{
    char *path = talloc_asprintf(NULL, "%s/" FILE_NAME, config->state_dir);

    if (path != NULL && unlink(path) == 0)
        tla_journal_line(LOG_NOTICE, "cached_logons is 0: removed %s", path);
    talloc_free(path);
}

void tla_cached_logon_save(struct tla_conv *conv, const struct tl_sid *sid,
                           int64_t proven, const char *password)
{
    int rc = 0;

    if (conv->config->cached_logons == 0)
        remove_file(conv->config);
    else
        rc = save(conv, sid, proven, password);
    if (rc != 0) {
        tla_journal_line(LOG_WARNING, "cannot save the cached logon: %s", strerror(-rc));
        tla_cached_logon_drop(conv, sid); /* an older password must not stay valid */
    }
}

void tla_cached_logon_drop(struct tla_conv *conv, const struct tl_sid *sid)
{
    struct verifier_file *file = NULL;

    if (conv->config->cached_logons == 0 || open_file(conv, conv->config, &file) != 0)
        return;
    if (tla_verifiers_find(file->list, sid) != NULL) {
        tla_verifiers_drop(file->list, sid);
        (void)write_file(file);
    }
    talloc_free(file);
}

bool tla_cached_logon_is_ended(enum tl_reason reason)
{
    return reason == TL_REASON_ACCOUNT_DISABLED || reason == TL_REASON_ACCOUNT_EXPIRED ||
           reason == TL_REASON_USER_UNKNOWN;
}

/* The try is counted on disk before the hash is computed, and uncounted if it was right;
 * a try that cannot be counted is not made. */
static enum tl_reason compare(struct tla_conv *conv, struct tl_logon *logon,
                              const struct tla_cached_user *who, const char *password)
{
    char *phrase = phrase_of(conv, &who->user.sid, password), *hash;
    struct tla_verifier *verifier;
    struct verifier_file *file = NULL;
    int64_t now = (int64_t)time(NULL);
    enum tl_reason reason = logon->outcome->reason;

    if (phrase == NULL || open_file(phrase, conv->config, &file) != 0)
        goto done;
    verifier = tla_verifiers_find(file->list, &who->user.sid);
    if (verifier == NULL || verifier->proven != who->last->proven)
        goto done;
    if (!tla_verifier_open(verifier, now)) {
        reason = tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_CACHED_TRIES,
                                 "%u wrong passwords", verifier->wrong);
        goto done;
    }
    verifier->wrong = verifier->wrong >= TLA_CACHED_TRIES ? 1 : verifier->wrong + 1;
    verifier->tried = now;
    if (write_file(file) != 0)
        goto done;
    hash = hash_of(phrase, phrase, verifier->hash);
    if (hash == NULL || !same(hash, verifier->hash)) {
        reason =
            tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_CACHED_WRONG, NULL);
        goto done;
    }
    verifier->wrong = 0;
    verifier->tried = 0;
    (void)write_file(file);
    reason = TL_REASON_OK;
done:
    talloc_free(phrase);
    return reason;
}

/* An account of /etc/passwd may have been given the uid since the last proof. */
static bool still_free(struct tla_conv *conv, uint32_t uid)
{
    struct tl_local_ids *local = NULL;
    const char *why;
    bool ok = tl_local_ids_load(conv, "/etc/passwd", "/etc/group", &local) == 0 &&
              tl_local_judge_uid(local, uid, &why) == TL_REASON_OK;

    talloc_free(local);
    return ok;
}

enum tl_reason tla_cached_logon_check(struct tla_conv *conv, struct tl_logon *logon,
                                      const char *password,
                                      struct tla_cached_user **result)
{
    enum tl_reason reason = logon->outcome->reason;
    struct tla_cached_user *who;

    *result = NULL;
    if (conv->config->cached_logons == 0 || !tl_logon_unanswered(logon))
        return reason;
    who = talloc_zero(conv, struct tla_cached_user);
    if (who == NULL ||
        tla_find_user(who, conv->config->state_dir, conv->request.user, &who->user) !=
            0 ||
        (conv->peer != 0 && who->user.uid != conv->peer) ||
        who->user.uid < conv->config->minimum_uid || !still_free(conv, who->user.uid) ||
        tla_membership_cache_load(who, conv->config, &who->user.sid, &who->last) != 0 ||
        who->last->proven == 0)
        return reason;
    tla_watch_client(conv, true);
    reason = compare(conv, logon, who, password);
    tla_watch_client(conv, false);
    if (reason != TL_REASON_OK) {
        logon->words = NULL;
        return reason;
    }
    *result = who;
    return TL_REASON_OK;
}
