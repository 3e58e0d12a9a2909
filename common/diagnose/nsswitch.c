/* SPDX-License-Identifier: MIT
 *
 * nsswitch.c - one database of nsswitch.conf(5): is our module in its line, and does a
 * question for a user whom the modules before it do not know get so far? Pure.
 */
#include <string.h>
#include <strings.h>

#include "local_files.h"

#define BLANKS " \t\r\v\f"
#define OURS "trustlogon"
/* They know this machine's own accounts, and no domain. */
static const char *const local[] = {"files", "compat", "db", "systemd", "altfiles"};

static bool is_local(const char *source)
{
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
        if (strcmp(source, local[i]) == 0)
            return true;
    return false;
}

/* What stands between brackets, "[!]STATUS=ACTION ...": does it end a question for a name
 * that the module before does not know? */
static bool ends_unknown(const char *text, size_t len)
{
    bool ends = false;

    while (len > 0) {
        size_t skip = strspn(text, BLANKS), term, status;
        bool negated;

        if (skip >= len)
            break;
        text += skip;
        len -= skip;
        term = strcspn(text, BLANKS "]");
        if (term > len)
            term = len;
        negated = text[0] == '!';
        status = strcspn(text, "=");
        if (status < term && term - status - 1 == strlen("return") &&
            strncasecmp(text + status + 1, "return", strlen("return")) == 0)
            ends |= (status - negated == strlen("NOTFOUND") &&
                     strncasecmp(text + negated, "NOTFOUND", strlen("NOTFOUND")) == 0) !=
                    negated;
        text += term;
        len -= term;
    }
    return ends;
}

/* The sources of a line, and those before 'trustlogon'. */
static void judge(TALLOC_CTX *ctx, const char *p, struct tli_nss_line *line)
{
    const char *last = "";

    for (;;) {
        size_t len;

        p += strspn(p, BLANKS);
        if (*p == '\0' || *p == '#')
            return;
        if (*p == '[') {
            len = strcspn(p, "]");
            if (!line->ours && line->ended_by == NULL && ends_unknown(p + 1, len - 1))
                line->ended_by = last;
            p += len + (p[len] == ']');
            continue;
        }
        len = strcspn(p, BLANKS "[#");
        last = talloc_strndup(ctx, p, len);
        p += len;
        if (last == NULL)
            return;
        if (strcmp(last, OURS) == 0)
            line->ours = true;
        else if (!line->ours && !is_local(last))
            line->before = line->before == NULL
                               ? last
                               : talloc_asprintf(ctx, "%s, %s", line->before, last);
    }
}

void tli_nsswitch_judge(TALLOC_CTX *ctx, const char *text, const char *database,
                        struct tli_nss_line *line)
{
    size_t name = strlen(database);

    *line = (struct tli_nss_line){0};
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        const char *p = text + strspn(text, BLANKS);
        char *copy;

        if (strncmp(p, database, name) == 0 &&
            p[name + strspn(p + name, BLANKS)] == ':') {
            p += name + strspn(p + name, BLANKS) + 1;
            copy = talloc_strndup(ctx, p, len - (size_t)(p - text));
            *line = (struct tli_nss_line){.present = true}; /* glibc takes the last */
            if (copy != NULL)
                judge(ctx, copy, line);
        }
        text += len + (text[len] == '\n');
    }
}
