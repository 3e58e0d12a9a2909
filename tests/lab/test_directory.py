#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Users, groups and members as ldapdump reads them with WS1's own credentials.

Compared with what samba-tool and the database inside the domain controller say. ldapdump is a
developer's program of the build tree ($TL_BUILD)."""
import json
import os
import pathlib
import time

from domains import run_script, samba
from harness import check, equal, finish, put, up, ws
from lab import settings

LAB = {"trust": "external"}

BUILD = pathlib.Path(os.environ.get("TL_BUILD", pathlib.Path(__file__).parents[2] / "build"))
CCACHE = "FILE:/run/lab/directory.ccache"
GROUPS = ("Sales", "All Staff", "Project Éclair", "Readers", "Domain Users", "Users")
CROWD = 1600  # a server returns 1,500 values of an attribute at once
EVIL = "evil\x85root"  # NEXT LINE: the directory itself refuses a plain newline

# Runs on CONTOSO's DC: what the lab's seed does not have. Prints the SIDs it was asked for.
PREPARE = r"""
wish = json.load(sys.stdin)

def member(of, *dns):
    modify(find(of).dn, {"member": list(dns)}, ldb.FLAG_MOD_ADD)

modify(find("alice").dn, {"displayName": "Alice Éxample: Sales", "uidNumber": "70001",
                          "gidNumber": "70000", "unixHomeDirectory": "/home/alice",
                          "loginShell": "/bin/zsh"})
modify(find("bob").dn, {"displayName": "Bob\nroot:x:0:0", "uidNumber": "-1",
                        "unixHomeDirectory": "/home/../etc", "loginShell": "sh"})
for name in ("Loop A", "Loop B"):
    add_group(name, -0x7FFFFFF8)
member("Loop A", f"CN=Loop B,{users}", f"CN=alice,{users}")
member("Loop B", f"CN=Loop A,{users}", f"CN=bob,{users}")
member("Readers", f"<SID={wish['foreign']}>")
db.add({"dn": f"CN=evil,{users}", "objectClass": "user", "sAMAccountName": wish["evil"]})
member("Loop B", f"CN=evil,{users}")

add_group("Crowd", -0x7FFFFFF8)
db.transaction_start()
for i in range(wish["crowd"]):
    db.add({"dn": f"CN=c{i},{users}", "objectClass": "user", "sAMAccountName": f"c{i}"})
db.transaction_commit()
member("Crowd", *(f"CN=c{i},{users}" for i in range(wish["crowd"])))

sids = {}
for entry in db.search(db.domain_dn(), ldb.SCOPE_SUBTREE,
                       "(&(objectSid=*)(sAMAccountName=*))", ["sAMAccountName", "objectSid"]):
    sids[str(entry["sAMAccountName"][0])] = str(ndr_unpack(security.dom_sid,
                                                           entry["objectSid"][0]))
print(json.dumps({"sids": sids}))
"""


class Answers(list):
    """What ldapdump printed, one for each question; its trace as .trace."""


def ask(*questions, dc="dc1.contoso", timeout=60):
    host = settings.HOSTS[dc]
    done = ws(["/run/lab/ldapdump", host["fqdn"], host["address"],
               settings.DOMAINS[host["domain"]]["dns"], CCACHE, *questions],
              timeout=timeout)
    answers = Answers(json.loads(line) for line in done.stdout.splitlines())
    answers.trace = done.stderr
    if len(answers) != len(questions):
        raise RuntimeError(f"ldapdump {questions}: exit {done.returncode}: {done.stderr}")
    return answers


def samba_tool(*arguments, dc="dc1.contoso"):
    """The lines a samba-tool command printed inside a DC."""
    return {line for line in samba(dc, *arguments).split("\n") if line}


def names(answer):
    return {found["name"] or found["sid"] for found in answer["names"]}


def same(name, got, wanted):
    """Two sets; what only one of them has is shown."""
    check(name, got == wanted, f"too many {sorted(got - wanted)[:20]}\n"
                               f"missing  {sorted(wanted - got)[:20]}")


