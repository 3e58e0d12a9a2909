#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""FAST: logons and changes of passwords in armor made of the machine's own ticket, across the
trust. What went over the wire is read from a capture; docs/decisions/fast.md has the guarantees."""
import copy
import dataclasses
import time

import harness
from capture import Capture
from domains import must_change
from harness import (PASSWORD, broken, check, command, diagnose, equal, finish, journal, logon,
                     logon_json, pam_stack, put, trust, up, ws)
from meddling import Meddler
from scenarios import TEXT

LAB = {"trust": "external"}

ALICE, MUST, UPN = "CONTOSO\\alice", "CONTOSO\\mustchange", "alice@corp.example"
POLICIES = ("never", "try", "demand")
T1265 = ("The system cannot contact a domain controller to service the authentication request. "
         "Please try again later.")
PROOFS = {2, 138}  # an encrypted timestamp, an encrypted challenge
FX_FAST, ENC_PA_REP = 136, 149
TICKETS, KNOWN = "/run/trustlogon/machine.armor", "/var/lib/trustlogon/fast."
DC = "dc1.contoso"


def of_users(wire):
    """The padata outside of each AS-REQ for a user, oldest first."""
    return [p.padata for p in wire.kerberos("AS-REQ") if not p.client.endswith("$")]


@dataclasses.dataclass
class Taken:
    """One logon: how it ended, and what of the capture is its own."""
    got: harness.Logon
    reason: str
    start: float
    end: float
    wire: Capture = None


def logons(*each):
    """Several in one capture: (policy, name, password, what to do before it), the last ones
    as far as they are needed."""
    taken = []
    with Capture(harness._lab) as wire:
        for policy, name, password, before in ((*one, None, None, None)[:4] for one in each):
            if before:
                before()
            start = time.time()
            got, reason = answered(policy, name or ALICE, password or PASSWORD)
            taken.append(Taken(got, reason, start, time.time()))
    for one in taken:
        one.wire = copy.copy(wire)
        one.wire.packets = [p for p in wire.packets if one.start <= p.time <= one.end]
    return taken


def armored(label, wire, requests=2):
    """All that was asked for the user was in armor, and nothing of the password outside."""
    asked = of_users(wire)
    check(f"{label}: {requests} AS-REQs for the user, all armored, with no proof of the password "
          "outside", len(asked) == requests and
          all(FX_FAST in types and not types & PROOFS for types in asked), asked)


def plain(label, wire):
    asked = of_users(wire)
    check(f"{label}: no AS-REQ is armored", asked and not any(FX_FAST in t for t in asked), asked)


def forget(*what):
    ws(["rm", "-f", *what])


def forget_tickets():
    ws(f"rm -f {TICKETS}*")


def reasons():
    return [r["TRUSTLOGON_REASON"] for r in journal() if "TRUSTLOGON_REASON" in r]


def answered(policy, name, password):
    """A logon, and its reason, which reaches the journal when it reaches it."""
    before = len(reasons())
    got = logon(name, password, service=f"fast-{policy}")
    deadline = time.monotonic() + 30
    while len(reasons()) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    return got, (reasons()[before:] or [None])[-1]


def works(label, one):
    check(f"{label}: logged on", one.got.code == "PAM_SUCCESS", one.got)


def refused(label, one, code, text, slug):
    equal(f"{label}: refused", (one.got.code, one.reason), (code, slug))
    check(f"{label}: the user reads what Windows says", text in one.got.text, one.got)


def downgraded(label, one, slug):
    refused(label, one, "PAM_AUTHINFO_UNAVAIL", T1265, slug)


def policies():
    """Each policy over a two-way external trust: what passes over the wire."""
    never, first, demand, known, unknown = logons(
        ("never",), ("demand",), ("demand",), ("try",),
        ("try", None, None, lambda: forget(KNOWN + "CONTOSO.TEST")))
    works("never", never)
    plain("never", never.wire)
    works("demand, first", first)
    armored("demand, first", first.wire)
    equal("demand, first: the machine's ticket, and the logon", first.wire.exchanges(),
          ["AS-REQ", "AS-REQ", "TGS-REQ", "TGS-REQ", "AS-REQ", "AS-REQ", "TGS-REQ", "TGS-REQ"])
    # The process with the keys speaks with its own KDC alone; another one, without the keys and
    # without anything of the user's, goes from there to the user's for armor.
    equal("demand, first: three connections for the ticket, two for the logon",
          first.wire.connections(88), 5)
    equal("demand: the machine's tickets are root's alone",
          ws(["stat", "-c", "%a %u", TICKETS]).stdout.strip(), "600 0")
    for label, one in (("demand, later", demand), ("try, later", known)):
        works(label, one)
        armored(label, one.wire)
        equal(f"{label}: four exchanges, as without", one.wire.exchanges(),
              ["AS-REQ", "AS-REQ", "TGS-REQ", "TGS-REQ"])
    works("try, not known", unknown)
    asked = of_users(unknown.wire)
    check("try, not known: asked in the clear, with nothing of the password, then in armor",
          len(asked) == 3 and not asked[0] & {FX_FAST, *PROOFS} and
          all(FX_FAST in types for types in asked[1:]), asked)
    check("try: remembered", ws(["test", "-f", KNOWN + "CONTOSO.TEST"]).returncode == 0)


def states():
    """The codes inside the armor become the texts that they become without."""
    table = ((ALICE, "Wrong.Passw0rd", "PAM_AUTH_ERR", 1326, "wrong-password", 2),
             ("CONTOSO\\nobody.here", PASSWORD, "PAM_AUTH_ERR", 1326, "user-unknown", 1),
             ("CONTOSO\\disabled", PASSWORD, "PAM_PERM_DENIED", 1331, "account-disabled", 2),
             ("CONTOSO\\expired", PASSWORD, "PAM_ACCT_EXPIRED", 1793, "account-expired", 2),
             ("CONTOSO\\locked", PASSWORD, "PAM_PERM_DENIED", 1909, "account-locked", 2))
    must_change()
    *rows, change = logons(*(("demand", name, password) for name, password, *_ in table),
                           ("demand", MUST, f"{PASSWORD}\nIn.Armor.1\nIn.Armor.1"))
    for (*_, code, number, slug, requests), one in zip(table, rows):
        refused(f"{slug} in armor", one, code, TEXT[number], slug)
        armored(f"{slug} in armor", one.wire, requests)
    check("must change, in armor: changed and logged on", change.got.code == "PAM_SUCCESS" and
          "Your password has been changed." in change.got.text, change.got)
    # the logon, the old password proven, the change, the logon with the new one
    armored("must change", change.wire, 8)


def told():
    """What the command shows of it."""
    put("ws1", "/etc/trustlogon.conf", "[logon]\n    fast = demand\n")
    shown = logon_json(ALICE)
    equal("logon --json: which messages were armored",
          [(e["message"], e["armored"]) for e in shown["events"] if e["kind"] in ("request", "reply")
           and e["message"] in ("AS-REQ", "AS-REP") and "alice" in e["subject"]],
          [("AS-REQ", True), ("AS-REQ", True), ("AS-REP", True)])
    found = {f["check"]: f for f in diagnose(ALICE)["findings"]}
    equal("diagnose: armor can be had", found["armor"]["verdict"], "ok")
    check("diagnose: and was used", found["as"]["what"].endswith("right, verified with armor"), found["as"])


def hidden():
    """An attacker on the path who changes what is not protected."""
    with Meddler(DC) as meddler:
        def unknown():
            forget(KNOWN + "CONTOSO.TEST")

        def all_hidden():
            meddler.ask({"blind": [FX_FAST, ENC_PA_REP]})

        meddler.ask({"blind": [FX_FAST]})
        demand, known, offer, never, every = logons(
            ("demand",), ("try",), ("try", None, None, unknown), ("demand", None, None, unknown),
            ("try", None, None, all_hidden))
    for label, one in (("demand", demand), ("try", known)):
        downgraded(f"{label}, armor taken off on the way", one, "armor-stripped")
        check(f"{label}, armor taken off on the way: nothing of the password leaves",
              not any(types & PROOFS for types in of_users(one.wire)), one.wire)
    # The reply has what the offer lacked, and the armor is taken off again.
    downgraded("try, the offer hidden", offer, "armor-stripped")
    downgraded("demand, a KDC that knows no FAST", never, "armor-unsupported")
    # The flag of the reply is hidden too, which the ticket shows.
    refused("try, all of it hidden", every, "PAM_AUTH_ERR", TEXT[1326], "reply-mismatch")


def no_ticket():
    """The machine has no ticket to make armor with."""
    with broken("keytab-missing"):
        forget_tickets()
        got, reason = answered("demand", ALICE, PASSWORD)
        equal("demand, no keytab: the reason", reason, "keytab-missing")
        check("demand, no keytab: refused", got.code != "PAM_SUCCESS", got)
    trust("forest", "one-way")
    command("refresh")
    forget_tickets()
    demand, once, never, suffix = logons(
        ("demand",), ("try", None, None, lambda: ws(["touch", KNOWN + "CONTOSO.TEST"])),
        ("try", None, None, lambda: forget(KNOWN + "CONTOSO.TEST")),
        ("try", UPN, None, lambda: forget(KNOWN + "FABRIKAM.TEST")))
    downgraded("demand, one-way trust", demand, "armor-unavailable")
    equal("demand, one-way trust: the user's KDC is never asked for the user",
          of_users(demand.wire), [])
    found = {f["check"]: f for f in diagnose(ALICE)["findings"]}
    equal("diagnose, one-way trust: no armor", (found["armor"]["verdict"], found["armor"]["reason"]),
          ("failed", "armor-unavailable"))
    downgraded("try, one-way trust, where armor has worked", once, "armor-unavailable")
    works("try, one-way trust", never)
    plain("try, one-way trust", never.wire)
    works("try, one-way trust, explicit UPN", suffix)
    equal("try, one-way trust, explicit UPN: one request more than without, the machine's",
          suffix.wire.exchanges(),
          ["AS-REQ", "AS-REQ", "TGS-REQ", "AS-REQ", "TGS-REQ", "TGS-REQ"])


def main():
    up(**LAB)
    for policy in POLICIES:
        put("ws1", f"/etc/pam.d/fast-{policy}", pam_stack(f"fast={policy}"))
    command("refresh")
    policies()
    states()
    told()
    hidden()
    no_ticket()
    trust("forest", "both")
    command("refresh")
    forget_tickets()
    one, = logons(("demand", UPN))
    works("forest trust, explicit UPN", one)
    armored("forest trust, explicit UPN, one realm and the next", one.wire, 3)
    finish()


if __name__ == "__main__":
    main()
