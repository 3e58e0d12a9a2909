/* SPDX-License-Identifier: MIT
 *
 * settings.c - the options of this machine that a conclusion may rest on: where one is
 * not at its default, the conclusion says so, and where it is set.
 */
#include <string.h>
#include <trustlogon/name.h>
#include <unistd.h>

#include "internal.h"
#include "local_files.h"
#include "tl_build.h"

#define KEYS_MAX 4
#define HOSTS "/etc/hosts"

/* Without such an option at work the reason has other causes. */
static const struct {
    enum tl_reason reason;
    const char *keys[KEYS_MAX];
} table[] = {
    {TL_REASON_KEYTAB_MISSING, {"keytab"}},
    {TL_REASON_KEYTAB_UNREADABLE, {"keytab"}},
    {TL_REASON_KEYTAB_NO_KEY, {"realm", "hostname"}},
    {TL_REASON_SPN_MISSING, {"hostname", "realm"}},
    {TL_REASON_DNS_NO_RECORDS, {"realm"}},
    {TL_REASON_DOMAIN_UNKNOWN, {"default_domain"}},
    {TL_REASON_NO_LOGON_SERVERS, {"site"}},
    {TL_REASON_WALK_POLICY, {"walk"}},
    {TL_REASON_REFERRAL_LIMIT, {"hop_limit"}},
    {TL_REASON_DEADLINE, {"logon_timeout", "kdc_connect_timeout", "ping_timeout"}},
    {TL_REASON_ARMOR_UNAVAILABLE, {"fast"}},
    {TL_REASON_ARMOR_UNSUPPORTED, {"fast"}},
    {TL_REASON_TRUST_RC4, {"allow_rc4"}},
    {TL_REASON_ACCOUNT_RC4, {"allow_rc4"}},
    {TL_REASON_KEYTAB_RC4, {"allow_rc4"}},
    {TL_REASON_ID_UNMAPPABLE,
     {"minimum_uid", "idmap_range_min", "idmap_range_max", "idmap"}},
    {TL_REASON_ACCESS_RULE, {"allow_users", "allow_groups", "deny_groups"}},
    {TL_REASON_CCACHE_FAILED, {"ccache"}},
};

static const struct tl_config_item *item_of(const struct tl_config_item *items,
                                            size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].key, key) == 0)
            return &items[i];
    return NULL;
}

/* A cause may end in a detail without a full stop. */
static void add_sentence(struct tl_diagnosis *diag, const char *sentence)
{
    const char *cause = diag->cause != NULL ? diag->cause : "";
    size_t len = strlen(cause);
    const char *glue = len == 0 ? "" : cause[len - 1] == '.' ? " " : ". ";

    if (sentence != NULL)
        diag->cause = talloc_asprintf(diag, "%s%s%s", cause, glue, sentence);
}

/* What the conclusion rests on comes before what the reason says: that holds for a
 * machine without this option. */
static void advise_removal(struct tl_diagnosis *diag, const char *key, const char *value,
                           const char *file)
{
    diag->remedy = talloc_asprintf(
        diag, "If %s = %s in %s is not intended, remove it.%s%s", key, value, file,
        diag->remedy != NULL ? " " : "", diag->remedy != NULL ? diag->remedy : "");
}

/* The file of PAM whose line of the service that is meant sets this option, or NULL. */
static const char *pam_file(struct run *run, const char *key)
{
    struct tli_pam_line line;
    size_t len = strlen(key);

    if (!tli_pam_meant_line(run, &line))
        return NULL;
    for (size_t i = 0; i < line.count; i++)
        if (strncmp(line.options[i], key, len) == 0 && line.options[i][len] == '=')
            return talloc_asprintf(run->diag, "/etc/pam.d/%s", line.file);
    return NULL;
}

/* "/etc/trustlogon.conf sets walk = referral." for each, one after the other. */
static void tell(struct run *run, const struct tl_config_item *item)
{
    struct tl_diagnosis *diag = run->diag;
    const char *file = pam_file(run, item->key);
    /* Which of the files has it is not kept. */
    bool parts = file == NULL && access(TL_CONF_DIR, F_OK) == 0;

    if (file == NULL)
        file = tli_config_file(run);
    if (parts)
        file = talloc_asprintf(diag, "%s, or a file of " TL_CONF_DIR ",", file);
    add_sentence(diag,
                 talloc_asprintf(diag, "%s sets %s = %s.", file, item->key, item->value));
    /* Without a rule of [access] every user may log on: its remedy says what to change.
     */
    if (diag->reason != TL_REASON_ACCESS_RULE)
        advise_removal(diag, item->key, item->value, file);
    if (diag->attribute == NULL)
        diag->attribute = talloc_asprintf(diag, "%s = %s", item->key, item->value);
}

/* Where a cache of the type FILE or DIR is, "FILE:/tmp/krb5cc_0". */
static void tell_folder(struct tl_diagnosis *diag)
{
    const char *path = diag->subject != NULL ? strchr(diag->subject, '/') : NULL;
    const char *end = path != NULL ? strrchr(path, '/') : NULL;

    if (end != NULL && end > path)
        add_sentence(
            diag, talloc_asprintf(diag, "Its folder is %.*s.", (int)(end - path), path));
}

