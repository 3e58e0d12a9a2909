/* SPDX-License-Identifier: MIT
 *
 * evidence.c - what directories say about a logon that failed.
 */
#include "evidence.h"

#include <trustlogon/name.h>

bool tli_is_plain_realm(struct tl_locator *locator, const char *domain,
                        tl_deadline deadline)
{
    struct tl_dc_list *dcs = NULL;
    bool plain =
        tl_locate(NULL, locator, domain, 0, deadline, &dcs, NULL) == TL_REASON_OK &&
        dcs->dcs[0].realm_only;

    talloc_free(dcs);
    return plain;
}

static enum tl_reason read_trusts(struct tl_krb *krb, struct tl_locator *locator,
                                  const char *domain, const struct tl_trace *trace,
                                  tl_deadline deadline, struct tl_topology *topo,
                                  struct tl_outcome *out)
{
    struct tl_directory *dir = NULL;
    enum tl_reason reason =
        tli_user_directory_open(NULL, krb, locator, domain, trace, deadline, &dir, out);

    if (reason == TL_REASON_OK)
        reason = tl_directory_trusts(dir, topo, out);
    talloc_free(dir);
    return reason;
}

enum tl_reason tli_path_trusts_read(struct tl_krb *krb, struct tl_locator *locator,
                                    const char *user_domain,
                                    const struct tl_workstation *ws,
                                    const struct tl_outcome *walk,
                                    const struct tl_trace *trace, tl_deadline deadline,
                                    struct tl_topology *topo, struct tl_outcome *out)
{
    const char *between =
        walk != NULL && walk->stage == TL_STAGE_WALK ? walk->realm : NULL;
    enum tl_reason reason =
        read_trusts(krb, locator, user_domain, trace, deadline, topo, out);

    if (between == NULL || tl_dns_equal(between, user_domain) ||
        tl_dns_equal(between, ws->domain) || tl_topology_domain(topo, between) != NULL)
        return reason;
    if (read_trusts(krb, locator, between, trace, deadline, topo, NULL) != TL_REASON_OK)
        tl_trace_note(trace, "the trusts of %s could not be read", between);
    return reason;
}

/* "CN=WS1,...; CN=WS1-OLD,..." */
static const char *all_of(TALLOC_CTX *ctx, const struct tl_account *accounts,
                          size_t count)
{
    char *all = talloc_strdup(ctx, count > 0 ? accounts[0].dn : "");

    for (size_t i = 1; i < count && all != NULL; i++)
        all = talloc_asprintf_append(all, "; %s", accounts[i].dn);
    return all;
}

static void add(struct tl_facts *facts, enum tl_fact_kind kind, bool holds,
                const char *object, const char *attribute, const char *wanted)
{
    const struct tl_fact fact = {.kind = kind,
                                 .place = TL_PLACE_OWN,
                                 .source = TL_SOURCE_DIRECTORY,
                                 .holds = holds,
                                 .object = object,
                                 .attribute = attribute,
                                 .wanted = wanted};

    tl_facts_add(facts, &fact);
}

static void spn_facts(struct tl_facts *facts, struct tl_directory *dir,
                      const struct tl_workstation *ws, const char *account)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *spn = talloc_asprintf(tmp, "host/%s", ws->fqdn);
    struct tl_account *owners = NULL;
    const char *names;
    size_t count = 0;

    if (spn == NULL ||
        tl_directory_spn(tmp, dir, spn, &owners, &count, NULL) != TL_REASON_OK)
        goto cleanup;
    names = all_of(tmp, owners, count);
    add(facts, TL_FACT_SPN_EXISTS, count > 0, spn, NULL, NULL);
    if (count > 0)
        add(facts, TL_FACT_SPN_SINGLE, count == 1, spn, names, NULL);
    if (count == 1 && owners[0].name != NULL)
        add(facts, TL_FACT_SPN_OURS, tl_name_equal(owners[0].name, account), spn, names,
            account);

cleanup:
    talloc_free(tmp);
}

