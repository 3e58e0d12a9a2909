/* SPDX-License-Identifier: MIT
 *
 * test_sidrules.c - which SIDs pass which boundary [MS-PAC 4.1.2.2], one row
 * per rule. The workstation is in fabrikam.test, whose forest also has
 * eu.fabrikam.test; contoso.test is trusted in the way the row says.
 */
#include <trustlogon/sidrules.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"

#define DOM "S-1-5-21-"
#define FABRIKAM DOM "100-1-1"
#define EU DOM "100-2-2"
#define CONTOSO DOM "200-1-1"
#define SUB DOM "200-2-2" /* sub.contoso.test, listed in the forest information */
#define OFF DOM "200-3-3" /* off.contoso.test, listed, disabled by its SID */
#define OTHER DOM "300-1-1"

#define FOREST TL_TRUST_FOREST_TRANSITIVE
#define AS_EXTERNAL (FOREST | TL_TRUST_TREAT_AS_EXTERNAL)
#define AS_PIM (AS_EXTERNAL | TL_TRUST_PIM)
#define INSIDE TL_TRUST_WITHIN_FOREST
#define QUARANTINE TL_TRUST_QUARANTINED

enum { OK = TL_REASON_OK, FILTERED = TL_REASON_PAC_SID_FILTERED };

static const struct tl_workstation ws = {WS1_OF_FABRIKAM};

