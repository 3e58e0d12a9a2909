# SPDX-License-Identifier: MIT
"""NSS modules side by side on WS1, each called directly in one process.

Two users of the workstation's own domain, which every peer serves as its manual says:
`one` is in Domain Users only, `many` in 300 groups more. nss_files gets a pair of its
own of the same size.
"""
import contextlib
import re
import time

import clients
from daemon import agent
from harness import PASSWORD, get, logon, on, put, ws

GROUPS = 300
MISSING = "nobody.here"
LIBRARY = "/usr/lib/x86_64-linux-gnu"
MEASURES = ["getpwnam", "getpwuid", "initgroups-1", f"initgroups-{GROUPS}", "miss"]
BUDGET = 0.5  # of nss_sss
HITS = 1000
DAEMONS = ["trustlogond", "sssd", "winbind"]  # how the names of their processes begin
AGENT_KIB = 12 * 1024

MAKE_USERS = f"""
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
lp = LoadParm()
lp.load_default()
db = SamDB(url="/var/lib/samba/private/sam.ldb", session_info=system_session(), lp=lp)
db.transaction_start()
for name in ("one", "many"):
    db.newuser(name, {PASSWORD!r})
for n in range({GROUPS}):
    db.newgroup(f"group {{n}}")
    db.add_remove_group_members(f"group {{n}}", ["many"])
db.transaction_commit()
"""
SSSD_CONF = """[sssd]
services = nss, pam
domains = fabrikam.test

[domain/fabrikam.test]
id_provider = ad
access_provider = permit
sudo_provider = none
ad_domain = fabrikam.test
krb5_realm = FABRIKAM.TEST
dyndns_update = false
use_fully_qualified_names = true
"""
WINBIND_CONF = """    idmap config * : backend = tdb
    idmap config * : range = 1000000-1999999
    idmap config FABRIKAM : backend = rid
    idmap config FABRIKAM : range = 700000-799999
"""


class Subject:
    """A module, and the users it is asked for."""

    def __init__(self, module, prefix, one, many, missing):
        self.path = f"{LIBRARY}/{module}"
        self.prefix, self.one, self.many, self.missing = prefix, one, many, missing

    def ask(self, name):
        return ws(["getent", "-s", self.prefix, "passwd", name], timeout=120)

    def ready(self):
        """Asked for once, so that what it keeps is there; False where it does not serve."""
        ws(["getent", "-s", self.prefix, "initgroups", self.many], timeout=120)
        ws(["getent", "-s", self.prefix, "initgroups", self.one], timeout=120)
        self.ask(self.missing)
        return self.ask(self.one).returncode == 0 and self.ask(self.many).returncode == 0

    def arguments(self):
        return [self.path, self.prefix, self.one, self.ask(self.one).stdout.split(":")[2],
                self.many, self.missing]


OURS = Subject("libnss_trustlogon.so.2", "trustlogon", "one@fabrikam.test", "many@fabrikam.test",
               f"{MISSING}@fabrikam.test")
SUBJECTS = [
    OURS,
    Subject("libnss_sss.so.2", "sss", "one@fabrikam.test", "many@fabrikam.test",
            f"{MISSING}@fabrikam.test"),
    Subject("libnss_winbind.so.2", "winbind", "FABRIKAM\\one", "FABRIKAM\\many",
            f"FABRIKAM\\{MISSING}"),
    # glibc has had it within itself since 2.34.
    Subject("libc.so.6", "files", "filesone", "filesmany", MISSING),
]


def local_users():
    passwd = "".join(f"files{name}:x:{uid}:60000::/home/{name}:/bin/bash\n"
                     for name, uid in (("one", 60001), ("many", 60002)))
    group = "filesusers:x:60000:\nfilesgroup:x:60099:filesone\n" + "".join(
        f"filesgroup{n}:x:{60100 + n}:filesmany\n" for n in range(GROUPS))
    put("ws1", "/etc/passwd", get("ws1", "/etc/passwd") + passwd)
    put("ws1", "/etc/group", get("ws1", "/etc/group") + group)


