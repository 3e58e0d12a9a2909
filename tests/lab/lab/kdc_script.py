# SPDX-License-Identifier: MIT
"""Runs inside a DC: a KDC that answers chosen requests by a script.

The script has replies that no Samba DC sends (selective authentication, an authentication
policy); everything else is passed on to the real KDC.

usage: kdc_script.py LISTEN_PORT SCRIPT
SCRIPT is JSON: a list of {"message": "AS"|"TGS", "service": text the request
must contain or "", "preauth": true to match only an AS-REQ with an encrypted
timestamp, "error": code, "edata": hex, "crealm": realm of the client, where a referral
(68) leads}. The first match answers. With "replace":
[[hex, hex], ...] instead of an error the request is passed on with those bytes
changed, as an attacker on the wire could; and "own": [password, salt] takes the flag
enc-pa-rep out of the reply, as an attacker could who knows its key.
"""
import json
import os
import socket
import struct
import sys
import threading
import time

sys.path.append("/run/lab")  # -I leaves it out; last, for there is a samba.py
from kdc_wire import pass_on, receive  # noqa: E402

AS_REP = 0x6B
MESSAGES = {0x6A: "AS", 0x6C: "TGS"}
PA_ENC_TIMESTAMP = bytes.fromhex("a103020102")  # padata-type [1] INTEGER 2


def der(tag, content):
    size = len(content)
    if size < 0x80:
        length = bytes([size])
    else:
        digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(digits)]) + digits
    return bytes([tag]) + length + content


def integer(value):
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def krb_error(realm, code, edata, crealm=b""):
    """KRB-ERROR of RFC 4120 5.9.1."""
    now = time.strftime("%Y%m%d%H%M%SZ", time.gmtime()).encode()
    sname = der(0x30, der(0xA0, integer(2)) + der(0xA1, der(0x30, der(0x1B, b"krbtgt")
                                                            + der(0x1B, realm))))
    body = (der(0xA0, integer(5)) + der(0xA1, integer(30)) + der(0xA4, der(0x18, now))
            + der(0xA5, integer(0)) + der(0xA6, integer(code))
            + (der(0xA7, der(0x1B, crealm)) if crealm else b"")
            + der(0xA9, der(0x1B, realm)) + der(0xAA, sname))
    if edata:
        body += der(0xAC, der(0x04, edata))
    return der(0x7E, der(0x30, body))


def matches(rule, request):
    if MESSAGES.get(request[0]) != rule["message"]:
        return False
    if rule.get("preauth") and PA_ENC_TIMESTAMP not in request:
        return False
    return rule.get("service", "").encode() in request


def without_checksum(reply, password, salt):
    """The AS-REP without the flag that has the client compare what it sent."""
    from samba.tests.krb5 import kcrypto  # only this needs it, and it is slow to load

    start = next(i for i in range(len(reply)) if reply[i:i + 2] == b"\x04\x82" and
                 i + 4 + int.from_bytes(reply[i + 2:i + 4], "big") == len(reply)) + 4
    key = kcrypto.string_to_key(kcrypto.Enctype.AES256, password.encode(), salt.encode())
    plain = bytearray(kcrypto.decrypt(key, 3, reply[start:]))
    flags = plain.index(b"\xa4\x07\x03\x05\x00") + 5
    plain[flags + 1] &= ~0x01
    return reply[:start] + kcrypto.encrypt(key, 3, bytes(plain))


def serve(sock, rules, realm):
    with sock:
        while True:
            request = receive(sock)
            if request is None:
                return
            rule = next((r for r in rules if matches(r, request[4:])), None)
            if rule is None:
                reply = pass_on(request)
            elif "replace" in rule:
                for old, new in rule["replace"]:
                    assert len(old) == len(new)  # the lengths in DER stay true
                    request = request.replace(bytes.fromhex(old), bytes.fromhex(new))
                reply = pass_on(request)
                if reply is not None and reply[4] == AS_REP and "own" in rule:
                    reply = reply[:4] + without_checksum(reply[4:], *rule["own"])
            else:
                error = krb_error(realm, rule["error"], bytes.fromhex(rule.get("edata", "")),
                                  rule.get("crealm", "").encode())
                reply = struct.pack(">I", len(error)) + error
            if reply is None:
                return
            sock.sendall(reply)


def end_with_input():
    """End when the input ends: the process that started this one holds it, and no process
    outside can find it by name."""
    sys.stdin.read()
    os._exit(0)


def main():
    threading.Thread(target=end_with_input, daemon=True).start()
    port, rules = int(sys.argv[1]), json.loads(sys.argv[2])
    realm = socket.getfqdn().partition(".")[2].upper().encode() or b"LAB"
    listener = socket.create_server(("0.0.0.0", port))
    print("ready", flush=True)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(sock, rules, realm), daemon=True).start()


if __name__ == "__main__":
    main()
