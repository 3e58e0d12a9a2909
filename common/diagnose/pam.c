/* SPDX-License-Identifier: MIT
 *
 * pam.c - the PAM stacks of the programs that people log on with.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "internal.h"
#include "local_files.h"

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

static const char *fault_words(TALLOC_CTX *ctx, enum tli_pam_fault fault,
                               enum tli_pam_kind kind,
                               const struct tli_pam_entry *culprit)
{
    const char *what = kind == TL_PAM_AUTH ? "auth" : "account";
    const char *by =
        culprit != NULL && culprit->module != NULL
            ? talloc_asprintf(ctx, "%s in %s", culprit->module, culprit->file)
            : "another module";

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

/* True if something of it is wrong. */
static bool check_kind(struct run *run, const char *service,
                       const struct tli_pam_stack *stack, enum tli_pam_kind kind)
{
    const struct tli_pam_entry *culprit;
    enum tli_pam_fault fault = tli_pam_judge(stack, kind, &culprit);
    /* Which programs are for users of domains is the administrator's decision. */
    bool chosen = fault == TL_PAM_ABSENT && kind == TL_PAM_AUTH;

    if (fault == TL_PAM_FINE)
        return false;
    tli_found(run, "pam", service, chosen ? TL_FINDING_WARNING : TL_FINDING_FAILED,
              chosen ? TL_REASON_PAM_ABSENT : TL_REASON_PAM_STACK, service, NULL, "%s",
              fault_words(run->diag, fault, kind, culprit));
    return true;
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

/* If no file has our module, only lines that cannot be parsed are reported. */
static void check_service(struct run *run, struct files *files, const char *service,
                          bool any)
{
    struct tli_pam_stack *stack = tli_pam_stack_read(files, service, load, files);
    const char *rival;

    if (stack == NULL) {
        run->diag->complete = false;
        return;
    }
    if (stack->broken != NULL)
        tli_found(run, "pam", service, TL_FINDING_WARNING, TL_REASON_PAM_STACK, service,
                  NULL, "it cannot be parsed: %s", stack->broken);
    /* If the first is absent, so are the others. */
    rival = tli_pam_rival(stack);
    if (any && !check_kind(run, service, stack, TL_PAM_AUTH) &&
        !check_kind(run, service, stack, TL_PAM_ACCOUNT))
        tli_found_ok(run, "pam", service,
                     "auth and account call pam_trustlogon.so and follow its result%s%s",
                     rival != NULL ? "; another module asks for the password first: "
                                   : "",
                     rival != NULL ? rival : "");
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
    for (size_t i = 0; i < NUM_SERVICES; i++)
        if (load(files, services[i]) != NULL) {
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
