/* SPDX-License-Identifier: MIT
 *
 * entries.h - any bytes as directory entries, for the targets that decode them: each
 * attribute is a byte for its name, two for its length, and the value; a name byte of
 * 255 begins the next entry.
 */
#ifndef TL_FUZZ_ENTRIES_H
#define TL_FUZZ_ENTRIES_H

#include "../unit/entries.h"

#define ENTRIES_MAX 16

static inline void add_attribute(struct tli_entries *all, const char *name,
                                 const uint8_t *data, size_t len)
{
    struct tli_entry *entry = &all->entries[all->count - 1];

    add_value(all, new_attribute(all, entry, name), data, len);
}

static inline struct tli_entries *read_entries(TALLOC_CTX *ctx, const char *const *names,
                                               size_t num_names, const uint8_t *data,
                                               size_t size)
{
    struct tli_entries *all = talloc_zero(ctx, struct tli_entries);

    all->entries = talloc_zero_array(all, struct tli_entry, ENTRIES_MAX);
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
        add_attribute(all, names[data[0] % num_names], data + 3, len);
        data += 3 + len;
        size -= 3 + len;
    }
    return all;
}

#endif
