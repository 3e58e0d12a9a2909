/* SPDX-License-Identifier: MIT
 *
 * test_replicas.c - one object at two domain controllers: what differs, and whether it
 * refuses.
 */
#include <string.h>
#include <check.h>
#include <trustlogon/evidence.h>
#include <trustlogon/topology.h>

#include "fixtures.h"

#define ROWS(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))
#define DN "CN=x,DC=contoso,DC=test"
#define SPN "host/ws1"

/* Two values of one attribute (NULL: the object does not have it), all others being the
 * same; `words`: the difference, NULL: there is none. */
static const struct row {
    enum tl_replicated what;
    const char *attribute, *answered, *other, *words;
    bool behind;
} rows[] = {
    {TL_REPLICATED_USER, "userAccountControl", "512", "512", NULL, false},
    {TL_REPLICATED_USER, "userAccountControl", "514", "512",
     "userAccountControl = 514 at dc2, 512 at dc1", true},
    {TL_REPLICATED_USER, "userAccountControl", "512", "514",
     "userAccountControl = 512 at dc2, 514 at dc1", false},
    {TL_REPLICATED_USER, "userAccountControl", "66048", "512",
     "userAccountControl = 66048 at dc2, 512 at dc1", false},
    {TL_REPLICATED_USER, "pwdLastSet", "130000000000000000", "132000000000000000",
     "pwdLastSet = 2012-12-14 23:06:40Z at dc2, 2019-04-17 18:40:00Z at dc1", true},
    {TL_REPLICATED_USER, "pwdLastSet", "132000000000000000", "0",
     "pwdLastSet = 2019-04-17 18:40:00Z at dc2, 0 at dc1", false},
    {TL_REPLICATED_USER, "pwdLastSet", NULL, "0", NULL, false},
    {TL_REPLICATED_USER, "accountExpires", "132000000000000000", "9223372036854775807",
     "accountExpires = 2019-04-17 18:40:00Z at dc2, 9223372036854775807 at dc1", true},
    {TL_REPLICATED_USER, "accountExpires", "0", "132000000000000000",
     "accountExpires = 0 at dc2, 2019-04-17 18:40:00Z at dc1", false},
    {TL_REPLICATED_USER, "lockoutTime", "132000000000000000", NULL,
     "lockoutTime = 2019-04-17 18:40:00Z at dc2, none at dc1", true},
    {TL_REPLICATED_USER, "userPrincipalName", NULL, "a@b.test",
     "userPrincipalName = none at dc2, a@b.test at dc1", true},
    {TL_REPLICATED_MACHINE, "msDS-KeyVersionNumber", "2", "3",
     "msDS-KeyVersionNumber = 2 at dc2, 3 at dc1", true},
    {TL_REPLICATED_MACHINE, "msDS-KeyVersionNumber", "3", "2",
     "msDS-KeyVersionNumber = 3 at dc2, 2 at dc1", false},
    {TL_REPLICATED_MACHINE, "servicePrincipalName", "host/ws1:22, http/ws1",
     "HOST/WS1, http/ws1",
     "servicePrincipalName = host/ws1:22, http/ws1 at dc2, HOST/WS1, http/ws1 at dc1",
     true},
    {TL_REPLICATED_MACHINE, "servicePrincipalName", "http/ws1, host/ws1", "host/ws1",
     "servicePrincipalName = http/ws1, host/ws1 at dc2, host/ws1 at dc1", false},
    {TL_REPLICATED_TRUST, "trustType", "1", "2", "trustType = 1 at dc2, 2 at dc1", true},
    {TL_REPLICATED_TRUST, "trustType", "2", "2", NULL, false},
};

static struct tl_replica replica(TALLOC_CTX *ctx, enum tl_replicated what,
                                 const char *host, const char *attribute,
                                 const char *value)
{
    const char *const *names = tl_replica_attributes(what);
    struct tl_replica made = {.host = host, .dn = DN};
    bool known = false;
    size_t count = 0;

    while (names[count] != NULL)
        count++;
    made.values = talloc_zero_array(ctx, const char *, count);
    for (size_t i = 0; i < count; i++) {
        bool is = attribute != NULL && strcmp(names[i], attribute) == 0;

        made.values[i] = is ? value : "7";
        known = known || is;
    }
    ck_assert(known || attribute == NULL);
    return made;
}

