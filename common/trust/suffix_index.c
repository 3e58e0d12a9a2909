/* SPDX-License-Identifier: MIT
 *
 * suffix_index.c - which forest trust routes a DNS name, over all trusts at once.
 *
 * A hash table of every name in the own side's routing tables and of the own forest's
 * names. The hash runs over a name from its last byte to its first, so one pass over a
 * suffix yields the hash of each of its parents, without a copy and without an
 * allocation.
 *
 * Rules: the longest enabled TLN over all forest trusts wins [DRSR 5.64.2
 * IsNamespaceInTrustedDomain]; an exclusion equal to or above the name takes the whole
 * trust out [ForestTrustOwnsName; Samba util_trusts.c]; so does a domain disabled by SID
 * [ADTS 6.1.6.9.3.2]; the own forest wins over a trust that claims the same name [LSAD
 * 3.1.4.7.16.1]; one table that cannot be read stops all routing [DRSR 5.64.2; Samba
 * alike].
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <trustlogon/name.h>

#include "internal.h"

/* In the order in which a cause is reported where several apply to one name. */
enum kind { KIND_OWN, KIND_TLN, KIND_EXCLUSION, KIND_DOMAIN_OFF, KIND_TLN_OFF };

/* One statement about a name: the trust and the record that make it. */
struct ref {
    const struct tl_tdo *tdo; /* NULL: the own forest */
    const struct tl_ft_record *record;
    enum kind kind;
    uint32_t next; /* index + 1; 0: last */
};

/* A name, and the list of statements about it. */
struct entry {
    const char *name;
    uint32_t hash, len;
    uint32_t first; /* index of a ref + 1 */
};

/* A hash table with open addressing. */
struct tl_suffix_index {
    const struct tl_tdo *broken; /* a forest trust whose table could not be read */
    uint32_t mask;
    uint32_t *slots; /* index of an entry + 1; 0: free */
    struct entry *entries;
    struct ref *refs;
    uint32_t num_entries, num_refs;
};

/* A name of 255 bytes has at most 128 labels, so no more parents than that. */
#define MAX_PARENTS 128

#define HASH_START 2166136261U
static inline uint32_t hash_step(uint32_t hash, char c)
{
    unsigned char b = (unsigned char)c;

    if (b >= 'A' && b <= 'Z')
        b |= 0x20;
    return (hash ^ b) * 16777619U;
}

/* FNV-1a leaves its low bits poorly mixed for short keys. */
static inline uint32_t spread(uint32_t hash)
{
    return hash ^ hash >> 15;
}

static struct entry *lookup(const struct tl_suffix_index *index, const char *name,
                            size_t len, uint32_t hash, uint32_t **slot_out)
{
    uint32_t at = spread(hash) & index->mask;

    while (index->slots[at] != 0) {
        struct entry *e = &index->entries[index->slots[at] - 1];

        if (e->hash == hash && e->len == len && tli_ascii_equal(e->name, name, len))
            return e;
        at = (at + 1) & index->mask;
    }
    if (slot_out != NULL)
        *slot_out = &index->slots[at];
    return NULL;
}

static void add(struct tl_suffix_index *index, const char *name, const struct tl_tdo *tdo,
                const struct tl_ft_record *record, enum kind kind)
{
    size_t len = tli_dns_length(name);
    uint32_t hash = HASH_START, *slot = NULL;
    struct entry *e;

    if (len == 0)
        return;
    for (size_t i = len; i-- > 0;)
        hash = hash_step(hash, name[i]);
    e = lookup(index, name, len, hash, &slot);
    if (e == NULL) {
        e = &index->entries[index->num_entries++];
        *e = (struct entry){.name = name, .hash = hash, .len = (uint32_t)len};
        *slot = index->num_entries;
    }
    /* One ref per trust and kind is enough, and keeps chains short when a table
     * repeats a name; a trust's refs stand together at the head of the chain. */
    for (uint32_t i = e->first; i != 0 && index->refs[i - 1].tdo == tdo;
         i = index->refs[i - 1].next)
        if (index->refs[i - 1].kind == kind) {
            index->refs[i - 1].record = record;
            return;
        }
    index->refs[index->num_refs++] =
        (struct ref){.tdo = tdo, .record = record, .kind = kind, .next = e->first};
    e->first = index->num_refs;
}

