#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A screen locker with the uid of its user: it can prove that user and no other, reads nothing of
root's, waits after wrong passwords, and brings new tickets to the session it runs in."""
import json
import pathlib
import re
import time

import kcm
from daemon import LOG, agent
from domains import own_number, wrong_passwords_counted
from harness import (PASSWORD, check, equal, finish, get, ids_of, logon, pam_stack, put, until, up,
                     ws)

LAB = {"trust": "external"}

ALICE, BOB = "CONTOSO\\alice", "CONTOSO\\bob"
FORMS = (ALICE, "contoso.test\\alice", "alice@contoso.test", "alice@CONTOSO", "CoNtOsO\\ALICE")
OTHERS = (BOB, "bob@contoso.test", "FABRIKAM\\carol", "root", "localuser", "nobody@contoso.test")
CLIENT = pathlib.Path(__file__).with_name("pam_client.py").read_text(encoding="utf-8")
PAM_AUTH_ERR = 7
FOLDERS = "/run/trustlogon /var/lib/trustlogon /var/cache/trustlogon"
# What every user may read: ids and names, which `ls -l` shows as well, the trusts, the domain
# controllers that were found, and settings that are the same everywhere. Workers read them too.
OPEN = {"/var/lib/trustlogon/identity.store", "/var/lib/trustlogon/topology.json",
        "/var/cache/trustlogon/dc-fabrikam.test.json", "/var/cache/trustlogon/dc-contoso.test.json",
        "/run/trustlogon/gssapi.conf", "/run/trustlogon/gssapi-rc4.conf"}
SECRETS = ("/etc/krb5.keytab", "/run/trustlogon/pending", "/run/trustlogon/guesses",
           "/run/trustlogon/lsa.sock", "/var/lib/trustlogon/members")
TGT = "krbtgt/CONTOSO.TEST@CONTOSO.TEST"


def as_user(ids, command, **more):
    return ws(["setpriv", "--reuid", str(ids[0]), "--regid", str(ids[1]), "--clear-groups",
               *command], **more)


def locker(ids, name, password=PASSWORD, steps=("authenticate", "account"), ccache=None):
    """(all steps went well, seconds, what came out) of one PAM handle of that uid."""
    started = time.monotonic()
    done = as_user(ids, ["/usr/bin/python3", "-I", "-c", CLIENT, "locker", name, "[]", *steps],
                   stdin=password + "\n", env={"KRB5CCNAME": ccache} if ccache else None)
    seconds = time.monotonic() - started
    try:
        codes = [code for _, code, _ in json.loads(done.stdout.splitlines()[-1])]
    except (IndexError, ValueError):
        codes = []
    return codes == [0] * len(steps), seconds, (codes, done.stderr)


def own_user_only():
    with agent():
        for name in FORMS:
            ok, _, text = locker(A, name)
            check(f"a locker proves its own user as {name}", ok, text)
    with agent():
        for name in OTHERS:
            ok, _, text = locker(A, name)
            check(f"and not {name}", not ok, text)
        ok, _, text = locker(B, ALICE)
        check("nor does another uid prove alice with her password", not ok, text)
        told = ws(["cat", LOG]).stdout
    check("the journal tells who asked for whom",
          f"uid {A[0]} asked for operation 1 as {BOB}" in told, told)


def secrets():
    """While tickets of a logon wait for setcred."""
    logon(BOB)
    with agent():
        locker(A, ALICE, password="wrong")
        locker(A, ALICE)
        listed = ws(f"find {FOLDERS} -not -type d -printf '%p\\n'").stdout.split()
        for kind, wanted in (("readable", OPEN), ("writable", set())):
            found = as_user(A, ["sh", "-c", f"find {FOLDERS} -type f -{kind} 2>/dev/null"])
            equal(f"files that the locker's uid finds {kind}", set(found.stdout.split()), wanted)
        made = as_user(A, ["sh", "-c", f"find {FOLDERS} -type d -writable 2>/dev/null"])
        equal("folders that it may write to", made.stdout, "")
        for path in SECRETS:
            facts = ws(["stat", "-c", "%u %g %a %F", path]).stdout.strip()
            check(f"{path} is root's alone", re.match(r"0 0 [67]00 ", facts), (facts, listed))
            got = as_user(A, ["sh", "-c", f"cat {path}/* || cat {path}"])
            check(f"{path}: permission denied", got.returncode != 0 and not got.stdout and
                  "Permission denied" in got.stderr, got)
        check("waiting tickets were there to be read",
              [x for x in listed if x.startswith("/run/trustlogon/pending/")], listed)
        lsa = as_user(A, ["/usr/bin/python3", "-I", "-c",
                          "import socket; s = socket.socket(socket.AF_UNIX); "
                          "s.connect('/run/trustlogon/lsa.sock')"])
        check("nor does it reach the helper that has the machine's key",
              "PermissionError" in lsa.stderr, lsa)


