/* SPDX-License-Identifier: MIT
 *
 * tdo.c - what a trusted domain object says about itself.
 */
#include <string.h>
#include <trustlogon/evidence.h>
#include <trustlogon/name.h>

#define CN "CN="

/* "contoso.test" of "CN=contoso.test,CN=System,..."; NULL for another form. */
static char *name_of(TALLOC_CTX *ctx, const char *dn)
{
    size_t len;

    if (strncasecmp(dn, CN, strlen(CN)) != 0)
        return NULL;
    dn += strlen(CN);
    len = strcspn(dn, ",\\");
    return dn[len] == ',' ? talloc_strndup(ctx, dn, len) : NULL;
}

void tl_facts_of_tdo(struct tl_facts *facts, const struct tl_tdo *tdo)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *name = tdo->dn != NULL ? name_of(tmp, tdo->dn) : NULL;
    const struct tl_fact fact = {
        .kind = TL_FACT_TDO_NAME,
        .place = TL_PLACE_OWN,
        .source = TL_SOURCE_DIRECTORY,
        .holds = name != NULL && tl_dns_equal(name, tdo->partner),
        .object = tdo->dn,
        .attribute = talloc_asprintf(tmp, "trustPartner = %s", tdo->partner),
        .wanted = name};

    /* An object that bears a NetBIOS name says nothing of the DNS name. */
    if (name != NULL && strchr(name, '.') != NULL)
        tl_facts_add(facts, &fact);
    talloc_free(tmp);
}
