# SPDX-License-Identifier: MIT
"""The base of the lab's tests: the lab, the workstation, PAM, and results.

    from harness import *
    LAB = {"trust": "external"}
    up(**LAB)                                   # ends with this process, whatever ends it
    got = logon("CONTOSO\\\\alice")               # through PAM, on WS1
    check("alice logs on", got.code == "PAM_SUCCESS", got)
    with broken("trusttype"):
        check("1787", "workstation trust relationship" in logon("CONTOSO\\\\alice").text)
    finish()

Each check prints "ok NAME" or "not ok NAME" with its detail, which ./run test
counts. The product under test is the DESTDIR tree in $TL_INSTALL.
"""
import atexit
import contextlib
import ctypes
import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import needs  # noqa: E402
from lab import settings  # noqa: E402
from lab.state import Lab, environment  # noqa: E402

PASSWORD = settings.PASSWORD
SERVICE = "trustlogon-test"  # the PAM service that up() writes on WS1
JOURNAL = "/var/log/lab/journal.jsonl"
HERE = pathlib.Path(__file__).resolve().parent

SHARED = os.environ.get("TL_LAB_SHARED") == "yes"  # with other files, which the runner knows

_lab = None
_failed = 0
_marks = 0


# --- the lab -----------------------------------------------------------------

def tool(*arguments, check=True, timeout=700):
    """Run ./run lab ...; returns the completed process."""
    command = ["/usr/bin/python3", "-m", "lab", *arguments]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(HERE), "TL_LAB": _name(),
                                        "PYTHONDONTWRITEBYTECODE": "1"},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"lab {' '.join(arguments)}: {done.stderr.strip()}")
    return done


def _name():
    return os.environ.setdefault("TL_LAB", f"test{os.getpid()}")


def up(**lab):
    """Raise the lab (needs.py has its parameters); it is taken down when this process ends.
    One that tests/lab/run has raised is there already, and is the runner's to take down."""
    global _lab
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not SHARED:
        atexit.register(down)
        install = os.environ.get("TL_INSTALL")
        tool("down")
        tool("up", "--quiet", *needs.arguments(lab), *(["--install", install] if install else []))
    _lab = Lab(_name()).load()
    put("ws1", f"/etc/pam.d/{SERVICE}", pam_stack())
    return _lab


def down():
    global _lab
    _lab = None
    if not SHARED:
        tool("down", check=False)


def trust(kind, direction=None):
    """Replace the trust: "external", "forest" or "none"."""
    tool("trust", kind, *(["--direction", direction] if direction else []))


def break_(*names):
    for name in names:
        tool("break", name)


def fix(*names):
    """Undo these breaks, or all."""
    for name in names or [None]:
        tool("fix", *([name] if name else []))


@contextlib.contextmanager
def broken(*names):
    try:
        break_(*names)
        yield
    finally:
        fix()


# --- hosts -------------------------------------------------------------------

def on(host, command, stdin=None, env=None, timeout=60):
    """Run a command (list, or a line for sh) inside a host; text in, text out."""
    arguments = ["sh", "-c", command] if isinstance(command, str) else list(command)
    if env:
        arguments = ["env", *(f"{k}={v}" for k, v in env.items()), *arguments]
    return subprocess.run(_lab.enter(_lab.host(host), arguments), env=environment(),
                          input=stdin or "", capture_output=True, text=True,
                          errors="backslashreplace", timeout=timeout, check=False)


def ws(command, stdin=None, env=None, timeout=60):
    return on("ws1", command, stdin, env, timeout)


def nss(command, env=None, seconds=60):
    """Ask the name service of WS1. When the agent does not answer within the second that our
    module waits, the result looks like "not found": on a busy machine the test asks again."""
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        done = ws(command, env=env)
        known = done.returncode == 0 and not done.stderr
        if known or time.monotonic() - began < 0.9 or time.monotonic() > deadline:
            return done


def until(what, seconds=60, pause=0.1):
    """The first true value that a function returns, or its last one when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        found = what()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(pause)


def quickest(command, bound, tries=5):
    """Seconds and result of the quickest of some tries. The machine may be busy; one try within
    the bound shows that nothing is waited for."""
    best = None
    for _ in range(tries):
        began = time.monotonic()
        done = ws(command) if not callable(command) else command()
        best = min((time.monotonic() - began, done), best or (float("inf"), None),
                   key=lambda pair: pair[0])
        if best[0] < bound:
            break
    return best


def ids_of(name):
    """(uid, gid) that the name service of WS1 gives a name, or None."""
    found = ws(["getent", "passwd", name]).stdout.split(":")
    return (int(found[2]), int(found[3])) if len(found) == 7 else None


def put(host, path, content, mode=0o644):
    """Write a file inside a host."""
    target = pathlib.Path(_lab.file(_lab.host(host), path))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())
    target.chmod(mode)


def get(host, path):
    return pathlib.Path(_lab.file(_lab.host(host), path)).read_text(encoding="utf-8",
                                                                    errors="backslashreplace")


@contextlib.contextmanager
def local(users="", groups=""):
    """Lines in WS1's /etc/passwd and /etc/group while this lasts."""
    before = {path: get("ws1", path) for path in ("/etc/passwd", "/etc/group")}
    put("ws1", "/etc/passwd", before["/etc/passwd"] + users)
    put("ws1", "/etc/group", before["/etc/group"] + groups)
    try:
        yield
    finally:
        for path, text in before.items():
            put("ws1", path, text)


# --- PAM ---------------------------------------------------------------------

def pam_stack(options=""):
    return "".join(f"{kind} required pam_trustlogon.so {options}\n"
                   for kind in ("auth", "account", "password", "session"))


