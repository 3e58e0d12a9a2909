/* SPDX-License-Identifier: MIT
 *
 * machine_keytab.h - a keytab of the test's own, and the configuration that names it.
 */
#ifndef TL_TEST_MACHINE_KEYTAB_H
#define TL_TEST_MACHINE_KEYTAB_H

#include <check.h>
#include <string.h>
#include <trustlogon/machine.h>

#include "kerberos/internal.h"
#include "kerberos/tickets/keytab.h"
#include "machine/keytab_machines.h"
#include "machine/workstation.h"
#include "fixtures.h"

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

static inline void add_entry(const char *name, uint8_t first_byte, uint32_t kvno)
{
    krb5_keytab keytab;
    krb5_keytab_entry entry;
    uint8_t key[32] = {first_byte};

    memset(&entry, 0, sizeof(entry));
    ck_assert_int_eq(krb5_parse_name(k5, name, &entry.principal), 0);
    entry.vno = kvno;
    entry.key.enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96;
    entry.key.length = sizeof(key);
    entry.key.contents = key;
    ck_assert_int_eq(krb5_kt_resolve(k5, config->keytab, &keytab), 0);
    ck_assert_int_eq(krb5_kt_add_entry(k5, keytab, &entry), 0);
    krb5_kt_close(k5, keytab);
    krb5_free_principal(k5, entry.principal);
}

static inline void add(const char *name)
{
    add_entry(name, 1, 2);
}

#endif
