/* SPDX-License-Identifier: MIT
 *
 * lsa_answer.c - an answer line of trustlogon-lsa, or of the listener in its place. Pure.
 *
 * What the line says comes from a DC through a hundred libraries: a line with any member
 * that is not expected is refused, and so is a name that no account can have.
 */
#include "lsa_client.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <trustlogon/name.h>

static const char *const types[] = {
    [TL_LSA_USER] = "user",           [TL_LSA_GROUP] = "group",
    [TL_LSA_DOMAIN] = "domain",       [TL_LSA_ALIAS] = "alias",
    [TL_LSA_WELLKNOWN] = "wellknown", [TL_LSA_DELETED] = "deleted",
    [TL_LSA_INVALID] = "invalid",     [TL_LSA_COMPUTER] = "computer",
    [TL_LSA_LABEL] = "label",
};

/* NULL unless it is a string of at most TL_LSA_WORD_MAX bytes without a NUL. */
static const char *word(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    const char *text = json_string_value(member);

    if (text == NULL || json_string_length(member) > TL_LSA_WORD_MAX ||
        strlen(text) != json_string_length(member))
        return NULL;
    return text;
}

static int parse_type(const char *text, enum tli_lsa_type *type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i] != NULL && strcmp(types[i], text) == 0) {
            *type = (enum tli_lsa_type)i;
            return 0;
        }
    }
    return -EBADMSG;
}

static bool is_account(enum tli_lsa_type type)
{
    return type == TL_LSA_USER || type == TL_LSA_GROUP || type == TL_LSA_ALIAS ||
           type == TL_LSA_COMPUTER;
}

/* The two parts make exactly DOMAIN\name: a backslash or @ in one of them would move the
 * border between them. */
static int check_account(const struct tli_lsa_answer *answer)
{
    char *both = talloc_asprintf(NULL, "%s\\%s", answer->domain, answer->name);
    struct tl_name *name = NULL;
    int ret =
        both == NULL ? -ENOMEM : tl_name_parse(both, both, strlen(both), &name, NULL);

    if (ret == 0 &&
        (name->form != TL_NAME_DOWNLEVEL || strcmp(name->user, answer->name) != 0 ||
         strcmp(name->domain, answer->domain) != 0 || strcmp(name->domain, ".") == 0))
        ret = -EBADMSG;
    talloc_free(both);
    return ret == 0 || ret == -ENOMEM ? ret : -EBADMSG;
}

static int decode_found(const json_t *root, struct tli_lsa_answer *answer)
{
    const char *name = word(root, "name"), *domain = word(root, "domain"),
               *sid = word(root, "sid"), *type = word(root, "type");

    if (json_object_size(root) != 4 || name == NULL || domain == NULL || sid == NULL ||
        type == NULL || tl_sid_parse(sid, &answer->sid) != 0 ||
        parse_type(type, &answer->type) != 0)
        return -EBADMSG;
    /* Other kinds ("NT AUTHORITY\SYSTEM") are never users or groups here. */
    if (!is_account(answer->type))
        return 0;
    answer->name = talloc_strdup(answer, name);
    answer->domain = talloc_strdup(answer, domain);
    if (answer->name == NULL || answer->domain == NULL)
        return -ENOMEM;
    return check_account(answer);
}

static int parse_status(const char *text, uint32_t *ntstatus)
{
    static const char digits[] = "0123456789ABCDEF";
    uint32_t value = 0;

    if (strlen(text) != 10 || strncmp(text, "0x", 2) != 0)
        return -EBADMSG;
    for (const char *p = text + 2; *p != '\0'; p++) {
        const char *digit = strchr(digits, *p);

        if (digit == NULL)
            return -EBADMSG;
        value = value << 4 | (uint32_t)(digit - digits);
    }
    *ntstatus = value;
    return value == 0 ? -EBADMSG : 0;
}

static int decode_error(const json_t *root, struct tli_lsa_answer *answer)
{
    const char *code = word(root, "error");
    const json_t *text = json_object_get(root, "text");
    int ret;

    if (json_object_size(root) != 2 || code == NULL || !json_is_string(text))
        return -EBADMSG;
    ret = parse_status(code, &answer->ntstatus);
    if (ret != 0)
        return ret;
    answer->text = talloc_strdup(answer, json_string_value(text));
    return answer->text != NULL ? 0 : -ENOMEM;
}

/* From the listener, where no program runs that could answer. */
static int decode_unavailable(const json_t *root)
{
    const char *what = word(root, "unavailable");

    if (json_object_size(root) != 1 || what == NULL)
        return -EBADMSG;
    if (strcmp(what, TL_LSA_NOT_INSTALLED) == 0)
        return -ENOPKG;
    return strcmp(what, TL_LSA_NOT_STARTED) == 0 ? -EAGAIN : -EBADMSG;
}

/* Three kinds of line, told apart by one member each, and strict about all the others. */
int tli_lsa_answer_decode(TALLOC_CTX *ctx, const char *line, size_t len,
                          struct tli_lsa_answer **answer_out)
{
    struct tli_lsa_answer *answer = NULL;
    json_t *root = NULL;
    int ret = -EBADMSG;

    *answer_out = NULL;
    if (len > TL_LSA_ANSWER_MAX)
        return -EBADMSG;
    root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(root))
        goto cleanup;
    answer = talloc_zero(ctx, struct tli_lsa_answer);
    if (answer == NULL)
        ret = -ENOMEM;
    else if (json_object_get(root, "unavailable") != NULL)
        ret = decode_unavailable(root);
    else if (json_object_get(root, "error") != NULL)
        ret = decode_error(root, answer);
    else
        ret = decode_found(root, answer);
cleanup:
    json_decref(root);
    if (ret == 0)
        *answer_out = answer;
    else
        talloc_free(answer);
    return ret;
}
