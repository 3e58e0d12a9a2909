/* SPDX-License-Identifier: MIT
 *
 * ticket.c - the machine's tickets for its DC, from the keytab, with MIT krb5.
 *
 * Samba brings a Kerberos library of its own (Heimdal in Debian), which takes no keytab
 * for a client and knows nothing of MIT's memory caches. So the tickets are fetched here,
 * where KDC and encryption types can be pinned, and handed over in a keyring, which both
 * libraries read.
 *
 * Any computer of the domain has host/ and cifs/ with its own name, so a ticket for those
 * does not show that a DC answers. So the tickets are those of
 * cifs/<dc>/<domain> and host/<dc>/<domain>, names that only domain controllers may have
 * [MS-ADTS 3.1.1.5.3.1.1.4]. Samba can only ask for names of two components: it finds
 * these tickets under those, and no TGT to get others with.
 */
#include "lsa.h"

#include <ctype.h>
#include <errno.h>
#include <profile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <krb5.h>

#define AES                                                                              \
    "aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96 aes256-cts-hmac-sha384-192 "        \
    "aes128-cts-hmac-sha256-128"

struct lsa_tickets {
    const struct lsa_peer *peer;
    int settings; /* a memory file */
    int keys;     /* the keytab, or -1 */
    char settings_path[32];
};

static int tickets_destroy(struct lsa_tickets *tickets)
{
    if (tickets->settings >= 0)
        close(tickets->settings);
    lsa_tickets_keys(tickets, -1);
    return 0;
}

void lsa_tickets_keys(struct lsa_tickets *tickets, int keys)
{
    if (tickets->keys >= 0)
        close(tickets->keys);
    tickets->keys = keys;
}

/* Settings for everything that either Kerberos library would otherwise take from DNS,
 * /etc/krb5.conf or a plugin (a KDC locator). */
static int write_settings(const struct lsa_tickets *tickets)
{
    const struct lsa_peer *peer = tickets->peer;
    bool v6 = strchr(peer->address, ':') != NULL;
    int len = dprintf(tickets->settings,
                      "[libdefaults]\n"
                      "  default_realm = %s\n"
                      "  dns_lookup_kdc = false\n"
                      "  dns_lookup_realm = false\n"
                      "  dns_uri_lookup = false\n"
                      "  dns_canonicalize_hostname = false\n"
                      "  rdns = false\n"
                      "  qualify_shortname = \"\"\n"
                      "  udp_preference_limit = 1\n"
                      "  kdc_timesync = 0\n"
                      "  noaddresses = true\n"
                      "  forwardable = false\n"
                      "  plugin_base_dir = /nonexistent\n"
                      "  allow_rc4 = %s\n"
                      "  permitted_enctypes = %s\n"
                      "[realms]\n"
                      "  %s = {\n"
                      "    kdc = %s%s%s\n"
                      "  }\n"
                      "[domain_realm]\n"
                      "  %s = %s\n",
                      peer->realm, peer->rc4 ? "true" : "false",
                      peer->rc4 ? AES " arcfour-hmac-md5" : AES, peer->realm,
                      v6 ? "[" : "", peer->address, v6 ? "]" : "", peer->dc, peer->realm);

    return len < 0 ? -EIO : 0;
}

struct lsa_tickets *lsa_tickets_new(TALLOC_CTX *ctx, const struct lsa_peer *peer)
{
    struct lsa_tickets *tickets = talloc_zero(ctx, struct lsa_tickets);

    if (tickets == NULL)
        return NULL;
    tickets->peer = peer;
    tickets->keys = -1;
    tickets->settings = memfd_create("krb5.conf", MFD_CLOEXEC);
    talloc_set_destructor(tickets, tickets_destroy);
    snprintf(tickets->settings_path, sizeof(tickets->settings_path), "/proc/self/fd/%d",
             tickets->settings);
    if (tickets->settings < 0 || write_settings(tickets) != 0 ||
        setenv("KRB5_CONFIG", tickets->settings_path, 1) != 0) {
        talloc_free(tickets);
        return NULL;
    }
    return tickets;
}

/* --- the exchanges --- */

struct fetch {
    krb5_context k5;
    krb5_principal client;
    krb5_keytab keytab;
    krb5_ccache cache;  /* in memory: the TGT, and the tickets fetched with it */
    krb5_ccache handed; /* LSA_CCACHE */
    krb5_creds tgt;
    char domain[256]; /* in lower case, as in the names of services */
};

static void fetch_free(struct fetch *fetch)
{
    if (fetch->k5 == NULL)
        return;
    krb5_free_cred_contents(fetch->k5, &fetch->tgt);
    if (fetch->cache != NULL)
        krb5_cc_destroy(fetch->k5, fetch->cache);
    if (fetch->handed != NULL)
        krb5_cc_close(fetch->k5, fetch->handed);
    if (fetch->keytab != NULL)
        krb5_kt_close(fetch->k5, fetch->keytab);
    krb5_free_principal(fetch->k5, fetch->client);
    krb5_free_context(fetch->k5);
}

