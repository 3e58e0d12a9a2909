#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A lab with a second DC: it is found, it knows every change, it takes over."""
import harness
from harness import broken, check, equal, on, tool, ws
from stock_walk import ALICE, walk

LAB = {"trust": "external", "dc2": True}

# break: what a walk gives while it is on
BREAKS = {
    "dc-down": "works",
    "dc-gone": "works",
    "dc-down-all": "no KDC found",
    "trusttype": "7",
    "direction": "7",
    "port88": "no answer",
}


def main():
    harness.up(**LAB)
    for name in ("_kerberos._tcp.contoso.test", "_ldap._tcp.dc._msdcs.contoso.test",
                 "_ldap._tcp.Default-First-Site-Name._sites.dc._msdcs.contoso.test"):
        said = ws(["dig", "+short", "SRV", name]).stdout
        check(f"both DCs are published under {name}",
              "dc1.contoso.test." in said and "dc2.contoso.test." in said, said)
    equal("two DCs: works", walk(ALICE), "works")
    for name, wanted in BREAKS.items():
        with broken(name):
            equal(f"{name}: {wanted}", walk(ALICE), wanted)
        equal(f"{name} mended", walk(ALICE), "works")
    # A change made on the first DC holds on the second while the first is away.
    tool("break", "trusttype")
    tool("break", "dc-down")
    equal("a broken trust is broken at the second DC too", walk(ALICE), "7")
    tool("fix")
    tool("retrust")
    with broken("dc-gone"):
        equal("a new trust is known to the second DC", walk(ALICE), "works")
    equal("both DCs hold the same trust object", *(
        on(dc, "samba-tool domain trust list").stdout for dc in ("dc1.contoso", "dc2.contoso")))
    harness.finish()


if __name__ == "__main__":
    main()
