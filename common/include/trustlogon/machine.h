/* SPDX-License-Identifier: MIT
 *
 * trustlogon/machine.h - this machine as a member of its domain: its configuration, its
 * identity by the keytab, and what it knows of domains and trusts.
 *
 * A program opens one machine and hands it whole to logons, look-ups, access rules and
 * diagnosis. The workstation is detected, and the saved snapshot of the trusts loaded,
 * here and nowhere else.
 */
#ifndef TRUSTLOGON_MACHINE_H
#define TRUSTLOGON_MACHINE_H

#include <trustlogon/config.h>
#include <trustlogon/outcome.h>
#include <trustlogon/route.h>
#include <trustlogon/trace.h>

struct tl_machine {
    const struct tl_config *config; /* borrowed */
    /* The identity of this machine; NULL until it has been detected, which needs the
     * keytab. */
    const struct tl_workstation *workstation;
    /* What is known of domains and trusts; NULL: nothing is. */
    struct tl_topology *topology;
    /* The site whose domain controllers come first: the configuration's, else the
     * topology's, else that of the saved snapshot; NULL where none is known. The
     * locator's cache is kept by site, so every locator takes it from here. */
    const char *site;
};

/* A machine of which only the configuration is known. NULL: out of memory. */
TL_PUBLIC struct tl_machine *tl_machine_new(TALLOC_CTX *ctx,
                                            const struct tl_config *config);
/*
 * Load the snapshot from the state folder into machine->topology. Every user may read it.
 * 0 or -errno; most callers go on without: the exchange itself shows what is wrong.
 */
TL_PUBLIC int tl_machine_load_snapshot(struct tl_machine *machine);
/*
 * Load it now, for processes that will be forked from this one: as long as the file is
 * the same, they find it parsed. Called again it costs a stat(2), or reads the file that
 * has replaced it. Not for a process that gives topologies away.
 */
TL_PUBLIC void tl_machine_keep_snapshot(const struct tl_config *config);
/*
 * Find out which machine this is: by the configured names, else by those of the keys in
 * the keytab (host/<fqdn>, <NAME>$). A snapshot taken as a member of another domain is
 * dropped, since it does not describe this one. NOT_JOINED, KEYTAB_MISSING,
 * KEYTAB_NEEDS_ROOT, KEYTAB_UNREADABLE, KEYTAB_UNSAFE, KEYTAB_NO_KEY.
 */
TL_PUBLIC enum tl_reason tl_machine_detect(struct tl_machine *machine,
                                           struct tl_outcome *out);
/* All three; *machine is NULL unless the machine was detected. */
TL_PUBLIC enum tl_reason tl_machine_open(TALLOC_CTX *ctx, const struct tl_config *config,
                                         struct tl_machine **machine,
                                         struct tl_outcome *out);
/*
 * After a failure: become another machine whose keys are in the keytab and which comes
 * first now, because the KDC said that it does not know this one. False: the keytab has
 * no other.
 */
TL_PUBLIC bool tl_machine_try_other(struct tl_machine *machine);
/*
 * Read domains and trusts over LDAP with the machine's own credentials, and save them as
 * the snapshot. machine->topology stays what it is unless the reason is OK; the former
 * one is not freed, since routes point into it. Needs a detected workstation.
 */
TL_PUBLIC enum tl_reason tl_machine_refresh(struct tl_machine *machine,
                                            const struct tl_trace *trace,
                                            tl_deadline deadline, struct tl_outcome *out);
/* The same with trusts that another process has read: take them, and save them. */
TL_PUBLIC void tl_machine_take_topology(struct tl_machine *machine,
                                        struct tl_topology *fresh);

/* --- the machine in a Kerberos context (<trustlogon/kerberos.h>) --- */

struct tl_krb;
/* An AS exchange for the machine itself, with the keys of its keytab: a TGT as WS1$. A
 * key that the DC rejects is KEYTAB_WRONG, not a wrong password; other failures of the
 * account are MACHINE_ACCOUNT. */
TL_PUBLIC enum tl_reason tl_krb_as_machine(struct tl_krb *krb,
                                           const struct tl_workstation *ws,
                                           struct tl_outcome *out);

/*
 * By `fast` of the configuration, armor the AS exchanges of users with a ticket of this
 * machine's (docs/decisions/fast.md); it is fetched when it is needed and saved in the
 * run folder. `ws` must outlive the context. 0 or -ENOMEM.
 */
TL_PUBLIC int tl_krb_set_armor(struct tl_krb *krb, const struct tl_workstation *ws);
/* Can this machine armor for users of `realm`? ARMOR_UNAVAILABLE, and the reasons that
 * its own logon can fail for. Without tl_krb_set_armor(), or with `fast = never`:
 * INTERNAL. `out` must not be NULL. */
TL_PUBLIC enum tl_reason tl_krb_armor_for(struct tl_krb *krb, const char *realm,
                                          struct tl_outcome *out);

#endif
