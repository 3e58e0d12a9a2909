# SPDX-License-Identifier: MIT
"""Where a lab is: its state folder, its processes, and how to enter a host.

Everything of a lab lives in namespaces that only its processes hold, so it
disappears with them. The state folder holds nothing but process ids, the
parameters of `up`, and the list of active breaks.
"""
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time

BASE = "/run/trustlogon-lab"


class LabError(Exception):
    """A message for the user; no traceback is shown."""


def process_started(pid):
    """Start time of a process, which distinguishes a pid from its later reuse."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


class Lab:
    def __init__(self, name=None):
        self.name = name or os.environ.get("TL_LAB") or "tl"
        if not self.name.replace("-", "").replace("_", "").isalnum():
            raise LabError(f"TL_LAB={self.name!r}: letters, digits, - and _ only")
        self.dir = f"{BASE}/{self.name}"
        self.info = {}

    # --- what is recorded -------------------------------------------------

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def load(self):
        """Read a running lab's record; an error if it is not up."""
        try:
            with open(self.path("lab.json"), encoding="utf-8") as record:
                self.info = json.load(record)
        except FileNotFoundError:
            raise LabError(f"lab {self.name!r} is not up (./run lab up)") from None
        holder = self.info["holder"]
        if process_started(holder["pid"]) != holder["started"]:
            raise LabError(f"lab {self.name!r} has died; ./run lab up raises it again")
        return self

    def save(self):
        temporary = self.path("lab.json.new")
        with open(temporary, "w", encoding="utf-8") as record:
            json.dump(self.info, record, indent=1)
        os.rename(temporary, self.path("lab.json"))

    def make_folder(self):
        """Remove the folder of all labs if this was the last one in it."""
        while not os.path.isdir(self.dir):
            with contextlib.suppress(FileNotFoundError):
                os.makedirs(self.dir, mode=0o755, exist_ok=True)

    @contextlib.contextmanager
    def lock(self):
        """One tool at a time may change a lab."""
        self.make_folder()
        fd = os.open(self.dir, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def holder(self):
        """The pid of the lab's first process as that has recorded it, or 0."""
        try:
            with open(self.path("holder"), encoding="utf-8") as record:
                return int(record.read().partition(" ")[0] or 0)
        except FileNotFoundError:
            return 0

    # --- its end ----------------------------------------------------------

    def destroy(self):
        """Kill the lab's first process and, with it, everything in the lab."""
        try:
            with open(self.path("holder"), encoding="utf-8") as record:
                pid, started = record.read().split()
        except (FileNotFoundError, ValueError):
            pid = started = None
        if pid and process_started(pid) == started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
            deadline = time.monotonic() + 60
            while process_started(pid) == started and not self._is_zombie(pid):
                if time.monotonic() > deadline:
                    raise LabError(f"process {pid} of lab {self.name!r} does not end")
                time.sleep(0.01)
        shutil.rmtree(self.dir, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.rmdir(BASE)

    @staticmethod
    def _is_zombie(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                return stat.read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    # --- its hosts --------------------------------------------------------

    def host(self, name):
        """The full key of a host from any usual way to write it."""
        wanted = name.lower()
        for key in self.info["hosts"]:
            if wanted in (key, key + ".test", key + ".fabrikam", key + ".fabrikam.test"):
                return key
        known = ", ".join(self.info["hosts"])
        raise LabError(f"unknown host {name!r}; the hosts of this lab are: {known}")

    def pid(self, host):
        return self.info["hosts"][host]["pid"]

    def has(self, host):
        return host in self.info["hosts"]

    def dcs(self, domain):
        return [h for h in self.info["hosts"] if h.startswith("dc") and h.endswith(domain)]

    def enter(self, host, command):
        """Argument list that runs a command inside a host.

        With its root, too (-r): a lab raised in a chroot is not at the namespace's root.
        """
        return ["nsenter", "-t", str(self.pid(host)), "-m", "-r", "--wdns=/", "-u", "-i", "-n",
                "-p", "--", *command]

    def file(self, host, path):
        """A host's file as this process can open it."""
        return f"/proc/{self.pid(host)}/root{path}"

    def run(self, host, *command, stdin=None, check=True, timeout=400):
        """Run a command inside a host; returns the completed process, text mode."""
        done = subprocess.run(self.enter(host, command), env=environment(), input=stdin,
                              stdin=None if stdin is not None else subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=timeout, check=False)
        if check and done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-12:]
            raise LabError(f"{host}: {' '.join(command[:4])} ... failed "
                           f"({done.returncode}):\n  " + "\n  ".join(said))
        return done

    def tool(self, host, script, *arguments, stdin=None, check=True):
        """Run one of this package's scripts inside a host."""
        return self.run(host, "/usr/bin/python3", "-I", f"/run/lab/{script}.py", *arguments,
                        stdin=stdin, check=check)


def environment():
    """What a process in the lab inherits: nothing of the caller's but the terminal."""
    kept = {k: os.environ[k] for k in ("TERM", "ASAN_OPTIONS", "UBSAN_OPTIONS") if k in os.environ}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
            "SHELL": "/bin/bash", "USER": "root", "LOGNAME": "root", **kept}
