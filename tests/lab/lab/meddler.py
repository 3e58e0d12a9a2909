# SPDX-License-Identifier: MIT
"""Runs inside a DC: a proxy before its KDC that changes chosen replies.

usage: meddler.py LISTEN_PORT

One JSON object a line on standard input says what is to be done from now on, each
answered by a line with what the last one led to: {"replies": how many there were,
"done": whether it was that reply's turn, "sizes": of the kept ones}. Ends with its input.

    {"reply": N, "how": HOW, ...}      N counts this KDC's replies from 0
    {"all": "KRB"|"TGS", "how": ...}   all replies, or all to TGS-REQs
    {"keep": true}                     pass on, and keep the replies for "replay"
    {"blind": [136, ...]}              padata of these types (128 and above), in requests and replies,
                                       is changed to an unknown type

HOW, where "at" and "bits" are places and values in the bytes of length and message:
    truncate   the first "at" bytes, then the connection ends
    shorten    the first "at" bytes of the message with a length that is right
    flip       the byte at "at" XOR "bits"
    length     a length of "value" before the message
    noise      as many bytes as the message has, none of it the KDC's ("seed")
    delay      "ms" later
    dribble    one byte at a time, "ms" apart, for the first "at" bytes
    duplicate  the reply twice
    replay     the kept reply "kept" of an earlier logon
    end        no reply, the connection ends
    silence    no reply, the connection stays
"""
import json
import os
import random
import socket
import struct
import sys
import threading
import time

sys.path.append("/run/lab")  # -I leaves it out; last, for there is a samba.py
from kdc_wire import pass_on, receive  # noqa: E402

TGS_REQ = 0x6C
UNKNOWN_PADATA = 143
SILENCE = 30  # seconds: longer than any client waits


def padata_type(kind):
    """[1] INTEGER, of two bytes since the first has its high bit set."""
    return bytes([0xA1, 4, 2, 2, 0, kind])


class Plan:
    """What is to be done; one lock, since connections have threads of their own."""

    def __init__(self):
        self.lock = threading.Lock()
        self.order, self.count, self.done, self.kept = {}, 0, False, []

    def change(self, order):
        with self.lock:
            last = {"replies": self.count, "done": self.done,
                    "sizes": [len(reply) for reply in self.kept]}
            self.order, self.count, self.done = order, 0, False
            if order.get("keep"):
                self.kept = []
            return last

    def blinded(self, message):
        """The message without the padata that is to be hidden, in the same length."""
        with self.lock:
            types = self.order.get("blind", [])
        for kind in types:
            message = message.replace(padata_type(kind), padata_type(UNKNOWN_PADATA))
        return message

    def next(self, request, reply):
        """The order for this reply, or None."""
        with self.lock:
            number = self.count
            self.count += 1
            if self.order.get("keep"):
                self.kept.append(reply)
            kinds = ("KRB", "TGS") if request[4] == TGS_REQ else ("KRB",)
            if self.order.get("all") in kinds:
                return self.order
            if self.order.get("reply") != number or self.done:
                return None
            self.done = True
            return self.order


def meddle(plan, order, reply):
    """(bytes to send, whether the connection stays open)"""
    how, at, message = order["how"], order.get("at", 0), reply[4:]
    if how == "truncate":
        return reply[:at], False
    if how == "shorten":
        return struct.pack(">I", len(message[:at])) + message[:at], True
    if how == "flip":
        return reply[:at] + bytes([reply[at] ^ order["bits"]]) + reply[at + 1:], True
    if how == "length":
        return struct.pack(">I", order["value"]) + message, True
    if how == "noise":
        return reply[:4] + random.Random(order["seed"]).randbytes(len(message)), True
    if how == "duplicate":
        return reply + reply, True
    if how == "replay":
        return plan.kept[order["kept"]], True
    return reply, True


def serve(sock, plan):
    with sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            request = receive(sock)
            reply = pass_on(plan.blinded(request)) if request else None
            if reply is None:
                return
            reply = plan.blinded(reply)
            order = plan.next(request, reply)
            if order is None:
                sock.sendall(reply)
                continue
            order = {**order, "at": order.get("at", 0) % len(reply)}
            if order["how"] in ("end", "silence"):
                time.sleep(SILENCE if order["how"] == "silence" else 0)
                return
            if order["how"] == "delay":
                time.sleep(order["ms"] / 1000)
            data, goes_on = meddle(plan, order, reply)
            first = order["at"] if order["how"] == "dribble" else 0
            for byte in data[:first]:
                sock.sendall(bytes([byte]))
                time.sleep(order["ms"] / 1000)
            sock.sendall(data[first:])
            if not goes_on:
                return


def serve_quietly(sock, plan):
    """A client that gets a malformed reply hangs up, which the tests expect."""
    try:
        serve(sock, plan)
    except OSError:
        pass


def accept(listener, plan):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve_quietly, args=(sock, plan), daemon=True).start()


def main():
    plan = Plan()
    listener = socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=64)
    threading.Thread(target=accept, args=(listener, plan), daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(plan.change(json.loads(line))), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
