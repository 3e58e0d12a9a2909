/* SPDX-License-Identifier: MIT
 *
 * test_agent_hostile_worker.c - a worker that has been taken over, in the place of the
 * real one. It may say to its monitor what it likes: nobody is logged on for whom no KDC
 * has issued a ticket in this conversation, and nothing is written that was not proven.
 *
 * tl_logon_exchange() below takes the place of the library's. It runs inside the sandbox
 * of a real worker, which the monitor's side of a real logon has started.
 */
#include <check.h>
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <trustlogon/logon.h>
#include <trustlogon/topology.h>

#include "agent/logon_worker.h"
#include "agent/worker_codec.h"
#include "agent/worker_message.h"
#include "agent/worker_process.h"
#include "agent/worker_requests.h"
#include "keytab_entries.h"
#include "kerberos/internal.h"
#include "proof/claim.h"
#include "scratch.h"
#include "sealed_tickets.h"
#include "tl_build.h"

#define AES ENCTYPE_AES256_CTS_HMAC_SHA1_96
#define WORKER_FD 3
#define RANDOM_MESSAGES 1000000
#define ALICE "alice@CONTOSO.TEST"
#define BOB "bob@CONTOSO.TEST"
#define SID_OF_CONTOSO "S-1-5-21-1004336348-1177238915-682003330"
#define TOPOLOGY                                                                         \
    "{\"version\": 1, \"taken\": 1000, \"domain\": \"fabrikam.test\","                   \
    " \"forest\": \"fabrikam.test\","                                                    \
    " \"domains\": [{\"dns\": \"fabrikam.test\", \"flat\": \"FABRIKAM\","                \
    "   \"objectSid\": \"S-1-5-21-7-7-7\"}],"                                            \
    " \"trusts\": [{\"holder\": \"fabrikam.test\", \"trustPartner\": \"contoso.test\","  \
    "   \"flatName\": \"CONTOSO\", \"securityIdentifier\": \"" SID_OF_CONTOSO "\","      \
    "   \"trustDirection\": 3, \"trustType\": 2, \"trustAttributes\": 4}]}"

static struct tl_config *config;
static struct tl_machine *machine;
static struct tla_setup agent;
static struct tla_conv *conv;
static struct tl_workstation ws = {WS1_OF_FABRIKAM};
static krb5_context k5;
/* The machine's; one of an attacker; the session of a ticket that the attacker has got;
 * that of a ticket which only passed by on the wire. */
enum { MACHINE, ATTACKER, KNOWN, UNKNOWN, KEYS };
static krb5_keyblock keys[KEYS];
static krb5_data logon_info;
static struct tl_claim *earlier; /* of an earlier conversation, genuine in all */

/* --- tickets -------------------------------------------------------------------------
 */

struct forged {
    const char *client;
    int sealed, signed_with, session;
    int age; /* seconds since it was issued */
};

/* Of the usual PAC among the fuzzers' seeds, which a worker cannot read. */
static void read_logon_info(void)
{
    static uint8_t bytes[65536];
    FILE *file = fopen(TEST_DATA "/../../fuzz/corpus/pac/usual", "rb");
    krb5_pac pac;
    size_t len;

    ck_assert_ptr_nonnull(file);
    len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    ck_assert_int_eq(krb5_pac_parse(k5, bytes, len, &pac), 0);
    ck_assert_int_eq(krb5_pac_get_buffer(k5, pac, 1, &logon_info), 0);
    krb5_pac_free(k5, pac);
}

static krb5_data make_pac(const struct forged *how, krb5_timestamp authtime)
{
    krb5_data info = logon_info, made = {0};
    krb5_principal client;
    krb5_pac pac;

    ck_assert_int_eq(krb5_pac_init(k5, &pac), 0);
    ck_assert_int_eq(krb5_pac_add_buffer(k5, pac, 1, &info), 0);
    ck_assert_int_eq(krb5_parse_name(k5, how->client, &client), 0);
    ck_assert_int_eq(krb5_pac_sign(k5, pac, authtime, client, &keys[how->signed_with],
                                   &keys[ATTACKER], &made),
                     0);
    krb5_free_principal(k5, client);
    krb5_pac_free(k5, pac);
    return made;
}

