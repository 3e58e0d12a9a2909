/* SPDX-License-Identifier: MIT
 *
 * rpc.c - LookupNames3 and LookupSids2 at the workstation's DC, with Samba's libdcerpc.
 *
 * Samba installs the structures (gen_ndr/lsa.h) and exports the table that packs them,
 * but not the client calls made from it, so calls go by number through
 * dcerpc_binding_handle_call().
 */
#include "lsa.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <core/ntstatus.h>
#include <tevent.h>

#include <credentials.h>
#include <dcerpc.h>
#include <gen_ndr/lsa.h>
#include <param.h>

/* Exported by libndr-standard; its header gen_ndr/ndr_lsa.h is not installed. */
extern const struct ndr_interface_table ndr_table_lsarpc;

/* [MS-LSAT 3.1.4], [MS-LSAD 3.1.4] */
#define OP_OPEN_POLICY2 44
#define OP_LOOKUP_SIDS2 57
#define OP_LOOKUP_NAMES3 68

#define RID_DOMAIN_USERS 513

struct lsa_rpc {
    const struct lsa_peer *peer;
    struct lsa_tickets *tickets;
    struct tevent_context *events;
    struct loadparm_context *settings;
    /* NULL while there is no connection; owns all of it */
    TALLOC_CTX *link;
    struct dcerpc_binding_handle *handle;
    struct policy_handle policy;
};

/* In place of smb.conf, which is never read. */
static const char *const fixed[] = {
    "client ipc signing=required",
    "client ipc min protocol=SMB2_10",
    "client min protocol=SMB2_10",
    "client use kerberos=required",
    /* A DC's tickets say ok-as-delegate: Samba would ask for a TGT to give away. */
    "gensec_gssapi:delegation=false",
    "gensec_gssapi:delegation_by_kdc_policy=false",
    "unix charset=UTF-8",
    "disable netbios=yes",
    "name resolve order=host",
    "log level=0",
};

struct lsa_rpc *lsa_rpc_new(TALLOC_CTX *ctx, const struct lsa_peer *peer,
                            struct lsa_tickets *tickets)
{
    struct lsa_rpc *rpc = talloc_zero(ctx, struct lsa_rpc);

    if (rpc == NULL)
        return NULL;
    rpc->peer = peer;
    rpc->tickets = tickets;
    rpc->events = tevent_context_init(rpc);
    rpc->settings = loadparm_init(rpc);
    if (rpc->events == NULL || rpc->settings == NULL)
        goto fail;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (!lpcfg_set_option(rpc->settings, fixed[i]))
            goto fail;
    }
    reload_charcnv(rpc->settings);
    if (!NT_STATUS_IS_OK(dcerpc_init()))
        goto fail;
    return rpc;
fail:
    talloc_free(rpc);
    return NULL;
}

/* --- the connection --- */

static struct cli_credentials *make_credentials(TALLOC_CTX *ctx, struct lsa_rpc *rpc,
                                                const char **why)
{
    struct cli_credentials *creds = cli_credentials_init(ctx);

    if (creds == NULL || !cli_credentials_set_conf(creds, rpc->settings))
        return NULL;
    cli_credentials_set_realm(creds, rpc->peer->realm, CRED_SPECIFIED);
    cli_credentials_set_username(creds, rpc->peer->account, CRED_SPECIFIED);
    cli_credentials_set_kerberos_state(creds, CRED_USE_KERBEROS_REQUIRED, CRED_SPECIFIED);
    cli_credentials_set_krb_forwardable(creds, CRED_NO_KRB_FORWARDABLE);
    if (cli_credentials_set_ccache(creds, rpc->settings, LSA_CCACHE, CRED_SPECIFIED,
                                   why) != 0)
        return NULL;
    return creds;
}

static NTSTATUS make_binding(TALLOC_CTX *ctx, const struct lsa_peer *peer,
                             struct dcerpc_binding **binding)
{
    NTSTATUS status = dcerpc_parse_binding(ctx, "ncacn_np:[\\pipe\\lsarpc]", binding);

