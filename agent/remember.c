/* SPDX-License-Identifier: MIT
 *
 * remember.c - write a proven identity into the store that the NSS module reads.
 *
 * After the proof and before the answer: a program that is told "logged on" asks
 * NSS for the user at once. What cannot be written costs no logon, since another
 * NSS module may know the user; the journal tells.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "agent.h"
#include "store/writer.h"

/* Readers without an agent to ask go on with what they have; a user who has not
 * logged on for so long is forgotten. */
#define FRESH_S 3600
#define VALID_S (90 * 86400)

/* All ids that the configuration can give out, whatever domains are known today:
 * ranges that came and went with the topology would rewrite the store each time. */
static size_t ranges_of(const struct tl_config *config, struct tl_store_range *ranges)
{
    struct tl_id_span spans[TL_STORE_RANGES];
    size_t count = tl_config_id_spans(config, spans, TL_STORE_RANGES);

    for (size_t i = 0; i < count; i++)
        ranges[i] = (struct tl_store_range){spans[i].low, spans[i].high};
    return count;
}

static int put_user(struct tl_store *store, const struct tl_identity *identity,
                    const struct tl_store_life *life)
{
    char sid[TL_SID_STRING_MAX];
    struct tl_store_user user = {.name = identity->canonical,
                                 .sid = tl_sid_format(&identity->sid, sid),
                                 .uid = identity->uid,
                                 .gid = identity->gid,
                                 .gecos = identity->gecos,
                                 .home = identity->home,
                                 .shell = identity->shell,
                                 .life = *life};
    const char **aliases =
        talloc_zero_array(store, const char *, identity->num_names + 1);
    size_t count = 0;

    if (aliases == NULL)
        return -ENOMEM;
    /* A bare name stays out: the store answers for names with a domain only. */
    for (size_t i = 0; i < identity->num_names; i++)
        if (tl_store_owns_name(identity->names[i]))
            aliases[count++] = identity->names[i];
    user.aliases = aliases;
    return tl_store_put_user(store, &user);
}

static int put_groups(struct tl_store *store, const struct tl_identity *identity,
                      const struct tl_store_life *life)
{
    uint32_t *gids = talloc_array(store, uint32_t, identity->num_groups + 1);
    size_t count = 0;
    int rc;

    if (gids == NULL)
        return -ENOMEM;
    if (identity->private_group)
        gids[count++] = identity->gid;
    for (size_t i = 0; i < identity->num_groups; i++)
        gids[count++] = identity->groups[i].gid;
    rc = tl_store_put_gids(store, identity->uid, gids, count, life);
    if (rc == 0 && identity->private_group) {
        struct tl_store_group own = {
            .name = identity->canonical, .gid = identity->gid, .life = *life};

        rc = tl_store_put_group(store, &own);
    }
    return rc;
}

int tla_remember(TALLOC_CTX *ctx, const struct tl_config *config,
                 const struct tl_identity *identity)
{
    struct tl_store_range ranges[TL_STORE_RANGES];
    size_t count = ranges_of(config, ranges);
    uint64_t now = (uint64_t)time(NULL);
    struct tl_store_life life = {now + FRESH_S, now + VALID_S, TL_STORE_SOURCE_PAC};
    char *path = talloc_asprintf(ctx, "%s/%s", config->state_dir, TL_STORE_FILE);
    struct tl_store *store = NULL;
    int rc;

    if (path == NULL)
        return -ENOMEM;
    if (mkdir(config->state_dir, 0755) == 0 && chmod(config->state_dir, 0755) != 0)
        return -errno; /* a umask had hidden it from the readers */
    rc = tl_store_open(ctx, path, ranges, count, &store);
    if (rc == 0)
        rc = put_user(store, identity, &life);
    if (rc == 0)
        rc = put_groups(store, identity, &life);
    talloc_free(store);
    talloc_free(path);
    return rc;
}
