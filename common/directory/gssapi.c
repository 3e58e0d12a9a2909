/* SPDX-License-Identifier: MIT
 *
 * gssapi.c - the exchange of the SASL mechanism GSSAPI: mutual authentication,
 * then the choice of the confidentiality layer and nothing less.
 */
#include <errno.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <string.h>

#include "gssapi.h"
#include "kerberos/internal.h"

/* Security layers of RFC 4752 3.1, and the largest token we take. */
#define LAYER_CONFIDENTIALITY 4
#define RECEIVE_MAX 0xFFFFFFU

#define FLAGS                                                                            \
    (GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG |    \
     GSS_C_CONF_FLAG)

static gss_buffer_desc buffer_of(const char *string)
{
    return (gss_buffer_desc){strlen(string), (void *)(uintptr_t)string};
}

static int complain(TALLOC_CTX *ctx, char **why, const char *what, OM_uint32 major,
                    OM_uint32 minor)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 ignored, more = 0;
    bool mech = minor != 0;

    gss_display_status(&ignored, mech ? minor : major,
                       mech ? GSS_C_MECH_CODE : GSS_C_GSS_CODE, gss_mech_krb5, &more,
                       &text);
    *why = talloc_asprintf(ctx, "%s: %.*s", what, (int)text.length,
                           text.value != NULL ? (const char *)text.value : "");
    gss_release_buffer(&ignored, &text);
    return *why != NULL ? -EACCES : -ENOMEM;
}

/*
 * Without the ticket libkrb5 would go and fetch one by itself, through DNS and
 * with its own timeouts: that is the caller's business (tl_krb_ticket()). It was
 * judged there, too, so any type is taken here.
 */
static int find_ticket(TALLOC_CTX *ctx, const char *ccache, const char *principal,
                       krb5_enctype *session, char **why)
{
    krb5_context krb = NULL;
    krb5_ccache cache = NULL;
    krb5_creds wanted = {0}, *found = NULL;
    krb5_error_code code;
    const char *text;

    code = tli_k5_context(TL_RC4_YES, &krb);
    if (code != 0)
        return -ENOMEM;
    code = krb5_cc_resolve(krb, ccache, &cache);
    if (code == 0)
        code = krb5_cc_get_principal(krb, cache, &wanted.client);
    if (code == 0)
        code = krb5_parse_name(krb, principal, &wanted.server);
    if (code == 0)
        code = krb5_get_credentials(krb, KRB5_GC_CACHED, cache, &wanted, &found);
    if (code != 0) {
        text = krb5_get_error_message(krb, code);
        *why = talloc_asprintf(ctx, "no ticket for %s is available: %s", principal, text);
        krb5_free_error_message(krb, text);
    }
    *session = found != NULL ? found->keyblock.enctype : ENCTYPE_NULL;
    krb5_free_creds(krb, found);
    krb5_free_principal(krb, wanted.client);
    krb5_free_principal(krb, wanted.server);
    if (cache != NULL)
        krb5_cc_close(krb, cache);
    krb5_free_context(krb);
    if (code == 0)
        return 0;
    return *why != NULL ? -EACCES : -ENOMEM;
}

static int destroy(struct tli_gss *gss)
{
    OM_uint32 ignored;

    gss_release_buffer(&ignored, &gss->token);
    gss_delete_sec_context(&ignored, &gss->context, GSS_C_NO_BUFFER);
    gss_release_name(&ignored, &gss->target);
    gss_release_cred(&ignored, &gss->cred);
    return 0;
}

/* libgssapi reads its settings when it makes a context, so they are set before the first
 * call here. An RC4 session key needs others than an AES one. */
int tli_gss_new(TALLOC_CTX *ctx, const char *ccache, const char *principal,
                struct tli_gss **gss_out, char **why)
{
    gss_key_value_element_desc element = {"ccache", ccache};
    gss_key_value_set_desc store = {1, &element};
    gss_OID_set_desc mechs = {1, (gss_OID)(uintptr_t)gss_mech_krb5};
    gss_buffer_desc name = buffer_of(principal);
    OM_uint32 major, minor = 0;
    krb5_enctype session;
    struct tli_gss *gss;
    int ret;

