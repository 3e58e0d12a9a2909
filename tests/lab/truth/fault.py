# SPDX-License-Identifier: MIT
"""What one fault is, and the writers that the generators make faults of."""
import base64
import dataclasses
import subprocess
import typing

from lab import breaks, settings, trust
from lab.dc_state import BY_ITSELF
from lab.state import LabError

ALICE = "CONTOSO\\alice"
BOTH = ("external", "forest")
SIDES = {"contoso": "fabrikam", "fabrikam": "contoso"}
BASE = {"contoso": "DC=contoso,DC=test", "fabrikam": "DC=fabrikam,DC=test"}
DNS = {domain: settings.DOMAINS[domain]["dns"] for domain in SIDES}
FLAT = {domain: settings.DOMAINS[domain]["flat"] for domain in SIDES}
DC = {domain: f"dc1.{domain}" for domain in SIDES}
ADDRESS = {host: about["address"] for host, about in settings.HOSTS.items()}
# Attributes that a search for all does not return.
SECRETS = ("unicodePwd", "ntPwdHistory", "supplementalCredentials", "trustAuthIncoming",
           "trustAuthOutgoing")
NOBODY = "10.99.0.77"  # an address of the lab's network that no host has


class Skipped(Exception):
    """The fault cannot be made here; the text says why."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """One fault, with what a diagnosis has to name.

    objects     spellings of the mutated object; one of them is enough
    attributes  spellings of what is wrong with it; one is enough, none means that the object
                says all
    others      objects that are healthy and that it would be wrong to blame instead
    hedges      phrases that name several suspects, so that nothing is decided
    families    beginnings of reasons that point at the right place
    make        make(lab, undo): changes the lab and appends to `undo` how it is undone
    user        the name that logs on
    service     the PAM service it logs on at
    trusts      kinds of trust that the fault is made with
    known       WS1 keeps what it knows of DCs, as when the fault comes in the middle of a day
    """
    name: str
    group: str
    objects: tuple
    attributes: tuple
    make: typing.Callable
    others: tuple = ()
    hedges: tuple = ()
    families: tuple = ()
    user: str = ALICE
    service: str = "trustlogon-test"
    trusts: tuple = BOTH
    known: bool = False


def undo_all(lab, undo):
    """Undo what was done, the last first; what cannot be undone so, one line each. A step is one
    of breaks.UNDO, or a function."""
    failed = []
    for step in reversed(undo):
        try:
            if callable(step):
                step()
            else:
                breaks.UNDO[step["do"]](lab, step)
        except (LabError, Skipped, subprocess.SubprocessError, OSError) as error:
            failed.append(str(error))
    return failed


# --- writers of directories ------------------------------------------------

def read(lab, domain, dn, *names):
    """{name: [bytes, ...]} of one object, secrets included; without names, all there is."""
    found = trust.ask(lab, DC[domain], [finding(dn, *names)])[0]
    have = picked(found, dn)
    if not have:
        raise Skipped(f"the lab has no {dn}")
    return {name: have.get(name.lower(), []) for name in names} if names else have


def finding(dn, *names):
    return {"op": "find", "base": dn, "filter": "(objectClass=*)",
            "attrs": list(names) or ["*", *SECRETS]}


def picked(found, dn):
    """{lower-case name: values} of the object itself, from a search that finds what is below."""
    for entry in found:
        if entry["dn"].lower() == dn.lower():
            return {name.lower(): [base64.b64decode(value) for value in values]
                    for name, values in entry["attrs"].items()}
    return {}


def coded(values):
    return breaks.encoded(*values)


def write(lab, undo, domain, dn, values):
    """Write attributes of an object: as the directory allows, or past its checks."""
    old = read(lab, domain, dn)
    if all(sorted(old.get(name.lower(), [])) == sorted(values[name]) for name in values):
        raise Skipped("it is so already")
    undo.append(lambda: write_back(lab, domain, dn, tuple(values), old))
    try:
        breaks.change_object(lab, DC[domain], dn, {
            name: coded(new) for name, new in values.items()})
    except LabError:
        store(lab, domain, dn, values)


def write_back(lab, domain, dn, names, old):
    """Give an object what it had, with all that the directory has changed besides: a new password
    where a card was demanded, for one."""
    was = {name: coded(old.get(name.lower(), [])) for name in names}
    try:
        found = trust.ask(lab, DC[domain], [{"op": "set", "dn": dn, "attrs": was}, finding(dn)])[1]
    except LabError:
        found = trust.ask(lab, DC[domain], [finding(dn)])[0]
    now = picked(found, dn)
    left = {name: old.get(name, []) for name in old.keys() | now.keys()
            if sorted(old.get(name, [])) != sorted(now.get(name, [])) and name not in BY_ITSELF}
    if left.keys() & {name.lower() for name in SECRETS}:
        # The file has them encrypted: they are put back as the file had them.
        lab.tool(DC[domain], "dc_state", "restore")
    elif left:
        store(lab, domain, dn, left)


def store(lab, domain, dn, values):
    """Into the file of the directory's partition, past every check."""
    try:
        trust.ask(lab, DC[domain], [{"op": "store", "replace": True, "dn": dn, "attrs": {
            name: coded(new) for name, new in values.items()}}])
    except LabError as error:
        raise Skipped(f"refused: {str(error).splitlines()[-1].strip()}") from None


def as_bytes(values):
    return [value if isinstance(value, bytes) else str(value).encode() for value in values]


def setting(domain, dn, name, *values):
    """make() of a fault: the attribute has these values; none: it is gone."""
    def make(lab, undo):
        write(lab, undo, domain, dn, {name: as_bytes(values)})
    return make


def flipping(domain, dn, name, bit):
    """make() of a fault: one bit of a number is the other way round."""
    def make(lab, undo):
        old = int((read(lab, domain, dn, name)[name] or [b"0"])[0])
        write(lab, undo, domain, dn, {name: as_bytes([old ^ bit])})
    return make


def renaming(domain, dn, new):
    """make() of a fault: the object has another name, or another place."""
    def make(lab, undo):
        try:
            trust.ask(lab, DC[domain], [{"op": "rename", "dn": dn, "to": new}])
        except LabError as error:
            raise Skipped(f"refused: {str(error).splitlines()[-1].strip()}") from None
        undo.append({"do": "rename", "host": DC[domain], "dn": new, "to": dn})
    return make


def adding(domain, dn, values, stored=()):
    """make() of a fault: an object that should not be there. `stored` are attributes that the
    directory would not accept."""
    def make(lab, undo):
        plain = {name: coded(as_bytes(v)) for name, v in values.items() if name not in stored}
        late = {name: coded(as_bytes(v)) for name, v in values.items() if name in stored}
        try:
            trust.ask(lab, DC[domain], [{"op": "add", "dn": dn, "attrs": plain}])
        except LabError as error:
            raise Skipped(f"refused: {str(error).splitlines()[-1].strip()}") from None
        undo.append({"do": "delete", "host": DC[domain], "dn": dn})
        if late:
            trust.ask(lab, DC[domain], [{"op": "store", "dn": dn, "attrs": late}])
    return make


def existing(break_name):
    """make() of a fault that lab/breaks.py has already."""
    about = breaks.BREAKS[break_name]

    def make(lab, undo):
        try:
            undo += about["function"](lab, **about["arguments"])
        except LabError as error:
            raise Skipped(str(error).splitlines()[0]) from None
    return make
