#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Longer paths and other realms: a child domain behind the trust, KDCs that refer in a circle or
too far, and Kerberos realms without a domain. docs/walks.md has the result of each."""
import contextlib
import struct

import harness
from harness import broken, check, command, equal, finish, logon_json, pam_stack, put, up, ws
from lab import tdo, trust
from mit import Kdc
from scenarios import explained, refused, works

LAB = {"trust": "forest", "child": True}

ALICE, DAVE = "CONTOSO\\alice", "CHILD\\dave"
SHARED = "Between.Two.Realms.1"  # the password of all trusts with realms
# Samba keeps no routing table, and its KDC answers 60, if one trust has no SID: realms get one.
REALM_SID = struct.pack("<BB6sIIII", 1, 4, b"\0\0\0\0\0\5", 21, 4, 8, 15)

# Realms whose KDCs refer host/ws1 to the next: where that ends. (chain, reason,
# what the user reads, how many KDCs were asked, detail)
RING = ["RING1.TEST", "RING2.TEST", "RING1.TEST"]
LOOP = ["LOOP1.TEST", "LOOP2.TEST", "LOOP3.TEST", "LOOP2.TEST"]
# MIT's KDC makes no ticket for a fifth realm (43, in its list of those passed through).
HOPS = [f"HOP{n}.TEST" for n in range(1, 4)] + ["FABRIKAM.TEST"]
BAD = ["BAD.TEST", "NO..NAME"]
CHAINS = (
    (RING, "referral-loop", "referrals", 2, ", ".join(RING)),
    (LOOP, "referral-loop", "referrals", 3, ", ".join(LOOP)),
    (BAD, "kdc-garbage", 1311, 1, "the referral names an invalid realm"),
)
# No trust of FABRIKAM's lists these.
KNOWN = "[topology]\n realms = ring1.test loop1.test BAD.TEST, hop1.test\n"
TABLE = "msDS-TrustForestTrustInfo"
UNIX, MIXED = "UNIX.TEST", "Mixed.Test"


def realms(got):
    """Whose KDCs were asked for tickets on the walk, in order."""
    return [event["realm"] for event in got["events"]
            if event["kind"] == "request" and event["message"] == "TGS-REQ"
            and not event["subject"].startswith("ldap/")]


def child():
    """Users of a domain below the trusted forest's root."""
    way = ["CHILD.CONTOSO.TEST", "CONTOSO.TEST", "FABRIKAM.TEST"]
    for name in (DAVE, "child.contoso.test\\dave", "dave@child.contoso.test", "dave@CHILD"):
        works("child", name)
    got = logon_json(DAVE)
    equal("child: three realms are walked through", (got["ok"], realms(got)), (True, way))
    equal("child: the user is of the child", (got["client"], got["identity"]["domain"]),
          ("dave@CHILD.CONTOSO.TEST", "CHILD"))
    equal("child: the expected path was that", [(hop["from"], hop["to"])
          for hop in got["route"]["hops"]], list(zip(*[[r.lower() for r in way[i:]] for i in (0, 1)])))
    check("child: the name service knows him",
          ws(["id", "-un", DAVE]).stdout.strip() == "dave@child.contoso.test", got)
    for what, reason, win32 in (("trusttype", "trust-downlevel", 1787),
                                ("direction", "trust-direction", 1787)):
        with broken(what):
            refused(f"child, {what} in between", DAVE, "PAM_AUTH_ERR", win32)
            explained(f"child, {what} in between", DAVE, reason, win32=win32,
                      subject="CN=fabrikam.test,CN=System,DC=contoso,DC=test")
            got = logon_json(DAVE)
            equal(f"child, {what} in between: the second hop failed",
                  (got["hop"], got["realm"], got["krb_error"]["code"]), (2, way[1], 7))
    works("child, mended", DAVE)


# --- realms ------------------------------------------------------------------------------------

