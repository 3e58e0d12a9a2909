#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""PAM and diagnose give one status where the own side's trust has changed since the snapshot was
saved: deleted, made, with another SID, with another direction; over both kinds of trust, with a
snapshot that is read again for an unknown name and with one that is too young for it."""
import time

import harness
from harness import command, diagnose, equal, finish, logon, trust, up, ws
from scenarios import TEXT, said

from truth import model
from truth.fault import undo_all

LAB = {"trust": "external"}

ALICE, SUFFIX_USER = "CONTOSO\\alice", "alice@corp.example"
FOLDERS = "/var/lib/trustlogon /var/cache/trustlogon /run/trustlogon"
KEPT = "/root/kept.tar"
SNAPSHOT = "/var/lib/trustlogon/topology.json"
AGES = {"young": 0, "two minutes old": 120}  # seconds
DIFFERS = "snapshot-differs"
DELETED, SID, WAY = ("fabrikam-deleted", "fabrikam-securityIdentifier-foreign",
                     "fabrikam-trustDirection-1")


def aged(seconds):
    taken = int(time.time()) - seconds
    ws(["sed", "-i", "-E", f's/("taken": ?)[0-9]+/\\1{taken}/', SNAPSHOT])


def keep():
    ws(f"tar -cf {KEPT} {FOLDERS}")


def back(seconds):
    """What WS1 remembers is what it was, with a snapshot of this age."""
    ws(f"for folder in {FOLDERS}; do find $folder -mindepth 1 -delete; done; tar -xf {KEPT} -C /")
    aged(seconds)


def by_pam(name):
    """The Win32 code of the sentence that PAM gives; 0: the logon works."""
    got = logon(name)
    if got.code == "PAM_SUCCESS":
        return 0
    lines = said(got)
    return next((code for code, text in TEXT.items() if lines == [text]), got)


def by_diagnose(name):
    """The same by diagnose, and whether it tells that the snapshot is behind."""
    got = diagnose(name)
    ended = got.get("logon") or {}
    told = any(f["reason"] == DIFFERS for f in got.get("findings", []))
    return 0 if ended.get("ok") else (got.get("status") or {}).get("win32"), told


def agree(what, name, wanted, behind):
    """By both, from the same state each, and by PAM after diagnose; then the status is the one
    that is wanted. `behind`: whether the snapshot still is after the logon. Both may depend on its
    age."""
    for age, seconds in AGES.items():
        label = f"{what}, a snapshot {age}: {name}"
        back(seconds)
        pam = by_pam(name)
        back(seconds)
        told, differs = by_diagnose(name)
        equal(f"{label}: diagnose", told, pam)
        equal(f"{label}: PAM after diagnose", by_pam(name), pam)
        equal(f"{label}: the status", pam, wanted[age] if isinstance(wanted, dict) else wanted)
        equal(f"{label}: that it is behind is told", differs,
              behind[age] if isinstance(behind, dict) else behind)


def changed(kind, fault, name, after, mended, behind_after, behind_mended):
    """A snapshot from before the change; then one from before it was undone."""
    undo = []
    lab = harness._lab
    what = f"{kind}: {fault}"
    command("refresh")
    keep()
    made = next(one for one in model.faults(kind) if one.name == fault)
    try:
        made.make(lab, undo)
        agree(what, name, after, behind_after)
        command("refresh")
        keep()
    finally:
        equal(f"{what}: undone", undo_all(lab, undo), [])
    agree(f"{what}, undone", name, mended, behind_mended)


def main():
    up(**LAB)
    for kind in ("external", "forest"):
        if kind == "forest":
            trust("forest")
        new = {"young": 1355, "two minutes old": 0}
        changed(kind, DELETED, ALICE, 1788, new, True, {"young": True, "two minutes old": False})
        changed(kind, SID, ALICE, 0, 0, True, False)
        changed(kind, WAY, ALICE, 1788, 0, True, True)
    # Her suffix goes to the own KDC, whatever the snapshot says.
    changed("forest", DELETED, SUFFIX_USER, 1326, 0, True, False)
    finish()


if __name__ == "__main__":
    main()
