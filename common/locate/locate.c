/* SPDX-License-Identifier: MIT
 *
 * locate/locate.c - tl_locate(): the cache where it is fresh, a search where it is not,
 * and what is learned goes back into the cache.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <trustlogon/name.h>

#include "internal.h"

struct tl_locator *tl_locator_new(TALLOC_CTX *ctx, const struct tl_config *config,
                                  const char *site, const struct tl_trace *trace)
{
    struct tl_locator *locator = talloc_zero(ctx, struct tl_locator);

    if (!locator)
        return NULL;
    locator->config = config;
    locator->trace = trace;
    if (site && site[0] && !tli_site_valid(site)) {
        tl_trace_note(trace, "the site name cannot be part of a DNS name: not used");
    } else if (site && site[0]) {
        locator->site = talloc_strdup(locator, site);
        if (!locator->site)
            TALLOC_FREE(locator);
    }
    return locator;
}

void tli_locator_set_hooks(struct tl_locator *locator,
                           const struct tli_locate_hooks *hooks)
{
    locator->hooks = *hooks;
}

/* ---- the cache */

/* The first cause of a search that failed, as the cache file has it: only reasons that a
 * search itself has. */
static enum tl_reason remembered(const char *slug)
{
    const struct tl_reason_info *info = slug ? tl_reason_by_slug(slug) : NULL;

    switch (info ? info->reason : TL_REASON_OK) {
    case TL_REASON_DNS_NO_ANSWER:
    case TL_REASON_DNS_NO_RECORDS:
    case TL_REASON_DNS_NO_ADDRESS:
    case TL_REASON_PING_FILTERED:
    case TL_REASON_PING_REFUSED:
        return info->reason;
    default:
        return TL_REASON_NO_LOGON_SERVERS;
    }
}

static int append_cached(struct tl_dc_list *list, const struct tl_dc *cached, int64_t age)
{
    struct tl_dc *dc = &list->dcs[list->count];

    if (tli_dc_copy(list, dc, cached) != 0)
        return -ENOMEM;
    dc->why = talloc_asprintf(list, "cache, %lld s old", (long long)age);
    if (!dc->why)
        return -ENOMEM;
    list->count++;
    return 0;
}

/* The cached DCs, those that failed lately last: they are better than none when the
 * others fall silent. NULL if all have failed, unless `with_failed`. */
static struct tl_dc_list *cached_list(TALLOC_CTX *ctx, const struct tl_locator *locator,
                                      const struct tli_cache_entry *entry,
                                      bool with_failed)
{
    struct tl_dc_list *list = talloc_zero(ctx, struct tl_dc_list);
    int negative = locator->config->negative_lifetime, rc = 0;
    int64_t age = tli_locator_wall(locator) - entry->found;

    if (list)
        list->dcs = talloc_zero_array(list, struct tl_dc, entry->count);
    for (int failed = 0; list && list->dcs && failed <= 1; failed++) {
        if (failed && !with_failed && list->count == 0)
            break;
        for (size_t i = 0; i < entry->count && rc == 0; i++) {
            if (tli_locator_fresh(locator, entry->dcs[i].failed, negative) ==
                (failed == 1))
                rc = append_cached(list, &entry->dcs[i].dc, age);
        }
    }
    if (list && list->count == 0)
        TALLOC_FREE(list);
    return list;
}

/* Keep what past entries know of failures. */
static void keep_failures(struct tli_cache_entry *entry,
                          const struct tli_cache_entry *past)
{
    for (size_t i = 0; i < entry->count; i++) {
        for (size_t j = 0; past && j < past->count; j++) {
            if (strcmp(entry->dcs[i].dc.host, past->dcs[j].dc.host) == 0 &&
                strcmp(entry->dcs[i].dc.address, past->dcs[j].dc.address) == 0)
                entry->dcs[i].failed = past->dcs[j].failed;
        }
    }
}

static void store_list(struct tl_locator *locator, const char *domain, int64_t found,
                       const struct tl_dc_list *list, const struct tli_cache_entry *past)
{
    struct tli_cache_entry *entry = talloc_zero(NULL, struct tli_cache_entry);

    if (!entry)
        return;
    entry->domain = domain;
    entry->site = locator->site;
    entry->found = found;
    entry->checked = tli_locator_wall(locator);
    entry->dcs = talloc_zero_array(entry, struct tli_cache_dc, list->count);
    if (entry->dcs) {
        for (size_t i = 0; i < list->count; i++)
            entry->dcs[i].dc = list->dcs[i];
        entry->count = list->count;
        keep_failures(entry, past);
        tli_cache_store(locator, entry);
    }
    talloc_free(entry);
}

