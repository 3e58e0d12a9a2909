/* SPDX-License-Identifier: MIT
 *
 * gssapi.h - the client side of the SASL mechanism GSSAPI [RFC 4752], and the
 * layer that seals everything after it.
 *
 * Not the plug-in of Cyrus SASL: that one gives libkrb5 the host name to make
 * canonical, which by krb5.conf's defaults asks DNS forwards and backwards, with
 * no deadline, and may end at another principal. Here the principal is named in
 * full, its ticket is already in the cache, and nothing but LDAP is sent.
 */
#ifndef TL_DIRECTORY_GSSAPI_H
#define TL_DIRECTORY_GSSAPI_H

#include <gssapi/gssapi.h>
#include <trustlogon/trace.h>

#include "status/ber.h"

enum tli_gss_state {
    TL_GSS_CONTEXT, /* tokens of the security context are exchanged */
    TL_GSS_OFFER,   /* the server's offer of layers is awaited */
    TL_GSS_DONE     /* the layer is chosen */
};

/* A security context towards one LDAP service. */
struct tli_gss {
    enum tli_gss_state state;
    gss_ctx_id_t context;
    gss_cred_id_t cred;
    gss_name_t target;
    gss_buffer_desc token; /* the last one made */
    uint32_t send_max;     /* plain bytes that fit into one token for the server */
};

/* gss_settings.c: give this process's libgssapi the settings below, for good. 0 or
 * -errno.
 */
int tli_gss_settings(bool rc4);
/*
 * Credentials of the cache for `principal`, whose ticket must be in it:
 * "ldap/dc1.contoso.test/contoso.test@CONTOSO.TEST". 0, -ENOMEM, or -EACCES with *why
 * (child of ctx).
 */
int tli_gss_new(TALLOC_CTX *ctx, const char *ccache, const char *principal,
                struct tli_gss **gss, char **why);
/*
 * One step: the server's bytes in (empty at first), ours out (valid until the
 * next step). After TL_GSS_DONE the server's answer must be success. 0, -ENOMEM,
 * or -EACCES with *why (child of gss).
 */
int tli_gss_step(struct tli_gss *gss, struct tli_ber in, struct tli_ber *out, char **why);

#endif
