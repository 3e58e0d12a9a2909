#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Bytes that Windows machines sent, read by our decoders.

usage: TL_WINDOWS_DATA=FOLDER windows.py DRIVER

FOLDER holds recorded PACs, tickets with their keys, messages of KDCs, LDAP pings and keytabs, which
are not part of this project; INDEX.tsv says of each what is known about it (columns: file, kind,
source, licence, made by, facts). What we read is compared with those facts, and with what Samba's
libndr, or a reader of BER of our own here, finds in the same bytes; signatures are verified where
the key is known. A fact or a kind that nothing here looks at is a failure. Without the folder the
test is skipped.
"""
import calendar
import csv
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time

DATA = os.environ.get("TL_WINDOWS_DATA", "")
if not DATA:
    print("skip recorded bytes of Windows: TL_WINDOWS_DATA names no folder")
    sys.exit(77)
try:
    from samba.dcerpc import nbt
    from samba.ndr import ndr_unpack
    import pac as pacs
except ImportError:
    print("skip recorded bytes of Windows: Samba's Python modules are not installed")
    sys.exit(77)

PREAUTH_REQUIRED = "25"
DES = {"1", "3"}  # key types that libkrb5 has no code for any more


class Wrong(Exception):
    pass


def expect(what, is_so, should):
    if is_so != should:
        raise Wrong(f"{what} is {is_so!r}, not {should!r}")


# ---- BER, as far as these messages need it ---------------------------------

def elements(data):
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at:at + size], "big"), at + size
        yield tag, data[at:at + length]
        at += length


def only(data):
    (_, content), = elements(data)
    return content


def fields(sequence):
    """{number of the context tag: what is in it}"""
    return {tag & 0x1F: only(content) for tag, content in elements(sequence) if tag & 0xC0 == 0x80}


def name(principal):
    return [part.decode() for _, part in elements(fields(principal)[1])]


# ---- facts of the index -----------------------------------------------------

def words_of(facts):
    """{key: value} of the facts written so, and the others as a list."""
    keys, others = {}, []
    for word in re.findall(r'"[^"]*"|\S+', facts.replace(";", " ")):
        key, equals, value = word.partition("=")
        if equals and re.fullmatch(r"[a-z]+", key):
            keys[key] = value
        else:
            others.append(word.strip('"'))
    return keys, others


def seconds(text):
    if text.startswith("#"):
        return int(text[1:])
    return calendar.timegm(time.strptime(text, "%Y%m%d%H%M%SZ"))


class Row:
    def __init__(self, columns):
        self.file, self.kind, _, _, _, self.facts = columns
        self.path = pathlib.Path(DATA, self.file)
        self.data = self.path.read_bytes()
        self.keys, self.others = words_of(self.facts)
        self.stem = self.path.stem


class Driver:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, errors="surrogateescape")

    def ask(self, *words, lines=1):
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        got = [self.process.stdout.readline().rstrip("\n") for _ in range(lines)]
        return got[0] if lines == 1 else got

    def end(self):
        self.process.stdin.close()
        return self.process.wait()


# ---- PACs -------------------------------------------------------------------

def understood(line):
    """What the driver printed of a PAC, by name; lists of SIDs as lists."""
    words, found, at = line.split(), {}, 1
    while at < len(words):
        key, _, value = words[at].partition("=")
        at += 1
        if key in ("groups", "extra", "resource"):
            found[key] = [sid.split(":")[0] for sid in words[at:at + int(value)]]
            at += int(value)
        elif value.startswith('"'):
            found[key] = bytes.fromhex(value.strip('"')).decode()
        else:
            found[key] = value
    return found


def sid(text):
    return text.removeprefix("S-1-")


def buffers(data):
    """{type: its bytes}"""
    found = {}
    for i in range(struct.unpack_from("<I", data)[0]):
        kind, length, offset = struct.unpack_from("<IIQ", data, 8 + 16 * i)
        found[kind] = data[offset:offset + length]
    return found


def pac_key(row, key, value, got):
    """One fact that is written key=value."""
    if key in ("sname", "realm", "nametype", "transited"):
        return  # of the ticket that it came in
    if key == "flags" and not value.startswith("0x"):
        return
    if key in ("key", "client", "authtime"):
        return  # for verifying
    simple = {"user": ("account", str), "server": ("server", str), "domain": ("flat", str),
              "clientinfo": ("client", str), "sid": ("domain", sid),
              "rid": ("rid", lambda text: f"{int(text):x}"),
              "flags": ("flags", lambda text: f"{int(text, 16):x}")}
    if key in simple:
        ours, make = simple[key]
        expect(key, got[ours], make(value))
    elif key in ("groups", "extra"):
        expect(key, len(got[key]), int(value))
    else:
        raise Wrong(f"nothing here looks at the fact {key}")


def pac_words(row, got, data):
    """The facts that are single words."""
    text = " ".join(row.others)
    held = {got[key] for key in ("account", "full", "server", "flat", "client") if key in got}
    held |= {f"S-1-{sid_}" for sid_ in [got["domain"], got["user"], *got["groups"], *got["extra"],
                                        *got["resource"]]}
    held |= {"S-1-" + one.rpartition("-")[0] for one in got["resource"]}
    kinds = set(buffers(data))
    for phrase, needed in (("ticket signature (16)", {16}), ("full checksum (19)", {19}),
                           ("17 18 13", {17, 18, 13})):
        if phrase.startswith("ticket") and row.keys.get("sname", "").startswith("krbtgt/"):
            continue  # absent in a TGT; its recording has one
        if phrase in text and not needed <= kinds:
            raise Wrong(f"{phrase}: it has buffers {sorted(kinds)}")
    if "LOGON_INFO only" in text:
        expect("buffers", kinds, {1})
        words = [word for word in row.others[2:] if word != "resource"]
        for word in words:
            if re.fullmatch(r"x\d+", word):
                expect("resource groups", len(got["resource"]), int(word[1:]))
            elif word not in held:
                raise Wrong(f"{word} is nowhere in it")
    for word in row.others:
        if (word.startswith("S-1-") or word in ("user.test", "User Test")) and word not in held:
            raise Wrong(f"{word} is nowhere in it")


def verify(driver, row, counts):
    """The server's signature. No recording shows which key the KDC's is made with: where the key
    of a TGT is known it is AES, and the KDC signs with its RC4 key."""
    if "key" not in row.keys:
        return
    if row.keys["key"].split(":")[0] in DES:
        counts["signatures by DES, not verified"] += 1
        return
    line = understood(driver.ask("pac", row.data.hex()))
    when = str(seconds(row.keys["authtime"]) if "authtime" in row.keys
               else int(line["time"], 16) // 10**7 - 11644473600)
    client = row.keys["client"]
    with_realm = "realm" if row.keys.get("clientinfo", "").endswith(client.rpartition("@")[2]) else "-"
    ask = ["verify", row.data.hex(), row.keys["key"], client, when, with_realm]
    expect("the server's signature", driver.ask(*ask), "ok")
    counts["signatures"] += 1
    spoiled = bytearray(row.data)
    spoiled[len(spoiled) // 2] ^= 1
    if driver.ask("verify", bytes(spoiled).hex(), *ask[2:]) == "ok":
        raise Wrong("its signature is right with another bit in it, too")


def pac(driver, row, counts):
    ours = driver.ask("pac", row.data.hex())
    libndr, _ = pacs.judge(row.data)
    expect("libndr's reading", libndr, ours)
    if not ours.startswith("ok "):
        raise Wrong(ours)
    got = understood(ours)
    for key, value in row.keys.items():
        pac_key(row, key, value, got)
    pac_words(row, got, row.data)
    verify(driver, row, counts)


# ---- tickets ----------------------------------------------------------------

def ticket(driver, row, by_stem, counts):
    of = by_stem["PAC", row.stem]
    facts = of.keys
    inside, proof = driver.ask("ticket", row.data.hex(), facts["key"], facts["client"], lines=2)
    got = dict(word.split("=", 1) for word in inside.split() if "=" in word)
    expect("sname", got["sname"], f"{facts['sname']}@{facts['realm']}")
    expect("name type", got["nametype"], facts["nametype"])
    expect("flags", got["flags"], facts["flags"])
    expect("authtime", int(got["authtime"]), seconds(facts["authtime"]))
    expect("transited", got["transited"], "" if facts["transited"] == "b''" else facts["transited"])
    expect("the PAC in it", got["pac"], of.data.hex())
    judged = pacs.judge(of.data)[0]
    # What a service has asked for in a user's name (S4U2Self, S4U2Proxy) is no logon.
    if re.search(r" (extra|resource)=[1-9]\d* (\S+ )*18-2:", judged):
        counts["asserted by a service"] += 1
        judged = ("refused pac-invalid: a service has asked for it in the user's name, without "
                  "the user")
    expect("the proof of a logon with it", proof, judged)
    counts["proofs"] += 1


# ---- messages of KDCs ---------------------------------------------------------

def reply(driver, row, *_):
    message = fields(only(only(row.data)))
    service = fields(only(message[5]) if message[5][:1] == b"\x30" else message[5])
    parts = name(service[2])
    expect("the ticket", "/".join(parts) + "@" + service[1].decode(), row.facts)
    kind = {0x6B: "AS-REP", 0x6D: "TGS-REP"}[row.data[0]]
    refers = parts[1] if kind == "TGS-REP" and parts[0] == "krbtgt" and len(parts) == 2 else "-"
    expect("what we read", driver.ask("reply", row.data.hex()),
           f"{kind} referred={refers} error=-1" + " affordable=1" * (kind == "AS-REP"))


def extended_status(e_data):
    """KERB-ERROR-DATA of type 3, or none."""
    parts = fields(only(e_data)) if e_data[:1] == b"\x30" else {}
    if parts.get(1) == b"\x03" and len(parts.get(2, b"")) == 12:
        return struct.unpack_from("<I", parts[2])[0]
    return 0


def error(driver, row, *_):
    known = re.match(r"code (\d+) crealm=(\S*) e-data (\d+) bytes ?([0-9a-f]*)", row.facts)
    code, crealm, size, start = known.groups()
    message = fields(only(only(row.data)))
    expect("the length of e-data", len(message.get(12, b"")), int(size))
    expect("e-data", message.get(12, b"").hex()[:len(start)], start)
    when = calendar.timegm(time.strptime(message[4].decode(), "%Y%m%d%H%M%SZ"))
    expect("what we read", driver.ask("error", row.data.hex()),
           f"KRB-ERROR code={code} crealm={crealm} stime={when} "
           f"status={extended_status(message.get(12, b'')):08x}" +
           " affordable=1" * (code == PREAUTH_REQUIRED))


# ---- LDAP pings ----------------------------------------------------------------

def netlogon(packet):
    """The message's id and the value of the attribute Netlogon in an answer."""
    for _, message in elements(packet):
        (_, ident), (tag, operation), *_ = elements(message)
        if tag == 0x64:
            _, (_, attributes) = elements(operation)
            (_, kind), (_, values) = elements(only(attributes))
            expect("the attribute", kind.lower(), b"netlogon")
            return int.from_bytes(ident, "big"), only(values)
    raise Wrong("no answer in it")


