/* SPDX-License-Identifier: MIT
 *
 * folder.c - make a folder that every process may pass through.
 */
#include "folder.h"

#include <errno.h>
#include <sys/stat.h>

int tli_make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 && chmod(path, 0755) != 0 ? -errno : 0;
}
