#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Forged PACs: the ticket is sealed with the workstation's real key, by a lying KDC
(lab/forger.py), and one thing in its PAC is wrong."""
import pathlib
import struct

import harness
from domains import sid_of
from harness import PASSWORD, check, command, equal, finish, logon, logon_json, on, put, up, ws
from meddling import Talker
from scenarios import TEXT

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
REDIRECT = ("table ip forge { chain in { type nat hook prerouting priority dstnat; "
            "tcp dport 88 redirect to :8090; }; }")
LOGON_INFO, SRV_CHECKSUM, KDC_CHECKSUM, CLIENT_INFO, UPN_DNS = 1, 6, 7, 10, 12


def machine_key():
    """(key, kvno) of WS1's newest AES256 key (keytab version 0x0502)."""
    data = pathlib.Path(harness._lab.file("ws1", "/etc/krb5.keytab")).read_bytes()
    found, offset = (0, b""), 2
    while offset + 4 <= len(data):
        size, = struct.unpack_from(">i", data, offset)
        entry, offset = data[offset + 4:offset + 4 + size], offset + 4 + abs(size)
        if size <= 0:
            continue
        components, = struct.unpack_from(">H", entry)
        at = 2
        for _ in range(components + 1):
            at += 2 + struct.unpack_from(">H", entry, at)[0]
        at += 8
        kvno, kind, length = struct.unpack_from(">BHH", entry, at)
        if kind == 18 and kvno >= found[0]:
            found = (kvno, entry[at + 5:at + 5 + length])
    return found[1].hex(), found[0]


class Forgers:
    """One on the DC of each domain; they share what they know."""

    def __init__(self):
        self.hosts = ("dc1.contoso", "dc1.fabrikam")
        self.talkers = []
        for host in self.hosts:
            talker = Talker(host, "/usr/bin/python3", "-I", "/run/lab/forger.py", "8090")
            assert talker.process.stdout.readline().strip() == "ready"
            done = on(host, ["nft", "-f", "-"], stdin=REDIRECT)
            assert done.returncode == 0, done.stderr
            self.talkers.append(talker)

    def tell(self, order):
        return [talker.ask(order)["learnt"] for talker in self.talkers]

    def end(self):
        for host, talker in zip(self.hosts, self.talkers):
            on(host, ["nft", "delete", "table", "ip", "forge"])
            talker.end()


def refused(forgers, what, order, reason, code="PAM_AUTH_ERR", text=TEXT[1326]):
    forgers.tell({"forge": order})
    got = logon(ALICE)
    check(f"{what}: {code}", got.code == code and text in got.text, got)
    told = logon_json(ALICE)
    equal(f"{what}: {reason}", (told["ok"], told["reason"], told["stage"]), (False, reason, "proof"))


def nobody_gets_in(forgers, fabrikam):
    bob = sid_of("dc1.contoso", "user", "bob")
    bobs = {"account": "bob", "rid": int(bob.rpartition("-")[2])}
    refused(forgers, "no PAC", {"none": True}, "pac-missing")
    refused(forgers, "no logon info", {"drop": [LOGON_INFO]}, "realm-without-identity")
    for what, order in {
            "signed with another key": {"sign": "other"},
            "changed after it was signed": {"flip": 200},
            "not signed": {"drop": [SRV_CHECKSUM]},
            "not signed by a KDC": {"drop": [KDC_CHECKSUM]},
            "another user's client info": {"client": "bob"},
            "client info of another logon": {"late": 60},
            "no client info": {"drop": [CLIENT_INFO]},
            "requested by another account": {"requester": bob},
            "another SID than beside the UPN": {"domain": fabrikam}}.items():
        refused(forgers, what, order, "pac-invalid")
    for what, order in {
            "a user of the workstation's own domain": {"domain": fabrikam},
            "administrator of the workstation's own domain": {"domain": fabrikam, "rid": 500},
            "a user of this machine": {"domain": "S-1-5-32"}}.items():
        refused(forgers, what, {**order, "drop": [UPN_DNS]}, "pac-sid-filtered")
    refused(forgers, "a user of no domain that is trusted",
            {"domain": "S-1-5-21-1-2-3", "drop": [UPN_DNS]}, "trust-sid")
    for what, order in {"another user's SIDs": bobs,
                        "another user's name": {"account": "bob"}}.items():
        refused(forgers, what, {**order, "drop": [UPN_DNS]}, "reply-mismatch")


