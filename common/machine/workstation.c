/* SPDX-License-Identifier: MIT
 *
 * workstation.c - the identity of this machine: by its configuration, else by its keytab.
 *
 * A member of a domain has keys for host/<fqdn> and <NAME>$ in the domain's realm. Which
 * of several machines in a keytab it is, keytab_machines.c decides.
 */
#include "workstation.h"
#include "kerberos/internal.h"
#include "kerberos/tickets/keytab.h"
#include "keytab_machines.h"

#include <ctype.h>
#include <profile.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <trustlogon/name.h>

/* The entries of the keytab that are a machine's, and their keys while it is read. */
struct reader {
    krb5_context k5;
    struct tli_keytab_machine_entry *entries; /* talloc array and parent of its strings */
    krb5_keyblock *keys;                      /* of the entry of the same index */
    size_t count;
    bool no_memory; /* memory ran out: the result is worthless */
};

/* All of it as a string, or NULL where it contains a NUL. */
static char *text_of(TALLOC_CTX *ctx, const krb5_data *data)
{
    return memchr(data->data, '\0', data->length) == NULL
               ? talloc_strndup(ctx, data->data, data->length)
               : NULL;
}

/* host/<name> or <NAME>$ in a realm with a usable name. */
static bool is_machine_name(TALLOC_CTX *ctx, krb5_const_principal princ,
                            struct tli_keytab_machine_entry *entry)
{
    char *name = princ->length > 0 && princ->realm.length > 0
                     ? text_of(ctx, &princ->data[princ->length - 1])
                     : NULL;
    size_t len = name != NULL ? strlen(name) : 0;
    char *realm = len > 0 ? text_of(ctx, &princ->realm) : NULL;

    if (realm == NULL || !tl_dns_valid(realm))
        return false;
    entry->realm = realm;
    entry->name = name;
    entry->account = princ->length == 1;
    if (princ->length == 2)
        return princ->data[0].length == 4 &&
               strncasecmp(princ->data[0].data, "host", 4) == 0 && tl_dns_valid(name);
    if (princ->length != 1 || len < 2 || name[len - 1] != '$')
        return false;
    name[len - 1] = '\0';
    return true;
}

/* The index of the first entry with this key: its number. */
static unsigned int number_of(const struct reader *r, const krb5_keyblock *key)
{
    size_t i;

    for (i = 0; i < r->count; i++)
        if (r->keys[i].enctype == key->enctype && r->keys[i].length == key->length &&
            memcmp(r->keys[i].contents, key->contents, key->length) == 0)
            break;
    return (unsigned int)i;
}

/* Add the entry if it is a machine's. Its key becomes a number here, so that the ranking
 * never sees key bytes. */
static void take(struct reader *r, const krb5_keytab_entry *from)
{
    struct tli_keytab_machine_entry entry = {.kvno = from->vno,
                                             .time = (uint32_t)from->timestamp};
    struct tli_keytab_machine_entry *entries;
    krb5_keyblock *keys;

    entries =
        talloc_realloc(r, r->entries, struct tli_keytab_machine_entry, r->count + 1);
    if (entries != NULL)
        r->entries = entries;
    keys = talloc_realloc(r, r->keys, krb5_keyblock, r->count + 1);
    if (keys != NULL)
        r->keys = keys;
    if (entries == NULL || keys == NULL) {
        r->no_memory = true;
        return;
    }
    if (!is_machine_name(r->entries, from->principal, &entry))
        return;
    entry.key = number_of(r, &from->key);
    if (krb5_copy_keyblock_contents(r->k5, &from->key, &r->keys[r->count]) != 0) {
        r->no_memory = true;
        return;
    }
    r->entries[r->count++] = entry;
}

static struct reader *read_keytab(TALLOC_CTX *ctx, krb5_context k5, krb5_keytab keytab)
{
    struct reader *r = talloc_zero(ctx, struct reader);
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;

    if (r == NULL)
        return NULL;
    r->k5 = k5;
    if (krb5_kt_start_seq_get(k5, keytab, &cursor) == 0) {
        while (!r->no_memory && krb5_kt_next_entry(k5, keytab, &entry, &cursor) == 0) {
            take(r, &entry);
            krb5_free_keytab_entry_contents(k5, &entry);
        }
        krb5_kt_end_seq_get(k5, keytab, &cursor);
    }
    for (size_t i = 0; i < r->count; i++)
        krb5_free_keyblock_contents(k5, &r->keys[i]);
    if (r->no_memory)
        TALLOC_FREE(r);
    return r;
}

static bool unknown(const void *arg, const char *realm, const char *flat)
{
    return tli_machine_is_disowned(arg, realm, flat);
}

