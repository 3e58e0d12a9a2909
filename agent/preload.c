/* SPDX-License-Identifier: MIT
 *
 * preload.c - what every logon needs, loaded once.
 *
 * libkrb5 opens its preauthentication plugins with the first AS exchange of a context,
 * and with them libcrypto, whose relocation alone takes milliseconds. Monitors are forks
 * of the listener and find these libraries in place.
 */
#include "preload.h"

#include <krb5.h>

#include "kerberos/internal.h"

struct preloaded {
    krb5_context krb;
    krb5_init_creds_context icc;
    krb5_principal nobody;
};

static int unload(struct preloaded *held)
{
    if (held->icc != NULL)
        krb5_init_creds_free(held->krb, held->icc);
    krb5_free_principal(held->krb, held->nobody);
    krb5_free_context(held->krb);
    return 0;
}

/* Building the first request loads the plugins; it is never sent. */
static void build_request(struct preloaded *held)
{
    krb5_data in = {0}, out = {0}, realm = {0};
    unsigned int flags = 0;

    if (krb5_init_creds_step(held->krb, held->icc, &in, &out, &realm, &flags) == 0) {
        krb5_free_data_contents(held->krb, &out);
        krb5_free_data_contents(held->krb, &realm);
    }
}

void tla_preload(TALLOC_CTX *mem)
{
    struct preloaded *held = talloc_zero(mem, struct preloaded);

    /* A failure only makes logons slower. */
    if (held == NULL || tli_k5_context(TL_RC4_NO, &held->krb) != 0)
        return;
    talloc_set_destructor(held, unload);
    if (krb5_build_principal(held->krb, &held->nobody, 7, "INVALID", "nobody",
                             (char *)NULL) == 0 &&
        krb5_init_creds_init(held->krb, held->nobody, NULL, NULL, 0, NULL, &held->icc) ==
            0)
        build_request(held);
}
