/* SPDX-License-Identifier: MIT
 *
 * locate/site.c - which site's DCs are asked for, and when a DC is too far away to be
 * kept. The sites of two forests have nothing in common but perhaps their names: what a
 * domain's own DCs say of this machine counts for that domain, before that the name of
 * the workstation's site is used [MS-NRPC 3.5.4.3.1].
 */
#include <string.h>
#include <strings.h>

#include "internal.h"

bool tli_same_site(const char *a, const char *b)
{
    return a && b ? strcasecmp(a, b) == 0 : a == b;
}

/* A site name comes from the network and becomes a label of the next question. */
bool tli_site_valid(const char *site)
{
    return site && site[0] && !strchr(site, '.') && tli_srv_host_valid(site);
}

/* Its DC says that it is the nearest [MS-ADTS 6.3.1.2, DS_CLOSEST_FLAG],
 * or the administrator has said in which site to look. */
static bool near_enough(const struct tl_locator *locator, const struct tl_dc *dc)
{
    return (dc->flags & TL_DS_CLOSEST) || (locator->config->site && dc->in_site);
}

bool tli_nearer_wanted(const struct tl_locator *locator, const struct tl_dc *dc)
{
    return dc->pinged && !near_enough(locator, dc) && tli_site_valid(dc->client_site);
}

const char *tli_site_to_ask(const struct tl_locator *locator,
                            const struct tli_cache_entry *past)
{
    const char *told = past && past->count ? past->dcs[0].dc.client_site : NULL;

    /* The workstation's site has changed since: what the DC said then is history. */
    if (locator->config->site || !tli_site_valid(told) ||
        !tli_same_site(past->site, locator->site))
        return locator->site;
    return told;
}

/* Put the DCs of `near` before those of `list`, which stay to fail over to. */
static void put_first(struct tl_dc_list *list, const struct tl_dc_list *near)
{
    struct tl_dc *all = talloc_zero_array(list, struct tl_dc, near->count + list->count);
    size_t count = near->count;

    if (!all)
        return;
    memcpy(all, near->dcs, near->count * sizeof *all);
    for (size_t i = 0; i < list->count; i++) {
        bool known = false;

        for (size_t j = 0; j < near->count && !known; j++)
            known = strcmp(near->dcs[j].address, list->dcs[i].address) == 0;
        if (!known)
            all[count++] = list->dcs[i];
    }
    list->dcs = all; /* strings stay with `near` and the old array, children of list */
    list->count = count;
}

/* Has `site` a DC that answers? */
static bool look_in(const struct tli_search *in, const char *site,
                    struct tl_dc_list *list)
{
    struct tli_search closer = *in;
    struct tl_dc_list *near = NULL;

    closer.site = site;
    closer.site_only = true;
    closer.out = NULL;
    closer.deadline = tl_deadline_min(
        in->deadline, tl_deadline_in_ms(in->locator->config->ping_timeout));
    if (tli_search_dns(list, &closer, &near) != TL_REASON_OK || !near->dcs[0].pinged)
        return false;
    put_first(list, near);
    return true;
}

/*
 * The DC's statement is asked for anyway, so this costs one DNS question and one ping,
 * and only if a nearer DC exists. The next closest site is the DC's statement, too, and
 * as on Windows only used if the administrator enables it.
 */
void tli_look_closer(const struct tli_search *in, struct tl_dc_list *list)
{
    const struct tl_dc first = list->dcs[0];

    if (!tli_nearer_wanted(in->locator, &first))
        return;
    if (!tli_same_site(first.client_site, in->site) &&
        look_in(in, first.client_site, list))
        return;
    if (in->locator->config->try_next_closest_site && tli_site_valid(first.next_site) &&
        !tli_same_site(first.next_site, in->site) &&
        !tli_same_site(first.next_site, first.dc_site))
        look_in(in, first.next_site, list);
}
