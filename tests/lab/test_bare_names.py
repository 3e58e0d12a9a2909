#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Names without a domain, as half of all sites have them: sshd, login, su, sudo, cron and
GSSAPI know the users and groups of one domain by them; accounts of the machine win, whenever
they were made; and a change of the setting applies to users that are known already."""
import json
import re

from daemon import agent
from domains import samba
from harness import (HERE, PASSWORD, SERVICE, check, command, equal, finish, get, local, logon, nss,
                     pam_stack, put, up, until, ws)
from programs import ASKS, Terminal, by, entered, login, set_up, sshd

LAB = {"trust": "forest"}

ALICE, WHOLE = "CONTOSO\\alice", "alice@contoso.test"
HOME = "/home/contoso.test/alice"
CONF = "/etc/trustlogon.conf"
CLIENT = (HERE / "pam_client.py").read_text(encoding="utf-8")
SSHD = """PermitRootLogin yes
GSSAPIAuthentication yes
AllowUsers alice bob localuser
AllowGroups "domain users" localuser
"""
SUDOERS = """alice ALL=(ALL) ALL
bob ALL=(root) /usr/bin/uptime
%sales ALL=(root) /usr/bin/whoami
%docker ALL=(root) /usr/bin/id
"""


def configure(lines):
    put("ws1", CONF, f"[identity]\n{lines}\n")


def passwd(key):
    done = nss(["getent", "passwd", str(key)])
    fields = done.stdout.strip().split(":")
    return (fields[0], int(fields[2]), fields[5]) if len(fields) == 7 else None


def group(key):
    fields = nss(["getent", "group", str(key)]).stdout.strip().split(":")
    return (fields[0], fields[3].split(",")) if len(fields) == 4 else None


def make_namesakes():
    """Accounts that a domain's administrator may call as he likes."""
    for name in ("root", "daemon", "localuser"):
        samba("dc1.contoso", "user", "create", name, PASSWORD)
    samba("dc1.fabrikam", "user", "create", "alice", PASSWORD)
    for name in ("sudo", "docker", "adm"):
        samba("dc1.contoso", "group", "add", name)
        samba("dc1.contoso", "group", "addmembers", name, "bob")


# --- whose they are -------------------------------------------------------------------

def names():
    """Of users who never logged on here."""
    alice = passwd("alice")
    check("getpwnam of a bare name", alice and alice[0] == "alice" and alice[2] == HOME, alice)
    for form in ("ALICE", ALICE, WHOLE, "contoso.test\\alice", alice[1]):
        equal(f"{form} is the same, shown bare", passwd(form), alice)
    equal("id by each form is one", len({nss(["id", form]).stdout for form in
                                         ("alice", ALICE, WHOLE)}), 1)
    sales = group("sales")
    check("a group by its bare name, with bare members", sales and sales[0] == "sales" and
          "bob" in sales[1], sales)
    equal("the group by its whole name is the same", group("sales@contoso.test"), sales)
    theirs = passwd("alice@fabrikam.test")
    check("the same name in another domain is shown whole, and is another",
          theirs and theirs[0] == "alice@fabrikam.test" and theirs[1] != alice[1], theirs)
    equal("who is only in another domain has no bare name", passwd("carol"), None)
    equal("nobody has that name", [passwd("nobodyhere") for _ in range(3)], [None] * 3)
    told = json.loads(command("id", "--json", "alice").stdout)
    equal("trustlogon id means the same user", told["user"]["id"], alice[1])
    equal("and leaves root to the machine", json.loads(
        command("id", "--json", "root").stdout)["user"], None)


