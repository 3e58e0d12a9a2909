#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Faults that one sentence of Windows covers: diagnose and the journal name the one that is there,
with object and attribute, and PAM's status stays."""
import contextlib
import time

import harness
from capture import Capture
from harness import (broken, check, command, diagnose, equal, finish, forget_journal, journal,
                     logon, until, up, ws)

from lab import settings
from truth import model
from truth.fault import undo_all

LAB = {"trust": "forest"}

ALICE = "CONTOSO\\alice"
SPN = "host/ws1.fabrikam.test"
# The snapshot was read two minutes ago; none is read again for a failure within one.
AGED = ["sed", "-i", "-E", f's/("taken": ?)[0-9]+/\\1{int(time.time()) - 120}/',
        "/var/lib/trustlogon/topology.json"]


@contextlib.contextmanager
def made(names):
    """A fault of the campaign's model, or several: "a + b"."""
    undo = []
    try:
        for name in names.split(" + "):
            next(fault for fault in model.faults("forest")
                 if fault.name == name).make(harness._lab, undo)
        yield
    finally:
        equal(f"{names}: undone", undo_all(harness._lab, undo), [])


def named(what, reason, subject, attribute="", win32=1787, told=True, how=broken):
    """diagnose, and unless it cannot know, the journal, give this cause."""
    with how(what):
        command("refresh")
        forget_journal()
        logon(ALICE)
        got = diagnose(ALICE)
        equal(f"{what}: diagnose", (got.get("reason"), (got.get("status") or {}).get("win32")),
              (reason, win32))
        check(f"{what}: it names {subject}", subject.lower() in (got.get("subject") or "").lower(),
              got.get("subject"))
        check(f"{what}: and {attribute or 'no attribute'}",
              attribute.lower() in (got.get("attribute") or "").lower(), got.get("attribute"))
        failed = [f for f in got.get("findings", []) if f["verdict"] == "failed"]
        check(f"{what}: a line that failed does not say what works, or another cause for it",
              failed and not any("the KDC of that domain is used" in f["what"] or
                                 f["reason"] == "clock-skew" for f in failed),
              [(f["reason"], f["what"]) for f in failed])
        reasons = until(lambda: [r["TRUSTLOGON_REASON"] for r in journal()
                                 if r.get("TRUSTLOGON_REASON")], 30)
        if told:
            equal(f"{what}: the journal", reasons, [reason])
    ws(AGED)
    equal(f"{what} mended: she logs on at once", logon(ALICE).code, "PAM_SUCCESS")


def behind():
    """A snapshot that is older than the trusts: logons use it, and diagnose says so."""
    command("refresh")
    with made("fabrikam-trustAttributes-0x40"):
        told = [f["what"] for f in diagnose(ALICE).get("findings", [])
                if f["reason"] == "snapshot-differs"]
        check("a snapshot that is behind is told, with the object and the attribute",
              len(told) == 1 and "CN=contoso.test" in told[0] and "trustAttributes" in told[0],
              told)
        command("refresh")
        equal("and not after it was read again", [
            f["what"] for f in diagnose(ALICE).get("findings", [])
            if f["reason"] == "snapshot-differs"], [])
    command("refresh")


def read_once():
    """Guesses in a domain that cannot be found cause no LDAP traffic."""
    with broken("partner-ws"):
        command("refresh")
        ws(AGED)
        equal("a domain that is not found", logon(ALICE).code, "PAM_AUTHINFO_UNAVAIL")
        with Capture(harness._lab) as wire:
            logon(ALICE)
        check("the trusts are read for the first failure, not for the next",
              not [p for p in wire.port(389, "tcp") if p.payload], wire)


def main():
    up(**LAB)
    # The sentence of error 14 has no Win32 code.
    named("spn-user", "host-spn-elsewhere", SPN, "CN=walter", 0)
    named("account-gone", "machine-account-missing", "WS1$")
    # Samba's KDC makes tickets for a disabled machine: she logs on, and no user has a name.
    named("account-disabled", "machine-account-disabled", "WS1", win32=None, told=False)
    named("within-forest", "trust-within-forest", "CN=fabrikam.test", "0x28")
    named("trust-sid", "trust-sid", "CN=contoso.test", "S-1-5-21-1-2-3", 1326)
    named("secret-ws", "trust-secret", "; CN=fabrikam.test", "trustAuthOutgoing", 1788)
    for what, reason, subject, attribute, win32 in (
            ("contoso-trustAuthIncoming-gone", "trust-secret-missing", "CN=fabrikam.test",
             "trustAuthIncoming", 1787),
            ("fabrikam-trustAuthOutgoing-gone", "trust-secret-missing", "CN=contoso.test",
             "trustAuthOutgoing", 1788),
            ("contoso-flatName-gone", "trust-damaged", "CN=fabrikam.test", "no flatName", 1326),
            ("contoso-duplicate-trustPartner", "trust-twice", "CN=second.test",
             "trustPartner = fabrikam.test", 1326),
            ("contoso-trustPartner-other", "trust-partner", "CN=fabrikam.test",
             "trustPartner = other.test", 1311),
            ("fabrikam-msDS-SupportedEncryptionTypes-8", "trust-enctypes", "CN=contoso.test",
             "msDS-SupportedEncryptionTypes = 8", 1788),
            ("fabrikam-info-domain-sid-admin", "domain-sid-disabled", "CN=contoso.test",
             "disables the SID of contoso.test", 1326),
            ("fabrikam-trustPartner-gone", "trust-damaged", "CN=contoso.test",
             "no trustPartner", 1355)):
        named(what, reason, subject, attribute, win32, how=made)
    # The journal's words are those of the file and of the account.
    named("machine-uac-0x200000", "machine-account-flags", "WS1$", "USE_DES_KEY_ONLY", 0, how=made)
    # The machine is refused, and the user reads its account.
    named("machine-uac-0x40000", "machine-account-flags", "CN=WS1,CN=Computers",
          "SMARTCARD_REQUIRED", 0, how=made)
    named("machine-uac-0x40000 + fabrikam-389-tcp-drop", "machine-key-rejected", "WS1$",
          "KDC_ERR_PREAUTH_FAILED", 0, told=False, how=made)
    named("machine-key + spn-duplicate", "host-spn-duplicate", SPN, "CN=WS1-OLD", how=made)
    with made("user-upn-twice"):
        got = diagnose(f"alice@{settings.SUFFIX}")
        equal("two accounts have the name", (got["reason"], got["attribute"]),
              ("user-principal-name-twice", f"userPrincipalName = alice@{settings.SUFFIX}"))
        check("both are named", all(f"CN={name},CN=Users" in got["subject"]
                                    for name in ("alice", "bob")), got["subject"])
    named("keytab-realm", "keytab-other-realm", "/etc/krb5.keytab", "FABRIKAN.TEST", 1311,
          told=False, how=made)
    with broken("tcp389"):
        named("trusttype", "trust-unreadable", "dc1.contoso.test", "contoso.test", told=False)
    # The journal knows one clock beside this machine's.
    named("clock-dc", "clock-of-dc", "dc1.contoso.test", "60 minutes", 1398, told=False)
    named("partner-ws", "trust-partner", "CN=contoso.test", "trustPartner = contso.test", 1311)
    read_once()
    behind()
    finish()


if __name__ == "__main__":
    main()