static const struct row {
    const char *what, *realm;
    uint32_t attributes; /* of the TDO for contoso.test, or eu if INSIDE is in them */
    const char *domain;  /* LogonDomainId */
    const char *extra, *resource;
    int reason;
    const char *extra_left, *resource_left;
} rows[] = {
    /* own domain, own forest */
    {"own domain: everything of the forest", "FABRIKAM.TEST", 0, FABRIKAM,
     FABRIKAM "-512 " EU "-519 " OTHER "-1200", FABRIKAM "-1300", OK,
     FABRIKAM "-512 " EU "-519 " OTHER "-1200", FABRIKAM "-1300"},
    {"own domain: the member rule", "FABRIKAM.TEST", 0, FABRIKAM,
     "S-1-5-32-544 S-1-5-2 S-1-5-9 S-1-5-14 S-1-5-18 S-1-5-20 S-1-1-0 S-1-0-0 "
     "S-1-16-12288 "
     "S-1-22-1-0 S-1-22-2-0 S-1-5-88-1-0 S-1-12-1-1-2-3-4 S-1-5-80-1-2-3-4-5",
     "S-1-5-32-544", OK, "", ""},
    {"own domain: said of the logon", "FABRIKAM.TEST", 0, FABRIKAM,
     "S-1-18-1 S-1-18-2 S-1-5-15 S-1-5-1000 " DOM "0-0-0-496 " DOM "0-0-0-497", "", OK,
     "S-1-18-1 S-1-18-2 S-1-5-15 S-1-5-1000 " DOM "0-0-0-496 " DOM "0-0-0-497", ""},
    {"own domain with another SID", "FABRIKAM.TEST", 0, OTHER, "", "", FILTERED, "", ""},
    {"own domain, the SID of its child", "FABRIKAM.TEST", 0, EU, "", "", FILTERED, "",
     ""},
    {"child domain", "EU.FABRIKAM.TEST", INSIDE, EU, FABRIKAM "-519", FABRIKAM "-1300",
     OK, FABRIKAM "-519", FABRIKAM "-1300"},
    {"child domain, resource groups of its own", "EU.FABRIKAM.TEST", INSIDE, EU, "",
     EU "-1300", OK, "", ""},
    {"child domain with the parent's SID", "EU.FABRIKAM.TEST", INSIDE, FABRIKAM, "", "",
     FILTERED, "", ""},
    {"child domain in quarantine", "EU.FABRIKAM.TEST", INSIDE | QUARANTINE, EU,
     FABRIKAM "-519 " EU "-512 " OTHER "-1200", "", OK, EU "-512", ""},

    /* external */
    {"external", "CONTOSO.TEST", 0, CONTOSO, CONTOSO "-1200 " OTHER "-1200",
     FABRIKAM "-1300", OK, CONTOSO "-1200 " OTHER "-1200", FABRIKAM "-1300"},
    {"external: SIDs of our forest", "CONTOSO.TEST", 0, CONTOSO,
     FABRIKAM "-1200 " EU "-1200 " FABRIKAM "-512", "", OK, "", ""},
    {"external: RIDs below 1000", "CONTOSO.TEST", 0, CONTOSO,
     CONTOSO "-999 " CONTOSO "-1000 " CONTOSO "-512 " OTHER "-519", "", OK,
     CONTOSO "-1000", ""},
    {"external: its own resource groups", "CONTOSO.TEST", 0, CONTOSO, "",
     CONTOSO "-1300 " EU "-1300 " FABRIKAM "-1300", OK, "", FABRIKAM "-1300"},
    {"external: said of the logon", "CONTOSO.TEST", 0, CONTOSO,
     "S-1-18-1 S-1-5-1000 S-1-5-32-544 " DOM "0-0-0-497 " DOM "0-0-0-498", "", OK,
     "S-1-18-1 S-1-5-1000 " DOM "0-0-0-497", ""},
    {"external: a user of our own domain", "CONTOSO.TEST", 0, FABRIKAM, "", "", FILTERED,
     "", ""},
    {"external: a user of our child domain", "CONTOSO.TEST", 0, EU, "", "", FILTERED, "",
     ""},
    {"external: a user of a third domain", "CONTOSO.TEST", 0, OTHER, "", "",
     TL_REASON_TRUST_SID, "", ""},
    {"external: the domain's SID is not one of a domain", "CONTOSO.TEST", 0, "S-1-5-32",
     "", "", FILTERED, "", ""},
    {"in quarantine", "CONTOSO.TEST", QUARANTINE, CONTOSO,
     CONTOSO "-1200 " OTHER "-1200 " SUB "-1200", "", OK, CONTOSO "-1200", ""},

    /* forest */
    {"forest: root", "CONTOSO.TEST", FOREST, CONTOSO,
     CONTOSO "-1200 " SUB "-1200 " OTHER "-1200 " FABRIKAM "-1200 " SUB "-519",
     FABRIKAM "-1300", OK, CONTOSO "-1200 " SUB "-1200", FABRIKAM "-1300"},
    {"forest: child", "SUB.CONTOSO.TEST", FOREST, SUB, CONTOSO "-1200 " OFF "-1200", "",
     OK, CONTOSO "-1200", ""},
    {"forest: child with the root's SID", "SUB.CONTOSO.TEST", FOREST, CONTOSO, "", "",
     FILTERED, "", ""},
    {"forest: child with our SID", "SUB.CONTOSO.TEST", FOREST, FABRIKAM, "", "", FILTERED,
     "", ""},
    {"forest: a domain switched off", "OFF.CONTOSO.TEST", FOREST, OFF, "", "",
     TL_REASON_DOMAIN_SID_DISABLED, "", ""},
    {"forest: a domain not listed", "NEW.CONTOSO.TEST", FOREST, OTHER,
     OTHER "-1200 " CONTOSO "-1200", "", OK, OTHER "-1200", ""},
    {"forest: a domain not listed with our SID", "NEW.CONTOSO.TEST", FOREST, EU, "", "",
     FILTERED, "", ""},
    {"forest in quarantine", "CONTOSO.TEST", FOREST | QUARANTINE, CONTOSO, SUB "-1200",
     "", OK, "", ""},
    {"forest treated as external", "CONTOSO.TEST", AS_EXTERNAL, CONTOSO,
     OTHER "-1200 " FABRIKAM "-1200", "", OK, OTHER "-1200", ""},
    {"PIM", "CONTOSO.TEST", AS_PIM, CONTOSO,
     FABRIKAM "-1200 " FABRIKAM "-512 " OTHER "-1200", "", OK, FABRIKAM "-1200", ""},
    {"PIM: still a user of our own domain", "CONTOSO.TEST", AS_PIM, FABRIKAM, "", "",
     FILTERED, "", ""},

    /* unknown realms, and one with the name of a flat name */
    {"unknown realm", "NOWHERE.TEST", FOREST, OTHER, OTHER "-1200 " CONTOSO "-1200", "",
     OK, OTHER "-1200", ""},
    {"unknown realm with our SID", "NOWHERE.TEST", FOREST, FABRIKAM, "", "", FILTERED, "",
     ""},
    {"unknown realm with a SID that is not a domain's", "NOWHERE.TEST", FOREST,
     "S-1-5-32", "", "", FILTERED, "", ""},
    {"a realm called like a partner's flat name", "CONTOSO", 0, OTHER,
     OTHER "-1200 " CONTOSO "-1200", "", OK, OTHER "-1200", ""},
    {"a realm called like our flat name", "FABRIKAM", 0, FABRIKAM, "", "", FILTERED, "",
     ""},
};