    *gss_out = NULL;
    *why = NULL;
    ret = find_ticket(ctx, ccache, principal, &session, why);
    if (ret != 0)
        return ret;
    if (tli_gss_settings(session == ENCTYPE_ARCFOUR_HMAC) != 0)
        return -ENOMEM;
    gss = talloc_zero(ctx, struct tli_gss);
    if (gss == NULL)
        return -ENOMEM;
    talloc_set_destructor(gss, destroy);
    major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechs,
                                  GSS_C_INITIATE, &store, &gss->cred, NULL, NULL);
    if (!GSS_ERROR(major))
        major = gss_import_name(&minor, &name, GSS_KRB5_NT_PRINCIPAL_NAME, &gss->target);
    if (GSS_ERROR(major)) {
        ret = complain(ctx, why, "credentials", major, minor);
        talloc_free(gss);
        return ret;
    }
    *gss_out = gss;
    return 0;
}

static int step_context(struct tli_gss *gss, gss_buffer_t in, char **why)
{
    OM_uint32 major, minor = 0, flags = 0;

    major = gss_init_sec_context(&minor, gss->cred, &gss->context, gss->target,
                                 (gss_OID)(uintptr_t)gss_mech_krb5, FLAGS,
                                 GSS_C_INDEFINITE, GSS_C_NO_CHANNEL_BINDINGS, in, NULL,
                                 &gss->token, &flags, NULL);
    if (GSS_ERROR(major))
        return complain(gss, why, "security context", major, minor);
    if (major != GSS_S_COMPLETE)
        return 0;
    if ((flags & (GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG)) !=
        (GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG)) {
        *why = talloc_strdup(gss, "the server did not prove itself, or cannot seal");
        return *why != NULL ? -EACCES : -ENOMEM;
    }
    gss->state = TL_GSS_OFFER;
    return 0;
}

/* Offer and choice have one form: layers, and the largest buffer in three bytes. */
static int step_offer(struct tli_gss *gss, gss_buffer_t in, char **why)
{
    uint8_t choice[4] = {LAYER_CONFIDENTIALITY, RECEIVE_MAX >> 16,
                         (RECEIVE_MAX >> 8) & 0xFF, RECEIVE_MAX & 0xFF};
    gss_buffer_desc plain = GSS_C_EMPTY_BUFFER, answer = {sizeof(choice), choice};
    uint8_t offer[4] = {0};
    OM_uint32 major, minor = 0, ignored, max;
    bool whole;

    major = gss_unwrap(&minor, gss->context, in, &plain, NULL, NULL);
    if (GSS_ERROR(major))
        return complain(gss, why, "offer of layers", major, minor);
    whole = plain.length == sizeof(offer);
    if (whole)
        memcpy(offer, plain.value, sizeof(offer));
    gss_release_buffer(&ignored, &plain);
    if (!whole || (offer[0] & LAYER_CONFIDENTIALITY) == 0) {
        *why = talloc_strdup(gss, "the server does not offer to seal");
        return *why != NULL ? -EACCES : -ENOMEM;
    }
    max = (OM_uint32)offer[1] << 16 | (OM_uint32)offer[2] << 8 | offer[3];
    major = gss_wrap_size_limit(&minor, gss->context, 1, GSS_C_QOP_DEFAULT, max,
                                &gss->send_max);
    if (!GSS_ERROR(major))
        major = gss_wrap(&minor, gss->context, 0, GSS_C_QOP_DEFAULT, &answer, NULL,
                         &gss->token);
    if (GSS_ERROR(major) || gss->send_max == 0)
        return complain(gss, why, "choice of layer", major, minor);
    gss->state = TL_GSS_DONE;
    return 0;
}

int tli_gss_step(struct tli_gss *gss, struct tli_ber in, struct tli_ber *out, char **why)
{
    gss_buffer_desc bytes = {in.len, (void *)(uintptr_t)in.data};
    OM_uint32 ignored;
    int ret;

    *out = (struct tli_ber){NULL, 0};
    *why = NULL;
    gss_release_buffer(&ignored, &gss->token);
    switch (gss->state) {
    case TL_GSS_CONTEXT:
        ret = step_context(gss, &bytes, why);
        break;
    case TL_GSS_OFFER:
        ret = step_offer(gss, &bytes, why);
        break;
    default:
        *why = talloc_strdup(gss, "the server continues after the end of the exchange");
        return *why != NULL ? -EACCES : -ENOMEM;
    }
    if (ret != 0)
        return ret;
    *out = (struct tli_ber){gss->token.value, gss->token.length};
    return 0;
}
