/* SPDX-License-Identifier: MIT
 *
 * fuzz_sessions.c - the agent's record of a session: what is taken for one can be
 * written again, and says the same.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/sessions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool one_line(const char *text)
{
    return text[0] != '\0' && strchr(text, '\n') == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *text = talloc_strndup(ctx, (const char *)data, size), *again;
    struct tla_session one = {0}, other = {0};

    if (text != NULL && tla_session_parse(&one, text)) {
        if (one.uid == 0 || one.gid == 0 || !one_line(one.ccache) ||
            !one_line(one.realm) || !one_line(one.user))
            abort();
        again = tla_session_format(ctx, &one);
        if (!tla_session_parse(&other, again) || other.uid != one.uid ||
            other.gid != one.gid || other.refused_end != one.refused_end ||
            strcmp(other.user, one.user) != 0 || strcmp(other.ccache, one.ccache) != 0 ||
            strcmp(other.realm, one.realm) != 0)
            abort();
    }
    talloc_free(ctx);
    return 0;
}
