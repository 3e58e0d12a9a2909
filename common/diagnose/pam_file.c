/* SPDX-License-Identifier: MIT
 *
 * pam_file.c - the files of /etc/pam.d, as pam.conf(5) has them: lines of type, control
 * and module, includes followed. Pure; files come from a callback.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "local_files.h"

#define DEPTH_MAX 16
#define FILES_MAX 256 /* in all, each as often as it is included */
#define BLANKS " \t\r\v\f"

static const char *const kinds[TL_PAM_KINDS] = {"auth", "account", "password", "session"};
static const char *const returns[TL_PAM_RETURNS] = {
    [TL_PAM_SUCCESS] = "success",
    [TL_PAM_NEW_AUTHTOK] = "new_authtok_reqd",
    [TL_PAM_IGNORE] = "ignore",
    [TL_PAM_AUTH_ERR] = "auth_err",
    [TL_PAM_USER_UNKNOWN] = "user_unknown",
    [TL_PAM_PERM_DENIED] = "perm_denied",
    [TL_PAM_MODULE_UNKNOWN] = "module_unknown"};

/* The words that stand for a list of actions: for success, for all else, IGNORE apart. */
static const struct {
    const char *word;
    int success, otherwise;
} controls[] = {{"required", TL_PAM_DO_OK, TL_PAM_DO_BAD},
                {"requisite", TL_PAM_DO_OK, TL_PAM_DO_DIE},
                {"sufficient", TL_PAM_DO_DONE, TL_PAM_DO_IGNORE},
                {"optional", TL_PAM_DO_OK, TL_PAM_DO_IGNORE}};

/* A file that is being read; those that include it are open below it. */
struct open_file {
    const char *name;
    char *text, *rest;
    int line;        /* of `rest` */
    int kind, level; /* kind < 0: lines of all types */
};
/* The state of reading a stack: its open files, innermost last, and how many were read
 * in all. */
struct reader {
    struct tli_pam_stack *stack;
    tli_pam_load_fn load;
    void *arg;
    struct open_file files[DEPTH_MAX];
    size_t depth, read;
};

static void set_all(int *actions, int success, int otherwise)
{
    for (size_t i = 0; i < TL_PAM_RETURNS; i++)
        actions[i] = otherwise;
    actions[TL_PAM_SUCCESS] = actions[TL_PAM_NEW_AUTHTOK] = success;
    actions[TL_PAM_IGNORE] = TL_PAM_DO_IGNORE;
}

static bool parse_action(const char *word, int *action)
{
    static const struct {
        const char *word;
        int action;
    } words[] = {{"ignore", TL_PAM_DO_IGNORE}, {"ok", TL_PAM_DO_OK},
                 {"done", TL_PAM_DO_DONE},     {"bad", TL_PAM_DO_BAD},
                 {"die", TL_PAM_DO_DIE},       {"reset", TL_PAM_DO_RESET}};
    char *end;
    long skip;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(word, words[i].word) == 0) {
            *action = words[i].action;
            return true;
        }
    skip = strtol(word, &end, 10);
    if (end == word || *end != '\0' || skip < 1 || skip > TL_PAM_ENTRIES_MAX)
        return false;
    *action = (int)skip;
    return true;
}

/* "value=action ...", the inside of brackets. A value that is not named is `bad`. */
static bool parse_brackets(char *text, int *actions)
{
    bool named[TL_PAM_RETURNS] = {false};
    int otherwise = TL_PAM_DO_BAD;
    char *term;

    while ((term = tli_text_word(&text)) != NULL) {
        char *equals = strchr(term, '=');
        int action;

        if (equals == NULL || !parse_action(equals + 1, &action))
            return false;
        *equals = '\0';
        if (strcasecmp(term, "default") == 0)
            otherwise = action;
        for (size_t i = 0; i < TL_PAM_RETURNS; i++)
            if (strcasecmp(term, returns[i]) == 0) {
                actions[i] = action;
                named[i] = true;
            }
    }
    for (size_t i = 0; i < TL_PAM_RETURNS; i++)
        if (!named[i])
            actions[i] = otherwise;
    return true;
}

/* Cut a control off *rest. */
static bool parse_control(char **rest, int *actions)
{
    char *start = *rest + strspn(*rest, BLANKS), *end, *word;

    if (start[0] == '[') {
        end = strchr(start, ']');
        if (end == NULL)
            return false;
        *end = '\0';
        *rest = end + 1;
        return parse_brackets(start + 1, actions);
    }
    word = tli_text_word(rest);
    for (size_t i = 0; word != NULL && i < sizeof(controls) / sizeof(controls[0]); i++)
        if (strcasecmp(word, controls[i].word) == 0) {
            set_all(actions, controls[i].success, controls[i].otherwise);
            return true;
        }
    return false;
}

static struct tli_pam_entry *add(struct reader *reader, enum tli_pam_kind kind, int level,
                                 const char *file)
{
    struct tli_pam_stack *stack = reader->stack;
    struct tli_pam_entry *entry;

    if (stack->count == TL_PAM_ENTRIES_MAX)
        return NULL;
    entry = &stack->entries[stack->count++];
    *entry = (struct tli_pam_entry){
        .kind = kind, .level = level, .args = "", .file = talloc_strdup(stack, file)};
    return entry;
}

