/* SPDX-License-Identifier: MIT
 *
 * forest_info_driver.c - read blobs of forest trust information from standard input
 * (u32 length, bytes; little-endian), print one canonical line for each.
 *
 * forest_info.py prints the same lines from Samba's decoder; they must not differ.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <trustlogon/trust.h>

static void print_hex(const char *s)
{
    for (; s != NULL && *s != '\0'; s++)
        printf("%02x", (unsigned char)*s);
}

static void print_record(const struct tl_ft_record *rec)
{
    printf(" [%u %08x %016" PRIx64, rec->raw_type, rec->flags, rec->time);
    if (rec->type <= TL_FT_DOMAIN) {
        printf(" name=");
        print_hex(rec->name);
    }
    if (rec->type == TL_FT_DOMAIN) {
        printf(" flat=");
        print_hex(rec->flat);
        printf(" sid=%u:", rec->sid.revision);
        for (size_t i = 0; i < sizeof rec->sid.authority; i++)
            printf("%02x", rec->sid.authority[i]);
        for (size_t i = 0; i < rec->sid.num_subs; i++)
            printf("-%" PRIu32, rec->sid.subs[i]);
    }
    putchar(']');
}

static int decode_one(const uint8_t *data, uint32_t len)
{
    struct tl_forest_info *info;
    const char *where;
    int ret = tl_forest_info_decode(NULL, data, len, &info, &where);

    if (ret == -EBADMSG && where != NULL && info == NULL) {
        puts("refused");
        return 0;
    }
    if (ret != 0)
        return ret;
    printf("%zu", info->count);
    for (size_t i = 0; i < info->count; i++)
        print_record(&info->records[i]);
    putchar('\n');
    talloc_free(info);
    return 0;
}

int main(void)
{
    uint8_t head[4];

    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        uint32_t len = (uint32_t)head[0] | (uint32_t)head[1] << 8 |
                       (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
        /* Exactly as long as the blob: a read past its end is seen by the sanitizer. */
        uint8_t *data = talloc_array(NULL, uint8_t, len);

        if (data == NULL || fread(data, 1, len, stdin) != len ||
            decode_one(data, len) != 0)
            return 1;
        talloc_free(data);
    }
    return 0;
}
