#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Hostile input at a login prompt, and obstacles to libkrb5: names of unknown domains choose no
host, a damaged snapshot crashes nothing, and a broken krb5.conf is named."""
import glob
import json
import os

import harness
from harness import PASSWORD, broken, check, command, equal, finish, logon_json, put, up
from capture import Capture
from scenarios import explained, refused, works

# It asks for domains that no server of the lab knows, which keeps those busy for a while.
LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
NOWHERE = "evil.example"
CONF, KRB5_CONF = "/etc/trustlogon.conf", "/etc/krb5.conf"
SNAPSHOT = "/var/lib/trustlogon/topology.json"


def cached():
    return sorted(os.path.basename(path) for path in
                  glob.glob(harness._lab.file("ws1", "/var/cache/trustlogon/dc-*")))


def asked(capture):
    """The names that were asked of DNS."""
    return {packet.question for packet in capture.packets if packet.to_port == 53 and packet.question}


def unknown_domains():
    command("refresh")
    before = cached()
    with Capture(harness._lab) as capture:
        for name in (f"{NOWHERE}\\x", f"dc1.{NOWHERE}\\alice", "10.99.0.66\\root"):
            refused("a domain that is none", name, "PAM_AUTHINFO_UNAVAIL", 1355, within=3)
    check("a domain that is none: DNS is not asked for it",
          not [name for name in asked(capture) if "contoso" not in name and "fabrikam" not in name],
          asked(capture))
    equal("a domain that is none: nothing of it is kept", cached(), before)
    explained("a domain that is none", f"{NOWHERE}\\x", "domain-unknown", subject=NOWHERE, win32=1355)
    put("ws1", CONF, f"[topology]\n realms = OTHER.EXAMPLE {NOWHERE}\n")
    with Capture(harness._lab) as capture:
        logon_json(f"{NOWHERE}\\x")
    check(f"realms = {NOWHERE}: asked by its name",
          [name for name in asked(capture) if name.endswith(NOWHERE)], asked(capture))
    os.unlink(harness._lab.file("ws1", CONF))


def without_a_snapshot():
    snapshot = harness._lab.file("ws1", SNAPSHOT)
    os.unlink(snapshot)
    with broken("tcp389-ws"):
        for name in ("unknown9@contoso.test", "CONTOSO\\unknown9", "unknown9@corp.example"):
            done = command("id", name)
            check(f"no snapshot: trustlogon id {name} ends by itself", 0 <= done.returncode < 4, done)
            done = command("route", name)
            check(f"no snapshot: trustlogon route {name} ends by itself", 0 <= done.returncode < 4, done)
        done = command("logon", "contoso.test\\alice", stdin=PASSWORD + "\n")
        said = " ".join(done.stdout.split())
        check("no snapshot, and the directory cannot be read: a domain is taken at its word, and the "
              "logon comes to its end", done.returncode in (0, 1) and
              "AS-REQ alice@CONTOSO.TEST" in said and "TGS-REP host/ws1" in said, done)
    command("refresh")


BROKEN = (
    ("a line without a value", "[libdefaults]\n default_realm FABRIKAM.TEST\n", "/etc/krb5.conf, line 2"),
    ("a section that does not end", "[realms]\n[libdefaults\n", "/etc/krb5.conf, line 2"),
    ("an include of nothing", "include /etc/nothing\n[libdefaults]\n", "/etc/krb5.conf, line 1"),
    ("a lifetime that is none", "[libdefaults]\n default_realm = FABRIKAM.TEST\n"
     " ticket_lifetime = tomorrow\n", "[libdefaults] ticket_lifetime: 'tomorrow'"),
)


def broken_krb5_conf():
    good = harness.get("ws1", KRB5_CONF)
    for what, text, where in BROKEN:
        put("ws1", KRB5_CONF, text)
        done = command("logon", ALICE, stdin=PASSWORD + "\n")
        said = " ".join((done.stdout + done.stderr).split())
        check(f"{what}: told with its place, and neither keytab nor machine is blamed",
              done.returncode in (1, 3) and where in said and "Correct that place in krb5.conf" in said
              and "Join" not in said and "Internal error:" not in said, done)
        got = harness.diagnose(ALICE)
        bad = [finding for finding in got.get("findings", []) if finding["reason"] == "krb5-conf-invalid"]
        check(f"{what}: diagnose names it", bad and where in json.dumps(bad[0])
              and not [finding for finding in got["findings"] if finding["check"] == "keytab"
                       and finding["verdict"] == "failed"], got)
        done = command("config")
        check(f"{what}: trustlogon config finds it", done.returncode == 1 and where in
              " ".join((done.stdout + done.stderr).split()), done)
        shown = harness.logon(ALICE)
        check(f"{what}: no logon", shown.code not in ("PAM_SUCCESS", "PAM_AUTH_ERR"), shown)
    put("ws1", KRB5_CONF, good)
    works("krb5.conf is mended", ALICE)


def main():
    up(**LAB)
    unknown_domains()
    without_a_snapshot()
    broken_krb5_conf()
    finish()


if __name__ == "__main__":
    main()
