/* SPDX-License-Identifier: MIT
 *
 * module.h - any NSS module as a table of functions, for tests and benchmarks.
 */
#ifndef TEST_NSS_MODULE_H
#define TEST_NSS_MODULE_H

#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>

struct nss_module {
    enum nss_status (*getpwnam)(const char *, struct passwd *, char *, size_t, int *);
    enum nss_status (*getpwuid)(uid_t, struct passwd *, char *, size_t, int *);
    enum nss_status (*getgrnam)(const char *, struct group *, char *, size_t, int *);
    enum nss_status (*getgrgid)(gid_t, struct group *, char *, size_t, int *);
    enum nss_status (*initgroups)(const char *, gid_t, long *, long *, gid_t **, long,
                                  int *);
    enum nss_status (*setpwent)(int), (*setgrent)(int);
    enum nss_status (*endpwent)(void), (*endgrent)(void);
    enum nss_status (*getpwent)(struct passwd *, char *, size_t, int *);
    enum nss_status (*getgrent)(struct group *, char *, size_t, int *);
};

/* False if the module does not exist; functions it lacks are NULL. */
bool nss_module_open(const char *path, const char *prefix, struct nss_module *module);

#endif
