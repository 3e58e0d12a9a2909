#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Names that can be confused: local and domain accounts with one name, root, computers,
renamed and re-created users, colliding ids, spellings. PAM, getpwnam, getpwuid and id must
tell each from the other, or know none of them."""
from daemon import agent
from domains import samba
from harness import (PASSWORD, check, command, equal, finish, local, logon, logon_json, nss, put,
                     trust, up, ws)

LAB = {"trust": "external"}

WRONG = "The user name or password is incorrect."
COMPUTER = "The account used is a computer account."
RESTRICTED = "Account restrictions are preventing this user from signing in."


# --- what the machine knows of a name ------------------------------------------------

def passwd(key):
    """(name, uid, gid, home) of getpwnam or getpwuid, or None."""
    done = nss(["getent", "passwd", str(key)])
    fields = done.stdout.strip().split(":")
    return (fields[0], int(fields[2]), int(fields[3]), fields[5]) if len(fields) == 7 else None


def group(key):
    fields = nss(["getent", "group", str(key)]).stdout.strip().split(":")
    return (fields[0], int(fields[2])) if len(fields) == 4 else None


def uid_of(name):
    entry = passwd(name)
    return entry and entry[1]


def id_of(name):
    """uid and gids as id(1) has them, or None."""
    done = nss(["id", name])
    if done.returncode != 0:
        return None
    numbers = nss(["id", "-u", name]).stdout, nss(["id", "-G", name]).stdout
    return int(numbers[0]), sorted(map(int, numbers[1].split()))


def proven(name):
    """The identity that a logon past PAM and NSS proves for the name, or the reason."""
    told = logon_json(name)
    return told["identity"] if told["ok"] else told["reason"]


def is_nobody(what, name, code="PAM_AUTH_ERR", text=WRONG):
    equal(f"{what}: nobody by getpwnam", passwd(name), None)
    equal(f"{what}: nobody by id", id_of(name), None)
    got = logon(name)
    check(f"{what}: {code}, \"{text}\"", got.code == code and text in got.text, got)
    equal(f"{what}: and still nobody", passwd(name), None)


def is_local(what, name, uid):
    """The machine's own, whatever the domain has under this name."""
    equal(f"{what}: the machine's own by getpwnam", uid_of(name), uid)
    equal(f"{what}: the machine's own by id", id_of(name)[0], uid)
    got = logon(name)
    check(f"{what}: PAM leaves it alone, and asks nothing",
          got.code == "PAM_USER_UNKNOWN" and "Password" not in got.text, got)


def is_user(what, name, who, canonical):
    """The domain's user with the identity `who`, by every way."""
    uid, gids = who["uid"], sorted({who["gid"], *who["gids"]})
    equal(f"{what}: by getpwnam", passwd(name), (canonical, uid, who["gid"], who["home"]))
    equal(f"{what}: by getpwuid", passwd(uid), (canonical, uid, who["gid"], who["home"]))
    found = id_of(name)
    # A directory read by the machine may know fewer groups than a ticket brings.
    check(f"{what}: by id", found and found[0] == uid and set(found[1]) <= set(gids),
          (found, uid, gids))
    got = logon(name)
    check(f"{what}: logs on", got.code == "PAM_SUCCESS", got)
    equal(f"{what}: as the same", (uid_of(name), id_of(name)), (uid, (uid, gids)))


# --- the directory, and the machine's files ------------------------------------------

def create(name, domain="contoso"):
    samba(f"dc1.{domain}", "user", "create", name, PASSWORD)


def forget():
    """As on a machine before the first logon."""
    ws("while pgrep -x trustlogond -P $(pgrep -o -x trustlogond) >/dev/null; do sleep 0.02; done; "
       "rm -f /var/lib/trustlogon/identity.store")


# --- the cases -------------------------------------------------------------------------

