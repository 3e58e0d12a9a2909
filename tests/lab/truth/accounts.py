# SPDX-License-Identifier: MIT
"""Faults of accounts: the user's, the machine's, and those of the KDCs and the DCs; and of the
service names of the machine."""

from lab import settings

from .fault import (BASE, DC, DNS, FLAT, SIDES, Fault, adding, existing, flipping, read, renaming,
                    setting, write)
from .trusts import ETYPES

PAST, LOCKED, LONG_AGO = 128000000000000000, 132000000000000000, 130000000000000000
UAC = "userAccountControl"
USER = f"CN=alice,CN=Users,{BASE['contoso']}"
MACHINE = f"CN=WS1,CN=Computers,{BASE['fabrikam']}"
SPN = "servicePrincipalName"
HOST = "host/ws1.fabrikam.test"
OF_USER = ("account-", "password-", "user-unknown", "wrong-password", "logon-hours",
           "workstation-not-allowed", "smartcard-required", "etype-unsupported", "kdc-policy")
OF_MACHINE = ("machine-account", "host-spn-", "keytab-", "account-rc4-only", "etype-unsupported",
              "directory-unreadable")
# Bits of userAccountControl [MS-ADTS] 2.2.16, and the words for them.
USER_BITS = {0x2: ("disabled",), 0x20: ("password not required",), 0x10000: ("never expires",),
             0x40000: ("smart card",), 0x80000: ("delegation",), 0x100000: ("delegated",),
             0x200000: ("DES",), 0x400000: ("preauthentication", "pre-authentication")}
MACHINE_BITS = {0x2: ("disabled",), 0x10000: (), 0x40000: ("smart card",), 0x80000: (),
                0x100000: (), 0x200000: ("DES",), 0x400000: ("preauthentication",)}
HOURS = {"none": b"\0" * 21, "all": b"\xff" * 21}
# The user is the one that was named to diagnose: "the account" is this one.
USER_NAMES = (USER, "alice", "alice@CONTOSO.TEST", "CONTOSO\\alice", "the account", "the account's",
              "the password")
MACHINE_NAMES = (MACHINE, "CN=WS1", HOST, f"{HOST}@FABRIKAM.TEST", "WS1$",
                 "WS1$@FABRIKAM.TEST", "the machine's account",
                 "this machine's own account")


def common(dn, domain, bits):
    """What any account may have: (name, attribute, words, make)."""
    for bit, words in bits.items():
        yield f"uac-{bit:#x}", UAC, words, flipping(domain, dn, UAC, bit)
    for name, attribute, words, value in (
            ("expired", "accountExpires", ("expired",), PAST),
            ("expires-later", "accountExpires", (), 150000000000000000),
            ("locked", "lockoutTime", ("locked",), LOCKED),
            ("must-change", "pwdLastSet", ("must be changed",), 0),
            ("old-password", "pwdLastSet", ("password has expired", "password is too old"),
             LONG_AGO),
            ("hours-none", "logonHours", ("logon hours",), HOURS["none"]),
            ("hours-all", "logonHours", (), HOURS["all"]),
            ("primary-group", "primaryGroupID", (), 4711)):
        yield name, attribute, words, setting(domain, dn, attribute, value)
    for value in (3, 4, 8, 16, 24):
        yield f"etypes-{value}", ETYPES, ("encryption type", "AES"), \
            setting(domain, dn, ETYPES, value)


def password(domain, name):
    """make(): another password; undone by the old one."""
    def make(lab, undo):
        def give(value):
            lab.run(DC[domain], "samba-tool", "user", "setpassword", name, f"--newpassword={value}")
        give("Another.Passw0rd1")
        undo.append(lambda: give(settings.PASSWORD))
    return make


def member_of(group):
    def make(lab, undo):
        dn = f"CN={group},CN=Users,{BASE['contoso']}"
        old = read(lab, "contoso", dn, "member")["member"]
        write(lab, undo, "contoso", dn, {"member": [*old, USER.encode()]})
    return make