/* The cache's name of krb5.conf, where trustlogon.conf has none. */
static void tell_krb5_conf(struct run *run)
{
    char *name;

    if (run->diag->reason != TL_REASON_CCACHE_FAILED)
        return;
    tell_folder(run->diag);
    if (run->config->ccache != NULL)
        return;
    name = tl_krb5_conf_default(run->diag, "default_ccache_name");
    if (name == NULL)
        return;
    add_sentence(
        run->diag,
        talloc_asprintf(run->diag, TL_KRB5_CONF " sets default_ccache_name = %s.", name));
    advise_removal(run->diag, "default_ccache_name", name, TL_KRB5_CONF);
}

/* Reasons for which a host at another address than DNS has it may be the cause. */
static bool is_of_address(enum tl_reason reason)
{
    return reason == TL_REASON_PING_FILTERED || reason == TL_REASON_PING_REFUSED ||
           reason == TL_REASON_NO_LOGON_SERVERS || reason == TL_REASON_DEADLINE ||
           reason == TL_REASON_PORT88_FILTERED || reason == TL_REASON_PORT88_REFUSED ||
           reason == TL_REASON_DC_DOWN;
}

/* The host, or those of the domain, that was looked for, as /etc/hosts has them. */
static void tell_hosts(struct run *run)
{
    struct tl_diagnosis *diag = run->diag;
    const char *domain = diag->subject; /* or host */
    const char *own = run->machine != NULL ? run->machine->workstation->fqdn : NULL;
    char *text = NULL, *rest, *line, *word;

    if (!is_of_address(diag->reason) || domain == NULL ||
        tli_text_read(diag, HOSTS, &text) != 0)
        return;
    rest = text;
    while ((line = tli_text_line(&rest)) != NULL) {
        const char *address;

        line[strcspn(line, "#")] = '\0';
        address = tli_text_word(&line);
        while (address != NULL && (word = tli_text_word(&line)) != NULL)
            if (!tl_dns_equal(word, own) &&
                (tl_dns_equal(word, domain) ||
                 (strchr(word, '.') != NULL &&
                  tl_dns_equal(strchr(word, '.') + 1, domain)))) {
                add_sentence(
                    diag, talloc_asprintf(diag, HOSTS " sets %s = %s.", word, address));
                advise_removal(diag, word, address, HOSTS);
            }
    }
    talloc_free(text);
}

static bool is_found_now(const struct run *run, const char *domain)
{
    return (tl_dns_equal(domain, run->machine->workstation->domain) &&
            run->own_dcs.usable) ||
           (tl_dns_equal(domain, run->user_domain) && run->user_dcs.usable);
}

/* A search that failed is not repeated for a while: logons fail, though all is well. */
static void tell_memory(struct run *run)
{
    const struct tl_outcome *out =
        run->diag->logon != NULL ? run->diag->logon->outcome : NULL;

    if (out == NULL || out->stage != TL_STAGE_LOCATE || out->detail == NULL ||
        strncmp(out->detail, "the search ", strlen("the search ")) != 0 ||
        out->subject == NULL || !is_found_now(run, out->subject))
        return;
    add_sentence(run->diag,
                 talloc_asprintf(
                     run->diag,
                     "They are found now: this machine remembers a search that failed, "
                     "for up to %d s (negative_lifetime).",
                     run->config->negative_lifetime));
    run->diag->remedy = talloc_asprintf(
        run->diag, "Run 'trustlogon locate --force %s', which searches again at once.",
        out->subject);
    run->diag->who = "root on this machine; the failure also expires by itself";
}

/* Only the agent may read and count tries of the cached passwords. */
static void tell_cached_logons(struct run *run)
{
    const struct tl_logon *logon = run->diag->logon;

    if (run->config->cached_logons == 0 || logon == NULL ||
        logon->outcome->reason == TL_REASON_OK || !tl_logon_unanswered(logon))
        return;
    run->diag->cache_decides = true;
    add_sentence(
        run->diag,
        talloc_asprintf(run->diag,
                        "PAM lets in one of the last %d users to log on here if the "
                        "password is still the one used then (cached_logons); this "
                        "was not tested.",
                        run->config->cached_logons));
}

/* default_domain is that of names without a domain. */
static bool is_at_work(const struct run *run, const char *key)
{
    return strcmp(key, "default_domain") != 0 ||
           (run->logon != NULL && run->logon->name->domain == NULL);
}

void tli_tell_settings(struct run *run)
{
    size_t count = 0;
    struct tl_config_item *items = tl_config_items(run->diag, run->config, &count);

    for (size_t i = 0; items != NULL && i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].reason != run->diag->reason)
            continue;
        for (size_t k = 0; k < KEYS_MAX && table[i].keys[k] != NULL; k++) {
            const struct tl_config_item *item = item_of(items, count, table[i].keys[k]);

            if (item != NULL && !item->is_default && is_at_work(run, item->key))
                tell(run, item);
        }
    }
    talloc_free(items);
    tell_memory(run);
    tell_cached_logons(run);
    tell_krb5_conf(run);
    tell_hosts(run);
}