def _pam_codes():
    """From the text of pam_strerror back to the name of the code."""
    names = ("SUCCESS OPEN_ERR SYMBOL_ERR SERVICE_ERR SYSTEM_ERR BUF_ERR PERM_DENIED AUTH_ERR "
             "CRED_INSUFFICIENT AUTHINFO_UNAVAIL USER_UNKNOWN MAXTRIES NEW_AUTHTOK_REQD "
             "ACCT_EXPIRED SESSION_ERR CRED_UNAVAIL CRED_EXPIRED CRED_ERR NO_MODULE_DATA "
             "CONV_ERR AUTHTOK_ERR AUTHTOK_RECOVERY_ERR AUTHTOK_LOCK_BUSY "
             "AUTHTOK_DISABLE_AGING TRY_AGAIN IGNORE ABORT AUTHTOK_EXPIRED MODULE_UNKNOWN "
             "BAD_ITEM").split()
    strerror = ctypes.CDLL("libpam.so.0").pam_strerror
    strerror.restype = ctypes.c_char_p
    return {strerror(None, number).decode(): "PAM_" + name for number, name in enumerate(names)}


@dataclasses.dataclass
class Logon:
    code: str  # the PAM code of the step that ended it: "PAM_SUCCESS", "PAM_AUTH_ERR", ...
    text: str  # all that the conversation showed, prompts included
    seconds: float


def logon(name, password=PASSWORD, steps=("authenticate", "acct_mgmt"), service=SERVICE,
          options=(), env=None, timeout=60):
    """A logon through PAM on WS1; `password` may be several answers, one a line."""
    started = time.monotonic()
    done = ws(["pamtester", *options, service, name, *steps], stdin=password + "\n", env=env,
              timeout=timeout)
    seconds = time.monotonic() - started
    text = done.stdout + done.stderr
    code = "PAM_SUCCESS" if done.returncode == 0 else None
    shown = []
    for line in text.splitlines():
        said = line.removeprefix("pamtester: ") if "pamtester: " in line else None
        if said in PAM_CODES:
            code = PAM_CODES[said]
        elif said is None or done.returncode:
            shown.append(line)
    return Logon(code or f"pamtester exit {done.returncode}", "\n".join(shown), seconds)


PAM_CODES = _pam_codes()


def logon_with(options, name="CONTOSO\\alice"):
    """A logon at a service whose lines have these options, and the reason and the subject of
    the journal with it."""
    put("ws1", "/etc/pam.d/opted", pam_stack(options))
    forget_journal()
    got = logon(name, service="opted")
    if got.code == "PAM_USER_UNKNOWN":
        return got, None, None  # the agent was not asked
    told = until(lambda: [r for r in journal() if r.get("TRUSTLOGON_REASON")], 30)
    last = told[-1] if told else {}
    return got, last.get("TRUSTLOGON_REASON"), last.get("TRUSTLOGON_SUBJECT")


# --- the product's command ---------------------------------------------------

def command(*arguments, stdin=None, timeout=60):
    return ws(["trustlogon", *arguments], stdin=stdin, timeout=timeout)


def logon_json(name, *options, password=PASSWORD):
    """Parsed output of `trustlogon logon --json NAME`."""
    return json.loads(command("logon", "--json", *options, name, stdin=password + "\n").stdout)


def diagnose(name, *options, password=PASSWORD):
    """Parsed output of `trustlogon diagnose --json NAME`; exit code as "exit"."""
    done = command("diagnose", "--json", *options, name, stdin=password + "\n")
    try:
        found = json.loads(done.stdout)
    except json.JSONDecodeError:
        return {"exit": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
    return {**found, "exit": done.returncode}


# --- the journal -------------------------------------------------------------

MARK = "LAB_MARK"  # a field of records that only this file sends


def _journal_to_now():
    """All records of WS1's journal that were sent before this call. Its listener may lag, but it
    reads in order: when our mark has arrived, so have all records before it."""
    global _marks
    _marks += 1
    mark = f"{os.getpid()}.{_marks}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(f"{MARK}={mark}\n".encode(),
                      _lab.file("ws1", "/run/systemd/journal/socket"))

    def read():
        lines = get("ws1", JOURNAL).split("\n")[:-1]  # the last one may be half written
        records = [json.loads(line) for line in lines]
        return records if any(r.get(MARK) == mark for r in records) else None
    records = until(read, pause=0.02)
    if records is None:
        raise RuntimeError("the journal's listener does not read")
    return [r for r in records if MARK not in r]


def journal(**fields):
    """Records of WS1's journal, oldest first, that have all these field values."""
    return [r for r in _journal_to_now() if all(r.get(k) == v for k, v in fields.items())]


def journal_lines(word, timeout=30):
    """Messages that hold a word; waits for the first, which may come after an answer."""
    return until(lambda: [r["MESSAGE"] for r in journal() if word in r.get("MESSAGE", "")],
                 timeout)


def forget_journal():
    _journal_to_now()
    os.truncate(_lab.file("ws1", JOURNAL), 0)


# --- results -----------------------------------------------------------------

def check(name, condition, detail=""):
    global _failed
    print(("ok " if condition else "not ok ") + name)
    if not condition:
        _failed += 1
        for line in str(detail).splitlines() or []:
            print("    " + line)
    sys.stdout.flush()
    return bool(condition)


def equal(name, got, wanted):
    return check(name, got == wanted, f"got    {got!r}\nwanted {wanted!r}")


def finish():
    """Take the lab down, unless it is shared, and exit with the verdict."""
    down()
    sys.exit(1 if _failed else 0)


