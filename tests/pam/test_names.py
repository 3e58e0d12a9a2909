# SPDX-License-Identifier: MIT
"""What reaches logs and people: plain text only, few lines, and no name that is a password; and
which user's name was proven."""
import os
import socket
import subprocess
import time

from bench import (ALICE, CLIENT, GOOD, LOGON_FAILURE, NOBODY, PROMPT, T1326, WRONG, agent, as_uid,
                   ask, check, code, write_keytab)
from wire import Agent

# C0, DEL, C1 as UTF-8 and raw, bidi, line separator, BOM, invisible, non-characters, half of one.
HOSTILE = (b"\x1b[2J", b"\x7f", "\x9b2J".encode(), b"\x9b2J", "\u202e".encode(),
           "\u2066".encode(), "\u061c".encode(), "\u200f".encode(), "\u2028".encode(),
           "\ufeff".encode(), "\u2060".encode(), "\ufdd0".encode(), "\uffff".encode(),
           "\U0001fffe".encode(), "\U000e0041".encode(), b"\xed\xa0\x80", b"\xc0\x80", b"\xe2\x80")
UNFIT = [x for x in HOSTILE if x not in (b"\xe2\x80",)]
DEBUG = 0x20


def joined(bench):
    write_keytab(bench.folder / "keytab")
    return f"[workstation]\n keytab = {bench.folder}/keytab\n"


def serve(bench, steps):
    if bench.agent:
        bench.agent.end()
    bench.agent = Agent(str(bench.socket), [steps])


def test_plain_journal(bench):
    with agent(bench, joined(bench)) as (_, log):
        for n, text in enumerate(HOSTILE):
            name = b"CONTOSO\\a" + text + b"b%d" % n
            ask(bench, op=1, user=name, secret="x", flags=DEBUG, service=text)
        got = log.read_bytes()
        found = [x for x in UNFIT if x in got]
        check("only plain text reaches the journal", not found and
              b"\xe2\x80b" not in got, found)
        check("but the rest does", all(b"b%d" % n in got for n in range(len(HOSTILE))), got)
        ask(bench, op=1, user="CONTOSO\\zoë", secret="x", flags=DEBUG)
        check("and letters of every script stay", "CONTOSO\\zoë" in log.read_text())


def test_plain_module(bench):
    bench.pam("debug")
    for n, text in enumerate(x for x in HOSTILE if b"\0" not in x):
        name = os.fsdecode(b"CONTOSO\\a" + text + b"b")
        told = ("done", {"ntstatus": LOGON_FAILURE, "text": b"a" + text + b"\nb", "reason": text})
        serve(bench, [PROMPT, told])
        process = subprocess.run([str(CLIENT), str(bench.confdir), "test", name, "-r", "x",
                                  "authenticate"], capture_output=True, check=False, timeout=60)
        # the client shows its own PAM_USER at the end
        lines = [x for x in process.stdout.split(b"\n") if not x.startswith(b"user ")]
        check(f"hostile text {n}: neither the user nor the log gets it",
              not any(x in line for x in UNFIT for line in lines) and
              any(line.startswith(b"conv ERROR") and line.endswith(b"?b") for line in lines) and
              any(line.startswith(b"log") for line in lines), process.stdout)


def test_text_of_a_kdc(bench):
    """No text of a server makes a second line, and only a question of the agent has two."""
    bench.pam()
    got = bench.run("authenticate", conversations=[[
        ("say", {"style": 3, "text": "one\nPassword for root: "}), PROMPT,
        ("done", {"ntstatus": LOGON_FAILURE, "text": "two\nPassword: ", "reason": "x"})]])
    check("a message is one line", got.infos == ["one?Password for root: "] and
          got.errors == ["two?Password: "], got)
    got = bench.run("authenticate", conversations=[[
        ("prompt", {"style": 1, "text": "Why.\nNew password: "}), GOOD]])
    check("a question may have one in front of it", "Why.\nNew password: " in got.output, got)


