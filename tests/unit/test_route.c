/* SPDX-License-Identifier: MIT
 *
 * test_route.c - routing by table: each row is one rule with its source, a snapshot,
 * what is changed about it, and what must come out. docs/sources.md has the documents
 * and the sections that the sources name; "decision" is docs/decisions/routing.md.
 */
#include <stdlib.h>
#include <string.h>
#include <check.h>
#include <trustlogon/route.h>

#include "topologies.h"
#include "fixtures.h"

static const struct tl_workstation ws1 = {WS1_OF_FABRIKAM};
static const struct tl_workstation ws_deep = {.flat = "WS1",
                                              .fqdn = "ws1.de.eu.fabrikam.test",
                                              .realm = "DE.EU.FABRIKAM.TEST",
                                              .domain = "de.eu.fabrikam.test"};
static const struct tl_workstation ws_default = {WS1_OF_FABRIKAM,
                                                 .default_domain = "CONTOSO"};

static const struct tl_workstation ws_realms = {WS1_OF_FABRIKAM,
                                                .realms = "UNIX.TEST, WINGTIP.TEST"};

/* A snapshot with the row's changes, separated by blanks. */
static struct tl_topology *topology(TALLOC_CTX *ctx, const char *json, const char *sets)
{
    struct tl_topology *topo = NULL;
    char *error = NULL, *copy, *word, *rest = NULL;

    if (json == NULL)
        return NULL;
    ck_assert_msg(tl_topology_from_json(ctx, json, strlen(json), &topo, &error) == 0,
                  "%s", error);
    copy = talloc_strdup(ctx, sets != NULL ? sets : "");
    for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        ck_assert_msg(tl_topology_set(ctx, topo, word, &error) == 0, "%s: %s", word,
                      error);
    return topo;
}

static struct tl_route *route(TALLOC_CTX *ctx, const struct tl_topology *topo,
                              const struct tl_workstation *ws, const char *typed)
{
    struct tl_route *r = NULL;
    struct tl_name *name = NULL;

    ck_assert_int_eq(tl_name_parse(ctx, typed, strlen(typed), &name, NULL), 0);
    ck_assert_int_eq(tl_route(ctx, name, ws, topo, &r), 0);
    ck_assert_ptr_nonnull(r->why);
    return r;
}

/* "alice@CONTOSO.TEST NT-PRINCIPAL host" */
static char *ask_of(TALLOC_CTX *ctx, const struct tl_route *r)
{
    if (r->local)
        return talloc_strdup(ctx, "local");
    if (r->realm == NULL)
        return talloc_strdup(ctx, "not asked");
    return talloc_asprintf(ctx, "%s @%s %s %s", r->principal, r->realm,
                           r->type == TL_PRINCIPAL ? "principal" : "enterprise",
                           r->first_ask == TL_ASK_HOST ? "host" : "krbtgt");
}

static char *path_of(TALLOC_CTX *ctx, const struct tl_route *r)
{
    char *path = talloc_strdup(ctx, "");

    for (size_t i = 0; i < r->num_hops; i++) {
        if (i == 0)
            path = talloc_asprintf_append(path, "%s", r->hops[i].from);
        else
            ck_assert_str_eq(r->hops[i].from, r->hops[i - 1].to);
        path = talloc_asprintf_append(path, ">%s", r->hops[i].to);
    }
    return path;
}

/* "slug|subject|attribute", as far as the row goes into it. */
static char *verdict_of(TALLOC_CTX *ctx, enum tl_reason reason, const char *subject,
                        const char *attribute)
{
    return talloc_asprintf(ctx, "%s|%s|%s", tl_reason_info(reason)->slug,
                           subject ? subject : "", attribute ? attribute : "");
}

struct row {
    const char *source, *json, *sets;
    const struct tl_workstation *ws;
    const char *typed, *ask, *verdict, *path;
};

#define E TOPO_EXTERNAL
#define EB TOPO_EXTERNAL_BOTH
#define F TOPO_FOREST
#define T TOPO_TREE
#define C_TO_F "contoso.test>fabrikam.test"
#define CONTOSO_DN "CN=contoso.test,CN=System,DC=fabrikam,DC=test"

