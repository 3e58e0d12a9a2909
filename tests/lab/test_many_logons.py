#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Two hundred logons at once, a hundred one after the other, and nothing left of them.
./run bench many does the same with ten thousand."""
import many
from daemon import agent
from harness import command, finish, put, up

LAB = {"trust": "external"}


def main():
    up(**LAB)
    put("ws1", "/etc/trustlogon.conf", many.PATIENT)
    command("refresh")
    with agent() as pid, many.Clients() as clients:
        many.crowd(clients, 200)
        many.leak(pid, clients, 100, warm=50, parts=1)
    finish()


if __name__ == "__main__":
    main()