def answer(driver, row, *_):
    ident, value = netlogon(row.data)
    # libndr wants the address and the next site that only come when asked for
    known = ndr_unpack(nbt.NETLOGON_SAM_LOGON_RESPONSE_EX,
                       value[:-8] + b"\x10" + bytes(16) + b"\0" + value[-8:])
    got = dict(word.strip().split("=", 1) for word in
               driver.ask("ping", row.data.hex()).split("\t") if "=" in word)
    expect("what we read", got, {
        "id": str(ident), "opcode": str(known.command), "flags": f"{known.server_type:08x}",
        "guid": value[8:24].hex(), "forest": known.forest, "domain": known.dns_domain,
        "host": known.pdc_dns_name, "flat_domain": known.domain_name, "flat_host": known.pdc_name,
        "user": known.user_name, "dc_site": known.server_site, "client_site": known.client_site,
        "next_site": ""})


def question(packet):
    """(what does not depend on who asks, {attribute: value} of the filter) of a ping."""
    (_, _), (tag, search) = elements(only(packet))
    expect("the operation", tag, 0x63)
    *head, (kind, filters), (_, wanted) = elements(search)
    expect("the filter", kind, 0xA0)
    pairs = {}
    for tag, pair in elements(filters):
        expect("part of the filter", tag, 0xA3)
        (_, attribute), (_, value) = elements(pair)
        pairs[attribute.decode()] = value
    return (head, wanted), pairs


