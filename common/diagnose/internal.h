/* SPDX-License-Identifier: MIT
 *
 * internal.h - what the files of diagnose/ share: the run of a checklist, and
 * probes of ports.
 *
 *   diagnose.c  the entry: a run, and the one cause at its end
 *   checks.c    the table of all checks in their order, and the logon's own steps
 *   findings.c  what every check calls to record what it found
 *   summary.c   the sum, and how far it holds; pure
 *   network.c   DNS and ports of a domain's DCs; probe.c sends
 *   clocks.c    whose clock is wrong; pure
 *   name_servers.c, access.c, ccache.c, store.c, nss.c, agent.c, pam.c, sshd.c
 *               one row of the table each; what they read is decoded by the pure
 *               functions of local_files.h
 *   user_account.c
 *               the user's account, where a KDC refused the name or the password
 *   replication.c
 *               what decided, as each domain controller of the domain holds it
 *   trusts.c    the machine's account, TDOs, routes, SPN; armor.c FAST
 */
#ifndef TL_DIAGNOSE_INTERNAL_H
#define TL_DIAGNOSE_INTERNAL_H

#include <trustlogon/diagnose.h>

#include "machine/evidence.h"
#include "machine/snapshot.h"
#include "store/inspect.h"

#define PROBE_TIMEOUT_MS 1500
#define DCS_PER_DOMAIN 4 /* as many are probed; a checklist must end */

enum probe_result {
    PROBE_OPEN,        /* an answer that fits the protocol */
    PROBE_REFUSED,     /* a reset or ICMP unreachable: nothing listens */
    PROBE_FILTERED,    /* silence */
    PROBE_UNREACHABLE, /* the network says that the host cannot be reached */
    PROBE_SILENT,      /* TCP: it connects, and a request gets no answer */
    PROBE_ODD,         /* an answer of another protocol */
    PROBE_ERROR        /* this machine could not send */
};

/* One question to one port of one DC. */
struct probe {
    const struct tl_dc *dc;
    uint16_t port;
    bool udp;
    const uint8_t *request; /* NULL: only connect (TCP) */
    size_t request_len;
    /* out */
    enum probe_result result;
    int64_t took_us;
    uint8_t reply[4096];
    size_t reply_len;
    /* while it runs */
    int fd;
    bool sent;
};

/* Run all at once, until each has an answer or the time is over. */
void tli_probe_run(struct probe *probes, size_t count, int timeout_ms);
/* The bytes of a first AS-REQ for a principal (nothing is sent). -errno on failure. */
int tli_probe_as_req(TALLOC_CTX *ctx, const char *principal, const char *realm,
                     uint8_t **req, size_t *len);
/* Whether bytes are a Kerberos reply, and the KDC's time (0 if not in it). */
bool tli_probe_kdc_time(const uint8_t *reply, size_t len, int64_t *kdc_time);
/* The smallest kpasswd request that a server answers, with an error [RFC 3244]. */
extern const uint8_t tli_probe_kpasswd[];
extern const size_t tli_probe_kpasswd_len;

/* What a KDC's clock says. */
struct tli_clock {
    const char *host, *address;
    enum tl_place place;
    int64_t here, there; /* seconds since 1970, of the same moment */
};

/* The domain controllers of one domain, as far as they were looked at. */
struct tli_known_dcs {
    bool usable; /* a logon that searched now would find one */
    size_t known;
    const char *hosts[DCS_PER_DOMAIN]; /* that DNS has */
    size_t count;
    const struct tl_dc *dcs[DCS_PER_DOMAIN]; /* of these, those whose 389/tcp answers */
};

/* A run of the checklist. */
struct run {
    struct tl_diagnosis *diag;
    const struct tl_config *config;
    const struct tl_config_error *config_error; /* NULL: it is valid */
    tl_progress_fn progress;
    void *progress_arg;
    struct tl_trace trace;
    const char *name;                       /* as typed */
    const char *service;                    /* of PAM; NULL: none is meant */
    const struct tl_credential *credential; /* NULL: no logon is tried */
    int explain_ms; /* how long a directory may be read; no user waits at a prompt */
    struct tl_area *area; /* that findings are made for now */
    /* What the checks have found so far; NULL: not (yet) known. */
    struct tl_machine *machine;
    struct tli_machine_directory *own;
    struct tl_logon *logon; /* prepared: name and route; tried if diag->logon is set */
    const struct tl_route *route; /* by the trusts as they are now, not by the snapshot */
    const char *armor_told;       /* of the logon that was tried */
    const char *user_domain; /* where it is known and not the workstation's, else NULL */
    struct tl_words_input words;
    struct tl_facts *facts; /* for the conclusion */
    size_t num_clocks;
    struct tli_clock *clocks; /* of the domain controllers that sent their time */
    struct tli_known_dcs own_dcs, user_dcs;
};

/*
 * findings.c: a finding of the area at hand. `check` is a stable slug; `target` is what
 * it is about, or NULL; `fmt` makes the one line that says what was seen. Without memory
 * the diagnosis is marked as incomplete.
 */
