/* SPDX-License-Identifier: MIT
 *
 * Who this machine is: by its configuration, else by its keytab. A member of a
 * domain has keys for host/<fqdn> and <NAME>$ in the domain's realm.
 */
#include "kerberos_internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <trustlogon/identity.h>
#include <trustlogon/name.h>

/* What the keytab's entries offer; realm and host are those of one entry. */
struct found {
    char *realm, *host; /* of host/<fqdn>@REALM, a name with a dot preferred */
    char *flat;         /* of NAME$@REALM */
    char *flat_realm;
    bool host_is_ours; /* host is this machine's own name */
};

static char *text_of(TALLOC_CTX *ctx, const krb5_data *data)
{
    return talloc_strndup(ctx, data->data, data->length);
}

/* Better than what was found before: our own name, else one with a dot. */
static bool better_host(const struct found *found, const char *host, bool ours)
{
    if (found->host == NULL)
        return true;
    if (ours != found->host_is_ours)
        return ours;
    return strchr(host, '.') != NULL && strchr(found->host, '.') == NULL;
}

static void look_at(TALLOC_CTX *ctx, krb5_const_principal princ, const char *realm,
                    const char *hostname, struct found *found)
{
    char *its_realm = text_of(ctx, &princ->realm);
    char *last;

    if (its_realm == NULL || (realm != NULL && strcasecmp(realm, its_realm) != 0))
        return;
    last = princ->length > 0 ? text_of(ctx, &princ->data[princ->length - 1]) : NULL;
    if (last == NULL || last[0] == '\0')
        return;
    if (princ->length == 2 && princ->data[0].length == 4 &&
        strncasecmp(princ->data[0].data, "host", 4) == 0) {
        bool ours = hostname != NULL && strcasecmp(hostname, last) == 0;

        if (!tl_dns_valid(last) || !better_host(found, last, ours))
            return;
        found->realm = its_realm;
        found->host = last;
        found->host_is_ours = ours;
    } else if (princ->length == 1 && last[strlen(last) - 1] == '$' &&
               found->flat == NULL) {
        found->flat = talloc_strndup(ctx, last, strlen(last) - 1);
        found->flat_realm = its_realm;
    }
}

static void read_keytab(TALLOC_CTX *ctx, krb5_context k5, krb5_keytab keytab,
                        const char *realm, const char *hostname, struct found *found)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;

    if (krb5_kt_start_seq_get(k5, keytab, &cursor) != 0)
        return;
    while (krb5_kt_next_entry(k5, keytab, &entry, &cursor) == 0) {
        look_at(ctx, entry.principal, realm, hostname, found);
        krb5_free_keytab_entry_contents(k5, &entry);
    }
    krb5_kt_end_seq_get(k5, keytab, &cursor);
}

static char *cased(TALLOC_CTX *ctx, const char *text, int (*fn)(int))
{
    char *copy = talloc_strdup(ctx, text);

    for (char *p = copy; p != NULL && *p != '\0'; p++)
        *p = (char)fn((unsigned char)*p);
    return copy;
}

/* NetBIOS name of a host name: the first label, 15 characters of it. */
static char *flat_of(TALLOC_CTX *ctx, const char *host)
{
    size_t len = strcspn(host, ".");
    char *label = talloc_strndup(ctx, host, len < TL_NETBIOS_MAX ? len : TL_NETBIOS_MAX);

    return label != NULL ? cased(ctx, label, toupper) : NULL;
}

/* The fqdn: a host name without a dot is completed with the domain. */
static char *fqdn_of(TALLOC_CTX *ctx, const char *host, const char *domain)
{
    char *lower = cased(ctx, host, tolower);

    if (lower == NULL || strchr(lower, '.') != NULL)
        return lower;
    return talloc_asprintf(ctx, "%s.%s", lower, domain);
}

static enum tl_reason compose(TALLOC_CTX *ctx, const struct tl_config *config,
                              const struct found *found, const char *own,
                              struct tl_workstation **out_ws, struct tl_outcome *out)
{
    const char *realm = config->realm;
    const char *host = config->hostname, *bare;
    struct tl_workstation *ws;

    if (realm == NULL)
        realm = found->realm != NULL ? found->realm : found->flat_realm;
    if (host == NULL)
        host = found->host != NULL ? found->host : own;
    /* without a key of its own no logon to this machine could be proven */
    if (found->host == NULL && found->flat == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_KEYTAB_NO_KEY,
                               "it has neither host/<name> nor <NAME>$%s%s",
                               config->realm != NULL ? " in " : "",
                               config->realm != NULL ? config->realm : "");
    if (host[0] == '\0')
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NOT_JOINED,
                               "this machine has no name");
    ws = talloc_zero(ctx, struct tl_workstation);
    if (ws == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    ws->realm = cased(ws, realm, toupper);
    ws->domain = cased(ws, realm, tolower);
    if (ws->domain != NULL)
        ws->fqdn = fqdn_of(ws, host, ws->domain);
    ws->flat = found->flat != NULL ? cased(ws, found->flat, toupper) : flat_of(ws, host);
    /* A bare name has one meaning on a machine. */
    bare = tl_bare_domain(config, ws->domain);
    ws->bare_names = bare != NULL;
    if (bare == NULL)
        bare = config->default_domain;
    if (bare != NULL)
        ws->default_domain = talloc_strdup(ws, bare);
    if (ws->realm == NULL || ws->domain == NULL || ws->fqdn == NULL || ws->flat == NULL ||
        (bare != NULL && ws->default_domain == NULL)) {
        talloc_free(ws);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    }
    if (!tl_dns_valid(ws->realm) || !tl_dns_valid(ws->fqdn)) {
        talloc_free(ws);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NOT_JOINED,
                               "realm or host name is no DNS name");
    }
    *out_ws = ws;
    return TL_REASON_OK;
}

enum tl_reason tl_workstation_detect(TALLOC_CTX *ctx, const struct tl_config *config,
                                     struct tl_workstation **ws, struct tl_outcome *out)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    struct found found = {0};
    char own[TL_DNS_MAX + 1] = "";
    krb5_context k5 = NULL;
    krb5_keytab keytab = NULL;
    enum tl_reason reason;

    *ws = NULL;
    if (mem == NULL || tl_k5_context(config->allow_rc4, &k5) != 0) {
        talloc_free(mem);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_CONFIG_INVALID,
                               "krb5.conf cannot be used");
    }
    (void)gethostname(own, sizeof(own) - 1);
    reason = tl_keytab_open(k5, config, TL_STAGE_LOCAL, &keytab, out);
    if (reason == TL_REASON_OK) {
        read_keytab(mem, k5, keytab, config->realm,
                    config->hostname != NULL ? config->hostname : own, &found);
        krb5_kt_close(k5, keytab);
        reason = compose(ctx, config, &found, own, ws, out);
    }
    krb5_free_context(k5);
    talloc_free(mem);
    return reason;
}
