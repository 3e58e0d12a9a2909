/* SPDX-License-Identifier: MIT
 *
 * sshd_config.c - the settings of sshd that decide about users of domains, as its files
 * have them outside of Match blocks. Pure; files come from a callback.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "local_files.h"

#define OPEN_MAX 64 /* patterns of Include that are being read; sshd has 16 levels */
#define PATTERNS_MAX 1024
#define FILES_MAX 256 /* in all */
#define BLANKS " \t\r\v\f"

/* The files of a pattern, one after the other; the one that includes them waits below. */
struct open_files {
    const char *pattern; /* NULL: the main file */
    size_t next;
    char *text, *rest; /* of the one that is being read, or NULL */
    bool active;       /* its lines stand outside of Match */
};
/* The state of reading sshd_config: its open files, innermost last, and how many were
 * read in all. */
struct reader {
    TALLOC_CTX *ctx;
    struct tli_sshd *sshd;
    tli_sshd_load_fn load;
    void *arg;
    struct open_files files[OPEN_MAX];
    size_t depth, read;
    bool pam_set, passwords_set, keyboard_set; /* the first value of each holds */
    bool no_memory;
};

/* Cut an argument off *rest, out of its quotes. NULL at the end. */
static char *next_argument(char **rest)
{
    char *start = *rest + strspn(*rest, BLANKS);
    bool quoted = start[0] == '"';
    size_t len;

    start += quoted;
    if (!quoted && (start[0] == '\0' || start[0] == '#'))
        return NULL;
    len = strcspn(start, quoted ? "\"" : BLANKS);
    *rest = start + len + (start[len] != '\0');
    start[len] = '\0';
    return start;
}

/* "Keyword value", "Keyword=value" */
static char *next_keyword(char **rest)
{
    char *start = *rest + strspn(*rest, BLANKS);
    size_t len = strcspn(start, BLANKS "=");

    if (len == 0 || start[0] == '#')
        return NULL;
    *rest = start + len;
    if (**rest != '\0')
        *(*rest)++ = '\0';
    *rest += strspn(*rest, BLANKS "=");
    return start;
}

static void set(bool *value, bool *is_set, const char *argument)
{
    if (argument == NULL || *is_set)
        return;
    *is_set = true;
    *value = strcasecmp(argument, "yes") == 0;
}

static void add_patterns(struct reader *reader, struct tli_sshd_list *list, char *rest)
{
    char *pattern;

    while ((pattern = next_argument(&rest)) != NULL && list->count < PATTERNS_MAX) {
        const char **more = talloc_realloc(reader->ctx, list->patterns, const char *,
                                           (unsigned)list->count + 1);

        if (more == NULL) {
            reader->no_memory = true;
            return;
        }
        list->patterns = more;
        list->patterns[list->count] = talloc_strdup(reader->ctx, pattern);
        if (list->patterns[list->count] == NULL) {
            reader->no_memory = true;
            return;
        }
        list->count++;
    }
}

static void open_files(struct reader *reader, const char *pattern)
{
    if (reader->depth == OPEN_MAX) {
        reader->sshd->included = talloc_strdup(reader->ctx, pattern);
        return;
    }
    reader->files[reader->depth++] =
        (struct open_files){.pattern = pattern, .active = true};
}

/* The first pattern of a line is read first, so it is opened last. */
static void include(struct reader *reader, char *rest)
{
    char *patterns[OPEN_MAX];
    size_t count = 0;

    while (count < OPEN_MAX && (patterns[count] = next_argument(&rest)) != NULL)
        count++;
    while (count-- > 0)
        open_files(reader, patterns[count]);
}

/* "Match all" ends what Match began. */
static void match(struct tli_sshd *sshd, const char *argument, bool *active)
{
    *active = argument != NULL && strcasecmp(argument, "all") == 0;
    sshd->matches += !*active;
}

