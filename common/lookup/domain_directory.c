/* SPDX-License-Identifier: MIT
 *
 * domain_directory.c - a question to the directory of the domain that is asked, which is
 * held to its SID: by this process, or by another one.
 */
#include "query.h"

/* DIRECTORY_UNREADABLE, with the reason and the words that there were. */
static enum tl_reason unreadable(const struct tl_lookup_domain *domain,
                                 enum tl_reason reason, struct tl_outcome *out)
{
    char *why =
        out != NULL && out->detail != NULL ? talloc_strdup(NULL, out->detail) : NULL;

    tl_outcome_reset(out);
    tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                    "the directory of %s could not be queried: %s%s%s", domain->dns,
                    tl_reason_info(reason)->slug, why != NULL ? ": " : "",
                    why != NULL ? why : "");
    talloc_free(why);
    return TL_REASON_DIRECTORY_UNREADABLE;
}

/* A reason that would say something about the account becomes DIRECTORY_UNREADABLE: the
 * code with which a KDC refused this machine says nothing about the account, so a forged
 * one must not make an account unknown. */
static enum tl_reason not_asked(const struct tl_lookup_domain *domain,
                                enum tl_reason reason, struct tl_outcome *out)
{
    return reason == TL_REASON_USER_UNKNOWN || tli_lookup_is_unusable(reason)
               ? unreadable(domain, reason, out)
               : reason;
}

/* The directory of the domain, once it has shown that domain's SID: a server that calls
 * itself its directory and has the SID of another would give its users the ids of that
 * domain's. */
static enum tl_reason open_directory(struct tl_lookup *lookup,
                                     const struct tl_lookup_domain *domain,
                                     struct tl_directory **dir, struct tl_outcome *out)
{
    struct tl_sid sid;
    enum tl_reason reason = tli_lookup_directory(lookup, domain->dns, dir, out);

    if (reason == TL_REASON_OK)
        reason = tl_directory_domain_sid(*dir, &sid, out);
    if (reason != TL_REASON_OK)
        return not_asked(domain, reason, out);
    if (domain->has_sid && tl_sid_equal(&sid, &domain->sid))
        return TL_REASON_OK;
    tli_lookup_close(lookup, *dir); /* the next question may find another server */
    *dir = NULL;
    return tl_outcome_fail(
        out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
        "the directory of %s does not have the SID that the trust names", domain->dns);
}

/* Another process has the outcome alone: it says what is returned, and not the KDC's
 * error that is taken for TRUST_DIRECTION, or a twin that a search was meant to find. */
static void say_what_is_returned(enum tl_reason reason, struct tl_outcome *out)
{
    if (reason == TL_REASON_OK)
        tl_outcome_reset(out);
    else if (out != NULL)
        out->reason = reason;
}

/* A connection that was kept from an earlier question may have ended since, or its server
 * be gone: then the question is asked once more, over a new one. */
enum tl_reason tli_lookup_read(TALLOC_CTX *ctx, struct tl_lookup *lookup,
                               const struct tl_lookup_domain *domain,
                               const struct tli_reading_question *question,
                               struct tli_reading **reading, struct tl_outcome *out)
{
    struct tl_directory *dir = NULL;
    enum tl_reason reason;
    bool again;

    *reading = NULL;
    do {
        tl_outcome_reset(out);
        reason = open_directory(lookup, domain, &dir, out);
        if (reason == TL_REASON_OK)
            reason = tli_reading_ask(ctx, dir, question, reading, out);
        again = reason == TL_REASON_DIRECTORY_UNREADABLE && dir != NULL &&
                tli_lookup_lost(lookup, dir);
    } while (again && tl_deadline_left_ms(lookup->in.deadline) > 0);
    say_what_is_returned(reason, out);
    return reason;
}

/* What another process may say: of an account that it is unknown or not the only one, and
 * why its domain could not be asked. What concerns this process, or whether an account
 * can be used here, is not known there. */
static bool may_be_said(enum tl_reason reason)
{
    return reason == TL_REASON_ID_COLLISION ||
           (reason != TL_REASON_NO_MEMORY && reason != TL_REASON_CONFIG_INVALID &&
            reason != TL_REASON_INTERNAL && !tli_lookup_is_unusable(reason));
}

enum tl_reason tli_lookup_ask(TALLOC_CTX *ctx, struct tl_lookup *lookup,
                              const struct tl_lookup_domain *domain,
                              const struct tli_reading_question *question,
                              struct tli_reading **reading, struct tl_outcome *out)
{
    const struct tl_lookup_reader *reader = lookup->in.reader;
    const char *why = NULL;
    enum tl_reason reason;

    if (reader == NULL)
        return tli_lookup_read(ctx, lookup, domain, question, reading, out);
    *reading = NULL;
    reason = reader->read(reader->arg, ctx, domain, question, lookup->in.deadline,
                          reading, out);
    if (reason == TL_REASON_OK)
        why = tli_reading_refuse(domain, question, *reading);
    if (why == NULL)
        return may_be_said(reason) ? reason : unreadable(domain, reason, out);
    TALLOC_FREE(*reading);
    return tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                           "what was read of %s is refused: %s", domain->dns, why);
}

enum tl_reason tli_query_read(const struct tli_lookup_query *query,
                              const struct tli_reading_question *question,
                              struct tli_reading **reading)
{
    return tli_lookup_ask(query->answer, query->lookup, query->domain, question, reading,
                          query->out);
}
