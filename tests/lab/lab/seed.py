# SPDX-License-Identifier: MIT
"""Runs inside a DC before it first starts: accounts, groups, policy.

Reads one JSON object from standard input: password, suffix, users and groups,
as settings.py describes them.
"""
import json
import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

NEVER = "-9223372036854775808"
GROUP_TYPE = {"global": -0x7FFFFFFE, "domainlocal": -0x7FFFFFFC, "universal": -0x7FFFFFF8}


def replace(db, dn, attributes, controls=None):
    message = ldb.Message(ldb.Dn(db, str(dn)))
    for name, value in attributes.items():
        message[name] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, name)
    db.modify(message, controls or [])


def find(db, name):
    found = db.search(db.get_default_basedn(), ldb.SCOPE_SUBTREE,
                      f"(sAMAccountName={ldb.binary_encode(name)})", ["userAccountControl"])
    return found[0]


def set_policy(db):
    """Tests try wrong passwords and change passwords many times in a minute."""
    replace(db, db.get_default_basedn(), {
        "minPwdAge": "0", "pwdHistoryLength": "0", "lockoutThreshold": "0",
        "lockoutDuration": NEVER, "lockOutObservationWindow": str(-30 * 60 * 10_000_000)})


def add_user(db, user, seed):
    db.newuser(user["name"], seed["password"])
    entry = find(db, user["name"])
    changes = dict(user.get("set", {}))
    changes = {k: bytes(v) if isinstance(v, list) else v for k, v in changes.items()}
    if "upn" in user:
        changes["userPrincipalName"] = user["upn"]
    if "uac" in user:
        changes["userAccountControl"] = str(int(entry["userAccountControl"][0]) | user["uac"])
    if changes:
        replace(db, entry.dn, changes)
    if user.get("state") == "locked":
        # Only the KDC writes this value otherwise; any time in the past with
        # a lockout that never ends means "locked".
        replace(db, entry.dn, {"lockoutTime": "132000000000000000"}, ["relax:0"])


def main():
    seed = json.load(sys.stdin)
    lp = LoadParm()
    lp.load_default()
    db = SamDB(url="/var/lib/samba/private/sam.ldb", session_info=system_session(), lp=lp)
    db.transaction_start()
    set_policy(db)
    for user in seed["users"]:
        add_user(db, user, seed)
    for name, scope, members in seed["groups"]:
        db.newgroup(name, grouptype=GROUP_TYPE[scope])
        db.add_remove_group_members(name, members)
    if seed["suffix"]:
        replace(db, f"CN=Partitions,{db.get_config_basedn()}", {"uPNSuffixes": seed["suffix"]})
    db.transaction_commit()


if __name__ == "__main__":
    main()
