# SPDX-License-Identifier: MIT
"""The lab's wires: one bridge in the holder's namespace, one cable per host."""
import subprocess

from . import settings


def batch(pid, lines, force=False):
    """Commands of ip; with force, failures are ignored."""
    subprocess.run(["nsenter", "-t", str(pid), "-n", "ip", *(["-force"] if force else []),
                    "-batch", "-"], check=not force, input="\n".join(lines) + "\n", text=True,
                   stderr=subprocess.DEVNULL if force else None)


def make_switch(lab):
    batch(lab.info["holder"]["pid"], ["link add lab0 type bridge", "link set lab0 up"])


def cable(host):
    """The switch's end of a host's cable."""
    return host.replace(".", "-")


def connect(lab, hosts):
    """A host that replaces another has its hardware address, too, since the other hosts
    have it in their caches."""
    lines = []
    for host in hosts:
        hardware = "02:00:" + ":".join(f"{int(part):02x}" for part in
                                       settings.HOSTS[host]["address"].split("."))
        lines += [f"link add {cable(host)} type veth peer name eth0 address {hardware} "
                  f"netns {lab.pid(host)}", f"link set {cable(host)} master lab0 up"]
    batch(lab.info["holder"]["pid"], lines)
    for host in hosts:
        address = settings.HOSTS[host]["address"]
        batch(lab.pid(host), ["link set lo up",
                              f"addr add {address}/{settings.PREFIX_LENGTH} dev eth0",
                              "link set eth0 up"])


def disconnect(lab, hosts):
    """Of hosts that have ended; the kernel removes their cables with a delay."""
    batch(lab.info["holder"]["pid"], [f"link del {cable(host)}" for host in hosts], force=True)


def filter_ports(lab, host, name, hook, rules):
    """Install a firewall table of its own, so that taking it away restores all."""
    table = name.replace("-", "_")
    lines = [f"table inet lab_{table} {{", f" chain {hook} {{",
             f"  type filter hook {hook} priority 0;", *rules, " }", "}"]
    lab.run(host, "nft", "-f", "-", stdin="\n".join(lines) + "\n")


def unfilter(lab, host, name):
    lab.run(host, "nft", "delete", "table", "inet", "lab_" + name.replace("-", "_"))


def without_rules(lab, host, protocol, port):
    """Remove the rules of all tables that treat a port; returns them."""
    table = chain = None
    gone = []
    for line in lab.run(host, "nft", "-a", "list", "ruleset").stdout.splitlines():
        words = line.split()
        if words[:1] == ["table"]:
            table = words[1:3]
        elif words[:1] == ["chain"]:
            chain = words[1]
        elif {"dport", "sport"} & set(words) and treats(words, protocol, port):
            lab.run(host, "nft", "delete", "rule", *table, chain, "handle", words[-1])
            gone.append(line.split(" #")[0].strip())
    return gone


def treats(words, protocol, port):
    """Whether a rule, word by word, is about a port: "tcp dport 88 drop", or of each protocol."""
    where = next(i for i, word in enumerate(words) if word in ("dport", "sport"))
    return words[where - 1] in (protocol, "th") and words[where + 1] == port
