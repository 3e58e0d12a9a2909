/* SPDX-License-Identifier: MIT
 *
 * trustlogon/trace.h - what happened on the wire, event by event, and how much
 * time is left.
 */
#ifndef TRUSTLOGON_TRACE_H
#define TRUSTLOGON_TRACE_H

#include <trustlogon/defs.h>

enum tl_event_kind {
    TL_EVENT_DNS,     /* a DNS question and its answer */
    TL_EVENT_PING,    /* an LDAP ping and its answer */
    TL_EVENT_CONNECT, /* a TCP connection to a KDC */
    TL_EVENT_REQUEST, /* a Kerberos request went out */
    TL_EVENT_REPLY,   /* a Kerberos reply or KRB-ERROR came in */
    TL_EVENT_LDAP,    /* a directory read */
    TL_EVENT_SID,     /* a SID was dropped or refused */
    TL_EVENT_NOTE     /* anything else */
};

/* "dns", "ping", ... */
TL_PUBLIC const char *tl_event_kind_name(enum tl_event_kind kind);

struct tl_event {
    enum tl_event_kind kind;
    int64_t at_us;           /* since the trace began */
    int64_t took_us;         /* duration, 0 for an event without one */
    const char *server;      /* "dc1.contoso.test (10.99.0.11) 88/tcp", or NULL */
    const char *realm;       /* realm or domain concerned, or NULL */
    const char *message;     /* "AS-REQ", "TGS-REP", "KRB-ERROR", "SRV", ...; or NULL */
    const char *subject;     /* principal asked for, DNS name, DN; or NULL */
    int32_t krb_error;       /* TL_KRB_NONE (-1) if none */
    uint32_t edata_ntstatus; /* 0 if none */
    bool armored;            /* a request or reply inside FAST armor [RFC 6113] */
    const char *text;        /* a plain sentence, or NULL */
};

/* The event is valid during the call only: a receiver copies what it keeps. */
typedef void (*tl_trace_fn)(void *arg, const struct tl_event *event);
struct tl_trace {
    tl_trace_fn fn; /* NULL: events are dropped */
    void *arg;
    int64_t start_us; /* CLOCK_MONOTONIC when it began */
};

/* Stamp `at_us` and deliver; `trace` may be NULL. */
TL_PUBLIC void tl_trace_event(const struct tl_trace *trace, struct tl_event *event);
TL_PUBLIC void tl_trace_note(const struct tl_trace *trace, const char *fmt, ...)
    TL_PRINTF(2, 3);

/* A receiver that keeps every event: tl_trace_log_fn() with the log as its argument. */
struct tl_trace_log {
    size_t count;
    struct tl_event *events;
};
TL_PUBLIC struct tl_trace_log *tl_trace_log_new(TALLOC_CTX *ctx);
TL_PUBLIC void tl_trace_log_fn(void *log, const struct tl_event *event);
/* Start a trace now. */
TL_PUBLIC struct tl_trace tl_trace_start(tl_trace_fn fn, void *arg);

/* One deadline for a whole logon: a moment of CLOCK_MONOTONIC in microseconds. */
typedef int64_t tl_deadline;
TL_PUBLIC int64_t tl_now_us(void);
TL_PUBLIC tl_deadline tl_deadline_in_ms(int64_t ms);
/* Milliseconds left, rounded up, 0 if over, for poll(2). */
TL_PUBLIC int tl_deadline_left_ms(tl_deadline deadline);
/* The earlier of two. */
TL_PUBLIC tl_deadline tl_deadline_min(tl_deadline a, tl_deadline b);

#endif
