#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`trustlogon id` and `trustlogon store` on a workstation with nothing but our NSS module."""
import json

from daemon import agent
from harness import (PASSWORD, check, command, equal, finish, get, logon, nss, put, trust, up, ws)
from json_members import Members

LAB = {"trust": "external"}

NSSWITCH = ("passwd: files trustlogon\ngroup: files trustlogon\ninitgroups: files trustlogon\n"
            "shadow: files\nhosts: files dns\n")
ALICE = "CONTOSO\\alice"
NAME = "alice@contoso.test"
ORDINARY = ["setpriv", "--reuid=5001", "--regid=5001", "--clear-groups"]


def told(*arguments, verb="id", before=()):
    """The exit code and what --json printed."""
    done = ws([*before, "trustlogon", verb, "--json", *arguments])
    try:
        return done.returncode, json.loads(done.stdout)
    except json.JSONDecodeError:
        return done.returncode, {"stdout": done.stdout, "stderr": done.stderr}


def warnings(got):
    return [each["warning"] for each in got.get("warnings", [])]


def without_an_agent():
    code, got = told(ALICE, before=ORDINARY)
    equal("no agent: an ordinary user is told that nobody can be asked",
          (code, got.get("user"), "agent is not running" in str(got.get("agent"))), (3, None, True))
    code, got = told(ALICE)
    user = got.get("user") or {}
    equal("no agent: root's command looks up by itself",
          (code, user.get("name"), user.get("source"), got.get("stored"),
           (got.get("direct") or {}).get("ok")), (0, NAME, "directory", False, True))
    equal("and stores nothing", told(verb="store")[0], 3)
    code, got = told("CONTOSO\\nobody.here")
    equal("no agent: who does not exist",
          (code, (got.get("direct") or {}).get("reason")), (1, "user-unknown"))
    code, got = told("NOWHERE\\alice")
    check("no agent: a domain that nobody trusts is the reason", code == 1 and got.get("why"), got)
    return user


def looked_up(by_hand):
    put("ws1", "/etc/nsswitch.conf", NSSWITCH.replace(" trustlogon", ""))
    code, got = told(ALICE)
    user = got.get("user") or {}
    equal("the agent is asked, and the store knows then",
          (code, user.get("name"), user.get("source"), got["stored"], got["agent"] is not None),
          (1, NAME, "directory", True, True))
    equal("it is who root's own look-up found",
          {key: user.get(key) for key in ("id", "gid", "sid", "home", "shell")},
          {key: by_hand.get(key) for key in ("id", "gid", "sid", "home", "shell")})
    equal("programs do not know her yet: nsswitch.conf lacks us", warnings(got), ["nss-unknown"])
    put("ws1", "/etc/nsswitch.conf", NSSWITCH)
    equal("then all is well", (told(ALICE)[0], warnings(told(ALICE)[1])), (0, []))
    for key in (NAME, "contoso.test\\ALICE", str(user["id"]), user["sid"]):
        code, same = told(key, before=ORDINARY)
        equal(f"an ordinary user sees the same under {key}",
              (code, (same.get("user") or {}).get("sid"), same.get("agent")),
              (0, user["sid"], None))
    return user


def logged_on(user):
    got = logon(ALICE)
    check("alice logs on", got.code == "PAM_SUCCESS", got)
    code, got = told(ALICE)
    equal("her record and her groups are from the logon now",
          (code, got["user"]["source"], got["groups"]["source"], got["user"]["id"]),
          (0, "logon", "logon", user["id"]))
    gids = sorted(map(int, ws(["id", "-G", ALICE]).stdout.split()))
    equal("the groups are those that id tells",
          sorted({got["user"]["gid"], *(each["gid"] for each in got["groups"]["list"])}), gids)
    check("each group has its SID", all(each["sid"] for each in got["groups"]["list"]),
          got["groups"])
    text = command("id", ALICE).stdout
    check("text says where it is from", "proven at a logon (PAC)" in text, text)


def groups_and_nobody():
    code, got = told("CONTOSO\\Sales")
    group = got.get("group") or {}
    equal("a group by its name", (code, group.get("name"), group.get("source")),
          (0, "sales@contoso.test", "directory"))
    equal("the same by its gid and its SID",
          [(told(key)[1].get("group") or {}).get("name") for key in (str(group.get("id")),
                                                                    group.get("sid"))],
          ["sales@contoso.test"] * 2)
    for _ in ("asked", "known"):
        code, got = told("CONTOSO\\nobody.here")
        equal("who does not exist", (code, got.get("user"), (got.get("missing") or {}).get("kind")),
              (1, None, "missing"))
    text = " ".join(command("id", "CONTOSO\\nobody.here").stdout.split())
    check("is told as such", "no such user or group: CONTOSO\\nobody.here" in text, text)


