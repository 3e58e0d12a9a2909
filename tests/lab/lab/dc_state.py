# SPDX-License-Identifier: MIT
"""Runs inside a DC: what tests change there, and how it is put back.

dc_state.py record    keep the present state, in memory
dc_state.py restore   make the directory what it was when that was kept, and print what still
                      differs, one line each
dc_state.py restore secrets   the passwords of trusts, too: to be run at both ends

The directory is read from the files of its partitions and put back there: passwords and links to
other objects come back to the letter that way. Left out is what changes by itself (times and
counters of logons, the bookkeeping of replication) and the RIDs that were used.
"""
import contextlib
import glob
import os
import pickle
import re
import subprocess
import sys
import time

import ldb
from samba import Ldb

PRIVATE = "/var/lib/samba/private"
KEPT = "/run/lab/found"
# Of a RID set either all is put back or nothing: a pool that is given out again has RIDs of others.
BY_ITSELF = {
    "distinguishedname", "whencreated", "whenchanged", "usnchanged", "usncreated",
    "replpropertymetadata", "repluptodatevector", "lastlogon", "lastlogontimestamp", "lastlogoff",
    "logoncount", "badpwdcount", "badpasswordtime", "ridnextrid", "ridusedpool",
    "ridpreviousallocationpool", "ridallocationpool", "ridavailablepool"}
# A trust that was made again is the same trust: with new passwords, and a new account for them.
OF_A_TRUST = {
    "objectguid", "objectsid", "trustauthincoming", "trustauthoutgoing", "unicodepwd",
    "ntpwdhistory", "supplementalcredentials", "pwdlastset"}
NAMES_OF_AN_OBJECT = {"objectguid", "objectsid"}  # of OF_A_TRUST what no secret is
INTERDOMAIN_TRUST_ACCOUNT = 0x800
# Of a link [MS-DRSR] to another object: when, where and in which version it was made.
LINK_HISTORY = re.compile(rb"<RMD_(?!FLAGS)\w+=[^>]*>;")
LINK_DELETED = re.compile(rb"<RMD_FLAGS=\d*[13579]>")
SAMBA = {"samba", "smbd", "winbindd", "samba-dcerpcd"}


class Entry:
    def __init__(self, message):
        self.dn = str(message.dn)
        self.raw = {name: [bytes(value) for value in message[name]]
                    for name in message.keys() if name != "dn"}
        self.deleted = "isDeleted" in self.raw
        account = int(self.raw.get("userAccountControl", [b"0"])[0])
        self.trust = b"trustedDomain" in self.raw["objectClass"] or \
            bool(account & INTERDOMAIN_TRUST_ACCOUNT)
        self.key = self.dn if self.trust else self.raw["objectGUID"][0]

    def values(self, name):
        """Without the history of links, and without links that were deleted."""
        if name.lower() in BY_ITSELF or self.trust and name.lower() in OF_A_TRUST:
            return []
        return sorted(LINK_HISTORY.sub(b"", value) for value in self.raw.get(name, [])
                      if not LINK_DELETED.search(value))

    def differs(self, other):
        """Names of attributes in which two are different."""
        return [name for name in sorted(self.raw.keys() | other.raw.keys())
                if self.values(name) != other.values(name)]


def partitions():
    for path in glob.glob(f"{PRIVATE}/sam.ldb.d/*.ldb"):
        if not os.path.basename(path).upper().startswith("CN=SCHEMA"):
            # Samba's own class: it finds names with other letters than ASCII.
            yield path, Ldb(path, flags=ldb.FLG_DONT_CREATE_DB | ldb.FLG_NOSYNC)


def directory(before=None):
    """{partition: {key: entry}}; deleted objects count only if they were there before."""
    found = {}
    for path, db in partitions():
        entries = map(Entry, db.search("", ldb.SCOPE_SUBTREE, "(objectGUID=*)"))
        found[path] = {entry.key: entry for entry in entries
                       if not entry.deleted or before and entry.key in before[path]}
    return found


def files():
    """Those of /etc that were written after the host began."""
    began = os.stat("/run/lab").st_ctime
    for folder, _, names in os.walk("/etc"):
        for name in names:
            path = os.path.join(folder, name)
            if os.lstat(path).st_ctime >= began and os.path.isfile(path):
                with open(path, "rb") as content:
                    yield path, content.read()


def programs():
    """What runs beside samba, and whether samba does."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
        except OSError:
            continue
        if int(pid) not in (1, os.getpid()):
            found.add("samba" if program in SAMBA or program.startswith("rpcd_") else program)
    return sorted(found)


def surroundings():
    """What can be compared, and is not put back."""
    def printed(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {**dict(files()), "programs": programs(), "firewall": printed("nft", "list", "ruleset"),
            "addresses": printed("ip", "-br", "address")}


def restore(before):
    """Put back what is different, in the partitions' own files: past the directory's checks, which
    would leave deleted objects behind and allow no password to be written."""
    now = directory(before)
    if not any(differences(before, now)):
        return now
    for path, db in partitions():
        whole(db, lambda: put_back(db, before[path], now[path]))
    return directory(before)


def whole(db, change, tries=5):
    """A change in one transaction; the DC's processes may hold the lock that it needs."""
    try:
        db.transaction_start()
        change()
        db.transaction_commit()
    except ldb.LdbError:
        if tries == 1:
            raise
        with contextlib.suppress(ldb.LdbError):
            db.transaction_cancel()
        time.sleep(0.5)
        whole(db, change, tries - 1)


def put_back(db, then, today):
    new = [entry.dn for key, entry in today.items() if key not in then]
    for dn in sorted(new, key=lambda dn: dn.count(","), reverse=True):  # from below
        db.delete(dn)
    for key in then.keys() & today.keys():
        if today[key].dn != then[key].dn:
            db.rename(today[key].dn, then[key].dn)
        write_back(db, then[key], then[key].differs(today[key]))


def write_back(db, entry, names):
    """The version of an account's keys is kept in the bookkeeping of its password."""
    message = ldb.Message(ldb.Dn(db, entry.dn))
    if "unicodePwd" in names:
        names = [*names, "replPropertyMetaData"]
    for name in names:
        message[name] = ldb.MessageElement(entry.raw.get(name, []), ldb.FLAG_MOD_REPLACE, name)
    if names:
        db.modify(message)


def differences(before, now):
    for path in before:
        for key in before[path].keys() | now[path].keys():
            then, today = before[path].get(key), now[path].get(key)
            if then is None or today is None:
                yield f"{(then or today).dn}: {'is new' if then is None else 'is gone'}"
            elif then.dn != today.dn:
                yield f"{then.dn}: is {today.dn}"
            else:
                yield from (f"{then.dn}: {name}" for name in then.differs(today))


def main():
    if sys.argv[1] == "record":
        with open(KEPT, "wb") as out:
            pickle.dump((directory(), surroundings()), out)
        return
    with open(KEPT, "rb") as stored:
        before, around = pickle.load(stored)
    if "secrets" in sys.argv[2:]:
        OF_A_TRUST.intersection_update(NAMES_OF_AN_OBJECT)
    lines = list(differences(before, restore(before)))
    now = surroundings()
    lines += [name for name in around.keys() | now.keys() if around.get(name) != now.get(name)]
    print("\n".join(sorted(lines)))


if __name__ == "__main__":
    main()
