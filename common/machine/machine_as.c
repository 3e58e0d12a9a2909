/* SPDX-License-Identifier: MIT
 *
 * machine_as.c - the machine's own AS exchange, with the keys of its keytab; and what
 * its outcome says about which machine this is.
 */
#include "kerberos/exchange/exchange.h"
#include "kerberos/tickets/carried.h"
#include "kerberos/tickets/keytab.h"
#include "keytab_machines.h"

#include <string.h>
#include <trustlogon/machine.h>

static enum tl_reason as_machine(struct tl_krb *krb, const struct tl_workstation *ws,
                                 krb5_principal princ, bool others,
                                 struct tl_outcome *out)
{
    krb5_keytab keytab = NULL;
    enum tl_reason reason =
        tli_keytab_for_machine(krb->k5, krb->config, ws, princ, others, &keytab, out);

    if (reason == TL_REASON_OK)
        reason = tli_as_keytab(krb, princ, keytab, out);
    if (keytab != NULL)
        krb5_kt_close(krb->k5, keytab);
    return reason;
}

/* The machine's own account is at fault, not that of any user it asks about. */
static enum tl_reason machine_refused(struct tl_outcome *out, enum tl_reason reason)
{
    char *said = NULL;

    if (out != NULL && out->detail != NULL)
        said = talloc_strdup(out, out->detail);
    reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_MACHINE_ACCOUNT, "%s",
                             said != NULL ? said : tl_reason_info(reason)->slug);
    talloc_free(said);
    return reason;
}

/* The keys written last are tried first, those of the highest version after them. What
 * the KDC says about the account is noted for the choice among the keytab's machines. */
enum tl_reason tl_krb_as_machine(struct tl_krb *krb, const struct tl_workstation *ws,
                                 struct tl_outcome *out)
{
    krb5_principal princ = NULL;
    char *name;
    enum tl_reason reason;

    if (tli_machine_tickets_lent(krb, &(struct tl_loan){.fresh = true}, &reason, out))
        return reason;
    name = talloc_asprintf(krb, "%s$", ws->flat);
    if (name == NULL ||
        krb5_build_principal(krb->k5, &princ, (unsigned int)strlen(ws->realm), ws->realm,
                             name, (char *)NULL) != 0) {
        talloc_free(name);
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    }
    princ->type = KRB5_NT_PRINCIPAL;
    reason = as_machine(krb, ws, princ, false, out);
    /* The keytab may have been put together from others, newest last. */
    if (reason == TL_REASON_WRONG_PASSWORD &&
        as_machine(krb, ws, princ, true, NULL) == TL_REASON_OK) {
        tl_outcome_reset(out);
        reason = TL_REASON_OK;
    }
    if (reason == TL_REASON_OK)
        tli_machine_proven(krb->config, ws->realm, ws->flat);
    else if (reason == TL_REASON_USER_UNKNOWN)
        tli_machine_disowned(krb->config, ws->realm, ws->flat);
    if (reason == TL_REASON_WRONG_PASSWORD) { /* the machine's is in its keytab */
        tl_outcome_set_subject(out, krb->config->keytab);
        reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_KEYTAB_WRONG,
                                 "the domain controller rejected the machine's key");
    }
    if (tl_reason_is_of_client(reason))
        reason = machine_refused(out, reason);
    krb5_free_principal(krb->k5, princ);
    talloc_free(name);
    return reason;
}
