# SPDX-License-Identifier: MIT
"""Faults of the trust: every attribute of both trusted domain objects, and of what they route."""
import struct

from lab import breaks, forest_info, settings, tdo, trust

from .fault import (BASE, DC, DNS, FLAT, SIDES, Fault, Skipped, adding, coded,
                    flipping, read, renaming, setting, write)

FAMILIES = ("trust-", "host-not-routed", "domain-disabled", "domain-unknown", "suffix-",
            "kdc-error")
EITHER = "the other end's says the opposite"
INFO = "msDS-TrustForestTrustInfo"
ETYPES = "msDS-SupportedEncryptionTypes"
FOREIGN_SID = struct.pack("<BB6B4I", 1, 4, 0, 0, 0, 0, 0, 5, 21, 1, 2, 3)
SUFFIX_USER = f"alice@{settings.SUFFIX}"
# Words of each bit of trustAttributes [MS-ADTS] 6.1.6.7.9.
BITS = {0x1: "non-transitive", 0x2: "uplevel-only", 0x4: "quarantined", 0x8: "forest",
        0x10: "selective", 0x20: "within-forest", 0x40: "treat-as-external", 0x80: "rc4",
        0x200: "no-tgt-delegation", 0x400: "pim", 0x800: "tgt-delegation"}
# Of a TDO that was deleted: what a new one needs to be the same again.
WHOLE = ("objectClass", "trustPartner", "flatName", "trustType", "trustDirection",
         "trustAttributes", "trustAuthIncoming", "trustAuthOutgoing", "securityIdentifier",
         ETYPES, INFO)


def dn_of(domain):
    """The TDO that this domain holds for the other."""
    return f"CN={DNS[SIDES[domain]]},CN=System,{BASE[domain]}"


def of_tdo(domain, name, attribute, make, words=(), **more):
    """A fault of one side's TDO."""
    return Fault(f"{domain}-{name}", "tdo", (dn_of(domain),), (attribute, *words), make,
                 others=(dn_of(SIDES[domain]),), hedges=(EITHER,), families=FAMILIES, **more)


def values(domain):
    """(attribute, label, values) that replace what is there."""
    other, mine = SIDES[domain], domain
    yield from (("trustType", kind, [kind]) for kind in (0, 1, 3, 4))
    yield from (("trustDirection", way, [way]) for way in (0, 1, 2))
    yield from (("trustPartner", "other", ["other.test"]), ("trustPartner", "flat", [FLAT[other]]),
                ("trustPartner", "upper", [DNS[other].upper()]),
                ("trustPartner", "dot", [DNS[other] + "."]), ("trustPartner", "gone", []))
    yield from (("flatName", "other", ["OTHER"]), ("flatName", "lower", [FLAT[other].lower()]),
                ("flatName", "gone", []), ("flatName", "own", [FLAT[mine]]))
    yield from (("securityIdentifier", "foreign", [FOREIGN_SID]),
                ("securityIdentifier", "gone", []), ("securityIdentifier", "damaged", [b"\1\4\0"]))
    yield from ((ETYPES, label, [label]) for label in (0, 3, 4, 8, 16, 31))
    yield (ETYPES, "gone", [])
    yield ("trustAttributes", "gone", [])
    for secret in ("trustAuthIncoming", "trustAuthOutgoing"):
        yield (secret, "other", [tdo.secret("Another.Secret1")])
        yield (secret, "gone", [])


def own_sid(domain):
    def make(lab, undo):
        sid = trust.domain_sid(lab, domain)
        write(lab, undo, domain, dn_of(domain), {"securityIdentifier": [sid]})
    return make


def deleted(domain):
    def make(lab, undo):
        dn = dn_of(domain)
        old = read(lab, domain, dn, *WHOLE)
        trust.ask(lab, DC[domain], [{"op": "delete", "dn": dn}])
        undo.append(lambda: trust.ask(lab, DC[domain], [{"op": "add", "dn": dn, "attrs": {
            name: coded(old[name]) for name in WHOLE if old[name]}}]))
    return make


def whole_object(domain):
    dn, other = dn_of(domain), SIDES[domain]
    domains = (DNS[other], FLAT[other])
    moved, renamed = (f"CN={DNS[other]},CN=Users,{BASE[domain]}",
                      f"CN=renamed,CN=System,{BASE[domain]}")
    for name, make, dns in (("deleted", deleted(domain), (dn, *domains)),
                            ("moved", renaming(domain, dn, moved), (dn, moved, *domains)),
                            ("renamed", renaming(domain, dn, renamed), (dn, renamed))):
        yield Fault(f"{domain}-{name}", "tdo", dns, ("no trusted domain object",
                    "nor a trusted domain", "CN=renamed"), make, others=(dn_of(other),),
                    families=FAMILIES)
    for attribute, value in (("flatName", FLAT[other]), ("trustPartner", DNS[other])):
        second = f"CN=second.test,CN=System,{BASE[domain]}"
        made = {"objectClass": ["trustedDomain"], "trustPartner": ["second.test"],
                "flatName": ["SECOND"], "trustType": [2], "trustDirection": [3],
                "trustAttributes": [0], "securityIdentifier": [FOREIGN_SID], attribute: [value]}
        yield Fault(f"{domain}-duplicate-{attribute}", "tdo", (second,), (attribute, value),
                    adding(domain, second, made), families=FAMILIES)


