# SPDX-License-Identifier: MIT
"""Two DCs of the user's domain, one of them or both out of order: how each client copes.

The fault is at the DC that the client used last, and everything it remembers is from the time
when all was well; each figure is the first logon after that."""
import contextlib
import os
import re
import statistics
import subprocess
import time

from faults import DCS, NETWORK, REPLIES, network, replies
from harness import command, on, ws

USER = "CONTOSO\\alice"
OURS = "trustlogon"
CLIENTS = (OURS, "pam_krb5", "pam_sss", "pam_winbind")
ROUNDS = int(os.environ.get("TL_ROUNDS", "3"))
OWN_ROUNDS = 2 * ROUNDS + 1  # ours have a budget, and start sooner
LIMIT = 30  # seconds: what takes longer is ended
MORE = 0.3  # seconds that a dead DC of two may cost
DEAD = ("drops everything", "drops 88", "refuses 88")
FAULTS = {what: (lambda dcs, rules=NETWORK[what]: network(dcs, rules))
          for what in (*DEAD, "drops 389/udp")}
FAULTS.update({what: (lambda dcs, order=REPLIES[what]: sick(dcs, order))
               for what in ("hangs", "hangs after the AS exchange")})
BOTH = ("drops everything", "refuses 88", "hangs")  # of all DCs: little differs in the others
COUNTERS = ("table inet seen { chain in { type filter hook input priority -10; "
            "meta l4proto { tcp, udp } th dport 88 counter; }; }")


@contextlib.contextmanager
def sick(dcs, order):
    """Over UDP, which the peers try first, such a KDC says nothing either."""
    with network(dcs, ["udp dport 88 drop"]), replies(dcs, order):
        yield


def packets(host):
    found = re.search(r"counter packets (\d+)", on(host, "nft list table inet seen").stdout)
    return int(found[1])


def used(attempt):
    """The DC of CONTOSO that the client asks when all is well, and the seconds of that."""
    before = {dc: packets(host) for dc, host in DCS.items()}
    got = attempt()
    if got.code != 0:
        raise RuntimeError(f"no logon before ({got.code})")
    sent = {dc: packets(host) - before[dc] for dc, host in DCS.items()}
    if not any(sent.values()):
        raise RuntimeError("asks no KDC")
    return max(sent, key=sent.get), got.took


def once(client, attempt, fault, both):
    """The first logon with the fault, and how much longer it took than the one before."""
    if client.name == OURS:
        ws("rm -f /var/cache/trustlogon/dc-*.json")
        command("refresh")
    with client.serves():
        attempt()
        dc, usual = used(attempt)
        with fault(list(DCS) if both else [dc]):
            got = attempt()
    return got, got.took - usual


def cell(client, attempt, what, both):
    """(text of the cell, median of the added seconds or None if the logon fails). One try if both
    are down: a matter of time limits, not of chance."""
    rounds = 1 if both else OWN_ROUNDS if client.name == OURS else ROUNDS
    tries = []
    try:
        for _ in range(rounds):
            tries.append(once(client, attempt, FAULTS[what], both))
            if 2 * sum(got.took >= LIMIT for got, _ in tries) > rounds:
                return f"> {LIMIT}", None
    except (RuntimeError, AssertionError, OSError, subprocess.TimeoutExpired) as error:
        return (str(error).splitlines() or ["?"])[0][:60], None
    middle, _ = sorted(tries, key=lambda one: one[0].took)[rounds // 2]
    if middle.code != 0:
        return f"{middle.took:.2f} refused ({middle.code})", None
    return f"{middle.took:.2f}", statistics.median(cost for _, cost in tries)


def usually(client, attempt):
    """Seconds of a logon with both DCs well; None where the client does not get that far."""
    try:
        with client.serves():
            got = [attempt() for _ in range(OWN_ROUNDS + 2)][2:]
        if all(one.code == 0 for one in got):
            return statistics.median(one.took for one in got)
        print(f"skip {client.name}: does not log on: {got[-1].said}")
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"skip {client.name}: {error}")
    return None


def measure(clients, attempt_of, table):
    """attempt_of(client) makes one logon, of LIMIT seconds at most, and says how it went.
    Returns what is over the budget."""
    started, over = time.monotonic(), []
    for host in DCS.values():
        on(host, ["nft", "-f", "-"], stdin=COUNTERS)
    clients = [client for client in clients if client.name in CLIENTS]
    usual = {client.name: usually(client, attempt_of(client)) for client in clients}
    clients = [client for client in clients if usual[client.name]]
    head = ["fault", f"{OURS}, more than usual", *(client.name for client in clients)]
    rows = [["none", "", *(f"{usual[client.name]:.2f}" for client in clients)]]
    for both, faults in ((False, FAULTS), (True, BOTH)):
        for what in faults:
            cells = {c.name: cell(c, attempt_of(c), what, both) for c in clients}
            cost = cells.get(OURS, (None, None))[1]
            rows.append([f"{'both' if both else 'one'}: {what}",
                         "" if cost is None else f"{cost:+.2f}",
                         *(told for told, _ in cells.values())])
            print("    " + "   ".join(rows[-1]), flush=True)
            if not both and what in DEAD and (cost is None or cost > MORE):
                over.append(f"failover: one DC of two {what}: costs {cost} s")
    table(f"First logon of {USER} with a fault at the DC used before, of two; seconds, median of "
          f"{ROUNDS} ({OURS}: {OWN_ROUNDS}), in {(time.monotonic() - started) / 60:.0f} minutes",
          head, rows)
    return over
