/* SPDX-License-Identifier: MIT
 *
 * user.c - from a verified PAC to an identity: ids first, then text.
 */
#include "user.h"

#include <errno.h>
#include <string.h>

#include <trustlogon/name.h>

/* USER_INTERDOMAIN_TRUST_ACCOUNT, _WORKSTATION_, _SERVER_ */
#define TRUST_ACCOUNTS (0x40U | 0x80U | 0x100U)
#define GROUP_DENY_ONLY 0x10U /* SE_GROUP_USE_FOR_DENY_ONLY [MS-PAC 2.2.1] */

struct build {
    const struct tl_identity_input *in;
    struct tl_outcome *out;
    struct tl_idmap *map;
    struct tli_user_ids ids;
    struct tl_identity *identity;
    struct tl_sid primary; /* of the primary group; num_subs 0: it is not a group */
    size_t room;           /* of identity->groups */
};

static enum tl_reason fail(const struct build *b, enum tl_reason reason,
                           const char *subject, const char *detail)
{
    reason = tl_outcome_fail(b->out, TL_STAGE_IDENTITY, reason, "%s", detail);
    if (b->out != NULL)
        tl_outcome_set_subject(b->out, subject);
    return reason;
}

static enum tl_reason no_memory(const struct build *b)
{
    return tl_outcome_fail(b->out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

static void drop(const struct build *b, const struct tl_sid *sid, const char *why)
{
    char string[TL_SID_STRING_MAX];
    struct tl_event event = {.kind = TL_EVENT_SID, .krb_error = TL_KRB_NONE, .text = why};

    event.subject = tl_sid_format(sid, string);
    tl_trace_event(b->in->trace, &event);
}

static enum tl_reason map_user(struct build *b)
{
    struct tl_identity *identity = b->identity;
    char string[TL_SID_STRING_MAX];
    const char *why = NULL;
    enum tl_reason reason = tli_user_uid(&b->ids, &identity->sid, &identity->uid, &why);

    if (reason != TL_REASON_OK)
        return fail(b, reason, tl_sid_format(&identity->sid, string), why);
    return TL_REASON_OK;
}

static enum tl_reason map_primary(struct build *b, const struct tl_sid *windows)
{
    char string[TL_SID_STRING_MAX];
    const char *why = NULL;
    enum tl_reason reason =
        tli_user_primary(&b->ids, windows, b->identity, &b->primary, &why);

    if (reason == TL_REASON_OK)
        return reason;
    /* If no group is at fault, the user is. */
    return fail(
        b, reason,
        tl_sid_format(b->primary.num_subs != 0 ? &b->primary : &b->identity->sid, string),
        why);
}

/* Left out where it has no gid; the room was made for all. */
static void add_group(struct build *b, const struct tl_sid *sid, uint32_t attributes)
{
    struct tl_identity *identity = b->identity;
    const char *why = NULL;
    uint32_t gid = 0;

    if ((attributes & GROUP_DENY_ONLY) != 0) {
        drop(b, sid, "the group is for denying only");
        return;
    }
    if (tli_user_gid(&b->ids, sid, &gid, &why) != TL_REASON_OK) {
        drop(b, sid, why);
        return;
    }
    /* A duplicate, or with rfc2307 a group with the gidNumber of another. */
    for (size_t i = 0; i < identity->num_groups; i++) {
        if (identity->groups[i].gid == gid)
            return;
    }
    /* A private group must stay the user's own. */
    if (identity->private_group && gid == identity->gid) {
        drop(b, sid, "a group with the SID of the user");
        return;
    }
    if (identity->num_groups < b->room)
        identity->groups[identity->num_groups++] =
            (struct tl_identity_group){.sid = *sid, .gid = gid};
}

static int add_groups(struct build *b, const struct tl_sid *windows)
{
    const struct tl_pac *pac = b->in->pac;

    b->room = 1 + pac->num_groups + pac->num_extra + pac->num_resource;
    b->identity->groups =
        talloc_zero_array(b->identity, struct tl_identity_group, (unsigned int)b->room);
    if (b->identity->groups == NULL)
        return -ENOMEM;
    add_group(b, b->primary.num_subs != 0 ? &b->primary : windows, 0);
    for (size_t i = 0; i < pac->num_groups; i++)
        add_group(b, &pac->groups[i].sid, pac->groups[i].attributes);
    for (size_t i = 0; i < pac->num_extra; i++)
        add_group(b, &pac->extra[i].sid, pac->extra[i].attributes);
    for (size_t i = 0; i < pac->num_resource; i++)
        add_group(b, &pac->resource[i].sid, pac->resource[i].attributes);
    return 0;
}

/* A field of passwd: characters that would end it, or are not plain text, become '?'. */
static char *gecos_of(TALLOC_CTX *ctx, const char *full_name, const char *account)
{
    char *gecos = talloc_strdup(ctx, full_name != NULL && full_name[0] != '\0' ? full_name
                                                                               : account);

    for (unsigned char *c = (unsigned char *)gecos; c != NULL && *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f || *c == ':')
            *c = '?';
    }
    return gecos;
}

/* A home or a shell as the directory has it, without slashes at its end; NULL where it is
 * not usable. A shell with blanks is refused: they could only smuggle arguments in. */
static int path_of(struct build *b, const char *attribute, const char *path,
                   const char *not_in, char **result)
{
    size_t len = path != NULL && b->in->config->unix_nss_info ? strlen(path) : 0;

    *result = NULL;
    if (len == 0)
        return 0;
    while (len > 1 && path[len - 1] == '/')
        len--;
    *result = talloc_strndup(b->identity, path, len);
    if (*result == NULL)
        return -ENOMEM;
    if (tli_path_fault(*result) == NULL && strpbrk(*result, not_in) == NULL)
        return 0;
    TALLOC_FREE(*result);
    drop(b, &b->identity->sid, attribute);
    return 0;
}

static enum tl_reason add_paths(struct build *b, const struct tli_user_text *text)
{
    const struct tl_config *config = b->in->config;
    const struct tl_unix_facts *facts =
        config->idmap == TL_IDMAP_RFC2307 ? b->in->facts : NULL;
    const char *fault = NULL;
    char *home = NULL, *shell = NULL;
    int ret = 0;

