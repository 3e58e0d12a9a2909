#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Scenarios over a forest trust: the seed's remedy, suffix routing and its flags."""
from harness import broken, check, command, finish, trust, up
from scenarios import explained, lands, refused, works

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
SUFFIX_NAME = "alice@corp.example"


def suffixes(label):
    lands(f"7 {label} enabled", SUFFIX_NAME)
    for what, reason in (("suffix-disabled", "suffix-disabled-by-admin"),
                         ("suffix-new", "suffix-disabled-new"),
                         ("suffix-conflict", "suffix-disabled-conflict"),
                         ("suffix-excluded", "suffix-excluded"),
                         ("suffix-none", "suffix-unknown")):
        with broken(what):
            refused(f"7 {label} {what}", SUFFIX_NAME, "PAM_AUTH_ERR", 1326)
            explained(f"7 {label} {what}", SUFFIX_NAME, reason, subject="corp.example", win32=1326)
            works(f"7 {label} {what}", ALICE)
    works(f"7 {label} enabled again", SUFFIX_NAME)


def broken_trusts(label):
    for what, reason, subject, win32 in (
            ("trusttype", "trust-downlevel", "DC=contoso,DC=test", 1787),
            ("direction", "trust-direction", "DC=contoso,DC=test", 1787),
            ("trusttype-ws", "trust-downlevel", "DC=fabrikam,DC=test", 1788),
            ("direction-ws", "trust-direction", "DC=fabrikam,DC=test", 1788),
            ("spn", "host-spn-missing", "host/ws1.fabrikam.test", 1787)):
        with broken(what):
            refused(f"{label} {what}", ALICE, "PAM_AUTH_ERR", win32)
            explained(f"{label} {what}", ALICE, reason, subject, win32=win32)


def main():
    # The seed's remedy: the external trust is replaced by a forest trust.
    up(**LAB)
    command("refresh")
    refused("8 before", SUFFIX_NAME, "PAM_AUTH_ERR", 1326)
    trust("forest")
    for name in (ALICE, "contoso.test\\alice", "alice@contoso.test", SUFFIX_NAME):
        works("8 after, the snapshot still older than the trust", name)
    check("refresh reads the forest trust", command("refresh").returncode == 0)
    for name in (ALICE, "contoso\\ALICE", "contoso.test\\alice", "alice@contoso.test",
                 SUFFIX_NAME):
        lands("8 after", name)
    suffixes("two-way")
    broken_trusts("forest")
    trust("forest", "one-way")
    command("refresh")
    works("one-way", ALICE)
    suffixes("one-way")
    broken_trusts("forest one-way")
    # The other way round: the snapshot still has a forest trust.
    trust("external", "one-way")
    works("a snapshot older than the trust costs no logon", ALICE)
    finish()


if __name__ == "__main__":
    main()
