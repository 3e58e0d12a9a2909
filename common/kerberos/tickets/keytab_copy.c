/* SPDX-License-Identifier: MIT
 *
 * keytab_copy.c - the machine's own keys for a process that must not read the keytab
 * itself.
 */
#include "kerberos/internal.h"
#include "keytab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <trustlogon/tickets.h>

/* What every keytab begins with; libkrb5 rejects an empty file. */
static const unsigned char version[] = {0x05, 0x02};

static krb5_error_code copy_keys(krb5_context k5, krb5_keytab from, krb5_principal princ,
                                 krb5_keytab to, size_t *count)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    krb5_error_code ret = krb5_kt_start_seq_get(k5, from, &cursor);

    if (ret != 0)
        return ret;
    while (ret == 0 && krb5_kt_next_entry(k5, from, &entry, &cursor) == 0) {
        if (krb5_principal_compare(k5, entry.principal, princ)) {
            ret = krb5_kt_add_entry(k5, to, &entry);
            *count += ret == 0;
        }
        krb5_free_keytab_entry_contents(k5, &entry);
    }
    krb5_kt_end_seq_get(k5, from, &cursor);
    return ret;
}

static enum tl_reason fill(krb5_context k5, const struct tl_config *config,
                           const struct tl_workstation *ws, krb5_principal princ, int fd,
                           struct tl_outcome *out)
{
    krb5_keytab from = NULL, to = NULL;
    char name[48];
    size_t count = 0;
    krb5_error_code ret;
    enum tl_reason reason =
        tli_keytab_for_machine(k5, config, ws, princ, false, &from, out);

    if (reason != TL_REASON_OK)
        return reason;
    snprintf(name, sizeof(name), "FILE:/proc/self/fd/%d", fd);
    ret = write(fd, version, sizeof(version)) == (ssize_t)sizeof(version) ? 0 : EIO;
    if (ret == 0)
        ret = krb5_kt_resolve(k5, name, &to);
    if (ret == 0)
        ret = copy_keys(k5, from, princ, to, &count);
    if (ret != 0 || count == 0)
        reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_KEYTAB_NO_KEY,
                                 "the keys of %s$ cannot be copied", ws->flat);
    if (to != NULL)
        krb5_kt_close(k5, to);
    krb5_kt_close(k5, from);
    return reason;
}

enum tl_reason tl_krb_machine_keys(const struct tl_config *config,
                                   const struct tl_workstation *ws, int *fd_out,
                                   struct tl_outcome *out)
{
    char *account = talloc_asprintf(NULL, "%s$", ws->flat);
    krb5_context k5 = NULL;
    krb5_principal princ = NULL;
    int fd = memfd_create("keytab", MFD_CLOEXEC);
    enum tl_reason reason = tli_k5_open(TL_RC4_NO, false, TL_STAGE_AS, &k5, out);

    *fd_out = -1;
    if (reason == TL_REASON_OK &&
        (fd < 0 || account == NULL ||
         krb5_build_principal(k5, &princ, (unsigned int)strlen(ws->realm), ws->realm,
                              account, (char *)NULL) != 0))
        reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    if (reason == TL_REASON_OK)
        reason = fill(k5, config, ws, princ, fd, out);
    if (reason == TL_REASON_OK)
        *fd_out = fd;
    else if (fd >= 0)
        close(fd);
    if (k5 != NULL) {
        krb5_free_principal(k5, princ);
        krb5_free_context(k5);
    }
    talloc_free(account);
    return reason;
}