def pam():
    for name in ("bob", "BOB"):
        got = logon(name)
        check(f"PAM: {name} logs on", got.code == "PAM_SUCCESS", got)
    got = logon("bob", password="not the password")
    check("PAM: not with another password", "Authentication failure" in got.text, got)
    got = logon("carol")
    check("PAM: a bare name of another domain's user is nobody",
          "Authentication failure" in got.text, got)
    for name in ("root", "Root", "docker", "localuser", "LocalUser"):
        got = logon(name)
        check(f"PAM: {name} is left to the machine", got.code == "PAM_USER_UNKNOWN", got)
    put("ws1", f"/etc/pam.d/{SERVICE}", pam_stack("canonical_user=yes"))
    steps = ["authenticate", "account", "establish", "open", "close", "delete"]
    done = ws(["/usr/bin/python3", "-I", "-c", CLIENT, SERVICE, ALICE, "[]", *steps],
              stdin=PASSWORD + "\n")
    check("canonical_user=yes: the logon goes on under the name that id shows",
          [row[1] for row in json.loads(done.stdout.splitlines()[-1])] == [0] * len(steps), done)
    put("ws1", f"/etc/pam.d/{SERVICE}", pam_stack())


# --- programs ---------------------------------------------------------------------------

def looks_right(what, shell):
    equal(f"{what}: whoami", shell.run("whoami"), "alice")
    equal(f"{what}: $USER, $HOME, and whose it is",
          shell.run("echo $USER $HOME; stat -c %U .").split(), ["alice", HOME, "alice"])
    check(f"{what}: id", until(lambda: re.fullmatch(
        r"uid=\d+\(alice\) gid=\d+\(domain users\) groups=(\d+\([^)@]+\),?){5}",
        shell.run("id") or "")), shell.run("id"))
    check(f"{what}: a usable TGT", shell.run("klist -s; echo $?") == "0")


def doors(server):
    for form in ("alice", ALICE):
        with entered(f"ssh {form}, by AllowUsers and AllowGroups with bare names",
                     lambda: Terminal(server.client(form), host="mallory")) as shell:
            if shell:
                looks_right(f"ssh {form}", shell)
                if form == "alice":
                    sudo(shell)
                shell.leave()
    with entered("login alice", login("alice")) as shell:
        if shell:
            looks_right("login", shell)
            shell.leave()
    with entered("login bob, the example of trustlogon.conf(5)", login("bob")) as shell:
        if shell:
            equal("login bob: whoami", shell.run("whoami"), "bob")
            shell.leave()
    with entered("su - alice of a local user", Terminal(by(5001, "su - alice"))) as shell:
        if shell:
            looks_right("su -", shell)
            shell.leave()
    uid = passwd("alice")[1]
    done = ws(by(uid, ["pamtester", "lock", "alice", "authenticate", "acct_mgmt"]),
              stdin=PASSWORD + "\n")
    check("a locker of hers unlocks by the bare name", done.returncode == 0, done)
    done = ws(by(uid, ["pamtester", "lock", "bob", "authenticate"]), stdin=PASSWORD + "\n")
    check("and no other's", done.returncode != 0, done)


def sudo(shell):
    since = shell.type("sudo -k; sudo -v; echo st=$?")
    shell.wait(ASKS, since)
    shell.type(PASSWORD)
    check("sudo: a rule for the bare name", shell.wait("st=0", since), shell.told[since:])
    shell.wait("@ready@ $")
    equal("sudo: a command as root", shell.run("sudo -n id -un"), "root")
    shell.run("sudo -k")


def one_name(server):
    """What pam_systemd would ask systemd-userdbd for: a name that NSS returns unchanged."""
    before = get("ws1", "/etc/pam.d/sshd")
    put("ws1", "/tmp/note", "#!/bin/sh\nprintf %s \"$PAM_USER\" >/tmp/pam_user\n", 0o755)
    put("ws1", "/etc/pam.d/sshd", "auth [success=done default=ignore] pam_trustlogon.so "
        "canonical_user=yes\n" + before + "session optional pam_exec.so /tmp/note\n")
    # The other method asks in a process of its own, whose PAM_USER ends with it.
    for method, name in (("password", "alice"), ("keyboard-interactive", ALICE)):
        ws("rm -f /tmp/pam_user")
        with entered(f"canonical_user=yes: ssh {ALICE}, {method}", lambda: Terminal(
                server.client(ALICE, method=method), host="mallory")) as shell:
            if shell:
                shell.leave()
        equal(f"canonical_user=yes: ssh {ALICE}, {method}: the name of the session",
              ws("cat /tmp/pam_user").stdout, name)
    put("ws1", "/etc/pam.d/sshd", before)


