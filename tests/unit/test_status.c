/* SPDX-License-Identifier: MIT
 *
 * test_status.c - codes, their words, and how one becomes the other.
 */
#include <trustlogon/status.h>

#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

/* What a user must read, character by character. */
static const struct {
    uint32_t ntstatus;
    uint32_t win32;
    const char *name;
    const char *text;
} exact[] = {
    {0xC000018BU, 1787, "NO_TRUST_SAM_ACCOUNT",
     "The security database on the server does not have a computer account for this "
     "workstation trust relationship."},
    {0xC000005EU, 1311, "NO_LOGON_SERVERS",
     "There are currently no logon servers available to service the logon request."},
    {0xC000006CU, 1325, "PASSWORD_RESTRICTION",
     "Unable to update the password. The value provided for the new password does not "
     "meet the length, complexity, or history requirements of the domain."},
    {0xC000006AU, 1323, "WRONG_PASSWORD",
     "Unable to update the password. The value provided as the current password is "
     "incorrect."},
    {0xC000006DU, 1326, "LOGON_FAILURE", "The user name or password is incorrect."},
    {0xC000006EU, 1327, "ACCOUNT_RESTRICTION",
     "Account restrictions are preventing this user from signing in. For example: blank "
     "passwords aren't allowed, sign-in times are limited, or a policy restriction has "
     "been "
     "enforced."},
    {0xC000006FU, 1328, "INVALID_LOGON_HOURS",
     "Your account has time restrictions that keep you from signing in right now."},
    {0xC0000070U, 1329, "INVALID_WORKSTATION",
     "This user isn't allowed to sign in to this computer."},
    {0xC0000071U, 1330, "PASSWORD_EXPIRED", "The password for this account has expired."},
    {0xC0000072U, 1331, "ACCOUNT_DISABLED",
     "This user can't sign in because this account is currently disabled."},
    {0xC00000DFU, 1355, "NO_SUCH_DOMAIN",
     "The specified domain either does not exist or could not be contacted."},
    {0xC0000133U, 1398, "TIME_DIFFERENCE_AT_DC",
     "There is a time and/or date difference between the client and server."},
    {0xC000018AU, 1786, "NO_TRUST_LSA_SECRET",
     "The workstation does not have a trust secret."},
    {0xC000018CU, 1788, "TRUSTED_DOMAIN_FAILURE",
     "The trust relationship between the primary domain and the trusted domain failed."},
    {0xC000018DU, 1789, "TRUSTED_RELATIONSHIP_FAILURE",
     "The trust relationship between this workstation and the primary domain failed."},
    {0xC0000193U, 1793, "ACCOUNT_EXPIRED", "The user's account has expired."},
    {0xC0000224U, 1907, "PASSWORD_MUST_CHANGE",
     "The user's password must be changed before signing in."},
    {0xC0000234U, 1909, "ACCOUNT_LOCKED_OUT",
     "The referenced account is currently locked out and may not be logged on to."},
    {0xC0000413U, 1935, "AUTHENTICATION_FIREWALL_FAILED",
     "The computer you are signing into is protected by an authentication firewall. The "
     "specified account is not allowed to authenticate to the computer."},
    {0xC00002F4U, 0, "MAX_REFERRALS_EXCEEDED",
     "The number of maximum ticket referrals has been exceeded."},
    {0xC00002FDU, 0, "KDC_UNKNOWN_ETYPE",
     "The encryption type requested is not supported by the KDC."},
    {0xC0000388U, 1265, "DOWNGRADE_DETECTED",
     "The system cannot contact a domain controller to service the authentication "
     "request. "
     "Please try again later."},
};

START_TEST(texts_are_word_for_word)
{
    const struct tl_status_info *info = tl_status_by_ntstatus(exact[_i].ntstatus);

    ck_assert_ptr_nonnull(info);
    ck_assert_str_eq(info->name, exact[_i].name);
    ck_assert_str_eq(info->text, exact[_i].text);
    ck_assert_uint_eq(info->win32, exact[_i].win32);
    ck_assert_ptr_eq(tl_status_by_name(exact[_i].name), info);
    if (exact[_i].win32 != 0)
        ck_assert_ptr_eq(tl_status_by_win32(exact[_i].win32), info);
}
END_TEST

