# SPDX-License-Identifier: MIT
"""Runs inside a DC: reads and changes any object of its directory, as the
directory service itself would (trustedDomain objects refuse most changes over
LDAP). One JSON list of requests on standard input, one list of answers out;
attribute values travel as base64.

  {"op": "find", "base": DN or null, "filter": ..., "attrs": [...]}
  {"op": "set", "dn": ..., "attrs": {name: [value, ...]}}   answers the old values
  {"op": "add", "dn": ..., "attrs": {...}}
  {"op": "delete", "dn": ...}
  {"op": "rename", "dn": ..., "to": ...}
  {"op": "store", "dn": ..., "attrs": {...}}    adds values past every check
"""
import base64
import json
import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

CONTROLS = ["relax:0"]


def encode(entry):
    attributes = {name: [base64.b64encode(bytes(value)).decode() for value in entry[name]]
                  for name in entry.keys() if name != "dn"}
    return {"dn": str(entry.dn), "attrs": attributes}


def decode(values):
    return [base64.b64decode(value) for value in values]


def find(db, request):
    base = request.get("base") or str(db.get_default_basedn())
    found = db.search(base, ldb.SCOPE_SUBTREE, request["filter"], request["attrs"])
    return [encode(entry) for entry in found]


def change(db, request):
    names = list(request["attrs"])
    old = encode(db.search(request["dn"], ldb.SCOPE_BASE, None, names)[0])["attrs"]
    message = ldb.Message(ldb.Dn(db, request["dn"]))
    for name, values in request["attrs"].items():
        message[name] = ldb.MessageElement(decode(values), ldb.FLAG_MOD_REPLACE, name)
    db.modify(message, CONTROLS)
    return {name: old.get(name, []) for name in names}


def add(db, request):
    message = ldb.Message(ldb.Dn(db, request["dn"]))
    for name, values in request["attrs"].items():
        message[name] = ldb.MessageElement(decode(values), ldb.FLAG_MOD_ADD, name)
    db.add(message, CONTROLS)


def delete(db, request):
    db.delete(request["dn"], CONTROLS)


def rename(db, request):
    db.rename(request["dn"], request["to"], CONTROLS)


def store(db, request):
    """Add values in the partition's own file, or with "replace" change them, as replication
    brings them: the directory's checks (SPN uniqueness, keys of a password) are bypassed."""
    partition = str(db.get_default_basedn()).upper()
    raw = ldb.Ldb(f"/var/lib/samba/private/sam.ldb.d/{partition}.ldb",
                  flags=ldb.FLG_DONT_CREATE_DB)
    message = ldb.Message(ldb.Dn(raw, request["dn"]))
    how = ldb.FLAG_MOD_REPLACE if request.get("replace") else ldb.FLAG_MOD_ADD
    for name, values in request["attrs"].items():
        message[name] = ldb.MessageElement(decode(values), how, name)
    raw.modify(message)


OPERATIONS = {"find": find, "set": change, "add": add, "delete": delete, "rename": rename,
              "store": store}


def main():
    lp = LoadParm()
    lp.load_default()
    db = SamDB(url="/var/lib/samba/private/sam.ldb", session_info=system_session(), lp=lp)
    requests = json.load(sys.stdin)
    try:
        json.dump([OPERATIONS[request["op"]](db, request) for request in requests], sys.stdout)
    except ldb.LdbError as error:
        sys.exit(f"directory: {error.args[1]}")


if __name__ == "__main__":
    main()
