/* SPDX-License-Identifier: MIT
 *
 * machine/directory.h - directories opened as this machine or as a user: the one place
 * that goes from the domain controllers of a domain to a bound LDAP connection.
 */
#ifndef TL_MACHINE_DIRECTORY_H
#define TL_MACHINE_DIRECTORY_H

#include <trustlogon/directory.h>
#include <trustlogon/kerberos.h>
#include <trustlogon/machine.h>

/* A locator that asks the machine's own site first. NULL: out of memory. */
struct tl_locator *tli_machine_locator(TALLOC_CTX *ctx, const struct tl_machine *machine,
                                       const struct tl_trace *trace);

/*
 * How tli_directory_open_first() opens. `get_ticket` puts the ticket for `service` in
 * `realm` into krb's cache; what it returns other than OK is the reason why this domain
 * controller is skipped.
 */
struct tli_directory_opener {
    struct tl_krb *krb; /* whose tickets bind */
    const char *realm;  /* of the domain whose directory it is */
    size_t most;        /* domain controllers that are tried */
    tl_deadline deadline;
    const struct tl_trace *trace;
    enum tl_reason (*get_ticket)(const struct tli_directory_opener *opener,
                                 const char *service, struct tl_outcome *out);
    void *arg; /* for get_ticket */
};
/* Bind to the first of `dcs` that accepts the bind: *which. The outcome is the last
 * one's. */
enum tl_reason
tli_directory_open_first(TALLOC_CTX *ctx, const struct tli_directory_opener *opener,
                         const struct tl_dc_list *dcs, struct tl_directory **dir,
                         const struct tl_dc **which, struct tl_outcome *out);

/* A directory of the machine's own domain, opened as the machine. */
struct tli_machine_directory {
    struct tl_locator *locator;
    struct tl_krb *krb; /* with the machine's TGT */
    struct tl_directory *dir;
    struct tl_dc_list *dcs; /* of the domain */
    const struct tl_dc *dc; /* of these, the one whose directory it is */
};
enum tl_reason
tli_machine_directory_open(TALLOC_CTX *ctx, const struct tl_machine *machine,
                           const struct tl_trace *trace, tl_deadline deadline,
                           struct tli_machine_directory **own, struct tl_outcome *out);

/* The directory of one domain controller, opened with the tickets in `krb`. */
enum tl_reason tli_directory_open_at(TALLOC_CTX *ctx, struct tl_krb *krb,
                                     const struct tl_dc *dc, const struct tl_trace *trace,
                                     tl_deadline deadline, struct tl_directory **dir,
                                     struct tl_outcome *out);

/* The directory of `domain`, opened with the tickets in `krb`, a user's or the
 * machine's. DIRECTORY_UNREADABLE for a Kerberos realm, which has no directory. */
enum tl_reason tli_user_directory_open(TALLOC_CTX *ctx, struct tl_krb *krb,
                                       struct tl_locator *locator, const char *domain,
                                       const struct tl_trace *trace, tl_deadline deadline,
                                       struct tl_directory **dir, struct tl_outcome *out);

#endif
