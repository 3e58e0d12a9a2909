/* SPDX-License-Identifier: MIT
 *
 * localauth.c - trustlogon_localauth.so: decides which Kerberos principal may log on as
 * which user.
 *
 * libkrb5 loads it wherever a ticket opens a session (sshd's GSSAPIAuthentication) or
 * becomes a user's name, so it links libc only. A principal maps to the record of its
 * implicit UPN, a local name to its own record, both as the NSS module finds them. They
 * are the same user if the SIDs are equal, never because the names are alike:
 * administrator@FABRIKAM.TEST does not match this machine's account `administrator`
 * (CVE-2025-11561 of SSSD).
 *
 * The verdict is 0 or EPERM. libkrb5 accepts a principal if one module returns 0 and none
 * EPERM, so a match that is not proven here is refused even where libkrb5's own
 * mappings (stripping the realm, auth_to_local, .k5login) are left on.
 */
#include <errno.h>
#include <krb5/localauth_plugin.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "nss_module/module.h"
#include "same_name.h"
#include "wire/plain.h"

#define EXPORT __attribute__((visibility("default")))
#define SID_MAX 192 /* S-1-, a number of 15 digits, and 15 of 10, with their hyphens */
#define PASSWD_BUFFER 4096

EXPORT krb5_error_code localauth_trustlogon_initvt(krb5_context context, int major,
                                                   int minor, krb5_plugin_vtable vtable);

/* A user's record, copied out of the store. */
struct user {
    uint32_t uid;
    char sid[SID_MAX];
    char name[TL_STORE_NAME_MAX + 1]; /* canonical: the implicit UPN, folded */
    size_t bare;                      /* bytes of it that NSS may show; 0: all */
};

static bool find_user(const char *name, struct user *user)
{
    struct nss_query query = {.class = TL_STORE_USER_NAME, .name = name};
    struct nss_bare own = {.file = TL_NSS_PASSWD, .typed = name};
    const struct tli_store_map *map;
    struct tli_store_entry entry;
    int err = 0;
    bool found = false, shown;

    if (nss_find(&query, &entry, &map, &err) != NSS_STATUS_SUCCESS)
        return false;
    if (entry.sid.length > 0 && entry.sid.length < sizeof(user->sid) &&
        entry.name.length < sizeof(user->name)) {
        memcpy(user->sid, entry.sid.at, (size_t)entry.sid.length + 1);
        memcpy(user->name, entry.name.at, (size_t)entry.name.length + 1);
        user->uid = own.id = entry.id;
        user->bare = tli_store_bare_length(map, entry.name.at, entry.name.length);
        found = true;
    }
    nss_leave(map);
    if (found && query.bare)
        found = nss_own(&own, &shown, &err) == NSS_STATUS_SUCCESS;
    return found;
}

/* Letters, digits and signs that a sAMAccountName or a realm may have. An enterprise
 * name (a UPN of any suffix, unchecked) has its `@` in the first component; what ends in
 * `$` is a computer. */
static bool plain(const krb5_data *data)
{
    for (unsigned i = 0; i < data->length; i++) {
        unsigned char c = (unsigned char)data->data[i];

        if (c < 0x20 || c == 0x7f || strchr("@\\/:", c) != NULL)
            return false;
    }
    return data->length > 0;
}

/* "sam@REALM"; false: not a user of a domain. */
static bool name_of(krb5_const_principal principal, char *name, size_t size)
{
    const krb5_data *sam, *realm;

    name[0] = '\0';
    if (principal == NULL || principal->length != 1)
        return false;
    sam = &principal->data[0];
    realm = &principal->realm;
    if (!plain(sam) || !plain(realm) || sam->data[sam->length - 1] == '$' ||
        (size_t)sam->length + realm->length + 2 > size)
        return false;
    memcpy(name, sam->data, sam->length);
    name[sam->length] = '@';
    memcpy(name + sam->length + 1, realm->data, realm->length);
    name[sam->length + 1 + realm->length] = '\0';
    return true;
}

