#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Cached logons: only while no DC answers, only with the last password, only so many tries."""
import contextlib
import os
import re
import time

import harness
from daemon import LOG, agent
from harness import (PASSWORD, broken, check, command, diagnose, equal, finish, get, journal,
                     journal_lines, logon, on, put, until, up, ws)
from scenarios import refused, works

LAB = {"trust": "external"}

ALICE, BOB, JUERGEN = "CONTOSO\\alice", "CONTOSO\\bob", "CONTOSO\\jürgen.groß"
CONF = "/etc/trustlogon.conf"
FILE = "/var/lib/trustlogon/cached-logons"
NSSWITCH = "passwd: files trustlogon\ngroup: files trustlogon\nhosts: files dns\n"
SENTENCE = "You have been logged on using cached account information."
SESSION = ("authenticate", "acct_mgmt", "setcred(PAM_ESTABLISH_CRED)", "open_session")


def configure(users, more=""):
    put("ws1", CONF, f"[agent]\n    cached_logons = {users}\n{more}[logon]\n    explain = no\n"
                     "[locator]\n    negative_lifetime = 0\n")


@contextlib.contextmanager
def alone():
    """WS1 is unplugged."""
    ws("ip link set eth0 down")
    try:
        yield
    finally:
        ws("ip link set eth0 up")


def let_in(label, name, **how):
    got = logon(name, **how)
    check(f"{label}: {name} logs on with cached credentials, and is told",
          got.code == "PAM_SUCCESS" and SENTENCE in got.text, got)
    return got


def no_server(label, name, **how):
    return refused(label, name, "PAM_AUTHINFO_UNAVAIL", 1311, **how)


def off_by_default():
    works("without cached logons", ALICE)
    check("no file is made", not os.path.exists(harness._lab.file("ws1", FILE)))
    with alone():
        no_server("without cached logons, alone", ALICE)


def verifier_file():
    """Root only, a slow hash, and no trace of the password."""
    path = harness._lab.file("ws1", FILE)
    wait_for_users(1)
    mode = os.stat(path)
    equal("the file is root's alone", (mode.st_mode & 0o7777, mode.st_uid), (0o600, 0))
    text = get("ws1", FILE)
    check("it has a yescrypt hash for her SID, and no password",
          re.search(r"^S-1-5-21-\d+-\d+-\d+-\d+ \d+ 0 0 \$y\$", text, re.M)
          and PASSWORD not in text, text)
    for uid in ("5001", ws(["id", "-u", ALICE]).stdout.strip()):
        check(f"uid {uid} cannot read it", ws(["setpriv", f"--reuid={uid}", "--regid=5001",
                                               "--clear-groups", "cat", FILE]).returncode != 0)


def users():
    try:
        return get("ws1", FILE).count("$y$")
    except FileNotFoundError:
        return 0


def wait_for_users(count):
    """The hash is made after the answer."""
    until(lambda: users() == count)


def wait_for_other(text):
    until(lambda: get("ws1", FILE) != text)


def while_alone():
    with alone():
        got = let_in("alone", ALICE)
        check("it takes no longer than finding nobody", got.seconds < 15, got)
        for name in ("alice@contoso.test", "contoso.test\\ALICE"):
            let_in("alone", name)
        got = logon(ALICE, steps=SESSION)
        check("alone: a whole session opens", got.code == "PAM_SUCCESS", got)
        refused("alone, wrong password", ALICE, "PAM_AUTH_ERR", 1326, password="wrong")
        check("alone, wrong password: the journal says that the kept one was compared",
              journal_lines("reason=cached-wrong-password"), journal()[-2:])
        refused("alone, empty password", ALICE, "PAM_AUTH_ERR", 1326, password="")
        no_server("alone, never logged on here", BOB)
        no_server("alone, nobody", "CONTOSO\\nobody")
        let_in("alone, after a wrong one", ALICE)


def answered():
    """An answer of a KDC, whatever it says, is the answer."""
    with broken("trusttype"):
        refused("1787 is 1787", ALICE, "PAM_AUTH_ERR", 1787)
    refused("a wrong password is wrong", ALICE, "PAM_AUTH_ERR", 1326, password="wrong")
    with broken("port88-ws"):
        no_server("the user's DC has answered", ALICE)
    with broken("port88"):
        let_in("the user's DC does not answer", ALICE)
        told = diagnose(ALICE)
        check("diagnose says that the cache decides",
              "cached credentials may" in told["summary"] and "cached_logons" in told["cause"],
              told.get("summary"))


