/* SPDX-License-Identifier: MIT
 *
 * test_locate_net.c - the DC locator against a name server and DCs of its own on
 * 127.0.0.0/8. Nothing is asserted about time: only who is chosen, who is asked,
 * and what is said.
 */
#include "locate/internal.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fake_dc.h"
#include "fixtures.h"

static const struct fake_srv two[] = {{"dc0", 0}, {"dc1", 10}, {NULL, 0}};
static const struct fake_srv one[] = {{"dc0", 0}, {NULL, 0}};
static const struct fake_srv only_dc1[] = {{"dc1", 0}, {NULL, 0}};

static struct world world;
static TALLOC_CTX *ctx;
static struct tl_config *config;
static struct tl_outcome *out;
static temp_path folder;
static char name_server[64];
static int64_t clock_now;

static int64_t wall(void)
{
    return clock_now;
}

static void setup(void)
{
    ctx = talloc_new(NULL);
    memset(&world, 0, sizeof world);
    world.plain = two;
    config = tl_config_defaults(ctx);
    make_temp_folder(folder);
    config->cache_dir = folder;
    config->ping_interval = 50;
    config->ping_timeout = 1000; /* room for a busy machine */
    /* not the defaults: what is tested is that the options count */
    config->cache_lifetime = 5000;
    config->ping_validity = 700;
    config->close_site_timeout = 300;
    config->negative_lifetime = 33;
    config->hostname = "ws1.fabrikam.test";
    out = tl_outcome_new(ctx);
    clock_now = 1800000000;
}

static void teardown(void)
{
    if (world.thread)
        world_stop(&world);
    remove_tree(folder);
    talloc_free(ctx);
}

static struct tl_locator *new_locator(const char *site)
{
    struct tl_locator *locator = tl_locator_new(ctx, config, site, NULL);
    struct tli_locate_hooks hooks = {.dns_servers = name_server, .wall = wall};

    if (!world.thread)
        ck_assert(world_start(&world));
    hooks.ping_port = world.ping_port;
    snprintf(name_server, sizeof name_server, "127.0.0.1:%u", world.dns_port);
    tli_locator_set_hooks(locator, &hooks);
    return locator;
}

/* Every search with a locator of its own, as every logon has: only the disk lasts. */
static struct tl_dc_list *locate(const char *site, unsigned int flags,
                                 enum tl_reason expected)
{
    struct tl_dc_list *list;
    enum tl_reason reason;

    tl_outcome_reset(out);
    reason = tl_locate(ctx, new_locator(site), "Contoso.TEST", flags,
                       tl_deadline_in_ms(20000), &list, out);
    ck_assert_msg(reason == expected, "%s, not %s: %s", tl_reason_info(reason)->slug,
                  tl_reason_info(expected)->slug, out->detail ? out->detail : "");
    ck_assert(out->reason == expected);
    if (expected == TL_REASON_OK)
        ck_assert(list && list->count > 0);
    else if (!(flags & TL_LOCATE_ALL))
        ck_assert_ptr_null(list);
    return list;
}

START_TEST(first_answers)
{
    struct tl_dc_list *list = locate(NULL, 0, TL_REASON_OK);
    const struct tl_dc *dc = &list->dcs[0];
    struct sockaddr_in in;

    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(dc->domain, "contoso.test");
    ck_assert_str_eq(dc->host, "dc0.contoso.test");
    ck_assert_str_eq(dc->address, "127.0.0.10");
    memcpy(&in, &dc->addr, sizeof in);
    ck_assert_int_eq(in.sin_family, AF_INET);
    ck_assert_uint_eq(in.sin_port, 0);
    ck_assert_uint_eq(ntohl(in.sin_addr.s_addr), 0x7f00000a);
    ck_assert(dc->pinged && !dc->in_site);
    ck_assert_uint_eq(dc->flags, 0x1fd);
    ck_assert_str_eq(dc->forest, "contoso.test");
    ck_assert_str_eq(dc->flat_domain, "CONTOSO");
    ck_assert_str_eq(dc->client_site, "Berlin");
    ck_assert_int_eq(dc->found, clock_now);
    ck_assert_str_eq(list->dcs[1].host, "dc1.contoso.test");
}
END_TEST

