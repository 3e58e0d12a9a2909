/* SPDX-License-Identifier: MIT
 *
 * pam_modules.c - modules of a PAM stack that decide by files of their own.
 *
 * Two of them are looked at, for their files are plain; what another one would say is not
 * known, and the area says so with module, file and line. A module whose answer changes
 * nothing is not told.
 */
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "local_files.h"

#define SHELLS "/etc/shells"

/* "account required pam_nologin.so" is told as "pam_nologin.so, common-account line 3" */
static char *where(TALLOC_CTX *ctx, const struct tli_pam_entry *entry)
{
    return talloc_asprintf(ctx, "%s, %s line %d", entry->module, entry->file,
                           entry->line);
}

/* The first of its files that exists; NULL: none. */
static const char *nologin_file(TALLOC_CTX *ctx, const struct tli_pam_entry *entry)
{
    const char *named = tli_pam_argument(ctx, entry, "file");
    const char *files[] = {named != NULL ? named : "/run/nologin",
                           named != NULL ? named : "/etc/nologin"};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (access(files[i], F_OK) == 0)
            return files[i];
    return NULL;
}

static void check_nologin(struct run *run, const char *service,
                          const struct tli_pam_entry *entry)
{
    const char *file = nologin_file(run->diag, entry);

    if (file != NULL)
        tli_found(run, "pam", service, TL_FINDING_FAILED, TL_REASON_PAM_NOLOGIN, file,
                  where(run->diag, entry), "%s exists: only root is let in (%s)", file,
                  where(run->diag, entry));
}

/* False: the user's shell, or the list, is not known. */
static bool check_shells(struct run *run, const char *service,
                         const struct tli_pam_entry *entry)
{
    const struct tl_logon *logon = run->diag->logon;
    const char *shell =
        logon != NULL && logon->identity != NULL ? logon->identity->shell : NULL;
    char *text = NULL;

    if (shell == NULL || tli_text_read(run->diag, SHELLS, &text) != 0)
        return false;
    if (!tli_shells_has(text, shell))
        tli_found(run, "pam", service, TL_FINDING_FAILED, TL_REASON_PAM_SHELLS, shell,
                  where(run->diag, entry), "%s does not have the user's shell %s (%s)",
                  SHELLS, shell, where(run->diag, entry));
    talloc_free(text);
    return true;
}

/* Whether it was looked at. */
static bool look_into(struct run *run, const char *service,
                      const struct tli_pam_entry *entry)
{
    if (strcmp(entry->module, "pam_nologin.so") == 0) {
        check_nologin(run, service, entry);
        return true;
    }
    return strcmp(entry->module, "pam_shells.so") == 0 &&
           check_shells(run, service, entry);
}

void tli_check_pam_modules(struct run *run, const char *service,
                           const struct tli_pam_stack *stack)
{
    char *left = NULL;

    for (size_t i = 0; i < stack->count; i++) {
        const struct tli_pam_entry *entry = &stack->entries[i];

        if ((entry->kind != TL_PAM_AUTH && entry->kind != TL_PAM_ACCOUNT) ||
            !tli_pam_decides(stack, entry) || look_into(run, service, entry))
            continue;
        left = talloc_asprintf_append(left != NULL ? left : talloc_strdup(run->diag, ""),
                                      "%s%s", left != NULL ? "; " : "",
                                      where(run->diag, entry));
    }
    if (left != NULL)
        tli_left_out(run, TL_AREA_PARTLY,
                     "modules of %s that decide by files of their own: %s", service,
                     left);
}