def prepare():
    program = BUILD / "tests/tools/ldapdump"
    if not program.is_file():
        raise RuntimeError(f"{program} is not there: build first")
    put("ws1", "/run/lab/ldapdump", program.read_bytes(), 0o755)
    done = ws("kinit -k 'WS1$@FABRIKAM.TEST' && kvno -q ldap/dc1.contoso.test/contoso.test@CONTOSO.TEST "
              "ldap/dc1.fabrikam.test/fabrikam.test@FABRIKAM.TEST", env={"KRB5CCNAME": CCACHE})
    check("WS1 has tickets for both directories", done.returncode == 0, done)
    carol, = ask("user-by-sam:carol", dc="dc1.fabrikam")
    equal("carol of the workstation's own domain", carol.get("sam"), "carol")
    wish = {"foreign": carol["sid"], "evil": EVIL, "crowd": CROWD}
    printed = run_script("dc1.contoso", PREPARE, stdin=json.dumps(wish), timeout=900)
    state = json.loads(printed.splitlines()[-1])
    return {**state, "carol": carol["sid"]}


def users(state):
    alice = {"dn": "CN=alice,CN=Users,DC=contoso,DC=test", "sam": "alice",
             "upn": "alice@corp.example", "sid": state["sids"]["alice"], "primary": 513,
             "display": "Alice Éxample: Sales", "home": "/home/alice", "shell": "/bin/zsh",
             "uid": 70001, "gid": 70000, "control": 512}
    forms = ("user-by-sam:alice", "user-by-sam:ALICE", "user-by-upn:alice@corp.example",
             "user-by-upn:ALICE@CORP.EXAMPLE", "user-by-upn:alice@contoso.test",
             "user-by-sid:" + state["sids"]["alice"])
    for form, got in zip(forms, ask(*forms)):
        equal(f"{form.partition(':')[0]} finds alice", got, alice)
    for name in ("jürgen.groß", "pat o'neil"):
        by_sam, by_upn, by_sid = ask(f"user-by-sam:{name}", f"user-by-upn:{name}@contoso.test",
                                     f"user-by-sid:{state['sids'][name]}")
        check(f"{name} is one user by name, UPN and SID",
              by_sam == by_upn == by_sid and by_sam.get("sam") == name
              and by_sam["sid"] == state["sids"][name], (by_sam, by_upn, by_sid))
    bob, = ask("user-by-sam:bob")
    equal("what bob's entry holds that no passwd line may hold is left out",
          [bob.get(key) for key in ("sam", "display", "home", "shell", "uid")],
          ["bob", None, None, None, None])
    disabled, = ask("user-by-sam:disabled")
    equal("a disabled account says so", disabled.get("control"), 514)


def nobody(state):
    """A name that is not a user's has one reason, and no input changes a filter."""
    asked = {
        "user-by-sam:nobody": None, "user-by-sam:*": None, "user-by-sam:a*": None,
        "user-by-sam:": None, "user-by-sam:alice)(objectClass=*": None,
        "user-by-sam:Sales": None, "user-by-sam:FABRIKAM$": None, "user-by-sam:DC1$": None,
        "user-by-upn:*@corp.example": None, "user-by-upn:alice@other.example": None,
        "user-by-sid:" + state["carol"]: "the SID of a user of the other domain",
        "user-by-sid:S-1-5-11": None,
        "user-by-sid:" + state["sids"]["Sales"]: "as a user, the SID of a group",
        "group:alice": None, "group:*": None,
        "group-by-sid:" + state["sids"]["alice"]: "as a group, the SID of a user",
    }
    for (question, label), got in zip(asked.items(), ask(*asked)):
        equal(f"{label or question} is nobody", got.get("error"), "user-unknown")


def groups(state):
    told = ask(*(f"group:{name}" for name in GROUPS))
    by_sid = ask(*(f"group-by-sid:{state['sids'][name]}" for name in GROUPS))
    for name, got, again in zip(GROUPS, told, by_sid):
        check(f"group {name} by name and by SID",
              got == again and got.get("sid") == state["sids"][name] and got["name"] == name,
              (got, again))
    scope = {"global": 2, "domainlocal": 4, "universal": 8}
    for name, kind, _ in settings.CONTOSO_GROUPS:
        equal(f"{name} is {kind}", told[GROUPS.index(name)]["type"], 0x80000000 | scope[kind])
    helpdesk, = ask("members:Helpdesk", dc="dc1.fabrikam")
    equal("members of Helpdesk in the own domain", names(helpdesk), {"carol"})


