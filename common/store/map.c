/* SPDX-License-Identifier: MIT
 *
 * map.c - the file that a reader is in: mapping it, noticing that it was superseded,
 * unmapping old ones. Lock-free: a thread that forks, or is interrupted by a signal,
 * while it holds a lock would leave it locked for the child or the handler.
 *
 * A look-up counts itself in at a slot and then makes sure that the slot is still the
 * current one; a look-up that replaced the current slot then looks at the count. Both in
 * sequentially consistent order, so that at least one of them sees the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout.h"

/* A slot's life. FILLING and REAPING have one owner, which took them by exchange. */
enum { FREE, FILLING, USED, REAPING };

/* How often a look-up tries again because others have just moved to another file. */
#define TRIES 64

/* False unless only its owner can have written the file. */
static bool map_file(int fd, uid_t owner, struct tli_store_slot *slot)
{
    struct stat st;
    void *base;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != owner ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 || st.st_size < TL_STORE_PAGE ||
        (uint64_t)st.st_size > TL_STORE_SIZE_MAX)
        return false;
    base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return false;
    if (!tli_store_map_bytes(base, (size_t)st.st_size, &slot->map)) {
        munmap(base, (size_t)st.st_size);
        return false;
    }
    slot->dev = st.st_dev;
    slot->ino = st.st_ino;
    return true;
}

static struct tli_store_slot *take_slot(struct tli_store_reader *reader)
{
    for (size_t i = 0; i < TL_STORE_SLOTS; i++) {
        unsigned expected = FREE;

        if (atomic_compare_exchange_strong(&reader->slots[i].state, &expected, FILLING))
            return &reader->slots[i];
    }
    return NULL;
}

static void free_slot(struct tli_store_slot *slot)
{
    munmap((void *)(uintptr_t)slot->map.base, slot->map.size);
    atomic_store(&slot->state, FREE);
}

static void reap(struct tli_store_reader *reader)
{
    for (unsigned i = 0; i < TL_STORE_SLOTS; i++) {
        struct tli_store_slot *slot = &reader->slots[i];
        unsigned expected = USED;

        if (atomic_load(&reader->current) == i + 1 || atomic_load(&slot->users) != 0 ||
            !atomic_compare_exchange_strong(&slot->state, &expected, REAPING))
            continue;
        /* Between the look and the exchange the slot may have been freed and filled
         * again. */
        if (atomic_load(&reader->current) != i + 1 && atomic_load(&slot->users) == 0)
            free_slot(slot);
        else
            atomic_store(&slot->state, USED);
    }
}

/*
 * The file that is at the path now, in a slot in which the caller is counted. It becomes
 * the current one if that still is `from` (0: none). Otherwise another thread's file has
 * become the current one, which may have been opened earlier: this look-up uses its own
 * file, which is unmapped when the look-up has left it. NULL if no file is usable, or it
 * is the one that `from` has mapped already.
 */
static struct tli_store_slot *refresh(struct tli_store_reader *reader, unsigned from)
{
    struct tli_store_slot *slot;
    struct stat st;
    unsigned expected = from;
    int fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool mapped;

    if (fd < 0)
        return NULL;
    if (from != 0 && fstat(fd, &st) == 0 && st.st_dev == reader->slots[from - 1].dev &&
        st.st_ino == reader->slots[from - 1].ino) {
        close(fd);
        return NULL;
    }
    slot = take_slot(reader);
    mapped = slot != NULL && map_file(fd, reader->owner, slot);
    close(fd);
    if (!mapped) {
        if (slot != NULL)
            atomic_store(&slot->state, FREE);
        return NULL;
    }
    atomic_fetch_add(&slot->users, 1);
    atomic_compare_exchange_strong(&reader->current, &expected,
                                   (unsigned)(slot - reader->slots) + 1);
    atomic_store(&slot->state, USED);
    return slot;
}

const struct tli_store_map *tli_store_enter(struct tli_store_reader *reader)
{
    for (unsigned tries = 0; tries < TRIES; tries++) {
        unsigned current = atomic_load(&reader->current);
        struct tli_store_slot *slot = NULL, *fresh;

        if (current != 0) {
            const struct store_header *header;

            slot = &reader->slots[current - 1];
            atomic_fetch_add(&slot->users, 1);
            if (atomic_load(&reader->current) != current) {
                atomic_fetch_sub(&slot->users, 1);
                continue;
            }
            header = (const void *)slot->map.base;
            if (atomic_load_explicit(&header->superseded, memory_order_acquire) ==
                TL_STORE_CURRENT)
                return &slot->map;
        }
        fresh = refresh(reader, current);
        if (fresh == NULL && atomic_load(&reader->current) == current)
            return slot == NULL ? NULL : &slot->map;
        if (slot != NULL)
            atomic_fetch_sub(&slot->users, 1);
        if (fresh == NULL)
            continue; /* no slot was left, because so many others moved */
        reap(reader);
        return &fresh->map;
    }
    return NULL;
}

void tli_store_leave(struct tli_store_reader *reader, const struct tli_store_map *map)
{
    struct tli_store_slot *slot =
        (void *)((uint8_t *)(uintptr_t)map - offsetof(struct tli_store_slot, map));

    atomic_fetch_sub(&slot->users, 1);
}
