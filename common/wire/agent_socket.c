/* SPDX-License-Identifier: MIT
 *
 * agent_socket.c - the agent's socket and program, if they are root's.
 */
#include "agent_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool only_root_writes(const struct stat *st)
{
    return st->st_uid == 0 && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* In a folder that any user may write to, any user could put a socket. */
static bool folder_is_roots(const char *path)
{
    char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
    const char *slash = strrchr(path, '/');
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    struct stat st;

    memcpy(folder, path, len);
    folder[len] = '\0';
    return lstat(folder, &st) == 0 && S_ISDIR(st.st_mode) && only_root_writes(&st);
}

int tli_agent_connect(const char *path, int *fd_out, const char **why)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t len = sizeof(peer);
    struct stat st;
    int fd, rc;

    if (strlen(path) >= sizeof(addr.sun_path)) {
        *why = "the path of its socket is too long";
        return -ENAMETOOLONG;
    }
    if (lstat(path, &st) != 0) {
        *why = "its socket does not exist";
        return -errno;
    }
    if (!S_ISSOCK(st.st_mode) || st.st_uid != 0 || !folder_is_roots(path)) {
        *why = "its socket or the socket's folder does not belong to root alone";
        return -EACCES;
    }
    memcpy(addr.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        *why = "cannot create a socket";
        return -errno;
    }
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        *why = "cannot connect to its socket";
        rc = -errno;
    } else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
               peer.uid != 0) {
        *why = "the process at its socket does not run as root";
        rc = -EACCES;
    } else {
        *fd_out = fd;
        return 0;
    }
    close(fd);
    return rc;
}

int tli_agent_program(const char *path, const char **why)
{
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & S_IXUSR) == 0) {
        *why = "it is not installed";
        return -ENOENT;
    }
    if (!only_root_writes(&st)) {
        *why = "users other than root may write to its program";
        return -EACCES;
    }
    return 0;
}
