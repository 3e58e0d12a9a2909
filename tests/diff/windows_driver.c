/* SPDX-License-Identifier: MIT
 *
 * windows_driver.c - gives recorded bytes of Windows machines to our decoders, for
 * windows.py: a verb and its arguments a line, tabs between them, bytes in hexadecimal.
 * One line comes back for each; for "ticket", two.
 *
 * pac BYTES: as pac_driver.c prints it. verify BYTES KEY CLIENT AUTHTIME REALM: the PAC's
 * signature by the service's key; REALM "realm" where CLIENT_INFO has one. ticket BYTES
 * KEY CLIENT: what is in it, and the proof of a logon at its time. reply BYTES, error
 * BYTES: what is read of a KDC's message. ping BYTES: an answer to an LDAP ping. request
 * DOMAIN HOST: our ping. keytab PATH. A key is TYPE:BYTES.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <trustlogon/proof.h>

#include "kerberos/exchange/exchange.h"
#include "kerberos/tickets/keytab.h"
#include "locate/internal.h"
#include "print_pac.h"
#include "status/s2k.h"

#define ARGUMENTS_MAX 8
#define KEYTAB "MEMORY:windows"

struct run {
    TALLOC_CTX *mem; /* of this line */
    struct tl_config *config;
    krb5_context k5;
    char *args[ARGUMENTS_MAX]; /* after the verb; NULL where there are fewer */
};

static time_t now; /* 0: the clock's own */
time_t __real_time(time_t *t);
time_t __wrap_time(time_t *t);

/* The proof looks at the clock; tickets of years ago are judged as of then. */
time_t __wrap_time(time_t *t)
{
    if (now == 0)
        return __real_time(t);
    if (t != NULL)
        *t = now;
    return now;
}

static void die(const char *what)
{
    fprintf(stderr, "windows_driver: %s\n", what);
    exit(2);
}

/* Exactly as long as they are, so that a sanitizer sees their end. */
static krb5_data bytes_of(struct run *run, const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *bytes = talloc_array(run->mem, uint8_t, len);

    for (size_t i = 0; i < len; i++) {
        unsigned int byte;

        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            die("no hexadecimal");
        bytes[i] = (uint8_t)byte;
    }
    return (krb5_data){.data = (char *)bytes, .length = (unsigned int)len};
}

static krb5_keyblock key_of(struct run *run, const char *text)
{
    char *end = NULL;
    long type = strtol(text, &end, 10);
    krb5_data bytes;

    if (*end != ':')
        die("no key");
    bytes = bytes_of(run, end + 1);
    return (krb5_keyblock){.enctype = (krb5_enctype)type,
                           .length = bytes.length,
                           .contents = (krb5_octet *)bytes.data};
}

static krb5_principal principal_of(struct run *run, const char *name)
{
    krb5_principal princ = NULL;

    if (krb5_parse_name(run->k5, name, &princ) != 0)
        die("no principal");
    return princ;
}

static void print_hex(const char *name, const void *data, size_t len)
{
    printf(" %s=", name);
    for (size_t i = 0; i < len; i++)
        printf("%02x", ((const uint8_t *)data)[i]);
}

static void pac(struct run *run)
{
    krb5_data bytes = bytes_of(run, run->args[0]);
    struct tl_pac *decoded = NULL;
    const char *where = NULL;
    int ret = tl_pac_decode(run->mem, (const uint8_t *)bytes.data, bytes.length, &decoded,
                            &where);

    if (ret == 0)
        print_pac(decoded);
    else
        printf("refused %s\n", where != NULL ? where : strerrorname_np(-ret));
}

static void verify(struct run *run)
{
    krb5_data bytes = bytes_of(run, run->args[0]);
    krb5_keyblock server = key_of(run, run->args[1]);
    krb5_principal client = principal_of(run, run->args[2]);
    krb5_timestamp authtime = (krb5_timestamp)strtoll(run->args[3], NULL, 10);
    krb5_boolean realm = strcmp(run->args[4], "realm") == 0;
    krb5_pac parsed = NULL;
    krb5_error_code ret;

    ret = krb5_pac_parse(run->k5, bytes.data, bytes.length, &parsed);
    if (ret == 0)
        ret =
            krb5_pac_verify_ext(run->k5, parsed, authtime, client, &server, NULL, realm);
    printf("%s\n", ret == 0 ? "ok" : tli_k5_message(run->mem, run->k5, ret));
    krb5_pac_free(run->k5, parsed);
    krb5_free_principal(run->k5, client);
}

/* The content of a ticket, and its PAC's bytes. */
static void print_ticket(struct run *run, const krb5_ticket *ticket)
{
    const krb5_enc_tkt_part *part = ticket->enc_part2;
    krb5_authdata **found = NULL;

    printf("sname=%s nametype=%d flags=%08x authtime=%" PRIu32,
           tli_k5_name(run->mem, run->k5, ticket->server), (int)part->client->type,
           (unsigned int)part->flags, (uint32_t)part->times.authtime);
    print_hex("transited", part->transited.tr_contents.data,
              part->transited.tr_contents.length);
    if (krb5_find_authdata(run->k5, part->authorization_data, NULL,
                           KRB5_AUTHDATA_WIN2K_PAC, &found) == 0 &&
        found != NULL && found[0] != NULL)
        print_hex("pac", found[0]->contents, found[0]->length);
    krb5_free_authdata(run->k5, found);
    putchar('\n');
}