/* The first has the better priority but one of these moods: the second is chosen,
 * and the first stays in the list only if it may yet turn out to be good. */
static const struct {
    enum dc_mood mood;
    bool kept;
    enum tl_reason alone; /* where it is the only one */
} moods[] = {
    {DC_SILENT, true, TL_REASON_PING_FILTERED},
    {DC_REFUSED, false, TL_REASON_NO_LOGON_SERVERS},
    {DC_GARBAGE, false, TL_REASON_PING_REFUSED},
    {DC_WRONG_DOMAIN, false, TL_REASON_PING_REFUSED},
    {DC_NOT_MINE, false, TL_REASON_PING_REFUSED},
    {DC_PAUSED, false, TL_REASON_PING_REFUSED},
    {DC_NO_KDC, false, TL_REASON_PING_REFUSED},
};

START_TEST(second_answers)
{
    struct tl_dc_list *list;

    world.mood[0] = moods[_i].mood;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    ck_assert_uint_eq(list->count, moods[_i].kept ? 2 : 1);
}
END_TEST

START_TEST(no_dc_answers)
{
    world.plain = one;
    world.mood[0] = moods[_i].mood;
    locate(NULL, 0, moods[_i].alone);
    ck_assert_str_eq(out->subject, "contoso.test");
    ck_assert_str_eq(out->realm, "CONTOSO.TEST");
    ck_assert_ptr_nonnull(strstr(out->detail, "dc0.contoso.test (127.0.0.10)"));
}
END_TEST

static int64_t locate_took_ms(enum tl_reason expected)
{
    int64_t start = tl_now_us();

    locate(NULL, TL_LOCATE_FORCE, expected);
    return (tl_now_us() - start) / 1000;
}

/* The second is pinged after ping_interval, none is given up before ping_timeout; both
 * longer here than without the options. */
START_TEST(times_of_the_options)
{
    world.mood[0] = DC_SILENT;
    config->ping_timeout = 60000;
    config->ping_interval = 700;
    ck_assert_int_ge(locate_took_ms(TL_REASON_OK), 650);
    world.mood[1] = DC_SILENT;
    config->ping_interval = 50;
    config->ping_timeout = 2200;
    ck_assert_int_ge(locate_took_ms(TL_REASON_PING_FILTERED), 2100);
}
END_TEST

START_TEST(forged_answers_do_not_count)
{
    struct tl_dc_list *list;

    world.plain = one;
    world.mood[0] = DC_FORGED_FIRST;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert(list->dcs[0].pinged);
}
END_TEST

START_TEST(lost_ping)
{
    world.plain = one;
    world.mood[0] = DC_LOSSY;
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(atomic_load(&world.pings[0]), 2);
}
END_TEST

START_TEST(pings_not_required)
{
    struct tl_dc_list *list;

    config->require_ldap_ping = false;
    world.mood[0] = moods[_i].mood;
    world.mood[1] = DC_SILENT;
    list = locate(NULL, 0, TL_REASON_OK);
    /* Silence and refusal say nothing: the order of DNS. A bad answer counts. */
    bool first = moods[_i].mood == DC_SILENT || moods[_i].mood == DC_REFUSED;

    ck_assert_uint_eq(list->count, first ? 2 : 1);
    ck_assert_str_eq(list->dcs[0].host, first ? "dc0.contoso.test" : "dc1.contoso.test");
    ck_assert(!list->dcs[0].pinged);
}
END_TEST

START_TEST(dns_has_no_records)
{
    world.plain = NULL;
    locate(NULL, 0, TL_REASON_DNS_NO_RECORDS);
    ck_assert_ptr_nonnull(strstr(out->detail, "_kerberos._tcp.dc._msdcs.contoso.test"));
}
END_TEST

