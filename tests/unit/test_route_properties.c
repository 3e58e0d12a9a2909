/* SPDX-License-Identifier: MIT
 *
 * test_route_properties.c - what holds for every topology and every name: case, a
 * trailing dot and the order of the trusts change nothing; the index finds what a plain
 * search finds. Topologies are made at random from a small stock of names, so that they
 * collide, from a seed that a failure prints.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <check.h>

#include "trust/internal.h"
#include "run_suite.h"

#define ROUNDS 3000

static const struct tl_workstation ws = {.flat = "WS1",
                                         .fqdn = "ws1.eu.fabrikam.test",
                                         .realm = "EU.FABRIKAM.TEST",
                                         .domain = "eu.fabrikam.test"};

static const char *const stock[] = {
    "contoso.test",     "emea.contoso.test", "corp.example",   "x.corp.example",
    "y.x.corp.example", "example",           "fabrikam.test",  "eu.fabrikam.test",
    "us.fabrikam.test", "fabrikam.example",  "northwind.test", "tree.example"};
static const char *const flats[] = {"CONTOSO", "EMEA", "NORTHWIND", "TREE", "FABRIKAM"};
static const char *const users[] = {"alice", "a@b"};
#define PICK(array) ((array)[(size_t)random() % COUNT(array)])

static bool chance(int percent)
{
    return random() % 100 < percent;
}

static struct tl_forest_info *any_info(TALLOC_CTX *ctx)
{
    struct tl_forest_info *info = talloc_zero(ctx, struct tl_forest_info);

    info->count = (size_t)random() % 9;
    info->records = talloc_zero_array(info, struct tl_ft_record, info->count);
    for (size_t i = 0; i < info->count; i++) {
        struct tl_ft_record *rec = &info->records[i];
        static const enum tl_ft_type types[] = {TL_FT_TLN, TL_FT_TLN, TL_FT_TLN_EX,
                                                TL_FT_DOMAIN};

        rec->type = PICK(types);
        rec->raw_type = rec->type;
        rec->flags = chance(70) ? 0 : (uint32_t)random() % 16;
        rec->name = PICK(stock);
        rec->flat = rec->type == TL_FT_DOMAIN ? PICK(flats) : NULL;
    }
    return info;
}

static void any_trust(struct tl_topology *topo)
{
    static const char *const holders[] = {"fabrikam.test", "fabrikam.test",
                                          "eu.fabrikam.test", "contoso.test"};
    static const uint32_t types[] = {2, 2, 2, 2, 1, 3};
    static const uint32_t attributes[] = {0, 8, 8, 8, 8, 9, 0x20, 0x10, 2, 4};
    struct tl_tdo tdo = {.holder = PICK(holders)};

    tdo.partner = chance(90) ? PICK(stock) : PICK(flats);
    /* The flat name is unique among the trusts of one domain [ADTS 6.1.6.7]. */
    tdo.flat = talloc_asprintf(topo, "F%zu", topo->num_trusts);
    tdo.type = PICK(types);
    tdo.attributes = PICK(attributes);
    tdo.direction = chance(80) ? 3 : (uint32_t)random() % 4;
    if ((tdo.attributes & 8) != 0 && chance(85))
        tdo.forest_info = any_info(topo);
    else if (chance(15))
        tdo.forest_info_error = "cut short";
    ck_assert_int_eq(tl_topology_add_trust(topo, &tdo), 0);
}

static struct tl_topology *any_topology(TALLOC_CTX *ctx)
{
    static struct tl_domain domains[] = {
        {.dns = "fabrikam.test", .flat = "FABRIKAM"},
        {.dns = "eu.fabrikam.test", .flat = "EU", .parent = "fabrikam.test"},
        {.dns = "us.fabrikam.test", .flat = "US", .parent = "fabrikam.test"}};
    static const char *suffixes[] = {"fabrikam.example"};
    struct tl_topology *topo = tl_topology_new(ctx);
    int trusts = (int)(random() % 6);

    topo->taken = 1;
    topo->domain = "eu.fabrikam.test";
    topo->forest = "fabrikam.test";
    topo->num_domains = 3;
    topo->domains = domains;
    topo->num_suffixes = 1;
    topo->suffixes = suffixes;
    for (int i = 0; i < trusts; i++)
        any_trust(topo);
    return topo;
}

