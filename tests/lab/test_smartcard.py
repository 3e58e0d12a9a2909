#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Logons with smart cards, against the domain's own KDC across the trust: right and wrong PINs,
blocked cards, other users' cards, certificates that must be refused."""
import contextlib
import itertools
import pathlib
import time

import smartcard
from certificates import HOUR, Authority, pem
from daemon import LOG, agent
from harness import (PASSWORD, SERVICE, check, command, diagnose, equal, finish, get, ids_of,
                     journal, logon, pam_stack, put, up, ws)
from programs import Terminal, sshd
from smartcard import PIN, fresh, pulled, tried

LAB = {"trust": "forest", "kept": False}

COUNT = itertools.count()
CLIENT = pathlib.Path(__file__).with_name("pam_client.py").read_text(encoding="utf-8")
ALICE, UPN, BOB = "CONTOSO\\alice", "alice@corp.example", "CONTOSO\\bob"
WRONG_PIN = "An incorrect PIN was presented to the smart card."
BLOCKED = "The smart card is blocked."
NO_PIN = "No PIN was presented to the smart card."
NO_CARD = "No smart card is available."
OTHERS = ("The client certificate does not contain a valid UPN, or does not match the client name "
          "in the logon request. Contact your administrator.")
UNTRUSTED = ("The smart card certificate used for authentication was not trusted. Contact your "
             "system administrator.")
KDC_UNTRUSTED = ("The Kerberos protocol encountered an error while validating the KDC certificate "
                 "during smart card logon. There is more information in the system event log.")
SUBSYSTEM = ("The Kerberos protocol encountered an error while attempting to use the smart card "
             "subsystem.")
EXPIRED = ("The smart card certificate used for authentication has expired. Contact your system "
           "administrator.")


def line(mode, identity, anchors=smartcard.ANCHORS, more=""):
    """The PAM service of this test, with such cards."""
    auth = f"smartcard={mode} pkinit_identity={identity} pkinit_anchors={anchors} {more}"
    put("ws1", f"/etc/pam.d/{SERVICE}", "".join(
        f"{kind} required pam_trustlogon.so {auth if kind == 'auth' else ''}\n"
        for kind in ("auth", "account", "password", "session")))


def spelled(name):
    """The name as it never was spelled before: the journal's records come when they come, and
    each logon has to find its own."""
    domain, _, user = name.partition("\\")
    n = next(COUNT)
    return "".join(c.upper() if n >> i & 1 else c.lower()
                   for i, c in enumerate(domain)) + "\\" + user


def recorded(name):
    """The reasons that the journal has for a name; waits for the first."""
    deadline = time.monotonic() + 30
    while True:
        found = [r["TRUSTLOGON_REASON"] for r in journal(TRUSTLOGON_USER=name)]
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def refused(label, name, answers, code, text, reason, pins, asked="PIN for Alice"):
    """Refused with this code, sentence and reason, after so many PINs reached the card."""
    name = spelled(name)
    got = logon(name, password=answers)
    equal(f"{label}: {code}", got.code, code)
    check(f"{label}: the sentence", got.text.count(text) == 1, got)
    check(f"{label}: what is asked for", got.text.count("PIN for") == (1 if asked else 0) and
          (asked or "") in got.text and "assword" not in got.text, got)
    equal(f"{label}: the reason in the journal", recorded(name), [reason])
    equal(f"{label}: PINs that the card saw", tried(), pins)
    return got


def let_in(label, name, answers, pins, asked=("PIN for Alice",), **how):
    got = logon(name, password=answers, **how)
    check(f"{label}: {name} is logged on", got.code == "PAM_SUCCESS", got)
    prompts = [p for p in ("PIN for", "Password:") for _ in range(got.text.count(p))]
    check(f"{label}: what is asked for", len(prompts) == len(asked) and
          all(want in got.text for want in asked), got)
    equal(f"{label}: PINs that the card saw", tried(), pins)
    return got