/* No domain of that name, but a Kerberos realm: its KDCs unasked, and no ping later. */
START_TEST(kerberos_realm)
{
    struct tl_dc_list *list;
    int packets;

    world.realm = two;
    world.plain = NULL;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert(list->dcs[0].realm_only && !list->dcs[0].pinged);
    ck_assert_ptr_nonnull(strstr(list->dcs[0].why, "Kerberos realm"));
    packets = world_packets(&world);
    clock_now += config->ping_validity + 1;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert(list->dcs[0].realm_only);
    ck_assert_int_eq(world_packets(&world), packets);
    ck_assert_int_eq(atomic_load(&world.pings[0]) + atomic_load(&world.pings[1]), 0);
}
END_TEST

/* A domain with a realm's records beside its own is still a domain: its DCs are pinged.
 */
START_TEST(domain_and_realm)
{
    world.realm = two;
    world.mood[0] = world.mood[1] = DC_REFUSED;
    locate(NULL, 0, TL_REASON_NO_LOGON_SERVERS);
    world.plain = NULL;
    world.site = two;
    locate("Berlin", TL_LOCATE_FORCE, TL_REASON_NO_LOGON_SERVERS);
}
END_TEST

START_TEST(dns_has_no_addresses)
{
    world.no_addresses = true;
    locate(NULL, 0, TL_REASON_DNS_NO_ADDRESS);
    ck_assert_ptr_nonnull(strstr(out->detail, "dc0.contoso.test"));
    ck_assert_ptr_nonnull(strstr(out->detail, "address"));
    locate(NULL, 0, TL_REASON_DNS_NO_ADDRESS); /* as it is remembered */
}
END_TEST

START_TEST(dns_is_silent)
{
    world.dns_silent = true;
    locate("Berlin", 0, TL_REASON_DNS_NO_ANSWER);
    ck_assert_int_gt(atomic_load(&world.questions), 0);
}
END_TEST

/* Names that no server can have are dropped; 80 that it can are cut to 64. */
START_TEST(dns_lies)
{
    static const struct fake_srv bad[] = {{"dc/../../x", 0}, {"dc 1", 0}, {"dc\n1", 0},
                                          {"\x01", 0},       {".", 0},    {NULL, 0}};
    static char names[80][16];
    static struct fake_srv many[81];
    struct tl_dc_list *list;

    world.plain = bad;
    locate(NULL, 0, TL_REASON_DNS_NO_RECORDS);
    for (unsigned int i = 0; i < 80; i++) {
        snprintf(names[i], sizeof names[i], "dc%u", i);
        many[i] = (struct fake_srv){names[i], i};
    }
    world.plain = many;
    list = locate(NULL, TL_LOCATE_FORCE, TL_REASON_OK);
    ck_assert_uint_eq(list->count, TL_MAX_SERVERS);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
}
END_TEST

START_TEST(site_first)
{
    struct tl_dc_list *list;

    world.site = only_dc1;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    ck_assert(list->dcs[0].in_site);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(list->dcs[1].host, "dc0.contoso.test");
    ck_assert(!list->dcs[1].in_site);
}
END_TEST

START_TEST(site_unknown_to_the_domain)
{
    struct tl_dc_list *list = locate("Berlin", 0, TL_REASON_OK);

    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
}
END_TEST

