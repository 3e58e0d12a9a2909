/* SPDX-License-Identifier: MIT
 *
 * pac_logon_info.c - KERB_VALIDATION_INFO [MS-PAC 2.5]: the user's identity.
 *
 * NDR puts the fixed part of the structure first, with a referent in place of
 * each pointer, and then what the pointers point to, in their order, each one
 * with its own inner pointers behind it. Hence two halves: read_fixed() notes
 * what is to come, read_deferred() takes it.
 */
#include "pac_buffers.h"

#include <string.h>

enum {
    EFFECTIVE_NAME,
    FULL_NAME,
    LOGON_SCRIPT,
    PROFILE_PATH,
    HOME_DIRECTORY,
    HOME_DRIVE,
    LOGON_SERVER,
    LOGON_DOMAIN,
    NUM_STRINGS
};

struct string_head { /* RPC_UNICODE_STRING without its buffer */
    uint16_t length, size;
    bool present;
};

struct array_head {
    uint32_t count;
    bool present;
    const uint8_t *entries; /* 8 bytes each, once read */
};

struct logon_info {
    struct string_head strings[NUM_STRINGS];
    struct array_head groups, extra, resource;
    bool domain_sid, resource_sid; /* present */
};

static struct string_head string_head(struct tli_ndr *r)
{
    struct string_head head;

    head.length = tli_ndr_u16(r);
    head.size = tli_ndr_u16(r);
    head.present = tli_ndr_pointer(r);
    return head;
}

static struct array_head array_head(struct tli_ndr *r)
{
    struct array_head head = {0};

    head.count = tli_ndr_u32(r);
    head.present = tli_ndr_pointer(r);
    if (head.count > TL_PAC_MAX_GROUPS)
        tli_ndr_fail(r, "more groups than a ticket can carry");
    else if (head.count != 0 && !head.present)
        tli_ndr_fail(r, "a count of groups without the groups");
    return head;
}

static void read_fixed(struct tl_pac *pac, struct logon_info *info, struct tli_ndr *r)
{
    pac->logon_time = tli_ndr_filetime(r);
    pac->logoff_time = tli_ndr_filetime(r);
    pac->kickoff_time = tli_ndr_filetime(r);
    pac->pw_last_set = tli_ndr_filetime(r);
    pac->pw_can_change = tli_ndr_filetime(r);
    pac->pw_must_change = tli_ndr_filetime(r);
    for (int i = EFFECTIVE_NAME; i <= HOME_DRIVE; i++)
        info->strings[i] = string_head(r);
    pac->logon_count = tli_ndr_u16(r);
    pac->bad_password_count = tli_ndr_u16(r);
    pac->user_rid = tli_ndr_u32(r);
    pac->primary_group_rid = tli_ndr_u32(r);
    info->groups = array_head(r);
    pac->user_flags = tli_ndr_u32(r);
    tli_ndr_bytes(r, 16); /* UserSessionKey: NTLM's, zero in Kerberos */
    info->strings[LOGON_SERVER] = string_head(r);
    info->strings[LOGON_DOMAIN] = string_head(r);
    info->domain_sid = tli_ndr_pointer(r);
    tli_ndr_bytes(r, 8); /* Reserved1 */
    pac->user_account_control = tli_ndr_u32(r);
    tli_ndr_u32(r);      /* SubAuthStatus */
    tli_ndr_filetime(r); /* LastSuccessfulILogon */
    tli_ndr_filetime(r); /* LastFailedILogon */
    tli_ndr_u32(r);      /* FailedILogonCount */
    tli_ndr_u32(r);      /* Reserved3 */
    info->extra = array_head(r);
    info->resource_sid = tli_ndr_pointer(r);
    info->resource = array_head(r);
}

/* A conformant varying array of UTF-16 units, whose three counts must say what
 * the string's head says. */
static const char *read_string(struct tl_pac *pac, struct tli_ndr *r,
                               const struct string_head *head)
{
    uint32_t max, offset, actual;

    if (!head->present)
        return "";
    max = tli_ndr_u32(r);
    offset = tli_ndr_u32(r);
    actual = tli_ndr_u32(r);
    if (max != head->size / 2U || offset != 0 || actual != head->length / 2U ||
        actual > max)
        tli_ndr_fail(r, "a string whose counts contradict each other");
    return tli_ndr_utf16(r, pac, head->length & ~1U);
}

/* GROUP_MEMBERSHIP: a RID and its attributes. */
static void read_rids(struct tli_ndr *r, struct array_head *head)
{
    if (head->present)
        head->entries = tli_ndr_array(r, head->count, 8);
}

static void *group_array(struct tl_pac *pac, struct tli_ndr *r, size_t count)
{
    struct tl_pac_group *groups;

    if (r->ret != 0)
        return NULL;
    groups = talloc_zero_array(pac, struct tl_pac_group, (unsigned)count);
    if (groups == NULL)
        tli_ndr_no_memory(r);
    return groups;
}

/* KERB_SID_AND_ATTRIBUTES: all pointers with their attributes, then all SIDs. */
static struct tl_pac_group *read_extra(struct tl_pac *pac, struct tli_ndr *r,
                                       struct array_head *head)
{
    struct tl_pac_group *extra;

