#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""pam_setcred on a real workstation: all four flags in one PAM handle, caches of type FILE
and KEYRING:persistent, what other users may see of them, and what they may plant."""
import json
import pathlib
import re

from harness import (PASSWORD, check, finish, forget_journal, ids_of, journal_lines, logon,
                     pam_stack, put, up, ws)

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
HOME = "/home/contoso.test/alice"
LOGON = ("authenticate", "account")
ALL = (*LOGON, "establish", "reinitialize", "refresh")
TGT = "krbtgt/CONTOSO.TEST@CONTOSO.TEST"
CLIENT = pathlib.Path(__file__).with_name("pam_client.py").read_text(encoding="utf-8")


def drop_caches():
    ws("rm -rf /tmp/krb5cc_* /tmp/theirs /run/trustlogon/pending")


def as_user(uid, *command):
    return ws(["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", *command])


def service(ccache=None, more=""):
    """The test's own PAM service, with a ccache= of its own."""
    put("ws1", "/etc/pam.d/creds", pam_stack(" ".join(filter(None, (
        f"ccache={ccache}" if ccache else "", more)))))
    return "creds"


def run(name, steps, kind, *variables, env=None):
    """One PAM handle: whether all steps went well, KRB5CCNAME after each, everything said."""
    done = ws(["/usr/bin/python3", "-I", "-c", CLIENT, kind, name, json.dumps(variables), *steps],
              stdin=PASSWORD + "\n", env=env)
    try:
        steps_done = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return False, [], done
    ok = len(steps_done) == len(steps) and all(code == 0 for _, code, _ in steps_done)
    return ok, [e.get("KRB5CCNAME") for _, _, e in steps_done], steps_done


def file_caches():
    drop_caches()
    kind = service()
    # What another user can foresee: the plain name, and names to guess.
    as_user(OTHER, "sh", "-c", f"ln -s {HOME}/precious /tmp/krb5cc_{UID}; "
            f"ln -s /etc/shadow /tmp/krb5cc_{UID}_XXXXXX")
    ws(f"cp /etc/shadow /root/shadow.before; rm -f {HOME}/precious")
    ok, names, text = run(ALICE, ALL, kind)
    check("FILE: establish, reinitialise, refresh in one handle", ok, text)
    name = names[-1] if names else None
    check("FILE: KRB5CCNAME names the session's own cache from the first setcred on",
          names == [None, None, name, name, name] and
          re.fullmatch(rf"FILE:/tmp/krb5cc_{UID}_(?!XXXXXX)\w{{6}}", name or ""), text)
    if not name:
        return
    path = name.removeprefix("FILE:")
    stat = ws(["stat", "-c", "%u %g %a %h %F", path]).stdout.strip()
    check("FILE: the user's, for nobody else, a plain file of one name",
          stat.startswith(f"{UID} ") and stat.endswith(" 600 1 regular file"), stat)
    listed = as_user(UID, "klist", name)
    check("FILE: klist as the user shows the TGT", TGT in listed.stdout, listed)
    listed = as_user(OTHER, "klist", name)
    check("FILE: another user reads nothing", listed.returncode != 0 and "krbtgt" not in
          listed.stdout, listed)
    same = ws(f"cmp /etc/shadow /root/shadow.before && ! test -e {HOME}/precious")
    check("FILE: the links that another user planted lead nowhere", same.returncode == 0, same)
    ok, names, text = run(ALICE, (*ALL, "delete", "delete"), kind)
    gone = ok and ws(["test", "-e", names[4].removeprefix("FILE:")]).returncode != 0
    check("FILE: delete takes the file and the variable, twice without complaint", ok and gone and
          names[4] and names[5:] == [None, None], text)
    left = ws(["test", "-e", path]).returncode
    check("FILE: and leaves another session's", left == 0, left)


def reinitialise():
    """A locker that runs as root: a new logon into the session's cache."""
    drop_caches()
    kind = service()
    _, names, text = run(ALICE, (*LOGON, "establish"), kind)
    path = (names[-1] if names else None or "/nowhere").removeprefix("FILE:")
    facts = ["stat", "-c", "%i", path]
    before = ws(facts).stdout
    ok, again, text = run(ALICE, (*LOGON, "reinitialize"), kind, f"KRB5CCNAME=FILE:{path}")
    check("REINITIALIZE writes into the cache of the session", ok and again[-1] == names[-1] and
          ws(facts).stdout != before and
          ws("ls /tmp | grep -c krb5cc_").stdout.strip() == "1", text)
    stat = ws(["stat", "-c", "%u %a", path]).stdout.strip()
    check("REINITIALIZE: still the user's own", stat == f"{UID} 600", stat)
    for what, plant in (("a link of another user's", f"ln -s {path} /tmp/krb5cc_trap"),
                        ("a file of another user's", "umask 0; : > /tmp/krb5cc_trap")):
        as_user(OTHER, "sh", "-c", plant)
        ok, _, text = run(ALICE, (*LOGON, "reinitialize"), kind,
                          "KRB5CCNAME=FILE:/tmp/krb5cc_trap")
        size = ws("test -L /tmp/krb5cc_trap || stat -c %s /tmp/krb5cc_trap").stdout.strip()
        check(f"REINITIALIZE: {what} gets no tickets", not ok and size in ("", "0"), (text, size))
        ws("rm -f /tmp/krb5cc_trap")
    as_user(OTHER, "mkdir", "-m", "777", "/tmp/theirs")
    for name in ("FILE:/tmp/theirs/cc", "DIR:/tmp/theirs"):
        ok, _, text = run(ALICE, (*LOGON, "establish"), service(name))
        left = ws("ls -A /tmp/theirs").stdout
        check(f"{name}: nothing is stored in another user's folder", not ok and not left,
              (text, left))
    ok, _, text = run(ALICE, (*LOGON, "refresh"), service(), "KRB5CCNAME=FILE:/etc/krb5.keytab")
    check("REFRESH: a name of root's is no cache of the user's", not ok, text)


