/* SPDX-License-Identifier: MIT
 *
 * ldapdump.c - what common/directory reads from a domain controller, by hand:
 *
 *   ldapdump HOST ADDRESS DOMAIN CCACHE [spn:SPN | user:NAME | trusts]
 *
 * The cache must hold a ticket for ldap/HOST (kvno). Prints the topology's JSON.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trustlogon/directory.h>

static void print_event(void *arg, const struct tl_event *event)
{
    fprintf(stderr, "%7.1f ms %6.1f ms %s %s %s: %s\n", (double)event->at_us / 1000,
            (double)event->took_us / 1000, event->server != NULL ? event->server : "-",
            event->message != NULL ? event->message : "-",
            event->subject != NULL ? event->subject : "-",
            event->text != NULL ? event->text : "");
}

static enum tl_reason ask(TALLOC_CTX *ctx, struct tl_directory *dir, const char *what,
                          struct tl_outcome *out)
{
    struct tl_topology *topo = NULL;
    const char **dns, *sam, *upn, *dn;
    enum tl_reason reason;
    char *json = NULL;
    size_t count;

    if (what != NULL && strncmp(what, "spn:", 4) == 0) {
        reason = tl_directory_spn(ctx, dir, what + 4, &dns, &count, out);
        for (size_t i = 0; i < count; i++)
            printf("%s\n", dns[i]);
        return reason;
    }
    if (what != NULL && strncmp(what, "user:", 5) == 0) {
        reason = tl_directory_user(ctx, dir, what + 5, &sam, &upn, &dn, out);
        if (reason == TL_REASON_OK)
            printf("%s\n%s\n%s\n", sam, upn != NULL ? upn : "-", dn);
        return reason;
    }
    if (what != NULL) {
        topo = tl_topology_new(ctx);
        reason = tl_directory_trusts(dir, topo, out);
    } else {
        reason = tl_directory_topology(ctx, dir, &topo, out);
    }
    if (reason == TL_REASON_OK && tl_topology_to_json(ctx, topo, &json) == 0)
        printf("%s\n", json);
    return reason;
}

int main(int argc, char **argv)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_outcome *out = tl_outcome_new(ctx);
    struct tl_trace trace = tl_trace_start(print_event, NULL);
    struct tl_directory *dir = NULL;
    struct tl_dc dc = {0};
    struct sockaddr_in *addr = (struct sockaddr_in *)&dc.addr;
    enum tl_reason reason;

    if (argc < 5 || inet_pton(AF_INET, argv[2], &addr->sin_addr) != 1) {
        fputs("usage: ldapdump HOST ADDRESS DOMAIN CCACHE [spn:|user:|trusts]\n", stderr);
        return 2;
    }
    addr->sin_family = AF_INET;
    dc.addr_len = sizeof(*addr);
    dc.host = argv[1];
    dc.address = argv[2];
    dc.domain = argv[3];
    reason =
        tl_directory_open(ctx, &dc, argv[4], tl_deadline_in_ms(3000), &trace, &dir, out);
    if (reason == TL_REASON_OK)
        reason = ask(ctx, dir, argv[5], out);
    if (reason != TL_REASON_OK)
        fprintf(stderr, "failed: %s\n", out->detail != NULL ? out->detail : "?");
    talloc_free(ctx);
    return reason == TL_REASON_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
