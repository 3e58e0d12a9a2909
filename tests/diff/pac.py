#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""PACs decoded by us and by Samba's libndr: both must say the same.

usage: pac.py DRIVER [--corpus FOLDER]

Makes PACs of all shapes with libndr, then thousands of damaged ones (fixed
seed), and compares what pac_driver prints with what libndr understood. Where
the two differ on purpose, the rule is in place_rule() (where buffers lie)
or strict_rule() (what is in them), with its reason. Every rule makes us refuse
what libndr takes; none makes us take what libndr refuses. A difference without
a rule is a failure. --corpus writes some PACs as seeds for the fuzz target.
"""
import collections
import os
import random
import struct
import subprocess
import sys

try:
    from samba.dcerpc import krb5pac, netlogon, samr, security
    from samba.ndr import ndr_pack, ndr_unpack
except ImportError:
    print("samba's Python modules are missing")
    sys.exit(77)

SEED = 20251118
MUTATIONS = 20000
DECODED = (1, 10, 12, 17, 18)
EXTRA_SIDS, RESOURCE_GROUPS = 0x20, 0x200
ACCOUNT_DOMAIN = "S-1-5-21-1004336348-1177238915-682003330"
RESOURCE_DOMAIN = "S-1-5-21-7-8-9"
NEVER = 0x7FFFFFFFFFFFFFFF


# ---- making PACs ----------------------------------------------------------

def rid_array(pairs):
    entries = []
    for rid, attributes in pairs:
        entry = samr.RidWithAttribute()
        entry.rid, entry.attributes = rid, attributes
        entries.append(entry)
    array = samr.RidWithAttributeArray()
    array.count, array.rids = len(entries), entries
    return array


def sid_array(sids):
    entries = []
    for sid, attributes in sids:
        entry = netlogon.netr_SidAttr()
        entry.sid, entry.attributes = security.dom_sid(sid), attributes
        entries.append(entry)
    return entries


def logon_info(account="alice", full="Alice \u00c5str\u00f6m \U0001f511", rid=1104, groups=(),
               extra=(), resource=(), flags=None, strings=True):
    ctr = krb5pac.PAC_LOGON_INFO_CTR()
    info = ctr.info = krb5pac.PAC_LOGON_INFO()
    base = info.info3.base
    base.account_name.string, base.full_name.string = account, full
    if strings:
        base.logon_script.string, base.profile_path.string = "logon.cmd", "\\\\fs\\p\\alice"
        base.home_directory.string, base.home_drive.string = "\\\\fs\\home\\alice", "H:"
        base.logon_server.string, base.logon_domain.string = "DC1", "CONTOSO"
    base.logon_time, base.logoff_time, base.kickoff_time = 0x1D9000000000001, NEVER, NEVER
    base.last_password_change, base.allow_password_change = 0x1D8000000000003, 0x1D8100000000005
    base.force_password_change = 0x1DA000000000007
    base.logon_count, base.bad_password_count = 17, 3
    base.rid, base.primary_gid = rid, 513
    base.groups = rid_array(groups)
    base.domain_sid = security.dom_sid(ACCOUNT_DOMAIN)
    base.acct_flags = 0x10
    info.info3.sidcount, info.info3.sids = len(extra), sid_array(extra)
    if resource:
        info.resource_groups.domain_sid = security.dom_sid(RESOURCE_DOMAIN)
        info.resource_groups.groups = rid_array(resource)
    if flags is None:
        flags = (EXTRA_SIDS if extra else 0) | (RESOURCE_GROUPS if resource else 0)
    base.user_flags = flags
    return ctr


def client_info(name="alice"):
    info = krb5pac.PAC_LOGON_NAME()
    info.logon_time, info.account_name = 0x1D9000000000002, name
    return info


def upn_dns_info(upn="alice@corp.example", dns="CONTOSO.TEST", flags=0, sam=None, sid=None):
    info = krb5pac.PAC_UPN_DNS_INFO()
    info.upn_name, info.dns_domain_name = upn, dns
    info.flags = flags | (2 if sam else 0)
    if sam:
        ex = krb5pac.PAC_UPN_DNS_INFO_SAM_NAME_AND_SID()
        ex.samaccountname, ex.objectsid = sam, security.dom_sid(sid)
        info.ex = ex
    return info


def attributes_info(flags=1):
    info = krb5pac.PAC_ATTRIBUTES_INFO()
    info.flags_length, info.flags = 2, flags
    return info


def requestor(sid):
    info = krb5pac.PAC_REQUESTER_SID()
    info.sid = security.dom_sid(sid)
    return info


def signature(kind, length):
    info = krb5pac.PAC_SIGNATURE_DATA()
    info.type, info.signature = kind, bytes(range(length))
    return info


def blob(data):
    info = krb5pac.DATA_BLOB_REM()
    info.remaining = data
    return info


def pac(*buffers):
    data = krb5pac.PAC_DATA()
    entries = []
    for kind, info in buffers:
        entry = krb5pac.PAC_BUFFER()
        entry.type, entry.info = kind, info
        entries.append(entry)
    data.version, data.num_buffers, data.buffers = 0, len(entries), entries
    return ndr_pack(data)


def retyped(data, types):
    """The buffers of type 13 become those of these types [MS-PAC 2.4], in order: a
    buffer that neither side decodes may hold anything."""
    data = bytearray(data)
    types = list(types)
    for i in range(struct.unpack_from("<I", data)[0]):
        if struct.unpack_from("<I", data, 8 + 16 * i)[0] == 13 and types:
            struct.pack_into("<I", data, 8 + 16 * i, types.pop(0))
    return bytes(data)


USER = ACCOUNT_DOMAIN + "-1104"
SIGNATURES = ((6, signature(16, 12)), (7, signature(0xFFFFFF76, 16)))
EXTRA = (("S-1-18-1", 7), ("S-1-5-21-5-6-7-1200", 0x20000007), ("S-1-5-15", 7))


def made_pacs():
    """name -> bytes"""
    some = [(513, 7), (512, 7), (1201, 0x20000007)]
    made = {
        "least": pac((1, logon_info(strings=False))),
        "usual": pac((1, logon_info(groups=some)), (10, client_info()), (12, upn_dns_info()),
                     *SIGNATURES),
        "windows2022": pac((1, logon_info(groups=some, extra=EXTRA, resource=[(1300, 0x20000007)])),
                           (10, client_info()),
                           (12, upn_dns_info(flags=1, sam="alice", sid=USER)), *SIGNATURES,
                           (16, signature(16, 12)), (13, blob(b"claims")), (19, signature(16, 12))),
        "tgt": pac((1, logon_info(groups=some)), (10, client_info()), (12, upn_dns_info()),
                   (17, attributes_info()), (18, requestor(USER)), *SIGNATURES),
        "two-requestors": pac((1, logon_info()), (12, upn_dns_info(sam="alice", sid=USER)),
                              (18, requestor(USER))),
        "two-requestors-differ": pac((1, logon_info()), (12, upn_dns_info(sam="a", sid=USER)),
                                     (18, requestor("S-1-5-21-1-2-3-4"))),
        "user-in-extra": pac((1, logon_info(rid=0, extra=(("S-1-5-21-9-9-9-1500", 7),) + EXTRA))),
        "user-nowhere": pac((1, logon_info(rid=0))),
        "unflagged": pac((1, logon_info(extra=EXTRA, resource=[(1300, 7)], flags=0))),
        "primary-missing": pac((1, logon_info(groups=[(1201, 7)]))),
        "empty-strings": pac((1, logon_info(account="", full="")), (10, client_info("")),
                             (12, upn_dns_info(upn="", dns=""))),
        "wide": pac((1, logon_info(account="\u65e5\u672c", full="\U0001f600" * 40)),
                    (10, client_info("\u65e5\u672c")), (12, upn_dns_info(upn="\u00fc@\u00e4"))),
        "no-logon-info": pac((10, client_info()), (12, upn_dns_info())),
        "nothing": pac(),
    }
    # Every type there is: credentials, delegation, claims and devices beside the rest.
    made["every-buffer"] = retyped(pac(
        (1, logon_info(groups=some, extra=EXTRA, resource=[(1300, 0x20000007)])),
        *((13, blob(bytes([kind]) * (8 + kind))) for kind in (2, 11, 13, 14, 15)),
        (10, client_info()), (12, upn_dns_info(flags=1, sam="alice", sid=USER)),
        (17, attributes_info()), (18, requestor(USER)), *SIGNATURES,
        (16, signature(16, 12)), (19, signature(16, 12)), (13, blob(b"new"))),
        (2, 11, 13, 14, 15, 20))
    for count in (0, 1, 2, 300, 1500):
        groups = [(1000 + i, 7) for i in range(count)]
        made["groups-%d" % count] = pac((1, logon_info(groups=groups)))
        made["groups-%d-and-all" % count] = pac(
            (1, logon_info(groups=groups, extra=EXTRA,
                           resource=[(rid, 0x20000007) for rid, _ in groups])),
            (10, client_info()), (12, upn_dns_info(flags=1, sam="alice", sid=USER)),
            (17, attributes_info()), (18, requestor(USER)), *SIGNATURES)
    for count in (1, 7, 500):
        sids = [("S-1-5-21-5-6-7-%d" % (2000 + i), 7) for i in range(count)]
        made["extra-%d" % count] = pac((1, logon_info(extra=sids)), (10, client_info()))
        made["resource-%d" % count] = pac((1, logon_info(
            extra=sids[:3], resource=[(3000 + i, 0x20000007) for i in range(count)])))
    return made


def random_pac(rng):
    word = lambda: "".join(rng.choice("ab\u00e9\u4e2d\U0001f511\\.@ ") for _ in range(rng.randrange(9)))
    rids = lambda n: [(rng.randrange(1, 2**32), rng.randrange(2**32)) for _ in range(rng.randrange(n))]
    sids = [("S-1-5-" + "-".join(str(rng.randrange(2**32)) for _ in range(rng.randrange(1, 15))), 7)
            for _ in range(rng.randrange(6))]
    buffers = [(1, logon_info(word(), word(), rng.choice((0, 500, 2**32 - 1)), rids(12), sids,
                              rids(5), rng.choice((None, 0, 0x220, 0x20))))]
    if rng.random() < .7:
        buffers.append((10, client_info(word())))
    if rng.random() < .7:
        buffers.append((12, upn_dns_info(word(), word(), rng.randrange(2),
                                         *rng.choice(((None, None), (word() or "x", USER))))))
    if rng.random() < .4:
        buffers.append((17, attributes_info(rng.randrange(4))))
    if rng.random() < .4:
        buffers.append((18, requestor(USER)))
    buffers.extend(SIGNATURES)
    rng.shuffle(buffers)
    return pac(*buffers)


# ---- damaging them --------------------------------------------------------

def damage(rng, data, others):
    """Half of the cases keep the table of buffers and every length, so that the
    damage is met by the decoders of the contents."""
    data = bytearray(data)
    contents = rng.random() < .5
    first = 8 + 16 * struct.unpack_from("<I", data)[0] if contents else 0
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if len(data) <= first:
            break
        at = rng.randrange(first, min(len(data), first + rng.choice((100, 500, len(data)))))
        how = rng.choice((0, 1, 2, 3, 8)) if contents else rng.randrange(10)
        if how == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[at] = rng.randrange(256)
        elif how == 2:
            at = min(at, len(data) - 4) & ~3
            data[at:at + 4] = struct.pack("<I", rng.choice(
                (0, 1, 2, 7, 8, 0x10, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(data))))
        elif how == 3:
            at = min(at, len(data) - 2) & ~1
            data[at:at + 2] = struct.pack("<H", rng.choice((0, 1, 2, 0xD800, 0xDC00, 0xFFFF)))
        elif how == 4:
            del data[at:]
        elif how == 5:
            del data[at:at + rng.choice((1, 4, 8))]
        elif how == 6:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.choice((1, 4, 8))))
        elif how == 7:
            other = rng.choice(others)
            start = rng.randrange(len(other)) & ~7
            data[at & ~7:] = other[start:start + 4000]
        elif how == 8:  # a small change of a number: counts, lengths, offsets
            at &= ~3
            if at + 4 <= len(data):
                value = struct.unpack_from("<I", data, at)[0] + rng.choice((-8, -2, -1, 1, 2, 8))
                struct.pack_into("<I", data, at, value & 0xFFFFFFFF)
        else:
            to = rng.randrange(len(data)) & ~7
            data[to:to + 8] = data[at & ~7:(at & ~7) + 8]
    return bytes(data)


# ---- what libndr says -----------------------------------------------------

class Refused(Exception):
    pass


def place_rule(data):
    """Where we are as strict as libkrb5, which sees the same bytes first
    (krb5_pac_parse and krb5_pac_verify), and stricter than libndr."""
    if len(data) < 8:
        return None
    count, version = struct.unpack_from("<II", data)
    if version != 0:
        return "version not 0"
    if count > 64:
        return "more buffers than types"
    seen = set()
    headers = 8 + 16 * count
    if headers > len(data):
        return None
    for i in range(count):
        kind, length, offset = struct.unpack_from("<IIQ", data, 8 + 16 * i)
        if offset % 8:
            return "unaligned buffer"
        if offset < headers or offset + length > len(data):
            return "buffer outside"
        if kind in DECODED and kind in seen:
            return "type twice"
        seen.add(kind)
    if 1 not in seen:
        return "no LOGON_INFO"
    return None


def big_endian(data):
    for i in range(struct.unpack_from("<I", data)[0]):
        kind, length, offset = struct.unpack_from("<IIQ", data, 8 + 16 * i)
        if kind == 1 and length > 1:
            return data[offset + 1] == 0
    return False


def for_libndr(data):
    """Two differences that do not matter: buffers that we do not decode
    (libndr decodes delegation, devices, ...) become blobs, and the last buffer
    gets the padding to 8 bytes that only libndr wants."""
    data = bytearray(data)
    for i in range(struct.unpack_from("<I", data)[0]):
        if struct.unpack_from("<I", data, 8 + 16 * i)[0] not in DECODED:
            struct.pack_into("<I", data, 8 + 16 * i, 13)
    return bytes(data) + bytes(8)


def text(string, size):
    """A string libndr decoded from `size` bytes, or Refused."""
    if string is None:
        return None
    try:
        units = len(string.encode("utf-16-le")) // 2
    except UnicodeError:
        raise Refused("lone surrogate")
    if units != size // 2:
        raise Refused("NUL inside")  # names end at different places for different readers
    return string


def getter(struct_, name, size):
    try:
        return text(getattr(struct_, name), size)
    except UnicodeError:
        raise Refused("lone surrogate")


def sid_text(sid):
    if sid.sid_rev_num != 1:
        raise Refused("SID revision")
    authority = int.from_bytes(bytes(x & 0xFF for x in sid.id_auth), "big")
    return "-".join([str(authority)] + [str(s) for s in sid.sub_auths[:sid.num_auths]])


def members(domain, array):
    if array.count and array.rids is None:
        raise Refused("count without array")
    if array.count > 8192:
        raise Refused("too many groups")
    return [(rid.rid, rid.attributes) for rid in (array.rids or [])]


def with_domain(domain, pairs):
    if pairs and domain.num_auths >= 15:
        raise Refused("SID too long")
    return ["%s-%d:%x" % (sid_text(domain), rid, attributes) for rid, attributes in pairs]


class Canonical:
    def __init__(self):
        self.strings = collections.OrderedDict.fromkeys(
            "account full server flat home drive profile script upn dns sam client".split())
        self.numbers = collections.OrderedDict.fromkeys(
            "rid primary flags uac count bad logon logoff kickoff set can must time constructed "
            "attributes".split(), 0)
        self.numbers["attributes"] = 2**64 - 1
        self.requestor = None

    def logon_info(self, ctr):
        if ctr.info is None:
            raise Refused("NULL info")
        base, info3 = ctr.info.info3.base, ctr.info.info3
        for name, field in (("account", base.account_name), ("full", base.full_name),
                            ("server", base.logon_server), ("flat", base.logon_domain),
                            ("home", base.home_directory), ("drive", base.home_drive),
                            ("profile", base.profile_path), ("script", base.logon_script)):
            self.strings[name] = getter(field, "string", field.length) or ""
        for name, value in (("rid", base.rid), ("primary", base.primary_gid),
                            ("flags", base.user_flags), ("uac", base.acct_flags),
                            ("count", base.logon_count), ("bad", base.bad_password_count),
                            ("logon", base.logon_time), ("logoff", base.logoff_time),
                            ("kickoff", base.kickoff_time), ("set", base.last_password_change),
                            ("can", base.allow_password_change),
                            ("must", base.force_password_change)):
            self.numbers[name] = value
        if base.domain_sid is None:
            raise Refused("no domain SID")
        self.domain = sid_text(base.domain_sid)
        groups = members(base.domain_sid, base.groups)
        if base.primary_gid and base.primary_gid not in [rid for rid, _ in groups]:
            groups.append((base.primary_gid, 7))
        self.groups = with_domain(base.domain_sid, groups)
        if info3.sidcount and info3.sids is None:
            raise Refused("count without array")
        if info3.sidcount > 8192:
            raise Refused("too many groups")
        if any(s.sid is None for s in info3.sids or []):
            raise Refused("NULL SID")
        self.extra = ["%s:%x" % (sid_text(s.sid), s.attributes) for s in info3.sids or []]
        resource_sid, resource = ctr.info.resource_groups.domain_sid, ctr.info.resource_groups.groups
        pairs = members(resource_sid, resource)
        if resource_sid is not None:
            sid_text(resource_sid)
        if not base.user_flags & EXTRA_SIDS:
            self.extra = []
        if not base.user_flags & RESOURCE_GROUPS:
            pairs = []
        if pairs and resource_sid is None:
            raise Refused("resource groups without domain")
        self.resource = with_domain(resource_sid, pairs)
        if base.rid:
            if base.domain_sid.num_auths >= 15:
                raise Refused("SID too long")
            self.user = "%s-%d" % (self.domain, base.rid)
        elif self.extra:
            self.user = self.extra.pop(0).split(":")[0]
        else:
            raise Refused("no user SID")

    def set_requestor(self, sid):
        if self.requestor not in (None, sid):
            raise Refused("two requestors")
        self.requestor = sid

    def upn_dns_info(self, info):
        self.strings["upn"] = getter(info, "upn_name", info.upn_name_size)
        self.strings["dns"] = getter(info, "dns_domain_name", info.dns_domain_name_size)
        self.numbers["constructed"] = info.flags & 1
        if info.flags & 2:
            self.strings["sam"] = getter(info.ex, "samaccountname", info.ex.samaccountname_size)
            if info.ex.objectsid is not None:
                self.set_requestor(sid_text(info.ex.objectsid))

    def line(self):
        words = ["ok"]
        for name, string in self.strings.items():
            words.append("%s=%s" % (name, "-" if string is None else
                                    '"%s"' % string.encode().hex()))
        words += ["%s=%x" % (name, number) for name, number in self.numbers.items()]
        words += ["domain=" + self.domain, "user=" + self.user]
        if self.requestor is not None:
            words.append("requestor=" + self.requestor)
        for name in ("groups", "extra", "resource"):
            entries = getattr(self, name)
            words += ["%s=%d" % (name, len(entries))] + entries
        return " ".join(words)


def judge(data):
    """(line or "refused", rule that decided or None)"""
    rule = place_rule(data)
    if rule:
        return "refused", rule
    if len(data) < 8 or len(data) < 8 + 16 * struct.unpack_from("<I", data)[0]:
        return "refused", None
    if big_endian(data):
        return "refused", "big-endian"
    try:
        whole = ndr_unpack(krb5pac.PAC_DATA, for_libndr(data), allow_remaining=True)
    except (RuntimeError, UnicodeError):
        return "refused", None
    canonical = Canonical()
    try:
        for entry in whole.buffers:
            if entry.type == 1:
                canonical.logon_info(entry.info)
            elif entry.type == 10:
                canonical.numbers["time"] = entry.info.logon_time
                canonical.strings["client"] = getter(entry.info, "account_name", entry.info.size)
            elif entry.type == 12:
                canonical.upn_dns_info(entry.info)
            elif entry.type == 17:
                canonical.numbers["attributes"] = entry.info.flags
            elif entry.type == 18:
                canonical.set_requestor(sid_text(entry.info.sid))
    except Refused as why:
        return "refused", str(why)
    return canonical.line(), None


# ---- comparing ------------------------------------------------------------

def drive(driver, cases):
    data = b"".join(struct.pack("<I", len(case)) + case for case in cases)
    done = subprocess.run([driver], input=data, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().splitlines()


def main():
    driver = sys.argv[1]
    made = made_pacs()
    if sys.argv[2:3] == ["--corpus"]:
        for name, data in made.items():
            if len(data) < 2000:
                with open(os.path.join(sys.argv[3], name), "wb") as out:
                    out.write(data)
        return 0

    rng = random.Random(SEED)
    cases = list(made.values()) + [random_pac(rng) for _ in range(1000)]
    whole = len(cases)
    small = [case for case in cases if len(case) < 3000]
    cases += [damage(rng, rng.choice(small), small) for _ in range(MUTATIONS)]

    ours = drive(driver, cases)
    if len(ours) != len(cases):
        print("the driver answered %d of %d" % (len(ours), len(cases)))
        return 1
    rules, taken, refused, wrong = collections.Counter(), 0, 0, 0
    for number, (case, line) in enumerate(zip(cases, ours)):
        expect, rule = judge(case)
        if rule:
            rules[rule] += 1
        elif expect == "refused":
            refused += 1
        else:
            taken += 1
        if (line.split(" ")[0] if expect == "refused" else line) == expect:
            continue
        wrong += 1
        if wrong <= 5:
            print("case %d (%s)\n  bytes  %s\n  libndr %s (%s)\n  ours   %s" %
                  (number, "whole" if number < whole else "damaged", case.hex()[:4000],
                   expect[:1500], rule, line[:1500]))
    print("%d PACs, %d damaged: both understood %d alike, both refused %d; "
          "refused by our own rules: %s" %
          (whole, len(cases) - whole, taken, refused,
           ", ".join("%s %d" % item for item in sorted(rules.items()))))
    if wrong:
        print("%d differences" % wrong)
    # A broken generator would agree on refusals only.
    return 1 if wrong or taken < 3000 or refused < 1000 else 0


if __name__ == "__main__":
    sys.exit(main())
