#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Failures of this machine do not change what is known of users: error 6 for WS1$, or a DC that
another domain does not answer, makes no user unknown and removes none. Ids that belong to
another account map to no user."""
import json
import time

from daemon import LOG, agent
from domains import run_script
from harness import (break_, check, command, diagnose, equal, finish, fix, ids_of, logon,
                     logon_json, nss, put, trust, until, up, ws)

LAB = {"trust": "external"}

ALICE, BOB = "CONTOSO\\alice", "CONTOSO\\bob"
NSSWITCH = ("passwd: files trustlogon\ngroup: files trustlogon\ninitgroups: files trustlogon\n"
            "shadow: files\nhosts: files dns\n")
# Everything known is asked for again a second later, and
# processes that read directories end soon: a connection that is open outlives the account.
CONF = "[agent]\n    known_lifetime = 1\n    lookup_idle = 1\n"

# sAMAccountName of the machine's own account: the KDC then answers KDC_ERR_C_PRINCIPAL_UNKNOWN
# to an AS-REQ for WS1$, and its SPN still leads to its key.
RENAME = r"""
modify(find(sys.argv[1]).dn, {"sAMAccountName": sys.argv[2]})
"""


def rename(old, new):
    run_script("dc1.fabrikam", RENAME, old, new)
    ws("rm -f /run/trustlogon/*.tickets")


def passwd(name):
    return nss(["getent", "passwd", name]).stdout.strip()


def group(name):
    return nss(["getent", "group", name]).stdout.strip()


def records(kind):
    told = json.loads(command("store", "list", kind, "--json").stdout)["entries"]
    return [one.get("name") for one in told]


def known_stay():
    """A proven user, one who was looked up, a group; and one who is asked for the first time."""
    equal("alice logs on", logon(ALICE).code, "PAM_SUCCESS")
    before = {name: passwd(name) for name in (ALICE, BOB)}
    sales = group("CONTOSO\\Sales")
    check("bob and Sales are looked up", before[BOB] and sales, ws(["cat", LOG]).stdout)
    rename("WS1$", "GONE$")
    time.sleep(2)
    for _ in range(2):
        for name, entry in before.items():
            equal(f"without the machine's account {name} is who he was", passwd(name), entry)
        equal("and so is Sales", group("CONTOSO\\Sales"), sales)
    passwd("contoso\\jürgen.groß")
    command("id", "contoso\\jürgen.groß")
    equal("nobody is remembered as unknown", records("missing"), [])
    check("the journal names the machine's account",
          until(lambda: "machine-account" in ws(["cat", LOG]).stdout), ws(["cat", LOG]).stdout)
    equal("alice logs on as before", logon(ALICE).code, "PAM_SUCCESS")


def told():
    got = diagnose(ALICE)
    equal("diagnose with a right password: the machine's account", (got.get("reason"), got["exit"]),
          ("machine-account-missing", 1))
    got = diagnose(ALICE, "--no-password")
    equal("diagnose without one: the same", (got.get("reason"), got["exit"]),
          ("machine-account-missing", 1))
    plain = command("diagnose", "--no-password", ALICE).stdout
    check("never that nothing wrong was found", "No fault" not in plain
          and "machine-account" in plain, plain)
    ws("rm -f /var/lib/trustlogon/topology.json")
    for name in ("NOWHERE\\x", "x@nowhere.example"):
        got = logon_json(name, password="x")
        check(f"without having read a trust {name} is not called unknown: {got['reason']}",
              got["reason"] == "machine-account", got)


def mended():
    rename("GONE$", "WS1$")
    command("refresh")
    check("with its account back, he who was asked for is there at once",
          until(lambda: passwd("contoso\\jürgen.groß")), ws(["cat", LOG]).stdout)
    got = diagnose(ALICE, "--no-password")
    equal("and diagnose finds nothing", got.get("reason"), "ok")
    passwd("CONTOSO\\nobody.here")
    check("who is not there is remembered as unknown",
          until(lambda: records("missing") == ["contoso\\nobody.here"]),
          records("missing"))


def lent():
    """Ids that /etc/subuid and /etc/subgid lend are not given out, and `config` lists them."""
    uid, gid = ids_of(ALICE)
    put("ws1", "/etc/subuid", f"localuser:{uid}:1\n")
    put("ws1", "/etc/subgid", "")
    got = logon(ALICE)
    check("her uid is lent: she is refused, by account restrictions", got.code == "PAM_PERM_DENIED"
          and "Account restrictions" in got.text, got)
    equal("and bob, beyond it, is not", logon(BOB).code, "PAM_SUCCESS")
    told = json.loads(command("config", "--json").stdout)["withheld_ids"]
    equal("config lists it", [(one["domain"], one["low"], one["high"], one["why"]) for one in told],
          [("contoso.test", uid, uid, "/etc/subuid reserves them for localuser")])
    check("also in words", f"{uid}-{uid} are not assigned" in command("config").stdout)
    found = [one for one in diagnose(ALICE, "--no-password")["findings"] if one["check"] == "ids"]
    check("diagnose warns", [one["verdict"] for one in found] == ["warning"]
          and found[0]["reason"] == "id-subordinate", found)
    equal("and names it as the cause of her refusal", diagnose(ALICE).get("reason"), "id-subordinate")
    put("ws1", "/etc/subuid", "")
    put("ws1", "/etc/subgid", f"localuser:{gid}:1\n")
    equal("so it does for her primary group", diagnose(ALICE).get("reason"), "id-subordinate")
    put("ws1", "/etc/subgid", "localuser:100000:65536\n")
    equal("with useradd's own range she logs on", logon(ALICE).code, "PAM_SUCCESS")


def other_domain():
    """Over a one-way trust the workstation's DC asks, and the other domain does not answer."""
    trust("external", "one-way")
    command("refresh")
    ws("rm -f /var/lib/trustlogon/identity.store")
    check("one-way: bob is found by way of the machine's DC", until(lambda: passwd(BOB)),
          ws(["cat", LOG]).stdout)
    entry = passwd(BOB)
    break_("dc-gone")
    time.sleep(2)
    equal("one-way, and CONTOSO is gone: bob is who he was", passwd(BOB), entry)
    passwd("CONTOSO\\alice")
    command("id", "CONTOSO\\alice")
    equal("and nobody is remembered as unknown", records("missing"), [])
    fix()


def main():
    up(**LAB)
    put("ws1", "/etc/nsswitch.conf", NSSWITCH)
    put("ws1", "/etc/trustlogon.conf", CONF)
    command("refresh")
    with agent():
        known_stay()
        told()
        mended()
        lent()
        other_domain()
    finish()


if __name__ == "__main__":
    main()
