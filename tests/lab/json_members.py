# SPDX-License-Identifier: MIT
"""docs/json.md and what the command prints: the same members, and no others.

    seen = Members()
    seen.of("logon", "logon", NAME, stdin=PASSWORD)     # the object's name there, then the command
    seen.compare()
"""
import json
import pathlib
import re

from harness import check, command

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
# Objects that are another one, with more in it.
MORE = {"logon": "outcome", "locate": "outcome", "refresh": "outcome", "store check": "store"}
# Words in backticks that are not members: verbs, and keys of the configuration.
WORDS = {"diagnose", "locate", "refresh", "rid_ranges", "rfc2307_ranges"}


def documented():
    """{object: its members and those of what is in it}, as docs/json.md has them."""
    parts = re.split(r"\*\*([A-Za-z ]+)\*\*", (DOCS / "json.md").read_text(encoding="utf-8"))
    return {name: set(re.findall(r"`(\w+)`", text)) - WORDS
            for name, text in zip(parts[1::2], parts[2::2])}


def keys(value):
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


class Members:
    def __init__(self):
        self.documented, self.seen = documented(), set()
        # The snapshot has a page of its own; `trusts` prints it.
        self.topology = set(re.findall(r"`([\w-]+)`", (DOCS / "topology.md").read_text(
            encoding="utf-8")))

    def of(self, name, *arguments, stdin=""):
        done = command("--json", *arguments, stdin=stdin + "\n")
        what = " ".join(arguments)
        try:
            told = json.loads(done.stdout)
        except json.JSONDecodeError:
            check(f"{what} --json: an object", False, done)
            return
        known = self.documented.get(name, set()) | self.documented.get(MORE.get(name), set())
        known |= self.topology if name == "trusts" else {"error", "exit"}
        check(f"{what} --json: its members stand in the document", set(told) <= known,
              sorted(set(told) - known))
        self.seen |= keys(told)

    def compare(self):
        known = set().union(*self.documented.values())
        undocumented = self.seen - known - self.topology
        check("what --json prints is documented", not undocumented, sorted(undocumented))
        check("what is documented is printed", known <= self.seen, sorted(known - self.seen))
