#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The ids of a logon are those of a running sssd (sss) and winbindd (rid, autorid)."""
import contextlib
import json
import pathlib
import shutil
import sys

from harness import check, equal, finish, get, logon, logon_json, put, until, up, ws

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))
import clients  # pylint: disable=wrong-import-position

LAB = {"trust": "external"}

USERS = ["alice", "bob", "jürgen.groß"]
CONF = "/etc/trustlogon.conf"
LOWS = {"CONTOSO": 500000, "FABRIKAM": 700000}
# Without it winbindd knows no groups of a trusted domain's user who has not logged on.
SCAN = "    winbind scan trusted domains = yes\n"
SMB_CONF = SCAN + "".join(f"    idmap config {domain} : backend = rid\n"
                   f"    idmap config {domain} : range = {low}-{low + 99999}\n"
                   for domain, low in LOWS.items())
AUTORID_CONF = SCAN + """    idmap config * : backend = autorid
    idmap config * : range = 100000-1999999
    idmap config * : rangesize = 50000
"""


def of_sssd(name):
    """uid, gid and all gids; past /etc/passwd, which has the same names."""
    fields = ws(["getent", "-s", "sss", "passwd", name]).stdout.split(":")
    groups = ws(["getent", "-s", "sss", "initgroups", name]).stdout.replace(name, "", 1).split()
    if len(fields) != 7:
        return fields
    return int(fields[2]), int(fields[3]), sorted({int(fields[3]), *map(int, groups)})


def like_sssd():
    with clients.sssd():
        for user in USERS:
            ours = logon_json(f"CONTOSO\\{user}")["identity"]
            equal(f"{user}: uid, gid and groups are sssd's",
                  (ours["uid"], ours["gid"], sorted({ours["gid"], *ours["gids"]})),
                  of_sssd(f"{user}@contoso.test"))


@contextlib.contextmanager
def rid():
    smb = get("ws1", "/etc/samba/smb.conf")
    ranges = ", ".join(f"{domain}:{low}-{low + 99999}" for domain, low in LOWS.items())
    put("ws1", "/etc/samba/smb.conf", smb + SMB_CONF)
    put("ws1", CONF, f"[identity]\n    idmap = rid\n    rid_ranges = {ranges}\n")
    ws("rm -f /var/lib/samba/winbindd_cache.tdb; net cache flush")
    try:
        yield
    finally:
        put("ws1", "/etc/samba/smb.conf", smb)
        ws(["rm", "-f", CONF])


def of_winbind(name):
    """uid, gid and the gids of all groups of domains. winbindd counts the user's own SID among
    them, since a SID of its is a uid and a gid."""
    fields = until(lambda: ws(["getent", "-s", "winbind", "passwd", name]).stdout.split(":")[1:])
    if not fields:
        raise RuntimeError(f"winbindd does not know {name}")
    fields = [name, *fields]
    words = ws(["getent", "-s", "winbind", "initgroups", name]).stdout.replace(name, "", 1).split()
    gids = {int(word) for word in words if word != fields[2] and
            ws(["wbinfo", "--gid-to-sid", word]).stdout.startswith("S-1-5-21-")}
    return int(fields[2]), int(fields[3]), sorted({int(fields[3]), *gids})


def same_as_winbind(kind):
    for name in ("CONTOSO\\alice", "FABRIKAM\\carol"):
        ours = logon_json(name)["identity"]
        equal(f"{kind} {name}: uid, gid and groups are winbindd's",
              (ours["uid"], ours["gid"], sorted({ours["gid"], *ours["gids"]})), of_winbind(name))
        gids = [ws(["wbinfo", "--sid-to-gid", sid]).stdout.strip()
                for sid in ours["groups"] if sid.startswith("S-1-5-21-")]
        equal(f"{kind} {name}: each SID has winbindd's gid", sorted(map(str, ours["gids"])),
              sorted(gids))


def like_winbind():
    with rid(), clients.winbind():
        same_as_winbind("rid")


