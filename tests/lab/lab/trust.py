# SPDX-License-Identifier: MIT
"""The trust between the two forests: make, remove, read."""
import base64
import json
import time

from . import forest_info, samba, settings
from .state import LabError

TYPES = {"1": "downlevel", "2": "uplevel", "3": "MIT"}
DIRECTIONS = {"0": "disabled", "1": "inbound", "2": "outbound", "3": "both ways"}
ATTRIBUTES = {0x1: "non-transitive", 0x2: "uplevel-only", 0x4: "quarantined", 0x8: "forest",
              0x10: "cross-organization", 0x20: "within-forest", 0x40: "treat-as-external"}
SIDES = {"contoso": "fabrikam", "fabrikam": "contoso"}  # where the TDO is: whom it names
READ = ["trustPartner", "flatName", "trustType", "trustDirection", "trustAttributes",
        "securityIdentifier", "msDS-TrustForestTrustInfo"]


def ask(lab, host, requests):
    """Send requests to directory.py; what changes CONTOSO reaches all its DCs."""
    answers = json.loads(lab.tool(host, "directory", stdin=json.dumps(requests)).stdout)
    if host == "dc1.contoso" and any(request["op"] != "find" for request in requests):
        samba.replicate(lab)
    return answers


def tdo(lab, domain):
    """The TDO that a domain holds for its partner: {"dn", "attrs"} or None."""
    partner = settings.DOMAINS[SIDES[domain]]
    query = f"(&(objectClass=trustedDomain)(flatName={partner['flat']}))"
    found = ask(lab, f"dc1.{domain}", [{"op": "find", "filter": query, "attrs": READ}])[0]
    return found[0] if found else None


def domain_sid(lab, domain):
    """The SID of a domain of the lab, as bytes."""
    found = ask(lab, f"dc1.{domain}", [{"op": "find", "filter": "(objectClass=domainDNS)",
                                        "attrs": ["objectSid"]}])[0]
    return base64.b64decode(found[0]["attrs"]["objectSid"][0])


def value(entry, name):
    values = entry["attrs"].get(name)
    return base64.b64decode(values[0]).decode() if values else None


def describe(lab, domain):
    entry = tdo(lab, domain)
    if entry is None:
        return "no trust"
    bits = int(value(entry, "trustAttributes") or 0)
    names = [word for bit, word in ATTRIBUTES.items() if bits & bit] or ["none"]
    kind, way = value(entry, "trustType"), value(entry, "trustDirection")
    return (f"{value(entry, 'trustPartner')} (flat name {value(entry, 'flatName')}): "
            f"trustType {kind} {TYPES.get(kind, '?')}, "
            f"trustDirection {way} {DIRECTIONS.get(way, '?')}, "
            f"trustAttributes 0x{bits:x} {', '.join(names)}")


def credentials():
    return [f"-Uadministrator@CONTOSO.TEST%{settings.PASSWORD}",
            "--local-dc-username=administrator@FABRIKAM.TEST",
            f"--local-dc-password={settings.PASSWORD}"]


def insist(lab, command, is_done):
    """Run samba-tool until it succeeds, or until what it is to do is done. winbindd and the LSA
    server, which carry its calls, are the last services to come up."""
    deadline = time.monotonic() + 240
    while True:
        done = lab.run("dc1.fabrikam", *command, check=False)
        if done.returncode == 0 or is_done():
            return
        if time.monotonic() > deadline:
            raise LabError(f"{' '.join(command[:4])} failed: {done.stderr.strip()[-600:]}")
        time.sleep(0.3)


def create(lab, kind, direction):
    way = "outgoing" if direction == "one-way" else "both"
    command = ["samba-tool", "domain", "trust", "create", "contoso.test", f"--type={kind}",
               f"--direction={way}", "--create-location=both", "--skip-validation",
               *credentials()]
    insist(lab, command, lambda: False)
    lab.info["trust"], lab.info["direction"] = kind, direction
    if kind == "forest":
        for domain in SIDES:
            store_forest_info(lab, domain)


def store_forest_info(lab, domain):
    """Write the routing table that the two domains would exchange.

    samba-tool does this only together with a validation that fails for a while
    after a trust has been made again.
    """
    entry, partner = tdo(lab, domain), settings.DOMAINS[SIDES[domain]]
    names = [partner["dns"]]
    if SIDES[domain] == "contoso" and lab.info["suffix"]:
        names.append(lab.info["suffix"])
    sid = base64.b64decode(entry["attrs"]["securityIdentifier"][0])
    records = [forest_info.name_record(forest_info.TLN, name) for name in names]
    records.append(forest_info.domain_record(sid, partner["dns"], partner["flat"]))
    if SIDES[domain] == "contoso" and lab.has("dc1.child"):
        below = settings.CHILD
        records.append(forest_info.domain_record(domain_sid(lab, "child"), below["dns"],
                                                 below["flat"]))
    blob = base64.b64encode(forest_info.build(records)).decode()
    ask(lab, f"dc1.{domain}", [{"op": "set", "dn": entry["dn"],
                                "attrs": {"msDS-TrustForestTrustInfo": [blob]}}])


def delete(lab):
    insist(lab, ["samba-tool", "domain", "trust", "delete", "contoso.test",
                 "--delete-location=both", *credentials()],
           lambda: not any(tdo(lab, domain) for domain in SIDES))
    lab.info["trust"] = "none"


def change(lab, kind, direction):
    if any(tdo(lab, domain) for domain in SIDES):
        delete(lab)
    if kind != "none":
        create(lab, kind, direction)
    samba.replicate(lab)
