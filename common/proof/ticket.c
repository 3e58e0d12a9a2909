/* SPDX-License-Identifier: MIT
 *
 * ticket.c - the verifier of a claim: the ticket for this machine opens with this
 * machine's key, so it comes from its domain's KDC; whoever shows it knows its session
 * key; and its PAC, signed with the machine's key, says who the user is. Without it any
 * host that can answer on 88/tcp could log on as any user. No option skips any of this.
 *
 * It sends and receives nothing, and asks nobody but the keytab.
 */
#include "claim.h"
#include "kerberos/tickets/keytab.h"
#include "transited.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <trustlogon/name.h>

struct proof {
    krb5_context k5;
    const struct tl_config *config;
    const struct tl_workstation *ws; /* whose keys must open the ticket */
    const struct tl_challenge *challenge;
    const struct tl_claim *claim;
    krb5_data bytes; /* the claim's ticket */
    TALLOC_CTX *mem; /* ends with the proof */
    struct tl_outcome *out;
    krb5_ticket *ticket; /* decrypted by open_ticket() */
    krb5_keyblock key;   /* the one that opened the ticket */
    size_t keys;         /* the machine's keys seen in the keytab */
    krb5_kvno newest;    /* their highest version */
    bool same_kvno;      /* one of the ticket's version and type was tried */
    bool same_type;      /* one of the ticket's encryption type was there */
    bool has_aes;        /* one is AES */
};

/*
 * Try one key. libkrb5 opens tickets only with a keytab: the key goes into one
 * in memory, under the name in the ticket, since each key of the machine
 * account has several names.
 */
static bool try_key(struct proof *p, const krb5_keytab_entry *entry)
{
    krb5_context k5 = p->k5;
    char *name = talloc_asprintf(p->mem, "MEMORY:trustlogon-proof-%p", (void *)p);
    krb5_keytab one = NULL;
    krb5_keytab_entry twin = *entry;
    krb5_ticket *fresh = NULL;
    bool opened = false;

    if (name == NULL || krb5_kt_resolve(k5, name, &one) != 0)
        return false;
    twin.principal = p->ticket->server;
    twin.vno = p->ticket->enc_part.kvno;
    if (krb5_kt_add_entry(k5, one, &twin) == 0 &&
        krb5_decode_ticket(&p->bytes, &fresh) == 0) {
        krb5_error_code ret = krb5_server_decrypt_ticket_keytab(k5, one, fresh);

        /* libkrb5 judges the realms of the path by [capaths], which no member
         * of a domain maintains; here the trusts judge them, later
         * (find_path()). The ticket is open by then. */
        opened = (ret == 0 || ret == KRB5KRB_AP_ERR_ILL_CR_TKT) &&
                 fresh->enc_part2 != NULL &&
                 krb5_copy_keyblock_contents(k5, &entry->key, &p->key) == 0;
        if (opened) {
            krb5_free_ticket(k5, p->ticket);
            p->ticket = fresh;
            fresh = NULL;
        }
        krb5_free_ticket(k5, fresh);
    }
    krb5_kt_close(k5, one);
    talloc_free(name);
    return opened;
}

/* One pass over the keytab: keys of the ticket's version first, then the others,
 * for a keytab whose versions were counted from 1 again. */
static bool try_keys(struct proof *p, krb5_keytab keytab, bool same_kvno)
{
    krb5_context k5 = p->k5;
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    bool opened = false;

    if (krb5_kt_start_seq_get(k5, keytab, &cursor) != 0)
        return false;
    while (!opened && krb5_kt_next_entry(k5, keytab, &entry, &cursor) == 0) {
        bool same = entry.vno == p->ticket->enc_part.kvno;

        if (tli_keytab_is_machine(entry.principal, p->ws)) {
            p->keys += same_kvno;
            if (entry.vno > p->newest)
                p->newest = entry.vno;
            p->has_aes = p->has_aes ||
                         tli_enctype_allowed(TL_RC4_NO, TL_KEY_ANY, entry.key.enctype);
            if (entry.key.enctype == p->ticket->enc_part.enctype) {
                p->same_type = true;
                p->same_kvno = p->same_kvno || same;
                if (same == same_kvno)
                    opened = try_key(p, &entry);
            }
        }
        krb5_free_keytab_entry_contents(k5, &entry);
    }
    krb5_kt_end_seq_get(k5, keytab, &cursor);
    return opened;
}

