# SPDX-License-Identifier: MIT
"""Faults of a DC: of its network, or of its KDC.

    for what, fault in cells():
        with fault(["dc1.contoso.test"]):
            ...
"""
import contextlib

from harness import on
from meddling import Meddler

DCS = {"dc1.contoso.test": "dc1.contoso", "dc2.contoso.test": "dc2.contoso"}

# What a firewall or a cable does to one DC. The rules are in its own namespace.
NETWORK = {
    "drops everything": ["drop"],
    "drops 88": ["tcp dport 88 drop", "udp dport 88 drop"],
    "refuses 88": ["tcp dport 88 reject with tcp reset"],
    "is unreachable": ["reject with icmpx type host-unreachable"],
    "drops 389/udp": ["udp dport 389 drop"],
}
# What a faulty KDC does with its replies.
REPLIES = {
    "hangs": {"all": "KRB", "how": "silence"},
    "hangs after the AS exchange": {"all": "TGS", "how": "silence"},
    "dies after the AS exchange": {"all": "TGS", "how": "end"},
    "closes": {"all": "KRB", "how": "end"},
    "answers garbage": {"all": "KRB", "how": "noise", "seed": 1},
    "answers half": {"all": "KRB", "how": "truncate", "at": 100},
    "answers too late": {"all": "KRB", "how": "delay", "ms": 3000},
}


@contextlib.contextmanager
def network(dcs, rules):
    for dc in dcs:
        table = "table inet cell { chain in { type filter hook input priority 0; " + \
            "; ".join(rules) + "; }; }"
        done = on(DCS[dc], ["nft", "-f", "-"], stdin=table)
        assert done.returncode == 0, done.stderr
    try:
        yield
    finally:
        for dc in dcs:
            on(DCS[dc], ["nft", "delete", "table", "inet", "cell"])


@contextlib.contextmanager
def replies(dcs, order):
    with contextlib.ExitStack() as stack:
        for dc in dcs:
            stack.enter_context(Meddler(DCS[dc])).ask(order)
        yield


def cells():
    for what, rules in NETWORK.items():
        yield what, lambda dcs, rules=rules: network(dcs, rules)
    for what, order in REPLIES.items():
        yield what, lambda dcs, order=order: replies(dcs, order)