static void store_failure(struct tl_locator *locator, const char *domain,
                          enum tl_reason reason, const struct tl_outcome *out,
                          const struct tli_cache_entry *past)
{
    struct tli_cache_entry entry = {
        .domain = domain,
        .site = locator->site,
        .failed = tli_locator_wall(locator),
        .failed_reason = tl_reason_info(reason)->slug,
        .failed_detail = out ? out->detail : NULL,
    };

    /* Old DCs are kept: they are tried when DNS is silent. */
    if (past) {
        entry.found = past->found;
        entry.checked = past->checked;
        entry.count = past->count;
        entry.dcs = past->dcs;
    }
    tli_cache_store(locator, &entry);
}

/* ---- the search */

/* DNS does not answer, but did some time ago: check whether those DCs still answer. */
static bool try_old_ones(TALLOC_CTX *ctx, const struct tli_search *in,
                         struct tl_dc_list **list)
{
    struct tl_dc_list *old;
    struct tli_search again = *in;
    bool found;

    if (!in->past || !(old = cached_list(ctx, in->locator, in->past, true)))
        return false;
    again.out = NULL;
    again.brief = true;
    found = tli_search_known(ctx, &again, old, list) == TL_REASON_OK;
    talloc_free(old);
    if (found)
        tl_trace_note(in->locator->trace,
                      "DNS does not return the domain controllers of %s; those found "
                      "earlier are used",
                      in->domain);
    else
        TALLOC_FREE(*list);
    return found;
}

static enum tl_reason full_search(TALLOC_CTX *ctx, const struct tli_search *in,
                                  bool store, struct tl_dc_list **list)
{
    enum tl_reason reason = tli_search_dns(ctx, in, list);
    int64_t now = tli_locator_wall(in->locator);

    if (reason == TL_REASON_OK && !in->all)
        tli_look_closer(in, *list);
    if ((reason == TL_REASON_DNS_NO_ANSWER || reason == TL_REASON_DNS_NO_RECORDS ||
         reason == TL_REASON_DNS_NO_ADDRESS) &&
        !in->all && try_old_ones(ctx, in, list)) {
        tl_outcome_reset(in->out);
        /* If it is not stored, DNS is asked again next time, which is too soon when only
         * a nearer DC is wanted. */
        if (store && tli_nearer_wanted(in->locator, &(*list)->dcs[0]))
            store_list(in->locator, in->domain, now, *list, in->past);
        return TL_REASON_OK;
    }
    if (in->all || !store)
        return reason;
    if (reason == TL_REASON_OK)
        store_list(in->locator, in->domain, now, *list, in->past);
    else if (reason != TL_REASON_DEADLINE && reason != TL_REASON_NO_MEMORY &&
             reason != TL_REASON_INTERNAL)
        store_failure(in->locator, in->domain, reason, in->out, in->past);
    return reason;
}

/* The nearer DCs were down when this one was found, or are newer: search again. One that
 * was asked a moment ago is not asked for its site again. */
static bool too_far(const struct tl_locator *locator, const struct tli_cache_entry *entry,
                    const struct tl_dc *dc)
{
    return tli_nearer_wanted(locator, dc) &&
           !tli_locator_fresh(locator, entry->found, locator->config->close_site_timeout);
}

/* What the cache says: a list, a refusal, or nothing (OK and no list). In that case
 * `in` gets the other site, if this machine has moved. */
static enum tl_reason from_cache(TALLOC_CTX *ctx, struct tli_search *in, bool store,
                                 struct tl_dc_list **list)
{
    struct tl_locator *locator = in->locator;
    const struct tl_config *config = locator->config;
    const struct tli_cache_entry *entry = in->past;
    struct tl_dc_list *live, *pinged;
    struct tli_search again = *in;