def right_pin():
    line("require", CARD)
    for name in (ALICE, "alice@contoso.test", UPN):
        let_in("right PIN", name, PIN, ["right"])
    equal("right PIN: the journal has the logon", recorded(UPN), ["ok"])
    left = ws(f"grep -rlF {PIN} /run/trustlogon /var/lib/trustlogon /var/cache/trustlogon /tmp")
    equal("the PIN is in no file", left.stdout, "")
    done = ws(["/usr/bin/python3", "-I", "-c", CLIENT, SERVICE, ALICE, "[]", "authenticate",
               "account", "establish"], stdin=PIN + "\n")
    ids = ids_of(ALICE)
    name = ws(f"ls -t /tmp/krb5cc_{ids[0]}_* | head -1").stdout.strip()
    shown = ws(["setpriv", "--reuid", str(ids[0]), "--regid", str(ids[1]), "--clear-groups", "klist",
                name]).stdout
    check("her tickets are in her cache", "krbtgt/CONTOSO.TEST@CONTOSO.TEST" in shown,
          (done, shown))
    tried()
    for fast in ("try", "demand"):
        line("require", CARD, more=f"fast={fast}")
        let_in(f"in armor, fast={fast}", ALICE, PIN, ["right"])
    line("require", smartcard.file_identity("smart", *CA.user("smartcard@contoso.test")))
    let_in("an account that must have a card", "CONTOSO\\smartcard", PIN, [],
           asked=("PIN for smart.key",))


def wrong_pins():
    fresh()
    line("require", CARD)
    got = refused("first wrong PIN", ALICE, "111111", "PAM_AUTH_ERR", WRONG_PIN,
                  "smartcard-pin-wrong", ["wrong"])
    check("first wrong PIN: that there are few more", "A few more wrong PINs block" in got.text, got)
    got = refused("second wrong PIN", ALICE, "111111", "PAM_AUTH_ERR", WRONG_PIN,
                  "smartcard-pin-wrong", ["wrong"])
    check("second wrong PIN: that one more blocks it", "One more wrong PIN blocks" in got.text and
          "a few more block the card" in got.text, got)
    got = let_in("the right PIN in time", ALICE, PIN, ["right"])
    check("and the warning in front of it", "last try before the card is blocked" in got.text, got)
    refused("an empty PIN is none", ALICE, "", "PAM_AUTH_ERR", NO_PIN, "smartcard-pin-missing", [])
    for _ in range(2):
        logon(ALICE, password="111111")
    tried()
    refused("the wrong PIN that blocks the card", ALICE, "111111", "PAM_PERM_DENIED", BLOCKED,
            "smartcard-blocked", ["wrong"])
    refused("a blocked card", ALICE, PIN, "PAM_PERM_DENIED", BLOCKED, "smartcard-blocked", [],
            asked=None)
    line("try", CARD)
    got = let_in("try: past a blocked card", ALICE, PASSWORD, [], asked=("Password:",))
    check("try: that it is blocked is told", BLOCKED in got.text, got)
    fresh()


def no_card():
    pulled()
    line("require", CARD)
    refused("no card", ALICE, PASSWORD, "PAM_AUTHINFO_UNAVAIL", NO_CARD, "smartcard-none", [],
            asked=None)
    line("try", CARD)
    let_in("try without a card", ALICE, PASSWORD, [], asked=("Password:",))
    fresh()
    let_in("try with a card", ALICE, PIN, ["right"])
    let_in("try, empty PIN", ALICE, "\n" + PASSWORD, [], asked=("PIN for Alice", "Password:"))
    let_in("try, from elsewhere", ALICE, PASSWORD, [], asked=("Password:",),
           options=("-I", "rhost=mallory.invalid"))
    refused("try, and a wrong PIN is no password", ALICE, "111111\n" + PASSWORD, "PAM_AUTH_ERR",
            WRONG_PIN, "smartcard-pin-wrong", ["wrong"])
    fresh()


