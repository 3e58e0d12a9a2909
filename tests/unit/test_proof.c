/* SPDX-License-Identifier: MIT
 *
 * test_proof.c - the proof on tickets made here: the result of a KDC that lies, a keytab
 * that is old, or a PAC that is another user's. Nothing but the right key and the right
 * PAC is a success.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <trustlogon/tickets.h>
#include <trustlogon/proof.h>

#include "kerberos/internal.h"
#include "kerberos/tickets/keytab.h"
#include "fixtures.h"
#include "keytab_entries.h"
#include "sealed_tickets.h"

#define AES ENCTYPE_AES256_CTS_HMAC_SHA1_96
#define LOGON_INFO 1
#define REQUESTOR 18

static TALLOC_CTX *mem;
static struct tl_config *config;
static struct tl_outcome *out;
static struct tl_krb *krb;
static struct tl_proven *proven;
static temp_path path;
static const struct tl_workstation ws = {WS1_OF_FABRIKAM};
static krb5_keyblock keys[3]; /* the machine's, an impostor's, a service's */

/* What is changed in a good ticket. */
struct lie {
    const char *what;
    int sealed_with, signed_with; /* indices of keys */
    krb5_kvno kvno;               /* of the ticket; the keytab's is 2 */
    const char *ticket_client, *pac_client;
    int pacs;            /* how many */
    int time_off;        /* of the PAC's logon time */
    bool no_logon;       /* PAC without LOGON_INFO */
    bool requestor;      /* PAC_REQUESTOR of another user */
    uint8_t asserted;    /* S-1-18-x in the PAC: 1 by the KDC, 2 by a service; 0: none */
    krb5_enctype as;     /* the type the ticket claims, 0: the key's */
    bool other_session;  /* the reply's session key is not the ticket's */
    int starts, ends;    /* of the ticket, off the usual times */
    const char *through; /* transited realms, as the ticket has them */
    const char *way;     /* and as they are found */
    enum tl_reason reason;
};

#define ALICE "alice@CONTOSO.TEST"
#define BOB "bob@CONTOSO.TEST"
static const struct lie lies[] = {
    {"none", 0, 0, 2, ALICE, ALICE, 1, .reason = TL_REASON_OK},
    {"versions counted from one again", 0, 0, 7, ALICE, ALICE, 1, .reason = TL_REASON_OK},
    {"another key", 1, 1, 2, ALICE, ALICE, 1, .reason = TL_REASON_KEYTAB_WRONG},
    {"another key, older", 1, 1, 1, ALICE, ALICE, 1, .reason = TL_REASON_KEYTAB_WRONG},
    {"another key, newer", 1, 1, 3, ALICE, ALICE, 1, .reason = TL_REASON_KEYTAB_STALE},
    {"key of a service here", 2, 2, 2, ALICE, ALICE, 1, .reason = TL_REASON_KEYTAB_WRONG},
    {"another user's ticket", 0, 0, 2, BOB, BOB, 1, .reason = TL_REASON_REPLY_MISMATCH},
    {"another realm's user", 0, 0, 2, "alice@FABRIKAM.TEST", ALICE, 1,
     .reason = TL_REASON_REPLY_MISMATCH},
    {"no PAC", 0, 0, 2, ALICE, ALICE, 0, .reason = TL_REASON_PAC_MISSING},
    {"two PACs", 0, 0, 2, ALICE, ALICE, 2, .reason = TL_REASON_PAC_INVALID},
    {"another user's PAC", 0, 0, 2, ALICE, BOB, 1, .reason = TL_REASON_PAC_INVALID},
    {"PAC signed by another", 0, 1, 2, ALICE, ALICE, 1, .reason = TL_REASON_PAC_INVALID},
    {"PAC of another logon", 0, 0, 2, ALICE, ALICE, 1, .time_off = 60,
     .reason = TL_REASON_PAC_INVALID},
    {"PAC without LOGON_INFO", 0, 0, 2, ALICE, ALICE, 1, .no_logon = true,
     .reason = TL_REASON_PAC_NO_IDENTITY},
    {"PAC asked for by another", 0, 0, 2, ALICE, ALICE, 1, .requestor = true,
     .reason = TL_REASON_PAC_INVALID},
    {"asserted by the KDC", 0, 0, 2, ALICE, ALICE, 1, .asserted = 1,
     .reason = TL_REASON_OK},
    {"asserted by a service", 0, 0, 2, ALICE, ALICE, 1, .asserted = 2,
     .reason = TL_REASON_PAC_INVALID},
    {"RC4", 0, 0, 2, ALICE, ALICE, 1, .as = ENCTYPE_ARCFOUR_HMAC,
     .reason = TL_REASON_ETYPE_UNSUPPORTED},
    {"a genuine ticket read on the wire", 0, 0, 2, ALICE, ALICE, 1, .other_session = true,
     .reason = TL_REASON_REPLY_MISMATCH},
    {"of yesterday", 0, 0, 2, ALICE, ALICE, 1, .starts = -86400, .ends = -86400,
     .reason = TL_REASON_CLOCK_SKEW},
    {"of tomorrow", 0, 0, 2, ALICE, ALICE, 1, .starts = 86400, .ends = 86400,
     .reason = TL_REASON_CLOCK_SKEW},
    {"within the clock skew", 0, 0, 2, ALICE, ALICE, 1, .starts = 200,
     .reason = TL_REASON_OK},
    {"through other realms", 0, 0, 2, ALICE, ALICE, 1, .through = "A.TEST,B.",
     .way = "A.TEST, B.A.TEST", .reason = TL_REASON_OK},
    {"through an invalid realm", 0, 0, 2, ALICE, ALICE, 1, .through = "A\n",
     .reason = TL_REASON_TRANSITED_REFUSED},
};

