/* SPDX-License-Identifier: MIT
 *
 * sandbox_files.c - Landlock: a worker reads what every user may read of the system, and
 * writes nowhere.
 *
 * The kernel's version is asked at run time. Without Landlock the worker's user and the
 * filter, which lets no file be opened for writing, remain.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* Everything that version 1 knows, and what later ones added. */
#define FILES_V1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define FILES_REFER (1ULL << 13)        /* version 2 */
#define FILES_TRUNCATE (1ULL << 14)     /* version 3 */
#define FILES_IOCTL_DEV (1ULL << 15)    /* version 5 */
#define NET_BIND_TCP (1ULL << 0)        /* version 4 */
#define SCOPE_ABSTRACT_UNIX (1ULL << 0) /* version 6 */
#define SCOPE_SIGNAL (1ULL << 1)        /* version 6 */

/* The structure of version 6; the kernel takes its first part from older versions. */
struct ruleset {
    uint64_t files, net, scoped;
};

static const char *const readable[] = {"/etc",       "/usr",  "/lib", "/lib64",
                                       "/lib32",     "/run",  "/dev", "/var/lib",
                                       "/var/cache", "/proc", "/sys", "/opt"};

int tla_landlock_version(void)
{
    long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return version > 0 ? (int)version : 0;
}

static int make_ruleset(int version)
{
    struct ruleset rules = {.files = FILES_V1};
    size_t size = version >= 6   ? sizeof(rules)
                  : version >= 4 ? offsetof(struct ruleset, scoped)
                                 : offsetof(struct ruleset, net);

    if (version >= 2)
        rules.files |= FILES_REFER;
    if (version >= 3)
        rules.files |= FILES_TRUNCATE;
    if (version >= 4)
        rules.net = NET_BIND_TCP;
    if (version >= 5)
        rules.files |= FILES_IOCTL_DEV;
    if (version >= 6)
        rules.scoped = SCOPE_SIGNAL | SCOPE_ABSTRACT_UNIX;
    return (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
}

/* A folder that is not there, or may not be entered, needs no rule. */
static int allow_reading(int ruleset, const char *folder)
{
    int fd = open(folder, O_PATH | O_CLOEXEC);
    const struct landlock_path_beneath_attr rule = {.allowed_access = READ,
                                                    .parent_fd = fd};
    long rc;

    if (fd < 0)
        return 0;
    rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(fd);
    return rc == 0 ? 0 : -errno;
}

int tla_sandbox_files(void)
{
    int version = tla_landlock_version(), ruleset, rc = 0;

    if (version == 0)
        return 0;
    ruleset = make_ruleset(version);
    if (ruleset < 0)
        return -errno;
    for (size_t i = 0; rc == 0 && i < sizeof(readable) / sizeof(readable[0]); i++)
        rc = allow_reading(ruleset, readable[i]);
    if (rc == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        rc = -errno;
    close(ruleset);
    return rc == 0 ? version : rc;
}
