/* SPDX-License-Identifier: MIT
 *
 * people_decode.c - directory entries into users, groups and names of SIDs.
 */
#include <errno.h>
#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <trustlogon/name.h>

#include "people_decode.h"

#define PATH_MAX_BYTES 1024
#define DN_MAX 4096
/* userAccountControl [ADTS 2.2.16]: an account of a person, not of a computer or trust.
 */
#define UF_NORMAL_ACCOUNT 0x200U
#define BUILTIN_RID 32U
#define FILETIME_PER_SECOND 10000000
#define FILETIME_UNIX_S 11644473600LL /* 1970 in seconds since 1601 */

bool tli_sid_is_local(const struct tli_people_domain *domain, const struct tl_sid *sid,
                      bool builtin)
{
    static const uint8_t nt[6] = {0, 0, 0, 0, 0, 5};

    if (tl_sid_in_domain(sid, &domain->sid))
        return true;
    return builtin && sid->num_subs == 2 && sid->subs[0] == BUILTIN_RID &&
           memcmp(sid->authority, nt, sizeof(nt)) == 0;
}

static bool ava_is(const LDAPAVA *ava, const char *type, const char *value)
{
    return ava->la_attr.bv_len == strlen(type) &&
           strncasecmp(ava->la_attr.bv_val, type, ava->la_attr.bv_len) == 0 &&
           (value == NULL ||
            (ava->la_value.bv_len == strlen(value) &&
             strncasecmp(ava->la_value.bv_val, value, ava->la_value.bv_len) == 0));
}

static bool same_rdn(LDAPRDN a, LDAPRDN b)
{
    return a[1] == NULL && b[1] == NULL && a[0]->la_attr.bv_len == b[0]->la_attr.bv_len &&
           a[0]->la_value.bv_len == b[0]->la_value.bv_len &&
           strncasecmp(a[0]->la_attr.bv_val, b[0]->la_attr.bv_val,
                       a[0]->la_attr.bv_len) == 0 &&
           strncasecmp(a[0]->la_value.bv_val, b[0]->la_value.bv_val,
                       a[0]->la_value.bv_len) == 0;
}

static size_t rdn_count(LDAPDN dn)
{
    size_t count = 0;

    while (dn[count] != NULL)
        count++;
    return count;
}

