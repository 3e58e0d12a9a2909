/* SPDX-License-Identifier: MIT
 *
 * autorid.c - the options of idmap = autorid: LOW-HIGH, and which domain Samba
 * gave which range, written as `net idmap get ranges` prints it.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "id_options.h"

static const char not_a_list[] =
    "is not a list of RANGE N: SID as 'net idmap get ranges' prints it";

/* All leading digits; false if there are none, or more than an id has. */
static bool read_number(const char **at, uint32_t *number)
{
    uint64_t n;
    size_t digits = tli_read_digits(at, 11, &n);

    *number = (uint32_t)n;
    return digits > 0 && digits <= 10 && n <= UINT32_MAX;
}

static void skip_blanks(const char **at)
{
    while (**at == ' ' || **at == '\t')
        (*at)++;
}

int tli_id_span_parse(const char *text, struct tl_id_span *span, const char **fault)
{
    struct tl_id_span found = {0};
    bool good = read_number(&text, &found.low) && *text == '-';

    *fault = NULL;
    if (good) {
        text++;
        good = read_number(&text, &found.high) && *text == '\0' &&
               found.low >= TL_ID_LOWEST && found.high <= TL_ID_HIGHEST;
    }
    if (!good) {
        *fault = "must be LOW-HIGH with numbers from 1000 to 4294967293";
        return -EINVAL;
    }
    if (found.low > found.high) {
        *fault = "ends before it begins";
        return -EINVAL;
    }
    *span = found;
    return 0;
}

/* S-1-5-21-a-b-c. The others in the table, ALLOC and S-1-5-32, hold ids that each machine
 * gives out for itself: their ranges are taken, and their ids are not given out here. */
static bool is_domain(const struct tl_sid *sid)
{
    static const uint8_t nt[6] = {0, 0, 0, 0, 0, 5};

    return memcmp(sid->authority, nt, sizeof(nt)) == 0 && sid->num_subs == 4 &&
           sid->subs[0] == 21;
}

/* "ALLOC", or a SID with the index of its range behind '#' if that is not 0. */
static bool read_owner(const char **at, struct tl_autorid_domain *domain)
{
    char string[TL_SID_STRING_MAX];
    size_t len = strcspn(*at, "#, \t");

    if (len >= sizeof(string))
        return false;
    memcpy(string, *at, len);
    string[len] = '\0';
    *at += len;
    domain->reserved = true;
    if (strcmp(string, "ALLOC") == 0)
        return true;
    if (tl_sid_parse(string, &domain->sid) != 0)
        return false;
    domain->reserved = !is_domain(&domain->sid);
    if (**at != '#')
        return true;
    (*at)++;
    return read_number(at, &domain->index);
}

static const char *domain_fault(const struct tl_autorid_domains *domains,
                                const struct tl_autorid_domain *domain)
{
    for (size_t i = 0; i < domains->count; i++) {
        const struct tl_autorid_domain *other = &domains->domain[i];

        if (other->range == domain->range)
            return "assigns one range twice: two users would share an id";
        if (!domain->reserved && !other->reserved && other->index == domain->index &&
            tl_sid_equal(&other->sid, &domain->sid))
            return "assigns a domain two ranges with the same index";
    }
    return NULL;
}

static int parse_one(struct tl_autorid_domains *domains, const char **at,
                     const char **fault)
{
    struct tl_autorid_domain domain = {0}, *grown;

    *fault = not_a_list;
    if (strncmp(*at, "RANGE", 5) == 0) {
        *at += 5;
        skip_blanks(at);
    }
    if (!read_number(at, &domain.range) || **at != ':')
        return -EINVAL;
    (*at)++;
    skip_blanks(at);
    if (!read_owner(at, &domain))
        return -EINVAL;
    *fault = domain_fault(domains, &domain);
    if (*fault != NULL)
        return -EINVAL;
    grown = talloc_realloc(domains, domains->domain, struct tl_autorid_domain,
                           domains->count + 1);
    if (grown == NULL)
        return -ENOMEM;
    domains->domain = grown;
    domains->domain[domains->count++] = domain;
    return 0;
}

int tli_autorid_domains_parse(TALLOC_CTX *ctx, const char *text,
                              struct tl_autorid_domains **domains_out, const char **fault)
{
    struct tl_autorid_domains *domains = talloc_zero(ctx, struct tl_autorid_domains);
    const char *at = text;
    int ret;

    *domains_out = NULL;
    *fault = NULL;
    if (domains == NULL)
        return -ENOMEM;
    domains->text = talloc_strdup(domains, text);
    ret = domains->text != NULL ? 0 : -ENOMEM;
    while (ret == 0) {
        skip_blanks(&at);
        ret = parse_one(domains, &at, fault);
        if (ret != 0)
            break;
        skip_blanks(&at);
        if (*at == '\0') {
            *domains_out = domains;
            return 0;
        }
        *fault = not_a_list;
        ret = *at == ',' ? 0 : -EINVAL;
        at++;
    }
    talloc_free(domains);
    return ret;
}