def ways(forgers):
    """Realms that the ticket says it came through: no flag of it says that a KDC judged them."""
    for way in ("EVIL.TEST", "CHILD.CONTOSO.TEST", "FABRIKAM.TEST,EVIL.TEST", "EVIL.TEST,", "CONTOSO",
                "EVIL,FABRIKAM."):
        refused(forgers, f"through {way}", {"transited": way}, "transited-refused")
    for way in ("CONTOSO.TEST", "contoso.test,fabrikam.test"):
        forgers.tell({"forge": {"transited": way}})
        check(f"through {way}: logged on", logon(ALICE).code == "PAM_SUCCESS")


def sids_that_do_not_count(forgers, genuine, fabrikam):
    """Groups that the user's domain cannot give: the logon goes on without them."""
    helpdesk = sid_of("dc1.fabrikam", "group", "Helpdesk")
    bad = [f"{fabrikam}-512", helpdesk, "S-1-5-32-544", "S-1-5-18", "S-1-5-21-1-2-3-512"]
    forgers.tell({"forge": {"extra": bad}})
    told = logon_json(ALICE)
    check("SIDs of the own forest, builtin and low ones in ExtraSids: logged on, and none counts",
          told["ok"] and told["identity"]["gids"] == genuine["gids"] and
          not set(bad) & set(told["identity"]["groups"]), told)
    got = logon(ALICE)
    check("and by PAM", got.code == "PAM_SUCCESS", got)
    groups = set(map(int, ws(["id", "-G", ALICE]).stdout.split()))
    equal("id shows no more groups than before", groups, {genuine["gid"], *genuine["gids"]})
    put("ws1", "/etc/trustlogon.conf", f"[access]\n    allow_groups = {helpdesk}\n")
    got = logon(ALICE)
    check("a rule for a group of the own domain does not let the forged member in",
          got.code == "PAM_PERM_DENIED", got)
    put("ws1", "/etc/trustlogon.conf", f"[access]\n    allow_groups = {fabrikam}-512\n")
    got = logon(ALICE)
    check("nor does one for its administrators", got.code == "PAM_PERM_DENIED", got)
    forgers.tell({"forge": {"resource": ["S-1-5-32", 544]}})
    got = logon(ALICE)
    check("nor one that the forged resource groups name", got.code == "PAM_PERM_DENIED", got)
    ws(["rm", "/etc/trustlogon.conf"])


def main():
    up(**LAB)
    command("refresh")
    key, kvno = machine_key()
    forgers = Forgers()
    try:
        who = {"user": "alice", "password": PASSWORD, "key": key, "kvno": kvno}
        forgers.tell({**who, "learn": True})
        real = logon_json(ALICE)
        check("the real KDCs log alice on", real["ok"], real)
        genuine = real["identity"]
        learnt = forgers.tell({})[1]
        check("her PAC is known to the forgers", learnt is not None)
        forgers.tell({"pac": learnt, "forge": {}})
        told = logon_json(ALICE)
        check("with nothing wrong the forged ticket is as good as the KDC's", told["ok"] and
              told["identity"]["groups"] == genuine["groups"], told)
        fabrikam = sid_of("dc1.fabrikam", "user", "carol").rpartition("-")[0]
        nobody_gets_in(forgers, fabrikam)
        ways(forgers)
        sids_that_do_not_count(forgers, genuine, fabrikam)
        forgers.tell({"forge": {}})
        check("and with nothing wrong again", logon(ALICE).code == "PAM_SUCCESS")
    finally:
        forgers.end()
    finish()


if __name__ == "__main__":
    main()