def mistakes(ids):
    """How many, and when the last one was, in seconds since the boot."""
    return [int(word) for word in get("ws1", f"/run/trustlogon/guesses/{ids[0]}").split()]


def slowed():
    ws("rm -rf /run/trustlogon/guesses")
    with agent():
        kept = []
        for _ in range(4):
            ok, seconds, text = locker(A, ALICE, password="wrong")
            check("a wrong password is wrong", not ok and text[0] == [PAM_AUTH_ERR], text)
            kept.append(mistakes(A))
        # A pause begins with the last mistake, so that time the machine takes for itself
        # counts. How they grow, and that there is none before, tests/unit looks at.
        equal("each mistake counts", [wrong for wrong, _ in kept], [1, 2, 3, 4])
        check("after three the next guess waits", kept[3][1] - kept[2][1] >= 2, kept)
        _, seconds, text = locker(B, BOB, password="wrong")
        check("nobody else waits for it", text[0] == [PAM_AUTH_ERR] and mistakes(B)[0] == 1,
              (seconds, text))
        ok, seconds, text = locker(A, ALICE)
        check("the right password waits too, longer, and then opens",
              ok and time.clock_gettime(time.CLOCK_BOOTTIME) - kept[3][1] >= 4,
              (seconds, kept, text))
        equal("and ends it", mistakes(A), [0, 0])
        ok, seconds, text = locker(A, ALICE)
        check("so the next does not wait", ok and seconds < 8, (seconds, text))
        with wrong_passwords_counted():
            locker(A, ALICE, password="wrong")
            equal("a wrong one counts at the domain controller",
                  own_number("alice", "badPwdCount"), 1)
            locker(A, ALICE)
            equal("until the right one", own_number("alice", "badPwdCount"), 0)


def session(ccache=None):
    """alice's session begins, by root's program; the name of its cache."""
    put("ws1", "/etc/pam.d/begin", pam_stack(f"ccache={ccache}" if ccache else ""))
    done = ws(["/usr/bin/python3", "-I", "-c", CLIENT, "begin", ALICE, "[]", "authenticate",
               "account", "establish"], stdin=PASSWORD + "\n")
    try:
        return json.loads(done.stdout.splitlines()[-1])[-1][2].get("KRB5CCNAME")
    except (IndexError, ValueError):
        return None


def tickets(ids, name):
    """What is in a cache, keys and all, as its user sees it; and the list of klist."""
    listed = as_user(ids, ["klist", "-l"], env={"KRB5CCNAME": name}).stdout
    shown = as_user(ids, ["klist", "-e", name]).stdout
    return listed.count("alice@"), shown.count(TGT), shown


def refreshed(kind, ccache, flag):
    ws("rm -rf /tmp/krb5cc_* /run/trustlogon/pending")
    name = session(ccache)
    before = tickets(A, name)
    # Service tickets of the old logon are a mark: the new cache does not have them.
    as_user(A, ["kvno", "-q", "cifs/dc1.contoso.test"], env={"KRB5CCNAME": name})
    marked = tickets(A, name)
    with agent():
        ok, _, text = locker(A, ALICE, steps=("authenticate", "account", flag), ccache=name)
        waiting = ws("ls /run/trustlogon/pending | grep -v logon || true").stdout
    after = tickets(A, name)
    check(f"{kind}: {flag} of a locker renews the session's cache",
          ok and "cifs/" in marked[2] and "cifs/" not in after[2] and after[1] == 1,
          (text, name, marked, after))
    check(f"{kind}: and makes none besides", before[0] == after[0] and
          len(ws("ls /tmp | grep krb5cc_ || true").stdout.split()) == (kind == "FILE"),
          (before, after))
    equal(f"{kind}: nothing is left waiting", waiting, "")
    return name


