/* SPDX-License-Identifier: MIT
 *
 * pam_stack.c - what a PAM stack makes of a user of a domain. Pure.
 *
 * The stack is gone through as libpam does, once with our module letting the user in and
 * once with it refusing: so every way to write a stack is judged by its result, not by
 * its form.
 */
#include <string.h>

#include "local_files.h"

#define LEVELS 32

enum impression { UNDEFINED, POSITIVE, NEGATIVE };

/* libpam's view of a stack so far. */
struct state {
    enum impression impression;
    enum tli_pam_return status;
};

static void take(struct state *state, int action, enum tli_pam_return got)
{
    switch (action) {
    case TL_PAM_DO_IGNORE:
    case TL_PAM_DO_RESET:
        return;
    case TL_PAM_DO_BAD:
    case TL_PAM_DO_DIE:
        if (state->impression != NEGATIVE) {
            state->impression = NEGATIVE;
            state->status =
                got == TL_PAM_SUCCESS || got == TL_PAM_IGNORE ? TL_PAM_PERM_DENIED : got;
        }
        return;
    default: /* ok, done, and a jump, which counts as ok */
        if (got == TL_PAM_IGNORE || state->impression == NEGATIVE ||
            (state->impression == POSITIVE && state->status != TL_PAM_SUCCESS))
            return;
        if (state->impression == UNDEFINED && got == TL_PAM_SUCCESS)
            state->impression = POSITIVE;
        state->status = got;
        return;
    }
}

/* Entries of other kinds do not belong to the stack. */
static const struct tli_pam_entry *next_of(const struct tli_pam_stack *stack,
                                           enum tli_pam_kind kind, size_t *at)
{
    while (*at < stack->count && stack->entries[*at].kind != kind)
        (*at)++;
    return *at < stack->count ? &stack->entries[(*at)++] : NULL;
}

static const struct tli_pam_entry *peek(const struct tli_pam_stack *stack,
                                        enum tli_pam_kind kind, size_t at)
{
    return next_of(stack, kind, &at);
}

/* Skip modules of the level at hand; a substack is one. */
static void jump(const struct tli_pam_stack *stack, enum tli_pam_kind kind, int level,
                 int count, size_t *at)
{
    const struct tli_pam_entry *next;

    while (count-- > 0 && (next = peek(stack, kind, *at)) != NULL && next->level >= level)
        do
            (void)next_of(stack, kind, at);
        while ((next = peek(stack, kind, *at)) != NULL && next->level > level);
}

struct tli_pam_run tli_pam_run(const struct tli_pam_stack *stack, enum tli_pam_kind kind,
                               tli_pam_returns_fn returns, void *arg)
{
    struct tli_pam_run run = {.result = TL_PAM_PERM_DENIED};
    struct state state = {UNDEFINED, TL_PAM_PERM_DENIED}, outer[LEVELS];
    const struct tli_pam_entry *entry, *next;
    size_t at = 0;

    for (size_t i = 0; i < LEVELS; i++)
        outer[i] = state;
    while ((entry = next_of(stack, kind, &at)) != NULL) {
        enum tli_pam_return got;
        int action;

        if (entry->module == NULL) { /* reset restores the state at its beginning */
            if (entry->level + 1 < LEVELS)
                outer[entry->level + 1] = state;
            continue;
        }
        got = returns(arg, entry);
        action = entry->actions[got];
        run.reached = run.reached || strcmp(entry->module, TLI_PAM_MODULE) == 0;
        take(&state, action, got);
        if (run.refused == NULL && state.impression == NEGATIVE)
            run.refused = entry;
        if (action == TL_PAM_DO_RESET && entry->level < LEVELS)
            state = outer[entry->level];
        if (action > 0)
            jump(stack, kind, entry->level, action, &at);
        if (action != TL_PAM_DO_DIE &&
            (action != TL_PAM_DO_DONE || state.impression != POSITIVE))
            continue;
        /* Decided: for the substack, or for all. */
        if (run.decided == NULL)
            run.decided = entry;
        while (entry->level > 0 && (next = peek(stack, kind, at)) != NULL &&
               next->level >= entry->level)
            (void)next_of(stack, kind, &at);
        if (entry->level == 0)
            break;
    }
    if (state.impression == POSITIVE || state.status != TL_PAM_SUCCESS)
        run.result = state.status;
    return run;
}

