#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Passwords: changed at a logon that needs it (ssh, login, su, sudo) and by passwd, refused by the
domain's rules, with 464 filtered; each time the domain controller is asked which one it has."""
import contextlib
import itertools
import re
import time

import harness
from daemon import agent
from domains import must_change, own_number, write
from harness import (PASSWORD, broken, check, command, equal, finish, forget_journal, journal,
                     logon, pam_stack, put, trust, up, ws)
from lab import net
from programs import ASKS, SHELL, Terminal, by, login, set_up, sshd
from scenarios import TEXT

LAB = {"trust": "external"}

ALICE, MUST, AGED = "CONTOSO\\alice", "CONTOSO\\mustchange", "CONTOSO\\pwexpired"
UPN, UMLAUTS = "alice@corp.example", "Grüße.aus.Köln.7"
CANONICAL, AGED_CANONICAL = "mustchange@contoso.test", "pwexpired@contoso.test"
DC = "dc1.contoso"
T1325 = ("Unable to update the password. The value provided for the new password does not meet the "
         "length, complexity, or history requirements of the domain.")
T1265 = ("The system cannot contact a domain controller to service the authentication request. "
         "Please try again later. The password was not changed.")
SHORT = (f'{T1325} The domain controller says: "Password too short, password must be at least 7 '
         'characters long."')
SIMPLE = f'{T1325} The domain controller says: "Password does not meet complexity requirements"'
REPEATED = f'{T1325} The domain controller says: "Password is already in password history. '
YOUNG = T1325 + r" The password cannot be changed before \d{4}-\d\d-\d\d \d\d:\d\d \w+\."
CHANGED = "Your password has been changed."
DAY = 864000000000
NEW_ASKS = r"New password: ?$"
AGAIN_ASKS = r"Retype new password: ?$"

_count = 0


def fresh():
    """A password that was never used."""
    global _count
    _count += 1
    return f"Never.Used.{_count}"


# --- what the domain controller has -------------------------------------------------

def last_set(name):
    return own_number(name.rpartition("\\")[2], "pwdLastSet")


def policy(**attributes):
    write("DC=contoso,DC=test", **attributes)


@contextlib.contextmanager
def kept(what, name):
    """The DC's own data: nothing was changed meanwhile."""
    before = last_set(name)
    yield
    equal(f"{what}: the DC has the old password", last_set(name), before)


@contextlib.contextmanager
def changed(what, name):
    before = last_set(name)
    yield
    now = last_set(name)
    check(f"{what}: the DC has a new password", now > before and
          abs(now / 1e7 - 11644473600 - time.time()) < 600, (before, now))


def shows(what, got, text, times=1):
    return check(f"{what}: is told", len(re.findall(text if "\\d" in text else re.escape(text),
                                                    got)) == times, got)


def recorded(reason, count, timeout=30):
    """The journal's records of a reason; its listener reads at leisure."""
    deadline = time.monotonic() + timeout
    while True:
        records = journal(TRUSTLOGON_REASON=reason)
        if len(records) >= count or time.monotonic() > deadline:
            return records
        time.sleep(0.05)


# --- passwd's calls, through PAM ------------------------------------------------------

def change(name, *answers, service=harness.SERVICE):
    return logon(name, password="\n".join(answers), steps=("chauthtok",), service=service)


