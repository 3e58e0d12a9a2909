/* SPDX-License-Identifier: MIT
 *
 * entries.h - builds directory entries as a server would send them. The entry's arrays
 * and the bytes belong to the context; names of attributes are not copied.
 */
#ifndef TL_TEST_ENTRIES_H
#define TL_TEST_ENTRIES_H

#include <string.h>
#include <strings.h>

#include "directory/entry.h"

/* A further attribute without values, even where the entry has one of that name. */
static inline struct tli_attribute *
new_attribute(TALLOC_CTX *ctx, struct tli_entry *entry, const char *name)
{
    entry->attributes =
        talloc_realloc(ctx, entry->attributes, struct tli_attribute, entry->count + 1);
    entry->attributes[entry->count] = (struct tli_attribute){.name = name};
    return &entry->attributes[entry->count++];
}

/* A further value. A NUL that does not count follows it, as in entries off the wire. */
static inline void add_value(TALLOC_CTX *ctx, struct tli_attribute *attribute,
                             const void *data, size_t len)
{
    uint8_t *copy = talloc_zero_size(ctx, len + 1);

    memcpy(copy, data, len);
    if ((attribute->count & (attribute->count - 1)) == 0) /* full: twice as large */
        attribute->values = talloc_realloc(ctx, attribute->values, struct tli_value,
                                           2 * attribute->count + 1);
    attribute->values[attribute->count++] = (struct tli_value){copy, len};
}

static inline void add_sid_value(TALLOC_CTX *ctx, struct tli_attribute *attribute,
                                 const struct tl_sid *sid)
{
    uint8_t packed[8 + 4 * TL_SID_MAX_SUBS];
    size_t len = tl_sid_encode(sid, packed);

    add_value(ctx, attribute, packed, len);
}

/* The attribute of this name; case does not matter in names of attributes. */
static inline struct tli_attribute *attribute_named(struct tli_entry *entry,
                                                    const char *name)
{
    for (size_t i = 0; i < entry->count; i++)
        if (strcasecmp(entry->attributes[i].name, name) == 0)
            return &entry->attributes[i];
    return NULL;
}

/* A further value of the attribute of this name, which is made if it is missing. */
static inline void put_bytes(TALLOC_CTX *ctx, struct tli_entry *entry, const char *name,
                             const void *data, size_t len)
{
    struct tli_attribute *attribute = attribute_named(entry, name);

    if (attribute == NULL)
        attribute = new_attribute(ctx, entry, name);
    add_value(ctx, attribute, data, len);
}

static inline void put_text(TALLOC_CTX *ctx, struct tli_entry *entry, const char *name,
                            const char *text)
{
    put_bytes(ctx, entry, name, text, strlen(text));
}

/* This value alone in place of those of the attribute; data NULL: no value. */
static inline void replace_bytes(TALLOC_CTX *ctx, struct tli_entry *entry,
                                 const char *name, const void *data, size_t len)
{
    struct tli_attribute *attribute = attribute_named(entry, name);

    if (attribute != NULL)
        attribute->count = 0;
    if (data != NULL)
        put_bytes(ctx, entry, name, data, len);
}

#endif
