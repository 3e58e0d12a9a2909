# SPDX-License-Identifier: MIT
"""All faults of the model."""
import itertools
import random

from . import accounts, machine_files, names, network, replicas, trusts

PARTS = (trusts, accounts, names, network, replicas, machine_files)
TRUSTS = ("external", "forest", "two-dcs")  # the labs that faults are made in


def faults(trust):
    """Those that are made in a lab with this trust."""
    everything = [fault for part in PARTS for fault in part.faults()]
    twice = [name for name, same in itertools.groupby(sorted(f.name for f in everything))
             if len(list(same)) > 1]
    if twice:
        raise ValueError(f"two faults have one name: {', '.join(twice)}")
    return [fault for fault in everything if trust in fault.trusts]


def groups():
    return sorted({fault.group for trust in TRUSTS for fault in faults(trust)})


def sampled(chosen, count, seed):
    """So many of [(trust, fault)], in their order; the same ones for the same seed."""
    if count is None or count >= len(chosen):
        return chosen
    return sorted(random.Random(seed).sample(chosen, count), key=chosen.index)


def pairs(chosen, count, seed):
    """[(trust, (fault, fault))] of different groups, one trust and one way to log on."""
    dice, found = random.Random(seed), {}
    while len(found) < count:
        trust, first = dice.choice(chosen)
        kind, second = dice.choice(chosen)
        if (trust == kind and first.group != second.group
                and (first.user, first.service) == (second.user, second.service)):
            found[trust, *sorted((first.name, second.name))] = (trust, (first, second))
    return sorted(found.values(), key=lambda one: TRUSTS.index(one[0]))
