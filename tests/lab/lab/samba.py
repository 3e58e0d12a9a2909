# SPDX-License-Identifier: MIT
"""Samba in the lab: provision, start and stop the domain controllers."""
import hashlib
import json
import os
import subprocess
import time

from . import settings, slot
from .state import LabError, environment

# What a DC of the lab serves. NetBIOS names, NTP signing, replication (see
# replicate.py) and dynamic
# updates of its own records are left out: nothing here uses them and each
# takes start-up time.
SERVICES = "s3fs, rpc, ldap, cldap, kdc, winbindd, dns"
# Breaks of these leave CONTOSO's DCs unable to talk to each other.
CUTS = ("samba on contoso", "network of contoso")
CONDITIONAL = "127.0.0.53"  # of a DC of CONTOSO
PORTS = [53, 88, 135, 389, 445, 464]
OPTIONS = [
    "interfaces = lo eth0", "bind interfaces only = yes",
    f"server services = {SERVICES}", "prefork children = 2", "disable netbios = yes",
    "load printers = no", "printcap name = /dev/null", "disable spoolss = yes",
    # The files are in memory; there is no disk to wait for.
    "ldb:nosync = true", "tdb:nosync = true",
]


def write(lab, host, path, text):
    target = lab.file(host, path)
    if os.path.lexists(target):
        os.unlink(target)
    with open(target, "w", encoding="utf-8") as out:
        out.write(text)


def write_hosts_files(lab, host):
    """A host resolves at its own domain's DCs and knows only itself by file."""
    me = settings.HOSTS[host]
    if me["domain"] is None:
        servers = []
    else:
        # A DC asks itself; the second one asks the first until it serves.
        servers = [settings.HOSTS[dc]["address"] for dc in lab.dcs(me["domain"])]
    domain = me["fqdn"].partition(".")[2]
    write(lab, host, "/etc/hosts",
          f"127.0.0.1 localhost\n{me['address']} {me['fqdn']} {me['fqdn'].split('.')[0]}\n")
    write(lab, host, "/etc/resolv.conf", f"search {domain}\noptions timeout:1 attempts:2\n"
          + "".join(f"nameserver {s}\n" for s in servers))
    write(lab, host, "/etc/nsswitch.conf",
          "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
          "services: files\nprotocols: files\n")


def krb5_conf(realm):
    return ("[libdefaults]\n"
            f"    default_realm = {realm}\n"
            "    dns_lookup_realm = false\n"
            "    dns_lookup_kdc = true\n"
            "    rdns = false\n"
            "    dns_canonicalize_hostname = false\n"
            "[realms]\n"
            "[domain_realm]\n")


def forwarder(domain):
    """Who resolves the names that a domain's DCs do not. Two name servers that forward all to
    each other pass a name that neither knows round in a circle for half a minute, and answer
    little else meanwhile: so those of CONTOSO forward to conditional_forwarder()."""
    return CONDITIONAL if domain == "contoso" else settings.HOSTS["dc1.contoso"]["address"]


def conditional_forwarder(lab, host):
    """A name server on a DC of CONTOSO: FABRIKAM's names are FABRIKAM's, nobody has others.
    Samba's own has no conditional forwarders."""
    zone = settings.FABRIKAM["dns"]
    lab.run(host, "dnsmasq", f"--listen-address={CONDITIONAL}", "--bind-interfaces",
            "--no-resolv", "--no-hosts", "--cache-size=0", "--user=root", "--pid-file=",
            "--conf-file=/dev/null", "--address=/#/",
            f"--server=/{zone}/{settings.HOSTS['dc1.fabrikam']['address']}")


def provision_key(domain, sid, suffix):
    """Names a provision by everything that goes into it."""
    digest = hashlib.sha256()
    here = os.path.dirname(os.path.abspath(__file__))
    for name in ("settings.py", "samba.py", "seed.py"):
        with open(os.path.join(here, name), "rb") as source:
            digest.update(source.read())
    version = subprocess.run(["samba", "--version"], capture_output=True, check=True).stdout
    digest.update(json.dumps([domain, sid, suffix, version.decode()]).encode())
    return f"{domain}-{digest.hexdigest()[:16]}.tar"


