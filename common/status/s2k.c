/* SPDX-License-Identifier: MIT
 *
 * s2k.c - the iteration counts of ETYPE-INFO2, in each place of an answer to an AS-REQ: {
 * [1] type 19, [2] value } in the METHOD-DATA of a KRB-ERROR's e-data [12], or in the
 * padata [2] of an AS-REP.
 */
#include "s2k.h"

#include "der.h"

#define AS_REP 0x6b    /* [APPLICATION 11] */
#define KRB_ERROR 0x7e /* [APPLICATION 30] */
#define PADATA TL_DER_CONTEXT(2)
#define E_DATA TL_DER_CONTEXT(12)
#define PA_ETYPE_INFO2 19
#define GENERAL_STRING 0x1b

/* One element of this tag, and nothing behind it. */
static bool only(struct tli_der *in, uint8_t tag, struct tli_der *content)
{
    return tli_der_take(in, tag, content) == 0 && in->len == 0;
}

/* s2kparams. Those of AES are four bytes. */
static bool take_rounds(const struct tli_der *params, struct tli_s2k_hint *hint)
{
    if (params->len == 0)
        return true;
    if (params->len != 4) {
        hint->salt = NULL; /* libkrb5 decides */
        return true;
    }
    hint->rounds = 0;
    for (size_t i = 0; i < 4; i++)
        hint->rounds = hint->rounds << 8 | params->data[i];
    /* 0 stands for 2^32 */
    return hint->rounds != 0 && hint->rounds <= TL_S2K_ROUNDS_MAX;
}

static void keep(struct tli_s2k_hints *hints, const struct tli_s2k_hint *hint)
{
    if (hints != NULL && hint->etype != 0 && hints->count < TL_S2K_HINTS_MAX)
        hints->each[hints->count++] = *hint;
}

/* An entry { [0] etype, [1] salt, [2] s2kparams }. */
static bool entry_affordable(struct tli_der *entry, struct tli_s2k_hints *hints)
{
    struct tli_s2k_hint hint = {.rounds = TL_S2K_ROUNDS};
    struct tli_der field, content;

    while (entry->len > 0) {
        uint8_t tag = entry->data[0];

        if (tli_der_take(entry, tag, &field) < 0)
            return false;
        if (tag == TL_DER_CONTEXT(0) &&
            (tli_der_int32(&field, &hint.etype) < 0 || field.len != 0)) {
            hint.etype = 0;
        } else if (tag == TL_DER_CONTEXT(1) && only(&field, GENERAL_STRING, &content)) {
            hint.salt = content.data;
            hint.salt_len = content.len;
        } else if (tag == TL_DER_CONTEXT(2)) {
            if (entry->len != 0 || !only(&field, TL_DER_OCTET_STRING, &content) ||
                !take_rounds(&content, &hint))
                return false;
        }
    }
    keep(hints, &hint);
    return true;
}

static bool info_affordable(struct tli_der *value, struct tli_s2k_hints *hints)
{
    struct tli_der entries, entry;

    if (value->len == 0) /* named, but not read here */
        return true;
    if (!only(value, TL_DER_SEQUENCE, &entries))
        return false;
    while (entries.len > 0)
        if (tli_der_take(&entries, TL_DER_SEQUENCE, &entry) < 0 ||
            !entry_affordable(&entry, hints))
            return false;
    return true;
}

static bool padata_affordable(struct tli_der *one, struct tli_s2k_hints *hints)
{
    struct tli_der field, value;
    int32_t type;

    if (tli_der_take(one, TL_DER_CONTEXT(1), &field) < 0 ||
        tli_der_int32(&field, &type) < 0 || field.len != 0 ||
        !only(one, TL_DER_CONTEXT(2), &field) ||
        !only(&field, TL_DER_OCTET_STRING, &value))
        return false;
    return type != PA_ETYPE_INFO2 || info_affordable(&value, hints);
}

/* METHOD-DATA, or padata: SEQUENCE OF PA-DATA. */
static bool list_affordable(struct tli_der *in, struct tli_s2k_hints *hints)
{
    struct tli_der list, one;

    if (!only(in, TL_DER_SEQUENCE, &list))
        return false;
    while (list.len > 0)
        if (tli_der_take(&list, TL_DER_SEQUENCE, &one) < 0 ||
            !padata_affordable(&one, hints))
            return false;
    return true;
}

bool tli_s2k_padata_affordable(const uint8_t *list, size_t len)
{
    struct tli_der in = {list, len};

    return list_affordable(&in, NULL);
}

bool tli_s2k_affordable(const uint8_t *reply, size_t len, struct tli_s2k_hints *hints)
{
    struct tli_der in = {reply, len}, message, fields, field, data;
    bool error = tli_der_is(&in, KRB_ERROR);
    uint8_t wanted = error ? E_DATA : PADATA;

    if (hints != NULL)
        hints->count = 0;
    if (!only(&in, error ? KRB_ERROR : AS_REP, &message) ||
        !only(&message, TL_DER_SEQUENCE, &fields))
        return false;
    while (fields.len > 0) {
        uint8_t tag = fields.data[0];

        if (tli_der_take(&fields, tag, &field) < 0)
            return false;
        if (tag != wanted)
            continue;
        if (error && !only(&field, TL_DER_OCTET_STRING, &data))
            return false;
        if (!list_affordable(error ? &data : &field, hints))
            return false;
    }
    return true;
}