static void add_key(const char *name, const krb5_keyblock *key)
{
    add_to_keytab(krb->k5, config->keytab, name, 2, key);
}

static void setup(void)
{
    mem = talloc_new(NULL);
    config = tl_config_defaults(mem);
    out = tl_outcome_new(mem);
    make_temp_file(path);
    unlink(path);
    config->keytab = path;
    ck_assert_int_eq(
        tl_krb_new(mem, config, NULL, tl_deadline_in_ms(1000), NULL, &krb, out),
        TL_REASON_OK);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(krb5_c_make_random_key(krb->k5, AES, &keys[i]), 0);
    add_key("host/ws1.fabrikam.test@FABRIKAM.TEST", &keys[0]);
    add_key("HTTP/ws1.fabrikam.test@FABRIKAM.TEST", &keys[2]);
    ck_assert_int_eq(krb5_parse_name(krb->k5, ALICE, &krb->client), 0);
    krb->client_name = talloc_strdup(krb, ALICE);
}

static void teardown(void)
{
    for (int i = 0; i < 3; i++)
        krb5_free_keyblock_contents(krb->k5, &keys[i]);
    unlink(path);
    talloc_free(mem);
}

/* LOGON_INFO of a PAC among the fuzzers' seeds: the usual one, or one with S-1-18-1 among
 * its ExtraSids. */
static krb5_data logon_info(uint8_t asserted)
{
    static const uint8_t by_kdc[] = {1, 1, 0, 0, 0, 0, 0, 18, 1, 0, 0, 0};
    static uint8_t bytes[65536];
    FILE *file = fopen(asserted != 0 ? TEST_DATA "/../../fuzz/corpus/pac/every-buffer"
                                     : TEST_DATA "/../../fuzz/corpus/pac/usual",
                       "rb");
    uint8_t *sid;
    krb5_pac pac;
    krb5_data info = {0};
    size_t len;

    ck_assert_ptr_nonnull(file);
    len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    if (asserted != 0) {
        sid = memmem(bytes, len, by_kdc, sizeof(by_kdc));
        ck_assert_ptr_nonnull(sid);
        sid[8] = asserted;
    }
    ck_assert_int_eq(krb5_pac_parse(krb->k5, bytes, len, &pac), 0);
    ck_assert_int_eq(krb5_pac_get_buffer(krb->k5, pac, LOGON_INFO, &info), 0);
    krb5_pac_free(krb->k5, pac);
    return info;
}

