#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""PACs of real host tickets: our decoder and libndr say the same of each.

The tickets are fetched by MIT's kinit and kvno and opened with the keytab by libkrb5
(ticket-pac, of the build tree in $TL_BUILD). tests/diff/pac.py has the comparison, and
hand-made and damaged PACs by the thousand.
"""
import json
import os
import pathlib
import re
import sys

from domains import run_script, sid_of
from harness import PASSWORD, check, equal, finish, put, trust, up, ws

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent.parent / "diff"))
import pac  # pylint: disable=wrong-import-position

LAB = {"trust": "external"}

BUILD = pathlib.Path(os.environ.get("TL_BUILD", HERE.parents[2] / "build"))
HOST = "host/ws1.fabrikam.test@FABRIKAM.TEST"
TOOL = "/usr/local/bin/ticket-pac"
MANY = 120

# bob becomes a member of many groups, some of them in others, and of one that is in all.
PREPARE = r"""
db.transaction_start()
for i in range(int(sys.argv[1])):
    inner = f"CN=bob,{users}" if i % 3 == 0 else f"CN=Many {i - 1},{users}"
    scope = -0x7FFFFFF8 if i % 3 or i % 2 else -0x7FFFFFFE  # universal, or global
    db.add({"dn": f"CN=Many {i},{users}", "objectClass": "group", "sAMAccountName": f"Many {i}",
            "groupType": str(scope), "member": inner})
db.transaction_commit()
"""

FETCH = """
export KRB5CCNAME=FILE:/tmp/pac.cc
rm -f /tmp/pac.cc
echo "$1" | kinit -C "$2" >&2 && kvno $3 {host} >&2 &&
{tool} FILE:/tmp/pac.cc FILE:/etc/krb5.keytab {host} >/tmp/pac && od -An -v -tx1 /tmp/pac
"""


def pac_of(client, way):
    command = FETCH.format(host=HOST, tool=TOOL)
    done = ws(["sh", "-c", command, "sh", PASSWORD, client, way])
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    return bytes.fromhex("".join(done.stdout.split()))


def compare(kind, client, way=""):
    data = pac_of(client, way)
    ours = pac.drive(str(BUILD / "tests/diff/diff_pac"), [data])[0]
    theirs, rule = pac.judge(data)
    equal(f"{kind}, {client}: libndr reads the same ({len(data)} bytes)", ours, theirs)
    check(f"{kind}, {client}: and both take it", rule is None and ours.startswith("ok "), ours)
    return {name: int(count) for name, count in
            re.findall(r" (groups|extra|resource)=(\d+)", ours)}, ours


def main():
    up(**LAB)
    put("ws1", TOOL, (BUILD / "tests/tools/ticket-pac").read_bytes(), mode=0o755)
    equal("bob is in many groups", run_script("dc1.contoso", PREPARE, str(MANY)), "")
    nested = [sid_of("dc1.contoso", "group", name).rpartition("-")[2]
              for name in ("Sales", "All Staff", "Project Éclair")]
    for kind, way in (("external", "krbtgt/FABRIKAM.TEST@CONTOSO.TEST"), ("forest", "")):
        if kind == "forest":
            trust("forest")
        _, line = compare(kind, "alice@CONTOSO.TEST", way)
        check(f"{kind}: groups in groups are there", all(f"-{rid}:" in line for rid in nested), line)
        counts, _ = compare(kind, "bob@CONTOSO.TEST", way)
        check(f"{kind}: and all of many", counts["groups"] >= MANY, json.dumps(counts))
    compare("own domain", "carol@FABRIKAM.TEST")
    finish()


if __name__ == "__main__":
    main()