    if (facts != NULL)
        ret = path_of(b, "unixHomeDirectory is not a valid home: [identity] home is used",
                      facts->home, ":", &home);
    if (facts != NULL && ret == 0)
        ret = path_of(b, "loginShell is not a valid shell: [identity] shell is used",
                      facts->shell, ": ", &shell);
    if (ret == 0 && home == NULL)
        ret = tli_template_expand(b->identity, config->home, text, &home, &fault);
    if (ret == 0 && shell == NULL)
        ret = tli_template_expand(b->identity, config->shell, text, &shell, &fault);
    if (ret == -EINVAL)
        return fail(b, TL_REASON_ID_NAME_UNSAFE, text->canonical, fault);
    if (ret != 0)
        return no_memory(b);
    b->identity->home = home;
    b->identity->shell = shell;
    return TL_REASON_OK;
}

static int make_map(struct build *b, const struct tli_user_text *text)
{
    const struct tl_identity_input *in = b->in;
    struct tl_idmap_domain also = {.sid = in->pac->domain_sid, .dns = text->dns};
    char *error = NULL;
    int ret = tl_idmap_new(b->identity, in->config, in->ws->domain, in->topo, &also,
                           &b->map, &error);

    if (ret == -EINVAL)
        tl_outcome_fail(b->out, TL_STAGE_LOCAL, TL_REASON_CONFIG_INVALID, "%s", error);
    return ret;
}

static bool is_subdomain(const struct tl_identity_input *in)
{
    for (size_t i = 0; in->topo != NULL && i < in->topo->num_domains; i++) {
        const struct tl_domain *domain = &in->topo->domains[i];

        if (domain->has_sid && tl_sid_equal(&domain->sid, &in->pac->domain_sid))
            return !tl_dns_equal(domain->dns, in->ws->domain);
    }
    return false;
}

/* What Windows refuses at the logon screen: a machine's password is in the memory of that
 * machine, and a program that reads it there must not become a user here. The bits are
 * those of [MS-SAMR 2.2.1.12]; without a PAC (look-ups) the "$" at the end of the name
 * tells, which every directory enforces and no administrator gives to a person. */
static enum tl_reason check_account(const struct build *b,
                                    const struct tli_user_text *text)
{
    const char *account = b->in->pac->account;
    size_t len = strlen(account);

    if ((b->in->pac->user_account_control & TRUST_ACCOUNTS) != 0 ||
        (len > 0 && account[len - 1] == '$'))
        return fail(b, TL_REASON_COMPUTER_ACCOUNT, text->canonical,
                    "accounts of computers and trusts may not log on");
    /* Programs look up groups (initgroups) and rights (sudoers) by this name. */
    if (tl_local_has_user(b->in->local, text->canonical))
        return fail(b, TL_REASON_NAME_TAKEN, text->canonical,
                    "an account in /etc/passwd has this name");
    return TL_REASON_OK;
}

/* In the order in which a refusal is most specific: the name, the account's kind, its id,
 * its primary group, its paths. Other groups are left out instead. */
static enum tl_reason build(struct build *b)
{
    const struct tl_pac *pac = b->in->pac;
    struct tl_identity *identity = b->identity;
    const struct tl_idmap_domain *domain;
    struct tli_user_text text;
    const char *fault = NULL;
    enum tl_reason reason;
    struct tl_sid windows;
    int ret;