/* A far DC says which site this machine is in: the near one is found by it. */
START_TEST(site_learned)
{
    struct tl_dc_list *list;

    world.plain = one;
    world.site = only_dc1;
    world.flags[0] = 0x17d; /* not CLOSEST */
    world.dc_site[0] = "Tokyo";
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    ck_assert(list->dcs[0].in_site);
    ck_assert_str_eq(list->dcs[1].host, "dc0.contoso.test");
    /* No such DC, or a dead one: the far one does. */
    world.site = NULL;
    list = locate(NULL, TL_LOCATE_FORCE, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
}
END_TEST

/* The site that the DCs named counts the next time, even if the workstation's site in its
 * own forest has another name; unless that one has changed since. */
START_TEST(site_of_the_other_forest)
{
    struct tl_dc_list *list;
    int pings;

    world.site = only_dc1;
    world.flags[0] = 0x17d;
    world.dc_site[0] = "Tokyo";
    world.plain = one;
    list = locate("Werk", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    clock_now += config->cache_lifetime;
    pings = atomic_load(&world.pings[0]);
    list = locate("Werk", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    /* Found at once, not through the far one. */
    ck_assert_int_eq(atomic_load(&world.pings[0]), pings);
    world.client_site = "Tokyo";
    world.tokyo = one;
    list = locate("Tokyo", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert(list->dcs[0].in_site);
}
END_TEST

/* The machine has moved: the DC that is pinged again says so. */
START_TEST(moved)
{
    struct tl_dc_list *list;

    world.site = only_dc1;
    world.tokyo = one;
    world.dc_site[0] = "Tokyo";
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    world.client_site = "Tokyo";
    world.flags[1] = 0x17d;
    locate("Berlin", 0, TL_REASON_OK);
    ck_assert_int_eq(atomic_load(&world.pings[0]), 0);
    clock_now += config->ping_validity;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert(list->dcs[0].in_site);
    ck_assert_str_eq(list->dcs[0].client_site, "Tokyo");
}
END_TEST

/* No DC was asked: the list itself says so, for packets in flight are still counted when
 * a search has ended. */
static bool remembered(const struct tl_dc_list *list)
{
    return strncmp(list->dcs[0].why, "cache, ", 7) == 0 &&
           strstr(list->dcs[0].why, " s old") != NULL;
}

/* The near one was away when the far one was found. */
START_TEST(nearer_one_is_back)
{
    struct tl_dc_list *list;

    world.site = only_dc1;
    world.flags[0] = 0x17d;
    world.dc_site[0] = "Tokyo";
    world.mood[1] = DC_SILENT;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    world.mood[1] = DC_GOOD;
    clock_now += config->close_site_timeout - 1;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert(remembered(list));
    clock_now++;
    /* Not without DNS, but DNS is not waited for at every logon because of that. */
    world.dns_silent = true;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert(!remembered(list));
    ck_assert(remembered(locate("Berlin", 0, TL_REASON_OK)));
    world.dns_silent = false;
    clock_now += config->close_site_timeout;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    clock_now += config->close_site_timeout;
    ck_assert(remembered(locate("Berlin", 0, TL_REASON_OK)));
}
END_TEST

/* The configured site counts, not the one the DCs name, while it has DCs. */
START_TEST(site_configured)
{
    struct tl_dc_list *list;

    config->site = "Berlin";
    world.client_site = "Tokyo";
    world.flags[1] = 0x17d;
    world.tokyo = one;
    world.site = _i ? NULL : only_dc1;
    world.plain = only_dc1;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, _i ? "dc0.contoso.test" : "dc1.contoso.test");
    clock_now += config->ping_validity;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, _i ? "dc0.contoso.test" : "dc1.contoso.test");
}
END_TEST

/* No DC in Berlin: the next closest site's, if that is wanted. */
START_TEST(next_closest_site)
{
    static const struct fake_srv far[] = {{"dc2", 0}, {NULL, 0}};
    struct tl_dc_list *list;

    config->try_next_closest_site = _i & 1;
    world.plain = far;
    world.tokyo = only_dc1;
    world.flags[1] = world.flags[2] = 0x17d;
    world.dc_site[1] = "Tokyo";
    world.dc_site[2] = "Perth";
    world.next_site = "Tokyo";
    world.site = _i & 2 ? one : NULL;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, _i & 2   ? "dc0.contoso.test"
                                        : _i & 1 ? "dc1.contoso.test"
                                                 : "dc2.contoso.test");
    ck_assert_uint_eq(list->count, _i ? 2 : 1);
}
END_TEST

START_TEST(all_candidates)
{
    static const struct fake_srv four[] = {
        {"dc0", 0}, {"dc1", 1}, {"dc2", 2}, {"dc3", 3}, {NULL, 0}};
    struct tl_dc_list *list;

    world.plain = four;
    world.mood[0] = DC_WRONG_DOMAIN;
    world.mood[1] = DC_SILENT;
    list = locate(NULL, TL_LOCATE_ALL, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 4);
    ck_assert_str_eq(list->dcs[0].host, "dc2.contoso.test");
    ck_assert_str_eq(list->dcs[1].host, "dc3.contoso.test");
    ck_assert(list->dcs[0].pinged && list->dcs[1].pinged);
    ck_assert_str_eq(list->dcs[2].host, "dc1.contoso.test");
    ck_assert_str_eq(list->dcs[3].host, "dc0.contoso.test");
    ck_assert_ptr_nonnull(strstr(list->dcs[2].why, "no answer"));
    ck_assert_ptr_nonnull(strstr(list->dcs[3].why, "not a domain controller of this"));
    world.mood[2] = world.mood[3] = DC_SILENT;
    list = locate(NULL, TL_LOCATE_ALL, TL_REASON_PING_FILTERED);
    ck_assert_uint_eq(list->count, 4);
}
END_TEST

START_TEST(warm_sends_nothing)
{
    struct tl_dc_list *list;
    int packets;

    locate("Berlin", 0, TL_REASON_OK);
    packets = world_packets(&world);
    clock_now += config->ping_validity - 1;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_int_eq(world_packets(&world), packets);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert_str_eq(list->dcs[0].why, "cache, 699 s old");
    ck_assert_uint_eq(list->count, 2);
    /* Another site is another question. */
    locate("Paris", 0, TL_REASON_OK);
    ck_assert_int_gt(world_packets(&world), packets);
}
END_TEST

START_TEST(old_is_pinged_again)
{
    int questions;

    locate(NULL, 0, TL_REASON_OK);
    questions = atomic_load(&world.questions);
    clock_now += config->ping_validity;
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(atomic_load(&world.questions), questions);
    ck_assert_int_eq(atomic_load(&world.pings[0]), 2);
    /* Which counts for another while. */
    clock_now += config->ping_validity - 1;
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(atomic_load(&world.pings[0]), 2);
    /* Until the entry itself is too old. */
    clock_now += config->cache_lifetime;
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_gt(atomic_load(&world.questions), questions);
    /* A clock set back tells nothing. */
    questions = atomic_load(&world.questions);
    clock_now -= 1000000;
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_gt(atomic_load(&world.questions), questions);
}
END_TEST

START_TEST(flags_of_the_caller)
{
    int packets;

    locate(NULL, TL_LOCATE_NO_STORE, TL_REASON_OK);
    packets = world_packets(&world);
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_gt(world_packets(&world), packets);
    packets = world_packets(&world);
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(world_packets(&world), packets);
    locate(NULL, TL_LOCATE_FORCE, TL_REASON_OK);
    ck_assert_int_gt(world_packets(&world), packets);
}
END_TEST

START_TEST(failure_is_remembered)
{
    int packets;

    world.plain = NULL;
    locate(NULL, 0, TL_REASON_DNS_NO_RECORDS);
    packets = world_packets(&world);
    world.plain = two;
    clock_now += config->negative_lifetime - 1;
    locate(NULL, 0, TL_REASON_DNS_NO_RECORDS);
    ck_assert_ptr_nonnull(strstr(out->detail, "32 s ago"));
    ck_assert_int_eq(world_packets(&world), packets);
    clock_now++;
    locate(NULL, 0, TL_REASON_OK);
}
END_TEST

/* DNS is gone, the DCs are not. */
START_TEST(old_ones_when_dns_is_gone)
{
    struct tl_dc_list *list;

    locate(NULL, 0, TL_REASON_OK);
    clock_now += config->cache_lifetime + 1;
    world.plain = NULL;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert(list->dcs[0].pinged);
}
END_TEST

START_TEST(failed_and_worked)
{
    struct tl_dc_list *list = locate(NULL, 0, TL_REASON_OK);
    struct tl_dc dc0 = list->dcs[0], dc1 = list->dcs[1];

    tl_locate_failed(new_locator(NULL), &dc0);
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    ck_assert_str_eq(list->dcs[1].host, "dc0.contoso.test");
    tl_locate_worked(new_locator(NULL), &dc1);
    clock_now += config->negative_lifetime;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    /* All failed: they are searched for again, and not held against the user. */
    tl_locate_failed(new_locator(NULL), &dc0);
    clock_now++;
    tl_locate_failed(new_locator(NULL), &dc1);
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 2);
}
END_TEST

