/* SPDX-License-Identifier: MIT
 *
 * who.c - who can fix the fault that a conclusion names.
 */
#include <string.h>
#include <strings.h>
#include <trustlogon/evidence.h>
#include <trustlogon/name.h>

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

    switch (tl_reason_info(reason)->party) {
    case TL_PARTY_ROOT:
        return talloc_strdup(ctx, "root on this machine");
    case TL_PARTY_OWN:
        return talloc_asprintf(ctx, "the administrators of %s", own);
    case TL_PARTY_USERS:
        return talloc_asprintf(ctx, "the administrators of %s", users);
    case TL_PARTY_HOSTS:
        return subject != NULL && strchr(subject, '.') != NULL
                   ? talloc_asprintf(ctx, "the administrators of %s",
                                     strchr(subject, '.') + 1)
                   : NULL;
    case TL_PARTY_BOTH:
        if (domain != NULL)
            return talloc_asprintf(ctx, "the administrators of %s", domain);
        if (tl_dns_equal(own, users))
            return talloc_asprintf(ctx, "the administrators of %s", own);
        return talloc_asprintf(ctx, "the administrators of %s and of %s together", own,
                               users);
    case TL_PARTY_RESOLVER:
        return talloc_strdup(ctx, "the operators of the name servers, and root on "
                                  "this machine for /etc/resolv.conf");
    case TL_PARTY_NETWORK:
        return talloc_strdup(ctx, "the operators of the network and the firewalls "
                                  "between this machine and the domain controllers");
    case TL_PARTY_CARD:
        return talloc_strdup(ctx, "the issuer of the smart cards");
    case TL_PARTY_NOBODY:
        break;
    }
    return NULL;
}
