/* SPDX-License-Identifier: MIT
 *
 * replication.c - where something was refused, the objects that decided as each domain
 * controller of that domain holds them: a change that has not reached the one that
 * answered is why it refuses, and the others show the right value.
 *
 * Nothing is read where nothing was refused.
 */
#include <string.h>

#include "internal.h"

#define DIFFERENCES_MAX 4 /* of two domain controllers, about one object */
#define KINDS (TL_REPLICATED_TRUST + 1)

/* What one domain controller holds. */
struct copy {
    struct tl_replica objects[KINDS];
    struct tl_topology *trusts;
};
/* One domain, and what of it is compared. */
struct look {
    struct run *run;
    const char *domain;
    const struct tli_known_dcs *dcs;
    bool wants[KINDS];
    const char *answered; /* the host that decided, or NULL */
    struct tl_krb *krb;
    tl_deadline deadline;
    size_t count;
    struct copy copies[DCS_PER_DOMAIN];
};

static const enum tl_fact_kind fact_kinds[KINDS] = {
    [TL_REPLICATED_USER] = TL_FACT_USER_REPLICATED,
    [TL_REPLICATED_MACHINE] = TL_FACT_MACHINE_REPLICATED,
    [TL_REPLICATED_TRUST] = TL_FACT_TRUST_REPLICATED};

static const char *own_domain(const struct run *run)
{
    return run->machine->workstation->domain;
}

/* The domain at the other end of the trust that this domain has with the path. */
static const char *partner_of(const struct look *look)
{
    return tl_dns_equal(look->domain, own_domain(look->run)) ? look->run->user_domain
                                                             : own_domain(look->run);
}

/* --- reading --- */

static char *escaped(TALLOC_CTX *ctx, const char *text)
{
    return tl_ldap_escape(ctx, (const uint8_t *)text, strlen(text));
}

/* The filters by which the object may be found, the first that finds one. */
static void filters_of(const struct look *look, TALLOC_CTX *ctx, enum tl_replicated what,
                       const char *filters[2])
{
    const struct tl_logon *logon = look->run->logon;
    const char *partner;

    filters[0] = filters[1] = NULL;
    switch (what) {
    case TL_REPLICATED_USER:
        filters[1] = talloc_asprintf(ctx, "(&(objectCategory=person)(sAMAccountName=%s))",
                                     escaped(ctx, logon->name->user));
        if (logon->route->type == TL_ENTERPRISE)
            filters[0] =
                talloc_asprintf(ctx, "(&(objectCategory=person)(userPrincipalName=%s))",
                                escaped(ctx, logon->name->whole));
        break;
    case TL_REPLICATED_MACHINE:
        filters[1] = talloc_asprintf(ctx, "(sAMAccountName=%s$)",
                                     escaped(ctx, look->run->machine->workstation->flat));
        break;
    case TL_REPLICATED_TRUST:
        partner = escaped(ctx, partner_of(look));
        filters[1] = talloc_asprintf(
            ctx, "(&(objectClass=trustedDomain)(|(trustPartner=%s)(cn=%s)))", partner,
            partner);
        break;
    }
}

static bool read_object(const struct look *look, struct tl_directory *dir,
                        enum tl_replicated what, struct tl_replica *replica)
{
    const char *container = what == TL_REPLICATED_TRUST ? "CN=System" : NULL;
    struct tl_object object = {0};
    const char *filters[2];

    filters_of(look, look->run->diag, what, filters);
    for (size_t i = 0; i < 2 && object.dn == NULL; i++)
        if (filters[i] != NULL &&
            tl_directory_object(look->run->diag, dir, container, filters[i],
                                tl_replica_attributes(what), &object,
                                NULL) != TL_REASON_OK)
            return false;
    replica->dn = object.dn;
    replica->values = object.values;
    return true;
}

