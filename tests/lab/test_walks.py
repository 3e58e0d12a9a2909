#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The three policies of walking to the workstation's ticket, over the same trusts: what each asks,
and where they differ. docs/walks.md says which document each agrees with."""
from harness import broken, command, equal, finish, logon_json, trust, up

LAB = {"trust": "forest"}

POLICIES = ("windows", "referral", "direct")
HOST, KRBTGT = "host/ws1.fabrikam.test", "krbtgt/FABRIKAM.TEST"
BY_REFERRAL = ("ok", [HOST, HOST])      # the user's KDC refers, the workstation's grants
BY_REALM = ("ok", [KRBTGT, HOST])       # the workstation's realm is named
NOT_REFERRED = ("walk-policy", [HOST])
NO_TDO = "trust-downlevel"

# (trust, break, name) -> what each policy leads to: reason, services asked for
TABLE = {
    ("forest", None, "CONTOSO\\alice"): (BY_REFERRAL, BY_REFERRAL, BY_REALM),
    ("forest", None, "alice@corp.example"): (BY_REFERRAL, BY_REFERRAL, BY_REALM),
    ("forest", "trusttype", "CONTOSO\\alice"): ((NO_TDO, [HOST]), (NO_TDO, [HOST]), (NO_TDO, [KRBTGT])),
    ("external", None, "CONTOSO\\alice"): (BY_REALM, NOT_REFERRED, BY_REALM),
    ("external", None, "alice@contoso.test"): (BY_REALM, NOT_REFERRED, BY_REALM),
    ("external", "trusttype", "CONTOSO\\alice"):
        ((NO_TDO, [KRBTGT]), (NO_TDO, [HOST]), (NO_TDO, [KRBTGT])),
}


def walked(name, policy):
    """The reason, and the services of the TGS requests, in order."""
    told = logon_json(name, f"--walk={policy}")
    asked = [event["subject"].partition("@")[0] for event in told["events"]
             if event["kind"] == "request" and event["message"] == "TGS-REQ"]
    return told["reason"], [service for service in asked if not service.startswith("ldap/")]


def main():
    up(**LAB)
    command("refresh")
    for kind in ("forest", "external"):
        if kind == "external":
            trust("external")
            command("refresh")
        for (on, what, name), wanted in TABLE.items():
            if on != kind:
                continue
            label = f"{kind} trust{', ' + what if what else ''}, {name}"
            if what:
                with broken(what):
                    got = [walked(name, policy) for policy in POLICIES]
            else:
                got = [walked(name, policy) for policy in POLICIES]
            for policy, is_so, should in zip(POLICIES, got, wanted):
                equal(f"{label}: {policy} leads to {should[0]} by {' and '.join(should[1])}",
                      is_so, should)
    finish()


if __name__ == "__main__":
    main()
