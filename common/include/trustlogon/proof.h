/* SPDX-License-Identifier: MIT
 *
 * trustlogon/proof.h - the ticket for this machine against its keytab: the user's
 * identity, and which realms vouch for it.
 *
 * Two parties, which may be two processes. One has made the exchange and holds the
 * ticket; it has no key of this machine, and nothing that it says is believed. The other
 * has the keytab and has read nothing from the network. It states a challenge before the
 * exchange begins; the holder shows the ticket, and a checksum over the challenge that is
 * made with the ticket's session key. So a ticket that was read on the wire, or shown
 * before, proves nothing [RFC 4120 3.2.3; docs/decisions/kerberos.md#claim].
 */
#ifndef TRUSTLOGON_PROOF_H
#define TRUSTLOGON_PROOF_H

#include <trustlogon/kerberos.h>
#include <trustlogon/pac.h>

#define TL_NONCE_LEN 32

struct tl_challenge {
    uint8_t nonce[TL_NONCE_LEN];
    int64_t since; /* the ticket must have been issued since; seconds since 1970 */
};

/* Fresh random bytes and the present time. 0 or -errno. */
TL_PUBLIC int tl_challenge_new(struct tl_challenge *challenge);

/* What the holder of a ticket shows. */
struct tl_claim {
    const uint8_t *ticket; /* Ticket, DER [RFC 4120 5.3] */
    size_t ticket_len;
    /* The keyed checksum that is mandatory for the session key's encryption type
     * [RFC 3961 3], over the challenge's nonce. */
    const uint8_t *sum;
    size_t sum_len;
    const char *client; /* whom the holder logged on: "alice@CONTOSO.TEST" */
    const char *kdc;    /* that issued the ticket, for messages; or NULL */
};

/* The holder's part, after tl_krb_walk(). *claim is a child of ctx. INTERNAL: there is no
 * ticket; NO_MEMORY. */
TL_PUBLIC enum tl_reason tl_krb_claim(TALLOC_CTX *ctx, const struct tl_krb *krb,
                                      const struct tl_challenge *challenge,
                                      struct tl_claim **claim, struct tl_outcome *out);

/* What a verified ticket says. */
struct tl_proven {
    struct tl_pac *pac;
    const char *client; /* of the ticket, which is the claim's: "alice@CONTOSO.TEST" */
    /* The realms that the ticket came through, without both ends. */
    size_t num_transited;
    char **transited;
};

/*
 * The verifier's part: decrypt the ticket with the keytab, compare client, session key
 * and time with claim and challenge, find the PAC, verify its server signature and client
 * info, decode it. No option skips this. *proven is a child of ctx. Of `config`: keytab,
 * allow_rc4.
 */
TL_PUBLIC enum tl_reason tl_prove(TALLOC_CTX *ctx, const struct tl_config *config,
                                  const struct tl_workstation *ws,
                                  const struct tl_challenge *challenge,
                                  const struct tl_claim *claim, struct tl_proven **proven,
                                  struct tl_outcome *out);

/* Both parts in one process, of a ticket that the context has got a moment ago. */
TL_PUBLIC enum tl_reason tl_krb_proof(TALLOC_CTX *ctx, const struct tl_krb *krb,
                                      const struct tl_workstation *ws,
                                      struct tl_proven **proven, struct tl_outcome *out);

/* The transited realms as text, "A.TEST, B.TEST"; NULL: none. */
TL_PUBLIC char *tl_transited_text(TALLOC_CTX *ctx, const struct tl_proven *proven);

#endif