def other_people():
    line("require", CARD)
    refused("alice's card for bob", BOB, PIN, "PAM_AUTH_ERR", OTHERS, "smartcard-other-user",
            ["right"])
    others = Authority("Cards CA")
    line("require", smartcard.file_identity("stranger", *others.user(UPN)))
    refused("a certificate of an authority that this machine does not know", ALICE, PIN,
            "PAM_AUTH_ERR", UNTRUSTED, "smartcard-certificate-untrusted", [],
            asked="PIN for stranger.key")
    put("ws1", "/etc/pki/all.pem", pem(others.certificate) + get("ws1", "/etc/pki/ca.pem").encode())
    line("require", smartcard.file_identity("stranger", *others.user(UPN)),
         anchors="FILE:/etc/pki/all.pem")
    refused("and of one that the domain controller does not know", ALICE, PIN, "PAM_AUTH_ERR",
            UNTRUSTED, "smartcard-certificate-untrusted", [], asked="PIN for stranger.key")
    line("require", smartcard.file_identity("old", *CA.user(UPN, life=-HOUR)))
    refused("an expired certificate", ALICE, PIN, "PAM_AUTH_ERR", EXPIRED,
            "smartcard-certificate-expired", [], asked="PIN for old.key")
    line("require", CARD)
    refused("a domain controller without a certificate", "FABRIKAM\\carol", PIN, "PAM_AUTH_ERR",
            UNTRUSTED, "smartcard-certificate-untrusted", ["right"])


@contextlib.contextmanager
def krb5_conf(text):
    before = get("ws1", "/etc/krb5.conf")
    put("ws1", "/etc/krb5.conf", before + text)
    try:
        yield
    finally:
        put("ws1", "/etc/krb5.conf", before)


def kdc_untrusted():
    line("require", CARD, anchors="FILE:/etc/pki/users.pem")
    refused("a KDC of another authority", ALICE, PIN, "PAM_AUTH_ERR", KDC_UNTRUSTED,
            "kdc-certificate", ["right"])
    line("require", CARD)
    with krb5_conf("    CONTOSO.TEST = {\n    }\n[libdefaults]\n"
                   "    pkinit_kdc_hostname = dc9.contoso.test\n"):
        refused("a certificate for another host than krb5.conf's", ALICE, PIN, "PAM_AUTH_ERR",
                KDC_UNTRUSTED, "kdc-certificate", ["right"])
    line("require", CARD, anchors="FILE:/etc/pki/none.pem")
    refused("anchors that are not there are no reason to trust", ALICE, PIN, "PAM_SYSTEM_ERR",
            "An internal error occurred.", "config-invalid", ["right"])


def not_in_place_of_passwords():
    """A certificate without a PIN, in the file or in krb5.conf, does not prove a user."""
    open_key = smartcard.file_identity("open", *CA.user(UPN), password=None)
    line("require", open_key)
    refused("a key that asks for no PIN", ALICE, PIN, "PAM_AUTHINFO_UNAVAIL", NO_CARD,
            "smartcard-none", [], asked=None)
    with krb5_conf(f"[libdefaults]\n    pkinit_identities = {open_key}\n"
                   f"    pkinit_anchors = {smartcard.ANCHORS}\n"):
        put("ws1", f"/etc/pam.d/{SERVICE}", "auth required pam_trustlogon.so\n"
                                            "account required pam_trustlogon.so\n")
        got = logon(ALICE, password="not the password")
        check("nor one of krb5.conf's where a password is asked for", got.code == "PAM_AUTH_ERR", got)
        got = logon(ALICE)
        check("where the password counts", got.code == "PAM_SUCCESS", got)
    with krb5_conf(f"[libdefaults]\n    pkinit_identities = {CARD}\n"
                   f"    pkinit_anchors = {smartcard.ANCHORS}\n"):
        put("ws1", f"/etc/pam.d/{SERVICE}", "auth required pam_trustlogon.so smartcard=require\n"
                                            "account required pam_trustlogon.so\n")
        let_in("card and anchors of krb5.conf", ALICE, PIN, ["right"])


