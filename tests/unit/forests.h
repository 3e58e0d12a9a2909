/* SPDX-License-Identifier: MIT
 *
 * forests.h - a topology with a forest trust, an external trust and every kind of lie
 * about the domains behind them, for the tests of what may be one forest.
 *
 *   fabrikam.test        the workstation's forest, with eu.fabrikam.test
 *   contoso.test         a trusted forest that lists its domains
 *   third.example        a trusted forest that claims a domain of CONTOSO
 *   liar.test            a trusted forest that claims the domains of four others
 *   plain.example        a trusted forest whose forest trust information is not there
 *   inbound.test         a forest that trusts us, and whose users may not come
 *   evil.test            an external trust
 *   dmz.fabrikam.test    an external trust; its name is below ours
 */
#ifndef TL_TEST_FORESTS_H
#define TL_TEST_FORESTS_H

#include <trustlogon/topology.h>

#include "run_suite.h"

static struct tl_ft_record of_contoso[] = {
    {.type = TL_FT_TLN, .name = "contoso.test"},
    {.type = TL_FT_DOMAIN, .name = "contoso.test"},
    {.type = TL_FT_DOMAIN, .name = "child.contoso.test"},
    {.type = TL_FT_DOMAIN, .name = "eu.contoso.test"},
    {.type = TL_FT_DOMAIN, .name = "off.contoso.test", .flags = TL_FT_SID_DISABLED_ADMIN},
    {.type = TL_FT_DOMAIN,
     .name = "clash.contoso.test",
     .flags = TL_FT_SID_DISABLED_CONFLICT},
    {.type = TL_FT_DOMAIN, .name = "sub.clash.contoso.test"},
    {.type = TL_FT_DOMAIN, .name = "out.contoso.test"},
    {.type = TL_FT_TLN_EX, .name = "out.contoso.test"},
    {.type = TL_FT_DOMAIN, .name = "emea.example"},
    {.type = TL_FT_TLN, .name = "corp.example"},
    {.type = TL_FT_TLN, .name = "off.example", .flags = TL_FT_DISABLED_ADMIN},
    {.type = TL_FT_DOMAIN, .name = "dmz.fabrikam.test"},
    {.type = TL_FT_DOMAIN, .name = "both.example"},
};
static struct tl_ft_record of_third[] = {
    {.type = TL_FT_DOMAIN, .name = "third.example"},
    {.type = TL_FT_DOMAIN, .name = "both.example"},
};
static struct tl_ft_record of_liar[] = {
    {.type = TL_FT_TLN, .name = "liar.test"},
    {.type = TL_FT_TLN, .name = "contoso.test", .flags = TL_FT_DISABLED_CONFLICT},
    {.type = TL_FT_TLN, .name = "evil.test", .flags = TL_FT_DISABLED_NEW},
    {.type = TL_FT_DOMAIN, .name = "liar.test"},
    {.type = TL_FT_DOMAIN, .name = "sub.liar.test"},
    {.type = TL_FT_DOMAIN, .name = "contoso.test"},
    {.type = TL_FT_DOMAIN, .name = "child.contoso.test"},
    {.type = TL_FT_DOMAIN, .name = "evil.test"},
    {.type = TL_FT_DOMAIN, .name = "sub.plain.example"},
};

#define INFO(table) (&(struct tl_forest_info){.count = COUNT(table), .records = (table)})
#define TRUST(of, with, who_trusts, flags, info)                                         \
    {                                                                                    \
        .holder = (of), .partner = (with), .type = TL_TRUST_UPLEVEL,                     \
        .direction = (who_trusts), .attributes = (flags), .forest_info = (info)          \
    }

static struct tl_tdo forest_trusts[] = {
    TRUST("fabrikam.test", "contoso.test", TL_TRUST_OUTBOUND | TL_TRUST_INBOUND,
          TL_TRUST_FOREST_TRANSITIVE, INFO(of_contoso)),
    TRUST("fabrikam.test", "third.example", TL_TRUST_OUTBOUND, TL_TRUST_FOREST_TRANSITIVE,
          INFO(of_third)),
    TRUST("fabrikam.test", "liar.test", TL_TRUST_OUTBOUND, TL_TRUST_FOREST_TRANSITIVE,
          INFO(of_liar)),
    TRUST("fabrikam.test", "plain.example", TL_TRUST_OUTBOUND, TL_TRUST_FOREST_TRANSITIVE,
          NULL),
    TRUST("fabrikam.test", "inbound.test", TL_TRUST_INBOUND, TL_TRUST_FOREST_TRANSITIVE,
          NULL),
    TRUST("fabrikam.test", "evil.test", TL_TRUST_OUTBOUND, 0, NULL),
    TRUST("fabrikam.test", "dmz.fabrikam.test", TL_TRUST_OUTBOUND, TL_TRUST_QUARANTINED,
          NULL),
    /* What the other side says about itself does not count. */
    TRUST("evil.test", "contoso.test", TL_TRUST_OUTBOUND, TL_TRUST_FOREST_TRANSITIVE,
          INFO(of_contoso)),
};
static struct tl_domain forest_domains[] = {{.dns = "fabrikam.test"},
                                            {.dns = "eu.fabrikam.test"}};
static const struct tl_topology forests = {.domain = "fabrikam.test",
                                           .forest = "fabrikam.test",
                                           .num_domains = COUNT(forest_domains),
                                           .domains = forest_domains,
                                           .num_trusts = COUNT(forest_trusts),
                                           .trusts = forest_trusts};

#endif