/* True if all that is wanted was read of this one. */
static bool read_copy(const struct look *look, const struct tl_dc *dc, struct copy *copy)
{
    struct run *run = look->run;
    struct tl_directory *dir = NULL;
    bool whole;

    *copy = (struct copy){0};
    whole = tli_directory_open_at(run, look->krb, dc, &run->trace, look->deadline, &dir,
                                  NULL) == TL_REASON_OK;
    for (size_t what = 0; what < KINDS; what++) {
        copy->objects[what].host = dc->host;
        if (whole && look->wants[what])
            whole =
                read_object(look, dir, (enum tl_replicated)what, &copy->objects[what]);
    }
    if (whole && look->wants[TL_REPLICATED_TRUST]) {
        copy->trusts = tl_topology_new(run->diag);
        whole = copy->trusts != NULL &&
                tl_directory_trusts(dir, copy->trusts, NULL) == TL_REASON_OK;
    }
    talloc_free(dir);
    return whole;
}

/* --- comparing --- */

/* Whether the path works with the trusts as this one holds them. */
static bool trusts_work(const struct look *look, const struct copy *copy)
{
    struct run *run = look->run;
    const struct tl_workstation *ws = run->machine->workstation;
    const char *subject, *attribute;
    struct tl_rc4_hop *list;
    size_t count = 0;
    struct tl_topology *topo =
        tl_topology_with(run->diag, run->machine->topology, look->domain, copy->trusts);

    return topo != NULL &&
           tl_route_judge(run->diag, topo, run->user_domain, ws, &subject, &attribute) ==
               TL_REASON_OK &&
           tl_route_rc4(run->diag, topo, run->user_domain, ws, &list, &count) == 0 &&
           count == 0;
}

static void add_fact(const struct look *look, enum tl_replicated what, bool holds,
                     const char *object, const char *attribute)
{
    bool own = what == TL_REPLICATED_MACHINE ||
               (what == TL_REPLICATED_TRUST &&
                tl_dns_equal(look->domain, own_domain(look->run)));
    const struct tl_fact fact = {.kind = fact_kinds[what],
                                 .place = own ? TL_PLACE_OWN : TL_PLACE_USER,
                                 .source = TL_SOURCE_DIRECTORY,
                                 .holds = holds,
                                 .object = object,
                                 .attribute = attribute};

    tl_facts_add(look->run->facts, &fact);
}

/* What these two hold differently. How many differences were found. */
static size_t compare(const struct look *look, enum tl_replicated what,
                      const struct copy *answered, const struct copy *other)
{
    const struct tl_replica *mine = &answered->objects[what];
    const struct tl_replica *theirs = &other->objects[what];
    const char *dn = mine->dn != NULL ? mine->dn : theirs->dn;
    struct run *run = look->run;
    char *spn = talloc_asprintf(run->diag, "host/%s", run->machine->workstation->fqdn),
         *words;
    size_t i;
    bool behind;

    for (i = 0; i < DIFFERENCES_MAX; i++) {
        words = tl_replica_difference(run->diag, what, mine, theirs, spn, i, &behind);
        if (words == NULL)
            break;
        tli_found(run, "dc-differs", look->domain, TL_FINDING_WARNING,
                  TL_REASON_REPLICATION, dn, words, "%s: %s", dn, words);
        if (what == TL_REPLICATED_TRUST)
            behind = !trusts_work(look, answered) && trusts_work(look, other);
        if (behind)
            add_fact(look, what, false, dn, words);
    }
    return i;
}

static void compare_all(const struct look *look, size_t answered)
{
    const struct copy *mine = &look->copies[answered];
    size_t different = 0;

    for (size_t what = 0; what < KINDS; what++) {
        size_t here = 0;

        for (size_t i = 0; look->wants[what] && i < look->count; i++)
            if (i != answered)
                here += compare(look, (enum tl_replicated)what, mine, &look->copies[i]);
        if (look->wants[what] && here == 0)
            add_fact(look, (enum tl_replicated)what, true, NULL, NULL);
        different += here;
    }
    if (different == 0)
        tli_found_ok(look->run, "dc-differs", look->domain,
                     "%zu domain controllers hold the same of what decided", look->count);
}

/* --- what is looked at --- */

/* The host that `kdc` begins with: "dc1.contoso.test (10.99.0.11) 88/tcp". */
static bool is_host(const char *kdc, const char *host)
{
    size_t len = strlen(host);

    return kdc != NULL && strncmp(kdc, host, len) == 0 &&
           (kdc[len] == '\0' || kdc[len] == ' ');
}