static krb5_data make_pac(const struct lie *lie, krb5_timestamp authtime)
{
    static const uint8_t other[] = {1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 9, 0,
                                    0, 0, 9, 0, 0, 0, 9, 0, 0,  0, 9, 9, 0, 0};
    krb5_data info = logon_info(lie->asserted);
    krb5_data requestor = {.length = sizeof(other),
                           .data = talloc_memdup(mem, other, 28)};
    krb5_data made = {0};
    krb5_principal client;
    krb5_pac pac;

    ck_assert_int_eq(krb5_pac_init(krb->k5, &pac), 0);
    if (!lie->no_logon)
        ck_assert_int_eq(krb5_pac_add_buffer(krb->k5, pac, LOGON_INFO, &info), 0);
    if (lie->requestor)
        ck_assert_int_eq(krb5_pac_add_buffer(krb->k5, pac, REQUESTOR, &requestor), 0);
    ck_assert_int_eq(krb5_parse_name(krb->k5, lie->pac_client, &client), 0);
    ck_assert_int_eq(krb5_pac_sign(krb->k5, pac, authtime + lie->time_off, client,
                                   &keys[lie->signed_with], &keys[1], &made),
                     0);
    krb5_free_principal(krb->k5, client);
    krb5_pac_free(krb->k5, pac);
    krb5_free_data_contents(krb->k5, &info);
    return made;
}

/* AD-IF-RELEVANT around as many PACs as wanted. */
static krb5_authdata **make_authdata(const struct lie *lie, krb5_timestamp authtime)
{
    krb5_data bytes = lie->pacs > 0 ? make_pac(lie, authtime) : (krb5_data){0};
    krb5_authdata one = {.ad_type = KRB5_AUTHDATA_WIN2K_PAC,
                         .length = bytes.length,
                         .contents = (krb5_octet *)bytes.data};
    krb5_authdata *list[3] = {lie->pacs > 0 ? &one : NULL, lie->pacs > 1 ? &one : NULL,
                              NULL};
    krb5_authdata **made = NULL;

    if (lie->pacs == 0)
        return NULL;
    ck_assert_int_eq(
        krb5_encode_authdata_container(krb->k5, KRB5_AUTHDATA_IF_RELEVANT, list, &made),
        0);
    krb5_free_data_contents(krb->k5, &bytes);
    return made;
}

static void make_ticket(const struct lie *lie)
{
    krb5_timestamp now = (krb5_timestamp)time(NULL);
    krb5_enc_tkt_part part = {.session = &keys[1], .transited.tr_type = 1};
    struct seal seal = {
        .key = &keys[lie->sealed_with], .kvno = lie->kvno, .labelled = lie->as};

    ck_assert_int_eq(krb5_parse_name(krb->k5, lie->ticket_client, &part.client), 0);
    if (lie->through != NULL) {
        part.transited.tr_contents.data = (char *)(uintptr_t)lie->through;
        part.transited.tr_contents.length = (unsigned int)strlen(lie->through);
    }
    part.times.authtime = now;
    part.times.starttime = now + lie->starts;
    part.times.endtime = now + 3600 + lie->ends;
    part.authorization_data = make_authdata(lie, now);
    krb->host = calloc(1, sizeof(*krb->host));
    krb->host->ticket =
        seal_ticket(krb->k5, "host/ws1.fabrikam.test@FABRIKAM.TEST", &part, &seal);
    ck_assert_int_eq(krb5_copy_keyblock_contents(krb->k5,
                                                 &keys[lie->other_session ? 2 : 1],
                                                 &krb->host->keyblock),
                     0);
    krb5_free_principal(krb->k5, part.client);
    krb5_free_authdata(krb->k5, part.authorization_data);
}

static enum tl_reason prove(void)
{
    enum tl_reason reason = tl_krb_proof(mem, krb, &ws, &proven, out);

    ck_assert_int_eq(proven != NULL, reason == TL_REASON_OK);
    return reason;
}

