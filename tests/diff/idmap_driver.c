/* SPDX-License-Identifier: MIT
 *
 * idmap_driver.c - read lines "DOMAIN-SID RID" from standard input, print the id
 * of each SID and the SID that the id leads back to, or "none". The arguments
 * are options as in "idmap_range_size=100000".
 *
 * idmap.py asks libsss_idmap the same as SSSD asks it; they must not differ.
 */
#include <inttypes.h>
#include <stdio.h>
#include <trustlogon/idmap.h>

static int answer(TALLOC_CTX *ctx, const struct tl_config *config, const char *domain,
                  uint32_t rid)
{
    char string[TL_SID_STRING_MAX], *error = NULL;
    struct tl_idmap_domain also = {.dns = "contoso.test"};
    struct tl_idmap *map = NULL;
    struct tl_sid sid, back;
    uint32_t id;

    if (tl_sid_parse(domain, &also.sid) != 0 ||
        tl_sid_append(&also.sid, rid, &sid) != 0 ||
        tl_idmap_new(ctx, config, "fabrikam.test", NULL, &also, &map, &error) != 0) {
        fprintf(stderr, "%s %" PRIu32 ": %s\n", domain, rid,
                error != NULL ? error : "refused");
        return -1;
    }
    if (tl_idmap_to_id(map, &sid, &id, NULL) != 0)
        puts("none");
    else if (tl_idmap_to_sid(map, id, &back) != 0)
        printf("%" PRIu32 " none\n", id);
    else
        printf("%" PRIu32 " %s\n", id, tl_sid_format(&back, string));
    talloc_free(map);
    return 0;
}

int main(int argc, char **argv)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_config *config = tl_config_defaults(ctx);
    struct tl_config_error *error = NULL;
    char domain[TL_SID_STRING_MAX];
    uint32_t rid;
    int ret = 0;

    for (int i = 1; ret == 0 && i < argc; i++) {
        ret = tl_config_set(ctx, config, "argument", argv[i], &error);
        if (ret != 0)
            fprintf(stderr, "%s\n", error->text);
    }
    while (ret == 0 && scanf("%183s %" SCNu32, domain, &rid) == 2)
        ret = answer(ctx, config, domain, rid);
    talloc_free(ctx);
    return ret == 0 ? 0 : 1;
}
