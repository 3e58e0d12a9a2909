# SPDX-License-Identifier: MIT
"""Just enough of the keytab format (version 0x0502) to replace the keys in one."""
import os
import struct


def counted(data, offset):
    size, = struct.unpack_from(">H", data, offset)
    return offset + 2 + size


def key_at(data, start):
    """Where the key of the entry that begins at `start` stands, behind its type."""
    components, = struct.unpack_from(">H", data, start + 4)
    cursor = counted(data, start + 6)  # realm
    for _ in range(components):
        cursor = counted(data, cursor)
    return cursor + 4 + 4 + 1 + 2  # name type, timestamp, 8-bit kvno, key type


def entries(data):
    """(where it begins, where it ends, key type) of each entry."""
    if data[:2] != b"\x05\x02":
        raise ValueError("not a keytab of version 0x0502")
    found, offset = [], 2
    while offset + 4 <= len(data):
        size, = struct.unpack_from(">i", data, offset)
        if size > 0:
            key_type, = struct.unpack_from(">H", data, key_at(data, offset) - 2)
            found.append((offset, offset + 4 + size, key_type))
        offset += 4 + abs(size)
    return found


def only(data, key_type):
    """The same without the keys of other types."""
    return data[:2] + b"".join(data[start:end] for start, end, kind in entries(data)
                               if kind == key_type)


def with_other_keys(data):
    """The same entries, principals and key versions, with random keys."""
    out = bytearray(data)
    for start, _, _ in entries(data):
        cursor = key_at(data, start)
        end = counted(data, cursor)
        out[cursor + 2:end] = os.urandom(end - cursor - 2)
    return bytes(out)
