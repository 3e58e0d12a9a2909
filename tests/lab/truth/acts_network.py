# SPDX-License-Identifier: MIT
"""What those who keep the network, the domain controllers and their DNS do when a remedy says so."""
import re
import socket
import struct

from lab import breaks, net, samba, trust

from .fault import ADDRESS, DC, DNS, coded, finding, picked
from .names import (A, AAAA, HEADER, OF_DOMAIN, OF_MSDCS, SRV, counted_name, kind_of, node,
                    record)
from .remedy_text import Unable, act

PORTS = {"_ldap": 389, "_kerberos": 88, "_kpasswd": 464, "_gc": 3268}
GC = "_ldap._tcp.gc"


def text_of(told):
    return " ".join((told.subject, told.attribute, told.cause, told.remedy))


def domain_meant(desk):
    """The domain that the text names; the side that is meant where it names none."""
    return next((domain for text in (desk.told.subject, desk.told.cause, desk.told.remedy)
                 for domain in DNS if re.search(rf"(?<![\w-]){re.escape(DNS[domain])}", text, re.I)),
                desk.side())


def controllers(desk):
    """The DCs that are meant: the ones that are named, or those of the domain; where a name server
    is the subject, those that it does not reach."""
    told = desk.told
    unreached = re.search(r"the name servers of ([\w.]+\w)", told.attribute)
    for domain in DNS:
        if unreached and DNS[domain] == unreached[1]:
            return desk.lab.dcs(domain)
    hosts = [host for domain in DNS for host in desk.lab.dcs(domain)
             if f"{host}.test" in told.subject or ADDRESS[host] in text_of(told)]
    return hosts or desk.lab.dcs(domain_meant(desk))


def each(desk, what):
    """What was done at the hosts that are meant, or Unable."""
    done = list(filter(None, (what(desk.lab, host) for host in controllers(desk))))
    if not done:
        raise Unable("it is so already")
    return "; ".join(done)


# --- firewalls --------------------------------------------------------------------

def opened(desk, ports):
    """Rules that treat these ports are removed from the firewalls of the domain controllers."""
    done = [f"{host}: {rule}" for protocol, port in ports for host in controllers(desk)
            for rule in net.without_rules(desk.lab, host, protocol, port)]
    if not done:
        raise Unable("no firewall of the domain controllers filters it")
    return "; ".join(done)


@act(r"[Oo]pen ((?:\d+/(?:tcp|udp)(?:, | and |, and )?)+)")
@act(r"firewalls let ((?:\d+(?:/(?:tcp|udp))?(?:, | and |, and )?)+) through")
def open_ports(desk, match):
    ports = re.findall(r"(\d+)(?:/(\w+))?", match[1])
    return opened(desk, [(one, port) for port, protocol in ports
                         for one in ([protocol] if protocol else ("tcp", "udp"))])


@act(r"open the port for whole connections")
@act(r"Find out what listens at that address")
def open_the_port(desk, _match):
    """The one that the cause names."""
    found = re.findall(r"\b(\d+)/(tcp|udp)\b", desk.told.cause)
    if not found:
        raise Unable("no port is named")
    return opened(desk, [(protocol, port) for port, protocol in dict.fromkeys(found)])


# --- hosts --------------------------------------------------------------------------

def runs(lab, host):
    return lab.run(host, "pgrep", "-x", "samba", check=False).returncode == 0


def start_services(lab, host):
    if runs(lab, host):
        return None
    samba.start(lab, host)
    samba.wait_ready(lab, [host])
    return f"samba started on {host}"


def start_host(lab, host):
    """What is off is, here, a host without its network, or without its services."""
    if "state UP" in lab.run(host, "ip", "link", "show", "dev", "eth0").stdout:
        return start_services(lab, host)
    lab.run(host, "ip", "link", "set", "eth0", "up")
    return f"{host} started"


@act(r"Start the host")
@act(r"[Ss]ee that (?:they run|it runs|a domain controller runs)")
def start_hosts(desk, _match):
    return each(desk, start_host)


@act(r"Start the KDC")
def start_kdc(desk, _match):
    return each(desk, start_services)


@act(r"restart (?:the service|it)\b")
def restart(desk, _match):
    def again(lab, host):
        breaks.undo_restart(lab, {"host": host})
        return f"samba restarted on {host}"
    return each(desk, again)


# --- DNS records -----------------------------------------------------------------------

def data_of(domain, name):
    """The right data of a record: (type, bytes)."""
    if name == "dc1":
        return A, socket.inet_aton(ADDRESS[DC[domain]])
    port = PORTS["_gc" if name == GC else name.partition(".")[0]]
    return SRV, struct.pack(">HHH", 0, 100, port) + counted_name(f"dc1.{DNS[domain]}")


def right(domain, name, have, like):
    """The records of a name as they must be; others of the name stay."""
    kind, data = data_of(domain, name)
    same = [value for value in have if kind_of(value) == kind and value[HEADER:] == data]
    rest = [value for value in have if kind_of(value) not in (kind, AAAA)]
    return rest + (same[:1] or [record(kind, data, like)])


def records_of(lab, domain, zone, name):
    dn = node(domain, zone, name)
    found = trust.ask(lab, DC[domain], [finding(dn, "dnsRecord")])[0]
    return dn, picked(found, dn).get("dnsrecord", [])


def corrected(desk, domain, names):
    """Of a domain with one domain controller, the records [(zone, name)] are made right."""
    lab, done = desk.lab, []
    _, own = records_of(lab, domain, DNS[domain], "@")  # how a record begins
    for zone, name in names:
        dn, have = records_of(lab, domain, zone, name)
        new = right(domain, name, have, own[0])
        if sorted(new) != sorted(have):
            desk.domains = True
            trust.ask(lab, DC[domain], [{"op": "set", "dn": dn,
                                         "attrs": {"dnsRecord": coded(new)}}])
            done.append(f"{name}.{zone}")
    return done


def services_of(domain):
    dns = DNS[domain]
    return [*((dns, name) for name in OF_DOMAIN), *((f"_msdcs.{dns}", name) for name in OF_MSDCS)]


@act(r"[Cc]orrect the SRV records")
@act(r"register the records on a domain controller")
def correct_services(desk, _match):
    domain = domain_meant(desk)
    done = corrected(desk, domain, services_of(domain))
    if not done:
        raise Unable("they are right")
    return f"corrected {', '.join(done)}"


@act(r"the addresses of (?:the hosts in them|those hosts)")
@act(r"See that the address(?:es)? (?:is|are)")
def correct_address(desk, _match):
    domain = domain_meant(desk)
    done = corrected(desk, domain, [(DNS[domain], "dc1")])
    if not done:
        raise Unable("it is right")
    return f"corrected {', '.join(done)}"