    if (NT_STATUS_IS_OK(status))
        status = dcerpc_binding_set_string_option(*binding, "host", peer->address);
    if (NT_STATUS_IS_OK(status))
        status = dcerpc_binding_set_string_option(*binding, "target_hostname", peer->dc);
    if (NT_STATUS_IS_OK(status))
        status = dcerpc_binding_set_flags(
            *binding, DCERPC_SEAL | DCERPC_AUTH_KRB5 | DCERPC_SMB2, 0);
    return status;
}

static NTSTATUS open_policy(TALLOC_CTX *ctx, struct lsa_rpc *rpc)
{
    struct lsa_QosInfo qos = {.impersonation_level = 2, .context_mode = 1};
    struct lsa_ObjectAttribute attr = {.sec_qos = &qos};
    struct lsa_OpenPolicy2 r = {0};
    NTSTATUS status;

    r.in.system_name = talloc_asprintf(ctx, "\\\\%s", rpc->peer->dc);
    r.in.attr = &attr;
    r.in.access_mask = LSA_POLICY_LOOKUP_NAMES;
    r.out.handle = &rpc->policy;
    if (r.in.system_name == NULL)
        return NT_STATUS_NO_MEMORY;
    status = dcerpc_binding_handle_call(rpc->handle, NULL, &ndr_table_lsarpc,
                                        OP_OPEN_POLICY2, ctx, &r);
    return NT_STATUS_IS_OK(status) ? r.out.result : status;
}

static void disconnect(struct lsa_rpc *rpc)
{
    TALLOC_FREE(rpc->link);
    rpc->handle = NULL;
}

/* Connect, bind with Kerberos and privacy, and open the policy handle that both look-ups
 * need. The tickets come first, since Samba has no key to get any. A failure leaves no
 * half connection: rpc->handle is NULL again, so the next request starts over. */
static uint32_t connect_dc(TALLOC_CTX *ctx, struct lsa_rpc *rpc, const char **why)
{
    struct dcerpc_binding *binding = NULL;
    struct cli_credentials *creds;
    struct dcerpc_pipe *pipe = NULL;
    NTSTATUS status;
    uint32_t ret = lsa_tickets_fetch(ctx, rpc->tickets, why);

    if (ret != 0)
        return ret;
    rpc->link = talloc_new(rpc);
    creds = make_credentials(rpc->link, rpc, why);
    if (creds == NULL) {
        disconnect(rpc);
        *why = talloc_asprintf(ctx, "Samba rejects the ticket: %s",
                               *why != NULL ? *why : "out of memory");
        return LSA_LOGON_FAILURE;
    }
    status = make_binding(rpc->link, rpc->peer, &binding);
    if (NT_STATUS_IS_OK(status))
        status = dcerpc_pipe_connect_b(rpc->link, &pipe, binding, &ndr_table_lsarpc,
                                       creds, rpc->events, rpc->settings);
    if (NT_STATUS_IS_OK(status)) {
        rpc->handle = pipe->binding_handle;
        status = open_policy(ctx, rpc);
    }
    if (!NT_STATUS_IS_OK(status)) {
        disconnect(rpc);
        *why = nt_errstr(status);
    }
    return NT_STATUS_V(status);
}

/* --- the two questions --- */

static const char *type_word(enum lsa_SidType type)
{
    static const char *const words[] = {
        [SID_NAME_USER] = "user",         [SID_NAME_DOM_GRP] = "group",
        [SID_NAME_DOMAIN] = "domain",     [SID_NAME_ALIAS] = "alias",
        [SID_NAME_WKN_GRP] = "wellknown", [SID_NAME_DELETED] = "deleted",
        [SID_NAME_INVALID] = "invalid",   [SID_NAME_COMPUTER] = "computer",
        [SID_NAME_LABEL] = "label",
    };
    size_t n = (size_t)type;

    return n < sizeof(words) / sizeof(words[0]) ? words[n] : NULL;
}

