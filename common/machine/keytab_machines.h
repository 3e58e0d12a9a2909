/* SPDX-License-Identifier: MIT
 *
 * machine/keytab_machines.h - which machine a keytab is of, where it holds keys of
 * several: of another realm, of a machine that was cloned, of this one under an older
 * name. keytab_machines.c is pure; account_marks.c keeps what KDCs said about the
 * accounts.
 */
#ifndef TL_MACHINE_KEYTAB_MACHINES_H
#define TL_MACHINE_KEYTAB_MACHINES_H

#include <trustlogon/config.h>

/* One entry of a keytab: host/<name>@REALM, or <name>$@REALM. */
struct tli_keytab_machine_entry {
    const char *realm, *name;
    bool account;        /* <name>$ */
    unsigned int key;    /* the same number for entries with the same key */
    uint32_t kvno, time; /* version of the key; when it was written, seconds since 1970 */
};

struct tli_keytab_machine_hints {
    const char *realm;         /* configured, or NULL: entries of no other realm count */
    const char *hostname;      /* configured, or NULL */
    const char *own;           /* the kernel's host name */
    const char *default_realm; /* krb5.conf's, or NULL */
    /* Whether the account's KDC said lately that it does not know the account; NULL: no
     * KDC has been asked. */
    bool (*unknown)(const void *arg, const char *realm, const char *flat);
    const void *arg;
};

/* One machine: its host name and the name of its account, of which one may be NULL. The
 * strings are those of the entries. */
struct tli_keytab_machine {
    const char *realm, *host, *flat;
};

/*
 * The machines of which the keytab has keys, the likeliest first. The order of the
 * entries does not matter. Entries with one key, one name or one first
 * label are of one machine. `machines` is a child of ctx; -ENOMEM.
 */
int tli_keytab_machines_rank(TALLOC_CTX *ctx,
                             const struct tli_keytab_machine_entry *entries, size_t count,
                             const struct tli_keytab_machine_hints *hints,
                             struct tli_keytab_machine **machines, size_t *num_machines);

/* The NetBIOS name of a host name, in capitals: its first label, 15 characters of it. */
char *tli_flat_of(TALLOC_CTX *ctx, const char *host);

/* --- account_marks.c: marks in the state folder, good for this keytab only --- */

/* An AS exchange with the account's own key has succeeded: the KDC has that key. */
void tli_machine_proven(const struct tl_config *config, const char *realm,
                        const char *flat);
/* A KDC answered with error 6. The answer can be forged, so it does not count against a
 * proven account. */
void tli_machine_disowned(const struct tl_config *config, const char *realm,
                          const char *flat);
bool tli_machine_is_disowned(const struct tl_config *config, const char *realm,
                             const char *flat);

#endif
