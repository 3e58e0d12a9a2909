/* SPDX-License-Identifier: MIT
 *
 * keytab.c - the machine's keytab: missing, unreadable and without a key are three
 * different findings, which libkrb5 distinguishes only in part.
 */
#include "kerberos/internal.h"
#include "keytab.h"
#include "kerberos/safe_file.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <trustlogon/tickets.h>

/* "FILE:/etc/krb5.keytab" or "/etc/krb5.keytab" -> the path; NULL for other types */
const char *tli_keytab_path(const char *name)
{
    if (strncmp(name, "FILE:", 5) == 0 || strncmp(name, "WRFILE:", 7) == 0)
        return strchr(name, ':') + 1;
    return name[0] == '/' ? name : NULL;
}

/* krb5_kt_have_content() calls a damaged file "nonexistent or empty"; reading its
 * first entry tells what is wrong. KRB5_KT_END: well-formed and empty. */
static krb5_error_code first_entry(krb5_context k5, krb5_keytab keytab)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    krb5_error_code ret = krb5_kt_start_seq_get(k5, keytab, &cursor);

    if (ret != 0)
        return ret;
    ret = krb5_kt_next_entry(k5, keytab, &entry, &cursor);
    if (ret == 0)
        krb5_free_keytab_entry_contents(k5, &entry);
    krb5_kt_end_seq_get(k5, keytab, &cursor);
    return ret;
}

/* Why the keytab could not be read. For an ordinary user that is as intended. */
static enum tl_reason reason_of(krb5_error_code ret)
{
    if (ret == KRB5_KT_END)
        return TL_REASON_KEYTAB_NO_KEY;
    if (ret == EACCES && geteuid() != 0)
        return TL_REASON_KEYTAB_NEEDS_ROOT;
    return TL_REASON_KEYTAB_UNREADABLE;
}

/* The file is judged before libkrb5 opens it: owner and mode decide whether its keys
 * prove anything. */
enum tl_reason tli_keytab_open(krb5_context k5, const struct tl_config *config,
                               enum tl_stage stage, krb5_keytab *keytab,
                               struct tl_outcome *out)
{
    const char *path = tli_keytab_path(config->keytab);
    struct stat st;
    krb5_error_code ret;
    const char *unsafe;
    char *text;
    enum tl_reason reason;

    *keytab = NULL;
    tl_outcome_set_subject(out, path != NULL ? path : config->keytab);
    if (path != NULL && stat(path, &st) != 0)
        return tl_outcome_fail(
            out, stage, errno == ENOENT ? TL_REASON_KEYTAB_MISSING : reason_of(errno),
            "%s", strerrordesc_np(errno));
    if (path != NULL && !S_ISREG(st.st_mode))
        return tl_outcome_fail(out, stage, TL_REASON_KEYTAB_UNREADABLE,
                               "it is not a regular file");
    /* Those who may write a key choose what counts as proof, and those who may read one
     * can make tickets for this machine. */
    unsafe = path != NULL ? tli_stat_unsafe(&st, true) : NULL;
    if (unsafe != NULL)
        return tl_outcome_fail(out, stage, TL_REASON_KEYTAB_UNSAFE, "%s", unsafe);
    ret = krb5_kt_resolve(k5, config->keytab, keytab);
    if (ret == 0)
        ret = first_entry(k5, *keytab);
    if (ret == 0)
        return TL_REASON_OK;
    text = tli_k5_message(NULL, k5, ret);
    reason = tl_outcome_fail(out, stage, reason_of(ret), "%s", text != NULL ? text : "?");
    talloc_free(text);
    if (*keytab != NULL)
        krb5_kt_close(k5, *keytab);
    *keytab = NULL;
    return reason;
}

static bool component_is(krb5_const_principal princ, int i, const char *text)
{
    return princ->data[i].length == strlen(text) &&
           strncasecmp(princ->data[i].data, text, princ->data[i].length) == 0;
}

bool tli_keytab_is_machine(krb5_const_principal princ, const struct tl_workstation *ws)
{
    if (princ->realm.length != strlen(ws->realm) ||
        strncasecmp(princ->realm.data, ws->realm, princ->realm.length) != 0)
        return false;
    if (princ->length == 2)
        return component_is(princ, 0, "host") &&
               (component_is(princ, 1, ws->fqdn) || component_is(princ, 1, ws->flat));
    return princ->length == 1 && princ->data[0].length == strlen(ws->flat) + 1 &&
           strncasecmp(princ->data[0].data, ws->flat, strlen(ws->flat)) == 0 &&
           princ->data[0].data[princ->data[0].length - 1] == '$';
}

bool tli_keytab_lacks_aes(krb5_context k5, krb5_keytab keytab,
                          const struct tl_workstation *ws)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    size_t keys = 0, aes = 0;

    if (krb5_kt_start_seq_get(k5, keytab, &cursor) != 0)
        return false;
    while (krb5_kt_next_entry(k5, keytab, &entry, &cursor) == 0) {
        if (tli_keytab_is_machine(entry.principal, ws)) {
            keys++;
            aes += tli_enctype_allowed(TL_RC4_NO, TL_KEY_ANY, entry.key.enctype);
        }
        krb5_free_keytab_entry_contents(k5, &entry);
    }
    krb5_kt_end_seq_get(k5, keytab, &cursor);
    return keys > 0 && aes == 0;
}

