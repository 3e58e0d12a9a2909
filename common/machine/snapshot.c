/* SPDX-License-Identifier: MIT
 *
 * snapshot.c - the snapshot of the trusts: loaded from the state folder, read from the
 * directory, saved.
 */
#include "snapshot.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <trustlogon/name.h>

#include "directory.h"
#include "status/folder.h"

#define SNAPSHOT_FILE "topology.json"

static char *path_of(TALLOC_CTX *ctx, const struct tl_config *config)
{
    return talloc_asprintf(ctx, "%s/%s", config->state_dir, SNAPSHOT_FILE);
}

void tli_machine_drop_foreign_topology(struct tl_machine *machine)
{
    const struct tl_topology *topology = machine->topology;

    if (machine->workstation != NULL && topology != NULL && topology->domain != NULL &&
        !tl_dns_equal(topology->domain, machine->workstation->domain))
        machine->topology = NULL;
}

void tli_machine_set_topology(struct tl_machine *machine, struct tl_topology *fresh)
{
    machine->topology = fresh;
    machine->site = machine->config->site != NULL ? machine->config->site : fresh->site;
}

void tli_machine_replace_topology(struct tl_machine *machine, struct tl_topology *fresh)
{
    if (machine->topology != NULL && machine->topology->site != NULL)
        fresh->site = talloc_strdup(fresh, machine->topology->site);
    tli_machine_set_topology(machine, fresh);
}

/* The snapshot that this process, or the one that it was forked from, has parsed. */
static struct {
    char *path; /* its parent in memory; NULL: none */
    struct stat file;
    struct tl_topology *topology;
} kept;

/* A snapshot is written beside and renamed, so another one is another file. */
static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool is_kept(const char *path)
{
    struct stat now;

    return kept.path != NULL && strcmp(kept.path, path) == 0 && stat(path, &now) == 0 &&
           is_same_file(&now, &kept.file);
}

void tl_machine_keep_snapshot(const struct tl_config *config)
{
    char *path = path_of(NULL, config);
    struct stat before, after;
    char *error = NULL;

    if (path == NULL || is_kept(path)) {
        talloc_free(path);
        return;
    }
    TALLOC_FREE(kept.path);
    if (stat(path, &before) == 0 &&
        tl_topology_load(path, path, &kept.topology, &error) == 0 &&
        tl_topology_index(kept.topology) == 0 && stat(path, &after) == 0 &&
        is_same_file(&before, &after)) {
        kept.path = path;
        kept.file = after;
    } else {
        talloc_free(path);
    }
}

int tl_machine_load_snapshot(struct tl_machine *machine)
{
    char *path = path_of(NULL, machine->config);
    struct tl_topology *saved = NULL;
    char *error = NULL;
    int ret = -ENOMEM;

    if (path != NULL && is_kept(path)) {
        saved = kept.topology;
        ret = 0;
    } else if (path != NULL)
        ret = tl_topology_load(machine, path, &saved, &error);
    talloc_free(error);
    talloc_free(path);
    if (ret != 0)
        return ret;
    tli_machine_set_topology(machine, saved);
    tli_machine_drop_foreign_topology(machine);
    return 0;
}

void tli_machine_save_snapshot(const struct tl_machine *machine,
                               const struct tl_trace *trace)
{
    char *path = path_of(NULL, machine->config);

    (void)tli_make_folder(machine->config->state_dir);
    if (path != NULL && tl_topology_save(machine->topology, path) != 0)
        tl_trace_note(trace, "the snapshot %s was not saved", path);
    talloc_free(path);
}

enum tl_reason tl_machine_refresh(struct tl_machine *machine,
                                  const struct tl_trace *trace, tl_deadline deadline,
                                  struct tl_outcome *out)
{
    struct tli_machine_directory *own = NULL;
    struct tl_topology *fresh = NULL;
    enum tl_reason reason =
        tli_machine_directory_open(machine, machine, trace, deadline, &own, out);

    if (reason == TL_REASON_OK)
        reason = tl_directory_topology(machine, own->dir, &fresh, out);
    if (reason == TL_REASON_OK) {
        /* As a server said that has proven to be a domain controller by now. */
        if (fresh->site == NULL && own->dc->client_site != NULL)
            fresh->site = talloc_strdup(fresh, own->dc->client_site);
        tli_machine_set_topology(machine, fresh);
        tli_machine_save_snapshot(machine, trace);
    }
    talloc_free(own);
    return reason;
}

void tl_machine_take_topology(struct tl_machine *machine, struct tl_topology *fresh)
{
    tli_machine_set_topology(machine, fresh);
    tli_machine_save_snapshot(machine, NULL);
}

bool tli_snapshot_is_younger(const struct tl_topology *topo, int seconds)
{
    int64_t now = (int64_t)time(NULL);

    return topo != NULL && topo->taken != 0 && topo->taken <= now &&
           now - topo->taken < seconds;
}
