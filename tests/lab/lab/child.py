# SPDX-License-Identifier: MIT
"""child.contoso.test: a domain below CONTOSO's, as the other forest sees it.

Samba makes no child domains (`samba-tool domain join` knows DC, RODC and MEMBER), and its KDC
issues no ticket over a trust within a forest. So this one is a forest of its own, in CONTOSO's
DNS, with a transitive trust both ways to CONTOSO whose routing tables say what parent and child
know of each other: on the wire, and in the trust that FABRIKAM has with CONTOSO, it is a child.
"""
from . import samba, settings, tdo, trust

PASSWORD = "Between.Parent.And.Child.1"
FOREST_TRANSITIVE = 0x8


def publish(lab):
    """The child's records in its parent's zone, in place of a delegation."""
    here = settings.HOSTS["dc1.child"]
    service = "SRV", f"{here['fqdn']} 88 0 100"
    sites = "Default-First-Site-Name._sites.dc._msdcs.child"
    samba.publish(lab, "dc1.contoso", settings.CONTOSO["dns"], [
        ["dc1.child", "A", here["address"]],
        ["_kerberos._tcp.dc._msdcs.child", *service],
        [f"_kerberos._tcp.{sites}", *service],
        ["_ldap._tcp.dc._msdcs.child", "SRV", f"{here['fqdn']} 389 0 100"]])


def connect(lab):
    publish(lab)
    up, down = settings.CONTOSO, settings.CHILD
    tdo.add(lab, "contoso", down["dns"], PASSWORD, flat=down["flat"],
            attributes=FOREST_TRANSITIVE, sid=trust.domain_sid(lab, "child"), names=[down["dns"]])
    tdo.add(lab, "child", up["dns"], PASSWORD, flat=up["flat"], attributes=FOREST_TRANSITIVE,
            sid=trust.domain_sid(lab, "contoso"),
            names=[up["dns"], settings.FABRIKAM["dns"]],
            excluded=[down["dns"]])
