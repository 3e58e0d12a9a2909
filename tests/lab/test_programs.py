#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""sshd, login, su and sudo on a machine set up as docs/setup.md says, with our PAM and NSS modules
and the machine's own files, and nothing else."""
import concurrent.futures
import re

from daemon import agent
from harness import (PASSWORD, broken, check, command, equal, finish, forget_journal, journal,
                     put, quickest, trust, until, up, ws)
from programs import (ASKS, SHELL, Terminal, as_shown, by, entered, gone, login, refusal, refused,
                      set_up, sshd)

LAB = {"trust": "forest"}

ALICE, BOB = "CONTOSO\\alice", "CONTOSO\\bob"
FORMS = (ALICE, "contoso.test\\alice", "alice@contoso.test")
UPN = "alice@corp.example"
CANONICAL = "alice@contoso.test"
HOME = "/home/contoso.test/alice"
METHODS = ("keyboard-interactive", "password")
LOCAL_PASSWORD = "Of.this.machine1"
WRONG = "The user name or password is incorrect."
NO_TRUST = ("The security database on the server does not have a computer account for this "
            "workstation trust relationship.")
# A user is let in by the groups that NSS gives before any logon.
SSHD = """PermitRootLogin yes
AllowGroups root localuser "domain users@contoso.test"
"""
NOT_GRANTED = ("Logon failure: the user has not been granted the requested logon type at this "
               "computer.")
NO_SERVERS = ("There are currently no logon servers available to service the logon request.")
SUDOERS = f"""{CANONICAL} ALL=(ALL) ALL
%project\\ éclair@contoso.test ALL=(root) /usr/bin/false
%all\\ staff@contoso.test ALL=(root) /usr/bin/uptime
%sales@contoso.test ALL=(root) /usr/bin/whoami
"""


def fresh():
    """Before the first logon."""
    ws("rm -rf /var/lib/trustlogon/identity.store* /home/contoso.test /tmp/krb5cc_*")


def looks_right(what, shell):
    """What a user, and an administrator, looks at first."""
    equal(f"{what}: whoami", shell.run("whoami"), CANONICAL)
    equal(f"{what}: pwd is $HOME", shell.run("pwd; echo $HOME").split(), [HOME, HOME])
    equal(f"{what}: the home is the user's, made from the skeleton",
          shell.run("stat -c '%U %a' . .bashrc").split(), [CANONICAL, "700", CANONICAL, "644"])
    equal(f"{what}: $USER, $LOGNAME, $SHELL", shell.run("echo $USER $LOGNAME $SHELL"),
          f"{CANONICAL} {CANONICAL} /bin/bash")
    ids = re.compile(r"uid=(\d+)\(alice@contoso\.test\) gid=\d+\(domain users@contoso\.test\) "
                     r"groups=(\d+\([^)]+@contoso\.test\),?){5}")
    # The names of the groups come after the logon's answer.
    check(f"{what}: id names the user and all groups",
          until(lambda: ids.fullmatch(shell.run("id") or "")), shell.run("id"))
    cache = shell.run("echo $KRB5CCNAME")
    check(f"{what}: a cache of the session's own", re.fullmatch(r"FILE:/tmp/krb5cc_\d+_\w{6}",
                                                                cache or ""), cache)
    listed = shell.run("klist -s && klist | grep -c krbtgt/CONTOSO.TEST@CONTOSO.TEST")
    equal(f"{what}: with a usable TGT", listed, "1")
    equal(f"{what}: no token of ours in the environment", shell.run("env | grep TRUSTLOGON"), "")


def ssh_forms(what, server, forms):
    for form in forms:
        for method in METHODS:
            fresh()
            with entered(f"{what}: ssh, {method}, {form}, never seen before",
                         lambda: Terminal(server.client(form, method=method),
                                          host="mallory")) as shell:
                if shell:
                    equal(f"{what}: ssh, {method}, {form}: the same account",
                          shell.run("id -un"), CANONICAL)
                    shell.leave()


def first_upon_a_upn(server):
    """Over a one-way forest trust no one can translate an explicit UPN but the first logon,
    and login, other than sshd, asks for the password before it asks who that is."""
    fresh()
    for what, terminal in (("login", lambda: login(UPN)),
                           ("then ssh", lambda: Terminal(server.client(UPN), host="mallory"))):
        with entered(f"one-way forest trust: {what}, {UPN}", terminal) as shell:
            if shell:
                equal(f"one-way forest trust: {what}, {UPN}: the same account",
                      shell.run("id -un"), CANONICAL)
                shell.leave()