def user():
    def of_user(name, attribute, words, make, **more):
        return Fault(f"user-{name}", "user", USER_NAMES, (attribute, *words), make,
                     families=OF_USER, **more)
    for name, attribute, words, make in common(USER, "contoso", USER_BITS):
        yield of_user(name, attribute, words, make)
    for label, value in (("other", "OTHERPC"), ("this", "WS1"), ("fqdn", "ws1.fabrikam.test"),
                         ("several", "OTHERPC,WS1")):
        yield of_user(f"workstations-{label}", "userWorkstations", ("certain workstations only",),
                      setting("contoso", USER, "userWorkstations", value))
    yield of_user("renamed", "sAMAccountName", ("no account with this name",),
                  setting("contoso", USER, "sAMAccountName", "alicia"))
    yield of_user("moved", "distinguishedName", (), renaming(
        "contoso", USER, f"CN=alicia,CN=Computers,{BASE['contoso']}"))
    yield of_user("password", "password", ("rejected the password",), password("contoso", "alice"))
    yield of_user("protected", "Protected Users", (), member_of("Protected Users"))
    suffix = {"user": f"alice@{settings.SUFFIX}", "trusts": ("forest",)}
    for label, new in (("gone", []), ("other", [f"other@{settings.SUFFIX}"])):
        yield of_user(f"upn-{label}", "userPrincipalName", ("no account with this name",),
                      setting("contoso", USER, "userPrincipalName", *new), **suffix)
    bob = f"CN=bob,CN=Users,{BASE['contoso']}"
    yield Fault("user-upn-twice", "user", (bob, "bob"), ("userPrincipalName",),
                setting("contoso", bob, "userPrincipalName", suffix["user"]), families=OF_USER,
                **suffix)


def without(*names):
    """make(): service names of the machine are gone."""
    def make(lab, undo):
        old = read(lab, "fabrikam", MACHINE, SPN)[SPN]
        write(lab, undo, "fabrikam", MACHINE, {SPN: [
            value for value in old if value.decode().lower() not in names]})
    return make


def machine():
    def of_machine(name, attribute, words, make, objects=MACHINE_NAMES):
        return Fault(f"machine-{name}", "machine", objects, (attribute, *words), make,
                     families=OF_MACHINE)
    for name, attribute, words, make in common(MACHINE, "fabrikam", MACHINE_BITS):
        yield of_machine(name, attribute, words, make)
    for value in (0x200, 0x2000):
        yield of_machine(f"uac-type-{value:#x}", UAC, (), setting("fabrikam", MACHINE, UAC, value))
    yield of_machine("renamed", "sAMAccountName", ("no account", "renamed"),
                     setting("fabrikam", MACHINE, "sAMAccountName", "GONE$"))
    yield of_machine("cn", "cn", (), renaming(
        "fabrikam", MACHINE, f"CN=WS1-RENAMED,CN=Computers,{BASE['fabrikam']}"))
    yield of_machine("moved", "distinguishedName", (), renaming(
        "fabrikam", MACHINE, f"CN=WS1,CN=Users,{BASE['fabrikam']}"))
    for label, new in (("other", ["other.fabrikam.test"]), ("gone", [])):
        yield of_machine(f"dnshostname-{label}", "dNSHostName", (),
                         setting("fabrikam", MACHINE, "dNSHostName", *new))
    yield of_machine("key", "kvno", ("key version", "newer machine key"), existing("keytab-stale"),
                     (*MACHINE_NAMES, "/etc/krb5.keytab"))
    yield of_machine("gone", "sAMAccountName", ("no account", "renamed"), existing("account-gone"))


