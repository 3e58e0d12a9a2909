#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Access rules: which users may use the machine, by SID and by name, with a password and without.

The rules stand on account lines (per service) or in trustlogon.conf; the verdict is
pam_acct_mgmt's, and `trustlogon logon` and `trustlogon config` give the same."""
import json

from capture import Capture
from domains import samba, sid_of
from harness import (PASSWORD, broken, check, command, equal, finish, forget_journal, journal,
                     journal_lines, logon, pam_stack, put, trust, up, ws)
import harness
from scenarios import TEXT, said

LAB = {"trust": "forest"}

ALICE, BOB, CAROL = "CONTOSO\\alice", "CONTOSO\\bob", "FABRIKAM\\carol"
DENIED = ("Logon failure: the user has not been granted the requested logon type at this "
          "computer.")
LDAP = (389, 636, 3268, 3269)
sid = {}


def people():
    """Groups of each kind, with members from this side and from the other."""
    contoso, fabrikam = "dc1.contoso", "dc1.fabrikam"
    for name in ("alice", "bob"):
        sid[name] = sid_of(contoso, "user", name)
    sid["carol"] = sid_of(fabrikam, "user", "carol")
    for name in ("Sales", "All Staff", "Project Éclair"):
        sid[name] = sid_of(contoso, "group", name)
    sid["Helpdesk"] = sid_of(fabrikam, "group", "Helpdesk")
    # Domain-local groups of the workstation's domain, with members from elsewhere.
    for name, members in (("Linux Users", (sid["Sales"], sid["Helpdesk"])),
                          ("Barred", (sid["bob"],))):
        samba(fabrikam, "group", "add", name, "--group-scope=Domain")
        for member in members:
            samba(fabrikam, "group", "addmembers", name, member)
        sid[name] = sid_of(fabrikam, "group", name)


def rules(*lines):
    """The configuration file's [access]; the account line then has no rules."""
    put("ws1", "/etc/trustlogon.conf", "[access]\n" + "".join(f"    {one}\n" for one in lines))


def line(*options):
    """A service whose account line has rules of its own; brackets for blanks."""
    account = "".join(f" [{one}]" for one in options)
    put("ws1", "/etc/pam.d/ruled", "auth required pam_trustlogon.so\n"
        f"account required pam_trustlogon.so{account}\n")


def forget_names():
    ws("rm -f /var/lib/trustlogon/rules")


def verdict(label, name, let_in, blamed=None, service="trustlogon-test"):
    """Authenticated in any case; then let in, or refused in Windows' words with the entry
    to blame in the journal."""
    forget_journal()
    first = logon(name, steps=("authenticate",), service=service)
    got = logon(name, service=service)
    lines = [one.strip().removeprefix("Password:").strip() for one in got.text.splitlines()]
    if let_in:
        check(f"{label}: {name} may", got.code == "PAM_SUCCESS" and DENIED not in got.text, got)
        return
    check(f"{label}: {name} is who he says", first.code == "PAM_SUCCESS", first)
    check(f"{label}: {name} may not, 1385", got.code == "PAM_PERM_DENIED" and
          lines.count(DENIED) == 1, got)
    if blamed:
        journal_lines("access rules")
        told = [one.get("TRUSTLOGON_SUBJECT") for one in journal(TRUSTLOGON_REASON="access-rule")]
        check(f"{label}: the journal blames {blamed}", blamed in told, journal())


def by_sid():
    """No name, so no server is asked: each kind of membership that a ticket proves."""
    for option, who, let_in in (
            ("allow_groups={Sales}", ALICE, True), ("allow_groups={All Staff}", ALICE, True),
            ("allow_groups={Project Éclair}", ALICE, True),
            ("allow_groups={Project Éclair}", BOB, False),
            ("allow_users={alice}", ALICE, True), ("allow_users={alice}", BOB, False),
            ("allow_groups={Helpdesk}", CAROL, True), ("allow_groups={Helpdesk}", ALICE, False),
            ("deny_groups={All Staff}", ALICE, False), ("deny_groups={All Staff}", CAROL, True),
            ("allow_groups=S-1-5-15", ALICE, True), ("deny_groups=S-1-5-1000", ALICE, True),
            ("allow_groups=S-1-5-1000", ALICE, False),
            ("allow_groups={Linux Users}", CAROL, True),
            ("allow_groups={Linux Users}", ALICE, True),
            ("deny_groups={Barred}", BOB, False), ("deny_groups={Barred}", ALICE, True)):
        wanted = option.format(**sid)
        line(wanted)
        verdict(f"by SID, {option}", who, let_in, service="ruled",
                blamed=None if let_in else wanted.partition("=")[2] if "deny" in option
                else who.partition("\\")[2])