def ssh_session(server):
    fresh()
    with entered("ssh", lambda: Terminal(server.client(ALICE), host="mallory")) as shell:
        if not shell:
            return
        check("ssh: the home was made on the way", f"Creating directory '{HOME}'" in shell.told,
              shell.told)
        looks_right("ssh", shell)
        equal("ssh: a terminal", shell.run("tty").rpartition("/")[0], "/dev/pts")
        seen_from_outside(shell)
        sudo(shell)
        shell.leave()
    gone("ssh: the cache is gone after the session", "ls /tmp/krb5cc_*")


def seen_from_outside(shell):
    """By root and by an ordinary user of the machine, as by the user."""
    shell.run("touch hers; chmod 755 .")
    for who, run in (("root", ws), ("localuser", lambda line: ws(by(5001, line))),
                     ("the user", None)):
        def told(line, run=run):
            return shell.run(line) if run is None else run(line).stdout.strip()
        equal(f"{who} sees her name and group in ls -l", told(f"ls -l {HOME}/hers").split()[2:5],
              [CANONICAL, "domain", "users@contoso.test"])
        check(f"{who} has id of every form of her name", len({told(f"id '{form}'")
              for form in FORMS}) == 1 and CANONICAL in told(f"id '{ALICE}'"),
              told(f"id '{ALICE}'"))
        entry = told(f"getent passwd {CANONICAL}").split(":")
        equal(f"{who} has her by name and by uid", told(f"getent passwd {entry[2]}").split(":"),
              entry)
        check(f"{who} has her group by name and by gid",
              told("getent group 'SALES@contoso.test'").startswith("sales@contoso.test:") and
              told(f"getent group {entry[3]}").startswith("domain users@contoso.test:"),
              told("getent group 'sales@contoso.test'"))


def sudo(shell):
    """Rules by user and by group; the user's own password, asked for once."""
    since = shell.type("sudo -k; sudo -v; echo st=$?")
    shell.wait(ASKS, since)
    shell.type(PASSWORD)
    check("sudo -v: her password does", shell.wait("st=0", since), shell.told[since:])
    shell.wait("@ready@ $")
    check("sudo -l: tells the rules", "(ALL) ALL" in (shell.run("sudo -n -l") or ""))
    equal("sudo: a command as root", shell.run("sudo -n id -un"), "root")
    equal("sudo: a command as a local user", shell.run("sudo -n -u localuser id -un"), "localuser")
    since = shell.type("sudo -k; sudo -v; echo st=$?")
    shell.wait(ASKS, since)
    since = shell.type("not the password")
    shell.wait(ASKS, since)
    shell.type(PASSWORD)
    check("sudo -v: a wrong one does not, and may be typed again", shell.wait("st=0", since) and
          "Sorry, try again." in shell.told[since:], shell.told[since:])
    shell.wait("@ready@ $")
    shell.run("sudo -k")


def sudo_by_group(server):
    with entered("ssh as bob", lambda: Terminal(server.client(BOB), host="mallory")) as shell:
        if not shell:
            return
        since = shell.type("sudo whoami; echo st=$?")
        shell.wait(ASKS, since)
        since = shell.type(PASSWORD)
        check("sudo: a rule for a domain group", shell.wait("root\nst=0", since),
              shell.told[since:])
        shell.wait("@ready@ $")
        check("sudo: a rule for a group of groups, with a space in its name",
              "load average" in shell.run("sudo -n uptime"), shell.told[since:])
        check("sudo: not what is for other groups",
              "not allowed" in shell.run("sudo -n false 2>&1"), shell.told[since:])
        shell.leave()


def other_doors():
    fresh()
    with entered("login", login(ALICE)) as shell:
        if shell:
            looks_right("login", shell)
            shell.leave()
    gone("login: the cache is gone after the session", "ls /tmp/krb5cc_*")
    fresh()
    with entered("su - of a local user", lambda: Terminal(by(5001, f"su - '{ALICE}'"))) as shell:
        if shell:
            looks_right("su -", shell)
            shell.leave()
    gone("su -: the cache is gone after the session", "ls /tmp/krb5cc_*")
    fresh()
    done = ws(f"su -s /bin/sh '{ALICE}' -c 'id -un; pwd'")
    equal("su -s /bin/sh NAME -c, as cron and scripts of root do it", done.stdout.split(),
          [CANONICAL, "/"])
    done = ws(f"su - '{ALICE}' -c 'id -un; pwd; klist -s || echo none'")
    equal("su - of root: no password, her home, no tickets", done.stdout.split()[-3:],
          [CANONICAL, HOME, "none"])


