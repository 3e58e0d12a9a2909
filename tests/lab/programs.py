# SPDX-License-Identifier: MIT
"""Real programs on real terminals: sshd and ssh, login, su, sudo.

    with sshd() as server:
        with Terminal(server.client("CONTOSO\\\\alice"), host="mallory") as there:
            if check("alice comes in", there.log_on(PASSWORD), there.told):
                equal("as herself", there.run("id -un"), "alice@contoso.test")

Every wait is bounded; `told` is all that the terminal has shown, for failures.
"""
import concurrent.futures
import contextlib
import dataclasses
import fcntl
import os
import re
import select
import shlex
import signal
import struct
import subprocess
import termios
import time

import harness
from harness import PASSWORD, check, ws
from lab.state import environment

PROMPT = "@ready@ "
SHELL = re.compile(r"[$#] $")  # any shell's first prompt, at the end of the output
ASKS = re.compile(r"assword[^\n]*: ?$")
COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A program on a terminal of its own inside a host."""

    def __init__(self, command, host="ws1", env=None):
        lab = harness._lab
        key = lab.host(host)
        # The host has terminals of its own, and login and sudo want to see theirs in /dev/pts.
        self.master = os.open(lab.file(key, "/dev/pts/ptmx"), os.O_RDWR | os.O_NOCTTY)
        fcntl.ioctl(self.master, 0x40045431, struct.pack("i", 0))  # TIOCSPTLCK
        number = struct.unpack("i", fcntl.ioctl(self.master, 0x80045430, b"\0" * 4))[0]  # TIOCGPTN
        slave = os.open(lab.file(key, f"/dev/pts/{number}"), os.O_RDWR | os.O_NOCTTY)
        # Wide, so that no line is folded.
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 50, 500, 0, 0))
        arguments = ["sh", "-c", command] if isinstance(command, str) else list(command)
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *lab.enter(key, arguments)], stdin=slave, stdout=slave,
            stderr=slave, env={**environment(), "TERM": "dumb", **(env or {})})
        os.close(slave)
        self.told = ""
        self.started = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self, seconds):
        """Take what there is within this time; False at the end."""
        if not select.select([self.master], [], [], max(0, seconds))[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: no process has the terminal open any longer
            data = b""
        text = data.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        self.told += COLOURS.sub("", text)
        return bool(data)

    def wait(self, pattern, since=0, timeout=60):
        """The match of a pattern in the output from `since` on; None if it ends or is silent."""
        deadline = time.monotonic() + timeout
        while True:
            found = re.compile(pattern).search(self.told, since)
            if found or time.monotonic() > deadline:
                return found
            if not self._read(min(0.5, deadline - time.monotonic())):
                return re.compile(pattern).search(self.told, since)

    def type(self, line):
        """As a person types: what comes is new from here on. Returns where it begins."""
        since = len(self.told)
        os.write(self.master, line.encode() + b"\n")
        return since

    def log_on(self, password=PASSWORD, timeout=60):
        """Answer the password prompt. True at a shell's prompt, False at anything else."""
        if not self.wait(ASKS, timeout=timeout):
            return False
        since = self.type(password)
        shell = self.wait(f"{SHELL.pattern}|{ASKS.pattern}", since, timeout)
        if not shell or not SHELL.search(self.told):
            return False
        self.quiet()
        return True

    def quiet(self):
        """Make a shell's answers readable: no echo, a prompt of ours."""
        since = self.type(f"stty -echo; PS1='{PROMPT[:-3]}''{PROMPT[-3:]}'; unset PROMPT_COMMAND")
        return self.wait(re.escape(PROMPT), since)

    def run(self, command, timeout=60):
        """The output of a command at the shell's prompt; None if it does not come back."""
        since = self.type(command)
        end = self.wait(re.escape(PROMPT), since, timeout)
        return self.told[since:end.start()].strip() if end else None

    def end(self, timeout=60):
        """Exit status of the program, once it ends; None if it does not."""
        deadline = time.monotonic() + timeout
        while self._read(deadline - time.monotonic()) and time.monotonic() < deadline:
            pass
        try:
            return self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return None

    def leave(self):
        """Log out of a shell; the program's exit status."""
        self.type("exit")
        return self.end()

    def close(self):
        if self.process.poll() is None:
            # The terminal hangs up, as when its window is closed.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGHUP)
        os.close(self.master)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


# --- sshd and ssh --------------------------------------------------------------

SSHD = """Port {port}
ListenAddress 0.0.0.0
HostKey /run/lab/hostkey
PidFile /run/lab/sshd.{port}.pid
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication yes
PubkeyAuthentication yes
PrintMotd no
Subsystem sftp internal-sftp
"""
# No key of the host is remembered or asked about, and nothing of the caller's is tried.
CLIENT = ("-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
          "-o", "NumberOfPasswordPrompts=1", "-o", "PubkeyAuthentication=no")


