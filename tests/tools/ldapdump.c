/* SPDX-License-Identifier: MIT
 *
 * ldapdump.c - what common/directory reads from a domain controller, by hand:
 *
 *   ldapdump HOST ADDRESS DOMAIN CCACHE [WHAT[:ARGUMENT]]...
 *
 * The cache must hold a ticket for ldap/HOST/DOMAIN (kvno). Without WHAT, the topology as
 * JSON; otherwise the answer to each, users and groups as one line of JSON, where a
 * failure is {"error": ...} and does not end the program. WHAT is one of the table's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trustlogon/people.h>

#define ASK_MS 30000 /* a busy laboratory, not a logon */

struct question {
    TALLOC_CTX *ctx;
    struct tl_directory *dir;
    const char *argument;
    struct tl_outcome *out;
};

static void print_event(void *arg, const struct tl_event *event)
{
    fprintf(stderr, "%7.1f ms %6.1f ms %s %s %s: %s\n", (double)event->at_us / 1000,
            (double)event->took_us / 1000, event->server != NULL ? event->server : "-",
            event->message != NULL ? event->message : "-",
            event->subject != NULL ? event->subject : "-",
            event->text != NULL ? event->text : "");
}

static enum tl_reason topology(struct question *q)
{
    struct tl_topology *topo = NULL;
    enum tl_reason reason = tl_directory_topology(q->ctx, q->dir, &topo, q->out);
    char *json = NULL;

    if (reason == TL_REASON_OK && tl_topology_to_json(q->ctx, topo, &json) == 0)
        printf("%s\n", json);
    return reason;
}

static enum tl_reason trusts(struct question *q)
{
    struct tl_topology *topo = tl_topology_new(q->ctx);
    enum tl_reason reason = tl_directory_trusts(q->dir, topo, q->out);
    char *json = NULL;

    if (reason == TL_REASON_OK && tl_topology_to_json(q->ctx, topo, &json) == 0)
        printf("%s\n", json);
    return reason;
}

static enum tl_reason spn(struct question *q)
{
    struct tl_account *accounts;
    size_t count;
    enum tl_reason reason =
        tl_directory_spn(q->ctx, q->dir, q->argument, &accounts, &count, q->out);

    for (size_t i = 0; i < count; i++)
        printf("%s\n", accounts[i].dn);
    return reason;
}

static enum tl_reason user(struct question *q)
{
    const char *sam, *upn, *dn;
    enum tl_reason reason =
        tl_directory_user(q->ctx, q->dir, q->argument, &sam, &upn, &dn, q->out);

    if (reason == TL_REASON_OK)
        printf("%s\n%s\n%s\n", sam, upn != NULL ? upn : "-", dn);
    return reason;
}

static void print_json(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);

    printf("%s\n", text != NULL ? text : "{\"error\": \"no memory, or no UTF-8\"}");
    free(text);
    json_decref(json);
}

static json_t *sid_json(const struct tl_sid *sid)
{
    char buf[TL_SID_STRING_MAX];

    return json_string(tl_sid_format(sid, buf));
}

static json_t *id_json(bool has, uint32_t id)
{
    return has ? json_integer(id) : json_null();
}

static enum tl_reason print_user(enum tl_reason reason, struct tl_dir_user *const *found)
{
    const struct tl_dir_user *u = *found;

    if (reason == TL_REASON_OK)
        print_json(json_pack(
            "{ss ss ss? so si ss? ss? ss? so so so}", "dn", u->dn, "sam", u->sam, "upn",
            u->upn, "sid", sid_json(&u->sid), "primary", (int)u->primary_group_rid,
            "display", u->display_name, "home", u->home, "shell", u->shell, "uid",
            id_json(u->has_uid, u->uid_number), "gid", id_json(u->has_gid, u->gid_number),
            "control", id_json(u->has_control, u->user_account_control)));
    return reason;
}

static enum tl_reason user_by_sam(struct question *q)
{
    struct tl_dir_user *u = NULL;

    return print_user(tl_directory_user_by_sam(q->ctx, q->dir, q->argument, &u, q->out),
                      &u);
}

static enum tl_reason user_by_upn(struct question *q)
{
    struct tl_dir_user *u = NULL;

    return print_user(tl_directory_user_by_upn(q->ctx, q->dir, q->argument, &u, q->out),
                      &u);
}

static enum tl_reason user_by_sid(struct question *q)
{
    struct tl_dir_user *u = NULL;
    struct tl_sid sid;

    if (tl_sid_parse(q->argument, &sid) != 0)
        return TL_REASON_NAME_INVALID;
    return print_user(tl_directory_user_by_sid(q->ctx, q->dir, &sid, &u, q->out), &u);
}

static enum tl_reason user_groups(struct question *q)
{
    struct tl_dir_user *u = NULL;
    struct tl_sid *sids = NULL;
    size_t count = 0;
    json_t *all;
    enum tl_reason reason =
        tl_directory_user_by_sam(q->ctx, q->dir, q->argument, &u, q->out);

    if (reason == TL_REASON_OK)
        reason = tl_directory_user_groups(q->ctx, q->dir, u, &sids, &count, q->out);
    if (reason != TL_REASON_OK)
        return reason;
    all = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, sid_json(&sids[i]));
    print_json(all);
    return reason;
}

static enum tl_reason print_group(enum tl_reason reason,
                                  struct tl_dir_group *const *found)
{
    const struct tl_dir_group *g = *found;

