/* SPDX-License-Identifier: MIT
 *
 * trustlogon/kerberos.h - the exchange and its proof: AS, the walk of TGS
 * exchanges, the ticket against the keytab, the credentials cache.
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
#include <trustlogon/pac.h>
#include <trustlogon/route.h>
#include <trustlogon/smartcard.h>

/* Whether the machine's keys do for tickets of today: KEYTAB_RC4 where none is AES, with
 * any allow_rc4; and what opening the keytab fails with. */
TL_PUBLIC enum tl_reason tl_keytab_judge(const struct tl_config *config,
                                         const struct tl_workstation *ws,
                                         struct tl_outcome *out);

/* Whether libkrb5 takes its configuration: 0, -ENOMEM, or -EINVAL with *error (child of
 * ctx): "/etc/krb5.conf, line 3: Syntax error in profile relation". */
TL_PUBLIC int tl_krb5_conf_check(TALLOC_CTX *ctx, char **error);

/* A Kerberos context: libkrb5's context, connections, the user's tickets. */
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
 * realms are located when a referral leads there. Takes the list; 0 or -ENOMEM. */
TL_PUBLIC int tl_krb_set_dcs(struct tl_krb *krb, const char *realm,
                             struct tl_dc_list *dcs);
/* Replace the deadline (the explanation after a failure has its own). */
TL_PUBLIC void tl_krb_set_deadline(struct tl_krb *krb, tl_deadline deadline);
/*
 * Put the workstation's NetBIOS name into AS requests, as Windows does: a KDC
 * judges userWorkstations ("Log On To") by that address, and not at all without
 * one. Before the AS exchange of a user; 0 or -ENOMEM.
 */
TL_PUBLIC int tl_krb_set_workstation(struct tl_krb *krb, const char *flat);

/*
 * By `fast` of the configuration, armor the AS exchanges of users with a ticket of this
 * machine's (docs/decisions/fast.md); it is fetched when it is needed and saved in the
 * run folder. `ws` must outlive the context. 0 or -ENOMEM.
 */
TL_PUBLIC int tl_krb_set_armor(struct tl_krb *krb, const struct tl_workstation *ws);
/* Can this machine armor for users of `realm`? ARMOR_UNAVAILABLE, and the reasons that
 * its own logon can fail for. Without tl_krb_set_armor(), or with `fast = never`:
 * INTERNAL. `out` must not be NULL. */
TL_PUBLIC enum tl_reason tl_krb_armor_for(struct tl_krb *krb, const char *realm,
                                          struct tl_outcome *out);

/*
 * AS exchange for the route's principal, following WRONG_REALM for enterprise names. On
 * success the TGT is in the context's MEMORY ccache and *client is the canonical
 * principal "alice@CONTOSO.TEST". The password is not kept. A PIN is tried at most once,
 * and after a wrong one the card is spent; a card needs tl_krb_new_for_card().
 */
TL_PUBLIC enum tl_reason tl_krb_as(struct tl_krb *krb, const struct tl_route *route,
                                   const struct tl_credential *credential,
                                   const char **client, struct tl_outcome *out);
/*
 * The same for a ticket to change the password with, kadmin/changepw, which is
 * given for an expired password as well. It proves the password to the KDC, and
 * nothing to this machine: it is not a logon (CVE-2022-2031). It lives for five minutes,
 * and in the context only.
 */
TL_PUBLIC enum tl_reason tl_krb_as_changepw(struct tl_krb *krb,
                                            const struct tl_route *route,
                                            const char *password, const char **client,
                                            struct tl_outcome *out);
/* Is a password service of the user's realm there, on 464/tcp or 464/udp? Before a
 * new password is asked for. PASSWORD_UNREACHABLE and the locator's reasons. */
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
/* The same for the machine itself from its keytab (for LDAP). A key that the
 * DC rejects is KEYTAB_WRONG, no wrong password. */
TL_PUBLIC enum tl_reason tl_krb_as_machine(struct tl_krb *krb,
                                           const struct tl_workstation *ws,
                                           struct tl_outcome *out);

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

/*
 * Proof: decrypt the host ticket with the keytab, find the PAC, verify its
 * server signature and client info, decode it. There is no way around this.
 */
TL_PUBLIC enum tl_reason tl_krb_proof(TALLOC_CTX *ctx, struct tl_krb *krb,
                                      const struct tl_workstation *ws,
                                      struct tl_pac **pac, struct tl_outcome *out);

/* The machine's own keys, all as WS1$, in a memory file (close-on-exec) to hand to a
 * process that must not read the keytab. KEYTAB_MISSING, _UNREADABLE, _NO_KEY. */
TL_PUBLIC enum tl_reason tl_krb_machine_keys(const struct tl_config *config,
                                             const struct tl_workstation *ws, int *fd,
                                             struct tl_outcome *out);

/*
 * The machine's own tickets, saved for other processes of root's: written beside `path`
 * and renamed, mode 0600, without those that end soon. Taking them is an AS exchange
 * saved: 0; -ENOENT where there is no TGT of this machine that lasts another few
 * minutes, -EPERM where the file is not root's alone, or another -errno.
 */
