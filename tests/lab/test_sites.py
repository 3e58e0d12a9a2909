#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Sites: the workstation's own site is tried first, in its own forest and in the user's, others
after it; and what the DCs say about sites is used."""
import json

from capture import Capture
from faults import network
from harness import check, command, equal, finish, get, on, put, up, ws
from scenarios import works

LAB = {"trust": "external", "dc2": True}

ALICE = "CONTOSO\\alice"
CONF = "/etc/trustlogon.conf"
KNOWN = "/var/cache/trustlogon/dc-contoso.test.json"
HERE = "10.99.0.31/32"
# FABRIKAM asks the second DC for names, so the first can be away.
NEAR, FAR = "dc1.contoso.test", "dc2.contoso.test"
SITELESS = "_kerberos._tcp.dc._msdcs.contoso.test"


def layout(contoso, fabrikam):
    """The site that each forest takes this machine to be in; where CONTOSO's DCs are."""
    forests = {
        "contoso": {"Berlin": {"dcs": {"DC1": NEAR}}, "Tokyo": {"dcs": {"DC2": FAR}}, "Paris": {}},
        "fabrikam": {fabrikam: {"dcs": {"DC1": "dc1.fabrikam.test"}}},
    }
    for forest, site, dcs in (("contoso", contoso, ("dc1.contoso", "dc2.contoso")),
                              ("fabrikam", fabrikam, ("dc1.fabrikam",))):
        forests[forest][site]["subnets"] = [HERE]
        for dc in dcs:
            done = on(dc, ["/usr/bin/python3", "-I", "/run/lab/sites.py"],
                      stdin=json.dumps(forests[forest]))
            assert done.returncode == 0, done.stderr


def forget():
    ws("rm -f /var/cache/trustlogon/dc-*.json")


def located(*options):
    """The first DC, and the names asked for in DNS."""
    got = json.loads(command("locate", "--json", *options, "contoso.test").stdout)
    asked = [e["subject"] for e in got["events"] if e["kind"] == "dns" and e["message"] == "SRV"]
    return got["candidates"][0], asked


def chosen(label, host, *options, site=None, asked=None):
    dc, questions = located(*options)
    equal(f"{label}: {host} is chosen", dc["host"], host)
    if site is not None:
        equal(f"{label}: this machine is in {site}", dc["client_site"], site)
    if asked is not None:
        equal(f"{label}: the questions", questions, asked)
    return dc


def asks(site):
    return f"_kerberos._tcp.{site}._sites.dc._msdcs.contoso.test"


def age(seconds):
    """What is known of CONTOSO's DCs is that much older."""
    known = json.loads(get("ws1", KNOWN))
    for when in ("found", "checked"):
        known[when] -= seconds
    put("ws1", KNOWN, json.dumps(known))


def same_names(lab):
    layout("Berlin", "Berlin")
    command("refresh")
    forget()
    command("refresh")
    dc = chosen("both forests call it Berlin", NEAR, "--force", site="Berlin",
                asked=[asks("Berlin"), SITELESS])
    check("its records are those of the site, and it is the closest",
          dc["in_site"] and dc["flags"] & 0x80, dc)
    forget()
    with Capture(lab) as wire:
        works("from nothing", ALICE)
    asked = [p.question for p in wire.packets if p.question.startswith("_kerberos")
             and p.to_port == 53 and "contoso" in p.question]
    equal("a logon asks for the DCs of the site first", asked[0], asks("Berlin"))
    equal("and talks to no other KDC of the user's domain",
          {p.target for p in wire.kerberos("AS-REQ", "TGS-REQ")} - {"10.99.0.21"}, {"10.99.0.11"})


def away():
    """The near DC is down, refuses, is silent: the far one is used until the near one is back."""
    for what, rules in (("is silent", ["drop"]), ("drops 389/udp", ["udp dport 389 drop"]),
                        ("refuses", ["reject with icmpx type port-unreachable"])):
        with network([NEAR], rules):
            forget()
            dc = chosen(f"the near DC {what}", FAR, asked=[asks("Berlin"), SITELESS])
            check(f"the near DC {what}: the far one says so", not dc["flags"] & 0x80
                  and dc["dc_site"] == "Tokyo" and dc["client_site"] == "Berlin", dc)
            works(f"the near DC {what}", ALICE)
        age(800)
        chosen("back for a moment", FAR, asked=[])
        age(101)
        chosen("back for a while", NEAR, asked=[asks("Berlin"), SITELESS])
        age(901)
        chosen("the near one is kept", NEAR, asked=[])


def moved():
    """The machine is carried to another site; the DC that knows it is asked after half an hour."""
    chosen("before", NEAR, "--force")
    layout("Tokyo", "Tokyo")
    chosen("just arrived", NEAR, site="Berlin", asked=[])
    age(1801)
    chosen("half an hour later", FAR, site="Tokyo", asked=[asks("Tokyo"), SITELESS])
    forget()
    command("refresh")
    chosen("its own DC says so, too", FAR, site="Tokyo", asked=[asks("Tokyo"), SITELESS])
    works("in the other site", ALICE)


def other_names():
    """The workstation's forest has its own name for the place, or the user's has no DC there."""
    layout("Berlin", "Werk")
    forget()
    command("refresh")
    # Whichever of the two comes first, in the order of DNS, gives the site's name here.
    dc, questions = located()
    equal("the forests have two names for it: the near one", dc["host"], NEAR)
    equal("asked for by the workstation's name first", questions[:2], [asks("Werk"), SITELESS])
    check("and by the other's where it has to be", questions[2:] in ([], [asks("Berlin")]), questions)
    chosen("the user's forest's name is known now", NEAR, "--force", site="Berlin",
           asked=[asks("Berlin"), SITELESS])
    works("two names", ALICE)
    layout("Paris", "Werk")
    forget()
    dc, questions = located()
    check("a site without DCs: any one will do", dc["client_site"] == "Paris"
          and not dc["in_site"], dc)
    equal("after its own were asked for", questions, [asks("Werk"), SITELESS, asks("Paris")])
    works("a site without DCs", ALICE)


def configured():
    layout("Berlin", "Berlin")
    put("ws1", CONF, "[workstation]\n    site = Tokyo\n")
    forget()
    chosen("a site that is configured is not overruled", FAR, site="Berlin",
           asked=[asks("Tokyo"), SITELESS])
    ws(["rm", CONF])


def main():
    lab = up(**LAB)
    same_names(lab)
    away()
    moved()
    other_names()
    configured()
    finish()


if __name__ == "__main__":
    main()
