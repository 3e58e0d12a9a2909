# SPDX-License-Identifier: MIT
"""Faults of the network and of clocks: each port in each way of being closed, hosts that are gone,
KDCs whose replies are not, and the time of each machine."""
import faults
from lab import breaks, net, samba
from meddling import Meddler

from .fault import ADDRESS, DC, DNS, SIDES, Fault

# Ports that matter here, and two that do not.
TCP = (88, 389, 464, 445, 3268)
UDP = (88, 389, 464)
# 53 is treated by itself: the name server of WS1 forwards to the other.
# How a port is closed: (hook, rule) with the port's number for {}. A packet with data is longer
# than those of the handshake.
OF_TCP = {
    "drop": [("input", "tcp dport {} drop")],
    "refuse": [("input", "tcp dport {} reject with tcp reset")],
    "reset": [("input", "tcp dport {} meta length > 80 reject with tcp reset")],
    "large": [("input", "tcp dport {} meta length > 1000 drop"),
              ("output", "tcp sport {} meta length > 1000 drop")],
    "replies": [("output", "tcp sport {} meta length > 80 drop")]}
OF_UDP = {
    "drop": [("input", "udp dport {} drop")],
    "refuse": [("input", "udp dport {} reject")],
    "large": [("output", "udp sport {} meta length > 300 drop")],
    "replies": [("output", "udp sport {} drop")]}
REPLIES = {word: faults.REPLIES[name] for word, name in (
    ("silent", "hangs"), ("silent-after-as", "hangs after the AS exchange"),
    ("closes", "closes"), ("closes-after-as", "dies after the AS exchange"),
    ("garbage", "answers garbage"), ("half", "answers half"), ("late", "answers too late"))}
FAMILIES = ("port-", "no-logon-servers", "kdc-", "deadline", "dns-", "name-server-",
            "directory-unreadable")
SHIFTS = {"hour-behind": -3600, "hour-ahead": 3600, "six-minutes-behind": -360,
          "six-minutes-ahead": 360, "four-minutes-ahead": 240}
TWO = "the clocks of this machine and of"


def filtering(hosts, rules):
    """make(): these hosts filter what comes from outside."""
    def make(lab, undo):
        for host in hosts(lab):
            for hook, rule in rules:
                side = "iifname" if hook == "input" else "oifname"
                table = f"truth-{hook}"
                net.filter_ports(lab, host, table, hook, [f'{side} "eth0" {rule}'])
                undo.append({"do": "unfilter", "host": host, "table": table})
    return make


def names_of(domain):
    """Of a domain whose every DC has the fault."""
    return (f"dc1.{DNS[domain]}", ADDRESS[DC[domain]], DNS[domain])


def ports(domain):
    for protocol, numbers, ways in (("tcp", TCP, OF_TCP), ("udp", UDP, OF_UDP)):
        for number in numbers:
            for way, rules in ways.items():
                if number in (445, 3268) and way not in ("drop", "refuse"):
                    continue
                yield Fault(f"{domain}-{number}-{protocol}-{way}", "port", names_of(domain),
                            (f"{number}/{protocol}",),
                            filtering(lambda lab: lab.dcs(domain), [
                                (hook, rule.format(number)) for hook, rule in rules]),
                            others=(f"dc1.{DNS[SIDES[domain]]}",), families=FAMILIES)


def name_servers():
    """53 of the name server, and of the one that it forwards to."""
    server = (ADDRESS["dc1.fabrikam"], "dc1.fabrikam.test")
    both = [("input", "meta l4proto { tcp, udp } th dport 53 drop")]
    for name, host, rules, objects in (
            ("fabrikam-53-drop", "dc1.fabrikam", both, server),
            ("fabrikam-53-udp-drop", "dc1.fabrikam", [("input", "udp dport 53 drop")], server),
            ("fabrikam-53-tcp-drop", "dc1.fabrikam", [("input", "tcp dport 53 drop")], server),
            ("fabrikam-53-udp-refuse", "dc1.fabrikam", [("input", "udp dport 53 reject")], server),
            ("fabrikam-53-udp-replies", "dc1.fabrikam", [("output", "udp sport 53 drop")], server),
            ("contoso-53-drop", "dc1.contoso", both,
             (*server, "10.99.0.11", "dc1.contoso.test", "contoso.test"))):
        yield Fault(name, "port", objects, ("53/udp", "53/tcp", "name server", "DNS", "forwarder"),
                    filtering(lambda lab, host=host: [host], rules), families=FAMILIES)


