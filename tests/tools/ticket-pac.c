/* SPDX-License-Identifier: MIT
 *
 * ticket-pac - for developers: the bytes of the PAC in a ticket, by libkrb5 alone.
 *
 *   ticket-pac CCACHE KEYTAB SERVICE@REALM >FILE
 *
 * Nothing is verified: two decoders shall read the same bytes.
 */
#include <krb5.h>
#include <stdio.h>
#include <string.h>

static krb5_context k5;

static int fail(const char *doing, krb5_error_code code)
{
    const char *text = krb5_get_error_message(k5, code);

    fprintf(stderr, "%s: %s\n", doing, text);
    krb5_free_error_message(k5, text);
    return 1;
}

static krb5_error_code get_ticket(const char *cache, const char *service,
                                  krb5_ticket **ticket)
{
    krb5_creds in = {0}, out = {0};
    krb5_ccache ccache = NULL;
    krb5_error_code ret = krb5_cc_resolve(k5, cache, &ccache);

    if (ret == 0)
        ret = krb5_cc_get_principal(k5, ccache, &in.client);
    if (ret == 0)
        ret = krb5_parse_name(k5, service, &in.server);
    if (ret == 0)
        ret = krb5_cc_retrieve_cred(k5, ccache, 0, &in, &out);
    if (ret == 0)
        ret = krb5_decode_ticket(&out.ticket, ticket);
    krb5_free_cred_contents(k5, &out);
    krb5_free_cred_contents(k5, &in);
    if (ccache != NULL)
        krb5_cc_close(k5, ccache);
    return ret;
}

static krb5_error_code get_pac(const krb5_ticket *ticket, krb5_authdata ***found)
{
    return krb5_find_authdata(k5, ticket->enc_part2->authorization_data, NULL,
                              KRB5_AUTHDATA_WIN2K_PAC, found);
}

int main(int argc, char **argv)
{
    krb5_authdata **found = NULL;
    krb5_ticket *ticket = NULL;
    krb5_keytab keytab = NULL;
    krb5_error_code ret;
    int status = 1;

    if (argc != 4) {
        fprintf(stderr, "usage: ticket-pac CCACHE KEYTAB SERVICE@REALM\n");
        return 2;
    }
    ret = krb5_init_context(&k5);
    if (ret != 0)
        return 1;
    ret = get_ticket(argv[1], argv[3], &ticket);
    if (ret == 0)
        ret = krb5_kt_resolve(k5, argv[2], &keytab);
    if (ret == 0)
        ret = krb5_server_decrypt_ticket_keytab(k5, keytab, ticket);
    if (ret == 0)
        ret = get_pac(ticket, &found);
    if (ret != 0)
        status = fail(argv[3], ret);
    else if (found == NULL || found[0] == NULL || found[1] != NULL)
        fprintf(stderr, "%s: there is not exactly one PAC\n", argv[3]);
    else
        status =
            fwrite(found[0]->contents, 1, found[0]->length, stdout) != found[0]->length;
    krb5_free_authdata(k5, found);
    if (keytab != NULL)
        krb5_kt_close(k5, keytab);
    krb5_free_ticket(k5, ticket);
    krb5_free_context(k5);
    return status;
}
