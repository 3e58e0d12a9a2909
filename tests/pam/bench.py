# SPDX-License-Identifier: MIT
"""What the tests of module and agent share: checks, names, a PAM application, and an agent."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import time

from wire import Agent, decode, encode

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("TL_BUILD", HERE.parent.parent / "build")).resolve()
MODULE = BUILD / "pam_module" / "pam_trustlogon.so"
AGENT = BUILD / "agent" / "trustlogond"
CLIENT = BUILD / "tests" / "pam" / "pam_client"
SET_ITEMS = "/usr/lib/x86_64-linux-gnu/pam_wrapper/pam_set_items.so"
T1787 = ("The security database on the server does not have a computer account for this "
         "workstation trust relationship.")
T1326 = "The user name or password is incorrect."
TOKEN = "0123456789abcdef0123456789abcdef"
PROMPT = ("prompt", {"style": 1, "text": "Password: "})
GOOD = ("done", {"ntstatus": 0, "session": TOKEN, "canonical": "alice@contoso.test",
                 "reason": "ok"})
WRONG = ("done", {"ntstatus": 0xC000006D, "text": T1326, "reason": "wrong-password"})
NO_TRUST = ("done", {"ntstatus": 0xC000018B, "text": T1787, "reason": "trust-downlevel"})
ALICE = "CONTOSO\\alice"
VALGRIND = ("valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--show-leak-kinds=definite,indirect,possible",
            "--errors-for-leak-kinds=definite,indirect")
CODES = {"SUCCESS": 0, "SERVICE_ERR": 3, "SYSTEM_ERR": 4, "PERM_DENIED": 6, "AUTH_ERR": 7,
         "AUTHINFO_UNAVAIL": 9, "USER_UNKNOWN": 10, "NEW_AUTHTOK_REQD": 12, "ACCT_EXPIRED": 13,
         "SESSION_ERR": 14, "CRED_UNAVAIL": 15, "CRED_ERR": 17, "CONV_ERR": 19,
         "AUTHTOK_ERR": 20}
NOBODY = 65534
INTERNAL, NOT_TRUSTED, LOGON_FAILURE = 0xC00000E5, 0xC000018D, 0xC000006D
failures = []


def check(name, good, detail=""):
    print(f"{'ok' if good else 'not ok'} {name}", flush=True)
    if not good:
        failures.append(name)
        print(f"    {detail}", flush=True)


class Run:
    """What one run of the client said."""

    def __init__(self, output, seconds):
        self.output, self.seconds = output, seconds
        self.codes = [int(c) for c in re.findall(r"^op \S+ (\d+)", output, re.M)]
        self.prompts = re.findall(r"^conv ECHO_\w+ \d+ (.*)$", output, re.M)
        self.errors = re.findall(r"^conv ERROR \d+ (.*)$", output, re.M)
        self.infos = re.findall(r"^conv INFO \d+ (.*)$", output, re.M)
        self.logs = re.findall(r"^log \d (.*)$", output, re.M)
        self.env = dict(line.split("=", 1) for line in re.findall(r"^env (.*)$", output, re.M))
        self.user = "".join(re.findall(r"^user (.*)$", output, re.M))

    def __str__(self):
        return self.output


class Bench:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "agent"
        self.confdir = self.folder / "pam.d"
        self.confdir.mkdir()
        self.agent = None

    def pam(self, options="", before="", socket=None, after=""):
        where = f"socket={socket or self.socket} agent=/nonexistent"
        if "agent=" in options:
            where = f"socket={socket or self.socket}"
        lines = [before] if before else []
        lines += [f"{kind} required {MODULE} {where} {options}"
                  for kind in ("auth", "account", "password", "session")]
        lines += [after] if after else []
        (self.confdir / "test").write_text("\n".join(lines) + "\n")

    def run(self, *operations, user=ALICE, answers=("secret",), conversations=None, env=(),
            prefix=(), process_env=None, timeout=60):
        if self.agent:
            self.agent.end()
        self.agent = Agent(str(self.socket), conversations) if conversations is not None else None
        command = [*prefix, str(CLIENT), str(self.confdir), "test", user]
        for answer in answers:
            command += ["-r", answer]
        for pair in env:
            command += ["-e", pair]
        start = time.monotonic()
        done = subprocess.run([*command, *operations], capture_output=True, timeout=timeout,
                              check=False, env={**os.environ, **(process_env or {})})
        if self.agent:
            self.agent.idle.wait(5)  # the client's last message may still be read
        text = (done.stdout + done.stderr).decode("utf-8", "backslashreplace")
        return Run(text + f"exit {done.returncode}", time.monotonic() - start)


def code(*names):
    return [CODES[name] for name in names]


@contextlib.contextmanager
def agent(bench, conf="", extra=()):
    """A daemon in the bench's folder; yields (process, log file)."""
    conf_file, log = bench.folder / "conf", bench.folder / "log"
    conf_file.write_text(conf or f"[workstation]\n keytab = {bench.folder}/no-keytab\n")
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [str(AGENT), "--stderr", "--socket", str(bench.socket), "--conf", str(conf_file),
             "--run-dir", str(bench.folder), "--state-dir", str(bench.folder),
             "--cache-dir", str(bench.folder), *extra], stderr=out, stdin=subprocess.DEVNULL)
    wait_for(lambda: "listening on" in log.read_text() or process.poll() is not None)
    try:
        yield process, log
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)


def wait_for(what):
    """The first true value of a function, or its value after half a minute."""
    deadline = time.monotonic() + 30
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def connect(bench, door=None):
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    peer.settimeout(60)
    peer.connect(str(door or bench.socket))
    return peer


def ask(bench, door=None, **fields):
    """One request; the DONE's fields, or None if the agent hung up."""
    with connect(bench, door) as peer:
        try:
            peer.send(encode("request", **fields))
            data = peer.recv(65536)
        except OSError:
            return None
        return decode(data)[1] if data else None


def as_uid(uid, bench, /, group=None, **fields):
    """ask() as another user, or from a process group."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if group is not None:
                os.setpgid(0, group)
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.write(writer, repr(ask(bench, **fields)).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as out:
        text = out.read()
    os.waitpid(child, 0)
    return eval(text) if text else "?"  # our own repr


def workers(process):
    out = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True,
                         check=False).stdout
    return [int(x) for x in out.split()]


def write_keytab(path):
    """One key of host/ws1.fabrikam.test, version 0x0502 of the format."""
    def counted(data):
        return struct.pack(">H", len(data)) + data
    entry = (struct.pack(">H", 2) + counted(b"FABRIKAM.TEST") + counted(b"host") +
             counted(b"ws1.fabrikam.test") + struct.pack(">IIBH", 1, 0, 1, 18) +
             counted(bytes(32)))
    path.write_bytes(b"\x05\x02" + struct.pack(">i", len(entry)) + entry)
    path.chmod(0o600)