void tli_found_ok(struct run *run, const char *check, const char *target, const char *fmt,
                  ...) TL_PRINTF(4, 5);
void tli_found_unknown(struct run *run, const char *check, const char *target,
                       const char *fmt, ...) TL_PRINTF(4, 5);
/* The reason's words become cause and remedy; they name subject and attribute (NULL:
 * none). With the verdict OK the three do not count. */
void tli_found(struct run *run, const char *check, const char *target,
               enum tl_verdict verdict, enum tl_reason reason, const char *subject,
               const char *attribute, const char *fmt, ...) TL_PRINTF(8, 9);
/* OK or failed, as the outcome is; the finding keeps a copy of it. */
void tli_found_outcome(struct run *run, const char *check, const char *target,
                       const struct tl_outcome *out);
/* The same, and the one line says `what`; NULL: why, in the words of the reason. */
void tli_found_as(struct run *run, const char *check, const char *target,
                  const struct tl_outcome *out, const char *what);
/* When all checks have looked: what their facts explain gets its cause. */
void tli_findings_refine(struct run *run);
/* The last finding is of this address of its target. */
void tli_found_at(struct run *run, const char *address);
/* The area at hand is not looked at, or only in part: `fmt` says why. */
void tli_left_out(struct run *run, enum tl_area_state state, const char *fmt, ...)
    TL_PRINTF(3, 4);
/* The file that an option of the configuration is looked for in. */
const char *tli_config_file(const struct run *run);
/* Tell the caller which check waits now, and for what. */
void tli_progress(struct run *run, const char *check, const char *target);

/* passwd.c: whether /etc/passwd itself has an account with this name: 1, 0; -errno: it
 * cannot be read. */
int tli_is_in_passwd(const char *name);

/* Each server of resolv.conf, by itself. */
void tli_check_name_servers(struct run *run);
/* DNS, 389/udp, 88, 464 and 389/tcp, for one domain; the time of its KDCs. */
void tli_check_network(struct run *run, const char *domain);
/* clocks.c: this machine's clock, and those of the domain controllers that were asked. */
void tli_check_clocks(struct run *run);
/* The user's account, where a KDC refused it. */
void tli_check_user_account(struct run *run);
/* What a refusal rests on, as each domain controller of that domain holds it. */
void tli_check_replication(struct run *run);
/* The machine's account, by reading the topology with it. */
void tli_check_machine_account(struct run *run);
/* Ids of the known domains that are not given out here. */
void tli_check_ids(struct run *run);
/* Unless `fast = never`: a ticket of `realm` to armor logons with. */
void tli_check_armor(struct run *run, const char *realm);
/* How the password was proven to the KDC, as the end of a sentence, right after the
 * logon; empty with `fast = never`. */
const char *tli_armor_told(const struct run *run);
/* Own TDOs, routing of the name, SPN. */
void tli_check_own_side(struct run *run, const struct tl_name *name);
/* The user's ids, from the logon, or else from the identity store. False: not known. */
bool tli_known_user(struct run *run, uint32_t *uid, uint32_t *gid);
/* A user that has not ended; uid and gid may be NULL. */
bool tli_store_knows(const struct tli_store_view *view, const char *name, uint32_t *uid,
                     uint32_t *gid);
/* A canonical name as the name service gives it: without its domain, where the store says
 * so and `passwd` has no such account. */
const char *tli_shown_name(TALLOC_CTX *ctx, const struct tli_store_view *view,
                           const char *passwd, const char *canonical);
/* A credentials cache of the configured kind, written as the user. */
void tli_check_ccache(struct run *run);
/* The agent's folders and the identity store. */
void tli_check_store(struct run *run);
/* nsswitch.conf, and who the name service says the user is. */
void tli_check_nss(struct run *run);
/* The agent's socket or program. */
void tli_check_agent(struct run *run);
struct tli_pam_line;
/* Our line in the service that is meant; false: none is, or it has no valid one. */
bool tli_pam_meant_line(struct run *run, struct tli_pam_line *line);
struct tli_pam_stack;
/* pam_modules.c: modules of the service that is meant that decide by their own files. */
void tli_check_pam_modules(struct run *run, const char *service,
                           const struct tli_pam_stack *stack);
/* The PAM stacks of sshd, login, su, sudo and the greeters. */
void tli_check_pam(struct run *run);
/* settings.c: the conclusion names the options that it may rest on. */
void tli_tell_settings(struct run *run);
/* sshd_config, as far as it can be read. */
void tli_check_sshd(struct run *run);
/* The access rules: any, and whether they let the user in. */
void tli_check_access(struct run *run);
/* The other side's TDOs, read with `krb`. The outcome of the walk (NULL: there was none)
 * decides which other domains' TDOs are read. */
void tli_check_user_side(struct run *run, struct tl_krb *krb, struct tl_locator *locator,
                         const struct tl_outcome *walk);
/* Trusts without AES on the user's way, by what has been read of either side. */
void tli_check_rc4(struct run *run);

#endif