static char *any_typed(TALLOC_CTX *ctx)
{
    const char *domain = chance(70) ? PICK(stock) : PICK(flats);

    if (chance(30))
        domain = talloc_asprintf(ctx, "sub.%s", domain);
    if (chance(50))
        return talloc_asprintf(ctx, "%s\\alice", domain);
    return talloc_asprintf(ctx, "%s@%s", PICK(users), domain);
}

/* All that a route says, with the principal's case set aside. */
static char *told(TALLOC_CTX *ctx, const struct tl_topology *topo, const char *typed)
{
    struct tl_name *name;
    struct tl_route *r;
    char *text;

    ck_assert_int_eq(tl_name_parse(ctx, typed, strlen(typed), &name, NULL), 0);
    ck_assert_int_eq(tl_route(ctx, name, &ws, topo, &r), 0);
    text = talloc_asprintf(ctx, "%u %x %s|%s|%s %s %s %u %s %s %u", r->verdict,
                           r->ntstatus, r->subject ? r->subject : "",
                           r->attribute ? r->attribute : "", r->why,
                           r->realm ? r->realm : "", r->principal ? r->principal : "",
                           r->type, r->user_domain ? r->user_domain : "",
                           r->implicit_upn ? r->implicit_upn : "", r->first_ask);
    for (size_t i = 0; i < r->num_hops; i++)
        text = talloc_asprintf_append(
            text, " >%s %s %s", r->hops[i].to,
            r->hops[i].tdo_from ? r->hops[i].tdo_from->partner : "-",
            r->hops[i].tdo_to ? r->hops[i].tdo_to->partner : "-");
    for (char *c = text; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return text;
}

static char *upper(TALLOC_CTX *ctx, const char *s)
{
    char *copy = talloc_strdup(ctx, s);

    for (char *c = copy; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return copy;
}

static void shuffle(struct tl_topology *topo)
{
    for (size_t i = topo->num_trusts; i > 1; i--) {
        size_t j = (size_t)random() % i;
        struct tl_tdo swap = topo->trusts[i - 1];

        topo->trusts[i - 1] = topo->trusts[j];
        topo->trusts[j] = swap;
    }
}

/* The same tables with every name in capitals and with a dot at its end. */
static void respell(struct tl_topology *topo)
{
    for (size_t i = 0; i < topo->num_trusts; i++) {
        struct tl_forest_info *info = topo->trusts[i].forest_info;

        for (size_t r = 0; info != NULL && r < info->count; r++)
            info->records[r].name =
                talloc_asprintf(topo, "%s.", upper(topo, info->records[r].name));
    }
}

START_TEST(spelling_and_order)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo;
    char *typed, *before, *dotted;

    srandom((unsigned)_i);
    topo = any_topology(ctx);
    typed = any_typed(ctx);
    before = told(ctx, topo, typed);

    ck_assert_msg(strcmp(before, told(ctx, topo, upper(ctx, typed))) == 0,
                  "seed %d: case of %s", _i, typed);
    if (strchr(typed, '\\') == NULL && strchr(typed, '.') != NULL) {
        dotted = told(ctx, topo, talloc_asprintf(ctx, "%s.", typed));
        ck_assert_msg(strcmp(before, dotted) == 0, "seed %d: dot after %s:\n%s\n%s", _i,
                      typed, before, dotted);
    }
    shuffle(topo);
    ck_assert_msg(strcmp(before, told(ctx, topo, typed)) == 0,
                  "seed %d: order of trusts, %s:\n%s\n%s", _i, typed, before,
                  told(ctx, topo, typed));
    talloc_free(ctx);
}
END_TEST

/* The rule of suffix_index.c, said again in the plainest way. */
static struct tl_suffix_match plain_find(const struct tl_topology *topo, const char *name)
{
    struct tl_suffix_match best = {.reason = TL_REASON_SUFFIX_UNKNOWN};
    size_t own = 0, best_labels = 0, labels;

    for (size_t i = 0; i < topo->num_domains; i++)
        if (tli_dns_within(name, topo->domains[i].dns) &&
            tl_dns_labels(topo->domains[i].dns) > own)
            own = tl_dns_labels(topo->domains[i].dns);
    for (size_t i = 0; i < topo->num_suffixes; i++)
        if (tli_dns_within(name, topo->suffixes[i]) &&
            tl_dns_labels(topo->suffixes[i]) > own)
            own = tl_dns_labels(topo->suffixes[i]);
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];
        struct tl_suffix_match m;
        bool wins;

        if (!tli_tdo_is_own_side(topo, tdo) || !tli_tdo_routes_names(tdo))
            continue;
        m = tli_forest_match(tdo, name, &labels);
        if (m.reason == TL_REASON_TRUST_INFO_BROKEN)
            return own == 0 ? m : (struct tl_suffix_match){.reason = TL_REASON_OK};
        wins = (m.reason == TL_REASON_OK) != (best.reason == TL_REASON_OK)
                   ? m.reason == TL_REASON_OK
                   : labels > best_labels;
        if (wins) {
            best = m;
            best_labels = labels;
        }
    }
    if (own != 0 && (best.reason != TL_REASON_OK || own >= best_labels))
        return (struct tl_suffix_match){.reason = TL_REASON_OK};
    return best;
}