def kdc_with_realms():
    """All realms of this test in one KDC: `capaths` gives each the next realm on the path."""
    steps = {a: b for chain in [HOPS, *(row[0] for row in CHAINS)]
             for a, b in zip(chain, chain[1:])}
    krb5 = "[domain_realm]\n .fabrikam.test = FABRIKAM.TEST\n[capaths]\n" + "".join(
        f" {a} = {{\n  FABRIKAM.TEST = {b}\n }}\n" for a, b in steps.items() if b != HOPS[-1])
    realms = [realm for realm in {UNIX: 0, MIXED: 0, **steps} if ".." not in realm]
    # A KDC that checks the path of a ticket would end most of these by itself.
    kdc = Kdc("mallory", *realms, krb5=krb5,
              conf="  host_based_services = *\n  reject_bad_transit = false\n")
    for realm in realms:
        kdc.add(f"uma@{realm}")
    for a, b in [*steps.items(), (MIXED, "FABRIKAM.TEST"), (UNIX, "FABRIKAM.TEST"),
                 ("CONTOSO.TEST", UNIX)]:
        kdc.trust(a, b, SHARED)
    kdc.start()
    kdc.publish("dc1.fabrikam")
    return kdc


def circles():
    """Referrals that lead nowhere: the reason, the realms in their order, and no success."""
    for chain, reason, text, asked, detail in CHAINS:
        name = f"{chain[0].lower()}\\uma"
        label = f"{reason}, {' to '.join(chain[:2])}"
        refused(label, name, "PAM_AUTHINFO_UNAVAIL" if text == 1311 else "PAM_AUTH_ERR", text)
        got = logon_json(name)
        equal(f"{label}: how it ended", (got["reason"], got["stage"], got["hop"], got["detail"]),
              (reason, "walk", 1 if text == 1311 else asked + 1, detail))
        equal(f"{label}: who was asked", realms(got), chain[:asked])
        explained(label, name, reason)
    name = f"{HOPS[0].lower()}\\uma"
    got = logon_json(name)
    equal("a chain within the limit: walked to its end, where no trust is",
          (got["reason"], got["realm"], got["krb_error"]["code"], realms(got)),
          ("trust-missing", "FABRIKAM.TEST", 35, HOPS))
    put("ws1", "/etc/short.conf", "[logon]\n hop_limit = 2\n" + KNOWN)
    put("ws1", "/etc/pam.d/short", pam_stack("conf=/etc/short.conf"))
    refused("hop_limit = 2", name, "PAM_AUTH_ERR", "referrals", service="short")
    got = logon_json(name, "-c", "/etc/short.conf")
    equal("hop_limit = 2 stops at the third", (got["reason"], got["hop"], got["detail"]),
          ("referral-limit", 4, ", ".join(HOPS)))
    works("hop_limit = 2 is enough for the child", DAVE, service="short")


def circle_of_forests():
    """Two domains that each say of the other that it knows the workstation."""
    wrong = {f"CN={partner},CN=System,DC=contoso,DC=test": {TABLE: tdo.routing(names)}
             for partner, names in (("fabrikam.test", ["elsewhere.test"]),
                                    ("child.contoso.test", ["child.contoso.test", "fabrikam.test"]))}
    with contextlib.ExitStack() as stack:
        for dn, attributes in wrong.items():
            stack.enter_context(changed("dc1.contoso", dn, attributes))
        refused("circle of forests", DAVE, "PAM_AUTH_ERR", "referrals")
        way = ["CONTOSO.TEST", "CHILD.CONTOSO.TEST"]
        for name, first in ((DAVE, way[::-1]), (ALICE, way)):
            got = logon_json(name)
            equal(f"circle of forests: {name}", (got["reason"], got["detail"], realms(got)),
                  ("referral-loop", ", ".join([*first, first[0]]), first))
        explained("circle of forests", ALICE, "referral-loop", remedy="suffix routing")
    works("circle of forests, mended", ALICE)


@contextlib.contextmanager
def changed(host, dn, attributes):
    lab = harness._lab
    old = trust.ask(lab, host, [{"op": "set", "dn": dn, "attrs": attributes}])[0]
    yield
    trust.ask(lab, host, [{"op": "set", "dn": dn, "attrs": old}])


@contextlib.contextmanager
def trusted(domain, partner, flat, **how):
    lab = harness._lab
    dn = tdo.add(lab, domain, partner, SHARED, flat=flat, sid=REALM_SID, **how)
    command("refresh")
    yield dn
    trust.ask(lab, f"dc1.{domain}", [{"op": "delete", "dn": dn}])
    command("refresh")


