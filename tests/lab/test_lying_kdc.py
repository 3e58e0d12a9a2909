#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Scenarios 9 and 15: KDC replies that Samba never sends, requests changed on the wire, and a
KDC that lies."""
import json
import subprocess
import time

import harness
from harness import (check, command, environment, equal, finish, forget_journal, journal,
                     logon, on, pam_stack, put, up)
from mit import Kdc
from scenarios import TEXT, explained, refused, said, works

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
FIREWALL = bytes.fromhex("130400c0" "00000000" "03000000")  # 0xC0000413 as AD sends it at TGS

REDIRECT = ("table ip script { chain in { type nat hook prerouting priority dstnat; "
            "tcp dport 88 redirect to :8088; }; }")


def der(tag, content):
    assert len(content) < 0x80
    return bytes([tag, len(content)]) + content


def kerb_error_data(status):
    """KERB-ERROR-DATA, type 3 [MS-KILE 2.2.2]."""
    return der(0x30, der(0xA1, der(0x02, b"\x03")) + der(0xA2, der(0x04, status)))


def method_data(status):
    """METHOD-DATA with PA-PW-SALT (3), as Samba answers account failures."""
    pa_data = der(0x30, der(0xA1, der(0x02, b"\x03")) + der(0xA2, der(0x04, status)))
    return der(0x30, pa_data)


class Script:
    """A KDC on a DC that answers by a script and passes on the rest."""

    def __init__(self, host, *rules):
        self.host, self.rules = host, json.dumps(rules)

    def __enter__(self):
        lab = harness._lab
        inside = lab.enter(lab.host(self.host), ["/usr/bin/python3", "-I", "/run/lab/kdc_script.py",
                                                 "8088", self.rules])
        self.process = subprocess.Popen(inside, env=environment(), stdout=subprocess.PIPE,
                                        stdin=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "ready"
        done = on(self.host, ["nft", "-f", "-"], stdin=REDIRECT)
        assert done.returncode == 0, done.stderr

    def __exit__(self, *_):
        on(self.host, ["nft", "delete", "table", "ip", "script"])
        self.process.stdin.close()  # it ends with its input
        self.process.wait()


def selective():
    for form, edata in (("KERB-ERROR-DATA", kerb_error_data(FIREWALL)),
                        ("METHOD-DATA", method_data(FIREWALL))):
        for message, host, rule in (
                ("TGS", "dc1.fabrikam", {"message": "TGS", "service": "ws1.fabrikam.test"}),
                ("TGS for krbtgt", "dc1.contoso", {"message": "TGS", "service": "FABRIKAM.TEST"}),
                ("AS", "dc1.contoso", {"message": "AS", "preauth": True})):
            label = f"9 {message}, {form}"
            with Script(host, {**rule, "error": 12, "edata": edata.hex()}):
                refused(label, ALICE, "PAM_PERM_DENIED", 1935)
                if message == "AS":
                    explained(label, ALICE, "authentication-policy", win32=1935)
                else:
                    explained(label, ALICE, "selective-authentication", win32=1935,
                              remedy="Allowed to Authenticate")
    with Script("dc1.contoso", {"message": "TGS", "service": "FABRIKAM.TEST", "error": 7,
                 "edata": kerb_error_data(bytes.fromhex("350000c0" "00000000" "03000000")).hex()}):
        refused("7 + 0xC0000035 stays 1787", ALICE, "PAM_AUTH_ERR", 1787)
    with Script("dc1.contoso", {"message": "TGS", "service": "FABRIKAM.TEST", "error": 12, "edata": "30ff00"}):
        got = logon(ALICE)
        check("12 + garbage is refused in words", got.code == "PAM_PERM_DENIED" and said(got), got)
    works("9 over", ALICE)


# Status, the Kerberos codes that bring it, the PAM code, what the user reads, the reason. Samba
# sends some of these; here all of them come, in both forms.
STATES = (
    (0xC0000072, (18,), "PAM_PERM_DENIED", 1331, "account-disabled"),
    (0xC0000234, (18,), "PAM_PERM_DENIED", 1909, "account-locked"),
    (0xC0000193, (18,), "PAM_ACCT_EXPIRED", 1793, "account-expired"),
    (0xC000006F, (18, 12), "PAM_PERM_DENIED", 1328, "logon-hours"),
    (0xC0000070, (12,), "PAM_PERM_DENIED", 1329, "workstation-not-allowed"),
    (0xC000006E, (12, 18), "PAM_PERM_DENIED", 1327, "account-restriction"),
    (0xC00002FA, (12,), "PAM_PERM_DENIED", "smart card", "smartcard-required"),
    (0xC0000413, (12,), "PAM_PERM_DENIED", 1935, "authentication-policy"),
    (0xC0000224, (23,), "PAM_AUTH_ERR", 1907, "password-must-change"),
    (0xC0000071, (23,), "PAM_AUTH_ERR", 1330, "password-expired"),
)
# The code alone.
BARE = ((1, "PAM_ACCT_EXPIRED", 1793, "account-expired"),
        (12, "PAM_PERM_DENIED", 1327, "account-restriction"),
        (18, "PAM_PERM_DENIED", 1909, "account-locked"),
        (23, "PAM_AUTH_ERR", 1330, "password-expired"),
        (24, "PAM_AUTH_ERR", 1326, "wrong-password"),
        (6, "PAM_AUTH_ERR", 1326, "user-unknown"))


def reasons(name, timeout=30):
    """All reasons that the journal has for this user, or, None, for unknown names, which no log
    has; waits for the first."""
    deadline = time.monotonic() + timeout
    while True:
        found = {r["TRUSTLOGON_REASON"] for r in journal()
                 if "TRUSTLOGON_REASON" in r and r.get("TRUSTLOGON_USER") == name}
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def states():
    """Each state of an account: one user for each, so that one script serves all."""
    rows = [(f"12 {code} + {status:08X} in {form}", code,
             made(status.to_bytes(4, "little") + bytes(4) + b"\1\0\0\0").hex(), *told)
            for status, codes, *told in STATES for code in codes
            for form, made in (("KERB-ERROR-DATA", kerb_error_data), ("METHOD-DATA", method_data))]
    rows += [(f"12 {code} alone", code, "", *told) for code, *told in BARE]
    rules = [{"message": "AS", "service": f"state{n:03}", "error": code, "edata": edata}
             for n, (_, code, edata, *_) in enumerate(rows)]
    with Script("dc1.contoso", *rules):
        for n, (label, _, _, pam, win32, reason) in enumerate(rows):
            name = f"CONTOSO\\state{n:03}"
            refused(label, name, pam, win32)
            equal(f"{label}: the journal has the reason",
                  reasons(name if reason != "user-unknown" else None), {reason})
            if reason in ("account-restriction", "smartcard-required") and "DATA" in label:
                # What Samba itself never sends; a smart card has no Win32 code.
                explained(label, name, reason, win32=win32 if win32 == 1327 else 0)


def nobody_learns_who_exists():
    """An unknown name and a wrong password look the same; the journal tells them apart."""
    got = {}
    for name, reason in ((ALICE, "wrong-password"), ("CONTOSO\\no.such.user", "user-unknown")):
        forget_journal()
        got[name] = logon(name, password="not the password")
        equal(f"1326 of {name}: the journal says {reason}",
              reasons(name if reason != "user-unknown" else None), {reason})
    alice, nobody = got.values()
    check("1326: the prompt tells neither apart", (alice.code, alice.text) ==
          (nobody.code, nobody.text) and TEXT[1326] in alice.text, got)


def changeling():
    """An attacker on the wire puts his own account in the place of the name that he typed, and
    proves it with his own password: all is genuine, and another user's."""
    craigs = "Own.Password.Of.Craig.7"
    done = on("dc1.contoso", ["samba-tool", "user", "create", "craig", craigs])
    assert done.returncode == 0, done.stderr
    rule = {"message": "AS", "replace": [[b"alice".hex(), b"craig".hex()]],
            "own": [craigs, "CONTOSO.TESTcraig"]}
    works("craig is a user", "CONTOSO\\craig", password=craigs)
    with Script("dc1.contoso", rule):
        for name in (ALICE, "alice@contoso.test"):
            got = logon(name, password=craigs)
            check(f"craig is not let in as {name}", got.code == "PAM_AUTH_ERR", got)
        got = command("logon", ALICE, stdin=craigs + "\n")
        check("changeling: the reason names both",
              "requested alice, but the ticket proves craig@CONTOSO.TEST"
              in " ".join(got.stdout.split()), got)
    works("changeling over", ALICE)


