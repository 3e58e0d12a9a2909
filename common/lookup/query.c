/* SPDX-License-Identifier: MIT
 *
 * query.c - how a query fails, and the table of ids that its parts share.
 */
#include "query.h"

#include <errno.h>

enum tl_reason tli_query_no_memory(const struct tli_lookup_query *query)
{
    return tl_outcome_fail(query->out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

enum tl_reason tli_query_unknown(const struct tli_lookup_query *query, const char *why)
{
    return tl_outcome_fail(query->out, TL_STAGE_IDENTITY, TL_REASON_USER_UNKNOWN, "%s",
                           why);
}

bool tli_lookup_is_unusable(enum tl_reason reason)
{
    return reason == TL_REASON_ID_UNMAPPABLE || reason == TL_REASON_ID_COLLISION ||
           reason == TL_REASON_ID_SUBORDINATE || reason == TL_REASON_ID_NAME_UNSAFE ||
           reason == TL_REASON_COMPUTER_ACCOUNT || reason == TL_REASON_NAME_TAKEN ||
           tl_is_sid_refusal(reason);
}

enum tl_reason tli_query_map(const struct tli_lookup_query *query)
{
    const struct tl_machine *machine = query->lookup->in.machine;
    char *error = NULL;
    int ret = 0;

    if (query->lookup->map == NULL)
        ret = tl_idmap_new(query->lookup, machine->config, machine->workstation->domain,
                           machine->topology, NULL, &query->lookup->map, &error);
    if (ret == -EINVAL)
        return tl_outcome_fail(query->out, TL_STAGE_LOCAL, TL_REASON_CONFIG_INVALID, "%s",
                               error);
    return ret == 0 ? TL_REASON_OK : tli_query_no_memory(query);
}

int tli_query_take_gids(const struct tli_lookup_query *query,
                        const struct tli_reading *reading)
{
    const struct tl_unix_facts *read = reading->facts;
    int ret = 0;

    for (size_t i = 0; query->facts != NULL && ret == 0 && i < read->num_groups; i++)
        ret = tl_unix_facts_add(query->facts, &read->groups[i].sid, read->groups[i].gid);
    return ret;
}