    identity->sid = pac->user_sid;
    ret = tli_user_text_make(identity, pac, b->in->client, &text, &fault);
    if (ret == -EINVAL)
        return fail(b, TL_REASON_ID_NAME_UNSAFE, b->in->client, fault);
    if (ret == 0)
        ret = make_map(b, &text);
    if (ret != 0)
        return ret == -EINVAL ? TL_REASON_CONFIG_INVALID : no_memory(b);
    identity->canonical = text.canonical;
    domain = tl_idmap_domain(b->map, &pac->domain_sid);
    text.flat = domain != NULL ? domain->flat : NULL;
    b->ids = (struct tli_user_ids){b->in, b->map, is_subdomain(b->in)};

    reason = check_account(b, &text);
    if (reason == TL_REASON_OK)
        reason = map_user(b);
    if (reason == TL_REASON_OK &&
        tl_sid_append(&pac->domain_sid, pac->primary_group_rid, &windows) != 0)
        reason = fail(b, TL_REASON_ID_UNMAPPABLE, text.canonical,
                      "the domain's SID is not the SID of a domain");
    if (reason == TL_REASON_OK)
        reason = map_primary(b, &windows);
    if (reason == TL_REASON_OK)
        reason = add_paths(b, &text);
    if (reason != TL_REASON_OK)
        return reason;
    identity->gecos = gecos_of(identity, pac->full_name, text.sam);
    if (identity->gecos == NULL || add_groups(b, &windows) != 0 ||
        tli_user_names(identity, b->in, &text) != 0)
        return no_memory(b);
    return TL_REASON_OK;
}

enum tl_reason tl_identity_build(TALLOC_CTX *ctx, const struct tl_identity_input *in,
                                 struct tl_identity **identity, struct tl_outcome *out)
{
    struct build b = {.in = in, .out = out};
    enum tl_reason reason;

    *identity = NULL;
    b.identity = talloc_zero(ctx, struct tl_identity);
    if (b.identity == NULL)
        return no_memory(&b);
    reason = build(&b);
    if (reason != TL_REASON_OK) {
        talloc_free(b.identity);
        return reason;
    }
    talloc_free(b.map);
    *identity = b.identity;
    return TL_REASON_OK;
}
