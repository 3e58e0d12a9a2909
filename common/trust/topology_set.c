/* SPDX-License-Identifier: MIT
 *
 * topology_set.c - what if: change one attribute of one trust in a snapshot.
 *
 *   [HOLDER/]PARTNER.ATTRIBUTE=VALUE
 *
 * Names hold dots themselves, so the attribute begins at the last dot, or at the
 * ".tln:" or ".tlnex:" that no name can hold.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <trustlogon/name.h>

#include "internal.h"

/* The parts of HOLDER/PARTNER.ATTRIBUTE=VALUE. */
struct setting {
    char *holder; /* NULL: not given */
    char *partner;
    char *attribute;
    char *name; /* of tln: and tlnex:, else NULL */
    char *value;
};

static int refuse(TALLOC_CTX *ctx, char **error, const char *fmt, ...) TL_PRINTF(3, 4);
static int refuse(TALLOC_CTX *ctx, char **error, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (error != NULL)
        *error = talloc_vasprintf(ctx, fmt, args);
    va_end(args);
    return -EINVAL;
}

/* Cut `setting` (ours to write into) into its parts. */
static bool split(char *text, struct setting *s)
{
    char *equals = strchr(text, '='), *dot, *slash;

    *s = (struct setting){0};
    if (equals == NULL)
        return false;
    *equals = '\0';
    s->value = equals + 1;
    dot = strstr(text, ".tln:");
    if (dot == NULL)
        dot = strstr(text, ".tlnex:");
    if (dot == NULL)
        dot = strrchr(text, '.');
    if (dot == NULL)
        return false;
    *dot = '\0';
    s->attribute = dot + 1;
    s->name = strchr(s->attribute, ':');
    if (s->name != NULL)
        *s->name++ = '\0';
    slash = strchr(text, '/');
    if (slash != NULL)
        *slash = '\0';
    s->holder = slash != NULL ? text : NULL;
    s->partner = slash != NULL ? slash + 1 : text;
    return true;
}

/* The trust meant, or NULL with an error. Without a holder the own side's is, when it
 * is only one. */
static struct tl_tdo *find(TALLOC_CTX *ctx, struct tl_topology *topo,
                           const struct setting *s, char **error)
{
    struct tl_tdo *own = NULL, *other = NULL;
    size_t num_own = 0, num_other = 0;

    for (size_t i = 0; i < topo->num_trusts; i++) {
        struct tl_tdo *tdo = &topo->trusts[i];

        if (!tli_same_domain(tdo->partner, s->partner) &&
            !tli_same_flat(tdo->flat, s->partner))
            continue;
        if (s->holder != NULL && !tli_same_domain(tdo->holder, s->holder))
            continue;
        if (tli_tdo_is_own_side(topo, tdo)) {
            own = tdo;
            num_own++;
        } else {
            other = tdo;
            num_other++;
        }
    }
    if (num_own == 0 && num_other == 0) {
        refuse(ctx, error, "no trust with %s is known", s->partner);
        return NULL;
    }
    if (num_own > 1 || (num_own == 0 && num_other > 1)) {
        refuse(ctx, error, "more than one trust with %s is known: write HOLDER/%s",
               s->partner, s->partner);
        return NULL;
    }
    return num_own == 1 ? own : other;
}

/* A word of the setting and the value it means. */
struct word {
    const char *word;
    uint32_t value;
};

static const struct word type_words[] = {{"downlevel", TL_TRUST_DOWNLEVEL},
                                         {"uplevel", TL_TRUST_UPLEVEL},
                                         {"mit", TL_TRUST_MIT},
                                         {NULL, 0}};
static const struct word direction_words[] = {{"disabled", 0},
                                              {"inbound", TL_TRUST_INBOUND},
                                              {"outbound", TL_TRUST_OUTBOUND},
                                              {"bidirectional", 3},
                                              {NULL, 0}};

static const struct word no_words[] = {{NULL, 0}};

/* Flags of a TLN by the state an administrator sees. */
#define ABSENT UINT32_MAX
static const struct word tln_words[] = {{"enabled", 0},
                                        {"disabled", TL_FT_DISABLED_ADMIN},
                                        {"new", TL_FT_DISABLED_NEW},
                                        {"conflict", TL_FT_DISABLED_CONFLICT},
                                        {"absent", ABSENT},
                                        {NULL, 0}};
static const struct word tlnex_words[] = {{"present", 0}, {"absent", ABSENT}, {NULL, 0}};

static bool word_value(const struct word *words, const char *text, uint32_t *value)
{
    for (; words->word != NULL; words++)
        if (strcmp(words->word, text) == 0) {
            *value = words->value;
            return true;
        }
    return false;
}

static int set_number(TALLOC_CTX *ctx, const struct setting *s, const struct word *words,
                      uint32_t *field, char **error)
{
    unsigned long long number;
    char *end;

    if (word_value(words, s->value, field))
        return 0;
    errno = 0;
    number = strtoull(s->value, &end, 0);
    if (s->value[0] < '0' || s->value[0] > '9' || *end != '\0' || errno != 0 ||
        number > UINT32_MAX)
        return refuse(ctx, error, "%s: '%s' is not a number", s->attribute, s->value);
    *field = (uint32_t)number;
    return 0;
}