static krb5_data make_ticket(const struct forged *how)
{
    krb5_timestamp issued = (krb5_timestamp)(time(NULL) - how->age);
    krb5_data pac = make_pac(how, issued), made;
    krb5_authdata one = {.ad_type = KRB5_AUTHDATA_WIN2K_PAC,
                         .length = pac.length,
                         .contents = (krb5_octet *)pac.data};
    krb5_authdata *list[] = {&one, NULL};
    krb5_enc_tkt_part part = {.session = &keys[how->session], .transited.tr_type = 1};
    struct seal seal = {.key = &keys[how->sealed], .kvno = 2};

    ck_assert_int_eq(krb5_encode_authdata_container(k5, KRB5_AUTHDATA_IF_RELEVANT, list,
                                                    &part.authorization_data),
                     0);
    ck_assert_int_eq(krb5_parse_name(k5, how->client, &part.client), 0);
    part.times.authtime = part.times.starttime = issued;
    part.times.endtime = issued + 36000;
    made = seal_ticket(k5, "host/ws1.fabrikam.test@FABRIKAM.TEST", &part, &seal);
    krb5_free_principal(k5, part.client);
    krb5_free_authdata(k5, part.authorization_data);
    krb5_free_data_contents(k5, &pac);
    return made;
}

/* With the checksum that the holder of this session key can make. */
static struct tl_claim *make_claim(const struct forged *how, int session,
                                   const struct tl_challenge *challenge)
{
    struct tl_claim *claim = talloc_zero(ctx, struct tl_claim);
    krb5_data ticket = make_ticket(how);
    krb5_checksum sum = {0};

    ck_assert_int_eq(tli_claim_sum(k5, &keys[session], challenge, &sum), 0);
    claim->ticket = talloc_memdup(claim, ticket.data, ticket.length);
    claim->ticket_len = ticket.length;
    claim->sum = talloc_memdup(claim, sum.contents, sum.length);
    claim->sum_len = sum.length;
    claim->client = talloc_strdup(claim, how->client);
    krb5_free_checksum_contents(k5, &sum);
    krb5_free_data_contents(k5, &ticket);
    return claim;
}

/* --- what the worker does
 * ---------------------------------------------------------------- */

static void (*hostile)(struct tl_logon *logon, const struct tl_challenge *challenge);
static int channel; /* to the monitor */

enum tl_reason tl_logon_exchange(struct tl_logon *logon,
                                 const struct tl_credential *credential,
                                 const struct tl_challenge *challenge,
                                 struct tl_exchanged **exchanged)
{
    int pipe_of_check[2];

    /* libcheck writes to the descriptor that had this number before */
    channel = dup(WORKER_FD);
    if (channel < 0 || pipe(pipe_of_check) != 0 || dup2(pipe_of_check[1], WORKER_FD) < 0)
        _exit(1);
    hostile(logon, challenge);
    _exit(0);
}

static void say(json_t *message)
{
    ck_assert_ptr_nonnull(message);
    (void)tla_message_send(channel, message, tl_deadline_in_ms(10000));
}

static void say_bytes(const void *bytes, size_t len)
{
    (void)send(channel, bytes, len, MSG_NOSIGNAL);
}

static json_t *outcome(enum tl_reason reason)
{
    struct tl_outcome *out = tl_outcome_new(ctx);

    if (reason != TL_REASON_OK)
        tl_outcome_fail(out, TL_STAGE_AS, reason, NULL);
    return tla_outcome_encode(out);
}

static void say_result(const struct tl_claim *claim)
{
    const struct tl_exchanged exchanged = {.claim = (struct tl_claim *)(uintptr_t)claim};
    const struct tl_tickets none = {.client = claim->client};

    say(json_pack("{s:{s:o,s:b,s:s,s:n,s:o,s:o}}", "result", "outcome",
                  outcome(TL_REASON_OK), "answered", 1, "client", claim->client, "words",
                  "exchanged", tla_exchanged_encode(&exchanged), "tickets",
                  tla_tickets_encode(&none)));
}

/* The one that is no attack: the password's owner, or a KDC that gave a ticket. */
static void genuine(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    const struct forged how = {ALICE, MACHINE, MACHINE, KNOWN, 0};

    if (logon->deadline != 0) /* all steps have one */
        say_result(make_claim(&how, KNOWN, challenge));
}

/* A ticket of bob's, and the claim says alice. */
static void renamed(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    const struct forged how = {BOB, MACHINE, MACHINE, KNOWN, 0};
    struct tl_claim *claim = make_claim(&how, KNOWN, challenge);

    claim->client = ALICE;
    say_result(claim);
}

static void sniffed(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    const struct forged how = {ALICE, MACHINE, MACHINE, UNKNOWN, 0};

    say_result(make_claim(&how, ATTACKER, challenge));
}

