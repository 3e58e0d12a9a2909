/* SPDX-License-Identifier: MIT
 *
 * topologies.h - snapshots that the tests of trusts and routes work on. The rows of a
 * test change them with tl_topology_set().
 */
#ifndef TESTS_TOPOLOGIES_H
#define TESTS_TOPOLOGIES_H

/* FABRIKAM with workstation ws1 and an external trust with CONTOSO, own side only. */
#define TOPO_EXTERNAL                                                                    \
    "{\"version\": 1, \"taken\": 1000, \"domain\": \"fabrikam.test\","                   \
    " \"forest\": \"fabrikam.test\","                                                    \
    " \"domains\": [{\"dns\": \"fabrikam.test\", \"flat\": \"FABRIKAM\"}],"              \
    " \"uPNSuffixes\": [\"fabrikam.example\"],"                                          \
    " \"trusts\": [{\"holder\": \"fabrikam.test\", \"trustPartner\": \"contoso.test\","  \
    "   \"dn\": \"CN=contoso.test,CN=System,DC=fabrikam,DC=test\","                      \
    "   \"flatName\": \"CONTOSO\", \"securityIdentifier\": \"S-1-5-21-1-2-3\","          \
    "   \"trustDirection\": 3, \"trustType\": 2, \"trustAttributes\": 4}]}"

/* The same, and CONTOSO's own TDO was read as well. */
#define TOPO_EXTERNAL_BOTH                                                               \
    "{\"version\": 1, \"taken\": 1000, \"domain\": \"fabrikam.test\","                   \
    " \"forest\": \"fabrikam.test\","                                                    \
    " \"domains\": [{\"dns\": \"fabrikam.test\", \"flat\": \"FABRIKAM\"}],"              \
    " \"trusts\": [{\"holder\": \"fabrikam.test\", \"trustPartner\": \"contoso.test\","  \
    "   \"flatName\": \"CONTOSO\", \"trustDirection\": 3, \"trustType\": 2,"             \
    "   \"trustAttributes\": 4},"                                                        \
    "  {\"holder\": \"contoso.test\", \"trustPartner\": \"fabrikam.test\","              \
    "   \"dn\": \"CN=fabrikam.test,CN=System,DC=contoso,DC=test\","                      \
    "   \"flatName\": \"FABRIKAM\", \"trustDirection\": 3, \"trustType\": 2,"            \
    "   \"trustAttributes\": 0}]}"

/*
 * Forest trusts with CONTOSO (domains contoso.test, emea.contoso.test, a second tree
 * tree.example; suffixes in every state) and with NORTHWIND, both sides of the first.
 * CONTOSO has a forest trust of its own with WINGTIP.
 */
#define TOPO_FOREST                                                                      \
    "{\"version\": 1, \"taken\": 1000, \"domain\": \"fabrikam.test\","                   \
    " \"forest\": \"fabrikam.test\","                                                    \
    " \"domains\": [{\"dns\": \"fabrikam.test\", \"flat\": \"FABRIKAM\"}],"              \
    " \"uPNSuffixes\": [\"fabrikam.example\", \"both.example\"],"                        \
    " \"trusts\": [{\"holder\": \"fabrikam.test\", \"trustPartner\": \"contoso.test\","  \
    "   \"flatName\": \"CONTOSO\", \"securityIdentifier\": \"S-1-5-21-1-2-3\","          \
    "   \"trustDirection\": 3, \"trustType\": 2, \"trustAttributes\": 8,"                \
    "   \"forestTrustInfo\": ["                                                          \
    "    {\"type\": 0, \"name\": \"contoso.test\"},"                                     \
    "    {\"type\": 0, \"name\": \"tree.example\"},"                                     \
    "    {\"type\": 0, \"name\": \"corp.example\"},"                                     \
    "    {\"type\": 0, \"name\": \"both.example\"},"                                     \
    "    {\"type\": 0, \"flags\": 1, \"name\": \"new.example\"},"                        \
    "    {\"type\": 0, \"flags\": 2, \"name\": \"off.example\"},"                        \
    "    {\"type\": 0, \"flags\": 4, \"name\": \"claimed.example\"},"                    \
    "    {\"type\": 1, \"name\": \"plant.corp.example\"},"                               \
    "    {\"type\": 1, \"flags\": 2, \"name\": \"exoff.corp.example\"},"                 \
    "    {\"type\": 2, \"name\": \"contoso.test\", \"flat\": \"CONTOSO\","               \
    "     \"sid\": \"S-1-5-21-1-2-3\"},"                                                 \
    "    {\"type\": 2, \"name\": \"emea.contoso.test\", \"flat\": \"EMEA\"},"            \
    "    {\"type\": 2, \"name\": \"tree.example\", \"flat\": \"TREE\"},"                 \
    "    {\"type\": 2, \"name\": \"leaf.tree.example\", \"flat\": \"LEAF\"},"            \
    "    {\"type\": 2, \"flags\": 1, \"name\": \"sid.contoso.test\","                    \
    "     \"flat\": \"SIDOFF\"},"                                                        \
    "    {\"type\": 2, \"flags\": 2, \"name\": \"sidc.contoso.test\","                   \
    "     \"flat\": \"SIDCONF\"},"                                                       \
    "    {\"type\": 2, \"flags\": 4, \"name\": \"nb.contoso.test\","                     \
    "     \"flat\": \"NBOFF\"},"                                                         \
    "    {\"type\": 2, \"flags\": 8, \"name\": \"nbc.contoso.test\","                    \
    "     \"flat\": \"NBCONF\"},"                                                        \
    "    {\"type\": 4}]},"                                                               \
    "  {\"holder\": \"fabrikam.test\", \"trustPartner\": \"northwind.test\","            \
    "   \"flatName\": \"NORTHWIND\", \"trustDirection\": 3, \"trustType\": 2,"           \
    "   \"trustAttributes\": 8, \"forestTrustInfo\": ["                                  \
    "    {\"type\": 0, \"name\": \"northwind.test\"},"                                   \
    "    {\"type\": 0, \"name\": \"lab.corp.example\"},"                                 \
    "    {\"type\": 0, \"name\": \"line.plant.corp.example\"},"                          \
    "    {\"type\": 2, \"name\": \"northwind.test\", \"flat\": \"NORTHWIND\"}]},"        \
    "  {\"holder\": \"contoso.test\", \"trustPartner\": \"fabrikam.test\","              \
    "   \"flatName\": \"FABRIKAM\", \"trustDirection\": 3, \"trustType\": 2,"            \
    "   \"trustAttributes\": 8, \"forestTrustInfo\": ["                                  \
    "    {\"type\": 0, \"name\": \"fabrikam.test\"}]},"                                  \
    "  {\"holder\": \"contoso.test\", \"trustPartner\": \"wingtip.test\","               \
    "   \"flatName\": \"WINGTIP\", \"trustDirection\": 3, \"trustType\": 2,"             \
    "   \"trustAttributes\": 8, \"forestTrustInfo\": ["                                  \
    "    {\"type\": 0, \"name\": \"wingtip.test\"}]}]}"

