/* SPDX-License-Identifier: MIT
 *
 * trace.c - trace events, and a receiver that keeps them.
 */
#include <stdarg.h>
#include <stdio.h>

#include <trustlogon/status.h>
#include <trustlogon/trace.h>

struct tl_trace tl_trace_start(tl_trace_fn fn, void *arg)
{
    struct tl_trace trace = {fn, arg, tl_now_us()};

    return trace;
}

const char *tl_event_kind_name(enum tl_event_kind kind)
{
    static const char *const names[] = {
        [TL_EVENT_DNS] = "dns",         [TL_EVENT_PING] = "ping",
        [TL_EVENT_CONNECT] = "connect", [TL_EVENT_REQUEST] = "request",
        [TL_EVENT_REPLY] = "reply",     [TL_EVENT_LDAP] = "ldap",
        [TL_EVENT_SID] = "sid",         [TL_EVENT_NOTE] = "note"};

    return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

void tl_trace_event(const struct tl_trace *trace, struct tl_event *event)
{
    if (trace == NULL || trace->fn == NULL)
        return;
    event->at_us = tl_now_us() - trace->start_us;
    trace->fn(trace->arg, event);
}

void tl_trace_note(const struct tl_trace *trace, const char *fmt, ...)
{
    struct tl_event event = {.kind = TL_EVENT_NOTE, .krb_error = TL_KRB_NONE};
    char *text;
    va_list ap;

    if (trace == NULL || trace->fn == NULL)
        return;
    va_start(ap, fmt);
    text = talloc_vasprintf(NULL, fmt, ap);
    va_end(ap);
    event.text = text;
    tl_trace_event(trace, &event);
    talloc_free(text);
}

struct tl_trace_log *tl_trace_log_new(TALLOC_CTX *ctx)
{
    return talloc_zero(ctx, struct tl_trace_log);
}

/* Copy a string of an event; false only when memory is out. */
static bool keep(TALLOC_CTX *ctx, const char **field)
{
    if (*field == NULL)
        return true;
    *field = talloc_strdup(ctx, *field);
    return *field != NULL;
}

void tl_trace_log_fn(void *arg, const struct tl_event *event)
{
    struct tl_trace_log *log = talloc_get_type_abort(arg, struct tl_trace_log);
    struct tl_event *events, copy = *event;

    /* A trace informs; when memory is out it loses an event, not the logon. */
    events = talloc_realloc(log, log->events, struct tl_event, log->count + 1);
    if (events == NULL)
        return;
    log->events = events;
    if (!keep(log, &copy.server) || !keep(log, &copy.realm) ||
        !keep(log, &copy.message) || !keep(log, &copy.subject) || !keep(log, &copy.text))
        return;
    log->events[log->count++] = copy;
}
