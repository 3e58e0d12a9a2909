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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gssapi.h"

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

int tli_gss_settings(bool rc4)
{
    int which = rc4 ? 1 : 0, ret = is_there(which) ? 0 : make(which);
    char path[32];

    if (ret != 0)
        return ret;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", files[which].fd);
    return setenv("KRB5_CONFIG", path, 1) == 0 ? 0 : -errno;
}