/* Modules whose answer for a user of a domain, known to NSS and not to /etc/shadow, can
 * be predicted: of authentication, and of the account. Any other module is assumed
 * neither to let such a user in nor to refuse one. */
static const struct {
    const char *module;
    enum tli_pam_return auth, account;
} known[] = {
    {"pam_unix.so", TL_PAM_AUTH_ERR, TL_PAM_SUCCESS},
    {"pam_deny.so", TL_PAM_AUTH_ERR, TL_PAM_AUTH_ERR},
    {"pam_permit.so", TL_PAM_SUCCESS, TL_PAM_SUCCESS},
    {"pam_rootok.so", TL_PAM_AUTH_ERR, TL_PAM_PERM_DENIED},
    {"pam_localuser.so", TL_PAM_PERM_DENIED, TL_PAM_PERM_DENIED},
    {"pam_wheel.so", TL_PAM_PERM_DENIED, TL_PAM_PERM_DENIED},
    {"pam_sss.so", TL_PAM_USER_UNKNOWN, TL_PAM_USER_UNKNOWN},
    {"pam_winbind.so", TL_PAM_USER_UNKNOWN, TL_PAM_USER_UNKNOWN},
    /* it does not judge the account of a user whom it has not let in itself */
    {"pam_krb5.so", TL_PAM_USER_UNKNOWN, TL_PAM_IGNORE},
    {"pam_ldap.so", TL_PAM_USER_UNKNOWN, TL_PAM_USER_UNKNOWN},
    {"pam_nologin.so", TL_PAM_IGNORE, TL_PAM_IGNORE},
};

/* Modules that refuse nobody by a decision of their own. */
static const char *const harmless[] = {
    "pam_env.so",          "pam_faildelay.so",     "pam_cap.so",      "pam_group.so",
    "pam_issue.so",        "pam_echo.so",          "pam_motd.so",     "pam_mail.so",
    "pam_umask.so",        "pam_warn.so",          "pam_keyinit.so",  "pam_lastlog.so",
    "pam_tty_audit.so",    "pam_gnome_keyring.so", "pam_kwallet5.so", "pam_systemd.so",
    "pam_systemd_home.so", "pam_mkhomedir.so",     "pam_fprintd.so"};

/* What the modules are taken to return. */
struct guess {
    enum tli_pam_return ours;
    const struct tli_pam_entry *entry; /* returns `its`; NULL: none */
    enum tli_pam_return its;
};

/* "uid >= 1000", "isregular": of a user with a high uid. */
static enum tli_pam_return by_condition(const struct tli_pam_entry *entry)
{
    bool low = strchr(entry->args, '<') != NULL || strstr(entry->args, " eq ") != NULL ||
               strstr(entry->args, "issystem") != NULL;

    return low ? TL_PAM_AUTH_ERR : TL_PAM_SUCCESS;
}

static const char *const conditions[] = {"pam_succeed_if.so", "pam_usertype.so"};

static bool is_any(const struct tli_pam_entry *entry, const char *const *names,
                   size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(entry->module, names[i]) == 0)
            return true;
    return false;
}

static enum tli_pam_return of_domain_user(void *arg, const struct tli_pam_entry *entry)
{
    const struct guess *guess = arg;

    if (entry->missing)
        return TL_PAM_MODULE_UNKNOWN;
    if (entry == guess->entry)
        return guess->its;
    if (strcmp(entry->module, TLI_PAM_MODULE) == 0)
        return guess->ours;
    if (is_any(entry, conditions, sizeof(conditions) / sizeof(conditions[0])))
        return by_condition(entry);
    if (strcmp(entry->module, "pam_faillock.so") == 0)
        return strstr(entry->args, "authfail") != NULL ? TL_PAM_AUTH_ERR : TL_PAM_IGNORE;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(entry->module, known[i].module) == 0)
            return entry->kind == TL_PAM_ACCOUNT ? known[i].account : known[i].auth;
    return TL_PAM_IGNORE;
}

static bool lets_in(enum tli_pam_return result)
{
    return result == TL_PAM_SUCCESS || result == TL_PAM_NEW_AUTHTOK;
}