def referred_on():
    """KDCs that send one on and on: from ours to the user's, and that to one more."""
    rule = {"message": "AS", "service": "corp.example", "error": 68}
    put("ws1", "/etc/pam.d/one", pam_stack("hop_limit=1"))
    put("ws1", "/etc/pam.d/two", pam_stack("hop_limit=2"))
    with Script("dc1.fabrikam", {**rule, "crealm": "CONTOSO.TEST"}), \
            Script("dc1.contoso", {**rule, "crealm": "ELSEWHERE.CONTOSO.TEST"}):
        for service, reason in (("one", "referral-limit"), ("two", "dns-no-records")):
            forget_journal()
            got = logon("alice@corp.example", service=service)
            check(f"hop_limit={service}: nobody gets in", got.code not in ("PAM_SUCCESS", None), got)
            equal(f"hop_limit={service}: the second referral ends in {reason}",
                  reasons(None), {reason})
    with Script("dc1.fabrikam", {**rule, "crealm": "CONTOSO.TEST"}), \
            Script("dc1.contoso", {**rule, "crealm": "FABRIKAM.TEST"}):
        forget_journal()
        logon("alice@corp.example")
        equal("to and fro is a loop", reasons(None), {"referral-loop"})


STOLEN = "Chosen.By.Mallory.1"


