#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Names and SIDs through the workstation's own DC: agent/lsa over real trusts, run directly
and behind the agent's socket."""
import contextlib
import json
import os
import signal
import sys
import time

import domains
import harness
import lab.samba
import lsa
from capture import Capture
from daemon import LOG, agent
from harness import check, equal, on, until, ws
from lab import net
from meddling import Talker
from lsa import INVALID, NONE_MAPPED, PROGRAM, TIMEOUT, helper

# The own DC's server processes are killed here, and its LSA server may stay away.
LAB = {"trust": "external", "direction": "one-way", "kept": False}

CANNOT_ASK = "0xC0020035"
MARGIN = 8  # seconds past a bound that a busy machine may take

# account of CONTOSO -> type
ACCOUNTS = {"alice": "user", "jürgen.groß": "user", "pat o'neil": "user", "Sales": "group",
            "Project Éclair": "group", "Domain Users": "group"}


def directory_sids():
    """sAMAccountName -> SID as CONTOSO's own directory has them."""
    listed = domains.run_script("dc1.contoso", """
for e in db.search(db.domain_dn(), ldb.SCOPE_SUBTREE, "(&(sAMAccountName=*)(objectSid=*))",
                   ["sAMAccountName", "objectSid"]):
    print(e["sAMAccountName"][0].decode(), ndr_unpack(security.dom_sid, e["objectSid"][0]),
          sep="\\t")
""")
    return dict(line.split("\t") for line in listed.splitlines())


def translations(kind, sids):
    with helper() as running:
        first, cold = running.timed("name CONTOSO\\alice")
        times = []
        for name, type_ in ACCOUNTS.items():
            wanted = {"name": name, "domain": "CONTOSO", "sid": sids[name], "type": type_}
            answer, took = running.timed(f"name CONTOSO\\{name}")
            times.append(took)
            equal(f"{kind}: {name} has the SID that its own directory says", answer, wanted)
            equal(f"{kind}: the SID of {name} is that name", running.ask(f"sid {sids[name]}"),
                  wanted)
        print(f"time {kind}: first answer {cold * 1000:.0f} ms, "
              f"then {min(times) * 1000:.0f} to {max(times) * 1000:.0f} ms")
        equal(f"{kind}: the directory's spelling comes back, whatever was asked",
              running.ask("name contoso.test\\ALICE"), first)
        domain = sids["alice"].rpartition("-")[0]
        for what, line in {"an unknown name": "name CONTOSO\\nobody.here",
                           "an unknown name by DNS domain": "name contoso.test\\nobody.here",
                           "an unknown domain": "name NOWHERE\\alice",
                           "an unknown UPN": "name nobody.here@contoso.test",
                           "an unknown SID": f"sid {domain}-777777",
                           "a SID of no domain": "sid S-1-5-21-1-2-3-1103"}.items():
            equal(f"{kind}: {what} is told so", running.ask(line).get("error"), NONE_MAPPED)
        equal(f"{kind}: and the next is answered", running.ask("name CONTOSO\\alice"), first)
        equal(f"{kind}: the own domain too",
              running.ask("name FABRIKAM\\carol").get("type"), "user")


