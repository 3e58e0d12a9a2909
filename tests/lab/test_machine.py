#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Which machine this is: a disjoint namespace with a short host name, and keytabs that hold keys of
other machines, in any order."""
import os
import struct

import harness
from harness import PASSWORD, check, command, equal, finish, logon_json, put, up, ws
from scenarios import explained, works

LAB = {"trust": "external"}

ALICE, CAROL = "CONTOSO\\alice", "FABRIKAM\\carol"
KEYTAB, SMB_CONF = "/etc/krb5.keytab", "/etc/samba/smb.conf"
OTHERS = ("host/ws1.contoso.test@CONTOSO.TEST", "WS1$@CONTOSO.TEST", "LAPTOP7$@FABRIKAM.TEST",
          "host/laptop7.fabrikam.test@FABRIKAM.TEST")


def keytab():
    with open(harness._lab.file("ws1", KEYTAB), "rb") as stored:
        return stored.read()


def entries_of(data):
    out, offset = [], 2
    while offset + 4 <= len(data):
        size, = struct.unpack_from(">i", data, offset)
        if size > 0:
            out.append(data[offset:offset + 4 + size])
        offset += 4 + abs(size)
    return out


def counted(text):
    return struct.pack(">H", len(text)) + text.encode()


def entry(principal, time, kvno, key):
    """One entry of an AES key."""
    name, realm = principal.split("@")
    parts = name.split("/")
    body = struct.pack(">H", len(parts)) + counted(realm) + b"".join(map(counted, parts)) \
        + struct.pack(">IIBHH", 1, time, kvno & 255, 18, len(key)) + key + struct.pack(">I", kvno)
    return struct.pack(">i", len(body)) + body


def put_keytab(entries):
    put("ws1", KEYTAB, b"\x05\x02" + b"".join(entries), 0o600)


def asked_for(got):
    """The services that tickets were asked for on the way, but those for a look into a directory."""
    return [event["subject"] for event in got["events"]
            if event["kind"] == "request" and event["message"] == "TGS-REQ"
            and not event["subject"].startswith("ldap/")]


def join(*options):
    done = ws(["net", "ads", "join", f"-Uadministrator%{PASSWORD}", *options], timeout=120)
    check(f"joined with {' '.join(options)}", done.returncode == 0, done.stderr)


def foreign_entries():
    """Keys of others, older and newer than our own, before and behind them."""
    own = entries_of(keytab())
    for age, time in (("older", 1000), ("newer", 0xF0000000)):
        key = os.urandom(32)
        others = [entry(principal, time, 250, key) for principal in OTHERS]
        for order, all_of_them in (("first", others + own), ("last", own[::-1] + others)):
            put_keytab(all_of_them)
            for name in (ALICE, CAROL):
                works(f"{age} keys of others {order}", name)
    command("refresh")
    explained("keys of others", ALICE, "ok", win32=0)
    # The same account's, from before it was deleted and created again: with higher versions.
    put_keytab([entry("WS1$@FABRIKAM.TEST", 1000, 250, os.urandom(32)), *own])
    done = command("refresh")
    check("keys of the account before it was made again", done.returncode == 0, done)
    # Put together from a backup: what was written last is not what counts.
    put_keytab(own)
    done = ws(["net", "ads", "changetrustpw"])
    check("the machine's password is changed", done.returncode == 0, done)
    own = entries_of(keytab())
    put_keytab([*own, entry("WS1$@FABRIKAM.TEST", 0xF0000000, 1, os.urandom(32))])
    done = command("refresh")
    check("an old key that was written last", done.returncode == 0, done)
    works("an old key that was written last", ALICE)
    put_keytab(own)


def disjoint():
    equal("the host name is short", ws(["hostname"]).stdout.strip(), "ws1")
    os.unlink(harness._lab.file("ws1", KEYTAB))
    join("dnshostname=ws1.lab.example")
    for label in ("disjoint namespace", "disjoint namespace, the other way round"):
        for name in (ALICE, CAROL):
            works(label, name)
            got = logon_json(name)
            equal(f"{label}: {name}, by the only full name in the keytab",
                  (got["ok"], asked_for(got)[-1]), (True, "host/ws1.lab.example"))
        put_keytab(entries_of(keytab())[::-1])
    command("refresh")
    explained("disjoint namespace", ALICE, "ok", win32=0)


def unknown_account():
    """Only the domain's not knowing the newer of two accounts shows which one is ours."""
    own = entries_of(keytab())
    key = os.urandom(32)
    put_keytab([*own, *(entry(principal, 0xF0000000, 1, key) for principal in
                        ("host/old.fabrikam.test@FABRIKAM.TEST", "OLD$@FABRIKAM.TEST"))])
    ws(["hostname", "gate"])
    got = logon_json(ALICE)
    equal("an account that the KDC does not know: the other one serves, in the same logon",
          (got["ok"], asked_for(got)[-1:]), (True, ["host/ws1.fabrikam.test"]))
    works("an account that the KDC does not know", ALICE)
    put_keytab(entries_of(keytab())[::-1])
    done = command("refresh")
    check("an account that the KDC does not know: the directory is read", done.returncode == 0, done)
    got = logon_json(CAROL)
    equal("an account that the KDC does not know: from then on the other one alone",
          (got["ok"], asked_for(got)), (True, ["host/ws1.fabrikam.test"]))
    ws(["hostname", "ws1"])
    put_keytab(own)


def joined_again():
    """As another computer: `net ads join` leaves the old entries, and writes the new key under the
    old NAME$, too. The host name is still the old one."""
    smb_conf = harness.get("ws1", SMB_CONF)
    put("ws1", SMB_CONF, smb_conf.replace("netbios name = WS1", "netbios name = WS9"))
    join("dnshostname=ws9.fabrikam.test")
    left = ws(["klist", "-k", KEYTAB]).stdout
    check("joined again: old entries are still there", "WS1$@" in left and "WS9$@" in left, left)
    for label in ("joined again", "joined again, the other way round"):
        for name in (ALICE, CAROL):
            works(label, name)
            got = logon_json(name)
            equal(f"{label}: {name}, by the name it has now",
                  (got["ok"], asked_for(got)[-1:]), (True, ["host/ws9.fabrikam.test"]))
        done = command("refresh")
        check(f"{label}: the directory is read", done.returncode == 0, done)
        put_keytab(entries_of(keytab())[::-1])


def main():
    up(**LAB)
    command("refresh")
    foreign_entries()
    unknown_account()
    disjoint()
    joined_again()
    finish()


if __name__ == "__main__":
    main()
