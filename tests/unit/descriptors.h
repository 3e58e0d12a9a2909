/* SPDX-License-Identifier: MIT
 *
 * descriptors.h - how many descriptors this process has open. The NSS module runs in
 * every process, and must leave none behind.
 */
#ifndef TL_TEST_DESCRIPTORS_H
#define TL_TEST_DESCRIPTORS_H

#include <dirent.h>
#include <stddef.h>

static inline int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

#endif