static const struct row rows[] = {
    /* Names that name a domain (docs/sources.md) */
    {"user-name-formats: down-level name", E, NULL, &ws1, "CONTOSO\\alice",
     "alice @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"KILE <28>: names without case", E, NULL, &ws1, "contoso\\ALICE",
     "ALICE @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"KB2675498: FQDN in the domain part", E, NULL, &ws1, "contoso.test\\alice",
     "alice @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"KB929272: implicit UPN", E, NULL, &ws1, "alice@contoso.test",
     "alice @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"KB929272: implicit UPN with flat name", E, NULL, &ws1, "alice@CONTOSO",
     "alice @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"LSAD 3.1.4.7.16.1: a trailing dot", E, NULL, &ws1, "alice@contoso.test.",
     "alice @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"CredUIParseUserName: the last @", E, NULL, &ws1, "a@b@contoso.test",
     "a@b @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"KB943440: a bare name", E, NULL, &ws1, "bob", "bob @FABRIKAM.TEST principal host",
     "ok", ""},
    {"KB943440: default domain", E, NULL, &ws_default, "alice",
     "alice @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"own flat name", E, NULL, &ws1, "FABRIKAM\\bob", "bob @FABRIKAM.TEST principal host",
     "ok", ""},
    {"own implicit UPN", E, NULL, &ws1, "bob@fabrikam.test",
     "bob @FABRIKAM.TEST principal host", "ok", ""},
    {"this machine's names", E, NULL, &ws1, "WS1\\root", "local", "name-local", ""},
    {"this machine's names: dot", E, NULL, &ws1, ".\\root", "local", "name-local", ""},

    /* Suffixes */
    {"ADA3 2.340: own uPNSuffixes, found by the GC", E, NULL, &ws1,
     "bob@fabrikam.example", "bob@fabrikam.example @FABRIKAM.TEST enterprise host", "ok",
     ""},
    {"dd560680: no suffix routing over external trusts", E, NULL, &ws1,
     "alice@corp.example", "alice@corp.example @FABRIKAM.TEST enterprise host",
     "suffix-not-routable-over-external-trust|corp.example|", ""},
    {"sources, external trusts: exact name only, not below an external partner", E, NULL,
     &ws1, "alice@sub.contoso.test",
     "alice@sub.contoso.test @FABRIKAM.TEST enterprise host",
     "suffix-not-routable-over-external-trust", ""},
    {"sources, external trusts: a suffix of no domain, forest trusts only", F, NULL, &ws1,
     "x@unknown.example", "x@unknown.example @FABRIKAM.TEST enterprise host",
     "suffix-unknown|unknown.example|", ""},
    {"DRSR 5.64.2: enabled TLN", F, NULL, &ws1, "alice@corp.example",
     "alice@corp.example @FABRIKAM.TEST enterprise host", "ok", C_TO_F},
    {"DRSR 5.64.2: below an enabled TLN", F, NULL, &ws1, "alice@x.y.corp.example",
     "alice@x.y.corp.example @FABRIKAM.TEST enterprise host", "ok", C_TO_F},
    {"DRSR 5.64.2: not beside one", F, NULL, &ws1, "alice@xcorp.example",
     "alice@xcorp.example @FABRIKAM.TEST enterprise host", "suffix-unknown", ""},
    {"DRSR 5.64.2: the longest match, over all trusts", F, NULL, &ws1,
     "alice@lab.corp.example", "alice@lab.corp.example @FABRIKAM.TEST enterprise host",
     "ok", "northwind.test>fabrikam.test"},
    {"ADTS 6.1.6.9.3: LSA_TLN_DISABLED_NEW", F, NULL, &ws1, "alice@new.example",
     "alice@new.example @FABRIKAM.TEST enterprise host",
     "suffix-disabled-new|new.example|Disabled-New", ""},
    {"ADTS 6.1.6.9.3: LSA_TLN_DISABLED_ADMIN, and below", F, NULL, &ws1,
     "alice@a.off.example", "alice@a.off.example @FABRIKAM.TEST enterprise host",
     "suffix-disabled-by-admin|off.example|Disabled", ""},
    {"ADTS 6.1.6.9.3: LSA_TLN_DISABLED_CONFLICT", F, NULL, &ws1, "alice@claimed.example",
     "alice@claimed.example @FABRIKAM.TEST enterprise host",
     "suffix-disabled-conflict|claimed.example|Disabled-Conflicting", ""},
    {"DRSR 5.64.2 ForestTrustOwnsName: exclusion", F, NULL, &ws1, "a@plant.corp.example",
     "a@plant.corp.example @FABRIKAM.TEST enterprise host",
     "suffix-excluded|plant.corp.example|", ""},
    {"dd560680: an exclusion stops a suffix its parent routes (quirk 1)", F, NULL, &ws1,
     "a@x.plant.corp.example", "a@x.plant.corp.example @FABRIKAM.TEST enterprise host",
     "suffix-excluded|plant.corp.example|", ""},
    {"decision: a disabled exclusion still excludes (quirk 2)", F, NULL, &ws1,
     "a@exoff.corp.example", "a@exoff.corp.example @FABRIKAM.TEST enterprise host",
     "suffix-excluded|exoff.corp.example|Disabled", ""},
    {"Samba util_trusts.c: an exclusion drops its own trust only", F, NULL, &ws1,
     "a@line.plant.corp.example",
     "a@line.plant.corp.example @FABRIKAM.TEST enterprise host", "ok",
     "northwind.test>fabrikam.test"},
    {"LSAD 3.1.4.7.16.1: local names win", F, NULL, &ws1, "bob@both.example",
     "bob@both.example @FABRIKAM.TEST enterprise host", "ok", ""},
    {"decision: a disabled TLN below an enabled one", F,
     "contoso.test.tln:x.corp.example=disabled", &ws1, "alice@y.x.corp.example",
     "alice@y.x.corp.example @FABRIKAM.TEST enterprise host", "ok", C_TO_F},
    {"Samba: a longer name of a trust below a local one", F,
     "contoso.test.tln:deep.both.example=enabled", &ws1, "alice@deep.both.example",
     "alice@deep.both.example @FABRIKAM.TEST enterprise host", "ok", C_TO_F},
    {"sources, no third forest: a forest trust does not extend to a third forest", F,
     NULL, &ws1, "x@wingtip.test", "x@wingtip.test @FABRIKAM.TEST enterprise host",
     "suffix-unknown|wingtip.test|", ""},
    {"sources, no third forest: nor does its flat name", F, NULL, &ws1, "WINGTIP\\x",
     "not asked", "domain-unknown|WINGTIP|", ""},
    {"LSAD: any bit of the mask disables", F, "contoso.test.tln:corp.example=conflict",
     &ws1, "alice@corp.example", "alice@corp.example @FABRIKAM.TEST enterprise host",
     "suffix-disabled-conflict|corp.example|Disabled-Conflicting", ""},
    {"Samba: forest trust that is NON_TRANSITIVE routes no suffix", F,
     "contoso.test.trustAttributes=9", &ws1, "alice@corp.example",
     "alice@corp.example @FABRIKAM.TEST enterprise host",
     "suffix-not-routable-over-external-trust", ""},
    {"DRSR 5.64.2: FOREST_TRANSITIVE only", F, "contoso.test.trustAttributes=0", &ws1,
     "alice@corp.example", "alice@corp.example @FABRIKAM.TEST enterprise host",
     "suffix-not-routable-over-external-trust", ""},
    {"Samba: trustType 1 routes no suffix", F, "contoso.test.trustType=1", &ws1,
     "alice@corp.example", "alice@corp.example @FABRIKAM.TEST enterprise host",
     "suffix-not-routable-over-external-trust", ""},
    {"sources, Kerberos realms: trustType 3 routes no suffix", F,
     "contoso.test.trustType=3", &ws1, "alice@corp.example",
     "alice@corp.example @FABRIKAM.TEST enterprise host",
     "suffix-not-routable-over-external-trust", ""},
    {"TREAT_AS_EXTERNAL filters SIDs, not names", F, "contoso.test.trustAttributes=0x48",
     &ws1, "alice@corp.example", "alice@corp.example @FABRIKAM.TEST enterprise host",
     "ok", C_TO_F},
    {"QUARANTINED is ignored by routing", F, "contoso.test.trustAttributes=0xc", &ws1,
     "alice@corp.example", "alice@corp.example @FABRIKAM.TEST enterprise host", "ok",
     C_TO_F},
    {"a suffix routed over a trust that runs the wrong way", F,
     "fabrikam.test/contoso.test.trustDirection=1", &ws1, "alice@corp.example",
     "alice@corp.example @FABRIKAM.TEST enterprise host",
     "trust-direction|contoso.test in fabrikam.test|trustDirection = 1, incoming",
     C_TO_F},

    /* Domains of a trusted forest */
    {"forest trust by flat name", F, NULL, &ws1, "CONTOSO\\alice",
     "alice @CONTOSO.TEST principal host", "ok", C_TO_F},
    {"DRSR 5.64.2: DomainInfo by DNS name", F, NULL, &ws1, "ann@emea.contoso.test",
     "ann @EMEA.CONTOSO.TEST principal host", "ok", "emea.contoso.test>" C_TO_F},
    {"DRSR 5.64.2: DomainInfo by NetBIOS name", F, NULL, &ws1, "EMEA\\ann",
     "ann @EMEA.CONTOSO.TEST principal host", "ok", "emea.contoso.test>" C_TO_F},
    {"second tree of the trusted forest", F, NULL, &ws1, "LEAF\\ann",
     "ann @LEAF.TREE.EXAMPLE principal host", "ok",
     "leaf.tree.example>tree.example>" C_TO_F},
    {"ADTS 6.1.6.9.3.2: SID disabled, by DNS name", F, NULL, &ws1, "x@sid.contoso.test",
     "x @SID.CONTOSO.TEST principal host",
     "domain-disabled|sid.contoso.test|Disabled-SID", "sid.contoso.test>" C_TO_F},
    {"DRSR 5.64.2: SID disabled, by NetBIOS name (mask 0xF)", F, NULL, &ws1, "SIDOFF\\x",
     "x @SID.CONTOSO.TEST principal host", "domain-disabled|SIDOFF|Disabled-SID",
     "sid.contoso.test>" C_TO_F},
    {"ADTS 6.1.6.9.3.2: SID conflict", F, NULL, &ws1, "x@sidc.contoso.test",
     "x @SIDC.CONTOSO.TEST principal host", "domain-disabled||", NULL},
    {"ADTS 6.1.6.9.3.2: the subtree of a domain disabled by SID", F, NULL, &ws1,
     "x@deep.sid.contoso.test", "x@deep.sid.contoso.test @FABRIKAM.TEST enterprise host",
     "domain-disabled|sid.contoso.test|Disabled-SID", ""},
    {"ADTS 6.1.6.9.3: NB_DISABLED_ADMIN, by NetBIOS name", F, NULL, &ws1, "NBOFF\\x",
     "x @NB.CONTOSO.TEST principal host", "domain-disabled|NBOFF|Disabled-NB", NULL},
    {"ADTS 6.1.6.9.3: NB_DISABLED_ADMIN, by DNS name", F, NULL, &ws1, "x@nb.contoso.test",
     "x @NB.CONTOSO.TEST principal host", "ok", NULL},
    {"ADTS 6.1.6.9.3: NB_DISABLED_CONFLICT", F, NULL, &ws1, "NBCONF\\x",
     "x @NBC.CONTOSO.TEST principal host",
     "domain-disabled|NBCONF|Disabled-NB-Conflicting", NULL},
    {"ADTS 6.1.6.9.3.2: a disabled TLN takes its domains out", F,
     "contoso.test.tln:tree.example=disabled", &ws1, "LEAF\\ann",
     "ann @LEAF.TREE.EXAMPLE principal host",
     "suffix-disabled-by-admin|tree.example|Disabled", NULL},

    /* TDOs, as far as the own side shows them */
    {"Samba trust_message2entry: type 1", E, "contoso.test.trustType=1", &ws1,
     "CONTOSO\\alice", "alice @CONTOSO.TEST principal krbtgt",
     "trust-downlevel|" CONTOSO_DN "|trustType = 1", C_TO_F},
    {"sources, Kerberos realms: type 3", E, "contoso.test.trustType=mit", &ws1,
     "CONTOSO\\alice", "alice @contoso.test principal krbtgt",
     "trust-mit|" CONTOSO_DN "|trustType = 3", C_TO_F},
    {"RFC 4120 6.1: a Kerberos realm as it is spelt", E,
     "contoso.test.trustType=3 contoso.test.trustPartner=Unix.Test", &ws1,
     "carol@UNIX.test", "carol @Unix.Test principal krbtgt",
     "trust-mit|" CONTOSO_DN "|trustType = 3", "unix.test>fabrikam.test"},
    {"RFC 4120 6.1: by flat name, too; the user's case is kept", E,
     "contoso.test.trustType=3 contoso.test.trustPartner=Unix.Test", &ws1,
     "contoso\\Carol", "Carol @Unix.Test principal krbtgt", "trust-mit||", NULL},
    {"KILE 3.2.5.1: a realm that the forest root trusts refers no one further", T,
     "old.example.trustType=3", &ws_deep, "otto@old.example",
     "otto @old.example principal krbtgt", "trust-mit||", NULL},
    {"ADTS 6.1.6.7.15: names below a realm are not the realm's", E,
     "contoso.test.trustType=3", &ws1, "x@sub.contoso.test",
     "x@sub.contoso.test @FABRIKAM.TEST enterprise host",
     "suffix-not-routable-over-external-trust", ""},
    {"ADTS 6.1.6.7.12: own side lacks OUTBOUND", E, "contoso.test.trustDirection=1", &ws1,
     "alice@contoso.test", "alice @CONTOSO.TEST principal krbtgt", "trust-direction",
     C_TO_F},
    {"ADTS 6.1.6.7.12: OUTBOUND alone is enough", E, "contoso.test.trustDirection=2",
     &ws1, "alice@contoso.test", "alice @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"ADTS 6.1.6.7.12: disabled", E, "contoso.test.trustDirection=0", &ws1,
     "alice@contoso.test", "alice @CONTOSO.TEST principal krbtgt", "trust-direction||",
     C_TO_F},
    {"NRPC, Samba: UPLEVEL_ONLY hides the NetBIOS name", E,
     "contoso.test.trustAttributes=2", &ws1, "CONTOSO\\alice",
     "alice @CONTOSO.TEST principal krbtgt",
     "trust-uplevel-only|" CONTOSO_DN "|trustAttributes = 0x2, UPLEVEL_ONLY", C_TO_F},
    {"NRPC, Samba: UPLEVEL_ONLY leaves the DNS name", E, "contoso.test.trustAttributes=2",
     &ws1, "alice@contoso.test", "alice @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"NON_TRANSITIVE does no harm to the two ends", E, "contoso.test.trustAttributes=1",
     &ws1, "CONTOSO\\alice", "alice @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"forest + NON_TRANSITIVE: an exact pair, way asked for", F,
     "contoso.test.trustAttributes=9 contoso.test/fabrikam.test.trustAttributes=9", &ws1,
     "CONTOSO\\alice", "alice @CONTOSO.TEST principal krbtgt", "ok", C_TO_F},
    {"Samba: CROSS_ORGANIZATION", E, "contoso.test.trustAttributes=0x10", &ws1,
     "CONTOSO\\alice", "alice @CONTOSO.TEST principal krbtgt",
     "trust-selective||trustAttributes = 0x10, CROSS_ORGANIZATION", C_TO_F},
    {"ee849847 cause 1: own TDO by NetBIOS name, DNS name typed", E,
     "contoso.test.trustPartner=CONTOSO", &ws1, "contoso.test\\alice", "not asked",
     "domain-unknown|contoso.test|", ""},
    {"ee849847 cause 1: own TDO by NetBIOS name, nothing maps it", E,
     "contoso.test.trustPartner=CONTOSO CONTOSO.trustType=1", &ws1, "CONTOSO\\alice",
     "not asked", "trust-downlevel||trustType = 1", ""},
    {"a NetBIOS-named TDO, mapped by a forest trust's domain record", F,
     "northwind.test.trustPartner=EMEA EMEA.flatName=EMEA", &ws1, "EMEA\\ann",
     "ann @EMEA.CONTOSO.TEST principal host", "trust-netbios-named", NULL},
    {"scenario 4, both sides read: user's side type 1", EB,
     "contoso.test/fabrikam.test.trustType=1", &ws1, "CONTOSO\\alice",
     "alice @CONTOSO.TEST principal krbtgt",
     "trust-downlevel|CN=fabrikam.test,CN=System,DC=contoso,DC=test|trustType = 1",
     C_TO_F},
    {"scenario 4: user's side named by NetBIOS name", EB,
     "contoso.test/fabrikam.test.trustPartner=FABRIKAM", &ws1, "CONTOSO\\alice",
     "alice @CONTOSO.TEST principal krbtgt",
     "trust-netbios-named||trustPartner = FABRIKAM", C_TO_F},

    /* Unknown domains */
    {"an unknown DNS domain is not asked", E, NULL, &ws1, "wingtip.test\\eve",
     "not asked", "domain-unknown|wingtip.test|", ""},
    {"nor is an address", E, NULL, &ws1, "192.0.2.1\\eve", "not asked",
     "domain-unknown|192.0.2.1|", ""},
    {"nor one that begins a known name", E, NULL, &ws1, "contoso.test.evil.example\\eve",
     "not asked", "domain-unknown|contoso.test.evil.example|", ""},
    {"nor what is below an external trust's domain", E, NULL, &ws1,
     "new.contoso.test\\eve", "not asked", "domain-unknown|new.contoso.test|", ""},
    {"nor what is below our own", E, NULL, &ws1, "new.fabrikam.test\\eve", "not asked",
     "domain-unknown|new.fabrikam.test|", ""},
    {"below a forest trust's name: our own KDC follows the routing", F, NULL, &ws1,
     "new.contoso.test\\eve", "eve@new.contoso.test @FABRIKAM.TEST enterprise host", "ok",
     NULL},
    {"below one that is not routed: not asked", F,
     "contoso.test.tln:contoso.test=disabled", &ws1, "new.contoso.test\\eve", "not asked",
     "domain-unknown|new.contoso.test|", ""},
    {"[topology] realms: asked by its name", E, NULL, &ws_realms, "wingtip.test\\eve",
     "eve @WINGTIP.TEST principal host", "domain-unknown|wingtip.test|", ""},
    {"[topology] realms: that name only", E, NULL, &ws_realms, "x.wingtip.test\\eve",
     "not asked", "domain-unknown|x.wingtip.test|", ""},
    {"an unknown flat name cannot be", E, NULL, &ws1, "WINGTIP\\eve", "not asked",
     "domain-unknown|WINGTIP|", ""},
    {"no snapshot: DNS domain", NULL, NULL, &ws1, "contoso.test\\alice",
     "alice @CONTOSO.TEST principal host", "domain-unknown", ""},
    {"no snapshot: flat name", NULL, NULL, &ws1, "CONTOSO\\alice", "not asked",
     "domain-unknown", ""},
    {"no snapshot: own domain", NULL, NULL, &ws1, "bob@fabrikam.test",
     "bob @FABRIKAM.TEST principal host", "ok", ""},
    {"no snapshot: own domain by its likely flat name", NULL, NULL, &ws1, "FABRIKAM\\bob",
     "bob @FABRIKAM.TEST principal host", "domain-unknown", ""},
    {"no snapshot: bare", NULL, NULL, &ws1, "bob", "bob @FABRIKAM.TEST principal host",
     "ok", ""},
    {"no snapshot: a suffix", NULL, NULL, &ws1, "alice@corp.example",
     "alice@corp.example @FABRIKAM.TEST enterprise host", "domain-unknown|corp.example|",
     ""},

    /* Paths: "How Domain and Forest Trusts Work" */
    {"child to grandchild's sibling tree branch", T, NULL, &ws_deep, "US\\bob",
     "bob @US.FABRIKAM.TEST principal host", "ok",
     "us.fabrikam.test>fabrikam.test>eu.fabrikam.test>de.eu.fabrikam.test"},
    {"root to the third level", T, NULL, &ws_deep, "FABRIKAM\\bob",
     "bob @FABRIKAM.TEST principal host", "ok",
     "fabrikam.test>eu.fabrikam.test>de.eu.fabrikam.test"},
    {"parent to child", T, NULL, &ws_deep, "bob@EU",
     "bob @EU.FABRIKAM.TEST principal host", "ok",
     "eu.fabrikam.test>de.eu.fabrikam.test"},
    {"other tree root, over the forest root", T, NULL, &ws_deep, "bob@adventure.example",
     "bob @ADVENTURE.EXAMPLE principal host", "ok",
     "adventure.example>fabrikam.test>eu.fabrikam.test>de.eu.fabrikam.test"},
    {"a shortcut trust cuts the way", T, NULL, &ws_deep, "WORKS\\bob",
     "bob @WORKS.ADVENTURE.EXAMPLE principal host", "ok",
     "works.adventure.example>de.eu.fabrikam.test"},
    {"a shortcut the wrong way does not", T,
     "works.adventure.example.trustDirection=inbound", &ws_deep, "WORKS\\bob",
     "bob @WORKS.ADVENTURE.EXAMPLE principal host", "ok",
     "works.adventure.example>adventure.example>fabrikam.test>eu.fabrikam.test>"
     "de.eu.fabrikam.test"},
    {"a shortcut needs WITHIN_FOREST", T, "works.adventure.example.trustAttributes=0",
     &ws_deep, "WORKS\\bob", "bob @WORKS.ADVENTURE.EXAMPLE principal host", "ok",
     "works.adventure.example>adventure.example>fabrikam.test>eu.fabrikam.test>"
     "de.eu.fabrikam.test"},
    {"forest trust of the root, down to the third level", T, NULL, &ws_deep, "EMEA\\ann",
     "ann @EMEA.CONTOSO.TEST principal host", "ok",
     "emea.contoso.test>" C_TO_F ">eu.fabrikam.test>de.eu.fabrikam.test"},
    {"sources, external pair: an external trust of the root does not reach a child", T,
     NULL, &ws_deep, "OLD\\otto", "otto @OLD.EXAMPLE principal host",
     "trust-not-transitive|old.example in fabrikam.test|trustAttributes = 0x0, an "
     "external "
     "trust",
     "old.example>fabrikam.test>eu.fabrikam.test>de.eu.fabrikam.test"},
    {"ADTS 6.1.6.7.9: NON_TRANSITIVE on the path", T, "contoso.test.trustAttributes=9",
     &ws_deep, "CONTOSO\\ann", "ann @CONTOSO.TEST principal host",
     "trust-not-transitive|contoso.test in fabrikam.test|trustAttributes = 0x9, "
     "NON_TRANSITIVE",
     C_TO_F ">eu.fabrikam.test>de.eu.fabrikam.test"},
    {"WITHIN_FOREST and NON_TRANSITIVE on the path", T,
     "eu.fabrikam.test.trustAttributes=0x21", &ws_deep, "FABRIKAM\\bob",
     "bob @FABRIKAM.TEST principal host", "trust-not-transitive", NULL},
    {"WITHIN_FOREST in the wrong direction", T, "eu.fabrikam.test.trustDirection=1",
     &ws_deep, "FABRIKAM\\bob", "bob @FABRIKAM.TEST principal host", "trust-direction",
     NULL},
};

