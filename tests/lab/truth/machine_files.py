# SPDX-License-Identifier: MIT
"""Faults of WS1 itself: its files, its settings, its folders."""
import base64
import glob
import os
import sysconfig

from lab import breaks, keytab

from .fault import ADDRESS, ALICE, NOBODY, Fault, Skipped, existing

KEYTAB, KRB5, CONF = breaks.KEYTAB, "/etc/krb5.conf", "/etc/trustlogon.conf"
RESOLV, NSS, HOSTS = "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/hosts"
SSHD, LOGIN = "/etc/ssh/sshd_config", "/etc/pam.d/login"
AES256, AES128, RC4 = 18, 17, 23
SERVER = ADDRESS["dc1.fabrikam"]
NAME = "alice@contoso.test"  # as the name service spells the user
MULTIARCH = sysconfig.get_config_var("MULTIARCH") or "*"


def content(path, text):
    """make(): a file of WS1 has this content, or is gone."""
    def make(lab, undo):
        undo.append(breaks.change_file(lab, "ws1", path, None if text is None else
                                       breaks.encoded(text)[0]))
    return make


def edited(path, edit):
    """make(): a file of WS1 is edited; edit() takes and returns text, or bytes of the keytab."""
    def make(lab, undo):
        old = base64.b64decode(breaks.get_file(lab, "ws1", path) or "")
        new = edit(old) if path == KEYTAB else edit(old.decode())
        undo.append(breaks.change_file(lab, "ws1", path, breaks.encoded(new)[0]))
    return make


def replaced(path, old, new):
    def edit(text):
        if old not in text:
            raise Skipped(f"{path} has no {old!r}")
        return text.replace(old, new, 1)
    return edited(path, edit)


def with_mode(path, mode, owner=0):
    """make(): a file of WS1 has another mode, and perhaps owner."""
    def make(lab, undo):
        target = lab.file("ws1", path)
        before = os.stat(target)

        def give(what, who):
            os.chmod(target, what)
            os.chown(target, who, -1)
        undo.append(lambda: give(before.st_mode & 0o7777, before.st_uid))
        give(mode, owner)
    return make


def running(command, back):
    """make(): a command of WS1's shell, and the one that undoes it."""
    def make(lab, undo):
        undo.append({"do": "run", "host": "ws1", "command": ["sh", "-c", back]})
        lab.run("ws1", "sh", "-c", command)
    return make


def away(pattern):
    """make(): an installed file is not there."""
    def make(lab, undo):
        found = glob.glob(lab.file("ws1", pattern))
        if not found:
            raise Skipped(f"no {pattern}")
        for path in found:
            os.rename(path, path + ".away")
            undo.append(lambda path=path: os.rename(path + ".away", path))
    return make


# --- the keytab -------------------------------------------------------------

def keytab_without(*wanted):
    """The same without entries whose bytes have one of these."""
    def edit(data):
        return data[:2] + b"".join(data[start:end] for start, end, _ in keytab.entries(data)
                                   if not any(word in data[start:end] for word in wanted))
    return edit


def other_realm(data):
    return data.replace(b"FABRIKAM.TEST", b"FABRIKAN.TEST")


def other_version(data):
    """Each key has another version: 8 bits before the key type, and 32 behind the key."""
    out = bytearray(data)
    for start, end, _ in keytab.entries(data):
        out[keytab.key_at(data, start) - 3] = 77
        if end - keytab.counted(data, keytab.key_at(data, start)) >= 4:
            out[end - 4:end] = (77).to_bytes(4, "big")
    return bytes(out)


