/* SPDX-License-Identifier: MIT
 *
 * who.c - who can fix what a conclusion names.
 */
#include <string.h>
#include <strings.h>
#include <trustlogon/evidence.h>
#include <trustlogon/name.h>

enum party {
    NOBODY_KNOWN,
    ROOT,     /* of this machine */
    OWN,      /* administrators of the domain that the machine is a member of */
    USERS,    /* administrators of the user's domain */
    HOSTS,    /* of the domain of the host that is named */
    BOTH,     /* of both: a trust has two ends */
    RESOLVER, /* who runs the name servers */
    NETWORK,  /* who runs the network between this machine and a domain controller */
    CARD      /* who issues smart cards */
};

/* By reason; a reason that is not here has no one party: a wrong password is the user's.
 */
static const struct {
    enum tl_reason first, last; /* in the order of reasons.def */
    enum party party;
} table[] = {
    {TL_REASON_SUFFIX_DISABLED_NEW, TL_REASON_SUFFIX_EXCLUDED, OWN},
    {TL_REASON_TRUST_MISSING, TL_REASON_TRUST_MIT, BOTH},
    {TL_REASON_TRUST_DIRECTION, TL_REASON_TRUST_SECRET, BOTH},
    {TL_REASON_TRUST_PARTNER, TL_REASON_TRUST_PARTNER, BOTH},
    {TL_REASON_TRUST_UNREADABLE, TL_REASON_TRUST_UNREADABLE, NETWORK},
    {TL_REASON_TRUST_KINDS, TL_REASON_TRUST_SECRET_MISSING, BOTH},
    {TL_REASON_DOMAIN_SID_DISABLED, TL_REASON_DOMAIN_SID_DISABLED, OWN},
    {TL_REASON_TRUST_WITHIN_FOREST, TL_REASON_TRUST_SELECTIVE, BOTH},
    {TL_REASON_DOMAIN_DISABLED, TL_REASON_DOMAIN_DISABLED, OWN},
    {TL_REASON_HOST_NOT_ROUTED, TL_REASON_HOST_NOT_ROUTED, USERS},
    {TL_REASON_WALK_POLICY, TL_REASON_WALK_POLICY, ROOT},
    {TL_REASON_DNS_NO_ANSWER, TL_REASON_NAME_SERVER_IGNORANT, RESOLVER},
    {TL_REASON_NAME_SERVER_UNREADABLE, TL_REASON_NAME_SERVER_UNREADABLE, ROOT},
    {TL_REASON_PING_FILTERED, TL_REASON_PING_FILTERED, NETWORK},
    {TL_REASON_PING_REFUSED, TL_REASON_PING_REFUSED, RESOLVER},
    {TL_REASON_PORT88_FILTERED, TL_REASON_KDC_GARBAGE, NETWORK},
    {TL_REASON_USER_UPN, TL_REASON_ACCOUNT_EXPIRED, USERS},
    {TL_REASON_LOGON_HOURS, TL_REASON_SMARTCARD_REQUIRED, USERS},
    {TL_REASON_SMARTCARD_PLUGIN, TL_REASON_SMARTCARD_PLUGIN, ROOT},
    {TL_REASON_SMARTCARD_NO_CERTIFICATE, TL_REASON_SMARTCARD_ISSUER, CARD},
    {TL_REASON_SMARTCARD_FILE_UNSAFE, TL_REASON_SMARTCARD_FILE_UNSAFE, ROOT},
    {TL_REASON_SMARTCARD_REVOKED, TL_REASON_SMARTCARD_REVOCATION, CARD},
    {TL_REASON_PKINIT_UNSUPPORTED, TL_REASON_KDC_CERTIFICATE, USERS},
    {TL_REASON_CLOCK_MACHINE, TL_REASON_CLOCK_MACHINE, ROOT},
    {TL_REASON_CLOCK_DC, TL_REASON_CLOCK_DC, HOSTS},
    {TL_REASON_ACCOUNT_RC4, TL_REASON_ACCOUNT_RC4, USERS},
    {TL_REASON_SPN_MISSING, TL_REASON_SELECTIVE_AUTH, OWN},
    {TL_REASON_KEYTAB_MISSING, TL_REASON_KEYTAB_RC4, ROOT},
    {TL_REASON_MACHINE_ACCOUNT, TL_REASON_MACHINE_ACCOUNT, OWN},
    {TL_REASON_ID_UNMAPPABLE, TL_REASON_ID_SUBORDINATE, ROOT},
    {TL_REASON_NSS_OTHER_USER, TL_REASON_ACCESS_OPEN, ROOT},
    {TL_REASON_NOT_JOINED, TL_REASON_KRB5_CONF, ROOT},
    {TL_REASON_CCACHE_FAILED, TL_REASON_NSS_USER_UNKNOWN, ROOT},
    {TL_REASON_AGENT_UNAVAILABLE, TL_REASON_AGENT_UNAVAILABLE, ROOT},
};

static enum party party_of(enum tl_reason reason)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (reason >= table[i].first && reason <= table[i].last)
            return table[i].party;
    return NOBODY_KNOWN;
}

/* "contoso.test" of "CN=x,CN=System,DC=contoso,DC=test"; NULL: no DN of an object, or of
 * several. */
static char *domain_of(TALLOC_CTX *ctx, const char *dn)
{
    char *dns = NULL;

    if (dn == NULL || strncasecmp(dn, "CN=", 3) != 0 || strpbrk(dn, ";\\\"") != NULL)
        return NULL;
    while ((dn = strchr(dn, ',')) != NULL) {
        dn++;
        if (strncasecmp(dn, "DC=", 3) != 0)
            continue;
        dns = talloc_asprintf_append(dns != NULL ? dns : talloc_strdup(ctx, ""), "%s%.*s",
                                     dns != NULL && dns[0] != '\0' ? "." : "",
                                     (int)strcspn(dn + 3, ","), dn + 3);
    }
    return dns;
}

char *tl_who_mends(TALLOC_CTX *ctx, enum tl_reason reason, const char *subject,
                   const char *own_domain, const char *user_domain)
{
    char *domain = domain_of(ctx, subject);
    const char *own = own_domain != NULL ? own_domain : "this machine's domain";
    const char *users = user_domain != NULL ? user_domain : own;

    switch (party_of(reason)) {
    case ROOT:
        return talloc_strdup(ctx, "root on this machine");
    case OWN:
        return talloc_asprintf(ctx, "the administrators of %s", own);
    case USERS:
        return talloc_asprintf(ctx, "the administrators of %s", users);
    case HOSTS:
        return subject != NULL && strchr(subject, '.') != NULL
                   ? talloc_asprintf(ctx, "the administrators of %s",
                                     strchr(subject, '.') + 1)
                   : NULL;
    case BOTH:
        if (domain != NULL)
            return talloc_asprintf(ctx, "the administrators of %s", domain);
        if (tl_dns_equal(own, users))
            return talloc_asprintf(ctx, "the administrators of %s", own);
        return talloc_asprintf(ctx, "the administrators of %s and of %s together", own,
                               users);
    case RESOLVER:
        return talloc_strdup(ctx, "the operators of the name servers, and root on "
                                  "this machine for /etc/resolv.conf");
    case NETWORK:
        return talloc_strdup(ctx, "the operators of the network and the firewalls "
                                  "between this machine and the domain controllers");
    case CARD:
        return talloc_strdup(ctx, "the issuer of the smart cards");
    case NOBODY_KNOWN:
        break;
    }
    return NULL;
}