def local_namesakes():
    alice = proven("CONTOSO\\alice")
    with local("alice:x:5010:5010::/:/bin/sh\n"):
        is_local("a local alice", "alice", 5010)
        is_user("CONTOSO\\alice beside her", "CONTOSO\\alice", alice, "alice@contoso.test")
    forget()
    with local("CONTOSO\\alice:x:5010:5010::/:/bin/sh\n"):
        is_local("a local CONTOSO\\alice", "CONTOSO\\alice", 5010)
        is_user("the domain's by her other name", "alice@contoso.test", alice,
                "alice@contoso.test")
        equal("the domain's name does not lead to the local one's record",
              passwd(alice["uid"])[0], "alice@contoso.test")
    forget()
    with local("alice@contoso.test:x:5010:5010::/:/bin/sh\n", "wheel2:x:5011:alice@contoso.test\n"):
        is_local("a local alice@contoso.test", "alice@contoso.test", 5010)
        equal("her local groups are her own", id_of("alice@contoso.test"), (5010, [5010, 5011]))
        is_nobody("then CONTOSO\\alice, who would go by that name", "CONTOSO\\alice",
                  "PAM_PERM_DENIED", RESTRICTED)
        equal("the reason says so", proven("CONTOSO\\alice"), "name-taken")
        equal("and her uid is nobody's", passwd(alice["uid"]), None)
    # The store was written before this account existed.
    is_user("the local one is gone", "alice@contoso.test", alice, "alice@contoso.test")
    with local("alice@contoso.test:x:5010:5010::/:/bin/sh\n"):
        is_local("a local alice@contoso.test, made after her logon", "alice@contoso.test", 5010)
        got = logon("CONTOSO\\alice")
        check("and she is kept out from then on", got.code == "PAM_PERM_DENIED", got)
    forget()


def root():
    create("root")
    who = proven("root@contoso.test")
    check("a domain user called root has a uid like others", who["uid"] >= 200000, who)
    for name in ("root@contoso.test", "CONTOSO\\root", "contoso.test\\ROOT"):
        is_user(f"{name}", name, who, "root@contoso.test")
    is_local("root", "root", 0)
    equal("root is in no group of the domain", id_of("root"), (0, [0]))
    put("ws1", "/etc/trustlogon.conf", "[workstation]\n    default_domain = contoso.test\n")
    is_local("root, where bare names are the domain's", "root", 0)
    check("its user is found by bare names of nobody else", uid_of("root") == 0)
    ws(["rm", "/etc/trustlogon.conf"])
    is_nobody("root of the own domain, where there is none", "root@fabrikam.test")


def computers():
    samba("dc1.contoso", "computer", "create", "ws2")
    samba("dc1.contoso", "user", "setpassword", "ws2$", f"--newpassword={PASSWORD}")
    for name in ("ws2$@contoso.test", "CONTOSO\\ws2$", "CONTOSO\\WS2$"):
        is_nobody(f"the computer {name}", name, "PAM_PERM_DENIED", COMPUTER)
    equal("the reason says so", proven("CONTOSO\\ws2$"), "computer-account")
    for name in ("FABRIKAM\\WS1$", "ws1$@fabrikam.test"):
        is_nobody(f"this machine's own account {name}", name)
    got = logon("ws2$")
    check("a bare ws2$ is nobody", got.code != "PAM_SUCCESS" and passwd("ws2$") is None, got)


def renamed():
    create("mary")
    before = proven("CONTOSO\\mary")
    is_user("mary", "mary@contoso.test", before, "mary@contoso.test")
    samba("dc1.contoso", "user", "rename", "mary", "--samaccountname=maria",
          "--upn=maria@contoso.test")
    after = proven("CONTOSO\\maria")
    equal("renamed: uid and groups stay", (after["uid"], after["gids"]),
          (before["uid"], before["gids"]))
    equal("renamed: the home goes by the new name", (before["home"], after["home"]),
          ("/home/contoso.test/mary", "/home/contoso.test/maria"))
    is_user("renamed", "CONTOSO\\maria", after, "maria@contoso.test")
    for name in ("mary@contoso.test", "CONTOSO\\mary", "contoso.test\\mary"):
        is_nobody(f"the old name {name}", name)
    # The old name, given to another user.
    create("mary")
    other = proven("CONTOSO\\mary")
    check("the next mary is somebody else", other["uid"] != after["uid"], other)
    # A name with a negative entry is not asked for again at once; a logon ends that.
    equal("the next mary is unknown for a minute", passwd("mary@contoso.test"), None)
    check("the next mary logs on", logon("mary@contoso.test").code == "PAM_SUCCESS")
    is_user("the next mary", "mary@contoso.test", other, "mary@contoso.test")
    is_user("and maria is who she was", "maria@contoso.test", after, "maria@contoso.test")