START_TEST(nowhere_to_write)
{
    struct tl_locator *locator = new_locator(NULL);
    struct tl_dc_list *list;
    int packets;

    config->cache_dir = "/proc/nowhere";
    for (int i = 0; i < 2; i++) {
        packets = world_packets(&world);
        ck_assert(tl_locate(ctx, locator, "contoso.test", 0, tl_deadline_in_ms(20000),
                            &list, NULL) == TL_REASON_OK);
    }
    ck_assert_int_eq(world_packets(&world), packets);
    tl_locate_failed(locator, &list->dcs[0]);
    ck_assert(tl_locate(ctx, locator, "contoso.test", 0, tl_deadline_in_ms(20000), &list,
                        NULL) == TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
}
END_TEST

/* A file that is broken, or that someone else could have put there, counts as none. */
START_TEST(bad_files)
{
    char path[128], beside[128];
    int packets;

    locate(NULL, 0, TL_REASON_OK);
    packets = world_packets(&world);
    snprintf(path, sizeof path, "%s/dc-contoso.test.json", folder);
    snprintf(beside, sizeof beside, "%s/beside", folder);
    switch (_i) {
    case 0:
        write_text(path, "{\"version\": 1, \"domain\": \"contoso");
        break;
    case 1:
        ck_assert_int_eq(chmod(path, 0666), 0);
        break;
    case 2:
        ck_assert(rename(path, beside) == 0 && symlink(beside, path) == 0);
        break;
    case 3:
        ck_assert(unlink(path) == 0 && mkfifo(path, 0644) == 0);
        break;
    }
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_gt(world_packets(&world), packets);
    /* And is repaired. */
    packets = world_packets(&world);
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(world_packets(&world), packets);
}
END_TEST

/* A file of the cache that was used and written so long ago. */
static void file_in_cache(int i, int used, int written)
{
    struct timespec times[2] = {{.tv_sec = clock_now - used},
                                {.tv_sec = clock_now - written}};
    char *path = talloc_asprintf(config, "%s/dc-%d.json", folder, i);
    int fd = open(path, O_WRONLY | O_CREAT, 0644);

    ck_assert(fd >= 0 && futimens(fd, times) == 0);
    close(fd);
}

static bool in_cache(const char *name)
{
    return access(talloc_asprintf(config, "%s/dc-%s.json", folder, name), F_OK) == 0;
}

static int files_in_cache(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *de;
    int count = 0;

    while ((de = readdir(dir)))
        count += strncmp(de->d_name, "dc-", 3) == 0;
    closedir(dir);
    return count;
}

static void is_cached(void)
{
    int packets = world_packets(&world);

    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(world_packets(&world), packets);
}

/* Names cannot fill the disk, nor keep a new one out: what was not used for the longest
 * time makes room, and what is old. */
START_TEST(full_folder)
{
    struct tl_locator *locator = new_locator(NULL);
    struct tli_cache_entry other = {.domain = "other.test", .failed = clock_now};

    for (int i = 0; i < 512; i++)
        file_in_cache(i, i == 77 ? 900 : 300, i == 78 ? 600 : 900);
    locate(NULL, 0, TL_REASON_OK);
    is_cached();
    ck_assert(!in_cache("77") && in_cache("78") && in_cache("79"));
    ck_assert_int_eq(files_in_cache(), 512);
    clock_now += config->cache_lifetime + 1;
    tli_cache_store(locator, &other);
    ck_assert(in_cache("other.test") && !in_cache("79"));
}
END_TEST

/* A file in use stays, even if others are written beside it: reading is a use. */
START_TEST(used_is_kept)
{
    struct timespec long_ago[2] = {{.tv_sec = clock_now - 600},
                                   {.tv_sec = clock_now - 600}};
    struct tl_locator *locator = new_locator(NULL);
    struct tli_cache_entry other = {.domain = "other.test", .failed = clock_now};

    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(utimensat(AT_FDCWD,
                               talloc_asprintf(config, "%s/dc-contoso.test.json", folder),
                               long_ago, 0),
                     0);
    for (int i = 0; i < 511; i++)
        file_in_cache(i, 300, 300);
    is_cached();
    tli_cache_store(locator, &other);
    ck_assert(in_cache("other.test") && in_cache("contoso.test"));
    ck_assert_int_eq(files_in_cache(), 512);
}
END_TEST

START_TEST(many_writers)
{
    struct tl_locator *locator;
    struct tli_cache_entry *entry;
    pid_t pids[6];
    int status;

    locate(NULL, 0, TL_REASON_OK);
    locator = new_locator(NULL);
    for (int w = 0; w < 6; w++) {
        pids[w] = fork();
        if (pids[w] == 0) {
            for (int i = 0; i < 60; i++) {
                entry = tli_cache_load(NULL, locator, "contoso.test");
                if (!entry || entry->count != 2)
                    _exit(1);
                entry->checked = w * 1000 + i;
                tli_cache_store(locator, entry);
                talloc_free(entry);
            }
            _exit(locator->unsaved ? 2 : 0);
        }
    }
    for (int w = 0; w < 6; w++) {
        ck_assert_int_eq(waitpid(pids[w], &status, 0), pids[w]);
        ck_assert_int_eq(status, 0);
    }
    entry = tli_cache_load(ctx, locator, "contoso.test");
    ck_assert(entry && entry->count == 2);
}
END_TEST

static const char *const bad_domains[] = {"", ".", "a..b", "con\ntoso.test"};

START_TEST(bad_domain)
{
    struct tl_dc_list *list;

    ck_assert(tl_locate(ctx, new_locator("../x"), bad_domains[_i], 0,
                        tl_deadline_in_ms(20000), &list,
                        out) == TL_REASON_DOMAIN_UNKNOWN);
    ck_assert_int_eq(world_packets(&world), 0);
}
END_TEST

START_TEST(no_time_left)
{
    struct tl_dc_list *list;

    world.mood[0] = world.mood[1] = DC_SILENT;
    ck_assert(tl_locate(ctx, new_locator(NULL), "contoso.test", 0, tl_deadline_in_ms(0),
                        &list, out) == TL_REASON_DEADLINE);
    /* Lack of time says nothing about the domain: not remembered. */
    locate(NULL, 0, TL_REASON_PING_FILTERED);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, int count)
{
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test, 0, count);
    suite_add_tcase(suite, tcase);
}
#define ADD(test, count) add(suite, #test, test, count)

