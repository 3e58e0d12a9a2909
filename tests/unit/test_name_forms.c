/* SPDX-License-Identifier: MIT
 *
 * test_name_forms.c - a look-up knows every name that a logon accepts, and the other way
 * round: the same account for every form of a name, compared with models of directories
 * and KDCs. The look-up is the real one but for its network.
 */
#include <string.h>
#include <trustlogon/pac_name_check.h>

#include "name_models.h"

static struct tl_config *config;
static struct tl_machine machine;
static struct tl_lookup *lookup;
static size_t open_domain;

/* --- the network of the look-up --- */

static enum tl_reason fake_open(struct tl_lookup *l, const char *domain,
                                struct tl_directory **dir, struct tl_outcome *why)
{
    *dir = NULL;
    open_domain = domain_named(domain);
    return open_domain < DOMAINS ? TL_REASON_OK
                                 : tl_outcome_fail(why, TL_STAGE_LOCATE,
                                                   TL_REASON_NO_LOGON_SERVERS, "none");
}

static enum tl_reason fake_domain_sid(struct tl_directory *dir, struct tl_sid *sid,
                                      struct tl_outcome *why)
{
    *sid = sid_of(domains[open_domain].sid);
    return TL_REASON_OK;
}

static enum tl_reason give_user(TALLOC_CTX *mem, const struct account *account,
                                struct tl_dir_user **user, struct tl_outcome *why)
{
    *user = NULL;
    if (account == NULL)
        return tl_outcome_fail(why, TL_STAGE_IDENTITY, TL_REASON_USER_UNKNOWN, "nobody");
    *user = talloc_zero(mem, struct tl_dir_user);
    (*user)->sam = account->sam;
    (*user)->upn = account->upn;
    (*user)->sid = account_sid(domains[account->domain].sid, account->rid);
    (*user)->primary_group_rid = 513;
    return TL_REASON_OK;
}

static enum tl_reason fake_user_by_sam(TALLOC_CTX *mem, struct tl_directory *dir,
                                       const char *name, struct tl_dir_user **user,
                                       struct tl_outcome *why)
{
    return give_user(mem, by_sam(open_domain, name), user, why);
}

static enum tl_reason fake_user_by_upn(TALLOC_CTX *mem, struct tl_directory *dir,
                                       const char *name, struct tl_dir_user **user,
                                       struct tl_outcome *why)
{
    return give_user(mem, by_upn(open_domain, name), user, why);
}

static enum tl_reason fake_user_groups(TALLOC_CTX *mem, struct tl_directory *dir,
                                       const struct tl_dir_user *user,
                                       struct tl_sid **sids, size_t *count,
                                       struct tl_outcome *why)
{
    *sids = talloc_zero_array(mem, struct tl_sid, 1);
    (*sids)[0] = account_sid(domains[open_domain].sid, 513);
    *count = 1;
    return TL_REASON_OK;
}

static enum tl_reason fake_names(TALLOC_CTX *mem, struct tl_directory *dir,
                                 const struct tl_sid *sids, size_t count,
                                 struct tl_dir_names **names, struct tl_outcome *why)
{
    *names = talloc_zero(mem, struct tl_dir_names);
    (*names)->names = talloc_zero(*names, struct tl_dir_name);
    (*names)->names[0] = (struct tl_dir_name){
        .sid = sids[0], .kind = TL_DIR_GROUP, .name = "Domain Users"};
    (*names)->count = count;
    return TL_REASON_OK;
}

static enum tl_reason fake_foreign_groups(TALLOC_CTX *mem, struct tl_directory *dir,
                                          const struct tl_sid *sids, size_t count,
                                          struct tl_dir_names **groups,
                                          struct tl_outcome *why)
{
    *groups = talloc_zero(mem, struct tl_dir_names);
    return TL_REASON_OK;
}

/* The account that a look-up by this name finds, or NULL, and its identity. */
static const struct account *look_up(const char *text,
                                     const struct tl_identity **identity)
{
    const struct tl_question question = {.name = text};
    struct tl_outcome *out = tl_outcome_new(ctx);
    struct tl_lookup_answer *answer = NULL;
    struct tl_lookup_plan *plan = NULL;
    struct tl_sid sid;
    char *error = NULL;

    *identity = NULL;
    ck_assert_int_eq(
        tl_lookup_plan_make(ctx, &machine, lookup->in.local, &question, &plan, &error),
        0);
    if (tl_lookup_find(lookup, plan, &question, &answer, out) != TL_REASON_OK)
        return NULL;
    ck_assert(answer != NULL && answer->identity != NULL);
    *identity = answer->identity;
    for (size_t i = 0; i < ACCOUNTS; i++) {
        sid = account_sid(domains[accounts[i].domain].sid, accounts[i].rid);
        if (tl_sid_equal(&sid, &answer->identity->sid))
            return &accounts[i];
    }
    ck_abort_msg("%s is an account of no domain", text);
    return NULL;
}