struct fixture {
    TALLOC_CTX *mem;
    struct tl_topology *topo;
    struct tl_pac *pac;
    struct tl_outcome *out;
    struct tl_trace_log *log;
    struct tl_trace trace;
};

static struct tl_topology *make_topology(TALLOC_CTX *mem, uint32_t attributes)
{
    struct tl_ft_record records[] = {
        {.type = TL_FT_TLN, .name = "contoso.test"},
        {.type = TL_FT_DOMAIN,
         .name = "contoso.test",
         .sid = sid_of(CONTOSO),
         .has_sid = true},
        {.type = TL_FT_DOMAIN,
         .name = "sub.contoso.test",
         .sid = sid_of(SUB),
         .has_sid = true},
        {.type = TL_FT_DOMAIN,
         .name = "off.contoso.test",
         .sid = sid_of(OFF),
         .has_sid = true,
         .flags = TL_FT_SID_DISABLED_ADMIN},
    };
    struct tl_forest_info info = {.count = COUNT(records), .records = records};
    const bool inside = (attributes & INSIDE) != 0;
    struct tl_tdo tdo = {.holder = "fabrikam.test",
                         .partner = inside ? "eu.fabrikam.test" : "contoso.test",
                         .flat = inside ? "EU" : "CONTOSO",
                         .sid = sid_of(inside ? EU : CONTOSO),
                         .has_sid = true,
                         .direction = 3,
                         .type = TL_TRUST_UPLEVEL,
                         .attributes = attributes};
    /* What the other side says of itself must count for nothing. */
    struct tl_ft_record claim = {.type = TL_FT_DOMAIN,
                                 .name = "nowhere.test",
                                 .sid = sid_of(CONTOSO),
                                 .has_sid = true};
    struct tl_forest_info claims = {.count = 1, .records = &claim};
    struct tl_tdo theirs = {.holder = "contoso.test",
                            .partner = "nowhere.test",
                            .sid = sid_of(CONTOSO),
                            .has_sid = true,
                            .type = TL_TRUST_UPLEVEL,
                            .attributes = FOREST,
                            .forest_info = &claims};
    struct tl_topology *topo = new_topology(mem);

    add_own_domain(topo, "fabrikam.test", "FABRIKAM", FABRIKAM);
    add_own_domain(topo, "eu.fabrikam.test", "EU", EU);
    if (attributes & FOREST)
        tdo.forest_info = &info;
    ck_assert_int_eq(tl_topology_add_trust(topo, &theirs), 0);
    ck_assert_int_eq(tl_topology_add_trust(topo, &tdo), 0);
    return topo;
}