def spns():
    def of_spn(name, words, make, objects=()):
        return Fault(f"spn-{name}", "spn", (HOST, *objects), (SPN, *words), make,
                     families=OF_MACHINE)
    missing = ("no account", "has the service principal name")
    yield of_spn("gone", missing, existing("spn"))
    yield of_spn("all-gone", missing, setting("fabrikam", MACHINE, SPN))
    yield of_spn("fqdn-gone", missing, without("host/ws1.fabrikam.test"))
    yield of_spn("short-gone", missing, without("host/ws1"), ("host/WS1",))
    yield of_spn("restricted-gone", missing, without("restrictedkrbhost/ws1.fabrikam.test",
                 "restrictedkrbhost/ws1"), ("RestrictedKrbHost/ws1.fabrikam.test",))
    yield of_spn("other-host", missing, setting("fabrikam", MACHINE, SPN,
                                                "HOST/other.fabrikam.test"))
    yield of_spn("duplicate", ("CN=WS1-OLD", "WS1-OLD$"), existing("spn-duplicate"))
    yield of_spn("user", ("CN=walter", "walter"), existing("spn-user"))
    for label, name in (("short", "host/WS1"), ("upper", "HOST/WS1.FABRIKAM.TEST"),
                        ("port", "host/ws1.fabrikam.test:22")):
        dn = f"CN=WS1-OLD,CN=Computers,{BASE['fabrikam']}"
        yield of_spn(f"duplicate-{label}", ("CN=WS1-OLD", "WS1-OLD$"), adding("fabrikam", dn, {
            "objectClass": ["computer"], "sAMAccountName": ["WS1-OLD$"], UAC: [0x1000],
            SPN: [name]}, stored=(SPN,)), (name,))


def controllers():
    """The accounts of the KDCs and of the DCs' own LDAP service."""
    for domain in SIDES:
        dc = f"CN=DC1,OU=Domain Controllers,{BASE[domain]}"
        krbtgt = f"CN=krbtgt,CN=Users,{BASE[domain]}"
        ldap = f"ldap/dc1.{DNS[domain]}"
        of_dc = (dc, "DC1$", f"DC1$@{DNS[domain].upper()}", ldap)
        of_kdc = (krbtgt, f"krbtgt/{DNS[domain].upper()}")
        for name, dn, objects, attribute, make in (
                ("dc-disabled", dc, of_dc, UAC, flipping(domain, dc, UAC, 2)),
                ("dc-member", dc, of_dc, UAC, setting(domain, dc, UAC, 0x1000)),
                ("dc-spns", dc, of_dc, SPN, setting(domain, dc, SPN, "HOST/other.test")),
                ("dc-dnshostname", dc, of_dc, "dNSHostName",
                 setting(domain, dc, "dNSHostName", "other.test")),
                ("dc-etypes-4", dc, of_dc, ETYPES, setting(domain, dc, ETYPES, 4)),
                ("krbtgt-etypes-4", krbtgt, of_kdc, ETYPES, setting(domain, krbtgt, ETYPES, 4)),
                ("krbtgt-enabled", krbtgt, of_kdc, UAC, setting(domain, krbtgt, UAC, 0x200)),
                ("krbtgt-expired", krbtgt, of_kdc, "accountExpires",
                 setting(domain, krbtgt, "accountExpires", PAST))):
            yield Fault(f"{domain}-{name}", "dc-account", objects, (attribute,), make,
                        families=("directory-unreadable", "machine-account", "kdc-error"))
        for attribute, value in (("maxPwdAge", -1), ("lockoutThreshold", 1),
                                 ("msDS-Behavior-Version", 0)):
            yield Fault(f"{domain}-policy-{attribute}", "dc-account",
                        (BASE[domain], DNS[domain], FLAT[domain]), (attribute,),
                        setting(domain, BASE[domain], attribute, value))
    ldap = f"CN=LDAP-OF-DC,CN=Users,{BASE['fabrikam']}"
    yield Fault("fabrikam-dc-spn-twice", "dc-account", (ldap, "ldap/dc1.fabrikam.test"), (SPN,),
                adding("fabrikam", ldap, {
                    "objectClass": ["user"], "sAMAccountName": ["LDAP-OF-DC"], UAC: [0x202],
                    SPN: ["ldap/dc1.fabrikam.test"]}, stored=(SPN,)),
                families=("directory-unreadable",))


def faults():
    for generator in (user, machine, spns, controllers):
        yield from generator()


