/* SPDX-License-Identifier: MIT
 *
 * message.c - LDAP messages to bytes, and bytes to messages. See message.h.
 */
#include <errno.h>
#include <string.h>

#include "message.h"

#define BIND_REQUEST 0x60
#define UNBIND_REQUEST 0x42
#define SEARCH_REQUEST 0x63
#define CONTROLS 0xa0
#define SASL_CHOICE 0xa3
#define REFERRAL 0xa3
#define SASL_ANSWER 0x87
#define LDAP_VERSION 3

#define PAGED "1.2.840.113556.1.4.319"
#define EXTENDED_DN "1.2.840.113556.1.4.529"

/* --- requests --- */

/* What has been written so far, and the end of `ber`. */
static struct tli_ldap_bytes *finish(TALLOC_CTX *ctx, BerElement *ber, bool good)
{
    struct berval flat = {0, NULL};
    struct tli_ldap_bytes *bytes = NULL;

    if (good && ber_flatten2(ber, &flat, 0) == 0)
        bytes = talloc_size(ctx, sizeof(*bytes) + flat.bv_len);
    if (bytes != NULL) {
        bytes->len = flat.bv_len;
        memcpy(bytes->data, flat.bv_val, flat.bv_len);
    }
    ber_free(ber, 1);
    return bytes;
}

static struct berval berval_of(struct tli_ber bytes)
{
    return (struct berval){bytes.len, (char *)(uintptr_t)bytes.data};
}

struct tli_ldap_bytes *tli_ldap_bind_request(TALLOC_CTX *ctx, int id,
                                             const char *mechanism,
                                             struct tli_ber credentials)
{
    struct berval token = berval_of(credentials);
    BerElement *ber = ber_alloc_t(LBER_USE_DER);

    if (ber == NULL)
        return NULL;
    return finish(ctx, ber,
                  ber_printf(ber, "{it{ist{sO}}}", id, (ber_tag_t)BIND_REQUEST,
                             LDAP_VERSION, "", (ber_tag_t)SASL_CHOICE, mechanism,
                             &token) >= 0);
}

struct tli_ldap_bytes *tli_ldap_unbind_request(TALLOC_CTX *ctx, int id)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);

    if (ber == NULL)
        return NULL;
    return finish(ctx, ber, ber_printf(ber, "{itn}", id, (ber_tag_t)UNBIND_REQUEST) >= 0);
}

/* SEQUENCE { size, cookie }; critical: a server that cannot page has to say so. */
static bool put_page(BerElement *ber, const struct tli_ldap_search *search)
{
    struct berval cookie = berval_of(search->cookie), flat = {0, NULL};
    BerElement *value = ber_alloc_t(LBER_USE_DER);
    bool good;

    if (value == NULL)
        return false;
    good = ber_printf(value, "{iO}", search->page, &cookie) >= 0 &&
           ber_flatten2(value, &flat, 0) == 0 &&
           ber_printf(ber, "{sbO}", PAGED, (ber_int_t)1, &flat) >= 0;
    ber_free(value, 1);
    return good;
}

/* SEQUENCE { INTEGER 1 }: SIDs as strings [ADTS 3.1.1.3.4.1.5]. A server without the
 * control omits the SIDs, which the reader detects. */
static bool put_extended_dn(BerElement *ber)
{
    static char one[] = {0x30, 3, 2, 1, 1};
    struct berval value = {sizeof(one), one};

    return ber_printf(ber, "{sO}", EXTENDED_DN, &value) >= 0;
}

static bool put_search(BerElement *ber, int id, const struct tli_ldap_search *search)
{
    if (ber_printf(ber, "{it{seeiib", id, (ber_tag_t)SEARCH_REQUEST, search->base,
                   (ber_int_t)search->scope, (ber_int_t)0, (ber_int_t)0,
                   (ber_int_t)search->seconds, (ber_int_t)0) < 0 ||
        tli_ldap_put_filter(ber, search->filter) != 0 || ber_printf(ber, "{") < 0)
        return false;
    for (size_t i = 0; search->attributes[i] != NULL; i++)
        if (ber_printf(ber, "s", search->attributes[i]) < 0)
            return false;
    if (ber_printf(ber, "}}") < 0)
        return false;
    if (search->page == 0 && !search->extended_dn)
        return ber_printf(ber, "}") >= 0;
    return ber_printf(ber, "t{", (ber_tag_t)CONTROLS) >= 0 &&
           (search->page == 0 || put_page(ber, search)) &&
           (!search->extended_dn || put_extended_dn(ber)) && ber_printf(ber, "}}") >= 0;
}

