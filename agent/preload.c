/* SPDX-License-Identifier: MIT
 *
 * preload.c - what every logon needs, loaded once.
 *
 * libkrb5 opens its preauthentication plugins with the first AS exchange of a
 * context, and with them libcrypto, whose relocation alone costs milliseconds.
 * Workers are forks of the listener: what it has open they find in place.
 */
#include "preload.h"

#include <krb5.h>

#include "kerberos/internal.h"

struct warm {
    krb5_context krb;
    krb5_init_creds_context icc;
    krb5_principal nobody;
};

static int cool(struct warm *warm)
{
    if (warm->icc != NULL)
        krb5_init_creds_free(warm->krb, warm->icc);
    krb5_free_principal(warm->krb, warm->nobody);
    krb5_free_context(warm->krb);
    return 0;
}

/* The first request is built, which loads the plugins, and never sent. */
static void build_request(struct warm *warm)
{
    krb5_data in = {0}, out = {0}, realm = {0};
    unsigned int flags = 0;

    if (krb5_init_creds_step(warm->krb, warm->icc, &in, &out, &realm, &flags) == 0) {
        krb5_free_data_contents(warm->krb, &out);
        krb5_free_data_contents(warm->krb, &realm);
    }
}

void tla_preload(TALLOC_CTX *mem)
{
    struct warm *warm = talloc_zero(mem, struct warm);

    /* Without it logons are slower, and nothing else. */
    if (warm == NULL || tli_k5_context(TL_RC4_NO, &warm->krb) != 0)
        return;
    talloc_set_destructor(warm, cool);
    if (krb5_build_principal(warm->krb, &warm->nobody, 7, "INVALID", "nobody",
                             (char *)NULL) == 0 &&
        krb5_init_creds_init(warm->krb, warm->nobody, NULL, NULL, 0, NULL, &warm->icc) ==
            0)
        build_request(warm);
}