static void read_line(struct reader *reader, char *line, bool *active)
{
    struct tli_sshd *sshd = reader->sshd;
    char *rest = line, *keyword = next_keyword(&rest);

    if (keyword == NULL)
        return;
    if (strcasecmp(keyword, "Match") == 0)
        match(sshd, next_argument(&rest), active);
    else if (!*active)
        return;
    else if (strcasecmp(keyword, "Include") == 0)
        include(reader, rest);
    else if (strcasecmp(keyword, "UsePAM") == 0)
        set(&sshd->use_pam, &reader->pam_set, next_argument(&rest));
    else if (strcasecmp(keyword, "PasswordAuthentication") == 0)
        set(&sshd->passwords, &reader->passwords_set, next_argument(&rest));
    else if (strcasecmp(keyword, "KbdInteractiveAuthentication") == 0 ||
             strcasecmp(keyword, "ChallengeResponseAuthentication") == 0)
        set(&sshd->keyboard, &reader->keyboard_set, next_argument(&rest));
    else if (strcasecmp(keyword, "AllowUsers") == 0)
        add_patterns(reader, &sshd->allow_users, rest);
    else if (strcasecmp(keyword, "DenyUsers") == 0)
        add_patterns(reader, &sshd->deny_users, rest);
    else if (strcasecmp(keyword, "AllowGroups") == 0 ||
             strcasecmp(keyword, "DenyGroups") == 0)
        sshd->by_groups = true;
}

/* The next file of a pattern, or the end of it. */
static void next_file(struct reader *reader, struct open_files *files)
{
    bool unreadable = false;
    const char *text =
        reader->read == FILES_MAX
            ? NULL
            : reader->load(reader->arg, files->pattern, files->next++, &unreadable);

    if ((unreadable || reader->read == FILES_MAX) && files->pattern != NULL)
        reader->sshd->included = talloc_strdup(reader->ctx, files->pattern);
    if (text == NULL) {
        reader->depth--;
        return;
    }
    reader->read++;
    files->text = files->rest = talloc_strdup(NULL, text);
    files->active = true;
    reader->no_memory = reader->no_memory || files->text == NULL;
}

static void read_next(struct reader *reader)
{
    struct open_files *files = &reader->files[reader->depth - 1];
    char *line;

    if (files->text == NULL) {
        next_file(reader, files);
        return;
    }
    line = tli_text_line(&files->rest);
    if (line == NULL)
        TALLOC_FREE(files->text);
    else
        read_line(reader, line, &files->active);
}

int tli_sshd_read(TALLOC_CTX *ctx, tli_sshd_load_fn load, void *arg,
                  struct tli_sshd *sshd)
{
    struct reader *reader = talloc_zero(ctx, struct reader);
    bool unreadable = false;
    int rc = 0;

    *sshd = (struct tli_sshd){.passwords = true, .keyboard = true};
    if (reader == NULL)
        return -ENOMEM;
    *reader = (struct reader){.ctx = ctx, .sshd = sshd, .load = load, .arg = arg};
    if (load(arg, NULL, 0, &unreadable) == NULL) {
        rc = unreadable ? -EACCES : -ENOENT;
    } else {
        open_files(reader, NULL);
        while (reader->depth > 0)
            read_next(reader);
        rc = reader->no_memory ? -ENOMEM : 0;
    }
    talloc_free(reader);
    return rc;
}

/* '*' and '?', as in match_pattern() of OpenSSH; over `len` bytes of the pattern. */
static bool matches(const char *text, const char *pattern, size_t len)
{
    const char *star = NULL, *again = NULL, *end = pattern + len;

    while (*text != '\0') {
        if (pattern < end && *pattern == '*') {
            star = ++pattern;
            again = text;
        } else if (pattern < end && (*pattern == '?' || *pattern == *text)) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++again;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}

static enum tli_sshd_match match_one(const char *pattern, const char *user)
{
    const char *at = strrchr(pattern, '@');

    if (at == NULL)
        return matches(user, pattern, strlen(pattern)) ? TL_SSHD_YES : TL_SSHD_NO;
    if (matches(user, pattern, (size_t)(at - pattern)))
        return strcmp(at, "@*") == 0 ? TL_SSHD_YES : TL_SSHD_MAYBE;
    return matches(user, pattern, strlen(pattern)) ? TL_SSHD_SPLIT : TL_SSHD_NO;
}

enum tli_sshd_match tli_sshd_match(const struct tli_sshd_list *list, const char *user,
                                   const char **pattern)
{
    enum tli_sshd_match best = TL_SSHD_NO;

    *pattern = NULL;
    for (size_t i = 0; i < list->count; i++) {
        enum tli_sshd_match match = match_one(list->patterns[i], user);

        if (match > best) {
            best = match;
            *pattern = list->patterns[i];
        }
    }
    return best;
}