/* A call that did not get through leaves a connection in an unknown state. A fault with
 * EPT_CANT_PERFORM_OP is an answer over it: a Samba DC returns it when its query to
 * another domain failed. A policy handle that the DC no longer knows is dropped with its
 * connection. */
static uint32_t call(TALLOC_CTX *ctx, struct lsa_rpc *rpc, uint32_t opnum, void *r,
                     const NTSTATUS *result)
{
    NTSTATUS status =
        dcerpc_binding_handle_call(rpc->handle, NULL, &ndr_table_lsarpc, opnum, ctx, r);

    if (NT_STATUS_IS_OK(status)) {
        if (NT_STATUS_EQUAL(*result, NT_STATUS_INVALID_HANDLE))
            disconnect(rpc);
        /* The code of Windows and Samba DCs for an account that does not exist. */
        if (NT_STATUS_EQUAL(*result, NT_STATUS_NO_SUCH_USER))
            return LSA_NONE_MAPPED;
        return NT_STATUS_V(*result);
    }
    if (NT_STATUS_V(status) != LSA_CANT_PERFORM)
        disconnect(rpc);
    return NT_STATUS_V(status);
}

/* LookupNames3 for one name. The count and the SID in the reply are the DC's claims, and
 * are checked before they are copied. A type without a word is "unknown", the DC's answer
 * for a name that it does not have. */
static uint32_t ask_name(TALLOC_CTX *ctx, struct lsa_rpc *rpc, const char *name,
                         struct tl_sid *sid)
{
    struct lsa_String asked = {.string = name};
    struct lsa_TransSidArray3 sids = {0};
    struct lsa_RefDomainList *domains = NULL;
    uint32_t count = 0, ret;
    struct lsa_LookupNames3 r = {0};
    const struct dom_sid *got;

    r.in.handle = &rpc->policy;
    r.in.num_names = 1;
    r.in.names = &asked;
    r.in.level = LSA_LOOKUP_NAMES_ALL;
    r.in.client_revision = LSA_CLIENT_REVISION_2;
    r.in.sids = r.out.sids = &sids;
    r.in.count = r.out.count = &count;
    r.out.domains = &domains;
    ret = call(ctx, rpc, OP_LOOKUP_NAMES3, &r, &r.out.result);
    if (ret != 0)
        return ret;
    if (sids.count != 1 || sids.sids == NULL)
        return LSA_BAD_REPLY;
    got = sids.sids[0].sid;
    if (type_word(sids.sids[0].sid_type) == NULL || got == NULL)
        return LSA_NONE_MAPPED;
    if (got->num_auths < 1 || got->num_auths > TL_SID_MAX_SUBS)
        return LSA_BAD_REPLY;
    *sid = (struct tl_sid){.revision = got->sid_rev_num,
                           .num_subs = (uint8_t)got->num_auths};
    memcpy(sid->authority, got->id_auth, sizeof(sid->authority));
    memcpy(sid->subs, got->sub_auths, sid->num_subs * sizeof(sid->subs[0]));
    return 0;
}

/* LookupSids2 for one SID. The domain's name is in a separate list, and its index comes
 * from the DC. The strings are not copied: Samba unpacked them into ctx, and there they
 * stay. */
static uint32_t ask_sid(TALLOC_CTX *ctx, struct lsa_rpc *rpc, const struct tl_sid *sid,
                        struct lsa_answer *answer)
{
    struct dom_sid asked = {.sid_rev_num = sid->revision,
                            .num_auths = (int8_t)sid->num_subs};
    struct lsa_SidPtr pointer = {.sid = &asked};
    struct lsa_SidArray sids = {.num_sids = 1, .sids = &pointer};
    struct lsa_TransNameArray2 names = {0};
    struct lsa_RefDomainList *domains = NULL;
    struct lsa_LookupSids2 r = {0};
    uint32_t count = 0, ret;
    const struct lsa_TranslatedName2 *got;

