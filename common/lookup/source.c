/* SPDX-License-Identifier: MIT
 *
 * source.c - the directories that a look-up reads, opened with the machine's tickets.
 */
#include <strings.h>
#include <trustlogon/tickets.h>
#include <trustlogon/machine.h>

#include "internal.h"

#include "machine/directory.h"

#define REFUSED_US 30000000
#define NAMES_S 30 /* a name that has been read is read again after that */
#define DCS_MAX 4  /* domain controllers that are tried */
/* A KDC or server that refuses saved tickets does so within this time. */
#define QUICK_US 1000000

static enum tl_reason no_memory(struct tl_outcome *out)
{
    return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

struct tl_lookup *tl_lookup_new(TALLOC_CTX *ctx, const struct tl_lookup_input *in)
{
    struct tl_lookup *lookup = talloc_zero(ctx, struct tl_lookup);

    if (lookup == NULL)
        return NULL;
    lookup->in = *in;
    lookup->tickets =
        talloc_asprintf(lookup, "%s/" TL_MACHINE_TICKETS, in->machine->config->run_dir);
    lookup->locator = tli_machine_locator(lookup, in->machine, in->trace);
    if (lookup->tickets == NULL || lookup->locator == NULL)
        TALLOC_FREE(lookup);
    return lookup;
}

/* A Kerberos context with a TGT in lookup->krb: the caller's, the one there is, or, the
 * first time and for `fresh_tgt`, a new one. Only `fresh_tgt` leaves the machine tickets
 * unread that the last run saved. Where tickets are borrowed there is no TGT. */
static enum tl_reason start(struct tl_lookup *lookup, bool fresh_tgt,
                            struct tl_outcome *out)
{
    enum tl_reason reason;

    if (lookup->in.krb != NULL) {
        lookup->krb = lookup->in.krb;
        tl_krb_set_deadline(lookup->krb, lookup->in.deadline);
        return TL_REASON_OK;
    }
    if (lookup->krb != NULL && !fresh_tgt)
        return TL_REASON_OK;
    TALLOC_FREE(lookup->krb);
    reason = tl_krb_new(lookup, lookup->in.machine->config, lookup->locator,
                        lookup->in.deadline, lookup->in.trace, &lookup->krb, out);
    if (reason != TL_REASON_OK)
        return reason;
    lookup->kept =
        !fresh_tgt && !lookup->in.borrow &&
        tl_krb_load_machine_tickets(lookup->krb, lookup->in.machine->workstation,
                                    lookup->tickets) == 0;
    lookup->fresh = !lookup->kept;
    if (!lookup->kept && !lookup->in.borrow)
        reason = tl_krb_as_machine(lookup->krb, lookup->in.machine->workstation, out);
    if (reason != TL_REASON_OK)
        TALLOC_FREE(lookup->krb);
    return reason;
}

/* A look-up that borrows reads one domain, and does not ask again for a while. */
static enum tl_reason refused(struct tl_lookup *lookup)
{
    lookup->refused_us = tl_now_us();
    return TL_REASON_TRUST_DIRECTION;
}

static enum tl_reason get_ticket(const struct tli_directory_opener *opener,
                                 const char *service, struct tl_outcome *out)
{
    struct tl_lookup *lookup = opener->arg;
    enum tl_reason reason;

    if (tl_krb_has_ticket(opener->krb, service, opener->realm))
        return TL_REASON_OK;
    if (lookup->in.borrow && lookup->refused_us != 0 &&
        tl_now_us() - lookup->refused_us < REFUSED_US)
        return tl_outcome_fail(out, TL_STAGE_WALK, TL_REASON_TRUST_DIRECTION,
                               "no ticket for %s a moment ago", service);
    if (lookup->in.borrow)
        reason =
            tl_krb_borrow_ticket(opener->krb, service, opener->realm, lookup->renew, out);
    else
        reason = tl_krb_ticket(opener->krb, service, opener->realm, out);
    lookup->fresh |= reason == TL_REASON_OK;
    /* A server that the KDC does not know is one that this machine may not ask: its
     * tickets do not cross a one-way trust. */
    lookup->refused_us = reason == TL_REASON_OK ? 0 : lookup->refused_us;
    if (reason != TL_REASON_OK && out->krb_error == TL_KRB_S_PRINCIPAL_UNKNOWN)
        return refused(lookup);
    /* Nor do they cross a trust without AES, with `allow_rc4 = no`. */
    if (reason != TL_REASON_OK && out->krb_error == TL_KRB_ETYPE_NOSUPP &&
        strcasecmp(opener->realm, lookup->in.machine->workstation->realm) != 0)
        return refused(lookup);
    return reason;
}

static enum tl_reason open_first(struct tl_lookup *lookup, const struct tl_dc_list *dcs,
                                 const char *realm, struct tl_directory **dir,
                                 struct tl_outcome *out)
{
    const struct tli_directory_opener opener = {.krb = lookup->krb,
                                                .realm = realm,
                                                .most = DCS_MAX,
                                                .deadline = lookup->in.deadline,
                                                .trace = lookup->in.trace,
                                                .get_ticket = get_ticket,
                                                .arg = lookup};
    const struct tl_dc *which;

