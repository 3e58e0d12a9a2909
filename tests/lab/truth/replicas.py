# SPDX-License-Identifier: MIT
"""A change at the first of two DCs that has not reached the second, which answers."""
import json

from lab import samba, settings, trust

from .accounts import OF_USER, UAC, USER, USER_NAMES
from .fault import BASE, DC, Fault, as_bytes, coded, read
from .network import OF_UDP, filtering
from .trusts import FAMILIES, dn_of

SECOND = "dc2.contoso.test"
NEW = f"CN=erin,CN=Users,{BASE['contoso']}"


def here(lab, requests):
    """Change the first DC's directory, and tell no other DC."""
    lab.tool(DC["contoso"], "directory", stdin=json.dumps(requests))


def caught_up(lab, undo):
    """Undone last: the second DC has what the first has."""
    undo.append(lambda: samba.replicate(lab))


def second_answers(lab, undo):
    """The first DC is not pinged, so the second is taken."""
    filtering(lambda lab: [DC["contoso"]], [
        (hook, rule.format(389)) for hook, rule in OF_UDP["drop"]])(lab, undo)


def behind(dn, name, value):
    """make(): the second DC still has this value."""
    def make(lab, undo):
        caught_up(lab, undo)
        right = {name: coded(read(lab, "contoso", dn, name)[name])}
        undo.append(lambda: here(lab, [{"op": "set", "dn": dn, "attrs": right}]))
        old = value(int(right_number(lab, dn, name))) if callable(value) else value
        trust.ask(lab, DC["contoso"], [
            {"op": "set", "dn": dn, "attrs": {name: coded(as_bytes([old]))}}])
        here(lab, [{"op": "set", "dn": dn, "attrs": right}])
        second_answers(lab, undo)
    return make


def right_number(lab, dn, name):
    return (read(lab, "contoso", dn, name)[name] or [b"0"])[0]


def password(lab, undo):
    def give(value):
        lab.run(DC["contoso"], "samba-tool", "user", "setpassword", "alice",
                f"--newpassword={value}")
    caught_up(lab, undo)
    undo.append(lambda: give(settings.PASSWORD))
    give("Former.Passw0rd1")
    samba.replicate(lab)
    give(settings.PASSWORD)
    second_answers(lab, undo)


def created(lab, undo):
    caught_up(lab, undo)
    lab.run(DC["contoso"], "samba-tool", "user", "create", "erin", settings.PASSWORD)
    undo.append({"do": "delete", "host": DC["contoso"], "dn": NEW})
    second_answers(lab, undo)


def faults():
    def of_user(name, make, objects=USER_NAMES, **more):
        return Fault(f"replica-user-{name}", "replication", objects, (SECOND,), make,
                     families=OF_USER, trusts=("two-dcs",), **more)
    yield of_user("disabled", behind(USER, UAC, lambda flags: flags | 0x2))
    yield of_user("smartcard", behind(USER, UAC, lambda flags: flags | 0x40000))
    yield of_user("expired", behind(USER, "accountExpires", 128000000000000000))
    yield of_user("password", password)
    yield of_user("created", created, (NEW, "erin", "CONTOSO\\erin"), user="CONTOSO\\erin")
    tdo = dn_of("contoso")
    for name, value in (("trustType", 1), ("trustDirection", 2), ("trustPartner", "other.test")):
        yield Fault(f"replica-{name}", "replication", (tdo,), (SECOND,), behind(tdo, name, value),
                    others=(dn_of("fabrikam"),), families=FAMILIES, trusts=("two-dcs",))
