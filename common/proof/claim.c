/* SPDX-License-Identifier: MIT
 *
 * claim.c - what the holder of a ticket shows to prove a logon, and the challenge that it
 * answers.
 *
 * A keyed checksum stands where an AP-REQ has its authenticator. It shows the same, that
 * the holder knows the session key which the KDC sealed into the ticket, and the verifier
 * has nothing more to decode.
 */
#include "claim.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* Of the session key, for nothing else [RFC 4120 7.5.1]; the label separates this use
 * from that of an application with the same ticket. */
#define LABEL "trustlogon: the ticket for this machine"

int tl_challenge_new(struct tl_challenge *challenge)
{
    *challenge = (struct tl_challenge){.since = (int64_t)time(NULL)};
    if (getrandom(challenge->nonce, sizeof(challenge->nonce), 0) !=
        (ssize_t)sizeof(challenge->nonce))
        return -EIO;
    return 0;
}

krb5_error_code tli_claim_sum(krb5_context k5, const krb5_keyblock *session,
                              const struct tl_challenge *challenge, krb5_checksum *sum)
{
    uint8_t bytes[TL_NONCE_LEN + sizeof(LABEL)];
    const krb5_data input = {.data = (char *)bytes, .length = sizeof(bytes)};

    memcpy(bytes, challenge->nonce, TL_NONCE_LEN);
    memcpy(bytes + TL_NONCE_LEN, LABEL, sizeof(LABEL));
    return krb5_c_make_checksum(k5, 0, session, KRB5_KEYUSAGE_APP_DATA_CKSUM, &input,
                                sum);
}

static int make_sum(struct tl_claim *claim, const struct tl_krb *krb,
                    const struct tl_challenge *challenge)
{
    krb5_checksum sum = {0};

    if (tli_claim_sum(krb->k5, &krb->host->keyblock, challenge, &sum) != 0)
        return -ENOMEM;
    claim->sum_len = sum.length;
    claim->sum = talloc_memdup(claim, sum.contents, sum.length);
    krb5_free_checksum_contents(krb->k5, &sum);
    return claim->sum != NULL ? 0 : -ENOMEM;
}

enum tl_reason tl_krb_claim(TALLOC_CTX *ctx, const struct tl_krb *krb,
                            const struct tl_challenge *challenge, struct tl_claim **out,
                            struct tl_outcome *outcome)
{
    struct tl_claim *claim;

    *out = NULL;
    if (krb->host == NULL || krb->client == NULL)
        return tl_outcome_fail(outcome, TL_STAGE_PROOF, TL_REASON_INTERNAL,
                               "there is no ticket to verify");
    claim = talloc_zero(ctx, struct tl_claim);
    if (claim != NULL) {
        claim->ticket_len = krb->host->ticket.length;
        claim->ticket = talloc_memdup(claim, krb->host->ticket.data, claim->ticket_len);
        claim->client = talloc_strdup(claim, krb->client_name);
        claim->kdc = krb->host_kdc != NULL ? talloc_strdup(claim, krb->host_kdc) : NULL;
    }
    if (claim == NULL || claim->ticket == NULL || claim->client == NULL ||
        make_sum(claim, krb, challenge) != 0) {
        talloc_free(claim);
        return tl_outcome_fail(outcome, TL_STAGE_PROOF, TL_REASON_NO_MEMORY, NULL);
    }
    *out = claim;
    return TL_REASON_OK;
}