/* The key would be there if the whole keytab was. */
static enum tl_reason no_key_of_type(struct proof *p)
{
    char name[64] = "";
    char *attribute;

    if (krb5_enctype_to_name(p->ticket->enc_part.enctype, false, name, sizeof(name)) != 0)
        snprintf(name, sizeof(name), "%d", (int)p->ticket->enc_part.enctype);
    attribute = talloc_asprintf(p->mem, "no key of the encryption type %s", name);
    tl_outcome_set_attribute(p->out, attribute);
    return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_KEYTAB_WRONG,
                           "the ticket is encrypted with type %s", name);
}

static enum tl_reason not_opened(struct proof *p)
{
    krb5_kvno kvno = p->ticket->enc_part.kvno;
    char *versions =
        talloc_asprintf(p->mem, "ticket version %u, keytab version %u", kvno, p->newest);

    if (p->keys == 0)
        return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_KEYTAB_NO_KEY,
                               "no key for host/%s or %s$ of %s", p->ws->fqdn,
                               p->ws->flat, p->ws->realm);
    if (!p->has_aes && !p->same_type)
        return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_KEYTAB_RC4,
                               "the ticket is encrypted with type %d",
                               (int)p->ticket->enc_part.enctype);
    tl_outcome_set_attribute(p->out, versions);
    if (kvno > p->newest)
        return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_KEYTAB_STALE,
                               "the machine's password has been changed since");
    if (!p->same_type)
        return no_key_of_type(p);
    return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_KEYTAB_WRONG,
                           p->same_kvno
                               ? "the key of the same version does not decrypt it"
                               : "no key decrypts it");
}

static enum tl_reason open_ticket(struct proof *p)
{
    krb5_keytab keytab = NULL;
    enum tl_reason reason;

    if (krb5_decode_ticket(&p->bytes, &p->ticket) != 0 || p->ticket == NULL)
        return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_KDC_GARBAGE,
                               "the ticket cannot be decoded");
    reason = tli_keytab_open(p->k5, p->config, TL_STAGE_PROOF, &keytab, p->out);
    if (reason != TL_REASON_OK)
        return reason;
    if (!tli_enctype_allowed(p->config->allow_rc4, TL_KEY_ANY,
                             p->ticket->enc_part.enctype)) {
        tl_outcome_set_subject(p->out, tli_k5_name(p->mem, p->k5, p->ticket->server));
        reason = tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_ETYPE_UNSUPPORTED,
                                 "the ticket is encrypted with type %d",
                                 (int)p->ticket->enc_part.enctype);
    } else if (!try_keys(p, keytab, true) && !try_keys(p, keytab, false))
        reason = not_opened(p);
    krb5_kt_close(p->k5, keytab);
    return reason;
}

/* The client of the ticket must be the client of the AS exchange: the reply's
 * outer parts were protected by keys that the password's owner may know. */
static enum tl_reason check_client(struct proof *p)
{
    krb5_context k5 = p->k5;
    const krb5_enc_tkt_part *part = p->ticket->enc_part2;
    krb5_principal claimed = NULL;
    bool same;

    tl_outcome_set_subject(p->out, NULL);
    same = part != NULL && part->client != NULL &&
           krb5_parse_name(k5, p->claim->client, &claimed) == 0 &&
           krb5_principal_compare(k5, part->client, claimed);
    krb5_free_principal(k5, claimed);
    if (same)
        return TL_REASON_OK;
    return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_REPLY_MISMATCH,
                           "the ticket is for %s, not for %s",
                           tli_k5_name(p->mem, k5, part != NULL ? part->client : NULL),
                           p->claim->client);
}

/* Whether the claim was made with the session key that is sealed in the ticket. The
 * checksum is made again, so that the holder does not choose its type; each nonce is used
 * once, so the time of the comparison tells nothing. */