def without_plugin():
    plugin = ws("echo /usr/lib/*/krb5/plugins/preauth/pkinit.so").stdout.strip()
    ws(f"mv {plugin} {plugin}.away")
    try:
        line("require", CARD)
        refused("without the plugin", ALICE, PIN, "PAM_AUTHINFO_UNAVAIL", SUBSYSTEM,
                "smartcard-plugin-missing", [], asked=None)
        line("try", CARD)
        let_in("try without the plugin", ALICE, PASSWORD, [], asked=("Password:",))
    finally:
        ws(f"mv {plugin}.away {plugin}")


def locker():
    """A program with the user's own uid."""
    put("ws1", "/etc/trustlogon.conf", f"[logon]\n    smartcard = try\n    pkinit_identity = {CARD}\n"
                                       f"    pkinit_anchors = {smartcard.ANCHORS}\n")
    put("ws1", "/etc/pam.d/locker", "auth required pam_trustlogon.so\n"
                                    "account required pam_trustlogon.so\n")
    uid, gid = map(str, ids_of(ALICE))
    with agent():
        for pin, good in ((PIN, True), ("111111", False)):
            done = ws(["setpriv", "--reuid", uid, "--regid", gid, "--clear-groups",
                       "/usr/bin/python3", "-I", "-c", CLIENT, "locker", ALICE, "[]",
                       "authenticate"], stdin=pin + "\n")
            check(f"a locker, {'right' if good else 'wrong'} PIN",
                  done.stdout.startswith('[["authenticate", 0') == good,
                  (done.stdout, ws(["cat", LOG]).stdout))
            equal("the card saw it once", tried(), ["right" if good else "wrong"])
    fresh()
    ws("rm /etc/trustlogon.conf")


def by_command():
    """Without PAM, for administrators; right after an agent has read the file."""
    for pin, code, words in ((PIN, 0, "Logged on as alice@CONTOSO.TEST"), ("111111", 1, WRONG_PIN),
                             ("", 1, NO_PIN)):
        done = command("logon", "--smartcard", ALICE, stdin=pin + "\n")
        check(f"logon --smartcard, PIN '{pin}'", done.returncode == code and words in done.stdout,
              done)
    equal("logon --smartcard: PINs that the card saw", tried(), ["right", "wrong"])
    for pin, reason in ((PIN, "ok"), ("111111", "smartcard-pin-wrong")):
        equal(f"diagnose --smartcard: {reason}",
              diagnose(ALICE, "--smartcard", password=pin).get("reason"), reason)
    equal("diagnose --smartcard: PINs that the card saw", tried(), ["right", "wrong"])
    pulled()
    done = command("logon", "--smartcard", "--json", ALICE, stdin=PIN + "\n")
    check("logon --smartcard without a card", done.returncode == 1 and
          '"smartcard-none"' in done.stdout, done)
    fresh()


def by_ssh():
    put("ws1", "/etc/trustlogon.conf", f"[logon]\n    smartcard = require\n    pkinit_identity = "
                                       f"{CARD}\n    pkinit_anchors = {smartcard.ANCHORS}\n")
    put("ws1", "/etc/pam.d/sshd", pam_stack())
    with agent(), sshd("KbdInteractiveAuthentication yes\n") as server:
        with Terminal(server.client(ALICE), host="mallory") as there:
            check("ssh asks for the PIN", there.wait(r"PIN for Alice: ?$", timeout=60), there.told)
            there.type(PIN)
            check("and lets in", there.wait(r"[$#] $", len(there.told), timeout=60), there.told)
    equal("ssh: PINs that the card saw", tried(), ["right"])
    by_command()


if __name__ == "__main__":
    up(**LAB)
    CA = smartcard.equip("dc1.contoso", "contoso.test", "dc1.contoso.test")
    smartcard.install_module()
    CARD = smartcard.card("Alice", *CA.user(UPN))
    logon(ALICE)
    right_pin()
    wrong_pins()
    no_card()
    other_people()
    kdc_untrusted()
    not_in_place_of_passwords()
    without_plugin()
    locker()
    by_ssh()
    told = get("ws1", "/var/log/lab/journal.jsonl")
    check("the PIN stands in no line of the journal", told and PIN not in told, told)
    finish()
