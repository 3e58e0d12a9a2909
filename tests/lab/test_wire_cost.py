#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a logon costs on the wire: four exchanges, two connections, nothing else.

Counted in a capture of the workstation's network."""
import harness
from capture import REQUESTS, Capture
from daemon import LOG, agent
from harness import broken, check, command, equal, finish, get, logon, trust, until, up
from lab import settings

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
USER_DC = settings.HOSTS["dc1.contoso"]["address"]
WS_DC = settings.HOSTS["dc1.fabrikam"]["address"]
HOST = "host/ws1.fabrikam.test"
REFERRAL = "krbtgt/FABRIKAM.TEST"


def captured(name):
    with Capture(harness._lab) as wire:
        got = logon(name)
    return wire, got


def warm(label, first_service):
    """first_service: what the user's KDC is asked for, by the kind of trust."""
    command("refresh")
    check(f"{label}: the logon before works", logon(ALICE).code == "PAM_SUCCESS")
    wire, got = captured(ALICE)
    check(f"{label}: alice logs on", got.code == "PAM_SUCCESS", got)
    equal(f"{label}: four KDC exchanges", wire.exchanges(),
          ["AS-REQ", "AS-REQ", "TGS-REQ", "TGS-REQ"])
    equal(f"{label}: each is answered, the first by the wish for preauthentication",
          [(p.message, p.error) for p in wire.kerberos("AS-REP", "TGS-REP", "KRB-ERROR")],
          [("KRB-ERROR", 25), ("AS-REP", 0), ("TGS-REP", 0), ("TGS-REP", 0)])
    equal(f"{label}: who is asked for which ticket",
          [(p.target, p.service) for p in wire.kerberos("TGS-REQ")],
          [(USER_DC, first_service), (WS_DC, HOST)])
    equal(f"{label}: two connections to KDCs, one for each", wire.connections(88), 2)
    equal(f"{label}: no UDP to a KDC", len(wire.port(88, "udp")), 0)
    check(f"{label}: no DNS query", not wire.port(53), wire)
    check(f"{label}: no LDAP, neither TCP nor UDP", not [p for port in (389, 636, 3268, 3269)
          for p in wire.port(port) if p.payload or p.syn], wire)
    # The end of an earlier connection may still be on its way.
    check(f"{label}: nothing else at all", all(88 in (p.from_port, p.to_port)
          for p in wire.packets if p.payload or p.syn), wire)


def no_fallback():
    """A KDC's refusal is final: asked once, never again in another way."""
    with broken("trusttype"):
        wire, got = captured(ALICE)
    check("trusttype: refused", got.code == "PAM_AUTH_ERR", got)
    asked = wire.kerberos("TGS-REQ")
    equal("trusttype: one TGS-REQ for the logon itself, to the user's KDC",
          [(p.target, p.service) for p in asked if not p.service.startswith("ldap/")],
          [(USER_DC, REFERRAL)])
    refusals = [p for p in wire.kerberos("KRB-ERROR") if p.error == 7]
    own = [p for p in wire.packets
           if refusals and p.time <= refusals[0].time and (p.payload or p.syn)]
    equal("trusttype: the KDC says no once", len(refusals), 1)
    check("trusttype: till then nobody but the user's KDC is spoken to",
          all(88 in (p.from_port, p.to_port) and USER_DC in (p.source, p.target) for p in own), wire)
    equal("trusttype: till then three requests", [p.message for p in own if p.message in REQUESTS],
          ["AS-REQ", "AS-REQ", "TGS-REQ"])
    equal("trusttype: the password is used with the user's KDC only, and once",
          [(p.target, p.client) for p in wire.kerberos("AS-REQ") if p.client.lower() == "alice"],
          [(USER_DC, "alice")] * 2)
    equal("trusttype: what the explanation asks for as itself, it asks as this machine",
          {p.client.upper() for p in wire.kerberos("AS-REQ") if p.client.lower() != "alice"} -
          {"WS1$"}, set())
    check("trusttype: no SMB, no NTLM's way", not wire.port(445) and not wire.port(139), wire)


def served_by_daemon(logons):
    """An agent that the module starts for one conversation logs to the journal instead."""
    def served():
        return get("ws1", LOG).count("TRUSTLOGON_REASON=ok")
    until(lambda: served() >= logons)
    equal("the daemon served these logons", served(), logons)


def main():
    up(**LAB)
    with agent():
        warm("external", REFERRAL)
        no_fallback()
        trust("forest")
        warm("forest", HOST)
        served_by_daemon(4)
    warm("forest, no daemon", HOST)
    served_by_daemon(4)
    finish()


if __name__ == "__main__":
    main()
