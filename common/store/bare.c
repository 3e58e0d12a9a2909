/* SPDX-License-Identifier: MIT
 *
 * bare.c - names without a domain: those of one domain, where the store's header says so.
 * A bare name is not a key of its own; it is read as DOMAIN\name, and shown as the part
 * of the canonical name in front of the '@'. So a change of the setting holds for every
 * record at once, and no record of another domain can ever be found by a bare name. Pure.
 */
#include <string.h>

#include "layout.h"

#define LOWER(c) ((c) >= 'A' && (c) <= 'Z' ? (char)((c) + ('a' - 'A')) : (char)(c))

/*
 * Users and groups that distributions and packages make, and that give rights wherever
 * they are named: a sudoers file with %admin or %wheel in it, or the first user of a
 * cloud image, a PAM line that asks no password of a group, the socket of a container
 * daemon, a package that makes its user only if there is none yet. The administrators of
 * a domain must not obtain these names by creating such an account first. In strcmp
 * order.
 */
static const char *const reserved[] = {
    "adm",
    "admin",
    "almalinux",
    "apache",
    "audio",
    "autologin",
    "avahi",
    "backup",
    "bin",
    "bind",
    "bluetooth",
    "cdrom",
    "centos",
    "ceph",
    "chrony",
    "clamav",
    "cloud-user",
    "cockpit-ws",
    "cockpit-wsinstance",
    "colord",
    "console",
    "crontab",
    "daemon",
    "dbus",
    "dialout",
    "dip",
    "disk",
    "dnsmasq",
    "docker",
    "dockerroot",
    "dovecot",
    "dovenull",
    "ec2-user",
    "exim",
    "fax",
    "fedora",
    "flatpak",
    "floppy",
    "ftp",
    "fwupd-refresh",
    "games",
    "gdm",
    "geoclue",
    "gnats",
    "gnome-initial-setup",
    "google-sudoers",
    "halt",
    "haproxy",
    "http",
    "incus",
    "incus-admin",
    "input",
    "irc",
    "kernoops",
    "kmem",
    "kvm",
    "ldap",
    "libvirt",
    "libvirt-qemu",
    "libvirtd",
    "lightdm",
    "list",
    "lock",
    "log",
    "lp",
    "lpadmin",
    "lxc",
    "lxd",
    "mail",
    "man",
    "mem",
    "messagebus",
    "microk8s",
    "mock",
    "mongodb",
    "mysql",
    "named",
    "netdev",
    "networkmanager",
    "news",
    "nginx",
    "nobody",
    "nogroup",
    "nopasswdlogin",
    "nscd",
    "ntp",
    "opc",
    "openldap",
    "operator",
    "pcap",
    "pcscd",
    "pi",
    "plugdev",
    "podman",
    "polkitd",
    "postfix",
    "postgres",
    "prometheus",
    "proxy",
    "pulse",
    "pulse-access",
    "qemu",
    "rabbitmq",
    "redis",
    "render",
    "rocky",
    "root",
    "rpc",
    "rpcuser",
    "rtkit",
    "sambashare",
    "saned",
    "sasl",
    "saslauth",
    "scanner",
    "sddm",
    "sgx",
    "shadow",
    "shutdown",
    "speech-dispatcher",
    "squid",
    "src",
    "ssh",
    "sshd",
    "ssl-cert",
    "sssd",
    "staff",
    "stapdev",
    "stapsys",
    "stapusr",
    "statd",
    "stunnel4",
    "sudo",
    "sync",
    "sys",
    "syslog",
    "systemd",
    "tape",
    "tcpdump",
    "tomcat",
    "tss",
    "tty",
    "ubuntu",
    "uinput",
    "unbound",
    "usbmux",
    "usbmuxd",
    "users",
    "utmp",
    "uucp",
    "uuidd",
    "vagrant",
    "vboxusers",
    "video",
    "voice",
    "wheel",
    "whoopsie",
    "winbindd_priv",
    "wireshark",
    "www-data",
    "zabbix",
};

static bool is_reserved(const char *name)
{
    size_t low = 0, high = sizeof(reserved) / sizeof(reserved[0]);

    if (name[0] == '_' || strncmp(name, "systemd-", 8) == 0 ||
        strncmp(name, "debian-", 7) == 0)
        return true;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, reserved[middle]);

        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* Whether a character begins here that is invisible, looks like a blank, or turns the
 * order of what follows: C1 controls, no-break and other spaces, soft hyphen, zero width,
 * bidi? A bare "root" with one of them behind it looks like root. UTF-8, NUL at the end.
 */
static bool is_unseen(const unsigned char *at)
{
    if (at[0] == 0xC2)
        return at[1] <= 0xA0 || at[1] == 0xAD;
    if (at[0] == 0xE2 && at[1] == 0x80)
        return at[2] <= 0x8F || (at[2] >= 0xA8 && at[2] <= 0xAF);
    if (at[0] == 0xE2 && at[1] == 0x81)
        return at[2] >= 0x9F && at[2] <= 0xAF;
    return (at[0] == 0xE3 && at[1] == 0x80 && at[2] == 0x80) ||
           (at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF);
}

/* Refuses what files and commands take for something other than a name: a number is an id
 * to chown, and so is "+1"; "%x" is a group, "#1" an id and "!x" a negation in sudoers,
 * "+" and "-" are NIS's, "~" begins a home, "." is a path. */
bool tli_store_bare_ok(const char *name, size_t length)
{
    char folded[TL_STORE_BARE_MAX + 1];
    bool digits = true;

    if (length == 0 || length > TL_STORE_BARE_MAX || strchr("+-~%#!.&*\"", name[0]))
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];

        if (c < 0x20 || c == 0x7f || strchr("\\@:,/", c) != NULL)
            return false;
        digits = digits && c >= '0' && c <= '9';
        folded[i] = LOWER(c);
    }
    folded[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (is_unseen((const unsigned char *)folded + i))
            return false;
    return !digits && name[length - 1] != ' ' && name[0] != ' ' && !is_reserved(folded);
}

const char *tli_store_full_name(const struct tli_store_map *map, const char *name,
                                char full[TL_STORE_NAME_MAX + 1])
{
    size_t length, domain = map->bare.length;

    if (tli_store_owns_name(name))
        return name;
    if (name == NULL || domain == 0)
        return NULL;
    length = strnlen(name, TL_STORE_BARE_MAX + 1);
    if (!tli_store_bare_ok(name, length))
        return NULL;
    memcpy(full, map->bare.domain, domain);
    full[domain] = '\\';
    memcpy(full + domain + 1, name, length + 1);
    return full;
}

size_t tli_store_bare_length(const struct tli_store_map *map, const char *canonical,
                             size_t length)
{
    size_t domain = map->bare.length, bare;

    if (!map->bare.shown || domain == 0 || length < domain + 2)
        return 0;
    bare = length - domain - 1;
    if (canonical[bare] != '@' ||
        memcmp(canonical + bare + 1, map->bare.domain, domain) != 0 ||
        !tli_store_bare_ok(canonical, bare))
        return 0;
    return bare;
}
