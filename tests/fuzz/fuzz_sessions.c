/* SPDX-License-Identifier: MIT
 *
 * fuzz_sessions.c - the agent's record of a session: what is taken for one can be
 * written again, and says the same.
 */
#include <stdlib.h>

#include "../../agent/files.c"
#include "../../agent/sessions.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

bool tla_token_is_valid(const char *token)
{
    return token != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *text = talloc_strndup(ctx, (const char *)data, size), *again;
    struct tla_session one = {0}, other = {0};

    if (text != NULL && parse(&one, text)) {
        if (one.uid == 0 || one.gid == 0 || !one_line(one.ccache) ||
            !one_line(one.realm) || !one_line(one.user))
            abort();
        again = talloc_asprintf(ctx, "%u %u %" PRId64 "\n%s\n%s\n%s\n", one.uid, one.gid,
                                one.told, one.ccache, one.realm, one.user);
        if (!parse(&other, again) || other.uid != one.uid || other.gid != one.gid ||
            other.told != one.told || strcmp(other.user, one.user) != 0 ||
            strcmp(other.ccache, one.ccache) != 0 || strcmp(other.realm, one.realm) != 0)
            abort();
    }
    talloc_free(ctx);
    return 0;
}