static char *cased(TALLOC_CTX *ctx, const char *text, int (*fn)(int))
{
    char *copy = talloc_strdup(ctx, text);

    for (char *p = copy; p != NULL && *p != '\0'; p++)
        *p = (char)fn((unsigned char)*p);
    return copy;
}

/* The fqdn: a host name without a dot is completed with the domain. */
static char *fqdn_of(TALLOC_CTX *ctx, const char *host, const char *domain)
{
    char *lower = cased(ctx, host, tolower);

    if (lower == NULL || strchr(lower, '.') != NULL)
        return lower;
    return talloc_asprintf(ctx, "%s.%s", lower, domain);
}

/* The configured names come first, then those of the keytab, then the kernel's. A
 * configured realm has filtered the keytab already, so the names of the two fit together.
 */
static enum tl_reason compose(TALLOC_CTX *ctx, const struct tl_config *config,
                              const struct tli_keytab_machine *machine, const char *own,
                              struct tl_workstation **out_ws, struct tl_outcome *out)
{
    const char *realm = config->realm;
    const char *host = config->hostname, *bare;
    struct tl_workstation *ws;

    if (realm == NULL)
        realm = machine != NULL ? machine->realm : "";
    if (host == NULL)
        host = machine != NULL && machine->host != NULL ? machine->host : own;
    /* Without a key of the machine no ticket for it can be verified. */
    if (machine == NULL)
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
    ws->flat =
        machine->flat != NULL ? cased(ws, machine->flat, toupper) : tli_flat_of(ws, host);
    /* A bare name has one meaning, at a logon and to NSS. */
    bare = tl_bare_domain(config, ws->domain);
    ws->bare_names = bare != NULL;
    if (bare == NULL)
        bare = config->default_domain;
    if (bare != NULL)
        ws->default_domain = talloc_strdup(ws, bare);
    ws->realms = config->realms;
    if (ws->realm == NULL || ws->domain == NULL || ws->fqdn == NULL || ws->flat == NULL ||
        (bare != NULL && ws->default_domain == NULL)) {
        talloc_free(ws);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    }
    if (!tl_dns_valid(ws->realm) || !tl_dns_valid(ws->fqdn)) {
        talloc_free(ws);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NOT_JOINED,
                               "the realm or host name is not a DNS name");
    }
    *out_ws = ws;
    return TL_REASON_OK;
}

/* The likeliest machine of the keytab; *machine is NULL if it has no machine's keys. */
static enum tl_reason choose(TALLOC_CTX *ctx, const struct tl_config *config,
                             krb5_context k5, krb5_keytab keytab, const char *own,
                             const struct tli_keytab_machine **machine,
                             struct tl_outcome *out)
{
    struct tli_keytab_machine_hints hints = {
        .realm = config->realm,
        .hostname = config->hostname,
        .own = own,
        /* krb5_get_default_realm() would go on to ask DNS. */
        .default_realm = tli_k5_conf_default(ctx, k5, "default_realm"),
        .unknown = unknown,
        .arg = config};
    struct reader *r = read_keytab(ctx, k5, keytab);
    struct tli_keytab_machine *machines;
    size_t count;

    *machine = NULL;
    if (r == NULL || tli_keytab_machines_rank(ctx, r->entries, r->count, &hints,
                                              &machines, &count) != 0)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    if (count > 0)
        *machine = &machines[0];
    return TL_REASON_OK;
}

/* The keytab is opened without resolving names or asking a KDC: this runs at the start of
 * every conversation. */
enum tl_reason tli_workstation_detect(TALLOC_CTX *ctx, const struct tl_config *config,
                                      struct tl_workstation **ws, struct tl_outcome *out)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    const struct tli_keytab_machine *machine = NULL;
    char own[TL_DNS_MAX + 1] = "";
    krb5_context k5 = NULL;
    krb5_keytab keytab = NULL;
    enum tl_reason reason;

    *ws = NULL;
    if (mem == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    reason = tli_k5_open(config->allow_rc4, false, TL_STAGE_LOCAL, &k5, out);
    if (reason != TL_REASON_OK) {
        talloc_free(mem);
        return reason;
    }
    (void)gethostname(own, sizeof(own) - 1);
    reason = tli_keytab_open(k5, config, TL_STAGE_LOCAL, &keytab, out);
    if (reason == TL_REASON_OK) {
        reason = choose(mem, config, k5, keytab, own, &machine, out);
        krb5_kt_close(k5, keytab);
    }
    if (reason == TL_REASON_OK)
        reason = compose(ctx, config, machine, own, ws, out);
    krb5_free_context(k5);
    talloc_free(mem);
    return reason;
}