def rules(label, old):
    """Each rule of the domain, in its own words. Returns the password that alice then has."""
    new = fresh()
    for what, password, text, reason in (
            ("too short", "Ab1!", SHORT, "password-too-short"),
            ("not complex", "onlysmallletters", SIMPLE, "password-not-complex")):
        forget_journal()
        with kept(f"{label}: {what}", ALICE):
            got = change(ALICE, old, *[password] * 6)
        equal(f"{label}: {what}: AUTHTOK_ERR", got.code, "PAM_AUTHTOK_ERR")
        shows(f"{label}: {what}, three times", got.text, text, 3)
        records = recorded(reason, 3)
        check(f"{label}: {what}: the journal has reason and status, and no password",
              len(records) == 3 and records[0]["TRUSTLOGON_WIN32"] == "1325" and
              password not in str(journal()) and old not in str(journal()), journal())
    with kept(f"{label}: the same again", ALICE):
        got = change(ALICE, old, *[old] * 3)
    check(f"{label}: the same again is refused without asking anybody", got.code ==
          "PAM_AUTHTOK_ERR" and got.text.count("The new password is the old one.") == 3, got)
    with kept(f"{label}: two that differ", ALICE):
        got = change(ALICE, old, "One.Thing.1", "Another.Thing.1", "", "")
    check(f"{label}: two that differ, then none", "The passwords do not match." in got.text and
          "No new password was typed." in got.text and got.code != "PAM_SUCCESS", got)
    with changed(f"{label}: refused, then good", ALICE):
        got = change(ALICE, old, "Ab1!", "Ab1!", new, new)
    check(f"{label}: refused, then good, in one conversation", got.code == "PAM_SUCCESS" and
          SHORT in got.text, got)
    with kept(f"{label}: repeated", ALICE):
        got = change(ALICE, new, old, old)
    check(f"{label}: repeated: is told", REPEATED in got.text, got)
    equal(f"{label}: the old one is out", logon(ALICE, password=old).code, "PAM_AUTH_ERR")
    equal(f"{label}: the new one is in", logon(ALICE, password=new).code, "PAM_SUCCESS")
    with kept(f"{label}: a wrong old one", ALICE):
        got = change(ALICE, old, fresh())
    check(f"{label}: a wrong old one: AUTH_ERR, and no new one is asked for", got.code ==
          "PAM_AUTH_ERR" and TEXT[1326] in got.text and "New password" not in got.text, got)
    return new


def too_young(old):
    forget_journal()
    with passwords_must_age(), kept("too young", ALICE):
        got = change(ALICE, old, *[fresh()] * 2)
    shows("too young, with the date", got.text, YOUNG)
    equal("too young: AUTHTOK_ERR, and no second try", (got.code, got.text.count("New password: ")),
          ("PAM_AUTHTOK_ERR", 1))
    equal("too young: the journal has the reason", len(recorded("password-too-young", 1)), 1)
    return old


def ports(old):
    """464/tcp first, 464/udp where that is filtered; neither: reported at once, nothing sent."""
    for what, by_way in (("tcp464", "464/udp"), ("udp464", "464/tcp")):
        with broken(what), changed(what, ALICE):
            new = fresh()
            got = change(ALICE, old, new, new)
            equal(f"{what}: changed over {by_way}", got.code, "PAM_SUCCESS")
            old = new
    with broken("tcp464"), kept("tcp464: too short", ALICE):
        got = change(ALICE, old, "Ab1!", "Ab1!")
        check("tcp464: the rules are told over 464/udp, too", SHORT in got.text, got)
    with broken("port464"):
        with kept("port464", ALICE):
            got = change(ALICE, old, fresh())
        check("port464: both filtered: told before a new one is asked for",
              T1265 in got.text and "New password" not in got.text and
              got.code == "PAM_AUTHINFO_UNAVAIL", got)
        check("port464: told soon", got.seconds < 15, got.seconds)
        must_change()
        forget_journal()
        with kept("port464, expired", MUST):
            got = logon(MUST)
        check("port464, expired: the logon says both, and ends", TEXT[1907] in got.text and
              T1265 in got.text and "New password" not in got.text and
              got.code == "PAM_AUTHINFO_UNAVAIL", got)
        records = recorded("password-service-unreachable", 1)
        check("port464: the journal names the DC and both ports", records and all(
            "dc1.contoso.test (10.99.0.11): 464/tcp no answer, 464/udp no answer" in r["MESSAGE"]
            for r in records), journal())
        equal("port464: who need not change it logs on", logon(ALICE, password=old).code,
              "PAM_SUCCESS")
    return old


