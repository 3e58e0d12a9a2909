/* SPDX-License-Identifier: MIT
 *
 * fuzz_kpasswd.c - the reply of a password service, its frame and its plain text.
 */
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "kerberos/kpasswd/kpasswd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a frame is read into is written as the same bytes. */
static void check_frame(TALLOC_CTX *mem, const uint8_t *data, size_t size)
{
    struct tli_kpasswd_frame frame;
    uint8_t *bytes;
    size_t len;

    if (tli_kpasswd_read(data, size, &frame) != 0)
        return;
    if (frame.body < data || frame.body + frame.body_len != data + size)
        abort();
    if (data[0] == 0x7e || frame.ap == NULL)
        return;
    if (tli_kpasswd_write(mem, &frame, &bytes, &len) != 0 || len != size ||
        memcmp(bytes, data, size) != 0)
        abort();
}

static void check_result(TALLOC_CTX *mem, const uint8_t *data, size_t size)
{
    struct tli_kpasswd_result result;
    struct tli_password_refusal in = {
        .result = &result, .password = "Passw0rd", .account = "alice"};
    char *detail;
    enum tl_reason reason;

    if (tli_kpasswd_result_read(mem, data, size, &result) != 0)
        return;
    if (result.text != NULL &&
        (u8_check((const uint8_t *)result.text, strlen(result.text)) != NULL ||
         strlen(result.text) > 515 || strpbrk(result.text, "\x1b\r\n\x7f") != NULL))
        abort();
    reason = tli_password_refused(mem, &in, &detail);
    /* any content is a refusal, and has words */
    if (tl_reason_info(reason)->ntstatus != TL_NT_PASSWORD_RESTRICTION ||
        detail == NULL || detail[0] == '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *mem = talloc_new(NULL);

    check_frame(mem, data, size);
    check_result(mem, data, size);
    talloc_free(mem);
    return 0;
}
