#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Module and agent on a real workstation: sessions and their tickets, the daemon, a locker
that is not root, and logons whose client disconnects."""
import re
import subprocess

import harness
from daemon import agent
from harness import (PASSWORD, SERVICE, broken, check, finish, forget_journal, ids_of, journal,
                     logon, pam_stack, put, until, up, ws)
from lab.state import environment

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
HOME = "/home/contoso.test/alice"
SESSION = ("authenticate", "acct_mgmt", "setcred(PAM_ESTABLISH_CRED)", "open_session")
ACCOUNTS = [("disabled", "PAM_PERM_DENIED", "currently disabled"),
            ("locked", "PAM_PERM_DENIED", "currently locked out"),
            ("expired", "PAM_ACCT_EXPIRED", "account has expired"),
            ("hours", "PAM_PERM_DENIED", "time restrictions"),
            ("wslist", "PAM_PERM_DENIED", "isn't allowed to sign in to this computer")]


def caches():
    return ws("ls /tmp | grep krb5cc_ || true").stdout.split()


def drop_caches():
    ws("rm -f /tmp/krb5cc_*; rm -rf /run/trustlogon/pending")


def session(how):
    drop_caches()
    got = logon(ALICE, steps=SESSION)
    check(f"{how}: a session opens", got.code == "PAM_SUCCESS", got)
    names = caches()
    check(f"{how}: one cache, named for this session",
          len(names) == 1 and re.fullmatch(rf"krb5cc_{UID}_\w{{6}}", names[0]), names)
    facts = ws(f"stat -c '%u %a' /tmp/{names[0]}; klist /tmp/{names[0]}" if names else "true").stdout
    check(f"{how}: the user's own, with the user's TGT", facts.startswith(f"{UID} 600") and
          "krbtgt/CONTOSO.TEST@CONTOSO.TEST" in facts, facts)
    left = ws("ls /run/trustlogon/pending | grep -v logon || true").stdout
    check(f"{how}: no tickets left waiting", left == "", left)
    again = logon(ALICE, steps=(*SESSION, "close_session"))
    check(f"{how}: closing deletes its own cache only", again.code == "PAM_SUCCESS" and
          caches() == names, (again, caches(), names))


def fixed_name():
    put("ws1", "/etc/pam.d/fixed", pam_stack(f"ccache=FILE:{HOME}/tickets"))
    drop_caches()
    got = logon(ALICE, steps=(*SESSION, "close_session"), service="fixed")
    owner = ws(f"stat -c '%u %a' {HOME}/tickets").stdout.strip()
    check("ccache= with a fixed name: made, and kept at close", got.code == "PAM_SUCCESS" and
          owner == f"{UID} 600" and not caches(), (got, owner))
    ws(f"rm -f {HOME}/tickets; ln -s /etc/shadow {HOME}/tickets; "
       "cp /etc/shadow /root/shadow.before")
    logon(ALICE, steps=SESSION, service="fixed")
    same = ws("cmp /etc/shadow /root/shadow.before").returncode
    check("a symbolic link in its place leads nowhere", same == 0)
    ws(f"rm -f {HOME}/tickets")


def other_kinds():
    ws(f"mkdir -p /run/user/{UID} && chown {UID}:{UID} /run/user/{UID}")
    for pattern, name in (("KEYRING:persistent:%{uid}", f"KEYRING:persistent:{UID}"),
                          ("DIR:/run/user/%{uid}/krb5cc", f"DIR:/run/user/{UID}/krb5cc")):
        put("ws1", "/etc/pam.d/kind", pam_stack(f"ccache={pattern}"))
        got = logon(ALICE, steps=(*SESSION, "close_session"), service="kind")
        listed = ws(["setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups", "klist",
                     name])
        check(f"{name}: the user's own, and kept at close", got.code == "PAM_SUCCESS" and
              "alice@CONTOSO.TEST" in listed.stdout, (got, listed))
    put("ws1", "/etc/pam.d/kind", pam_stack("ccache=KEYRING:session:x"))
    got = logon(ALICE, steps=SESSION, service="kind")
    check("a keyring of a session that does not exist yet: CRED_ERR",
          "Failure setting user credentials" in got.text and got.code != "PAM_SUCCESS", got)


def accounts():
    for name, code, words in ACCOUNTS:
        got = logon(f"CONTOSO\\{name}")
        check(f"CONTOSO\\{name}: {code}, \"... {words}\"",
              got.code == code and words in got.text, got)


def others():
    got = logon("localuser")
    check("a unix account is not ours, and nobody is asked", got.code == "PAM_USER_UNKNOWN" and
          "Password" not in got.text, got)
    got = logon("WS1\\alice")
    check("nor is WS1\\alice", got.code == "PAM_USER_UNKNOWN", got)
    forget_journal()
    logon(ALICE, password="wrong")
    records = journal(TRUSTLOGON_REASON="wrong-password")
    check("one record tells of a refusal", len(records) == 1 and
          records[0].get("TRUSTLOGON_USER") == ALICE and
          records[0].get("TRUSTLOGON_SERVICE") == SERVICE and
          records[0].get("TRUSTLOGON_WIN32") == "1326", journal())
    check("and no record holds the password", "wrong" not in str(
        [v for r in journal() for v in r.values()]).replace("wrong-password", ""), journal())


def client_goes_away():
    """The client is killed while the agent waits for a KDC that says nothing."""
    # Longer than this test waits: by itself the worker does not end meanwhile.
    put("ws1", "/etc/trustlogon.conf", "[logon]\n    logon_timeout = 60000\n"
        "    kdc_connect_timeout = 60000\n")
    with broken("port88tcp"), agent() as pid:
        def workers():
            return ws(["pgrep", "-P", str(pid)]).stdout.split()
        client = subprocess.Popen(harness._lab.enter("ws1", ["pamtester", SERVICE, ALICE,
                                                             "authenticate"]),
                                  env=environment(), stdin=subprocess.PIPE, text=True,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client.stdin.write(PASSWORD + "\n")
        client.stdin.flush()
        check("a worker is at it", until(workers), workers())
        connecting = "ss -Htn state syn-sent dport = :88"
        check("and waits for a KDC", until(lambda: ws(connecting).stdout), ws(connecting))
        ws(["pkill", "-KILL", "-x", "pamtester"])
        client.communicate()
        check("the worker ends with its client", until(lambda: not workers(), 30), workers())
        check("the daemon lives", ws(["kill", "-0", str(pid)]).returncode == 0)
    ws(["rm", "/etc/trustlogon.conf"])


def locker():
    """An account whose passwd entry has the caller's uid may prove its own password."""
    with agent():
        run = ("setpriv --reuid {uid} --regid {uid} --clear-groups pamtester {service} '{name}' "
               "authenticate acct_mgmt 'setcred(PAM_REINITIALIZE_CRED)'")
        mine = ws(run.format(uid=UID, service=SERVICE, name=ALICE), stdin=PASSWORD + "\n")
        check("a locker proves its own user", mine.returncode == 0, mine)
        wrong = ws(run.format(uid=UID, service=SERVICE, name=ALICE), stdin="wrong\n")
        check("and refuses a wrong password", wrong.returncode != 0 and
              "password is incorrect" in wrong.stdout + wrong.stderr, wrong)
        other = ws(run.format(uid=UID + 1, service=SERVICE, name=ALICE), stdin=PASSWORD + "\n")
        check("not somebody else's", other.returncode != 0 and "account management" not in
              other.stdout, other)
    alone = ws(run.format(uid=UID, service=SERVICE, name=ALICE), stdin=PASSWORD + "\n")
    check("without the daemon there is no proof, and no logon", alone.returncode != 0 and
          "cannot retrieve" in alone.stdout + alone.stderr, alone)


def main():
    session("no daemon")
    with agent():
        session("with the daemon")
    fixed_name()
    other_kinds()
    accounts()
    others()
    client_goes_away()
    locker()


up(**LAB)
logon(ALICE)  # now the machine knows her
UID, GID = ids_of(ALICE)
ws(f"mkdir -p -m 755 {HOME} && chown {UID}:{GID} {HOME}")
main()
finish()