START_TEST(test_lie)
{
    const struct lie *lie = &lies[_i];
    enum tl_reason reason;

    make_ticket(lie);
    reason = prove();
    ck_assert_msg(reason == lie->reason, "%s: %s (%s), not %s", lie->what,
                  tl_reason_info(reason)->slug, out->detail != NULL ? out->detail : "",
                  tl_reason_info(lie->reason)->slug);
    ck_assert_int_eq(out->reason, reason);
    if (lie->way != NULL)
        ck_assert_str_eq(tl_transited_text(mem, proven), lie->way);
    else if (proven != NULL)
        ck_assert_uint_eq(proven->num_transited, 0);
    if (reason != TL_REASON_OK)
        ck_assert_int_eq(out->stage, TL_STAGE_PROOF);
    if (reason == TL_REASON_KEYTAB_STALE)
        ck_assert_str_eq(out->attribute, "ticket version 3, keytab version 2");
    if (reason == TL_REASON_KEYTAB_STALE || reason == TL_REASON_KEYTAB_WRONG)
        ck_assert_str_eq(out->subject, path);
}
END_TEST

START_TEST(test_no_keytab)
{
    make_ticket(&lies[0]);
    unlink(path);
    ck_assert_int_eq(prove(), TL_REASON_KEYTAB_MISSING);
    add_key("HTTP/ws1.fabrikam.test@FABRIKAM.TEST", &keys[0]);
    ck_assert_int_eq(prove(), TL_REASON_KEYTAB_NO_KEY);
}
END_TEST

