/* SPDX-License-Identifier: MIT
 *
 * journal_limit.c - a limit on the lines that one uid can cause in the log.
 *
 * RUN_DIR/told, mode 0600, owned by root and sparse, has for each uid when its minute
 * began and how many lines it has had since. Monitors are processes of their own, so it
 * is a file.
 */
#include "journal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "lock_file.h"
#include "status/lock.h"

#define COUNT_FILE "told"
#define MINUTE_US 60000000
#define LINES 10
#define LINES_OF_ROOT 100 /* its programs ask for every user */
#define LOCK_WAIT_MS 200

struct line_count {
    int64_t began;  /* microseconds of the monotonic clock */
    uint32_t lines; /* since then, also those left out */
    uint32_t spare;
};

/* May one more line be written? *missed: lines that were left out in the last minute. */
static bool count_line(int fd, uid_t uid, uint32_t *missed)
{
    const uint32_t most = uid == 0 ? LINES_OF_ROOT : LINES;
    const off_t at = (off_t)uid * (off_t)sizeof(struct line_count);
    int64_t now = tl_now_us();
    struct line_count count = {0};

    *missed = 0;
    if (pread(fd, &count, sizeof(count), at) != (ssize_t)sizeof(count) ||
        count.began > now || count.began == 0)
        count = (struct line_count){.began = now};
    if (now - count.began >= MINUTE_US) {
        *missed = count.lines > most ? count.lines - most : 0;
        count = (struct line_count){.began = now};
    }
    if (count.lines < UINT32_MAX)
        count.lines++;
    return pwrite(fd, &count, sizeof(count), at) == (ssize_t)sizeof(count) &&
           count.lines <= most;
}

static bool may_write(const struct tla_conv *conv, uint32_t *missed)
{
    const char *run_dir = conv->config != NULL           ? conv->config->run_dir
                          : conv->setup->run_dir != NULL ? conv->setup->run_dir
                                                         : TL_RUN_DIR;
    int fd = tla_lock_open(run_dir, COUNT_FILE);
    bool may = false;

    *missed = 0;
    if (fd < 0)
        return conv->peer == 0;
    if (tli_lock_byte(fd, (off_t)conv->peer, tl_deadline_in_ms(LOCK_WAIT_MS)) == 0)
        may = count_line(fd, conv->peer, missed);
    close(fd);
    return may;
}

void tla_journal_caller(const struct tla_conv *conv, int priority, const char *fmt, ...)
{
    uint32_t missed;
    char *line;
    va_list args;

    if (!may_write(conv, &missed))
        return;
    va_start(args, fmt);
    line = talloc_vasprintf(NULL, fmt, args);
    va_end(args);
    if (line != NULL && missed > 0)
        tla_journal_line(priority, "%s (%u earlier lines about uid %u were left out)",
                         line, missed, (unsigned int)conv->peer);
    else if (line != NULL)
        tla_journal_line(priority, "%s", line);
    talloc_free(line);
}
