/* SPDX-License-Identifier: MIT
 *
 * checks.c - the checklist: one table, in an administrator's order, and the steps of
 * the logon itself.
 */
#include <errno.h>
#include <string.h>
#include <trustlogon/tickets.h>

#include "checks.h"

/* A configuration that is not valid ends every logon. */
static void check_config(struct run *run)
{
    const struct tl_config_error *error = run->config_error;
    struct tl_outcome *out = tl_outcome_new(run->diag);

    if (error == NULL) {
        tli_found_ok(run, "config", run->config->file, "%s",
                     run->config->file != NULL ? "read without error"
                                               : "no file: defaults");
        return;
    }
    tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_CONFIG_INVALID, "%s", error->text);
    tl_outcome_set_subject(out, error->where);
    tl_outcome_set_attribute(out, error->setting);
    tli_found_as(run, "config", error->where, out,
                 error->text + strlen(error->where) + strlen(": "));
}

/* The configuration, the keytab, and the name of this machine. */
static void check_machine(struct run *run)
{
    struct tl_outcome *out = tl_outcome_new(run->diag);
    char *error = NULL;

    if (tl_krb5_conf_check(run->diag, &error) == -EINVAL)
        tli_found(run, "krb5-conf", TL_KRB5_CONF, TL_FINDING_FAILED, TL_REASON_KRB5_CONF,
                  NULL, NULL, "%s", error);
    check_config(run);
    if (run->config_error != NULL) {
        run->diag->complete = false;
        return;
    }
    if (tl_machine_open(run->diag, run->config, &run->machine, out) != TL_REASON_OK) {
        run->diag->complete = false;
        if (out == NULL || out->reason != TL_REASON_KRB5_CONF) /* reported above */
            tli_found_outcome(run, "keytab", run->config->keytab, out);
        return;
    }
    run->words.workstation = run->machine->workstation->fqdn;
    run->words.workstation_domain = run->machine->workstation->domain;
    run->words.workstation_flat = run->machine->workstation->flat;
    tli_machine_facts_of_files(run->facts, run->config, run->machine->workstation);
    if (tl_keytab_judge(run->config, run->machine->workstation, out) != TL_REASON_OK)
        tli_found_outcome(run, "keytab", run->config->keytab, out);
    else
        tli_found_ok(run, "keytab", run->config->keytab, "has keys of host/%s@%s",
                     run->machine->workstation->fqdn, run->machine->workstation->realm);
}

/* Whether PAM would take a password: with smartcard = require it reads the PIN of a card
 * in its place. */
static bool takes_password(const struct run *run)
{
    return run->credential->card != NULL ||
           run->config->smartcard != TL_SMARTCARD_REQUIRE;
}

/*
 * The logon goes first. It must find this machine as the next logon through PAM does: the
 * saved snapshot of the trusts, the remembered domain controllers, the ticket for armor.
 * The checks after it read and renew all of these. Its findings come in their own row.
 */
static void try_logon(struct run *run)
{
    if (run->credential == NULL || !takes_password(run))
        return;
    tli_progress(run, "the logon of", run->logon->name->whole);
    run->logon->explain_ms = run->explain_ms;
    run->diag->logon = run->logon;
    tl_logon_run(run->logon, run->credential);
    run->armor_told = tli_armor_told(run);
}

/* Which foreign domain the name leads to, if the route can tell. */
static void note_domain(struct run *run, const struct tl_route *route)
{
    const char *domain = route->user_domain != NULL ? route->user_domain : route->domain;

    if (domain != NULL)
        run->user_domain =
            tl_dns_equal(domain, run->machine->workstation->domain) ? NULL : domain;
}

/* Whether the name is valid; run->logon stays NULL if it is not. */
static void check_name(struct run *run)
{
    struct tl_logon *logon = tl_logon_new(run->diag, run->machine, &run->trace);
    enum tl_reason reason;

    if (logon == NULL) {
        run->diag->complete = false;
        return;
    }
    reason = tl_logon_prepare(logon, run->name);
    if (logon->name == NULL) {
        tli_found_outcome(run, "name", run->name, logon->outcome);
        return;
    }
    run->logon = logon;
    if (reason != TL_REASON_OK) /* check_directory() tells why */
        return;
    note_domain(run, logon->route);
    run->user_domain = talloc_strdup(run, run->user_domain);
    try_logon(run);
}

