#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""No library resolves names, obeys the environment, or reads the site's krb5.conf where it must
not.

Each operation runs with glibc's resolver watched (watch.c), with an environment full of traps,
with name servers that are dead, and with a krb5.conf that allows no type of key that the domain
has."""
import pathlib
import subprocess
import tempfile

from capture import Capture
from daemon import agent
from harness import (PASSWORD, broken, check, command, equal, finish, get, logon, on, put, trust, up, ws)
from scenarios import TEXT

LAB = {"trust": "external"}

ALICE, BOB, CAROL = "CONTOSO\\alice", "CONTOSO\\bob", "FABRIKAM\\carol"
WATCHED = ("getaddrinfo", "gethostby", "getnameinfo", "res_")
LOG = "/var/log/lab/resolver"
NSSWITCH = "passwd: files trustlogon\ngroup: files trustlogon\nhosts: files dns\n"
# Whatever is opened below this folder was named by the environment.
TRAPS = {name: f"/run/traps/{name}" for name in (
    "GSS_MECH_CONFIG", "HOSTALIASES", "HOME", "KRB5_CONFIG", "KRB5_KTNAME", "KRB5_CLIENT_KTNAME",
    "KRB5_TRACE", "KRB5RCACHENAME", "LDAPCONF", "LDAPRC", "LDAPTLS_CACERT", "OPENSSL_CONF",
    "OPENSSL_MODULES", "P11_KIT_CONFIG", "SASL_PATH", "SASL_CONF_PATH", "SMB_CONF_PATH",
    "SOFTHSM2_CONF", "XDG_CONFIG_HOME")}
TRAPS |= {"KRB5CCNAME": "FILE:/run/traps/KRB5CCNAME", "GSS_USE_PROXY": "yes",
          "LDAPURI": "ldap://10.99.0.66", "LOCALDOMAIN": "trap.example",
          "RES_OPTIONS": "attempts:9 timeout:9 ndots:9", "LDAPSASL_MECH": "PLAIN"}


def samba_policy():
    done = on("dc1.fabrikam", ["samba-tool", "domain", "passwordsettings", "set",
                               "--min-pwd-age=0", "--history-length=0"])
    assert done.returncode == 0, done.stderr


def install_watch():
    source = pathlib.Path(__file__).with_name("watch.c")
    with tempfile.NamedTemporaryFile(suffix=".so") as made:
        subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", str(source), "-o", made.name],
                       check=True)
        put("ws1", "/run/lab/watch.so", pathlib.Path(made.name).read_bytes(), 0o755)
    put("ws1", LOG, "", 0o666)
    put("ws1", "/etc/ld.so.preload", "/run/lab/watch.so\n")
    ws(["getent", "ahosts", "dc1.fabrikam.test"])
    check("the watch sees a program that asks glibc", "getent getaddrinfo dc1.fabrikam.test" in
          get("ws1", LOG), get("ws1", LOG))


def asked():
    """What our programs asked of glibc since the last call."""
    lines = [line for line in get("ws1", LOG).splitlines() if line.startswith("trustlogon")]
    put("ws1", LOG, "", 0o666)
    return lines


def forget():
    ws("rm -rf /var/lib/trustlogon/identity.store /var/lib/trustlogon/rules "
       "/var/lib/trustlogon/members /run/trustlogon/machine.*")


PASSWORDS = [PASSWORD, *(f"Another.Passw0rd.{n}" for n in range(9))]


def change():
    """carol's password, to the next one."""
    old, new = PASSWORDS.pop(0), PASSWORDS[0]
    return logon(CAROL, password=f"{old}\n{new}\n{new}", steps=("chauthtok",))


# What is done, and whether it went well.
OPERATIONS = (
    ("logon", lambda: logon(ALICE), lambda got: got.code == "PAM_SUCCESS"),
    ("setcred", lambda: logon(ALICE, steps=("authenticate", "setcred")),
     lambda got: got.code == "PAM_SUCCESS"),
    ("a rule by a group's name", lambda: logon(ALICE, service="ruled"),
     lambda got: got.code == "PAM_SUCCESS"),
    ("refresh", lambda: command("refresh"), lambda got: got.returncode == 0),
    ("trusts", lambda: command("trusts"), lambda got: got.returncode == 0),
    ("locate", lambda: command("locate", "--force", "contoso.test"),
     lambda got: got.returncode == 0),
    ("trustlogon logon", lambda: command("logon", ALICE, stdin=PASSWORD + "\n"),
     lambda got: got.returncode == 0),
    ("trustlogon id", lambda: command("id", BOB), lambda got: got.returncode == 0),
    ("diagnose", lambda: command("diagnose", ALICE, stdin=PASSWORD + "\n"),
     lambda got: got.returncode == 0),
    ("password", change, lambda got: got.code == "PAM_SUCCESS"),
)


def quiet(label, operation, good):
    forget()
    asked()
    got = operation()
    check(f"{label}: it works", good(got), got)
    equal(f"{label}: no library asks glibc for a name", asked(), [])


