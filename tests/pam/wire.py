# SPDX-License-Identifier: MIT
"""The wire between module and agent, written a second time from wire.h's words.

And a scripted agent: steps it plays to each peer.
"""
import os
import socket
import struct
import threading
import time

MAGIC = b"TLW1"
TYPES = {"request": 1, "prompt": 2, "say": 3, "reply": 4, "cancel": 5, "done": 6}
NUMBERS = {"op": 1, "flags": 2, "style": 3, "uid": 4, "gid": 5, "has_owner": 6, "ntstatus": 7,
           "local_user": 8, "expires": 9, "lookup": 22, "id": 23, "unnamed": 26}
STRINGS = {"user": 10, "service": 11, "tty": 12, "rhost": 13, "options": 14, "conf": 15,
           "session": 16, "ccache": 17, "text": 18, "secret": 19, "reason": 20, "canonical": 21,
           "new_secret": 24, "caller": 25}
OPS = {1: "auth", 2: "account", 3: "setcred", 4: "chauthtok", 5: "open", 6: "close",
       7: "lookup"}
FLAGS = {"silent": 1, "prelim": 4, "update": 8, "expired": 0x10, "debug": 0x20, "establish": 0x100, "reinitialize": 0x200, "refresh": 0x400,
         "delete": 0x800}


def encode(kind, **fields):
    out = b""
    for name, value in fields.items():
        if name in NUMBERS:
            out += struct.pack("<BBHII", NUMBERS[name], 1, 0, 4, value)
        else:
            data = (value if isinstance(value, bytes) else value.encode()) + b"\0"
            out += struct.pack("<BBHI", STRINGS[name], 3, 0, len(data)) + data
    return MAGIC + struct.pack("<BBH", 1, TYPES[kind], len(fields)) + out


def decode(data):
    assert data[:4] == MAGIC and data[4] == 1, data[:8]
    kind = {v: k for k, v in TYPES.items()}[data[5]]
    count, at, fields = struct.unpack_from("<H", data, 6)[0], 8, {}
    names = {v: k for k, v in {**NUMBERS, **STRINGS}.items()}
    for _ in range(count):
        tag, form, zero, size = struct.unpack_from("<BBHI", data, at)
        at += 8
        raw = data[at:at + size]
        at += size
        assert zero == 0
        fields[names[tag]] = struct.unpack("<I", raw)[0] if form == 1 else raw[:-1].decode(
            "utf-8", "backslashreplace")
    assert at == len(data)
    return kind, fields


class Agent(threading.Thread):
    """Plays `conversations`, a list of lists of steps, one list per connection.

    A step is bytes (sent as they are), ("prompt", ...) and the like (encoded
    and sent; after a prompt the answer is received), "die", "hang", or a
    number of seconds to sleep. What came in is in self.requests and
    self.answers.
    """

    def __init__(self, path, conversations):
        super().__init__(daemon=True)
        self.conversations, self.requests, self.answers = conversations, [], []
        self.errors = []
        self.stop = threading.Event()
        self.idle = threading.Event()  # no conversation is being played
        self.idle.set()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.path.exists(path):
            os.unlink(path)
        self.sock.bind(path)
        self.sock.listen(8)
        self.start()

    def run(self):
        for steps in self.conversations:
            try:
                peer, _ = self.sock.accept()
            except OSError:
                return
            self.idle.clear()
            with peer:
                try:
                    self.play(peer, steps)
                except (OSError, AssertionError) as error:
                    self.errors.append(error)
            self.idle.set()
        self.sock.close()

    def play(self, peer, steps):
        peer.settimeout(60)
        kind, fields = decode(peer.recv(65536))
        assert kind == "request"
        self.requests.append(fields)
        for step in steps:
            if step == "die":
                return
            if step == "hang":
                self.idle.set()
                self.stop.wait(20)
                return
            if isinstance(step, (int, float)):
                time.sleep(step)
            elif isinstance(step, bytes):
                peer.send(step)
            else:
                kind, fields = step
                peer.send(encode(kind, **fields))
                if kind == "prompt":
                    self.answers.append(decode(peer.recv(65536)))

    def end(self):
        self.stop.set()
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        self.join(5)
