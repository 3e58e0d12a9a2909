/* SPDX-License-Identifier: MIT
 *
 * trustlogon/diagnose.h - the whole checklist in an administrator's order:
 * configuration, keytab, clock, DNS, 389/udp, 88 tcp and udp, 464, 389/tcp, TDO
 * on both sides, suffix routing, SPN, walk, proof.
 */
#ifndef TRUSTLOGON_DIAGNOSE_H
#define TRUSTLOGON_DIAGNOSE_H

#include <trustlogon/logon.h>

enum tl_verdict {
    TL_FINDING_OK,
    TL_FINDING_WARNING,
    TL_FINDING_FAILED,
    TL_FINDING_UNKNOWN
};

struct tl_finding {
    const char *check;  /* stable slug: "keytab", "clock", "dns", "port-88-tcp", ... */
    const char *target; /* domain, host or DN it is about, or NULL */
    enum tl_verdict verdict;
    const char *what;           /* one line: what was seen */
    enum tl_reason reason;      /* TL_REASON_OK unless failed or warning */
    const char *cause, *remedy; /* NULL when ok */
};

struct tl_diagnosis {
    size_t count;
    struct tl_finding *findings;
    struct tl_logon
        *logon; /* the logon that was tried, or NULL (nothing to log on with) */
    struct tl_trace_log *trace; /* every event of it */
    enum tl_reason reason;      /* the root cause; OK: everything works */
    uint32_t ntstatus;          /* what the user sees */
    const char *message, *cause, *remedy, *subject, *attribute;
    bool complete; /* false: something could not be told */
};

/* Called before each check that may wait, with its slug and target: progress. */
typedef void (*tl_progress_fn)(void *arg, const char *check, const char *target);

/* What to log on with: a password, or a card and its PIN. */
struct tl_diagnose_secret {
    const char *password;
    struct tl_card *card;
    const char *pin;
};
/* `secret` NULL: everything but the logon itself is checked. */
TL_PUBLIC int tl_diagnose(TALLOC_CTX *ctx, const struct tl_config *config,
                          const char *name, const struct tl_diagnose_secret *secret,
                          tl_progress_fn progress, void *arg,
                          struct tl_diagnosis **diagnosis);

#endif
