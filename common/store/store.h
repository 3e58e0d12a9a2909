/* SPDX-License-Identifier: MIT
 *
 * store.h - the identity store as its readers see it: users, groups and group lists that
 * every process may look up and only the agent (writer.h) changes.
 *
 * libc only: this code runs in every process that asks NSS for a name. A look-up takes no
 * lock, allocates nothing and, once the file is mapped, needs no system call. It may be
 * used from threads, after fork and in signal handlers.
 *
 * The file, in the byte order of the machine (layout.h has the structures):
 *
 *   header    one page. Its first part never changes and has a checksum: magic,
 *             version, sizes, seed, the ranges of ids that the store may have. The second
 * part belongs to the writer (tail, pending record) but for one word that tells readers
 * that this file is about to be, or was, superseded. Behind it is the domain of bare
 * names (struct tli_store_bare), as unchanging as the first part and with a check of its
 * own; a file without it, of an older writer, has no bare names. table     8 bytes per
 * bucket: where the newest key of the bucket is, with a check of its own. data records,
 * appended. A record has a header, one key per name, id and SID under which it is found,
 * its strings and its list of members or of gids. All but the word `live` and the `next`
 * links of the keys is immutable and covered by the record's checksum.
 *
 * Why readers need no retry. A record is complete before the first bucket leads to it, by
 * one aligned release store. What it replaces is marked dead afterwards and taken out of
 * the chains, but its bytes stay, so that a reader that is still at it reads a whole
 * record. Space is never reused; when the file is full, the writer copies the living into
 * a new file, renames it into place and says so in the old one. Readers then map the new
 * file and let go of the old one when the last look-up in this process has left it.
 *
 * What a reader trusts. Nothing that it did not check: the header when mapping (with
 * owner, mode and size of the file), each offset before use, at most TL_STORE_STEPS keys
 * of a chain, and before a record counts: its own position, its size, the checksum, that
 * it lives, that it has the name or id asked for, and that its strings and lists end
 * inside of it. A file that was damaged in any way therefore answers "not found" at
 * worst. (The seed keeps damage and chance apart, not attackers, who can read it: they
 * are kept from filling a bucket by the writer, which does not let chains of negative
 * entries grow.)
 *
 * Names are compared folded. ASCII letters are folded here; everything else only by the
 * writer (tl_fold()), which therefore stores an alias that is not ASCII twice: fully
 * folded, and as it was spelled, with its ASCII letters folded.
 */
#ifndef TL_STORE_H
#define TL_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TL_STORE_FILE "identity.store" /* in the state folder */
#define TL_STORE_NAME_MAX 1024         /* bytes of a name, without its NUL */
#define TL_STORE_STEPS 64              /* keys of a chain that are looked at */
#define TL_STORE_RANGES 32
#define TL_STORE_SLOTS 32    /* mapped files of one reader */
#define TL_STORE_KEYS_MAX 64 /* names, ids and SIDs of one record */
#define TL_STORE_DOMAIN_MAX 255
#define TL_STORE_BARE_MAX 256 /* bytes of a name without a domain */

/* What a key is; each has a namespace of its own. */
enum tli_store_class {
    TL_STORE_USER_NAME = 1,
    TL_STORE_USER_ID,
    TL_STORE_GROUP_NAME,
    TL_STORE_GROUP_ID,
    TL_STORE_GIDS, /* group list of the user with this uid */
    TL_STORE_SID   /* of users and groups */
};

/* Where a record comes from. Zero is never written by the agent. */
enum tli_store_source {
    TL_STORE_SOURCE_UNKNOWN,
    TL_STORE_SOURCE_PAC,  /* proven at a logon */
    TL_STORE_SOURCE_LDAP, /* the directory of the account's domain */
    TL_STORE_SOURCE_LSA   /* the workstation's DC, which asked across the trust */
};

struct tli_store_range {
    uint32_t first, last; /* both included */
};

/* The domain, by its DNS name in lower case, whose names need no domain. */
struct tli_store_bare {
    uint32_t length; /* of the name; 0: no domain */
    bool shown;      /* NSS shows them so, too */
    char domain[TL_STORE_DOMAIN_MAX + 1];
};

/* One mapped file. The values of the header are copied, so that a file that is
 * damaged later cannot change them under a reader. */
