/* SPDX-License-Identifier: MIT
 *
 * peer.c - who is at the other end.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "agent.h"

int tla_peer_uid(int fd, uid_t *uid)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t len = sizeof(peer);

    *uid = (uid_t)-1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return -errno;
    *uid = peer.uid;
    return 0;
}

/* The file, not NSS: our own NSS module would ask this very process. */
bool tla_passwd_has(const char *path, const char *name, uid_t uid)
{
    char buf[8192];
    struct passwd pw = {0}, *entry = NULL;
    FILE *file = fopen(path, "re");
    bool found = false;

    if (file == NULL)
        return false;
    while (!found && fgetpwent_r(file, &pw, buf, sizeof(buf), &entry) == 0)
        found = strcmp(entry->pw_name, name) == 0 && entry->pw_uid == uid;
    fclose(file);
    return found;
}
