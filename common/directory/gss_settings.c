/* SPDX-License-Identifier: MIT
 *
 * gss_settings.c - what libgssapi reads in place of /etc/krb5.conf.
 *
 * It makes libkrb5 contexts of its own and cannot be given one (k5_profile.c). With the
 * site's file it would not find a ticket whose type permitted_enctypes leaves out, though
 * this library has obtained it, and it would obey KRB5_CONFIG. KRB5_CONFIG is the only
 * way to pass it settings; this library's own contexts are secure ones and never read it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <trustlogon/directory.h>

#include "gssapi.h"
#include "status/folder.h"

/* A ticket and the realm of each name are at hand: nothing has to be looked up. */
#define SETTINGS                                                                         \
    "[libdefaults]\n"                                                                    \
    "dns_lookup_kdc = false\n"                                                           \
    "dns_lookup_realm = false\n"                                                         \
    "dns_uri_lookup = false\n"                                                           \
    "dns_canonicalize_hostname = false\n"                                                \
    "rdns = false\n"                                                                     \
    "qualify_shortname = \"\"\n"                                                         \
    "realm_try_domains = -1\n"                                                           \
    "kdc_timesync = 0\n"                                                                 \
    "plugin_base_dir = /nonexistent\n"                                                   \
    "allow_weak_crypto = false\n"
#define AES                                                                              \
    "aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96 aes256-cts-hmac-sha384-192 "        \
    "aes128-cts-hmac-sha256-128"

static const char *const settings[] = {
    SETTINGS "allow_rc4 = false\npermitted_enctypes = " AES "\n",
    SETTINGS "allow_rc4 = true\npermitted_enctypes = " AES " arcfour-hmac-md5\n",
};

/* The two files in memory, once they are needed. */
static struct {
    int fd;
    ino_t inode; /* 0: not made yet */
} files[2];

/* The program may have closed all descriptors since. */
static bool is_there(int which)
{
    struct stat st;

    return files[which].inode != 0 && fstat(files[which].fd, &st) == 0 &&
           st.st_ino == files[which].inode;
}

static int make(int which)
{
    size_t len = strlen(settings[which]);
    int fd = memfd_create("gssapi.conf", MFD_CLOEXEC), ret = 0;
    struct stat st;

    if (fd < 0)
        return -errno;
    if (write(fd, settings[which], len) != (ssize_t)len || fstat(fd, &st) != 0)
        ret = -EIO;
    if (ret != 0) {
        close(fd);
        return ret;
    }
    files[which].fd = fd;
    files[which].inode = st.st_ino;
    return 0;
}

/* The same as files on the disk, where a process that must not open /proc/self finds
 * them. */
static const char *const names[] = {"gssapi.conf", "gssapi-rc4.conf"};
static char kept_in[PATH_MAX];

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    int ret = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fchmod(fd, 0644) != 0)
        ret = -EIO;
    if (close(fd) != 0)
        ret = -EIO;
    return ret;
}

int tl_gss_settings_keep(const char *folder)
{
    char path[PATH_MAX], fresh[PATH_MAX + 16];
    int ret = tli_make_folder(folder);

    for (size_t i = 0; ret == 0 && i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        snprintf(fresh, sizeof(fresh), "%s.%d", path, (int)getpid());
        ret = write_file(fresh, settings[i]);
        if (ret == 0 && rename(fresh, path) != 0)
            ret = -errno;
    }
    if (ret == 0)
        snprintf(kept_in, sizeof(kept_in), "%s", folder);
    return ret;
}

int tli_gss_settings(bool rc4)
{
    char path[PATH_MAX + 32];
    int which = rc4 ? 1 : 0, ret;

    if (kept_in[0] != '\0') {
        snprintf(path, sizeof(path), "%s/%s", kept_in, names[which]);
        return setenv("KRB5_CONFIG", path, 1) == 0 ? 0 : -errno;
    }
    ret = is_there(which) ? 0 : make(which);
    if (ret != 0)
        return ret;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", files[which].fd);
    return setenv("KRB5_CONFIG", path, 1) == 0 ? 0 : -errno;
}
