/* SPDX-License-Identifier: MIT
 *
 * pam.c - the PAM stacks of the programs that people log on with.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "local_files.h"
#include "tl_build.h"

#define OTHER "other" /* the stacks of a service that has no file [pam.d(5)] */

/* Where libpam looks, the first that has the file. */
static const char *const folders[] = {"/etc/pam.d", "/usr/lib/pam.d"};
static const char *const services[] = {"sshd",         "login",   "su",  "sudo",
                                       "gdm-password", "lightdm", "sddm"};
#define NUM_SERVICES (sizeof(services) / sizeof(services[0]))

/* Files that were read once, or are known not to be there. */
struct text {
    struct text *next;
    const char *name;
    char *text;
};
/* The files that were read, and whether one could not be. */
struct files {
    struct text *first;
    bool unreadable;
};

static const char *load(void *arg, const char *name)
{
    struct files *files = arg;
    struct text *text;
    int rc = -ENOENT;

    for (text = files->first; text != NULL; text = text->next)
        if (strcmp(text->name, name) == 0)
            return text->text;
    text = talloc_zero(files, struct text);
    if (text == NULL)
        return NULL;
    text->name = talloc_strdup(text, name);
    for (size_t i = 0; i < 2 && rc == -ENOENT; i++) {
        char *path = name[0] == '/' ? talloc_strdup(text, name)
                                    : talloc_asprintf(text, "%s/%s", folders[i], name);

        rc = path != NULL ? tli_text_read(text, path, &text->text) : -ENOMEM;
    }
    files->unreadable = files->unreadable || (rc != 0 && rc != -ENOENT);
    text->next = files->first;
    if (text->name != NULL)
        files->first = text;
    return text->text;
}

/* The file of a module as it is written in a stack. */
static char *module_path(TALLOC_CTX *ctx, const char *written)
{
    return written[0] == '/' ? talloc_strdup(ctx, written)
                             : talloc_asprintf(ctx, "%s/%s", TL_PAM_DIR, written);
}

static bool exists(const char *written)
{
    char *path = module_path(NULL, written);
    bool there = path == NULL || access(path, F_OK) == 0;

    talloc_free(path);
    return there;
}

/* A stack with its modules looked for; other modules may lie elsewhere than ours. */
static struct tli_pam_stack *read_stack(struct files *files, const char *service)
{
    struct tli_pam_stack *stack = tli_pam_stack_read(files, service, load, files);
    bool has_all = exists("pam_unix.so");

    for (size_t i = 0; stack != NULL && i < stack->count; i++) {
        struct tli_pam_entry *entry = &stack->entries[i];

        if (entry->path != NULL && (has_all || entry->path[0] == '/' ||
                                    strcmp(entry->path, TLI_PAM_MODULE) == 0))
            entry->missing = !exists(entry->path);
    }
    return stack;
}

/* "pam_deny.so in common-auth" */
static const char *module_in(TALLOC_CTX *ctx, const struct tli_pam_entry *entry)
{
    if (entry == NULL || entry->module == NULL)
        return "another module";
    return talloc_asprintf(ctx, "%s%s in %s", entry->module,
                           entry->missing ? ", which is not installed," : "",
                           entry->file);
}

static const char *fault_words(TALLOC_CTX *ctx, enum tli_pam_fault fault,
                               enum tli_pam_kind kind,
                               const struct tli_pam_entry *culprit)
{
    const char *what = kind == TL_PAM_AUTH ? "auth" : "account";
    const char *by = module_in(ctx, culprit);

    switch (fault) {
    case TL_PAM_NOT_REACHED:
        return talloc_asprintf(
            ctx, "%s: %s ends the stack before pam_trustlogon.so is called%s", what, by,
            kind == TL_PAM_ACCOUNT ? ", so no access rule applies" : "");
    case TL_PAM_REFUSED:
        return talloc_asprintf(
            ctx, "%s: the stack refuses users whom pam_trustlogon.so accepts (%s)", what,
            by);
    case TL_PAM_OPEN:
        return talloc_asprintf(
            ctx, "%s: the stack accepts users whom pam_trustlogon.so refuses (%s)", what,
            by);
    case TL_PAM_FINE:
    case TL_PAM_ABSENT:
        break;
    }
    return talloc_asprintf(ctx, "%s: pam_trustlogon.so is not in it", what);
}