struct tli_store_map {
    const uint8_t *base;
    size_t size;
    uint64_t seed;
    uint32_t buckets; /* a power of two */
    uint64_t table, data;
    uint32_t num_ranges;
    struct tli_store_range ranges[TL_STORE_RANGES];
    struct tli_store_bare bare;
};

/*
 * The state of one reader: static memory, no constructor, no destructor. Old
 * mappings are unmapped by the look-up that maps a new file, if no look-up is in them. A
 * process forked in the middle of another thread's look-up keeps at most the one
 * mapping that thread was in.
 */
struct tli_store_slot {
    atomic_uint state, users;
    dev_t dev;
    ino_t ino;
    struct tli_store_map map;
};
struct tli_store_reader {
    const char *path;
    uid_t owner;         /* the file must belong to this user */
    atomic_uint current; /* slot + 1; 0: nothing mapped yet */
    struct tli_store_slot slots[TL_STORE_SLOTS];
};

/* NULL if no file is usable. Otherwise tli_store_leave() must follow; what
 * was found is valid until then. `errno` may change. */
const struct tli_store_map *tli_store_enter(struct tli_store_reader *reader);
void tli_store_leave(struct tli_store_reader *reader, const struct tli_store_map *map);

/* The checks of a mapping on bytes at hand, for tests and tools; base must be
 * aligned to 8. False: not a store. */
bool tli_store_map_bytes(const uint8_t *base, size_t size, struct tli_store_map *map);

enum tli_store_answer {
    TL_STORE_MISS,    /* nothing is known */
    TL_STORE_HIT,     /* *entry is filled */
    TL_STORE_STALE,   /* *entry is filled, but the agent should be asked if it can be */
    TL_STORE_NEGATIVE /* known not to exist */
};

struct tli_store_string {
    const char *at; /* ends in a NUL, which length does not count */
    uint32_t length;
};

struct tli_store_entry {
    enum tli_store_class class; /* USER_ID, GROUP_ID or GIDS, for any key */
    enum tli_store_source source;
    uint32_t id, gid; /* group: both its gid; gids: the uid, gid unset */
    struct tli_store_string name, gecos, home, shell, sid;
    uint64_t written; /* when, in seconds since 1970 */
    uint64_t fresh_until, valid_until;
    bool partial;       /* group: its members were not read, only that it is there */
    uint32_t count;     /* members or gids */
    const char *list;   /* group: `count` names, each with its NUL */
    uint32_t list_size; /* bytes */
    const uint32_t *gids;
};

/*
 * now: seconds since 1970, against which the record's end is judged. A record that was
 * written later than that (the clock was set back) is STALE, or a MISS if it is
 * negative. A partial group is STALE when it is looked up by name, since the caller may
 * want its members. By id it is a HIT: programs that look up ids (ls, id) want a name,
 * and would read each member of each group of a domain for it.
 */
enum tli_store_answer tli_store_by_name(const struct tli_store_map *map,
                                        enum tli_store_class class, const char *name,
                                        uint64_t now, struct tli_store_entry *entry);
enum tli_store_answer tli_store_by_id(const struct tli_store_map *map,
                                      enum tli_store_class class, uint32_t id,
                                      uint64_t now, struct tli_store_entry *entry);
/* Whether the id is in one of the store's ranges. */
bool tli_store_owns_id(const struct tli_store_map *map, uint32_t id);
/* Whether the name has a domain in it. */
bool tli_store_owns_name(const char *name);
/*
 * Bare names (bare.c). The name to look up and to ask for: `name` itself if it has a
 * domain; DOMAIN\name, in `full`, if it is a bare name and the store has a domain for
 * bare names; else NULL. The caller asks whether the machine itself has the name
 * (local.h).
 */
const char *tli_store_full_name(const struct tli_store_map *map, const char *name,
                                char full[TL_STORE_NAME_MAX + 1]);
/* How much of a canonical name is shown: the bytes in front of the '@', or 0 for all. */
size_t tli_store_bare_length(const struct tli_store_map *map, const char *canonical,
                             size_t length);
/* Whether a name of a domain may be used without its domain, judged by the name itself:
 * it must not read as a number or a sign, nor be a name of the system. */
bool tli_store_bare_ok(const char *name, size_t length);
/* Coarse real time, which the vdso knows without a system call. */
uint64_t tli_store_now(void);

#endif