def realm_trust():
    """A Kerberos realm that FABRIKAM trusts (trustType 3): the way is walked, and Samba ends it."""
    with trusted("fabrikam", MIXED, "MIXED", kind=3, attributes=1) as dn:
        said = command("trusts").stdout
        check("realm: nltest's words", "MIXED Mixed.Test (MIT) (Direct Outbound) (Direct Inbound) "
              "( Attr: non-trans )" in said, said)
        for name in ("MIXED\\uma", "uma@mixed.test"):
            refused("realm", name, "PAM_AUTH_ERR", 1788)
            got = logon_json(name)
            equal(f"realm: {name}, by the realm as it is spelt",
                  (got["client"], got["route"]["verdict"], got["reason"], got["realm"],
                   got["krb_error"]["code"], realms(got)),
                  ("uma@Mixed.Test", "trust-mit", "trust-mit", "FABRIKAM.TEST", 35,
                   [MIXED, "FABRIKAM.TEST"]))
        explained("realm", "MIXED\\uma", "trust-mit", subject=dn, attribute="trustType = 3",
                  win32=1788, remedy="accounts of a domain")


def realm_as_domain():
    """The same realm under a trust of type 2, and one between two domains: no SIDs, no logon."""
    with trusted("fabrikam", UNIX, "UNIX"):
        refused("realm as a domain", "UNIX\\uma", "PAM_AUTH_ERR", 1326)
        got = explained("realm as a domain", "UNIX\\uma", "realm-without-identity",
                        subject="uma@UNIX.TEST", attribute="UNIX.TEST, FABRIKAM.TEST")
        check("realm as a domain: it has no LDAP to look for",
              not [f for f in got["findings"] if f["target"] == "kdc.unix.test"
                   and "389" in f["check"]], got["findings"])
        with changed("dc1.contoso", "CN=fabrikam.test,CN=System,DC=contoso,DC=test",
                     {TABLE: tdo.routing(["elsewhere.test"])}), \
             trusted("contoso", UNIX, "UNIX", attributes=8, names=["unix.test", "fabrikam.test"]):
            got = logon_json(ALICE)
            equal("realm in between", (got["reason"], got["krb_error"]["code"], got["attribute"]),
                  ("realm-without-identity", 60, "CONTOSO.TEST, UNIX.TEST, FABRIKAM.TEST"))
            refused("realm in between", ALICE, "PAM_AUTH_ERR", 1326)
    works("realm in between no more", ALICE)


def workstation_of_a_realm(kdc):
    """The other way round: the workstation's keytab is a realm's, whose KDC knows no SIDs."""
    host = "host/ws1.unix.test@UNIX.TEST"
    kdc.add(host, None)
    kdc.keytab("/run/mit/ws1.keytab", host)
    put("ws1", "/etc/unix.keytab", open(harness._lab.file("mallory", "/run/mit/ws1.keytab"),
                                        "rb").read(), 0o600)
    put("ws1", "/etc/unix.conf", "[workstation]\n realm = UNIX.TEST\n hostname = ws1.unix.test\n"
        " keytab = /etc/unix.keytab\n")
    put("ws1", "/etc/pam.d/of-a-realm", pam_stack("conf=/etc/unix.conf"))
    with trusted("contoso", UNIX, "UNIX"):
        # The snapshot is another domain's, and does not describe this one.
        name = "contoso.test\\alice"
        refused("workstation of a realm", name, "PAM_AUTH_ERR", 1326, service="of-a-realm")
        got = logon_json(name, "-c", "/etc/unix.conf")
        equal("workstation of a realm: walked, proven, and nobody",
              (got["reason"], got["stage"], got["attribute"], realms(got)),
              ("realm-without-identity", "proof", "CONTOSO.TEST, UNIX.TEST",
               ["CONTOSO.TEST", "CONTOSO.TEST", "UNIX.TEST"]))
        kdc.stop()
        kdc.configure(conf="  disable_pac = true\n")
        kdc.start()
        equal("workstation of a realm without any PAC",
              logon_json(name, "-c", "/etc/unix.conf")["reason"], "pac-missing")


def main():
    up(**LAB)
    put("ws1", "/etc/trustlogon.conf", KNOWN)
    command("refresh")
    child()
    circle_of_forests()
    kdc = kdc_with_realms()
    circles()
    realm_trust()
    realm_as_domain()
    workstation_of_a_realm(kdc)
    kdc.stop()
    finish()


if __name__ == "__main__":
    main()