static struct tl_pac_group *make_groups(struct tl_pac *pac, const char *list,
                                        size_t *count)
{
    struct tl_pac_group *groups = talloc_zero_array(pac, struct tl_pac_group, 32);
    char *copy = talloc_strdup(pac, list), *save = NULL;

    *count = 0;
    for (char *s = strtok_r(copy, " ", &save); s != NULL; s = strtok_r(NULL, " ", &save))
        groups[(*count)++].sid = sid_of(s);
    return groups;
}

static void assert_groups(const char *what, const struct tl_pac_group *groups,
                          size_t count, const char *expect)
{
    char text[4096] = "", sid[TL_SID_STRING_MAX];

    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
                 i > 0 ? " " : "", tl_sid_format(&groups[i].sid, sid));
    ck_assert_msg(strcmp(text, expect) == 0, "%s: left '%s' instead of '%s'", what, text,
                  expect);
}

static void make(struct fixture *f, const char *domain, uint32_t attributes)
{
    f->mem = talloc_new(NULL);
    f->topo = make_topology(f->mem, attributes);
    f->pac = talloc_zero(f->mem, struct tl_pac);
    f->pac->domain_sid = sid_of(domain);
    ck_assert_int_eq(tl_sid_append(&f->pac->domain_sid, 1104, &f->pac->user_sid), 0);
    f->out = tl_outcome_new(f->mem);
    f->log = tl_trace_log_new(f->mem);
    f->trace = tl_trace_start(tl_trace_log_fn, f->log);
}

static enum tl_reason apply(struct fixture *f, const char *client)
{
    return tl_pac_apply_rules(f->pac, f->topo, NULL, client, &ws, &f->trace, f->out);
}

START_TEST(table)
{
    const struct row *row = &rows[_i];
    struct fixture f;
    size_t before;
    int reason;

    make(&f, row->domain, row->attributes);
    f.pac->extra = make_groups(f.pac, row->extra, &f.pac->num_extra);
    f.pac->resource = make_groups(f.pac, row->resource, &f.pac->num_resource);
    before = f.pac->num_extra + f.pac->num_resource;
    reason = (int)apply(&f, talloc_asprintf(f.mem, "alice@%s", row->realm));
    ck_assert_msg(reason == row->reason, "%s: %d", row->what, reason);
    ck_assert_int_eq(f.out->reason, row->reason);
    if (reason == OK) {
        assert_groups(row->what, f.pac->extra, f.pac->num_extra, row->extra_left);
        assert_groups(row->what, f.pac->resource, f.pac->num_resource,
                      row->resource_left);
        ck_assert_uint_eq(f.log->count, before - f.pac->num_extra - f.pac->num_resource);
    } else {
        ck_assert_int_eq(f.out->stage, TL_STAGE_PROOF);
        if (row->reason == TL_REASON_TRUST_SID)
            ck_assert_str_eq(f.out->attribute, "securityIdentifier = " CONTOSO);
        else if (row->reason == TL_REASON_DOMAIN_SID_DISABLED)
            ck_assert_str_eq(
                f.out->attribute,
                "msDS-TrustForestTrustInfo disables the SID of OFF.CONTOSO.TEST (" OFF
                "), by an administrator");
        else
            ck_assert_ptr_nonnull(strstr(f.out->subject, row->domain));
        ck_assert_uint_eq(f.log->count, 1);
    }
    for (size_t i = 0; i < f.log->count; i++) {
        ck_assert_int_eq(f.log->events[i].kind, TL_EVENT_SID);
        ck_assert_ptr_nonnull(f.log->events[i].subject);
        ck_assert_ptr_nonnull(f.log->events[i].text);
    }
    talloc_free(f.mem);
}
END_TEST

START_TEST(another_requestor)
{
    struct fixture f;

    make(&f, CONTOSO, 0);
    f.pac->has_requestor_sid = true;
    f.pac->requestor_sid = f.pac->user_sid;
    ck_assert_int_eq(apply(&f, "alice@CONTOSO.TEST"), OK);
    f.pac->requestor_sid.subs[4]++;
    ck_assert_int_eq(apply(&f, "alice@CONTOSO.TEST"), TL_REASON_PAC_INVALID);
    ck_assert_str_eq(f.out->subject, CONTOSO "-1105");
    talloc_free(f.mem);
}
END_TEST

