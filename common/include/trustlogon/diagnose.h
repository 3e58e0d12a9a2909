/* SPDX-License-Identifier: MIT
 *
 * trustlogon/diagnose.h - the checklist, in the order in which an administrator looks:
 * configuration, keytab, name servers, DNS, 389/udp, 88 tcp and udp, 464, 389/tcp,
 * clock, TDO on both sides, suffix routing, SPN, walk, proof; and what a logon needs of
 * this machine after the proof: access rules, credentials cache, identity store, NSS,
 * PAM, sshd.
 */
#ifndef TRUSTLOGON_DIAGNOSE_H
#define TRUSTLOGON_DIAGNOSE_H

#include <trustlogon/logon.h>

enum tl_verdict {
    TL_FINDING_OK,
    TL_FINDING_WARNING, /* a logon may still work */
    TL_FINDING_FAILED,
    TL_FINDING_UNKNOWN /* could not be found out */
};

/* The result of one check. */
struct tl_finding {
    const char *area;    /* slug of the struct tl_area it belongs to */
    const char *check;   /* stable slug: "keytab", "clock", "dns", "port-88-tcp", ... */
    const char *target;  /* domain, host, file or DN it is about, or NULL */
    const char *address; /* which of a host's addresses, or NULL */
    enum tl_verdict verdict;
    const char *what;                 /* one line: what was seen */
    const struct tl_outcome *outcome; /* its reason is OK unless failed or warning */
    const char *cause, *remedy;       /* words of that reason; NULL when OK */
};

/* One part of the checklist, in its order, and how much of it was looked at. NEEDLESS:
 * for this user on this machine there is nothing in it to look at. */
enum tl_area_state {
    TL_AREA_NOT_LOOKED,
    TL_AREA_PARTLY,
    TL_AREA_LOOKED,
    TL_AREA_NEEDLESS
};
struct tl_area {
    const char *slug; /* stable: "ccache" */
    const char *what; /* in a sentence: "the credentials cache" */
    enum tl_area_state state;
    const char *why; /* the reason for what was left out; NULL: all was looked at */
};

struct tl_diagnosis {
    size_t count;
    struct tl_finding *findings;
    size_t num_areas;
    struct tl_area *areas;
    size_t failed, warned;      /* findings with these verdicts */
    struct tl_logon *logon;     /* the logon that was tried, or NULL: without a secret */
    struct tl_trace_log *trace; /* every event of it */
    enum tl_reason reason;      /* the root cause; OK: nothing that stops a logon */
    uint32_t ntstatus;          /* what the user sees */
    const char *message, *cause, *remedy, *subject, *attribute;
    const char *who;              /* who can fix it, or NULL */
    bool cache_decides;           /* no KDC answered: PAM tries the cached password */
    bool complete;                /* false: something could not be found out */
    const char *summary, *extent; /* tl_diagnosis_summary(), tl_diagnosis_extent() */
};

/* The sum in one line. It never claims more than was looked at. Pure; NULL: no memory. */
TL_PUBLIC char *tl_diagnosis_summary(TALLOC_CTX *ctx, const struct tl_diagnosis *diag);
/* What was tested and what was not: "Tested: ... Not tested: ..." Pure. */
TL_PUBLIC char *tl_diagnosis_extent(TALLOC_CTX *ctx, const struct tl_diagnosis *diag);

/* Called before each check that may wait, with its slug and target: progress. */
typedef void (*tl_progress_fn)(void *arg, const char *check, const char *target);

/* The configuration of a logon through this PAM service: that of `path`, or of its line's
 * conf=, and the line's own options. 0; or as tl_config_load(). A service that does not
 * call the module has the options of `path`. */
TL_PUBLIC int tl_diagnose_config(TALLOC_CTX *ctx, const char *service, const char *path,
                                 struct tl_config **config,
                                 struct tl_config_error **error);

/* What is diagnosed. */
struct tl_diagnose_request {
    const struct tl_config *config;
    const struct tl_config_error *config_error; /* NULL: it is valid. Else every logon
                                                   ends with it, and what needs the
                                                   configuration is left out */
    const char *name;                           /* as typed */
    const struct tl_credential *credential; /* NULL: no logon is tried, and what needs one
                                               is left out */
    const char *service; /* PAM service that must let the user in; NULL: none is meant */
    tl_progress_fn progress; /* may be NULL */
    void *progress_arg;
};
TL_PUBLIC int tl_diagnose(TALLOC_CTX *ctx, const struct tl_diagnose_request *request,
                          struct tl_diagnosis **diagnosis);

#endif
