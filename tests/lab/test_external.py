#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Scenarios over an external trust: names, broken trusts, SPN, clock, keytab, accounts."""
from harness import (PASSWORD, broken, check, command, equal, finish, forget_journal, journal,
                     journal_lines, logon_json, trust, up)
from scenarios import explained, lands, refused, works

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
CONTOSO_TDO = "CN=System,DC=contoso,DC=test"    # held by the user's side
FABRIKAM_TDO = "CN=System,DC=fabrikam,DC=test"  # held by the workstation's side
# What is left when the user's side lacks "incoming", the workstation's "outgoing".
DIRECTIONS = {"external": ("trustDirection = 2, outgoing", "trustDirection = 1, incoming"),
              "one-way": ("trustDirection = 0, disabled", "trustDirection = 0, disabled")}
NEEDED = ("The trust must be incoming (bit 1) on the user's side and outgoing (bit 2) on the "
          "workstation's side")
# Asked for a new password, a user who types the old one again.
NO_NEW_ONE = "\n".join([PASSWORD] * 9)


def names():
    for label, name in (("1 external", ALICE), ("1 external", "contoso\\ALICE"),
                        ("1 external", "contoso.test\\alice"),
                        ("2 external", "alice@contoso.test")):
        lands(label, name)
        told = logon_json(name)
        equal(f"{label}: {name} is alice@CONTOSO.TEST", told["client"], "alice@CONTOSO.TEST")
    for name in ("alice@CONTOSO", "bob@Contoso.Test", "FABRIKAM\\carol", "carol"):
        works("1, 2", name)
    works("1", "CONTOSO\\jürgen.groß")
    works("1", "CONTOSO\\pat o'neil")
    refused("3 external", "alice@corp.example", "PAM_AUTH_ERR", 1326)
    explained("3 external", "alice@corp.example", "suffix-not-routable-over-external-trust",
              subject="corp.example", remedy="alice@contoso.test", win32=1326)


def broken_trusts(label):
    for what, reason, subject, attribute in (
            ("trusttype", "trust-downlevel", CONTOSO_TDO, "trustType = 1"),
            ("netbios-name", "trust-downlevel", CONTOSO_TDO, "trustType = 1"),
            ("direction", "trust-direction", CONTOSO_TDO, DIRECTIONS[label][0])):
        with broken(what):
            forget_journal()
            refused(f"{label} {what}", ALICE, "PAM_AUTH_ERR", 1787)
            journal_lines(ALICE)
            records = journal(TRUSTLOGON_REASON=reason)
            check(f"{label} {what}: the journal has status, reason, subject and remedy",
                  any(r.get("TRUSTLOGON_STATUS") == "0xC000018B"
                      and subject in r.get("TRUSTLOGON_SUBJECT", "")
                      and r.get("TRUSTLOGON_REMEDY") for r in records), journal())
            explained(f"{label} {what}", ALICE, reason, subject, attribute, win32=1787,
                      remedy="DNS names" if reason == "trust-downlevel" else NEEDED)
        works(f"{label} {what} mended", ALICE)
    for what, reason, attribute in (
            ("trusttype-ws", "trust-downlevel", "trustType = 1"),
            ("direction-ws", "trust-direction", DIRECTIONS[label][1])):
        with broken(what):
            refused(f"{label} {what}", ALICE, "PAM_AUTH_ERR", 1788)
            got = explained(f"{label} {what}", ALICE, reason, FABRIKAM_TDO, attribute, win32=1788)
            equal(f"{label} {what}: the KDC said 35", got["logon"]["krb_error"]["code"], 35)
    for what, reason, attribute in (("spn", "host-spn-missing", None),
                                    ("spn-duplicate", "host-spn-duplicate", "WS1")):
        with broken(what):
            refused(f"{label} {what}", ALICE, "PAM_AUTH_ERR", 1787)
            explained(f"{label} {what}", ALICE, reason, "host/ws1.fabrikam.test", attribute,
                      win32=1787)
    works(f"{label} all mended", ALICE)


def clock_and_keytab():
    for what, way, reason in (("clock", "ahead of", "clock-of-this-machine"),
                              ("clock-behind", "behind", "clock-of-this-machine"),
                              ("clock-dc", "ahead of", "clock-of-dc")):
        sentence = f"this clock is 60 minutes {way} dc1.contoso.test"
        with broken(what):
            forget_journal()
            refused(f"13 {what}", ALICE, "PAM_AUTH_ERR", 1398)
            lines = journal_lines("this clock is")
            check(f"13 {what}: the journal says by how much", any(sentence in l for l in lines),
                  lines)
            got = explained(f"13 {what}", ALICE, reason, win32=1398)
            told = [f["what"] for f in got.get("findings", [])
                    if f["check"] == "clock" and f["target"] == "dc1.contoso.test"]
            check(f"13 {what}: diagnose says by how much", told and sentence in told[0], told)
    for what, reason in (("keytab-missing", "keytab-missing"),
                         ("keytab-unreadable", "keytab-unreadable"),
                         ("keytab-stale", "keytab-stale"), ("keytab-wrong", "keytab-wrong")):
        with broken(what):
            refused(f"14 {what}", ALICE, "PAM_AUTH_ERR", 1789)
            explained(f"14 {what}", ALICE, reason, win32=1789)
    works("13, 14 mended", ALICE)


def accounts():
    for user, code, win32, reason, password in (
            ("alice", "PAM_AUTH_ERR", 1326, "wrong-password", "not the password"),
            ("nobody.here", "PAM_AUTH_ERR", 1326, "user-unknown", "not the password"),
            ("disabled", "PAM_PERM_DENIED", 1331, "account-disabled", None),
            ("locked", "PAM_PERM_DENIED", 1909, "account-locked", None),
            ("expired", "PAM_ACCT_EXPIRED", 1793, "account-expired", None),
            ("mustchange", "PAM_AUTH_ERR", 1907, "password-must-change", NO_NEW_ONE),
            ("pwexpired", "PAM_AUTH_ERR", 1330, "password-expired", NO_NEW_ONE),
            ("hours", "PAM_PERM_DENIED", 1328, "logon-hours", None),
            ("wslist", "PAM_PERM_DENIED", 1329, "workstation-not-allowed", None)):
        how = {} if password is None else {"password": password}
        refused("12 external", f"CONTOSO\\{user}", code, win32, **how)
        explained("12 external", f"CONTOSO\\{user}", reason, win32=win32, **how)
    refused("12", "NOSUCHDOMAIN\\alice", "PAM_AUTHINFO_UNAVAIL", 1355)
    explained("12", "NOSUCHDOMAIN\\alice", "domain-unknown", subject="NOSUCHDOMAIN", win32=1355)


def main():
    up(**LAB)
    check("refresh reads the trusts", command("refresh").returncode == 0)
    names()
    accounts()
    broken_trusts("external")
    clock_and_keytab()
    trust("external", "one-way")
    check("refresh over a one-way trust", command("refresh").returncode == 0)
    lands("one-way", ALICE)
    broken_trusts("one-way")
    finish()


if __name__ == "__main__":
    main()
