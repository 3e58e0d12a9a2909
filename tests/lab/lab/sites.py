# SPDX-License-Identifier: MIT
"""Runs inside a DC: the sites of its forest, by a JSON text on standard input.

{"Berlin": {"subnets": ["10.99.0.31/32"], "dcs": {"dc2": "dc2.contoso.test"}}, "Paris": {...}}

Missing sites and subnets are made, subnets and DCs are put where they belong, and DNS names
the DCs of each site, as they would do it themselves in time. A subnet that is not named is
taken away. The lab replicates none of this, so it is to run inside each DC of the forest.
"""
import json
import sys

import ldb
from samba import sites, subnets
from samba.auth import system_session
from samba.dcerpc import dnsp
from samba.param import LoadParm
from samba.samdb import SamDB

SERVICES = {"_kerberos": 88, "_ldap": 389}


def srv(host, port):
    record, service = dnsp.DnssrvRpcRecord(), dnsp.srv()
    record.wType, record.rank, record.dwTtlSeconds = dnsp.DNS_TYPE_SRV, dnsp.DNS_RANK_ZONE, 60
    service.nameTarget, service.wPort, service.wPriority, service.wWeight = host, port, 0, 100
    record.data = service
    return record


def place_subnets(db, config, wanted):
    there = {str(m["name"][0]) for m in db.search(
        f"CN=Subnets,CN=Sites,{config}", ldb.SCOPE_ONELEVEL, attrs=["name"])}
    for name, site in wanted.items():
        if name in there:
            subnets.set_subnet_site(db, config, name, site)
        else:
            subnets.create_subnet(db, config, name, site)
    for name in there - wanted.keys():
        subnets.delete_subnet(db, config, name)


def place_dc(db, config, name, site):
    found = db.search(f"CN=Sites,{config}", ldb.SCOPE_SUBTREE,
                      f"(&(objectClass=server)(cn={name}))", [])[0].dn
    wanted = ldb.Dn(db, f"CN={name},CN=Servers,CN={site},CN=Sites,{config}")
    if found != wanted:
        db.rename(found, wanted)


def publish(db, name, records):
    zone = f"DC=_msdcs.{db.domain_dns_name()},CN=MicrosoftDNS,DC=ForestDnsZones"
    node = ldb.Dn(db, f"DC={name},{zone},{db.get_root_basedn()}")
    if not db.search(node.parent(), ldb.SCOPE_ONELEVEL, f"(name={name})", []):
        if not records:
            return
        db.add({"dn": node, "objectClass": "dnsNode"})
    db.dns_replace_by_dn(node, records)


def main():
    wanted = json.load(sys.stdin)
    lp = LoadParm()
    lp.load_default()
    db = SamDB(url="/var/lib/samba/private/sam.ldb", session_info=system_session(), lp=lp)
    config = db.get_config_basedn()
    there = {str(m["name"][0]) for m in db.search(
        f"CN=Sites,{config}", ldb.SCOPE_ONELEVEL, "(objectClass=site)", ["name"])}
    for site in wanted.keys() - there:
        sites.create_site(db, config, site)
    place_subnets(db, config, {subnet: site for site, has in wanted.items()
                               for subnet in has.get("subnets", [])})
    for site in there | wanted.keys():
        dcs = wanted.get(site, {}).get("dcs", {})
        for name in dcs:
            place_dc(db, config, name, site)
        for service, port in SERVICES.items():
            publish(db, f"{service}._tcp.{site}._sites.dc",
                    [srv(host, port) for host in dcs.values()])


if __name__ == "__main__":
    main()
