#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Scenario 10 and the crowd: filtered ports on either side, and twenty logons at once."""
import concurrent.futures
import statistics

from harness import broken, check, command, equal, finish, logon, up
from scenarios import TEXT, explained, refused, said, verdicts, works

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
USER_DC, WS_DC = "dc1.contoso.test", "dc1.fabrikam.test"
PORTS = ("port-88-tcp", "port-88-udp", "port-464-tcp", "port-464-udp", "port-389-tcp",
         "port-389-udp")


def only(label, got, dc, closed, reason=None):
    """Exactly these ports of this DC are not ok, for this reason; everything else is."""
    seen = {(check_name, target) for check_name in PORTS
            for target, verdict in verdicts(got, check_name).items() if verdict != "ok"}
    check(f"{label}: diagnose names {', '.join(sorted(closed))} of {dc}, and no other port",
          seen == {(name, dc) for name in closed}, seen)
    if reason is not None:
        reasons = {f["reason"] for f in got.get("findings", [])
                   if f["check"] in PORTS and f["verdict"] != "ok"}
        equal(f"{label}: diagnose gives the reason {reason}", reasons, {reason})


def forget_dcs():
    """A failure is remembered for 45 s: begin each row as a machine that has not failed."""
    for domain in ("contoso.test", "fabrikam.test"):
        command("locate", "--force", domain)


def filtered():
    for suffix, dc in (("", USER_DC), ("-ws", WS_DC)):
        for what, closed, reason in (
                ("port88", {"port-88-tcp", "port-88-udp"}, "port-88-filtered"),
                ("port88tcp", {"port-88-tcp"}, "port-88-filtered")):
            with broken(what + suffix):
                refused(f"10 {what}{suffix}", ALICE, "PAM_AUTHINFO_UNAVAIL", 1311, within=3)
                got = explained(f"10 {what}{suffix}", ALICE, reason, win32=1311)
                only(f"10 {what}{suffix}", got, dc, closed)
            forget_dcs()
        with broken("udp389" + suffix):
            command("locate", "--force", "contoso.test" if not suffix else "fabrikam.test")
            refused(f"10 udp389{suffix}", ALICE, "PAM_AUTHINFO_UNAVAIL", 1311, within=3)
            got = explained(f"10 udp389{suffix}", ALICE, "port-389-udp-filtered", win32=1311)
            only(f"10 udp389{suffix}", got, dc, {"port-389-udp"})
        forget_dcs()
        for what, closed, reason in (
                ("port88udp", {"port-88-udp"}, "port-88-udp-filtered"),
                ("port464", {"port-464-tcp", "port-464-udp"}, "port-464-filtered"),
                ("tcp464", {"port-464-tcp"}, "port-464-filtered"),
                ("udp464", {"port-464-udp"}, "port-464-filtered"),
                ("tcp389", {"port-389-tcp"}, "port-389-tcp-filtered")):
            with broken(what + suffix):
                works(f"10 {what}{suffix}", ALICE)
                got = explained(f"10 {what}{suffix}", ALICE, "ok")
                only(f"10 {what}{suffix}", got, dc, closed, reason)
    for suffix in ("", "-ws"):
        with broken("port88-reject" + suffix):
            refused(f"10 port88-reject{suffix}", ALICE, "PAM_AUTHINFO_UNAVAIL", 1311, within=3)
            explained(f"10 port88-reject{suffix}", ALICE, "port-88-refused", win32=1311)
        forget_dcs()
    with broken("dns"):
        works("10 dns, DCs known", ALICE)
    works("10 all mended", ALICE)


def crowd():
    """Half of twenty go to a domain whose DC is filtered; the others must not feel it."""
    alone = statistics.median(logon("FABRIKAM\\carol").seconds for _ in range(5))

    def ten(name):
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            return list(pool.map(logon, [name] * 10))

    def twenty():
        with broken("port88"), concurrent.futures.ThreadPoolExecutor(20) as pool:
            hopeless = [pool.submit(logon, ALICE) for _ in range(10)]
            fine = [pool.submit(logon, "FABRIKAM\\carol") for _ in range(10)]
            return [job.result() for job in hopeless], [job.result() for job in fine]

    # Ten waiting beside them cost no CPU; what is left is the start of twenty processes, which
    # a busy machine may take its time about, but not three times in a row. Waiting for the
    # filtered DC even once would cost two and a half seconds.
    for _ in range(3):
        quiet = max(got.seconds for got in ten("FABRIKAM\\carol"))
        hopeless, fine = twenty()
        slowest = max(got.seconds for got in fine)
        if slowest < 2 * quiet + 1:
            break
    check("20 at once: the ten that can succeed do", all(g.code == "PAM_SUCCESS" for g in fine),
          [g.code for g in fine])
    check("20 at once: the others are told 1311",
          all(g.code == "PAM_AUTHINFO_UNAVAIL" and TEXT[1311] in said(g) for g in hopeless),
          hopeless)
    print(f"    alone {alone:.3f} s, slowest of ten {quiet:.3f} s, beside ten hopeless ones "
          f"{slowest:.3f} s")
    check("20 at once: they take their usual time", slowest < 2 * quiet + 1, (quiet, slowest))


def main():
    up(**LAB)
    command("refresh")
    works("10", ALICE)
    filtered()
    forget_dcs()
    crowd()
    finish()


if __name__ == "__main__":
    main()