/*
 * One forest, three levels and two trees: fabrikam.test > eu > de, us, and
 * adventure.example > works. The workstation is in de.eu.fabrikam.test. The root has
 * a forest trust with CONTOSO and an external one with an old domain.
 */
#define TOPO_TREE                                                                        \
    "{\"version\": 1, \"taken\": 1000, \"domain\": \"de.eu.fabrikam.test\","             \
    " \"forest\": \"fabrikam.test\","                                                    \
    " \"domains\": [{\"dns\": \"fabrikam.test\", \"flat\": \"FABRIKAM\"},"               \
    "  {\"dns\": \"eu.fabrikam.test\", \"flat\": \"EU\","                                \
    "   \"parent\": \"fabrikam.test\"},"                                                 \
    "  {\"dns\": \"de.eu.fabrikam.test\", \"flat\": \"DE\","                             \
    "   \"parent\": \"eu.fabrikam.test\"},"                                              \
    "  {\"dns\": \"us.fabrikam.test\", \"flat\": \"US\","                                \
    "   \"parent\": \"fabrikam.test\"},"                                                 \
    "  {\"dns\": \"adventure.example\", \"flat\": \"ADVENTURE\"},"                       \
    "  {\"dns\": \"works.adventure.example\", \"flat\": \"WORKS\","                      \
    "   \"parent\": \"adventure.example\"}],"                                            \
    " \"trusts\": [{\"holder\": \"fabrikam.test\", \"trustPartner\": \"contoso.test\","  \
    "   \"flatName\": \"CONTOSO\", \"trustDirection\": 3, \"trustType\": 2,"             \
    "   \"trustAttributes\": 8, \"forestTrustInfo\": ["                                  \
    "    {\"type\": 0, \"name\": \"contoso.test\"},"                                     \
    "    {\"type\": 2, \"name\": \"contoso.test\", \"flat\": \"CONTOSO\"},"              \
    "    {\"type\": 2, \"name\": \"emea.contoso.test\", \"flat\": \"EMEA\"}]},"          \
    "  {\"holder\": \"fabrikam.test\", \"trustPartner\": \"old.example\","               \
    "   \"flatName\": \"OLD\", \"trustDirection\": 3, \"trustType\": 2,"                 \
    "   \"trustAttributes\": 0},"                                                        \
    "  {\"holder\": \"de.eu.fabrikam.test\", \"trustPartner\": \"eu.fabrikam.test\","    \
    "   \"flatName\": \"EU\", \"trustDirection\": 3, \"trustType\": 2,"                  \
    "   \"trustAttributes\": 32},"                                                       \
    "  {\"holder\": \"de.eu.fabrikam.test\","                                            \
    "   \"trustPartner\": \"works.adventure.example\", \"flatName\": \"WORKS\","         \
    "   \"trustDirection\": 3, \"trustType\": 2, \"trustAttributes\": 32}]}"

#endif