def hostile_lines():
    lines = {"no verb": b"CONTOSO\\alice\n", "empty": b"\n", "isolated name": b"name alice\n",
             "NUL": b"name CONTOSO\\al\0ice\n", "tab": b"name CONTOSO\\al\tice\n",
             "carriage return": b"name CONTOSO\\alice\r\n", "no UTF-8": b"name CONTOSO\\\xff\n",
             "wildcard": b"name CONTOSO\\*\n", "not a SID": b"sid S-1-5-\n",
             "too long": b"name CONTOSO\\" + b"a" * 100_000 + b"\n"}
    with helper() as running:
        for what, line in lines.items():
            equal(f"refused: {what}", running.ask(line).get("error"), INVALID)
        half = lsa.Connection(running.path)
        half.socket.sendall(b"name CONTOSO\\alice")  # no newline: not a whole request
        half.socket.shutdown(1)
        equal("half a line at the end is no request", half.answer(), {"closed": True})
        good = lsa.PEER
        for what, peer in {"no address": good.replace("10.99.0.21", "dc1.fabrikam.test"),
                           "options in DC": good.replace("dc1.fabrikam.test", "a,seal"),
                           "a user account": good.replace("WS1$", "alice"),
                           "a request in its place": "name CONTOSO\\alice",
                           "nothing": ""}.items():
            equal(f"peer refused: {what}", running.ask("name CONTOSO\\alice", peer=peer)
                  .get("error"), INVALID)
        equal("no keytab: refused", running.ask("name CONTOSO\\alice", keys=False)
              .get("error"), INVALID)
        # By the socket's mode here every user may connect, but not ask.
        done = ws(["setpriv", "--reuid", "12345", "--clear-groups", "/usr/bin/python3", "-c",
                   NOT_ROOT, lsa.OWN_SOCKET])
        equal("another uid is not answered", done.stdout + done.stderr, "b''\n")
        silent = lsa.Connection(running.path)
        answer, took = running.timed("name CONTOSO\\alice")
        check("one who connects and says nothing does not hold up the others",
              answer.get("name") == "alice" and took < 1 + MARGIN, (answer, took))
        silent.close()
    for arguments in (["--timeout", "0"], ["--idle", "x"], ["dc1.fabrikam.test"], []):
        equal(f"arguments or input refused: {arguments}", ws([PROGRAM, *arguments]).returncode, 2)


NOT_ROOT = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    s.sendall(b"peer aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$\\nsid S-1-5-18\\n")
    print(s.recv(100))
except ConnectionError:
    print(b"")
