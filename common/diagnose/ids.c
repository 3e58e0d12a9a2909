/* SPDX-License-Identifier: MIT
 *
 * ids.c - ids of the known domains that are not given out on this machine.
 */
#include <errno.h>
#include <inttypes.h>

#include "internal.h"

#define SHOWN_MOST 8

static void show(struct run *run, const struct tl_idmap *map,
                 const struct tl_withheld_ids *ids)
{
    const struct tl_idmap_domain *domain = tl_idmap_domain(map, &ids->domain);
    char sid[TL_SID_STRING_MAX];

    tli_found(run, "ids", domain != NULL ? domain->dns : tl_sid_format(&ids->domain, sid),
              TL_FINDING_WARNING, TL_REASON_ID_SUBORDINATE, NULL, NULL,
              "the ids %" PRIu32 " to %" PRIu32 " are not assigned: %s", ids->low,
              ids->high, ids->why);
}

void tli_check_ids(struct run *run)
{
    TALLOC_CTX *tmp = talloc_new(run->diag);
    struct tl_withheld_ids *ids = NULL;
    struct tl_local_ids *local = NULL;
    struct tl_idmap *map = NULL;
    char *error = NULL;
    size_t count = 0;

    if (run->machine->topology == NULL)
        tli_left_out(run, TL_AREA_NOT_LOOKED, "no domain is known");
    else if (tl_local_ids_load(tmp, "/etc/passwd", "/etc/group", &local) != 0)
        tli_found(run, "ids", "/etc/passwd", TL_FINDING_FAILED, TL_REASON_INTERNAL, NULL,
                  NULL,
                  "/etc/passwd, /etc/group, /etc/subuid or /etc/subgid cannot be read");
    else if (tl_idmap_new(tmp, run->config, run->machine->workstation->domain,
                          run->machine->topology, NULL, &map, &error) != 0)
        tli_found(run, "ids", tli_config_file(run), TL_FINDING_FAILED,
                  TL_REASON_CONFIG_INVALID, tli_config_file(run), error, "%s",
                  error != NULL ? error : "out of memory");
    else if (tl_withheld_ids(tmp, map, local, &ids, &count) != 0)
        run->diag->complete = false;
    else if (count == 0)
        tli_found_ok(run, "ids", NULL,
                     "no id of a domain is reserved in /etc/subuid or /etc/subgid");
    for (size_t i = 0; i < count && i < SHOWN_MOST; i++)
        show(run, map, &ids[i]);
    talloc_free(tmp);
}