int main(void)
{
    Suite *suite = suite_create("locate_net");

    ADD(first_answers, 1);
    ADD(second_answers, COUNT(moods));
    ADD(no_dc_answers, COUNT(moods));
    ADD(forged_answers_do_not_count, 1);
    ADD(lost_ping, 1);
    ADD(times_of_the_options, 1);
    ADD(pings_not_required, COUNT(moods));
    ADD(dns_has_no_records, 1);
    ADD(kerberos_realm, 1);
    ADD(domain_and_realm, 1);
    ADD(dns_has_no_addresses, 1);
    ADD(dns_is_silent, 1);
    ADD(dns_lies, 1);
    ADD(site_first, 1);
    ADD(site_unknown_to_the_domain, 1);
    ADD(site_learned, 1);
    ADD(site_of_the_other_forest, 1);
    ADD(moved, 1);
    ADD(nearer_one_is_back, 1);
    ADD(site_configured, 2);
    ADD(next_closest_site, 4);
    ADD(all_candidates, 1);
    ADD(warm_sends_nothing, 1);
    ADD(old_is_pinged_again, 1);
    ADD(flags_of_the_caller, 1);
    ADD(failure_is_remembered, 1);
    ADD(old_ones_when_dns_is_gone, 1);
    ADD(failed_and_worked, 1);
    ADD(nowhere_to_write, 1);
    ADD(bad_files, 4);
    ADD(full_folder, 1);
    ADD(used_is_kept, 1);
    ADD(many_writers, 1);
    ADD(bad_domain, COUNT(bad_domains));
    ADD(no_time_left, 1);
    return run_suite(suite);
}