def again(user):
    written = told(ALICE)[1]["user"]["written"]
    equal("asking again is for root", told("--refresh", ALICE, before=ORDINARY)[0], 3)
    code, got = told("--refresh", ALICE)
    equal("the agent looks up again what is fresh; the logon's groups stay",
          (code, got["user"]["id"], got["user"]["source"], got["groups"]["source"],
           got["user"]["written"] >= written, got["agent"]["text"]),
          (0, user["id"], "directory", "logon", True, None))


def in_the_way(user):
    passwd = get("ws1", "/etc/passwd")
    for entry, expected in ((f"taken:x:{user['id']}:1::/:/bin/false\n", ["id-collision"]),
                            (f"{NAME}:x:5999:1::/:/bin/false\n", ["local-name", "nss-other"])):
        put("ws1", "/etc/passwd", passwd + entry)
        code, got = told(NAME)
        equal(f"in the way: {', '.join(expected)}", (code, warnings(got)), (1, expected))
    put("ws1", "/etc/passwd", passwd)
    equal("a name of the machine's own", (told("root")[0], told("root")[1]["local"]["id"]), (1, 0))


def store():
    code, got = told(verb="store")
    check("the store's statistics", code == 0 and got["users"] == 1 and got["groups"] >= 1
          and got["missing"] >= 1, got)
    equal("it is sound, an ordinary user may look",
          [told("check", verb="store", before=before)[1]["sound"] for before in ((), ORDINARY)],
          [True, True])
    equal("dropping is for root", told("drop", ALICE, verb="store", before=ORDINARY)[0], 3)
    equal("dropped", [each["name"] for each in told("drop", ALICE, verb="store")[1]["dropped"]],
          [NAME])
    equal("and gone", told(verb="store")[1]["users"], 0)
    equal("the next one who asks has her again", nss(["id", "-u", ALICE]).returncode, 0)
    equal("from the directory", told(ALICE)[1]["user"]["source"], "directory")


def across_a_one_way_trust():
    trust("external", "one-way")
    command("refresh")
    told("drop", ALICE, verb="store")
    code, got = told(ALICE)
    equal("over a one-way trust the workstation's DC is asked: SID and name, one group",
          (code, got["user"]["source"], got["groups"]["source"],
           [each["name"] for each in got["groups"]["list"]]),
          (0, "lsa", "lsa", ["domain users@contoso.test"]))


def members():
    """Every verb, with something in each member that the document names."""
    seen = Members()
    put("ws1", "/etc/trustlogon.conf", "[access]\n    deny_groups = FABRIKAM\\Nobody\n")
    put("ws1", "/etc/nsswitch.conf", NSSWITCH.replace(" trustlogon", ""))  # a warning
    with agent():
        for name, *arguments in (
                ("status CODE", "status", "1787"), ("status CODE", "status", "7"),
                ("status CODE", "status", "no-such-thing"), ("config", "config"),
                ("trusts", "trusts"), ("route", "route", ALICE), ("refresh", "refresh"),
                ("locate", "locate", "--force", "contoso.test"),
                ("logon", "logon", ALICE), ("logon", "logon", "CONTOSO\\disabled"),
                ("diagnose", "diagnose", ALICE), ("id", "id", ALICE),
                ("id", "id", "CONTOSO\\nobody"), ("id", "id", "root"),
                ("id", "id", "CONTOSO\\Sales"), ("store", "store"),
                ("store list", "store", "list"), ("store compact", "store", "compact"),
                ("store drop", "store", "drop", ALICE)):
            seen.of(name, *arguments, stdin=PASSWORD)
    seen.of("id", "id", "CONTOSO\\Readers")  # no agent to ask
    ws("printf x | dd of=/var/lib/trustlogon/identity.store bs=1 seek=4200 conv=notrunc")
    seen.of("store check", "store", "check")
    seen.compare()


def main():
    up(**LAB)
    command("refresh")
    by_hand = without_an_agent()
    with agent():
        user = looked_up(by_hand)
        logged_on(user)
        groups_and_nobody()
        again(user)
        in_the_way(user)
        store()
        if ws(["test", "-x", "/usr/libexec/trustlogon-lsa"]).returncode == 0:
            across_a_one_way_trust()
        else:
            print("skip one-way trust: trustlogon-lsa is not built")
    trust("external")
    command("refresh")
    members()
    finish()


if __name__ == "__main__":
    main()
