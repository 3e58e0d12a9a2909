/* SPDX-License-Identifier: MIT
 *
 * deadline.c - deadlines by CLOCK_MONOTONIC: setting the time of day during a logon must
 * neither end nor prolong it.
 */
#include <limits.h>
#include <time.h>

#include <trustlogon/trace.h>

int64_t tl_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

tl_deadline tl_deadline_in_ms(int64_t ms)
{
    tl_deadline deadline;

    if (ms <= 0)
        return tl_now_us();
    if (__builtin_mul_overflow(ms, (int64_t)1000, &deadline) ||
        __builtin_add_overflow(deadline, tl_now_us(), &deadline))
        return INT64_MAX;
    return deadline;
}

int tl_deadline_left_ms(tl_deadline deadline)
{
    int64_t left, now = tl_now_us();

    if (deadline <= now)
        return 0;
    /* Rounded up: poll(2) with 0 while a part of a millisecond is left would spin. */
    left = (deadline - now - 1) / 1000 + 1;
    return left > INT_MAX ? INT_MAX : (int)left;
}

tl_deadline tl_deadline_min(tl_deadline a, tl_deadline b)
{
    return a < b ? a : b;
}