def by_name():
    for option, who, let_in, blamed in (
            ("allow_groups=CONTOSO\\Sales", ALICE, True, None),
            ("allow_groups=contoso.test\\all staff", ALICE, True, None),
            ("allow_groups=CONTOSO\\Project Éclair", BOB, False, "bob"),
            ("allow_users=CONTOSO\\alice", ALICE, True, None),
            ("allow_users=CONTOSO\\alice, FABRIKAM\\carol", BOB, False, "bob"),
            ("allow_groups=FABRIKAM\\Helpdesk", CAROL, True, None),
            ("allow_groups=fabrikam.test\\Linux Users", ALICE, True, None),
            ("deny_groups=FABRIKAM\\Barred", BOB, False, "FABRIKAM\\Barred"),
            ("deny_groups=CONTOSO\\Sales", ALICE, False, "CONTOSO\\Sales"),
            # A group is not a user, a user is not a group.
            ("allow_users=CONTOSO\\Sales", ALICE, False, "CONTOSO\\Sales"),
            ("allow_groups=CONTOSO\\alice", ALICE, False, "CONTOSO\\alice"),
            # A name that cannot be resolved denies the users whom it could mean.
            ("deny_groups=CONTOSO\\Gone", ALICE, False, "CONTOSO\\Gone"),
            ("deny_groups=CONTOSO\\Gone", CAROL, True, None),
            ("deny_groups=NOWHERE\\Sales", CAROL, False, "NOWHERE\\Sales"),
            ("allow_groups=CONTOSO\\Gone, CONTOSO\\Sales", ALICE, True, None),
            ("allow_groups=CONTOSO\\Gone", ALICE, False, "CONTOSO\\Gone"),
            ("allow_groups=BUILTIN\\Users", ALICE, False, "BUILTIN\\Users"),
            ("allow_groups=FABRIKAM\\Users", CAROL, False, "FABRIKAM\\Users")):
        line(option)
        verdict(f"by name, {option}", who, let_in, blamed, service="ruled")


def both_lines_count():
    """Rules on the auth line count as well; lines do not affect other services."""
    put("ws1", "/etc/pam.d/ruled", "auth required pam_trustlogon.so [allow_groups=CONTOSO\\Gone]\n"
        "account required pam_trustlogon.so\n")
    verdict("on the auth line", ALICE, False, "CONTOSO\\Gone", service="ruled")
    verdict("another service", ALICE, True)
    put("ws1", "/etc/pam.d/ruled", pam_stack("allow_groups=CONTOSO\\Linux Users"))
    got = logon(ALICE, service="ruled")
    equal("a blank without brackets: nobody gets in", got.code, "PAM_SERVICE_ERR")
    rules("allow_groups = CONTOSO\\Sales", "deny_groups = CONTOSO\\Project Éclair")
    verdict("in the file", BOB, True)
    verdict("in the file", ALICE, False, "CONTOSO\\Project Éclair")
    line("deny_groups=S-1-5-21-1-1-1-1")
    verdict("the line's deny_groups in place of the file's", ALICE, True, service="ruled")
    verdict("and the file's allow_groups with it", CAROL, False, "carol", service="ruled")
    rules("allow_groups = Sales")
    got = logon(ALICE)
    check("a bare name is an error of the file", got.code == "PAM_SYSTEM_ERR", got)


