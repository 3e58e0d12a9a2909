# SPDX-License-Identifier: MIT
"""Whether a diagnosis is true. Pure: the fault that was made, what diagnose said, whether the
logon was broken; `python3 -m truth.judge` in tests/lab tests it.

    right     it names the mutated object and what is wrong with it
    vague     it points at the right place, and does not name both
    wrong     it blames something else
    disagree  it says that the logon works and it does not, or the other way round
    silent    the logon works, and it says nothing of the fault
"""
import dataclasses
import re

WORDS = ("right", "vague", "wrong", "disagree", "silent")
BEST = ("right", "vague", "silent", "wrong", "disagree")  # of a pair of faults, which to count
# What a text may say of an object; where it says another than the fault's, it blames that.
ATTRIBUTES = ("trustType", "trustDirection", "trustAttributes", "trustPartner", "flatName",
              "securityIdentifier", "msDS-SupportedEncryptionTypes", "msDS-TrustForestTrustInfo",
              "userAccountControl", "servicePrincipalName", "sAMAccountName")


@dataclasses.dataclass(frozen=True)
class Statement:
    """One thing that diagnose says: its sum, or a finding."""
    reason: str
    subject: str
    attribute: str
    text: str

    @property
    def words(self):
        return " | ".join((self.subject, self.attribute, self.text))


def sum_of(got):
    return Statement(got.get("reason") or "", got.get("subject") or "", got.get("attribute") or "",
                     got.get("cause") or "")


def findings_of(got):
    """What diagnose complains of."""
    return [Statement(f.get("reason") or "", " ".join(filter(None, (f.get("target"),
                      f.get("address")))), "", " | ".join(filter(None, (f.get("what"),
                                                                       f.get("cause")))))
            for f in got.get("findings", []) if f.get("verdict") in ("warning", "failed")]


def mentions(text, spelling):
    """Whether a text has a name as a whole: contoso.test is not in dc1.contoso.test."""
    pattern = rf"(?<![\w$@/-])(?<!\w\.){re.escape(spelling)}(?![\w$@-]|[./]\w)"
    return re.search(pattern, text, re.I) is not None


def any_of(text, spellings):
    return any(mentions(text, spelling) for spelling in spellings)


def level(fault, said):
    """(word, why) for one statement about one fault."""
    named = any_of(said.words, fault.objects)
    told = not fault.attributes or any_of(said.words, fault.attributes)
    blamed = [other for other in fault.others if mentions(said.subject, other)]
    if any_of(said.words, fault.hedges):
        return "vague", "names several suspects"
    if blamed and not any_of(said.subject, fault.objects):
        return "wrong", f"blames {blamed[0]}"
    if named and told:
        return "right", ""
    if named:
        strange = [name for name in ATTRIBUTES if mentions(said.attribute, name)]
        return ("wrong", f"blames {strange[0]}") if strange else ("vague", "no attribute")
    if said.reason.startswith(fault.families or ("\0",)):
        return "vague", "no object" if told else "neither object nor attribute"
    return "wrong", f"blames {said.subject or said.reason}"


def judge(fault, got, broken):
    """(word, why) for a run of diagnose --json while the fault was there."""
    if got.get("error"):  # of usage or of this machine: it did not begin
        got = {"reason": "error", "cause": got["error"]}
    if not got.get("reason"):
        return "wrong", "diagnose gave no answer"
    works = got["reason"] == "ok"
    if not works and got.get("granted"):
        # The domain controllers let the user in, and something of this machine is wrong.
        return level(fault, sum_of(got))
    if works == broken:
        return "disagree", "says that it works" if works else f"says {got['reason']}"
    if broken:
        word, why = level(fault, sum_of(got))
        beside = [f for f in findings_of(got) if level(fault, f)[0] == "right"]
        if word != "right" and beside:
            why += f"; a finding names it: {beside[0].subject}"
        return word, why
    levels = [level(fault, finding) for finding in findings_of(got)]
    for wanted in ("right", "vague", "wrong"):
        for word, why in levels:
            if word == wanted:
                return word, why
    return "silent", ""


