# SPDX-License-Identifier: MIT
"""The number of a lab among those of this machine, and what follows from it.

Labs have namespaces of their own, but uids and the kernel's keyrings (KEYRING:persistent)
are the machine's: two labs whose users have the same uids would share their tickets. So
the domain SIDs, from which the ids are computed, differ with the number of the lab.
"""
import ctypes
import hashlib
import os
import re
import socket

from .state import LabError

SLOTS = 32
DOMAINS = ("contoso", "fabrikam", "child")
# Chosen so that all SIDs have slices of ids of their own, and none below 2,200,000, where
# tests of other schemes have theirs; test_lab_numbers.py computes it.
SALT = 5
IDS = 200000  # of a domain, by the product's defaults, which are SSSD's
PROCESS_KEYRING = -2


def claim():
    """(number, what holds it until it is closed). An abstract name does not outlive a crash."""
    for number in range(SLOTS):
        held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            held.bind(f"\0trustlogon-lab/{number}")
            return number, held
        except OSError:
            held.close()
    raise LabError(f"{SLOTS} labs are up, which is the maximum")


def domain_sid(number, domain):
    digest = hashlib.sha256(f"{SALT}/{number}/{domain}".encode()).digest()
    return "S-1-5-21-" + "-".join(str(int.from_bytes(digest[i:i + 4], "big"))
                                  for i in (0, 4, 8))


def first_id(sid):
    """Where the ids of a domain begin, by the hash that SSSD and the product use."""
    lib = ctypes.CDLL("libsss_idmap.so.0")
    ctx, found = ctypes.c_void_p(), (ctypes.c_uint32 * 2)()
    if lib.sss_idmap_init(None, None, None, ctypes.byref(ctx)) != 0 or \
            lib.sss_idmap_calculate_range(ctx, sid.encode(), None, found) != 0:
        raise LabError("libsss_idmap cannot compute ids")
    lib.sss_idmap_free(ctx)
    return found[0]


def ids(number):
    """All ids that users and groups of this lab can have."""
    begins = [first_id(domain_sid(number, domain)) for domain in DOMAINS]
    return [range(first, first + IDS) for first in begins]


def empty_keyrings(number):
    """A lab that has ended leaves its users' tickets in the kernel, for three days."""
    if not os.path.exists("/proc/key-users"):
        return
    with open("/proc/key-users", encoding="ascii") as users:
        have_keys = [int(uid) for uid in re.findall(r"^ *(\d+):", users.read(), re.M)]
    keyutils = ctypes.CDLL("libkeyutils.so.1")
    for uid in have_keys:
        if any(uid in some for some in ids(number)):
            found = keyutils.keyctl_get_persistent(ctypes.c_uint32(uid), PROCESS_KEYRING)
            if found > 0:
                keyutils.keyctl_clear(found)
