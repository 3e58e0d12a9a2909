/* SPDX-License-Identifier: MIT
 *
 * operations.c - the table of operations: which handler serves each, and which clients
 * may ask for it. HACKING.md has the steps to add one.
 *
 * Any user may look up any other, as in /etc/passwd. A locker authenticates its own
 * account only (monitor.c compares the name with its uid), and its configuration is
 * ignored: the choice of the keytab would be the choice of what counts as proof.
 * Everything else is for root's programs.
 */
#include "operations.h"

static bool is_logon_of_a_user(const struct tla_conv *conv)
{
    return conv->endpoint == TLA_ENDPOINT_LOGON && conv->request.user != NULL;
}

static bool anyone(const struct tla_conv *conv)
{
    return is_logon_of_a_user(conv);
}

static bool root(const struct tla_conv *conv)
{
    return is_logon_of_a_user(conv) && conv->peer == 0;
}

/* Tickets of its own proof into a cache that it names, and that is there: the child
 * that becomes the user can do nothing that the user could not. */
static bool refreshes_own_cache(const struct tla_conv *conv)
{
    const struct tli_wire_msg *request = &conv->request;

    return request->session != NULL && request->ccache != NULL &&
           request->has_owner == 1 && request->uid == conv->peer &&
           (request->flags & ~(TL_WIRE_F_DEBUG | TL_WIRE_F_SILENT)) == TL_WIRE_F_REFRESH;
}

static bool root_or_own_refresh(const struct tla_conv *conv)
{
    return root(conv) || (is_logon_of_a_user(conv) && refreshes_own_cache(conv));
}

static bool anyone_at_lookup(const struct tla_conv *conv)
{
    return conv->endpoint == TLA_ENDPOINT_LOOKUP || root(conv);
}

static const struct tla_operation operations[] = {
    {TL_OP_AUTH, tla_op_auth, anyone},
    {TL_OP_ACCOUNT, tla_op_account, root},
    {TL_OP_SETCRED, tla_op_setcred, root_or_own_refresh},
    {TL_OP_CHAUTHTOK, tla_op_chauthtok, root},
    {TL_OP_OPEN, tla_op_setcred, root},
    {TL_OP_CLOSE, tla_op_setcred, root},
    {TL_OP_LOOKUP, tla_op_lookup, anyone_at_lookup},
};

const struct tla_operation *tla_operation_find(uint32_t op)
{
    static const struct tla_operation unknown = {.may_ask = root};

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (operations[i].op == op)
            return &operations[i];
    }
    return &unknown;
}
