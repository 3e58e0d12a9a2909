# SPDX-License-Identifier: MIT
"""Runs inside a domain's first DC: publish another DC the way this one is.

dns_twin.py FQDN ADDRESS OTHER_FQDN OTHER_ADDRESS

A DC does this for itself with some thirty dynamic updates, which take long;
here every service record and shared address of the first gets a twin.
"""
import sys

import ldb
from samba.auth import system_session
from samba.dcerpc import dnsp
from samba.param import LoadParm
from samba.samdb import SamDB

ONLY_FIRST = "_ldap._tcp.pdc"  # there is one PDC


def twin(record, mine, other):
    """This record of the first DC, for the other DC."""
    copy = dnsp.DnssrvRpcRecord()
    copy.wType, copy.rank, copy.dwTtlSeconds = record.wType, record.rank, record.dwTtlSeconds
    if record.wType == dnsp.DNS_TYPE_SRV and record.data.nameTarget.lower() == mine[0]:
        service = dnsp.srv()
        service.nameTarget, service.wPort = other[0], record.data.wPort
        service.wPriority, service.wWeight = record.data.wPriority, record.data.wWeight
        copy.data = service
        return copy
    if record.wType == dnsp.DNS_TYPE_A and record.data == mine[1]:
        copy.data = other[1]
        return copy
    return None


def main():
    mine, other = sys.argv[1:3], sys.argv[3:5]
    lp = LoadParm()
    lp.load_default()
    db = SamDB(url="/var/lib/samba/private/sam.ldb", session_info=system_session(), lp=lp)
    for partition in ("DomainDnsZones", "ForestDnsZones"):
        nodes = db.search(f"DC={partition},{db.get_default_basedn()}", ldb.SCOPE_SUBTREE,
                          "(&(objectClass=dnsNode)(dnsRecord=*))", ["dnsRecord", "name"])
        for node in nodes:
            name = str(node["name"][0])
            if name.startswith(ONLY_FIRST) or name == mine[0].split(".")[0]:
                continue
            records = db.dns_extract(node["dnsRecord"])
            added = [t for t in (twin(r, mine, other) for r in records) if t]
            if added:
                db.dns_replace_by_dn(node.dn, records + added)


if __name__ == "__main__":
    main()
