/* SPDX-License-Identifier: MIT
 *
 * fixtures.h - what many unit tests begin with: SIDs, the workstation and its forest, a
 * temporary folder and files in it. Each function fails the test if it cannot do its
 * work. Snapshots of trusts are in topologies.h, directory entries in entries.h.
 */
#ifndef TL_TEST_FIXTURES_H
#define TL_TEST_FIXTURES_H

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>
#include <trustlogon/config.h>
#include <trustlogon/identity.h>
#include <trustlogon/sid.h>

#include "run_suite.h"

/* Members of struct tl_workstation: WS1, a member of FABRIKAM. A test writes further
 * members behind it: {WS1_OF_FABRIKAM, .default_domain = "CONTOSO"}. */
#define WS1_OF_FABRIKAM                                                                  \
    .flat = "WS1", .fqdn = "ws1.fabrikam.test", .realm = "FABRIKAM.TEST",                \
    .domain = "fabrikam.test"

/* The SID that a string names. */
static inline struct tl_sid sid_of(const char *string)
{
    struct tl_sid sid;

    ck_assert_msg(tl_sid_parse(string, &sid) == 0, "%s", string);
    return sid;
}

/* A snapshot (topologies.h) in which the own domain has this SID. */
static inline struct tl_topology *snapshot_of(TALLOC_CTX *ctx, const char *json,
                                              const char *own)
{
    struct tl_topology *topo = NULL;
    char *error = NULL;

    ck_assert_msg(tl_topology_from_json(ctx, json, strlen(json), &topo, &error) == 0,
                  "%s", error);
    topo->domains[0].sid = sid_of(own);
    topo->domains[0].has_sid = true;
    return topo;
}

/* A topology of the forest fabrikam.test, with neither domains nor trusts yet. */
static inline struct tl_topology *new_topology(TALLOC_CTX *ctx)
{
    struct tl_topology *topo = tl_topology_new(ctx);

    topo->domain = "fabrikam.test";
    topo->forest = "fabrikam.test";
    return topo;
}

/* A further domain of the topology's own forest. */
static inline void add_own_domain(struct tl_topology *topo, const char *dns,
                                  const char *flat, const char *sid)
{
    topo->domains = talloc_realloc(topo, topo->domains, struct tl_domain,
                                   (unsigned int)topo->num_domains + 1);
    topo->domains[topo->num_domains++] =
        (struct tl_domain){.dns = dns, .flat = flat, .sid = sid_of(sid), .has_sid = true};
}

/* A machine without users and groups of its own, apart from those every machine has. */
static inline struct tl_local_ids *no_local_ids(TALLOC_CTX *ctx)
{
    struct tl_local_ids *local = NULL;

    ck_assert_int_eq(tl_local_ids_load(ctx, "/nonexistent", "/nonexistent", &local), 0);
    return local;
}

/* Sets one option of a configuration as its file would: "key=value". */
static inline void set_option(struct tl_config *config, const char *assignment)
{
    struct tl_config_error *error = NULL;

    ck_assert_msg(tl_config_set(config, config, "test", assignment, &error) == 0, "%s",
                  error->text);
}

/* The path of a temporary file or folder. */
typedef char temp_path[32];

/* Makes an empty folder, for the owner alone. */
static inline void make_temp_folder(temp_path folder)
{
    snprintf(folder, sizeof(temp_path), "/tmp/tl-unit-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* Makes an empty file, for the owner alone. */
static inline void make_temp_file(temp_path path)
{
    int fd;

    snprintf(path, sizeof(temp_path), "/tmp/tl-unit-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(close(fd), 0);
}

static inline int remove_one(const char *path, const struct stat *st, int type,
                             struct FTW *place)
{
    return remove(path);
}

/* Removes a folder and all in it; it follows no link. A test that checks that nothing is
 * left behind removes what it expects one by one, and the folder by rmdir().
 */
static inline void remove_tree(const char *path)
{
    ck_assert_int_eq(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Writes a file whole, in place of what it held. */
static inline void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

#endif