enum tl_reason tl_keytab_judge(const struct tl_config *config,
                               const struct tl_workstation *ws, struct tl_outcome *out)
{
    krb5_context k5 = NULL;
    krb5_keytab keytab = NULL;
    enum tl_reason reason =
        tli_k5_open(config->allow_rc4, false, TL_STAGE_LOCAL, &k5, out);

    if (reason != TL_REASON_OK)
        return reason;
    reason = tli_keytab_open(k5, config, TL_STAGE_LOCAL, &keytab, out);
    if (reason == TL_REASON_OK && tli_keytab_lacks_aes(k5, keytab, ws))
        reason = tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_KEYTAB_RC4,
                                 "its keys of host/%s are RC4 or older", ws->fqdn);
    if (keytab != NULL)
        krb5_kt_close(k5, keytab);
    krb5_free_context(k5);
    return reason;
}

/* Versions of the machine's keys: of those written last, and the highest one. An account
 * that was created again counts from 1 again, so the two may differ; by the time of
 * writing alone, keys that were put into the file with another tool would be the newest.
 */
static bool find_versions(krb5_context k5, krb5_keytab from,
                          const struct tl_workstation *ws, krb5_kvno *last,
                          krb5_kvno *highest)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    uint32_t written = 0;
    bool found = false;

    *last = *highest = 0;
    if (krb5_kt_start_seq_get(k5, from, &cursor) != 0)
        return false;
    while (krb5_kt_next_entry(k5, from, &entry, &cursor) == 0) {
        uint32_t time = (uint32_t)entry.timestamp;

        if (tli_keytab_is_machine(entry.principal, ws)) {
            if (!found || time > written || (time == written && entry.vno > *last)) {
                written = time;
                *last = entry.vno;
            }
            if (entry.vno > *highest)
                *highest = entry.vno;
            found = true;
        }
        krb5_free_keytab_entry_contents(k5, &entry);
    }
    krb5_kt_end_seq_get(k5, from, &cursor);
    return found;
}

/* Copy the machine's keys of one version into `twin`, all under one name. */
static size_t copy_machine_keys(krb5_context k5, krb5_keytab from, krb5_keytab twin,
                                const struct tl_workstation *ws, krb5_kvno version,
                                krb5_principal princ)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    size_t n = 0;

    if (krb5_kt_start_seq_get(k5, from, &cursor) != 0)
        return 0;
    while (krb5_kt_next_entry(k5, from, &entry, &cursor) == 0) {
        krb5_principal own = entry.principal;

        if (entry.vno == version && tli_keytab_is_machine(own, ws)) {
            entry.principal = princ;
            n += krb5_kt_add_entry(k5, twin, &entry) == 0;
            entry.principal = own;
        }
        krb5_free_keytab_entry_contents(k5, &entry);
    }
    krb5_kt_end_seq_get(k5, from, &cursor);
    return n;
}

/* libkrb5 looks a key up under the client's own name, so the keys under all names of
 * the machine are copied under one, in memory. */
enum tl_reason tli_keytab_for_machine(krb5_context k5, const struct tl_config *config,
                                      const struct tl_workstation *ws,
                                      krb5_principal princ, bool others,
                                      krb5_keytab *keytab, struct tl_outcome *out)
{
    krb5_keytab file = NULL, twin = NULL;
    krb5_kvno last, highest;
    char *name;
    enum tl_reason reason = tli_keytab_open(k5, config, TL_STAGE_AS, &file, out);

    *keytab = NULL;
    if (reason != TL_REASON_OK)
        return reason;
    /* libkrb5 would only say that no key is suitable */
    if (config->allow_rc4 != TL_RC4_YES && tli_keytab_lacks_aes(k5, file, ws)) {
        krb5_kt_close(k5, file);
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_KEYTAB_RC4,
                               "with RC4 keys only, this machine gets no ticket");
    }
    name = talloc_asprintf(NULL, "MEMORY:trustlogon-machine-%p", (void *)&last);
    if (name == NULL || krb5_kt_resolve(k5, name, &twin) != 0)
        reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    else if (!find_versions(k5, file, ws, &last, &highest) ||
             (others && last == highest) ||
             copy_machine_keys(k5, file, twin, ws, others ? highest : last, princ) == 0)
        reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_KEYTAB_NO_KEY,
                                 "no key for %s$ or host/%s", ws->flat, ws->fqdn);
    talloc_free(name);
    krb5_kt_close(k5, file);
    if (reason != TL_REASON_OK) {
        if (twin != NULL)
            krb5_kt_close(k5, twin);
        return reason;
    }
    *keytab = twin;
    return TL_REASON_OK;
}
