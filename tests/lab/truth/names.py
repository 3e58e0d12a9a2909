# SPDX-License-Identifier: MIT
"""Faults of DNS records: gone, wrong, of another domain, or leading nowhere."""
import socket
import struct

from .fault import ADDRESS, BASE, DC, DNS, NOBODY, SIDES, Fault, Skipped, read, write

SITE = "Default-First-Site-Name"
A, AAAA, SRV = 1, 28, 33
HEADER = 24  # bytes before the data of a record [MS-DNSP] 2.3.2.2
OF_DOMAIN = ("_ldap._tcp", "_kerberos._tcp", "_kerberos._udp", "_kpasswd._tcp",
             f"_ldap._tcp.{SITE}._sites", f"_kerberos._tcp.{SITE}._sites", "_gc._tcp")
OF_MSDCS = ("_ldap._tcp.dc", "_kerberos._tcp.dc", f"_ldap._tcp.{SITE}._sites.dc",
            f"_kerberos._tcp.{SITE}._sites.dc", "_ldap._tcp.pdc", "_ldap._tcp.gc")
# What a locator asks for: that of the site, and where it says nothing, that of the domain.
USED = ("_kerberos._tcp.dc", f"_kerberos._tcp.{SITE}._sites.dc")
FAMILIES = ("dns-", "name-server-", "dc-not-this-domain", "no-logon-servers", "kdc-", "port-",
            "directory-unreadable")


def node(domain, zone, name):
    partition = "ForestDnsZones" if zone.startswith("_msdcs") else "DomainDnsZones"
    return f"DC={name},DC={zone},CN=MicrosoftDNS,DC={partition},{BASE[domain]}"


def record(kind, data, like):
    """A record with new data; all else is that of another one."""
    return struct.pack("<HH", len(data), kind) + like[4:HEADER] + data


def counted_name(name):
    """DNS_COUNT_NAME [MS-DNSP] 2.2.2.2.2."""
    labels = name.split(".")
    raw = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
    return bytes([len(raw), len(labels)]) + raw


def kind_of(value):
    return struct.unpack_from("<H", value, 2)[0]


def editing(domain, zone, name, edit):
    """make(): the records of one name are edited."""
    def make(lab, undo):
        dn = node(domain, zone, name)
        old = read(lab, domain, dn, "dnsRecord")["dnsRecord"]
        if not old:
            raise Skipped(f"no record {name}.{zone}")
        write(lab, undo, domain, dn, {"dnsRecord": edit(old)})
    return make


def all_of(*makers):
    """make(): several records have the same fault."""
    def make(lab, undo):
        for maker in makers:
            maker(lab, undo)
    return make


def pointing(target=None, port=None):
    def edit(values):
        out = []
        for value in values:
            priority, weight, old_port = struct.unpack_from(">HHH", value, HEADER)
            where = counted_name(target) if target else value[HEADER + 6:]
            out.append(record(SRV, struct.pack(">HHH", priority, weight, port or old_port) + where,
                              value))
        return out
    return edit


def addressed(address):
    def edit(values):
        return [record(A, socket.inet_aton(address), value) if kind_of(value) == A else value
                for value in values]
    return edit


def also_v6(values):
    like = next(value for value in values if kind_of(value) == A)
    return [*values, record(AAAA, socket.inet_pton(socket.AF_INET6, "fd00::77"), like)]


def also_dead(values):
    like = next(value for value in values if kind_of(value) == A)
    return [*values, record(A, socket.inet_aton(NOBODY), like)]


def services(domain):
    other, dns = DNS[SIDES[domain]], DNS[domain]
    edits = {"gone": (lambda values: [], ()),
             "port": (pointing(port=9), ("9",)),
             "foreign": (pointing(target=f"dc1.{other}"), (f"dc1.{other}",)),
             "unresolvable": (pointing(target=f"nohost.{dns}"), (f"nohost.{dns}",))}
    for zone, names in ((dns, OF_DOMAIN), (f"_msdcs.{dns}", OF_MSDCS)):
        for name in names:
            for label in edits if name in USED else ("gone", "foreign"):
                edit, spellings = edits[label]
                short = name.replace(f"{SITE}._sites", "site") + \
                    (".msdcs" if zone.startswith("_msdcs") else "")
                yield Fault(f"{domain}-srv-{short}-{label}", "dns", (f"{name}.{zone}",),
                            ("SRV", *spellings), editing(domain, zone, name, edit),
                            families=FAMILIES)
    for label, (edit, spellings) in edits.items():
        zone = f"_msdcs.{dns}"
        yield Fault(f"{domain}-srv-kdcs-{label}", "dns", tuple(f"{name}.{zone}" for name in USED),
                    ("SRV", *spellings), all_of(*(editing(domain, zone, name, edit)
                                                  for name in USED)), families=FAMILIES)


def addresses(domain):
    dns, other = DNS[domain], ADDRESS[DC[SIDES[domain]]]
    host = f"dc1.{dns}"
    for label, edit, words in (
            ("gone", lambda values: [], ("no address",)),
            ("dead", addressed(NOBODY), (NOBODY,)),
            ("foreign", addressed(other), (other,)),
            ("mallory", addressed(ADDRESS["mallory"]), (ADDRESS["mallory"],)),
            ("also-dead", also_dead, (NOBODY,)),
            ("also-v6", also_v6, ("fd00::77",))):
        yield Fault(f"{domain}-a-{label}", "dns", (host,), ("A record", "address", *words),
                    editing(domain, dns, "dc1", edit), families=FAMILIES)
    yield Fault(f"{domain}-a-of-domain-gone", "dns", (dns,), ("A record",),
                editing(domain, dns, "@", lambda values: [v for v in values if kind_of(v) != A]),
                families=FAMILIES)


def faults():
    for domain in SIDES:
        yield from services(domain)
        yield from addresses(domain)
