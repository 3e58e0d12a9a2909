# SPDX-License-Identifier: MIT
"""The campaign: make each fault of the model in a lab, log on, ask diagnose, do what it says, log
on again, undo it.

usage: ./run bench truth [--sample N] [--seed S] [--only CLASS] [--trust KIND] [--pairs N]
                         [--name WORD] [--no-remedy] [--output FILE] [--list] [--judge FILE]
"""
import argparse
import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import time

import harness
from harness import command, diagnose, logon, nss, put, until, up, ws
from lab import renew
from lab.state import LabError

from . import acts_domain, acts_network  # noqa: F401  they register their instructions
from . import acts_here, judge, model, remedy
from .fault import ALICE, Skipped
from .machine_files import READY

STEPS = ("authenticate", "acct_mgmt", "setcred", "open_session")
KNOWN_AS, GROUP = "alice@contoso.test", "sales@contoso.test"
FOLDERS = "/var/lib/trustlogon /var/cache/trustlogon /run/trustlogon"
KEPT = "/root/kept.tar"
GROUPS = 3  # seconds until the names of groups must be known
PATIENCE = 15  # seconds until the logon must work after a fault is undone
LIMIT = 300  # seconds, of one program


@dataclasses.dataclass
class Result:
    """One line of the report, and of the JSON."""
    trust: str
    faults: tuple
    word: str
    why: str = ""
    code: str = ""
    text: str = ""
    got: dict = dataclasses.field(default_factory=dict)
    seconds: float = 0.0
    failed: list = dataclasses.field(default_factory=list)  # what could not be undone
    undone: bool = True  # all is as it was
    remedy: dict = dataclasses.field(default_factory=dict)  # what remedy.apply() came to

    @property
    def group(self):
        return "+".join(fault.group for fault in self.faults)

    @property
    def broken(self):
        return bool(self.code) and self.code != "PAM_SUCCESS"

    def line(self):
        told = self.got.get("reason") or self.got.get("error")
        if told == "ok":
            told = "; ".join(f"{finding.reason}: {finding.subject}"
                             for finding in judge.findings_of(self.got)) or "ok"
        elif told:
            told = ", ".join(filter(None, (told, self.got.get("subject"),
                                           self.got.get("attribute"))))
        names = " + ".join(fault.name for fault in self.faults)
        said = f"{self.code}; {told}" if self.code else self.why
        why = f" ({self.why})" if self.why and self.code else ""
        mended = f" [remedy {self.remedy['word']}: " + \
            f"{'; '.join(filter(None, (*self.remedy['did'], self.remedy['why'])))}]" \
            if self.remedy else ""
        return f"{self.word:8} {self.trust:8} {names}: {said}{why}{mended}" + \
            ("" if self.undone else " [the lab was raised again]")

    def record(self):
        kept = {name: self.got[name] for name in ("reason", "subject", "attribute", "cause",
                                                  "remedy", "who", "summary", "exit", "error",
                                                  "stderr", "granted")
                if name in self.got}
        kept["findings"] = [f for f in self.got.get("findings", [])
                            if f.get("verdict") in ("warning", "failed")]
        return {"trust": self.trust, "faults": [fault.name for fault in self.faults],
                "group": self.group, "objects": [fault.objects for fault in self.faults],
                "attributes": [fault.attributes for fault in self.faults], "word": self.word,
                "why": self.why, "broken": self.broken, "code": self.code, "text": self.text,
                "diagnose": kept, "seconds": round(self.seconds, 2), "undone": self.undone,
                "undo failed": self.failed, "remedy": self.remedy}

    def judged(self):
        """A diagnosis is right only if its remedy, where it was applied, mends the fault."""
        self.word, self.why = judge.judge_pair(self.faults, self.got, self.broken)
        if self.word == "right" and self.remedy.get("word") == "does not mend":
            self.word, self.why = "vague", "its remedy does not mend"


# --- the workstation ------------------------------------------------------------

def raise_lab(trust):
    """A lab in which all is well and diagnose has nothing to say."""
    lab = up(trust="external" if trust == "two-dcs" else trust, dc2=trust == "two-dcs")
    for path, text in READY.items():
        put("ws1", path, text)
    command("refresh")
    if found := unwell():
        raise RuntimeError(f"the lab is not well: {found}")
    ws(f"tar -cf {KEPT} {FOLDERS}")


