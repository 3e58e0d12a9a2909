/* SPDX-License-Identifier: MIT
 *
 * lsa.c - a user or a group through the machine's own DC, which asks across a trust that
 * this machine cannot cross. It knows SID and name, and nothing else.
 */
#include "query.h"

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

static enum tl_reason fail(const struct tli_lookup_query *query, const char *why)
{
    tl_outcome_fail(
        query->out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
        "%s could not be queried through the workstation's own domain controller: %s",
        query->domain->dns, why != NULL ? why : "no reason is known");
    return TL_REASON_DIRECTORY_UNREADABLE;
}

/* DC by DC until one knows the answer; else the answer of the last one. A DC that is
 * silent is tried last next time. */
static int ask_first(const struct tli_lookup_query *query, const struct tl_dc_list *dcs,
                     const char *name, const struct tl_sid *sid,
                     struct tli_lsa_answer **found, const char **why)
{
    const struct tl_lookup_input *in = &query->lookup->in;
    struct tli_lsa_peer peer = {.machine = in->machine};
    int ret = -ETIMEDOUT;

    for (size_t i = 0; i < dcs->count && i < DCS_MAX; i++) {
        peer.dc = dcs->dcs[i].host;
        peer.address = dcs->dcs[i].address;
        ret = tli_lsa_ask(query->answer, &peer, name, sid, in->deadline, found, why);
        if (ret != 0 || (*found)->ntstatus == 0 || (*found)->ntstatus == NONE_MAPPED ||
            (*found)->ntstatus == INVALID_PARAMETER)
            break;
        if ((*found)->ntstatus == NO_LOGON_SERVERS || (*found)->ntstatus == IO_TIMEOUT)
            tl_locate_failed(query->lookup->locator, &dcs->dcs[i]);
    }
    return ret;
}

/* The domain controllers of the machine's own domain. Where another process reads its
 * directory, that one searches for them, and this one reads nothing of the network. */
static enum tl_reason locate_own(const struct tli_lookup_query *query,
                                 struct tl_dc_list **dcs)
{
    static const struct tli_reading_question nothing = {.kind = TLI_READ_NAMES};
    const struct tl_lookup_input *in = &query->lookup->in;
    const char *dns = in->machine->workstation->domain;
    unsigned int flags = in->reader != NULL ? TL_LOCATE_CACHED : 0;
    struct tli_lookup_query own = *query;
    struct tli_reading *reading = NULL;
    enum tl_reason reason = tl_locate(query->answer, query->lookup->locator, dns, flags,
                                      in->deadline, dcs, query->out);

    if (reason == TL_REASON_OK || in->reader == NULL)
        return reason;
    own.domain = tli_lookup_domain(query->answer, in->machine, dns);
    if (own.domain == NULL)
        return reason;
    tl_outcome_reset(query->out);
    (void)tli_query_read(&own, &nothing, &reading); /* they may be found and not read */
    tl_outcome_reset(query->out);
    return tl_locate(query->answer, query->lookup->locator, dns, flags | TL_LOCATE_EVER,
                     in->deadline, dcs, query->out);
}

/* By name, or with `name` NULL by SID. USER_UNKNOWN: the DC maps nothing to it. */
static enum tl_reason ask(const struct tli_lookup_query *query, const char *name,
                          const struct tl_sid *sid, struct tli_lsa_answer **found)
{
    struct tl_dc_list *dcs = NULL;
    const char *why = NULL;
    enum tl_reason reason = locate_own(query, &dcs);

    if (reason != TL_REASON_OK)
        return reason;
    if (ask_first(query, dcs, name, sid, found, &why) != 0)
        return fail(query, why);
    if ((*found)->ntstatus == NONE_MAPPED)
        return tli_query_unknown(query,
                                 "the machine's domain controller does not know it");
    if ((*found)->ntstatus != 0 || (*found)->name == NULL || (*found)->domain == NULL)
        return fail(query, (*found)->text);
    return TL_REASON_OK;
}

/* NULL, or why the answer is not about the domain that was asked. */
static const char *refuse(const struct tli_lookup_query *query,
                          const struct tli_lsa_answer *found)
{
    if (!query->domain->has_sid || !tl_sid_in_domain(&found->sid, &query->domain->sid))
        return "the SID is not one of the domain queried";
    if (query->domain->flat == NULL || !tl_name_equal(found->domain, query->domain->flat))
        return "the answer names another domain";
    return NULL;
}

