/* SPDX-License-Identifier: MIT
 *
 * fuzz_directory.c - any bytes as the attributes of trusts, domains and suffixes.
 */
#include <stdlib.h>
#include <string.h>

#include "entries.h"
#include <trustlogon/directory.h>

static const char *const names[] = {"trustPartner",
                                    "flatName",
                                    "trustDirection",
                                    "trustType",
                                    "trustAttributes",
                                    "whenCreated",
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tli_entries *all =
        read_entries(ctx, names, sizeof(names) / sizeof(names[0]), data, size);
    struct tl_domain *domains;
    const char **suffixes, *why;
    struct tl_tdo *tdo;
    size_t count;
    char *text = talloc_zero_size(ctx, size + 1), *escaped;

    for (size_t i = 0; i < all->count; i++) {
        int ret = tli_tdo_from_entry(ctx, "holder.test", &all->entries[i], &tdo, &why);

        if ((ret == 0) != (tdo != NULL) || (ret != 0 && why == NULL && tdo != NULL))
            abort();
    }
    tli_domains_from_entries(ctx, all, &domains, &count);
    if (count > all->count)
        abort();
    tli_suffixes_from_entry(ctx, &all->entries[0], &suffixes, &count);
    memcpy(text, data, size);
    tli_dn_to_dns(ctx, text);
    escaped = tl_ldap_escape(ctx, data, size);
    if (escaped[strcspn(escaped, "*()")] != '\0')
        abort();
    talloc_free(ctx);
    return 0;
}
