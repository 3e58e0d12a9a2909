/* SPDX-License-Identifier: MIT
 *
 * keytab_memory.c - the keytab read once by root, for the same process after it has
 * given up root.
 */
#include "kerberos/internal.h"
#include "keytab.h"

#include <trustlogon/tickets.h>

/* libkrb5 keeps such a keytab for as long as a handle to it is open. */
#define NAME "MEMORY:trustlogon-machine"
static struct {
    krb5_context k5;
    krb5_keytab keytab;
} kept;

static krb5_error_code copy_all(krb5_keytab from)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    krb5_error_code ret = krb5_kt_start_seq_get(kept.k5, from, &cursor);

    if (ret != 0)
        return ret;
    while (ret == 0 && krb5_kt_next_entry(kept.k5, from, &entry, &cursor) == 0) {
        ret = krb5_kt_add_entry(kept.k5, kept.keytab, &entry);
        krb5_free_keytab_entry_contents(kept.k5, &entry);
    }
    krb5_kt_end_seq_get(kept.k5, from, &cursor);
    return ret;
}

enum tl_reason tl_keytab_into_memory(const struct tl_config *config, const char **name,
                                     struct tl_outcome *out)
{
    krb5_keytab from = NULL;
    krb5_error_code ret;
    enum tl_reason reason =
        tli_k5_open(config->allow_rc4, false, TL_STAGE_AS, &kept.k5, out);

    if (reason == TL_REASON_OK)
        reason = tli_keytab_open(kept.k5, config, TL_STAGE_AS, &from, out);
    if (reason != TL_REASON_OK)
        return reason;
    ret = krb5_kt_resolve(kept.k5, NAME, &kept.keytab);
    if (ret == 0)
        ret = copy_all(from);
    krb5_kt_close(kept.k5, from);
    if (ret != 0)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_KEYTAB_UNREADABLE,
                               "its keys cannot be copied");
    *name = NAME;
    return TL_REASON_OK;
}
