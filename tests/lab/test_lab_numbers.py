#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Labs side by side: none has a uid or a keyring of another."""
import re

import harness
from harness import PASSWORD, check, equal, ids_of, logon, ws
from lab import slot

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"


def all_differ():
    begins = [slot.first_id(slot.domain_sid(number, domain))
              for number in range(slot.SLOTS) for domain in slot.DOMAINS]
    equal("no two domains of any two labs share ids", len(set(begins)), len(begins))
    check("and none has those of the tests of other schemes", min(begins) >= 2200000, min(begins))


def this_one(number):
    found = re.findall(r"S-1-5-21[-0-9]+",
                       harness.on("dc1.contoso", ["net", "getdomainsid"]).stdout)
    equal("the domain has the SID of the lab's number", found[:1],
          [slot.domain_sid(number, "contoso")])
    got = logon(ALICE)
    check("alice logs on", got.code == "PAM_SUCCESS", got)
    uid = (ids_of(ALICE) or (0, 0))[0]
    check("her uid is one of this lab's", any(uid in some for some in slot.ids(number)), uid)
    for other in (number + 1, number + 2):
        check("and of no other's", not any(uid in some for some in slot.ids(other % slot.SLOTS)),
              uid)
    return uid


def next_one(number):
    other, held = slot.claim()
    check("a lab beside has another number", other != number, (other, number))
    held.close()


def keyrings(number, uid):
    as_alice = ["setpriv", f"--reuid={uid}", "--regid=5001", "--clear-groups", "env",
                f"KRB5CCNAME=KEYRING:persistent:{uid}"]
    got = ws([*as_alice, "kinit", "alice@CONTOSO.TEST"], stdin=PASSWORD + "\n")
    listed = ws([*as_alice, "klist"])
    if not check("a cache in the kernel's keyring", "krbtgt/" in listed.stdout,
                 got.stderr + listed.stderr):
        return
    slot.empty_keyrings((number + 1) % slot.SLOTS)
    check("another lab's beginning leaves it", "krbtgt/" in ws([*as_alice, "klist"]).stdout)
    slot.empty_keyrings(number)
    listed = ws([*as_alice, "klist"])
    check("a lab of this number begins without it", listed.returncode != 0, listed.stdout)


def main():
    lab = harness.up(**LAB)
    number = lab.info["slot"]
    all_differ()
    next_one(number)
    keyrings(number, this_one(number))
    harness.finish()


main()
