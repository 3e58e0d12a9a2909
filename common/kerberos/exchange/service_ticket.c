/* SPDX-License-Identifier: MIT
 *
 * service_ticket.c - a ticket for a service other than this workstation: a directory, or
 * the machine's ticket for a KDC of another realm.
 */
#include "exchange.h"

#include <string.h>
#include <strings.h>

/* GSSAPI will look for the ticket by the name without a realm (libkrb5's
 * referral realm), or with the realm its krb5.conf maps the host to: file it
 * under both. */
static void file_under_aliases(struct tl_krb *krb, krb5_creds *creds)
{
    krb5_ticket *ticket = NULL;
    krb5_principal kept = creds->server;

    if (krb5_decode_ticket(&creds->ticket, &ticket) != 0)
        return;
    creds->server = ticket->server;
    (void)krb5_cc_store_cred(krb->k5, krb->ccache, creds);
    if (krb5_set_principal_realm(krb->k5, creds->server, "") == 0)
        (void)krb5_cc_store_cred(krb->k5, krb->ccache, creds);
    creds->server = kept;
    krb5_free_ticket(krb->k5, ticket);
}

enum tl_reason tl_krb_ticket(struct tl_krb *krb, const char *service, const char *realm,
                             struct tl_outcome *out)
{
    const char *slash = strchr(service, '/');
    krb5_creds *creds = NULL;
    struct tli_tgs tgs;
    char *first;
    enum tl_reason reason = TL_REASON_OK;

    if (slash == NULL || krb->tgt_realm == NULL)
        return tl_outcome_fail(out, TL_STAGE_WALK, TL_REASON_INTERNAL,
                               "cannot request a ticket for %s", service);
    tgs = tli_tgs_start(krb, out);
    first = talloc_strndup(tgs.mem, service, (size_t)(slash - service));
    if (first == NULL) {
        talloc_free(tgs.mem);
        return tl_outcome_fail(out, TL_STAGE_WALK, TL_REASON_NO_MEMORY, NULL);
    }
    if (realm == NULL)
        realm = krb->tgt_realm;
    if (strcasecmp(realm, krb->tgt_realm) != 0)
        reason = tli_tgs_ask(&tgs, KRB5_TGS_NAME, realm, krb->tgt_realm, NULL);
    if (reason == TL_REASON_OK)
        reason = tli_tgs_ask(&tgs, first, slash + 1, realm, &creds);
    if (reason == TL_REASON_OK && creds != NULL) {
        file_under_aliases(krb, creds);
        krb5_free_creds(krb->k5, creds);
    }
    talloc_free(tgs.mem);
    return reason;
}
