/* SPDX-License-Identifier: MIT
 *
 * agent.c - reach the agent: its socket, or a process of its own.
 *
 * The process that answers gets the password, so the socket's folder and the socket must
 * belong to root and the peer must be root. If no socket answers and the caller is root,
 * the agent is started for this one conversation.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "module.h"
#include "tl_build.h"

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

/* Non-blocking: a full queue of the agent must not hold a login. The folder, the socket
 * and the peer must all be root's. */
static int connect_socket(const char *path, int *out, const char **why)
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
        *out = fd;
        return 0;
    }
    close(fd);
    return rc;
}

static int start(const char *path, int *out, const char **why)
{
    int pair[2], rc;
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & S_IXUSR) == 0) {
        *why = "it is not installed";
        return -ENOENT;
    }
    if (!only_root_writes(&st)) {
        *why = "users other than root may write to its program";
        return -EACCES;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        *why = "cannot create a socket pair";
        return -errno;
    }
    rc = tlp_spawn(pair[1], path);
    close(pair[1]);
    if (rc != 0) {
        *why = "it cannot be started";
        close(pair[0]);
        return rc;
    }
    *out = pair[0];
    return 0;
}

int tlp_agent_open(struct tlp *m, int *fd, const char **why)
{
    const char *path = m->options.socket != NULL ? m->options.socket : TL_SOCKET;
    const char *program = m->options.agent != NULL ? m->options.agent : TL_AGENT_PATH;
    int rc;

    *fd = -1;
    rc = connect_socket(path, fd, why);
    if (rc == 0 || geteuid() != 0)
        return rc;
    tlp_debug(m, "agent: %s (%s); starting %s", *why, strerror(-rc), program);
    return start(program, fd, why);
}