START_TEST(index_is_plain_search)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo;

    srandom((unsigned)_i);
    topo = any_topology(ctx);
    for (int spelled = 0; spelled < 2; spelled++) {
        struct tl_suffix_index *index;

        if (chance(50)) /* made before */
            ck_assert_int_eq(tl_topology_index(topo), 0);
        ck_assert_int_eq(tl_suffix_index_new(ctx, topo, &index), 0);
        for (int n = 0; n < 20; n++) {
            const char *name =
                talloc_asprintf(ctx, "%s%s", chance(40) ? "sub." : "", PICK(stock));
            struct tl_suffix_match fast = tl_suffix_find(index, name);
            struct tl_suffix_match slow = plain_find(topo, name);

            /* Between equally specific causes of two trusts either may be reported. */
            ck_assert_msg((fast.reason == TL_REASON_OK) ==
                                  (slow.reason == TL_REASON_OK) ||
                              slow.reason == TL_REASON_TRUST_INFO_BROKEN,
                          "seed %d: %s: %u, not %u", _i, name, fast.reason, slow.reason);
            if (fast.reason != slow.reason)
                ck_assert(fast.tdo != slow.tdo);
            if (fast.record != NULL && slow.record != NULL && slow.reason == fast.reason)
                ck_assert(tli_same_domain(fast.record->name, slow.record->name));
            ck_assert((fast.tdo == NULL) == (slow.tdo == NULL));
        }
        respell(topo);
    }
    talloc_free(ctx);
}
END_TEST

START_TEST(no_names)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo = tl_topology_new(ctx);
    struct tl_suffix_index *index;
    char *longest = talloc_zero_array(ctx, char, 1025);

    ck_assert_int_eq(tl_suffix_index_new(ctx, topo, &index), 0);
    memset(longest, 'a', 1024);
    for (size_t i = 1; i < 1024; i += 2)
        longest[i] = '.';
    ck_assert_int_eq(tl_suffix_find(index, longest).reason, TL_REASON_SUFFIX_UNKNOWN);
    longest[255] = '\0'; /* 128 labels: the most there can be */
    ck_assert_int_eq(tl_suffix_find(index, longest).reason, TL_REASON_SUFFIX_UNKNOWN);
    ck_assert_int_eq(tl_suffix_find(index, "").reason, TL_REASON_SUFFIX_UNKNOWN);
    ck_assert_int_eq(tl_suffix_find(index, ".").reason, TL_REASON_SUFFIX_UNKNOWN);
    ck_assert_int_eq(tl_suffix_find(index, "a..b").reason, TL_REASON_SUFFIX_UNKNOWN);
    talloc_free(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("route_properties");
    TCase *all = tcase_create("properties");

    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, spelling_and_order, 0, ROUNDS);
    tcase_add_loop_test(all, index_is_plain_search, 0, ROUNDS / 3);
    tcase_add_test(all, no_names);
    suite_add_tcase(suite, all);
    /* Thousands of short rounds: one process for all is enough. */
    return run_suite_as(suite, CK_NOFORK);
}