def created_again():
    create("phoenix")
    samba("dc1.contoso", "group", "addmembers", "Sales", "phoenix")
    before = proven("CONTOSO\\phoenix")
    is_user("phoenix", "phoenix@contoso.test", before, "phoenix@contoso.test")
    ws(["touch", "/tmp/of-the-first"])
    ws(["chown", str(before["uid"]), "/tmp/of-the-first"])
    samba("dc1.contoso", "user", "delete", "phoenix")
    got = logon("CONTOSO\\phoenix")
    check("deleted: does not log on", got.code == "PAM_AUTH_ERR" and WRONG in got.text, got)
    create("phoenix")
    after = proven("CONTOSO\\phoenix")
    check("created again: another uid, without the old one's groups",
          after["uid"] != before["uid"] and set(after["gids"]) < set(before["gids"]),
          (before, after))
    check("created again: logs on", logon("CONTOSO\\phoenix").code == "PAM_SUCCESS")
    is_user("created again", "phoenix@contoso.test", after, "phoenix@contoso.test")
    equal("the old uid is nobody", passwd(before["uid"]), None)
    equal("nor has it groups", id_of(str(before["uid"])), None)
    equal("the old one's files show a number",
          ws("ls -l /tmp/of-the-first").stdout.split()[2], str(before["uid"]))
    for key in (str(before["uid"]), before["sid"]):
        done = command("store", "drop", key)
        check("and the store has nothing of it", "no entry for" in done.stderr or
              "missing user" in done.stdout, done)


def ids_taken():
    bob = proven("CONTOSO\\bob")
    forget()
    with local(f"taken:x:{bob['uid']}:1::/:/bin/sh\n"):
        is_nobody("a uid of /etc/passwd", "CONTOSO\\bob", "PAM_PERM_DENIED", RESTRICTED)
        equal("a uid of /etc/passwd: whose it is", passwd(bob["uid"])[0], "taken")
        equal("the reason says so", proven("CONTOSO\\bob"), "id-collision")
    forget()
    sales = group("sales@contoso.test")
    check("a group of the domain is known", sales is not None and sales[1] in bob["gids"],
          (sales, bob))
    forget()
    with local(groups=f"taken:x:{sales[1]}:\n"):
        equal("a gid of /etc/group: whose it is", group(sales[1]), ("taken", sales[1]))
        equal("a gid of /etc/group: the domain's group is none", group("sales@contoso.test"), None)
        who = proven("CONTOSO\\bob")
        check("its members log on without it", who["uid"] == bob["uid"] and
              sales[1] not in who["gids"], who)
        is_user("a member", "bob@contoso.test", who, "bob@contoso.test")
    forget()
    with local(groups="sales@contoso.test:x:5020:\n"):
        equal("a local sales@contoso.test is the machine's own", group("sales@contoso.test"),
              ("sales@contoso.test", 5020))
        equal("and its name is not the domain's group's", group(sales[1]), None)
    forget()
    with local(groups=f"taken:x:{bob['gid']}:\n"):
        is_nobody("a primary group's gid of /etc/group", "CONTOSO\\bob", "PAM_PERM_DENIED",
                  RESTRICTED)
    forget()
    is_user("all well again: bob", "CONTOSO\\bob", bob, "bob@contoso.test")


def both_domains():
    create("carol")
    theirs, ours = proven("CONTOSO\\carol"), proven("FABRIKAM\\carol")
    check("one name in two domains: two uids, two homes", theirs["uid"] != ours["uid"] and
          theirs["home"] != ours["home"], (theirs, ours))
    for name, who, canonical in (("carol@contoso.test", theirs, "carol@contoso.test"),
                                 ("FABRIKAM\\carol", ours, "carol@fabrikam.test"),
                                 ("CONTOSO\\carol", theirs, "carol@contoso.test")):
        is_user(name, name, who, canonical)
    equal("and a bare carol is nobody to NSS", passwd("carol"), None)
    samba("dc1.contoso", "user", "setpassword", "carol", "--newpassword=Another.Pass1")
    got = logon("FABRIKAM\\carol", password="Another.Pass1")
    check("the password of one does not open the other", got.code == "PAM_AUTH_ERR", got)


