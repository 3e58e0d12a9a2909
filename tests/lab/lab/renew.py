# SPDX-License-Identifier: MIT
"""One lab for several tests, one after another: the domains as they were when the lab was
raised, and a new workstation."""
import subprocess

from . import hosts, net, samba, slot, trust, workstation
from .state import LabError, environment

NEW = ("ws1", "mallory")  # hosts that each test has new
JOINED = ("etc/krb5.keytab", "etc/samba", "var/lib/samba", "var/cache/samba")  # of ws1


def domain_controllers(lab):
    return [host for host in lab.info["hosts"] if host not in NEW]


def record(lab):
    """Keep what `settle` and `renew` need, when the lab has just been raised."""
    lab.info["raised"] = [lab.info["trust"], lab.info["direction"]]
    with open(lab.path("ws1.tar"), "wb") as stored:
        subprocess.run(lab.enter("ws1", ["tar", "-cf", "-", "-C", "/", *JOINED]), stdout=stored,
                       env=environment(), check=True)
    for host in domain_controllers(lab):
        lab.tool(host, "dc_state", "record")


def settle(lab, *secrets):
    """Restore the domains to what they were; what cannot be restored, one line each. With
    "secrets" the passwords of the trust are again those that it had."""
    lines = [f"break {entry['name']} is active" for entry in lab.info["breaks"]]
    if lines:
        return lines
    if [lab.info["trust"], lab.info["direction"]] != lab.info["raised"]:
        trust.change(lab, *lab.info["raised"])
        lab.save()
    for host in domain_controllers(lab):
        found = lab.tool(host, "dc_state", "restore", *secrets).stdout.splitlines()
        lines += [f"{host}: {line}" for line in found if line]
    return lines


def rejoin(lab):
    """Give the workstation the keytab and the secrets of its join, and none that came later."""
    with open(lab.path("ws1.tar"), "rb") as stored:
        subprocess.run(lab.enter("ws1", ["tar", "-xf", "-", "-C", "/"]), stdin=stored,
                       env=environment(), check=True)


def renew(lab):
    """Replace the workstation, joined in the same way, and mallory by new ones."""
    if lab.info["breaks"]:
        raise LabError("a break is active; run ./run lab fix first")
    for host in NEW:
        hosts.stop(lab, host)
    net.disconnect(lab, NEW)
    slot.empty_keyrings(lab.info["slot"])
    hosts.start(lab, NEW)
    net.connect(lab, NEW)
    for host in NEW:
        samba.write_hosts_files(lab, host)
    workstation.prepare(lab)
    if lab.info["install"]:
        workstation.install(lab, lab.info["install"])
    rejoin(lab)
    lab.save()