/* NULL, or why no user matches this "sam@REALM". */
static const char *user_of(const char *name, struct user *user)
{
    if (!find_user(name, user))
        return "the principal's user is not known on this machine";
    /* It may have been found by an alias, an explicit UPN for instance. */
    if (!localauth_same_name(name, user->name))
        return "the principal is not the account's own name";
    return NULL;
}

/* The caller uses what all of NSS returns for that name, which may be a line of
 * /etc/passwd. */
static bool nss_agrees(const char *lname, uint32_t uid)
{
    char buffer[PASSWD_BUFFER];
    struct passwd pw, *found = NULL;

    return uid != 0 && getpwnam_r(lname, &pw, buffer, sizeof(buffer), &found) == 0 &&
           found != NULL && found->pw_uid == uid;
}

/* NULL: the principal may log on as `lname`; else why not. */
static const char *judge(const char *name, const char *lname)
{
    struct user who, target;
    const char *why;

    if (name[0] == '\0')
        return "the principal is not a domain user";
    if (lname == NULL)
        return "the local name is not a domain user's";
    why = user_of(name, &who);
    if (why != NULL)
        return why;
    if (!find_user(lname, &target))
        return tli_store_owns_name(lname) ? "the local name is not a known domain user's"
                                          : "the local name is not a domain user's";
    if (strcmp(who.sid, target.sid) != 0 || who.uid != target.uid)
        return "they are different users";
    if (!nss_agrees(lname, target.uid))
        return "the name service returns another user for the local name";
    return NULL;
}

static krb5_error_code userok(krb5_context context, krb5_localauth_moddata data,
                              krb5_const_principal principal, const char *lname)
{
    char name[TL_STORE_NAME_MAX + 1], local[TL_STORE_NAME_MAX + 1];
    int saved = errno;
    const char *why;

    (void)name_of(principal, name, sizeof(name));
    why = judge(name, lname);
    snprintf(local, sizeof(local), "%s", lname != NULL ? lname : "(no name)");
    tli_plain(name, NULL);
    tli_plain(local, NULL);
    /* sshd logs no more than "failed". */
    if (why != NULL)
        syslog(LOG_AUTHPRIV | LOG_NOTICE, "trustlogon: %s is not authorized as %s: %s",
               name[0] != '\0' ? name : "the principal", local, why);
    errno = saved;
    return why == NULL ? 0 : EPERM;
}

static krb5_error_code an2ln(krb5_context context, krb5_localauth_moddata data,
                             const char *type, const char *residual,
                             krb5_const_principal principal, char **lname)
{
    char name[TL_STORE_NAME_MAX + 1];
    int saved = errno;
    struct user user;
    bool found = name_of(principal, name, sizeof(name)) && user_of(name, &user) == NULL;

    struct nss_bare own = {.file = TL_NSS_PASSWD};
    int err = 0;

    *lname = NULL;
    if (found) {
        own.id = user.uid;
        found = nss_show(&own, user.name, user.bare, &err) == NSS_STATUS_SUCCESS;
    }
    errno = saved;
    if (!found)
        return KRB5_LNAME_NOTRANS;
    *lname = strdup(user.name);
    return *lname == NULL ? ENOMEM : 0;
}

static void free_string(krb5_context context, krb5_localauth_moddata data, char *string)
{
    free(string);
}

krb5_error_code localauth_trustlogon_initvt(krb5_context context, int major, int minor,
                                            krb5_plugin_vtable vtable)
{
    krb5_localauth_vtable table = (krb5_localauth_vtable)(void *)vtable;

    if (major != 1)
        return KRB5_PLUGIN_VER_NOTSUPP;
    table->name = "trustlogon";
    table->userok = userok;
    table->an2ln = an2ln;
    table->free_string = free_string;
    return 0;
}
