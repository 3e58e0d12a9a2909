/* SPDX-License-Identifier: MIT
 *
 * module.h - libnss_trustlogon.so.2: users and groups from the identity store.
 *
 * This code runs in every process that looks a name up, setuid programs among them.
 * It links libc only; it has no thread-local data, no pthread key, no constructor,
 * reads no environment, takes no lock and allocates nothing (but for glibc's own
 * group array, which the interface makes the module enlarge). Between entering and
 * leaving the store it calls nothing that can block or be cancelled. What the store
 * does not know is asked of the agent, within a second in all (ask.c).
 *
 * Enumeration is not offered: set*ent and get*ent return no entries.
 */
#ifndef TL_NSS_MODULE_H
#define TL_NSS_MODULE_H

#include <grp.h>
#include <nss.h>
#include <pwd.h>

#include "store/local.h"

#define NSS_EXPORT __attribute__((visibility("default")))
#define NSS_LEAST_ID 1000

/* The owner that the store and the agent's socket must have. */
#ifndef TL_NSS_OWNER
#define TL_NSS_OWNER 0
#endif

/* The machine's own accounts, which a bare name of a domain must not shadow. */
#ifndef TL_NSS_PASSWD
#define TL_NSS_PASSWD "/etc/passwd"
#endif
#ifndef TL_NSS_GROUP
#define TL_NSS_GROUP "/etc/group"
#endif

/* UNAVAIL with EAGAIN: the question has an answer, but not now. */
enum nss_status nss_cannot_tell(int *errnop);

/* What fills the caller's structures from an entry. SUCCESS, or TRYAGAIN with
 * *errnop = ERANGE if the buffer is too small, and then nothing is written; NOTFOUND
 * if the entry is not what its record said. */
enum nss_status nss_fill_passwd(const struct tli_store_entry *entry, struct passwd *pw,
                                char *buffer, size_t size, int *errnop);
enum nss_status nss_fill_group(const struct tli_store_entry *entry, struct group *gr,
                               char *buffer, size_t size, int *errnop);

/* The store of this process. */
extern struct tli_store_reader nss_store;

/* What is looked for: a name or, with name NULL, an id. TL_STORE_GIDS: by uid. */
struct nss_query {
    enum tli_store_class class;
    const char *name;
    uint32_t id;
    bool asked; /* the agent: at most once in each call from outside */
    bool bare;  /* set by nss_find(): `name` has no domain */
};

/*
 * Find something in the store; the agent is asked if it is not there, or stale. SUCCESS
 * means that the entry is filled and nss_leave() must follow. NOTFOUND: the user or
 * group does not exist, or is not for this module. UNAVAIL: it cannot be determined now.
 *
 * A stale entry is as good as a fresh one while the agent cannot tell: users must not
 * disappear from a laptop's `ls -l` because it is away from its DCs. The agent writes
 * into an entry when it expires for good.
 *
 * After a bare name has been found, nss_own() must follow, outside the store.
 */
enum nss_status nss_find(struct nss_query *query, struct tli_store_entry *entry,
                         const struct tli_store_map **map, int *errnop);
void nss_leave(const struct tli_store_map *map);

/*
 * bare.c: whether what was found is the machine's own by now, for bare names and for
 * entries that are shown by one. It opens a file, so it is not called within the store.
 * SUCCESS: no, and *shown says whether the bare name may be shown. NOTFOUND: the typed
 * name or the id is the machine's. UNAVAIL: the file cannot be read.
 */
struct nss_bare {
    const char *file;  /* TL_NSS_PASSWD or TL_NSS_GROUP */
    const char *typed; /* NULL: it had a domain */
    const char *shown; /* NULL: the whole name is */
    uint32_t id;
};
enum nss_status nss_own(const struct nss_bare *bare, bool *shown, int *errnop);
/* The same for a filled entry, whose name is cut to its first `length` bytes (0: not at
 * all) if no account of the machine has that one. */
enum nss_status nss_show(struct nss_bare *bare, char *name, size_t length, int *errnop);
/* The members of a filled group; those that are shown bare are cut by nss_cut_members(),
 * within the store, and whole again after this if the machine has such a user. */
bool nss_cut_members(const struct tli_store_map *map, struct group *gr);
enum nss_status nss_show_members(struct group *gr, int *errnop);

/* ask.c: one bounded question to the agent, if it is time for one. */
enum nss_heard {
    NSS_HEARD_NOTHING, /* or "could not tell" */
    NSS_HEARD_DONE,    /* the store has the answer now */
    NSS_HEARD_NONE     /* the user or group does not exist */
};
enum nss_heard nss_ask(uint32_t lookup, const char *name, uint32_t id);

#endif