START_TEST(row)
{
    const struct row *r = &rows[_i];
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_route *got = route(ctx, topology(ctx, r->json, r->sets), r->ws, r->typed);
    char *verdict = verdict_of(ctx, got->verdict, got->subject, got->attribute);
    char *ask = ask_of(ctx, got), *path = path_of(ctx, got);
    size_t len = strlen(r->verdict);

    ck_assert_msg(strcmp(ask, r->ask) == 0, "%s: asks %s, not %s", r->source, ask,
                  r->ask);
    /* A row may leave out subject and attribute: "slug" or "slug||". */
    while (len > 0 && r->verdict[len - 1] == '|')
        len--;
    if (strstr(r->verdict, "||") != NULL && r->verdict[len] == '\0')
        ck_assert_msg(strncmp(verdict, r->verdict, strcspn(r->verdict, "|")) == 0 &&
                          strcmp(strrchr(verdict, '|'), strrchr(r->verdict, '|')) == 0,
                      "%s: verdict %s, not %s", r->source, verdict, r->verdict);
    else
        ck_assert_msg(strncmp(verdict, r->verdict, len) == 0 &&
                          (verdict[len] == '|' || verdict[len] == '\0'),
                      "%s: verdict %s, not %s", r->source, verdict, r->verdict);
    if (r->path != NULL)
        ck_assert_msg(strcmp(path, r->path) == 0, "%s: path %s", r->source, path);
    ck_assert((got->verdict == TL_REASON_OK) == (got->ntstatus == TL_NT_SUCCESS));
    talloc_free(ctx);
}
END_TEST