START_TEST(status_table_is_consistent)
{
    size_t count;
    const struct tl_status_info *t = tl_status_table(&count);

    ck_assert_uint_ge(count, COUNT(exact));
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(t[i].text[0] != '\0', "%s has no text", t[i].name);
        ck_assert_msg(strncmp(t[i].name, "STATUS_", 7) != 0, "%s has its prefix",
                      t[i].name);
        for (size_t j = 0; j < i; j++) {
            ck_assert_msg(t[i].ntstatus != t[j].ntstatus, "%s twice", t[i].name);
            ck_assert_msg(strcmp(t[i].name, t[j].name) != 0, "%s twice", t[i].name);
            ck_assert_msg(t[i].win32 == 0 || t[i].win32 != t[j].win32, "%u twice",
                          t[i].win32);
        }
    }
}
END_TEST

static const struct {
    const char *name;
    uint32_t ntstatus; /* 0xFFFFFFFF: unknown */
} names[] = {
    {"NO_TRUST_SAM_ACCOUNT", TL_NT_NO_TRUST_SAM_ACCOUNT},
    {"no_trust_sam_account", TL_NT_NO_TRUST_SAM_ACCOUNT},
    {"STATUS_NO_TRUST_SAM_ACCOUNT", TL_NT_NO_TRUST_SAM_ACCOUNT},
    {"NT_STATUS_NO_TRUST_SAM_ACCOUNT", TL_NT_NO_TRUST_SAM_ACCOUNT},
    {"error_No_Trust_Sam_Account", TL_NT_NO_TRUST_SAM_ACCOUNT},
    {"ERROR_TIME_SKEW", TL_NT_TIME_DIFFERENCE_AT_DC},
    {"SEC_E_TARGET_UNKNOWN", TL_NT_NO_TRUST_SAM_ACCOUNT},
    {"SCARD_W_WRONG_CHV", TL_NT_SMARTCARD_WRONG_PIN},
    {"SCARD_W_CHV_BLOCKED", TL_NT_SMARTCARD_CARD_BLOCKED},
    {"STATUS_PKINIT_FAILURE", TL_NT_PKINIT_FAILURE},
    {"sec_e_no_authenticating_authority", TL_NT_NO_LOGON_SERVERS},
    {"SUCCESS", TL_NT_SUCCESS},
    {"", UINT32_MAX},
    {"STATUS_", UINT32_MAX},
    {"STATUS_STATUS_LOGON_FAILURE", UINT32_MAX},
    {"LOGON_FAILUR", UINT32_MAX},
    {"LOGON_FAILURES", UINT32_MAX},
    {NULL, UINT32_MAX},
};

START_TEST(statuses_are_found_by_name)
{
    const struct tl_status_info *info = tl_status_by_name(names[_i].name);

    if (names[_i].ntstatus == UINT32_MAX) {
        ck_assert_ptr_null(info);
        return;
    }
    ck_assert_ptr_nonnull(info);
    ck_assert_uint_eq(info->ntstatus, names[_i].ntstatus);
}
END_TEST

START_TEST(unknown_codes_are_unknown)
{
    ck_assert_ptr_null(tl_status_by_ntstatus(0xC0FFEE00U));
    ck_assert_ptr_null(tl_status_by_win32(99999));
    ck_assert_uint_eq(tl_status_by_win32(0)->ntstatus, TL_NT_SUCCESS);
    ck_assert_ptr_null(tl_krb_by_code(-1));
    ck_assert_ptr_null(tl_krb_by_code(30));
    ck_assert_ptr_null(tl_krb_by_code(94));
    ck_assert_ptr_null(tl_krb_by_name("nonsense"));
    ck_assert_ptr_null(tl_krb_by_name(""));
    ck_assert_ptr_null(tl_krb_by_name(NULL));
    ck_assert_ptr_null(tl_reason_info(TL_REASON_COUNT));
    ck_assert_ptr_null(tl_reason_info((enum tl_reason)(-1)));
    ck_assert_ptr_null(tl_reason_by_slug("nonsense"));
    ck_assert_ptr_null(tl_reason_by_slug(NULL));
}
END_TEST

