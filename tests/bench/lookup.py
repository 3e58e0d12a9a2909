# SPDX-License-Identifier: MIT
"""Users who never logged on, looked up for the first time, beside nss_sss and nss_winbind.

They are users of CONTOSO, over a two-way external trust. Each module is the only one in
nsswitch.conf while it is measured, and its daemon begins with empty caches; the process that
asks is one, or eight at once, and calls the C library."""
import contextlib
import json
import statistics

import clients
from daemon import agent
from harness import PASSWORD, command, get, on, put, ws

AT_ONCE = 8
MEDIAN_MS = 2.0  # and not slower than nss_winbind
NSSWITCH = "/etc/nsswitch.conf"
MAKE_USERS = """
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
lp = LoadParm()
lp.load_default()
db = SamDB(url="/var/lib/samba/private/sam.ldb", session_info=system_session(), lp=lp)
db.transaction_start()
db.newgroup("seen by all")
names = [f"fresh{n}" for n in range(int(sys.argv[1]))]
for name in names:
    db.newuser(name, sys.argv[2])
db.add_remove_group_members("seen by all", names)
db.transaction_commit()
"""
ASK = """
import json, multiprocessing, os, pwd, sys, time
how, at_once, keys = json.load(sys.stdin)

def groups(name):
    entry = pwd.getpwnam(name)
    if len(os.getgrouplist(name, entry.pw_gid)) < 2:
        raise KeyError(name)
    return entry.pw_uid

ask = {"name": lambda key: pwd.getpwnam(key).pw_uid, "uid": lambda key: pwd.getpwuid(key).pw_uid,
       "groups": groups}[how]

def some(keys):
    found = []
    for key in keys:
        began = time.monotonic()
        try:
            uid = ask(key)
        except KeyError:
            uid = None
        found.append((time.monotonic() - began, uid))
    return found

if at_once == 1:
    parts, began = [keys], time.monotonic()
    answers = [some(keys)]
else:
    parts = [keys[n::at_once] for n in range(at_once)]
    with multiprocessing.Pool(at_once) as pool:
        pool.map(some, [[] for _ in parts])
        began = time.monotonic()
        answers = pool.map(some, parts, chunksize=1)
whole = time.monotonic() - began
print(json.dumps([whole, [list(pair) for part in answers for pair in part]]))
"""


@contextlib.contextmanager
def ours():
    ws("rm -rf /var/lib/trustlogon /run/trustlogon /var/cache/trustlogon")
    command("refresh")
    with agent():
        yield


# (label, name in nsswitch.conf, what must run, how a user is named)
MODULES = [
    ("nss_trustlogon", "trustlogon", ours, "{}@contoso.test"),
    ("nss_sss", "sss", clients.sssd, "{}@contoso.test"),
    ("nss_winbind", "winbind", clients.winbind, "CONTOSO\\{}"),
]


def ask(how, keys, at_once=1):
    """(milliseconds of each, milliseconds of all, ids, how many were not found, or had no groups
    but their own: nss_winbind knows those only after a logon)"""
    done = ws(["/usr/bin/python3", "-I", "-c", ASK], stdin=json.dumps([how, at_once, keys]),
              timeout=1800)
    if done.returncode != 0:
        raise RuntimeError(f"{how}: {done.stderr}")
    whole, answers = json.loads(done.stdout)
    return ([1000 * took for took, _ in answers], 1000 * whole,
            [uid for _, uid in answers if uid is not None],
            sum(uid is None for _, uid in answers))


def of_module(name, serve, form, count):
    """{what: (median, 95 of 100, all, not found)} for one module."""
    users = [form.format(f"fresh{n}") for n in range(3 * count)]
    first, second, third = users[:count], users[count:2 * count], users[2 * count:]
    found = {}

    def note(what, got):
        took, whole, uids, missing = got
        found[what] = (statistics.median(took), sorted(took)[int(len(took) * 0.95)], whole, missing)
        return uids

    kept = get("ws1", NSSWITCH)
    put("ws1", NSSWITCH, f"passwd: files {name}\ngroup: files {name}\nhosts: files dns\n")
    try:
        with serve():
            uids = note("by name", ask("name", first))
            note(f"by name, {AT_ONCE} at once", ask("name", second, AT_ONCE))
            note("with groups", ask("groups", third))
        with serve():
            note("by uid", ask("uid", uids))
    finally:
        put("ws1", NSSWITCH, kept)
    return found


def beside(count, table):
    """Measure, print; what is not within the budget, in words."""
    made = on("dc1.contoso", ["/usr/bin/python3", "-c", MAKE_USERS, str(3 * count), PASSWORD],
              timeout=1800)
    if made.returncode != 0:
        raise RuntimeError(f"no users: {made.stderr}")
    found = {}
    for label, name, serve, form in MODULES:
        try:
            found[label] = of_module(name, serve, form, count)
        except RuntimeError as error:
            print(f"skip {label}: {error}")
    failed = []
    for what in found["nss_trustlogon"]:
        rows = [[label, *(f"{value:.1f}" for value in values[what][:2]),
                 f"{values[what][2] / 1000:.2f}", values[what][3]]
                for label, values in found.items() if what in values]
        table(f"{count} users never seen, {what}: ms each, s for all",
              ["module", "median", "95 of 100", "all", "not found, or without groups"], rows)
        median = found["nss_trustlogon"][what][0]
        peer = found.get("nss_winbind", {}).get(what, (None,))[0]
        if median > MEDIAN_MS:
            failed.append(f"{what}: {median:.1f} ms in the median, the budget is {MEDIAN_MS} ms")
        if peer is not None and median > peer:
            failed.append(f"{what}: {median:.1f} ms in the median, nss_winbind {peer:.1f}")
    return failed