@contextlib.contextmanager
def all_serving():
    done = on("dc1.fabrikam", ["/usr/bin/python3", "-c", MAKE_USERS], timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"no users: {done.stderr}")
    local_users()
    with contextlib.ExitStack() as stack:
        stack.enter_context(agent())
        for name in (OURS.one, OURS.many):
            got = logon(name)
            if got.code != "PAM_SUCCESS":
                raise RuntimeError(f"{name}: {got}")
        there = []
        for subject, serve in ((SUBJECTS[1], clients.sssd), (SUBJECTS[2], clients.winbind)):
            conf = SSSD_CONF if serve is clients.sssd else WINBIND_CONF
            try:
                stack.enter_context(serve(conf, subject.one))
                there.append(subject)
            except RuntimeError as error:
                print(f"skip nss_{subject.prefix}: {error}")
        yield [s for s in (OURS, *there, SUBJECTS[3]) if s.ready()]


def cost_of_hits():
    """System calls and allocations of HITS rounds of every measure; both must be none."""
    program = ["/run/lab/bench_nss_peers", "--hits", str(HITS), *OURS.arguments()]
    done = ws(["strace", "-o", "/run/lab/strace", *program], timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"strace: {done.stderr}")
    between = get("ws1", "/run/lab/strace").split("getppid()")[1]
    calls = len(re.findall(r"^[a-z_0-9]+\(", between, re.MULTILINE))
    return calls, int(re.search(r"heap (\d+)", done.stdout)[1])


def memory():
    """{daemon: [processes, KiB resident, KiB of that not shared]}, all at rest."""
    for _ in range(100):
        if ws("pgrep -P $(pgrep -o -x trustlogond)").returncode != 0:
            break
        time.sleep(0.1)
    found = {}
    for line in ws("cd /proc; for p in [0-9]*; do echo $(cat $p/comm) "
                   "$(awk '/^Rss/ {r=$2} /^Private/ {s+=$2} END {print r, s}' "
                   "$p/smaps_rollup); done 2>/dev/null").stdout.splitlines():
        words = line.split()
        name = next((d for d in DAEMONS if words and words[0].startswith(d)), None)
        if name and len(words) == 3:
            sums = found.setdefault(name, [0, 0, 0])
            for i, value in enumerate((1, int(words[1]), int(words[2]))):
                sums[i] += value
    return found


def figures():
    """{module: {measure: ns}}, from one process; and what else is measured meanwhile."""
    with all_serving() as subjects:
        done = ws(["/run/lab/bench_nss_peers", *(word for s in subjects for word in s.arguments())],
                  timeout=600)
        if done.returncode != 0:
            raise RuntimeError(f"bench_nss_peers: {done.stderr}")
        cost, used = cost_of_hits(), memory()
    found = {}
    for line in done.stdout.splitlines():
        module, what, value = line.split()
        found.setdefault(module, {})[what] = float(value)
    return found, cost, used


def beside(program, table):
    """Measure, print; what is not within the budget, in words."""
    put("ws1", "/run/lab/bench_nss_peers", program.read_bytes(), mode=0o755)
    found, (calls, heap), used = figures()
    rows = [[f"nss_{module}", *(f"{values[m]:.0f}" if m in values else "-" for m in MEASURES),
             f"{values.get('groups', 0):.0f}"] for module, values in found.items()]
    ours, sss = found["trustlogon"], found.get("sss")
    failed = []
    if sss is not None:
        ratios = {m: ours[m] / sss[m] for m in MEASURES}
        rows.append(["ours / nss_sss", *(f"{ratios[m]:.2f}" for m in MEASURES), ""])
        failed = [f"{m}: {ratio:.2f} of nss_sss, the budget is {BUDGET}"
                  for m, ratio in ratios.items() if ratio > BUDGET]
    table("NSS modules called directly, in turn, in one process: median of 101 rounds, ns",
          ["module", *MEASURES, "groups"], rows)
    print(f"\nnss_trustlogon: {calls} system calls and {heap} allocations in {HITS} rounds of "
          "every measure")
    if calls or heap:
        failed.append("a hit is not only memory")
    table("Their daemons at rest afterwards, KiB", ["daemon", "processes", "resident", "private"],
          [[daemon, *values] for daemon, values in used.items()])
    if used["trustlogond"][1] > AGENT_KIB:
        failed.append(f"the agent: {used['trustlogond'][1]} KiB resident")
    return failed