static const struct {
    const char *name;
    int32_t code;
} krb_names[] = {
    {"KRB5KDC_ERR_KEY_EXP", 23},
    {"KDC_ERR_S_PRINCIPAL_UNKNOWN", 7},
    {"s_principal_unknown", 7},
    {"KRB5KDC_ERR_POLICY", 12},
    {"KRB_AP_ERR_SKEW", 37},
    {"SKEW", 37},
    {"KRB5KRB_AP_ERR_NOT_US", 35},
    {"KRB_ERR_GENERIC", 60},
    {"KRB_AP_PATH_NOT_ACCEPTED", 51},
    {"PATH_NOT_ACCEPTED", 28},
    {"WRONG_REALM", 68},
    {"KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS", 93},
};

START_TEST(krb_codes_are_found_by_name)
{
    const struct tl_krb_info *info = tl_krb_by_name(krb_names[_i].name);

    ck_assert_ptr_nonnull(info);
    ck_assert_int_eq(info->code, krb_names[_i].code);
}
END_TEST

/* Assigned codes of RFC 4120, 4556 and 6113, and 43 as MIT krb5 uses it: none may be
 * missing. */
START_TEST(krb_table_is_complete)
{
    size_t count;
    const struct tl_krb_info *t = tl_krb_table(&count);

    for (int32_t code = 0; code <= 93; code++) {
        bool assigned = code <= 29 || (code >= 31 && code <= 52) ||
                        (code >= 60 && code <= 81) || code >= 90;

        ck_assert_msg((tl_krb_by_code(code) != NULL) == assigned, "code %d", code);
    }
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_eq(tl_krb_by_code(t[i].code), &t[i]);
        ck_assert_ptr_eq(tl_krb_by_name(t[i].name), &t[i]);
        ck_assert(t[i].text[0] != '\0');
    }
}
END_TEST

START_TEST(reasons_are_consistent)
{
    static const char *const keys[] = {"user",       "upn",     "workstation", "wsdomain",
                                       "userdomain", "subject", "attribute",   "realm",
                                       "kdc",        "detail",  "wsflat"};

    for (int r = 0; r < TL_REASON_COUNT; r++) {
        const struct tl_reason_info *info = tl_reason_info((enum tl_reason)r);
        const char *texts[2] = {info->explanation, info->remedy};

        ck_assert_int_eq(info->reason, r);
        ck_assert_ptr_eq(tl_reason_by_slug(info->slug), info); /* so: unique */
        for (const char *p = info->slug; *p != '\0'; p++)
            ck_assert_msg(islower(*p) || isdigit(*p) || *p == '-', "slug %s", info->slug);
        ck_assert_msg(info->explanation != NULL && info->explanation[0] != '\0',
                      "%s has no explanation", info->slug);
        if (r != TL_REASON_OK && info->ntstatus != 0)
            ck_assert_msg(tl_status_by_ntstatus(info->ntstatus) != NULL &&
                              info->ntstatus >> 30 == 3,
                          "%s ends in an unknown status", info->slug);
        for (int t = 0; t < 2; t++) {
            for (const char *p = texts[t]; p != NULL && (p = strstr(p, "%{")) != NULL;
                 p++) {
                size_t len = strcspn(p + 2, "}"), k;

                for (k = 0; k < COUNT(keys); k++) {
                    if (strlen(keys[k]) == len && strncmp(p + 2, keys[k], len) == 0)
                        break;
                }
                ck_assert_msg(k < COUNT(keys), "%s has an unknown %.*s", info->slug,
                              (int)len + 3, p);
            }
        }
    }
}
END_TEST