def guesses():
    with alone():
        for _ in range(5):
            refused("guess", ALICE, "PAM_AUTH_ERR", 1326, password="guess")
        no_server("after five guesses the right one is not even compared", ALICE)
        check("the journal says so", any("cached-tries" in r.get("TRUSTLOGON_REASON", "")
                                         or "cached-tries" in r.get("MESSAGE", "")
                                         for r in journal()), journal()[-2:])
        ws(f"sed -i -E 's/ [0-9]+ 5 \\$y/ 1000 5 $y/' {FILE}")
        let_in("a quarter of an hour later", ALICE)


def ended():
    """The domain has refused the account for good."""
    on("dc1.contoso", "samba-tool user disable alice")
    refused("disabled", ALICE, "PAM_PERM_DENIED", 1331)
    with alone():
        no_server("disabled, and then alone", ALICE)
    on("dc1.contoso", "samba-tool user enable alice")
    works("enabled again", ALICE)
    wait_for_users(1)


def last_users():
    logon(BOB), logon(JUERGEN)
    wait_for_users(2)
    equal("two users and no more are kept", users(), 2)
    with alone():
        no_server("the first of three", ALICE)
        let_in("the second of three", BOB)
        let_in("the third of three", JUERGEN)


def tampered():
    """Swapped, cut, and an older copy put back."""
    lines = get("ws1", FILE).splitlines()
    hashes = [line.split()[-1] for line in lines[1:3]]
    swapped = [lines[0], *(" ".join(line.split()[:-1] + [other]) for line, other in
                           zip(lines[1:3], reversed(hashes))), lines[3], ""]
    put("ws1", FILE, "\n".join(swapped), mode=0o600)
    with alone():
        refused("hashes swapped", BOB, "PAM_AUTH_ERR", 1326)
    put("ws1", FILE, "\n".join(lines)[:-40], mode=0o600)
    with alone():
        no_server("cut", BOB)
    old = "\n".join([*lines, ""])
    put("ws1", FILE, old, mode=0o644)
    with alone():
        no_server("readable by others, so not ours", BOB)
    put("ws1", FILE, old, mode=0o600)
    with alone():
        let_in("as it was", BOB)
    time.sleep(1.1)  # the moment of a proof is kept in seconds
    before = get("ws1", FILE)
    works("proven again", BOB)
    wait_for_other(before)
    put("ws1", FILE, old, mode=0o600)
    with alone():
        no_server("an older copy", BOB)
    old = get("ws1", FILE)
    works("proven once more", BOB)
    wait_for_other(old)


def tickets_later():
    """The network is back: the session that began without tickets gets them."""
    with alone():
        got = logon(BOB, steps=SESSION)
        check("alone: bob's session opens", got.code == "PAM_SUCCESS", got)
        cache = ws("ls -t /tmp/krb5cc_* | head -1").stdout.strip()
        uid = ws(["id", "-u", BOB]).stdout.strip()
        empty = ws(["klist", "-s", "-c", cache])
        check("its cache is bob's, and empty", empty.returncode != 0
              and ws(["stat", "-c", "%u", cache]).stdout.strip() == uid, cache)
    until(lambda: ws(["klist", "-s", "-c", cache]).returncode == 0, 120)
    told = ws(["klist", "-c", cache]).stdout
    check("with a DC back it has his ticket", "krbtgt/CONTOSO.TEST@CONTOSO.TEST" in told, told)
    equal("it is still bob's", ws(["stat", "-c", "%u %a", cache]).stdout.strip(), f"{uid} 600")
    waiting = f"grep -l {cache} /run/trustlogon/pending/*.waits"
    check("nobody waits for it any more", until(lambda: not ws(waiting).stdout), ws(waiting))


def crowd():
    """Workers that wait for a DC leave room for logons: of four conversations in all, one waits."""
    configure(2, "    max_conversations = 4\n")
    with alone():
        let_in("one waits", BOB)
        let_in("two are too many", BOB)
    told = ""
    for _ in range(300):  # logged after the answer
        told = ws(["cat", LOG]).stdout
        if "bob@contoso.test gets no tickets when a domain controller answers" in told:
            break
        time.sleep(0.1)
    else:
        check("the journal tells who will get no tickets", False, told)


def switched_off():
    configure(0)
    works("cached_logons = 0", BOB)
    check("switched off: the file is gone",
          until(lambda: not os.path.exists(harness._lab.file("ws1", FILE))))
    with alone():
        no_server("switched off, alone", BOB)


def main():
    up(**LAB)
    put("ws1", "/etc/nsswitch.conf", NSSWITCH)
    put("ws1", CONF, "[locator]\n    negative_lifetime = 0\n")
    command("refresh")
    with agent():
        off_by_default()
        configure(2)
        works("with cached logons", ALICE)
        verifier_file()
        while_alone()
        answered()
        guesses()
        ended()
    # Those of alice's sessions that still wait for a DC would be proven in between.
    with agent():
        last_users()
        tampered()
        tickets_later()
        crowd()
        switched_off()
    finish()


if __name__ == "__main__":
    main()
