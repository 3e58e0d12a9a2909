/* SPDX-License-Identifier: MIT
 *
 * rule_sources.c - names in access rules are looked up by processes that own nothing:
 * with the machine's tickets by those that serve look-ups, with the user's by a worker.
 */
#include "rule_sources.h"

#include "logon_worker.h"
#include "lookup_reader.h"
#include "reading_work.h"

struct sources {
    struct tl_rules_sources sources; /* first: what the rules have */
    struct tl_lookup_reader user;
    struct tla_conv *conv;
    struct tl_machine machine; /* with the newest trusts */
    const struct tl_tickets *tickets;
};

static enum tl_reason read_as_user(void *arg, TALLOC_CTX *ctx,
                                   const struct tl_lookup_domain *domain,
                                   const struct tli_reading_question *question,
                                   tl_deadline deadline, struct tli_reading **reading,
                                   struct tl_outcome *out)
{
    const struct sources *s = arg;

    return tla_reading_work(ctx, s->conv, &s->machine, s->tickets, domain, question,
                            deadline, reading, out);
}

static enum tl_reason refresh(void *arg, struct tl_machine *machine, tl_deadline deadline)
{
    struct sources *s = arg;
    struct tl_outcome *out = tl_outcome_new(s);
    enum tl_reason reason = out != NULL
                                ? tla_worker_read_trusts(s->conv, machine, deadline, out)
                                : TL_REASON_NO_MEMORY;

    if (reason == TL_REASON_OK)
        s->machine = *machine;
    talloc_free(out);
    return reason;
}

const struct tl_rules_sources *tla_rule_sources_new(TALLOC_CTX *ctx,
                                                    struct tla_conv *conv,
                                                    const struct tl_machine *machine,
                                                    const struct tl_tickets *tickets)
{
    struct sources *s = talloc_zero(ctx, struct sources);

    if (s == NULL)
        return NULL;
    s->conv = conv;
    s->machine = *machine;
    s->tickets = tickets;
    s->user = (struct tl_lookup_reader){.read = read_as_user, .arg = s};
    s->sources =
        (struct tl_rules_sources){.machine = tla_lookup_reader_new(s, conv, &s->machine),
                                  .user = tickets != NULL ? &s->user : NULL,
                                  .refresh = refresh,
                                  .arg = s};
    if (s->sources.machine == NULL)
        TALLOC_FREE(s);
    return s != NULL ? &s->sources : NULL;
}
