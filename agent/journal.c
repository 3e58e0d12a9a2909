/* SPDX-License-Identifier: MIT
 *
 * journal.c - the agent's log: one entry per logon, with fields.
 *
 * Names come from users and networks: characters that are not plain text are replaced,
 * and no name is ever used as a format. No secret passes through here.
 */
#include "journal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wire/plain.h"

#if HAVE_SYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define MAX_FIELDS 24

static struct {
    bool to_stderr, to_journal;
} sink; /* set once, before any thread or child */

struct entry {
    TALLOC_CTX *ctx;
    const char *hidden; /* a name that no field may quote, or NULL */
    int count;
    char *fields[MAX_FIELDS]; /* "NAME=value" */
};

void tla_journal_open(bool to_stderr)
{
    sink.to_stderr = to_stderr;
    sink.to_journal = HAVE_SYSTEMD && access(JOURNAL_SOCKET, W_OK) == 0;
    openlog("trustlogond", LOG_PID, LOG_AUTHPRIV);
}

static void add(struct entry *entry, const char *name, const char *value)
{
    char *field;

    if (value == NULL || *value == '\0' || entry->count >= MAX_FIELDS ||
        tla_journal_quotes(value, entry->hidden))
        return;
    field = talloc_asprintf(entry->ctx, "%s=%s", name, value);
    if (field == NULL)
        return;
    tli_plain(field, NULL);
    entry->fields[entry->count++] = field;
}

static void add_number(struct entry *entry, const char *name, int64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRId64, value);
    add(entry, name, text);
}

static void add_status(struct entry *entry, const char *name, uint32_t value)
{
    char text[16];

    snprintf(text, sizeof(text), "0x%08" PRIX32, value);
    add(entry, name, text);
}

#if HAVE_SYSTEMD
static bool to_journal(const struct entry *entry)
{
    struct iovec iov[MAX_FIELDS];

    for (int i = 0; i < entry->count; i++) {
        iov[i].iov_base = entry->fields[i];
        iov[i].iov_len = strlen(entry->fields[i]);
    }
    return sd_journal_sendv(iov, entry->count) >= 0;
}
#else
static bool to_journal(const struct entry *entry)
{
    return false;
}
#endif

/* Without a journal: the message, then the fields, in one line. */
static void send_entry(const struct entry *entry, int priority, const char *message)
{
    char *line;

    if (!sink.to_stderr && sink.to_journal && to_journal(entry))
        return;
    line = talloc_strdup(entry->ctx, message);
    for (int i = 0; i < entry->count && line != NULL; i++) {
        if (strncmp(entry->fields[i], "TRUSTLOGON_", 11) == 0)
            line = talloc_asprintf_append(line, " %s;", entry->fields[i]);
    }
    if (line == NULL)
        return;
    tli_plain(line, NULL);
    if (sink.to_stderr)
        fprintf(stderr, "<%d>trustlogond: %s\n", priority, line);
    else
        syslog(priority, "%s", line);
}

static struct entry *entry_new(TALLOC_CTX *ctx, int priority, const char *message)
{
    struct entry *entry = talloc_zero(ctx, struct entry);

    if (entry == NULL)
        return NULL;
    entry->ctx = entry;
    add(entry, "MESSAGE", message);
    add_number(entry, "PRIORITY", priority);
    add(entry, "SYSLOG_IDENTIFIER", "trustlogond");
    add_number(entry, "SYSLOG_FACILITY", LOG_FAC(LOG_AUTHPRIV));
    return entry;
}

void tla_journal_line(int priority, const char *fmt, ...)
{
    struct entry *entry = NULL;
    char *message;
    va_list args;

    va_start(args, fmt);
    message = talloc_vasprintf(NULL, fmt, args);
    va_end(args);
    if (message != NULL)
        entry = entry_new(message, priority, message);
    if (entry != NULL)
        send_entry(entry, priority, message);
    talloc_free(message);
}

