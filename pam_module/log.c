/* SPDX-License-Identifier: MIT
 *
 * log.c - a line for the administrator. Names come from unauthenticated users:
 * characters that would control the reader's terminal or forge a line are replaced, and a
 * name of 100,000 bytes does not fill the log.
 */
#include <security/pam_ext.h>
#include <stdarg.h>
#include <stdio.h>

#include "module.h"
#include "wire/plain.h"

#define LINE_MAX_BYTES 1024

void tlp_log(const struct tlp *m, int level, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    tli_plain(line, NULL);
    pam_syslog(m->pamh, level, "%s", line);
}
