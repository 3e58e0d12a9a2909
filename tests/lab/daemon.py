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
    pid = ws(f"setsid {AGENT} --stderr {' '.join(options)} >{LOG} 2>&1 </dev/null & echo $!").stdout.strip()
    try:
        for _ in range(200):
            # The first refresh of the daemon would show in a capture: let it end.
            if ws(f"test -S {SOCKET} && ! pgrep -P {pid} >/dev/null").returncode == 0:
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"the agent does not listen: {ws(['cat', LOG]).stdout}")
        yield int(pid)
    finally:
        ws(["kill", pid])
        ws(f"while kill -0 {pid} 2>/dev/null; do sleep 0.02; done", timeout=10)