struct tli_ldap_bytes *tli_ldap_search_request(TALLOC_CTX *ctx, int id,
                                               const struct tli_ldap_search *search)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);

    return ber == NULL ? NULL : finish(ctx, ber, put_search(ber, id, search));
}

/* --- responses --- */

int tli_ldap_message_decode(struct tli_ber bytes, struct tli_ldap_message *message)
{
    struct tli_ber content;

    *message = (struct tli_ldap_message){0};
    if (!tli_ber_take(&bytes, TL_BER_SEQUENCE, &content) || bytes.len != 0 ||
        !tli_ber_number(&content, TL_BER_INTEGER, &message->id) || content.len == 0)
        return -EBADMSG;
    message->op = content.data[0];
    if (!tli_ber_take(&content, message->op, &message->body))
        return -EBADMSG;
    if (tli_ber_is(&content, CONTROLS) &&
        !tli_ber_take(&content, CONTROLS, &message->controls))
        return -EBADMSG;
    return 0;
}

int tli_ldap_result_decode(const struct tli_ldap_message *message,
                           struct tli_ldap_result *result)
{
    struct tli_ber body = message->body, ignored;

    *result = (struct tli_ldap_result){0};
    if (!tli_ber_number(&body, TL_BER_ENUMERATED, &result->code) ||
        !tli_ber_take(&body, TL_BER_OCTETS, &ignored) || /* matchedDN */
        !tli_ber_take(&body, TL_BER_OCTETS, &result->text))
        return -EBADMSG;
    if (tli_ber_is(&body, REFERRAL) && !tli_ber_take(&body, REFERRAL, &ignored))
        return -EBADMSG;
    if (message->op == TL_LDAP_BIND_RESPONSE && tli_ber_is(&body, SASL_ANSWER) &&
        !tli_ber_take(&body, SASL_ANSWER, &result->sasl))
        return -EBADMSG;
    return 0;
}

static bool is_paged(struct tli_ber oid)
{
    return oid.len == strlen(PAGED) && memcmp(oid.data, PAGED, oid.len) == 0;
}

int tli_ldap_cookie_decode(const struct tli_ldap_message *message, struct tli_ber *cookie)
{
    struct tli_ber controls = message->controls, control, oid, value, content;
    int estimate;

    *cookie = (struct tli_ber){NULL, 0};
    while (controls.len > 0) {
        if (!tli_ber_take(&controls, TL_BER_SEQUENCE, &control) ||
            !tli_ber_take(&control, TL_BER_OCTETS, &oid))
            return -EBADMSG;
        if (!is_paged(oid))
            continue;
        if (tli_ber_is(&control, TL_BER_BOOLEAN) &&
            !tli_ber_take(&control, TL_BER_BOOLEAN, &content))
            return -EBADMSG;
        if (!tli_ber_take(&control, TL_BER_OCTETS, &value) ||
            !tli_ber_take(&value, TL_BER_SEQUENCE, &content) ||
            !tli_ber_number(&content, TL_BER_INTEGER, &estimate) ||
            !tli_ber_take(&content, TL_BER_OCTETS, cookie))
            return -EBADMSG;
        return 0;
    }
    return 0;
}

int tli_ldap_entry_decode(const struct tli_ldap_message *message, struct tli_ber *dn,
                          struct tli_ber *attributes)
{
    struct tli_ber body = message->body;

    return tli_ber_take(&body, TL_BER_OCTETS, dn) &&
                   tli_ber_take(&body, TL_BER_SEQUENCE, attributes)
               ? 0
               : -EBADMSG;
}

int tli_ldap_attribute_next(struct tli_ber *attributes,
                            struct tli_ldap_attribute *attribute)
{
    struct tli_ber content;

    return tli_ber_take(attributes, TL_BER_SEQUENCE, &content) &&
                   tli_ber_take(&content, TL_BER_OCTETS, &attribute->name) &&
                   tli_ber_take(&content, TL_BER_SET, &attribute->values)
               ? 0
               : -EBADMSG;
}
