#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Users of one machine, side by side: what one of them asks, holds or types delays no other user,
counts against no other account, and appears in no log."""
import time

import harness
from daemon import LOG, agent
from domains import own_number, wrong_passwords_counted
from harness import (PASSWORD, broken, check, equal, finish, get, journal, forget_journal, logon,
                     put, until, up, ws)
from scenarios import refused, works

LAB = {"trust": "external"}

ALICE, BOB = "CONTOSO\\alice", "CONTOSO\\bob"
NSSWITCH = "passwd: files trustlogon\ngroup: files trustlogon\nhosts: files dns\n"
STORE, LOCK = "/var/lib/trustlogon/identity.store", "/var/lib/trustlogon/cached-logons.lock"
TYPED = "Tr0ub4dor"
ATTACKER, NEIGHBOUR = 5001, 5002


def as_uid(uid, line, timeout=60):
    return ws(["setpriv", f"--reuid={uid}", "--regid=5001", "--clear-groups", "sh", "-c", line],
              timeout=timeout)


def lookups():
    """One trusted domain's directory is silent, and one user asks for its users without end."""
    ws(["rm", "-f", STORE])
    with agent(), broken("tcp389"):
        as_uid(ATTACKER, "touch /tmp/go-on; for i in 1 2 3 4 5 6; do (n=0; while [ -e /tmp/go-on ]; do n=$((n+1)); "
                         "getent passwd 'CONTOSO\\u'$i.$n; done) >/dev/null 2>&1 </dev/null & done; sleep 6")
        try:
            for uid, name in ((0, "FABRIKAM\\carol"), (NEIGHBOUR, "FABRIKAM\\administrator")):
                began = time.monotonic()
                found = until(lambda: as_uid(uid, f"getent passwd '{name}'").stdout, 10)
                check(f"uid {uid} is told who {name} is, while uid {ATTACKER} asks all the time",
                      found, f"{time.monotonic() - began:.1f} s\n" + get("ws1", LOG)[-3000:])
            lines = sum(f"uid {ATTACKER}" in x for x in get("ws1", LOG).splitlines())
            check("who asks all the time has a few lines in the log, and some", 1 <= lines <= 20,
                  lines)
        finally:
            ws("rm -f /tmp/go-on; sleep 1.5")


def lock_that_is_held():
    """A process that holds the lock of the cached logons has been stopped."""
    put("ws1", "/etc/trustlogon.conf", "[agent]\n    cached_logons = 2\n[logon]\n"
        "    logon_timeout = 4000\n    explain = no\n[locator]\n    negative_lifetime = 0\n")
    works("before the cable is out", ALICE)
    until(lambda: ws(["grep", "-F", "$y$", LOCK.removesuffix(".lock")]).returncode == 0)
    ws("ip link set eth0 down")
    try:
        pid = ws(f"flock {LOCK} sleep 600 >/dev/null 2>&1 </dev/null & echo $!").stdout.strip()
        until(lambda: ws(["flock", "-n", LOCK, "true"]).returncode != 0)
        ws(["kill", "-STOP", pid])
        got = refused("nobody lets go of the lock", ALICE, "PAM_AUTHINFO_UNAVAIL", 1311)
        check("and it is told in time", got.seconds < 30, got)
        ws(f"pkill -KILL -P {pid}; kill -KILL {pid}")
        until(lambda: ws(["flock", "-n", LOCK, "true"]).returncode == 0)
        got = logon(ALICE)
        equal("with the lock free she is in again", got.code, "PAM_SUCCESS")
    finally:
        ws("ip link set eth0 up")
    put("ws1", "/etc/trustlogon.conf", "")


def other_bytes():
    """A terminal in Latin-1: never right, so never counted."""
    with wrong_passwords_counted():
        works("bob, before", BOB)
        before = own_number("bob", "badPwdCount")
        for _ in range(3):
            done = ws("printf 'p\\344ssw\\366rd\\n' | "
                      f"pamtester {harness.SERVICE} '{BOB}' authenticate")
            check("a password that is not UTF-8: 1326", done.returncode != 0 and
                  "The user name or password is incorrect." in done.stdout + done.stderr, done)
        equal("and nothing is counted against the account",
              own_number("bob", "badPwdCount"), before)
        logon(BOB, password="pässwörd")
        equal("a wrong one in UTF-8 is counted", own_number("bob", "badPwdCount"), before + 1)
    done = ws(f"printf '{PASSWORD}\\nN\\353w.Passw0rd\\nN\\353w.Passw0rd\\n' | "
              f"pamtester {harness.SERVICE} '{BOB}' chauthtok")
    check("a new one that is not UTF-8 is not sent", done.returncode != 0 and
          "The new password is not UTF-8." in done.stdout + done.stderr, done)
    works("the old one still is the password", BOB)


def typed_in_the_wrong_place():
    """The password, typed at the prompt for the name: no log has it."""
    forget_journal()
    for name in (TYPED, f"{TYPED}@x", f"x@{TYPED}", f"CONTOSO\\{TYPED}", f"{TYPED}\\x"):
        got = logon(name, password="alice")
        check(f"{name} is refused like anybody", got.code != "PAM_SUCCESS", got)
    logon(ALICE, password="wrong")
    records = until(lambda: [r for r in journal() if r.get("TRUSTLOGON_USER") == ALICE])
    check("a name that is known stands in the journal", records, journal())
    told = [f"{key}={value}" for r in journal() for key, value in r.items()
            if TYPED.lower() in str(value).lower()]
    check("what was typed in the place of a name does not", not told, told)
    check("but that, and why, somebody was refused", sum(
        "TRUSTLOGON_REASON" in r and "TRUSTLOGON_USER" not in r for r in journal()) >= 5, journal())


up(**LAB)
put("ws1", "/etc/nsswitch.conf", NSSWITCH)
works("alice", ALICE)  # now the machine knows her
works("bob", BOB)
typed_in_the_wrong_place()
other_bytes()
lock_that_is_held()
lookups()
finish()