struct judge_row {
    const char *source, *json, *sets, *user_domain;
    const struct tl_workstation *ws;
    const char *verdict;
};

#define U_DN "CN=fabrikam.test,CN=System,DC=contoso,DC=test"
#define U "contoso.test/fabrikam.test."
#define W "fabrikam.test/contoso.test."
#define F_U "fabrikam.test in contoso.test"
#define F_W "contoso.test in fabrikam.test"

/* In the order in which the checks are made; where two things are wrong, the first. */
static const struct judge_row judge_rows[] = {
    {"nothing wrong", EB, NULL, "contoso.test", &ws1, "ok||"},
    {"nothing wrong, forest", F, NULL, "CONTOSO.TEST", &ws1, "ok||"},
    {"own domain", EB, NULL, "fabrikam.test", &ws1, "ok||"},
    {"nothing known", E, NULL, "wingtip.test", &ws1,
     "trust-missing|wingtip.test in fabrikam.test|"},
    {"user's side missing: its directory was read", EB,
     U "flatName=THIRD " U "trustPartner=third.test", "contoso.test", &ws1, NULL},
    {"user's side: type 1", EB, U "trustType=1", "contoso.test", &ws1,
     "trust-downlevel|" U_DN "|trustType = 1"},
    {"user's side: type before name", EB, U "trustType=1 " U "trustPartner=FABRIKAM",
     "contoso.test", &ws1, "trust-downlevel|" U_DN "|trustType = 1"},
    {"user's side: NetBIOS name", EB, U "trustPartner=FABRIKAM", "contoso.test", &ws1,
     "trust-netbios-named|" U_DN "|trustPartner = FABRIKAM"},
    {"user's side: name before direction", EB,
     U "trustPartner=FABRIKAM contoso.test/FABRIKAM.trustDirection=2", "contoso.test",
     &ws1, "trust-netbios-named|" U_DN "|trustPartner = FABRIKAM"},
    {"user's side: type 3", EB, U "trustType=3", "contoso.test", &ws1,
     "trust-mit|" U_DN "|trustType = 3"},
    {"user's side: not INBOUND", EB, U "trustDirection=2", "contoso.test", &ws1,
     "trust-direction|" U_DN "|trustDirection = 2, outgoing"},
    {"user's side: disabled", EB, U "trustDirection=0", "contoso.test", &ws1,
     "trust-direction|" U_DN "|trustDirection = 0, disabled"},
    {"user's side: INBOUND is enough", EB, U "trustDirection=1 " W "trustDirection=2",
     "contoso.test", &ws1, "ok||"},
    {"user's side before the workstation's", EB, U "trustDirection=2 " W "trustType=1",
     "contoso.test", &ws1, "trust-direction|" U_DN "|trustDirection = 2, outgoing"},
    {"user's side: selective", EB, U "trustAttributes=0x10", "contoso.test", &ws1,
     "trust-selective|" U_DN "|trustAttributes = 0x10, CROSS_ORGANIZATION"},
    {"workstation's side: type 1", EB, W "trustType=1", "contoso.test", &ws1,
     "trust-downlevel|" F_W "|trustType = 1"},
    {"workstation's side: not OUTBOUND", EB, W "trustDirection=1", "contoso.test", &ws1,
     "trust-direction|" F_W "|trustDirection = 1, incoming"},
    {"workstation's side: NetBIOS name", EB, W "trustPartner=CONTOSO", "contoso.test",
     &ws1, "trust-netbios-named|CONTOSO in fabrikam.test|trustPartner = CONTOSO"},
    {"workstation's side: selective", EB, W "trustAttributes=0x10", "contoso.test", &ws1,
     "trust-selective|" F_W "|trustAttributes = 0x10, CROSS_ORGANIZATION"},
    {"forest: host's TLN disabled", F, U "tln:fabrikam.test=disabled", "contoso.test",
     &ws1, "host-not-routed|" F_U "|TLN fabrikam.test: Disabled"},
    {"forest: host's TLN new", F, U "tln:fabrikam.test=new", "contoso.test", &ws1,
     "host-not-routed|" F_U "|TLN fabrikam.test: Disabled-New"},
    {"forest: host's TLN in conflict", F, U "tln:fabrikam.test=conflict", "contoso.test",
     &ws1, "host-not-routed|" F_U "|TLN fabrikam.test: Disabled-Conflicting"},
    {"forest: host's TLN absent", F, U "tln:fabrikam.test=absent", "contoso.test", &ws1,
     "host-not-routed|" F_U "|no TLN covers ws1.fabrikam.test"},
    {"forest: host excluded", F, U "tlnex:ws1.fabrikam.test=present", "contoso.test",
     &ws1, "host-not-routed|" F_U "|TLN_EX ws1.fabrikam.test"},
    {"forest: the host is routed elsewhere, by a longer name", F,
     "contoso.test/wingtip.test.tln:ws1.fabrikam.test=enabled", "contoso.test", &ws1,
     "host-not-routed|" F_U "|ws1.fabrikam.test is routed to wingtip.test"},
    {"forest: another host excluded", F, U "tlnex:ws2.fabrikam.test=present",
     "contoso.test", &ws1, "ok||"},
    {"forest on the workstation's side only: a referral is expected and none is made", F,
     U "trustAttributes=0", "contoso.test", &ws1,
     "host-not-routed|" F_U "|trustAttributes = 0x0, not a forest trust"},
    {"forest on the user's side only: referred all the same", F, W "trustAttributes=0",
     "contoso.test", &ws1, "ok||"},
    {"forest: direction before routing", F,
     U "tln:fabrikam.test=disabled " U "trustDirection=2", "contoso.test", &ws1,
     "trust-direction|" F_U "|trustDirection = 2, outgoing"},
    {"forest: routing before selective", F,
     U "tln:fabrikam.test=disabled " U "trustAttributes=0x18", "contoso.test", &ws1,
     "host-not-routed|" F_U "|TLN fabrikam.test: Disabled"},
    {"PAC 4.1.2.3: the user's realm is not claimed", F, W "tln:contoso.test=disabled",
     "contoso.test", &ws1, "suffix-disabled-by-admin|contoso.test|Disabled"},
    {"PAC 4.1.2.3: the user's realm is excluded", F, W "tlnex:emea.contoso.test=present",
     "emea.contoso.test", &ws1, "suffix-excluded|emea.contoso.test|"},
    {"the way through the root of the user's forest", F, U "trustType=1",
     "emea.contoso.test", &ws1, "trust-downlevel|" F_U "|trustType = 1"},
    {"an external trust with the wrong domain of the forest", T, NULL, "old.example",
     &ws_deep,
     "trust-not-transitive|old.example in fabrikam.test|trustAttributes = 0x0, an "
     "external trust"},
};

