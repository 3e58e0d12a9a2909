/* SPDX-License-Identifier: MIT
 *
 * fuzz_pac.c - any bytes as a PAC: refused with a phrase, or decoded into
 * something whose promises hold.
 */
#include <trustlogon/pac.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t touched; /* keeps the reads below from being optimised away */

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_groups(const struct tl_pac_group *groups, size_t count)
{
    char buf[TL_SID_STRING_MAX];

    must(count <= TL_PAC_MAX_GROUPS + 1); /* the primary group may be added */
    for (size_t i = 0; i < count; i++)
        touched += strlen(tl_sid_format(&groups[i].sid, buf));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_pac *pac;
    const char *where;

    if (tl_pac_decode(NULL, data, size, &pac, &where) != 0) {
        must(pac == NULL && where != NULL);
        return 0;
    }
    must(pac->account != NULL && pac->full_name != NULL && pac->logon_server != NULL);
    must(pac->domain_flat != NULL && pac->home_directory != NULL &&
         pac->home_drive != NULL);
    must(pac->profile_path != NULL && pac->logon_script != NULL);
    touched += strlen(pac->account) + strlen(pac->full_name) + strlen(pac->domain_flat);
    if (pac->upn != NULL)
        touched += strlen(pac->upn);
    if (pac->client_name != NULL)
        touched += strlen(pac->client_name);
    must(pac->user_sid.revision == 1);
    must(pac->user_rid == 0 || tl_sid_in_domain(&pac->user_sid, &pac->domain_sid));
    must((pac->user_flags & 0x20) != 0 || pac->num_extra == 0);
    must((pac->user_flags & 0x200) != 0 || pac->num_resource == 0);
    check_groups(pac->groups, pac->num_groups);
    check_groups(pac->extra, pac->num_extra);
    check_groups(pac->resource, pac->num_resource);
    talloc_free(pac);
    return 0;
}