static void check_own_network(struct run *run)
{
    tli_check_network(run, run->machine->workstation->domain);
}

/* The TDO that named the user's domain may have it wrong. */
static void note_tdo(struct run *run)
{
    const struct tl_tdo *tdo =
        run->user_domain != NULL
            ? tl_topology_trust(run->machine->topology, run->machine->workstation->domain,
                                run->user_domain)
            : NULL;

    if (tdo != NULL)
        tl_facts_of_tdo(run->facts, tdo);
}

/* A shell makes CONTOSOalice of an unquoted CONTOSO\\alice: a bare name, so one of the
 * machine's own domain. Checking it says nothing about the user who was meant. */
static void check_spelling(struct run *run, const struct tl_name *name)
{
    const char *meant = tl_name_meant(run->diag, name, run->machine->topology);

    if (meant == NULL)
        return;
    run->diag->complete = false;
    tli_found(run, "name", name->whole, TL_FINDING_WARNING, TL_REASON_OK, NULL, NULL,
              "it does not name a domain. If you mean '%s', quote it: the shell removes "
              "the backslash",
              meant);
}

/* pam_trustlogon.so leaves such a name to the other modules. */
static void check_local_account(struct run *run)
{
    if (tli_is_in_passwd(run->name) != 1)
        return;
    run->diag->complete = false;
    tli_found(run, "name", run->name, TL_FINDING_WARNING, TL_REASON_OK, NULL, NULL,
              "/etc/passwd has an account with this name: a logon uses that account, and "
              "no domain is contacted");
}

/*
 * The machine's account; then the route by the topology it read, since the snapshot may
 * be old, or missing. Where that route leads to no domain, the one that the logon went by
 * is looked at.
 */
static void check_directory(struct run *run)
{
    struct tl_logon *now;

    tli_check_machine_account(run);
    now = tl_logon_new(run->diag, run->machine, &run->trace);
    if (now == NULL) {
        run->diag->complete = false;
        run->logon = NULL;
        return;
    }
    if (tl_logon_prepare(now, run->name) != TL_REASON_OK) {
        tli_found_outcome(run, "name", run->name, now->outcome);
        run->logon = NULL;
        return;
    }
    run->route = now->route;
    check_spelling(run, now->name);
    check_local_account(run);
    note_domain(run, run->route);
    note_tdo(run);
    run->words.implicit_upn = run->route->implicit_upn;
    run->words.user_domain =
        run->user_domain != NULL ? run->user_domain : run->machine->workstation->domain;
}

/* Whether there is a domain of the user's besides the machine's own to look at. */
static bool has_user_domain(struct run *run)
{
    const struct tl_route *route = run->route;

    if (run->user_domain != NULL)
        return true;
    if (route->verdict != TL_REASON_OK)
        tli_left_out(run, TL_AREA_NOT_LOOKED, "the name does not lead to a domain");
    else if (route->user_domain != NULL)
        tli_left_out(run, TL_AREA_NEEDLESS, "the user is of this machine's domain");
    else
        tli_left_out(run, TL_AREA_NOT_LOOKED, "the name does not say which domain");
    return false;
}

static void check_user_network(struct run *run)
{
    if (has_user_domain(run))
        tli_check_network(run, run->user_domain);
}

static void check_trusts(struct run *run)
{
    tli_check_own_side(run, run->logon->name);
}

static void check_armor(struct run *run)
{
    tli_check_armor(run, run->route->realm);
}

/* Without a usable card a logon with smartcard = require ends here. */
static void check_card(struct run *run)
{
    struct tl_logon *logon = run->logon;
    struct tl_card *card = NULL;

    if (tl_card_find(run->diag, run->config, run->route->realm, &card, logon->outcome) ==
        TL_REASON_OK) {
        tli_left_out(run, TL_AREA_NOT_LOOKED,
                     "smartcard = require: PAM reads the PIN of the card, so test with "
                     "--smartcard");
        return;
    }
    run->diag->logon = logon;
    tl_outcome_set_subject(logon->outcome, tli_config_file(run));
    tl_outcome_set_attribute(logon->outcome, "smartcard = require");
    logon->words = tl_outcome_words(logon, logon->outcome, &run->words);
    tli_found_outcome(run, "as", logon->outcome->subject, logon->outcome);
}

