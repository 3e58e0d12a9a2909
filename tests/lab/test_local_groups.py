#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Groups of the workstation's own domain that have members from another forest: whatever a KDC puts
into the ticket, the identity after the logon has those that the directory states. And the name
service knows the names that a logon accepts."""
import time

import harness
from capture import Capture
from daemon import agent
from domains import samba, sid_of
from harness import PASSWORD, check, command, equal, finish, logon, logon_json, nss, on, put, up, ws

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
NSSWITCH = ("passwd: files trustlogon\ngroup: files trustlogon\ninitgroups: files trustlogon\n"
            "shadow: files\nhosts: files dns\n")
CONF = "[agent]\n    cached_logons = 5\n[logon]\n    explain = no\n[locator]\n    negative_lifetime = 0\n"
MEMBERS = "/var/lib/trustlogon/members/*"
# The last logon's search was long ago.
AGED = f"sed -i 's/^own .*/own 1/' {MEMBERS}"
LDAP = (389, 636, 3268, 3269)
sid = {}


def groups():
    """Domain-local and universal, by the user's own SID, by that of a group of his, and nested."""
    contoso, fabrikam = "dc1.contoso", "dc1.fabrikam"
    for kind, name in (("user", "alice"), ("user", "bob"), ("group", "Sales")):
        sid[name] = sid_of(contoso, kind, name)
    for name, scope, member in (("BLocal", "Domain", sid["alice"]), ("BSales", "Domain", sid["Sales"]),
                                ("BUniversal", "Universal", sid["alice"]),
                                ("BOuter", "Domain", "BLocal"), ("BBob", "Domain", sid["bob"])):
        samba(fabrikam, "group", "add", name, f"--group-scope={scope}")
        samba(fabrikam, "group", "addmembers", name, member)
        sid[name] = sid_of(fabrikam, "group", name)


OWN = ("BLocal", "BSales", "BUniversal", "BOuter")
HERS = {f"{name}@fabrikam.test" for name in ("blocal", "bsales", "buniversal", "bouter")}


def of_machine(name=ALICE):
    # Names of these groups hold no blanks.
    names = nss(["id", "-Gn", name]).stdout.split()
    return {one for one in names if one.endswith("@fabrikam.test")}


def line(*options):
    account = "".join(f" [{one}]" for one in options)
    put("ws1", "/etc/pam.d/ruled", "auth required pam_trustlogon.so\n"
        f"account required pam_trustlogon.so{account}\n")


def ruled(rule):
    line(rule)
    return logon(ALICE, service="ruled").code


def keyed(rule):
    """As sshd with a key: no password is asked for."""
    line(rule)
    return logon(ALICE, steps=("acct_mgmt",), service="ruled").code


def before_and_after():
    equal("before the logon `id` has them", of_machine(), HERS)
    equal("she logs on", logon(ALICE).code, "PAM_SUCCESS")
    equal("and has them after it", of_machine(), HERS)
    for name in ("BLocal", "BUniversal", "BOuter", "BSales"):
        equal(f"a rule by {name} lets her in", ruled(f"allow_groups={sid[name]}"), "PAM_SUCCESS")
        equal(f"a rule against {name} keeps her out", ruled(f"deny_groups={sid[name]}"),
              "PAM_PERM_DENIED")
    equal("by name too", ruled("allow_groups=FABRIKAM\\BLocal"), "PAM_SUCCESS")
    equal("a group that she is not in lets her not in", ruled(f"allow_groups={sid['BBob']}"),
          "PAM_PERM_DENIED")
    identity = logon_json(ALICE)["identity"]
    equal("the command marks where they come from", set(identity["directory_groups"]),
          {sid[name] for name in ("BLocal", "BUniversal", "BOuter", "BSales")})
    check("and has them among her groups", set(identity["directory_groups"]) <=
          set(identity["groups"]), identity)


def on_the_wire(lab):
    """With a warm cache no server is asked; later a search for each level, over one connection, or
    over the one that is kept."""
    with Capture(lab) as wire:
        equal("once more", logon(ALICE).code, "PAM_SUCCESS")
    check("soon again: no LDAP", not [p for port in LDAP for p in wire.port(port)], wire)
    ws(AGED)
    with Capture(lab) as wire:
        equal("and later", logon(ALICE).code, "PAM_SUCCESS")
    connections = {p.stream for p in wire.packets if p.syn and p.to_port == 389}
    check("later: the directory is asked, over one connection",
          list(wire.port(389)) and len(connections) <= 1, wire)
    equal("and no more exchanges with KDCs", wire.exchanges(),
          ["AS-REQ", "AS-REQ", "TGS-REQ", "TGS-REQ"])
    equal("later: still hers", of_machine(), HERS)


def changes():
    samba("dc1.fabrikam", "group", "removemembers", "BLocal", f"--member-dn=CN={sid['alice']},"
          "CN=ForeignSecurityPrincipals,DC=fabrikam,DC=test")
    ws(AGED)
    equal("out of BLocal she logs on", logon(ALICE).code, "PAM_SUCCESS")
    equal("without it, and what it is in", of_machine(), {"bsales@fabrikam.test",
                                                          "buniversal@fabrikam.test"})
    equal("and is not let in by it", ruled(f"allow_groups={sid['BLocal']}"), "PAM_PERM_DENIED")
    samba("dc1.fabrikam", "group", "addmembers", "BLocal", sid["alice"])
    ws(AGED)
    equal("in it again she logs on", logon(ALICE).code, "PAM_SUCCESS")
    equal("with it", of_machine(), HERS)


