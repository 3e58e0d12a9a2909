/* SPDX-License-Identifier: MIT
 *
 * sockets.c - the listener's sockets: systemd's, or its own.
 */
#include "sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "status/folder.h"
#include "tl_build.h"

#if HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

/* A client for which the queue has no room starts an agent of its own, or fails. */
#define BACKLOG SOMAXCONN

int tla_socket_given(const char *path, const char *except)
{
#if HAVE_SYSTEMD
    int count = sd_listen_fds(0);

    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; fd++) {
        if (sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, path, 0) > 0 &&
            (except == NULL || sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, except, 0) <= 0))
            return fd;
    }
#endif
    return -1;
}

/* The folder is reachable and the socket open to all users: the uid of the peer decides
 * what it may ask for. */
int tla_socket_bind(const char *path, const char *run_dir)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    mode_t mask;
    int fd, rc;

    if (strlen(path) >= sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    memcpy(addr.sun_path, path, strlen(path) + 1);
    rc = tli_make_folder(run_dir);
    if (rc != 0)
        return rc;
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* A socket that accepts belongs to another agent; one that does not is stale. */
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0) {
        close(fd);
        return -EADDRINUSE;
    }
    (void)unlink(path);
    mask = umask(0);
    rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 ? 0 : -errno;
    umask(mask);
    if (rc == 0 && (chmod(path, 0666) != 0 || listen(fd, BACKLOG) != 0))
        rc = -errno;
    if (rc != 0) {
        close(fd);
        return rc;
    }
    return fd;
}
