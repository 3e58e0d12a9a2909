#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""idmap = rfc2307: a logon has the ids that a running winbindd (ad) and sssd (no mapping) give.

Then values in a directory that must be refused, and a trust in one direction only, where
the machine cannot read the user's directory and the user can."""
import contextlib
import json
import pathlib
import shutil
import sys

from domains import run_script
from harness import (check, equal, finish, get, journal_lines, logon, logon_json, nss, on, put,
                     trust, until, up, ws)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))
import clients  # pylint: disable=wrong-import-position
from daemon import agent  # pylint: disable=wrong-import-position

LAB = {"trust": "external"}

NSSWITCH = "passwd: files trustlogon\ngroup: files trustlogon\ninitgroups: files trustlogon\n"
CONF = "/etc/trustlogon.conf"
RANGES = {"CONTOSO": "20000-29999", "FABRIKAM": "30000-39999"}
WINBIND = "".join(f"    idmap config {domain} : backend = ad\n"
                  f"    idmap config {domain} : range = {span}\n"
                  f"    idmap config {domain} : schema_mode = rfc2307\n"
                  f"    idmap config {domain} : unix_nss_info = {{0}}\n"
                  f"    idmap config {domain} : unix_primary_group = {{0}}\n"
                  for domain, span in RANGES.items()) + clients.WINBIND_CONF
# Its backend finds a domain's controllers only if winbindd has listed the domain before.
WINBIND += "    winbind scan trusted domains = yes\n"

CONTOSO = {
    "alice": {"uidNumber": "20001", "gidNumber": "20100", "unixHomeDirectory": "/export/alice",
              "loginShell": "/bin/sh"},
    "jürgen.groß": {"uidNumber": "20003", "gidNumber": "20513"},
    "Sales": {"gidNumber": "20100"},
    "All Staff": {"gidNumber": "20200"},
    "Domain Users": {"gidNumber": "20513"},
}
FABRIKAM = {
    "carol": {"uidNumber": "30001", "gidNumber": "30200", "unixHomeDirectory": "/home/carol/",
              "loginShell": "/bin/dash"},
    "Helpdesk": {"gidNumber": "30200"},
    "Domain Users": {"gidNumber": "30513"},
}

CHANGE = r"""
for name, attributes in json.load(sys.stdin).items():
    modify(find(name, kind=sys.argv[1]).dn,
           {key: [value] if value else [] for key, value in attributes.items()},
           controls=["relax:0"])
"""


def change(domain, objects, kind="sAMAccountName"):
    run_script(f"dc1.{domain}", CHANGE, kind, stdin=json.dumps(objects))


@contextlib.contextmanager
def changed(domain, name, **attributes):
    known = {"contoso": CONTOSO, "fabrikam": FABRIKAM}[domain]
    change(domain, {name: attributes})
    try:
        yield
    finally:
        change(domain, {name: {key: known.get(name, {}).get(key) for key in attributes}})


def configure(**options):
    ranges = ", ".join(f"{domain}:{span}" for domain, span in RANGES.items())
    lines = {"idmap": "rfc2307", "rfc2307_ranges": ranges, **options}
    put("ws1", CONF, "[identity]\n" + "".join(f"    {k} = {v}\n" for k, v in lines.items()))


def ours(name):
    answer = logon_json(name)
    found = answer.get("identity") or {}
    return found or answer


# --- beside winbindd and sssd ------------------------------------------------

def passwd_of(source, name):
    fields = until(lambda: ws(["getent", "-s", source, "passwd", name]).stdout.strip().split(":")[1:])
    if not fields:
        raise RuntimeError(f"{source} does not know {name}")
    return int(fields[1]), int(fields[2]), fields[4], fields[5]


def gids_of(source, name):
    """Of both domains: the ids that the machine itself gives out (BUILTIN) do not count."""
    words = ws(["getent", "-s", source, "initgroups", name]).stdout.replace(name, "", 1).split()
    return sorted(gid for gid in map(int, words) if 20000 <= gid < 40000)


def like_winbind(unix):
    word = "yes" if unix else "no"
    smb = get("ws1", "/etc/samba/smb.conf")
    configure(unix_primary_group=word, unix_nss_info=word, home="/home/%D/%u", shell="/bin/false")
    ws("rm -f /var/lib/samba/winbindd_cache.tdb; net cache flush")
    try:
        with clients.winbind(WINBIND.format(word)):
            for name in ("CONTOSO\\alice", "CONTOSO\\jürgen.groß", "FABRIKAM\\carol"):
                mine = ours(name)
                uid, gid, home, shell = passwd_of("winbind", name)
                equal(f"unix_primary_group = {word}, {name}: uid and gid are winbindd's",
                      (mine.get("uid"), mine.get("gid")), (uid, gid))
                equal(f"unix_primary_group = {word}, {name}: the groups are winbindd's",
                      sorted({mine.get("gid"), *mine.get("gids", [])}),
                      sorted({gid, *gids_of("winbind", name)}))
                if unix and name == "CONTOSO\\alice":
                    equal(f"{name}: home and shell are winbindd's",
                          (mine["home"], mine["shell"]), (home, shell))
    finally:
        put("ws1", "/etc/samba/smb.conf", smb)