def remember():
    """What WS1 remembers is what it was when all was well, so that no fault meets what another
    has left."""
    ws(f"for folder in {FOLDERS}; do find $folder -mindepth 1 -delete; done; tar -xf {KEPT} -C /")


def forget(known=False):
    """What WS1 remembers of DCs and tickets would hide a fault for an hour."""
    ws("rm -f /run/trustlogon/machine.*" +
       ("" if known else " /var/cache/trustlogon/dc-*.json"))
    command("refresh", timeout=LIMIT)


def log_on(fault):
    """(code, text): through PAM, and whether programs then know the user and the groups."""
    got = logon(fault.user, steps=STEPS, service=fault.service, timeout=LIMIT)
    # The names of groups are read after the answer.
    if got.code == "PAM_SUCCESS" and not until(
            lambda: GROUP in nss(["id", "-Gn", KNOWN_AS], seconds=20).stdout, GROUPS):
        return "NSS_NOTFOUND", got.text
    return got.code, got.text


def unwell():
    """What does not work, or None."""
    got = logon(ALICE, steps=STEPS, timeout=LIMIT)
    if got.code != "PAM_SUCCESS":
        return got
    told = diagnose(ALICE)
    return judge.findings_of(told) or (None if told.get("reason") == "ok" else told)


def well_again(failed):
    """Whether all is as it was; where it is not, or an undo has failed, the domains are put back
    as between two files of tests."""
    for mend in ([] if failed else [lambda: None]) + [lambda: renew.settle(harness._lab)]:
        with contextlib.suppress(LabError):
            mend()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            remember()
            if not unwell():
                return True
            time.sleep(0.5)
    return False


def ask(fault):
    """diagnose --json; a run that does not end is an answer without a reason."""
    try:
        told = json.loads(command("diagnose", "--json", "--service", fault.service, fault.user,
                                  stdin=harness.PASSWORD + "\n", timeout=LIMIT).stdout)
        return {**told, "granted": bool((told.get("logon") or {}).get("ok"))}
    except (json.JSONDecodeError, subprocess.TimeoutExpired) as error:
        return {"stderr": str(error)}


# --- one run ----------------------------------------------------------------------

def measure(result, desk):
    first = result.faults[0]
    forget(known=any(fault.known for fault in result.faults))
    result.code, result.text = log_on(first)
    result.got = ask(first)
    result.judged()
    if desk and result.broken and result.word == "right":
        began = time.monotonic()
        result.remedy = remedy.apply(desk, result.got, lambda: log_on(first)[0] == "PAM_SUCCESS",
                                     lambda: ask(first), PATIENCE)
        result.remedy["seconds"] = round(time.monotonic() - began, 2)
        result.judged()


def run(trust, faults, applies):
    """Make the faults, measure, and undo them, whatever happened. Which of two remedies comes first
    would decide: the remedy is applied to single faults only."""
    began, result, undo = time.monotonic(), Result(trust, faults, "skipped"), []
    lab = harness._lab
    desk = remedy.Desk(lab, faults[0].user, faults[0].service)
    try:
        for fault in faults:
            fault.make(lab, undo)
        measure(result, desk if applies and len(faults) == 1 else None)
    except Skipped as reason:
        result.why = str(reason)
    except (LabError, subprocess.SubprocessError, OSError, AssertionError) as error:
        result.why = f"not made: {str(error).splitlines()[0]}"
    result.failed = acts_here.put_back(desk, undo)
    result.undone = well_again(result.failed)
    result.seconds = time.monotonic() - began
    return result


# --- the whole ---------------------------------------------------------------------

