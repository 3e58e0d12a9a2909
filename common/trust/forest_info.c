/* SPDX-License-Identifier: MIT
 *
 * forest_info.c - msDS-TrustForestTrustInfo, from bytes to records
 * [MS-ADTS 6.1.6.9.3.1].
 *
 *   u32 version, u32 count, then per record:
 *   u32 length, u32 flags, u32 + u32 time, u8 type, data by type
 *
 * Two documents disagree on whether the length counts itself (DRSR 5.64.1 against
 * ADTS 6.1.6.9.3.1), and domain controllers exist that are read by neither rule:
 * Samba's decoder does not look at it, nor at the version. A record ends where its
 * data ends, so neither decides anything here, and tests/diff/forest_info.py holds
 * this decoder to exactly what Samba's accepts.
 */
#include <errno.h>
#include <string.h>
#include <unistr.h>
#include <trustlogon/trust.h>

/* length, flags, time, type, and the length of the shortest data */
#define RECORD_MIN (4 + 4 + 8 + 1 + 4)

struct reader {
    const uint8_t *at;
    size_t left;
    const char *where; /* first thing wrong, or NULL */
};

static const uint8_t *take(struct reader *in, size_t len, const char *where)
{
    const uint8_t *bytes = in->at;

    if (in->where != NULL)
        return NULL;
    if (len > in->left) {
        in->where = where;
        return NULL;
    }
    in->at += len;
    in->left -= len;
    return bytes;
}

static uint32_t load_u32(const uint8_t *b)
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
           (uint32_t)b[3] << 24;
}

/* 1990 and 2100 as FILETIMEs, 100 ns since 1601: between them lies every trust. */
#define TIME_MIN 122756256000000000U
#define TIME_MAX 157469184000000000U

/*
 * Two halves of a FILETIME, each little-endian. Windows stores the high half first,
 * Samba the low one (docs/decisions/routing.md#forest-info-time). The order that gives a
 * time at which there can have been a trust is taken, and Windows' where both do (one of
 * Samba's in 500) or neither does.
 */
static uint64_t load_time(const uint8_t *b)
{
    uint64_t first = load_u32(b), second = load_u32(b + 4);
    uint64_t windows = first << 32 | second, samba = second << 32 | first;
    bool is_windows = windows >= TIME_MIN && windows < TIME_MAX;
    bool is_samba = samba >= TIME_MIN && samba < TIME_MAX;

    return is_samba && !is_windows ? samba : windows;
}

static uint32_t take_u32(struct reader *in, const char *where)
{
    const uint8_t *bytes = take(in, 4, where);

    return bytes != NULL ? load_u32(bytes) : 0;
}

/*
 * A counted UTF-8 string. What follows a NUL is dropped, for every reader of these
 * records sees a C string; but all of it must be UTF-8. NULL for an empty string,
 * and when `in` failed.
 */
static int take_name(TALLOC_CTX *ctx, struct reader *in, const char **name)
{
    uint32_t len = take_u32(in, "length of a name");
    const uint8_t *bytes = take(in, len, "name longer than the data");

    *name = NULL;
    if (bytes == NULL || len == 0)
        return 0;
    if (u8_check(bytes, len) != NULL) {
        in->where = "name is not UTF-8";
        return 0;
    }
    if (bytes[0] == '\0')
        return 0;
    *name = talloc_strndup(ctx, (const char *)bytes, len);
    return *name != NULL ? 0 : -ENOMEM;
}

/* A SID in a window of its own length: bytes left over in the window are ignored. */
static void take_sid(struct reader *in, struct tl_ft_record *rec)
{
    uint32_t len = take_u32(in, "length of a SID");
    const uint8_t *bytes = take(in, len, "SID longer than the data");

    if (bytes == NULL)
        return;
    if (len < 8 || bytes[1] > TL_SID_MAX_SUBS || len < 8 + 4U * bytes[1]) {
        in->where = "SID is cut short or has too many parts";
        return;
    }
    rec->sid.revision = bytes[0];
    rec->sid.num_subs = bytes[1];
    memcpy(rec->sid.authority, bytes + 2, sizeof rec->sid.authority);
    for (size_t i = 0; i < rec->sid.num_subs; i++)
        rec->sid.subs[i] = load_u32(bytes + 8 + 4 * i);
    rec->has_sid = true;
}

static int take_record(TALLOC_CTX *ctx, struct reader *in, struct tl_ft_record *rec)
{
    const uint8_t *head;
    int ret = 0;

    take_u32(in, "length of a record");
    head = take(in, 4 + 8 + 1, "head of a record");
    if (head == NULL)
        return 0;
    rec->flags = load_u32(head);
    rec->time = load_time(head + 4);
    rec->raw_type = head[12];
    switch (rec->raw_type) {
    case TL_FT_TLN:
    case TL_FT_TLN_EX:
        rec->type = (enum tl_ft_type)rec->raw_type;
        return take_name(ctx, in, &rec->name);
    case TL_FT_DOMAIN:
        rec->type = TL_FT_DOMAIN;
        take_sid(in, rec);
        ret = take_name(ctx, in, &rec->name);
        return ret != 0 ? ret : take_name(ctx, in, &rec->flat);
    default:
        rec->type = rec->raw_type == TL_FT_SCANNER ? TL_FT_SCANNER : TL_FT_BINARY;
        take(in, take_u32(in, "length of binary data"), "binary data cut short");
        return 0;
    }
}

int tl_forest_info_decode(TALLOC_CTX *ctx, const uint8_t *data, size_t len,
                          struct tl_forest_info **info_out, const char **where)
{
    struct reader in = {.at = data, .left = len};
    struct tl_forest_info *info;
    uint32_t count;
    int ret = 0;

    *info_out = NULL;
    *where = NULL;
    info = talloc_zero(ctx, struct tl_forest_info);
    if (info == NULL)
        return -ENOMEM;
    take_u32(&in, "version");
    count = take_u32(&in, "number of records");
    /* Checked before the allocation, so that eight bytes cannot ask for gigabytes. */
    if (in.where == NULL && count > in.left / RECORD_MIN)
        in.where = "more records announced than the data can hold";
    if (in.where != NULL)
        goto bad;
    info->records = talloc_zero_array(info, struct tl_ft_record, count);
    if (info->records == NULL && count != 0) {
        ret = -ENOMEM;
        goto cleanup;
    }
    for (; info->count < count && ret == 0 && in.where == NULL; info->count++)
        ret = take_record(info, &in, &info->records[info->count]);
    if (ret == 0 && in.where == NULL && in.left != 0)
        in.where = "bytes after the last record";
bad:
    if (ret == 0 && in.where != NULL)
        ret = -EBADMSG;
    if (ret == 0) {
        *info_out = info;
        return 0;
    }
    if (ret == -EBADMSG)
        *where = in.where;
cleanup:
    talloc_free(info);
    return ret;
}
