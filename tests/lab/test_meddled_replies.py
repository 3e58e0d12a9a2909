#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each reply of each exchange between the agent and the KDCs is changed on the wire: no crash, no
wait beyond the deadline, and no logon that a KDC did not grant.

    TL_MEDDLE=2000 test_meddled_replies.py     that many variants (otherwise a sample of them)
    TL_MEDDLE_SEED=N                           others than the usual ones"""
import collections
import os
import pathlib
import random
import time

import harness
from daemon import LOG, agent
from harness import PASSWORD, check, command, equal, finish, put, until, up, ws
from meddling import Meddler, Talker

LAB = {"trust": "external"}

ALICE, WRONG = "CONTOSO\\alice", "not her password"
CLIENT = pathlib.Path(__file__).with_name("pam_client.py").read_text(encoding="utf-8")
DEADLINE = 6  # seconds, in the configuration below
LATE = 10  # seconds more that a busy machine may take to say so
CONF = f"""[logon]
    logon_timeout = {DEADLINE * 1000}
    explain = no
[locator]
    negative_lifetime = 0
"""
# The replies of one logon, in their order, by who gives them.
REPLIES = [("dc1.contoso", 0), ("dc1.contoso", 1), ("dc1.contoso", 2), ("dc1.fabrikam", 0)]
HARMLESS = {"delay", "duplicate", "dribble"}  # a whole reply still comes


def variant(chance, number, sizes):
    """One way to meddle with one reply. Silence and slowness are few: each costs a wait."""
    which = number % len(REPLIES)
    size = sizes[which]
    how = chance.choices(["flip", "truncate", "shorten", "length", "noise", "duplicate", "replay",
                          "end", "delay", "dribble", "silence"],
                         [40, 15, 12, 6, 5, 5, 8, 3, 3, 2, 1])[0]
    order = {"how": how, "at": chance.randrange(size)}
    if how == "flip":
        # Half in the first bytes, where the structure is.
        order["at"] = chance.randrange(min(size, 160)) if chance.random() < 0.5 else order["at"]
        order["bits"] = 1 << chance.randrange(8) if chance.random() < 0.7 else chance.randrange(1, 256)
    elif how == "length":
        order["value"] = chance.choice([0, 1, size - 5, size - 3, size + 100, 0x7FFFFFFF,
                                        0x80000000, 0xFFFFFFFF])
    elif how == "noise":
        order["seed"] = chance.randrange(1 << 30)
    elif how == "replay":
        order["kept"] = chance.randrange(3 if which < 3 else 1)
    elif how == "delay":
        order["ms"] = chance.choice([50, 300, 1500])
    elif how == "dribble":
        order["at"], order["ms"] = min(order["at"], 50), 5
    return which, order


class Tally:
    """The results of the variants; the first few of each kind of fault are printed."""

    def __init__(self):
        self.answers, self.faults, self.slowest, self.missed = collections.Counter(), [], 0, 0

    def add(self, which, order, password, got, did):
        code, shown, seconds = got
        self.answers[order["how"], "in" if code == 0 else "refused"] += 1
        self.slowest = max(self.slowest, seconds)
        # With a wrong password the walk is never reached.
        self.missed += not did["done"] and password == PASSWORD
        right = password == PASSWORD
        # The first reply only says what is needed. After another one that was refused the
        # KDC may be asked again: then the answer is its own.
        replayed = order["how"] == "replay" and which > 0 and did["replies"] == REPLIES[which][1] + 1
        fault = None
        if code == 0 and not right:
            fault = "a wrong password got in"
        elif code == 0 and replayed:
            fault = "an old reply got in"
        elif code != 0 and right and order["how"] in HARMLESS:
            fault = "a whole reply was refused"
        elif code != 0 and not shown:
            fault = "refused without a word"
        elif seconds > DEADLINE + LATE:
            fault = f"answered after {seconds:.1f} s"
        if fault:
            self.faults.append((fault, REPLIES[which], order, got))


def reply_sizes(meddlers, client):
    """Lengths of the four replies of a good logon, kept for "replay"."""
    for meddler in meddlers.values():
        meddler.ask({"keep": True})
    code = client.ask([ALICE, PASSWORD])[0]
    sizes = {host: meddler.ask({})["sizes"] for host, meddler in meddlers.items()}
    equal("a logon through the meddlers works, and has the replies that are counted here",
          (code, {host: len(kept) for host, kept in sizes.items()}),
          (0, {"dc1.contoso": 3, "dc1.fabrikam": 1}))
    return [sizes[host][reply] for host, reply in REPLIES]


def meddle(count, seed, pid):
    chance, tally = random.Random(seed), Tally()
    meddlers = {host: Meddler(host) for host in ("dc1.contoso", "dc1.fabrikam")}
    client = Talker("ws1", "/usr/bin/python3", "-I", "/tmp/pam_client.py", harness.SERVICE)
    try:
        # The first logon asks the directories for groups and their names, in part after its answer;
        # later ones use what it read.
        equal("a first logon through the meddlers works", client.ask([ALICE, PASSWORD])[0], 0)
        until(lambda: ws(["pgrep", "-x", "trustlogond", "-P", str(pid)]).returncode == 1)
        sizes = reply_sizes(meddlers, client)
        for number in range(count):
            which, order = variant(chance, number, sizes)
            host, reply = REPLIES[which]
            password = WRONG if which < 2 and number % 16 < 4 else PASSWORD
            meddlers[host].ask({**order, "reply": reply})
            got = client.ask([ALICE, password])
            tally.add(which, order, password, got, meddlers[host].ask({}))
        code = client.ask([ALICE, PASSWORD])[0]
        equal("afterwards she logs on as ever", code, 0)
    finally:
        client.end()
        for meddler in meddlers.values():
            meddler.end()
    return tally


def main():
    count = int(os.environ.get("TL_MEDDLE", "120"))
    # The same sample in every run: what is found must be found again.
    seed = int(os.environ.get("TL_MEDDLE_SEED", "47"))
    up(**LAB)
    put("ws1", "/etc/trustlogon.conf", CONF)
    put("ws1", "/tmp/pam_client.py", CLIENT)
    command("refresh")
    print(f"    TL_MEDDLE={count} TL_MEDDLE_SEED={seed}")
    with agent() as pid:
        started = time.monotonic()
        tally = meddle(count, seed, pid)
        seconds = time.monotonic() - started
        check("the agent is still there", ws(["kill", "-0", str(pid)]).returncode == 0)
        log = ws(["cat", LOG]).stdout
    for (how, what), times in sorted(tally.answers.items()):
        print(f"    {how:10} {what:8} {times}")
    print(f"    {count} variants in {seconds:.0f} s, the slowest answer after {tally.slowest:.1f} s, "
          f"{tally.missed} whose turn did not come")
    check("no worker died", "killed by signal" not in log, log[-2000:])
    check("each was answered in time, in words, and let in nobody but alice",
          not tally.faults, "\n".join(map(str, tally.faults[:10])))
    check("nearly every variant had its turn", tally.missed <= count / 50, tally.missed)
    finish()


if __name__ == "__main__":
    main()