def asked(driver, row, *_):
    """Ours for the same domain asks the same in the same way, if for less."""
    theirs, pairs = question(row.data)
    domain, host = pairs["DnsDomain"].decode().rstrip("."), pairs.get("Host", b"WS1").decode()
    ours, own = question(bytes.fromhex(driver.ask("request", domain, host).partition("=")[2]))
    expect("our request", ours, theirs)
    unknown = set(own) - {"DnsDomain", "Host", "NtVer", "DnsHostName", "User", "AAC", "DomainSid",
                          "DomainGuid"}
    expect("attributes that Windows has not", unknown, set())
    for attribute in ("DnsDomain", "Host"):
        if attribute in own and attribute in pairs:
            expect(attribute, own[attribute].rstrip(b"."), pairs[attribute].rstrip(b"."))
    version = [int.from_bytes(each["NtVer"], "little") for each in (own, pairs)]
    expect("bits of NtVer that Windows asks for", version[1] & 0x6 & ~version[0], 0)
    if not driver.ask("ping", row.data.hex()).startswith("refused"):
        raise Wrong("a request is taken for an answer")


# ---- keytabs ---------------------------------------------------------------------

def keytab(driver, row, by_stem, *_):
    known = re.fullmatch(r"key of (\S+) for pac/(\S+)\.pac", row.facts)
    key_type, _, key = by_stem["PAC", known[2]].keys["key"].partition(":")
    # A keytab that others may read is refused, and every user may read the recordings.
    with tempfile.NamedTemporaryFile() as private:
        private.write(row.path.read_bytes())
        private.flush()
        answer = driver.ask("keytab", private.name)
    entries = [entry for entry in answer.split("\t") if entry]
    found = [re.fullmatch(r"(\S+)@\S+:\d+:(\d+) key=([0-9a-f]+)", entry).groups()
             for entry in entries]
    expect("its keys", found, [(known[1], key_type, key)])