def lost_answer(old):
    """The DC takes the request and changes the password; its answer does not come back."""
    put("ws1", "/etc/pam.d/short", pam_stack("logon_timeout=3000"))
    lab, new = harness._lab, fresh()
    # Answers that carry data; the connection itself comes up.
    net.filter_ports(lab, DC, "lost", "output", ["tcp sport 464 tcp flags & psh == psh drop"])
    with changed("lost answer", ALICE):
        got = change(ALICE, old, new, new, service="short")
    net.unfilter(lab, DC, "lost")
    check("lost answer: not known, and how to find out", "It is not known whether the password was "
          "changed. Try the new one; if it is refused, try the old one." in got.text and
          got.code == "PAM_AUTHTOK_ERR" and got.text.count("New password: ") == 1, got)
    equal("lost answer: the new one is in", logon(ALICE, password=new).code, "PAM_SUCCESS")
    return new


def warning(old):
    """The domain's rule sets an end, the ticket has it, the option says when the warning starts."""
    put("ws1", "/etc/pam.d/late", pam_stack("password_warning=1"))
    put("ws1", "/etc/pam.d/early", pam_stack("password_warning=30"))
    for days, told in ((4, {harness.SERVICE: 3, "late": None, "early": 3}),
                       (21, {harness.SERVICE: None, "early": 20}),
                       (2, {harness.SERVICE: 1, "late": 1})):
        policy(maxPwdAge=-days * DAY)
        for service, left in told.items():
            got = logon(ALICE, password=old, service=service)
            wanted = {None: "", 1: "Your password expires in 1 day."}.get(
                left, f"Your password expires in {left} days.")
            check(f"a password of at most {days} days, {service}: {wanted or 'nothing'}",
                  got.code == "PAM_SUCCESS" and (wanted in got.text if wanted else
                                                 "expires" not in got.text), got)
    policy(maxPwdAge=-42 * DAY)


def only_expired(old):
    """passwd -k: PAM_CHANGE_EXPIRED_AUTHTOK."""
    step = ("chauthtok(PAM_CHANGE_EXPIRED_AUTHTOK)",)
    with kept("only if expired", ALICE):
        got = logon(ALICE, password=old, steps=step)
    check("only if expired: it has not, nothing is asked but the old one", got.code == "PAM_SUCCESS"
          and "New password" not in got.text, got)


# --- a logon with an expired password ------------------------------------------------------

def at_logon(old):
    """authenticate changes it, and is a success only after a logon with the new one."""
    new = fresh()
    must_change()
    with kept("wrong password, expired", MUST):
        got = logon(MUST, password="not.the.password\n" + new)
    check("must change, wrong password: 1326 like anybody's", got.code == "PAM_AUTH_ERR" and
          TEXT[1326] in got.text and TEXT[1907] not in got.text and "New" not in got.text, got)
    with kept("nobody there to type", MUST):
        got = logon(MUST, password=old, steps=("authenticate",))
    check("must change, no new one: authenticate does not succeed", got.code != "PAM_SUCCESS" and
          TEXT[1907] in got.text, got)
    with kept("one answer for all", MUST):
        got = logon(MUST, password="\n".join([old] * 9), steps=("authenticate",))
    check("must change, a program that answers all with the old one: not changed to itself",
          got.code == "PAM_AUTH_ERR" and got.text.count("The new password is the old one.") == 3,
          got)
    steps = ("authenticate", "acct_mgmt", "setcred(PAM_ESTABLISH_CRED)", "open_session",
             "close_session")
    with changed("must change", MUST):
        got = logon(MUST, password=f"{old}\nAb1!\nAb1!\n{new}\n{new}", steps=steps)
    check("must change: refused once, changed, and a whole session", got.code == "PAM_SUCCESS" and
          TEXT[1907] in got.text and SHORT in got.text and CHANGED in got.text, got)
    equal("must change: the new one is in", logon(MUST, password=new).code, "PAM_SUCCESS")
    return new


