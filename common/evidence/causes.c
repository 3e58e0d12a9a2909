/* SPDX-License-Identifier: MIT
 *
 * causes.c - what may be wrong, what must hold if it is, and how a logon then ends.
 *
 * In the order in which a logon meets them: of two that explain an outcome equally well,
 * the logon met the first. Statuses are not here: a cause explains the status that the
 * logon ended with.
 */
#include "causes.h"

/* clang-format off */
#define BY_KDC(error, where) {.krb_error = (error), .at = TL_PLACE_##where}
#define BY_REASON(id) {.krb_error = TL_KRB_NONE, .reason = TL_REASON_##id}
#define BY_REASON_AT(id, where)                                                          \
    {.krb_error = TL_KRB_NONE, .reason = TL_REASON_##id, .at = TL_PLACE_##where}
#define EXPECT(id, where, is) {TL_FACT_##id, TL_PLACE_##where, is}

const struct tli_cause tli_causes[] = {
    {TL_REASON_NAME_SERVER_UNREADABLE, TL_FACT_NAME_SERVER_LISTED, TL_PLACE_HERE,
     0, {{0}},
     2, {BY_REASON(DNS_NO_ANSWER), BY_REASON(DNS_NO_RECORDS)},
     "resolv.conf(5)"},
    {TL_REASON_NAME_SERVER_SILENT, TL_FACT_NAME_SERVER_ANSWERS, TL_PLACE_HERE,
     0, {{0}},
     2, {BY_REASON(DNS_NO_ANSWER), BY_REASON(DNS_NO_RECORDS)},
     "RFC 1034 5.3.3"},
    {TL_REASON_NAME_SERVER_FAILS, TL_FACT_NAME_SERVER_SERVES, TL_PLACE_OWN,
     0, {{0}},
     2, {BY_REASON_AT(DNS_NO_ANSWER, OWN), BY_REASON_AT(DNS_NO_RECORDS, OWN)},
     "RFC 1035 4.1.1"},
    {TL_REASON_NAME_SERVER_FAILS, TL_FACT_NAME_SERVER_SERVES, TL_PLACE_USER,
     0, {{0}},
     2, {BY_REASON_AT(DNS_NO_ANSWER, USER), BY_REASON_AT(DNS_NO_RECORDS, USER)},
     "RFC 1035 4.1.1"},
    {TL_REASON_KEYTAB_REALM, TL_FACT_KEYTAB_REALM, TL_PLACE_HERE,
     0, {{0}},
     1, {BY_REASON_AT(DNS_NO_RECORDS, OWN)},
     "krb5.conf(5)"},
    {TL_REASON_TRUST_PARTNER, TL_FACT_TDO_NAME, TL_PLACE_OWN,
     0, {{0}},
     4, {BY_REASON_AT(DNS_NO_RECORDS, USER), BY_REASON_AT(DNS_NO_ANSWER, USER),
         BY_REASON_AT(NO_LOGON_SERVERS, USER), BY_REASON_AT(PING_REFUSED, USER)},
     "[MS-ADTS] 6.1.6.7"},
    {TL_REASON_CLOCK_MACHINE, TL_FACT_CLOCK_HERE, TL_PLACE_HERE,
     0, {{0}},
     3, {BY_REASON(CLOCK_SKEW), BY_KDC(TL_KRB_SKEW, OWN), BY_KDC(TL_KRB_SKEW, USER)},
     "RFC 4120 3.1.3"},
    {TL_REASON_CLOCK_DC, TL_FACT_CLOCK_DC, TL_PLACE_OWN,
     1, {EXPECT(CLOCK_HERE, HERE, true)},
     2, {BY_REASON(CLOCK_SKEW), BY_KDC(TL_KRB_SKEW, OWN)},
     "RFC 4120 3.3.3"},
    {TL_REASON_CLOCK_DC, TL_FACT_CLOCK_DC, TL_PLACE_USER,
     1, {EXPECT(CLOCK_HERE, HERE, true)},
     2, {BY_REASON(CLOCK_SKEW), BY_KDC(TL_KRB_SKEW, USER)},
     "RFC 4120 3.1.3"},
    {TL_REASON_USER_UPN, TL_FACT_USER_UPN, TL_PLACE_USER,
     0, {{0}},
     1, {BY_REASON(USER_UNKNOWN)},
     "[MS-KILE] 3.3.5.6.1"},
    {TL_REASON_USER_FLAGS, TL_FACT_USER_FLAGS, TL_PLACE_USER,
     0, {{0}},
     3, {BY_REASON(WRONG_PASSWORD), BY_REASON(ACCOUNT_RC4), BY_REASON(ETYPE_UNSUPPORTED)},
     "[MS-ADTS] 2.2.16"},
    {TL_REASON_MACHINE_MISSING, TL_FACT_MACHINE_EXISTS, TL_PLACE_OWN,
     1, {EXPECT(SPN_OURS, OWN, false)},
     2, {BY_KDC(TL_KRB_S_PRINCIPAL_UNKNOWN, OWN), BY_REASON(MACHINE_ACCOUNT)},
     "RFC 4120 3.3.3.1"},
    {TL_REASON_MACHINE_DISABLED, TL_FACT_MACHINE_ENABLED, TL_PLACE_OWN,
     1, {EXPECT(MACHINE_EXISTS, OWN, true)},
     4, {BY_KDC(TL_KRB_S_PRINCIPAL_UNKNOWN, OWN), BY_KDC(TL_KRB_CLIENT_REVOKED, OWN),
         BY_KDC(TL_KRB_POLICY, OWN), BY_REASON(MACHINE_ACCOUNT)},
     "[MS-KILE] 3.3.5.7"},
    {TL_REASON_MACHINE_FLAGS, TL_FACT_MACHINE_FLAGS, TL_PLACE_OWN,
     0, {{0}},
     5, {BY_KDC(TL_KRB_ETYPE_NOSUPP, OWN), BY_REASON(ETYPE_UNSUPPORTED),
         BY_REASON(KEYTAB_STALE), BY_REASON(KEYTAB_WRONG), BY_REASON(MACHINE_ACCOUNT)},
     "[MS-ADTS] 2.2.16"},
    {TL_REASON_SPN_ELSEWHERE, TL_FACT_SPN_OURS, TL_PLACE_OWN,
     2, {EXPECT(SPN_EXISTS, OWN, true), EXPECT(SPN_SINGLE, OWN, true)},
     6, {BY_KDC(TL_KRB_S_PRINCIPAL_UNKNOWN, OWN), BY_KDC(TL_KRB_ETYPE_NOSUPP, OWN),
         BY_REASON(KEYTAB_STALE), BY_REASON(KEYTAB_WRONG), BY_REASON(KEYTAB_RC4),
         BY_REASON(ACCOUNT_RC4)},
     "[MS-KILE] 3.3.5.1.1"},
    {TL_REASON_SPN_MISSING, TL_FACT_SPN_EXISTS, TL_PLACE_OWN,
     0, {{0}},
     1, {BY_KDC(TL_KRB_S_PRINCIPAL_UNKNOWN, OWN)},
     "[MS-KILE] 3.3.5.1.1"},
    {TL_REASON_SPN_DUPLICATE, TL_FACT_SPN_SINGLE, TL_PLACE_OWN,
     0, {{0}},
     1, {BY_KDC(TL_KRB_S_PRINCIPAL_UNKNOWN, OWN)},
     "[MS-KILE] 3.3.5.1.1"},
    {TL_REASON_TRUST_UNREADABLE, TL_FACT_LDAP_OPEN, TL_PLACE_USER,
     0, {{0}},
     1, {BY_KDC(TL_KRB_S_PRINCIPAL_UNKNOWN, USER)},
     "[MS-KILE] 3.3.5.7"},
    {TL_REASON_TRUST_UNREADABLE, TL_FACT_LDAP_OPEN, TL_PLACE_OWN,
     0, {{0}},
     2, {BY_KDC(TL_KRB_S_PRINCIPAL_UNKNOWN, OWN), BY_KDC(TL_KRB_NOT_US, OWN)},
     "[MS-KILE] 3.3.5.7"},
};
/* clang-format on */
const size_t tli_num_causes = sizeof(tli_causes) / sizeof(tli_causes[0]);