/* An ordinary user cannot read the keytab: the remedy is sudo, not another mode. */
START_TEST(test_keytab_of_root)
{
    krb5_keytab keytab = NULL;

    add_key("HTTP/ws1.fabrikam.test@FABRIKAM.TEST", &keys[0]);
    ck_assert_int_eq(chmod(path, geteuid() == 0 ? 0600 : 0), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    ck_assert_int_eq(tli_keytab_open(krb->k5, config, TL_STAGE_PROOF, &keytab, out),
                     TL_REASON_KEYTAB_NEEDS_ROOT);
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    ck_assert_ptr_null(keytab);
    ck_assert_str_eq(out->subject, path);
}
END_TEST

/* Distinguished from keys that are wrong, for another remedy. */
START_TEST(test_rc4_keytab)
{
    krb5_keyblock rc4;

    make_ticket(&lies[0]);
    unlink(path);
    ck_assert_int_eq(krb5_c_make_random_key(krb->k5, ENCTYPE_ARCFOUR_HMAC, &rc4), 0);
    add_key("host/ws1.fabrikam.test@FABRIKAM.TEST", &rc4);
    ck_assert_int_eq(prove(), TL_REASON_KEYTAB_RC4);
    ck_assert_str_eq(out->subject, path);
    ck_assert_int_eq(tl_keytab_judge(config, &ws, out), TL_REASON_KEYTAB_RC4);
    ck_assert_str_eq(out->subject, path);
    add_key("HTTP/ws1.fabrikam.test@FABRIKAM.TEST", &keys[0]);
    ck_assert_int_eq(prove(), TL_REASON_KEYTAB_RC4);
    add_key("host/ws1.fabrikam.test@FABRIKAM.TEST", &keys[0]);
    ck_assert_int_eq(prove(), TL_REASON_OK);
    ck_assert_int_eq(tl_keytab_judge(config, &ws, out), TL_REASON_OK);
    krb5_free_keyblock_contents(krb->k5, &rc4);
}
END_TEST

/* What a worker that has been taken over may show. */
static void show(struct tl_claim *claim, const struct tl_challenge *challenge,
                 enum tl_reason wanted)
{
    ck_assert_int_eq(tl_prove(mem, config, &ws, challenge, claim, &proven, out), wanted);
    ck_assert_int_eq(proven != NULL, wanted == TL_REASON_OK);
}

START_TEST(test_claims)
{
    struct tl_challenge challenge, other;
    struct tl_claim *claim = NULL, *again = NULL, lied;
    uint8_t sum[64] = {0};

    make_ticket(&lies[0]);
    ck_assert_int_eq(tl_challenge_new(&challenge), 0);
    ck_assert_int_eq(tl_challenge_new(&other), 0);
    ck_assert_int_eq(tl_krb_claim(mem, krb, &challenge, &claim, out), TL_REASON_OK);
    show(claim, &challenge, TL_REASON_OK);
    /* for another conversation */
    show(claim, &other, TL_REASON_REPLY_MISMATCH);
    ck_assert_int_eq(tl_krb_claim(mem, krb, &other, &again, out), TL_REASON_OK);
    show(again, &challenge, TL_REASON_REPLY_MISMATCH);
    /* issued before this conversation */
    other = challenge;
    other.since += 2 * 86400;
    show(claim, &other, TL_REASON_CLOCK_SKEW);
    /* without the session key, in any length */
    for (size_t len = 0; len < sizeof(sum); len++) {
        lied = *claim;
        lied.sum = sum;
        lied.sum_len = len;
        show(&lied, &challenge, TL_REASON_REPLY_MISMATCH);
        if (len < claim->sum_len) {
            lied.sum = claim->sum;
            show(&lied, &challenge, TL_REASON_REPLY_MISMATCH);
        }
    }
    /* of another user, or of none */
    lied = *claim;
    lied.client = BOB;
    show(&lied, &challenge, TL_REASON_REPLY_MISMATCH);
    lied.client = "";
    show(&lied, &challenge, TL_REASON_REPLY_MISMATCH);
    lied.client = "@";
    show(&lied, &challenge, TL_REASON_REPLY_MISMATCH);
    /* bytes that are no ticket */
    for (lied = *claim; lied.ticket_len > 0; lied.ticket_len--)
        if (lied.ticket_len < claim->ticket_len)
            show(&lied, &challenge, TL_REASON_KDC_GARBAGE);
    show(&lied, &challenge, TL_REASON_KDC_GARBAGE);
}
END_TEST

/* A key that another user may have put there proves nothing, nor does a known one. */
START_TEST(test_unsafe_keytab)
{
    static const struct {
        mode_t mode;
        uid_t owner;
        enum tl_reason reason;
    } rows[] = {{0606, 0, TL_REASON_KEYTAB_UNSAFE},
                {0620, 0, TL_REASON_KEYTAB_UNSAFE},
                {0640, 0, TL_REASON_KEYTAB_UNSAFE},
                {0604, 0, TL_REASON_KEYTAB_UNSAFE},
                {0600, 1, TL_REASON_KEYTAB_UNSAFE},
                {0400, 0, TL_REASON_OK},
                {0611, 0, TL_REASON_OK}};
    make_ticket(&lies[0]);
    if (geteuid() != 0 && rows[_i].owner != 0)
        return;
    ck_assert_int_eq(chmod(path, rows[_i].mode), 0);
    if (rows[_i].owner != 0)
        ck_assert_int_eq(chown(path, rows[_i].owner, 0), 0);
    ck_assert_int_eq(prove(), rows[_i].reason);
}
END_TEST

/* Any damage to the ticket's bytes; most of it is in the encrypted part. */
START_TEST(test_damage)
{
    make_ticket(&lies[0]);
    for (unsigned int i = 0; i < krb->host->ticket.length; i += 7) {
        krb->host->ticket.data[i] ^= 0x40;
        if (prove() == TL_REASON_OK)
            /* the name and version outside are unprotected, and prove nothing */
            ck_assert_uint_lt(i, 110);
        krb->host->ticket.data[i] ^= 0x40;
    }
    ck_assert_int_eq(prove(), TL_REASON_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("proof");
    TCase *tc = tcase_create("proof");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_claims);
    tcase_add_loop_test(tc, test_lie, 0, COUNT(lies));
    tcase_add_test(tc, test_no_keytab);
    tcase_add_test(tc, test_keytab_of_root);
    tcase_add_test(tc, test_rc4_keytab);
    tcase_add_loop_test(tc, test_unsafe_keytab, 0, 7);
    tcase_add_test(tc, test_damage);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