static int set_text(TALLOC_CTX *ctx, struct tl_topology *topo, const struct setting *s,
                    const char **field, char **error)
{
    char *copy;

    if (s->value[0] == '\0' || strlen(s->value) > TL_NAME_MAX)
        return refuse(ctx, error, "%s: empty or too long", s->attribute);
    copy = talloc_strdup(topo, s->value);
    if (copy == NULL)
        return -ENOMEM;
    *field = copy;
    return 0;
}

/* A blob that could not be decoded, or none at all, becomes an empty table. */
static struct tl_forest_info *info_of(struct tl_topology *topo, struct tl_tdo *tdo)
{
    if (tdo->forest_info == NULL)
        tdo->forest_info = talloc_zero(topo, struct tl_forest_info);
    if (tdo->forest_info != NULL)
        tdo->forest_info_error = NULL;
    return tdo->forest_info;
}

static int add_record(struct tl_forest_info *info, const struct tl_ft_record *rec)
{
    struct tl_ft_record *grown =
        talloc_realloc(info, info->records, struct tl_ft_record, info->count + 1);

    if (grown == NULL)
        return -ENOMEM;
    info->records = grown;
    grown[info->count] = *rec;
    grown[info->count].name = talloc_strdup(info, rec->name);
    if (grown[info->count].name == NULL)
        return -ENOMEM;
    info->count++;
    return 0;
}

/* An external trust that is set to a forest trust has no table yet; a new one begins with
 * the partner's own name. */
static int begin_table(struct tl_forest_info *info, const struct tl_tdo *tdo)
{
    const struct tl_ft_record own = {
        .type = TL_FT_TLN, .raw_type = TL_FT_TLN, .name = tdo->partner};

    if (info->count > 0 || tdo->partner == NULL || tli_dns_length(tdo->partner) == 0)
        return 0;
    return add_record(info, &own);
}

/* "absent" removes every record of the name, any other value sets its flags, and a name
 * that is not there is added. */
static int set_tln(TALLOC_CTX *ctx, struct tl_topology *topo, struct tl_tdo *tdo,
                   const struct setting *s, enum tl_ft_type type, char **error)
{
    struct tl_ft_record wanted = {.type = type, .raw_type = type, .name = s->name};
    struct tl_forest_info *info;
    bool found = false;
    size_t kept = 0;

    if (tli_dns_length(s->name) == 0)
        return refuse(ctx, error, "'%s' is not a DNS name", s->name);
    if (!word_value(type == TL_FT_TLN ? tln_words : tlnex_words, s->value, &wanted.flags))
        return refuse(ctx, error, "%s:%s is %s, not '%s'", s->attribute, s->name,
                      type == TL_FT_TLN ? "enabled, disabled, new, conflict or absent"
                                        : "present or absent",
                      s->value);
    info = info_of(topo, tdo);
    if (info == NULL || begin_table(info, tdo) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < info->count; i++) {
        struct tl_ft_record *rec = &info->records[i];

        if (rec->type == type && tli_same_domain(rec->name, s->name)) {
            found = true;
            if (wanted.flags == ABSENT)
                continue;
            rec->flags = wanted.flags;
        }
        info->records[kept++] = *rec;
    }
    info->count = kept;
    return found || wanted.flags == ABSENT ? 0 : add_record(info, &wanted);
}

static int apply(TALLOC_CTX *ctx, struct tl_topology *topo, struct tl_tdo *tdo,
                 const struct setting *s, char **error)
{
    if (s->name != NULL && strcmp(s->attribute, "tln") == 0)
        return set_tln(ctx, topo, tdo, s, TL_FT_TLN, error);
    if (s->name != NULL && strcmp(s->attribute, "tlnex") == 0)
        return set_tln(ctx, topo, tdo, s, TL_FT_TLN_EX, error);
    if (s->name == NULL && strcmp(s->attribute, "trustType") == 0)
        return set_number(ctx, s, type_words, &tdo->type, error);
    if (s->name == NULL && strcmp(s->attribute, "trustDirection") == 0)
        return set_number(ctx, s, direction_words, &tdo->direction, error);
    if (s->name == NULL && strcmp(s->attribute, "trustAttributes") == 0)
        return set_number(ctx, s, no_words, &tdo->attributes, error);
    if (s->name == NULL && strcmp(s->attribute, "trustPartner") == 0)
        return set_text(ctx, topo, s, &tdo->partner, error);
    if (s->name == NULL && strcmp(s->attribute, "flatName") == 0)
        return set_text(ctx, topo, s, &tdo->flat, error);
    return refuse(ctx, error,
                  "'%s' cannot be set; these can: trustType, trustDirection, "
                  "trustAttributes, trustPartner, flatName, tln:NAME, tlnex:NAME",
                  s->attribute);
}

int tl_topology_set(TALLOC_CTX *ctx, struct tl_topology *topo, const char *setting,
                    char **error)
{
    char *text = talloc_strdup(NULL, setting);
    struct tl_tdo *tdo = NULL;
    struct setting s;
    int ret = -EINVAL;

    if (error != NULL)
        *error = NULL;
    if (text == NULL)
        return -ENOMEM;
    if (topo == NULL)
        refuse(ctx, error, "there is no snapshot to change with '%s'", setting);
    else if (!split(text, &s))
        refuse(ctx, error, "'%s' is not TRUST.ATTRIBUTE=VALUE", setting);
    else
        tdo = find(ctx, topo, &s, error);
    if (tdo != NULL)
        ret = apply(ctx, topo, tdo, &s, error);
    talloc_free(text);
    return ret;
}
