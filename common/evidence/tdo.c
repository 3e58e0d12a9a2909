/* SPDX-License-Identifier: MIT
 *
 * tdo.c - what a trusted domain object says about itself.
 */
#include <string.h>
#include <trustlogon/evidence.h>

void tl_facts_of_tdo(struct tl_facts *facts, const struct tl_tdo *tdo)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *name;
    const bool bears = tl_tdo_bears_its_name(tmp, tdo, &name);
    const struct tl_fact fact = {
        .kind = TL_FACT_TDO_NAME,
        .place = TL_PLACE_OWN,
        .source = TL_SOURCE_DIRECTORY,
        .holds = bears,
        .object = tdo->dn,
        .attribute = talloc_asprintf(tmp, "trustPartner = %s", tdo->partner),
        .wanted = name};

    /* An object that bears a NetBIOS name says nothing of the DNS name. */
    if (name != NULL && strchr(name, '.') != NULL)
        tl_facts_add(facts, &fact);
    talloc_free(tmp);
}
