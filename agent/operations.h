/* SPDX-License-Identifier: MIT
 *
 * operations.h - what a client may ask for: one row for each operation of the wire.
 */
#ifndef TLA_OPERATIONS_H
#define TLA_OPERATIONS_H

#include "agent.h"

struct tla_operation {
    enum tli_wire_op op;
    /* Serves the request and ends the conversation with tla_done(). 0, or the
     * error of the conversation (channel.h). NULL: the operation does not exist. */
    int (*handler)(struct tla_conv *conv);
    /* Whether this client may ask for it, by its uid, its socket and the request alone,
     * before any configuration is read. */
    bool (*may_ask)(const struct tla_conv *conv);
};

/* The row of an operation; never NULL: for an unknown one, a row without a handler. */
const struct tla_operation *tla_operation_find(uint32_t op);

/* The handlers, each in the file of its name. */
int tla_op_auth(struct tla_conv *conv);
int tla_op_chauthtok(struct tla_conv *conv);
int tla_op_account(struct tla_conv *conv);
/* TL_OP_ACCOUNT of a user who did not log on through the agent. */
int tla_op_account_external(struct tla_conv *conv);
/* TL_OP_SETCRED, TL_OP_OPEN and TL_OP_CLOSE. */
int tla_op_setcred(struct tla_conv *conv);
int tla_op_lookup(struct tla_conv *conv);

#endif