static krb5_error_code open_context(const struct lsa_tickets *tickets, krb5_context *k5)
{
    profile_t profile = NULL;
    krb5_error_code ret = profile_init_path(tickets->settings_path, &profile);

    if (ret == 0)
        ret = krb5_init_context_profile(profile, KRB5_INIT_CONTEXT_SECURE, k5);
    if (profile != NULL)
        profile_release(profile);
    return ret;
}

/* lsa_peer_check() bounds the realm. */
static krb5_error_code set_domain(struct fetch *fetch, const char *realm)
{
    size_t len = strlen(realm);

    if (len >= sizeof(fetch->domain))
        return KRB5_REALM_UNKNOWN;
    for (size_t i = 0; i <= len; i++)
        fetch->domain[i] = (char)tolower((unsigned char)realm[i]);
    return 0;
}

static krb5_error_code fetch_tgt(const struct lsa_tickets *tickets, struct fetch *fetch)
{
    const struct lsa_peer *peer = tickets->peer;
    krb5_context k5 = fetch->k5;
    char keytab[48];
    krb5_error_code ret = set_domain(fetch, peer->realm);

    /* Opened for each exchange, so it is read from its beginning. */
    snprintf(keytab, sizeof(keytab), "FILE:/proc/self/fd/%d", tickets->keys);
    if (ret == 0)
        ret = krb5_build_principal(k5, &fetch->client, (unsigned int)strlen(peer->realm),
                                   peer->realm, peer->account, (char *)NULL);
    if (ret == 0)
        ret = krb5_kt_resolve(k5, keytab, &fetch->keytab);
    if (ret == 0)
        ret = krb5_get_init_creds_keytab(k5, &fetch->tgt, fetch->client, fetch->keytab, 0,
                                         NULL, NULL);
    if (ret == 0)
        ret = krb5_cc_new_unique(k5, "MEMORY", NULL, &fetch->cache);
    if (ret == 0)
        ret = krb5_cc_initialize(k5, fetch->cache, fetch->client);
    if (ret == 0)
        ret = krb5_cc_store_cred(k5, fetch->cache, &fetch->tgt);
    if (ret == 0)
        ret = krb5_cc_resolve(k5, LSA_CCACHE, &fetch->handed);
    return ret == 0 ? krb5_cc_initialize(k5, fetch->handed, fetch->client) : ret;
}

/* The ticket for service/<dc>/<domain>, handed over as that for service/<dc>. */
static krb5_error_code fetch_service(const struct lsa_peer *peer, struct fetch *fetch,
                                     const char *service)
{
    unsigned int realm_len = (unsigned int)strlen(peer->realm);
    krb5_creds want = {.client = fetch->client};
    krb5_creds *got = NULL;
    krb5_principal known_as = NULL, issued_for;
    krb5_error_code ret =
        krb5_build_principal(fetch->k5, &want.server, realm_len, peer->realm, service,
                             peer->dc, fetch->domain, (char *)NULL);

    if (ret == 0)
        ret = krb5_build_principal(fetch->k5, &known_as, realm_len, peer->realm, service,
                                   peer->dc, (char *)NULL);
    if (ret == 0)
        ret = krb5_get_credentials(fetch->k5, 0, fetch->cache, &want, &got);
    if (ret == 0) {
        issued_for = got->server;
        got->server = known_as;
        ret = krb5_cc_store_cred(fetch->k5, fetch->handed, got);
        got->server = issued_for;
        krb5_free_creds(fetch->k5, got);
    }
    krb5_free_principal(fetch->k5, known_as);
    krb5_free_principal(fetch->k5, want.server);
    return ret;
}

static uint32_t to_ntstatus(krb5_error_code code)
{
    switch (code) {
    case KRB5_KDC_UNREACH:
    case KRB5_REALM_CANT_RESOLVE:
    case KRB5_REALM_UNKNOWN:
        return LSA_NO_LOGON_SERVERS;
    case ENOMEM:
        return LSA_NO_MEMORY;
    default:
        return LSA_LOGON_FAILURE;
    }
}

uint32_t lsa_tickets_fetch(TALLOC_CTX *ctx, struct lsa_tickets *tickets, const char **why)
{
    struct fetch fetch = {0};
    krb5_error_code ret = open_context(tickets, &fetch.k5);
    const char *message;

    *why = NULL;
    if (ret == 0)
        ret = fetch_tgt(tickets, &fetch);
    if (ret == 0)
        ret = fetch_service(tickets->peer, &fetch, "cifs");
    if (ret == 0)
        ret = fetch_service(tickets->peer, &fetch, "host");
    if (ret != 0) {
        message = krb5_get_error_message(fetch.k5, ret);
        *why = talloc_asprintf(ctx, "no Kerberos ticket for the DC: %s", message);
        krb5_free_error_message(fetch.k5, message);
    }
    fetch_free(&fetch);
    return ret == 0 ? 0 : to_ntstatus(ret);
}
