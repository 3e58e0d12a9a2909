/* SPDX-License-Identifier: MIT
 *
 * trustlogon/directory.h - reading Active Directory over LDAP (389/tcp, SASL
 * GSSAPI with sign and seal) with the credentials of a ccache.
 */
#ifndef TRUSTLOGON_DIRECTORY_H
#define TRUSTLOGON_DIRECTORY_H

#include <trustlogon/locate.h>
#include <trustlogon/topology.h>

struct tl_directory;
/*
 * The service that only a domain controller of dc->domain can be: ldap/<host>/<domain>.
 * Any computer may put ldap/<its own name> on its account; names of three components are
 * refused to all but domain controllers [MS-ADTS 3.1.1.5.3.1.1.4].
 */
TL_PUBLIC char *tl_directory_service(TALLOC_CTX *ctx, const struct tl_dc *dc);
/*
 * Connect to `dc` and bind with the ticket in `ccache` ("MEMORY:..." or any
 * name), which must already hold the ticket for tl_directory_service() in the realm
 * of dc->domain (tl_krb_ticket()): nothing is asked of a KDC or of DNS here. Fails
 * with DIRECTORY_UNREADABLE. All later calls obey the same deadline.
 */
TL_PUBLIC enum tl_reason tl_directory_open(TALLOC_CTX *ctx, const struct tl_dc *dc,
                                           const char *ccache, tl_deadline deadline,
                                           const struct tl_trace *trace,
                                           struct tl_directory **dir,
                                           struct tl_outcome *out);

/* Of further calls, in the place of that of tl_directory_open(). `silence_ms`: a server
 * from which nothing comes for so long is given up before that; 0: it is not. */
TL_PUBLIC void tl_directory_set_deadline(struct tl_directory *dir, tl_deadline deadline,
                                         int silence_ms);
/* It was given up for its silence. */
TL_PUBLIC bool tl_directory_was_silent(const struct tl_directory *dir);
/* False: the connection cannot be used again, because the server has ended it, or a reply
 * was missed. */
TL_PUBLIC bool tl_directory_is_open(const struct tl_directory *dir);
/* The server. */
TL_PUBLIC const struct tl_dc *tl_directory_dc(const struct tl_directory *dir);

/* Own domain, forest's crossRefs, uPNSuffixes, own and forest root's TDOs. */
TL_PUBLIC enum tl_reason tl_directory_topology(TALLOC_CTX *ctx, struct tl_directory *dir,
                                               struct tl_topology **topo,
                                               struct tl_outcome *out);
/* All TDOs this domain holds (also partial results of the other side): appended to
 * `topo`. */
TL_PUBLIC enum tl_reason tl_directory_trusts(struct tl_directory *dir,
                                             struct tl_topology *topo,
                                             struct tl_outcome *out);
/* Bits of userAccountControl [MS-ADTS] 2.2.16. */
#define TL_UAC_DISABLED 0x2U
#define TL_UAC_SMARTCARD 0x40000U
#define TL_UAC_DES_ONLY 0x200000U

/* An account, of a user or a machine, as far as a KDC's answers depend on it. */
struct tl_account {
    const char *dn;
    const char *name; /* sAMAccountName; NULL where it cannot be read */
    const char *upn;  /* userPrincipalName, or NULL */
    uint32_t control; /* userAccountControl; 0 where it cannot be read */
};
/* The accounts that have a service principal name (0, 1 or more), literally, in the whole
 * forest where the server is a global catalogue. */
TL_PUBLIC enum tl_reason tl_directory_spn(TALLOC_CTX *ctx, struct tl_directory *dir,
                                          const char *spn, struct tl_account **accounts,
                                          size_t *count, struct tl_outcome *out);
/* The same of a userPrincipalName. */
TL_PUBLIC enum tl_reason tl_directory_upn(TALLOC_CTX *ctx, struct tl_directory *dir,
                                          const char *upn, struct tl_account **accounts,
                                          size_t *count, struct tl_outcome *out);
/* The account of the server's own domain with a sAMAccountName; *count is 0 or 1. */
TL_PUBLIC enum tl_reason tl_directory_account(TALLOC_CTX *ctx, struct tl_directory *dir,
                                              const char *name,
                                              struct tl_account **accounts, size_t *count,
                                              struct tl_outcome *out);
/* The account of an explicit or implicit UPN, or of a bare sAMAccountName in the
 * server's own domain; `upn` may be NULL. USER_UNKNOWN for none or more than one. */
TL_PUBLIC enum tl_reason tl_directory_user(TALLOC_CTX *ctx, struct tl_directory *dir,
                                           const char *upn_or_sam, const char **sam,
                                           const char **upn, const char **dn,
                                           struct tl_outcome *out);

/* One object as this server has it, past what other servers have. */
struct tl_object {
    const char *dn; /* NULL: there is none */
    /* Of the attributes that were asked for, in their order; NULL: it has none. Several
     * values are joined by ", " in the order of their bytes; other bytes than text are
     * written in hex. */
    const char **values;
};
/* The first object of the server's own domain that `filter` finds, below `container`
 * ("CN=System"), or anywhere with NULL; `attributes` end with NULL. */
TL_PUBLIC enum tl_reason tl_directory_object(TALLOC_CTX *ctx, struct tl_directory *dir,
                                             const char *container, const char *filter,
                                             const char *const *attributes,
                                             struct tl_object *object,
                                             struct tl_outcome *out);

/* RFC 4515 escaping of one assertion value, length-safe (NULs included). */
TL_PUBLIC char *tl_ldap_escape(TALLOC_CTX *ctx, const uint8_t *value, size_t len);

/*
 * libgssapi reads its settings from a file. Without this they are in memory, under
 * /proc/self, which a process that may not be traced and is not root cannot open: write
 * them into a folder that everyone may read, and use those from now on. 0 or -errno.
 */
TL_PUBLIC int tl_gss_settings_keep(const char *folder);

#endif
