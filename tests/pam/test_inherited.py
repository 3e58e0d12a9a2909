# SPDX-License-Identifier: MIT
"""An agent that su started runs as if its caller had chosen nothing; and no lock is waited for
without an end."""
import contextlib
import ctypes
import os
import pathlib
import re
import socket
import subprocess

from bench import AGENT, ALICE, NOBODY, check, wait_for, write_keytab
from wire import decode, encode

CGROUPS = [pathlib.Path("/sys/fs/cgroup/unified"), pathlib.Path("/sys/fs/cgroup")]
SCHED_IDLE, IOPRIO_SET, IOPRIO_GET, IDLE = 5, 251, 252, 3 << 13
PR_SET_TIMERSLACK = 29


@contextlib.contextmanager
def conversation(bench, prepare):
    """An agent as the module starts it, after prepare(); yields its pid while it asks."""
    write_keytab(bench.folder / "keytab")
    (bench.folder / "conf").write_text(f"[workstation]\n keytab = {bench.folder}/keytab\n")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def ready():
        os.dup2(theirs.fileno(), 3)
        os.set_inheritable(3, True)
        prepare()

    with ours, theirs:
        process = subprocess.Popen(
            [str(AGENT), "--conversation", "--stderr", "--run-dir", str(bench.folder),
             "--state-dir", str(bench.folder), "--cache-dir", str(bench.folder),
             "--conf", str(bench.folder / "conf")],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=ready)
        try:
            ours.settimeout(60)
            ours.send(encode("request", op=1, user=ALICE))
            kind, fields = decode(ours.recv(65536))
            check("the agent asks for the password", kind == "prompt", (kind, fields))
            yield process.pid
        finally:
            ours.close()
            process.wait(60)


def cgroup2():
    """Where cgroup v2 is mounted, or None."""
    return next((x for x in CGROUPS if (x / "cgroup.procs").exists()), None)


def cgroup_of(pid):
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        return re.search(r"^0::(.*)$", file.read(), re.M)[1]


def test_scheduling(bench):
    libc = ctypes.CDLL(None, use_errno=True)
    cpus = os.sched_getaffinity(0)

    def worst():
        os.nice(15)
        os.sched_setscheduler(0, SCHED_IDLE, os.sched_param(0))
        os.sched_setaffinity(0, {min(cpus)})
        libc.syscall(IOPRIO_SET, 1, 0, IDLE)
        libc.prctl(PR_SET_TIMERSLACK, 10 ** 9)
        with open("/proc/self/oom_score_adj", "w", encoding="utf-8") as file:
            file.write("1000")

    with conversation(bench, worst) as pid:
        check("not nice, and scheduled as others", os.getpriority(os.PRIO_PROCESS, pid) == 0 and
              os.sched_getscheduler(pid) == os.SCHED_OTHER,
              (os.getpriority(os.PRIO_PROCESS, pid), os.sched_getscheduler(pid)))
        check("on every processor", os.sched_getaffinity(pid) == cpus, os.sched_getaffinity(pid))
        check("its turn at the disk is that of others",
              libc.syscall(IOPRIO_GET, 1, pid) >> 13 != 3, libc.syscall(IOPRIO_GET, 1, pid))
        with open(f"/proc/{pid}/oom_score_adj", encoding="utf-8") as file:
            adj = file.read().strip()
        check("and it is not the first to go when memory ends", adj == "0", adj)
        with open(f"/proc/{pid}/timerslack_ns", encoding="utf-8") as file:
            slack = file.read().strip()
        check("its timers are punctual", int(slack) <= 50000, slack)


def test_cgroup(bench):
    """A cgroup that obeys a user is left; one of root's is not."""
    mount = cgroup2()
    if mount is None:
        print("skip cgroup (no cgroup v2)")
        return
    for owner in (NOBODY, 0):
        outer = mount / f"trustlogon-{os.getpid()}"
        inner = outer / "inner"
        try:
            inner.mkdir(parents=True)
        except OSError as error:
            print(f"skip cgroup ({error})")
            return
        try:
            os.chown(outer / "cgroup.procs", owner, owner)

            def enter(inner=inner):
                (inner / "cgroup.procs").write_text("0")

            with conversation(bench, enter) as pid:
                got = cgroup_of(pid)
                inside = got.endswith("/inner")
                check(f"the agent is in the cgroup of uid {owner}: {owner == 0}",
                      inside == (owner == 0), got)
                # It ends when its client goes, which a frozen one would not.
                (outer / "cgroup.freeze").write_text(str(int(not inside)))
        finally:
            (outer / "cgroup.freeze").write_text("0")
            wait_for(lambda: not (inner / "cgroup.procs").read_text())
            inner.rmdir()
            outer.rmdir()


def test_locks(bench):
    """Each lock of the product is one of common/status/lock.c, which ends every wait."""
    root = pathlib.Path(__file__).resolve().parents[2]
    waits = re.compile(r"\bflock\s*\(|\blockf\s*\(|F_(?:OFD_)?SETLKW?\b")
    found = [str(path.relative_to(root)) for folder in
             ("agent", "cli", "common", "krb5_module", "nss_module", "pam_module")
             for path in sorted((root / folder).rglob("*.c"))
             if waits.search(re.sub(r"ALLOW\(flock\)", "", path.read_text(encoding="utf-8")))]
    check("no file but one calls flock() or fcntl() for a lock", found == ["common/status/lock.c"],
          found)
    check("and that one never waits inside", not re.search(
        r"SETLKW|LOCK_EX(?! \| LOCK_NB)",
        (root / "common/status/lock.c").read_text(encoding="utf-8")))