def like_sssd():
    configure()
    with clients.sssd(clients.SSSD_CONF + "ldap_id_mapping = false\n"):
        for user in ("alice", "jürgen.groß"):
            mine = ours(f"CONTOSO\\{user}")
            name = f"{user}@contoso.test"
            uid, gid, home, shell = passwd_of("sss", name)
            equal(f"{user}: uid and gid are sssd's", (mine["uid"], mine["gid"]), (uid, gid))
            equal(f"{user}: the groups are sssd's", sorted({mine["gid"], *mine["gids"]}),
                  sorted({gid, *gids_of("sss", name)}))
            if user == "alice":
                equal(f"{user}: home and shell are sssd's", (mine["home"], mine["shell"]),
                      (home, shell))


# --- alone -------------------------------------------------------------------

def what_it_gives():
    configure()
    alice = ours("CONTOSO\\alice")
    equal("alice has what her directory says",
          (alice["uid"], alice["gid"], sorted(alice["gids"]), alice["home"], alice["shell"]),
          (20001, 20100, [20100, 20200, 20513], "/export/alice", "/bin/sh"))
    carol = ours("FABRIKAM\\carol")
    equal("carol, of the machine's own domain, too",
          (carol["uid"], carol["gid"], carol["home"], carol["shell"]),
          (30001, 30200, "/home/carol", "/bin/dash"))
    configure(unix_nss_info="no")
    equal("and the template's paths where the directory's are not wanted",
          ours("CONTOSO\\alice")["home"], "/home/contoso.test/alice")
    configure()


def through_pam():
    """The agent, in its sandbox, reads them as well, and NSS returns them."""
    put("ws1", "/etc/nsswitch.conf", NSSWITCH)
    got = logon("CONTOSO\\alice")
    check("alice logs on through PAM", got.code == "PAM_SUCCESS", got)
    entry = ws(["getent", "passwd", "alice@contoso.test"]).stdout.strip()
    equal("and NSS has the directory's line of passwd", entry.split(":")[2:],
          ["20001", "20100", "alice", "/export/alice", "/bin/sh"])
    equal("and groups", sorted(map(int, ws(["id", "-G", "CONTOSO\\alice"]).stdout.split())),
          [20100, 20200, 20513])


def handed_on():
    """A uidNumber that was one user's, whom the machine still knows, and is another's now."""
    with changed("contoso", "alice", uidNumber="20002"), \
            changed("contoso", "bob", uidNumber="20001", gidNumber="20513"):
        got = logon("CONTOSO\\bob")
        equal("who has the number of somebody known is not logged on", got.code, "PAM_PERM_DENIED")
        check("the journal tells whose it is", any("alice@contoso.test" in one for one in
              journal_lines("id-collision")), journal_lines("id-collision"))
        equal("and the one who had it keeps her name and files",
              ws(["getent", "passwd", "20001"]).stdout.split(":")[0], "alice@contoso.test")
        equal("she logs on with her new number", logon("CONTOSO\\alice").code, "PAM_SUCCESS")
        equal("then the other does with her old one", logon("CONTOSO\\bob").code, "PAM_SUCCESS")
        equal("each with one", [ws(["id", "-u", name]).stdout.strip() for name in
                                ("CONTOSO\\alice", "CONTOSO\\bob")], ["20002", "20001"])
    equal("back again: not before the other is forgotten", logon("CONTOSO\\alice").code,
          "PAM_PERM_DENIED")
    ws(["trustlogon", "store", "drop", "CONTOSO\\bob"])
    equal("as the remedy says", logon("CONTOSO\\alice").code, "PAM_SUCCESS")


def looked_up():
    """Users who never logged on, by name and by the number in the directory."""
    change("contoso", {"hours": {"uidNumber": "20040", "gidNumber": "20513"},
                       "wslist": {"uidNumber": "20040", "gidNumber": "20513"}})
    jurgen = ["20003", "20513", "jürgen.groß", "/home/contoso.test/jürgen.groß", "/bin/bash"]
    with agent():
        for key in ("20003", "CONTOSO\\jürgen.groß"):
            equal(f"{key}, never here, has the directory's ids",
                  nss(["getent", "passwd", key]).stdout.strip().split(":")[2:], jurgen)
        equal("and the groups that have one",
              sorted(map(int, nss(["id", "-G", "CONTOSO\\jürgen.groß"]).stdout.split())),
              [20200, 20513])
        for key, gid in (("20200", "20200"), ("CONTOSO\\Sales", "20100")):
            equal(f"group {key}", nss(["getent", "group", key]).stdout.split(":")[2:3], [gid])
        for key in ("20040", "CONTOSO\\hours", "20041", "30003", "CONTOSO\\bob"):
            equal(f"{key} is nobody", ws(["getent", "passwd", key]).stdout, "")
        equal("no group has this number", ws(["getent", "group", "20777"]).stdout, "")
        equal("and none is made up for a group",
              ws(["getent", "group", "CONTOSO\\Project Éclair"]).stdout, "")


