# SPDX-License-Identifier: MIT
"""First process of a lab: PID 1 of its PID namespace, owner of the switch.

Started by `up` as: holder.py STATE_FOLDER
Its standard input is a socket, which first brings what holds the lab's number (slot.py).
hosts.py starts one process per host, each PID 1 of a PID namespace below this one,
so that killing this process ends everything in the lab. Until `up` writes
"keep" to that socket, end of file there (up failed or was killed) ends
the lab too: a lab is never left half raised.
"""
import os
import signal
import socket
import sys


def reap():
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def record_self(state):
    # /proc is still the machine's own, so this is the pid as the tool sees it.
    pid = os.readlink("/proc/self")
    with open("/proc/self/stat", encoding="utf-8", errors="replace") as stat:
        started = stat.read().rpartition(")")[2].split()[19]
    with open(f"{state}/holder", "w", encoding="utf-8") as record:
        record.write(f"{pid} {started}\n")


def main():
    up = socket.socket(fileno=os.dup(0))
    # Kept until this process ends, and by no other.
    _, number, _, _ = socket.recv_fds(up, 1, 1)
    record_self(sys.argv[1])
    signal.signal(signal.SIGCHLD, lambda *_: reap())
    if not number or up.recv(16) != b"keep":
        return
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