    if (!entry || !tli_same_site(entry->site, locator->site))
        return TL_REASON_OK;
    if (tli_locator_fresh(locator, entry->failed, config->negative_lifetime))
        return tl_outcome_fail(in->out, TL_STAGE_LOCATE, remembered(entry->failed_reason),
                               "the search %lld s ago failed (%s)%s%s",
                               (long long)(tli_locator_wall(locator) - entry->failed),
                               entry->failed_reason ? entry->failed_reason : "unknown",
                               entry->failed_detail ? ": " : "",
                               entry->failed_detail ? entry->failed_detail : "");
    if (entry->failed ||
        !tli_locator_fresh(locator, entry->found, config->cache_lifetime))
        return TL_REASON_OK;
    live = cached_list(ctx, locator, entry, false);
    if (!live || too_far(locator, entry, &live->dcs[0]))
        return TL_REASON_OK;
    if (live->dcs[0].realm_only ||
        tli_locator_fresh(locator, entry->checked, config->ping_validity)) {
        tl_trace_note(locator->trace,
                      "domain controller of %s from the cache: %s (%s), %s", in->domain,
                      live->dcs[0].host, live->dcs[0].address, live->dcs[0].why);
        *list = live;
        return TL_REASON_OK;
    }
    if (in->cached)
        return TL_REASON_OK;
    /* Old, but not too old: a DC that still answers saves the DNS questions. */
    again.out = NULL;
    again.brief = true;
    if (tli_search_known(ctx, &again, live, &pinged) != TL_REASON_OK ||
        !pinged->dcs[0].pinged)
        return TL_REASON_OK;
    if (tli_nearer_wanted(locator, &pinged->dcs[0]) &&
        !tli_same_site(pinged->dcs[0].client_site, in->site)) {
        in->site = pinged->dcs[0].client_site;
        return TL_REASON_OK;
    }
    *list = pinged;
    if (store)
        store_list(locator, in->domain, entry->found, pinged, entry);
    return TL_REASON_OK;
}

/* A failure goes into the cache with its detail, so there is an outcome even where the
 * caller wants none. */
enum tl_reason tl_locate(TALLOC_CTX *ctx, struct tl_locator *locator, const char *domain,
                         unsigned int flags, tl_deadline deadline,
                         struct tl_dc_list **list, struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tli_search in = {.locator = locator,
                            .all = flags & TL_LOCATE_ALL,
                            .cached = flags & TL_LOCATE_CACHED,
                            .deadline = deadline};
    bool store = !(flags & TL_LOCATE_NO_STORE);
    struct tl_dc_list *found = NULL;
    enum tl_reason reason = TL_REASON_OK;

    *list = NULL;
    /* The detail of a failure is kept in the cache, so there is always one. */
    in.out = out ? out : tl_outcome_new(tmp);
    if (!tl_dns_valid(domain)) {
        tl_outcome_set_subject(in.out, domain);
        reason = tl_outcome_fail(in.out, TL_STAGE_LOCATE, TL_REASON_DOMAIN_UNKNOWN,
                                 "not a DNS name");
        goto done;
    }
    in.domain = tl_dns_of(tmp, domain);
    if (!in.domain) {
        reason = tl_outcome_fail(in.out, TL_STAGE_LOCATE, TL_REASON_NO_MEMORY, NULL);
        goto done;
    }
    in.past = tli_cache_load(tmp, locator, in.domain);
    in.site = tli_site_to_ask(locator, in.past);
    if ((flags & TL_LOCATE_EVER) && in.past)
        found = cached_list(tmp, locator, in.past, true);
    else if (!(flags & (TL_LOCATE_FORCE | TL_LOCATE_ALL)))
        reason = from_cache(tmp, &in, store, &found);
    if (reason == TL_REASON_OK && !found && (flags & TL_LOCATE_CACHED))
        reason = tl_outcome_fail(in.out, TL_STAGE_LOCATE, TL_REASON_DNS_NO_RECORDS,
                                 "not in the cache");
    if (reason == TL_REASON_OK && !found)
        reason = full_search(tmp, &in, store, &found);
    if (reason != TL_REASON_OK) {
        tl_outcome_set_subject(in.out, in.domain);
        tl_outcome_set_realm(in.out, tl_realm_of(tmp, in.domain));
    }
    if (found && (reason == TL_REASON_OK || in.all))
        *list = talloc_steal(ctx, found);
done:
    talloc_free(tmp);
    return reason;
}

/* ---- what the exchanges tell */

/* Find a DC in an entry; count if it is not there. */
static size_t find_dc(const struct tli_cache_entry *entry, const struct tl_dc *dc)
{
    size_t i;

    for (i = 0; i < entry->count; i++) {
        if (strcmp(entry->dcs[i].dc.host, dc->host) == 0 &&
            strcmp(entry->dcs[i].dc.address, dc->address) == 0)
            break;
    }
    return i;
}

