/* SPDX-License-Identifier: MIT
 *
 * keytab_machines.c - which of the machines in a keytab this one is. Pure.
 *
 * Keytabs grow: a service's key of another realm, a clone's, the keys under the name
 * before the last. The order of the entries is that in which tools happened to write
 * them and says nothing. The hints do, each one deciding only where those before it
 * leave more than one machine:
 *
 *   the configured host name; an account that its KDC does not know goes last;
 *   krb5.conf's default_realm; the host name; a key for NAME$; the newest key.
 *
 * Of one machine, the names with the newest key count, and a name with a dot before
 * one without: it is the service principal name that KDCs know beyond a doubt, while a
 * short host name is only how this machine calls itself. A machine that was joined under
 * a new name may have its newest key under both: net ads join writes it under an old
 * NAME$, too. Then the account counts that its host names are called by.
 */
#include "keytab_machines.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <trustlogon/name.h>

/* A join takes some seconds to write its entries, each with its own time. */
#define SAME_WRITING_S 60

/* The entries that count, and what is found out about each. */
struct keytab {
    const struct tli_keytab_machine_entry *entries;
    size_t count;
    size_t *group;          /* of each entry: index of the first entry of its machine */
    unsigned int *own;      /* of each entry: points, in find_currency() */
    unsigned int *currency; /* of each entry's name */
    const struct tli_keytab_machine_hints *hints;
};

/* A machine and the evidence for it; compared member by member. */
struct candidate {
    struct tli_keytab_machine machine;
    bool configured; /* it has the configured host name */
    bool disowned;   /* by its KDC */
    bool secondary;  /* another account of the same machine is likelier */
    bool in_default; /* of krb5.conf's default_realm */
    int own;         /* 2: the full host name, 1: its first label, 0 neither */
    const struct tli_keytab_machine_entry *newest; /* of the machine's entries */
};

static size_t label_length(const char *name)
{
    size_t len = strcspn(name, ".");

    return len < TL_NETBIOS_MAX ? len : TL_NETBIOS_MAX;
}

static bool same_label(const char *a, const char *b)
{
    size_t len = label_length(a);

    return len > 0 && len == label_length(b) && strncasecmp(a, b, len) == 0;
}

static bool has_dot(const char *name)
{
    return strchr(name, '.') != NULL;
}

/* The name that this machine uses for itself, or NULL. */
static const char *own_name(const struct tli_keytab_machine_hints *hints)
{
    return hints->hostname != NULL ? hints->hostname : hints->own;
}

char *tli_flat_of(TALLOC_CTX *ctx, const char *host)
{
    char *flat = talloc_strndup(ctx, host, label_length(host));

    for (char *p = flat; p != NULL && *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
    return flat;
}

static bool one_machine(const struct tli_keytab_machine_entry *a,
                        const struct tli_keytab_machine_entry *b)
{
    return strcasecmp(a->realm, b->realm) == 0 &&
           (a->key == b->key || same_label(a->name, b->name));
}

/* Give every entry the number of its machine: join until nothing changes. */
static void group_entries(struct keytab *kt)
{
    for (size_t i = 0; i < kt->count; i++)
        kt->group[i] = i;
    for (size_t i = 0; i < kt->count; i++)
        for (size_t j = 0; j < i; j++) {
            size_t low, high;

            if (kt->group[i] == kt->group[j] ||
                !one_machine(&kt->entries[i], &kt->entries[j]))
                continue;
            low = kt->group[i] < kt->group[j] ? kt->group[i] : kt->group[j];
            high = kt->group[i] < kt->group[j] ? kt->group[j] : kt->group[i];
            for (size_t k = 0; k < kt->count; k++)
                if (kt->group[k] == high)
                    kt->group[k] = low;
        }
}

static int text_order(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a == NULL) - (b == NULL);
    return strcasecmp(a, b);
}

static bool same_name(const struct tli_keytab_machine_entry *a,
                      const struct tli_keytab_machine_entry *b)
{
    return a->account == b->account && strcasecmp(a->name, b->name) == 0;
}

/* By time, then by version; the rest makes the order of the entries irrelevant. */
static int newer_first(const struct tli_keytab_machine_entry *a,
                       const struct tli_keytab_machine_entry *b)
{
    if (a->time != b->time)
        return a->time < b->time ? 1 : -1;
    if (a->kvno != b->kvno)
        return a->kvno < b->kvno ? 1 : -1;
    if (a->account != b->account)
        return b->account - a->account;
    return text_order(a->name, b->name);
}

/* Whether this is a key of the newest entry's principal, of one writing. */
static bool is_newest_key(const struct keytab *kt,
                          const struct tli_keytab_machine_entry *newest, unsigned int key)
{
    for (size_t i = 0; i < kt->count; i++) {
        const struct tli_keytab_machine_entry *entry = &kt->entries[i];

        if (entry->key == key && entry->kvno == newest->kvno &&
            newest->time - entry->time < SAME_WRITING_S && same_name(entry, newest) &&
            strcasecmp(entry->realm, newest->realm) == 0)
            return true;
    }
    return false;
}