def refusals(server):
    unknown, bare, local = "CONTOSO\\nobody.here", "nobodyhere", "localuser"
    tries = [(method, name) for method in METHODS for name in (ALICE, unknown, bare, local)]
    got = refused(server, "not the password", [*tries, ("login", ALICE), ("su", ALICE)])
    shown = {(program, name): told.replace(name.replace("\\", "\\\\"), "NAME").replace(name, "NAME")
             for (program, name), (told, _) in got.items()}
    for method in METHODS:
        equal(f"ssh, {method}: known and unknown names of a domain are refused alike",
              shown[method, unknown], shown[method, ALICE])
        equal(f"ssh, {method}: known and unknown names of this machine are refused alike",
              shown[method, bare], shown[method, local])
    check("ssh: the delay after a failure hides what each of them took",
          all(0.9 < got[key][1] for key in tries), {key: got[key][1] for key in tries})
    check("ssh, keyboard-interactive: in Windows' words", WRONG in shown[METHODS[0], ALICE],
          shown[METHODS[0], ALICE])
    check("login: in Windows' words", WRONG in shown["login", ALICE] and
          "Login incorrect" in shown["login", ALICE], shown["login", ALICE])
    check("su: in Windows' words", WRONG in shown["su", ALICE] and
          "su: Authentication failure" in shown["su", ALICE], shown["su", ALICE])


def the_seed(server):
    """TrustType 1: what the user reads, word for word."""
    with broken("trusttype"):
        got = refused(server, PASSWORD, [(METHODS[0], ALICE), (METHODS[1], ALICE),
                                         ("login", ALICE), ("su", ALICE)])
    for program in (METHODS[0], "login", "su"):
        check(f"1787: {program} shows the sentence on a line of its own",
              f"\n{NO_TRUST}\n" in got[program, ALICE][0], got[program, ALICE])
    told = got[METHODS[1], ALICE][0]
    check("1787: ssh with plain password shows nothing but the refusal",
          NO_TRUST not in told and "Permission denied" in told, told)


def copies(server):
    """What needs no terminal: a command, scp and sftp."""
    line = server.client(ALICE, "id -un; exit 7")
    with Terminal(line, host="mallory") as there:
        there.wait(ASKS)
        since = there.type(PASSWORD)
        status = there.end()
        check("ssh host command: its output and its exit status",
              status == 7 and CANONICAL in there.told[since:], (status, there.told))
    put("mallory", "/tmp/sent", "carried over\n")
    line = ["scp", *server.options(), "/tmp/sent", f"{CANONICAL}@{server.address}:by-scp"]
    with Terminal(line, host="mallory") as there:
        there.wait(ASKS)
        there.type(PASSWORD)
        check("scp ends well", there.end() == 0, there.told)
    with Terminal(["sftp", *server.options(), f"{CANONICAL}@{server.address}"],
                  host="mallory") as there:
        there.wait(ASKS)
        since = there.type(PASSWORD)
        there.wait("sftp> $", since)
        since = there.type("rename by-scp by-sftp")
        there.wait("sftp> $", since)
        there.type("bye")
        check("sftp ends well", there.end() == 0, there.told)
    equal("what was copied is hers", ws(f"stat -c %U {HOME}/by-sftp; cat {HOME}/by-sftp").stdout,
          f"{CANONICAL}\ncarried over\n")


def locker():
    """A screen locker runs as the user, and our own NSS module alone knows that user's uid."""
    put("ws1", "/etc/pam.d/lock", "@include common-auth\n@include common-account\n")
    uid = ws(["id", "-u", ALICE]).stdout.strip()

    def unlock(name, password):
        return ws(by(uid, ["pamtester", "lock", name, "authenticate", "acct_mgmt"]),
                  stdin=password + "\n")
    done = unlock(CANONICAL, PASSWORD)
    check("a locker unlocks with the user's password", done.returncode == 0, done)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        wrong = pool.submit(unlock, CANONICAL, "not the password")
        others = pool.submit(unlock, BOB, PASSWORD)
    check("and with no other", wrong.result().returncode != 0 and
          WRONG in wrong.result().stdout + wrong.result().stderr, wrong.result())
    check("nor with another user's", others.result().returncode != 0, others.result())