enum tli_pam_fault tli_pam_judge(const struct tli_pam_stack *stack,
                                 enum tli_pam_kind kind,
                                 const struct tli_pam_entry **culprit)
{
    struct guess guess = {.ours = TL_PAM_SUCCESS};
    struct tli_pam_run run = tli_pam_run(stack, kind, of_domain_user, &guess);
    bool present = false;

    *culprit = NULL;
    for (size_t i = 0; i < stack->count; i++)
        present = present ||
                  (stack->entries[i].kind == kind && stack->entries[i].module != NULL &&
                   strcmp(stack->entries[i].module, TLI_PAM_MODULE) == 0);
    if (!present)
        return TL_PAM_ABSENT;
    *culprit = run.decided;
    if (!run.reached)
        return TL_PAM_NOT_REACHED;
    if (!lets_in(run.result)) {
        *culprit = run.refused != NULL ? run.refused : run.decided;
        return TL_PAM_REFUSED;
    }
    guess.ours = kind == TL_PAM_ACCOUNT ? TL_PAM_PERM_DENIED : TL_PAM_AUTH_ERR;
    run = tli_pam_run(stack, kind, of_domain_user, &guess);
    *culprit = run.decided;
    return lets_in(run.result) ? TL_PAM_OPEN : TL_PAM_FINE;
}

/* Whether an answer is known without looking at files: of pam_succeed_if.so that of a
 * condition on the uid. */
static bool is_predicted(const struct tli_pam_entry *entry)
{
    if (strcmp(entry->module, TLI_PAM_MODULE) == 0 ||
        strcmp(entry->module, "pam_usertype.so") == 0 ||
        is_any(entry, harmless, sizeof(harmless) / sizeof(harmless[0])))
        return true;
    if (strcmp(entry->module, "pam_succeed_if.so") == 0)
        return strstr(entry->args, "uid ") != NULL &&
               strstr(entry->args, "user ") == NULL &&
               strstr(entry->args, "shell ") == NULL;
    if (strcmp(entry->module, "pam_faillock.so") == 0)
        return strstr(entry->args, "authfail") != NULL;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(entry->module, known[i].module) == 0)
            return strcmp(entry->module, "pam_nologin.so") != 0;
    return false;
}

bool tli_pam_decides(const struct tli_pam_stack *stack, const struct tli_pam_entry *entry)
{
    const enum tli_pam_return answers[] = {TL_PAM_SUCCESS, entry->kind == TL_PAM_ACCOUNT
                                                               ? TL_PAM_PERM_DENIED
                                                               : TL_PAM_AUTH_ERR};

    if (entry->module == NULL || entry->missing || is_predicted(entry))
        return false;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct guess guess = {TL_PAM_SUCCESS, entry, answers[i]};

        if (!lets_in(tli_pam_run(stack, entry->kind, of_domain_user, &guess).result))
            return true;
    }
    return false;
}

char *tli_pam_argument(TALLOC_CTX *ctx, const struct tli_pam_entry *entry,
                       const char *name)
{
    char *copy = talloc_strdup(ctx, entry->args), *rest = copy, *word, *value = NULL;
    size_t len = strlen(name);

    while (copy != NULL && value == NULL && (word = tli_text_word(&rest)) != NULL)
        if (strncmp(word, name, len) == 0 && word[len] == '=')
            value = talloc_strdup(ctx, word + len + 1);
    talloc_free(copy);
    return value;
}

bool tli_shells_has(const char *text, const char *shell)
{
    const size_t len = strlen(shell);

    for (const char *line = text; line != NULL && *line != '\0';) {
        const size_t end = strcspn(line, "\n");

        if (end == len && strncmp(line, shell, len) == 0)
            return true;
        line += end + (line[end] == '\n');
    }
    return false;
}

const char *tli_pam_rival(const struct tli_pam_stack *stack)
{
    static const char *const rivals[] = {"pam_sss.so", "pam_winbind.so", "pam_krb5.so",
                                         "pam_ldap.so"};

    for (size_t i = 0; i < stack->count; i++) {
        const struct tli_pam_entry *entry = &stack->entries[i];

        if (entry->kind != TL_PAM_AUTH || entry->module == NULL)
            continue;
        if (strcmp(entry->module, TLI_PAM_MODULE) == 0)
            return NULL;
        for (size_t r = 0; r < sizeof(rivals) / sizeof(rivals[0]); r++)
            if (strcmp(entry->module, rivals[r]) == 0)
                return rivals[r];
    }
    return NULL;
}