START_TEST(differences)
{
    const struct row *row = &rows[_i];
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tl_replica a = replica(mem, row->what, "dc2", row->attribute, row->answered);
    struct tl_replica b = replica(mem, row->what, "dc1", row->attribute, row->other);
    bool behind = true;
    char *words = tl_replica_difference(mem, row->what, &a, &b, SPN, 0, &behind);

    ck_assert_msg((words == NULL) == (row->words == NULL) &&
                      (words == NULL || strcmp(words, row->words) == 0),
                  "%d: %s", _i, words != NULL ? words : "the same");
    ck_assert_msg(behind == row->behind, "%d", _i);
    ck_assert_ptr_null(tl_replica_difference(mem, row->what, &a, &b, SPN, 1, &behind));
    talloc_free(mem);
}
END_TEST

/* An object that only one of them has, or none. */
START_TEST(missing)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tl_replica a = {.host = "dc2"};
    struct tl_replica b = replica(mem, TL_REPLICATED_USER, "dc1", NULL, NULL);
    bool behind;

    ck_assert_str_eq(
        tl_replica_difference(mem, TL_REPLICATED_USER, &a, &b, NULL, 0, &behind),
        "no object at dc2, there at dc1");
    ck_assert(behind);
    ck_assert_str_eq(
        tl_replica_difference(mem, TL_REPLICATED_USER, &b, &a, NULL, 0, &behind),
        "there at dc1, no object at dc2");
    ck_assert(!behind);
    ck_assert_ptr_null(
        tl_replica_difference(mem, TL_REPLICATED_USER, &a, &b, NULL, 1, &behind));
    ck_assert_ptr_null(
        tl_replica_difference(mem, TL_REPLICATED_USER, &a, &a, NULL, 0, &behind));
    talloc_free(mem);
}
END_TEST

/* Two attributes, one after the other, and a long value. */
START_TEST(several)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tl_replica a = replica(mem, TL_REPLICATED_TRUST, "dc2", "trustType", "1");
    struct tl_replica b = replica(mem, TL_REPLICATED_TRUST, "dc1", "flatName", "A");
    char *words;
    bool behind;

    b.values[3] = "0123456789012345678901234567890123456789012345678901234567890123";
    ck_assert_str_eq(
        tl_replica_difference(mem, TL_REPLICATED_TRUST, &a, &b, NULL, 0, &behind),
        "trustType = 1 at dc2, 7 at dc1");
    words = tl_replica_difference(mem, TL_REPLICATED_TRUST, &a, &b, NULL, 1, &behind);
    ck_assert_ptr_nonnull(strstr(words, "456789... at dc1"));
    ck_assert_ptr_null(
        tl_replica_difference(mem, TL_REPLICATED_TRUST, &a, &b, NULL, 2, &behind));
    talloc_free(mem);
}
END_TEST

/* A topology with what one domain controller holds in place of what was read before. */
START_TEST(in_place)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tl_topology *base = tl_topology_new(mem), *other = tl_topology_new(mem), *both;
    struct tl_tdo tdo = {.holder = "contoso.test", .partner = "fabrikam.test", .type = 2};
    struct tl_tdo own = {.holder = "fabrikam.test", .partner = "contoso.test", .type = 2};

    ck_assert_int_eq(tl_topology_add_trust(base, &tdo), 0);
    ck_assert_int_eq(tl_topology_add_trust(base, &own), 0);
    both = tl_topology_with(mem, base, "contoso.test", other);
    ck_assert_ptr_null(tl_topology_trust(both, "contoso.test", "fabrikam.test"));
    ck_assert(tl_topology_was_read(both, "contoso.test"));
    ck_assert_ptr_nonnull(tl_topology_trust(both, "fabrikam.test", "contoso.test"));
    tdo.type = 1;
    ck_assert_int_eq(tl_topology_add_trust(other, &tdo), 0);
    own.type = 1; /* of another holder: it is not taken */
    ck_assert_int_eq(tl_topology_add_trust(other, &own), 0);
    both = tl_topology_with(mem, base, "contoso.test", other);
    ck_assert_uint_eq(tl_topology_trust(both, "contoso.test", "fabrikam.test")->type, 1);
    ck_assert_uint_eq(tl_topology_trust(both, "fabrikam.test", "contoso.test")->type, 2);
    ck_assert_uint_eq(tl_topology_trust(base, "contoso.test", "fabrikam.test")->type, 2);
    talloc_free(mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replicas");
    TCase *tc = tcase_create("replicas");

    tcase_add_loop_test(tc, differences, 0, ROWS(rows));
    tcase_add_test(tc, missing);
    tcase_add_test(tc, several);
    tcase_add_test(tc, in_place);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
