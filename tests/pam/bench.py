# SPDX-License-Identifier: MIT
"""What the tests of module and agent share: checks, names, and a PAM application."""
import os
import pathlib
import re
import subprocess
import time

from wire import Agent

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
        text = (done.stdout + done.stderr).decode("utf-8", "backslashreplace")
        return Run(text + f"exit {done.returncode}", time.monotonic() - start)


def code(*names):
    return [CODES[name] for name in names]