TL_PUBLIC int tl_krb_save_machine_tickets(struct tl_krb *krb, const char *path);
TL_PUBLIC int tl_krb_load_machine_tickets(struct tl_krb *krb,
                                          const struct tl_workstation *ws,
                                          const char *path);
/* A ticket that is in the cache already, and lasts. */
TL_PUBLIC bool tl_krb_has_ticket(struct tl_krb *krb, const char *service,
                                 const char *realm);

/* Realm number i of those whose KDCs the last walk asked, in order; NULL behind the end.
 */
TL_PUBLIC const char *tl_krb_realm_path(const struct tl_krb *krb, size_t i);
/* The same as text, "CONTOSO.TEST, FABRIKAM.TEST"; NULL before a walk. */
TL_PUBLIC char *tl_krb_realm_path_text(TALLOC_CTX *ctx, const struct tl_krb *krb);

/* The same of the realms that the proven ticket says it came through, both ends not among
 * them. */
TL_PUBLIC const char *tl_krb_transited(const struct tl_krb *krb, size_t i);
TL_PUBLIC char *tl_krb_transited_text(TALLOC_CTX *ctx, const struct tl_krb *krb);

/* Has any KDC answered in this context, if only with an error? */
TL_PUBLIC bool tl_krb_answered(const struct tl_krb *krb);
/* Name of the context's MEMORY ccache (for tl_directory_open). */
TL_PUBLIC const char *tl_krb_ccache_name(const struct tl_krb *krb);
/* End time of the TGT, seconds since 1970; 0 if none. */
TL_PUBLIC int64_t tl_krb_tgt_end(const struct tl_krb *krb);

/*
 * Store: write the context's tickets to a root-owned pending file (made with
 * O_EXCL|O_NOFOLLOW, 0600), and from such a file into the user's own cache.
 */
TL_PUBLIC int tl_krb_save_pending(struct tl_krb *krb, const char *path);
/* Such a file without tickets, of this user in this realm (a cached logon). 0 or -errno.
 */
TL_PUBLIC int tl_krb_save_empty(const char *user, const char *realm, const char *path);
/* Go on with the tickets of such a file in a new context: tl_krb_ticket() then asks
 * as that user. 0 or -errno. */
TL_PUBLIC int tl_krb_load_pending(struct tl_krb *krb, const char *path);

enum tl_ccache_op {
    TL_CCACHE_ESTABLISH,
    TL_CCACHE_REINITIALIZE,
    TL_CCACHE_REFRESH,
    TL_CCACHE_DELETE,
    TL_CCACHE_TRY /* as ESTABLISH, in a cache that is removed again */
};
struct tl_ccache_request {
    enum tl_ccache_op op;
    const char *pending;   /* file made by tl_krb_save_pending(); NULL for DELETE */
    const char *existing;  /* cache to reinitialise, refresh or delete; NULL: make one */
    const char *type_name; /* config->ccache or NULL: krb5.conf's default_ccache_name */
    uid_t uid;
    gid_t gid;
    bool only_existing; /* fail rather than make a cache */
};
/*
 * Runs in a child process that has become uid:gid, so that nothing is ever
 * written as root into places a user controls. *name is "FILE:/tmp/krb5cc_..."
 * An existing cache that is not the user's own is never touched. DELETE removes
 * FILE caches only: the other types are shared by all sessions of the user.
 * FILE, DIR, KEYRING:persistent, KCM; CCACHE_FAILED with a plain sentence for
 * types that cannot be made from outside the session (KEYRING:session, MEMORY).
 */
TL_PUBLIC enum tl_reason tl_ccache_store(TALLOC_CTX *ctx,
                                         const struct tl_ccache_request *req,
                                         const char **name, struct tl_outcome *out);

enum tl_renewal {
    TL_RENEWAL_DONE,
    TL_RENEWAL_NOT_DUE, /* or nothing in it that is the session's to renew */
    TL_RENEWAL_OVER,    /* expired, not renewable, or no longer so */
    TL_RENEWAL_GONE,    /* there is no such cache any more */
    TL_RENEWAL_REFUSED, /* by a KDC */
    TL_RENEWAL_SILENT,  /* no KDC answered */
    TL_RENEWAL_FAILED   /* the cache could not be read or written */
};
/* DONE: half of its life is over, and it can be renewed. Pure. */
TL_PUBLIC enum tl_renewal tl_renewal_due(const krb5_creds *tgt, int64_t now);

struct tl_renewal_request {
    const char *ccache;
    const char *realm; /* of the user; other TGTs are not touched */
    uid_t uid;
    gid_t gid;
};
/*
 * Renew the TGT in a session's cache if it is due, over `krb`'s connections and within
 * its deadline, in a child that has become the user. The rest of the cache stays. *end
 * is the end of the TGT that is there now (0: none); *why, a child of ctx, says why
 * anything but DONE.
 */
TL_PUBLIC enum tl_renewal tl_ccache_renew(TALLOC_CTX *ctx, struct tl_krb *krb,
                                          const struct tl_renewal_request *req,
                                          int64_t *end, const char **why);

#endif