static bool knows_session_key(const struct proof *p)
{
    const krb5_keyblock *sealed = p->ticket->enc_part2->session;
    krb5_checksum sum = {0};
    bool same;

    if (sealed == NULL || sealed->length == 0 ||
        tli_claim_sum(p->k5, sealed, p->challenge, &sum) != 0)
        return false;
    same = sum.length == p->claim->sum_len && sum.length > 0 &&
           memcmp(sum.contents, p->claim->sum, sum.length) == 0;
    krb5_free_checksum_contents(p->k5, &sum);
    return same;
}

/*
 * The ticket must be of this very exchange: who shows it knows its session key, it is
 * valid now, and neither it nor the TGT that it rests on was issued before the challenge.
 * A ticket that an attacker read on the wire when the user visited this machine is
 * genuine in all else, and a KDC that lies could hand it out under a password of its own.
 */
static enum tl_reason check_exchange(struct proof *p)
{
    const krb5_enc_tkt_part *part = p->ticket->enc_part2;
    int64_t now = (int64_t)time(NULL), skew = tli_k5_clockskew(p->k5);
    int64_t start = (uint32_t)part->times.starttime, end = (uint32_t)part->times.endtime;
    int64_t initial = (uint32_t)part->times.authtime;

    if (start == 0)
        start = initial;
    if (!knows_session_key(p))
        return tl_outcome_fail(
            p->out, TL_STAGE_PROOF, TL_REASON_REPLY_MISMATCH,
            "the ticket belongs to another exchange: its session key is not the reply's");
    if (start > now + skew || end + skew < now || start + skew < p->challenge->since ||
        initial + skew < p->challenge->since)
        return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_CLOCK_SKEW,
                               "the ticket is not valid at this time");
    return TL_REASON_OK;
}

/* The realms that the ticket came through, for the caller to judge by the trusts. Whether
 * our KDC has judged them (TRANSITED-POLICY-CHECKED) does not matter: Windows' do not say
 * so.
 */
static enum tl_reason find_path(struct proof *p, struct tl_proven *proven)
{
    const krb5_data *client = &p->ticket->enc_part2->client->realm;
    char *realm = talloc_strndup(p->mem, client->data, client->length);
    struct tli_realms realms = {0};
    int ret = realm == NULL
                  ? -ENOMEM
                  : tli_transited_decode(proven, &p->ticket->enc_part2->transited, realm,
                                         p->ws->realm, &realms);

    if (ret == -ENOMEM)
        return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_NO_MEMORY, NULL);
    if (ret != 0)
        return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_TRANSITED_REFUSED,
                               "the list of transited realms cannot be decoded");
    proven->num_transited = realms.count;
    proven->transited = realms.names;
    return TL_REASON_OK;
}

/* The bytes of the one PAC, a child of mem; libkrb5 looks into AD-IF-RELEVANT. */
static enum tl_reason find_pac(struct proof *p, krb5_data *bytes)
{
    krb5_context k5 = p->k5;
    krb5_authdata **found = NULL;
    enum tl_reason reason = TL_REASON_OK;

    if (krb5_find_authdata(k5, p->ticket->enc_part2->authorization_data, NULL,
                           KRB5_AUTHDATA_WIN2K_PAC, &found) != 0)
        reason = tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_PAC_INVALID,
                                 "the authorization data cannot be decoded");
    else if (found == NULL || found[0] == NULL)
        reason = tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_PAC_MISSING, NULL);
    else if (found[1] != NULL)
        reason = tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_PAC_INVALID,
                                 "the ticket has more than one PAC");
    else {
        bytes->length = found[0]->length;
        bytes->data = talloc_memdup(p->mem, found[0]->contents, found[0]->length);
        if (bytes->data == NULL)
            reason = tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_NO_MEMORY, NULL);
    }
    krb5_free_authdata(k5, found);
    return reason;
}

/* Server signature with our key; CLIENT_INFO is the ticket's client and time. */
static enum tl_reason verify_pac(struct proof *p, const krb5_data *bytes)
{
    krb5_context k5 = p->k5;
    krb5_pac pac = NULL;
    krb5_error_code ret = krb5_pac_parse(k5, bytes->data, bytes->length, &pac);

