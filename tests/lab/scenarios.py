# SPDX-License-Identifier: MIT
"""Texts of the scenario tables, and how one row is asserted.

A row is tried through PAM, where code and text must be exact, and through
`diagnose --json`, where the reason must be. Texts are quoted in full, because
they are what the product promises.

The rows are those of docs/scenarios.md, by their labels: after all tests
tests/tools/check-scenarios compares what was checked with what stands there.
"""
from harness import check, diagnose, equal, logon, PASSWORD

TEXT = {
    1311: "There are currently no logon servers available to service the logon request.",
    1326: "The user name or password is incorrect.",
    1327: "Account restrictions are preventing this user from signing in. For example: blank "
          "passwords aren't allowed, sign-in times are limited, or a policy restriction has been "
          "enforced.",
    1328: "Your account has time restrictions that keep you from signing in right now.",
    1329: "This user isn't allowed to sign in to this computer.",
    1330: "The password for this account has expired.",
    1331: "This user can't sign in because this account is currently disabled.",
    1398: "There is a time and/or date difference between the client and server.",
    1787: "The security database on the server does not have a computer account for this "
          "workstation trust relationship.",
    1788: "The trust relationship between the primary domain and the trusted domain failed.",
    1789: "The trust relationship between this workstation and the primary domain failed.",
    1793: "The user's account has expired.",
    1907: "The user's password must be changed before signing in.",
    1909: "The referenced account is currently locked out and may not be logged on to.",
    1935: "The computer you are signing into is protected by an authentication firewall. The "
          "specified account is not allowed to authenticate to the computer.",
    "smart card": "Smart card logon is required and was not used.",  # no Win32 twin
    "referrals": "The number of maximum ticket referrals has been exceeded.",  # nor has this
    1355: "The specified domain either does not exist or could not be contacted.",
}
CHANGED_AT_ONCE = (1330, 1907)


def said(shown):
    """Lines of the conversation that are not prompts."""
    return [line for line in (l.strip().removeprefix("Password:").strip()
                              for l in shown.text.splitlines())
            if line and not line.startswith("pamtester:")]


def works(label, name, **how):
    got = logon(name, **how)
    check(f"{label}: {name} logs on", got.code == "PAM_SUCCESS", got)
    return got


def lands(label, name, **how):
    """Logs on, and diagnose finds no fault."""
    got = works(label, name, **how)
    explained(label, name, "ok", win32=0)
    return got


def refused(label, name, code, win32, within=None, **how):
    """Refused with exactly this PAM code and exactly this sentence, and with no other unless a
    new password is asked for after it. The quickest of three tries must be within the time: the
    machine may be busy."""
    got = logon(name, **how)
    for _ in range(2):
        if within is None or got.seconds <= within:
            break
        got = min(got, logon(name, **how), key=lambda one: one.seconds)
    equal(f"{label}: {name} gets {code}", got.code, code)
    lines = said(got)
    check(f"{label}: {name} reads {win32} word for word", lines == [TEXT[win32]] or
          win32 in CHANGED_AT_ONCE and lines.count(TEXT[win32]) == 1, got)
    if within is not None:
        check(f"{label}: {name} is answered within {within} s", got.seconds <= within,
              f"took {got.seconds:.2f} s")
    return got


def explained(label, name, reason, subject=None, attribute=None, remedy=None, win32=None,
              password=PASSWORD):
    """diagnose finds this reason, blames this object, and names this remedy."""
    got = diagnose(name, password=password)
    check(f"{label}: diagnose {name} finds {reason}", got.get("reason") in reason.split(" or "),
          got.get("reason"))
    for member, wanted in (("subject", subject), ("attribute", attribute), ("remedy", remedy)):
        if wanted is not None:
            check(f"{label}: diagnose {name}: {member} names {wanted}",
                  wanted.lower() in (got.get(member) or "").lower(), got.get(member))
    if win32 is not None:
        equal(f"{label}: diagnose {name} says {win32}", ((got.get("status") or {}).get("win32"),
              got.get("message")), (win32, TEXT.get(win32, got.get("message"))))
    return got


def verdicts(got, check_name):
    """{target: verdict} of one kind of finding."""
    return {f["target"]: f["verdict"] for f in got.get("findings", [])
            if f["check"] == check_name}
