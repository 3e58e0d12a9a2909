#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A change that has not reached the DC that answers: diagnose reads the object from the other DC,
too, and names what differs; where all is well nothing of it is read."""
import contextlib
import pathlib
import pathlib

import harness
from harness import check, command, diagnose, equal, finish, logon, put, up, ws
from lab import samba, settings
from lab.breaks import encoded
from scenarios import works

from truth import campaign, model
from truth.fault import undo_all
from truth.replicas import here, second_answers

LAB = {"trust": "external", "dc2": True}

ALICE, TDO = "CONTOSO\\alice", "CN=fabrikam.test,CN=System,DC=contoso,DC=test"
USER = "CN=alice,CN=Users,DC=contoso,DC=test"
# A workstation of CONTOSO on the same machine: FABRIKAM has one DC.
SERVICE, KEYTAB, CONF = "wsc", "/etc/wsc.keytab", "/etc/wsc.conf"
MACHINE = "CN=WSC,CN=Computers,DC=contoso,DC=test"
OPTIONS = f"[workstation]\nkeytab = {KEYTAB}\nrealm = CONTOSO.TEST\nhostname = wsc.contoso.test\n"


@contextlib.contextmanager
def made(*steps):
    undo = []
    try:
        for make in steps:
            make(harness._lab, undo)
        campaign.forget()
        yield
    finally:
        equal("undone", undo_all(harness._lab, undo), [])


def fault(name):
    return next(fault for fault in model.faults("two-dcs") if fault.name == name)


def area(got):
    return next((a["tested"], a["why"]) for a in got["areas"] if a["area"] == "replication")


def differences(got):
    return [(f["verdict"], f["what"]) for f in got["findings"] if f["check"] == "dc-differs"]


def named(what, got, subject, attribute):
    """The difference is the reason."""
    equal(f"{what}: the reason", got.get("reason"), "replication")
    equal(f"{what}: the object", got.get("subject"), subject)
    check(f"{what}: the attribute and both values", (got.get("attribute") or "").startswith(attribute)
          and " at dc2.contoso.test, " in got["attribute"]
          and got["attribute"].endswith(" at dc1.contoso.test"), got.get("attribute"))
    equal(f"{what}: who can mend it", got.get("who"), "the administrators of contoso.test")
    check(f"{what}: a finding says so",
          ("warning", f"{subject}: {got.get('attribute')}") in differences(got), differences(got))


def of_users():
    for name, attribute, win32 in (("replica-user-disabled", "userAccountControl = 514", 1331),
                                   ("replica-user-password", "pwdLastSet = 20", 1326)):
        with made(fault(name).make):
            got = diagnose(ALICE)
            named(name, got, USER, attribute)
            equal(f"{name}: the sentence stays", got["status"]["win32"], win32)
    new = fault("replica-user-created")
    with made(new.make):
        named(new.name, diagnose(new.user), "CN=erin,CN=Users,DC=contoso,DC=test", "no object")


def of_trusts():
    with made(fault("replica-trustType").make):
        named("replica-trustType", diagnose(ALICE), TDO, "trustType = 1")


def without_a_difference():
    """A password that is wrong is not blamed on the DCs."""
    got = diagnose(ALICE, password="Wrong.Passw0rd1")
    equal("a wrong password is one", got.get("reason"), "wrong-password")
    equal("both DCs were read", (area(got), [verdict for verdict, _ in differences(got)]),
          (("yes", None), ["ok"]))
    got = diagnose(ALICE)
    equal("where all is well none is read", (got["reason"], area(got), differences(got)),
          ("ok", ("needless", "nothing was refused"), []))
    got = diagnose("FABRIKAM\\carol", password="Wrong.Passw0rd1")
    equal("a domain with one DC has no other", area(got),
          ("needless", "fabrikam.test has one that is known"))


def export(lab, password):
    """A new password of the second workstation at dc1, and its keytab."""
    lab.run("dc1.contoso", "samba-tool", "user", "setpassword", "WSC$", f"--newpassword={password}")
    for principal in ("WSC$", "host/wsc.contoso.test"):
        lab.run("dc1.contoso", "samba-tool", "domain", "exportkeytab", "/root/wsc.keytab",
                f"--principal={principal}")
    exported = pathlib.Path(lab.file("dc1.contoso", "/root/wsc.keytab"))
    put("ws1", KEYTAB, exported.read_bytes(), mode=0o600)
    exported.unlink()


def of_machines():
    def diagnosed():
        return diagnose(ALICE, "--service", SERVICE)
    put("ws1", CONF, OPTIONS)
    put("ws1", f"/etc/pam.d/{SERVICE}", harness.pam_stack(f"conf={CONF}"))
    lab = harness._lab

    def create(lab, undo):
        undo.append(lambda: samba.replicate(lab))
        lab.run("dc1.contoso", "samba-tool", "computer", "create", "WSC")
        undo.append({"do": "delete", "host": "dc1.contoso", "dn": MACHINE})
        lab.run("dc1.contoso", "samba-tool", "spn", "add", "host/wsc.contoso.test", "WSC$")
        here(lab, [{"op": "set", "dn": MACHINE, "attrs": {
            "msDS-SupportedEncryptionTypes": encoded("24")}}])
        export(lab, settings.PASSWORD)
    with made(create):
        with made(second_answers):
            named("the computer object is at one DC only", diagnosed(), MACHINE, "no object")
        samba.replicate(lab)
        with made(second_answers):
            equal("replicated: she logs on", logon(ALICE, service=SERVICE).code, "PAM_SUCCESS")
        here(lab, [{"op": "set", "dn": MACHINE, "attrs": {"servicePrincipalName": []}}])
        samba.replicate(lab)
        lab.run("dc1.contoso", "samba-tool", "spn", "add", "host/wsc.contoso.test", "WSC$")
        export(lab, settings.PASSWORD + "2")
        with made(second_answers):
            got = diagnosed()
            named("a new password of the machine", got, MACHINE, "msDS-KeyVersionNumber = ")
            check("and a service name that is missing there", any(
                "servicePrincipalName = none at dc2" in what for _, what in differences(got)),
                differences(got))


def main():
    up(**LAB)
    command("refresh")
    works("two DCs", ALICE)
    of_users()
    of_trusts()
    without_a_difference()
    of_machines()
    ws(f"rm -f {CONF} {KEYTAB} /etc/pam.d/{SERVICE}")
    finish()


if __name__ == "__main__":
    main()
