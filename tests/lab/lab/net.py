# SPDX-License-Identifier: MIT
"""The lab's wires: one bridge in the holder's namespace, one cable per host."""
import subprocess

from . import settings


def batch(pid, lines):
    subprocess.run(["nsenter", "-t", str(pid), "-n", "ip", "-batch", "-"], check=True,
                   input="\n".join(lines) + "\n", text=True)


def connect(lab, holder_pid):
    switch = ["link add lab0 type bridge", "link set lab0 up"]
    for host in lab.info["hosts"]:
        port = host.replace(".", "-")
        switch += [f"link add {port} type veth peer name eth0 netns {lab.pid(host)}",
                   f"link set {port} master lab0 up"]
    batch(holder_pid, switch)
    for host in lab.info["hosts"]:
        address = settings.HOSTS[host]["address"]
        batch(lab.pid(host), ["link set lo up",
                              f"addr add {address}/{settings.PREFIX_LENGTH} dev eth0",
                              "link set eth0 up"])


def filter_ports(lab, host, name, hook, rules):
    """Install a firewall table of its own, so that taking it away restores all."""
    table = name.replace("-", "_")
    lines = [f"table inet lab_{table} {{", f" chain {hook} {{",
             f"  type filter hook {hook} priority 0;", *rules, " }", "}"]
    lab.run(host, "nft", "-f", "-", stdin="\n".join(lines) + "\n")


def unfilter(lab, host, name):
    lab.run(host, "nft", "delete", "table", "inet", "lab_" + name.replace("-", "_"))