def expired(server):
    """A password that must be changed is, on the way in; and passwd changes one that need not."""
    fresh_one = "Another.0ne-now"
    for what, terminal in (
            ("ssh", lambda: Terminal(server.client("CONTOSO\\mustchange"), host="mallory")),
            ("login", lambda: login("CONTOSO\\pwexpired"))):
        with terminal() as there:
            since = 0
            for word in (PASSWORD, fresh_one, fresh_one):
                asked = there.wait(ASKS, since)
                since = there.type(word) if asked else since
            check(f"{what}: a new password is asked for, and opens a shell",
                  there.wait(SHELL, since), there.told)
            check(f"{what}: and why, is said", re.search("must be changed|has expired", there.told),
                  there.told)
    for what, terminal, old in (
            ("a domain user", lambda: Terminal(server.client(BOB), host="mallory"), PASSWORD),
            ("a local user", lambda: Terminal(server.client("localuser")), LOCAL_PASSWORD)):
        with entered(f"passwd of {what}: ssh", terminal(), old) as shell:
            if shell:
                since = shell.type("passwd; echo st=$?")
                for word in (old, fresh_one, fresh_one):
                    asked = shell.wait(ASKS, since)
                    since = shell.type(word) if asked else since
                check(f"passwd of {what}: changes it", shell.wait("st=0", since),
                      shell.told[since:])
        with entered(f"passwd of {what}: the new one is the right one",
                     login(BOB if old == PASSWORD else "localuser"), fresh_one):
            pass
    ws("chpasswd", stdin=f"localuser:{LOCAL_PASSWORD}\n")


def by_key(server):
    """With a key of authorized_keys: no prompt for a password, and no tickets."""
    ws("mkdir -p /root/key && ssh-keygen -q -t ed25519 -N '' -f /root/key/id; "
       f"install -d -m 700 -o '{CANONICAL}' {HOME}/.ssh; "
       f"install -m 600 -o '{CANONICAL}' /root/key/id.pub {HOME}/.ssh/authorized_keys")
    line = server.client(CANONICAL, "id -un; pwd; klist -s || echo none", method="publickey")
    line[1:1] = ["-i", "/root/key/id", "-o", "PubkeyAuthentication=yes"]
    equal("ssh by key: her session, her home, no tickets", ws(line).stdout.split(),
          [CANONICAL, HOME, "none"])
    return line


def access_rules(server, by_key_line):
    """Each program refuses a user whom the rules deny, with the reason; root's su and keys too."""
    put("ws1", "/etc/trustlogon.conf", "[access]\n    deny_groups = CONTOSO\\Project Éclair\n")
    doors = [(METHODS[0], ALICE), (METHODS[1], ALICE), ("login", ALICE), ("su", ALICE)]
    got = refused(server, PASSWORD, doors)
    for program, name in doors:
        check(f"deny_groups: {program} says why", NOT_GRANTED in got[program, name][0],
              got[program, name])
    done = ws(["su", "-", ALICE, "-c", "id"])
    check("deny_groups: root's su", done.returncode != 0 and NOT_GRANTED in done.stderr, done)
    done = ws(by_key_line)
    check("deny_groups: ssh by key", done.returncode != 0 and CANONICAL not in done.stdout, done)
    with entered("deny_groups: but not bob", login(BOB)):
        pass
    ws("rm /etc/trustlogon.conf")


def keyring(server):
    """A cache of another type, which is kept."""
    put("ws1", "/etc/trustlogon.conf", "[logon]\n    ccache = KEYRING:persistent:%{uid}\n")
    with entered("ssh, ccache = KEYRING", Terminal(server.client(ALICE), host="mallory")) as shell:
        if shell:
            name = shell.run("echo $KRB5CCNAME")
            check("its name", name.startswith("KEYRING:persistent:"), name)
            equal("its TGT", shell.run("klist -s && klist | grep -c krbtgt/CONTOSO.TEST@"), "1")
            shell.leave()
    ws("rm /etc/trustlogon.conf")


def hung_up(server):
    """Whose line breaks leaves no tickets behind, either."""
    ws("rm -f /tmp/krb5cc_*")
    for terminal in (lambda: Terminal(server.client(ALICE), host="mallory"), lambda: login(ALICE)):
        with entered("until the line breaks", terminal()) as shell:
            if shell:
                check("there is a cache", shell.run("klist -s; echo $?") == "0", shell.told)
    gone("its caches are gone after it broke", "ls /tmp/krb5cc_*")


