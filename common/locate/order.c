/* SPDX-License-Identifier: MIT
 *
 * locate/order.c - the order in which servers of an SRV answer are tried.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <trustlogon/name.h>

#include "internal.h"

uint32_t tli_random(void *arg, uint32_t bound)
{
    uint32_t value = 0, limit;

    if (bound == UINT32_MAX) {
        (void)!getrandom(&value, sizeof value, 0);
        return value;
    }
    /* Values at the end of the range would make small numbers likelier. */
    limit = UINT32_MAX - UINT32_MAX % (bound + 1);
    do {
        if (getrandom(&value, sizeof value, 0) != sizeof value && errno != EINTR)
            return 0;
    } while (value >= limit);
    return value % (bound + 1);
}

bool tli_srv_host_valid(const char *host)
{
    for (const char *p = host; *p; p++) {
        bool ok = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                  (*p >= '0' && *p <= '9') || *p == '-' || *p == '_' || *p == '.';
        if (!ok)
            return false;
    }
    return tl_dns_valid(host);
}

/* Weight 0 goes first among equals, so that it has a small chance: with it last
 * it would have none [RFC 2782]. */
static int by_priority_then_zero_weight(const void *a, const void *b)
{
    const struct tli_srv *x = a, *y = b;

    if (x->priority != y->priority)
        return x->priority < y->priority ? -1 : 1;
    if ((x->weight == 0) != (y->weight == 0))
        return x->weight == 0 ? -1 : 1;
    return 0;
}

/* Move one of srv[0..count), chosen by weight, to the front; the rest keeps its
 * order. */
static void choose(struct tli_srv *srv, size_t count, tli_random_fn random, void *arg)
{
    uint32_t sum = 0, running = 0, wanted;
    struct tli_srv chosen;
    size_t i;

    for (i = 0; i < count; i++)
        sum += srv[i].weight;
    wanted = random(arg, sum);
    for (i = 0; i + 1 < count; i++) {
        running += srv[i].weight;
        if (running >= wanted)
            break;
    }
    chosen = srv[i];
    memmove(srv + 1, srv, i * sizeof *srv);
    srv[0] = chosen;
}

void tli_srv_order(struct tli_srv *srv, size_t count, tli_random_fn random, void *arg)
{
    size_t i, end;

    if (count == 0)
        return;
    qsort(srv, count, sizeof *srv, by_priority_then_zero_weight);
    for (i = 0; i < count; i = end) {
        end = i + 1;
        while (end < count && srv[end].priority == srv[i].priority)
            end++;
        for (size_t from = i; from + 1 < end; from++)
            choose(srv + from, end - from, random, arg);
    }
}