def keytabs():
    only = keytab.only
    for name, words, make in (
            ("missing", (), existing("keytab-missing")),
            ("damaged", (), existing("keytab-unreadable")),
            ("empty", (), content(KEYTAB, "")),
            ("no-entries", (), edited(KEYTAB, lambda data: data[:2])),
            ("cut", (), edited(KEYTAB, lambda data: data[:len(data) // 2 + 3])),
            ("wrong", (), existing("keytab-wrong")),
            ("rc4", ("AES", "RC4"), edited(KEYTAB, lambda data: only(data, RC4))),
            ("aes128", ("AES", "encryption type"), edited(KEYTAB, lambda data: only(data, AES128))),
            ("aes256", (), edited(KEYTAB, lambda data: only(data, AES256))),
            ("no-host", ("host",), edited(KEYTAB, keytab_without(b"\0\4host"))),
            ("no-machine", ("WS1$",), edited(KEYTAB, keytab_without(b"WS1$"))),
            ("realm", ("FABRIKAN.TEST",), edited(KEYTAB, other_realm)),
            ("version", ("kvno", "77"), edited(KEYTAB, other_version)),
            ("readable", ("mode", "may read it"), with_mode(KEYTAB, 0o644)),
            ("writable", ("mode", "may read it", "may write to it", "may change it"),
             with_mode(KEYTAB, 0o666)),
            ("owner", ("owner", "belong to root"), with_mode(KEYTAB, 0o600, 5001))):
        yield Fault(f"keytab-{name}", "keytab", (KEYTAB,), words, make,
                    families=("keytab-", "not-joined", "machine-account"))


# --- settings -----------------------------------------------------------------

def krb5_confs():
    def option(line):
        return replaced(KRB5, "[libdefaults]\n", f"[libdefaults]\n    {line}\n")

    def realm(name, line):
        return replaced(KRB5, "[realms]\n", f"[realms]\n    {name} = {{\n        {line}\n    }}\n")
    for name, words, make in (
            ("gone", (), content(KRB5, None)),
            ("empty", (), content(KRB5, "")),
            ("syntax", ("line",), edited(KRB5, lambda text: text + "[broken\nfoo bar\n")),
            ("brace", ("line",), edited(KRB5, lambda text: text + "X = {\n")),
            ("default-realm", ("default_realm",), replaced(KRB5, "FABRIKAM.TEST", "OTHER.TEST")),
            ("default-realm-lower", ("default_realm",), replaced(KRB5, "FABRIKAM.TEST",
                                                                "fabrikam.test")),
            ("no-dns", ("dns_lookup_kdc",), replaced(KRB5, "dns_lookup_kdc = true",
                                                     "dns_lookup_kdc = false")),
            ("kdc-contoso", ("kdc",), realm("CONTOSO.TEST", f"kdc = {NOBODY}")),
            ("kdc-fabrikam", ("kdc",), realm("FABRIKAM.TEST", f"kdc = {NOBODY}")),
            ("etypes-rc4", ("permitted_enctypes",), option("permitted_enctypes = arcfour-hmac")),
            ("etypes-aes128", ("permitted_enctypes",),
             option("permitted_enctypes = aes128-cts-hmac-sha1-96")),
            ("etypes-sha2", ("permitted_enctypes",),
             option("permitted_enctypes = aes256-cts-hmac-sha384-192")),
            ("etypes-unknown", ("permitted_enctypes",), option("permitted_enctypes = nothing")),
            ("clockskew", ("clockskew",), option("clockskew = 1")),
            ("domain-realm", ("domain_realm",), replaced(
                KRB5, "[domain_realm]\n", "[domain_realm]\n    ws1.fabrikam.test = OTHER.TEST\n")),
            ("include", ("include", "line"),
             edited(KRB5, lambda text: "include /nowhere\n" + text)),
            ("ccache-type", ("default_ccache_name",), option("default_ccache_name = NONE:x")),
            ("ccache-folder", ("default_ccache_name",),
             option("default_ccache_name = FILE:/nowhere/x")),
            ("ccache-kcm", ("default_ccache_name",), option("default_ccache_name = KCM:")),
            ("keytab-name", ("default_keytab_name",), option("default_keytab_name = /nowhere"))):
        yield Fault(f"krb5conf-{name}", "settings", (KRB5, "krb5.conf"), words, make,
                    families=("krb5-conf-", "not-joined", "ccache-"))


def confs():
    for name, section, line in (
            ("syntax", "workstation", "nonsense"), ("unknown", "workstation", "keytap = /x"),
            ("realm", "workstation", "realm = OTHER.TEST"),
            ("hostname", "workstation", "hostname = other.fabrikam.test"),
            ("keytab", "workstation", "keytab = /nowhere"),
            ("default-domain", "workstation", "default_domain = NOWHERE"),
            ("site", "workstation", "site = Nowhere"),
            ("walk", "logon", "walk = referral"), ("walk-direct", "logon", "walk = direct"),
            ("fast", "logon", "fast = demand"), ("timeout", "logon", "logon_timeout = 1"),
            ("hop-limit", "logon", "hop_limit = 1"), ("rc4", "logon", "allow_rc4 = no"),
            ("smartcard", "logon", "smartcard = require"),
            ("connect-timeout", "logon", "kdc_connect_timeout = never"),
            ("ccache", "logon", "ccache = FILE:/nowhere/x"),
            ("idmap-range", "identity", "idmap_range_max = 200001"),
            ("idmap-rid", "identity", "idmap = rid"),
            ("idmap-rfc2307", "identity", "idmap = rfc2307"),
            ("home", "identity", "home = nowhere"), ("shell", "identity", "shell = /nowhere"),
            ("access-unknown", "access", "deny_users = CONTOSO\\alice"),
            ("deny-groups", "access", "deny_groups = CONTOSO\\Sales"),
            ("allow-groups", "access", "allow_groups = CONTOSO\\Nobody"),
            ("minimum-uid", "logon", "minimum_uid = 4000000000")):
        key = line.split(" = ")[0]
        yield Fault(f"conf-{name}", "settings", (CONF, "trustlogon.conf", "[access]"),
                    (key, line, *(("line",) if name == "syntax" else ())), edited(
                        CONF, lambda text, section=section, line=line:
                        f"[{section}]\n    {line}\n" + text),
                    families=("config-", "access-rule", "id-", "armor-", "walk-policy", "keytab-",
                              "host-spn-", "ccache-", "not-joined"))
    for name, words, text in (("empty", ("no rule",), ""), ("other-user", ("allow_users",),
                              "[access]\n    allow_users = CONTOSO\\bob\n")):
        yield Fault(f"conf-{name}", "settings", (CONF, "trustlogon.conf", "[access]"), words,
                    content(CONF, text), families=("access-rule", "no-access-rule"))


def resolvers():
    for name, objects, text in (
            ("gone", (), None), ("empty", (), ""), ("dead", (NOBODY,), f"nameserver {NOBODY}\n"),
            ("refuses", ("10.99.0.66",), "nameserver 10.99.0.66\n"),
            ("other-forest", ("10.99.0.11",), "nameserver 10.99.0.11\n"),
            ("dead-first", (NOBODY,), f"nameserver {NOBODY}\nnameserver {SERVER}\n"),
            ("dead-second", (NOBODY,), f"nameserver {SERVER}\nnameserver {NOBODY}\n"),
            ("no-address", (), f"nameserver dc1.fabrikam.test\nnameserver {SERVER}\n"),
            ("search", (), f"search other.test\nnameserver {SERVER}\n")):
        yield Fault(f"resolv-{name}", "settings", (RESOLV, "resolv.conf", *objects), (),
                    content(RESOLV, text), families=("dns-", "name-server-", "resolv-conf-"))
    for name, words, text in (
            ("dc-dead", ("dc1.contoso.test",), f"{NOBODY} dc1.contoso.test\n"),
            ("own-dc-dead", ("dc1.fabrikam.test",), f"{NOBODY} dc1.fabrikam.test\n"),
            ("own-name", ("ws1.fabrikam.test",), f"{NOBODY} ws1.fabrikam.test ws1\n")):
        yield Fault(f"hosts-{name}", "settings", (HOSTS,), words,
                    edited(HOSTS, lambda text, line=text: line + text),
                    families=("dns-", "kdc-", "port-"))


def name_service():
    for name, words, old, new in (
            ("passwd", ("passwd",), "passwd: files trustlogon", "passwd: files"),
            ("group", ("group",), "group: files trustlogon", "group: files"),
            ("initgroups", ("initgroups",), "initgroups: files trustlogon", "initgroups: files"),
            ("return", ("passwd",), "passwd: files", "passwd: files [NOTFOUND=return]"),
            ("other", ("passwd",), "passwd: files trustlogon", "passwd: files nothing"),
            ("hosts", ("hosts",), "hosts: files dns", "hosts: files")):
        yield Fault(f"nsswitch-{name}", "settings", (NSS, "nsswitch.conf", *words), words,
                    replaced(NSS, old, new), families=("nss-", "dns-"))
    yield Fault("nsswitch-gone", "settings", (NSS, "nsswitch.conf"), (), content(NSS, None),
                families=("nss-",))
    taken = f"{NAME}:x:5002:5002::/:/bin/sh\n"
    yield Fault("passwd-name", "settings", ("/etc/passwd", NAME), ("5002", "local name"),
                edited("/etc/passwd", lambda text: text + taken), families=("nss-", "name-taken"))
    yield Fault("passwd-none", "settings", ("/etc/passwd",), (),
                edited("/etc/passwd", lambda text: "\n".join(
                    line for line in text.splitlines() if line.startswith("root:")) + "\n"))


def stacks():
    def at_login(name, words, make):
        return Fault(f"pam-{name}", "settings", (LOGIN, "login"), words, make, service="login",
                     families=("pam-",))
    yield at_login("gone", (), content(LOGIN, None))
    yield at_login("without", ("pam_trustlogon.so",), content(
        LOGIN, "auth required pam_unix.so\naccount required pam_unix.so\n"))
    yield at_login("unix-first", ("pam_unix.so",), edited(
        LOGIN, lambda text: "auth requisite pam_unix.so\n" + text))
    yield at_login("deny-first", ("pam_deny.so",), edited(
        LOGIN, lambda text: "auth requisite pam_deny.so\n" + text))
    yield at_login("account", ("pam_localuser.so",), edited(
        LOGIN, lambda text: "account required pam_localuser.so\n" + text))
    yield at_login("sufficient", ("pam_unix.so",), edited(
        LOGIN, lambda text: "account sufficient pam_unix.so\n" + text))
    yield at_login("minimum-uid", ("minimum_uid",), edited(
        LOGIN, lambda text: text.replace("pam_trustlogon.so\n",
                                         "pam_trustlogon.so minimum_uid=4000000000\n")))
    yield at_login("include", ("nothing",), edited(
        LOGIN, lambda text: "auth include nothing\n" + text))
    yield at_login("module", ("pam_nothing.so",), edited(
        LOGIN, lambda text: "auth required pam_nothing.so\n" + text))
    for name, word, text in (("no-pam", "UsePAM", "UsePAM no\n"),
                             ("allow", "AllowUsers", f"UsePAM yes\nAllowUsers {NAME}\n"),
                             ("deny", "DenyUsers", "UsePAM yes\nDenyUsers alice?contoso.test\n"),
                             ("no-passwords", "PasswordAuthentication",
                              "UsePAM yes\nPasswordAuthentication no\n"
                              "KbdInteractiveAuthentication no\n")):
        yield Fault(f"sshd-{name}", "settings", (SSHD,), (word,), content(SSHD, text),
                    families=("sshd-",))


# --- what is installed, and where it writes --------------------------------------

def folders():
    for path, name in (("/var/lib/trustlogon", "state"), ("/run/trustlogon", "run"),
                       ("/var/cache/trustlogon", "cache"), ("/tmp", "tmp")):
        yield Fault(f"folder-{name}-full", "folder", (path, f"FILE:{path}", "krb5cc"),
                    ("space", "full"), running(
                        f"mount -t tmpfs -o size=8k,mode=1777 none {path} && "
                        f"dd if=/dev/zero of={path}/full bs=4k count=8 2>/dev/null; true",
                        f"umount {path}"), families=("folder-", "ccache-", "identity-store-"))
        yield Fault(f"folder-{name}-read-only", "folder", (path, f"FILE:{path}", "krb5cc"),
                    ("read-only",), running(
                        f"mount -t tmpfs -o ro none {path}", f"umount {path}"),
                    families=("folder-", "ccache-", "identity-store-"))
    state = "/var/lib/trustlogon"
    yield Fault("folder-state-open", "folder", (state,), ("mode", "0777"),
                with_mode(state, 0o777), families=("folder-",))
    yield Fault("folder-state-owner", "folder", (state,), ("owner", "5001"),
                with_mode(state, 0o755, 5001), families=("folder-",))
    store = f"{state}/identity.store"
    for name, command in (("garbage", f"head -c 8192 /dev/urandom >{store}"),
                          ("empty", f": >{store}"), ("cut", f"truncate -s 5000 {store}"),
                          ("private", f"chmod 600 {store}"), ("gone", f"rm {store}")):
        yield Fault(f"store-{name}", "folder", (store, "identity.store"), (),
                    running(command, "true"), families=("identity-store-", "nss-"))
    topology = f"{state}/topology.json"
    for name, command in (("garbage", f"echo garbage >{topology}"), ("gone", f"rm {topology}")):
        yield Fault(f"topology-{name}", "folder", (topology,), (), running(command, "true"))


def programs():
    for name, pattern, families in (
            ("agent", "/usr/libexec/trustlogond", ("agent-", "nss-")),
            ("pam-module", "/usr/lib/*/security/pam_trustlogon.so", ("pam-",)),
            ("nss-module", "/usr/lib/*/libnss_trustlogon.so.2", ("nss-",))):
        names = (os.path.basename(pattern), pattern.replace("*", MULTIARCH))
        yield Fault(f"{name}-gone", "folder", names, (), away(pattern), families=families)
    yield Fault("hostname", "settings", ("host name", "hostname", "other"), (), running(
        "hostname other", "hostname ws1"), families=("keytab-", "not-joined"))


def faults():
    for generator in (keytabs, krb5_confs, confs, resolvers, name_service, stacks, folders,
                      programs):
        yield from generator()


# What a workstation is before a fault: no finding of diagnose is left.
READY = {CONF: f"[access]\n    allow_users = {ALICE}\n",
         SSHD: "UsePAM yes\nKbdInteractiveAuthentication yes\n"}
STACK = """auth [success=2 default=ignore] pam_trustlogon.so
auth [success=1 default=ignore] pam_unix.so nullok try_first_pass
auth requisite pam_deny.so
auth required pam_permit.so
account required pam_trustlogon.so
account required pam_unix.so
session required pam_trustlogon.so
"""
READY.update({f"/etc/pam.d/{service}": STACK for service in ("sshd", "login", "su", "sudo")})
