#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Our decoder of msDS-TrustForestTrustInfo against Samba's, blob by blob.

usage: forest_info.py DRIVER [COUNT]

COUNT blobs are generated and mutated from a fixed seed. Both decoders must read the
same records from each, or both refuse it. One difference is deliberate: libndr knows
Samba's order of the halves of a time only, ours also Windows' (when()).
"""
import random
import struct
import subprocess
import sys

try:
    from samba.dcerpc import drsblobs
    from samba.ndr import ndr_unpack
except ImportError:
    print("skip forest trust information: Samba's Python modules are not installed")
    sys.exit(77)

SEED = 1787
NAMES = ["contoso.test", "corp.example", "a", "", "x" * 63 + ".example", "Straße.example",
         "日本.example", "e\u0301.example", "😀.test", "\uffff", "a\0b", "a\0", "\0"]
BAD_UTF8 = [b"\xff", b"a\xc3", b"\xc0\xaf", b"\xc0\x80", b"\xed\xa0\x80", b"\xe0\x80\xaf",
            b"\xf0\x80\x80\xaf", b"\xf4\x90\x80\x80", b"\xf7\xbf\xbf\xbf", b"\x80",
            b"\xf8\x88\x80\x80\x80", b"ok\0\xff", b"\xed\xbf\xbf", b"\xe2\x82"]
EDGES = [0, 1, 2, 3, 4, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000, 0x7FFFFFFF,
         0x80000000, 0xFFFFFFFC, 0xFFFFFFFF]


def counted(data):
    return struct.pack("<I", len(data)) + data


def any_name(rnd):
    if rnd.random() < 0.06:
        return rnd.choice(BAD_UTF8)
    return rnd.choice(NAMES).encode()


def any_sid(rnd):
    subs = rnd.choice([0, 1, 4, 4, 4, 4, 5, 15, 16, 255])
    sid = bytes([rnd.choice([1, 1, 1, 1, 2, 0, 255]), subs])
    sid += rnd.choice([b"\0\0\0\0\0\5", b"\1\2\3\4\5\6"])
    held = subs if rnd.random() < 0.9 else rnd.randrange(0, 17)
    sid += rnd.randbytes(4 * min(held, 16))
    return sid + (b"" if rnd.random() < 0.9 else rnd.randbytes(rnd.randrange(1, 9)))


def any_record(rnd):
    kind = rnd.choice([0, 0, 0, 1, 2, 2, 3, 4, 5, rnd.randrange(256)])
    if kind in (0, 1):
        data = counted(any_name(rnd))
    elif kind == 2:
        data = counted(any_sid(rnd)) + counted(any_name(rnd)) + counted(any_name(rnd))
    else:
        data = counted(rnd.randbytes(rnd.randrange(0, 12)))
    body = struct.pack("<IQB", rnd.choice([0, 1, 2, 4, 8, 0xF, 0xFFFFFFFF]),
                       any_time(rnd), kind) + data
    if rnd.random() < 0.04:
        body += rnd.randbytes(rnd.randrange(1, 5))  # excess inside the record's length
    length = len(body)
    if rnd.random() < 0.1:
        length = rnd.choice([length + 4, max(0, length - 4), 0, rnd.choice(EDGES)])
    return struct.pack("<I", length) + body


def any_blob(rnd):
    records = [any_record(rnd) for _ in range(rnd.choice([0, 1, 1, 2, 3, 5, 9]))]
    count = len(records)
    if rnd.random() < 0.05:
        count = rnd.choice([count + 1, max(0, count - 1), 0x10000, rnd.choice(EDGES)])
    version = rnd.choice([1, 1, 1, 1, 1, 0, 2, 0xFFFFFFFF])
    return struct.pack("<II", version, count) + b"".join(records)


def mutate(rnd, blob):
    data = bytearray(blob)
    for _ in range(rnd.choice([1, 1, 2, 4])):
        what = rnd.randrange(6)
        at = rnd.randrange(len(data)) if data else 0
        if what == 0 and data:
            data[at] ^= 1 << rnd.randrange(8)
        elif what == 1 and data:
            data[at] = rnd.randrange(256)
        elif what == 2:
            del data[at:]
        elif what == 3:
            data[at:at] = rnd.randbytes(rnd.randrange(1, 5))
        elif what == 4 and len(data) >= 4:
            at = rnd.randrange(len(data) - 3)
            data[at:at + 4] = struct.pack("<I", rnd.choice(EDGES))
        else:
            del data[at:at + rnd.randrange(1, 9)]
    return bytes(data)


def corpus(count):
    rnd = random.Random(SEED)
    blobs = [b"", b"\1", struct.pack("<II", 1, 0)]
    while len(blobs) < count:
        blob = any_blob(rnd)
        blobs.append(blob)
        blobs.append(mutate(rnd, blob))
    return blobs[:count]


def plausible(filetime):
    return 122756256000000000 <= filetime < 157469184000000000  # 1990 to 2100


def swapped(filetime):
    return (filetime & 0xFFFFFFFF) << 32 | filetime >> 32


def when(filetime):
    """The time that libndr read as Samba stores it, or as Windows does."""
    if plausible(filetime) and not plausible(swapped(filetime)):
        return filetime
    return swapped(filetime)


def any_time(rnd):
    """As Windows stores times, as Samba does, and nonsense."""
    time = rnd.randrange(122756256000000000, 157469184000000000)
    return rnd.choice([time, time, swapped(time), swapped(time), rnd.getrandbits(64), 0])


def name_hex(text):
    # A C string ends at its first NUL; Python's binding already cuts there.
    return text.encode().hex()


def samba_line(blob):
    try:
        info = ndr_unpack(drsblobs.ForestTrustInfo, blob)
    except RuntimeError:
        return "refused"
    words = []
    for armor in info.records:
        rec = armor.record
        text = "[%u %08x %016x" % (rec.type, rec.flags, when(rec.timestamp))
        if rec.type in (0, 1):
            text += " name=" + name_hex(rec.data.string)
        elif rec.type == 2:
            sid = rec.data.sid
            text += " name=" + name_hex(rec.data.dns_name.string)
            text += " flat=" + name_hex(rec.data.netbios_name.string)
            text += " sid=%u:%s" % (sid.sid_rev_num, bytes(sid.id_auth).hex())
            text += "".join("-%u" % sub for sub in sid.sub_auths[:sid.num_auths])
        words.append(text + "]")
    return " ".join([str(info.count)] + words)


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    blobs = corpus(count)
    fed = b"".join(struct.pack("<I", len(b)) + b for b in blobs)
    ran = subprocess.run([sys.argv[1]], input=fed, stdout=subprocess.PIPE, check=False)
    ours = ran.stdout.decode().splitlines()
    samba = [samba_line(b) for b in blobs]
    bad = [i for i in range(count) if i >= len(ours) or ours[i] != samba[i]]
    for i in bad[:10]:
        print("# blob %d: %s\n#   ours:  %s\n#   Samba: %s" %
              (i, blobs[i].hex(), ours[i] if i < len(ours) else "(none)", samba[i]))
    accepted = sum(line != "refused" for line in samba)
    good = not bad and ran.returncode == 0 and len(ours) == count
    print("# forest trust information: %d blobs, %d accepted and %d refused by both, "
          "%d differ" % (count, accepted - sum(samba[i] != "refused" for i in bad),
                         count - accepted - sum(samba[i] == "refused" for i in bad),
                         len(bad)))
    # A corpus that is nearly all refused, or accepted, would test little.
    good = good and accepted > count / 10 and count - accepted > count / 10
    print("%s forest trust information agrees with libndr on %d blobs" %
          ("ok" if good else "not ok", count))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