void tl_locate_failed(struct tl_locator *locator, const struct tl_dc *dc)
{
    struct tli_cache_entry *entry = tli_cache_load(NULL, locator, dc->domain);
    size_t i = entry ? find_dc(entry, dc) : 0;

    if (entry && i < entry->count) {
        entry->dcs[i].failed = tli_locator_wall(locator);
        tli_cache_store(locator, entry);
    }
    talloc_free(entry);
}

void tl_locate_worked(struct tl_locator *locator, const struct tl_dc *dc)
{
    struct tli_cache_entry *entry = tli_cache_load(NULL, locator, dc->domain);
    size_t i = entry ? find_dc(entry, dc) : 0;
    struct tli_cache_dc first;

    /* Nothing new, so no write: the case of every warm logon. */
    if (entry && i < entry->count && (i > 0 || entry->dcs[0].failed)) {
        first = entry->dcs[i];
        first.failed = 0;
        memmove(entry->dcs + 1, entry->dcs, i * sizeof first);
        entry->dcs[0] = first;
        tli_cache_store(locator, entry);
    }
    talloc_free(entry);
}

#define KEPT_MAX (256 * 1024)

static struct tli_cache_dc *find(const struct tli_cache_entry *entry,
                                 const struct tl_dc *dc)
{
    for (size_t i = 0; i < entry->count; i++)
        if (tl_dns_equal(entry->dcs[i].dc.host, dc->host) &&
            strcmp(entry->dcs[i].dc.address, dc->address) == 0)
            return &entry->dcs[i];
    return NULL;
}

/* The domain controllers that are in the cache, in the order of `said`, and which of them
 * have failed; all else of `said` does not count. NULL: it has others, or none. */
static struct tli_cache_entry *as_said(TALLOC_CTX *ctx, const struct tl_locator *locator,
                                       const struct tli_cache_entry *said)
{
    struct tli_cache_entry *there = tli_cache_load(ctx, locator, said->domain);
    int64_t now = tli_locator_wall(locator);

    if (there == NULL || said->count == 0 || said->failed != 0)
        return NULL;
    for (size_t i = said->count; i-- > 0;) {
        struct tli_cache_dc *found = find(there, &said->dcs[i].dc), one;

        if (found == NULL)
            return NULL;
        one = *found;
        one.failed = said->dcs[i].failed < now ? said->dcs[i].failed : now;
        memmove(there->dcs + 1, there->dcs,
                (size_t)(found - there->dcs) * sizeof(*there->dcs));
        there->dcs[0] = one;
    }
    return there;
}

/* Its age, or a search that failed since, says that one is due. */
static bool is_due(const struct tl_locator *locator, const struct tli_cache_entry *entry,
                   const char *site)
{
    return entry->failed != 0 ||
           !tli_locator_fresh(locator, entry->found, locator->config->cache_lifetime) ||
           !tli_locator_fresh(locator, entry->checked, locator->config->ping_validity) ||
           strcmp(entry->site != NULL ? entry->site : "", site != NULL ? site : "") != 0;
}

/* What is written is what was understood. */
int tl_locate_keep(const struct tl_config *config, const char *domain, const char *text,
                   bool only_known)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_locator *locator = tl_locator_new(ctx, config, NULL, NULL);
    struct tli_cache_entry *entry = NULL;
    size_t len = strnlen(text, KEPT_MAX);
    char *again = NULL, *site = NULL;
    int rc = locator == NULL ? -ENOMEM : 0;
    bool due = false;

    if (rc == 0 && (len == KEPT_MAX || tli_cache_decode(ctx, text, len, &entry) != 0 ||
                    strcmp(entry->domain, domain) != 0))
        rc = -EBADMSG;
    if (rc == 0 && only_known) {
        site = talloc_strdup(ctx, entry->site);
        entry = as_said(ctx, locator, entry);
        due = entry != NULL && is_due(locator, entry, site);
    }
    if (rc == 0 && entry == NULL)
        rc = -EPERM;
    if (rc == 0)
        again = tli_cache_encode(ctx, entry);
    if (rc == 0 && (again == NULL || !tli_cache_write(locator, domain, again)))
        rc = -EIO;
    if (rc == 0 && due)
        rc = -ESTALE;
    talloc_free(ctx);
    return rc;
}