def provision(lab, domain):
    """Make DC1 of a domain with its accounts, from the cache if it has them.

    The tarball is made before the DC first runs, so its databases are at rest.
    """
    host = f"dc1.{domain}"
    suffix = lab.info["suffix"] if domain == "contoso" else None
    sid = slot.domain_sid(lab.info["slot"], domain)
    cache = os.environ.get("TL_LAB_CACHE")
    tarball = os.path.join(cache, provision_key(domain, sid, suffix)) if cache else None
    folders = ["etc/samba", "var/lib/samba", "etc/krb5.conf"]
    if tarball and os.path.exists(tarball):
        with open(tarball, "rb") as stored:
            subprocess.run(lab.enter(host, ["tar", "-xf", "-", "-C", "/", "--xattrs",
                                            "--xattrs-include=*", "--acls"]),
                           stdin=stored, env=environment(), check=True)
        return
    names = settings.DOMAINS[domain]
    options = OPTIONS + [f"dns forwarder = {forwarder(domain)}"]
    lab.run(host, "samba-tool", "domain", "provision", f"--realm={names['realm']}",
            f"--domain={names['flat']}", f"--domain-sid={sid}", "--server-role=dc", "--dns-backend=SAMBA_INTERNAL",
            "--use-rfc2307", f"--adminpass={settings.PASSWORD}",
            f"--host-name={settings.HOSTS[host]['fqdn'].split('.')[0]}",
            f"--host-ip={settings.HOSTS[host]['address']}",
            *(f"--option={option}" for option in options))
    write(lab, host, "/etc/krb5.conf", krb5_conf(names["realm"]))
    seed(lab, host, suffix)
    # A DC gives itself ldap/<host> and the like ten minutes after its first start.
    lab.run(host, "samba_spnupdate")
    if tarball:
        os.makedirs(cache, exist_ok=True)
        with open(tarball + f".{os.getpid()}", "wb") as stored:
            subprocess.run(lab.enter(host, ["tar", "-cf", "-", "-C", "/", "--xattrs",
                                            "--xattrs-include=*", "--acls", *folders]),
                           stdout=stored, env=environment(), check=True)
        os.rename(stored.name, tarball)


def seed(lab, host, suffix):
    """Create the accounts; those with a password too old, a hundred days ago.

    The directory does not accept a password's age, so the clock is moved.
    """
    domain = settings.HOSTS[host]["domain"]
    wanted = settings.SEED[domain]
    old = [user for user in wanted["users"] if user.get("state") == "pwexpired"]
    new = [user for user in wanted["users"] if user not in old]
    script = ["/usr/bin/python3", "-I", "/run/lab/seed.py"]
    common = {"password": settings.PASSWORD, "suffix": suffix}
    lab.run(host, *script, stdin=json.dumps(
        dict(common, users=new, groups=wanted["groups"]), default=list))
    if old:
        lab.run(host, "faketime", "-f", "-100d", *script, stdin=json.dumps(
            dict(common, users=old, groups=[])))


def join_dc(lab, host):
    """Make a further DC of a running domain."""
    names = settings.DOMAINS[settings.HOSTS[host]["domain"]]
    write(lab, host, "/etc/krb5.conf", krb5_conf(names["realm"]))
    options = OPTIONS + [f"dns forwarder = {forwarder(settings.HOSTS[host]['domain'])}"]
    lab.run(host, "samba-tool", "domain", "join", names["dns"], "DC",
            f"-Uadministrator%{settings.PASSWORD}", "--dns-backend=SAMBA_INTERNAL",
            f"--option=netbios name = {host.split('.')[0].upper()}",
            *(f"--option={option}" for option in options))


def start(lab, host):
    lab.run(host, "samba", "-D", "-M", "prefork")


def replicate(lab, scope="domain"):
    """Bring CONTOSO's second DC, if there is one, up to date with the first."""
    cut = {entry["touches"] for entry in lab.info["breaks"]} & set(CUTS)
    if lab.info.get("dc2 joined") and not cut:
        lab.tool("dc2.contoso", "replicate", settings.HOSTS["dc1.contoso"]["fqdn"],
                 settings.PASSWORD, scope)


def register_second(lab):
    """A DC gives itself ldap/<host> and the like ten minutes after its first start; the other DC
    issues tickets for these names."""
    lab.run("dc2.contoso", "samba_spnupdate")
    lab.tool("dc1.contoso", "replicate", settings.HOSTS["dc2.contoso"]["fqdn"], settings.PASSWORD,
             "domain")


def forward_to(lab, host, dcs):
    """Let a DC ask these for the other forest's names, in this order: the
    second DC first, so that breaking the first one does not break DNS too."""
    path = lab.file(host, "/etc/samba/smb.conf")
    with open(path, encoding="utf-8") as conf:
        lines = [line for line in conf if "dns forwarder" not in line]
    addresses = " ".join(settings.HOSTS[dc]["address"] for dc in dcs)
    lines.insert(lines.index("[global]\n") + 1, f"\tdns forwarder = {addresses}\n")
    write(lab, host, "/etc/samba/smb.conf", "".join(lines))
    stop(lab, host)
    start(lab, host)
    wait_ready(lab, [host])


def wait_ready(lab, hosts, timeout=300):
    """Wait until every port of every DC answers inside its own host."""
    deadline = time.monotonic() + timeout
    for host in hosts:
        ports = ",".join(map(str, PORTS))
        left = max(1, deadline - time.monotonic())
        done = lab.tool(host, "wait_ports", settings.HOSTS[host]["address"], ports, str(left),
                        check=False)
        if done.returncode != 0:
            raise LabError(f"{host}: samba does not answer: {done.stdout.strip()}")


def stop(lab, host):
    lab.tool(host, "stop_samba")


def publish(lab, dc, zone, records):
    """Add records [name, type, data] to a zone of a DC's DNS, which is created if it does not exist."""
    lab.tool(dc, "dns_zone", zone, settings.HOSTS[dc]["fqdn"], settings.PASSWORD,
             stdin=json.dumps(records))
