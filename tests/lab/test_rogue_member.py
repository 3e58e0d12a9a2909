#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A member of the domain, on the wire, impersonates the domain's directory.

EVIL$ is joined to FABRIKAM, has put ldap/evil.fabrikam.test on itself, is the only DC that DNS
names, answers the LDAP pings, passes Kerberos on, and takes LDAP binds and SMB sessions
with its own keys. Nothing that it says about the directory may be accepted: one check for
each thing that is read there."""
import json
import subprocess

import harness
from daemon import agent
from domains import run_script
from harness import PASSWORD, check, command, equal, finish, logon, on, put, trust, until, up, ws
from lab.state import environment

LAB = {"trust": "external"}

SMB_CONF = """[global]
    workgroup = FABRIKAM
    realm = FABRIKAM.TEST
    security = ADS
    kerberos method = secrets and keytab
    netbios name = EVIL
    disable netbios = yes
    name resolve order = host
    idmap config * : backend = tdb
    idmap config * : range = 100000-199999
    ldb:nosync = true
    tdb:nosync = true
"""
KRB5_CONF = """[libdefaults]
    default_realm = FABRIKAM.TEST
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
[realms]
    FABRIKAM.TEST = {
        kdc = 10.99.0.21
    }
[domain_realm]
    .fabrikam.test = FABRIKAM.TEST
"""
# As the member itself: which names it may put on its own account.
CLAIM = r"""
import json, sys
import ldb
from samba.credentials import Credentials
from samba.param import LoadParm
from samba.samdb import SamDB

lp = LoadParm()
lp.load_default()
creds = Credentials()
creds.guess(lp)
creds.set_machine_account(lp)
db = SamDB(url="ldap://dc1.fabrikam.test", credentials=creds, lp=lp)
dn = db.search("DC=fabrikam,DC=test", ldb.SCOPE_SUBTREE, "(sAMAccountName=EVIL$)", [])[0].dn
told = {}
for name in json.load(sys.stdin):
    message = ldb.Message(dn)
    message["servicePrincipalName"] = ldb.MessageElement([name], ldb.FLAG_MOD_ADD,
                                                         "servicePrincipalName")
    try:
        db.modify(message)
        told[name] = 0
    except ldb.LdbError as error:
        told[name] = error.args[0]
print(json.dumps(told))
"""
# On the domain controller: the groups and the person that are lied about.
PREPARE = r"""
def change(name, **attributes):
    modify(find(name).dn, attributes)

change("carol", uidNumber="30001", gidNumber="30513")
change("Domain Users", gidNumber="30513")
change("Helpdesk", gidNumber="30200")
for name in ("dan", "erin"):
    db.newuser(name, "Passw0rd.Lab1")
    change(name, uidNumber="3000" + ("2" if name == "dan" else "3"), gidNumber="30513")
print(json.dumps({name: find(name, "objectSid")["objectSid"][0].hex()
                  for name in ("Helpdesk", "Domain Users", "carol")}))
