/* SPDX-License-Identifier: MIT
 *
 * machine_tickets.c - the machine's own tickets, saved between runs in a file that only
 * root reads: a look-up would otherwise cost the KDCs as much as a logon.
 */
#include "kerberos/internal.h"
#include "carried.h"
#include "keytab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <trustlogon/tickets.h>

/* A ticket that ends sooner is not worth a question to a server. */
#define LEFT_S 300

static bool lasts(const krb5_creds *creds)
{
    return (int64_t)(uint32_t)creds->times.endtime >= (int64_t)time(NULL) + LEFT_S;
}

static bool is_tgt_of(const krb5_creds *creds, krb5_const_principal client)
{
    krb5_const_principal server = creds->server;

    return server->length == 2 && server->data[0].length == strlen(KRB5_TGS_NAME) &&
           memcmp(server->data[0].data, KRB5_TGS_NAME, strlen(KRB5_TGS_NAME)) == 0 &&
           server->data[1].length == client->realm.length &&
           memcmp(server->data[1].data, client->realm.data, client->realm.length) == 0 &&
           server->realm.length == client->realm.length &&
           memcmp(server->realm.data, client->realm.data, client->realm.length) == 0;
}

/* Everything that lasts, from one cache to another. *tgt_end: of the client's TGT. */
static krb5_error_code copy_lasting(krb5_context k5, krb5_ccache from, krb5_ccache to,
                                    krb5_const_principal client, int64_t *tgt_end)
{
    krb5_cc_cursor cursor;
    krb5_creds creds;
    krb5_error_code ret = krb5_cc_start_seq_get(k5, from, &cursor);

    *tgt_end = 0;
    if (ret != 0)
        return ret;
    while (ret == 0 && krb5_cc_next_cred(k5, from, &cursor, &creds) == 0) {
        if (lasts(&creds) && !krb5_is_config_principal(k5, creds.server)) {
            if (is_tgt_of(&creds, client))
                *tgt_end = (int64_t)(uint32_t)creds.times.endtime;
            ret = krb5_cc_store_cred(k5, to, &creds);
        }
        krb5_free_cred_contents(k5, &creds);
    }
    krb5_cc_end_seq_get(k5, from, &cursor);
    return ret;
}

static int errno_of(krb5_error_code ret)
{
    return ret == 0 ? 0 : ret > 0 && ret < 4096 ? -(int)ret : -EIO;
}

static struct {
    tl_lender_fn fn;
    void *arg;
} lender;

void tl_krb_borrow_machine_tickets(tl_lender_fn fn, void *arg)
{
    lender.fn = fn;
    lender.arg = arg;
}

bool tli_machine_tickets_lent(struct tl_krb *krb, const struct tl_loan *loan,
                              enum tl_reason *reason, struct tl_outcome *out)
{
    struct tl_tickets *tickets = NULL;

    if (lender.fn == NULL)
        return false;
    *reason = lender.fn(lender.arg, krb, loan, &tickets, out);
    if (*reason == TL_REASON_OK && tl_krb_take_tickets(krb, tickets) != 0)
        *reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_INTERNAL,
                                  "the machine's tickets cannot be read");
    talloc_free(tickets);
    return true;
}

/* Several agents may save at once: each writes a file of its own and renames it. */
int tl_krb_save_machine_tickets(struct tl_krb *krb, const char *path)
{
    char *beside = talloc_asprintf(krb, "%s.%d", path, (int)getpid());
    char *name = talloc_asprintf(beside, "FILE:%s", beside);
    krb5_ccache file = NULL;
    krb5_error_code ret;
    int64_t end;
    int fd, rc;

    if (name == NULL || krb->client == NULL) {
        talloc_free(beside);
        return name == NULL ? -ENOMEM : -EINVAL;
    }
    (void)unlink(beside); /* of a process with our number that was killed here */
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        rc = -errno;
        talloc_free(beside);
        return rc;
    }
    close(fd);
    ret = krb5_cc_resolve(krb->k5, name, &file);
    if (ret == 0)
        ret = krb5_cc_initialize(krb->k5, file, krb->client);
    if (ret == 0)
        ret = copy_lasting(krb->k5, krb->ccache, file, krb->client, &end);
    if (file != NULL)
        krb5_cc_close(krb->k5, file);
    rc = errno_of(ret);
    if (rc == 0 && rename(beside, path) != 0)
        rc = -errno;
    if (rc != 0)
        (void)unlink(beside);
    talloc_free(beside);
    return rc;
}

/* A regular file that only this user can read and write, and that is root's. */
static int check_file(const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return -EPERM;
    return 0;
}

static bool is_machine(krb5_const_principal client, const struct tl_workstation *ws)
{
    return client->length == 1 && client->realm.length == strlen(ws->realm) &&
           memcmp(client->realm.data, ws->realm, client->realm.length) == 0 &&
           tli_keytab_is_machine(client, ws);
}

/* The file's client must be this machine and its TGT must last; only then do the
 * tickets become the context's. */
static int load_file(struct tl_krb *krb, const struct tl_workstation *ws,
                     const char *path)
{
    char *name = talloc_asprintf(krb, "FILE:%s", path);
    krb5_principal client = NULL;
    krb5_ccache file = NULL;
    krb5_error_code ret = 0;
    int64_t tgt_end = 0;
    int rc = name == NULL ? -ENOMEM : check_file(path);

    if (rc != 0)
        goto cleanup;
    ret = krb5_cc_resolve(krb->k5, name, &file);
    if (ret == 0)
        ret = krb5_cc_get_principal(krb->k5, file, &client);
    /* After a new join, or with another keytab, they belong to another account. */
    if (ret == 0 && !is_machine(client, ws))
        rc = -ENOENT;
    if (ret == 0 && rc == 0)
        ret = krb5_cc_initialize(krb->k5, krb->ccache, client);
    if (ret == 0 && rc == 0)
        ret = copy_lasting(krb->k5, file, krb->ccache, client, &tgt_end);
    if (ret == 0 && rc == 0)
        rc = tgt_end != 0 ? tli_krb_become(krb, client, tgt_end) : -ENOENT;
    if (ret == 0 && rc == 0)
        client = NULL;

cleanup:
    krb5_free_principal(krb->k5, client);
    if (file != NULL)
        krb5_cc_close(krb->k5, file);
    talloc_free(name);
    return rc != 0 ? rc : errno_of(ret);
}

int tl_krb_load_machine_tickets(struct tl_krb *krb, const struct tl_workstation *ws,
                                const char *path)
{
    enum tl_reason reason;

    if (tli_machine_tickets_lent(krb, &(struct tl_loan){0}, &reason, NULL))
        return reason == TL_REASON_OK ? 0 : -ENOENT;
    return load_file(krb, ws, path);
}

bool tl_krb_has_ticket(struct tl_krb *krb, const char *service, const char *realm)
{
    char *text = talloc_asprintf(krb, "%s@%s", service, realm);
    krb5_creds want, got;
    bool found = false;

    memset(&want, 0, sizeof(want));
    memset(&got, 0, sizeof(got));
    want.client = krb->client;
    if (text != NULL && krb->client != NULL &&
        krb5_parse_name(krb->k5, text, &want.server) == 0 &&
        krb5_cc_retrieve_cred(krb->k5, krb->ccache, 0, &want, &got) == 0) {
        found = lasts(&got);
        krb5_free_cred_contents(krb->k5, &got);
    }
    krb5_free_principal(krb->k5, want.server);
    talloc_free(text);
    return found;
}