static void broken(struct reader *reader, const char *fmt, const char *what)
{
    if (reader->stack->broken == NULL)
        reader->stack->broken = talloc_asprintf(reader->stack, "%s%s", fmt, what);
}

/* Lines that end in a backslash go on; JOINED is left there, to be counted. */
#define JOINED '\1'
static void join_lines(char *text)
{
    for (char *p = text; (p = strstr(p, "\\\n")) != NULL;) {
        p[0] = ' ';
        p[1] = JOINED;
    }
}

/* How many lines of the file this one is. The marks become blanks. */
static int count_joined(char *line)
{
    int lines = 1;

    for (; (line = strchr(line, JOINED)) != NULL; lines++)
        *line = ' ';
    return lines;
}

static bool open_file(struct reader *reader, const char *name, int kind, int level)
{
    const char *text = NULL;
    char *copy;

    if (reader->depth == DEPTH_MAX || reader->read == FILES_MAX) {
        broken(reader, "files that include each other: ", name);
        return false;
    }
    text = reader->load(reader->arg, name);
    if (text == NULL) {
        broken(reader, "missing file ", name);
        return false;
    }
    copy = talloc_strdup(reader->stack, text);
    if (copy == NULL)
        return false;
    join_lines(copy);
    reader->files[reader->depth++] = (struct open_file){.name = name,
                                                        .text = copy,
                                                        .rest = copy,
                                                        .line = 1,
                                                        .kind = kind,
                                                        .level = level};
    reader->read++;
    return true;
}

/* What follows the type. */
static bool read_rest(struct reader *reader, enum tli_pam_kind kind, int level,
                      char *rest, const char *file)
{
    char *start = rest + strspn(rest, BLANKS), *name;
    struct tli_pam_entry *entry;
    int actions[TL_PAM_RETURNS];
    bool include = strncasecmp(start, "include", 7) == 0 && strchr(BLANKS, start[7]);
    bool substack = strncasecmp(start, "substack", 8) == 0 && strchr(BLANKS, start[8]);

    if (include || substack) {
        (void)tli_text_word(&rest);
        name = tli_text_word(&rest);
        if (name == NULL)
            return false;
        if (substack && add(reader, kind, level, file) == NULL)
            return false;
        return open_file(reader, name, (int)kind, level + substack);
    }
    if (!parse_control(&rest, actions))
        return false;
    name = tli_text_word(&rest);
    entry = name != NULL ? add(reader, kind, level, file) : NULL;
    if (entry == NULL)
        return false;
    memcpy(entry->actions, actions, sizeof(actions));
    entry->path = talloc_strdup(reader->stack, name);
    entry->module = entry->path != NULL && strrchr(entry->path, '/') != NULL
                        ? strrchr(entry->path, '/') + 1
                        : entry->path;
    entry->args = talloc_strdup(reader->stack, rest + strspn(rest, BLANKS));
    return entry->module != NULL && entry->args != NULL && entry->file != NULL;
}

static bool read_line(struct reader *reader, char *line, int kind, int level,
                      const char *file)
{
    char *word;

    line[strcspn(line, "#")] = '\0';
    word = tli_text_word(&line);
    if (word == NULL)
        return true;
    if (strcasecmp(word, "@include") == 0) {
        word = tli_text_word(&line);
        return word != NULL && open_file(reader, word, kind, level);
    }
    word += word[0] == '-';
    for (int k = 0; k < TL_PAM_KINDS; k++)
        if (strcasecmp(word, kinds[k]) == 0)
            return (kind >= 0 && kind != k) ||
                   read_rest(reader, (enum tli_pam_kind)k, level, line, file);
    return false;
}

/* A line of the file read last, which may open another one. */
static void read_next(struct reader *reader)
{
    struct open_file *file = &reader->files[reader->depth - 1];
    const char *name = file->name;
    char *line = tli_text_line(&file->rest), *shown;
    size_t before = reader->stack->count;
    int number = file->line;

    if (line == NULL) {
        reader->depth--;
        talloc_free(file->text);
        return;
    }
    file->line += count_joined(line);
    shown = talloc_asprintf(reader->stack, "%s: %s", name, line);
    /* libpam turns such a line into one that fails; here it is reported, and skipped. */
    if (!read_line(reader, line, file->kind, file->level, name))
        broken(reader, "", shown);
    if (reader->stack->count > before)
        reader->stack->entries[reader->stack->count - 1].line = number;
    talloc_free(shown);
}

struct tli_pam_stack *tli_pam_stack_read(TALLOC_CTX *ctx, const char *service,
                                         tli_pam_load_fn load, void *arg)
{
    struct tli_pam_stack *stack = talloc_zero(ctx, struct tli_pam_stack);
    struct reader reader = {.stack = stack, .load = load, .arg = arg};

    if (stack == NULL)
        return NULL;
    stack->entries = talloc_zero_array(stack, struct tli_pam_entry, TL_PAM_ENTRIES_MAX);
    if (stack->entries == NULL) {
        talloc_free(stack);
        return NULL;
    }
    (void)open_file(&reader, service, -1, 0);
    while (reader.depth > 0)
        read_next(&reader);
    return stack;
}
