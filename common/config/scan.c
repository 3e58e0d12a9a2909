/* SPDX-License-Identifier: MIT
 *
 * scan.c - checks the lines of a file before libkrb5 parses them.
 *
 * The profile library skips lines before the first section without a word, follows
 * `include` into files that were not checked, and splits lines at 2 KiB. Here each of
 * these is an error, reported with the number of its line.
 */
#include <string.h>

#include "text.h"

/* The library's buffer is 2048 bytes; no known value needs a quarter of it. */
#define LINE_MAX_BYTES 1023

/* One line of the text, without its end. */
struct line {
    const char *at;
    size_t len;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct line trim(struct line line)
{
    while (line.len > 0 && is_blank(line.at[0])) {
        line.at++;
        line.len--;
    }
    while (line.len > 0 && is_blank(line.at[line.len - 1]))
        line.len--;
    return line;
}

static bool starts_with_word(struct line line, const char *word)
{
    size_t len = strlen(word);

    return line.len > len && memcmp(line.at, word, len) == 0 && is_blank(line.at[len]);
}

static const char *line_fault(struct line line, bool *in_section)
{
    const char *equals, *start = line.at;

    if (line.len > LINE_MAX_BYTES)
        return "the line is too long";
    line = trim(line);
    if (line.len == 0 || line.at[0] == '#' || line.at[0] == ';')
        return NULL;
    if (starts_with_word(line, "include") || starts_with_word(line, "includedir") ||
        starts_with_word(line, "module"))
        return "include, includedir and module are not supported; use the .conf.d folder";
    if (line.at[0] == '[') {
        if (line.at[line.len - 1] != ']' && line.at[line.len - 1] != '*')
            return "a section must be written [name]";
        /* The library treats an indented first line as a comment. */
        if (line.at != start)
            return "a section must begin at the left margin";
        *in_section = true;
        return NULL;
    }
    if (!*in_section)
        return "the line stands before the first [section]";
    equals = memchr(line.at, '=', line.len);
    if (equals == NULL)
        return "neither '[section]' nor 'key = value'";
    if (equals == line.at)
        return "no key before '='";
    line.len -= (size_t)(equals + 1 - line.at);
    line.at = equals + 1;
    line = trim(line);
    if (line.len == 0)
        return "no value after '='";
    if (line.at[0] == '{')
        return "groups in braces are not supported";
    if (line.at[0] == '"' && (line.len < 2 || line.at[line.len - 1] != '"'))
        return "the closing quotation mark is missing";
    return NULL;
}

unsigned int tli_config_scan(const char *text, size_t len, const char **what)
{
    bool in_section = false;
    unsigned int number = 1;

    *what = NULL;
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        struct line line = {text, end != NULL ? (size_t)(end - text) : len};

        *what = memchr(line.at, '\0', line.len) != NULL ? "the line contains a NUL byte"
                                                        : line_fault(line, &in_section);
        if (*what != NULL)
            return number;
        len -= line.len + (end != NULL);
        text += line.len + (end != NULL);
        number++;
    }
    return 0;
}

/* The name of a section, and that of a key: without the '*' that makes them final. */
static struct line name_of(struct line line)
{
    line = trim(line);
    if (line.len > 0 && line.at[line.len - 1] == '*')
        line.len--;
    line = trim(line);
    if (line.len > 1 && line.at[0] == '[' && line.at[line.len - 1] == ']') {
        line.at++;
        line.len -= 2;
    }
    return line;
}

static bool is_named(struct line line, const char *name)
{
    line = name_of(line);
    return line.len == strlen(name) && memcmp(line.at, name, line.len) == 0;
}

unsigned int tli_config_line(const char *text, size_t len, const char *section,
                             const char *key, unsigned int nth)
{
    bool inside = false;

    for (unsigned int number = 1; len > 0; number++) {
        const char *end = memchr(text, '\n', len);
        struct line line = {text, end != NULL ? (size_t)(end - text) : len};
        const char *equals = memchr(line.at, '=', line.len);

        len -= line.len + (end != NULL);
        text += line.len + (end != NULL);
        if (line.len > 0 && line.at[0] == '[') {
            inside = is_named(line, section);
            if (inside && key == NULL)
                return number;
        } else if (inside && key != NULL && equals != NULL) {
            line.len = (size_t)(equals - line.at);
            if (is_named(line, key) && --nth == 0)
                return number;
        }
    }
    return 0;
}
