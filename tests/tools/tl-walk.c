/* SPDX-License-Identifier: MIT
 *
 * tl-walk - for developers: the exchange and its proof alone, with everything
 * that a route would decide given by hand.
 *
 *   tl-walk [-e] [-k] [-n] [-s SERVICE] [-o OPTION=VALUE]... REALM PRINCIPAL
 *
 * The password is read from standard input, one line. -e: an enterprise name.
 * -k: ask for krbtgt/<workstation realm> first. -n: the user named the domain.
 * -s: one more ticket afterwards. -o: an option of trustlogon.conf. -S FILE:
 * store the tickets in a pending file. Prints the trace and the outcome.
 */
#include <trustlogon/kerberos.h>
#include <trustlogon/proof.h>
#include <trustlogon/tickets.h>
#include <trustlogon/machine.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <trustlogon/name.h>

static void print_event(void *arg, const struct tl_event *e)
{
    static const char *const kinds[] = {"dns",   "ping", "connect", "request",
                                        "reply", "ldap", "sid",     "note"};

    (void)arg;
    printf("%8" PRId64 " us %-8s", e->at_us, kinds[e->kind]);
    if (e->message != NULL)
        printf(" %s", e->message);
    if (e->subject != NULL)
        printf(" %s", e->subject);
    if (e->realm != NULL)
        printf(" @%s", e->realm);
    if (e->server != NULL)
        printf(" <%s>", e->server);
    if (e->krb_error != TL_KRB_NONE)
        printf(" error %d", (int)e->krb_error);
    if (e->edata_ntstatus != 0)
        printf(" 0x%08X", e->edata_ntstatus);
    if (e->took_us != 0)
        printf(" (%" PRId64 " us)", e->took_us);
    printf("%s%s\n", e->text != NULL ? " " : "", e->text != NULL ? e->text : "");
}

static const char *or_dash(const char *text)
{
    return text != NULL ? text : "-";
}

static int finish(const struct tl_outcome *out, const char *client)
{
    printf("reason=%s stage=%s ntstatus=0x%08X krb=%d hop=%d edata=0x%08X\n",
           tl_reason_info(out->reason)->slug, tl_stage_name(out->stage), out->ntstatus,
           (int)out->krb_error, out->hop, out->edata_ntstatus);
    printf("realm=%s kdc=%s\nsubject=%s attribute=%s\ndetail=%s\nclient=%s\n",
           or_dash(out->realm), or_dash(out->kdc), or_dash(out->subject),
           or_dash(out->attribute), or_dash(out->detail), or_dash(client));
    return out->reason == TL_REASON_OK ? 0 : 1;
}

static void print_pac(const struct tl_pac *pac)
{
    char sid[TL_SID_STRING_MAX];

    printf("pac: account=%s domain=%s sid=%s groups=%zu extra=%zu upn=%s\n",
           or_dash(pac->account), or_dash(pac->domain_flat),
           tl_sid_format(&pac->user_sid, sid), pac->num_groups, pac->num_extra,
           or_dash(pac->upn));
}

struct options {
    struct tl_route route;
    const char *service, *pending;
    bool machine;
};

static enum tl_reason go(TALLOC_CTX *mem, struct tl_config *config,
                         const struct options *opt, const char *password,
                         const struct tl_trace *trace, const char **client,
                         struct tl_outcome *out)
{
    struct tl_machine *machine = NULL;
    const struct tl_workstation *ws;
    struct tl_krb *krb = NULL;
    struct tl_proven *proven = NULL;
    enum tl_reason reason = tl_machine_open(mem, config, &machine, out);

    if (reason != TL_REASON_OK)
        return reason;
    ws = machine->workstation;
    printf("workstation: %s %s %s\n", ws->flat, ws->fqdn, ws->realm);
    reason = tl_krb_new(mem, config, tl_locator_new(mem, config, NULL, trace),
                        tl_deadline_in_ms(config->logon_timeout), trace, &krb, out);
    if (reason == TL_REASON_OK && opt->machine)
        reason = tl_krb_as_machine(krb, ws, out);
    else if (reason == TL_REASON_OK)
        reason = tl_krb_as(krb, &opt->route,
                           &(struct tl_credential){.password = password}, client, out);
    if (reason == TL_REASON_OK)
        reason = tl_krb_walk(krb, &opt->route, ws, out);
    if (reason == TL_REASON_OK)
        reason = tl_krb_proof(mem, krb, ws, &proven, out);
    for (size_t i = 0; proven != NULL && i < proven->num_transited; i++)
        printf("through: %s\n", proven->transited[i]);
    if (proven != NULL)
        print_pac(proven->pac);
    if (reason == TL_REASON_OK && opt->service != NULL)
        reason = tl_krb_ticket(krb, opt->service, NULL, out);
    if (reason == TL_REASON_OK && opt->pending != NULL &&
        tl_krb_save_pending(krb, opt->pending) != 0)
        fprintf(stderr, "tl-walk: cannot write %s\n", opt->pending);
    return reason;
}

static int set_option(TALLOC_CTX *mem, struct tl_config *config, const char *text)
{
    struct tl_config_error *error = NULL;

    if (tl_config_set(mem, config, "-o", text, &error) == 0)
        return 0;
    fprintf(stderr, "tl-walk: %s\n", error != NULL ? error->text : text);
    return -1;
}

int main(int argc, char **argv)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tl_config *config = tl_config_defaults(mem);
    struct tl_trace trace = tl_trace_start(print_event, NULL);
    struct tl_outcome *out = tl_outcome_new(mem);
    struct options opt = {.route = {.type = TL_PRINCIPAL, .first_ask = TL_ASK_HOST}};
    char password[256] = "";
    const char *client = NULL;
    int c, ret;

    setvbuf(stdout, NULL, _IOLBF, 0);
    while ((c = getopt(argc, argv, "ekmno:s:S:")) != -1) {
        if (c == 'e')
            opt.route.type = TL_ENTERPRISE;
        else if (c == 'k')
            opt.route.first_ask = TL_ASK_KRBTGT;
        else if (c == 'm')
            opt.machine = true;
        else if (c == 'n')
            opt.route.domain_named = true;
        else if (c == 's')
            opt.service = optarg;
        else if (c == 'S')
            opt.pending = optarg;
        else if (c != 'o' || set_option(mem, config, optarg) != 0)
            return 2;
    }
    if (argc - optind != 2) {
        fprintf(stderr, "usage: tl-walk [-ekmn] [-s SERVICE] [-S FILE] [-o KEY=VALUE] "
                        "REALM PRINCIPAL\n");
        return 2;
    }
    opt.route.realm = argv[optind];
    opt.route.domain = tl_dns_of(mem, argv[optind]);
    opt.route.principal = argv[optind + 1];
    if (!opt.machine && fgets(password, sizeof(password), stdin) == NULL)
        return 2;
    password[strcspn(password, "\n")] = '\0';
    (void)go(mem, config, &opt, password, &trace, &client, out);
    explicit_bzero(password, sizeof(password));
    ret = finish(out, client);
    talloc_free(mem);
    return ret;
}