    if (reason == TL_REASON_OK)
        print_json(json_pack("{ss ss so sI so}", "dn", g->dn, "name", g->name, "sid",
                             sid_json(&g->sid), "type", (json_int_t)g->type, "gid",
                             id_json(g->has_gid, g->gid_number)));
    return reason;
}

static enum tl_reason group_by_name(struct question *q)
{
    struct tl_dir_group *g = NULL;

    return print_group(
        tl_directory_group_by_name(q->ctx, q->dir, q->argument, &g, q->out), &g);
}

static enum tl_reason group_by_sid(struct question *q)
{
    struct tl_dir_group *g = NULL;
    struct tl_sid sid;

    if (tl_sid_parse(q->argument, &sid) != 0)
        return TL_REASON_NAME_INVALID;
    return print_group(tl_directory_group_by_sid(q->ctx, q->dir, &sid, &g, q->out), &g);
}

static void print_names(const struct tl_dir_names *names)
{
    static const char *const kinds[] = {"unknown", "user", "computer", "group",
                                        "foreign"};
    json_t *all = json_array();

    for (size_t i = 0; i < names->count; i++)
        json_array_append_new(
            all, json_pack("{so ss ss?}", "sid", sid_json(&names->names[i].sid), "kind",
                           kinds[names->names[i].kind], "name", names->names[i].name));
    print_json(json_pack("{sb so}", "cut", names->cut, "names", all));
}

static enum tl_reason members_of(struct question *q, bool nested)
{
    struct tl_dir_names *names;
    struct tl_dir_group *g = NULL;
    enum tl_reason reason =
        tl_directory_group_by_name(q->ctx, q->dir, q->argument, &g, q->out);

    if (reason == TL_REASON_OK)
        reason = tl_directory_members(q->ctx, q->dir, g, nested, &names, q->out);
    if (reason == TL_REASON_OK)
        print_names(names);
    return reason;
}

static enum tl_reason members(struct question *q)
{
    return members_of(q, false);
}

static enum tl_reason nested(struct question *q)
{
    return members_of(q, true);
}

static enum tl_reason names_of_sids(struct question *q)
{
    struct tl_sid *sids = NULL;
    struct tl_dir_names *names;
    char *list = talloc_strdup(q->ctx, q->argument), *save = NULL;
    enum tl_reason reason;
    size_t count = 0;

    for (char *s = strtok_r(list, ",", &save); s != NULL;
         s = strtok_r(NULL, ",", &save)) {
        sids = talloc_realloc(q->ctx, sids, struct tl_sid, count + 1);
        if (tl_sid_parse(s, &sids[count++]) != 0)
            return TL_REASON_NAME_INVALID;
    }
    reason = tl_directory_names(q->ctx, q->dir, sids, count, &names, q->out);
    if (reason == TL_REASON_OK)
        print_names(names);
    return reason;
}

static const struct {
    const char *what;
    enum tl_reason (*ask)(struct question *q);
} questions[] = {
    {"topology", topology},
    {"trusts", trusts},
    {"spn:", spn},
    {"user:", user},
    {"user-by-sam:", user_by_sam},
    {"user-by-upn:", user_by_upn},
    {"user-by-sid:", user_by_sid},
    {"user-groups:", user_groups},
    {"group:", group_by_name},
    {"group-by-sid:", group_by_sid},
    {"members:", members},
    {"nested:", nested},
    {"names:", names_of_sids},
};

static enum tl_reason ask(struct question *q, const char *what)
{
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        size_t len = strlen(questions[i].what);

        if (strncmp(what, questions[i].what, len) != 0)
            continue;
        q->argument = what + len;
        return questions[i].ask(q);
    }
    return tl_outcome_fail(q->out, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                           "no such question");
}

int main(int argc, char **argv)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct question q = {ctx, NULL, NULL, tl_outcome_new(ctx)};
    struct tl_trace trace = tl_trace_start(print_event, NULL);
    struct tl_dc dc = {0};
    struct sockaddr_in *addr = (struct sockaddr_in *)&dc.addr;
    enum tl_reason reason;
    bool failed = false;

    if (argc < 5 || inet_pton(AF_INET, argv[2], &addr->sin_addr) != 1) {
        fputs("usage: ldapdump HOST ADDRESS DOMAIN CCACHE [WHAT[:ARGUMENT]]...\n",
              stderr);
        return 2;
    }
    addr->sin_family = AF_INET;
    dc.addr_len = sizeof(*addr);
    dc.host = argv[1];
    dc.address = argv[2];
    dc.domain = argv[3];
    reason = tl_directory_open(ctx, &dc, argv[4], tl_deadline_in_ms(ASK_MS), &trace,
                               &q.dir, q.out);
    if (reason != TL_REASON_OK)
        fprintf(stderr, "failed: %s\n", q.out->detail != NULL ? q.out->detail : "?");
    for (int i = 5; reason == TL_REASON_OK && (i < argc || i == 5); i++) {
        tl_outcome_reset(q.out);
        if (ask(&q, i < argc ? argv[i] : "topology") == TL_REASON_OK)
            continue;
        failed = true;
        print_json(json_pack("{ss ss?}", "error", tl_reason_info(q.out->reason)->slug,
                             "detail", q.out->detail));
    }
    talloc_free(ctx);
    return reason == TL_REASON_OK && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}
