/* SPDX-License-Identifier: MIT
 *
 * drop.c - change from root to an unprivileged user, before any input is read.
 */
#include "lsa.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <string.h>
#include <unistd.h>

#include "store/passwd_file.h"

#define FILES_MAX 64U
#define DATA_MAX (256UL << 20)
#define FILE_SIZE_MAX (1UL << 20)

struct account {
    const char *name;
    bool found;
    uid_t uid;
    gid_t gid;
};

static bool is_account(void *data, const struct tli_passwd_line *line)
{
    struct account *account = data;

    account->found = tli_passwd_line_counts(line) && line->name != NULL && line->has_id &&
                     line->has_gid && strcmp(line->name, account->name) == 0;
    account->uid = line->id;
    account->gid = line->gid;
    return !account->found;
}

/* In the file, not by NSS, which waits for this process. */
static int find_user(const char *name, uid_t *uid, gid_t *gid)
{
    struct account account = {.name = name};
    int ret = tli_passwd_read("/etc/passwd", is_account, &account);

    if (ret != 0)
        return ret;
    if (!account.found)
        return -ENOENT;
    *uid = account.uid;
    *gid = account.gid;
    return *uid == 0 || *gid == 0 ? -EPERM : 0;
}

static int drop_bounding_set(void)
{
    for (unsigned int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
            return -errno;
    }
    return 0;
}

static int drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};

    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        return -errno;
    return syscall(SYS_capset, &head, none) == 0 ? 0 : -errno;
}

static int set_limits(void)
{
    const struct rlimit none = {0, 0}, files = {FILES_MAX, FILES_MAX},
                        size = {FILE_SIZE_MAX, FILE_SIZE_MAX},
                        data = {DATA_MAX, DATA_MAX};

    /* A core file or a debugger would show keys and tickets; no child is needed. */
    if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_NPROC, &none) != 0 ||
        setrlimit(RLIMIT_NOFILE, &files) != 0 || setrlimit(RLIMIT_FSIZE, &size) != 0 ||
        setrlimit(RLIMIT_DATA, &data) != 0)
        return -errno;
    return 0;
}

/* The order matters: the bounding set needs CAP_SETPCAP, and the change of user resets
 * what prctl() set before. */
int lsa_drop(const char *user)
{
    const pid_t parent = getppid();
    uid_t uid = 0;
    gid_t gid = 0;
    int ret = find_user(user, &uid, &gid);

    if (ret == 0)
        ret = drop_bounding_set();
    if (ret != 0)
        return ret;
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
        setresuid(uid, uid, uid) != 0)
        return -errno;
    ret = drop_capabilities();
    if (ret == 0)
        ret = set_limits();
    if (ret != 0)
        return ret;
    /* root's session keyring is inherited, and any process that possesses a keyring may
     * read it. A kernel without keyrings reports that when tickets are fetched. */
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
        return -errno;
    /* The change of user has cleared the parent death signal, and the dumpable flag as
     * fs.suid_dumpable says. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0)
        return -errno;
    return getppid() == parent ? 0 : -ESRCH;
}