def foreign_caches():
    mine = session()
    theirs = f"/tmp/krb5cc_{B[0]}_theirs"
    as_user(B, ["cp", "/etc/hostname", theirs])
    as_user(B, ["ln", "-s", mine.removeprefix("FILE:"), "/tmp/krb5cc_link"])
    as_user(B, ["mkdir", "-m", "777", "/tmp/theirs"])
    facts = f"cat {theirs} {mine.removeprefix('FILE:')} | sha256sum; ls /tmp /tmp/theirs"
    before = ws(facts).stdout
    for what in (theirs, "/tmp/krb5cc_link", "/tmp/krb5cc_none", "/tmp/theirs/cc", "/root/cc",
                 "/etc/krb5.keytab"):
        with agent():
            ok, _, text = locker(A, ALICE, steps=("authenticate", "refresh"),
                                 ccache=f"FILE:{what}")
        check(f"FILE:{what} is no session's cache of alice's", not ok, text)
    with agent():
        for what in (f"KEYRING:persistent:{B[0]}", "DIR:/tmp/theirs"):
            ok, _, text = locker(A, ALICE, steps=("authenticate", "refresh"), ccache=what)
            check(f"nor is {what}", not ok, text)
        equal("nothing has changed, nothing was made", ws(facts).stdout, before)
        ok, _, text = locker(A, ALICE, steps=("authenticate", "refresh", "establish", "open",
                                              "close", "delete"))
        check("without KRB5CCNAME a locker has nothing to refresh, and nothing fails", ok, text)
        equal("nor was anything made", ws(facts).stdout, before)
    ws(f"rm -rf /tmp/theirs /tmp/krb5cc_link {theirs}")


def offline():
    """The network goes and comes back: unlocked by the kept password, no ticket is lost, and new
    ones come when there is a domain controller."""
    put("ws1", "/etc/trustlogon.conf", "[agent]\n    cached_logons = 2\n[logon]\n    explain = no\n"
        "[locator]\n    negative_lifetime = 0\n")
    name = session()
    as_user(A, ["kvno", "-q", "cifs/dc1.contoso.test"], env={"KRB5CCNAME": name})
    waits = "ls /run/trustlogon/pending | grep -c waits"
    with agent():
        ws("ip link set eth0 down")
        try:
            for _ in range(2):
                ok, _, text = locker(A, ALICE, steps=("authenticate", "account", "refresh"),
                                     ccache=name)
                check("a locker without a network knows the password", ok, text)
            done = ws(["/usr/bin/python3", "-I", "-c", CLIENT, "locker", ALICE, "[]",
                       "authenticate", "account", "refresh"], stdin=PASSWORD + "\n",
                      env={"KRB5CCNAME": name})
            equal("so does root's", [code for _, code, _ in json.loads(done.stdout)], [0, 0, 0])
            equal("with cached credentials", ws(
                ["grep", "-c", "logged on with cached credentials", LOG]).stdout.strip(), "3")
            check("the session keeps its tickets", "cifs/" in tickets(A, name)[2],
                  tickets(A, name))
            equal("one waits for the session", ws(waits).stdout.strip(), "1")
        finally:
            ws("ip link set eth0 up")
        check("with a DC back it has new ones", until(
            lambda: tickets(A, name)[1] == 1 and "cifs/" not in tickets(A, name)[2], 120),
            tickets(A, name))
        check("and nobody waits", until(lambda: ws(waits).stdout.strip() == "0"), ws(waits))
    ws(["rm", "/etc/trustlogon.conf"])


up(**LAB)
put("ws1", "/etc/pam.d/locker", pam_stack())
logon(ALICE)
logon(BOB)
A, B = ids_of(ALICE), ids_of(BOB)
ws(f"mkdir -p -m 700 /run/user/{A[0]} && chown {A[0]}:{A[1]} /run/user/{A[0]}")
own_user_only()
secrets()
slowed()
refreshed("FILE", None, "refresh")
refreshed("FILE", None, "reinitialize")
refreshed("DIR", f"DIR:/run/user/{A[0]}/krb5cc", "refresh")
refreshed("KEYRING", "KEYRING:persistent:%{uid}", "refresh")
if kcm.start():
    refreshed("KCM", "KCM:", "refresh")
foreign_caches()
offline()
finish()