def options(arguments):
    parser = argparse.ArgumentParser(prog="./run bench truth", description=__doc__.split("\n")[0])
    parser.add_argument("--sample", type=int, metavar="N", help="so many of them, by chance")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of that chance")
    parser.add_argument("--only", metavar="CLASS", action="append", choices=model.groups(),
                        help="one class: " + ", ".join(model.groups()))
    parser.add_argument("--trust", action="append", choices=model.TRUSTS, help="one kind of lab")
    parser.add_argument("--name", metavar="WORD", help="faults whose name has this word")
    parser.add_argument("--pairs", type=int, metavar="N", help="so many pairs of faults instead")
    parser.add_argument("--no-remedy", action="store_true", help="do not apply what diagnose says")
    parser.add_argument("--output", metavar="FILE", help="one JSON object a run")
    parser.add_argument("--judge", metavar="FILE", action="append",
                        help="make none, and judge again the runs of such a file")
    parser.add_argument("--list", action="store_true", help="print the faults, make none")
    return parser.parse_args(arguments)


def chosen(wanted):
    """[(trust, faults)]"""
    found = [(trust, fault) for trust in model.TRUSTS if trust in (wanted.trust or model.TRUSTS)
             for fault in model.faults(trust)
             if fault.group in (wanted.only or [fault.group]) and (wanted.name or "") in fault.name]
    if wanted.pairs:
        return model.pairs(found, wanted.pairs, wanted.seed)
    return [(trust, (fault,)) for trust, fault in model.sampled(found, wanted.sample, wanted.seed)]


def sums(results):
    """The table: a line a class."""
    head = ["class", "runs", "broken", *judge.WORDS, "skipped"]
    rows = []
    for group in [*sorted({result.group for result in results}), "all"]:
        mine = [result for result in results if group in (result.group, "all")]
        words = collections.Counter(result.word for result in mine)
        rows.append([group, len(mine), sum(result.broken for result in mine),
                     *(words[word] for word in (*judge.WORDS, "skipped"))])
    for row in [head, *rows]:
        print(f"{row[0]:24}" + "".join(f"{cell:>9}" for cell in row[1:]))
    remedies(results)
    reasons = collections.Counter(result.why for result in results if result.word == "skipped")
    for reason, count in reasons.most_common():
        print(f"skipped {count}: {reason}")


def remedies(results):
    """The table of what the remedies of right diagnoses did, a line a class."""
    applied = [result for result in results if result.remedy]
    if not applied:
        return
    print(f"{'remedy':24}" + "".join(f"{word:>14}" for word in ("applied", *remedy.WORDS)))
    for group in [*sorted({result.group for result in applied}), "all"]:
        words = collections.Counter(result.remedy["word"] for result in applied
                                    if group in (result.group, "all"))
        print(f"{group:24}{words.total() - words['not applied']:>14}"
              + "".join(f"{words[word]:>14}" for word in remedy.WORDS))


def again(paths):
    """The runs of these files, as they are judged today."""
    for path in paths:
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            made = json.loads(line)
            known = {fault.name: fault for fault in model.faults(made["trust"])}
            result = Result(made["trust"], tuple(known[name] for name in made["faults"]),
                            made["word"], made["why"], made["code"], made["text"],
                            made["diagnose"], made["seconds"], made["undo failed"],
                            made["undone"], made.get("remedy", {}))
            if result.word != "skipped":
                result.judged()
            yield result


def measured(runs, applies=True):
    """The result of each run, in labs that are raised as they are needed."""
    raised, undone = None, True
    for trust, faults in runs:
        if raised != trust or not undone:
            raise_lab(trust)
            raised = trust
        result = run(trust, faults, applies)
        undone = result.undone
        yield result
    harness.down()


def main(arguments):
    wanted = options(arguments)
    if wanted.judge:
        results = list(again(wanted.judge))
        for result in results:
            print(result.line())
        sums(results)
        return 0
    runs = chosen(wanted)
    if wanted.list:
        for trust, faults in runs:
            print(trust, faults[0].group, " + ".join(fault.name for fault in faults))
        return 0
    build = pathlib.Path(os.environ.get("TL_BUILD", "."))
    output = pathlib.Path(wanted.output or build / "truth.jsonl")
    with open(output, "w", encoding="utf-8") as records:
        results = []
        for result in measured(runs, not wanted.no_remedy):
            results.append(result)
            print(result.line(), flush=True)
            records.write(json.dumps(result.record()) + "\n")
            records.flush()
    sums(results)
    print(f"{len(results)} runs in {output}")
    return 0