static const struct {
    enum tl_stage stage;
    int32_t krb;
    uint32_t edata;
    uint32_t ntstatus;
    enum tl_reason reason;
} mapping[] = {
    /* KB2015518: 7 on the walk, and no extended status replaces it */
    {TL_STAGE_WALK, 7, 0, 0xC000018B, TL_REASON_WALK_UNKNOWN},
    {TL_STAGE_WALK, 7, 0xC0000035, 0xC000018B, TL_REASON_SPN_DUPLICATE},
    {TL_STAGE_WALK, 7, 0xC0000371, 0xC000018B, TL_REASON_WALK_UNKNOWN},
    {TL_STAGE_WALK, 7, 0xC0000072, 0xC000018B, TL_REASON_WALK_UNKNOWN},
    {TL_STAGE_WALK, 7, 0xC0000413, 0xC000018B, TL_REASON_WALK_UNKNOWN},
    {TL_STAGE_WALK, 8, 0, 0xC000018B, TL_REASON_SPN_DUPLICATE},
    {TL_STAGE_AS, 7, 0, 0xC00000DF, TL_REASON_KDC_ERROR},
    {TL_STAGE_IDENTITY, 7, 0, 0xC000006D, TL_REASON_KDC_ERROR},
    /* wrong password and unknown user read the same, with any detail beside */
    {TL_STAGE_AS, 6, 0, 0xC000006D, TL_REASON_USER_UNKNOWN},
    {TL_STAGE_AS, 6, 0xC0000072, 0xC000006D, TL_REASON_USER_UNKNOWN},
    {TL_STAGE_AS, 24, 0, 0xC000006D, TL_REASON_WRONG_PASSWORD},
    {TL_STAGE_AS, 24, 0xC000006A, 0xC000006D, TL_REASON_WRONG_PASSWORD},
    {TL_STAGE_AS, 24, 0xC0000234, 0xC000006D, TL_REASON_WRONG_PASSWORD},
    {TL_STAGE_AS, 31, 0, 0xC000006D, TL_REASON_WRONG_PASSWORD},
    /* KB2959395 */
    {TL_STAGE_WALK, 12, 0xC0000413, 0xC0000413, TL_REASON_SELECTIVE_AUTH},
    {TL_STAGE_AS, 12, 0xC0000413, 0xC0000413, TL_REASON_AUTHENTICATION_POLICY},
    {TL_STAGE_AS, 12, 0xC0000070, 0xC0000070, TL_REASON_WORKSTATION_NOT_ALLOWED},
    {TL_STAGE_AS, 12, 0xC000006F, 0xC000006F, TL_REASON_LOGON_HOURS},
    {TL_STAGE_AS, 12, 0xC000006E, 0xC000006E, TL_REASON_ACCOUNT_RESTRICTION},
    {TL_STAGE_AS, 12, 0xC00002FA, 0xC00002FA, TL_REASON_SMARTCARD_REQUIRED},
    {TL_STAGE_AS, 12, 0, 0xC000006E, TL_REASON_ACCOUNT_RESTRICTION},
    {TL_STAGE_WALK, 12, 0, 0xC000006E, TL_REASON_POLICY},
    /* account states */
    {TL_STAGE_AS, 18, 0xC0000072, 0xC0000072, TL_REASON_ACCOUNT_DISABLED},
    {TL_STAGE_AS, 18, 0xC0000234, 0xC0000234, TL_REASON_ACCOUNT_LOCKED},
    {TL_STAGE_AS, 18, 0xC0000193, 0xC0000193, TL_REASON_ACCOUNT_EXPIRED},
    {TL_STAGE_AS, 18, 0xC000006F, 0xC000006F, TL_REASON_LOGON_HOURS},
    {TL_STAGE_AS, 18, 0, 0xC0000234, TL_REASON_ACCOUNT_LOCKED},
    {TL_STAGE_WALK, 18, 0xC0000234, 0xC0000234, TL_REASON_ACCOUNT_LOCKED},
    {TL_STAGE_AS, 23, 0xC0000224, 0xC0000224, TL_REASON_PASSWORD_MUST_CHANGE},
    {TL_STAGE_AS, 23, 0xC0000071, 0xC0000071, TL_REASON_PASSWORD_EXPIRED},
    {TL_STAGE_AS, 23, 0, 0xC0000071, TL_REASON_PASSWORD_EXPIRED},
    {TL_STAGE_AS, 1, 0, 0xC0000193, TL_REASON_ACCOUNT_EXPIRED},
    {TL_STAGE_AS, 14, 0, 0xC00002FD, TL_REASON_ACCOUNT_RC4},
    {TL_STAGE_WALK, 14, 0, 0xC00002FD, TL_REASON_ETYPE_UNSUPPORTED},
    {TL_STAGE_AS, 20, 0, 0xC000006D, TL_REASON_KDC_ERROR},
    {TL_STAGE_AS, 29, 0, 0xC000005E, TL_REASON_NO_LOGON_SERVERS},
    /* keys */
    {TL_STAGE_WALK, 31, 0, 0xC000018C, TL_REASON_TRUST_REFUSED},
    {TL_STAGE_WALK, 44, 0, 0xC000018C, TL_REASON_TRUST_REFUSED},
    {TL_STAGE_WALK, 35, 0, 0xC000018C, TL_REASON_TRUST_REFUSED},
    {TL_STAGE_PROOF, 31, 0, 0xC000018D, TL_REASON_KEYTAB_WRONG},
    {TL_STAGE_PROOF, 41, 0, 0xC000018D, TL_REASON_KEYTAB_WRONG},
    {TL_STAGE_PROOF, 44, 0, 0xC000018D, TL_REASON_KEYTAB_STALE},
    {TL_STAGE_PROOF, 45, 0, 0xC000018D, TL_REASON_KEYTAB_NO_KEY},
    /* clock */
    {TL_STAGE_AS, 37, 0, 0xC0000133, TL_REASON_CLOCK_SKEW},
    {TL_STAGE_WALK, 37, 0, 0xC0000133, TL_REASON_CLOCK_SKEW},
    {TL_STAGE_WALK, 32, 0, 0xC0000133, TL_REASON_CLOCK_SKEW},
    {TL_STAGE_WALK, 33, 0, 0xC0000133, TL_REASON_CLOCK_SKEW},
    {TL_STAGE_AS, 68, 0, 0xC00002F4, TL_REASON_KDC_ERROR},
    /* PKINIT: the code alone, and the status where Active Directory sends one along */
    {TL_STAGE_AS, 16, 0, 0xC00000BB, TL_REASON_PKINIT_UNSUPPORTED},
    {TL_STAGE_AS, 62, 0, 0xC000038C, TL_REASON_SMARTCARD_UNTRUSTED},
    {TL_STAGE_AS, 62, 0xC000038D, 0xC000038D, TL_REASON_SMARTCARD_EXPIRED},
    {TL_STAGE_AS, 62, 0xC000038A, 0xC000038A, TL_REASON_SMARTCARD_ISSUER},
    {TL_STAGE_AS, 62, 0xC0000389, 0xC0000389, TL_REASON_SMARTCARD_REVOKED},
    {TL_STAGE_AS, 62, 0xC000038B, 0xC000038B, TL_REASON_SMARTCARD_REVOCATION},
    {TL_STAGE_AS, 66, 0, 0xC00002F9, TL_REASON_SMARTCARD_OTHER_USER},
    {TL_STAGE_AS, 70, 0, 0xC000038A, TL_REASON_SMARTCARD_ISSUER},
    {TL_STAGE_AS, 72, 0, 0xC0000389, TL_REASON_SMARTCARD_REVOKED},
    {TL_STAGE_AS, 74, 0, 0xC000038B, TL_REASON_SMARTCARD_REVOCATION},
    {TL_STAGE_AS, 75, 0, 0xC00002F9, TL_REASON_SMARTCARD_OTHER_USER},
    {TL_STAGE_AS, 76, 0, 0xC0000320, TL_REASON_KDC_CERTIFICATE},
    {TL_STAGE_AS, 77, 0, 0xC000038C, TL_REASON_SMARTCARD_UNTRUSTED},
    {TL_STAGE_WALK, 62, 0, 0xC000006D, TL_REASON_KDC_ERROR},
    /* GENERIC passes an error on, and nothing milder */
    {TL_STAGE_WALK, 60, 0xC0000233, 0xC0000233, TL_REASON_KDC_ERROR},
    {TL_STAGE_WALK, 60, 0xC0000072, 0xC0000072, TL_REASON_ACCOUNT_DISABLED},
    {TL_STAGE_WALK, 60, 0x00000001, 0xC000006D, TL_REASON_KDC_ERROR},
    {TL_STAGE_WALK, 60, 0, 0xC000006D, TL_REASON_KDC_ERROR},
    {TL_STAGE_WALK, TL_KRB_NONE, 0, 0xC000006D, TL_REASON_KDC_ERROR},
    {TL_STAGE_WALK, 4711, 0xC0000233, 0xC000006D, TL_REASON_KDC_ERROR},
};