def tickets(server):
    ws("kinit -c FILE:/tmp/ticket alice@CONTOSO.TEST", stdin=PASSWORD + "\n")
    for user, wanted in (("alice", "alice"), (WHOLE, "alice"), ("bob", None), ("root", None),
                         ("localuser", None)):
        done = ws(["env", "KRB5CCNAME=FILE:/tmp/ticket", "ssh", *server.options("gssapi-with-mic"),
                   "-o", "GSSAPIAuthentication=yes", "-l", user, "ws1.fabrikam.test", "id -un"])
        equal(f"alice's ticket and {user}", done.stdout.strip() or None, wanted)


def files():
    """Programs of root's that take a name from a file or a command line."""
    put("ws1", "/etc/pam.d/cron", "@include common-account\n")
    for name in ("alice", "bob"):
        got = logon(name, steps=("acct_mgmt",), service="cron")
        check(f"cron's question for {name}, who has not logged on just now",
              got.code == "PAM_SUCCESS", got)
    put("ws1", CONF, "[identity]\n    bare_names = contoso.test\n"
        "[access]\n    allow_users = CONTOSO\\alice\n")
    got = logon("bob", steps=("acct_mgmt",), service="cron")
    check("and access rules hold for bare names", got.code == "PAM_PERM_DENIED", got)
    configure("    bare_names = contoso.test")
    equal("chown to a bare name and a bare group",
          ws("touch /tmp/f; chown 'alice:domain users' /tmp/f; stat -c '%U %G' /tmp/f")
          .stdout.strip(), "alice domain users")
    equal("su -s -c of root", ws("su -s /bin/sh alice -c 'id -un'").stdout.strip(), "alice")


# --- attacks with names ------------------------------------------------------------------

def attacks():
    equal("root is root", passwd("root")[1], 0)
    equal("and in no group of the domain", ws("id -G root").stdout.strip(), "0")
    for name, uid in (("daemon", 1), ("localuser", 5001)):
        equal(f"{name} is the machine's", passwd(name)[1], uid)
    theirs = passwd("root@contoso.test")
    check("the domain's root is shown whole", theirs and theirs[0] == "root@contoso.test" and
          passwd(theirs[1])[0] == "root@contoso.test", theirs)
    for name in ("sudo", "adm"):
        check(f"the machine's group {name} has nobody of the domain",
              "bob" not in group(name)[1] and "@" not in str(group(name)), group(name))
    equal("docker, which this machine does not have, is not the domain's", group("docker"), None)
    check("the domain's docker is shown whole", group("docker@contoso.test")[0] ==
          "docker@contoso.test", group("docker@contoso.test"))
    check("bob is in none of the machine's groups of these names", not
          {"sudo", "adm", "docker"} & set(ws("id -Gn bob").stdout.split()), ws("id bob").stdout)
    check("and has no right by a rule for them", "/usr/bin/id" not in
          ws("sudo -l -U bob").stdout, ws("sudo -l -U bob"))


def nsswitch_the_other_way():
    before = get("ws1", "/etc/nsswitch.conf")
    put("ws1", "/etc/nsswitch.conf", "passwd: trustlogon files\ngroup: trustlogon files\n")
    try:
        equal("trustlogon before files: root is root", passwd("root")[1], 0)
        equal("trustlogon before files: so is a user of the machine", passwd("localuser")[1], 5001)
        equal("trustlogon before files: groups of root", ws("id -G root").stdout.strip(), "0")
        equal("trustlogon before files: alice is the domain's", passwd("alice")[0], "alice")
        with local("alice:x:5010:5010::/:/bin/sh\n", "sales:x:5011:\n"):
            equal("trustlogon before files: a local alice made later", passwd("alice")[1], 5010)
            equal("trustlogon before files: and her groups", ws("id -G alice").stdout.split(),
                  ["5010"])
            equal("trustlogon before files: a local sales made later",
                  ws("getent group sales").stdout.strip(), "sales:x:5011:")
    finally:
        put("ws1", "/etc/nsswitch.conf", before)