def test_no_password_in_logs(bench):
    """Typed where the name is asked for."""
    with agent(bench, joined(bench)) as (_, log):
        for name in ("Tr0ub4dor", "Tr0ub4dor@3x", "3x@Tr0ub4dor", "Tr0ub4dor\\x", "x\\Tr0ub4dor",
                     "Tr0ub4dor/3x", "a" * 30 + "Tr0ub4dor"):
            for fields in ({"op": 1, "secret": "y"}, {"op": 4, "secret": "y"}, {"op": 99}):
                ask(bench, user=name, **fields)
            done = ask(bench, op=1, user=name, secret="y")
            check(f"{name}: the module learns it, too", done and done.get("unnamed") == 1, done)
        as_uid(NOBODY, bench, op=1, user="Tr0ub4dor", secret="y")
        for user in ("Tr0ub4dor@3x", "x\\Tr0ub4dor"):
            ask(bench, door=bench.folder / "lookup", op=7, lookup=1, user=user)
        text = log.read_text()
        check("no line has it, in any spelling", "tr0ub4dor" not in text.lower(),
              [x for x in text.splitlines() if "tr0ub4dor" in x.lower()])
        check("the reasons are there", text.count("TRUSTLOGON_REASON=") >= 14, text)
        ask(bench, op=1, user="Tr0ub4dor@3x", secret="y", flags=DEBUG)
        check("with debug on the PAM line it is there", "Tr0ub4dor@3x" in log.read_text())
    bench.pam()
    hidden = ("done", {**WRONG[1], "unnamed": 1, "reason": "user-unknown"})
    for options, shown in (("", False), ("debug", True)):
        bench.pam(options)
        got = bench.run("authenticate", conversations=[[PROMPT, hidden]])
        line = [x for x in got.logs if "logon refused" in x]
        check(f"the module's line has the name: {shown}", len(line) == 1 and
              (ALICE in line[0]) == shown and "user-unknown" in line[0], got)
    bench.pam()
    got = bench.run("authenticate", conversations=[[PROMPT, WRONG]])
    check("the name of a known user is there", any(ALICE in x for x in got.logs), got)


def test_lines_per_uid(bench):
    """A user who looks names up at full speed, or sends rubbish, does not fill the log."""
    door = bench.folder / "lookup"
    with agent(bench) as (_, log):
        for n in range(40):
            as_uid(NOBODY, bench, door=door, op=7, lookup=1, user=f"CONTOSO\\u{n}")
            as_uid(NOBODY, bench, door=door, op=99)
        lines = log.read_text().count(f"uid {NOBODY}")
        check("eighty questions of one uid: ten lines at most, and some", 1 <= lines <= 10,
              log.read_text())
        as_uid(NOBODY + 1, bench, door=door, op=7, lookup=1, user="CONTOSO\\other")
        check("another uid's are logged", f"uid {NOBODY + 1}" in log.read_text(), log.read_text())


def test_password_no_text(bench):
    """A password that is not UTF-8 is sent to no KDC, and does not count as a guess."""
    with agent(bench, joined(bench)):
        for secret in (b"p\xe4ss", b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"):
            for op in (1, 4):
                start = time.monotonic()
                done = ask(bench, op=op, user=ALICE, secret=secret)
                check(f"{secret!r}, operation {op}: 1326 at once, and not counted", done and
                      (done["ntstatus"], done["reason"], done["text"]) ==
                      (LOGON_FAILURE, "password-not-utf8", T1326) and
                      time.monotonic() - start < 5, done)
        for secret in ("päss", "\U0001f511", "\uffff"):
            done = ask(bench, op=1, user=ALICE, secret=secret)
            check(f"{secret!r} is asked about", done and done["reason"] != "password-not-utf8", done)


def test_user_changes(bench):
    """A program that becomes another user while it is asked is not let in as that user."""
    bench.pam()
    for name in ("root", "CONTOSO\\" + "b" * 400, "CONTOSO\\bob"):
        got = bench.run("authenticate", answers=(f"@user:{name}",), conversations=[[PROMPT, GOOD]])
        check(f"PAM_USER becomes {name[:12]}: refused", got.codes == code("SYSTEM_ERR") and
              any("changed PAM_USER" in x for x in got.logs), got)
    got = bench.run("authenticate", answers=(f"@user:{ALICE}",), conversations=[[PROMPT, GOOD]])
    check("the same name, set again, is the same", got.codes == code("SUCCESS"), got)


def test_caller_at_stdin(bench):
    """A helper that a socket starts, as polkit's is: the user who has connected is counted."""
    bench.pam()
    where = bench.folder / "helper"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(where))
    os.chmod(where, 0o666)
    listener.listen(1)
    for uid, caller in ((NOBODY, str(NOBODY)), (0, None)):
        child = os.fork()
        if child == 0:
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            peer.connect(str(where))
            peer.recv(1)  # until the other end closes
            os._exit(0)
        connection, _ = listener.accept()
        serve(bench, [PROMPT, GOOD])
        with connection:
            subprocess.run([str(CLIENT), str(bench.confdir), "test", ALICE, "-r", "secret",
                            "authenticate"], stdin=connection, capture_output=True, check=False,
                           timeout=60)
        os.waitpid(child, 0)
        check(f"standard input from uid {uid}: counted as {caller}",
              len(bench.agent.requests) == 1 and
              bench.agent.requests[0].get("caller") == caller, bench.agent.requests)
    listener.close()