    if (ret == 0)
        ret = krb5_pac_verify(k5, pac, p->ticket->enc_part2->times.authtime,
                              p->ticket->enc_part2->client, &p->key, NULL);
    krb5_pac_free(k5, pac);
    if (ret != 0)
        return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_PAC_INVALID, "%s",
                               tli_k5_message(p->mem, k5, ret));
    return TL_REASON_OK;
}

/* A service gets a ticket to itself in anyone's name, with a genuine PAC, by S4U2Self
 * [MS-SFU 3.2.5.1]; a machine account is such a service, and a worker has its tickets.
 * The KDC says so in the PAC [MS-DTYP 2.4.2.4]. */
static bool is_asserted_by_service(const struct tl_pac *pac)
{
    struct tl_sid asserted;

    if (tl_sid_parse("S-1-18-2", &asserted) != 0)
        return true;
    for (size_t i = 0; i < pac->num_extra; i++)
        if (tl_sid_equal(&pac->extra[i].sid, &asserted))
            return true;
    for (size_t i = 0; i < pac->num_resource; i++)
        if (tl_sid_equal(&pac->resource[i].sid, &asserted))
            return true;
    return false;
}

/* The buffers must name one user: an older KDC that a client could trick into
 * mixing two of them (CVE-2021-42287) is caught here. */
static enum tl_reason check_pac(struct proof *p, const struct tl_pac *pac)
{
    krb5_const_principal client = p->ticket->enc_part2->client;
    char *name = client->length == 1 ? talloc_strndup(p->mem, client->data[0].data,
                                                      client->data[0].length)
                                     : NULL;
    const char *what = NULL;
    struct tl_sid sid;

    if (pac->client_name == NULL)
        what = "it has no client name";
    else if (name == NULL || !tl_name_equal(pac->client_name, name))
        what = "its client name differs from the ticket's";
    else if (tl_sid_append(&pac->domain_sid, pac->user_rid, &sid) != 0 ||
             !tl_sid_equal(&sid, &pac->user_sid))
        what = "the user's SID is not of the domain it names";
    else if (pac->has_requestor_sid && !tl_sid_equal(&pac->requestor_sid, &pac->user_sid))
        what = "the requestor's SID is another user's";
    else if (pac->sam_name != NULL && pac->account != NULL &&
             !tl_name_equal(pac->sam_name, pac->account))
        what = "its two account names differ";
    else if (is_asserted_by_service(pac))
        what = "a service has asked for it in the user's name, without the user";
    if (what != NULL)
        return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_PAC_INVALID, "%s", what);
    return TL_REASON_OK;
}

/* A KDC that serves no domain signs a PAC, too (MIT krb5 since 1.20), and has no
 * SIDs to put into it; nor does it pass on those that came with a TGT. */
static enum tl_reason no_identity(struct proof *p)
{
    tl_outcome_set_subject(p->out, p->claim->client);
    return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_PAC_NO_IDENTITY,
                           "the PAC of the ticket has no LOGON_INFO");
}

static enum tl_reason decode_pac(struct proof *p, const krb5_data *bytes,
                                 struct tl_proven *proven)
{
    const char *where = NULL;
    int ret = tl_pac_decode(proven, (const uint8_t *)bytes->data, bytes->length,
                            &proven->pac, &where);

    if (ret == -ENOMEM)
        return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_NO_MEMORY, NULL);
    if (ret == -ENODATA)
        return no_identity(p);
    if (ret != 0)
        return tl_outcome_fail(p->out, TL_STAGE_PROOF, TL_REASON_PAC_INVALID, "%s",
                               where != NULL ? where : "it cannot be decoded");
    return TL_REASON_OK;
}

/* Cheap checks first, and nothing of the PAC is looked at before its signature is
 * verified. */
static enum tl_reason prove(struct proof *p, struct tl_proven *proven)
{
    krb5_data bytes = {0};
    enum tl_reason reason = open_ticket(p);