def refused(what, name, reason, word):
    answer = logon_json(name)
    check(f"{what}: {reason}",
          answer["reason"] == reason and word in json.dumps(answer) and not answer.get("identity"),
          answer)


def what_it_must_not_give():
    refused("no uidNumber", "CONTOSO\\bob", "id-unmappable", "uidNumber")
    for uid in ("-1", "999", "30001", "2147483647"):
        with changed("contoso", "alice", uidNumber=uid):
            refused(f"uidNumber {uid}", "CONTOSO\\alice", "id-unmappable",
                    "uidNumber" if uid == "-1" else "rfc2307_ranges")
    with changed("contoso", "alice", gidNumber="30200"):
        refused("gidNumber of another domain", "CONTOSO\\alice", "id-unmappable",
                "rfc2307_ranges")
    with changed("contoso", "alice", gidNumber=None):
        refused("no gidNumber", "CONTOSO\\alice", "id-unmappable", "gidNumber")
        configure(unix_primary_group="no")
        equal("which the primary group of Windows does not need", ours("CONTOSO\\alice")["gid"],
              20513)
        configure()
    with changed("contoso", "bob", uidNumber="20001"):
        refused("a uidNumber that two have", "CONTOSO\\alice", "id-collision", "uidNumber")
    with changed("contoso", "Project Éclair", gidNumber="20100"):
        refused("a gidNumber that two groups have", "CONTOSO\\alice", "id-collision", "gidNumber")
    with changed("contoso", "All Staff", gidNumber="30200"):
        check("a group with the gid of another domain's is left out",
              30200 not in ours("CONTOSO\\alice")["gids"])
    with changed("contoso", "alice", gidNumber="20001"):
        alice = ours("CONTOSO\\alice")
        equal("gidNumber = uidNumber without such a group is a private group",
              (alice["uid"], alice["gid"], 20001 in alice["gids"]), (20001, 20001, False))
    with changed("contoso", "alice", unixHomeDirectory="/home/../root", loginShell="/bin/sh -c id"):
        alice = ours("CONTOSO\\alice")
        equal("paths that lead elsewhere give way to the template",
              (alice["home"], alice["shell"]), ("/home/contoso.test/alice", "/bin/bash"))
    passwd = get("ws1", "/etc/passwd")
    put("ws1", "/etc/passwd", passwd + "taken:x:20001:1::/:/bin/false\n")
    refused("a uidNumber of /etc/passwd", "CONTOSO\\alice", "id-collision", "/etc/passwd")
    put("ws1", "/etc/passwd", passwd)
    on("dc1.contoso", "nft add table inet t; nft add chain inet t i '{ type filter hook input "
                      "priority 0; }'; nft add rule inet t i tcp dport 389 reject with tcp reset")
    refused("the directory cannot be read", "CONTOSO\\alice", "id-unmappable", "uidNumber")
    on("dc1.contoso", "nft delete table inet t")
    check("and all is well again", ours("CONTOSO\\alice").get("uid") == 20001)


def one_way():
    """FABRIKAM trusts CONTOSO only: the machine may read nothing there."""
    trust("external", "one-way")
    equal("one-way trust: the user's own ticket reads the user's ids",
          (ours("CONTOSO\\alice").get("uid"), ours("CONTOSO\\alice").get("gid")), (20001, 20100))


def groups_of_the_machine():
    """A domain-local group of the machine's domain: its gid is read as the machine. Groups
    of the own forest pass the SID rules over a forest trust that says so (PIM)."""
    trust("forest")
    sid = ours("CONTOSO\\alice")["sid"]
    made = on("dc1.fabrikam", ["samba-tool", "group", "add", "Visitors", "--group-scope=Domain"])
    joined = on("dc1.fabrikam", ["samba-tool", "group", "addmembers", "Visitors", sid])
    check("alice is in a group of the machine's domain", made.returncode + joined.returncode == 0,
          made.stderr + joined.stderr)
    change("fabrikam", {"Visitors": {"gidNumber": "30300"}})
    change("fabrikam", {"contoso.test": {"trustAttributes": str(0x8 | 0x40 | 0x400)}},
           kind="trustPartner")
    ws(["trustlogon", "refresh"])
    alice = ours("CONTOSO\\alice")
    equal("and has its gid", sorted(alice.get("gids", [alice])), [20100, 20200, 20513, 30300])
    change("fabrikam", {"Visitors": {"gidNumber": "20300"}})
    check("which is none of another domain's", 20300 not in ours("CONTOSO\\alice")["gids"])


def main():
    up(**LAB)
    change("contoso", CONTOSO)
    change("fabrikam", FABRIKAM)
    what_it_gives()
    through_pam()
    handed_on()
    looked_up()
    what_it_must_not_give()
    if shutil.which("winbindd", path="/usr/sbin:/usr/bin"):
        like_winbind(unix=True)
        like_winbind(unix=False)
    else:
        print("skip winbindd is not installed")
    if shutil.which("sssd", path="/usr/sbin:/usr/bin"):
        like_sssd()
    else:
        print("skip sssd is not installed")
    one_way()
    groups_of_the_machine()
    finish()


if __name__ == "__main__":
    main()
