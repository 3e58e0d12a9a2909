# SPDX-License-Identifier: MIT
"""Runs inside a host: wait until TCP ports answer.
wait_ports.py ADDRESS PORT,PORT... SECONDS"""
import socket
import sys
import time


def main():
    address, ports, seconds = sys.argv[1], sys.argv[2].split(","), float(sys.argv[3])
    deadline = time.monotonic() + seconds
    waiting = list(ports)
    while waiting:
        for port in list(waiting):
            try:
                socket.create_connection((address, int(port)), timeout=1).close()
                waiting.remove(port)
            except OSError:
                pass
        if waiting and time.monotonic() > deadline:
            print("no answer on port " + ", ".join(waiting))
            return 1
        if waiting:
            time.sleep(0.1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