def impostor_start():
    """Both realms, with the right names and mallory's own keys and password."""
    realms = ("CONTOSO.TEST", "FABRIKAM.TEST")
    kdc = Kdc("mallory", *realms)
    for realm in realms:
        kdc.add(f"alice@{realm}", STOLEN)
        kdc.add(f"host/ws1.fabrikam.test@{realm}", STOLEN)
        # and one whose password must be changed ...
        kdc.add(f"bob@{realm}", STOLEN, "+needchange")
    kdc.trust("CONTOSO.TEST", "FABRIKAM.TEST", STOLEN)
    kdc.start(passwords="CONTOSO.TEST")  # ... which is changed on 464 without an error
    lab = harness._lab
    process = subprocess.Popen(
        lab.enter(lab.host("mallory"), ["/usr/bin/python3", "-I", "/run/lab/impostor.py", "ping",
                                        "contoso.test=evil.contoso.test",
                                        "fabrikam.test=evil.fabrikam.test"]),
        env=environment(), stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == "ready"
    return process, kdc


def dns(domain, verb, record, kind, data):
    done = on(f"dc1.{domain}", ["samba-tool", "dns", verb, f"dc1.{domain}.test",
                                f"_msdcs.{domain}.test" if "_msdcs" not in record and
                                kind == "SRV" else f"{domain}.test", record, kind, data,
                                f"-Uadministrator%{harness.PASSWORD}"])
    assert done.returncode == 0, f"{verb} {record}: {done.stdout}{done.stderr}"


def poison(domain):
    """DNS names mallory alone as the domain's KDC."""
    dns(domain, "add", "evil", "A", "10.99.0.66")
    for record in ("_kerberos._tcp.dc", "_kerberos._tcp.Default-First-Site-Name._sites.dc"):
        dns(domain, "add", record, "SRV", f"evil.{domain}.test 88 0 100")
        dns(domain, "delete", record, "SRV", f"dc1.{domain}.test 88 0 100")


def liar_changes_password(kdc):
    """A KDC that lies says "expired", gives the ticket, and takes the new password: all this is
    no logon, whether the program asks pam_acct_mgmt or not."""
    new = "Chosen.By.Mallory.2"
    for steps in (("authenticate",), ("authenticate", "acct_mgmt")):
        got = logon("CONTOSO\\bob", password=f"{STOLEN}\n{new}\n{new}", steps=steps)
        check(f"15 expired, {len(steps)} steps: changed at the liar's, and still not logged on",
              got.code == "PAM_AUTH_ERR" and "Your password has been changed." in got.text and
              TEXT[1789] in got.text, got)
        kdc.kadmin("CONTOSO.TEST", f"cpw -pw {STOLEN} bob", "modprinc +needchange bob")


def impostor():
    process, kdc = impostor_start()
    try:
        poison("contoso")
        command("locate", "--force", "contoso.test")
        located = command("locate", "contoso.test").stdout
        check("15 the poisoned SRV record is believed", "evil.contoso.test" in located, located)
        for label, domains in (("15 own KDC genuine", ()), ("15 both KDCs lie", ("fabrikam",))):
            for domain in domains:
                poison(domain)
                command("locate", "--force", f"{domain}.test")
            for name in (ALICE, "alice@contoso.test", "FABRIKAM\\alice"):
                got = logon(name, password=STOLEN)
                check(f"{label}: {name} with mallory's password gets in nowhere",
                      got.code in ("PAM_AUTH_ERR", "PAM_AUTHINFO_UNAVAIL"), got)
        # The ticket made without our key is refused as such.
        for name in (ALICE, "alice@contoso.test"):
            refused("15 both KDCs lie", name, "PAM_AUTH_ERR", 1789, password=STOLEN)
            explained("15 both KDCs lie", name, "keytab-wrong", password=STOLEN, win32=1789)
        liar_changes_password(kdc)
    finally:
        process.stdin.close()
        process.wait()
        kdc.stop()


def main():
    up(**LAB)
    command("refresh")
    selective()
    states()
    nobody_learns_who_exists()
    changeling()
    referred_on()
    impostor()
    finish()


if __name__ == "__main__":
    main()
