/* SPDX-License-Identifier: MIT
 *
 * options.c - the option table itself. Keys are unique over all sections, so
 * that the PAM line and --set can name them alone.
 */
#include <string.h>

#include "options.h"

#define AT(member) offsetof(struct tl_config, member)
/* A year, in seconds: longer than any sensible value. */
#define YEAR 31536000

/* For each option its place and type; then default, least, most, and its meaning. */
/* clang-format off */
const struct tli_option tli_options[] = {
    {"workstation", "realm", TL_OPTION_REALM, AT(realm),
     NULL, 0, 0, "Kerberos realm of this machine's domain"},
    {"workstation", "hostname", TL_OPTION_HOST, AT(hostname),
     NULL, 0, 0, "fully qualified name of this machine, as in its service principal"},
    {"workstation", "default_domain", TL_OPTION_DOMAIN, AT(default_domain),
     NULL, 0, 0, "domain of a user name without one"},
    {"workstation", "keytab", TL_OPTION_KEYTAB, AT(keytab),
     "/etc/krb5.keytab", 0, 0, "file with the keys of this machine"},
    {"workstation", "site", TL_OPTION_SITE, AT(site),
     NULL, 0, 0, "Active Directory site of this machine"},

    {"logon", "walk", TL_OPTION_WALK, AT(walk),
     "windows", 0, 0, "how the ticket for this machine is requested across trusts"},
    {"logon", "logon_timeout", TL_OPTION_INT, AT(logon_timeout),
     "15000", 1000, 600000, "milliseconds for a whole logon"},
    {"logon", "kdc_connect_timeout", TL_OPTION_INT, AT(kdc_connect_timeout),
     "2500", 100, 60000, "milliseconds to wait for the KDCs of a realm"},
    {"logon", "kdc_race_delay", TL_OPTION_INT, AT(kdc_race_delay),
     "250", 10, 60000, "milliseconds until the next KDC is tried while one is silent"},
    {"logon", "hop_limit", TL_OPTION_INT, AT(hop_limit),
     "6", 1, 32, "largest number of realms on the way to a ticket"},
    {"logon", "explain", TL_OPTION_BOOL, AT(explain),
     "yes", 0, 0, "read the trusts after a failure, to find its cause"},
    {"logon", "explain_timeout", TL_OPTION_INT, AT(explain_timeout),
     "4000", 100, 60000, "milliseconds to read them"},
    {"logon", "allow_rc4", TL_OPTION_RC4, AT(allow_rc4),
     "trusts", 0, 0, "where RC4 keys are accepted"},
    {"logon", "fast", TL_OPTION_FAST, AT(fast),
     "never", 0, 0, "armor logons with this machine's own ticket"},
    {"logon", "minimum_uid", TL_OPTION_UID, AT(minimum_uid),
     "1000", 1000, 4294967294, "smallest numeric user id that may log on"},
    {"logon", "password_warning", TL_OPTION_INT, AT(password_warning),
     "5", 0, 999, "days of warning before a password expires"},
    {"logon", "smartcard", TL_OPTION_CARDS, AT(smartcard),
     "never", 0, 0, "whether users log on with a smart card"},
    {"logon", "pkinit_identity", TL_OPTION_PKINIT, AT(pkinit_identity),
     NULL, 0, 0, "the card: its PKCS #11 module, or a file"},
    {"logon", "pkinit_anchors", TL_OPTION_ANCHORS, AT(pkinit_anchors),
     NULL, 0, 0, "issuers that certificates of domain controllers must come from"},
    {"logon", "ccache", TL_OPTION_CCACHE, AT(ccache),
     NULL, 0, 0, "where a user's tickets are kept"},

    {"identity", "idmap", TL_OPTION_IDMAP, AT(idmap),
     "sss", 0, 0, "how SIDs become user and group ids"},
    {"identity", "idmap_range_min", TL_OPTION_UID, AT(idmap_range_min),
     "200000", 1000, 4294967294, "first id that idmap = sss assigns"},
    {"identity", "idmap_range_max", TL_OPTION_UID, AT(idmap_range_max),
     "2000200000", 1000, 4294967294, "end of these ids, exclusive"},
    {"identity", "idmap_range_size", TL_OPTION_UID, AT(idmap_range_size),
     "200000", 1000, 4294967294, "ids in one slice; each domain has one slice"},
    {"identity", "rid_ranges", TL_OPTION_RANGES, AT(rid_ranges),
     NULL, 0, 0, "ids of each domain with idmap = rid"},
    {"identity", "autorid_range", TL_OPTION_SPAN, AT(autorid_range),
     NULL, 0, 0, "ids that Samba's autorid cuts into ranges"},
    {"identity", "autorid_rangesize", TL_OPTION_UID, AT(autorid_rangesize),
     "100000", 2000, 4294967294, "ids in one such range"},
    {"identity", "autorid_domains", TL_OPTION_AUTORID, AT(autorid_domains),
     NULL, 0, 0, "ranges of each domain, as 'net idmap get ranges' prints them"},
    {"identity", "rfc2307_ranges", TL_OPTION_RANGES, AT(rfc2307_ranges),
     NULL, 0, 0, "ids that each domain's directory may assign with idmap = rfc2307"},
    {"identity", "unix_primary_group", TL_OPTION_BOOL, AT(unix_primary_group),
     "yes", 0, 0, "take the primary group of idmap = rfc2307 from gidNumber, not from Windows"},
    {"identity", "unix_nss_info", TL_OPTION_BOOL, AT(unix_nss_info),
     "yes", 0, 0, "take home and shell of idmap = rfc2307 from the directory"},
    {"identity", "home", TL_OPTION_PATH, AT(home),
     "/home/%D/%u", 0, 0, "home folder of a domain user"},
    {"identity", "shell", TL_OPTION_PATH, AT(shell),
     "/bin/bash", 0, 0, "shell of a domain user"},
    {"identity", "bare_names", TL_OPTION_BARE, AT(bare_names),
     "no", 0, 0, "domain whose users and groups are known by names without a domain"},
    {"identity", "show_bare_names", TL_OPTION_BOOL, AT(show_bare_names),
     "yes", 0, 0, "id and ls show these names, too"},

    {"access", "allow_groups", TL_OPTION_ACCESS, AT(allow_groups),
     NULL, 0, 0, "groups whose members may use this machine"},
    {"access", "deny_groups", TL_OPTION_ACCESS, AT(deny_groups),
     NULL, 0, 0, "groups whose members may not, even if another rule allows them"},
    {"access", "allow_users", TL_OPTION_ACCESS, AT(allow_users),
     NULL, 0, 0, "users who may use this machine"},
    {"access", "rule_timeout", TL_OPTION_INT, AT(rule_timeout),
     "4000", 100, 60000, "milliseconds to find the SIDs of the names in these rules"},
    {"access", "rule_lifetime", TL_OPTION_INT, AT(rule_lifetime),
     "3600", 0, YEAR, "seconds until a name in these rules is looked up again"},

    {"locator", "require_ldap_ping", TL_OPTION_BOOL, AT(require_ldap_ping),
     "yes", 0, 0, "use only domain controllers that answer the LDAP ping"},
    {"locator", "ping_interval", TL_OPTION_INT, AT(ping_interval),
     "100", 1, 60000, "milliseconds between pings of two candidates"},
    {"locator", "ping_timeout", TL_OPTION_INT, AT(ping_timeout),
     "1500", 50, 60000, "milliseconds for all pings of a domain"},
    {"locator", "cache_lifetime", TL_OPTION_INT, AT(cache_lifetime),
     "43200", 0, YEAR, "seconds a domain controller is remembered"},
    {"locator", "ping_validity", TL_OPTION_INT, AT(ping_validity),
     "1800", 0, YEAR, "seconds until a remembered domain controller is pinged again"},
    {"locator", "close_site_timeout", TL_OPTION_INT, AT(close_site_timeout),
     "900", 0, YEAR, "seconds until a nearer one than a remembered one is searched for"},
    {"locator", "try_next_closest_site", TL_OPTION_BOOL, AT(try_next_closest_site),
     "no", 0, 0,
     "use the closest other site if the own site has no domain controller"},
    {"locator", "negative_lifetime", TL_OPTION_INT, AT(negative_lifetime),
     "45", 0, 3600, "seconds a failed search or server is remembered"},

    {"topology", "topology_refresh", TL_OPTION_INT, AT(topology_refresh),
     "3600", 60, YEAR, "seconds until domains and trusts are read again"},
    {"topology", "realms", TL_OPTION_REALMS, AT(realms),
     NULL, 0, 0,
     "realms and domains that are contacted by name, without a trust that lists them"},

    {"agent", "max_conversations", TL_OPTION_INT, AT(max_conversations),
     "256", 1, 65536, "conversations at once"},
    {"agent", "max_per_uid", TL_OPTION_INT, AT(max_per_uid),
     "8", 1, 65536, "conversations at once of one user id other than root's"},
    {"agent", "lookup_max", TL_OPTION_INT, AT(lookup_max),
     "8", 2, 1024, "users and groups looked up at once"},
    {"agent", "lookup_timeout", TL_OPTION_INT, AT(lookup_timeout),
     "20000", 1000, 600000,
     "milliseconds until a look-up is abandoned, even if clients wait for it"},
    {"agent", "lookup_idle", TL_OPTION_INT, AT(lookup_idle),
     "300", 1, 86400,
     "seconds without a look-up in a domain until the connection to its directory ends"},
    {"agent", "known_lifetime", TL_OPTION_INT, AT(known_lifetime),
     "3600", 1, YEAR, "seconds until a known user or group is looked up again"},
    {"agent", "unknown_lifetime", TL_OPTION_INT, AT(unknown_lifetime),
     "60", 0, 3600, "seconds to remember that a user or group does not exist"},
    {"agent", "cached_logons", TL_OPTION_INT, AT(cached_logons),
     "0", 0, 50, "users who may log on with their last password without a domain controller"},
    {"agent", "renew_interval", TL_OPTION_INT, AT(renew_interval),
     "300", 0, 86400,
     "seconds between checks of sessions' tickets for renewal; 0: never"},
    {"agent", "sandbox", TL_OPTION_BOOL, AT(sandbox),
     "yes", 0, 0, "workers are confined by Landlock and a list of system calls, or do not run"},
    {"agent", "idle_exit", TL_OPTION_INT, AT(idle_exit),
     "0", 0, YEAR,
     "seconds without a client until a socket-activated agent ends; 0: never"},
};
/* clang-format on */
const size_t tli_num_options = sizeof(tli_options) / sizeof(tli_options[0]);

const struct tli_option *tli_option_find(const char *section, const char *key)
{
    for (size_t i = 0; i < tli_num_options; i++)
        if (strcmp(tli_options[i].key, key) == 0 &&
            (section == NULL || strcmp(tli_options[i].section, section) == 0))
            return &tli_options[i];
    return NULL;
}

bool tli_option_section_known(const char *section)
{
    for (size_t i = 0; i < tli_num_options; i++)
        if (strcmp(tli_options[i].section, section) == 0)
            return true;
    return false;
}