/* True if something of it is wrong. Which programs are for users of domains is the
 * administrator's decision, but for the service that is `meant`. */
static bool check_kind(struct run *run, const char *service,
                       const struct tli_pam_stack *stack, enum tli_pam_kind kind,
                       bool meant)
{
    const struct tli_pam_entry *culprit;
    enum tli_pam_fault fault = tli_pam_judge(stack, kind, &culprit);
    bool chosen = fault == TL_PAM_ABSENT && kind == TL_PAM_AUTH && !meant;

    if (fault == TL_PAM_FINE)
        return false;
    tli_found(run, "pam", service, chosen ? TL_FINDING_WARNING : TL_FINDING_FAILED,
              fault == TL_PAM_ABSENT && kind == TL_PAM_AUTH ? TL_REASON_PAM_ABSENT
                                                            : TL_REASON_PAM_STACK,
              service, NULL, "%s", fault_words(run->diag, fault, kind, culprit));
    return true;
}

/* Our module as this stack calls it, if its file is missing. */
static const char *missing_module(TALLOC_CTX *ctx, const struct tli_pam_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        if (stack->entries[i].missing &&
            strcmp(stack->entries[i].module, TLI_PAM_MODULE) == 0)
            return module_path(ctx, stack->entries[i].path);
    return NULL;
}

static bool uses_us(struct files *files, const char *service)
{
    struct tli_pam_stack *stack = tli_pam_stack_read(files, service, load, files);
    const struct tli_pam_entry *culprit;
    bool uses =
        stack != NULL && tli_pam_judge(stack, TL_PAM_AUTH, &culprit) != TL_PAM_ABSENT;

    talloc_free(stack);
    return uses;
}

/* What is wrong with the files themselves; true if that ends every logon through the
 * service. libpam refuses all where it cannot parse or find what it should read. */
static bool check_files(struct run *run, const char *service,
                        const struct tli_pam_stack *stack, bool ours)
{
    const char *path = missing_module(run->diag, stack);
    struct tli_pam_line line;

    if (stack->broken != NULL)
        tli_found(run, "pam", service, ours ? TL_FINDING_FAILED : TL_FINDING_WARNING,
                  TL_REASON_PAM_STACK, service, NULL, "it cannot be parsed: %s",
                  stack->broken);
    if (path != NULL)
        tli_found(run, "pam", service, TL_FINDING_FAILED, TL_REASON_PAM_STACK, service,
                  NULL, "the module is not installed: %s", path);
    if (tli_pam_line_read(run->diag, stack, &line) == -EINVAL)
        tli_found(run, "pam", service, TL_FINDING_FAILED, TL_REASON_PAM_STACK, service,
                  NULL,
                  "pam_trustlogon.so does not take this option of its line: %s (%s)",
                  line.refused, line.wrong);
    return path != NULL || line.refused != NULL || (stack->broken != NULL && ours);
}

/* "; 'diagnose --service su' tests with the options of its line" */
static const char *options_note(struct run *run, const char *service,
                                const struct tli_pam_stack *stack)
{
    struct tli_pam_line line;

    if (tli_pam_line_read(run->diag, stack, &line) != 0 ||
        (line.count == 0 && line.conf == NULL) ||
        (run->service != NULL && strcmp(run->service, service) == 0))
        return "";
    return talloc_asprintf(run->diag,
                           "; 'diagnose --service %s' tests with the options of its line",
                           service);
}

