# SPDX-License-Identifier: MIT
"""msDS-TrustForestTrustInfo: read, build and edit a forest trust's routing
table [MS-ADTS 6.1.6.9.3]. Little-endian; a record's length does not count
the length field itself."""
import struct

TLN, TLN_EX, DOMAIN = 0, 1, 2
DISABLED_NEW, DISABLED_ADMIN, DISABLED_CONFLICT = 1, 2, 4


def counted(data):
    return struct.pack("<I", len(data)) + data


def name_record(kind, name, flags=0, when=0):
    return {"kind": kind, "flags": flags, "time": when, "data": counted(name.encode())}


def domain_record(sid, dns, flat):
    data = counted(sid) + counted(dns.encode()) + counted(flat.encode())
    return {"kind": DOMAIN, "flags": 0, "time": 0, "data": data}


def build(records):
    blob = struct.pack("<II", 1, len(records))
    for record in records:
        blob += counted(struct.pack("<IQB", record["flags"], record["time"], record["kind"])
                        + record["data"])
    return blob


def parse(blob):
    _, count = struct.unpack_from("<II", blob)
    offset, records = 8, []
    for _ in range(count):
        size, flags, when, kind = struct.unpack_from("<IIQB", blob, offset)
        records.append({"kind": kind, "flags": flags, "time": when,
                        "data": blob[offset + 17:offset + 4 + size]})
        offset += 4 + size
    return records


def name_of(record):
    return record["data"][4:].decode() if record["kind"] in (TLN, TLN_EX) else None