def stopped(host):
    def make(lab, undo):
        undo.append({"do": "restart", "host": host})
        samba.stop(lab, host)
    return make


def unplugged(host):
    def make(lab, undo):
        lab.run(host, "ip", "link", "set", "eth0", "down")
        undo.append({"do": "run", "host": host, "command": ["ip", "link", "set", "eth0", "up"]})
    return make


def sick(host, order):
    def make(_lab, undo):
        meddler = Meddler(host)
        undo.append(meddler.end)
        meddler.ask(order)
    return make


def hosts(domain):
    host, other = DC[domain], (f"dc1.{DNS[SIDES[domain]]}",)
    # Of a host that this machine has never met only its name servers can be named.
    unmet = (f"name servers of {DNS[domain]}",)
    for name, make in (("down", stopped(host)), ("unplugged", unplugged(host))):
        for known in (False, True):
            yield Fault(f"{domain}-dc-{name}{'-known' if known else ''}", "host",
                        names_of(domain)[:2] + (() if known else unmet), (), make, others=other,
                        families=FAMILIES,
                        known=known)
    for name, order in REPLIES.items():
        yield Fault(f"{domain}-kdc-{name}", "host", names_of(domain)[:2],
                    ("in time", "not a Kerberos reply", "88/tcp", "Kerberos"), sick(host, order),
                    others=other, families=FAMILIES)


def one_of_two():
    """What only one of two DCs has: logons work, and the other DC's log does not tell."""
    for number, protocol, way in ((88, "tcp", "drop"), (88, "tcp", "refuse"), (389, "udp", "drop"),
                                  (389, "tcp", "drop"), (88, "tcp", "replies"),
                                  (464, "tcp", "drop")):
        ways = OF_TCP if protocol == "tcp" else OF_UDP
        for host in ("dc1.contoso", "dc2.contoso"):
            yield Fault(f"{host}-{number}-{protocol}-{way}", "one-dc",
                        (f"{host}.test", ADDRESS[host]), (f"{number}/{protocol}",),
                        filtering(lambda lab, host=host: [host], [
                            (hook, rule.format(number)) for hook, rule in ways[way]]),
                        families=FAMILIES, trusts=("two-dcs",))
    for host in ("dc1.contoso", "dc2.contoso"):
        yield Fault(f"{host}-unplugged", "one-dc",
                    (f"{host}.test", ADDRESS[host], f"name servers of {DNS['contoso']}"), (),
                    unplugged(host), families=FAMILIES, trusts=("two-dcs",))


# --- clocks -------------------------------------------------------------------

def moved(host, seconds):
    def make(lab, undo):
        if host == "ws1":
            undo += breaks.preload(lab, host, seconds)
            return
        restart = {"do": "restart", "host": host}
        undo.append(restart)
        undo += breaks.preload(lab, host, seconds)
        breaks.undo_restart(lab, restart)
    return make


def clocks():
    for host in ("ws1", "dc1.contoso", "dc1.fabrikam"):
        for name, seconds in SHIFTS.items():
            objects = (f"{host}.test",) if host != "ws1" else \
                ("this machine's clock", "clock of this machine", "ws1.fabrikam.test")
            yield Fault(f"clock-{host}-{name}", "clock", objects, ("clock", "clocks"),
                        moved(host, seconds), hedges=(TWO,), families=("clock-",))


def faults():
    for domain in SIDES:
        yield from ports(domain)
    yield from name_servers()
    for domain in SIDES:
        yield from hosts(domain)
    yield from one_of_two()
    yield from clocks()
