#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Our ids against libsss_idmap driven as SSSD's ad provider drives it, SID by SID.

usage: idmap.py DRIVER [COUNT]

For each of COUNT random domains (from a fixed seed) and some RIDs of each, both must give the same
id and lead back to the same SID. Two deliberate differences
(docs/decisions/identity.md#sss-function): SIDs whose RID is beyond the first and ten further
slices have no id with us, and neither have those in a further slice that another slice of the
domain also hashes to: SSSD takes for both the next free one in the order it meets them.
"""
import ctypes
import random
import subprocess
import sys

try:
    LIB = ctypes.CDLL("libsss_idmap.so.0")
except OSError:
    print("skip ids: libsss_idmap is not installed")
    sys.exit(77)

SEED = 1787
SETTINGS = [(200000, 2000200000, 200000), (10000, 4294967294, 5000), (1000000, 1999999, 100000)]
HELPERS = 10  # ldap_idmap_helper_table_size


class Range(ctypes.Structure):
    _fields_ = [("min", ctypes.c_uint32), ("max", ctypes.c_uint32)]


LIB.sss_idmap_add_auto_domain_ex.argtypes = [
    ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Range), ctypes.c_char_p,
    ctypes.c_uint32, ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p]
LIB.sss_idmap_calculate_range.argtypes = [
    ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(Range)]
LIB.sss_idmap_sid_to_unix.argtypes = [
    ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_uint32)]
LIB.sss_idmap_unix_to_sid.argtypes = [
    ctypes.c_void_p, ctypes.c_uint32, ctypes.POINTER(ctypes.c_char_p)]
LIB.sss_idmap_free.argtypes = [ctypes.c_void_p]


def must(code):
    if code != 0:
        raise RuntimeError(f"libsss_idmap: error {code}")


def context(setting, domain):
    """sdap_idmap_init() and, for a domain, sdap_idmap_add_domain(), as calls."""
    ctx = ctypes.c_void_p()
    must(LIB.sss_idmap_init(None, None, None, ctypes.byref(ctx)))
    must(LIB.sss_idmap_ctx_set_lower(ctx, ctypes.c_uint32(setting[0])))
    must(LIB.sss_idmap_ctx_set_upper(ctx, ctypes.c_uint32(setting[1])))
    must(LIB.sss_idmap_ctx_set_rangesize(ctx, ctypes.c_uint32(setting[2])))
    must(LIB.sss_idmap_ctx_set_autorid(ctx, ctypes.c_bool(False)))
    must(LIB.sss_idmap_ctx_set_extra_slice_init(ctx, ctypes.c_int(HELPERS)))
    if domain is None:
        return ctx
    found = Range()
    must(LIB.sss_idmap_calculate_range(ctx, domain.encode(), None, ctypes.byref(found)))
    must(LIB.sss_idmap_add_auto_domain_ex(ctx, b"contoso.test", domain.encode(),
                                          ctypes.byref(found), None, 0, False, None, None))
    return ctx


def plain_slice(ctx, domain, number, size):
    name = f"{domain}-{number * size}" if number else domain
    found = Range()
    must(LIB.sss_idmap_calculate_range(ctx, name.encode(), None, ctypes.byref(found)))
    return found.min


def differs(setting, domain, rid):
    """Whether we deliberately have no id."""
    size = setting[2]
    number = rid // size
    if number > HELPERS:
        return True
    ctx = context(setting, None)
    try:
        slices = [plain_slice(ctx, domain, i, size) for i in range(HELPERS + 1)
                  if i * size < 2**32]
    finally:
        LIB.sss_idmap_free(ctx)
    return number > 0 and slices.count(slices[number]) > 1


def theirs(setting, domain, rid):
    ctx = context(setting, domain)
    try:
        number = ctypes.c_uint32()
        if LIB.sss_idmap_sid_to_unix(ctx, f"{domain}-{rid}".encode(), ctypes.byref(number)):
            return "none"
        back = ctypes.c_char_p()
        must(LIB.sss_idmap_unix_to_sid(ctx, number, ctypes.byref(back)))
        return f"{number.value} {back.value.decode()}"
    finally:
        LIB.sss_idmap_free(ctx)


def questions(rnd, count, size):
    for _ in range(count):
        domain = "S-1-5-21-" + "-".join(
            str(rnd.choice([rnd.getrandbits(32), rnd.randrange(1000), 0, 4294967295]))
            for _ in range(3))
        for rid in (0, 500, 513, 1104, size - 1, size, 3 * size + 7, 11 * size - 1, 11 * size,
                    4294967295, rnd.getrandbits(32), rnd.randrange(11 * size)):
            if rid < 2**32:
                yield domain, rid


def main():
    driver = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    rnd = random.Random(SEED)
    bad = total = mapped = 0
    for setting in SETTINGS:
        asked = list(questions(rnd, count, setting[2]))
        options = [f"idmap_range_min={setting[0]}", f"idmap_range_max={setting[1]}",
                   f"idmap_range_size={setting[2]}"]
        ours = subprocess.run([driver, *options], input="".join(f"{d} {r}\n" for d, r in asked),
                              capture_output=True, text=True, check=True).stdout.splitlines()
        if len(ours) != len(asked):
            sys.exit(f"{len(asked)} questions, {len(ours)} answers")
        for (domain, rid), mine in zip(asked, ours):
            want = "none" if differs(setting, domain, rid) else theirs(setting, domain, rid)
            total += 1
            mapped += want != "none"
            if mine != want:
                bad += 1
                if bad <= 10:
                    print(f"{setting} {domain}-{rid}: ours {mine}, theirs {want}")
    print(f"{total} SIDs, {mapped} with an id, {bad} differ")
    sys.exit(bad != 0 or mapped == 0 or mapped == total)


main()
