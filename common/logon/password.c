/* SPDX-License-Identifier: MIT
 *
 * password.c - change a user's password: name, route, DC, ticket, change.
 */
#include <string.h>
#include <time.h>
#include <trustlogon/logon.h>

#include "steps.h"

#define FILETIME_UNIX_EPOCH 116444736000000000LL /* 1970 in 100 ns since 1601 */
#define FILETIME_SECOND 10000000LL

/* Prove the old password to the user's DC, by a ticket for kadmin/changepw. */
static enum tl_reason prove(struct tl_logon *logon, const char *old, tl_deadline deadline)
{
    enum tl_reason reason;

    tl_outcome_reset(logon->outcome);
    reason = tli_logon_check_text(logon, old);
    if (reason == TL_REASON_OK)
        reason = tli_logon_find_route(logon, deadline);
    if (reason == TL_REASON_OK)
        reason = tli_logon_new_locator(logon);
    if (reason == TL_REASON_OK)
        reason = tli_logon_new_krb(logon, false, deadline);
    if (reason == TL_REASON_OK)
        reason = tli_logon_find_dc(logon, deadline);
    if (reason == TL_REASON_OK)
        reason = tl_krb_as_changepw(logon->krb, logon->route, old, &logon->client,
                                    logon->outcome);
    return reason;
}

enum tl_reason tl_password_prove(struct tl_logon *logon, const char *old)
{
    tl_deadline deadline = tl_deadline_in_ms(logon->machine->config->logon_timeout);
    enum tl_reason reason = prove(logon, old, deadline);

    if (reason == TL_REASON_OK)
        reason = tl_krb_changepw_reach(logon->krb, logon->outcome);
    tli_logon_set_words(logon);
    return reason;
}

bool tl_password_is_over(struct tl_logon *logon, const char *old)
{
    struct tl_outcome *out = tl_outcome_new(logon);
    const char *client;
    enum tl_reason reason;

    tl_krb_set_deadline(logon->krb,
                        tl_deadline_in_ms(logon->machine->config->logon_timeout));
    reason = tl_krb_as(logon->krb, logon->route, &(struct tl_credential){.password = old},
                       &client, out);
    talloc_free(out);
    logon->client = client != NULL ? client : logon->client;
    return reason == TL_REASON_PASSWORD_EXPIRED ||
           reason == TL_REASON_PASSWORD_MUST_CHANGE;
}

/*
 * A DC that refuses because of the password's age names no date. The PAC of a logon does,
 * so one is made with the old password, where that is still possible.
 */
void tl_password_explain_age(struct tl_logon *logon, const char *old)
{
    struct tl_logon *probe = tl_logon_new(logon, logon->machine, logon->trace);
    int64_t at = 0;
    time_t when;
    struct tm local;
    char text[64];

    if (probe != NULL)
        probe->worker = logon->worker;
    if (probe != NULL && tl_logon_prepare(probe, logon->name->whole) == TL_REASON_OK &&
        tl_logon_run(probe, &(struct tl_credential){.password = old}) == TL_REASON_OK &&
        probe->pac->pw_can_change > FILETIME_UNIX_EPOCH &&
        probe->pac->pw_can_change != INT64_MAX)
        at = (probe->pac->pw_can_change - FILETIME_UNIX_EPOCH) / FILETIME_SECOND;
    talloc_free(probe);
    when = (time_t)at;
    if (at <= (int64_t)time(NULL) || localtime_r(&when, &local) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M %Z", &local) == 0)
        return;
    tl_outcome_fail(logon->outcome, TL_STAGE_PASSWORD, TL_REASON_PASSWORD_TOO_YOUNG,
                    "The password cannot be changed before %s.", text);
    tli_logon_set_words(logon);
}

enum tl_reason tl_password_change(struct tl_logon *logon, const char *old,
                                  const char *new_password)
{
    tl_deadline deadline = tl_deadline_in_ms(logon->machine->config->logon_timeout);
    enum tl_reason reason;

    tl_outcome_reset(logon->outcome);
    reason = tl_password_is_text(new_password)
                 ? prove(logon, old, deadline)
                 : tl_outcome_fail(logon->outcome, TL_STAGE_PASSWORD,
                                   TL_REASON_PASSWORD_NOT_GIVEN,
                                   "The new password is not UTF-8.");
    if (reason == TL_REASON_OK)
        reason = tl_krb_change_password(logon->krb, new_password, logon->outcome);
    if ((reason == TL_REASON_OK) != (logon->outcome->reason == TL_REASON_OK))
        tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                        "a step and its outcome disagree");
    tli_logon_set_words(logon);
    if (logon->worker == NULL && reason == TL_REASON_PASSWORD_RULES)
        tl_password_explain_age(logon, old);
    return logon->outcome->reason;
}
