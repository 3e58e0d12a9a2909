/* SPDX-License-Identifier: MIT
 *
 * machine/keytab_machines.h - which machine a keytab is of, where it holds keys of
 * several: of another realm, of a machine that was cloned, of this one under an older
 * name. machine.c is pure; machine_known.c keeps what KDCs said of the accounts.
 */
#ifndef TL_KERBEROS_MACHINE_H
#define TL_KERBEROS_MACHINE_H

#include <trustlogon/config.h>

/* One entry of a keytab: host/<name>@REALM, or <name>$@REALM. */
struct tli_keytab_machine_entry {
    const char *realm, *name;
    bool account;     /* <name>$ */
    unsigned int key; /* the same number for entries with the same key */
    uint32_t kvno, time;
};

struct tli_keytab_machine_hints {
    const char *realm;         /* configured, or NULL: entries of no other realm count */
    const char *hostname;      /* configured, or NULL */
    const char *own;           /* what the kernel says */
    const char *default_realm; /* krb5.conf's, or NULL */
    /* Whether the account's own KDC said lately that it does not know it. */
    bool (*unknown)(const void *arg, const char *realm, const char *flat);
    const void *arg;
};

/* host or flat may be NULL, not both. Strings are the entries'. */
struct tli_keytab_machine {
    const char *realm, *host, *flat;
};

/*
 * The machines of which the keytab has keys, the likeliest first: their number, in no
 * way dependent on the order of the entries. Entries with one key, one name or one first
 * label are of one machine. `machines` is a child of ctx; -ENOMEM.
 */
int tli_keytab_machines_rank(TALLOC_CTX *ctx,
                             const struct tli_keytab_machine_entry *entries, size_t count,
                             const struct tli_keytab_machine_hints *hints,
                             struct tli_keytab_machine **machines, size_t *num_machines);

/* The NetBIOS name of a host name, in capitals: its first label, 15 characters of it. */
char *tli_flat_of(TALLOC_CTX *ctx, const char *host);

/* --- machine_known.c: marks in the state folder, good for this keytab only --- */

/* An AS exchange with the account's own key came to its end: the KDC has that key. */
void tli_machine_proven(const struct tl_config *config, const char *realm,
                        const char *flat);
/* Error 6. Anybody can say so, so it is not noted of an account that is proven. */
void tli_machine_disowned(const struct tl_config *config, const char *realm,
                          const char *flat);
bool tli_machine_is_disowned(const struct tl_config *config, const char *realm,
                             const char *flat);

#endif
