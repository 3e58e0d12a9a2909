/* SPDX-License-Identifier: MIT
 *
 * peer.c - the process at the other end of a socket.
 */
#include "peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "find_user.h"
#include "store/inspect.h"
#include "store/passwd_file.h"

int tla_peer_read(int fd, struct ucred *peer)
{
    struct ucred found = {.uid = (uid_t)-1};
    socklen_t len = sizeof(found);

    *peer = found;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &found, &len) != 0)
        return -errno;
    *peer = found;
    return 0;
}

/* By group, not by parent: a child that lost its parent still belongs to the agent. Pid 0
 * is a process in a namespace not visible from here, which the agent's are not. */
bool tla_peer_is_agent(const struct ucred *peer)
{
    return peer->pid > 0 && getpgid(peer->pid) == getpgrp();
}

struct account {
    const char *name;
    uid_t uid;
    bool found;
};

static bool is_account(void *data, const struct tli_passwd_line *line)
{
    struct account *account = data;

    account->found = tli_passwd_line_counts(line) && line->name != NULL && line->has_id &&
                     strcmp(line->name, account->name) == 0 && line->id == account->uid;
    return !account->found;
}

/* The file, not NSS: its trustlogon module would ask this process. */
bool tla_peer_in_passwd(const char *path, const char *name, uid_t uid)
{
    struct account account = {.name = name, .uid = uid};

    return tli_passwd_read(path, is_account, &account) == 0 && account.found;
}

bool tla_peer_in_store(TALLOC_CTX *ctx, const struct tl_config *config, const char *name,
                       uid_t uid)
{
    char *path = talloc_asprintf(ctx, "%s/%s", config->state_dir, TL_STORE_FILE);
    struct tli_store_view *view = NULL;
    struct tli_store_entry entry;
    char full[TL_STORE_NAME_MAX + 1];
    const char *whole;
    bool found = false;

    if (path != NULL && tli_store_view_open(ctx, path, &view) == 0) {
        enum tli_store_answer answer = TL_STORE_MISS;

        whole = tli_store_full_name(&view->map, name, full);
        if (whole != NULL)
            answer = tli_store_by_name(&view->map, TL_STORE_USER_NAME, whole,
                                       tli_store_now(), &entry);
        found = (answer == TL_STORE_HIT || answer == TL_STORE_STALE) && entry.id == uid &&
                (whole == name || !tla_bare_is_local(name, uid));
    }
    talloc_free(view);
    talloc_free(path);
    return found;
}
