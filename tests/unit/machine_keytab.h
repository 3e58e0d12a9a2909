/* SPDX-License-Identifier: MIT
 *
 * machine_keytab.h - a keytab of the test's own, and the configuration that names it.
 */
#ifndef TL_TEST_MACHINE_KEYTAB_H
#define TL_TEST_MACHINE_KEYTAB_H

#include <check.h>
#include <trustlogon/machine.h>

#include "kerberos/internal.h"
#include "kerberos/tickets/keytab.h"
#include "machine/keytab_machines.h"
#include "machine/workstation.h"
#include "fixtures.h"
#include "keytab_entries.h"

static TALLOC_CTX *mem;
static struct tl_config *config;
static struct tl_outcome *out;
static temp_path folder;
static krb5_context k5;

static inline void setup(void)
{
    mem = talloc_new(NULL);
    config = tl_config_defaults(mem);
    out = tl_outcome_new(mem);
    make_temp_folder(folder);
    config->keytab = talloc_asprintf(mem, "%s/keytab", folder);
    ck_assert_int_eq(krb5_init_context(&k5), 0);
}

static inline void teardown(void)
{
    krb5_free_context(k5);
    remove_tree(folder);
    talloc_free(mem);
}

/* A further key in the keytab, by its first byte. */
static inline void add_entry(const char *name, uint8_t first_byte, uint32_t kvno)
{
    uint8_t key[32] = {first_byte};

    add_aes_to_keytab(k5, config->keytab, name, kvno, key);
}

static inline void add(const char *name)
{
    add_entry(name, 1, 2);
}

#endif