static void add_outcome(struct entry *entry, const struct tl_outcome *out)
{
    const struct tl_reason_info *reason = tl_reason_info(out->reason);
    const struct tl_status_info *status = tl_status_by_ntstatus(out->ntstatus);

    const char *hidden = entry->hidden;

    entry->hidden = NULL; /* these quote no name */
    add_status(entry, "TRUSTLOGON_STATUS", out->ntstatus);
    if (status != NULL && status->win32 != 0)
        add_number(entry, "TRUSTLOGON_WIN32", status->win32);
    add(entry, "TRUSTLOGON_REASON", reason != NULL ? reason->slug : NULL);
    if (out->reason == TL_REASON_OK)
        return;
    add(entry, "TRUSTLOGON_STAGE", tl_stage_name(out->stage));
    if (out->hop > 0)
        add_number(entry, "TRUSTLOGON_HOP", out->hop);
    if (out->krb_error != TL_KRB_NONE)
        add_number(entry, "TRUSTLOGON_KRB_ERROR", out->krb_error);
    entry->hidden = hidden;
    add(entry, "TRUSTLOGON_REALM", out->realm);
    add(entry, "TRUSTLOGON_KDC", out->kdc);
    add(entry, "TRUSTLOGON_SUBJECT", out->subject);
    add(entry, "TRUSTLOGON_ATTRIBUTE", out->attribute);
}

static const char *why(const struct tl_outcome *out, const struct tl_words *words)
{
    return words != NULL && words->explanation != NULL ? words->explanation
           : out->detail != NULL                       ? out->detail
                                                       : "";
}

/* "logon of NAME", or "logon". */
static char *what_of(const struct tla_conv *conv, TALLOC_CTX *ctx, const char *what)
{
    return conv->unnamed || conv->request.user == NULL
               ? talloc_strdup(ctx, what)
               : talloc_asprintf(ctx, "%s of %s", what, conv->request.user);
}

/* Why it failed; only the reason's name if the text would quote a hidden name. */
static const char *why_of(const struct tla_conv *conv, const struct tl_outcome *out,
                          const struct tl_words *words)
{
    const char *text = why(out, words);

    return conv->unnamed && tla_journal_quotes(text, conv->request.user)
               ? tl_reason_info(out->reason)->slug
               : text;
}

static void send_outcome(struct tla_conv *conv, int priority, const char *message,
                         const struct tl_outcome *out, const struct tl_words *words,
                         const char *canonical)
{
    struct entry *entry = message != NULL ? entry_new(conv, priority, message) : NULL;

    if (entry == NULL)
        return;
    if (conv->unnamed)
        entry->hidden = conv->request.user;
    add_outcome(entry, out);
    add(entry, "TRUSTLOGON_REMEDY", words != NULL ? words->remedy : NULL);
    add(entry, "TRUSTLOGON_USER", conv->request.user);
    add(entry, "TRUSTLOGON_CANONICAL", canonical);
    entry->hidden = NULL;
    add(entry, "TRUSTLOGON_SERVICE", conv->request.service);
    send_entry(entry, priority, message);
    talloc_free(entry);
}

void tla_journal_logon(struct tla_conv *conv, const struct tl_outcome *out,
                       const struct tl_words *words, const char *canonical)
{
    TALLOC_CTX *tmp = talloc_new(conv);
    bool ok = out->reason == TL_REASON_OK;
    const char *what = what_of(conv, tmp, "logon");
    char *message =
        ok ? talloc_asprintf(tmp, "%s accepted as %s", what, canonical)
           : talloc_asprintf(tmp, "%s refused: %s", what, why_of(conv, out, words));

    send_outcome(conv, ok ? LOG_INFO : LOG_NOTICE, message, out, words, canonical);
    talloc_free(tmp);
}

void tla_journal_password(struct tla_conv *conv, const struct tl_outcome *out,
                          const struct tl_words *words, const char *canonical)
{
    TALLOC_CTX *tmp = talloc_new(conv);
    char *message =
        out->reason == TL_REASON_OK
            ? talloc_asprintf(tmp, "%s changed", what_of(conv, tmp, "password"))
            : talloc_asprintf(tmp, "%s failed: %s", what_of(conv, tmp, "password change"),
                              why_of(conv, out, words));

    send_outcome(conv, LOG_NOTICE, message, out, words, canonical);
    talloc_free(tmp);
}
