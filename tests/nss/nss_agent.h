/* SPDX-License-Identifier: MIT
 *
 * nss_agent.h - the agent that the module under test asks, at TEST_SOCKET, beside the
 * store that it reads.
 */
#ifndef TEST_NSS_AGENT_H
#define TEST_NSS_AGENT_H

#include "../unit/fake_agent.h"
#include "nss_store.h"

static struct fake_agent agent;

/* A store, and no agent yet. */
static inline void open_store_and_socket(void)
{
    unlink(TEST_SOCKET);
    agent.pid = 0;
    open_store();
}

/* An agent with this behaviour and these answers. */
static inline void start(enum fake_behaviour behaviour,
                         uint32_t (*answer)(const struct tli_wire_msg *))
{
    agent = (struct fake_agent){
        .path = TEST_SOCKET, .behaviour = behaviour, .answer = answer};
    fake_agent_start(&agent);
}

/* How many the agent has heard so far. */
static inline unsigned questions(void)
{
    return atomic_load(agent.questions);
}

static inline void close_store_and_socket(void)
{
    fake_agent_stop(&agent);
    close_store();
    unlink(TEST_SOCKET);
}

#endif
