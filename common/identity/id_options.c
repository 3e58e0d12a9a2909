/* SPDX-License-Identifier: MIT
 *
 * id_options.c - the ids that the configuration can give out, and what of the
 * identity options does not fit together.
 */
#include <ctype.h>

#include <trustlogon/idmap.h>

#include "id_options.h"

#define RIDS ((uint64_t)UINT32_MAX + 1)

size_t tli_read_digits(const char **at, size_t max, uint64_t *number)
{
    size_t digits = 0;

    *number = 0;
    for (; isdigit((unsigned char)**at) && digits < max; (*at)++, digits++)
        *number = *number * 10 + (uint64_t)(**at - '0');
    return digits;
}

/* How many ranges of its size fit into autorid_range, as Samba counts them. */
static uint32_t autorid_room(const struct tl_config *config)
{
    const struct tl_id_span *span = &config->autorid_range;
    uint64_t ids = (uint64_t)span->high - span->low + 1;

    return (uint32_t)(ids / config->autorid_rangesize);
}

static const char *autorid_conflict(const struct tl_config *config)
{
    const struct tl_autorid_domains *domains = config->autorid_domains;

    if (config->autorid_range.high == 0)
        return "[identity] idmap: 'autorid' needs autorid_range";
    if (domains == NULL)
        return "[identity] idmap: 'autorid' needs autorid_domains";
    for (size_t i = 0; i < domains->count; i++) {
        if (domains->domain[i].range >= autorid_room(config))
            return "[identity] autorid_domains: names a range beyond the end of "
                   "autorid_range";
        if ((uint64_t)domains->domain[i].index * config->autorid_rangesize >= RIDS)
            return "[identity] autorid_domains: has an index after '#' that no RID "
                   "reaches";
    }
    return NULL;
}

const char *tl_idmap_conflict(const struct tl_config *config)
{
    switch (config->idmap) {
    case TL_IDMAP_RID:
        return config->rid_ranges == NULL ? "[identity] idmap: 'rid' needs rid_ranges"
                                          : NULL;
    case TL_IDMAP_RFC2307:
        return config->rfc2307_ranges == NULL
                   ? "[identity] idmap: 'rfc2307' needs rfc2307_ranges"
                   : NULL;
    case TL_IDMAP_AUTORID:
        return autorid_conflict(config);
    default:
        if (config->idmap_range_max > config->idmap_range_min &&
            config->idmap_range_max - config->idmap_range_min >= config->idmap_range_size)
            return NULL;
        return "[identity] idmap_range_max: leaves no room for one slice of "
               "idmap_range_size";
    }
}

/* Where there are more than `max` the last one reaches over the rest. */
static size_t spans_of(const struct tl_rid_ranges *ranges, struct tl_id_span *spans,
                       size_t max)
{
    size_t count = ranges == NULL ? 0 : ranges->count < max ? ranges->count : max;

    for (size_t i = 0; i < count; i++)
        spans[i] = (struct tl_id_span){ranges->range[i].low, ranges->range[i].high};
    for (size_t i = count; count > 0 && i < ranges->count; i++) {
        struct tl_id_span *last = &spans[count - 1];

        if (ranges->range[i].low < last->low)
            last->low = ranges->range[i].low;
        if (ranges->range[i].high > last->high)
            last->high = ranges->range[i].high;
    }
    return count;
}

size_t tl_idmap_spans(const struct tl_config *config, struct tl_id_span *spans,
                      size_t max)
{
    switch (config->idmap) {
    case TL_IDMAP_RID:
        return spans_of(config->rid_ranges, spans, max);
    case TL_IDMAP_RFC2307:
        return spans_of(config->rfc2307_ranges, spans, max);
    case TL_IDMAP_AUTORID:
        spans[0] = config->autorid_range;
        return 1;
    default:
        spans[0] =
            (struct tl_id_span){config->idmap_range_min, config->idmap_range_max - 1};
        return 1;
    }
}
