/* SPDX-License-Identifier: MIT
 *
 * fake_agent.h - a process that listens in place of the agent, and behaves well or badly.
 */
#ifndef TEST_FAKE_AGENT_H
#define TEST_FAKE_AGENT_H

#include <check.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/wire.h"

enum fake_behaviour {
    FAKE_ANSWERS,
    FAKE_IS_SILENT,
    FAKE_CLOSES,
    FAKE_CLOSES_AFTER_READING,
    FAKE_DIES,
    FAKE_SAYS_GARBAGE,
    FAKE_SAYS_TOO_MUCH,
    FAKE_SAYS_HALF,
    FAKE_PROMPTS,
    FAKE_SENDS_A_DESCRIPTOR,
    FAKE_IS_LATE,    /* 5 s */
    FAKE_HAS_NO_TIME /* never accepts, and its queue is full */
};

struct fake_agent {
    const char *path;
    enum fake_behaviour behaviour;
    uint32_t (*answer)(const struct tli_wire_msg *request); /* the status */
    pid_t pid;
    int listener, crowd[16];
    atomic_uint *questions; /* heard so far */
};

static inline struct sockaddr_un fake_agent_address(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    ck_assert_uint_lt(strlen(path), sizeof(addr.sun_path));
    memcpy(addr.sun_path, path, strlen(path));
    return addr;
}

static inline int fake_agent_listen(const char *path, int backlog)
{
    struct sockaddr_un addr = fake_agent_address(path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    unlink(path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    ck_assert_int_eq(chmod(path, 0666), 0);
    ck_assert_int_eq(listen(fd, backlog), 0);
    return fd;
}

static inline void fake_agent_send_descriptor(int fd)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    char done[] = "TLW1\001\006\0";
    struct iovec iov = {done, 8};
    struct msghdr head = {.msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control.space,
                          .msg_controllen = sizeof(control.space)};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&head);

    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
    (void)sendmsg(fd, &head, 0);
}

static inline void fake_agent_serve(struct fake_agent *agent, int fd)
{
    static uint8_t buf[TL_WIRE_MAX], huge[4096];
    struct tli_wire_msg msg, out = {.type = TL_WIRE_DONE};

    if (agent->behaviour == FAKE_CLOSES || tli_wire_recv(fd, &msg, buf, 2000) != 0)
        return;
    atomic_fetch_add(agent->questions, 1);
    switch (agent->behaviour) {
    case FAKE_IS_LATE:
        usleep(5000000);
        __attribute__((fallthrough));
    case FAKE_ANSWERS:
        out.ntstatus = agent->answer(&msg);
        (void)tli_wire_send(fd, &out, buf, 1000);
        return;
    case FAKE_DIES:
        usleep(100000);
        _exit(0);
    case FAKE_SAYS_GARBAGE:
        (void)send(fd, "not the wire", 12, MSG_NOSIGNAL);
        return;
    case FAKE_SAYS_TOO_MUCH:
        (void)send(fd, huge, sizeof(huge), MSG_NOSIGNAL);
        return;
    case FAKE_SAYS_HALF:
        (void)send(fd, "TLW1\001\006\001\0\007\001\0\0\004", 13, MSG_NOSIGNAL);
        return;
    case FAKE_PROMPTS:
        out = (struct tli_wire_msg){.type = TL_WIRE_PROMPT, .text = "Password:"};
        (void)tli_wire_send(fd, &out, buf, 1000);
        return;
    case FAKE_SENDS_A_DESCRIPTOR:
        fake_agent_send_descriptor(fd);
        __attribute__((fallthrough));
    case FAKE_IS_SILENT:
        usleep(5000000);
        return;
    default:
        return;
    }
}

static inline void fake_agent_crowd(struct fake_agent *agent)
{
    struct sockaddr_un addr = fake_agent_address(agent->path);

    for (size_t i = 0; i < 16; i++) {
        agent->crowd[i] =
            socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(agent->crowd[i], (struct sockaddr *)&addr, sizeof(addr));
    }
}

/* As this uid, if it is not -1 (which needs root). */
static inline void fake_agent_start_as(struct fake_agent *agent, uid_t uid)
{
    int ready[2];
    char byte;

    memset(agent->crowd, 0xff, sizeof(agent->crowd));
    agent->questions = mmap(NULL, sizeof(*agent->questions), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(agent->questions, MAP_FAILED);
    ck_assert_int_eq(pipe(ready), 0);
    agent->pid = fork();
    ck_assert_int_ge(agent->pid, 0);
    if (agent->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (uid != (uid_t)-1)
            ck_assert_int_eq(seteuid(uid), 0);
        agent->listener =
            fake_agent_listen(agent->path, agent->behaviour == FAKE_HAS_NO_TIME ? 2 : 16);
        ck_assert_int_eq(write(ready[1], "", 1), 1);
        while (agent->behaviour == FAKE_HAS_NO_TIME)
            pause();
        for (;;) {
            int fd = accept(agent->listener, NULL, NULL);

            fake_agent_serve(agent, fd);
            close(fd);
        }
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    if (agent->behaviour == FAKE_HAS_NO_TIME)
        fake_agent_crowd(agent);
}

static inline void fake_agent_start(struct fake_agent *agent)
{
    fake_agent_start_as(agent, (uid_t)-1);
}

static inline void fake_agent_stop(struct fake_agent *agent)
{
    if (agent->pid <= 0)
        return;
    kill(agent->pid, SIGKILL);
    waitpid(agent->pid, NULL, 0);
    agent->pid = 0;
    munmap((void *)(uintptr_t)agent->questions, sizeof(*agent->questions));
    for (size_t i = 0; i < 16; i++) {
        if (agent->crowd[i] >= 0)
            close(agent->crowd[i]);
    }
    unlink(agent->path);
}

#endif
