/* SPDX-License-Identifier: MIT
 *
 * object.c - one object as one domain controller has it, its values as text, to be
 * compared with those of another.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static enum tl_reason no_memory(struct tl_outcome *out)
{
    return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

static const char *value_words(TALLOC_CTX *ctx, const struct tli_value *value)
{
    const char *text = tli_value_text(value);
    char *hex;

    if (text != NULL)
        return talloc_strdup(ctx, text);
    hex = talloc_zero_size(ctx, 2 * value->len + 1);
    for (size_t i = 0; hex != NULL && i < value->len; i++) {
        hex[2 * i] = "0123456789abcdef"[value->data[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[value->data[i] & 15];
    }
    return hex;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "a, b"; NULL without memory. */
static const char *joined(TALLOC_CTX *ctx, const struct tli_attribute *attribute)
{
    const char **words = talloc_zero_array(ctx, const char *, attribute->count);
    char *all = talloc_strdup(ctx, "");

    for (size_t i = 0; words != NULL && i < attribute->count; i++) {
        words[i] = value_words(words, &attribute->values[i]);
        if (words[i] == NULL)
            return NULL;
    }
    if (words == NULL)
        return NULL;
    qsort(words, attribute->count, sizeof(*words), by_bytes);
    for (size_t i = 0; all != NULL && i < attribute->count; i++)
        all = talloc_asprintf_append(all, "%s%s", i > 0 ? ", " : "", words[i]);
    talloc_free(words);
    return all;
}

static int copy_object(TALLOC_CTX *ctx, const struct tli_entry *entry,
                       const char *const *attributes, struct tl_object *object)
{
    size_t count = 0;

    while (attributes[count] != NULL)
        count++;
    object->values = talloc_zero_array(ctx, const char *, count);
    object->dn = talloc_strdup(ctx, entry->dn);
    if (object->values == NULL || object->dn == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct tli_attribute *attribute = tli_entry_attribute(entry, attributes[i]);

        if (attribute == NULL)
            continue;
        object->values[i] = joined(ctx, attribute);
        if (object->values[i] == NULL)
            return -1;
    }
    return 0;
}

enum tl_reason tl_directory_object(TALLOC_CTX *ctx, struct tl_directory *dir,
                                   const char *container, const char *filter,
                                   const char *const *attributes,
                                   struct tl_object *object, struct tl_outcome *out)
{
    struct tli_search search = {dir->default_nc, LDAP_SCOPE_SUBTREE, filter, attributes};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tli_entries *entries = NULL;
    enum tl_reason reason;

    *object = (struct tl_object){0};
    if (container != NULL)
        search.base = talloc_asprintf(tmp, "%s,%s", container, dir->default_nc);
    reason = search.base != NULL
                 ? tli_connection_search(tmp, dir->ldap, &search, &entries, out)
                 : no_memory(out);
    if (reason == TL_REASON_OK && entries != NULL && entries->count > 0 &&
        copy_object(ctx, &entries->entries[0], attributes, object) != 0)
        reason = no_memory(out);
    talloc_free(tmp);
    return reason;
}
