#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The agent renews tickets for as long as a session lives, in caches of each type. Tickets live for
hours, so the test sets the times in a cache back, as if the hours had passed."""
import datetime
import json
import pathlib
import re
import time

import kcm
from daemon import LOG, agent
from harness import (PASSWORD, check, equal, finish, get, ids_of, logon, on, pam_stack, put, until, up,
                     ws)

LAB = {"trust": "external"}

ALICE, BOB = "CONTOSO\\alice", "CONTOSO\\bob"
# As the user: what is in a cache begins half a day earlier. krb5_creds on LP64: times at 48.
AGE = """
import ctypes, struct, sys
k5 = ctypes.CDLL("libkrb5.so.3")
context, cache, client = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
cursor, found = ctypes.c_void_p(), []
ref = ctypes.byref
assert k5.krb5_init_context(ref(context)) == 0
assert k5.krb5_cc_resolve(context, sys.argv[1].encode(), ref(cache)) == 0
assert k5.krb5_cc_get_principal(context, cache, ref(client)) == 0
assert k5.krb5_cc_start_seq_get(context, cache, ref(cursor)) == 0
while True:
    creds = ctypes.create_string_buffer(512)
    if k5.krb5_cc_next_cred(context, cache, ref(cursor), creds) != 0:
        break
    for at in (48, 52):
        time, = struct.unpack_from("=i", creds, at)
        struct.pack_into("=i", creds, at, time - 43200 if time else 0)
    found.append(creds)
k5.krb5_cc_end_seq_get(context, cache, ref(cursor))
assert k5.krb5_cc_initialize(context, cache, client) == 0
for creds in found:
    assert k5.krb5_cc_store_cred(context, cache, creds) == 0
"""
CLIENT = pathlib.Path(__file__).with_name("pam_client.py").read_text(encoding="utf-8")
TGT = "krbtgt/CONTOSO.TEST@CONTOSO.TEST"
LINE = re.compile(rf"(\S+ \S+) +(\S+ \S+)  {re.escape(TGT)}")
SESSIONS = "/run/trustlogon/sessions"


def as_user(ids, command, **more):
    return ws(["setpriv", "--reuid", str(ids[0]), "--regid", str(ids[1]), "--clear-groups",
               *command], **more)


def run(name, steps, ccache=None):
    """One PAM handle of root's; KRB5CCNAME after the last step, None if one failed."""
    put("ws1", "/etc/pam.d/begin", pam_stack(f"ccache={ccache}" if ccache else ""))
    done = ws(["/usr/bin/python3", "-I", "-c", CLIENT, "begin", name, "[]", *steps],
              stdin=PASSWORD + "\n")
    try:
        last = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return None
    return last[-1][2].get("KRB5CCNAME") if [c for _, c, _ in last] == [0] * len(steps) else None


def session(name, ccache=None):
    return run(name, ("authenticate", "account", "establish"), ccache)


def age(ids, name):
    done = as_user(ids, ["/usr/bin/python3", "-I", "-c", AGE, name])
    check(f"{name.split(':')[0]}: half a day passes", done.returncode == 0, done.stderr)


def look(ids, name):
    """When the TGTs of a cache end, and all of klist."""
    shown = as_user(ids, ["klist", name]).stdout
    ends = [datetime.datetime.strptime(found[2], "%m/%d/%y %H:%M:%S")
            for found in LINE.finditer(shown)]
    return ends, shown


def records():
    return ws(f"ls {SESSIONS} 2>/dev/null").stdout.split()


def told(words):
    return ws(["grep", "-c", words, LOG]).stdout.strip()


def renewed():
    kinds = {"FILE": None, "DIR": f"DIR:/run/user/{A[0]}/krb5cc",
             "KEYRING": "KEYRING:persistent:%{uid}"}
    if kcm.start():
        kinds["KCM"] = "KCM:"
    names = {kind: session(ALICE, ccache) for kind, ccache in kinds.items()}
    if not check(f"sessions with caches of types {', '.join(kinds)}", all(names.values()), names):
        return
    for name in names.values():
        as_user(A, ["kvno", "-q", "cifs/dc1.contoso.test"], env={"KRB5CCNAME": name})
    first = {kind: look(A, name) for kind, name in names.items()}
    check("a record for each session, root's alone", len(records()) == len(kinds) and ws(
        f"stat -c '%u %a' {SESSIONS} {SESSIONS}/* | sort -u").stdout == "0 600\n0 700\n", records())
    time.sleep(2)
    equal("nothing is renewed before its time", {k: look(A, names[k]) for k in kinds}, first)
    for name in names.values():
        age(A, name)
    until(lambda: all(look(A, names[k])[0] > first[k][0] for k in kinds))
    for kind, name in names.items():
        ends, shown = look(A, name)
        check(f"{kind}: the TGT is renewed in its place", len(ends) == 1 and
              ends > first[kind][0], (first[kind], shown))
        check(f"{kind}: the other tickets stay", "cifs/dc1" in shown, (first[kind], shown))
    path = names["FILE"].removeprefix("FILE:")
    equal("FILE: the user's alone, still", ws(["stat", "-c", "%u %a", path]).stdout,
          f"{A[0]} 600\n")
    files = ws(f"ls /tmp | grep krb5cc_; ls -A /run/user/{A[0]}/krb5cc").stdout.split()
    check("no file is left besides", len(files) == 3 and {path[5:], "primary"} < set(files), files)
    check("the journal tells until when", told("alice@contoso.test are renewed until") != "0",
          ws(["cat", LOG]).stdout)
    second = look(A, names["FILE"])[0]
    age(A, names["FILE"])  # half a day before `second`, unless that was quick
    check("and again when it is time again",
          until(lambda: look(A, names["FILE"])[0] >= second), second)
    return names