/* How current the names of a machine are. 2: some entry of this name has the machine's
 * newest key, 1: a key of that version. A version alone says little, since an account
 * that is created again begins with 1; and tools write a new key under old names as well.
 */
static void find_currency(struct keytab *kt, size_t group,
                          const struct tli_keytab_machine_entry *newest)
{
    for (size_t i = group; i < kt->count; i++)
        if (kt->group[i] == group)
            kt->own[i] = (is_newest_key(kt, newest, kt->entries[i].key) ? 2 : 0) +
                         (kt->entries[i].kvno == newest->kvno);
    for (size_t i = group; i < kt->count; i++) {
        kt->currency[i] = 0;
        for (size_t k = group; kt->group[i] == group && k < kt->count; k++)
            if (kt->group[k] == group && kt->own[k] > kt->currency[i] &&
                same_name(&kt->entries[k], &kt->entries[i]))
                kt->currency[i] = kt->own[k];
    }
}

static unsigned int currency(const struct keytab *kt,
                             const struct tli_keytab_machine_entry *name)
{
    return kt->currency[name - kt->entries];
}

static bool in_domain(const char *name, const char *realm)
{
    size_t len = strlen(name), tail = strlen(realm);

    return len > tail + 1 && name[len - tail - 1] == '.' &&
           strcasecmp(name + len - tail, realm) == 0;
}

/* The larger, the better a host name of the machine whose account is `flat` (or NULL). */
static unsigned int worth(const struct keytab *kt,
                          const struct tli_keytab_machine_entry *host, const char *flat)
{
    const char *own = own_name(kt->hints);
    unsigned int points = 32 * currency(kt, host);

    if (has_dot(host->name))
        points += 16;
    if (flat != NULL && same_label(host->name, flat))
        points += 8;
    if (own != NULL && has_dot(own) && strcasecmp(own, host->name) == 0)
        points += 4;
    if (own != NULL && same_label(host->name, own))
        points += 2;
    return points + in_domain(host->name, host->realm);
}

static const char *best_host(const struct keytab *kt, size_t group, const char *flat)
{
    const struct tli_keytab_machine_entry *best = NULL;
    unsigned int most = 0;

    for (size_t i = 0; i < kt->count; i++) {
        const struct tli_keytab_machine_entry *entry = &kt->entries[i];
        unsigned int points;

        if (kt->group[i] != group || entry->account)
            continue;
        points = worth(kt, entry, flat);
        if (best == NULL || points > most ||
            (points == most && strcasecmp(entry->name, best->name) < 0)) {
            best = entry;
            most = points;
        }
    }
    return best != NULL ? best->name : NULL;
}

static int own_match(const char *own, const char *name)
{
    if (own == NULL || !same_label(own, name))
        return 0;
    return has_dot(name) && strcasecmp(own, name) == 0 ? 2 : 1;
}

static bool ask_unknown(const struct tli_keytab_machine_hints *hints,
                        const struct tli_keytab_machine *machine)
{
    char *flat;
    bool unknown;

    if (hints->unknown == NULL)
        return false;
    flat = tli_flat_of(NULL, machine->flat != NULL ? machine->flat : machine->host);
    unknown = flat != NULL && hints->unknown(hints->arg, machine->realm, flat);
    talloc_free(flat);
    return unknown;
}

/* The evidence for this account among those of its machine: its keys, and whether the
 * best of the machine's host names, `host` (or NULL), bears its name. */
static unsigned int account_worth(const struct keytab *kt, const char *host,
                                  const struct tli_keytab_machine_entry *account)
{
    return 2 * currency(kt, account) + (host != NULL && same_label(host, account->name));
}

/* One account of a machine (or NULL) as a candidate, with all that likelier_first()
 * compares. */
static struct candidate assess(const struct keytab *kt, size_t group,
                               const struct tli_keytab_machine_entry *newest,
                               const struct tli_keytab_machine_entry *account)
{
    const struct tli_keytab_machine_hints *hints = kt->hints;
    const char *own = own_name(hints), *host = best_host(kt, group, NULL);
    unsigned int points = account != NULL ? account_worth(kt, host, account) : 0;
    struct candidate c = {.machine.realm = newest->realm, .newest = newest};

    if (account != NULL)
        c.machine.flat = account->name;
    c.machine.host = best_host(kt, group, c.machine.flat);
    c.own = c.machine.host != NULL ? own_match(own, c.machine.host) : 0;
    if (c.own == 0 && account != NULL)
        c.own = own_match(own, account->name);
    for (size_t i = group; i < kt->count; i++) {
        const struct tli_keytab_machine_entry *entry = &kt->entries[i];

        if (kt->group[i] != group)
            continue;
        if (hints->hostname != NULL && !entry->account &&
            strcasecmp(hints->hostname, entry->name) == 0)
            c.configured = true;
        if (account != NULL && entry->account && account_worth(kt, host, entry) > points)
            c.secondary = true;
    }
    c.disowned = ask_unknown(hints, &c.machine);
    c.in_default = hints->default_realm != NULL &&
                   strcasecmp(hints->default_realm, c.machine.realm) == 0;
    return c;
}