/* UserId 0: the user's SID comes from ExtraSids and could be any. */
START_TEST(a_user_outside_the_logon_domain)
{
    static const char *const users[] = {"S-1-5-32-544", "S-1-5-18", "S-1-22-1-0",
                                        OTHER "-1104",  CONTOSO,    CONTOSO "-1-1"};
    struct fixture f;

    for (size_t i = 0; i < COUNT(users); i++) {
        make(&f, CONTOSO, 0);
        f.pac->user_sid = sid_of(users[i]);
        ck_assert_int_eq(apply(&f, "alice@CONTOSO.TEST"), FILTERED);
        ck_assert_str_eq(f.out->subject, users[i]);
        talloc_free(f.mem);
    }
}
END_TEST

/* Our own KDC could have added them, or the other side: they are dropped. */
START_TEST(set_aside_for_rules)
{
    struct fixture f;

    make(&f, CONTOSO, TL_TRUST_FOREST_TRANSITIVE);
    f.pac->extra = make_groups(f.pac,
                               FABRIKAM "-1300 " CONTOSO "-1200 S-1-5-32-544 " EU
                                        "-1301 S-1-5-15 " OTHER "-1400",
                               &f.pac->num_extra);
    ck_assert_int_eq(apply(&f, "alice@CONTOSO.TEST"), OK);
    assert_groups("kept", f.pac->extra, f.pac->num_extra, CONTOSO "-1200 S-1-5-15");
    assert_groups("set aside", (struct tl_pac_group *)(uintptr_t)f.pac->unproven,
                  f.pac->num_unproven, EU "-1301 " FABRIKAM "-1300"); /* in any order */
    talloc_free(f.mem);

    /* Within the forest they count unchanged. */
    make(&f, EU, 0);
    f.pac->extra = make_groups(f.pac, FABRIKAM "-1300 S-1-5-18", &f.pac->num_extra);
    ck_assert_int_eq(apply(&f, "alice@EU.FABRIKAM.TEST"), OK);
    assert_groups("own forest", f.pac->extra, f.pac->num_extra, FABRIKAM "-1300");
    ck_assert_uint_eq(f.pac->num_unproven, 0);
    talloc_free(f.mem);
}
END_TEST

START_TEST(nothing_known)
{
    struct tl_route route = {.user_domain = "contoso.test"};
    struct fixture f;

    make(&f, CONTOSO, 0);
    f.pac->extra =
        make_groups(f.pac, CONTOSO "-1200 " OTHER "-1200 S-1-18-1 " CONTOSO "-512",
                    &f.pac->num_extra);
    ck_assert_int_eq(tl_pac_apply_rules(f.pac, NULL, &route, NULL, &ws, NULL, NULL), OK);
    assert_groups("no topology", f.pac->extra, f.pac->num_extra,
                  CONTOSO "-1200 S-1-18-1");

    /* The workstation knows its own domain without a topology. */
    f.pac->extra = make_groups(f.pac, EU "-1200 " CONTOSO "-512", &f.pac->num_extra);
    ck_assert_int_eq(
        tl_pac_apply_rules(f.pac, NULL, NULL, "bob@FABRIKAM.TEST", &ws, NULL, f.out), OK);
    assert_groups("own domain", f.pac->extra, f.pac->num_extra,
                  EU "-1200 " CONTOSO "-512");
    talloc_free(f.mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sidrules");
    TCase *tc = tcase_create("rules");

    tcase_add_loop_test(tc, table, 0, COUNT(rows));
    tcase_add_test(tc, another_requestor);
    tcase_add_test(tc, a_user_outside_the_logon_domain);
    tcase_add_test(tc, set_aside_for_rules);
    tcase_add_test(tc, nothing_known);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
