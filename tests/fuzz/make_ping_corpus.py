#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the seeds of fuzz_ping: answers to an LDAP ping, good and broken.

The first byte of a seed says what the rest is: 0 the bytes of the Netlogon
attribute, 1 a whole UDP packet.
"""
import pathlib
import struct
import sys

GUID = bytes(range(1, 17))
NAMES = ["contoso.test", "contoso.test", "dc1.contoso.test", "CONTOSO", "DC1", "",
         "Default-First-Site-Name", "Default-First-Site-Name"]


def names(values, base, compress):
    """RFC 1035 names; with `compress`, a suffix seen before becomes a pointer."""
    out, seen = b"", {}
    for index, value in enumerate(values):
        labels = [value] if index > 2 and value else [l for l in value.split(".") if l]
        while labels:
            rest = ".".join(labels)
            if compress and rest in seen:
                out += struct.pack(">H", 0xC000 | seen[rest])
                break
            seen.setdefault(rest, base + len(out))
            label = labels.pop(0).encode()
            out += bytes([len(label)]) + label
        else:
            out += b"\0"
    return out


def reply(opcode=23, flags=0x1FD, values=NAMES, compress=True, extra=b"", version=5):
    head = struct.pack("<HHI", opcode, 0, flags) + GUID
    return (head + names(values, len(head), compress) + extra +
            struct.pack("<IHH", version, 0xFFFF, 0xFFFF))


def tlv(tag, content, long=False):
    n = len(content)
    if n < 0x80 and not long:
        return bytes([tag, n]) + content
    return bytes([tag, 0x84]) + struct.pack(">I", n) + content


def message(op, ident=7, long=False):
    return tlv(0x30, tlv(2, struct.pack(">I", ident)) + op, long)


def entry(value, name=b"Netlogon", long=False):
    attribute = tlv(0x30, tlv(4, name, long) + tlv(0x31, tlv(4, value, long), long), long)
    return tlv(0x64, tlv(4, b"", long) + tlv(0x30, attribute, long), long)


DONE = tlv(0x65, b"\x0a\x01\x00\x04\x00\x04\x00")


def seeds():
    good = reply()
    for name, data in {
            "good": good, "plain": reply(compress=False), "paused": reply(opcode=24),
            "user-unknown": reply(opcode=25), "old-form": reply(opcode=19),
            "with-address": reply(extra=b"\x10" + struct.pack(">HH4s8x", 0x200, 389,
                                                              b"\x0a\x63\x00\x0b")),
            "empty-names": reply(values=[""] * 8), "short": good[:23], "cut": good[:60],
            "utf8": reply(values=NAMES[:6] + ["Zürich", "Genève"]),
            "long-name": reply(values=[".".join(["a" * 63] * 4)] + NAMES[1:]),
            "loop": good[:24] + b"\xc0\x18" + good[26:],
            "forward": good[:24] + b"\xc0\x40" + good[26:],
            "into-header": good[:24] + b"\xc0\x04" + good[26:],
            "bad-label": good[:24] + b"\x80" + good[25:],
            "control": reply(values=["con\ntoso.test"] + NAMES[1:])}.items():
        yield "attribute-" + name, b"\0" + data
    for name, data in {
            "good": message(entry(good)) + message(DONE),
            "alone": message(entry(good)), "long": message(entry(good, long=True), long=True),
            "none": message(DONE), "other": message(entry(good, b"defaultN")) + message(DONE),
            "ids": message(entry(b"", b"other")) + message(DONE, 8),
            "cut": message(entry(good))[:-9], "empty": b"",
            "no-value": message(tlv(0x64, b"\4\0\x30\x0e\x30\x0c\4\x08Netlogon\x31\0")),
            "indefinite": b"\x30\x80\x02\x01\x01\0\0"}.items():
        yield "packet-" + name, b"\1" + data


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                          pathlib.Path(__file__).parent / "corpus" / "ping")
    folder.mkdir(parents=True, exist_ok=True)
    for seed, content in seeds():
        (folder / seed).write_bytes(content)
