#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Users and groups that never logged on, by our own NSS module and a listening agent.

Through the directory of the user's domain over two-way trusts, external and forest;
through the workstation's own DC over a one-way trust."""
import json
import subprocess
import time

import domains
import harness
from capture import Capture
from daemon import LOG, agent
from harness import (break_, check, command, equal, finish, fix, logon, nss, put, quickest, tool,
                     until, up, ws)
from lab.state import environment

LAB = {"trust": "external", "kept": False}  # ten thousand objects take too long to remove

NSSWITCH = ("passwd: files trustlogon\ngroup: files trustlogon\ninitgroups: files trustlogon\n"
            "shadow: files\nhosts: files dns\n")
UNAVAILABLE = "PAM_AUTHINFO_UNAVAIL"
ALICE, BOB = "CONTOSO\\alice", "CONTOSO\\bob"
CROWD = 10000

# On CONTOSO's DC, beside the first checks: a group of 10,000, and one for mail only.
PREPARE = r"""
add_group("Letters", 0x2)
add_group("Crowd", -0x7FFFFFF8)
for first in range(0, CROWD, 100):  # a transaction keeps the KDC waiting
    db.transaction_start()
    for i in range(first, first + 100):
        db.add({"dn": f"CN=c{i},{users}", "objectClass": "user", "sAMAccountName": f"c{i}"})
    db.transaction_commit()
modify(f"CN=Crowd,{users}", {"member": [f"CN=c{i},{users}" for i in range(CROWD)]},
       ldb.FLAG_MOD_ADD)
print("done")
"""