/* Only where some file has our module is its absence from one worth a word. */
static void check_service(struct run *run, struct files *files, const char *service,
                          bool any)
{
    bool meant = run->service != NULL && strcmp(run->service, service) == 0;
    bool own_file = load(files, service) != NULL;
    struct tli_pam_stack *stack = read_stack(files, own_file ? service : OTHER);
    const struct tli_pam_entry *culprit;
    const char *rival;
    bool ours;

    if (stack == NULL) {
        run->diag->complete = false;
        return;
    }
    ours = meant || tli_pam_judge(stack, TL_PAM_AUTH, &culprit) != TL_PAM_ABSENT;
    if (check_files(run, service, stack, ours))
        goto cleanup;
    rival = tli_pam_rival(stack);
    /* If the first is absent, so are the others. */
    if ((any || meant) && !check_kind(run, service, stack, TL_PAM_AUTH, meant) &&
        !check_kind(run, service, stack, TL_PAM_ACCOUNT, meant))
        tli_found_ok(run, "pam", service,
                     "auth and account call pam_trustlogon.so and follow its "
                     "result%s%s%s",
                     rival != NULL ? "; another module asks for the password first: "
                                   : "",
                     rival != NULL ? rival : "", options_note(run, service, stack));
    if (meant)
        tli_check_pam_modules(run, service, stack);

cleanup:
    talloc_free(stack);
}

/* Is our module in any file at all? */
static bool any_service(struct files *files)
{
    DIR *folder = opendir(folders[0]);
    const struct dirent *entry;
    bool any = false;

    while (folder != NULL && !any && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            any = uses_us(files, entry->d_name);
    if (folder != NULL)
        closedir(folder);
    return any;
}

/* Whether the service is one of those that are always checked. */
static bool is_usual(const char *service)
{
    for (size_t i = 0; i < NUM_SERVICES; i++)
        if (strcmp(services[i], service) == 0)
            return true;
    return false;
}

void tli_check_pam(struct run *run)
{
    struct files *files = talloc_zero(run, struct files);
    size_t found = 0;
    bool any;

    if (files == NULL) {
        run->diag->complete = false;
        return;
    }
    any = any_service(files);
    if (!any)
        tli_found(run, "pam", folders[0], TL_FINDING_FAILED, TL_REASON_PAM_ABSENT,
                  folders[0], NULL, "no file calls pam_trustlogon.so in 'auth'");
    if (run->service != NULL && !is_usual(run->service)) {
        check_service(run, files, run->service, any);
        found++;
    }
    for (size_t i = 0; i < NUM_SERVICES; i++)
        if (load(files, services[i]) != NULL ||
            (run->service != NULL && strcmp(run->service, services[i]) == 0)) {
            check_service(run, files, services[i], any);
            found++;
        }
    if (files->unreadable) {
        tli_left_out(run, TL_AREA_PARTLY, "some of its files cannot be read");
        run->diag->complete = false;
    } else if (found == 0) {
        tli_left_out(run, TL_AREA_PARTLY, "the services that are checked have no files");
    }
    talloc_free(files);
}

/* Our line of 'auth' in a service; 0 or as tli_pam_line_read(). */
static int read_line(TALLOC_CTX *ctx, const char *service, struct tli_pam_line *line)
{
    struct files *files = talloc_zero(ctx, struct files);
    struct tli_pam_stack *stack =
        files != NULL
            ? tli_pam_stack_read(files, load(files, service) != NULL ? service : OTHER,
                                 load, files)
            : NULL;

    *line = (struct tli_pam_line){0};
    return stack != NULL ? tli_pam_line_read(ctx, stack, line) : -ENOMEM;
}

bool tli_pam_meant_line(struct run *run, struct tli_pam_line *line)
{
    return run->service != NULL && read_line(run, run->service, line) == 0;
}

int tl_diagnose_config(TALLOC_CTX *ctx, const char *service, const char *path,
                       struct tl_config **config, struct tl_config_error **error)
{
    struct tli_pam_line line;
    int rc = read_line(ctx, service, &line);
    char *where = NULL;

    if (rc == -ENOMEM)
        return rc;
    if (rc != 0) /* the checklist tells what is wrong with it */
        line.count = 0;
    rc = tl_config_load(ctx, path != NULL ? path : line.conf, config, error);
    if (line.file != NULL)
        where = talloc_asprintf(ctx, "%s/%s", folders[0], line.file);
    for (size_t i = 0; rc == 0 && i < line.count; i++)
        rc = tl_config_set(ctx, *config, where != NULL ? where : "PAM", line.options[i],
                           error);
    return rc;
}
