/* SPDX-License-Identifier: MIT
 *
 * fuzz_ldap.c - LDAP messages as a server may send them, through every reader; and, if
 * the first byte is odd, the text of a filter, which must come out as BER that reads
 * back.
 */
#include <stdlib.h>
#include <string.h>

#include "directory/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(struct tli_ber window, struct tli_ber whole)
{
    if (window.len > 0 &&
        (window.data < whole.data || window.data + window.len > whole.data + whole.len))
        abort();
}

static void read_entry(const struct tli_ldap_message *message, struct tli_ber whole)
{
    struct tli_ldap_attribute attribute;
    struct tli_ber dn, attributes, value;

    if (tli_ldap_entry_decode(message, &dn, &attributes) != 0)
        return;
    within(dn, whole);
    while (attributes.len > 0 && tli_ldap_attribute_next(&attributes, &attribute) == 0) {
        within(attribute.name, whole);
        while (tli_ber_take(&attribute.values, TL_BER_OCTETS, &value))
            within(value, whole);
    }
}

static void read_message(const uint8_t *data, size_t size)
{
    struct tli_ber whole = {data, size}, cookie;
    struct tli_ldap_message message;
    struct tli_ldap_result result;
    size_t first;

    if (tli_ber_size(data, size, TL_BER_SEQUENCE, &first) == 1 && first <= size)
        whole.len = first;
    if (tli_ldap_message_decode(whole, &message) != 0)
        return;
    within(message.body, whole);
    within(message.controls, whole);
    if (tli_ldap_result_decode(&message, &result) == 0) {
        within(result.text, whole);
        within(result.sasl, whole);
    }
    if (tli_ldap_cookie_decode(&message, &cookie) == 0)
        within(cookie, whole);
    read_entry(&message, whole);
}

static void write_filter(const uint8_t *data, size_t size)
{
    static const char *const attributes[] = {"cn", NULL};
    char *text = calloc(1, size + 1);
    struct tli_ldap_search search = {
        .base = "", .attributes = attributes, .filter = text};
    struct tli_ldap_message message;
    struct tli_ldap_bytes *bytes;

    if (text == NULL)
        return;
    if (size > 0)
        memcpy(text, data, size);
    bytes = tli_ldap_search_request(NULL, 7, &search);
    if (bytes != NULL && (tli_ldap_message_decode(
                              (struct tli_ber){bytes->data, bytes->len}, &message) != 0 ||
                          message.id != 7))
        abort();
    talloc_free(bytes);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy;

    if (size < 1)
        return 0;
    /* A copy of the exact size, so that reading past it is noticed. */
    copy = malloc(size - 1);
    if (copy == NULL && size > 1)
        return 0;
    if (size > 1)
        memcpy(copy, data + 1, size - 1);
    if (data[0] & 1)
        write_filter(copy, size - 1);
    else
        read_message(copy, size - 1);
    free(copy);
    return 0;
}