static void add_trust(struct tl_suffix_index *index, const struct tl_tdo *tdo)
{
    if (tdo->forest_info == NULL) {
        if (tdo->forest_info_error != NULL)
            index->broken = tdo;
        else
            add(index, tdo->partner, tdo, NULL, KIND_TLN);
        return;
    }
    /* Last to first, for the first of two equal records is the one that counts. */
    for (size_t i = tdo->forest_info->count; i-- > 0;) {
        const struct tl_ft_record *rec = &tdo->forest_info->records[i];

        if (rec->type == TL_FT_TLN_EX)
            add(index, rec->name, tdo, rec, KIND_EXCLUSION);
        else if (rec->type == TL_FT_TLN)
            add(index, rec->name, tdo, rec,
                tli_tln_reason(rec->flags) == TL_REASON_OK ? KIND_TLN : KIND_TLN_OFF);
        else if (tli_domain_sid_disabled(rec))
            add(index, rec->name, tdo, rec, KIND_DOMAIN_OFF);
    }
}

/* Last name first: refs are put in front, so chains come out in name order and the
 * order of the TDOs in the topology decides nothing. */
static int by_partner_backwards(const void *a, const void *b)
{
    const struct tl_tdo *x = *(const struct tl_tdo *const *)a;
    const struct tl_tdo *y = *(const struct tl_tdo *const *)b;
    int order = tli_ascii_order(y->partner, x->partner);

    return order != 0 ? order : tli_ascii_order(y->holder, x->holder);
}

static int reserve(struct tl_suffix_index *index, size_t names)
{
    size_t slots = 16;

    if (names > UINT32_MAX / 4)
        return -EFBIG;
    while (slots < 2 * names)
        slots *= 2;
    index->mask = (uint32_t)(slots - 1);
    index->slots = talloc_zero_array(index, uint32_t, slots);
    index->entries = talloc_array(index, struct entry, names + 1);
    index->refs = talloc_array(index, struct ref, names + 1);
    return index->slots && index->entries && index->refs ? 0 : -ENOMEM;
}

/* An entry has its newest reference first. So trusts are added from the last to the first
 * by partner, and of two that list one name the first is found; the names of the own
 * forest, added last, come before any trust. */
int tl_suffix_index_new(TALLOC_CTX *ctx, const struct tl_topology *topo,
                        struct tl_suffix_index **index_out)
{
    static const struct tl_topology nothing;
    struct tl_suffix_index *index;
    const struct tl_tdo **tdos;
    size_t names, count = 0;
    int ret = -ENOMEM;

    *index_out = NULL;
    if (topo == NULL)
        topo = &nothing;
    if (topo->index != NULL) { /* the tables are the topology's */
        *index_out = talloc_memdup(ctx, topo->index, sizeof(*index));
        return *index_out != NULL ? 0 : -ENOMEM;
    }
    index = talloc_zero(ctx, struct tl_suffix_index);
    if (index == NULL)
        return -ENOMEM;
    tdos = talloc_array(index, const struct tl_tdo *, topo->num_trusts + 1);
    if (tdos == NULL)
        goto fail;
    names = topo->num_domains + topo->num_suffixes;
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        if (!tli_tdo_is_own_side(topo, tdo) || !tli_tdo_routes_names(tdo))
            continue;
        tdos[count++] = tdo;
        names += tdo->forest_info != NULL ? tdo->forest_info->count : 1;
    }
    ret = reserve(index, names);
    if (ret != 0)
        goto fail;
    qsort(tdos, count, sizeof *tdos, by_partner_backwards);
    for (size_t i = 0; i < count; i++)
        add_trust(index, tdos[i]);
    for (size_t i = 0; i < topo->num_suffixes; i++)
        add(index, topo->suffixes[i], NULL, NULL, KIND_OWN);
    for (size_t i = 0; i < topo->num_domains; i++)
        add(index, topo->domains[i].dns, NULL, NULL, KIND_OWN);
    talloc_free(tdos);
    *index_out = index;
    return 0;

