/* SPDX-License-Identifier: MIT
 *
 * test_route.c - routing by table: each row is one rule with its source, a snapshot,
 * what is changed about it, and what must come out. docs/sources.md has the documents
 * and the sections that the sources name; "decision" is docs/decisions/routing.md.
 */
#include <string.h>
#include <check.h>
#include <trustlogon/route.h>

#include "route_rows.h"

static const struct tl_workstation ws_default = {WS1_OF_FABRIKAM,
                                                 .default_domain = "CONTOSO"};

static const struct tl_workstation ws_realms = {WS1_OF_FABRIKAM,
                                                .realms = "UNIX.TEST, WINGTIP.TEST"};

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

struct row {
    const char *source, *json, *sets;
    const struct tl_workstation *ws;
    const char *typed, *ask, *verdict, *path;
};

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

int main(void)
{
    Suite *suite = suite_create("route");
    TCase *table = tcase_create("table");

    tcase_add_loop_test(table, row, 0, COUNT(rows));
    suite_add_tcase(suite, table);
    return run_suite(suite);
}