/* A session that has got this ticket for this machine, a moment after it was made. */
static void prove(struct run *run, const krb5_data *bytes, const krb5_ticket *opened)
{
    const struct tl_workstation ws = {.flat = "WS1",
                                      .fqdn = "ws1.example",
                                      .realm =
                                          tli_k5_name(run->mem, run->k5, opened->server),
                                      .domain = "example"};
    struct tl_workstation here = ws;
    struct tl_outcome *out = tl_outcome_new(run->mem);
    struct tl_proven *proven = NULL;
    struct tl_krb *krb = NULL;

    here.realm = strrchr(ws.realm, '@') + 1;
    if (tl_krb_new(run->mem, run->config, NULL, tl_deadline_in_ms(10000), NULL, &krb,
                   out) != TL_REASON_OK)
        die("no session");
    krb->client = principal_of(run, run->args[2]);
    krb->client_name = talloc_strdup(krb, run->args[2]);
    krb->host = calloc(1, sizeof(*krb->host));
    if (krb->host == NULL ||
        krb5_copy_keyblock_contents(run->k5, opened->enc_part2->session,
                                    &krb->host->keyblock) != 0)
        die("no memory");
    krb->host->ticket.data = malloc(bytes->length);
    if (krb->host->ticket.data == NULL)
        die("no memory");
    memcpy(krb->host->ticket.data, bytes->data, bytes->length);
    krb->host->ticket.length = bytes->length;
    now = (time_t)(uint32_t)opened->enc_part2->times.starttime + 1;
    if (tl_krb_proof(run->mem, krb, &here, &proven, out) == TL_REASON_OK)
        print_pac(proven->pac);
    else
        printf("refused %s: %s\n", tl_reason_info(out->reason)->slug,
               out->detail != NULL ? out->detail : "");
    now = 0;
    talloc_free(krb);
}

/* Two lines: the content of the ticket, and the result of its verification. */
static void ticket(struct run *run)
{
    krb5_data bytes = bytes_of(run, run->args[0]);
    krb5_keytab_entry entry = {.key = key_of(run, run->args[1])};
    krb5_keytab keytab = NULL;
    krb5_ticket *opened = NULL;
    krb5_error_code ret = krb5_decode_ticket(&bytes, &opened);
    char *own;

    if (ret != 0 || krb5_kt_resolve(run->k5, KEYTAB, &keytab) != 0) {
        printf("no ticket\nno ticket\n");
        return;
    }
    /* under its own name, to look into it, and as one of this machine's keys */
    own = talloc_asprintf(run->mem, "host/ws1.example@%.*s",
                          (int)opened->server->realm.length, opened->server->realm.data);
    entry.vno = opened->enc_part.kvno;
    entry.principal = opened->server;
    ret = krb5_kt_add_entry(run->k5, keytab, &entry);
    if (ret == 0)
        ret = krb5_server_decrypt_ticket_keytab(run->k5, keytab, opened);
    entry.principal = opened->server; /* another one by now, of the same name */
    (void)krb5_kt_remove_entry(run->k5, keytab, &entry);
    if (ret != 0 && ret != KRB5KRB_AP_ERR_ILL_CR_TKT) {
        printf("%s\nnot opened\n", tli_k5_message(run->mem, run->k5, ret));
    } else {
        print_ticket(run, opened);
        entry.principal = principal_of(run, own);
        (void)krb5_kt_add_entry(run->k5, keytab, &entry);
        prove(run, &bytes, opened);
        (void)krb5_kt_remove_entry(run->k5, keytab, &entry);
        krb5_free_principal(run->k5, entry.principal);
    }
    krb5_free_ticket(run->k5, opened);
    krb5_kt_close(run->k5, keytab);
}

/* Of the messages that may ask for work, whether a password would be tried on it. */
static void print_affordable(bool asks, const krb5_data *bytes)
{
    if (asks)
        printf(" affordable=%d",
               tli_s2k_affordable((const uint8_t *)bytes->data, bytes->length, NULL));
    putchar('\n');
}

static void reply(struct run *run)
{
    krb5_data bytes = bytes_of(run, run->args[0]);
    const uint8_t *data = (const uint8_t *)bytes.data;
    const char *realm = tli_krb_referred_to(run->mem, &bytes);
    struct tli_krb_error error;

    tli_krb_error_read(run->mem, run->k5, &bytes, &error);
    printf("%s referred=%s error=%d",
           tli_krb_msg_name(tli_krb_msg_kind(data, bytes.length)),
           realm != NULL ? realm : "-", (int)error.code);
    print_affordable(tli_krb_msg_kind(data, bytes.length) == TL_MSG_AS_REP, &bytes);
}

