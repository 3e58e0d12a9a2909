#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""ssh with a ticket instead of a password: the SID decides which sessions it opens."""
import time

from daemon import agent
from harness import PASSWORD, check, command, equal, finish, get, journal_lines, put, until, up, ws
from programs import Terminal, set_up, sshd

LAB = {"trust": "forest"}

ALICE = "CONTOSO\\alice"
CANONICAL = "alice@contoso.test"
SSHD = """GSSAPIAuthentication yes
KbdInteractiveAuthentication no
PasswordAuthentication no
PermitRootLogin yes
"""
PRINCIPALS = {"alice": "alice@CONTOSO.TEST", "bob": "bob@CONTOSO.TEST",
              "ours": "administrator@FABRIKAM.TEST", "theirs": "administrator@CONTOSO.TEST"}
# An administrator's account of the machine's own, and a domain user whose name is in /etc/passwd
# with another uid.
LOCAL = ("administrator:x:1002:1002::/tmp:/bin/sh\n"
         "bob@contoso.test:x:1003:1003::/tmp:/bin/sh\n")


def client(server, who, user, *words, delegate="no"):
    """A shell or a command of this user, by the ticket of that principal."""
    line = ["env", f"KRB5CCNAME=FILE:/tmp/ticket.{who}", "ssh",
            *server.options("gssapi-with-mic"), "-o", "GSSAPIAuthentication=yes",
            "-o", f"GSSAPIDelegateCredentials={delegate}", "-l", user, "ws1.fabrikam.test", *words]
    return line


def comes_in(server, who, user):
    for _ in range(3):
        before = len(server.said())
        done = ws(client(server, who, user, "id -un"), timeout=60)
        # A look-up has a second, in which a busy machine may not be done.
        if done.returncode == 0 or "nvalid user" not in server.said()[before:]:
            break
    return done.stdout.strip() if done.returncode == 0 else None, done


def accepted(server):
    for form in (ALICE, CANONICAL, "contoso.test\\Alice", "ALICE@contoso"):
        name, done = comes_in(server, "alice", form)
        check(f"alice's ticket opens {form}", name == CANONICAL, (done, server.said()[-2000:]))
    name, done = comes_in(server, "theirs", "CONTOSO\\administrator")
    check("each administrator is the one of his domain", name == "administrator@contoso.test",
          done)
    name, done = comes_in(server, "ours", "administrator@fabrikam.test")
    check("and of no other", name == "administrator@fabrikam.test", done)
    with Terminal(client(server, "alice", ALICE)) as shell:
        if check("a session with a terminal", shell.wait(r"[$#] $"), shell.told):
            shell.quiet()
            equal("is hers", shell.run("id -un; pwd").split(),
                  [CANONICAL, "/home/contoso.test/alice"])
            equal("no ticket of ours, for no password was given", shell.run("klist -s; echo $?"),
                  "1")
            equal("and it ends well", shell.leave(), 0)


def delegated(server):
    """Tickets that the client hands over are sshd's to keep and to drop, not ours."""
    done = ws(client(server, "alice", ALICE, "echo $KRB5CCNAME; klist -s; echo $?; "
                     "stat -c %U ${KRB5CCNAME#FILE:}", delegate="yes"), timeout=60)
    cache, status, owner = (done.stdout.split() + [None] * 3)[:3]
    check("a delegated ticket is there, and hers", status == "0" and owner == CANONICAL, done)
    check("and goes with the session", cache and until(lambda: ws(
        ["test", "-e", cache.removeprefix("FILE:")]).returncode != 0), cache)


def refused(server):
    cases = (("alice", "root"), ("alice", "CONTOSO\\bob"), ("alice", "localuser"),
             ("alice", "administrator@fabrikam.test"), ("bob", ALICE),
             ("ours", "administrator"), ("ours", "root"), ("theirs", "administrator"),
             ("ours", "CONTOSO\\administrator"), ("theirs", "administrator@fabrikam.test"),
             ("bob", "bob@contoso.test"), ("alice", "alice@contoso.test.invalid"))
    for who, user in cases:
        name, done = comes_in(server, who, user)
        check(f"{PRINCIPALS[who]} may not be {user}", name is None and
              "Permission denied" in done.stderr, done)


def rules(server):
    """A ticket does not bypass the machine's rules."""
    put("ws1", "/etc/trustlogon.conf", "[access]\n    deny_groups = CONTOSO\\Sales\n")
    name, done = comes_in(server, "alice", ALICE)
    check("a rule about her group keeps alice out", name is None and
          "Connection closed" in done.stderr, done)
    name, done = comes_in(server, "theirs", "CONTOSO\\administrator")
    check("and nobody else", name == "administrator@contoso.test", done)
    ws("rm /etc/trustlogon.conf")


def main():
    up(**LAB)
    command("refresh")
    set_up()
    put("ws1", "/etc/passwd", get("ws1", "/etc/passwd") + LOCAL)
    put("ws1", "/etc/shadow", get("ws1", "/etc/shadow") + "administrator:*:20000::::::\n", 0o640)
    put("ws1", "/root/.k5login", "alice@CONTOSO.TEST\n")
    for who, principal in PRINCIPALS.items():
        done = ws(["kinit", "-f", "-c", f"FILE:/tmp/ticket.{who}", principal], stdin=PASSWORD + "\n")
        check(f"{principal} has a ticket", done.returncode == 0, done)
    with sshd(SSHD) as server:
        with agent():
            accepted(server)
            delegated(server)
            refused(server)
            rules(server)
        began = time.monotonic()
        name, done = comes_in(server, "alice", ALICE)
        check("without the agent, who is known comes in", name == CANONICAL, done)
        name, done = comes_in(server, "bob", "CONTOSO\\nobody.here")
        check("who is not does not", name is None, done)
        check("and nobody waits", time.monotonic() - began < 40, time.monotonic() - began)
        ws("mv /etc/krb5.conf.d/trustlogon-localauth.conf /tmp")
        name, done = comes_in(server, "ours", "administrator")
        check("(without the module, libkrb5 lets the domain's administrator be the machine's)",
              name == "administrator", done)
    check("refusals are told", journal_lines("is not authorized as"), "nothing in the journal")
    finish()


if __name__ == "__main__":
    main()
