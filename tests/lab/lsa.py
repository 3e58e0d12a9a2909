# SPDX-License-Identifier: MIT
"""Asking trustlogon-lsa as the agent's workers do (common/lookup/lsa_client.h)."""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import threading
import time

import harness
from lab.state import environment

PROGRAM = "/usr/libexec/trustlogon-lsa"
SOCKET = "/run/trustlogon/lsa.sock"
OWN_SOCKET = "/run/lsa-test.sock"
PEER = "peer aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$"
NONE_MAPPED, INVALID, TIMEOUT = "0xC0000073", "0xC000000D", "0xC00000B5"


def keytab():
    """An open copy of WS1's keytab, or None if it does not exist."""
    try:
        content = pathlib.Path(harness._lab.file("ws1", "/etc/krb5.keytab")).read_bytes()
    except FileNotFoundError:
        return None
    file = os.memfd_create("keytab")
    os.write(file, content)
    return file


class Connection:
    """One connection; the peer line goes out with the first request."""

    def __init__(self, path, peer=PEER, keys=True):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.buffer = b""
        file = keytab() if keys else None
        line = peer if isinstance(peer, bytes) else peer.encode()
        # A peer that answers without reading has hung up already; the answer is there.
        with contextlib.suppress(BrokenPipeError):
            socket.send_fds(self.socket, [line + b"\n"], [file] if file is not None else [])
        if file is not None:
            os.close(file)

    def send(self, line):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(line if isinstance(line, bytes) else line.encode() + b"\n")

    def answer(self, timeout=60):
        self.socket.settimeout(timeout)
        try:
            while b"\n" not in self.buffer:
                piece = self.socket.recv(65536)
                if not piece:
                    return {"closed": True}
                self.buffer += piece
        except TimeoutError:
            return {"no answer": timeout}
        except ConnectionResetError:
            return {"closed": True}
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def close(self):
        self.socket.close()


def ask(path, line, timeout=60, peer=PEER, keys=True):
    """A connection for one question, as the agent's workers have it."""
    connection = Connection(path, peer, keys)
    try:
        connection.send(line)
        return connection.answer(timeout)
    finally:
        connection.close()


def ask_all(path, lines, timeout=120, **more):
    """All at once; answers in the order of the lines."""
    answers = [None] * len(lines)

    def one(i):
        answers[i] = ask(path, lines[i], timeout, **more)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(lines))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def status(pid):
    """/proc/PID/status as the machine numbers it."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


class Helper:
    """trustlogon-lsa on WS1, with a listening socket of ours."""

    def __init__(self, *options):
        self.path = harness._lab.file("ws1", OWN_SOCKET)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(32)
        self.options = options
        self.start()

    def start(self):
        self.process = subprocess.Popen(harness._lab.enter("ws1", [PROGRAM, *self.options]),
                                        env=environment(), stdin=self.listener)

    def ask(self, line, timeout=60, **more):
        return ask(self.path, line, timeout, **more)

    def timed(self, line):
        started = time.monotonic()
        answer = self.ask(line)
        return answer, time.monotonic() - started

    def pid(self):
        """The program is the process itself or the one below nsenter."""
        pid = self.process.pid
        while pathlib.Path(f"/proc/{pid}/comm").read_text().strip() != "trustlogon-lsa":
            below = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            pid = int(below[0])
        return pid

    def resident(self):
        """KiB"""
        return int(status(self.pid())["VmRSS"].split()[0])

    def close(self):
        self.listener.close()
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError, IndexError, FileNotFoundError):
                os.kill(self.pid(), 15)
            try:
                self.process.wait(timeout=60)  # nsenter's child is gone when nsenter is
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def helper(*options):
    running = Helper(*options)
    try:
        yield running
    finally:
        running.close()