def start_crowd(lab):
    code = PREPARE.replace("CROWD", str(CROWD))
    return subprocess.Popen(lab.enter(lab.host("dc1.contoso"), domains.script(code)),
                            env=environment(), stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def getent(database, key, once=False):
    """Fields, or None. `once`: without an answer within the module's second it is None, too."""
    done = (ws if once else nss)(["getent", database, str(key)])
    line = done.stdout.rstrip("\n")
    return line.split(":") if line else None


def passwd(key):
    return getent("passwd", key)


def group(key):
    return getent("group", key)


def ids(name):
    return sorted(map(int, nss(["id", "-G", name]).stdout.split()))


def group_names(name):
    return nss(["id", "-Gn", name]).stdout


def source(name):
    told = json.loads(command("store", "list", "users", "--json").stdout)["entries"]
    return next((user.get("source") for user in told if user.get("name") == name), told)


def questions(wire):
    """Packets that end an earlier connection may still be on their way, and do not count."""
    return [p for p in wire.packets if (p.payload or p.syn) and p.to_port in (53, 88, 389, 445)]


def forget():
    """A store that knows nothing but its ranges."""
    ws(["rm", "-f", "/var/lib/trustlogon/identity.store"])
    passwd("nobody.at.all@contoso.test")


def patient_logon(name):
    """The PAM code of a logon. While a crowd of users is made a DC may take longer than a logon
    waits, which is not what this file is about."""
    return until(lambda: (code := logon(name).code) != UNAVAILABLE and code)


def two_way(lab):
    check("alice is known before any logon", (before := passwd(ALICE)) is not None,
          ws(["cat", LOG]).stdout)
    if before is None:
        return
    equal("by her canonical name", before[0], "alice@contoso.test")
    for name in ("contoso\\ALICE", "contoso.test\\alice", "alice@contoso.test", "Alice@CONTOSO",
                 before[2]):
        equal(f"{name} is the same entry", passwd(name), before)
    with Capture(lab) as wire:
        groups = ids(ALICE)
        named = group_names(ALICE)
    equal("id has names for all her groups, nested ones too", sorted(named.split("@contoso.test")[:-1]),
          sorted(["domain users", " sales", " all staff", " project éclair"]))
    check("and asks no domain for them", not questions(wire), wire)
    equal("the store says that a directory told of her", source(before[0]), "directory")
    equal("she logs on", patient_logon(ALICE), "PAM_SUCCESS")
    equal("and is who she was: uid, gid, home", passwd(ALICE), before)
    check("with the groups she had", set(groups) <= set(ids(ALICE)), (groups, ids(ALICE)))
    readers = group("CONTOSO\\Readers")
    check("and at most a domain-local one, which Samba's KDC puts into PACs",
          set(ids(ALICE)) - set(groups) <= {int(readers[2])}, (groups, ids(ALICE)))
    equal("the store says that her PAC told of her", source(before[0]), "logon")
    for name in ("jürgen.groß", "pat o'neil"):
        entry = passwd(f"contoso\\{name}")
        check(f"{name} is found", entry is not None and entry[0] == f"{name}@contoso.test", entry)
    check("a name that folds like jürgen's is nobody's, and harms him not",
          passwd("CONTOSO\\JÜRGEN.GROSS") is None and passwd("contoso\\jürgen.groß") is not None)
    check("nor does the case of letters that are not ASCII",
          passwd("CONTOSO\\JÜRGEN.GROß") == passwd("contoso\\jürgen.groß") is not None)
    carol = passwd("FABRIKAM\\carol")
    check("carol of the workstation's own domain is found", carol is not None, carol)


# On FABRIKAM's DC: strangers in groups of the workstation's domain, one inside another.
STRANGERS = r"""
for name in ("Shell Users", "All Shells", "Nobody Here"):
    add_group(name, -0x7FFFFFFC)
for name, member in (("Shell Users", f"<SID={sys.argv[1]}>"),
                     ("All Shells", f"CN=Shell Users,{users}")):
    modify(f"CN={name},{users}", {"member": member}, ldb.FLAG_MOD_ADD)
"""


def strangers():
    """CONTOSO's Sales are in groups of the workstation's own domain."""
    told = json.loads(command("store", "list", "groups", "--json").stdout)["entries"]
    sid = next(g["sid"] for g in told if g["name"] == "sales@contoso.test")
    equal("groups for strangers could be made",
          domains.run_script("dc1.fabrikam", STRANGERS, sid), "")
    forget()
    names = group_names(BOB)
    check("bob is in those of the workstation's domain that his group is in, nested ones too",
          "shell users@fabrikam.test" in names and "all shells@fabrikam.test" in names
          and "nobody here" not in names, names)
    alone = group_names("contoso\\jürgen.groß")
    check("who is not in it is not", "fabrikam" not in alone, alone)
    alice = group("FABRIKAM\\Shell Users")
    check("such a group is found", alice is not None, alice)


def by_ids():
    """Ids whose names were never asked for."""
    bob, sales = passwd(BOB), group("CONTOSO\\Sales")
    forget()
    equal("a user by his id alone", passwd(bob[2]), bob)
    forget()
    equal("a group by its id alone, without its members", group(sales[2]), [*sales[:3], ""])
    equal("and then by its name, with them", group("contoso\\sales"), sales)
    equal("and then by its id, with them", group(sales[2]), sales)
    for key in (int(bob[2]) + 100000, sales[2]):
        check(f"no user has the id {key}", passwd(key) is None)
    check("no group has the id of a user", group(bob[2]) is None)


def groups():
    wanted = {"Sales": {"alice", "bob"}, "All Staff": {"alice", "bob", "jürgen.groß"},
              "Project Éclair": {"alice"}}
    for name, members in wanted.items():
        entry = group(f"CONTOSO\\{name}")
        equal(f"members of {name}, nested ones too", entry and set(entry[3].split(",")),
              {f"{m}@contoso.test" for m in members})
        equal(f"{name} by its other names", [group(f"{name}@contoso.test"),
                                             group(f"contoso.test\\{name.lower()}")], [entry] * 2)
    equal("a domain-local group of another domain has no members here",
          (group("CONTOSO\\Readers") or [None] * 4)[3], "")
    check("one of BUILTIN neither", group("CONTOSO\\Administrators") is None)
    check("alice is no group, and Sales no user", group(ALICE) is None
          and passwd("CONTOSO\\Sales") is None)
    equal("one of the own domain", group("helpdesk@fabrikam.test")[3], "carol@fabrikam.test")
    users = group("CONTOSO\\Domain Users")
    check("those whose primary group it is are members",
          users is not None and {"alice@contoso.test", "bob@contoso.test"} <= set(users[3].split(",")),
          users)


def nobody(lab):
    asked = ["CONTOSO\\nobody.here", "nobody@contoso.test", "root@contoso.test",
             "CONTOSO\\DC1$", "CONTOSO\\FABRIKAM$", "CONTOSO\\a*", "CONTOSO\\alice)(cn=*",
             "someone@nowhere.example", "NOWHERE\\x"]
    for name in asked:
        check(f"{name} is nobody", passwd(name) is None, passwd(name))
    with Capture(lab) as wire:
        for name in asked:
            passwd(name)
    check("asked again they cost no question", not questions(wire), wire)
    check("root is the machine's own", passwd("root")[2] == "0")
    check("a name without a domain is not asked for", passwd("alice") is None)


def at_once(lab):
    """Fifty processes ask for one user who is not in the store yet."""
    forget()
    with Capture(lab) as wire:
        # A process without an answer within the module's second asks again.
        done = ws("one() { for i in $(seq 30); do getent passwd 'CONTOSO\\bob' && break; done; }; "
                  "for i in $(seq 50); do one & done; wait")
    equal("fifty who ask at once have fifty answers", len(done.stdout.splitlines()), 50)
    equal("over the connections that there are",
          [str(p) for p in wire.packets if p.syn and p.to_port == 389], [])
    equal("with the tickets that are there", wire.exchanges(), [])
    check("the tickets are root's alone",
          ws(["stat", "-c", "%a %U", "/run/trustlogon/machine.tickets"]).stdout == "600 root\n")


def dead():
    """A failed look-up is never reported as "not found"."""
    forget()
    break_("tcp389")
    seconds, found = quickest(lambda: getent("passwd", BOB, once=True), 2)
    check("with a dead DC nobody new is found", found is None, found)
    check(f"within the second that the module waits ({seconds:.1f} s)", seconds < 2)
    fix()
    # The first question is still under way, and no other process need ask.
    check("and once the DC is back, he is there: nothing negative was kept",
          until(lambda: passwd(BOB)), ws(["cat", LOG]).stdout)


def killed(lab, pid):
    """A listener that ends in the middle: the client still gets its answer in time."""
    forget()
    break_("tcp389")
    asking = subprocess.Popen(lab.enter(lab.host("ws1"), ["getent", "passwd", BOB]),
                              env=environment(), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    until(lambda: asking.poll() is not None or ws(["pgrep", "-P", str(pid)]).stdout, pause=0.02)
    ws(["kill", "-KILL", str(pid)])
    started = time.monotonic()
    out, _ = asking.communicate(timeout=60)
    check("who asks while the agent is killed is told nobody", out == b"" and asking.returncode != 0)
    check("in time", time.monotonic() - started < 10)
    fix()


def changes():
    """Renamed, deleted, made again: what the store had of the old one is gone."""
    ws(["trustlogon", "store", "drop", "CONTOSO\\temp"])
    dc = ["samba-tool", "user"]
    harness.on("dc1.contoso", [*dc, "create", "temp", harness.PASSWORD])
    first = passwd("CONTOSO\\temp")
    check("a new user is found at once", first is not None)
    harness.on("dc1.contoso", [*dc, "delete", "temp"])
    harness.on("dc1.contoso", [*dc, "create", "temp", harness.PASSWORD])
    ws(["trustlogon", "store", "drop", "CONTOSO\\temp"])
    second = passwd("CONTOSO\\temp")
    check("deleted and made again, it has another id", second and second[2] != first[2],
          (first, second))
    check("and the old id is nobody's", passwd(first[2]) is None)


def renamed():
    harness.on("dc1.contoso", ["samba-tool", "user", "create", "before", harness.PASSWORD])
    first = passwd("CONTOSO\\before")
    done = harness.on("dc1.contoso", ["samba-tool", "user", "rename", "before",
                                      "--samaccountname=after"])
    after = passwd("CONTOSO\\after")
    check("a renamed user has the new name", after and after[0] == "after@contoso.test",
          (after, done))
    equal("and the id he had", after and after[2:4], first and first[2:4])
    equal("which leads to the new name", (passwd(first[2]) or [None])[0], "after@contoso.test")
    # His user principal name stayed, and by that the KDC knows him as CONTOSO\before, too
    # [MS-KILE 3.3.5.6.1]: NSS has to know what PAM accepts.
    for old in ("CONTOSO\\before", "before@contoso.test"):
        equal(f"{old} is still his, by his user principal name",
              (passwd(old) or [None])[0], "after@contoso.test")
        equal(f"{old} logs on", patient_logon(old), "PAM_SUCCESS")


def own_suffix():
    """An explicit UPN with the domain's own name for its suffix, as most domains have."""
    harness.on("dc1.contoso", ["samba-tool", "user", "create", "bsmith", harness.PASSWORD])
    harness.on("dc1.contoso", ["samba-tool", "user", "rename", "bsmith",
                               "--upn=bob.smith@contoso.test"])
    entry = passwd("bob.smith@contoso.test")
    check("bob.smith@contoso.test is bsmith", entry and entry[0] == "bsmith@contoso.test", entry)
    equal("and logs on", patient_logon("bob.smith@contoso.test"), "PAM_SUCCESS")
    equal("as who he is", passwd("bob.smith@contoso.test"), entry)
    equal("CONTOSO\\bob.smith is he as well", passwd("CONTOSO\\bob.smith"), entry)
    equal("and logs on", patient_logon("CONTOSO\\bob.smith"), "PAM_SUCCESS")


# The same on CONTOSO's DC, as an administrator of unix accounts would.
NUMBERS = r"""
for name, key, value in (("bob", "uidNumber", "20004"), ("Sales", "gidNumber", "20100"),
                         ("Domain Users", "gidNumber", "20513")):
    modify(f"CN={name},{users}", {key: value})
"""
CONF = """[identity]
    idmap = rfc2307
    rfc2307_ranges = CONTOSO:20000-29999
    unix_primary_group = no
"""


def from_directory():
    """With idmap = rfc2307 the ids are the directory's, before any logon, too."""
    domains.run_script("dc1.contoso", NUMBERS)
    put("ws1", "/etc/trustlogon.conf", CONF)
    forget()
    bob = passwd(BOB)
    equal("with idmap = rfc2307 bob has his uidNumber", bob and bob[2:4], ["20004", "20513"])
    equal("and his groups their gidNumbers", ids(BOB), [20100, 20513])
    equal("their names came with him", sorted(group_names(BOB).strip().split("@contoso.test")),
          sorted(["domain users", " sales", ""]))
    check("who has no uidNumber is nobody", passwd(ALICE) is None)
    ws(["trustlogon", "store", "drop", BOB])
    ws(["trustlogon", "store", "drop", "CONTOSO\\Sales"])
    equal("by his uid", passwd("20004"), bob)
    equal("a group by its gid", (group("20100") or [None])[0], "sales@contoso.test")
    check("an id that the directory gives to nobody", passwd("20005") is None)
    ws(["rm", "/etc/trustlogon.conf"])
    forget()


def crowd(making):
    out, _ = making.communicate(timeout=500)
    if not check(f"{CROWD} users could be made", making.returncode == 0, out):
        return
    check("a group for mail only is none here", group("CONTOSO\\Letters") is None)
    started = time.monotonic()
    entry = group("CONTOSO\\Crowd")
    first = time.monotonic() - started
    check(f"a group of {CROWD} is there ({first:.1f} s)", entry is not None, entry)

    def with_members():
        found = group("CONTOSO\\Crowd")
        return found if found and found[3] else None
    entry = until(with_members)
    seconds = time.monotonic() - started
    equal(f"with all its members soon after ({seconds:.1f} s)",
          entry and sorted(entry[3].split(",")),
          sorted(f"c{i}@contoso.test" for i in range(CROWD)))
    seconds, _ = quickest(lambda: group("CONTOSO\\Crowd"), 0.5)
    check("and at once from then on", seconds < 0.5, seconds)


def forest():
    tool("trust", "forest")
    command("refresh")
    forget()
    alice = passwd("alice@corp.example")
    check("over a forest trust alice is found by her explicit UPN",
          alice is not None and alice[0] == "alice@contoso.test", ws(["cat", LOG]).stdout)
    for name in (ALICE, "alice@contoso.test"):
        equal(f"as {name} too", passwd(name), alice)
    check("nobody has another's suffix", passwd("bob@corp.example") is None)


def one_way(lab):
    tool("trust", "external", "--direction", "one-way")
    command("refresh")
    forget()
    with Capture(lab) as wire:
        alice = passwd(ALICE)
    check("over a one-way trust alice is found by the workstation's own DC", alice is not None,
          ws(["cat", LOG]).stdout)
    dc = harness.settings.HOSTS["dc1.contoso"]["address"]
    check("CONTOSO itself is not asked", not [p for p in wire.packets if p.target == dc], wire)
    if alice is None:
        return
    equal("with Domain Users alone, named", group_names(ALICE).strip(),
          "domain users@contoso.test")
    bob = passwd("bob@contoso.test")
    forget()
    equal("a user by his id", passwd(bob[2]), bob)
    check("a group, of which it knows no members", (group("CONTOSO\\Sales") or [None] * 4)[3] == "")
    check("nobody is told so", passwd("CONTOSO\\nobody.here") is None)
    with Capture(lab) as wire:
        passwd("CONTOSO\\nobody.here")
    check("and costs no question the second time", not questions(wire), wire)
    equal("she logs on", patient_logon(ALICE), "PAM_SUCCESS")
    equal("and is who she was", passwd(ALICE), alice)
    until(lambda: "éclair" in group_names(ALICE))  # the names come after the logon's answer
    with Capture(lab) as wire:
        names = group_names(ALICE)
    equal("with the names of all groups of her PAC", sorted(names.strip().split("@contoso.test")[:-1]),
          sorted(["domain users", " sales", " all staff", " project éclair"]
                 + [" readers"] * ("readers" in names)))
    check("for which id asked nobody", not questions(wire), wire)


def main():
    lab = up(**LAB)
    making = start_crowd(lab)
    command("refresh")
    put("ws1", "/etc/nsswitch.conf", NSSWITCH)
    with agent():
        two_way(lab)
        groups()
        strangers()
        by_ids()
        nobody(lab)
        at_once(lab)
        changes()
        renamed()
        own_suffix()
        dead()
        crowd(making)
        from_directory()
    with agent() as pid:
        killed(lab, pid)
    with agent():
        check("the next agent finds him", passwd(BOB) is not None)
        forest()
        one_way(lab)
    finish()


if __name__ == "__main__":
    main()
