#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Where passwords and the machine's keys are: in the memory of which processes while a logon is
under way, and in none when it is over; none of them leaves a core file."""
import contextlib
import threading

from daemon import agent
from harness import check, equal, finish, logon, put, until, up, ws
from meddling import Meddler
from memory import holders, machine_keys, of_workers, scan

LAB = {"trust": "external"}
ALICE = "CONTOSO\\alice"
CONF = "/etc/trustlogon.conf"
# Processes that read directories for look-ups end soon.
SETTINGS = "[agent]\n    lookup_idle = 1\n[logon]\n    explain = no\n"


@contextlib.contextmanager
def underway(host, order, workers):
    """The processes of a logon that waits for a KDC."""
    thread = threading.Thread(target=logon, args=(ALICE,))
    with Meddler(host) as meddler:
        meddler.ask(order)
        thread.start()
        found = scan(workers)
        check("the logon waits for the KDC", len(of_workers(found)) == workers, found)
        yield found
    thread.join()


def of_user(listener):
    """The worker with the password waits for the user's KDC."""
    with underway("dc1.contoso", {"all": "TGS", "how": "silence"}, 1) as found:
        equal("the listener has no password", [p for p in holders(found, "password")
                                               if p["pid"] == listener], [])
        equal("the monitor and its worker have it", len(holders(found, "password")), 2)
        equal("the worker has no key of the machine's",
              holders(of_workers(found), "key"), [])


def of_machine(listener):
    """The worker with the keys waits for the machine's own KDC."""
    put("ws1", CONF, SETTINGS + "    fast = demand\n")
    ws("rm -f /run/trustlogon/machine.*")
    with underway("dc1.fabrikam", {"all": "KRB", "how": "silence"}, 2) as found:
        with_keys = holders(of_workers(found), "key")
        check("one worker has the machine's keys", len(with_keys) == 1, (found, machine_keys()))
        equal("it has no password", holders(with_keys, "password"), [])
        equal("the other one has the password and no key", len(holders(
            [p for p in of_workers(found) if p not in with_keys], "password")), 1)
        equal("the listener has neither", [p["found"] for p in found if p["pid"] == listener],
              [[]])


def of_armor():
    """The worker that goes to the user's KDC for armor, beside the one that waits for it. The
    machine's TGT is there, so that no worker is needed that has its keys."""
    equal("a logon with armor", logon(ALICE).code, "PAM_SUCCESS")
    ws("rm -f /run/trustlogon/machine.armor.CONTOSO.TEST")
    with underway("dc1.contoso", {"all": "KRB", "how": "silence"}, 2) as found:
        equal("it has neither password nor key, the other one the password",
              sorted(p["found"] for p in of_workers(found)), [[], ["password"]])


def over(how):
    """No process has anything left."""
    until(lambda: len(scan(0)) == 1, 30)
    equal(f"{how}: one process is left, and it has nothing", [p["found"] for p in scan(0)], [[]])


def core():
    """Those that have it leave no core file."""
    with underway("dc1.contoso", {"all": "TGS", "how": "silence"}, 1) as found:
        for process in holders(found, "password"):
            limit = ws(["grep", "core file size", f"/proc/{process['pid']}/limits"]).stdout
            check(f"{process['user']}: no core file may be written",
                  limit.split()[4:6] == ["0", "0"], limit)
            owner = ws(["stat", "-c", "%u", f"/proc/{process['pid']}/maps"]).stdout.strip()
            check(f"{process['user']}: not dumpable", owner == "0", owner)


def main():
    up(**LAB)
    put("ws1", CONF, SETTINGS)
    check("the keytab has AES keys", len(machine_keys()) >= 1)
    with agent() as listener:
        equal("a logon", logon(ALICE).code, "PAM_SUCCESS")
        over("after a logon")
        of_user(listener)
        over("after one that failed")
        of_machine(listener)
        over("after one without the machine's tickets")
        of_armor()
        put("ws1", CONF, SETTINGS)
        core()
    finish()


if __name__ == "__main__":
    main()