START_TEST(judged)
{
    const struct judge_row *r = &judge_rows[_i];
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo = topology(ctx, r->json, r->sets);
    const char *subject, *attribute;
    enum tl_reason reason =
        tl_route_judge(ctx, topo, r->user_domain, r->ws, &subject, &attribute);
    char *verdict = verdict_of(ctx, reason, subject, attribute);

    if (r->verdict == NULL)
        ck_assert_int_eq(reason, TL_REASON_TRUST_MISSING);
    else
        ck_assert_msg(strcmp(verdict, r->verdict) == 0, "%s: %s, not %s", r->source,
                      verdict, r->verdict);
    talloc_free(ctx);
}
END_TEST

/* What only a blob, not a setting, can bring about. */
START_TEST(blobs)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo = topology(ctx, F, NULL);
    struct tl_workstation disjoint = ws1;
    const char *subject, *attribute;
    struct tl_route *r;

    /* DRSR 5.64.2, Samba alike: one table that cannot be read stops all routing. */
    topo->trusts[1].forest_info = NULL;
    topo->trusts[1].forest_info_error = "bytes after the last record";
    r = route(ctx, topo, &ws1, "alice@corp.example");
    ck_assert_int_eq(r->verdict, TL_REASON_TRUST_INFO_BROKEN);
    ck_assert_str_eq(r->subject, "northwind.test");
    ck_assert_str_eq(r->attribute, "bytes after the last record");
    r = route(ctx, topo, &ws1, "bob@fabrikam.example");
    ck_assert_int_eq(r->verdict, TL_REASON_OK);

    /* Samba, measured: a forest trust without a table routes its own name. */
    topo->trusts[1].forest_info_error = NULL;
    r = route(ctx, topo, &ws1, "nan@sub.northwind.test");
    ck_assert_int_eq(r->verdict, TL_REASON_OK);
    ck_assert_str_eq(r->user_domain, "northwind.test");

    topo->trusts[2].forest_info = NULL;
    ck_assert_int_eq(
        tl_route_judge(ctx, topo, "contoso.test", &ws1, &subject, &attribute),
        TL_REASON_OK);
    topo->trusts[2].forest_info_error = "a record";
    ck_assert_int_eq(
        tl_route_judge(ctx, topo, "contoso.test", &ws1, &subject, &attribute),
        TL_REASON_TRUST_INFO_BROKEN);
    ck_assert_str_eq(attribute, "a record");

    /* Nor does a trust without a table route a host of another name. */
    topo->trusts[2].forest_info_error = NULL;
    disjoint.fqdn = "ws1.lab.example";
    ck_assert_int_eq(
        tl_route_judge(ctx, topo, "contoso.test", &disjoint, &subject, &attribute),
        TL_REASON_TRUST_INFO_MISSING);
    ck_assert_str_eq(attribute, "msDS-TrustForestTrustInfo is absent");
    talloc_free(ctx);
}
END_TEST

