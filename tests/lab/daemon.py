# SPDX-License-Identifier: MIT
"""The agent as a daemon on WS1, as systemd would run it but in the foreground."""
import contextlib
import time

from harness import ws

AGENT = "/usr/libexec/trustlogond"
SOCKET = "/run/trustlogon/agent"
LOG = "/var/log/lab/trustlogond.log"


@contextlib.contextmanager
def agent(*options):
    """trustlogond listens while this lasts; it logs to LOG."""
    pid = ws(f"setsid {AGENT} --stderr {' '.join(options)} >{LOG} 2>&1 </dev/null & "
             "echo $!").stdout.strip()
    try:
        deadline = time.monotonic() + 120
        while not settled(pid):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the agent does not listen: {ws(['cat', LOG]).stdout}")
            time.sleep(0.05)
        yield int(pid)
    finally:
        ws(["kill", pid])
        ws(f"while kill -0 {pid} 2>/dev/null; do sleep 0.02; done")


def settled(pid):
    """Whether it listens and has read the trusts for the first time, which would show in a
    capture and write to the caches. It listens before it starts that worker, so a child must
    have been reaped (field 11 counts page faults of those), and none may be left."""
    return ws(f"test -S {SOCKET} && [ $(cut -d ' ' -f 11 /proc/{pid}/stat) -gt 0 ] && "
              f"! pgrep -P {pid} >/dev/null").returncode == 0