    if (p->ticket == NULL || p->ticket->enc_part2 == NULL)
        return reason != TL_REASON_OK ? reason : TL_REASON_INTERNAL;
    if (reason == TL_REASON_OK)
        reason = check_client(p);
    if (reason == TL_REASON_OK)
        reason = check_exchange(p);
    if (reason == TL_REASON_OK)
        reason = find_path(p, proven);
    if (reason == TL_REASON_OK)
        reason = find_pac(p, &bytes);
    if (reason == TL_REASON_OK)
        reason = verify_pac(p, &bytes);
    if (reason == TL_REASON_OK)
        reason = decode_pac(p, &bytes, proven);
    if (reason == TL_REASON_OK)
        reason = check_pac(p, proven->pac);
    return reason;
}

static enum tl_reason prove_by(krb5_context k5, const struct tl_config *config,
                               const struct tl_workstation *ws,
                               const struct tl_challenge *challenge,
                               const struct tl_claim *claim, struct tl_proven *proven,
                               struct tl_outcome *out)
{
    struct proof p = {.k5 = k5,
                      .config = config,
                      .ws = ws,
                      .challenge = challenge,
                      .claim = claim,
                      .bytes = {.data = (char *)(uintptr_t)claim->ticket,
                                .length = (unsigned int)claim->ticket_len},
                      .mem = talloc_new(proven),
                      .out = out};
    enum tl_reason reason;

    tl_outcome_set_realm(out, ws->realm);
    tl_outcome_set_kdc(out, claim->kdc);
    if (p.mem == NULL)
        return tl_outcome_fail(out, TL_STAGE_PROOF, TL_REASON_NO_MEMORY, NULL);
    reason = prove(&p, proven);
    if (reason == TL_REASON_OK) {
        proven->client = tli_k5_name(proven, k5, p.ticket->enc_part2->client);
        if (proven->client == NULL || strrchr(proven->client, '@') == NULL)
            reason = tl_outcome_fail(out, TL_STAGE_PROOF, TL_REASON_NO_MEMORY, NULL);
    }
    krb5_free_keyblock_contents(k5, &p.key);
    krb5_free_ticket(k5, p.ticket);
    talloc_free(p.mem);
    return reason;
}

enum tl_reason tl_prove(TALLOC_CTX *ctx, const struct tl_config *config,
                        const struct tl_workstation *ws,
                        const struct tl_challenge *challenge,
                        const struct tl_claim *claim, struct tl_proven **out,
                        struct tl_outcome *outcome)
{
    struct tl_proven *proven = talloc_zero(ctx, struct tl_proven);
    krb5_context k5 = NULL;
    enum tl_reason reason =
        proven != NULL
            ? tli_k5_open(config->allow_rc4, false, TL_STAGE_PROOF, &k5, outcome)
            : tl_outcome_fail(outcome, TL_STAGE_PROOF, TL_REASON_NO_MEMORY, NULL);

    *out = NULL;
    if (reason == TL_REASON_OK)
        reason = prove_by(k5, config, ws, challenge, claim, proven, outcome);
    if (k5 != NULL)
        krb5_free_context(k5);
    if (reason == TL_REASON_OK)
        *out = proven;
    else
        talloc_free(proven);
    return reason;
}

enum tl_reason tl_krb_proof(TALLOC_CTX *ctx, const struct tl_krb *krb,
                            const struct tl_workstation *ws, struct tl_proven **proven,
                            struct tl_outcome *out)
{
    struct tl_challenge challenge;
    struct tl_claim *claim = NULL;
    enum tl_reason reason;

    *proven = NULL;
    if (tl_challenge_new(&challenge) != 0)
        return tl_outcome_fail(out, TL_STAGE_PROOF, TL_REASON_INTERNAL,
                               "there are no random bytes");
    reason = tl_krb_claim(ctx, krb, &challenge, &claim, out);
    if (reason == TL_REASON_OK)
        reason = tl_prove(ctx, krb->config, ws, &challenge, claim, proven, out);
    talloc_free(claim);
    return reason;
}

char *tl_transited_text(TALLOC_CTX *ctx, const struct tl_proven *proven)
{
    const struct tli_realms realms = {.count = proven->num_transited,
                                      .names = proven->transited};

    return tli_realms_all_text(ctx, &realms);
}