def dialogue(what, terminal, old, *tries):
    """The old password, then new ones; True at a shell."""
    with terminal as there:
        since = there.type(old) if there.wait(ASKS) else 0
        for password in tries:
            if not there.wait(NEW_ASKS, since):
                check(f"{what}: asks for a new password", False, there.told)
                return False, there.told
            since = there.type(password)
            there.wait(AGAIN_ASKS, since)
            since = there.type(password)
        shell = there.wait(f"{SHELL.pattern}|{NEW_ASKS}|Login incorrect|denied|ailure", since)
        entered = bool(shell and SHELL.search(there.told))
        if entered:
            there.quiet()
            check(f"{what}: as the user", there.run("id -un") in (CANONICAL, AGED_CANONICAL),
                  there.told)
            equal(f"{what}: with tickets", there.run("klist -s && echo yes"), "yes")
            there.leave()
        return entered, there.told


def programs(server, old):
    """By expiry at real programs; each refusal and the success in one conversation."""
    doors = (("ssh", lambda: Terminal(server.client(MUST), host="mallory")),
             ("login", lambda: login(MUST)),
             ("su", lambda: Terminal(by(5001, ["su", "-", MUST]))))
    for what, door in doors:
        new = fresh()
        must_change()
        with changed(f"{what}, must change", MUST):
            entered, told = dialogue(f"{what}, must change", door(), old, "Ab1!",
                                     "onlysmallletters", new)
        check(f"{what}, must change: a shell, behind two refusals and a change", entered and
              TEXT[1907] in told and SHORT in told and SIMPLE in told and CHANGED in told, told)
        if what != "su":  # it waits like login before it says no
            must_change()
            with kept(f"{what}, repeated", MUST):
                entered, told = dialogue(f"{what}, repeated", door(), new, old, old, old)
            check(f"{what}, repeated three times: no shell", not entered and
                  told.count(REPEATED) == 3, told)
        old = new
    must_change()
    with kept("ssh, password", MUST):
        with Terminal(server.client(MUST, method="password"), host="mallory") as there:
            there.wait(ASKS)
            there.type(old)
            there.end()
    check("ssh with plain password: refused", "Permission denied" in there.told, there.told)
    for (name, door), (what, text) in itertools.product(
            doors[:2], (("tcp464", CHANGED), ("udp464", CHANGED), ("port464", T1265))):
        new = fresh()
        must_change()
        with broken(what), (kept if text == T1265 else changed)(f"{name}, {what}", MUST):
            tries = () if text == T1265 else (new,)
            entered, told = dialogue(f"{name}, {what}", door(), old, *tries)
        check(f"{name}, {what}: {'a shell' if tries else 'no shell'}, and told so",
              entered == bool(tries) and text in told, told)
        old = new if tries else old
    # What must be changed is never too young for it.
    for name, door in doors[:2]:
        new = fresh()
        must_change()
        with passwords_must_age(), changed(f"{name}, must change and a minimum age", MUST):
            entered, told = dialogue(f"{name}, minimum age", door(), old, new)
        check(f"{name}, must change and a minimum age: a shell", entered and CHANGED in told, told)
        old = new
    return old


def sudo(old):
    """sudo shows no messages: the questions say why."""
    put("ws1", "/etc/sudoers.d/lab", f"{CANONICAL} ALL=(ALL) ALL\n", mode=0o440)
    uid, new = int(ws(f"id -u {CANONICAL}").stdout), fresh()
    must_change()
    with changed("sudo", MUST), Terminal(by(uid, "sudo -k; sudo id -un")) as there:
        since = 0
        for password in (old, "Ab1!", "Ab1!", new, new):
            there.wait(ASKS, since)
            since = there.type(password)
        status = there.end()
    check("sudo: asks for a new password, says why each time, and goes on", status == 0 and
          "\nroot\n" in there.told and f"{TEXT[1907]}\nNew password: " in there.told and
          f"{SHORT}\nNew password: " in there.told, (status, there.told))
    return new


