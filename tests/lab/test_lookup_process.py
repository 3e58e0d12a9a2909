#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The processes that keep the directories of domains open for look-ups: what they are, what they
have, and what happens when they end, or their servers."""
import json
import re

import domains
from capture import Capture
from daemon import agent
from harness import (break_, check, command, equal, finish, fix, get, on, put, until, up, ws)
from memory import holders, of_workers, scan

LAB = {"trust": "external"}
CONF = "/etc/trustlogon.conf"
NSSWITCH = ("passwd: files trustlogon\ngroup: files trustlogon\ninitgroups: files trustlogon\n"
            "shadow: files\nhosts: files dns\n")
ALICE, BOB, CAROL = "CONTOSO\\alice", "CONTOSO\\bob", "FABRIKAM\\carol"
USERS, KILLS = 300, 200

MAKE_USERS = f"""
db.transaction_start()
for i in range({USERS}):
    db.add({{"dn": f"CN=n{{i}},{{users}}", "objectClass": "user", "sAMAccountName": f"n{{i}}",
            "userAccountControl": "512"}})
db.transaction_commit()
"""

# In WS1: readers are killed at random until there were so many, while eight processes look users
# up; "wrong": those that one question did not find afterwards.
KILLER = r"""
import json, multiprocessing, os, pwd, random, signal, subprocess, sys, time
users, kills = json.load(sys.stdin)

def look_up(names, done):
    while not done.is_set():
        for name in names:
            try:
                pwd.getpwnam(name)
            except KeyError:
                pass
        os.system("rm -f /var/lib/trustlogon/identity.store") if names[0].startswith("n0") else 0

done = multiprocessing.Event()
asking = [multiprocessing.Process(target=look_up, args=(users[n::8], done)) for n in range(8)]
for process in asking:
    process.start()
