/* SPDX-License-Identifier: MIT
 *
 * fuzz_directory.c - any bytes as the attributes of directory entries: each
 * attribute is a byte for its name, two for its length, and the value; a name
 * byte of 255 begins the next entry.
 */
#include <stdlib.h>
#include <string.h>

#include "directory/entry.h"
#include <trustlogon/directory.h>

#define ENTRIES_MAX 16

static const char *const names[] = {"trustPartner",
                                    "flatName",
                                    "trustDirection",
                                    "trustType",
                                    "trustAttributes",
                                    "whenChanged",
                                    "systemFlags",
                                    "securityIdentifier",
                                    "dnsRoot",
                                    "nETBIOSName",
                                    "trustParent",
                                    "uPNSuffixes",
                                    "msDS-SupportedEncryptionTypes",
                                    "msDS-TrustForestTrustInfo"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct tl_entries *all, const char *name, const uint8_t *data, size_t len)
{
    struct tl_entry *entry = &all->entries[all->count - 1];
    struct tl_attribute *attribute;
    uint8_t *copy = talloc_zero_size(all, len + 1);

    memcpy(copy, data, len);
    entry->attributes =
        talloc_realloc(all, entry->attributes, struct tl_attribute, entry->count + 1);
    attribute = &entry->attributes[entry->count++];
    *attribute = (struct tl_attribute){name, 1, talloc_zero(all, struct tl_value)};
    attribute->values[0] = (struct tl_value){copy, len};
}

static struct tl_entries *read_entries(TALLOC_CTX *ctx, const uint8_t *data, size_t size)
{
    struct tl_entries *all = talloc_zero(ctx, struct tl_entries);

    all->entries = talloc_zero_array(all, struct tl_entry, ENTRIES_MAX);
    all->count = 1;
    all->entries[0].dn = "CN=0";
    while (size >= 3) {
        size_t len = (size_t)data[1] << 8 | data[2];

        if (data[0] == 255 && all->count < ENTRIES_MAX) {
            all->entries[all->count].dn = talloc_asprintf(all, "CN=%zu", all->count);
            all->count++;
        }
        if (len > size - 3)
            len = size - 3;
        add(all, names[data[0] % (sizeof(names) / sizeof(names[0]))], data + 3, len);
        data += 3 + len;
        size -= 3 + len;
    }
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_entries *all = read_entries(ctx, data, size);
    struct tl_domain *domains;
    const char **suffixes, *why;
    struct tl_tdo *tdo;
    size_t count;
    char *text = talloc_zero_size(ctx, size + 1), *escaped;

    for (size_t i = 0; i < all->count; i++) {
        int ret = tl_tdo_from_entry(ctx, "holder.test", &all->entries[i], &tdo, &why);

        if ((ret == 0) != (tdo != NULL) || (ret != 0 && why == NULL && tdo != NULL))
            abort();
    }
    tl_domains_from_entries(ctx, all, &domains, &count);
    if (count > all->count)
        abort();
    tl_suffixes_from_entry(ctx, &all->entries[0], &suffixes, &count);
    memcpy(text, data, size);
    tl_dn_to_dns(ctx, text);
    escaped = tl_ldap_escape(ctx, data, size);
    if (escaped[strcspn(escaped, "*()")] != '\0')
        abort();
    talloc_free(ctx);
    return 0;
}
