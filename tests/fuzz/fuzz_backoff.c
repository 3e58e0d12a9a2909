/* SPDX-License-Identifier: MIT
 *
 * fuzz_backoff.c - the agent's count of wrong passwords: no content of the file makes a
 * user wait longer than the longest pause, and what is written is read again.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/backoff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t moments[] = {0, 1, 1000, INT64_C(1) << 40};
    struct tla_backoff_record one, again;
    int fd = memfd_create("guesses", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    one = tla_backoff_read(fd);
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        int64_t wait = tla_backoff_seconds(&one, moments[i]);

        if (wait < 0 || wait > TLA_BACKOFF_LONGEST)
            abort();
    }
    if (tla_backoff_write(fd, &one) != 0)
        abort();
    again = tla_backoff_read(fd);
    if (again.wrong != one.wrong || again.last != one.last)
        abort();
    close(fd);
    return 0;
}