bool tli_dn_in_domain(const char *dn, const char *nc)
{
    LDAPDN parts = NULL, head = NULL;
    size_t all, tail;
    bool inside = false;

    if (ldap_str2dn(dn, &parts, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || parts == NULL ||
        ldap_str2dn(nc, &head, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || head == NULL)
        goto cleanup;
    all = rdn_count(parts);
    tail = rdn_count(head);
    if (tail == 0 || all <= tail)
        goto cleanup;
    for (size_t i = 1; i <= tail; i++)
        if (!same_rdn(parts[all - i], head[tail - i]))
            goto cleanup;
    /* Other naming contexts are subordinate by these. */
    inside = !ava_is(parts[all - tail - 1][0], "DC", NULL) &&
             !ava_is(parts[all - tail - 1][0], "CN", "Configuration");

cleanup:
    ldap_dnfree(parts);
    ldap_dnfree(head);
    return inside;
}

/* A text that is a name of this form by the rules for names typed by users. */
static bool is_name(const char *text, enum tl_name_form form)
{
    struct tl_name *name = NULL;
    bool good;

    good =
        tl_name_parse(NULL, text, strlen(text), &name, NULL) == 0 && name->form == form;
    talloc_free(name);
    return good;
}

/* Behind a domain a sAMAccountName may hold an '@'. */
bool tli_is_account_name(const char *text)
{
    char behind[2 + 4 * TL_SAM_MAX + 1];

    if (strlen(text) > 4 * (size_t)TL_SAM_MAX)
        return false;
    snprintf(behind, sizeof(behind), "d\\%s", text);
    return is_name(behind, TL_NAME_DOWNLEVEL);
}

bool tli_is_principal_name(const char *text)
{
    return is_name(text, TL_NAME_UPN);
}

bool tli_is_unix_path(const char *text)
{
    if (text[0] != '/' || strlen(text) > PATH_MAX_BYTES || strchr(text, ':') != NULL)
        return false;
    for (const char *part = text; part != NULL; part = strchr(part + 1, '/'))
        if (strncmp(part, "/..", 3) == 0 && (part[3] == '\0' || part[3] == '/'))
            return false;
    return true;
}

/* The attribute's text if it passes, else NULL. */
static const char *only(const struct tli_entry *entry, const char *name,
                        bool (*is_good)(const char *text))
{
    const char *text = tli_entry_text(entry, name);

    return text != NULL && is_good(text) ? text : NULL;
}

static const char *account_name(const struct tli_entry *entry)
{
    return only(entry, "sAMAccountName", tli_is_account_name);
}

/* uidNumber and gidNumber are signed in the schema; an id is unsigned, and -1 is not an
 * id. */
static bool unix_id(const struct tli_entry *entry, const char *name, uint32_t *id)
{
    const struct tli_attribute *attribute = tli_entry_attribute(entry, name);
    uint32_t number;

    *id = 0;
    if (attribute == NULL || attribute->count != 1 ||
        tli_entry_u32(entry, name, &number) != 0 || attribute->values[0].data[0] == '-' ||
        number == UINT32_MAX)
        return false;
    *id = number;
    return true;
}

/* accountExpires is a FILETIME; 0 and the largest mean never. */
static int64_t expiry(const struct tli_entry *entry)
{
    const char *text = tli_entry_text(entry, "accountExpires");
    char *end = NULL;
    long long filetime;

    if (text == NULL || text[0] < '0' || text[0] > '9')
        return 0;
    filetime = strtoll(text, &end, 10);
    if (*end != '\0' || filetime == 0 || filetime == INT64_MAX)
        return 0;
    filetime = filetime / FILETIME_PER_SECOND - FILETIME_UNIX_S;
    return filetime > 0 ? filetime : 1; /* before 1970 is over, too */
}

static int copy(TALLOC_CTX *ctx, const char *text, const char **to)
{
    *to = text != NULL ? talloc_strdup(ctx, text) : NULL;
    return text != NULL && *to == NULL ? -ENOMEM : 0;
}

/* What users and groups have in common. */
static const char *check_object(const struct tli_people_domain *domain,
                                const struct tli_entry *entry, bool builtin,
                                struct tl_sid *sid)
{
    if (!tli_text_fit((const uint8_t *)entry->dn, strlen(entry->dn), DN_MAX) ||
        !tli_dn_in_domain(entry->dn, domain->nc))
        return "it is outside the domain";
    if (tli_entry_sid(entry, "objectSid", sid) != 0)
        return "it has no usable objectSid";
    if (!tli_sid_is_local(domain, sid, builtin))
        return "its objectSid is not one of the domain";
    if (account_name(entry) == NULL)
        return "its sAMAccountName is missing, or contains a character that is not "
               "allowed in an account name";
    return NULL;
}

static const char *check_user(const struct tli_people_domain *domain,
                              const struct tli_entry *entry, struct tl_dir_user *user)
{
    const char *why = check_object(domain, entry, false, &user->sid);
    int ret;

    if (why != NULL)
        return why;
    if (tli_entry_u32(entry, "primaryGroupID", &user->primary_group_rid) != 0 ||
        user->primary_group_rid == 0)
        return "it has no usable primaryGroupID";
    ret = tli_entry_u32(entry, "userAccountControl", &user->user_account_control);
    if (ret == -EBADMSG)
        return "its userAccountControl is not a number";
    user->has_control = ret == 0;
    if (user->has_control && (user->user_account_control & UF_NORMAL_ACCOUNT) == 0)
        return "it is the account of a computer or a trust";
    return NULL;
}

/* Only what makes the account is required; expiry, ids and paths that are malformed
 * become absent. */
int tli_user_from_entry(TALLOC_CTX *ctx, const struct tli_people_domain *domain,
                        const struct tli_entry *entry, struct tl_dir_user **user_out,
                        const char **why)
{
    struct tl_dir_user *user = talloc_zero(ctx, struct tl_dir_user);
    int ret = -ENOMEM;

    *user_out = NULL;
    *why = NULL;
    if (user == NULL)
        return -ENOMEM;
    *why = check_user(domain, entry, user);
    if (*why != NULL) {
        ret = -EBADMSG;
        goto cleanup;
    }
    user->expires = expiry(entry);
    user->has_uid = unix_id(entry, "uidNumber", &user->uid_number);
    user->has_gid = unix_id(entry, "gidNumber", &user->gid_number);
    if (copy(user, entry->dn, &user->dn) != 0 ||
        copy(user, account_name(entry), &user->sam) != 0 ||
        copy(user, only(entry, "userPrincipalName", tli_is_principal_name), &user->upn) !=
            0 ||
        copy(user, tli_entry_text(entry, "displayName"), &user->display_name) != 0 ||
        copy(user, only(entry, "unixHomeDirectory", tli_is_unix_path), &user->home) !=
            0 ||
        copy(user, only(entry, "loginShell", tli_is_unix_path), &user->shell) != 0)
        goto cleanup;
    *user_out = user;
    return 0;

cleanup:
    talloc_free(user);
    return ret;
}

int tli_group_from_entry(TALLOC_CTX *ctx, const struct tli_people_domain *domain,
                         const struct tli_entry *entry, struct tl_dir_group **group_out,
                         const char **why)
{
    struct tl_dir_group *group = talloc_zero(ctx, struct tl_dir_group);
    int ret = -ENOMEM;

    *group_out = NULL;
    *why = NULL;
    if (group == NULL)
        return -ENOMEM;
    *why = check_object(domain, entry, true, &group->sid);
    if (*why == NULL && tli_entry_u32(entry, "groupType", &group->type) != 0)
        *why = "it has no usable groupType";
    if (*why != NULL) {
        ret = -EBADMSG;
        goto cleanup;
    }
    group->has_gid = unix_id(entry, "gidNumber", &group->gid_number);
    if (copy(group, entry->dn, &group->dn) != 0 ||
        copy(group, account_name(entry), &group->name) != 0)
        goto cleanup;
    *group_out = group;
    return 0;

cleanup:
    talloc_free(group);
    return ret;
}

static bool is_foreign(const struct tli_entry *entry)
{
    const struct tli_attribute *all = tli_entry_attribute(entry, "objectClass");

    for (size_t i = 0; all != NULL && i < all->count; i++) {
        const char *text = tli_value_text(&all->values[i]);

        if (text != NULL && strcasecmp(text, "foreignSecurityPrincipal") == 0)
            return true;
    }
    return false;
}

/* By sAMAccountType [ADTS 2.2.11]: by their classes, computers and trusts are users. */
static enum tl_dir_kind kind_of(const struct tli_entry *entry)
{
    uint32_t type;

    if (is_foreign(entry))
        return TL_DIR_FOREIGN;
    if (tli_entry_u32(entry, "sAMAccountType", &type) != 0)
        return TL_DIR_UNKNOWN;
    switch (type) {
    case 0x10000000: /* SAM_GROUP_OBJECT */
    case 0x10000001: /* SAM_NON_SECURITY_GROUP_OBJECT */
    case 0x20000000: /* SAM_ALIAS_OBJECT */
    case 0x20000001: /* SAM_NON_SECURITY_ALIAS_OBJECT */
        return TL_DIR_GROUP;
    case 0x30000000: /* SAM_USER_OBJECT */
        return TL_DIR_USER;
    case 0x30000001: /* SAM_MACHINE_ACCOUNT */
    case 0x30000002: /* SAM_TRUST_ACCOUNT */
        return TL_DIR_COMPUTER;
    default:
        return TL_DIR_UNKNOWN;
    }
}

/* SAM_ALIAS_OBJECT, SAM_NON_SECURITY_ALIAS_OBJECT */
static bool is_domain_local(const struct tli_entry *entry)
{
    uint32_t type;

    return tli_entry_u32(entry, "sAMAccountType", &type) == 0 &&
           (type & ~1U) == 0x20000000U;
}

int tli_name_from_entry(TALLOC_CTX *ctx, const struct tli_people_domain *domain,
                        const struct tli_entry *entry, struct tl_dir_name *name)
{
    struct tl_dir_name found = {.kind = kind_of(entry)};
    bool local;

    *name = (struct tl_dir_name){0};
    if (!tli_dn_in_domain(entry->dn, domain->nc) ||
        tli_entry_sid(entry, "objectSid", &found.sid) != 0)
        return -EBADMSG;
    local = tli_sid_is_local(domain, &found.sid, found.kind == TL_DIR_GROUP);
    /* A foreign principal with a SID of this domain would be taken for an account of it.
     */
    if (found.kind == TL_DIR_UNKNOWN || local == (found.kind == TL_DIR_FOREIGN))
        return -EBADMSG;
    found.domain_local = found.kind == TL_DIR_GROUP && is_domain_local(entry);
    if (found.kind != TL_DIR_FOREIGN && copy(ctx, account_name(entry), &found.name) != 0)
        return -ENOMEM;
    *name = found;
    return 0;
}

int tli_sids_from_values(TALLOC_CTX *ctx, const struct tli_attribute *attribute,
                         struct tl_sid **sids_out, size_t *count_out)
{
    size_t count = attribute != NULL ? attribute->count : 0;
    struct tl_sid *sids = talloc_zero_array(ctx, struct tl_sid, count);

    *sids_out = NULL;
    *count_out = 0;
    if (sids == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (tl_sid_decode(attribute->values[i].data, attribute->values[i].len,
                          &sids[i]) != 0) {
            talloc_free(sids);
            return -EBADMSG;
        }
    *sids_out = sids;
    *count_out = count;
    return 0;
}