def each_operation():
    put("ws1", "/etc/pam.d/ruled", "auth required pam_trustlogon.so\n"
        "account required pam_trustlogon.so [allow_groups=CONTOSO\\Sales]\n")
    for operation in OPERATIONS:
        quiet(*operation)
    with agent():
        asked()
        for label, question in (("look-up", ["getent", "passwd", BOB]),
                                ("group and members", ["getent", "group", "CONTOSO\\Sales"])):
            quiet(label, lambda q=question: ws(q), lambda got: got.stdout)
        quiet("logon at a daemon", lambda: logon(ALICE), lambda got: got.code == "PAM_SUCCESS")


def lsa():
    """Samba's libraries are large: over a one-way trust."""
    trust("external", direction="one-way")
    command("refresh")
    with agent():
        quiet("LSA", lambda: ws(["getent", "passwd", BOB]), lambda got: got.stdout)
    trust("external", direction="both")
    command("refresh")


def environment():
    """A shell that sets all that libraries obey changes nothing, and none of it is opened."""
    ws("mkdir -p /run/traps && chmod 777 /run/traps")
    traps = [f"{name}={value}" for name, value in TRAPS.items()]
    trace = "strace -f -qq -s 4096 -o /run/trace -e trace=file,connect"
    for label, line, wanted in (
            ("refresh", "trustlogon refresh", 0),
            ("logon", f"echo '{PASSWORD}' | trustlogon logon 'CONTOSO\\alice'", 0),
            ("locate", "trustlogon locate --force contoso.test", 0),
            ("daemonless agent", f"echo '{PASSWORD}' | pamtester trustlogon-test 'CONTOSO\\alice' "
             "authenticate acct_mgmt setcred", 0)):
        forget()
        done = ws(f"env {' '.join(repr(one) for one in traps)} {trace} sh -c "
                  f"{repr(line) if chr(39) not in line else chr(34) + line + chr(34)}")
        check(f"environment, {label}: the result is the same", done.returncode == wanted, done)
        opened = [one for one in get("ws1", "/run/trace").splitlines()
                  if ("/run/traps" in one or "10.99.0.66" in one) and "execve" not in one]
        equal(f"environment, {label}: nothing that it names is opened", opened, [])
    equal("environment: nothing was written there", ws(["ls", "-A", "/run/traps"]).stdout, "")


def site_settings():
    """F10: permitted_enctypes of krb5.conf does not apply, wherever a ticket is used."""
    old = get("ws1", "/etc/krb5.conf")
    put("ws1", "/etc/krb5.conf", old.replace(
        "[libdefaults]", "[libdefaults]\n    permitted_enctypes = camellia256-cts-cmac\n"
        "    default_tgs_enctypes = camellia256-cts-cmac\n"
        "    default_tkt_enctypes = camellia256-cts-cmac", 1))
    for label, operation, good in OPERATIONS:
        forget()
        got = operation()
        check(f"permitted_enctypes of the site, {label}", good(got), got)
    with agent():
        forget()
        got = ws(["getent", "passwd", BOB])
        check("permitted_enctypes of the site, look-up", got.stdout, got)
    put("ws1", "/etc/krb5.conf", old)


def bounded(label, got, seconds, good):
    check(f"dead name servers: {label} within {seconds} s", got.seconds < seconds, got)
    check(f"dead name servers: {label} has its result", good(got), got)


def dead_name_servers(lab):
    """What is known needs no DNS: no program waits for a server that does not answer."""
    command("refresh")
    for name in ("contoso.test", "fabrikam.test"):
        command("locate", name)
    logon(ALICE)
    put("ws1", "/etc/resolv.conf", "search fabrikam.test\nnameserver 10.99.0.99\n"
        "nameserver 10.99.0.98\noptions timeout:5 attempts:2\n")
    forget()
    bounded("logon", logon(ALICE), 5, lambda got: got.code == "PAM_SUCCESS")
    bounded("a rule by a group's name", logon(ALICE, service="ruled"), 5,
            lambda got: got.code == "PAM_SUCCESS")
    with broken("trusttype"):
        bounded("1787", logon(ALICE), 8, lambda got: TEXT[1787] in got.text)
        got = command("--json", "logon", ALICE, stdin=PASSWORD + "\n")
        check("dead name servers: 1787 keeps its reason", "trust-downlevel" in got.stdout, got)
    with agent():
        forget()
        with Capture(lab) as wire:
            got = ws(["getent", "passwd", BOB])
        check("dead name servers: a first look-up", got.stdout, got)
        equal("dead name servers: nobody is asked for this machine's own name",
              [p.question for p in wire.packets if p.question.startswith("ws1")], [])


def main():
    lab = up(**LAB)
    samba_policy()
    put("ws1", "/etc/nsswitch.conf", NSSWITCH)
    command("refresh")
    install_watch()
    each_operation()
    lsa()
    put("ws1", "/etc/ld.so.preload", "")
    environment()
    site_settings()
    dead_name_servers(lab)
    finish()


if __name__ == "__main__":
    main()
