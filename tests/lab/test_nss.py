#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""After a logon our own NSS module knows the user under every name."""
import contextlib
import os
import time

from daemon import agent
from harness import check, command, equal, finish, logon, logon_json, quickest, up, ws

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"


def passwd(key):
    done = ws(["getent", "passwd", key])
    return done.stdout.strip().split(":") if done.returncode == 0 else None


def known():
    told = logon_json(ALICE)
    who = told["identity"]
    check("nobody is known before a logon", passwd(ALICE) is None, passwd(ALICE))
    got = logon(ALICE)
    check("alice logs on", got.code == "PAM_SUCCESS", got)
    entry = passwd(ALICE)
    if not check("alice is known now", entry is not None, ws("ls -la /var/lib/trustlogon").stdout):
        return
    equal("by her canonical name", entry[0], "alice@contoso.test")
    equal("with the uid and gid of her SIDs", (int(entry[2]), int(entry[3])),
          (who["uid"], who["gid"]))
    for name in ("contoso\\ALICE", "contoso.test\\alice", "alice@contoso.test", "Alice@CONTOSO",
                 entry[2]):
        equal(f"{name} is the same entry", passwd(name), entry)
    groups = ws(["id", "-G", ALICE]).stdout.split()
    equal("id tells the groups of her PAC", sorted(map(int, groups)),
          sorted({who["gid"], *who["gids"]}))
    ws(["touch", "/tmp/hers"])
    ws(["chown", entry[2], "/tmp/hers"])
    check("ls tells her name, to an ordinary user too",
          "alice@contoso.test" in ws(["setpriv", "--reuid=5001", "--regid=5001", "--clear-groups",
                                      "ls", "-l", "/tmp/hers"]).stdout)
    for name in ("CONTOSO\\nobody.here", "bob@contoso.test", "alice", "root@contoso.test",
                 "1999999999"):
        check(f"{name} is not known", passwd(name) is None, passwd(name))
    equal("root is the machine's own", passwd("root")[2], "0")
    refused = logon("CONTOSO\\bob", password="not the password")
    check("a refused logon leaves nobody behind",
          refused.code == "PAM_AUTH_ERR" and passwd("CONTOSO\\bob") is None)


def session():
    """With only our NSS and PAM: a session with its tickets in a cache of the user's own."""
    got = logon(ALICE, steps=("authenticate", "acct_mgmt", "setcred(PAM_ESTABLISH_CRED)",
                              "open_session"))
    check("a session opens for a user whom only our module knows", got.code == "PAM_SUCCESS", got)


def others_programs():
    """Programs that open any NSS module by its path and know nothing of ours."""
    module = ws("ls /usr/lib/*/libnss_trustlogon.so.2").stdout.strip()
    entry = ":".join(passwd(ALICE))
    wrapped = {"LD_PRELOAD": "libnss_wrapper.so", "NSS_WRAPPER_PASSWD": "/etc/passwd",
               "NSS_WRAPPER_GROUP": "/etc/group", "NSS_WRAPPER_MODULE_SO_PATH": module,
               "NSS_WRAPPER_MODULE_FN_PREFIX": "trustlogon"}
    for key in (ALICE, entry.split(":")[2]):
        equal(f"nss_wrapper gets {key} from the module", ws(["getent", "passwd", key],
                                                           env=wrapped).stdout.strip(), entry)
    program = "/usr/lib/systemd/tests/test-nss-users"
    if os.path.exists(program):
        done = ws([program, "trustlogon", ALICE, "domain users@contoso.test",
                   *entry.split(":")[2:4], "root", "0"])
        check("systemd's test of NSS modules runs clean", done.returncode == 0 and
              '"alice@contoso.test"' in done.stdout + done.stderr, done)


@contextlib.contextmanager
def stopped(pid):
    ws(["kill", "-STOP", str(pid)])
    try:
        yield
    finally:
        ws(["kill", "-CONT", str(pid)])


def timed(command):
    began = time.monotonic()
    done = ws(command)
    return time.monotonic() - began, done


def strangers():
    """A folder of files with unknown owners, listed by an ordinary user."""
    first = int(passwd(ALICE)[2]) + 20000
    ws(f"mkdir -p /tmp/strange && cd /tmp/strange && for i in $(seq 40); do "
       f"touch $i && chown $(({first} + i)) $i; done")
    listing = ["setpriv", "--reuid=5001", "--regid=5001", "--clear-groups", "ls", "-l",
               "/tmp/strange", "/tmp/hers"]
    with agent() as pid:
        with stopped(pid):
            took, done = timed(listing)
            check("an agent that hangs costs a listing one second, not forty", 0.9 < took < 20
                  and str(first + 40) in done.stdout, (took, done))
            check("and hides nobody who is known", "alice@contoso.test" in done.stdout, done)
            took, done = timed(["getent", "passwd", "CONTOSO\\carl"])
            check("nor hangs a single question", 0.9 < took < 20 and done.returncode == 2,
                  (took, done))
        took, done = timed(listing)
        check("an agent that works is asked for each", str(first + 40) in done.stdout, done)
        with stopped(pid):
            took, done = quickest(listing, 0.9)
            check("and never again for those whom nobody knows", took < 0.9, took)
        got = logon(ALICE)
        check("all the listing cost nobody a logon", got.code == "PAM_SUCCESS", got)
        ws(["kill", "-KILL", str(pid)])
        took, done = quickest(["getent", "passwd", "CONTOSO\\carl"], 0.9)
        check("a killed agent costs nothing", took < 0.9 and done.returncode == 2, (took, done))
    check("alice is known without any", passwd(ALICE) is not None)


def main():
    up(**LAB)
    command("refresh")
    known()
    session()
    others_programs()
    strangers()
    ws("printf garbage > /var/lib/trustlogon/identity.store")
    check("a damaged store knows nobody, and harms nobody", passwd(ALICE) is None
          and passwd("root") is not None)
    got = logon(ALICE)
    check("the next logon makes a new one", got.code == "PAM_SUCCESS"
          and passwd(ALICE) is not None, got)
    finish()


if __name__ == "__main__":
    main()