"""


def privileges():
    """What is left of root once it serves."""
    with helper() as running:
        equal("before: answered", running.ask("name CONTOSO\\alice").get("name"), "alice")
        found = lsa.status(running.pid())
        equal("not root any more", (found["Uid"], found["Gid"], found["Groups"].strip()),
              ("\t".join(["65534"] * 4), "\t".join(["65534"] * 4), ""))
        for field in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            equal(f"no capability: {field}", int(found[field], 16), 0)
        equal("no privileges to be gained", found["NoNewPrivs"], "1")
        equal("a system-call filter", found["Seccomp"], "2")
        limits = {line[:25].strip(): line[26:].split()[:2] for line in
                  open(f"/proc/{running.pid()}/limits", encoding="ascii")}
        equal("no core file", limits["Max core file size"], ["0", "0"])
        equal("no child", limits["Max processes"], ["0", "0"])
        # Owned by root if it is not dumpable: no process of the same uid may read it.
        equal("not dumpable", os.stat(f"/proc/{running.pid()}/mem").st_uid, 0)
        keys = ws("cat /proc/keys").stdout
        check("no keyring of root's", "trustlogon_lsa" not in keys, keys)
    with helper("--idle", "1") as running:
        equal("idle for a second: it ends", running.process.wait(timeout=60), 0)


def two_hundred(sids):
    names = list(ACCOUNTS)
    with helper() as running:
        for i in range(20):
            running.ask(f"name CONTOSO\\{names[i % len(names)]}")
        before, started, wrong = running.resident(), time.monotonic(), 0
        for i in range(200):
            name = names[i % len(names)]
            kind = i % 4
            line = (f"name CONTOSO\\{name}", f"sid {sids[name]}", f"name CONTOSO\\none{i}",
                    "name CONTOSO\\\x01")[kind]
            answer = running.ask(line)
            wanted = {2: NONE_MAPPED, 3: INVALID}.get(kind)
            wrong += (answer.get("error") if wanted else answer.get("sid")) != (
                wanted or sids[name])
        took, grown = time.monotonic() - started, running.resident() - before
        equal("200 requests, all answered right", wrong, 0)
        check("200 requests: memory does not grow", grown < 256, f"{grown} KiB more")
        print(f"time 200 requests {took:.2f} s; resident {before} KiB, {grown} KiB more after")


def on_the_wire():
    """Questions and answers are not readable on the wire, and DNS is not asked."""
    with Capture(harness._lab) as wire, helper() as running:
        equal("captured: answered", running.ask("name CONTOSO\\alice").get("name"), "alice")
    check("captured: the pipe was opened", "lsarpc".encode("utf-16-le") in wire.bytes)
    check("captured: the names are not readable",
          not any(name.encode("utf-16-le") in wire.bytes for name in ("alice", "CONTOSO")))
    equal("captured: DNS was not asked", wire.port(53), [])
    # The second AS-REQ carries the pre-authentication; Samba adds nothing to it.
    equal("captured: a TGT and two tickets", wire.exchanges(),
          ["AS-REQ", "AS-REQ", "TGS-REQ", "TGS-REQ"])


def broken_ways():
    with harness.broken("dc-down"), helper() as running:
        answer, took = running.timed("name CONTOSO\\alice")
        check("user's DC stopped: an error, not \"unknown\"",
              answer.get("error") in (CANNOT_ASK, TIMEOUT) and took < 5 + MARGIN,
              (answer, took))
    with harness.broken("keytab-missing"), helper() as running:
        answer, took = running.timed("name CONTOSO\\alice")
        check("no keytab: told at once", answer.get("error") == INVALID and took < 5, answer)
    with harness.broken("keytab-wrong"), helper() as running:
        equal("wrong keys: refused", running.ask("name CONTOSO\\alice").get("error"),
              "0xC000006D")


def kill_session():
    """The smbd that serves WS1: in a DC, as each DC has its own process numbers."""
    return on("dc1.fabrikam",
              "kill -KILL $(smbstatus -p | awk '/10\\.99\\.0\\.31/ { print $1 }')")


def killed_dc():
    with helper("--timeout", "2") as running:
        equal("before: answered", running.ask("name CONTOSO\\alice").get("name"), "alice")
        # Unplugged: the connection stays open, and nothing arrives.
        on("dc1.fabrikam", ["ip", "link", "set", "eth0", "down"])
        try:
            answer, took = running.timed("name CONTOSO\\bob")
            check("own DC unplugged: an error within the bound",
                  "error" in answer and took < 2 + MARGIN, (answer, took))
            print(f"time own DC unplugged, bound 2 s: {took:.2f} s, {answer.get('error')}")
            if answer.get("error") == TIMEOUT:
                equal("and the program ended with 3", running.process.wait(timeout=60), 3)
            with helper("--timeout", "2") as late:
                answer, took = late.timed("name CONTOSO\\bob")
                check("own DC unplugged from the start: the same",
                      "error" in answer and took < 2 + MARGIN, (answer, took))
        finally:
            on("dc1.fabrikam", ["ip", "link", "set", "eth0", "up"])
    with helper() as running:
        equal("plugged in again: answered", running.ask("name CONTOSO\\alice").get("name"),
              "alice")
        # The DC's end of this one connection (a DC has process numbers of its own).
        equal("the DC's server process is killed", kill_session().returncode, 0)
        equal("connection lost in between: answered all the same",
              running.ask("name CONTOSO\\bob").get("name"), "bob")
        lab.samba.stop(harness._lab, "dc1.fabrikam")
        answer, took = running.timed("name CONTOSO\\alice")
        check("own DC stopped: an error within the bound", "error" in answer and took < 5 + MARGIN,
              (answer, took))
        print(f"time own DC stopped: {took:.2f} s, {answer.get('error')}")


# --- behind the agent ---------------------------------------------------------


def programs():
    """Process numbers of trustlogon-lsa on WS1, as WS1 counts them."""
    return [int(pid) for pid in ws("pgrep -x trustlogon-lsa").stdout.split()]


def many_askers(path, sids):
    names = list(ACCOUNTS) * 3 + ["alice", "Sales"]
    started = time.monotonic()
    answers = lsa.ask_all(path, [f"name CONTOSO\\{name}" for name in names])
    took = time.monotonic() - started
    equal("20 askers at once: all answered right", [a.get("sid") for a in answers],
          [sids[name] for name in names])
    equal("20 askers at once: one program", len(programs()), 1)
    print(f"time 20 askers at once, nothing running before: {took * 1000:.0f} ms")


def two_peers(path):
    started = time.monotonic()
    for i in range(6):
        peer = lsa.PEER if i % 2 else lsa.PEER.replace("aes", "rc4")
        equal(f"two peers by turns: {i}", lsa.ask(path, "name CONTOSO\\bob", peer=peer)
              .get("name"), "bob")
    print(f"time 6 questions by turns to two peers: {(time.monotonic() - started) * 1000:.0f} ms")


def killed_program(path):
    """Killed with one question in its hands and one waiting."""
    before = programs()
    # It takes one at a time: one of two is left in the backlog.
    at_work = f"ss -Hxl | awk '$5 == \"{lsa.SOCKET}\" && $3 == 1' | grep -q ."
    net.filter_ports(harness._lab, "dc1.fabrikam", "silent", "output", ["ip daddr 10.99.0.31 drop"])
    try:
        asked = {}
        for name in ("alice", "bob"):
            asked[name] = lsa.Connection(path)
            asked[name].send(f"name CONTOSO\\{name}")
        # At once, since by itself it would give up soon.
        ws(f"until {at_work}; do sleep 0.01; done; kill -KILL {before[0]}")
        equal("killed: the asker is told at once", asked["alice"].answer(), {"closed": True})
    finally:
        net.unfilter(harness._lab, "dc1.fabrikam", "silent")
    equal("killed: who waited is answered by the next", asked["bob"].answer().get("name"), "bob")
    for one in asked.values():
        one.close()
    check("killed: another program", until(lambda: len(programs()) == 1 and programs() != before),
          programs())
    check("killed: the journal says so", until(lambda: "killed by signal 9" in ws(["cat", LOG]).stdout))


def not_installed(path):
    ws(["mv", PROGRAM, f"{PROGRAM}.away"])
    try:
        ws(["kill", *map(str, programs())])
        for _ in range(3):
            answer = ask_when_ended(path)
            equal("not installed: told at once", answer, {"unavailable": "not-installed"})
        lines = [line for line in ws(["cat", LOG]).stdout.splitlines() if "not installed" in line]
        check("not installed: one line in the journal, with the option",
              len(lines) == 1 and "-Dlsa=enabled" in lines[0], lines)
        ws(f"printf '#!/bin/sh\\nexit 1\\n' >{PROGRAM}; chmod 755 {PROGRAM}")
        started = time.monotonic()
        answer = lsa.ask(path, "name CONTOSO\\alice")
        equal("ends at once: told", answer, {"unavailable": "not-started"})
        check("ends at once: soon", time.monotonic() - started < 10, started)
        answer = lsa.ask(path, "name CONTOSO\\alice")
        equal("ends at once: not tried again meanwhile", answer, {"unavailable": "not-started"})
        check("ends at once: in the journal", "ends at once" in ws(["cat", LOG]).stdout)
    finally:
        ws(["mv", f"{PROGRAM}.away", PROGRAM])
    def answer():
        told = lsa.ask(path, "name CONTOSO\\alice")
        return None if told == {"unavailable": "not-started"} else told
    equal("installed again: answered, without a restart of the agent", (until(answer) or {}).get("name"),
          "alice")


def ask_when_ended(path):
    """The program that is ending may still take one question with it."""
    until(lambda: not programs())
    return lsa.ask(path, "name CONTOSO\\alice")


def behind_the_agent(sids):
    path = harness._lab.file("ws1", lsa.SOCKET)
    with agent() as pid:
        equal("the socket is root's alone", ws(["stat", "-c", "%a %u", lsa.SOCKET]).stdout.strip(),
              "600 0")
        equal("nothing runs before somebody asks", programs(), [])
        many_askers(path, sids)
        two_peers(path)
        killed_program(path)
        not_installed(path)
        # On its own standard error it may speak only until it is set up.
        found = ws(f"ls -l /proc/{programs()[0]}/fd").stdout
        check("no descriptor of the agent's", "agent" not in found and "trustlogond" not in found,
              found)
    equal("the agent ends: so does the program, with its socket",
          (ended(), ws(["test", "-e", lsa.SOCKET]).returncode), ([], 1))
    with contextlib.suppress(RuntimeError):
        with agent() as pid:
            equal("again: answered", lsa.ask(path, "name CONTOSO\\bob").get("name"), "bob")
            ws(["kill", f"-{signal.SIGKILL.value}", str(pid)])
            equal("the agent is killed: so is the program", ended(), [])


def dns(verb, record, kind, data):
    zone = "_msdcs.fabrikam.test" if kind == "SRV" else "fabrikam.test"
    done = on("dc1.fabrikam", ["samba-tool", "dns", verb, "dc1.fabrikam.test", zone, record, kind,
                               data, f"-Uadministrator%{harness.PASSWORD}"])
    assert done.returncode == 0, f"{verb} {record}: {done.stdout}{done.stderr}"


def take_the_silent():
    """Reading the trusts again has put it last: that is forgotten. On a busy machine the
    other DC may be pinged, too, and be the first to answer: then once more."""
    def shown():
        ws("rm -f /var/cache/trustlogon/dc-fabrikam*")
        return harness.command("locate", "--force", "fabrikam.test").stdout
    until(lambda: "DC: \\\\silent" in shown())
    return harness.command("locate", "fabrikam.test").stdout


def another_dc():
    """The DC that is asked first answers pings and nothing else: the next one is asked."""
    records = ("_kerberos._tcp.dc", "_kerberos._tcp.Default-First-Site-Name._sites.dc")
    harness.command("refresh")
    mallory = Talker("mallory", "/usr/bin/python3", "-I", "/run/lab/impostor.py", "ping",
                     "fabrikam.test=silent.fabrikam.test")
    mallory.process.stdout.readline()
    dns("add", "silent", "A", "10.99.0.66")
    for record in records:
        dns("add", record, "SRV", "silent.fabrikam.test 88 0 100")
        dns("delete", record, "SRV", "dc1.fabrikam.test 88 0 100")
        dns("add", record, "SRV", "dc1.fabrikam.test 88 50 100")
    try:
        with agent():
            shown = take_the_silent()
            check("a silent DC is taken for the first", "DC: \\\\silent" in shown, shown)
            for who in ("bob", "alice"):
                shown = ws(["getent", "passwd", f"CONTOSO\\{who}"]).stdout
                check(f"a silent DC: the next one is asked for {who}",
                      shown.startswith(f"{who}@contoso.test:"), ws(["cat", LOG]).stdout)
            known = json.loads(harness.get("ws1", "/var/cache/trustlogon/dc-fabrikam.test.json"))
            check("a silent DC: it was asked, and that is remembered",
                  any(dc["host"].startswith("silent") and dc.get("failed")
                      for dc in known["dcs"]), known)
    finally:
        mallory.end()
        for record in records:
            dns("delete", record, "SRV", "silent.fabrikam.test 88 0 100")
        harness.command("locate", "--force", "fabrikam.test")


def ended():
    until(lambda: not programs())
    return programs()


def main():
    harness.up(**LAB)
    if ws(["test", "-x", PROGRAM]).returncode != 0:
        print("skip built without Samba's client libraries (-Dlsa)")
        harness.down()
        sys.exit(0)
    sids = directory_sids()
    translations("external, one-way", sids)
    hostile_lines()
    privileges()
    behind_the_agent(sids)
    another_dc()
    two_hundred(sids)
    on_the_wire()
    broken_ways()
    for kind, direction in (("external", "both"), ("forest", "one-way"), ("forest", "both")):
        harness.trust(kind, direction)
        translations(f"{kind}, {direction}", sids)
    killed_dc()
    harness.finish()


if __name__ == "__main__":
    main()