fail:
    talloc_free(index);
    return ret;
}

int tl_topology_index(struct tl_topology *topo)
{
    struct tl_suffix_index *index = NULL;
    int ret;

    if (topo == NULL)
        return -EINVAL;
    topo->index = NULL;
    ret = tl_suffix_index_new(topo, topo, &index);
    topo->index = index;
    return ret;
}

/* The entries for the suffix and its parents, the top-level name first. */
static size_t parents(const struct tl_suffix_index *index, const char *suffix,
                      const struct entry *found[MAX_PARENTS])
{
    size_t len = tli_dns_length(suffix), count = 0;
    uint32_t hash = HASH_START;

    for (size_t i = len; i-- > 0;) {
        if (suffix[i] == '.') {
            found[count] = lookup(index, suffix + i + 1, len - i - 1, hash, NULL);
            count += found[count] != NULL;
        }
        hash = hash_step(hash, suffix[i]);
    }
    if (len != 0) {
        found[count] = lookup(index, suffix, len, hash, NULL);
        count += found[count] != NULL;
    }
    return count;
}

static bool taken_out(const struct tl_suffix_index *index, const struct tl_tdo *tdo,
                      const struct entry *const *found, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (uint32_t r = found[i]->first; r != 0; r = index->refs[r - 1].next) {
            const struct ref *ref = &index->refs[r - 1];

            if (ref->tdo == tdo &&
                (ref->kind == KIND_EXCLUSION || ref->kind == KIND_DOMAIN_OFF))
                return true;
        }
    return false;
}

/* The most specific cause why no trust routes the name. */
static const struct ref *obstacle(const struct tl_suffix_index *index,
                                  const struct entry *const *found, size_t count)
{
    const struct ref *best = NULL;

    for (size_t i = count; i-- > 0 && best == NULL;)
        for (uint32_t r = found[i]->first; r != 0; r = index->refs[r - 1].next) {
            const struct ref *ref = &index->refs[r - 1];

            if (ref->kind < KIND_EXCLUSION || (best && ref->kind >= best->kind))
                continue;
            if (ref->kind == KIND_TLN_OFF && taken_out(index, ref->tdo, found, count))
                continue;
            best = ref;
        }
    return best;
}

/* From the longest name to the shortest. What does not route is explained by the most
 * specific obstacle, so that the administrator sees the record to change. */
struct tl_suffix_match tl_suffix_find(const struct tl_suffix_index *index,
                                      const char *suffix)
{
    const struct entry *found[MAX_PARENTS];
    struct tl_suffix_match none = {.reason = TL_REASON_SUFFIX_UNKNOWN};
    const struct ref *ref;
    size_t count = parents(index, suffix, found);

    for (size_t i = count; i-- > 0;)
        for (uint32_t r = found[i]->first; r != 0; r = ref->next) {
            ref = &index->refs[r - 1];
            if (ref->kind == KIND_OWN)
                return (struct tl_suffix_match){.reason = TL_REASON_OK};
            if (ref->kind == KIND_TLN && index->broken == NULL &&
                !taken_out(index, ref->tdo, found, count))
                return (struct tl_suffix_match){ref->tdo, ref->record, TL_REASON_OK};
        }
    if (index->broken != NULL)
        return (struct tl_suffix_match){index->broken, NULL, TL_REASON_TRUST_INFO_BROKEN};
    ref = obstacle(index, found, count);
    if (ref == NULL)
        return none;
    none.tdo = ref->tdo;
    none.record = ref->record;
    if (ref->kind == KIND_EXCLUSION)
        none.reason = TL_REASON_SUFFIX_EXCLUDED;
    else if (ref->kind == KIND_DOMAIN_OFF)
        none.reason = TL_REASON_DOMAIN_DISABLED;
    else
        none.reason = tli_tln_reason(ref->record->flags);
    return none;
}