static void account_facts(struct tl_facts *facts, const struct tl_account *own)
{
    const char *flag = (own->control & TL_UAC_DES_ONLY) != 0    ? "USE_DES_KEY_ONLY"
                       : (own->control & TL_UAC_SMARTCARD) != 0 ? "SMARTCARD_REQUIRED"
                                                                : NULL;
    char *attribute =
        talloc_asprintf(NULL, "userAccountControl has %s", flag != NULL ? flag : "");

    add(facts, TL_FACT_MACHINE_ENABLED, (own->control & TL_UAC_DISABLED) == 0, own->dn,
        "userAccountControl has ACCOUNTDISABLE", NULL);
    add(facts, TL_FACT_MACHINE_FLAGS, flag == NULL, own->dn, attribute, NULL);
    talloc_free(attribute);
}

void tli_machine_facts_read(struct tl_facts *facts, struct tl_directory *dir,
                            const struct tl_workstation *ws)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *account = talloc_asprintf(tmp, "%s$", ws->flat);
    struct tl_account *own = NULL;
    size_t count = 0;

    if (account == NULL)
        goto cleanup;
    if (tl_directory_account(tmp, dir, account, &own, &count, NULL) == TL_REASON_OK) {
        add(facts, TL_FACT_MACHINE_EXISTS, count > 0, account, NULL, NULL);
        if (count > 0)
            account_facts(facts, &own[0]);
    }
    spn_facts(facts, dir, ws, account);

cleanup:
    talloc_free(tmp);
}

void tli_machine_facts_of_files(struct tl_facts *facts, const struct tl_config *config,
                                const struct tl_workstation *ws)
{
    char *realm =
        config->realm == NULL ? tl_krb5_conf_default(NULL, "default_realm") : NULL;
    const struct tl_fact fact = {.kind = TL_FACT_KEYTAB_REALM,
                                 .place = TL_PLACE_HERE,
                                 .source = TL_SOURCE_FILE,
                                 .holds = tl_dns_equal(realm, ws->realm),
                                 .object = config->keytab,
                                 .attribute = ws->realm,
                                 .wanted = realm};

    if (realm != NULL)
        tl_facts_add(facts, &fact);
    talloc_free(realm);
}

void tli_machine_facts_of_failure(struct tl_facts *facts, const struct tl_outcome *opened,
                                  const struct tl_workstation *ws)
{
    static const struct {
        int32_t error;
        enum tl_fact_kind kind;
        const char *attribute;
    } table[] = {
        {TL_KRB_C_PRINCIPAL_UNKNOWN, TL_FACT_MACHINE_EXISTS, NULL},
        {TL_KRB_CLIENT_REVOKED, TL_FACT_MACHINE_ENABLED,
         "KDC_ERR_CLIENT_REVOKED: it is disabled, expired, locked out, or outside its "
         "logon hours"},
        {TL_KRB_ETYPE_NOSUPP, TL_FACT_MACHINE_FLAGS,
         "KDC_ERR_ETYPE_NOSUPP: userAccountControl has USE_DES_KEY_ONLY or "
         "SMARTCARD_REQUIRED, or msDS-SupportedEncryptionTypes leaves no key"},
        {TL_KRB_PREAUTH_FAILED, TL_FACT_MACHINE_KEY,
         "KDC_ERR_PREAUTH_FAILED: its password was changed, or userAccountControl has "
         "SMARTCARD_REQUIRED, which gives it another key"},
    };
    char *account = talloc_asprintf(NULL, "%s$", ws->flat);
    struct tl_fact fact = {.place = TL_PLACE_OWN, .source = TL_SOURCE_NETWORK};

    for (size_t i = 0; account != NULL && i < sizeof(table) / sizeof(table[0]); i++) {
        if (opened->krb_error != table[i].error || opened->stage != TL_STAGE_AS)
            continue;
        fact.kind = table[i].kind;
        fact.object = account;
        fact.attribute = table[i].attribute;
        tl_facts_add(facts, &fact);
    }
    talloc_free(account);
}