def keyring():
    probe = as_user(UID, "klist", f"KEYRING:persistent:{UID}")
    if "not implemented" in probe.stderr.lower() or "unknown credential cache type" in \
            probe.stderr.lower():
        print("skip KEYRING:persistent (this kernel or libkrb5 has none: "
              f"{probe.stderr.strip()})")
        return
    drop_caches()
    kind = service("KEYRING:persistent:%{uid}")
    ok, names, text = run(ALICE, (*ALL, "delete"), kind)
    check("KEYRING: all flags in one handle", ok, text)
    check("KEYRING: KRB5CCNAME, until it is deleted", names == [None, None,
          *[f"KEYRING:persistent:{UID}"] * 3, None], text)
    listed = as_user(UID, "klist", f"KEYRING:persistent:{UID}")
    check("KEYRING: klist as the user shows the TGT; it is shared, and so is kept",
          TGT in listed.stdout, listed)
    listed = as_user(OTHER, "klist", f"KEYRING:persistent:{UID}")
    check("KEYRING: another user reads nothing", listed.returncode != 0 and TGT not in
          listed.stdout, listed)
    files = ws("ls /tmp | grep krb5cc_ || true").stdout
    check("KEYRING: no file besides", files == "", files)
    # The default of many krb5.conf files, without an option of ours.
    ws("cp /etc/krb5.conf /root/krb5.conf.before; sed -i "
       "'s/^\\[libdefaults\\]/&\\n    default_ccache_name = KEYRING:persistent:%{uid}/' "
       "/etc/krb5.conf")
    ok, names, text = run(ALICE, (*LOGON, "establish"), service())
    check("krb5.conf's default_ccache_name decides the type", ok and
          names[-1] == f"KEYRING:persistent:{UID}", text)
    ws("cp /root/krb5.conf.before /etc/krb5.conf")


def names_and_passwords():
    drop_caches()
    ok, _, text = run(ALICE, (*ALL, "open", "close", "delete"), service(more="canonical_user=yes"))
    check("canonical_user=yes: the logon goes on under the canonical name", ok, text)
    for what, password in (("an empty password", ""), ("one of 511 bytes", "x" * 511),
                           ("one of 512 bytes", "x" * 512), ("one of 100,000", "x" * 100000)):
        got = logon(ALICE, password=password)
        check(f"{what} is a wrong one", got.code != "PAM_SUCCESS" and
              (got.code == "PAM_AUTH_ERR" or "Authentication failure" in got.text), got)
    got = logon(ALICE, password="")
    check("and in words", got.code == "PAM_AUTH_ERR" and "password is incorrect" in got.text, got)
    got = logon("root@contoso.test")
    check("root@contoso.test is not root, nor anybody", got.code == "PAM_AUTH_ERR", got)
    for step in ("account", "establish", "open"):
        ok, names, text = run(ALICE, (step,), service(), "TRUSTLOGON_SESSION=" + "0" * 32)
        check(f"{step}: a token that nobody gave opens nothing", not ok and names == [None], text)


def another_answers():
    """A module of nsswitch.conf before ours maps the name to another user's uid: for the program
    that calls PAM, nss_wrapper does."""
    wrapper, kind = "/usr/lib/x86_64-linux-gnu/libnss_wrapper.so", service()
    if ws(["test", "-e", wrapper]).returncode != 0:
        print("skip another module of nsswitch.conf (no libnss_wrapper.so)")
        return
    env = {"LD_PRELOAD": wrapper, "NSS_WRAPPER_PASSWD": "/root/passwd",
           "NSS_WRAPPER_GROUP": "/etc/group"}
    drop_caches()
    for what, uid in (("another user's", OTHER), ("root's", 0), ("a uid of nobody", 4242)):
        put("ws1", "/root/passwd", f"root:x:0:0::/root:/bin/sh\n{ALICE}:x:{uid}:{GID}::/:/bin/sh\n")
        forget_journal()
        ok, _, text = run(ALICE, LOGON, kind, env=env)
        told = journal_lines("name service of this machine maps") or [""]
        check(f"NSS says {what} uid: acct_mgmt refuses, and tells both", not ok and
              text[-1][:2] == ["account", 6] and f"uid {uid}," in told[0] and str(UID) in told[0],
              (text, told))
        ok, names, text = run(ALICE, ("authenticate", "establish"), kind, env=env)
        check(f"{what}: no tickets for a program that does not ask acct_mgmt",
              not ok and names == [None, None] and ws("ls /tmp").stdout.count("krb5cc_") == 0, text)
        got = logon(ALICE, steps=("acct_mgmt",), env=env)
        check(f"{what}: nor without a password", got.code == "PAM_PERM_DENIED", got)
    ok, _, text = run(ALICE, ALL, kind)
    check("without that module all is well again", ok, text)


up(**LAB)
logon(ALICE)  # now the machine knows her
UID, GID = ids_of(ALICE)
OTHER = UID + 1
ws(f"mkdir -p -m 755 {HOME} && chown {UID}:{GID} {HOME}")
file_caches()
reinitialise()
keyring()
names_and_passwords()
another_answers()
finish()
