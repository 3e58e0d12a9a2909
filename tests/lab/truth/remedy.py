# SPDX-License-Identifier: MIT
"""An administrator who has nothing but what `diagnose --json` says, and does it in the lab: what
remedy_text.py reads out of it, with the instructions of the modules acts_*. Nothing here knows
which fault was made.
"""
import dataclasses
import re
import subprocess
import time

from lab.state import LabError

from .fault import BASE, DNS, Skipped
from .remedy_text import Told, Unable, follow

WORDS = ("mends", "does not mend", "not applied")
ROUNDS = 4  # of diagnose and remedy: what one fault hides comes next


@dataclasses.dataclass
class Desk:
    """Where the administrator sits."""
    lab: object
    user: str  # the name that was given to diagnose
    service: str
    told: Told = Told()
    undo: list = dataclasses.field(default_factory=list)  # of files, as the faults have it
    domains: bool = False  # a directory was changed
    joined: bool = False  # the workstation has other keys
    did: list = dataclasses.field(default_factory=list)

    def side(self):
        """The domain whose administrators do it: that of the object, or of those who can."""
        for domain in DNS:
            if any(dn.lower().endswith(BASE[domain].lower()) for dn in self.told.dns[:1]):
                return domain
        for text in (self.told.who, self.told.subject):
            for domain in DNS:
                if re.search(rf"(?<![\w.]){re.escape(DNS[domain])}(?![\w.]*\w)", text, re.I):
                    return domain
        return "fabrikam"

    def do(self, function, match):
        try:
            self.did.append(function(self, match))
        except (LabError, Skipped, subprocess.SubprocessError, OSError) as why:
            raise Unable(str(why).splitlines()[-1].strip()) from None


def apply(desk, got, works, ask, patience):
    """{"word": ..., "did": [...], "why": ...}; works() logs on, ask() runs diagnose again."""
    why = ""
    for _ in range(ROUNDS):
        desk.told = Told.of(got)
        try:
            refused = follow(desk.told, desk.do)
        except Unable as reason:
            why = str(reason)
            break
        deadline = time.monotonic() + patience
        while True:
            if works():
                return {"word": "mends", "did": desk.did, "why": ""}
            if time.monotonic() > deadline:
                break
            time.sleep(0.5)
        got = ask()
        why = "; ".join(filter(None, (refused, f"then: {got.get('reason') or got.get('error')}")))
        if Told.of(got) == desk.told:
            break
    return {"word": "does not mend" if desk.did else "not applied", "did": desk.did, "why": why}
