/* SPDX-License-Identifier: MIT
 *
 * message.h - the few LDAP messages that are used here [RFC 4511 4]. Pure.
 *
 * Not libldap's: with its first handle that library looks up the host's own name in the
 * name service, without a time limit, reads ldap.conf, ~/.ldaprc and the environment, and
 * loads SASL's and TLS's libraries for what is done here by other means
 * (docs/decisions/directory.md#liblber).
 */
#ifndef TL_DIRECTORY_MESSAGE_H
#define TL_DIRECTORY_MESSAGE_H

#include <lber.h>
#include <talloc.h>

#include "status/ber.h"

#define TL_LDAP_BIND_RESPONSE 0x61
#define TL_LDAP_ENTRY 0x64
#define TL_LDAP_DONE 0x65
#define TL_LDAP_REFERENCE 0x73
#define TL_LDAP_EXTENDED_RESPONSE 0x78

/* --- requests: bytes as a child of ctx, or NULL when memory is out --- */

struct tli_ldap_bytes {
    size_t len;
    uint8_t data[];
};

struct tli_ldap_search {
    const char *base;
    int scope; /* LDAP_SCOPE_* */
    int seconds;
    const char *filter;            /* RFC 4515, without substrings */
    const char *const *attributes; /* NULL-terminated */
    int page;                      /* entries a page; 0: not paged */
    struct tli_ber cookie;         /* of the page before */
    bool extended_dn;
};

struct tli_ldap_bytes *tli_ldap_bind_request(TALLOC_CTX *ctx, int id,
                                             const char *mechanism,
                                             struct tli_ber credentials);
/* Also NULL for a malformed filter. */
struct tli_ldap_bytes *tli_ldap_search_request(TALLOC_CTX *ctx, int id,
                                               const struct tli_ldap_search *search);
struct tli_ldap_bytes *tli_ldap_unbind_request(TALLOC_CTX *ctx, int id);

/* filter.c: 0, -EINVAL, or -ENOMEM; after an error the content of `ber` is unusable. */
int tli_ldap_put_filter(BerElement *ber, const char *filter);

/* --- responses: windows on the message's bytes; 0 or -EBADMSG --- */

struct tli_ldap_message {
    int id;
    uint8_t op;              /* TL_LDAP_* or another tag */
    struct tli_ber body;     /* of the operation */
    struct tli_ber controls; /* empty if there are none */
};
int tli_ldap_message_decode(struct tli_ber bytes, struct tli_ldap_message *message);

struct tli_ldap_result {
    int code;            /* LDAP_SUCCESS, ... */
    struct tli_ber text; /* any bytes */
    struct tli_ber sasl; /* of a bind response; empty if absent */
};
int tli_ldap_result_decode(const struct tli_ldap_message *message,
                           struct tli_ldap_result *result);
/* Of a search's result: where the next page begins; empty after the last page. */
int tli_ldap_cookie_decode(const struct tli_ldap_message *message,
                           struct tli_ber *cookie);

/* One attribute of an entry after the other; `attributes` moves on. */
struct tli_ldap_attribute {
    struct tli_ber name;   /* with its options */
    struct tli_ber values; /* to be taken as TL_BER_OCTETS */
};
int tli_ldap_entry_decode(const struct tli_ldap_message *message, struct tli_ber *dn,
                          struct tli_ber *attributes);
int tli_ldap_attribute_next(struct tli_ber *attributes,
                            struct tli_ldap_attribute *attribute);

#endif
