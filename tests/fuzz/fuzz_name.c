/* SPDX-License-Identifier: MIT
 *
 * fuzz_name.c - names as typed, folding, comparison of DNS names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <trustlogon/name.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void parse(TALLOC_CTX *ctx, const char *bytes, size_t size)
{
    enum tl_name_error error;
    struct tl_name *name;
    int ret = tl_name_parse(ctx, bytes, size, &name, &error);

    check((ret == 0) == (name != NULL) && (ret == 0) == (error == TL_NAME_OK));
    check(tl_name_error_text(error) != NULL);
    if (ret != 0)
        return;
    check(strlen(name->whole) == size && memcmp(name->whole, bytes, size) == 0);
    check(name->user[0] != '\0');
    check((name->domain == NULL) == (name->form == TL_NAME_BARE));
    check(name->domain == NULL || name->domain[0] != '\0');
    tl_name_is_local(name, "WS1", "ws1.fabrikam.test");
}

static void fold(TALLOC_CTX *ctx, const char *string)
{
    char *once = tl_fold(ctx, string), *twice;

    if (once == NULL)
        return;
    twice = tl_fold(ctx, once);
    check(twice != NULL && strcmp(once, twice) == 0);
    check(tl_name_equal(string, once) && tl_name_equal(once, string));
}

static void compare(TALLOC_CTX *ctx, const char *a, const char *b)
{
    enum tl_dns_cmp ab = tl_dns_compare(a, b), ba = tl_dns_compare(b, a);

    if (ab == TL_DNS_BELOW || ab == TL_DNS_ABOVE) {
        check(ba == (ab == TL_DNS_BELOW ? TL_DNS_ABOVE : TL_DNS_BELOW));
        check((tl_dns_labels(a) > tl_dns_labels(b)) == (ab == TL_DNS_BELOW));
    } else {
        check(ab == ba);
    }
    check(tl_dns_compare(a, a) == TL_DNS_EQUAL);
    check(tl_dns_compare(tl_realm_of(ctx, a), tl_dns_of(ctx, a)) != TL_DNS_DIFFERENT);
    check(tl_name_equal(a, b) == tl_name_equal(b, a));
    tl_netbios_valid(a);
    if (tl_dns_valid(a))
        check(tl_dns_labels(a) >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *first = talloc_strndup(ctx, (const char *)data, size / 2);
    char *second = talloc_strndup(ctx, (const char *)data + size / 2, size - size / 2);

    check(first != NULL && second != NULL);
    parse(ctx, (const char *)data, size);
    fold(ctx, first);
    fold(ctx, second);
    compare(ctx, first, second);
    talloc_free(ctx);
    return 0;
}