def over(names):
    equal("a root's locker that names no cache refreshes the session's",
          run(ALICE, ("authenticate", "refresh")) in names.values(), True)
    equal("which is no session of its own", len(records()), len(names))
    ws(["rm", names["FILE"].removeprefix("FILE:")])
    check("a cache that is gone is no session's", until(lambda: len(records()) == len(names) - 1),
          records())
    run(ALICE, ("authenticate", "account", "establish", "open", "close"),
        "KEYRING:persistent:%{uid}")
    equal("one of two sessions with one cache ends", len(records()), len(names) - 1)
    before = records()
    run(ALICE, ("authenticate", "account", "establish", "open", "close", "delete"))
    equal("a session that ends leaves no record", records(), before)


def refused():
    name = session(BOB)
    tool = ["samba-tool", "user"]
    on("dc1.contoso", [*tool, "disable", "bob"])
    age(B, name)
    until(lambda: told("the tickets of bob@contoso.test are not renewed") != "0")
    before = look(B, name)
    time.sleep(3)
    equal("a KDC's refusal is told once", told("the tickets of bob@contoso.test are not renewed"),
          "1")
    equal("and leaves the cache alone", look(B, name), before)
    on("dc1.contoso", [*tool, "enable", "bob"])
    ws(["rm", "-f", name.removeprefix("FILE:")])


def others():
    """A cache that its user has damaged does not affect the renewal of others."""
    name = session(ALICE)
    first = look(A, name)[0]
    theirs = [session(BOB).removeprefix("FILE:") for _ in "12"]  # looked at first, or not
    for path in theirs:
        as_user(B, ["sh", "-c", f"echo spoilt > {path}"])
    until(lambda: told("cannot renew the tickets of bob@contoso.test") != "0")
    age(A, name)
    check("alice's tickets are renewed beside bob's spoilt cache",
          until(lambda: look(A, name)[0] >= first), (first, look(A, name), ws(["cat", LOG]).stdout))
    ws(["rm", "-f", name.removeprefix("FILE:"), *theirs])


def lifetimes():
    """krb5.conf's settings, else Windows' defaults: of the TGT, in hours, and its flags."""
    conf = get("ws1", "/etc/krb5.conf")
    for what, more, wanted in (
            ("as on Windows", "", (10, 168, True, True)),
            ("krb5.conf", "ticket_lifetime = 2h\n renew_lifetime = 3d\n forwardable = false",
             (2, 72, False, True)),
            ("its realm's own", "CONTOSO.TEST = {\n ticket_lifetime = 3h\n }\n"
             " ticket_lifetime = 2h\n renew_lifetime = 0", (3, 0, True, False))):
        put("ws1", "/etc/krb5.conf", conf.replace("[libdefaults]\n", f"[libdefaults]\n {more}\n"))
        name = session(ALICE)
        # Start, end, and the last word of "renew until"; flags.
        shown = as_user(A, ["klist", "-f", name]).stdout
        found = re.search(rf"(\S+ \S+)  (\S+ \S+)  {re.escape(TGT)}\n"
                          r"\t(?:renew until (\S+ \S+), )?Flags: (\w+)", shown)
        if check(f"{what}: a TGT", found, shown):
            start, end, till = (t and datetime.datetime.strptime(t, "%m/%d/%y %H:%M:%S")
                                for t in found.groups()[:3])
            hours = [round((t - start).total_seconds() / 3600) if t else 0 for t in (end, till)]
            equal(f"{what}: lifetime, renewal, forwardable, renewable",
                  (*hours, "F" in found[4], "R" in found[4]), wanted)
        ws(["rm", "-f", name.removeprefix("FILE:")])
    put("ws1", "/etc/krb5.conf", conf)


def switched_off():
    put("ws1", "/etc/trustlogon.conf", "[agent]\n    renew_interval = 0\n")
    with agent():
        name = session(ALICE)
        age(A, name)
        before = look(A, name)
        time.sleep(3)  # more than it takes where it is on
        equal("renew_interval = 0: left as it is", look(A, name), before)


up(**LAB)
put("ws1", "/etc/trustlogon.conf", "[agent]\n    renew_interval = 1\n")
logon(ALICE)
logon(BOB)
A, B = ids_of(ALICE), ids_of(BOB)
ws(f"mkdir -p -m 700 /run/user/{A[0]} && chown {A[0]}:{A[1]} /run/user/{A[0]}")
with agent():
    caches = renewed()
    if caches:
        over(caches)
    refused()
    others()
switched_off()
lifetimes()
finish()
