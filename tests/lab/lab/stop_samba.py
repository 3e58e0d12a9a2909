# SPDX-License-Identifier: MIT
"""Runs inside a DC: end samba and wait until its last process is gone."""
import contextlib
import os
import signal
import sys
import time

PROGRAMS = {"samba", "smbd", "winbindd", "samba-dcerpcd"}
PATIENCE = 1.5  # seconds between asking and killing


def running():
    pids = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            program = os.path.basename(os.readlink(f"/proc/{entry}/exe"))
            if program in PROGRAMS or program.startswith("rpcd_"):
                pids.append(int(entry))
    return pids


def send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def main():
    started = time.monotonic()
    send(running(), signal.SIGTERM)
    while running():
        if time.monotonic() - started > PATIENCE:
            send(running(), signal.SIGKILL)
        if time.monotonic() - started > 20:
            return "samba does not end"
        time.sleep(0.02)
    for name in os.listdir("/run/samba"):
        if name.endswith(".pid"):
            os.unlink(f"/run/samba/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