static void without_checksum(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    const struct forged how = {ALICE, MACHINE, MACHINE, UNKNOWN, 0};
    struct tl_claim *claim = make_claim(&how, ATTACKER, challenge);

    claim->sum_len = 0;
    say_result(claim);
}

static void replayed(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    say_result(earlier);
}

static void of_yesterday(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    const struct forged how = {ALICE, MACHINE, MACHINE, KNOWN, 7200};

    say_result(make_claim(&how, KNOWN, challenge));
}

static void forged_pac(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    const struct forged how = {ALICE, MACHINE, ATTACKER, KNOWN, 0};

    say_result(make_claim(&how, KNOWN, challenge));
}

static void forged_ticket(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    const struct forged how = {ALICE, ATTACKER, ATTACKER, KNOWN, 0};

    say_result(make_claim(&how, KNOWN, challenge));
}

static void only_a_word(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    say(json_pack("{s:{s:o,s:b,s:s}}", "result", "outcome", outcome(TL_REASON_OK),
                  "answered", 1, "client", ALICE));
}

static void no_outcome(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    say(json_pack("{s:{}}", "result"));
}

static void both_words(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    say(json_pack("{s:{s:{s:i,s:i,s:i,s:i,s:i,s:i}}}", "result", "outcome", "reason", 0,
                  "stage", 99, "ntstatus", 0, "hop", 0, "krb_error", -1, "edata_ntstatus",
                  0));
}

static void nothing(struct tl_logon *logon, const struct tl_challenge *challenge)
{
}

/* It breaks the protocol, and goes on. */
static void stays(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    say(json_pack("{s:s}", "ask", "verdict"));
    for (;;)
        (void)pause();
}

static void dies(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    __builtin_trap();
}

static void no_message(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    say_bytes("\x10\0\0\0not a message...", 20);
}

static void endless_message(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    say_bytes("\xff\xff\xff\x7f", 4);
}

static void half_a_message(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    say_bytes("\x10\0\0\0{", 5);
}

static void failed_well(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    say(json_pack("{s:i}", "failed", 0));
    genuine(logon, challenge);
}

static void unknown_request(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    say(json_pack("{s:s}", "ask", "verdict"));
    genuine(logon, challenge);
}

static void too_many_requests(struct tl_logon *logon,
                              const struct tl_challenge *challenge)
{
    for (int i = 0; i < 1000; i++)
        say(json_pack("{s:s}", "ask", "reply"));
    genuine(logon, challenge);
}

/* A valid entry of the machine's own domain, from one that speaks with another. */
#define FOREIGN_DCS                                                                      \
    "{\"version\":1,\"domain\":\"fabrikam.test\",\"found\":1800000000,"                  \
    "\"checked\":1800000000,\"search_failed\":0,\"dcs\":[{\"host\":"                     \
    "\"dc1.fabrikam.test\",\"address\":\"10.0.0.66\",\"priority\":0,\"weight\":100,"     \
    "\"in_site\":false,\"pinged\":true,\"ping_us\":0,\"flags\":0,\"failed\":0}]}"

/* Requests that are taken, and leave nothing behind. */
static void paths(struct tl_logon *logon, const struct tl_challenge *challenge)
{
    static const char *const names[] = {"../../../../tmp/x", "/etc/cron.d/x", "x/y",
                                        "CONTOSO.TEST/../x", "EVIL.TEST",     ""};

    for (size_t i = 0; i < COUNT(names); i++) {
        say(json_pack("{s:s,s:s}", "ask", "fast", "realm", names[i]));
        say(json_pack("{s:s,s:s,s:s}", "ask", "dcs", "domain", names[i], "text", "{}"));
    }
    say(json_pack("{s:s,s:s,s:s}", "ask", "dcs", "domain", "contoso.test", "text", "{}"));
    say(json_pack("{s:s,s:s,s:s}", "ask", "dcs", "domain", "fabrikam.test", "text",
                  FOREIGN_DCS));
    only_a_word(logon, challenge);
}

