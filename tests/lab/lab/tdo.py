# SPDX-License-Identifier: MIT
"""Trusted domain objects made by hand, with a password that is known: for trusts that
samba-tool does not make (Kerberos realms, domains that no Samba serves)."""
import base64
import struct
import time

from . import forest_info, settings, trust

CLEAR = 2  # TRUST_AUTH_TYPE_CLEAR: the password itself, UTF-16


def secret(password):
    """trustAuthIncoming and trustAuthOutgoing [MS-ADTS 6.1.6.9.1]: one password, now and
    before."""
    text = password.encode("utf-16-le")
    now = int((time.time() + 11644473600) * 10000000)
    one = struct.pack("<QII", now, CLEAR, len(text)) + text + bytes(-len(text) % 4)
    return struct.pack("<III", 1, 12, 12 + len(one)) + one + one


def text(value):
    return [base64.b64encode(str(value).encode()).decode()]


def raw(value):
    return [base64.b64encode(value).decode()]


def routing(names, domains=(), excluded=()):
    """msDS-TrustForestTrustInfo: top-level names, (SID as bytes, DNS, flat) of domains, and
    top-level names that are excluded."""
    records = [forest_info.name_record(forest_info.TLN, name) for name in names]
    records += [forest_info.name_record(forest_info.TLN_EX, name) for name in excluded]
    records += [forest_info.domain_record(*domain) for domain in domains]
    return raw(forest_info.build(records))


def add(lab, domain, partner, password, flat=None, kind=2, direction=3, attributes=0, sid=None,
        names=None, domains=(), excluded=()):
    """A TDO in the directory of one of the lab's domains; returns its DN. With `names` it is
    given a routing table."""
    base = "DC=" + settings.DOMAINS[domain]["dns"].replace(".", ",DC=")
    dn = f"CN={partner},CN=System,{base}"
    values = {"objectClass": text("trustedDomain"), "trustPartner": text(partner),
              "flatName": text(flat or partner), "trustType": text(kind),
              "trustDirection": text(direction), "trustAttributes": text(attributes),
              "trustAuthIncoming": raw(secret(password)),
              "trustAuthOutgoing": raw(secret(password)),
              # AES [MS-KILE 2.2.7]; without, a trust has RC4 only
              "msDS-SupportedEncryptionTypes": text(24)}
    if sid is not None:
        values["securityIdentifier"] = raw(sid)
    if names is not None:
        values["msDS-TrustForestTrustInfo"] = routing(names, domains, excluded)
    trust.ask(lab, f"dc1.{domain}", [{"op": "add", "dn": dn, "attrs": values}])
    return dn