/* What try_logon() came to, as findings of its steps. */
static void check_logon(struct run *run)
{
    struct tl_logon *logon = run->diag->logon;
    const struct tl_outcome *out = logon != NULL ? logon->outcome : NULL;
    char sid[TL_SID_STRING_MAX];

    if (run->credential == NULL) {
        tli_left_out(run, TL_AREA_NOT_LOOKED, "without a password");
        return;
    }
    if (out == NULL) {
        check_card(run);
        return;
    }
    if (logon->client != NULL)
        tli_found_ok(run, "as", logon->client, "the %s right%s",
                     run->credential->card != NULL ? "PIN and the certificate are"
                                                   : "password is",
                     run->armor_told);
    if (out->reason != TL_REASON_OK) {
        tli_found_outcome(run, tl_stage_name(out->stage), out->subject, out);
        return;
    }
    tli_found_ok(run, "walk", run->machine->workstation->fqdn,
                 "the KDCs granted the ticket for this machine");
    tli_found_ok(run, "proof", run->machine->workstation->fqdn,
                 "the ticket and its PAC are genuine");
    tli_found_ok(run, "identity", logon->client, "%s, %zu groups",
                 tl_sid_format(&logon->pac->user_sid, sid),
                 logon->pac->num_groups + logon->pac->num_extra +
                     logon->pac->num_resource);
}

/* With the user's own ticket, where there is one. */
static void check_user_side(struct run *run)
{
    struct tl_logon *logon = run->logon;

    if (!has_user_domain(run))
        return;
    if (run->machine->topology == NULL || (logon->client == NULL && run->own == NULL)) {
        tli_left_out(run, TL_AREA_NOT_LOOKED, "no ticket to read them");
        return;
    }
    if (logon->client != NULL)
        tli_check_user_side(run, logon->krb, logon->locator, logon->outcome);
    else
        tli_check_user_side(run, run->own->krb, run->own->locator, NULL);
    tli_check_rc4(run);
}

const struct check tli_checks[] = {
    {"machine", "configuration and keytab", NEEDS_NOTHING, false, check_machine},
    {"name", "the name", NEEDS_MACHINE, false, check_name},
    {"own-network", "this machine's domain controllers", NEEDS_ROUTE, false,
     check_own_network},
    {"directory", "the machine's account", NEEDS_ROUTE, false, check_directory},
    {"name-servers", "name servers", NEEDS_ROUTE, false, tli_check_name_servers},
    {"user-network", "the user's domain controllers", NEEDS_ROUTE, false,
     check_user_network},
    {"clocks", "the clocks", NEEDS_ROUTE, false, tli_check_clocks},
    {"trusts", "trusts and routes", NEEDS_ROUTE, false, check_trusts},
    {"ids", "ids of the domains", NEEDS_MACHINE, false, tli_check_ids},
    {"armor", "armor", NEEDS_ROUTE, false, check_armor},
    {"logon", "the logon", NEEDS_ROUTE, false, check_logon},
    {"user-account", "the user's account", NEEDS_ROUTE, false, tli_check_user_account},
    {"access", "the access rules", NEEDS_CONFIG, true, tli_check_access},
    {"user-side", "the trusts of the user's side", NEEDS_ROUTE, false, check_user_side},
    {"replication", "the other domain controllers", NEEDS_ROUTE, false,
     tli_check_replication},
    {"store", "the identity store", NEEDS_NOTHING, true, tli_check_store},
    {"ccache", "the credentials cache", NEEDS_MACHINE, true, tli_check_ccache},
    {"nss", "the name service", NEEDS_NOTHING, true, tli_check_nss},
    {"agent", "the agent", NEEDS_NOTHING, true, tli_check_agent},
    {"pam", "PAM's files", NEEDS_NOTHING, true, tli_check_pam},
    {"sshd", "sshd's settings", NEEDS_NOTHING, true, tli_check_sshd},
};
const size_t tli_num_checks = sizeof(tli_checks) / sizeof(tli_checks[0]);
