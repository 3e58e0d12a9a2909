/* SPDX-License-Identifier: MIT
 *
 * transited.c - the realms that a ticket came through [RFC 4120 3.3.3.2]. Pure.
 *
 * DOMAIN-X500-COMPRESS: names with commas between them, a backslash before a character
 * that is to mean nothing; one that ends in a dot goes before the name that came last,
 * one that begins with a slash behind it, unless there is a space before; an empty one
 * stands for all realms between its neighbours. libkrb5 decodes it only to compare with
 * [capaths], and does not report which realm it rejects.
 */
#include <errno.h>
#include <string.h>
#include <trustlogon/name.h>

#include "transited.h"

#define CONTENTS_MAX 4096
#define REALMS_MAX 32
#define NAME_MAX_LEN 255
#define DOMAIN_X500_COMPRESS 1

/* One name of the list, its escapes removed. */
struct field {
    char text[NAME_MAX_LEN + 1];
    size_t len;        /* of the text */
    bool absolute;     /* a space came first */
    bool slash;        /* the first character is a "/", not escaped */
    bool dot;          /* the last one is a ".", not escaped */
    bool more;         /* a comma follows */
    const char *after; /* where the next one begins */
};

static int read_field(const char *at, const char *end, struct field *f)
{
    *f = (struct field){0};
    for (; at < end && *at != ','; at++) {
        bool escaped = *at == '\\';
        unsigned char c;

        if (escaped && ++at == end)
            return -EBADMSG;
        c = (unsigned char)*at;
        if (c == ' ' && !escaped && f->len == 0 && !f->absolute) {
            f->absolute = true;
            continue;
        }
        if (c < 0x20 || c == 0x7F || f->len == NAME_MAX_LEN)
            return -EBADMSG;
        if (f->len == 0)
            f->slash = c == '/' && !escaped;
        f->dot = c == '.' && !escaped;
        f->text[f->len++] = (char)c;
    }
    f->more = at < end;
    f->after = f->more ? at + 1 : at;
    return 0;
}

static int add(TALLOC_CTX *ctx, struct tli_realms *realms, const char *name)
{
    char **names, *folded = tl_fold(NULL, name); /* NULL for what is not UTF-8, too */
    size_t len = strlen(name);

    talloc_free(folded);
    if (folded == NULL || len == 0 || len > NAME_MAX_LEN || realms->count == REALMS_MAX)
        return -EBADMSG;
    names = talloc_realloc(ctx, realms->names, char *, realms->count + 1);
    if (names == NULL)
        return -ENOMEM;
    realms->names = names;
    names[realms->count] = talloc_strdup(names, name);
    if (names[realms->count] == NULL)
        return -ENOMEM;
    realms->count++;
    return 0;
}

/* The name in full, after `last` ("" if it is the first). */
static int add_field(TALLOC_CTX *ctx, struct tli_realms *realms, const struct field *f,
                     const char *last)
{
    char *name;
    int ret;

    if (f->dot && !f->slash && !f->absolute) {
        if (*last == '\0')
            return -EBADMSG;
        name = talloc_asprintf(NULL, "%s%s", f->text, last);
    } else {
        name =
            talloc_asprintf(NULL, "%s%s", f->slash && !f->absolute ? last : "", f->text);
    }
    ret = name != NULL ? add(ctx, realms, name) : -ENOMEM;
    talloc_free(name);
    return ret;
}

/* Of names like /COM/HP/APOLLO. */
static int add_between_x500(TALLOC_CTX *ctx, struct tli_realms *realms, const char *below,
                            const char *above)
{
    size_t len = strlen(above);
    int ret = strncmp(below, above, len) == 0 && below[len] == '/' ? 0 : -EBADMSG;

    for (const char *slash = ret == 0 ? strchr(below + len + 1, '/') : NULL;
         slash != NULL && ret == 0; slash = strchr(slash + 1, '/')) {
        char *name = talloc_strndup(NULL, below, (size_t)(slash - below));

        ret = name != NULL ? add(ctx, realms, name) : -ENOMEM;
        talloc_free(name);
    }
    return ret;
}

/* The realms between two, one of which must lie below the other. */
static int add_between(TALLOC_CTX *ctx, struct tli_realms *realms, const char *a,
                       const char *b)
{
    const char *below = strlen(a) > strlen(b) ? a : b, *above = below == a ? b : a;
    int ret = 0;

    if (*above == '/')
        return add_between_x500(ctx, realms, below, above);
    if (tl_dns_compare(below, above) != TL_DNS_BELOW)
        return -EBADMSG;
    for (below = strchr(below, '.'); below != NULL && strlen(below + 1) > strlen(above);
         below = strchr(below + 1, '.')) {
        ret = add(ctx, realms, below + 1);
        if (ret != 0)
            break;
    }
    return ret;
}

static int decode(TALLOC_CTX *ctx, const char *at, const char *end, const char *client,
                  const char *server, struct tli_realms *realms)
{
    const char *last = "";
    bool between = false, more = true;
    struct field f;

    while (more) {
        int ret = read_field(at, end, &f);
        size_t before = realms->count;

        if (ret != 0)
            return ret;
        more = f.more;
        at = f.after;
        if (f.len == 0 && !f.absolute) {
            between = true;
            continue;
        }
        ret = add_field(ctx, realms, &f, last);
        if (ret == 0 && between)
            ret = add_between(ctx, realms, *last != '\0' ? last : client,
                              realms->names[before]);
        if (ret != 0)
            return ret;
        between = false;
        last = realms->names[before];
    }
    return between ? add_between(ctx, realms, *last != '\0' ? last : client, server) : 0;
}

int tli_transited_decode(TALLOC_CTX *ctx, const krb5_transited *transited,
                         const char *client, const char *server,
                         struct tli_realms *realms)
{
    const char *bytes = (const char *)transited->tr_contents.data;
    size_t len = transited->tr_contents.length;
    int ret;

    *realms = (struct tli_realms){0};
    if (len > 0 && bytes[len - 1] == '\0') /* some KDCs count it */
        len--;
    if (len == 0)
        return 0;
    if (transited->tr_type != DOMAIN_X500_COMPRESS || len > CONTENTS_MAX)
        return -EBADMSG;
    ret = decode(ctx, bytes, bytes + len, client, server, realms);
    if (ret != 0) {
        talloc_free(realms->names);
        *realms = (struct tli_realms){0};
    }
    return ret;
}