    memcpy(asked.id_auth, sid->authority, sizeof(asked.id_auth));
    memcpy(asked.sub_auths, sid->subs, sid->num_subs * sizeof(sid->subs[0]));
    r.in.handle = &rpc->policy;
    r.in.sids = &sids;
    r.in.level = LSA_LOOKUP_NAMES_ALL;
    r.in.client_revision = LSA_CLIENT_REVISION_2;
    r.in.names = r.out.names = &names;
    r.in.count = r.out.count = &count;
    r.out.domains = &domains;
    ret = call(ctx, rpc, OP_LOOKUP_SIDS2, &r, &r.out.result);
    if (ret != 0)
        return ret;
    if (names.count != 1 || names.names == NULL)
        return LSA_BAD_REPLY;
    got = &names.names[0];
    if (type_word(got->sid_type) == NULL)
        return LSA_NONE_MAPPED;
    if (domains == NULL || got->sid_index >= domains->count || domains->domains == NULL)
        return LSA_BAD_REPLY;
    answer->type = type_word(got->sid_type);
    answer->sid = *sid;
    answer->name = got->name.string != NULL ? got->name.string : "";
    answer->domain = domains->domains[got->sid_index].name.string;
    return answer->domain != NULL ? 0 : LSA_BAD_REPLY;
}

/* A Samba DC gives the same fault for a name that the other domain does not know
 * and for a domain it cannot reach. A group that every domain has (its RID is 513)
 * tells them apart: found means that the domain answers. */
static bool domain_answers(TALLOC_CTX *ctx, struct lsa_rpc *rpc, const char *name)
{
    const char *backslash = strchr(name, '\\');
    const char *at = strrchr(name, '@');
    char *domain = NULL;
    struct tl_sid sid, users;
    struct lsa_answer any;

    if (backslash != NULL)
        domain = talloc_strndup(ctx, name, (size_t)(backslash - name));
    else if (at != NULL)
        domain = talloc_strdup(ctx, at + 1);
    return domain != NULL && ask_name(ctx, rpc, domain, &sid) == 0 &&
           tl_sid_append(&sid, RID_DOMAIN_USERS, &users) == 0 &&
           ask_sid(ctx, rpc, &users, &any) == 0;
}

/* A name goes to its SID and the SID back to its name: the answer holds the
 * directory's own spelling, and a DC that contradicts itself is noticed. */
static uint32_t ask(TALLOC_CTX *ctx, struct lsa_rpc *rpc,
                    const struct lsa_request *request, struct lsa_answer *answer)
{
    struct tl_sid sid = request->sid;
    uint32_t ret = 0;

    if (!request->by_sid)
        ret = ask_name(ctx, rpc, request->name, &sid);
    if (ret == LSA_CANT_PERFORM && !request->by_sid &&
        domain_answers(ctx, rpc, request->name))
        return LSA_NONE_MAPPED;
    return ret == 0 ? ask_sid(ctx, rpc, &sid, answer) : ret;
}

uint32_t lsa_rpc_lookup(TALLOC_CTX *ctx, struct lsa_rpc *rpc,
                        const struct lsa_request *request, struct lsa_answer *answer,
                        const char **why)
{
    /* A connection kept from before may have ended: the DC was restarted, or the
     * ticket has expired. So it is retried once over a new connection. */
    bool kept = rpc->handle != NULL;
    struct lsa_answer got = {0};
    uint32_t ret;

    *answer = got;
    *why = NULL;
    do {
        kept = kept && rpc->handle != NULL;
        ret = rpc->handle == NULL ? connect_dc(ctx, rpc, why) : 0;
        if (ret != 0)
            return ret;
        ret = ask(ctx, rpc, request, &got);
    } while (kept && rpc->handle == NULL);
    if (ret == 0)
        *answer = got;
    else
        *why = nt_errstr(NT_STATUS(ret));
    return ret;
}
