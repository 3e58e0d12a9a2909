/* SPDX-License-Identifier: MIT
 *
 * lsa.c - a user or a group by way of the workstation's own DC, which asks across a
 * trust that this machine cannot cross. It knows SID and name, and nothing else.
 */
#include "asking.h"

#include <errno.h>
#include <string.h>

#include <trustlogon/name.h>

#include "lsa_client.h"

#define NONE_MAPPED 0xC0000073U
#define INVALID_PARAMETER 0xC000000DU
#define NO_LOGON_SERVERS 0xC000005EU
#define IO_TIMEOUT 0xC00000B5U
#define DCS_MAX 4 /* that are tried */
#define RID_DOMAIN_USERS 513U

static enum tl_reason fail(const struct tli_asking *a, const char *why)
{
    tl_outcome_fail(a->out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                    "%s could not be asked through the workstation's own domain "
                    "controller: %s",
                    a->domain->dns, why != NULL ? why : "no reason was given");
    return TL_REASON_DIRECTORY_UNREADABLE;
}

/* Until one can tell; what the last one said. A DC that is silent goes last next time. */
static int ask_first(const struct tli_asking *a, const struct tl_dc_list *dcs,
                     const char *name, const struct tl_sid *sid,
                     struct tli_lsa_answer **found, const char **why)
{
    const struct tl_lookup_input *in = &a->lookup->in;
    struct tli_lsa_peer peer = {.config = in->machine->config,
                                .ws = in->machine->workstation};
    int ret = -ETIMEDOUT;

    for (size_t i = 0; i < dcs->count && i < DCS_MAX; i++) {
        peer.dc = dcs->dcs[i].host;
        peer.address = dcs->dcs[i].address;
        ret = tli_lsa_ask(a->answer, &peer, name, sid, in->deadline, found, why);
        if (ret != 0 || (*found)->ntstatus == 0 || (*found)->ntstatus == NONE_MAPPED ||
            (*found)->ntstatus == INVALID_PARAMETER)
            break;
        if ((*found)->ntstatus == NO_LOGON_SERVERS || (*found)->ntstatus == IO_TIMEOUT)
            tl_locate_failed(a->lookup->locator, &dcs->dcs[i]);
    }
    return ret;
}

/* By name, or with `name` NULL by SID. */
static enum tl_reason ask(const struct tli_asking *a, const char *name,
                          const struct tl_sid *sid, struct tli_lsa_answer **found)
{
    const struct tl_lookup_input *in = &a->lookup->in;
    struct tl_dc_list *dcs = NULL;
    const char *why = NULL;
    enum tl_reason reason =
        tl_locate(a->answer, a->lookup->locator, in->machine->workstation->domain, 0,
                  in->deadline, &dcs, a->out);

    if (reason != TL_REASON_OK)
        return reason;
    if (ask_first(a, dcs, name, sid, found, &why) != 0)
        return fail(a, why);
    if ((*found)->ntstatus == NONE_MAPPED)
        return tli_asking_unknown(a, "the workstation's domain controller knows none");
    if ((*found)->ntstatus != 0 || (*found)->name == NULL || (*found)->domain == NULL)
        return fail(a, (*found)->text);
    return TL_REASON_OK;
}

/* NULL, or why what came back is none of the domain that was meant. */
static const char *refuse(const struct tli_asking *a, const struct tli_lsa_answer *found)
{
    if (!a->domain->has_sid || !tl_sid_in_domain(&found->sid, &a->domain->sid))
        return "the SID is not one of the domain that was asked";
    if (a->domain->flat == NULL || !tl_name_equal(found->domain, a->domain->flat))
        return "the answer names another domain";
    return NULL;
}

enum tl_reason tli_asking_lsa_name(const struct tli_asking *a, const struct tl_sid *sid,
                                   struct tl_dir_name *name)
{
    struct tli_lsa_answer *found = NULL;
    enum tl_reason reason = ask(a, NULL, sid, &found);
    size_t len;

    if (reason != TL_REASON_OK)
        return reason;
    if (refuse(a, found) != NULL || !tl_sid_equal(&found->sid, sid))
        return fail(a, "the answer is about something else");
    len = strlen(found->name);
    *name = (struct tl_dir_name){.sid = *sid, .kind = TL_DIR_UNKNOWN};
    if (found->type == TL_LSA_USER && (len == 0 || found->name[len - 1] != '$'))
        name->kind = TL_DIR_USER;
    else if (found->type == TL_LSA_GROUP || found->type == TL_LSA_ALIAS)
        name->kind = TL_DIR_GROUP;
    name->domain_local = found->type == TL_LSA_ALIAS;
    name->name = found->name;
    return TL_REASON_OK;
}

/*
 * "None mapped" is also what a DC says whose own question to the other domain failed
 * [MS-LSAT 3.1.4.5]. A group that every domain has tells the two apart: one that it
 * cannot name either was not asked about anybody.
 */
