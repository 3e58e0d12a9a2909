/* SPDX-License-Identifier: MIT
 *
 * as_options.c - what every AS exchange asks for.
 */
#include "exchange.h"

#include <string.h>

#define CHANGEPW_LIFE (5 * 60) /* seconds */

/* HostAddress of type 20 [RFC 4120 7.5.3]: what userWorkstations is compared to. */
static krb5_address **own_address(struct tli_as_options *options, const char *name)
{
    size_t len = name != NULL ? strlen(name) : 0;

    if (name == NULL)
        return NULL;
    memset(options->netbios, ' ', TL_NETBIOS_LEN);
    memcpy(options->netbios, name, len < TL_NETBIOS_LEN ? len : TL_NETBIOS_LEN);
    options->address = (krb5_address){.magic = KV5M_ADDRESS,
                                      .addrtype = ADDRTYPE_NETBIOS,
                                      .length = TL_NETBIOS_LEN,
                                      .contents = options->netbios};
    options->addresses[0] = &options->address;
    return options->addresses;
}

/*
 * As Windows asks: canonicalize, PAC [KILE 3.2.5]. The life of a TGT, and whether it is
 * forwardable, are krb5.conf's (k5_profile.c). A ticket for changing the password is used
 * at once and stored nowhere.
 */
krb5_error_code tli_as_options_make(struct tl_krb *krb, bool changepw,
                                    struct tli_as_options *options)
{
    krb5_context k5 = krb->k5;
    krb5_error_code ret = krb5_get_init_creds_opt_alloc(k5, &options->opt);
    krb5_get_init_creds_opt *opt = options->opt;

    if (ret != 0)
        return ret;
    if (changepw) {
        krb5_get_init_creds_opt_set_forwardable(opt, 0);
        krb5_get_init_creds_opt_set_tkt_life(opt, CHANGEPW_LIFE);
        krb5_get_init_creds_opt_set_renew_life(opt, 0);
    }
    krb5_get_init_creds_opt_set_proxiable(opt, 0);
    krb5_get_init_creds_opt_set_canonicalize(opt, 1);
    krb5_get_init_creds_opt_set_address_list(opt, own_address(options, krb->workstation));
    krb5_get_init_creds_opt_set_change_password_prompt(opt, 0);
    ret = krb5_get_init_creds_opt_set_pac_request(k5, opt, TRUE);
    if (ret == 0 && !changepw)
        ret = krb5_get_init_creds_opt_set_out_ccache(k5, opt, krb->ccache);
    return ret;
}

void tli_as_options_free(krb5_context k5, struct tli_as_options *options)
{
    krb5_get_init_creds_opt_free(k5, options->opt);
    options->opt = NULL;
}