# --- forest trust information -----------------------------------------------

def routing(domain, edit):
    """make(): the records of the forest trust information are edited, or the bytes are."""
    def make(lab, undo):
        blobs = read(lab, domain, dn_of(domain), INFO)[INFO]
        if not blobs:
            raise Skipped("the trust has no forest trust information")
        new = edit(forest_info.parse(blobs[0]))
        blob = forest_info.build(new) if isinstance(new, list) else new(blobs[0])
        write(lab, undo, domain, dn_of(domain), {INFO: [blob]})
    return make


def flags_of(kind, value, name=None):
    def edit(records):
        for record in records:
            if record["kind"] == kind and name in (None, forest_info.name_of(record)):
                record["flags"] = value
        return records
    return edit


def without(kind, name=None):
    return lambda records: [r for r in records if r["kind"] != kind or
                            name not in (None, forest_info.name_of(r))]


def with_exclusion(name):
    return lambda records: records + [forest_info.name_record(forest_info.TLN_EX, name)]


def other_domain(sid=None, dns=None, flat=None):
    """The domain's record with another SID or name."""
    def edit(records):
        for number, record in enumerate(records):
            if record["kind"] == forest_info.DOMAIN:
                parts, data = [], record["data"]
                while data:
                    size = int.from_bytes(data[:4], "little")
                    parts.append(data[4:4 + size])
                    data = data[4 + size:]
                records[number] = forest_info.domain_record(
                    sid or parts[0], dns or parts[1].decode(), flat or parts[2].decode())
        return records
    return edit


def routes(domain):
    """Faults of one side's forest trust information: (name, edit, spellings of the record)."""
    tln, there = forest_info.TLN, DNS[SIDES[domain]]
    whole = forest_info.DOMAIN
    yield ("tln-new", flags_of(tln, 1, there), (there,))
    yield ("tln-admin", flags_of(tln, 2, there), (there,))
    yield ("tln-conflict", flags_of(tln, 4, there), (there,))
    yield ("tln-gone", without(tln, there), (there,))
    yield ("tln-excluded", with_exclusion(there), (there,))
    yield ("domain-sid-admin", flags_of(whole, 1), (there,))
    yield ("domain-sid-conflict", flags_of(whole, 2), (there,))
    yield ("domain-flat-admin", flags_of(whole, 4), (there,))
    yield ("domain-flat-conflict", flags_of(whole, 8), (there,))
    yield ("domain-gone", without(whole), (there,))
    yield ("domain-other-sid", other_domain(sid=FOREIGN_SID), (there, "S-1-5-21-1-2-3"))
    yield ("domain-other-dns", other_domain(dns="other.test"), ("other.test",))
    yield ("domain-other-flat", other_domain(flat="OTHER"), ("OTHER",))
    yield ("empty", lambda records: [], ())
    yield ("truncated", lambda records: lambda blob: blob[:-5], ())
    yield ("version", lambda records: lambda blob: b"\7" + blob[1:], ())


def forest(domain):
    words = (INFO, "forest trust information", "routing", "name suffix")
    for name, edit, spellings in routes(domain):
        yield of_tdo(domain, f"info-{name}", INFO, routing(domain, edit), (*words, *spellings),
                     trusts=("forest",))
    yield of_tdo(domain, "info-gone", INFO, setting(domain, dn_of(domain), INFO), words,
                 trusts=("forest",))
    if domain == "fabrikam":
        for name, edit in (("new", breaks.flagged(1)), ("admin", breaks.flagged(2)),
                           ("conflict", breaks.flagged(4)), ("excluded", breaks.excluded),
                           ("gone", breaks.removed)):
            yield Fault(f"suffix-{name}", "tdo", (dn_of(domain), settings.SUFFIX),
                        (settings.SUFFIX,), routing(domain, edit), families=FAMILIES,
                        user=SUFFIX_USER, trusts=("forest",))


# --- all ----------------------------------------------------------------------

def faults():
    for domain in SIDES:
        dn = dn_of(domain)
        for attribute, label, new in values(domain):
            words = ("secret",) if attribute.startswith("trustAuth") else ()
            yield of_tdo(domain, f"{attribute}-{label}", attribute,
                         setting(domain, dn, attribute, *new), words)
        yield of_tdo(domain, "securityIdentifier-own", "securityIdentifier", own_sid(domain))
        for bit, word in BITS.items():
            yield of_tdo(domain, f"trustAttributes-{bit:#x}", "trustAttributes",
                         flipping(domain, dn, "trustAttributes", bit), (word,))
        yield from whole_object(domain)
        yield from forest(domain)
    for domain in SIDES:  # the account of the trust's own secret
        account = f"CN={FLAT[SIDES[domain]]}$,CN=Users,{BASE[domain]}"
        spellings = (account, f"{FLAT[SIDES[domain]]}$")
        for name, attribute, value in (
                ("disabled", "userAccountControl", 0x802),
                ("no-trust", "userAccountControl", 0x200), ("renamed", "sAMAccountName", "GONE$"),
                ("expired", "accountExpires", 1),
                ("locked", "lockoutTime", 132000000000000000), ("must-change", "pwdLastSet", 0),
                ("etypes", ETYPES, 4)):
            yield Fault(f"{domain}-account-{name}", "trust-account", spellings, (attribute,),
                        setting(domain, account, attribute, value), families=FAMILIES)