# ---- all -------------------------------------------------------------------------

def main():
    with open(pathlib.Path(DATA, "INDEX.tsv"), encoding="utf-8", newline="") as index:
        rows = [Row(columns) for columns in
                list(csv.reader(index, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]]
    by_stem = {(row.kind, row.stem): row for row in rows}
    counts = dict.fromkeys(("proofs", "asserted by a service", "signatures",
                            "signatures by DES, not verified"), 0)
    judges = {"PAC": lambda d, r: pac(d, r, counts),
              "Ticket": lambda d, r: ticket(d, r, by_stem, counts),
              "KDC-REP": reply, "KRB-ERROR": error, "CLDAP answer": answer,
              "CLDAP request": asked, "keytab": lambda d, r: keytab(d, r, by_stem)}
    driver = Driver(sys.argv[1])
    failed, done = 0, dict.fromkeys(judges, 0)
    for row in rows:
        try:
            if row.kind not in judges:
                raise Wrong(f"nothing here reads a {row.kind}")
            judges[row.kind](driver, row)
            done[row.kind] += 1
        except (Wrong, KeyError, ValueError, IndexError, AttributeError) as why:
            failed += 1
            print(f"not ok {row.file}: {type(why).__name__ if not isinstance(why, Wrong) else ''}"
                  f"{why}")
    if driver.end() != 0:
        failed += 1
        print("not ok: the driver failed")
    print(", ".join(f"{count} {kind}" for kind, count in done.items()))
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    print(f"{'not ok' if failed else 'ok'} recorded bytes of Windows: {len(rows)} read, "
          f"{failed} wrong")
    # A damaged index would match nothing.
    return 1 if failed or not all(done.values()) or not counts["proofs"] else 0


if __name__ == "__main__":
    sys.exit(main())