static const struct {
    const char *name;
    void (*hostile)(struct tl_logon *logon, const struct tl_challenge *challenge);
    enum tl_reason reason;
} attacks[] = {
    {"genuine", genuine, TL_REASON_OK},
    {"another user's ticket", renamed, TL_REASON_REPLY_MISMATCH},
    {"a sniffed ticket", sniffed, TL_REASON_REPLY_MISMATCH},
    {"a sniffed ticket without a checksum", without_checksum, TL_REASON_REPLY_MISMATCH},
    {"a claim of an earlier conversation", replayed, TL_REASON_REPLY_MISMATCH},
    {"an old ticket", of_yesterday, TL_REASON_CLOCK_SKEW},
    {"a forged PAC", forged_pac, TL_REASON_PAC_INVALID},
    {"a forged ticket", forged_ticket, TL_REASON_KEYTAB_WRONG},
    {"a word", only_a_word, TL_REASON_INTERNAL},
    {"no outcome", no_outcome, TL_REASON_INTERNAL},
    {"a stage that is none", both_words, TL_REASON_INTERNAL},
    {"nothing", nothing, TL_REASON_INTERNAL},
    {"a crash", dies, TL_REASON_INTERNAL},
    {"going on", stays, TL_REASON_INTERNAL},
    {"bytes", no_message, TL_REASON_INTERNAL},
    {"a length", endless_message, TL_REASON_INTERNAL},
    {"half a message", half_a_message, TL_REASON_INTERNAL},
    {"a failure that is none", failed_well, TL_REASON_INTERNAL},
    {"a request that is none", unknown_request, TL_REASON_INTERNAL},
    {"requests without end", too_many_requests, TL_REASON_INTERNAL},
    {"paths", paths, TL_REASON_INTERNAL},
};

/* --- the monitor
 * ------------------------------------------------------------------------------ */

static void load_topology(void)
{
    char *error = NULL;

    ck_assert_msg(tl_topology_from_json(machine, TOPOLOGY, strlen(TOPOLOGY),
                                        &machine->topology, &error) == 0,
                  "%s", error);
}

static void setup(void)
{
    static const struct forged how = {ALICE, MACHINE, MACHINE, KNOWN, 0};
    struct tl_challenge before;

    scratch_setup();
    ck_assert_int_eq(chmod(folder, 0755), 0);
    config = tl_config_defaults(ctx);
    config->keytab = talloc_asprintf(ctx, "%s/keytab", folder);
    config->run_dir = talloc_asprintf(ctx, "%s/run", folder);
    config->state_dir = talloc_asprintf(ctx, "%s/state", folder);
    config->cache_dir = talloc_asprintf(ctx, "%s/cache", folder);
    (void)mkdir(config->run_dir, 0755);
    (void)mkdir(config->state_dir, 0755);
    (void)mkdir(config->cache_dir, 0755);
    config->explain = false;
    machine = tl_machine_new(ctx, config);
    machine->workstation = &ws;
    load_topology();
    agent.user = (struct tla_worker_user){65534, 65534};
    (void)tla_worker_user_find(&agent.user);
    conv = talloc_zero(ctx, struct tla_conv);
    conv->setup = &agent;
    conv->config = config;
    ck_assert_int_eq(tli_k5_context(TL_RC4_NO, &k5), 0);
    for (int i = 0; i < KEYS; i++)
        ck_assert_int_eq(krb5_c_make_random_key(k5, AES, &keys[i]), 0);
    add_to_keytab(k5, config->keytab, "host/ws1.fabrikam.test@FABRIKAM.TEST", 2,
                  &keys[MACHINE]);
    read_logon_info();
    ck_assert_int_eq(tl_challenge_new(&before), 0);
    earlier = make_claim(&how, KNOWN, &before);
}

static void teardown(void)
{
    for (int i = 0; i < KEYS; i++)
        krb5_free_keyblock_contents(k5, &keys[i]);
    krb5_free_data_contents(k5, &logon_info);
    krb5_free_context(k5);
    scratch_teardown();
}

/* No group of this machine's domain has to be read. */
static void known_groups(void *arg, TALLOC_CTX *mem, const struct tl_sid *user,
                         struct tl_own_groups *known)
{
    known->asked = known->answered = (int64_t)time(NULL);
}