static void look_at(struct look *look)
{
    const struct tli_known_dcs *dcs = look->dcs;
    size_t answered = SIZE_MAX;

    tl_krb_set_deadline(look->krb, look->deadline);
    tli_progress(look->run, "the other domain controllers of", look->domain);
    for (size_t i = 0; i < dcs->count; i++) {
        if (!read_copy(look, dcs->dcs[i], &look->copies[look->count]))
            continue;
        if (is_host(look->answered, dcs->dcs[i]->host))
            answered = look->count;
        look->count++;
    }
    if (look->count < 2)
        tli_left_out(look->run, TL_AREA_PARTLY, "%zu of those of %s can be read",
                     look->count, look->domain);
    else if (answered == SIZE_MAX)
        tli_left_out(look->run, TL_AREA_PARTLY,
                     "the one of %s that answered cannot be read", look->domain);
    else
        compare_all(look, answered);
}

static bool is_abnormal(const struct tl_facts *facts)
{
    static const enum tl_fact_kind kinds[] = {TL_FACT_MACHINE_EXISTS,
                                              TL_FACT_MACHINE_ENABLED,
                                              TL_FACT_MACHINE_FLAGS, TL_FACT_SPN_EXISTS};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (tl_facts_hold(facts, kinds[i], TL_PLACE_OWN) == 0)
            return true;
    return false;
}

/* What of `domain` may have decided; false: nothing of it. */
static bool wants(const struct run *run, struct look *look)
{
    const struct tl_outcome *out =
        run->diag->logon != NULL ? run->diag->logon->outcome : NULL;
    bool own = tl_dns_equal(look->domain, own_domain(run));
    bool refused = out != NULL && out->reason != TL_REASON_OK;
    bool here = refused && tl_dns_equal(out->realm, look->domain);
    bool foreign = run->user_domain != NULL && run->machine->topology != NULL;

    look->wants[TL_REPLICATED_USER] = here && out->stage == TL_STAGE_AS &&
                                      out->reason != TL_REASON_MACHINE_ACCOUNT &&
                                      tl_dns_equal(look->domain, run->words.user_domain);
    look->wants[TL_REPLICATED_TRUST] = here && out->stage == TL_STAGE_WALK && foreign;
    look->wants[TL_REPLICATED_MACHINE] =
        own && (is_abnormal(run->facts) || (here && out->stage == TL_STAGE_WALK) ||
                (refused && out->stage == TL_STAGE_PROOF));
    if (here || (own && refused && out->stage == TL_STAGE_PROOF))
        look->answered = out->kdc;
    else if (own && run->own != NULL)
        look->answered = run->own->dc->host;
    return look->wants[TL_REPLICATED_USER] || look->wants[TL_REPLICATED_TRUST] ||
           look->wants[TL_REPLICATED_MACHINE];
}

/* Whose tickets can read there: the user's own, else the machine's. */
static struct tl_krb *reader(const struct run *run)
{
    const struct tl_logon *logon = run->diag->logon;

    if (logon != NULL && logon->client != NULL)
        return logon->krb;
    return run->own != NULL ? run->own->krb : NULL;
}

static void look_if_wanted(struct run *run, const char *domain,
                           const struct tli_known_dcs *dcs)
{
    struct look look = {.run = run,
                        .domain = domain,
                        .dcs = dcs,
                        .krb = reader(run),
                        .deadline = tl_deadline_in_ms(run->explain_ms)};

    if (domain == NULL || !wants(run, &look))
        return;
    if (dcs->known < 2)
        tli_left_out(run, TL_AREA_NEEDLESS, "%s has one that is known", domain);
    else if (look.krb == NULL)
        tli_left_out(run, TL_AREA_NOT_LOOKED, "no ticket to read them");
    else {
        run->area->state = TL_AREA_LOOKED;
        run->area->why = NULL;
        look_at(&look);
    }
}

void tli_check_replication(struct run *run)
{
    if (run->diag->logon == NULL)
        tli_left_out(run, TL_AREA_NOT_LOOKED, "no logon was tried");
    else
        tli_left_out(run, TL_AREA_NEEDLESS, "nothing was refused");
    look_if_wanted(run, own_domain(run), &run->own_dcs);
    look_if_wanted(run, run->user_domain, &run->user_dcs);
}