static void setup(void)
{
    struct tl_lookup_input in = {0};
    struct tl_forest_info *info;
    char *error = NULL;

    ctx = talloc_new(NULL);
    config = tl_config_defaults(ctx);
    ws = (struct tl_workstation){WS1_OF_FABRIKAM, .default_domain = "CONTOSO"};
    ck_assert_int_eq(
        tl_topology_from_json(ctx, TOPO_FOREST, strlen(TOPO_FOREST), &topo, &error), 0);
    topo->domains[0].has_sid = true;
    topo->domains[0].sid = sid_of(domains[0].sid);
    info = topo->trusts[0].forest_info;
    for (size_t i = 0; i < info->count; i++)
        for (size_t k = 1; k < DOMAINS; k++)
            if (info->records[i].type == TL_FT_DOMAIN &&
                strcmp(info->records[i].name, domains[k].dns) == 0) {
                info->records[i].has_sid = true;
                info->records[i].sid = sid_of(domains[k].sid);
            }
    machine = (struct tl_machine){.config = config, .workstation = &ws, .topology = topo};
    in = (struct tl_lookup_input){.machine = &machine,
                                  .local = no_local_ids(ctx),
                                  .deadline = tl_deadline_in_ms(60000)};
    lookup = talloc_zero(ctx, struct tl_lookup);
    lookup->in = in;
}

static void teardown(void)
{
    talloc_free(ctx);
}

static const char *sam_of(const struct account *account)
{
    return account != NULL ? account->sam : "nobody";
}

/* A logon and a look-up by this name find the same account. */
static const struct account *agree_once(const char *text,
                                        const struct tl_identity **identity)
{
    const struct account *proven = logon(text), *found = look_up(text, identity);

    ck_assert_msg(proven == found, "%s: a logon proves %s, a look-up finds %s", text,
                  sam_of(proven), sam_of(found));
    return found;
}

/* The two agree; and so they do on every other name of the account they found. */
static void agree(const char *text)
{
    const struct tl_identity *identity, *ignored;
    const struct account *found = agree_once(text, &identity);

    if (found == NULL)
        return;
    for (size_t i = 0; i < identity->num_names; i++)
        ck_assert_msg(agree_once(identity->names[i], &ignored) == found,
                      "%s, a name of %s", identity->names[i], text);
    ck_assert_msg(agree_once(identity->canonical, &ignored) == found, "%s: %s", text,
                  identity->canonical);
}

/* As typed, and in capitals as far as ASCII goes. */
static void agree_on(char *text)
{
    agree(text);
    for (char *c = text; *c != '\0'; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    agree(text);
    talloc_free(text);
}

static void all_forms(const char *user)
{
    for (size_t d = 0; d < DOMAINS; d++) {
        agree_on(talloc_asprintf(ctx, "%s\\%s", domains[d].flat, user));
        agree_on(talloc_asprintf(ctx, "%s\\%s", domains[d].dns, user));
        agree_on(talloc_asprintf(ctx, "%s.\\%s", domains[d].dns, user));
        agree_on(talloc_asprintf(ctx, "%s@%s", user, domains[d].dns));
        agree_on(talloc_asprintf(ctx, "%s@%s", user, domains[d].flat));
    }
    agree_on(talloc_strdup(ctx, user));
}

START_TEST(every_form)
{
    const struct account *account = &accounts[_i];
    char *prefix;

    all_forms(account->sam);
    if (account->upn == NULL)
        return;
    agree_on(talloc_strdup(ctx, account->upn));
    prefix = talloc_strndup(ctx, account->upn, strcspn(account->upn, "@"));
    all_forms(prefix);
    /* the whole UPN below a domain is not a name */
    agree_on(talloc_asprintf(ctx, "CONTOSO\\%s", account->upn));
}
END_TEST

START_TEST(known_answers)
{
    static const struct {
        const char *name, *sam;
    } rows[] = {{"CONTOSO\\john.doe", "jd42"},
                {"john.doe@CONTOSO", "jd42"},
                {"john.doe@contoso.test", "jd42"},
                {"contoso.test\\JOHN.DOE", "jd42"},
                {"john.doe", "jd42"},
                {"CONTOSO\\jd42", "jd42"},
                {"CONTOSO\\smith", "smith"},
                {"smith@contoso.test", "smith"},
                {"alice@corp.example", "Alice"},
                {"dave@corp.example", "dave"},
                {"EMEA\\erin.e", "erin"},
                {"CONTOSO\\erin.e", NULL},
                {"CONTOSO\\nobody", NULL},
                {"FABRIKAM\\dx", "d.x"}};
    const struct tl_identity *identity;

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct account *found = look_up(rows[i].name, &identity);

        agree(rows[i].name);
        ck_assert_msg(rows[i].sam == NULL
                          ? found == NULL
                          : found != NULL && strcmp(found->sam, rows[i].sam) == 0,
                      "%s is %s", rows[i].name, sam_of(found));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("name_forms");
    TCase *t = tcase_create("name_forms");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, every_form, 0, ACCOUNTS);
    tcase_add_test(t, known_answers);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
