/* SPDX-License-Identifier: MIT
 *
 * user_account.c - the user's account as its directory has it, where a KDC refused the
 * name or the password: its code does not tell a misspelt name from one that the account
 * does not have, nor a wrong password from one that is never accepted.
 *
 * It is read with the machine's ticket. Over a one-way trust nothing is read, and nothing
 * is known.
 */
#include <string.h>

#include "internal.h"

#define KDC_ERR_PRINCIPAL_NOT_UNIQUE 8 /* RFC 4120 7.5.9 */

static void add(struct run *run, enum tl_fact_kind kind, const struct tl_account *account,
                const char *attribute, const char *wanted)
{
    const struct tl_fact fact = {.kind = kind,
                                 .place = TL_PLACE_USER,
                                 .source = TL_SOURCE_DIRECTORY,
                                 .object = account->dn,
                                 .attribute = attribute,
                                 .wanted = wanted};

    tl_facts_add(run->facts, &fact);
}

/* A name with a suffix is looked for by its first part, which may be another account. */
static bool is_the_one(const struct run *run, const struct tl_account *account)
{
    return run->logon->route->type != TL_ENTERPRISE ||
           (account->upn != NULL && tl_name_equal(account->upn, run->logon->name->whole));
}

static void note_flags(struct run *run, const struct tl_account *account)
{
    if (!is_the_one(run, account))
        return;
    if ((account->control & TL_UAC_SMARTCARD) != 0)
        add(run, TL_FACT_USER_FLAGS, account, "userAccountControl has SMARTCARD_REQUIRED",
            NULL);
    if ((account->control & TL_UAC_DES_ONLY) != 0)
        add(run, TL_FACT_USER_FLAGS, account, "userAccountControl has USE_DES_KEY_ONLY",
            NULL);
}

/* Where a suffix was given, it is part of the account's name. */
static void note_upn(struct run *run, const struct tl_account *account)
{
    const struct tl_name *name = run->logon->name;

    if (name->form != TL_NAME_UPN || is_the_one(run, account))
        return;
    add(run, TL_FACT_USER_UPN, account,
        account->upn != NULL
            ? talloc_asprintf(run->diag, "userPrincipalName = %s", account->upn)
            : "no userPrincipalName",
        NULL);
}

/* "CN=alice,...; CN=bob,..." */
static const char *all_of(TALLOC_CTX *ctx, const struct tl_account *accounts,
                          size_t count)
{
    char *all = talloc_strdup(ctx, accounts[0].dn);

    for (size_t i = 1; i < count && all != NULL; i++)
        all = talloc_asprintf_append(all, "; %s", accounts[i].dn);
    return all;
}

/* A name that two accounts have means neither. */
static void note_twins(struct run *run, struct tl_directory *dir)
{
    const char *upn = run->logon->name->whole;
    struct tl_account *accounts = NULL;
    struct tl_account both = {0};
    size_t count = 0;

    if (run->logon->name->form != TL_NAME_UPN ||
        tl_directory_upn(run, dir, upn, &accounts, &count, NULL) != TL_REASON_OK ||
        count < 2)
        return;
    both.dn = all_of(run->diag, accounts, count);
    add(run, TL_FACT_USER_UPN_SINGLE, &both,
        talloc_asprintf(run->diag, "userPrincipalName = %s", upn), NULL);
}

static bool is_refused(const struct tl_outcome *out)
{
    return out->stage == TL_STAGE_AS && (out->reason == TL_REASON_USER_UNKNOWN ||
                                         out->reason == TL_REASON_WRONG_PASSWORD ||
                                         out->reason == TL_REASON_ACCOUNT_RC4 ||
                                         out->reason == TL_REASON_ETYPE_UNSUPPORTED ||
                                         out->krb_error == KDC_ERR_PRINCIPAL_NOT_UNIQUE);
}

void tli_check_user_account(struct run *run)
{
    struct tl_directory *theirs = NULL, *dir = NULL;
    struct tl_account *account = NULL;
    size_t count = 0;

    if (run->diag->logon == NULL) {
        tli_left_out(run, TL_AREA_NOT_LOOKED, "no logon was tried");
        return;
    }
    if (!is_refused(run->diag->logon->outcome)) {
        tli_left_out(run, TL_AREA_NEEDLESS, "no KDC refused the name or the password");
        return;
    }
    if (run->own == NULL) {
        tli_left_out(run, TL_AREA_NOT_LOOKED, "the machine cannot read it");
        return;
    }
    tli_progress(run, "the account of", run->name);
    if (run->user_domain != NULL)
        (void)tli_user_directory_open(run, run->own->krb, run->own->locator,
                                      run->user_domain, &run->trace,
                                      tl_deadline_in_ms(run->explain_ms), &theirs, NULL);
    dir = run->user_domain != NULL ? theirs : run->own->dir;
    if (dir == NULL || tl_directory_account(run, dir, run->logon->name->user, &account,
                                            &count, NULL) != TL_REASON_OK)
        tli_left_out(run, TL_AREA_NOT_LOOKED, "the machine cannot read it");
    else
        note_twins(run, dir);
    if (count == 1) {
        note_flags(run, account);
        note_upn(run, account);
    }
    talloc_free(theirs);
}
