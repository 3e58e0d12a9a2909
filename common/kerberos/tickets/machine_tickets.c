/* SPDX-License-Identifier: MIT
 *
 * machine_tickets.c - the machine's own tickets, saved between runs in a file that only
 * root reads: a look-up would otherwise cost the KDCs as much as a logon.
 */
#include "kerberos/internal.h"
#include "carried.h"
#include "saved.h"

#include <errno.h>
#include <string.h>
#include <trustlogon/tickets.h>

static struct {
    tl_lender_fn fn;
    void *arg;
} lender;

void tl_krb_borrow_machine_tickets(tl_lender_fn fn, void *arg)
{
    lender.fn = fn;
    lender.arg = arg;
}

/* -EBADMSG: what was lent cannot be read. */
static int borrow(struct tl_krb *krb, const struct tl_loan *loan, enum tl_reason *reason,
                  struct tl_outcome *out)
{
    struct tl_tickets *tickets = NULL;
    int rc = 0;

    *reason = lender.fn(lender.arg, krb, loan, &tickets, out);
    if (*reason == TL_REASON_OK)
        rc = tl_krb_take_tickets(krb, tickets);
    talloc_free(tickets);
    return rc;
}

bool tli_machine_tickets_lent(struct tl_krb *krb, const struct tl_loan *loan,
                              enum tl_reason *reason, struct tl_outcome *out)
{
    struct tl_loan fresh = *loan;
    int rc;

    fresh.fresh = true;
    if (lender.fn == NULL)
        return false;
    rc = borrow(krb, loan, reason, out);
    if (rc != 0 && !loan->fresh) /* what an earlier process has saved */
        rc = borrow(krb, &fresh, reason, out);
    if (rc != 0)
        *reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_INTERNAL,
                                  "the machine's tickets cannot be read");
    return true;
}

enum tl_reason tl_krb_borrow_ticket(struct tl_krb *krb, const char *service,
                                    const char *realm, bool fresh, struct tl_outcome *out)
{
    const struct tl_loan loan = {
        .fresh = fresh, .service = service, .realm = realm, .deadline = krb->deadline};
    enum tl_reason reason;

    if (!tli_machine_tickets_lent(krb, &loan, &reason, out))
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                               "nobody lends the machine's tickets");
    return reason;
}

int tl_krb_save_machine_tickets(struct tl_krb *krb, const char *path)
{
    struct tl_tickets *tickets = NULL;
    int rc = tl_krb_tickets(krb, krb, &tickets);

    if (rc == 0)
        rc = tl_tickets_replace(tickets, path);
    talloc_free(tickets);
    return rc;
}

/* After a new join, or with another keytab, those of the file belong to another account.
 */
static int load_file(struct tl_krb *krb, const struct tl_workstation *ws,
                     const char *path)
{
    struct tl_tickets *tickets = NULL;
    int rc = tl_tickets_load(krb, path, &tickets);

    if (rc == 0 && !tl_tickets_of_machine(tickets, ws))
        rc = -ENOENT;
    if (rc == 0) {
        tl_tickets_drop_ended(tickets);
        rc = tl_krb_take_tickets(krb, tickets);
    }
    talloc_free(tickets);
    return rc;
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
        found = tli_ticket_lasts((int64_t)(uint32_t)got.times.endtime);
        krb5_free_cred_contents(krb->k5, &got);
    }
    krb5_free_principal(krb->k5, want.server);
    talloc_free(text);
    return found;
}