@contextlib.contextmanager
def autorid():
    """A winbindd that has given out ranges of its own, and its table as its tool prints it."""
    smb = get("ws1", "/etc/samba/smb.conf")
    ws("rm -f /var/lib/samba/autorid.tdb /var/lib/samba/winbindd_cache.tdb; net cache flush")
    try:
        with clients.winbind(AUTORID_CONF):
            for name in ("BUILTIN\\Users", "FABRIKAM\\carol", "CONTOSO\\alice"):
                sid = ws(["wbinfo", "--name-to-sid", name]).stdout.split()[0]
                ws(["wbinfo", "--sid-to-gid", sid])
                # A RID far up makes winbindd give the domain a second range.
                ws(["wbinfo", "--sid-to-gid", sid.rpartition("-")[0] + "-100007"])
            yield ws(["net", "idmap", "get", "ranges"]).stdout
    finally:
        put("ws1", "/etc/samba/smb.conf", smb)
        ws(["rm", "-f", CONF])


def like_autorid():
    with autorid() as table:
        check("winbindd has given both domains a range", table.count("S-1-5-21-") >= 2, table)
        pasted = "".join(f"    autorid_domains = {line}\n" for line in table.splitlines())
        put("ws1", CONF, "[identity]\n    idmap = autorid\n    autorid_range = 100000-1999999\n"
                         "    autorid_rangesize = 50000\n" + pasted)
        done = ws(["trustlogon", "config"])
        equal("its table is taken as it is", (done.returncode, done.stderr), (0, ""))
        same_as_winbind("autorid")
        # A domain that winbindd has not met has no number, and none is made up.
        alice = logon_json("CONTOSO\\alice")["identity"]["sid"].rpartition("-")[0]
        put("ws1", CONF, get("ws1", CONF).replace(alice, "S-1-5-21-1-2-3"))
        refused = logon_json("CONTOSO\\alice")
        equal("a domain without a range: no logon, and the option is named",
              (refused["reason"], "autorid_domains" in json.dumps(refused)),
              ("id-unmappable", True))


def refusals():
    """Ids that are taken, and missing ids."""
    alice = logon_json("CONTOSO\\alice")["identity"]
    passwd = get("ws1", "/etc/passwd")
    put("ws1", "/etc/passwd", passwd + f"taken:x:{alice['uid']}:1::/:/bin/false\n")
    refused = logon_json("CONTOSO\\alice")
    through_pam = logon("CONTOSO\\alice")
    put("ws1", "/etc/passwd", passwd)
    equal("a uid of /etc/passwd: nobody is logged on with it",
          (refused["ok"], refused["reason"], refused["stage"], refused["subject"]),
          (False, "id-collision", "identity", alice["sid"]))
    check("and PAM says that it is not the password",
          through_pam.code == "PAM_PERM_DENIED" and "Account restrictions" in through_pam.text,
          through_pam)
    put("ws1", CONF, "[identity]\n    idmap = rid\n    rid_ranges = FABRIKAM:700000-799999\n"
                     "    home = /srv/%d/%n\n    shell = /bin/sh\n")
    ws(["trustlogon", "refresh"])
    shown = json.loads(ws(["trustlogon", "config", "--json"]).stdout)
    equal("config shows whose ids they are",
          [(i["domain"], i["low"], i["high"], i["first_rid"]) for i in shown["ids"]],
          [("fabrikam.test", 700000, 799999, 0)])
    put("ws1", CONF, get("ws1", CONF).replace("FABRIKAM:", "CONTOS:1000-1999, FABRIKAM:"))
    done = ws(["trustlogon", "config"])
    equal("and that a name is nobody's", (done.returncode, done.stdout.count("named CONTOS\n")),
          (1, 1))
    equal("no range: no logon", logon_json("CONTOSO\\alice")["reason"], "id-unmappable")
    carol = logon_json("FABRIKAM\\carol")["identity"]
    equal("home and shell are the configured ones", (carol["home"], carol["shell"]),
          ("/srv/fabrikam/carol@fabrikam.test", "/bin/sh"))
    ws(["rm", "-f", CONF])
    check("and all is well again", logon_json("CONTOSO\\alice")["ok"])


def main():
    up(**LAB)
    refusals()
    for daemon, compare in (("sssd", like_sssd), ("winbindd", like_winbind),
                            ("winbindd", like_autorid)):
        if shutil.which(daemon, path="/usr/sbin:/usr/bin"):
            compare()
        else:
            print(f"skip {daemon} is not installed")
    finish()


if __name__ == "__main__":
    main()