    return tli_directory_open_first(lookup, &opener, dcs, dir, &which, out);
}

/* So that the next question about the domain finds its directory open. */
static int remember(struct tl_lookup *lookup, const char *domain,
                    struct tl_directory *dir)
{
    struct tli_open_directory *open = talloc_realloc(
        lookup, lookup->open, struct tli_open_directory, lookup->num_open + 1);
    char *name = open != NULL ? talloc_strdup(dir, domain) : NULL;

    if (open != NULL)
        lookup->open = open;
    if (name == NULL)
        return -1;
    tl_directory_keep_names(dir, NAMES_S);
    open[lookup->num_open++] = (struct tli_open_directory){.domain = name, .dir = dir};
    return 0;
}

static void forget(struct tl_lookup *lookup, size_t which)
{
    talloc_free(lookup->open[which].dir);
    lookup->open[which] = lookup->open[--lookup->num_open];
}

/* The one that is open. If its server is silent for half of the time that is left, the
 * other half is another one's. */
static struct tl_directory *find_open(struct tl_lookup *lookup, const char *domain)
{
    int left = tl_deadline_left_ms(lookup->in.deadline);

    for (size_t i = 0; i < lookup->num_open; i++) {
        struct tli_open_directory *open = &lookup->open[i];

        if (!tl_dns_equal(open->domain, domain))
            continue;
        if (!tl_directory_is_open(open->dir)) {
            forget(lookup, i);
            return NULL;
        }
        open->kept = true;
        tl_directory_set_deadline(open->dir, lookup->in.deadline, left / 2 + 1);
        return open->dir;
    }
    return NULL;
}

void tli_lookup_close(struct tl_lookup *lookup, const struct tl_directory *dir)
{
    for (size_t i = 0; i < lookup->num_open; i++)
        if (lookup->open[i].dir == dir) {
            forget(lookup, i);
            return;
        }
}

bool tli_lookup_lost(struct tl_lookup *lookup, struct tl_directory *dir)
{
    for (size_t i = 0; i < lookup->num_open; i++)
        if (lookup->open[i].dir == dir && !tl_directory_is_open(dir)) {
            bool kept = lookup->open[i].kept;

            if (tl_directory_was_silent(dir))
                tl_locate_failed(lookup->locator, tl_directory_dc(dir));
            forget(lookup, i);
            return kept;
        }
    return false;
}

void tli_lookup_set_deadline(struct tl_lookup *lookup, tl_deadline deadline)
{
    lookup->in.deadline = deadline;
    if (lookup->krb != NULL)
        tl_krb_set_deadline(lookup->krb, deadline);
}

/* Saved machine tickets first, and a fresh TGT if those are refused: the usual look-up
 * then needs no AS exchange. */
enum tl_reason tli_lookup_directory(struct tl_lookup *lookup, const char *domain,
                                    struct tl_directory **dir, struct tl_outcome *out)
{
    struct tl_dc_list *dcs = NULL;
    int64_t began = tl_now_us();
    enum tl_reason reason;
    char *realm;

    *dir = find_open(lookup, domain);
    if (*dir != NULL)
        return TL_REASON_OK;
    realm = tl_realm_of(lookup, domain);
    if (realm == NULL)
        return no_memory(out);
    reason =
        tl_locate(lookup, lookup->locator, domain, 0, lookup->in.deadline, &dcs, out);
    if (reason == TL_REASON_OK)
        reason = start(lookup, false, out);
    if (reason == TL_REASON_OK)
        reason = open_first(lookup, dcs, realm, dir, out);
    /* Saved tickets are for keys that may have changed since. A server that was silent
     * has not seen them. */
    if (reason != TL_REASON_OK && reason != TL_REASON_TRUST_DIRECTION &&
        lookup->krb != NULL && (lookup->kept || lookup->in.borrow) &&
        tl_now_us() - began < QUICK_US) {
        tl_outcome_reset(out);
        lookup->renew = true;
        reason = start(lookup, true, out);
        if (reason == TL_REASON_OK)
            reason = open_first(lookup, dcs, realm, dir, out);
        lookup->renew = false;
    }
    if (reason == TL_REASON_OK && lookup->fresh && lookup->in.krb == NULL &&
        !lookup->in.borrow) {
        if (tl_krb_save_machine_tickets(lookup->krb, lookup->tickets) != 0)
            tl_trace_note(lookup->in.trace, "the machine's tickets could not be saved");
        lookup->fresh = false;
    }
    if (reason == TL_REASON_OK && remember(lookup, domain, *dir) != 0)
        reason = no_memory(out);
    talloc_free(dcs);
    talloc_free(realm);
    return reason;
}