"""
CLAIMS = {"ldap/evil.fabrikam.test": True, "ldap/EVIL": True, "cifs/evil.fabrikam.test": True,
          **dict.fromkeys([*(f"{service}/evil.fabrikam.test/fabrikam.test"
                             for service in ("ldap", "cifs", "host", "GC")),
                           "ldap/EVIL/fabrikam.test", "ldap/evil.fabrikam.test/FABRIKAM",
                           "cifs/evil.fabrikam.test/FABRIKAM.TEST",
                           "ldap/dc1.fabrikam.test/fabrikam.test"])}
CAROL, DAN, ERIN = "FABRIKAM\\carol", "FABRIKAM\\dan", "FABRIKAM\\erin"
ACCEPTED = "auth3_generate_session_info_pac"  # smbd, when a ticket was good
NSSWITCH = "passwd: files trustlogon\ngroup: files trustlogon\ninitgroups: files trustlogon\n"


def join():
    """EVIL$, a member like any other, and the names that it may have."""
    put("mallory", "/etc/samba/smb.conf", SMB_CONF)
    put("mallory", "/etc/krb5.conf", KRB5_CONF)
    put("mallory", "/etc/resolv.conf", "nameserver 10.99.0.21\n")
    # Names that no zone has are passed on between the two DCs for ever: none is asked for.
    put("mallory", "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
    put("mallory", "/etc/hosts", "127.0.0.1 localhost\n10.99.0.21 dc1.fabrikam.test dc1\n"
        "10.99.0.66 evil.fabrikam.test EVIL mallory mallory.invalid\n"
        "10.99.0.31 ws1.fabrikam.test ws1\n")
    done = on("mallory", ["net", "ads", "join", f"-Uadministrator%{PASSWORD}",
                          "dnshostname=evil.fabrikam.test", "--no-dns-updates"], timeout=120)
    check("EVIL$ joins as any member does", done.returncode == 0, done.stderr)
    done = on("mallory", ["/usr/bin/python3", "-c", CLAIM], stdin=json.dumps(list(CLAIMS)),
              timeout=180)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    equal("a member may call itself a service of two components, never one of three",
          {name for name, code in told.items() if code == 0},
          {name for name, may in CLAIMS.items() if may})
    equal("the domain controller says CONSTRAINT_VIOLATION",
          {code for name, code in told.items() if not CLAIMS[name]}, {19})


class Rogue:
    """The rogue directory, its LDAP pings, and a file server with the same keys."""

    def __init__(self):
        self.processes = [self._start("impostor.py", "ping", "fabrikam.test=evil.fabrikam.test"),
                          self._start("rogue_dc.py", "dc1.fabrikam.test", "10.99.0.21")]
        on("mallory", "mkdir -p /var/log/samba /run/samba && smbd -D -d 3 </dev/null >/dev/null 2>&1")

    @staticmethod
    def _start(script, *arguments):
        lab = harness._lab
        process = subprocess.Popen(
            lab.enter(lab.host("mallory"),
                      ["/usr/bin/python3", "-I", f"/run/lab/{script}", *arguments]),
            env=environment(), stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        assert process.stdout.readline().strip() == "ready"
        return process

    def swap(self, *pairs):
        """Change these bytes in all answers from now on; what happened since the last call."""
        order = {"swap": [[old.hex(), new.hex()] for old, new in pairs]}
        self.processes[1].stdin.write(json.dumps(order) + "\n")
        self.processes[1].stdin.flush()
        return json.loads(self.processes[1].stdout.readline())

    def end(self):
        for process in self.processes:
            process.stdin.close()
            process.wait()


def dns(verb, record, kind, data, zone):
    done = on("dc1.fabrikam", ["samba-tool", "dns", verb, "dc1.fabrikam.test", zone, record, kind,
                               data, f"-Uadministrator%{PASSWORD}"])
    assert done.returncode == 0 or "already exists" in done.stdout + done.stderr, \
        f"{verb} {record}: {done.stdout}{done.stderr}"


def only_evil():
    """DNS says what an attacker on the wire wants it to say."""
    dns("add", "evil", "A", "10.99.0.66", "fabrikam.test")
    for record in ("_kerberos._tcp.dc", "_kerberos._tcp.Default-First-Site-Name._sites.dc"):
        dns("add", record, "SRV", "evil.fabrikam.test 88 0 100", "_msdcs.fabrikam.test")
        dns("delete", record, "SRV", "dc1.fabrikam.test 88 0 100", "_msdcs.fabrikam.test")
    located = command("locate", "--force", "fabrikam.test").stdout
    check("DNS and the LDAP ping name EVIL as the domain's controller",
          "evil.fabrikam.test" in located and "dc1" not in located, located)


def disbelieved(label, rogue, ask, lie=None):
    """No session for the liar, and nothing of the lie in what `ask` gives."""
    got = ask()
    happened = rogue.swap()
    check(f"{label}: no directory session with a member", happened["bound"] == 0,
          (happened, got))
    if lie:
        check(f"{label}: the lie is not believed", not lie(got), got)


def it_works(rogue, sids):
    """The rogue itself: to a client that asks for ldap/<host> it is a directory, and a liar."""
    rogue.swap((sids["Helpdesk"], sids["Domain Users"]), (b"Helpdesk", b"Kelpdesk"))
    done = ws("kinit -k 'WS1$' && ldapsearch -N -LLL -Q -Y GSSAPI -O minssf=56 "
              "-H ldap://evil.fabrikam.test -b DC=fabrikam,DC=test '(cn=Helpdesk)' sAMAccountName; "
              "kdestroy -q")
    happened = rogue.swap()
    check("a client that asks for ldap/<host> takes EVIL for the directory",
          "Kelpdesk" in done.stdout and happened["bound"] == 1,
          (done.stdout, done.stderr, happened))


def fresh():
    ws("rm -f /var/lib/trustlogon/identity.store /var/lib/trustlogon/rules "
       "/run/trustlogon/machine.*; rm -rf /var/lib/trustlogon/members")


def conf(*lines, section="access"):
    put("ws1", "/etc/trustlogon.conf", f"[{section}]\n" + "".join(f"    {one}\n" for one in lines))


def group_of_a_rule(rogue, sids):
    conf("allow_groups = FABRIKAM\\Helpdesk")
    fresh()
    rogue.swap((sids["Helpdesk"], sids["Domain Users"]))
    disbelieved("access rules", rogue, lambda: logon(DAN), lambda got: got.code == "PAM_SUCCESS")
    conf()


def names_and_groups(rogue, sids):
    for label, question, swaps, lie in (
            ("getent passwd", ["getent", "passwd", CAROL], ((b"carol", b"karol"),),
                lambda got: "karol" in got.stdout),
            ("getent group", ["getent", "group", "FABRIKAM\\Helpdesk"],
             ((sids["Helpdesk"], sids["Domain Users"]),), lambda got: got.stdout),
            ("members of a group", ["getent", "group", "FABRIKAM\\Helpdesk"],
             ((b"CN=carol", b"CN=dan\\20"), (sids["carol"], sids["Domain Users"])),
                lambda got: got.stdout),
            ("id", ["id", CAROL], ((b"Helpdesk", b"Kelpdesk"),), lambda got: "elpdesk" in got.stdout)):
        fresh()
        rogue.swap(*swaps)
        disbelieved(label, rogue, lambda q=question: ws(q), lie)
    fresh()
    rogue.swap((b"carol", b"karol"))
    disbelieved("trustlogon id", rogue, lambda: command("id", "--json", CAROL),
                lambda got: "karol" in got.stdout)


def unix_ids(rogue):
    conf("idmap = rfc2307", "rfc2307_ranges = FABRIKAM:30000-39999", section="identity")
    fresh()
    rogue.swap((b"30001", b"30999"))
    disbelieved("rfc2307 look-up", rogue, lambda: ws(["getent", "passwd", CAROL]),
                lambda got: "30999" in got.stdout)
    fresh()
    rogue.swap((b"30001", b"30999"))
    disbelieved("rfc2307 logon", rogue, lambda: (logon(CAROL), ws(["getent", "passwd", CAROL])),
                lambda got: "30999" in got[1].stdout)
    conf()
    fresh()


def topology(rogue):
    ws("rm -f /var/lib/trustlogon/topology.json")
    rogue.swap((b"CONTOSO", b"KONTOSO"), (b"contoso.test", b"kontoso.test"))
    disbelieved("refresh", rogue, lambda: command("refresh"), lambda got: got.returncode == 0)
    there = ws("cat /var/lib/trustlogon/topology.json").stdout
    check("refresh: no snapshot of the liar's", "ontoso" not in there.lower(), there)
    rogue.swap((b"CONTOSO", b"KONTOSO"))
    disbelieved("trusts", rogue, lambda: command("trusts", "--json"),
                lambda got: "KONTOSO" in got.stdout)
    rogue.swap((b"CONTOSO", b"KONTOSO"))
    disbelieved("diagnose", rogue, lambda: harness.diagnose("CONTOSO\\alice"),
                lambda got: "KONTOSO" in json.dumps(got))


def disabled_account(rogue):
    """The real directory has disabled erin; the liar says that it has not."""
    on("dc1.fabrikam", ["samba-tool", "user", "disable", "erin"])
    conf("deny_groups = S-1-5-21-1-1-1-1")
    ws("sed -i 's/^proven .*/proven 1/; s/^checked .*/checked 1/' /var/lib/trustlogon/members/*")
    rogue.swap((b"514", b"512"))
    disbelieved("disabled flags", rogue, lambda: logon(ERIN, steps=("acct_mgmt",)),
                lambda got: got.code == "PAM_SUCCESS")
    conf()


def lsa(rogue):
    """Over a one-way trust the workstation's own DC is asked by SMB; here it is a member."""
    fresh()
    ws("kinit -k 'WS1$' && smbclient -k -L evil.fabrikam.test; kdestroy -q")
    check("a client that asks for cifs/<host> takes EVIL for a server", ACCEPTED in smb_log(),
          smb_log()[-2000:])
    on("mallory", "truncate -s 0 /var/log/samba/log.*")
    rogue.swap()
    done = ws(["getent", "passwd", "CONTOSO\\bob"])
    check("LSA: no SMB session of ours with a member", ACCEPTED not in smb_log() and
          not done.stdout, (done, smb_log()[-2000:]))


def smb_log():
    return on("mallory", "cat /var/log/samba/log.*").stdout


def main():
    up(**LAB)
    put("ws1", "/etc/nsswitch.conf", NSSWITCH)
    join()
    sids = {name: bytes.fromhex(sid) for name, sid in json.loads(
        run_script("dc1.fabrikam", PREPARE)).items()}
    command("refresh")
    # What erin's key logon is judged by later: her account as it is known to this machine.
    check("before: erin logs on", until(lambda: command("locate", "--force", "fabrikam.test") and
                                        logon(ERIN).code == "PAM_SUCCESS", pause=1), logon(ERIN))
    rogue = Rogue()
    try:
        only_evil()
        it_works(rogue, sids)
        topology(rogue)
        disabled_account(rogue)
        group_of_a_rule(rogue, sids)
        with agent():
            names_and_groups(rogue, sids)
            unix_ids(rogue)
        trust("external", direction="one-way")
        with agent():
            lsa(rogue)
    finally:
        rogue.end()
    finish()


if __name__ == "__main__":
    main()
