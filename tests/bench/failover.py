# SPDX-License-Identifier: MIT
"""Two DCs of the user's domain, one of them or both out of order: what each client makes of it.

The fault is at the DC that the client used last, and everything it remembers is from the time
when all was well; each figure is the first logon after that."""
import contextlib
import statistics
import subprocess

import harness
from capture import Capture
from faults import DCS, NETWORK, REPLIES, network, replies
from harness import command, ws
from lab import settings

USER = "CONTOSO\\alice"
ROUNDS = 3
PATIENCE = 4  # seconds: what took longer is not tried again
FAULTS = {
    "drops everything": lambda dcs: network(dcs, NETWORK["drops everything"]),
    "drops 88": lambda dcs: network(dcs, NETWORK["drops 88"]),
    "refuses 88": lambda dcs: network(dcs, NETWORK["refuses 88"]),
    "drops 389/udp": lambda dcs: network(dcs, NETWORK["drops 389/udp"]),
    "hangs": lambda dcs: sick(dcs, REPLIES["hangs"]),
    "hangs after the AS exchange": lambda dcs: sick(dcs, REPLIES["hangs after the AS exchange"]),
}


@contextlib.contextmanager
def sick(dcs, order):
    """Over UDP, which the peers try first, such a KDC says nothing either."""
    with network(dcs, ["udp dport 88 drop"]), replies(dcs, order):
        yield


def used(attempt):
    """The DC of CONTOSO that the client's AS-REQs go to when all is well; None: no logon."""
    with Capture(harness._lab) as wire:
        got = attempt()
    targets = [p.target for p in wire.packets if p.to_port == 88 and p.payload]
    for name, host in DCS.items():
        if settings.HOSTS[host]["address"] in targets:
            return name if got.code == 0 else None
    return None


def cell(client, attempt, fault, both):
    """(seconds, PAM code, what was shown) of the first logon with the fault; None: no logon before."""
    times, got = [], None
    for _ in range(ROUNDS):
        with contextlib.ExitStack() as stack:
            ws("rm -f /var/cache/trustlogon/dc-*.json")
            command("refresh")
            stack.enter_context(client.serves())
            dc = used(attempt)
            if dc is None:
                return None
            with fault(list(DCS) if both else [dc]):
                got = attempt()
            times.append(got.took)
        if got.took > PATIENCE:
            break
    return statistics.median(times), got.code, " / ".join(got.said)


def usually(client, attempt):
    """Seconds of a logon with both DCs well; None where the client does not get that far."""
    try:
        with client.serves():
            got = [attempt() for _ in range(ROUNDS + 2)][2:]
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        print(f"skip {client.name}: {error}")
        return None
    return statistics.median(one.took for one in got) if got[-1].code == 0 else None


def told(got):
    if got is None:
        return "no logon before"
    return f"{got[0]:.2f}" + ("" if got[1] == 0 else f" refused ({got[1]})")


def measure(clients, attempt_of, table):
    """attempt_of(client) makes one logon and says how it went."""
    usual = {client.name: usually(client, attempt_of(client)) for client in clients}
    clients = [client for client in clients if usual[client.name]]
    rows = [["none", *(f"{usual[client.name]:.2f}" for client in clients)]]
    for both in (False, True):
        for what, fault in FAULTS.items():
            rows.append([f"{'both' if both else 'one'}: {what}", *(
                told(cell(client, attempt_of(client), fault, both)) for client in clients)])
            print("    " + "   ".join(rows[-1]), flush=True)
    table(f"First logon of {USER} with a fault at the DC used before, of two; seconds, median of "
          f"{ROUNDS}", ["fault", *(client.name for client in clients)], rows)