    read_rids(r, head);
    extra = group_array(pac, r, head->count);
    for (size_t i = 0; r->ret == 0 && i < head->count; i++) {
        if (tli_ndr_le32(head->entries + 8 * i) == 0)
            tli_ndr_fail(r, "an extra SID that is missing");
        extra[i].attributes = tli_ndr_le32(head->entries + 8 * i + 4);
        tli_ndr_rpc_sid(r, &extra[i].sid);
    }
    return extra;
}

static struct tl_pac_group *make_groups(struct tl_pac *pac, struct tli_ndr *r,
                                        const struct tl_sid *domain,
                                        const struct array_head *head, size_t room)
{
    struct tl_pac_group *groups = group_array(pac, r, head->count + room);

    for (size_t i = 0; r->ret == 0 && i < head->count; i++) {
        if (tl_sid_append(domain, tli_ndr_le32(head->entries + 8 * i), &groups[i].sid) !=
            0)
            tli_ndr_fail(r, "a group's SID would be too long");
        groups[i].attributes = tli_ndr_le32(head->entries + 8 * i + 4);
    }
    return groups;
}

static void read_deferred(struct tl_pac *pac, struct logon_info *info, struct tli_ndr *r,
                          struct tl_sid *resource_sid)
{
    const char **const strings[NUM_STRINGS] = {
        [EFFECTIVE_NAME] = &pac->account,        [FULL_NAME] = &pac->full_name,
        [LOGON_SCRIPT] = &pac->logon_script,     [PROFILE_PATH] = &pac->profile_path,
        [HOME_DIRECTORY] = &pac->home_directory, [HOME_DRIVE] = &pac->home_drive,
        [LOGON_SERVER] = &pac->logon_server,     [LOGON_DOMAIN] = &pac->domain_flat,
    };

    for (int i = EFFECTIVE_NAME; i <= HOME_DRIVE; i++)
        *strings[i] = read_string(pac, r, &info->strings[i]);
    read_rids(r, &info->groups);
    for (int i = LOGON_SERVER; i <= LOGON_DOMAIN; i++)
        *strings[i] = read_string(pac, r, &info->strings[i]);
    if (info->domain_sid)
        tli_ndr_rpc_sid(r, &pac->domain_sid);
    else
        tli_ndr_fail(r, "no LogonDomainId");
    pac->extra = read_extra(pac, r, &info->extra);
    pac->num_extra = info->extra.count;
    if (info->resource_sid)
        tli_ndr_rpc_sid(r, resource_sid);
    read_rids(r, &info->resource);
}

/* The primary group is a membership even where GroupIds leaves it out. */
static void add_primary_group(struct tl_pac *pac, struct tli_ndr *r)
{
    struct tl_pac_group *last = &pac->groups[pac->num_groups];

    if (pac->primary_group_rid == 0)
        return;
    if (tl_sid_append(&pac->domain_sid, pac->primary_group_rid, &last->sid) != 0) {
        tli_ndr_fail(r, "a group's SID would be too long");
        return;
    }
    for (size_t i = 0; i < pac->num_groups; i++) {
        if (tl_sid_equal(&pac->groups[i].sid, &last->sid))
            return;
    }
    last->attributes = 7; /* mandatory, enabled by default, enabled */
    pac->num_groups++;
}

static void find_user(struct tl_pac *pac, struct tli_ndr *r)
{
    if (pac->user_rid != 0) {
        if (tl_sid_append(&pac->domain_sid, pac->user_rid, &pac->user_sid) != 0)
            tli_ndr_fail(r, "the user's SID would be too long");
        return;
    }
    /* UserId 0: the first extra SID is the user, and no group [MS-PAC 2.5]. */
    if (pac->num_extra == 0) {
        tli_ndr_fail(r, "UserId 0 without an extra SID");
        return;
    }
    pac->user_sid = pac->extra[0].sid;
    pac->num_extra--;
    memmove(pac->extra, pac->extra + 1, pac->num_extra * sizeof(pac->extra[0]));
}

void tli_pac_logon_info(struct tl_pac *pac, struct tli_ndr *r)
{
    struct logon_info info = {0};
    struct tl_sid resource_sid = {0};

    tli_ndr_type_headers(r);
    if (!tli_ndr_pointer(r))
        tli_ndr_fail(r, "no LOGON_INFO after its header");
    read_fixed(pac, &info, r);
    read_deferred(pac, &info, r, &resource_sid);
    if (r->ret != 0)
        return;

    /* What the flags do not announce is ignored, whatever the bytes contain. */
    if (!(pac->user_flags & TL_PAC_EXTRA_SIDS))
        pac->num_extra = 0;
    if (!(pac->user_flags & TL_PAC_RESOURCE_GROUPS))
        info.resource.count = 0;
    if (info.resource.count != 0 && !info.resource_sid)
        tli_ndr_fail(r, "resource groups without their domain");

    pac->groups = make_groups(pac, r, &pac->domain_sid, &info.groups, 1);
    pac->num_groups = info.groups.count;
    pac->resource = make_groups(pac, r, &resource_sid, &info.resource, 0);
    pac->num_resource = info.resource.count;
    if (r->ret != 0)
        return;
    add_primary_group(pac, r);
    find_user(pac, r);
}