/* The trust was removed on the user's side, and it was that domain's only one. */
/* Values of msDS-SupportedEncryptionTypes at the two ends, and whose is reported. */
static const struct weak_row {
    uint32_t user, own; /* UINT32_MAX: absent */
    const char *user_domain, *told;
} weak_rows[] = {
    {24, 24, "contoso.test", ""},
    {4, 4, "contoso.test", "contoso.test fabrikam.test "},
    {UINT32_MAX, UINT32_MAX, "contoso.test", "contoso.test fabrikam.test "},
    {28, 4, "contoso.test", "fabrikam.test! "},
    {4, 16, "contoso.test", "contoso.test! "},
    {4, 4, "fabrikam.test", ""},
};

START_TEST(weak_trusts)
{
    const struct weak_row *r = &weak_rows[_i];
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo = topology(ctx, EB, NULL);
    char *told = talloc_strdup(ctx, "");
    struct tl_rc4_hop *list;
    size_t count;

    for (size_t i = 0; i < topo->num_trusts; i++) {
        struct tl_tdo *tdo = &topo->trusts[i];
        bool own = strcmp(tdo->holder, "fabrikam.test") == 0;

        tdo->enctypes = own ? r->own : r->user;
        tdo->has_enctypes = tdo->enctypes != UINT32_MAX;
    }
    ck_assert_int_eq(tl_route_rc4(ctx, topo, r->user_domain, &ws1, &list, &count), 0);
    for (size_t i = 0; i < count; i++)
        told = talloc_asprintf_append(told, "%s%s ", list[i].tdo->holder,
                                      list[i].uneven ? "!" : "");
    ck_assert_str_eq(told, r->told);
    ck_assert_int_eq(tl_route_rc4(ctx, NULL, r->user_domain, &ws1, &list, &count), 0);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(tl_route_rc4(ctx, topo, NULL, &ws1, &list, &count), 0);
    ck_assert_uint_eq(count, 0);
    talloc_free(ctx);
}
END_TEST

