# SPDX-License-Identifier: MIT
"""What a remedy tells to do. Pure: the words of diagnose, and the instructions that are known;
`python3 remedy_text.py` tests it.

A remedy is a text for people. It is read from its beginning: an instruction that can be followed is
followed, and with it those that "and" or "then" connects with it; what comes after "or", or in
another sentence, is done only where it could not be.
"""
import dataclasses
import re

# How a sentence begins that is for some cases only: whether this is one.
CONDITIONS = (
    (r"For this machine's own account", lambda told: re.search(r"\bws1\b", told.subject, re.I)),)
ACTS = []  # (pattern, member of Told, function), of the modules acts_*


class Unable(Exception):
    """What the text says cannot be done here; the text says why."""


@dataclasses.dataclass(frozen=True)
class Told:
    """What diagnose said."""
    reason: str = ""
    subject: str = ""
    attribute: str = ""
    cause: str = ""
    remedy: str = ""
    who: str = ""

    @classmethod
    def of(cls, got):
        return cls(*(got.get(name) or "" for name in ("reason", "subject", "attribute")),
                   got.get("cause") or got.get("error") or "", got.get("remedy") or "",
                   got.get("who") or "")

    @property
    def dns(self):
        """The objects of directories that are named, the subject first."""
        return list(dict.fromkeys(re.findall(r"CN=[^;|\s,]+(?:,(?:CN|OU)=[^;|,]+)*(?:,DC=\w+)+",
                                             f"{self.subject} | {self.attribute}")))

    @property
    def wanted(self):
        """(attribute, value) of "ATTRIBUTE = this; right is VALUE"."""
        found = re.search(r"(?:^|\W)no (\S+); right is (\S+)|(\S+) = [^;]*; right is (\S+)",
                          self.attribute)
        if not found:
            raise Unable("no value is named")
        return found[1] or found[3], found[2] or found[4]


def act(pattern, of="remedy"):
    """An instruction: function(desk, match) does it and says what it did."""
    def register(function):
        ACTS.append((re.compile(pattern), of, function))
        return function
    return register


def instructions(told, acts):
    """[(match, function)] in the order of the text; the cause is read before the remedy."""
    found = []
    for order, member in enumerate(("cause", "remedy")):
        for pattern, of, function in acts:
            if of == member:
                found += [((order, match.start()), match, function)
                          for match in pattern.finditer(getattr(told, member))]
    return [(match, function) for _, match, function in sorted(found, key=lambda one: one[0])]


def after(first, second):
    """Whether the second instruction is for when the first has been followed."""
    return first.string is second.string and re.search(
        r"\b[Tt]hen [^.;]*$", first.string[first.end():second.start()]) is not None


def connected(first, second):
    """Whether both instructions are to be followed."""
    if first.string is not second.string:
        return False
    between = first.string[first.end():second.start()]
    return after(first, second) or re.fullmatch(r"[^.;]*\band\b[^.;]*", between) is not None and \
        re.search(r"\bor\b", between) is None


def holds(told, match):
    """Whether the sentence of an instruction is for this case."""
    sentence = re.split(r"(?<=\.) (?=[A-Z])", match.string[:match.start() + 1])[-1]
    return all(condition(told) for beginning, condition in CONDITIONS
               if re.match(beginning, sentence))


def follow(told, do, acts=None):
    """Do what the text says, and return what of it could not be done. do(function, match) does one
    instruction, or raises Unable, as this does if nothing of the text can be done."""
    refused, before, last = [], None, None
    for match, function in instructions(told, ACTS if acts is None else acts):
        then, last = last is not None and after(last, match), match
        if before and not connected(before, match) and not then:
            continue
        try:
            if then and not before:
                raise Unable("what comes before it could not be done")
            if not holds(told, match):
                raise Unable("it is for another case")
            do(function, match)
            before = match
        except Unable as why:
            refused.append(str(why))
    refused = "; ".join(dict.fromkeys(refused))
    if not before:
        raise Unable(refused or "no instruction for a machine")
    return refused


# --- its own test ----------------------------------------------------------------

# (remedy, subject, words that cannot be done, what is done); each instruction is a letter.
CASES = (
    ("A.", "", "", "A"), ("A or B.", "", "", "A"), ("A or B.", "", "A", "B"),
    ("A, or B.", "", "A", "B"), ("A and B.", "", "", "AB"), ("A, then B.", "", "", "AB"),
    ("A. B.", "", "", "A"), ("A. B.", "", "A", "B"), ("A. Then run B.", "", "", "AB"),
    ("A, or x. Then run B.", "", "", "AB"), ("A. Then run B.", "", "A", None),
    ("A, then B. C.", "", "A", "C"), ("A, or B. Then run C.", "", "", "AC"),
    ("A, or B. Then run C.", "", "A", "BC"), ("A, or B. Then run C.", "", "AB", None), ("A, or x and B.", "", "", "A"),
    ("A and B; or C.", "", "", "AB"), ("A and B; or C.", "", "AB", "C"),
    ("x. A and B.", "", "A", "B"), ("x", "", "", None), ("A or B.", "", "AB", None),
    ("For this machine's own account, A. Otherwise B.", "host/ws1.fabrikam.test", "", "A"),
    ("For this machine's own account, A. Otherwise B.", "alice@CONTOSO.TEST", "", "B"))
TDO = "CN=fabrikam.test,CN=System,DC=contoso,DC=test"
WANTED = (("trustPartner = a.test; right is b.test", ("trustPartner", "b.test")),
          ("no userPrincipalName; right is a@b.c", ("userPrincipalName", "a@b.c")),
          ("trustPartner = b.test. with a dot at its end; right is b.test",
           ("trustPartner", "b.test")))


def main():
    failed = 0
    for remedy, subject, unable, wanted in CASES:
        done = []

        def do(_function, match, done=done, unable=unable):
            if match[0] in unable:
                raise Unable(match[0])
            done.append(match[0])
        try:
            follow(Told(subject=subject, remedy=remedy), do,
                   [(re.compile(rf"\b{letter}\b"), "remedy", None) for letter in "ABC"])
        except Unable:
            done = None
        if (None if done is None else "".join(done)) != wanted:
            print(f"not ok {remedy!r} without {unable!r}: {done}, wanted {wanted}")
            failed += 1
    for attribute, wanted in WANTED:
        if Told(attribute=attribute).wanted != wanted:
            print(f"not ok {attribute!r}: {Told(attribute=attribute).wanted}")
            failed += 1
    for told in (Told(subject=TDO, attribute=f"flatName = X, which {TDO} has, too"),
                 Told(subject=f"{TDO}; {TDO}")):
        if told.dns != [TDO]:
            print(f"not ok {told}: {told.dns}")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