enum tl_reason tli_query_lsa_name(const struct tli_lookup_query *query,
                                  const struct tl_sid *sid, struct tl_dir_name *name)
{
    struct tli_lsa_answer *found = NULL;
    enum tl_reason reason = ask(query, NULL, sid, &found);
    size_t len;

    if (reason != TL_REASON_OK)
        return reason;
    if (refuse(query, found) != NULL || !tl_sid_equal(&found->sid, sid))
        return fail(query, "the answer is not about the SID requested");
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
 * A DC answers "none mapped" too when its own question to the other domain failed
 * [MS-LSAT 3.1.4.5]. A group that every domain has tells the two apart: a DC that cannot
 * name that one either did not reach the domain.
 */
static enum tl_reason confirm_unknown(const struct tli_lookup_query *query)
{
    struct tl_dir_name found = {0};
    struct tl_sid sid;
    enum tl_reason reason = TL_REASON_DIRECTORY_UNREADABLE;

    if (query->domain->has_sid &&
        tl_sid_append(&query->domain->sid, RID_DOMAIN_USERS, &sid) == 0)
        reason = tli_query_lsa_name(query, &sid, &found);
    if (reason == TL_REASON_NO_MEMORY)
        return reason;
    tl_outcome_reset(query->out);
    if (reason != TL_REASON_OK)
        return fail(query, "it cannot resolve any account of that domain now");
    return tli_query_unknown(query, "the machine's domain controller does not know it");
}

/* The name of Domain Users, so that `id` shows one. The answer is valid without it.
 */
static enum tl_reason add_primary(const struct tli_lookup_query *query)
{
    struct tl_dir_name found = {0};
    enum tl_reason reason;
    struct tl_sid sid;

    if (tl_sid_append(&query->domain->sid, RID_DOMAIN_USERS, &sid) != 0)
        return TL_REASON_OK;
    reason = tli_query_lsa_name(query, &sid, &found);
    if (reason == TL_REASON_OK && found.kind == TL_DIR_GROUP)
        reason = tli_query_add_group(query, &sid, found.name);
    tl_outcome_reset(query->out);
    return reason == TL_REASON_NO_MEMORY ? reason : TL_REASON_OK;
}

/* The DC has mapped the UPN to this account, so it is its explicit UPN. */
static int add_upn(const struct tli_lookup_query *query, struct tl_pac *account)
{
    if (query->plan->by != TL_LOOKUP_BY_UPN)
        return 0;
    account->upn = talloc_strdup(account, query->plan->name);
    account->upn_constructed = false;
    return account->upn != NULL ? 0 : -ENOMEM;
}

static enum tl_reason take_user(struct tli_lookup_query *query,
                                const struct tli_lsa_answer *found)
{
    struct tl_pac *account = NULL;
    enum tl_reason reason;
    size_t len = strlen(found->name);

    /* To a DC a computer account is a user; only its name shows what it is. */
    if (found->type != TL_LSA_USER || (len > 0 && found->name[len - 1] == '$'))
        return tli_query_unknown(query, "it is not a user");
    if (tli_lookup_account_bare(query->answer, &found->sid, found->name, &account) != 0 ||
        add_upn(query, account) != 0)
        return tli_query_no_memory(query);
    reason = tli_query_identify(query, account);
    return reason == TL_REASON_OK ? add_primary(query) : reason;
}

static enum tl_reason take_group(const struct tli_lookup_query *query,
                                 const struct tli_lsa_answer *found)
{
    enum tl_reason reason;

    if (found->type != TL_LSA_GROUP && found->type != TL_LSA_ALIAS)
        return tli_query_unknown(query, "it is not a group");
    reason = tli_query_add_group(query, &found->sid, found->name);
    return reason == TL_REASON_OK ? tli_query_check_group(query) : reason;
}

/* The name or SID of the plan, and for a sAMAccountName that is unknown the UPN that may
 * be meant by it. Only SID and name come back, so idmap = rfc2307 cannot be served. */
enum tl_reason tli_query_lsa(struct tli_lookup_query *query)
{
    struct tli_lsa_answer *found = NULL;
    const struct tl_sid *sid = NULL;
    char *name = NULL;
    enum tl_reason reason;
    const char *why;

    query->answer->source = TL_LOOKUP_LSA;
    if (query->lookup->in.machine->config->idmap == TL_IDMAP_RFC2307)
        return fail(query,
                    "with idmap = rfc2307 the ids are in its directory, which this "
                    "machine may not read");
    if (query->plan->by == TL_LOOKUP_BY_SID)
        sid = &query->plan->sid;
    else if (query->plan->by == TL_LOOKUP_BY_UPN)
        name = talloc_strdup(query->answer, query->plan->name);
    else
        name = talloc_asprintf(query->answer, "%s\\%s", query->domain->dns,
                               query->plan->name);
    if (sid == NULL && name == NULL)
        return tli_query_no_memory(query);
    reason = ask(query, name, sid, &found);
    /* Not every DC maps a UPN across a trust (Samba's does not), and a DC that does not
     * returns the same as one that knows the UPN to be unused. */
    if (reason == TL_REASON_USER_UNKNOWN && query->plan->by == TL_LOOKUP_BY_UPN)
        return fail(query, "it does not map this user principal name");
    if (reason == TL_REASON_USER_UNKNOWN && query->plan->upn != NULL) {
        tl_outcome_reset(query->out);
        reason = ask(query, query->plan->upn, NULL, &found);
        query->by_upn = reason == TL_REASON_OK;
    }
    query->lookup->sam_only =
        reason == TL_REASON_USER_UNKNOWN && query->plan->upn != NULL;
    if (reason == TL_REASON_USER_UNKNOWN)
        return confirm_unknown(query);
    if (reason != TL_REASON_OK)
        return reason;
    why = refuse(query, found);
    if (why != NULL)
        return fail(query, why);
    return query->question->group ? take_group(query, found) : take_user(query, found);
}