def aged(server):
    """Expired by its age, not by an administrator: 1330."""
    new = fresh()
    with changed("ssh, expired", AGED):
        entered, told = dialogue("ssh, expired", Terminal(server.client(AGED), host="mallory"),
                                 PASSWORD, new)
    check("ssh, expired: changed, and a shell", entered and TEXT[1330] in told and CHANGED in told,
          told)


@contextlib.contextmanager
def passwords_must_age():
    """A password that is not a day old cannot be changed."""
    policy(minPwdAge=-DAY)
    try:
        yield
    finally:
        policy(minPwdAge=0)


def passwd(old):
    """The real one, by the user on a terminal: each kind of password, each filter on 464."""
    must_change()
    uid = int(ws(f"id -u {CANONICAL}").stdout)
    first, over_udp, over_tcp = fresh(), fresh(), fresh()
    updated = "passwd: password updated successfully"
    for what, around, current, tries, told, done in (
            ("too short", None, old, ("Ab1!",) * 3, SHORT, False),
            ("good", None, old, (first,), updated, True),
            ("too young", passwords_must_age, first, (fresh(),), YOUNG, False),
            ("repeated", None, first, (old,) * 3, REPEATED, False),
            ("464/tcp filtered", lambda: broken("tcp464"), first, (over_udp,), updated, True),
            ("464/udp filtered", lambda: broken("udp464"), over_udp, (over_tcp,), updated, True),
            ("464 filtered", lambda: broken("port464"), over_tcp, (), T1265, False)):
        with contextlib.ExitStack() as stack:
            if around is not None:
                stack.enter_context(around())
            stack.enter_context((changed if done else kept)(f"passwd, {what}", MUST))
            with Terminal(by(uid, "passwd")) as there:
                there.wait(r"Current password: ?$")
                since = there.type(current)
                for password in tries:
                    there.wait(NEW_ASKS, since)
                    since = there.type(password)
                    there.wait(AGAIN_ASKS, since)
                    since = there.type(password)
                status = there.end()
        check(f"passwd, {what}: exit status {'0' if done else 'not 0'}", (status == 0) == done,
              (status, there.told))
        shows(f"passwd, {what}", there.told, told, len(tries) or 1)
    return over_tcp


def by_suffix(old):
    """By a UPN whose suffix only the forest trust routes; and a password beyond ASCII."""
    with changed("UPN", ALICE):
        equal("UPN: passwd", change(UPN, old, UMLAUTS, UMLAUTS).code, "PAM_SUCCESS")
    equal("UPN: the new one is in", logon(UPN, password=UMLAUTS).code, "PAM_SUCCESS")


def main():
    up(**LAB)
    command("refresh")
    policy(pwdHistoryLength=3)
    alices = rules("two-way", PASSWORD)
    for part in (too_young, ports, lost_answer):
        alices = part(alices)
    only_expired(alices)
    warning(alices)
    musts = at_logon(PASSWORD)
    set_up()
    with agent(), sshd() as server:
        musts = sudo(programs(server, musts))
        aged(server)
        musts = passwd(musts)
    trust("forest")
    command("refresh")
    by_suffix(alices)
    trust("external", "one-way")
    command("refresh")
    new = fresh()
    with changed("one-way", ALICE):
        equal("one-way: passwd", change(ALICE, UMLAUTS, new, new).code, "PAM_SUCCESS")
    must_change()
    with changed("one-way, must change", MUST):
        equal("one-way: must change", logon(MUST, password=f"{musts}\n{new}\n{new}").code,
              "PAM_SUCCESS")
    finish()


if __name__ == "__main__":
    main()