def without_a_password():
    """ssh keys, cron: pam_acct_mgmt alone, of a user that the machine knows."""
    def account(name, service="ruled"):
        return logon(name, steps=("acct_mgmt",), service=service)

    line()
    equal("no rule: a user who logged on before may", account(ALICE).code, "PAM_SUCCESS")
    equal("one whom nobody knows is not ours", account("CONTOSO\\nobody.here").code,
          "PAM_USER_UNKNOWN")
    equal("nor is one of no domain", account("x@nowhere.example").code, "PAM_USER_UNKNOWN")
    line(f"allow_groups={sid['All Staff']}")
    equal("with rules, one of our domains whom nobody knows may not",
          account("CONTOSO\\nobody.here").code, "PAM_PERM_DENIED")
    equal("one of no domain is still not ours", account("x@nowhere.example").code,
          "PAM_USER_UNKNOWN")
    equal("nested groups are known", account(ALICE).code, "PAM_SUCCESS")
    line("deny_groups=CONTOSO\\Sales")
    got = account(ALICE)
    check("a rule by name counts without a password, in words", got.code == "PAM_PERM_DENIED" and
          DENIED in got.text, got)
    line("allow_groups=FABRIKAM\\Linux Users")
    equal("a local group of the machine's domain too", account(ALICE).code, "PAM_SUCCESS")
    for how, forget in (("proven a while ago", "sed -i 's/^proven .*/proven 1/; "
                         "s/^checked .*/checked 1/' /var/lib/trustlogon/members/*"),
                        ("never proven", "rm /var/lib/trustlogon/members/*")):
        for name, rule, wanted in ((BOB, "deny_groups=FABRIKAM\\Barred", "PAM_PERM_DENIED"),
                                   (ALICE, "deny_groups=FABRIKAM\\Barred", "PAM_SUCCESS"),
                                   (ALICE, "allow_groups=FABRIKAM\\Linux Users", "PAM_SUCCESS"),
                                   (BOB, "allow_groups=FABRIKAM\\Linux Users", "PAM_SUCCESS")):
            line(rule)
            ws(forget)
            equal(f"{how}: {name}, {rule}", account(name).code, wanted)
    logon(ALICE)
    mode = ws("stat -c %a /var/lib/trustlogon/members /var/lib/trustlogon/members/* "
              "/var/lib/trustlogon/rules | sort -u").stdout.split()
    equal("what is kept is root's alone", mode, ["600", "700"])


def directory_is_asked():
    """The account as its directory has it now, not as it was at the last password."""
    old = "sed -i 's/^checked .*/checked 1/' /var/lib/trustlogon/members/*"
    line("deny_groups=CONTOSO\\Sales")
    samba("dc1.contoso", "group", "removemembers", "Sales", "alice")
    ws(old)
    got = logon(ALICE, steps=("acct_mgmt",), service="ruled")
    equal("out of the group: let in at the next key", got.code, "PAM_SUCCESS")
    samba("dc1.contoso", "group", "addmembers", "Sales", "alice")
    ws(old)
    got = logon(ALICE, steps=("acct_mgmt",), service="ruled")
    equal("in it again: refused", got.code, "PAM_PERM_DENIED")
    line()
    samba("dc1.contoso", "user", "disable", "alice")
    ws(old)
    got = logon(ALICE, steps=("acct_mgmt",), service="ruled")
    check("a disabled account may not by key either", got.code == "PAM_PERM_DENIED" and
          "currently disabled" in got.text, got)
    samba("dc1.contoso", "user", "enable", "alice")
    samba("dc1.contoso", "user", "setexpiry", "alice", "--days=-1")
    ws(old)
    got = logon(ALICE, steps=("acct_mgmt",), service="ruled")
    check("nor may an expired one", got.code == "PAM_ACCT_EXPIRED" and TEXT[1793] in said(got), got)
    samba("dc1.contoso", "user", "setexpiry", "alice", "--noexpiry")


def renamed_and_made_again():
    """A cached name keeps its SID until its lifetime is over."""
    line("allow_groups=CONTOSO\\Project Éclair")
    verdict("remembered", ALICE, True, service="ruled")
    samba("dc1.contoso", "group", "rename", "Project Éclair", "--samaccountname=Project Gâteau")
    verdict("renamed, within the lifetime", ALICE, True, service="ruled")
    line("allow_groups=CONTOSO\\Project Éclair", "rule_lifetime=0")
    verdict("renamed, and asked again", ALICE, False, "CONTOSO\\Project Éclair", service="ruled")
    line("allow_groups=CONTOSO\\Project Gâteau")
    verdict("under its new name", ALICE, True, service="ruled")
    line("allow_groups=CONTOSO\\Project Gâteau", "rule_lifetime=0")
    with broken("tcp389"):
        verdict("nobody can be asked: what it was", ALICE, True, service="ruled")
        forget_names()
        verdict("nobody can be asked, and nothing is remembered", ALICE, False,
                "CONTOSO\\Project Gâteau", service="ruled")


