/* SPDX-License-Identifier: MIT
 *
 * verifiers.c - the file of cached logons as text, and back. Pure.
 *
 *   trustlogon cached logons 1
 *   <SID> <proven> <tried> <wrong> <hash>      for each user, newest first
 *   end
 */
#include "verifiers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD TLA_VERIFIERS_HEAD
#define FOOT TLA_VERIFIERS_FOOT
#define HASH_MAX 384 /* CRYPT_OUTPUT_SIZE */

/* The next word of a line, which must be there. */
static char *word(char **rest)
{
    char *found = strsep(rest, " ");

    return found != NULL && found[0] != '\0' ? found : NULL;
}

static bool take_number(char **rest, uint64_t most, uint64_t *value)
{
    char *text = word(rest), *end = NULL;

    if (text == NULL || text[0] < '0' || text[0] > '9' || strlen(text) > 18)
        return false;
    *value = strtoull(text, &end, 10);
    return *end == '\0' && *value <= most;
}

/* The output of crypt(3): printable, no blank, a method's prefix in front. */
static bool is_hash(const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;

    if (len < 20 || len >= HASH_MAX || text[0] != '$')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    }
    return true;
}

static bool parse_line(char *line, struct tla_verifier *verifier)
{
    uint64_t proven, tried, wrong;
    char *sid = word(&line);

    if (sid == NULL || tl_sid_parse(sid, &verifier->sid) != 0 ||
        !take_number(&line, INT64_MAX, &proven) ||
        !take_number(&line, INT64_MAX, &tried) || !take_number(&line, UINT32_MAX, &wrong))
        return false;
    verifier->hash = line;
    verifier->proven = (int64_t)proven;
    verifier->tried = (int64_t)tried;
    verifier->wrong = (uint32_t)wrong;
    return is_hash(line);
}

static int parse_all(struct tla_verifiers *list, char *text)
{
    char *line = strsep(&text, "\n");

    if (line == NULL || strcmp(line, HEAD) != 0)
        return -EBADMSG;
    while ((line = strsep(&text, "\n")) != NULL && strcmp(line, FOOT) != 0) {
        if (list->count == TLA_CACHED_MAX ||
            !parse_line(line, &list->each[list->count]) ||
            tla_verifiers_find(list, &list->each[list->count].sid) != NULL)
            return -EBADMSG;
        list->count++;
    }
    return line != NULL && text != NULL && text[0] == '\0' ? 0 : -EBADMSG;
}

int tla_verifiers_parse(TALLOC_CTX *ctx, const char *text, size_t len,
                        struct tla_verifiers **out)
{
    struct tla_verifiers *list = talloc_zero(ctx, struct tla_verifiers);
    char *copy = list != NULL ? talloc_strndup(list, text, len) : NULL;
    int rc = -ENOMEM;

    *out = NULL;
    if (copy != NULL)
        list->each = talloc_zero_array(list, struct tla_verifier, TLA_CACHED_MAX);
    if (copy != NULL && list->each != NULL)
        rc = strlen(copy) == len ? parse_all(list, copy) : -EBADMSG;
    if (rc != 0) {
        talloc_free(list);
        return rc;
    }
    *out = list;
    return 0;
}

char *tla_verifiers_format(TALLOC_CTX *ctx, const struct tla_verifiers *list)
{
    char *text = talloc_strdup(ctx, HEAD "\n");
    char sid[TL_SID_STRING_MAX];

    for (size_t i = 0; text != NULL && i < list->count; i++) {
        const struct tla_verifier *one = &list->each[i];

        text = talloc_asprintf_append(text, "%s %" PRId64 " %" PRId64 " %" PRIu32 " %s\n",
                                      tl_sid_format(&one->sid, sid), one->proven,
                                      one->tried, one->wrong, one->hash);
    }
    return text != NULL ? talloc_strdup_append(text, FOOT "\n") : NULL;
}

struct tla_verifier *tla_verifiers_find(const struct tla_verifiers *list,
                                        const struct tl_sid *sid)
{
    for (size_t i = 0; i < list->count; i++) {
        if (tl_sid_equal(&list->each[i].sid, sid))
            return &list->each[i];
    }
    return NULL;
}

void tla_verifiers_drop(struct tla_verifiers *list, const struct tl_sid *sid)
{
    struct tla_verifier *found = tla_verifiers_find(list, sid);

    if (found == NULL)
        return;
    list->count--;
    memmove(found, found + 1,
            (size_t)(list->each + list->count - found) * sizeof(*found));
}

int tla_verifiers_put(struct tla_verifiers *list, const struct tla_verifier *verifier,
                      size_t most)
{
    struct tla_verifier copy = *verifier;

    copy.hash = talloc_strdup(list, verifier->hash);
    if (copy.hash == NULL)
        return -ENOMEM;
    tla_verifiers_drop(list, &verifier->sid);
    if (most > TLA_CACHED_MAX)
        most = TLA_CACHED_MAX;
    if (list->count >= most)
        list->count = most > 0 ? most - 1 : 0;
    if (most == 0)
        return 0;
    memmove(list->each + 1, list->each, list->count * sizeof(copy));
    list->each[0] = copy;
    list->count++;
    return 0;
}

bool tla_verifier_open(const struct tla_verifier *verifier, int64_t now)
{
    /* A try in the future: the clock was set back, and the time since then is unknown. */
    return verifier->wrong < TLA_CACHED_TRIES ||
           (now >= verifier->tried && now - verifier->tried >= TLA_CACHED_PAUSE_S);
}