START_TEST(krb_errors_map)
{
    ck_assert_uint_eq(
        tl_status_from_krb(mapping[_i].stage, mapping[_i].krb, mapping[_i].edata),
        mapping[_i].ntstatus);
    ck_assert_int_eq(
        tl_reason_from_krb(mapping[_i].stage, mapping[_i].krb, mapping[_i].edata),
        mapping[_i].reason);
}
END_TEST

/* A failure stays a failure for any message of a KDC, and the reason never
 * contradicts the status that is shown with it. */
START_TEST(status_and_reason_agree)
{
    size_t count;
    const struct tl_status_info *t = tl_status_table(&count);

    for (int stage = TL_STAGE_NAME; stage <= TL_STAGE_PASSWORD; stage++) {
        for (int32_t krb = -2; krb <= 130; krb++) {
            for (size_t i = 0; i < count; i++) {
                uint32_t status =
                    tl_status_from_krb((enum tl_stage)stage, krb, t[i].ntstatus);
                enum tl_reason reason =
                    tl_reason_from_krb((enum tl_stage)stage, krb, t[i].ntstatus);
                uint32_t own = tl_reason_info(reason)->ntstatus;

                ck_assert_uint_eq(status >> 30, 3);
                ck_assert_int_ne(reason, TL_REASON_OK);
                ck_assert_msg(own == 0 || own == status, "krb %d edata %08x", krb,
                              t[i].ntstatus);
            }
        }
    }
}
END_TEST

START_TEST(stages_have_names)
{
    static const char *const expected[] = {"name",     "route", "locate",
                                           "as",       "walk",  "proof",
                                           "identity", "local", "password"};

    for (size_t i = 0; i < COUNT(expected); i++)
        ck_assert_str_eq(tl_stage_name((enum tl_stage)i), expected[i]);
    ck_assert_str_eq(tl_stage_name((enum tl_stage)COUNT(expected)), "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("status");
    TCase *tcase = tcase_create("tables");

    tcase_add_loop_test(tcase, texts_are_word_for_word, 0, COUNT(exact));
    tcase_add_test(tcase, status_table_is_consistent);
    tcase_add_loop_test(tcase, statuses_are_found_by_name, 0, COUNT(names));
    tcase_add_test(tcase, unknown_codes_are_unknown);
    tcase_add_loop_test(tcase, krb_codes_are_found_by_name, 0, COUNT(krb_names));
    tcase_add_test(tcase, krb_table_is_complete);
    tcase_add_test(tcase, reasons_are_consistent);
    tcase_add_loop_test(tcase, krb_errors_map, 0, COUNT(mapping));
    tcase_add_test(tcase, status_and_reason_agree);
    tcase_add_test(tcase, stages_have_names);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