def closure(direct, name):
    """Everything below a group, from the direct members that samba-tool printed."""
    below, todo = set(), [name]
    while todo:
        new = direct.get(todo.pop(), set()) - below
        below |= new
        todo += new
    return below


def members(state):
    direct = {name: samba_tool("group", "listmembers", name) for name in GROUPS}
    # It shows a foreignSecurityPrincipal by the SID that is its name; ours does so for all without
    # a usable name.
    direct = {name: {state["sids"][EVIL] if member == EVIL else member for member in found}
              for name, found in direct.items()}
    got = ask(*(f"members:{name}" for name in GROUPS), *(f"nested:{name}" for name in GROUPS))
    for i, name in enumerate(GROUPS):
        same(f"direct members of {name} are those of samba-tool", names(got[i]),
             direct[name])
        same(f"nested members of {name} are those of samba-tool",
             names(got[len(GROUPS) + i]), closure(direct, name))
    readers = {m["sid"]: m for m in got[GROUPS.index("Readers")]["names"]}
    equal("carol of the other domain is a foreign SID in Readers",
          readers.get(state["carol"]),
          {"sid": state["carol"], "kind": "foreign", "name": None})

    told, of_users = ask("user-groups:alice", "user-groups:bob")[0:2]
    by_sid = {sid: name for name, sid in state["sids"].items()}
    above = {name for name in GROUPS if "alice" in closure(direct, name)}
    same("alice's nested groups are those that hold her by samba-tool",
         {by_sid[sid] for sid in told}, above | {"Loop A", "Loop B"})
    check("her direct groups are among them",
          samba_tool("user", "getgroups", "alice") <= {by_sid[sid] for sid in told}, told)
    check("bob's groups are not hers", set(told) != set(of_users), (told, of_users))

    loop, = ask("nested:Loop A")
    same("a circle of groups ends", names(loop),
         {"Loop A", "Loop B", "alice", "bob", state["sids"][EVIL]})


def hostile(state):
    sid = state["sids"][EVIL]
    by_sid, by_name, named = ask(f"user-by-sid:{sid}", f"user-by-sam:{EVIL}", f"names:{sid}")
    for how, got in (("SID", by_sid), ("name", by_name)):
        check(f"by {how} the user with a control character in the name is refused",
              got.get("error") == "directory-unreadable" and "sAMAccountName" in got["detail"],
              got)
    equal("its SID has no name", named["names"],
          [{"sid": sid, "kind": "user", "name": None}])


def batch(state):
    wanted = dict(list((sid, name) for name, sid in state["sids"].items()
                       if name.startswith("c") and name[1:].isdigit())[:120])
    wanted |= {state["sids"]["alice"]: "alice", "S-1-5-32-544": "Administrators",
               state["sids"]["Project Éclair"]: "Project Éclair",
               state["carol"]: None, "S-1-1-0": None}
    got = ask("names:" + ",".join(wanted))[0]["names"]
    equal(f"{len(wanted)} SIDs have their names, in the order asked",
          [(m["sid"], m["name"]) for m in got], list(wanted.items()))


def crowd(state):
    started = time.monotonic()
    got = ask("members:Crowd")
    seconds = time.monotonic() - started
    wanted = {f"c{i}" for i in range(CROWD)}
    equal("all are members of Crowd, each once", sorted(m["name"] for m in got[0]["names"]),
          sorted(wanted))
    check("none is left out", got[0]["cut"] is False, got[0]["cut"])
    pieces = [line for line in got.trace.splitlines() if " search CN=Crowd," in line]
    check("they came in pieces of 1,500", len(pieces) in (2, 3), got.trace)
    print(f"time {CROWD} members {seconds:.1f} s")


def main():
    up(**LAB)
    state = prepare()
    users(state)
    nobody(state)
    groups(state)
    members(state)
    hostile(state)
    batch(state)
    crowd(state)
    finish()


if __name__ == "__main__":
    main()