def nobody_can_be_asked():
    table = "table inet silent { chain in { type filter hook input priority 0; tcp dport 389 drop; }; }"
    on("dc1.fabrikam", ["nft", "-f", "-"], stdin=table)
    ws(AGED)
    got = logon(ALICE)
    check("the own directory is silent: she logs on all the same", got.code == "PAM_SUCCESS"
          and got.seconds < 10, got)
    equal("with what was known", of_machine(), HERS)
    equal("and by the rules", [ruled(f"allow_groups={sid['BOuter']}"),
                               ruled(f"deny_groups={sid['BLocal']}")],
          ["PAM_SUCCESS", "PAM_PERM_DENIED"])
    ws(f"{AGED}; sed -i 's/^told .*/told 1/' {MEMBERS}")
    equal("what it said a week ago counts no more",
          [logon(ALICE).code, ruled(f"allow_groups={sid['BUniversal']}"), of_machine()],
          ["PAM_SUCCESS", "PAM_PERM_DENIED", set()])
    on("dc1.fabrikam", ["nft", "delete", "table", "inet", "silent"])
    ws(AGED)
    equal("until it says so again", [logon(ALICE).code, of_machine()], ["PAM_SUCCESS", HERS])
    on("dc1.fabrikam", ["nft", "-f", "-"], stdin=table)
    ws(AGED)
    logon(ALICE)
    started = time.monotonic()
    logon(ALICE)
    check("and it is not waited for each time", time.monotonic() - started < 3)
    ws(f"rm -f {MEMBERS}")
    equal("no proof of before: she logs on", logon(ALICE).code, "PAM_SUCCESS")
    equal("with what the store knows", of_machine(), HERS)
    ws(f"rm -f {MEMBERS} /var/lib/trustlogon/identity.store")
    equal("nothing is known of her: she logs on", logon(ALICE).code, "PAM_SUCCESS")
    equal("without them", of_machine(), set())
    equal("but not past a rule against one of them: the ticket lists them without a proof",
          [ruled(f"deny_groups={sid[name]}") for name in OWN], ["PAM_PERM_DENIED"] * len(OWN))
    equal("nor in another program's session",
          [keyed(f"deny_groups={sid[name]}") for name in OWN], ["PAM_PERM_DENIED"] * len(OWN))
    equal("a rule against a group of hers cannot mean it",
          ruled("deny_groups=CONTOSO\\Domain Admins"), "PAM_SUCCESS")
    on("dc1.fabrikam", ["nft", "delete", "table", "inet", "silent"])
    ws(AGED)
    equal("and once it answers", logon(ALICE).code, "PAM_SUCCESS")
    equal("with them", of_machine(), HERS)
    equal("a rule against a group that she is not in lets her in",
          ruled("deny_groups=FABRIKAM\\BBob"), "PAM_SUCCESS")


def cached():
    harness.until(lambda: "$y$" in ws("cat /var/lib/trustlogon/cached-logons").stdout)
    ws("ip link set eth0 down")
    got = ruled(f"allow_groups={sid['BOuter']}")
    denied = ruled(f"deny_groups={sid['BLocal']}")
    shown = of_machine()
    ws("ip link set eth0 up")
    equal("a cached logon has them: allowed, denied, shown", (got, denied, shown),
          ("PAM_SUCCESS", "PAM_PERM_DENIED", HERS))


def by_upn():
    """sAMAccountName jd42, UPN john.doe@contoso.test: NSS knows every name that PAM accepts."""
    samba("dc1.contoso", "user", "create", "jd42", PASSWORD)
    samba("dc1.contoso", "user", "rename", "jd42", "--upn=john.doe@contoso.test")
    names = ("CONTOSO\\john.doe", "contoso.test\\John.Doe", "john.doe@contoso.test",
             "john.doe@CONTOSO", "CONTOSO\\jd42", "jd42@contoso.test")
    for name in names:
        entry = nss(["getent", "passwd", name]).stdout
        check(f"{name} is known before a logon", entry.startswith("jd42@contoso.test:"), entry)
        equal(f"{name} logs on", logon(name).code, "PAM_SUCCESS")
        equal(f"{name} is the same after it", nss(["getent", "passwd", name]).stdout, entry)
    check("CONTOSO\\jane.doe is nobody", not nss(["getent", "passwd", "CONTOSO\\jane.doe"]).stdout)
    equal("and does not log on", logon("CONTOSO\\jane.doe").code, "PAM_AUTH_ERR")


def by_upn_one_way():
    """The workstation's DC translates no UPN here: the proof itself makes the name known."""
    harness.trust("external", "one-way")
    command("refresh")
    ws("rm -f /var/lib/trustlogon/identity.store")
    equal("one-way: CONTOSO\\john.doe logs on", logon("CONTOSO\\john.doe").code, "PAM_SUCCESS")
    entry = nss(["getent", "passwd", "CONTOSO\\john.doe"]).stdout
    check("one-way: and is known by that name", entry.startswith("jd42@contoso.test:"), entry)
    time.sleep(2)
    equal("one-way: still when it is asked for again, which nobody can tell",
          nss(["getent", "passwd", "CONTOSO\\john.doe"]).stdout, entry)
    equal("one-way: and so is jd42", nss(["getent", "passwd", "jd42@contoso.test"]).stdout, entry)


def main():
    lab = up(**LAB)
    put("ws1", "/etc/nsswitch.conf", NSSWITCH)
    put("ws1", "/etc/trustlogon.conf", CONF)
    groups()
    command("refresh")
    with agent():
        before_and_after()
        on_the_wire(lab)
        changes()
        cached()
        nobody_can_be_asked()
        by_upn()
    put("ws1", "/etc/trustlogon.conf", "[agent]\n    known_lifetime = 1\n")
    with agent():
        by_upn_one_way()
    finish()


if __name__ == "__main__":
    main()
