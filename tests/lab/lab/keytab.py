# SPDX-License-Identifier: MIT
"""Just enough of the keytab format (version 0x0502) to spoil the keys in one."""
import os
import struct


def counted(data, offset):
    size, = struct.unpack_from(">H", data, offset)
    return offset + 2 + size


def with_other_keys(data):
    """The same entries, principals and key versions, with random keys."""
    if data[:2] != b"\x05\x02":
        raise ValueError("not a keytab of version 0x0502")
    out, offset = bytearray(data), 2
    while offset + 4 <= len(data):
        size, = struct.unpack_from(">i", data, offset)
        offset += 4
        if size > 0:
            components, = struct.unpack_from(">H", data, offset)
            cursor = counted(data, offset + 2)  # realm
            for _ in range(components):
                cursor = counted(data, cursor)
            cursor += 4 + 4 + 1 + 2  # name type, timestamp, 8-bit kvno, key type
            end = counted(data, cursor)
            out[cursor + 2:end] = os.urandom(end - cursor - 2)
        offset += abs(size)
    return bytes(out)
