/* SPDX-License-Identifier: MIT
 *
 * module.c - opening an NSS module by path.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "module.h"

static void function(void *lib, const char *prefix, const char *name, void *out)
{
    char symbol[96];
    void *found;

    snprintf(symbol, sizeof(symbol), "_nss_%s_%s", prefix, name);
    found = dlsym(lib, symbol);
    memcpy(out, &found, sizeof(found));
}

bool nss_module_open(const char *path, const char *prefix, struct nss_module *module)
{
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    memset(module, 0, sizeof(*module));
    if (lib == NULL)
        return false;
    function(lib, prefix, "getpwnam_r", &module->getpwnam);
    function(lib, prefix, "getpwuid_r", &module->getpwuid);
    function(lib, prefix, "getgrnam_r", &module->getgrnam);
    function(lib, prefix, "getgrgid_r", &module->getgrgid);
    function(lib, prefix, "initgroups_dyn", &module->initgroups);
    function(lib, prefix, "setpwent", &module->setpwent);
    function(lib, prefix, "setgrent", &module->setgrent);
    function(lib, prefix, "endpwent", &module->endpwent);
    function(lib, prefix, "endgrent", &module->endgrent);
    function(lib, prefix, "getpwent_r", &module->getpwent);
    function(lib, prefix, "getgrent_r", &module->getgrent);
    return true;
}
