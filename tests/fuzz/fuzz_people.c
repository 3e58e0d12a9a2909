/* SPDX-License-Identifier: MIT
 *
 * fuzz_people.c - any bytes as the attributes of users, groups and members. The name
 * "dn" gives an entry its DN.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "entries.h"
#include "directory/people_decode.h"

static const char *const names[] = {"dn",
                                    "sAMAccountName",
                                    "userPrincipalName",
                                    "objectSid",
                                    "displayName",
                                    "unixHomeDirectory",
                                    "loginShell",
                                    "uidNumber",
                                    "gidNumber",
                                    "primaryGroupID",
                                    "userAccountControl",
                                    "groupType",
                                    "objectClass",
                                    "sAMAccountType",
                                    "member",
                                    "tokenGroups"};
static const uint8_t domain_sid[] = {1, 4, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0,
                                     1, 0, 0, 0, 2, 0, 0, 0, 3,  0, 0, 0};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What no program that splits lines at ':' and '\n' may be given. */
static void expect_name(const char *name)
{
    if (name == NULL || *name == '\0' || name[strcspn(name, ":/\\\n\r\t\x7f")] != '\0')
        abort();
}

static void expect_path(const char *path)
{
    size_t len = path != NULL ? strlen(path) : 0;

    if (path == NULL)
        return;
    if (path[0] != '/' || strpbrk(path, ":\n") != NULL || strstr(path, "/../") != NULL ||
        (len >= 3 && strcmp(path + len - 3, "/..") == 0))
        abort();
}

static void decode(TALLOC_CTX *ctx, const struct tli_people_domain *domain,
                   const struct tli_entry *entry)
{
    struct tl_dir_user *user;
    struct tl_dir_group *group;
    struct tl_dir_name name;
    const char *why = NULL;

    if ((tli_user_from_entry(ctx, domain, entry, &user, &why) == 0) != (user != NULL) ||
        (user == NULL && why == NULL))
        abort();
    if (user != NULL) {
        expect_name(user->sam);
        expect_path(user->home);
        expect_path(user->shell);
        if (!tl_sid_in_domain(&user->sid, &domain->sid))
            abort();
    }
    if ((tli_group_from_entry(ctx, domain, entry, &group, &why) == 0) != (group != NULL))
        abort();
    if (group != NULL)
        expect_name(group->name);
    if (tli_name_from_entry(ctx, domain, entry, &name) == 0 && name.name != NULL)
        expect_name(name.name);
}

/* Values as they come from the members of a group. */
static void decode_values(TALLOC_CTX *ctx, const struct tli_entry *entry)
{
    struct tl_dir_name *found = talloc_zero_array(ctx, struct tl_dir_name, entry->count);
    size_t count = 0, first, next, left;

    for (size_t i = 0; i < entry->count; i++) {
        const struct tli_attribute *attribute = &entry->attributes[i];
        struct tl_sid *sids;
        size_t num_sids;
        bool foreign;

        if (tli_range_parse((const char *)attribute->values[0].data, &first, &next) ==
                0 &&
            next != 0 && next <= first)
            abort();
        if (tli_sids_from_values(ctx, attribute, &sids, &num_sids) == 0 && num_sids != 1)
            abort();
        if (tli_extended_dn_sid(&attribute->values[0], &found[count].sid, &foreign) == 0)
            count++;
    }
    left = tli_dir_names_unique(found, count);
    if (left > count)
        abort();
    for (size_t i = 1; i < left; i++)
        if (tli_dir_name_compare(&found[i - 1], &found[i]) >= 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tli_entries *all =
        read_entries(ctx, names, sizeof(names) / sizeof(names[0]), data, size);
    struct tli_people_domain domain = {.nc = "DC=contoso,DC=test"};

    if (tl_sid_decode(domain_sid, sizeof(domain_sid), &domain.sid) != 0)
        abort();
    for (size_t i = 0; i < all->count; i++) {
        const struct tli_attribute *dn = tli_entry_attribute(&all->entries[i], "dn");

        if (dn != NULL)
            all->entries[i].dn = (const char *)dn->values[0].data;
        decode(ctx, &domain, &all->entries[i]);
        decode_values(ctx, &all->entries[i]);
    }
    talloc_free(ctx);
    return 0;
}