@dataclasses.dataclass
class Sshd:
    port: int
    log: str
    address: str = "10.99.0.31"

    def options(self, method="keyboard-interactive"):
        """For ssh and sftp; scp takes them too, but -P for the port."""
        return (*CLIENT, "-o", f"Port={self.port}", "-o", f"PreferredAuthentications={method}")

    def client(self, user, *command, method="keyboard-interactive"):
        """Command line of an ssh client for this server."""
        return ["ssh", *self.options(method), "-l", user, self.address, *command]

    def said(self):
        return ws(["cat", self.log]).stdout


@contextlib.contextmanager
def sshd(more="", port=22):
    """A real sshd on WS1 while this lasts; `more` are lines of its configuration."""
    ws("mkdir -p /run/sshd; test -f /run/lab/hostkey || "
       "ssh-keygen -q -t ed25519 -N '' -f /run/lab/hostkey")
    # sshd takes the first value of a keyword.
    harness.put("ws1", f"/run/lab/sshd.{port}.conf", more + "\n" + SSHD.format(port=port))
    server = Sshd(port, f"/var/log/lab/sshd.{port}.log")
    done = ws(f"/usr/sbin/sshd -f /run/lab/sshd.{port}.conf -E {server.log}")
    if done.returncode != 0:
        raise RuntimeError(f"sshd does not start: {done.stderr}{server.said()}")
    if not harness.until(lambda: ws(["test", "-s", f"/run/lab/sshd.{port}.pid"]).returncode == 0):
        raise RuntimeError(f"sshd does not serve: {server.said()}")
    try:
        yield server
    finally:
        ws(f"kill $(cat /run/lab/sshd.{port}.pid); "
           f"while test -e /run/lab/sshd.{port}.pid; do sleep 0.02; done")


# --- the others ----------------------------------------------------------------

def login(name):
    """login as getty starts it, the name already typed."""
    return Terminal(["login", "--", name])


def by(uid, command):
    """A command line under another uid, as a list for Terminal or ws()."""
    line = command if isinstance(command, str) else shlex.join(command)
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "sh", "-c", line]


# --- what tests do with them --------------------------------------------------

def unknown(there):
    """Was the user not known to the name service when it was asked?"""
    return "does not exist" in there.told or harness.journal(TRUSTLOGON_REASON="password-withheld")


@contextlib.contextmanager
def entered(what, terminal, password=PASSWORD):
    """A shell behind a password prompt. A function opens the terminal where nobody has seen the
    user before: a look-up has a second, in which a busy machine may not be done."""
    for tries in range(3 if callable(terminal) else 1, 0, -1):
        harness.forget_journal()
        there = terminal() if callable(terminal) else terminal
        inside = there.log_on(password)
        if inside or tries == 1 or not unknown(there):
            break
        there.close()
    with there:
        if not check(f"{what}: a shell", inside, there.told):
            there = None
        yield there


def refusal(terminal, password):
    """What is shown, prompt included, and how long it takes."""
    with terminal as there:
        there.wait(ASKS)
        started = time.monotonic()
        since = there.type(password)
        there.wait(r"denied|closed by|incorrect\n(.*\n)*ws1 login: $|: Authentication failure", since)
        return there.told.replace("\r", ""), time.monotonic() - started


def refused(server, password, tries):
    """Refusals side by side, since libpam delays each by seconds: {key: (text, seconds)}."""
    def terminal(program, name):
        if program == "login":
            return login(name)
        if program == "su":
            return Terminal(by(5001, f"su - '{name}'"))
        return Terminal(server.client(name, method=program), host="mallory")
    with concurrent.futures.ThreadPoolExecutor(len(tries)) as pool:
        jobs = {key: pool.submit(refusal, terminal(*key), password) for key in tries}
        return {key: job.result() for key, job in jobs.items()}


def gone(what, command_line):
    """A session's end takes a moment after its program's."""
    check(what, harness.until(lambda: ws(command_line).returncode != 0), ws(command_line).stdout)


# --- the machine they run on -----------------------------------------------------

def as_shown():
    """Lines of PAM's files that docs/setup.md shows and the files do not have."""
    missing, at = [], None
    for line in _page().splitlines():
        if line.startswith("    # common-"):
            at = re.match(r"    # (common-\w+)", line).group(1)
            lines = [" ".join(l.split()) for l in harness.get("ws1", f"/etc/pam.d/{at}").splitlines()]
        elif not line.startswith("    "):
            at = None
        elif at and " ".join(line.split()) not in lines:
            missing.append(f"{at}: {line.strip()}")
    return missing


def _page():
    return (harness.HERE.parents[1] / "docs/setup.md").read_text(encoding="utf-8")


def set_up():
    """The commands of docs/setup.md, typed on a machine without other packages' profiles (this one
    may have some)."""
    ws("pam-auth-update --force --disable krb5 sss winbind pwquality; "
       r"sed -i -E 's/ (sss|winbind|trustlogon)\b//g' /etc/nsswitch.conf")
    for block in re.findall(r"^```sh\n(.*?)^```", _page(), re.M | re.S):
        done = ws(["sh", "-ec", block], env={"DEBIAN_FRONTEND": "noninteractive"})
        if done.returncode != 0:
            raise RuntimeError(f"docs/setup.md: {block}\n{done.stdout}{done.stderr}")
