/* SPDX-License-Identifier: MIT
 *
 * cached_logon.c - keeping and comparing the passwords of cached logons (cached.h).
 *
 * A try is written down as wrong before the password is compared, and one process at a
 * time compares: whoever pulls the plug, or guesses in many processes at once, has no
 * more tries than others.
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

/* The file, read and held against others; closing the lock lets go of it. */
struct book {
    char *path;
    int lock;
    struct tla_verifiers *list;
};

static int close_book(struct book *book)
{
    if (book->lock >= 0)
        close(book->lock);
    return 0;
}

/* -EBADMSG: what is there is no file of ours, or was damaged. */
static int read_list(struct book *book)
{
    char *text = NULL;
    size_t len;
    int rc = tla_file_read(book, book->path, 077, FILE_MAX, &text, &len);

    if (rc == -EPERM || rc == -EIO)
        return -EBADMSG;
    return rc == 0 ? tla_verifiers_parse(book, text, len, &book->list) : rc;
}

static int open_book(TALLOC_CTX *ctx, const struct tl_config *config, struct book **out)
{
    static const char empty[] = TLA_VERIFIERS_HEAD "\n" TLA_VERIFIERS_FOOT "\n";
    struct book *book = talloc_zero(ctx, struct book);
    char *lock;
    int rc;

    *out = NULL;
    if (book == NULL)
        return -ENOMEM;
    book->lock = -1;
    talloc_set_destructor(book, close_book);
    book->path = talloc_asprintf(book, "%s/" FILE_NAME, config->state_dir);
    lock = talloc_asprintf(book, "%s.lock", book->path);
    if (book->path == NULL || lock == NULL) {
        talloc_free(book);
        return -ENOMEM;
    }
    book->lock = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    rc = book->lock < 0
             ? -errno
             : tli_lock_file(book->lock, tl_deadline_in_ms(config->logon_timeout));
    if (rc == -ETIMEDOUT)
        tla_journal_line(LOG_WARNING, "%s is held by another process for too long", lock);
    if (rc == 0)
        rc = read_list(book);
    if (rc != 0 && rc != -ENOENT && rc != -EBADMSG) {
        talloc_free(book);
        return rc;
    }
    if (rc == -EBADMSG)
        tla_journal_line(LOG_WARNING,
                         "%s is damaged: nobody has a cached logon until "
                         "a domain controller has proved them again",
                         book->path);
    if (rc != 0)
        rc = tla_verifiers_parse(book, empty, sizeof(empty) - 1, &book->list);
    if (rc != 0) {
        talloc_free(book);
        return rc;
    }
    *out = book;
    return 0;
}

static int write_book(const struct book *book)
{
    char *text = tla_verifiers_format(NULL, book->list);
    int rc = text != NULL ? tla_file_replace(book->path, text, true) : -ENOMEM;

    talloc_free(text);
    return rc;
}

/* SID and password in one, so that nobody's hash serves for somebody else. NULL: longer
 * than crypt(3) takes, and cut it would be the same as other passwords. */
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

/* By `setting`, a hash or a fresh salt. NULL: crypt(3) does not know it. */
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

static int keep(struct tla_conv *conv, const struct tl_sid *sid, int64_t proven,
                const char *password)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    struct tla_verifier verifier = {.sid = *sid, .proven = proven};
    char *phrase = phrase_of(conv, sid, password);
    struct book *book = NULL;
    int rc = phrase == NULL ? -E2BIG : 0;

    if (rc == 0 && crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) == NULL)
        rc = -errno;
    if (rc == 0) {
        verifier.hash = hash_of(phrase, phrase, setting);
        rc = verifier.hash == NULL ? -ENOMEM : open_book(phrase, conv->config, &book);
    }
    if (rc == 0)
        rc =
            tla_verifiers_put(book->list, &verifier, (size_t)conv->config->cached_logons);
    if (rc == 0)
        rc = write_book(book);
    talloc_free(phrase);
    return rc;
}

static void forget_all(const struct tl_config *config)
{
    char *path = talloc_asprintf(NULL, "%s/" FILE_NAME, config->state_dir);

    if (path != NULL && unlink(path) == 0)
        tla_journal_line(LOG_NOTICE, "cached_logons is 0: %s is removed", path);
    talloc_free(path);
}

void tla_cached_logon_save(struct tla_conv *conv, const struct tl_sid *sid,
                           int64_t proven, const char *password)
{
    int rc = 0;

    if (conv->config->cached_logons == 0)
        forget_all(conv->config);
    else
        rc = keep(conv, sid, proven, password);
    if (rc != 0) {
        tla_journal_line(LOG_WARNING, "no cached logon is kept: %s", strerror(-rc));
        tla_cached_logon_drop(conv,
                              sid); /* an older password must not outlive this one */
    }
}

void tla_cached_logon_drop(struct tla_conv *conv, const struct tl_sid *sid)
{
    struct book *book = NULL;

    if (conv->config->cached_logons == 0 || open_book(conv, conv->config, &book) != 0)
        return;
    if (tla_verifiers_find(book->list, sid) != NULL) {
        tla_verifiers_drop(book->list, sid);
        (void)write_book(book);
    }
    talloc_free(book);
}

bool tla_cached_logon_is_ended(enum tl_reason reason)
{
    return reason == TL_REASON_ACCOUNT_DISABLED || reason == TL_REASON_ACCOUNT_EXPIRED ||
           reason == TL_REASON_USER_UNKNOWN;
}

/* Silence only: an answer of a KDC, whatever it says, is the answer. */
static bool nobody_answered(const struct tl_logon *logon)
{
    const struct tl_outcome *out = logon->outcome;

    return out->ntstatus == TL_NT_NO_LOGON_SERVERS && !logon->answered &&
           out->reason != TL_REASON_KDC_GARBAGE && out->krb_error == TL_KRB_NONE;
}

static enum tl_reason compare(struct tla_conv *conv, struct tl_logon *logon,
                              const struct tla_cached_user *who, const char *password)
{
    char *phrase = phrase_of(conv, &who->user.sid, password), *hash;
    struct tla_verifier *verifier;
    struct book *book = NULL;
    int64_t now = (int64_t)time(NULL);
    enum tl_reason reason = logon->outcome->reason;

    if (phrase == NULL || open_book(phrase, conv->config, &book) != 0)
        goto done;
    verifier = tla_verifiers_find(book->list, &who->user.sid);
    if (verifier == NULL || verifier->proven != who->last->proven)
        goto done;
    if (!tla_verifier_open(verifier, now)) {
        reason = tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_CACHED_TRIES,
                                 "%u wrong passwords", verifier->wrong);
        goto done;
    }
    verifier->wrong = verifier->wrong >= TLA_CACHED_TRIES ? 1 : verifier->wrong + 1;
    verifier->tried = now;
    if (write_book(book) != 0)
        goto done; /* a try that cannot be counted is none */
    hash = hash_of(phrase, phrase, verifier->hash);
    if (hash == NULL || !same(hash, verifier->hash)) {
        reason =
            tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_CACHED_WRONG, NULL);
        goto done;
    }
    verifier->wrong = 0;
    verifier->tried = 0;
    (void)write_book(book);
    reason = TL_REASON_OK;
done:
    talloc_free(phrase);
    return reason;
}

/* An account of /etc/passwd may have taken the uid meanwhile. */
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
    if (conv->config->cached_logons == 0 || !nobody_answered(logon))
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
