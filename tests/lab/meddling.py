# SPDX-License-Identifier: MIT
"""Processes inside a host that answer a line of JSON with a line: among them lab/meddler.py, a
proxy in front of a KDC."""
import json
import subprocess

import harness
from harness import environment, on

REDIRECT = ("table ip meddle { chain in { type nat hook prerouting priority dstnat; "
            "tcp dport 88 redirect to :8089; }; }")


class Talker:
    """A process inside a host that answers each line with a line."""

    def __init__(self, host, *command):
        lab = harness._lab
        self.process = subprocess.Popen(lab.enter(lab.host(host), list(command)), text=True,
                                        env=environment(), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def ask(self, what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Meddler(Talker):
    def __init__(self, host):
        super().__init__(host, "/usr/bin/python3", "-I", "/run/lab/meddler.py", "8089")
        assert self.process.stdout.readline().strip() == "ready"
        done = on(host, ["nft", "-f", "-"], stdin=REDIRECT)
        assert done.returncode == 0, done.stderr
        self.host = host

    def end(self):
        on(self.host, ["nft", "delete", "table", "ip", "meddle"])
        super().end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
