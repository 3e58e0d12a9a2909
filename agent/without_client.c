/* SPDX-License-Identifier: MIT
 *
 * without_client.c - work that no client has asked for.
 */
#include "agent.h"

struct tla_conv *tla_conv_without_client(const struct tla_setup *setup)
{
    struct tla_conv *conv = talloc_zero(NULL, struct tla_conv);

    if (conv == NULL)
        return NULL;
    conv->setup = setup;
    conv->fd = -1;
    conv->outcome = tl_outcome_new(conv);
    if (conv->outcome == NULL)
        TALLOC_FREE(conv);
    return conv;
}
