/* SPDX-License-Identifier: MIT
 *
 * print_pac.c - what was understood of a PAC, as one line in a canonical form.
 */
#include "print_pac.h"

#include <inttypes.h>
#include <stdio.h>

static void print_string(const char *name, const char *s)
{
    printf(" %s=", name);
    if (s == NULL) {
        putchar('-');
        return;
    }
    putchar('"');
    for (; *s != '\0'; s++)
        printf("%02x", (unsigned char)*s);
    putchar('"');
}

static void print_sid(const char *name, const struct tl_sid *sid)
{
    uint64_t authority = 0;

    for (size_t i = 0; i < sizeof(sid->authority); i++)
        authority = authority << 8 | sid->authority[i];
    printf(" %s%" PRIu64, name, authority);
    for (size_t i = 0; i < sid->num_subs; i++)
        printf("-%" PRIu32, sid->subs[i]);
}

static void print_groups(const char *name, const struct tl_pac_group *groups,
                         size_t count)
{
    printf(" %s=%zu", name, count);
    for (size_t i = 0; i < count; i++) {
        print_sid("", &groups[i].sid);
        printf(":%" PRIx32, groups[i].attributes);
    }
}

void print_pac(const struct tl_pac *p)
{
    const struct {
        const char *name, *string;
    } strings[] = {
        {"account", p->account},
        {"full", p->full_name},
        {"server", p->logon_server},
        {"flat", p->domain_flat},
        {"home", p->home_directory},
        {"drive", p->home_drive},
        {"profile", p->profile_path},
        {"script", p->logon_script},
        {"upn", p->upn},
        {"dns", p->dns_domain},
        {"sam", p->sam_name},
        {"client", p->client_name},
    };
    const struct {
        const char *name;
        uint64_t number;
    } numbers[] = {
        {"rid", p->user_rid},
        {"primary", p->primary_group_rid},
        {"flags", p->user_flags},
        {"uac", p->user_account_control},
        {"count", p->logon_count},
        {"bad", p->bad_password_count},
        {"logon", (uint64_t)p->logon_time},
        {"logoff", (uint64_t)p->logoff_time},
        {"kickoff", (uint64_t)p->kickoff_time},
        {"set", (uint64_t)p->pw_last_set},
        {"can", (uint64_t)p->pw_can_change},
        {"must", (uint64_t)p->pw_must_change},
        {"time", (uint64_t)p->client_time},
        {"constructed", p->upn_constructed},
        {"attributes", p->has_attributes ? p->attribute_flags : UINT64_MAX},
    };

    printf("ok");
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        print_string(strings[i].name, strings[i].string);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        printf(" %s=%" PRIx64, numbers[i].name, numbers[i].number);
    print_sid("domain=", &p->domain_sid);
    print_sid("user=", &p->user_sid);
    if (p->has_requestor_sid)
        print_sid("requestor=", &p->requestor_sid);
    print_groups("groups", p->groups, p->num_groups);
    print_groups("extra", p->extra, p->num_extra);
    print_groups("resource", p->resource, p->num_resource);
    putchar('\n');
}
