/* SPDX-License-Identifier: MIT
 *
 * trustlogon/tickets.h - tickets and keys outside of an exchange: the machine's keytab,
 * its saved tickets, a user's credentials cache and its renewal.
 */
#ifndef TRUSTLOGON_TICKETS_H
#define TRUSTLOGON_TICKETS_H

#include <sys/types.h>
#include <trustlogon/kerberos.h>

/* --- the machine's keytab and tickets --- */

/* The machine's tickets in the run folder, root's alone: for directories, and with those
 * that armor is made of. */
#define TL_MACHINE_TICKETS "machine.tickets"
#define TL_MACHINE_ARMOR "machine.armor"
#define TL_MACHINE_LDAP "machine.ldap" /* that for the own domain's directory alone */

/* Whether the machine's keys do for tickets of today: KEYTAB_RC4 where none is AES, with
 * any allow_rc4; and what opening the keytab fails with. */
TL_PUBLIC enum tl_reason tl_keytab_judge(const struct tl_config *config,
                                         const struct tl_workstation *ws,
                                         struct tl_outcome *out);

/* The machine's own keys, all as WS1$, in a memory file (close-on-exec) to hand to a
 * process that must not read the keytab. KEYTAB_MISSING, _UNREADABLE, _NO_KEY. */
TL_PUBLIC enum tl_reason tl_krb_machine_keys(const struct tl_config *config,
                                             const struct tl_workstation *ws, int *fd,
                                             struct tl_outcome *out);

/* For a process that will give up root: read the configured keytab now. *name is what to
 * put in its place in the configuration; once in a process. What opening it fails with.
 */
TL_PUBLIC enum tl_reason tl_keytab_into_memory(const struct tl_config *config,
                                               const char **name, struct tl_outcome *out);

/*
 * The machine's own tickets, saved for other processes of root's by tl_tickets_replace().
 * Loading them saves an AS exchange: 0; -ENOENT without a TGT of this machine that lasts
 * another few minutes, -EPERM if the file is not root's alone, or another -errno.
 */
TL_PUBLIC int tl_krb_save_machine_tickets(struct tl_krb *krb, const char *path);
TL_PUBLIC int tl_krb_load_machine_tickets(struct tl_krb *krb,
                                          const struct tl_workstation *ws,
                                          const char *path);
/* The context has a ticket for the service that lasts another few minutes. */
TL_PUBLIC bool tl_krb_has_ticket(struct tl_krb *krb, const char *service,
                                 const char *realm);

/* --- tickets on their way from one process to another --- */

#define TL_TICKETS_MAX 64                /* of one client */
#define TL_TICKET_BYTES_MAX (256 * 1024) /* of one ticket */

/* Server and end are set by the process that obtained the ticket, and are hints. */
struct tl_ticket_bytes {
    const char *server; /* "krbtgt/CONTOSO.TEST@CONTOSO.TEST" */
    int64_t end;        /* seconds since 1970 */
    const uint8_t *at;  /* as krb5_marshal_credentials() writes them */
    size_t len;
};

/* Made by tl_tickets_new(): they are wiped when they are freed. */
struct tl_tickets {
    const char *client; /* "alice@CONTOSO.TEST" */
    size_t count;
    struct tl_ticket_bytes *tickets;
};

/* None yet; NULL: no memory. */
TL_PUBLIC struct tl_tickets *tl_tickets_new(TALLOC_CTX *ctx);
/* All tickets of the context. *tickets is a child of ctx. 0 or -errno. */
TL_PUBLIC int tl_krb_tickets(TALLOC_CTX *ctx, const struct tl_krb *krb,
                             struct tl_tickets **tickets);
/* They replace those of the context, and their client becomes its client: tl_krb_ticket()
 * then asks as that client. 0; -EBADMSG, -EINVAL: they cannot be read. */
TL_PUBLIC int tl_krb_take_tickets(struct tl_krb *krb, const struct tl_tickets *tickets);
/* Append a copy of the one of `from` for `server` that lasts longest, until `end` at
 * most, if there is one; the client becomes that of `from`. 0 or -ENOMEM. */
TL_PUBLIC int tl_tickets_add(struct tl_tickets *tickets, const struct tl_tickets *from,
                             const char *server, int64_t end);
/* The end of that one; 0: there is none. */
TL_PUBLIC int64_t tl_tickets_end(const struct tl_tickets *tickets, const char *server);
/* Forget those that do not last another few minutes. */
TL_PUBLIC void tl_tickets_drop_ended(struct tl_tickets *tickets);
/* Whether a ticket for `server` is among them that lasts another few minutes. */
TL_PUBLIC bool tl_tickets_lasting(const struct tl_tickets *tickets, const char *server);
/* They are the machine's own, with a TGT of its realm that lasts. */
TL_PUBLIC bool tl_tickets_of_machine(const struct tl_tickets *tickets,
                                     const struct tl_workstation *ws);
/* Write them to a new file of root's (O_EXCL|O_NOFOLLOW, 0600), as they are; the client
 * is this one. 0 or -errno. */
TL_PUBLIC int tl_tickets_save(const struct tl_tickets *tickets, const char *client,
                              const char *path);
/* Those that last, written beside `path` and renamed: several processes may save at once.
 * 0 or -errno. */
TL_PUBLIC int tl_tickets_replace(const struct tl_tickets *tickets, const char *path);
/* Such a file; nothing of the tickets is decoded. *tickets is a child of ctx. 0; -EPERM:
 * not a regular file of this user alone; -EBADMSG: not such a file; or another -errno. */
TL_PUBLIC int tl_tickets_load(TALLOC_CTX *ctx, const char *path,
                              struct tl_tickets **tickets);

/*
 * In a process that may not read the keytab: another process lends the machine's tickets,
 * a TGT and those that go with it. tl_krb_load_machine_tickets() and tl_krb_as_machine()
 * then ask the lender. For the whole process; NULL: none.
 */
struct tl_loan {
    bool fresh;        /* not those of an earlier run */
    const char *armor; /* one for krbtgt/ARMOR@ARMOR among them; or NULL */
    /* That for this service in this realm alone, and no TGT; or NULL. */
    const char *service, *realm;
    tl_deadline deadline; /* with `service`: how long it is waited for */
};
typedef enum tl_reason (*tl_lender_fn)(void *arg, TALLOC_CTX *ctx,
                                       const struct tl_loan *loan,
                                       struct tl_tickets **tickets,
                                       struct tl_outcome *out);
TL_PUBLIC void tl_krb_borrow_machine_tickets(tl_lender_fn lender, void *arg);
/* Ask the lender for the ticket for one service, which takes the place of all tickets of
 * the context. `fresh`: from a new TGT. What tl_krb_ticket() would fail with. */
TL_PUBLIC enum tl_reason tl_krb_borrow_ticket(struct tl_krb *krb, const char *service,
                                              const char *realm, bool fresh,
                                              struct tl_outcome *out);

/* --- pending tickets: between authentication and the user's session --- */

/* tl_tickets_save() of the context's tickets: tl_ccache_store() writes them from that
 * file into the user's own cache. 0 or -errno. */
TL_PUBLIC int tl_krb_save_pending(struct tl_krb *krb, const char *path);
/* Such a file without tickets, of this user in this realm (a cached logon). 0 or -errno.
 */
TL_PUBLIC int tl_krb_save_empty(const char *user, const char *realm, const char *path);

/* --- the user's credentials cache --- */

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
    TL_RENEWAL_GONE,    /* the cache no longer exists */
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