static size_t files_in(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    size_t count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* A monitor may not signal other users' processes. */
static void drop_kill(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    ck_assert_int_eq(syscall(SYS_capget, &head, data), 0);
    data[0].effective &= ~(1U << CAP_KILL);
    data[0].permitted &= ~(1U << CAP_KILL);
    ck_assert_int_eq(syscall(SYS_capset, &head, data), 0);
}

/* All workers end, by themselves or not. */
static void wait_for_workers(void)
{
    pid_t pid;

    do
        pid = waitpid(-1, NULL, 0);
    while (pid > 0 || errno == EINTR);
    ck_assert_int_eq(errno, ECHILD);
}

START_TEST(test_attack)
{
    struct tl_logon *logon = tl_logon_new(ctx, machine, NULL);
    enum tl_reason reason;

    drop_kill();
    hostile = attacks[_i].hostile;
    logon->cached_groups = known_groups;
    ck_assert_int_eq(tla_logon_worker_use(conv, logon), 0);
    ck_assert_int_eq(tl_logon_prepare(logon, "CONTOSO\\alice"), TL_REASON_OK);
    reason = tl_logon_run(logon, &(struct tl_credential){.password = "Guess.1"});
    ck_assert_msg(reason == attacks[_i].reason, "%s: %s (%s)", attacks[_i].name,
                  tl_reason_info(reason)->slug,
                  logon->outcome->detail != NULL ? logon->outcome->detail : "");
    ck_assert_int_eq(logon->deadline, 0);
    ck_assert_int_eq(logon->outcome->reason, reason);
    ck_assert_int_eq(logon->identity != NULL, reason == TL_REASON_OK);
    if (reason == TL_REASON_OK)
        ck_assert_str_eq(logon->client, ALICE);
    ck_assert_uint_eq(files_in(config->run_dir), 0);
    ck_assert_uint_eq(files_in(config->state_dir), 0);
    ck_assert_uint_eq(files_in(config->cache_dir), 0);
    wait_for_workers();
}
END_TEST

/* A number that is the same in each run. */
static uint32_t any(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15ULL;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

/* A child of ctx. */
static char *text_of(json_t *message)
{
    char *dumped = json_dumps(message, JSON_COMPACT), *text = talloc_strdup(ctx, dumped);

    free(dumped);
    json_decref(message);
    return text;
}

/* Lengths, types and bytes at random, from messages that are valid. */
START_TEST(test_random_messages)
{
    const struct forged how = {ALICE, MACHINE, MACHINE, KNOWN, 0};
    struct tl_challenge challenge;
    struct tl_exchanged exchanged = {0};
    const struct tl_tickets tickets = {
        .client = ALICE,
        .count = 1,
        .tickets = &(struct tl_ticket_bytes){"krbtgt/A@A", 7, (const uint8_t *)"abc", 3}};
    struct tl_outcome *out = tl_outcome_new(ctx);
    char *seeds[4];
    size_t taken = 0;

    ck_assert_int_eq(tl_challenge_new(&challenge), 0);
    exchanged.claim = make_claim(&how, KNOWN, &challenge);
    exchanged.claim->ticket_len = 40;
    seeds[0] = text_of(tla_exchanged_encode(&exchanged));
    seeds[1] = text_of(tla_tickets_encode(&tickets));
    seeds[2] = text_of(outcome(TL_REASON_WRONG_PASSWORD));
    seeds[3] = text_of(
        tla_unix_facts_encode(&(struct tl_unix_facts){.has_uid = true, .uid = 7}));
    for (int round = 0; round < RANDOM_MESSAGES; round++) {
        const char *seed = seeds[any() % COUNT(seeds)];
        size_t len = strlen(seed);
        char *text = talloc_memdup(ctx, seed, len);
        struct tl_exchanged *one = NULL;
        struct tl_tickets *two = NULL;
        struct tl_unix_facts *three = NULL;
        struct tl_dir_names *four = NULL;
        json_t *message;

        for (uint32_t changes = any() % 4; changes > 0; changes--)
            text[any() % len] = (char)any();
        message = tla_message_parse(text, len - (any() % 8 == 0 ? any() % len : 0));
        if (message != NULL) {
            taken += tla_exchanged_decode(ctx, message, &one) == 0;
            taken += tla_tickets_decode(ctx, message, &two) == 0;
            taken += tla_outcome_decode(message, out) == 0;
            taken += tla_unix_facts_decode(ctx, message, &three) == 0;
            taken +=
                tla_groups_decode(ctx, json_object_get(message, "groups"), &four) == 0;
        }
        json_decref(message);
        talloc_free(one);
        talloc_free(two);
        talloc_free(three);
        talloc_free(four);
        talloc_free(text);
    }
    ck_assert_uint_gt(taken, RANDOM_MESSAGES / 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_hostile_worker");
    TCase *tc = tcase_create("hostile");

    if (!HAVE_SECCOMP || geteuid() != 0)
        return 77;
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_attack, 0, COUNT(attacks));
    tcase_add_test(tc, test_random_messages);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
