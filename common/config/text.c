/* SPDX-License-Identifier: MIT
 *
 * text.c - one file's text, parsed by libkrb5's profile library and checked against the
 * option table.
 *
 * The library reads files only, so the bytes that were checked are given to it as a
 * memfd. It gives no line numbers; the line of a syntax error is found by parsing shorter
 * and shorter beginnings of the text.
 */
#include <errno.h>
#include <profile.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "error.h"
#include "options.h"
#include "text.h"

/* The text of one file while its options are applied. */
struct source {
    const char *file, *text;
    size_t len;
    profile_t profile;
    struct tl_config *config;
    struct tl_config_error **error;
};

/* About a line; 0: the text as a whole. */
static int complain(TALLOC_CTX *ctx, struct tl_config_error **error, const char *file,
                    unsigned int line, const char *what)
{
    return tli_config_complain(
        ctx, error, &(struct tli_config_place){.where = file, .line = line}, "%s", what);
}

/*
 * A parsed text. The library shares trees between profiles by file name and may
 * look at the file again, so the name /proc/self/fd/N must stay ours for as long
 * as the profile lives: the descriptor is closed after it.
 */
struct parsed {
    profile_t profile;
    int fd;
};

static void release(struct parsed *parsed)
{
    profile_abandon(parsed->profile);
    if (parsed->fd >= 0)
        close(parsed->fd);
}

/* 0 with a profile, or with its error in *code; negative errno if no memfd can be made.
 * Release it in all cases. */
static int parse(const char *text, size_t len, struct parsed *parsed, long *code)
{
    char path[32];
    const_profile_filespec_t files[] = {path, NULL};

    parsed->profile = NULL;
    *code = 0;
    parsed->fd = memfd_create("trustlogon.conf", MFD_CLOEXEC);
    if (parsed->fd < 0)
        return -errno;
    for (size_t done = 0; done < len;) {
        ssize_t n = write(parsed->fd, text + done, len - done);

        if (n < 0)
            return -errno;
        done += (size_t)n;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", parsed->fd);
    *code = profile_init_flags(files, 0, &parsed->profile);
    return 0;
}

static const char *profile_words(long code)
{
    switch (code) {
    case PROF_SECTION_SYNTAX:
    case PROF_SECTION_NOTOP:
        return "a section must be written [name]";
    case PROF_RELATION_SYNTAX:
        return "neither '[section]' nor 'key = value'";
    case PROF_EXTRA_CBRACE:
    case PROF_MISSING_OBRACE:
        return "braces are not supported";
    case ENOENT:
    case EACCES:
    case PROF_FAIL_OPEN:
        return "/proc is not mounted, and the parser needs it";
    default:
        return "libkrb5 cannot parse it";
    }
}

/* The first line whose presence makes the parser fail with any error. */
static unsigned int error_line(const char *text, size_t len)
{
    unsigned int number = 0;

    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        struct parsed parsed;
        long code;
        int ret;

        at = end != NULL ? (size_t)(end + 1 - text) : len;
        number++;
        ret = parse(text, at, &parsed, &code);
        release(&parsed);
        if (ret != 0)
            return 0;
        if (code != 0)
            return number;
    }
    return 0;
}

/* The pieces of a list, which may be longer than the parser's line buffer. */
static char *joined(TALLOC_CTX *ctx, char **values)
{
    char *whole = talloc_strdup(ctx, values[0]);

    for (size_t i = 1; whole != NULL && values[i] != NULL; i++)
        whole = talloc_asprintf_append_buffer(whole, ", %s", values[i]);
    return whole;
}

/* One key of a section: known, there once unless a list, a value and not a group. */
static int apply_key(TALLOC_CTX *ctx, const struct source *source, const char *section,
                     const char *key)
{
    const char *names[] = {section, key, NULL};
    const struct tli_option *option = tli_option_find(section, key);
    struct tli_config_place at = {.where = source->file, .section = section, .key = key};
    char **values = NULL, *why = NULL, *whole = NULL;
    int ret;

    at.line = tli_config_line(source->text, source->len, section, key, 1);
    if (option == NULL) {
        option = tli_option_find(NULL, key);
        return option != NULL
                   ? tli_config_complain(ctx, source->error, &at, "belongs in [%s]",
                                         option->section)
                   : tli_config_complain(ctx, source->error, &at, "no such option");
    }
    if (profile_get_values(source->profile, names, &values) != 0 || values == NULL ||
        values[0] == NULL) {
        ret = tli_config_complain(ctx, source->error, &at, "has no value");
        goto cleanup;
    }
    if (values[1] != NULL && !tli_option_is_list(option)) {
        at.line = tli_config_line(source->text, source->len, section, key, 2);
        at.value = values[1];
        ret = tli_config_complain(ctx, source->error, &at, "given more than once");
        goto cleanup;
    }
    whole = joined(ctx, values);
    at.value = whole;
    ret = whole != NULL ? tli_option_store(ctx, source->config, option, whole, &why)
                        : -ENOMEM;
    if (ret == -EINVAL)
        ret = tli_config_complain(ctx, source->error, &at, "%s", why);
    talloc_free(why);

cleanup:
    talloc_free(whole);
    profile_free_list(values);
    return ret;
}

static int apply_section(TALLOC_CTX *ctx, const struct source *source,
                         const char *section)
{
    const char *names[] = {section, NULL};
    char **keys = NULL;
    int ret = 0;

    if (!tli_option_section_known(section))
        return tli_config_complain(
            ctx, source->error,
            &(struct tli_config_place){
                .where = source->file,
                .section = section,
                .line = tli_config_line(source->text, source->len, section, NULL, 1)},
            "no such section");
    if (profile_get_relation_names(source->profile, names, &keys) != 0)
        return 0; /* an empty section */
    for (size_t i = 0; ret == 0 && keys[i] != NULL; i++)
        ret = apply_key(ctx, source, section, keys[i]);
    profile_free_list(keys);
    return ret;
}

int tli_config_text(TALLOC_CTX *ctx, struct tl_config *config, const char *file,
                    const char *text, size_t len, struct tl_config_error **error)
{
    struct source source = {.file = file, .config = config, .error = error};
    const char *top[] = {NULL}, *what = NULL;
    struct parsed parsed;
    char **sections = NULL;
    unsigned int line;
    long code = 0;
    int ret;

    *error = NULL;
    /* With the byte order mark that some editors write, the first section would be
     * lost. */
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    line = tli_config_scan(text, len, &what);
    if (line != 0)
        return complain(ctx, error, file, line, what);
    ret = parse(text, len, &parsed, &code);
    if (ret != 0) {
        ret = tli_config_complain(ctx, error, &(struct tli_config_place){.where = file},
                                  "cannot create a memory file to parse it in: %s",
                                  strerror(-ret));
        goto cleanup;
    }
    if (code != 0) {
        ret = complain(ctx, error, file, error_line(text, len), profile_words(code));
        goto cleanup;
    }
    if (profile_get_subsection_names(parsed.profile, top, &sections) != 0)
        goto cleanup; /* no section at all: an empty file */
    source.text = text;
    source.len = len;
    source.profile = parsed.profile;
    for (size_t i = 0; ret == 0 && sections[i] != NULL; i++)
        ret = apply_section(ctx, &source, sections[i]);

cleanup:
    profile_free_list(sections);
    release(&parsed);
    return ret;
}