START_TEST(none_left)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo = topology(ctx, E, NULL);
    const char *subject, *attribute;

    ck_assert_int_eq(
        tl_route_judge(ctx, topo, "contoso.test", &ws1, &subject, &attribute),
        TL_REASON_OK);
    ck_assert_int_eq(tl_topology_mark_read(topo, "CONTOSO.TEST"), 0);
    ck_assert_int_eq(
        tl_route_judge(ctx, topo, "contoso.test", &ws1, &subject, &attribute),
        TL_REASON_TRUST_MISSING);
    ck_assert_str_eq(subject, "fabrikam.test in contoso.test");
    talloc_free(ctx);
}
END_TEST

START_TEST(guessed_upn)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_route *r = route(ctx, topology(ctx, E, NULL), &ws1, "alice@corp.example");

    ck_assert_str_eq(r->implicit_upn, "alice@contoso.test");
    ck_assert_ptr_null(r->user_domain);
    ck_assert(!r->domain_named);
    ck_assert_uint_eq(r->ntstatus, TL_NT_LOGON_FAILURE);
    r = route(ctx, topology(ctx, E, NULL), &ws1, "CONTOSO\\alice");
    ck_assert_str_eq(r->implicit_upn, "alice@contoso.test");
    ck_assert_str_eq(r->user_domain, "contoso.test");
    ck_assert_str_eq(r->user_flat, "CONTOSO");
    ck_assert(r->domain_named);
    talloc_free(ctx);
}
END_TEST