killed, deadline = 0, time.monotonic() + 240
while killed < kills and time.monotonic() < deadline:
    pids = subprocess.run(["pgrep", "-u", "trustlogon", "-x", "trustlogond-dir"], capture_output=True,
                          text=True).stdout.split()
    if pids:
        try:
            os.kill(int(random.choice(pids)), signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            pass
    time.sleep(random.random() / 20)
done.set()
for process in asking:
    process.join()

def is_known(name):
    try:
        return pwd.getpwnam(name) is not None
    except KeyError:
        return False

print(json.dumps({"killed": killed, "wrong": [name for name in users if not is_known(name)]}))
"""


def passwd(name, tries=1):
    """The fields of its line, or None; after that many questions, each of a second at most."""
    for _ in range(tries):
        line = ws(["getent", "passwd", name]).stdout.rstrip("\n")
        if line:
            return line.split(":")
    return None


def readers():
    return sorted(map(int, ws(["pgrep", "-u", "trustlogon", "-x", "trustlogond-dir"]).stdout.split()))


def forget(*names):
    for name in names:
        ws(["trustlogon", "store", "drop", name])


def kept():
    check("alice and carol are found", passwd(ALICE, 5) and passwd(CAROL, 5))
    pids = readers()
    equal("each domain that was asked has a process", len(pids), 2)
    return pids


def once_open(lab, pids):
    with Capture(lab) as wire:
        check("a further user is found", passwd(BOB))
    equal("over the connections that are there", [str(p) for p in wire.packets if p.syn], [])
    equal("with the tickets that are there", wire.exchanges(), [])
    equal("by the same processes", readers(), pids)


def confined(pids):
    """As every worker (test_agent_sandbox tries what it may not do)."""
    for pid in pids:
        status = dict(re.findall(r"(\w+):\s+(.*)", ws(["cat", f"/proc/{pid}/status"]).stdout))
        user = ws(["id", "-u", "trustlogon"]).stdout.strip()
        equal(f"{pid}: another user, no rights, a list of system calls",
              [status[key] for key in ("Uid", "CapEff", "CapPrm", "NoNewPrivs", "Seccomp")],
              ["\t".join([user] * 4), "0" * 16, "0" * 16, "1", "2"])
        files = ws(f"readlink /proc/{pid}/fd/*").stdout.split()
        equal(f"{pid}: it has sockets open, and no file",
              [f for f in files if not f.startswith("socket:") and f != "/dev/null"], [])


def secrets():
    """The end of the TGT in its file: the ticket's own bytes, before an empty second ticket."""
    tgt = ws("xxd -p -c 0 /run/trustlogon/machine.tickets").stdout.strip()
    found = scan(2, tgt=bytes.fromhex(tgt)[-68:-4])
    equal("they have no key of the machine's", holders(of_workers(found), "key"), [])
    equal("nor its TGT", holders(of_workers(found), "tgt"), [])


def changed(pids):
    put("ws1", CONF, "[agent]\n lookup_idle = 2\n")
    forget(BOB)
    check("with other settings a user is found", passwd(BOB, 5))
    check("by another process", not set(readers()) & set(pids), (readers(), pids))
    check("lookup_idle = 2: it has ended", until(lambda: not readers(), 20), readers())
    forget(BOB)
    check("and the next question starts one", passwd(BOB, 5))
    ws(["rm", CONF])


def server_of(domain):
    """What serves a connection to a DC's 389/tcp: each has a process of its own."""
    listed = on(f"dc1.{domain}", "ss -Htnp state established 'sport = :389'").stdout
    return sorted(set(re.findall(r"pid=(\d+)", listed)))


def server_ends():
    forget(BOB)
    passwd(BOB, 5)
    pids, served = readers(), server_of("contoso")
    check("one server process has the connection", len(served) == 1, served)
    on("dc1.contoso", ["kill", *served])
    until(lambda: not set(served) & set(server_of("contoso")))
    forget(BOB)
    check("a connection that the server has ended is opened again", passwd(BOB))
    equal("by the same processes", readers(), pids)


def server_hangs():
    put("ws1", CONF, "[agent]\n lookup_timeout = 4000\n")
    forget(BOB)
    passwd(BOB, 5)
    served = server_of("contoso")
    on("dc1.contoso", ["kill", "-STOP", *served])
    forget(BOB, CAROL)
    check("a server that hangs: nobody is found in the second", passwd(BOB) is None)
    check("users of other domains are, at once", passwd(CAROL))
    check("and he is once another connection is made", until(lambda: passwd(BOB), 20))
    on("dc1.contoso", ["kill", "-KILL", *served])
    ws(["rm", CONF])


def filtered():
    break_("tcp389")
    forget(BOB, CAROL)
    check("389/tcp filtered at CONTOSO: nobody is found there", passwd(BOB) is None)
    check("its own domain answers", passwd(CAROL))
    fix()
    check("and he is found once it is open", until(lambda: passwd(BOB), 60))


def killed():
    made = on("dc1.contoso", domains.script(MAKE_USERS), timeout=120)
    check("users could be made", made.returncode == 0, made.stderr)
    done = ws(["/usr/bin/python3", "-I", "-c", KILLER], timeout=400, stdin=json.dumps(
        [[f"n{i}@contoso.test" for i in range(USERS)], KILLS]))
    found = json.loads(done.stdout or "{}")
    equal(f"processes killed at random {KILLS} times", found.get("killed"), KILLS)
    equal("and nobody was told to be unknown", found.get("wrong"), [])


def main():
    lab = up(**LAB)
    nsswitch = get("ws1", "/etc/nsswitch.conf")
    command("refresh")
    put("ws1", "/etc/nsswitch.conf", NSSWITCH)
    with agent():
        pids = kept()
        once_open(lab, pids)
        confined(pids)
        secrets()
        changed(pids)
        server_ends()
        server_hangs()
        filtered()
        killed()
    check("they end with the agent", until(lambda: not readers(), 20), readers())
    put("ws1", "/etc/nsswitch.conf", nsswitch)
    finish()


if __name__ == "__main__":
    main()
