/* SPDX-License-Identifier: MIT
 *
 * secret.c - strings that leave no copy behind.
 */
#include "secret.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One per secret, child of it. */
struct entry {
    char *text;
    struct entry *next, **link;
};
static struct entry *all;

static int leave(struct entry *entry)
{
    explicit_bzero(entry->text, talloc_get_size(entry->text));
    *entry->link = entry->next;
    if (entry->next != NULL)
        entry->next->link = entry->link;
    return 0;
}

/* Its pages, and what else is in them. Best effort: a core file is not written in any
 * case (harden.c), and a machine without swap has nothing to fear. They stay so, because
 * another secret may be in them. */
static void keep_in_memory(char *text)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (uintptr_t)text / page * page;
    uintptr_t end = ((uintptr_t)text + talloc_get_size(text) + page - 1) / page * page;

    (void)mlock(text, talloc_get_size(text));
    (void)madvise((void *)begin, end - begin, MADV_DONTDUMP);
}

char *tla_secret(TALLOC_CTX *ctx, const char *text)
{
    char *copy = text != NULL ? talloc_strdup(ctx, text) : NULL;
    struct entry *entry = copy != NULL ? talloc_zero(copy, struct entry) : NULL;

    if (entry == NULL) {
        talloc_free(copy);
        return NULL;
    }
    keep_in_memory(copy);
    *entry = (struct entry){.text = copy, .next = all, .link = &all};
    if (all != NULL)
        all->link = &entry->next;
    all = entry;
    talloc_set_destructor(entry, leave);
    return copy;
}

static bool is_among(const char *text, const char *const *keep, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (keep[i] == text)
            return true;
    return false;
}

void tla_secrets_forget(const char *const *keep, size_t count)
{
    for (struct entry *entry = all; entry != NULL; entry = entry->next) {
        if (is_among(entry->text, keep, count))
            keep_in_memory(entry->text); /* a fork inherits no locks */
        else
            explicit_bzero(entry->text, talloc_get_size(entry->text));
    }
}
