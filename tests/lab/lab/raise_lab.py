# SPDX-License-Identifier: MIT
"""`up`: from nothing to two forests, a trust and a joined workstation."""
import concurrent.futures
import glob
import os
import shutil
import socket
import subprocess
import sys
import time

from . import child, hosts, net, renew, samba, settings, slot, trust, workstation
from .state import Lab, LabError, process_started

PROGRAMS = {
    "samba": "samba", "samba-tool": "samba-common-bin", "net": "samba-common-bin",
    "ip": "iproute2", "nft": "nftables", "nsenter": "util-linux", "unshare": "util-linux",
    "mount": "mount", "kinit": "krb5-user", "pamtester": "pamtester", "tar": "tar",
    "faketime": "faketime", "dnsmasq": "dnsmasq-base",
}
FILES = {"/usr/lib/python3/dist-packages/samba": "python3-samba",
         "/usr/share/samba/setup/provision.ldif": "samba-ad-provision",
         "/usr/lib/*/samba/ldb/samba_dsdb.so": "samba-dsdb-modules"}


def check_prerequisites():
    if os.geteuid() != 0:
        raise LabError("the lab needs root: it creates network and mount namespaces")
    missing = sorted({package for program, package in PROGRAMS.items()
                      if shutil.which(program) is None}
                     | {package for file, package in FILES.items() if not glob.glob(file)})
    if missing:
        raise LabError(f"missing packages: {', '.join(missing)} (./run setup installs them)")
    with open("/proc/filesystems", encoding="ascii") as known:
        if "overlay" not in known.read().split() \
                and subprocess.run(["modprobe", "-q", "overlay"], check=False).returncode != 0:
            raise LabError("this kernel has no overlayfs, which the hosts need for their own files")
    tried = subprocess.run(["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork",
                            "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise LabError(f"cannot create namespaces on this machine: {tried.stderr.strip()}")


def hosts_of(options):
    wanted = {"dc2.contoso": options.dc2, "dc1.child": options.child}
    return [h for h in settings.HOSTS if wanted.get(h, True)]


def start_holder(lab, number):
    """The first process of the lab; returns the socket to it. It keeps `number` (of
    slot.claim()) from now on."""
    os.makedirs(lab.path("hosts"))
    os.mkdir(lab.path("fs"))
    here = os.path.dirname(os.path.abspath(__file__))
    log = open(lab.path("holder.log"), "wb")
    ours, theirs = socket.socketpair()
    holder = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--net", "--propagation",
         "private", "--", "/usr/bin/python3", "-I", f"{here}/holder.py", lab.dir],
        stdin=theirs, stdout=log, stderr=log, start_new_session=True)
    log.close()
    theirs.close()
    with number:
        socket.send_fds(ours, [b"#"], [number.fileno()])
    deadline = time.monotonic() + 120
    while not (pid := lab.holder()):
        if holder.poll() is not None or time.monotonic() > deadline:
            with open(lab.path("holder.log"), encoding="utf-8", errors="replace") as said:
                raise LabError(f"the lab did not start:\n{said.read().strip()[-800:]}")
        time.sleep(0.01)
    lab.info["holder"] = {"pid": pid, "started": process_started(pid)}
    return ours


class Progress:
    """One line per step on standard error, with the time it took."""

    def __init__(self, quiet):
        self.quiet = quiet
        self.started = time.monotonic()

    def say(self, words):
        if not self.quiet:
            print(f"[{time.monotonic() - self.started:5.1f} s] {words}", file=sys.stderr)


def populate(lab, options, say):
    domains = [domain for domain in settings.DOMAINS if lab.has(f"dc1.{domain}")]
    for host in lab.info["hosts"]:
        samba.write_hosts_files(lab, host)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        say("provisioning " + ", ".join(settings.DOMAINS[domain]["dns"] for domain in domains))
        jobs = [pool.submit(provision_and_start, lab, domain)
                for domain in domains]
        jobs.append(pool.submit(workstation.prepare, lab))
        if options.install:
            jobs.append(pool.submit(workstation.install, lab, options.install))
        for job in jobs:
            job.result()
        samba.wait_ready(lab, [f"dc1.{domain}" for domain in domains])
        say("joining ws1.fabrikam.test" + (", dc2.contoso.test" if options.dc2 else "")
            + (f", making the {options.trust} trust" if options.trust != "none" else ""))
        jobs = [pool.submit(workstation.join, lab)]
        if options.dc2:
            jobs.append(pool.submit(add_dc2, lab))
        if options.trust != "none":
            trust.create(lab, options.trust, options.direction)
        for job in jobs:
            job.result()
    if options.child:
        child.connect(lab)
    if options.dc2:
        # While it joins, other processes cannot open its databases.
        lab.info["dc2 joined"] = True
        samba.register_second(lab)
        samba.replicate(lab, "all")
        samba.forward_to(lab, "dc1.fabrikam", ["dc2.contoso", "dc1.contoso"])


def provision_and_start(lab, domain):
    if domain == "contoso":
        samba.conditional_forwarder(lab, f"dc1.{domain}")
    samba.provision(lab, domain)
    samba.start(lab, f"dc1.{domain}")


def add_dc2(lab):
    samba.conditional_forwarder(lab, "dc2.contoso")
    samba.join_dc(lab, "dc2.contoso")
    samba.start(lab, "dc2.contoso")
    samba.wait_ready(lab, ["dc2.contoso"])
    first, second = settings.HOSTS["dc1.contoso"], settings.HOSTS["dc2.contoso"]
    lab.tool("dc1.contoso", "dns_twin", first["fqdn"], first["address"], second["fqdn"],
             second["address"])


def up(options):
    check_prerequisites()
    lab = Lab()
    progress = Progress(options.quiet)
    with lab.lock():
        try:
            lab.load()
        except LabError:
            pass
        else:
            raise LabError(f"lab {lab.name!r} is up already (./run lab down ends it)")
        lab.destroy()  # what a killed `up` or a dead lab may have left
        lab.make_folder()
        try:
            lab.info = {"trust": "none", "direction": options.direction, "breaks": [],
                        "suffix": settings.SUFFIX if options.suffix else None,
                        "install": options.install, "hosts": {}}
            lab.info["slot"], number = slot.claim()
            slot.empty_keyrings(lab.info["slot"])
            keep = start_holder(lab, number)
            hosts.start(lab, hosts_of(options))
            net.make_switch(lab)
            net.connect(lab, lab.info["hosts"])
            populate(lab, options, progress.say)
            renew.record(lab)
            lab.save()
            keep.sendall(b"keep")
            keep.close()
        except BaseException:
            lab.destroy()
            raise
    progress.say(f"lab {lab.name!r} is up: ./run lab status, ./run lab shell ws1")