static enum tl_reason is_told(const struct tli_asking *a)
{
    struct tl_dir_name found = {0};
    struct tl_sid sid;
    enum tl_reason reason = TL_REASON_DIRECTORY_UNREADABLE;

    if (a->domain->has_sid && tl_sid_append(&a->domain->sid, RID_DOMAIN_USERS, &sid) == 0)
        reason = tli_asking_lsa_name(a, &sid, &found);
    if (reason == TL_REASON_NO_MEMORY)
        return reason;
    tl_outcome_reset(a->out);
    if (reason != TL_REASON_OK)
        return fail(a, "it can name nothing of that domain now");
    return tli_asking_unknown(a, "the workstation's domain controller knows none");
}

/* Of Domain Users, so that `id` finds a name for it; only a nicety. */
static enum tl_reason add_primary(const struct tli_asking *a)
{
    struct tl_dir_name found = {0};
    enum tl_reason reason;
    struct tl_sid sid;

    if (tl_sid_append(&a->domain->sid, RID_DOMAIN_USERS, &sid) != 0)
        return TL_REASON_OK;
    reason = tli_asking_lsa_name(a, &sid, &found);
    if (reason == TL_REASON_OK && found.kind == TL_DIR_GROUP)
        reason = tli_asking_add_group(a, &sid, found.name);
    tl_outcome_reset(a->out);
    return reason == TL_REASON_NO_MEMORY ? reason : TL_REASON_OK;
}

/* Our own DC said whose name it is. */
static int add_upn(const struct tli_asking *a, struct tl_pac *account)
{
    if (a->plan->by != TL_LOOKUP_BY_UPN)
        return 0;
    account->upn = talloc_strdup(account, a->plan->name);
    account->upn_constructed = false;
    return account->upn != NULL ? 0 : -ENOMEM;
}

static enum tl_reason take_user(struct tli_asking *a, const struct tli_lsa_answer *found)
{
    struct tl_pac *account = NULL;
    enum tl_reason reason;
    size_t len = strlen(found->name);

    /* A computer's account is a user to a DC, and tells itself by its name only. */
    if (found->type != TL_LSA_USER || (len > 0 && found->name[len - 1] == '$'))
        return tli_asking_unknown(a, "it is no user");
    if (tli_lookup_account_bare(a->answer, &found->sid, found->name, &account) != 0 ||
        add_upn(a, account) != 0)
        return tli_asking_no_memory(a);
    reason = tli_asking_identify(a, account);
    return reason == TL_REASON_OK ? add_primary(a) : reason;
}

static enum tl_reason take_group(const struct tli_asking *a,
                                 const struct tli_lsa_answer *found)
{
    enum tl_reason reason;

    if (found->type != TL_LSA_GROUP && found->type != TL_LSA_ALIAS)
        return tli_asking_unknown(a, "it is no group");
    reason = tli_asking_add_group(a, &found->sid, found->name);
    return reason == TL_REASON_OK ? tli_asking_check_group(a) : reason;
}

enum tl_reason tli_asking_lsa(struct tli_asking *a)
{
    struct tli_lsa_answer *found = NULL;
    const struct tl_sid *sid = NULL;
    char *name = NULL;
    enum tl_reason reason;
    const char *why;

    a->answer->source = TL_LOOKUP_LSA;
    if (a->lookup->in.machine->config->idmap == TL_IDMAP_RFC2307)
        return fail(a, "with idmap = rfc2307 the ids stand in its directory, which this "
                       "machine may not read");
    if (a->plan->by == TL_LOOKUP_BY_SID)
        sid = &a->plan->sid;
    else if (a->plan->by == TL_LOOKUP_BY_UPN)
        name = talloc_strdup(a->answer, a->plan->name);
    else
        name = talloc_asprintf(a->answer, "%s\\%s", a->domain->dns, a->plan->name);
    if (sid == NULL && name == NULL)
        return tli_asking_no_memory(a);
    reason = ask(a, name, sid, &found);
    /* Not every DC translates these across a trust (Samba's does not), and one that
     * does not says the same as one that knows that there is none. */
    if (reason == TL_REASON_USER_UNKNOWN && a->plan->by == TL_LOOKUP_BY_UPN)
        return fail(a, "it translates no such user principal name");
    if (reason == TL_REASON_USER_UNKNOWN && a->plan->upn != NULL) {
        tl_outcome_reset(a->out);
        reason = ask(a, a->plan->upn, NULL, &found);
        a->by_upn = reason == TL_REASON_OK;
    }
    a->lookup->sam_only = reason == TL_REASON_USER_UNKNOWN && a->plan->upn != NULL;
    if (reason == TL_REASON_USER_UNKNOWN)
        return is_told(a);
    if (reason != TL_REASON_OK)
        return reason;
    why = refuse(a, found);
    if (why != NULL)
        return fail(a, why);
    return a->question->group ? take_group(a, found) : take_user(a, found);
}