def judge_pair(faults, got, broken):
    """Of two faults at once it is enough that one is found."""
    return min((judge(fault, got, broken) for fault in faults),
               key=lambda one: BEST.index(one[0]))


# --- its own test ----------------------------------------------------------------

TDO = "CN=fabrikam.test,CN=System,DC=contoso,DC=test"
PEER = "CN=contoso.test,CN=System,DC=fabrikam,DC=test"


@dataclasses.dataclass(frozen=True)
class Made:
    """A fault as the judge sees it."""
    objects: tuple = (TDO,)
    attributes: tuple = ("trustType",)
    others: tuple = (PEER,)
    hedges: tuple = ("one or the other",)
    families: tuple = ("trust-",)


def said(reason, subject="", attribute="", cause="", findings=()):
    return {"reason": reason, "subject": subject, "attribute": attribute, "cause": cause,
            "findings": [{"verdict": verdict, "target": target, "what": what, "reason": slug}
                         for verdict, slug, target, what in findings]}


# (the word, diagnose, whether the logon is broken)
CASES = (
    ("right", said("trust-downlevel", TDO, "trustType = 1"), True),
    ("right", said("trust-downlevel", TDO.upper(), "", "its trusttype is 1"), True),
    ("vague", said("trust-missing", TDO, "something"), True),
    ("wrong", said("trust-direction", TDO, "trustDirection = 2"), True),
    ("wrong", said("trust-downlevel", PEER, "trustType = 1"), True),
    ("vague", said("trust-account-unknown", "host/ws1", "", "a broken or missing trust"), True),
    ("vague", said("trust-downlevel", TDO, "trustType = 1", "one or the other"), True),
    ("vague", said("trust-downlevel", PEER, "trustType = 1", "one or the other"), True),
    ("wrong", said("host-spn-missing", "host/ws1.fabrikam.test"), True),
    ("wrong", said("trust", "x" + TDO, "trustType"), True),
    ("disagree", said("ok"), True),
    ("disagree", said("trust-downlevel", TDO, "trustType = 1"), False),
    ("right", {**said("trust-downlevel", TDO, "trustType = 1"), "granted": True}, False),
    ("wrong", {**said("port-88", "dc1"), "granted": True}, False),
    ("wrong", {"exit": 3}, True),
    ("right", {"exit": 3, "error": f"{TDO}: trustType"}, True),
    ("wrong", {"exit": 3, "error": "out of memory"}, True),
    ("silent", said("ok", findings=[("ok", "ok", TDO, "trustType 2")]), False),
    ("right", said("ok", findings=[("warning", "x", "a", "b"),
                                   ("warning", "trust-x", TDO, "trustType 1")]), False),
    ("vague", said("ok", findings=[("failed", "trust-x", "fabrikam", "no")]), False),
    ("wrong", said("ok", findings=[("failed", "port-88", "dc1", "no")]), False),
)


def main():
    failed = 0
    for number, (word, got, broken) in enumerate(CASES):
        found = judge(Made(), got, broken)
        if found[0] != word:
            print(f"not ok case {number}: {found}, wanted {word}: {got}")
            failed += 1
    pair = judge_pair((Made(objects=("other",), families=()), Made()), CASES[0][1], True)
    failed += pair[0] != "right"
    for text, name, wanted in (("dc1.contoso.test", "contoso.test", False),
                               ("of contoso.test.", "contoso.test", True),
                               ("account WS1$ is", "WS1$", True), ("WS1$", "WS1", False),
                               ("at 10.99.0.11:88", "10.99.0.11", True),
                               ("10.99.0.110", "10.99.0.11", False)):
        if mentions(text, name) != wanted:
            print(f"not ok mentions({text!r}, {name!r}) is {not wanted}")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
