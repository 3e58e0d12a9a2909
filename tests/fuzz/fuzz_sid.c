/* SPDX-License-Identifier: MIT
 *
 * fuzz_sid.c - SIDs, packed and as text.
 */
#include <stdlib.h>
#include <string.h>

#include <trustlogon/sid.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted must survive both ways around. */
static void round_trips(const struct tl_sid *sid)
{
    uint8_t packed[8 + 4 * TL_SID_MAX_SUBS];
    char text[TL_SID_STRING_MAX];
    struct tl_sid again, domain;
    uint32_t rid;

    tl_sid_format(sid, text);
    if (tl_sid_parse(text, &again) != 0 || !tl_sid_equal(sid, &again))
        abort();
    if (tl_sid_decode(packed, tl_sid_encode(sid, packed), &again) != 0 ||
        !tl_sid_equal(sid, &again))
        abort();
    if (tl_sid_split(sid, &domain, &rid) != 0 || !tl_sid_in_domain(sid, &domain) ||
        tl_sid_append(&domain, rid, &again) != 0 || !tl_sid_equal(sid, &again))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_sid sid;
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (tl_sid_decode(data, size, &sid) == 0)
        round_trips(&sid);
    if (tl_sid_parse(text, &sid) == 0)
        round_trips(&sid);
    free(text);
    return 0;
}
