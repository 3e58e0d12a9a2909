# SPDX-License-Identifier: MIT
"""Runs inside the workstation: stands in for journald and syslogd.

Appends every record to /var/log/lab/journal.jsonl, one JSON object per line:
the fields of the native journal protocol as they came, or MESSAGE and PRIORITY
of a /dev/log line, with _TRANSPORT, _PID, _UID and _TIME added.
"""
import array
import json
import os
import re
import selectors
import socket
import struct
import sys
import time

NATIVE = "/run/systemd/journal/socket"
SYSLOG = "/run/systemd/journal/dev-log"
OUTPUT = "/var/log/lab/journal.jsonl"
CREDENTIALS = struct.Struct("3i")


def text(value):
    return value.decode("utf-8", "backslashreplace")


def parse_native(data):
    """KEY=VALUE lines, or KEY, newline, 64-bit little-endian length, value."""
    fields = {}
    while data:
        line, _, rest = data.partition(b"\n")
        if b"=" in line:
            key, _, value = line.partition(b"=")
            data = rest
        elif line and len(rest) >= 8:
            key = line
            size = int.from_bytes(rest[:8], "little")
            value, data = rest[8:8 + size], rest[9 + size:]
        else:
            data = rest
            continue
        fields[text(key)] = text(value)
    return fields


def parse_syslog(data):
    found = re.match(rb"<(\d+)>(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )?"
                     rb"(?:([^:\[ ]+)(?:\[(\d+)\])?: )?(.*)", data.rstrip(b"\0\n"), re.S)
    if not found:
        return {"MESSAGE": text(data)}
    priority, tag, _, message = found.groups()
    return {"PRIORITY": str(int(priority) & 7), "SYSLOG_FACILITY": str(int(priority) >> 3),
            "SYSLOG_IDENTIFIER": text(tag or b""), "MESSAGE": text(message)}


def receive(sock):
    data, ancillary, _, _ = sock.recvmsg(1 << 20, 4096)
    sender = {}
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            pid, uid, _ = CREDENTIALS.unpack(payload[:CREDENTIALS.size])
            sender = {"_PID": str(pid), "_UID": str(uid)}
        elif level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            # A record too big for a datagram comes as a memory file.
            descriptors = array.array("i")
            descriptors.frombytes(payload[:len(payload) - len(payload) % descriptors.itemsize])
            for fd in descriptors:
                if not data:
                    data = os.pread(fd, os.fstat(fd).st_size, 0)
                os.close(fd)
    return data, sender


def bind(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind(path)
    os.chmod(path, 0o666)
    return sock


def main():
    selector = selectors.DefaultSelector()
    selector.register(bind(NATIVE), selectors.EVENT_READ, ("journal", parse_native))
    selector.register(bind(SYSLOG), selectors.EVENT_READ, ("syslog", parse_syslog))
    output = os.open(OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if os.fork():  # both sockets are bound: the caller may continue
        return
    os.setsid()
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    while True:
        for key, _ in selector.select():
            transport, parse = key.data
            data, sender = receive(key.fileobj)
            record = {**parse(data), "_TRANSPORT": transport, "_TIME": time.time(), **sender}
            os.write(output, json.dumps(record).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