def known_users(when, server):
    """Users in the store are known without the agent."""
    took, done = quickest(f"id -un '{ALICE}'; stat -c %U:%G {HOME}; "
                          f"su -s /bin/sh '{ALICE}' -c 'id -un'", 3)
    equal(f"{when}: id, ls and root's su as ever", done.stdout.splitlines(),
          [CANONICAL, f"{CANONICAL}:domain users@contoso.test", CANONICAL])
    check(f"{when}: at once", took < 3, took)


def no_dcs(server):
    local_users("with the user's DCs gone", server)
    known_users("with the user's DCs gone", server)
    told, seconds = refusal(Terminal(server.client(ALICE), host="mallory"), PASSWORD)
    check("with the user's DCs gone: ssh says so, in Windows' words", NO_SERVERS in told, told)
    check("and does not take long about it", seconds < 30, seconds)


def local_users(when, server):
    """The machine's own accounts are not affected."""
    with entered(f"{when}: ssh as a local user", Terminal(server.client("localuser")),
                 LOCAL_PASSWORD) as shell:
        if shell:
            equal(f"{when}: its id", shell.run("id -un"), "localuser")
            since = shell.type("su -")
            shell.wait(ASKS, since)
            since = shell.type(LOCAL_PASSWORD)
            check(f"{when}: su - to root", shell.wait("# $", since), shell.told)
    with entered(f"{when}: root at the console", login("root"), LOCAL_PASSWORD) as shell:
        if shell:
            equal(f"{when}: as ever", shell.run("id -un; echo $KRB5CCNAME"), "root")
    took, done = quickest(["su", "-s", "/bin/sh", "localuser", "-c",
                           "id -un; ls -l /home >/dev/null"], 3)
    check(f"{when}: and root's own su waits for nobody", done.stdout == "localuser\n" and
          took < 3, (done, took))


def withheld(server):
    """Without the agent users who never logged on are unknown, and sshd says nothing."""
    ws("rm -rf /var/lib/trustlogon/identity.store*")
    forget_journal()
    got = refused(server, PASSWORD, [(METHODS[0], ALICE)])[METHODS[0], ALICE][0]
    check("ssh, user not known to NSS: refused like a wrong password", WRONG in got, got)
    lines = journal(TRUSTLOGON_REASON="password-withheld")
    check("and the journal says that sshd withheld the password", len(lines) == 1 and
          "not pass on" in lines[0]["MESSAGE"], journal())


def two_way(server):
    ssh_forms("two-way", server, FORMS)
    ssh_session(server)
    sudo_by_group(server)
    other_doors()
    locker()
    copies(server)
    access_rules(server, by_key(server))
    keyring(server)
    hung_up(server)
    refusals(server)
    the_seed(server)
    expired(server)
    local_users("with the agent", server)
    # Last, because for a while they are not asked again.
    with broken("dc-gone-all"):
        no_dcs(server)


def trusted(kind, direction):
    trust(kind, direction)
    command("refresh")


def main():
    up(**LAB)
    set_up()
    equal("the PAM files are as docs/setup.md shows them", as_shown(), [])
    ws("chpasswd", stdin=f"localuser:{LOCAL_PASSWORD}\nroot:{LOCAL_PASSWORD}\n")
    put("ws1", "/etc/sudoers.d/lab", SUDOERS, mode=0o440)
    with sshd(SSHD) as server:
        with agent():
            ssh_forms("forest", server, (ALICE, UPN))
            left = Terminal(server.client(ALICE), host="mallory")
            check("a session outlives the agent", left.log_on(), left.told)
        with left:
            left.leave()
        gone("and its cache is gone after its end", "ls /tmp/krb5cc_*")
        with agent():
            trusted("forest", "one-way")
            first_upon_a_upn(server)
            trusted("external", "one-way")
            ssh_forms("one-way", server, FORMS)
            fresh()
            with entered("one-way", lambda: Terminal(server.client(ALICE), host="mallory")) as shell:
                if shell:
                    looks_right("one-way", shell)
                    shell.leave()
            trusted("external", "both")
            two_way(server)
        local_users("without the agent", server)
        known_users("without the agent", server)
        withheld(server)
    finish()


if __name__ == "__main__":
    main()
