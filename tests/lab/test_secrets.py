#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Where passwords and the machine's keys are: in the memory of which processes while a logon is
under way, and in none when it is over; none of them leaves a core file."""
import contextlib
import json
import re
import threading

from daemon import agent
from harness import PASSWORD, check, equal, finish, logon, put, until, up, ws
from meddling import Meddler

LAB = {"trust": "external"}
ALICE = "CONTOSO\\alice"
CONF = "/etc/trustlogon.conf"
WORKERS = "trustlogon"

# In WS1: [{"pid": , "parent": , "user": , "found": [names of the needles]}] of the agent's
# processes, when so many workers are there, which are stopped meanwhile.
SCAN = r"""
import contextlib, json, os, pwd, signal, sys, time
order = json.load(sys.stdin)
needles = {name: bytes.fromhex(text) for name, text in order["needles"].items()}

def processes():
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(OSError):
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "trustlogond":
                fields = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status"))
                yield {"pid": pid, "parent": int(fields["PPid"]), "found": [],
                       "user": pwd.getpwuid(int(fields["Uid"].split()[1])).pw_name}

def workers(found):
    return [p["pid"] for p in found if p["user"] == "trustlogon"]

def send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

def piece(mem, begin, end):
    got = b""
    while begin < end:
        more = os.pread(mem, end - begin, begin)  # perhaps less than asked for
        if not more:
            break
        got, begin = got + more, begin + len(more)
    return got

def memory(pid):
    mem = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    with open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            where, mode = line.split()[:2]
            if "r" in mode and "[v" not in line:
                with contextlib.suppress(OSError):
                    yield piece(mem, *(int(x, 16) for x in where.split("-")))
    os.close(mem)

deadline, found = time.monotonic() + 30, []
while time.monotonic() < deadline:
    found = list(processes())
    if len(workers(found)) == order["workers"]:
        break
    time.sleep(0.005)
send(workers(found), signal.SIGSTOP)
for process in found:
    with contextlib.suppress(OSError):
        pieces = list(memory(process["pid"]))
        process["found"] = sorted(name for name, needle in needles.items()
                                  if any(needle in piece for piece in pieces))
send(workers(found), signal.SIGCONT)
json.dump(found, sys.stdout)
"""


def machine_keys():
    """The AES keys of the keytab, in hexadecimal digits."""
    listed = ws("klist -k -K -e /etc/krb5.keytab").stdout
    return sorted(set(re.findall(r"aes\S+\)\s+\(0x([0-9a-f]+)\)", listed)))


def scan(workers):
    needles = {"password": PASSWORD.encode().hex(),
               **{f"key {i}": key for i, key in enumerate(machine_keys())}}
    done = ws(["/usr/bin/python3", "-I", "-c", SCAN],
              stdin=json.dumps({"needles": needles, "workers": workers}))
    return json.loads(done.stdout)


def holders(processes, what):
    return [p for p in processes if any(name.startswith(what) for name in p["found"])]


def of_workers(processes):
    return [p for p in processes if p["user"] == WORKERS]


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
    put("ws1", CONF, "[logon]\n    explain = no\n    fast = demand\n")
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
    put("ws1", CONF, "[logon]\n    explain = no\n")
    check("the keytab has AES keys", len(machine_keys()) >= 1)
    with agent() as listener:
        equal("a logon", logon(ALICE).code, "PAM_SUCCESS")
        over("after a logon")
        of_user(listener)
        over("after one that failed")
        of_machine(listener)
        over("after one without the machine's tickets")
        of_armor()
        put("ws1", CONF, "[logon]\n    explain = no\n")
        core()
    finish()


if __name__ == "__main__":
    main()