def spellings():
    alice = proven("CONTOSO\\alice")
    for name in ("ALICE@CONTOSO.TEST", "contoso\\Alice", "Contoso.Test\\aLiCe", "alice@contoso"):
        is_user(f"case: {name}", name, alice, "alice@contoso.test")
    for what, name in {"a dot behind": "CONTOSO\\alice.", "a space behind": "alice@contoso.test ",
                       "a space before": " alice@contoso.test",
                       "a space inside": "alice @contoso.test", "a $ behind": "CONTOSO\\alice$",
                       "a NUL's picture": "CONTOSO\\alice\u2400",
                       "a Cyrillic a": "\u0430lice@contoso.test",
                       "a wide a": "\uff41lice@contoso.test",
                       "a dotless i": "al\u0131ce@contoso.test",
                       "an accent": "alic\u00e9@contoso.test",
                       "a wildcard": "alic*@contoso.test",
                       "a soft hyphen": "al\u00adice@contoso.test",
                       "a Kelvin sign": "CONTOSO\\ali\u212ae",
                       "a slash": "CONTOSO\\../alice", "a colon": "CONTOSO\\alice:0",
                       "a wide @": "alice\uff20contoso.test"}.items():
        if "\uff20" in name:  # a bare name, of the own domain
            got = logon(name)
            check(f"{what}: nobody", got.code != "PAM_SUCCESS" and passwd(name) is None, got)
        else:
            is_nobody(f"{what}", name)
    # A trailing dot makes a DNS name absolute, and means the same.
    is_user("a dot behind the domain", "alice@contoso.test.", alice, "alice@contoso.test")


def look_alikes():
    """Pairs that a DC keeps apart: each has its own record, at the same time."""
    pairs = [("jürgen.groß", "jürgen.gross"), ("zoë", "zoe\u0308"), ("nick", "nic\u212a"),
             ("ivan", "\u0456van")]
    for one, other in pairs:
        if one != "jürgen.groß":
            create(one)
        create(other)
        first, second = proven(f"CONTOSO\\{one}"), proven(f"CONTOSO\\{other}")
        check(f"{one!a} and {other!a}: two uids, two homes", first["uid"] != second["uid"] and
              first["home"] != second["home"], (first, second))
        is_user(f"{one!a}", f"CONTOSO\\{one}", first, f"{one}@contoso.test")
        is_user(f"{other!a}", f"CONTOSO\\{other}", second, f"{other}@contoso.test")
        equal(f"{one!a} is still who it was", uid_of(f"CONTOSO\\{one}"), first["uid"])


def one_way():
    """The same, where the workstation's DC is asked for SIDs of names, and knows no more."""
    trust("external", "one-way")
    forget()
    ws("rm -f /var/lib/trustlogon/topology*")
    command("refresh")
    for name, canonical in (("CONTOSO\\root", "root@contoso.test"),
                            ("phoenix@contoso.test", "phoenix@contoso.test"),
                            ("CONTOSO\\maria", "maria@contoso.test"),
                            ("CONTOSO\\jürgen.groß", "jürgen.groß@contoso.test"),
                            ("CONTOSO\\jürgen.gross", "jürgen.gross@contoso.test")):
        who = proven(name)
        if not check(f"one-way, {name}: logs on", isinstance(who, dict), who):
            continue
        equal(f"one-way, {name}: known before the first logon, as who will log on",
              passwd(name), (canonical, who["uid"], who["gid"], who["home"]))
    for what, name in {"a computer": "CONTOSO\\ws2$", "a dot behind": "CONTOSO\\alice.",
                       "a wide a": "CONTOSO\\\uff41lice", "the domain": "CONTOSO\\contoso",
                       "a group": "CONTOSO\\Sales", "an alias": "CONTOSO\\Readers",
                       "this machine": "FABRIKAM\\ws1$", "the old name": "CONTOSO\\mary.x",
                       "a well-known SID's name": "NT AUTHORITY\\SYSTEM",
                       "a builtin alias": "BUILTIN\\Administrators"}.items():
        equal(f"one-way: {what} is no user", passwd(name), None)


def main():
    up(**LAB)
    command("refresh")
    with agent():
        for case in (local_namesakes, root, computers, renamed, created_again, ids_taken,
                     both_domains, spellings, look_alikes, one_way):
            case()
    finish()


if __name__ == "__main__":
    main()
