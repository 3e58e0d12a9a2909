/* SPDX-License-Identifier: MIT
 *
 * config.c - the configuration of one conversation: files, then the PAM line.
 *
 * Read for each conversation, so that an edit applies from the next logon on, and
 * a broken file refuses logons instead of leaving an old one in force.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

static enum tl_reason invalid(struct tl_outcome *out, int rc,
                              const struct tl_config_error *error)
{
    if (rc == -ENOMEM || error == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    tl_outcome_set_subject(out, error->where);
    tl_outcome_set_attribute(out, error->setting);
    return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_CONFIG_INVALID, "%s",
                           error->text);
}

static int apply(TALLOC_CTX *ctx, struct tl_config *config, const char *options,
                 struct tl_config_error **error)
{
    char *list = talloc_strdup(ctx, options), *save = NULL;
    int rc = list == NULL ? -ENOMEM : 0;

    for (char *one = rc == 0 ? strtok_r(list, "\n", &save) : NULL; one != NULL && rc == 0;
         one = strtok_r(NULL, "\n", &save))
        rc = tl_config_set(ctx, config, "PAM line", one, error);
    return rc;
}

enum tl_reason tla_config(TALLOC_CTX *ctx, const struct tla_setup *setup,
                          const char *conf, const char *options,
                          struct tl_config **config, struct tl_outcome *out)
{
    struct tl_config *fresh = NULL;
    struct tl_config_error *error = NULL;
    int rc;

    *config = NULL;
    rc = tl_config_load(ctx, conf != NULL ? conf : setup->conf, &fresh, &error);
    if (rc == 0 && options != NULL)
        rc = apply(ctx, fresh, options, &error);
    if (rc != 0)
        return invalid(out, rc, error);
    if (setup->run_dir != NULL)
        fresh->run_dir = setup->run_dir;
    if (setup->state_dir != NULL)
        fresh->state_dir = setup->state_dir;
    if (setup->cache_dir != NULL)
        fresh->cache_dir = setup->cache_dir;
    *config = fresh;
    return TL_REASON_OK;
}