def on_the_wire():
    """Warm, rules by name cost nothing: four exchanges with KDCs, and no LDAP."""
    line("allow_groups=CONTOSO\\Sales", f"deny_groups=FABRIKAM\\Barred, {sid['Helpdesk']}")
    verdict("warm", ALICE, True, service="ruled")
    with Capture(harness._lab) as wire:
        got = logon(ALICE, service="ruled")
    check("warm, by name: let in", got.code == "PAM_SUCCESS", got)
    equal("warm, by name: four exchanges", wire.exchanges(),
          ["AS-REQ", "AS-REQ", "TGS-REQ", "TGS-REQ"])
    check("warm, by name: no LDAP", not [p for port in LDAP for p in wire.port(port)], wire)


def commands():
    rules("allow_groups = CONTOSO\\Sales, fabrikam.test\\helpdesk",
          f"deny_groups = {sid['Barred']}", "allow_users = FABRIKAM\\carol")
    done = command("config", "--json")
    found = json.loads(done.stdout)["access"]
    equal("config: each entry and what it is", [(one["option"], one["entry"], one["sid"], one["name"])
                                                for one in found],
          [("allow_groups", "CONTOSO\\Sales", sid["Sales"], "contoso.test\\Sales"),
           ("allow_groups", "fabrikam.test\\helpdesk", sid["Helpdesk"], "fabrikam.test\\Helpdesk"),
           ("deny_groups", sid["Barred"], sid["Barred"], "fabrikam.test\\Barred"),
           ("allow_users", "FABRIKAM\\carol", sid["carol"], "fabrikam.test\\carol")])
    equal("config: exit 0", done.returncode, 0)
    rules("allow_groups = CONTOSO\\Sales, CONTOSO\\Gone")
    done = command("config")
    check("config: exit 1 and why, if one cannot be resolved", done.returncode == 1 and
          "CONTOSO\\Gone" in done.stdout and "no such group in contoso.test" in done.stdout, done)
    rules("deny_groups = CONTOSO\\Sales")
    done = command("logon", "--json", ALICE, stdin=PASSWORD + "\n")
    told = json.loads(done.stdout)
    check("logon: the rules' verdict, exit 1", done.returncode == 1 and
          told["reason"] == "access-rule" and told["subject"] == "CONTOSO\\Sales" and
          told["status"]["win32"] == 1385 and told["identity"]["sid"] == sid["alice"], told)
    got = harness.diagnose(ALICE)
    equal("diagnose: the same", (got.get("reason"), got.get("subject"), got["exit"]),
          ("access-rule", "CONTOSO\\Sales", 1))
    ws("rm -f /etc/trustlogon.conf")


def one_way():
    """The machine may not read the user's domain: the user's own ticket may."""
    trust("external", "one-way")
    command("refresh")
    forget_names()
    line("allow_groups=CONTOSO\\Sales")
    verdict("one-way, with the user's ticket", ALICE, True, service="ruled")
    line("deny_groups=CONTOSO\\All Staff")
    verdict("one-way, nested", BOB, False, "CONTOSO\\All Staff", service="ruled")
    got = logon(BOB, steps=("acct_mgmt",), service="ruled")
    equal("one-way, by key: what the last proof said", got.code, "PAM_PERM_DENIED")
    line("allow_groups=CONTOSO\\Sales")
    ws("sed -i 's/^checked .*/checked 1/' /var/lib/trustlogon/members/*")
    got = logon(BOB, steps=("acct_mgmt",), service="ruled")
    equal("one-way, by key, and the machine cannot ask: still that", got.code, "PAM_SUCCESS")
    ws("sed -i 's/^proven .*/proven 1/' /var/lib/trustlogon/members/*")
    got = logon(BOB, steps=("acct_mgmt",), service="ruled")
    equal("one-way, by key, too long ago: denied", got.code, "PAM_PERM_DENIED")
    line()
    got = logon(BOB, steps=("acct_mgmt",), service="ruled")
    equal("one-way, by key, no rules: let in", got.code, "PAM_SUCCESS")
    line("deny_groups=CONTOSO\\Gone")
    verdict("one-way, of the other side", CAROL, True, service="ruled")


def main():
    up(**LAB)
    people()
    command("refresh")
    by_sid()
    by_name()
    both_lines_count()
    ws("rm -f /etc/trustlogon.conf")
    without_a_password()
    directory_is_asked()
    renamed_and_made_again()
    on_the_wire()
    commands()
    one_way()
    finish()


if __name__ == "__main__":
    main()