def made_later():
    """The machine gets an account of its own with the name of a domain user whose session
    goes on, and whose name stands in sudoers."""
    uid = passwd("bob")[1]
    check("bob's rule holds", "/usr/bin/uptime" in ws("sudo -l -U bob").stdout,
          ws("sudo -l -U bob"))
    with local("Bob:x:5012:5012::/:/bin/sh\nbob:x:5013:5013::/:/bin/sh\n"):
        equal("a local bob made later is bob", passwd("bob")[1], 5013)
        equal("with no group of the domain's", ws("id -G bob").stdout.split(), ["5013"])
        equal("the domain's is shown whole from then on", passwd(uid)[0], "bob@contoso.test")
        equal("as a member, too", [m for m in group("sales")[1] if m.startswith("bob")],
              ["bob@contoso.test"])
        done = ws("sudo -l -U bob@contoso.test")
        check("and has no right by the rule for the machine's bob",
              "/usr/bin/uptime" not in done.stdout, done)
        got = logon("bob")
        check("PAM leaves bob to the machine", got.code == "PAM_USER_UNKNOWN", got)
    with local(f"taken:x:{uid}:5013::/:/bin/sh\n"):
        equal("a local account with the domain user's uid", passwd(uid)[0], "taken")
        equal("then nobody has it by the bare name", passwd("bob"), None)
    equal("they are gone, and bob is the domain's again", passwd("bob")[1], uid)


# --- the setting ----------------------------------------------------------------------------

def changes():
    """With all users in the store."""
    equal("before", passwd("alice")[0], "alice")
    cases = (("    bare_names = contoso.test\n    show_bare_names = no", "contoso.test",
              WHOLE, None),
             ("    bare_names = own", "own", "alice", "carol"),
             ("    bare_names = no", "no", None, None))
    for lines, setting, alice, carol in cases:
        configure(lines)
        with agent():
            found = passwd("alice")
            equal(f"bare_names = {setting}: as the store tells",
                  json.loads(command("store", "--json").stdout)["bare_names"],
                  {"own": "fabrikam.test", "no": None}.get(setting, setting))
            equal(f"bare_names = {setting}: whose they are",
                  (found and found[0], (passwd("carol") or [None])[0]), (alice, carol))
            if setting == "contoso.test":
                check("show_bare_names = no: id has whole names",
                      f"({WHOLE})" in ws("id alice").stdout and
                      "(domain users@contoso.test)" in ws("id alice").stdout, ws("id alice"))
            if setting == "own":
                equal("bare_names = own: the other domain's is whole again",
                      passwd(ALICE)[0], WHOLE)
    put("ws1", CONF, "[workstation]\n    default_domain = contoso.test\n")
    got = logon("bob", steps=("authenticate",))
    check("default_domain alone is for the password prompt", got.code == "PAM_SUCCESS" and
          passwd("bob") is None, (got, passwd("bob")))


def mistakes():
    for value, code in (("comtoso.test", 1), ("contoso.test", 0), ("own", 0)):
        configure(f"    bare_names = {value}")
        done = command("config", "--json")
        problems = [p["option"] for p in json.loads(done.stdout)["problems"]]
        equal(f"trustlogon config, bare_names = {value}", (done.returncode, problems),
              (code, ["bare_names"] * code))
    configure("    bare_names = yes")
    done = command("config")
    check("bare_names = yes does not say whose", done.returncode != 0 and
          "must be no, own or" in done.stdout + done.stderr, done)


def main():
    up(**LAB)
    set_up()
    make_namesakes()
    put("ws1", "/etc/sudoers.d/domain", SUDOERS, 0o440)
    put("ws1", "/etc/pam.d/lock", "@include common-auth\n@include common-account\n")
    configure("    bare_names = contoso.test")
    with agent():
        names()
        pam()
        with sshd(SSHD) as server:
            doors(server)
            one_name(server)
            tickets(server)
        files()
        attacks()
        nsswitch_the_other_way()
        made_later()
    changes()
    mistakes()
    finish()


if __name__ == "__main__":
    main()
