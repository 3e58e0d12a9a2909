#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The lab itself: breaks do what they say, fix restores, down leaves nothing.

Asked with MIT's kinit and kvno, so that a failure here is the lab's alone.
"""
import os
import pathlib
import signal
import subprocess
import time

import harness
from domains import samba
from harness import broken, check, equal, on, tool, ws
from stock_walk import ALICE, SUFFIX, walk


# break: what a walk gives by implicit UPN, and by the suffix over a forest trust
FOREST = {
    "trusttype": ("7", "7"),
    "trusttype-ws": ("35", "6"),
    "netbios-name": ("7", "7"),
    "direction": ("7", "7"),
    "within-forest": ("works", "works"),
    "within-forest-ws": ("works", "6"),
    "trust-sid": ("works", "works"),
    "secret-ws": ("31", "31"),
    "direction-ws": ("35", "35"),
    "selective": ("35", "35"),
    "suffix-disabled": ("works", "6"),
    "suffix-new": ("works", "6"),
    "suffix-conflict": ("works", "6"),
    "suffix-excluded": ("works", "6"),
    "suffix-none": ("works", "6"),
}
# break: what a walk by implicit UPN gives, whatever the trust
ANY = {
    "spn": "7",
    "spn-duplicate": "7",
    "spn-user": "14",
    "account-gone": "7",
    "account-disabled": "works",
    "keytab-missing": "no keytab",
    "keytab-unreadable": "no keytab",
    "keytab-wrong": "key",
    "keytab-stale": "key",
    "port88": "no answer",
    "port88-ws": "no answer",
    "port88udp": "works",
    "port88-reject": "no answer",
    "udp389": "works",
    "dns": "no KDC found",
    "dc-down": "no KDC found",
    "dc-gone": "no answer",
    "clock": "works",
    "clock-behind": "works",
    "clock-dc": "37",
}
USERS = {
    "bob": "works", "jürgen.groß": "works", "pat o'neil": "works",
    "disabled": "revoked", "locked": "revoked", "expired": "revoked", "hours": "revoked",
    "mustchange": "expired", "pwexpired": "expired",
    "nobody": "6",
}


def namespaces(pid):
    return {os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("net", "mnt", "pid", "uts", "ipc")}


def in_use():
    found = set()
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            found |= namespaces(entry)
        except OSError:
            pass
    return found


def left_behind(name, mine):
    """What is still there of a lab that should be gone."""
    found = sorted(mine & in_use())
    found += [f for f in [f"/run/trustlogon-lab/{name}"] if os.path.exists(f)]
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        found += [line for line in mounts if f"/run/trustlogon-lab/{name}/" in line]
    return found


def wait_gone(name, mine):
    deadline = time.monotonic() + 30
    while left_behind(name, mine) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left_behind(name, mine)


def test_killed_up(name):
    """A raise that is killed half way takes the half-made lab with it."""
    here = str(pathlib.Path(__file__).resolve().parent)
    raising = subprocess.Popen(["/usr/bin/python3", "-m", "lab", "up", "--quiet"], cwd=here,
                               env={**os.environ, "TL_LAB": name}, stderr=subprocess.DEVNULL)
    record = pathlib.Path(f"/run/trustlogon-lab/{name}/hosts/ws1")
    harness.until(lambda: record.exists() and record.read_text(encoding="ascii").strip(), pause=0.01)
    time.sleep(0.5)  # into the provisioning
    mine = namespaces(record.read_text(encoding="ascii").strip()) - namespaces("self")
    raising.send_signal(signal.SIGKILL)
    raising.wait()
    deadline = time.monotonic() + 30
    while mine & in_use() and time.monotonic() < deadline:
        time.sleep(0.05)
    check("up killed half way leaves no process and no namespace", not mine & in_use())
    tool("down")
    equal("down removes its record", left_behind(name, mine), [])


def test_tool():
    done = tool("up", check=False)
    check("up on a running lab is refused", done.returncode == 1 and "is up already" in done.stderr,
          done.stderr)
    done = tool("shell", "nowhere", "true", check=False)
    check("an unknown host is named", done.returncode == 1 and "'nowhere'" in done.stderr,
          done.stderr)
    done = tool("break", "nothing", check=False)
    check("an unknown break is named", done.returncode == 1 and "'nothing'" in done.stderr)
    done = subprocess.run(["/usr/bin/python3", "-m", "lab", "shell", "ws1", "sh", "-c",
                           "cat; exit 7"], cwd=harness.HERE, input=b"in", capture_output=True,
                          check=False)
    equal("shell passes input, output and exit code", (done.stdout, done.returncode), (b"in", 7))
    equal("hosts have names of their own", ws("hostname").stdout.strip(), "ws1")
    listed = {line.split()[0] for line in tool("break", "list").stdout.splitlines()}
    check("break list names all of them", listed >= set(FOREST) | set(ANY), listed)
    # Ports are test_ports.py's, what stops all DCs of a domain is test_failover.py's, and what
    # makes the name servers ask each other in a circle is the last of test_evidence.py.
    equal("each of them is tried here", [name for name in listed - set(FOREST) - set(ANY) if not
          name.startswith(("port", "tcp", "udp")) and not name.endswith("-all") and
          name != "partner-ws"], [])


def test_journal():
    ws(["/usr/bin/python3", "-c", r"""
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b"MESSAGE=native\nMULTI\n" + (3).to_bytes(8, "little") + b"a\nb\nPRIORITY=3\n",
         "/run/systemd/journal/socket")"""])
    ws(["logger", "-t", "labtest", "through /dev/log"])
    found = harness.journal(MESSAGE="native")
    check("native journal records are collected",
          len(found) == 1 and found[0]["MULTI"] == "a\nb" and found[0]["PRIORITY"] == "3", found)
    check("syslog lines are collected", harness.until(  # by another socket
        lambda: harness.journal(MESSAGE="through /dev/log", SYSLOG_IDENTIFIER="labtest")))


def test_users():
    for user, wanted in USERS.items():
        got = walk(f"{user}@CONTOSO.TEST")
        check(f"{user}: {wanted}", got == wanted or wanted in got, got)
    equal("carol of FABRIKAM logs on to AS",
          ws("kinit -c /tmp/carol carol@FABRIKAM.TEST", stdin=harness.PASSWORD + "\n").returncode, 0)
    equal("a wrong password is refused", walk(ALICE, "wrong"), "24")


def test_forest():
    equal("forest trust: implicit UPN", walk(ALICE), "works")
    equal("forest trust: suffix", walk(SUFFIX), "works")
    for name, wanted in FOREST.items():
        with broken(name):
            equal(f"{name}: {wanted[0]}, by suffix {wanted[1]}", (walk(ALICE), walk(SUFFIX)), wanted)
        equal(f"{name} mended", (walk(ALICE), walk(SUFFIX)), ("works", "works"))


def test_external():
    tool("trust", "external")
    equal("external trust: implicit UPN", walk(ALICE), "works")
    equal("external trust: suffix", walk(SUFFIX), "6")
    done = tool("break", "suffix-disabled", check=False)
    check("a suffix break without a forest trust is refused", "forest" in done.stderr, done.stderr)
    for name, wanted in ANY.items():
        with broken(name):
            equal(f"{name}: {wanted}", walk(ALICE), wanted)
        equal(f"{name} mended", walk(ALICE), "works")
    tool("break", "trusttype")
    done = tool("break", "netbios-name", check=False)
    check("two breaks of one thing are refused", "trusttype is active" in done.stderr, done.stderr)
    check("status names what is broken", "broken: trusttype" in tool("status").stdout)
    tool("retrust")
    equal("retrust mends all", walk(ALICE), "works")


def test_one_way():
    tool("trust", "external", "--direction", "one-way")
    equal("one-way external trust", walk(ALICE), "works")
    equal("the machine has no ticket across a one-way trust",
          "Server not found" in ws("kinit -c /tmp/m -k 'WS1$' && "
                                   "kvno -c /tmp/m ldap/dc1.contoso.test@CONTOSO.TEST").stderr, True)


def contoso(*arguments):
    return samba("dc1.contoso", *arguments)


def test_settle():
    contoso("user", "create", "zoë", harness.PASSWORD)
    contoso("group", "addmembers", "Sales", "zoë")
    contoso("group", "removemembers", "Sales", "alice")
    contoso("user", "setpassword", "alice", "--newpassword=Another.Pass1")
    contoso("user", "rename", "hours", "--samaccountname=days", "--force-new-cn=Days")
    contoso("user", "delete", "bob")
    contoso("group", "removemembers", "All Staff", "jürgen.groß")
    tool("trust", "external")
    done = tool("settle", check=False)
    equal("settle has put everything back", (done.returncode, done.stdout), (0, ""))
    check("the trust is the first one again", "forest" in tool("status").stdout)
    equal("alice has her password", walk(ALICE), "works")
    equal("bob is there again", walk("bob@CONTOSO.TEST"), "works")
    users = contoso("user", "list").split()
    check("users are those of before", "zoë" not in users and "days" not in users and
          {"hours", "bob"} <= set(users), users)
    equal("and so are members", sorted(contoso("group", "listmembers", "Sales").split()),
          ["alice", "bob"])
    equal("names with other letters, too", sorted(contoso("group", "listmembers", "All Staff").split()),
          ["Sales", "jürgen.groß"])
    found = on("dc1.contoso", ["samba-tool", "dbcheck", "--cross-ncs"])
    check("Samba finds no fault in the directory", "(0 errors)" in found.stdout, found)
    for what, line, mended in (
            ("touch /etc/left", "dc1.contoso: /etc/left", "rm /etc/left"),
            ("nft add table inet left", "dc1.contoso: firewall", "nft delete table inet left"),
            ("sleep 1000 >/dev/null 2>&1 &", "dc1.contoso: programs", "pkill -x sleep")):
        on("dc1.contoso", what)
        done = tool("settle", check=False)
        equal(f"settle says what it does not put back: {what}",
              (done.returncode, done.stdout.split("\n")[0], done.stderr), (1, line, ""))
        on("dc1.contoso", mended)
    with broken("trusttype"):
        equal("settle leaves breaks to fix", tool("settle", check=False).stdout,
              "break trusttype is active\n")
    equal("then it is content", tool("settle", check=False).returncode, 0)


def test_renew(lab):
    ws("touch /etc/mine /tmp/mine; sleep 1000 >/dev/null 2>&1 &")
    tool("renew")
    lab.load()
    equal("renew leaves nothing of the workstation before",
          ws("ls /etc/mine /tmp/mine 2>/dev/null; pgrep -x sleep").stdout, "")
    equal("and joined it is", walk(ALICE), "works")
    test_journal()


def main():
    name = os.environ.setdefault("TL_LAB", f"test{os.getpid()}")
    test_killed_up(name)
    started = time.monotonic()
    lab = harness.up(trust="forest")
    print(f"time up {time.monotonic() - started:.0f} s")
    test_tool()
    test_journal()
    test_users()
    test_settle()
    test_renew(lab)
    mine = namespaces(lab.info["holder"]["pid"])
    for host in lab.info["hosts"]:
        mine |= namespaces(lab.pid(host))
    mine -= namespaces("self")
    test_forest()
    test_external()
    test_one_way()
    check("samba runs in its own namespaces only",
          on("dc1.contoso", "pgrep -x samba >/dev/null || ps ax | grep -q '[s]amba:'").returncode == 0)
    started = time.monotonic()
    tool("down")
    print(f"time down {time.monotonic() - started:.1f} s")
    equal("down leaves nothing behind", wait_gone(name, mine), [])
    harness.finish()


if __name__ == "__main__":
    main()