/* The hints in the order of the file's header; what follows them only makes the result
 * independent of the order of the entries. */
static int likelier_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int order;

    if (x->configured != y->configured)
        return y->configured - x->configured;
    if (x->disowned != y->disowned)
        return x->disowned - y->disowned;
    if (x->secondary != y->secondary)
        return x->secondary - y->secondary;
    if (x->in_default != y->in_default)
        return y->in_default - x->in_default;
    if (x->own != y->own)
        return y->own - x->own;
    if ((x->machine.flat != NULL) != (y->machine.flat != NULL))
        return (y->machine.flat != NULL) - (x->machine.flat != NULL);
    order = newer_first(x->newest, y->newest);
    if (order != 0)
        return order;
    order = text_order(x->machine.realm, y->machine.realm);
    if (order == 0)
        order = text_order(x->machine.flat, y->machine.flat);
    return order != 0 ? order : text_order(x->machine.host, y->machine.host);
}

/* One candidate for each account of the machine, or one for its host names. */
static size_t add_machine(struct keytab *kt, size_t group, struct candidate *found)
{
    const struct tli_keytab_machine_entry *newest = &kt->entries[group];
    size_t n = 0;

    for (size_t i = group; i < kt->count; i++)
        if (kt->group[i] == group && newer_first(&kt->entries[i], newest) < 0)
            newest = &kt->entries[i];
    find_currency(kt, group, newest);
    for (size_t i = group; i < kt->count; i++) {
        bool seen = kt->group[i] != group || !kt->entries[i].account;

        for (size_t k = 0; k < n && !seen; k++)
            seen = strcasecmp(found[k].machine.flat, kt->entries[i].name) == 0;
        if (!seen)
            found[n++] = assess(kt, group, newest, &kt->entries[i]);
    }
    if (n == 0)
        found[n++] = assess(kt, group, newest, NULL);
    return n;
}

/* kt->entries: those of the configured realm, or all if no realm is configured. */
static int filter(TALLOC_CTX *mem, const struct tli_keytab_machine_entry *entries,
                  size_t count, const char *realm, struct keytab *kt)
{
    struct tli_keytab_machine_entry *kept =
        talloc_array(mem, struct tli_keytab_machine_entry, count + 1);

    kt->group = talloc_array(mem, size_t, count + 1);
    kt->own = talloc_array(mem, unsigned int, count + 1);
    kt->currency = talloc_array(mem, unsigned int, count + 1);
    if (kept == NULL || kt->group == NULL || kt->own == NULL || kt->currency == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (realm == NULL || strcasecmp(realm, entries[i].realm) == 0)
            kept[kt->count++] = entries[i];
    kt->entries = kept;
    return 0;
}

/* A machine may be listed several times, once for each of its accounts: which of them the
 * KDC knows is found only by asking it. */
int tli_keytab_machines_rank(TALLOC_CTX *ctx,
                             const struct tli_keytab_machine_entry *entries, size_t count,
                             const struct tli_keytab_machine_hints *hints,
                             struct tli_keytab_machine **machines, size_t *num_machines)
{
    struct keytab kt = {.hints = hints};
    TALLOC_CTX *mem = talloc_new(NULL);
    struct candidate *found = NULL;
    struct tli_keytab_machine *list = NULL;
    size_t n = 0;

    *machines = NULL;
    *num_machines = 0;
    if (mem == NULL || filter(mem, entries, count, hints->realm, &kt) != 0)
        goto cleanup;
    found = talloc_array(mem, struct candidate, kt.count + 1);
    list = talloc_array(ctx, struct tli_keytab_machine, kt.count + 1);
    if (found == NULL || list == NULL)
        goto cleanup;
    group_entries(&kt);
    for (size_t i = 0; i < kt.count; i++)
        if (kt.group[i] == i)
            n += add_machine(&kt, i, found + n);
    qsort(found, n, sizeof(*found), likelier_first);
    for (size_t i = 0; i < n; i++)
        list[i] = found[i].machine;
    *machines = list;
    *num_machines = n;
    list = NULL;

cleanup:
    talloc_free(list);
    talloc_free(mem);
    return *machines != NULL ? 0 : -ENOMEM;
}