/* A guess only for a bare name that begins with a domain's, the longest first. */
START_TEST(backslash_lost)
{
    static const struct {
        const char *typed, *meant;
    } rows_meant[] = {
        {"CONTOSOalice", "CONTOSO\\alice"},
        {"contosoAlice", "CONTOSO\\Alice"},
        {"contoso.testalice", "contoso.test\\alice"},
        {"FABRIKAMbob", "FABRIKAM\\bob"},
        {"CONTOSO", NULL},
        {"alice", NULL},
        {"CONTOSO\\alice", NULL},
        {"CONTOSOalice@contoso.test", NULL},
    };
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo = topology(ctx, E, NULL);

    for (size_t i = 0; i < COUNT(rows_meant); i++) {
        const char *typed = rows_meant[i].typed;
        struct tl_name *name = NULL;
        char *meant;

        ck_assert_int_eq(tl_name_parse(ctx, typed, strlen(typed), &name, NULL), 0);
        meant = tl_name_meant(ctx, name, topo);
        ck_assert_pstr_eq(meant, rows_meant[i].meant);
        ck_assert_ptr_null(tl_name_meant(ctx, name, NULL));
    }
    talloc_free(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("route");
    TCase *table = tcase_create("table"), *judge = tcase_create("judge");

    tcase_add_loop_test(table, row, 0, COUNT(rows));
    tcase_add_test(table, blobs);
    tcase_add_test(table, guessed_upn);
    tcase_add_test(table, backslash_lost);
    tcase_add_test(judge, none_left);
    tcase_add_loop_test(judge, weak_trusts, 0, COUNT(weak_rows));
    tcase_add_loop_test(judge, judged, 0, COUNT(judge_rows));
    suite_add_tcase(suite, table);
    suite_add_tcase(suite, judge);
    return run_suite(suite);
}
