/* SPDX-License-Identifier: MIT
 *
 * trustlogon/kerberos.h - a Kerberos context and its exchanges: AS, the walk of TGS
 * exchanges, the change of a password. <trustlogon/tickets.h> stores and renews the
 * tickets, <trustlogon/proof.h> verifies them.
 *
 * libkrb5 builds and reads the messages (krb5_init_creds_step,
 * krb5_tkt_creds_step); the bytes are ours to send: TCP 88, one connection per
 * KDC kept for all exchanges with it, next DC raced after a short wait, one
 * deadline for everything.
 */
#ifndef TRUSTLOGON_KERBEROS_H
#define TRUSTLOGON_KERBEROS_H

#include <krb5.h>
#include <trustlogon/config.h>
#include <trustlogon/credential.h>
#include <trustlogon/locate.h>
#include <trustlogon/route.h>
#include <trustlogon/smartcard.h>

#define TL_KRB5_CONF "/etc/krb5.conf"
/* Whether libkrb5 takes its configuration: 0, -ENOMEM, or -EINVAL with *error (child of
 * ctx): "/etc/krb5.conf, line 3: Syntax error in profile relation". */
TL_PUBLIC int tl_krb5_conf_check(TALLOC_CTX *ctx, char **error);
/* The value of an option of krb5.conf's [libdefaults], or NULL: not set, or not readable.
 */
TL_PUBLIC char *tl_krb5_conf_default(TALLOC_CTX *ctx, const char *option);

/* --- the context: libkrb5's own, connections to KDCs, the user's tickets --- */

/* `config`, `locator` and `trace` must outlive it; the deadline is that of all exchanges.
 * KRB5_CONF, NO_MEMORY. */
struct tl_krb;
TL_PUBLIC enum tl_reason tl_krb_new(TALLOC_CTX *ctx, const struct tl_config *config,
                                    struct tl_locator *locator, tl_deadline deadline,
                                    const struct tl_trace *trace, struct tl_krb **krb,
                                    struct tl_outcome *out);
/* The same for a tl_krb_as() with a card, once. */
TL_PUBLIC enum tl_reason tl_krb_new_for_card(TALLOC_CTX *ctx,
                                             const struct tl_config *config,
                                             struct tl_locator *locator,
                                             tl_deadline deadline,
                                             const struct tl_trace *trace,
                                             struct tl_krb **krb, struct tl_outcome *out);
/* The DCs of a realm, as tl_locate() found them: they are asked first. Those of other
 * realms are located when a referral leads there. The list becomes the context's. The
 * first connection has what the search, which took `took_us`, left of
 * kdc_connect_timeout. 0 or -ENOMEM. */
TL_PUBLIC int tl_krb_set_dcs(struct tl_krb *krb, const char *realm,
                             struct tl_dc_list *dcs, int64_t took_us);
/* Replace the deadline (the explanation after a failure has its own). */
TL_PUBLIC void tl_krb_set_deadline(struct tl_krb *krb, tl_deadline deadline);
/*
 * Put the workstation's NetBIOS name into AS requests, as Windows does: a KDC
 * judges userWorkstations ("Log On To") by that address, and not at all without
 * one. Before the AS exchange of a user; 0 or -ENOMEM.
 */
TL_PUBLIC int tl_krb_set_workstation(struct tl_krb *krb, const char *flat);

/* --- the AS exchange --- */

/*
 * AS exchange for the route's principal, following WRONG_REALM for enterprise names. On
 * success the TGT is in the context's MEMORY ccache and *client is the canonical
 * principal "alice@CONTOSO.TEST". The password is not kept. A PIN is tried at most once,
 * and after a wrong one the card is spent; a card needs tl_krb_new_for_card().
 */
TL_PUBLIC enum tl_reason tl_krb_as(struct tl_krb *krb, const struct tl_route *route,
                                   const struct tl_credential *credential,
                                   const char **client, struct tl_outcome *out);

/* --- the change of a password --- */

/*
 * tl_krb_as() for a ticket to change the password with, kadmin/changepw, which is
 * given for an expired password as well. It proves the password to the KDC, and
 * nothing to this machine: it is not a logon (CVE-2022-2031). It lives for five minutes,
 * and in the context only.
 */
TL_PUBLIC enum tl_reason tl_krb_as_changepw(struct tl_krb *krb,
                                            const struct tl_route *route,
                                            const char *password, const char **client,
                                            struct tl_outcome *out);
/* Does a password service of the user's realm reply, on 464/tcp or 464/udp? Called before
 * a new password is asked for. PASSWORD_UNREACHABLE and the locator's reasons. */
TL_PUBLIC enum tl_reason tl_krb_changepw_reach(struct tl_krb *krb,
                                               struct tl_outcome *out);
/*
 * Change the password [RFC 3244] with that ticket: sent to one DC, once. OK only if
 * the DC's authenticated reply says so. Reasons: PASSWORD_TOO_SHORT, _NOT_COMPLEX,
 * _REPEATED, _RULES, _DENIED, _FAILED: not changed; _UNREACHABLE: nothing was sent;
 * _UNKNOWN: sent, and no authenticated answer came. The outcome's detail is made of
 * sentences that a user may read.
 */
TL_PUBLIC enum tl_reason tl_krb_change_password(struct tl_krb *krb,
                                                const char *new_password,
                                                struct tl_outcome *out);

/* --- the walk --- */

/*
 * Walk to host/<workstation> by the configured policy. The outcome names hop,
 * realm, KDC, principal asked for (subject) and code of what failed. 7 on the
 * walk is TL_NT_NO_TRUST_SAM_ACCOUNT; its e-data is ignored (KB2015518).
 */
TL_PUBLIC enum tl_reason tl_krb_walk(struct tl_krb *krb, const struct tl_route *route,
                                     const struct tl_workstation *ws,
                                     struct tl_outcome *out);
/* One more service ticket into the ccache: "ldap/dc1.contoso.test/contoso.test" or a
 * service of two components, in realm (NULL: asked at the client's own KDC, which
 * refers). Filed under the name without a realm as well, where GSSAPI looks first. The
 * outcome's stage is WALK. */
TL_PUBLIC enum tl_reason tl_krb_ticket(struct tl_krb *krb, const char *service,
                                       const char *realm, struct tl_outcome *out);

/* Realm number i of those whose KDCs the last walk asked, in order; NULL past the end.
 */
TL_PUBLIC const char *tl_krb_realm_path(const struct tl_krb *krb, size_t i);
/* The same as text, "CONTOSO.TEST, FABRIKAM.TEST"; NULL before a walk. */
TL_PUBLIC char *tl_krb_realm_path_text(TALLOC_CTX *ctx, const struct tl_krb *krb);

/* --- what the context has --- */

/* Has any KDC answered in this context, if only with an error? */
TL_PUBLIC bool tl_krb_answered(const struct tl_krb *krb);
/* Name of the context's MEMORY ccache (for tl_directory_open). */
TL_PUBLIC const char *tl_krb_ccache_name(const struct tl_krb *krb);
/* End time of the TGT, seconds since 1970; 0 if none. */
TL_PUBLIC int64_t tl_krb_tgt_end(const struct tl_krb *krb);

#endif
