/* SPDX-License-Identifier: MIT
 *
 * watch.c - preloaded on the workstation: writes a line for each question that a program,
 * or a library in it, puts to glibc's resolver, and passes it on.
 *
 *   trustlogond getaddrinfo ws1
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG "/var/log/lab/resolver"

static void note(const char *function, const char *name)
{
    char line[512];
    int kept = errno;
    int len =
        snprintf(line, sizeof(line), "%s %s %.200s\n", program_invocation_short_name,
                 function, name != NULL ? name : "-");
    int fd = open(LOG, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

    if (fd >= 0) {
        (void)!write(fd, line, (size_t)len);
        close(fd);
    }
    errno = kept;
}

#define PASS(type, name, asked, parameters, arguments)                                   \
    type name parameters                                                                 \
    {                                                                                    \
        type(*real) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name);            \
                                                                                         \
        note(#name, asked);                                                              \
        return real arguments;                                                           \
    }

PASS(int, getaddrinfo, node,
     (const char *node, const char *service, const struct addrinfo *hints,
      struct addrinfo **result),
     (node, service, hints, result))
PASS(int, getnameinfo, "an address",
     (const struct sockaddr *addr, socklen_t len, char *host, socklen_t host_len,
      char *serv, socklen_t serv_len, int flags),
     (addr, len, host, host_len, serv, serv_len, flags))
PASS(struct hostent *, gethostbyname, name, (const char *name), (name))
PASS(struct hostent *, gethostbyname2, name, (const char *name, int family),
     (name, family))
PASS(int, gethostbyname_r, name,
     (const char *name, struct hostent *ret, char *buf, size_t len,
      struct hostent **result, int *error),
     (name, ret, buf, len, result, error))
PASS(int, gethostbyname2_r, name,
     (const char *name, int family, struct hostent *ret, char *buf, size_t len,
      struct hostent **result, int *error),
     (name, family, ret, buf, len, result, error))
PASS(struct hostent *, gethostbyaddr, "an address",
     (const void *addr, socklen_t len, int type), (addr, len, type))
PASS(int, gethostbyaddr_r, "an address",
     (const void *addr, socklen_t len, int type, struct hostent *ret, char *buf,
      size_t buf_len, struct hostent **result, int *error),
     (addr, len, type, ret, buf, buf_len, result, error))
PASS(int, res_query, name,
     (const char *name, int class, int type, unsigned char *answer, int len),
     (name, class, type, answer, len))
PASS(int, res_search, name,
     (const char *name, int class, int type, unsigned char *answer, int len),
     (name, class, type, answer, len))
PASS(int, res_nquery, name,
     (res_state state, const char *name, int class, int type, unsigned char *answer,
      int len),
     (state, name, class, type, answer, len))
PASS(int, res_nsearch, name,
     (res_state state, const char *name, int class, int type, unsigned char *answer,
      int len),
     (state, name, class, type, answer, len))