static void error(struct run *run)
{
    krb5_data bytes = bytes_of(run, run->args[0]);
    struct tli_krb_error err;

    tli_krb_error_read(run->mem, run->k5, &bytes, &err);
    printf("%s code=%d crealm=%s stime=%" PRId64 " status=%08x",
           tli_krb_msg_name(tli_krb_msg_kind((const uint8_t *)bytes.data, bytes.length)),
           (int)err.code, err.crealm != NULL ? err.crealm : "", err.stime,
           err.edata_ntstatus);
    print_affordable(err.code == TL_KRB_PREAUTH_REQUIRED, &bytes);
}

static void print_field(const char *name, const char *value)
{
    printf("\t%s=%s", name, value != NULL ? value : "");
}

static void ping(struct run *run)
{
    krb5_data bytes = bytes_of(run, run->args[0]);
    struct tl_ping_reply *answer = NULL;
    int id = -1;
    int ret = tl_ping_packet_decode(run->mem, (const uint8_t *)bytes.data, bytes.length,
                                    &id, &answer);

    if (ret != 0) {
        printf("refused %s id=%d\n", strerrorname_np(-ret), id);
        return;
    }
    printf("id=%d\topcode=%u\tflags=%08x\t", id, answer->opcode, answer->flags);
    print_hex("guid", answer->guid, sizeof(answer->guid));
    print_field("forest", answer->forest);
    print_field("domain", answer->domain);
    print_field("host", answer->host);
    print_field("flat_domain", answer->flat_domain);
    print_field("flat_host", answer->flat_host);
    print_field("user", answer->user);
    print_field("dc_site", answer->dc_site);
    print_field("client_site", answer->client_site);
    print_field("next_site", answer->next_site);
    putchar('\n');
}

static void request(struct run *run)
{
    struct tli_ping_request in = {.domain = run->args[0], .host = run->args[1]};
    uint8_t *data = NULL;
    size_t len = 0;

    if (tli_ping_request(run->mem, 7, &in, &data, &len) != 0)
        die("no memory");
    print_hex("request", data, len);
    putchar('\n');
}

static void keytab(struct run *run)
{
    struct tl_outcome *out = tl_outcome_new(run->mem);
    struct tl_config config = *run->config;
    krb5_keytab file = NULL;
    krb5_keytab_entry entry;
    krb5_kt_cursor cursor;

    config.keytab = run->args[0];
    if (tli_keytab_open(run->k5, &config, TL_STAGE_LOCAL, &file, out) != TL_REASON_OK ||
        krb5_kt_start_seq_get(run->k5, file, &cursor) != 0) {
        printf("refused %s\n", tl_reason_info(out->reason)->slug);
        return;
    }
    while (krb5_kt_next_entry(run->k5, file, &entry, &cursor) == 0) {
        printf("%s:%u:%d", tli_k5_name(run->mem, run->k5, entry.principal),
               (unsigned int)entry.vno, (int)entry.key.enctype);
        print_hex("key", entry.key.contents, entry.key.length);
        putchar('\t');
        krb5_free_keytab_entry_contents(run->k5, &entry);
    }
    putchar('\n');
    krb5_kt_end_seq_get(run->k5, file, &cursor);
    krb5_kt_close(run->k5, file);
}

static const struct {
    const char *verb;
    int args; /* at least */
    void (*fn)(struct run *run);
} verbs[] = {
    {"pac", 1, pac},         {"verify", 5, verify}, {"ticket", 3, ticket},
    {"reply", 1, reply},     {"error", 1, error},   {"ping", 1, ping},
    {"request", 2, request}, {"keytab", 1, keytab},
};

static void answer(struct run *run, char *line)
{
    char *rest = NULL, *verb = strtok_r(line, "\t\n", &rest), *word;
    int count = 0;

    memset(run->args, 0, sizeof(run->args));
    while ((word = strtok_r(NULL, "\t\n", &rest)) != NULL && count < ARGUMENTS_MAX)
        run->args[count++] = word;
    for (size_t i = 0; verb != NULL && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].verb, verb) == 0 && count >= verbs[i].args) {
            verbs[i].fn(run);
            return;
        }
    die("no such verb");
}

int main(void)
{
    struct run run = {.config = tl_config_defaults(NULL)};
    krb5_keytab kept = NULL; /* so that it lives as long as we do */
    char *line = NULL;
    size_t size = 0;

    setvbuf(stdout, NULL, _IOLBF, 0); /* each answer is waited for */
    /* what Windows machines of 2003 sent, too */
    run.config->allow_rc4 = TL_RC4_YES;
    run.config->keytab = KEYTAB;
    if (tli_k5_context(TL_RC4_YES, &run.k5) != 0 ||
        krb5_kt_resolve(run.k5, KEYTAB, &kept) != 0)
        die("no context of libkrb5");
    while (getline(&line, &size, stdin) > 0) {
        run.mem = talloc_new(NULL);
        answer(&run, line);
        talloc_free(run.mem);
    }
    free(line);
    krb5_kt_close(run.k5, kept);
    krb5_free_context(run.k5);
    talloc_free(run.config);
    return 0;
}
