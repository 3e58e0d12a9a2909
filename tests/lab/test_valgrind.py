#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whole logons under valgrind: the module inside an application, and the agent beside it.

Any error fails, and any lost block whatever its stack: the PAM service "other" is
emptied first, so that the application has no other module that could lose one."""
import xml.etree.ElementTree as ElementTree

from harness import PASSWORD, SERVICE, broken, check, finish, pam_stack, put, up, ws
from scenarios import TEXT

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
NEW = "Of.Two.Tries.1"
LOGS = "/root/valgrind"
# Freed memory stays readable in the application, so this also finds uses after free in
# a module that libpam has unloaded; its names are kept for the report.
VALGRIND = ["valgrind", "--tool=memcheck", "--leak-check=full", "--num-callers=40",
            "--keep-debuginfo=yes", "--track-origins=yes", "--trace-children=no", "--xml=yes"]
# The module's child lives from fork to exec: what it holds is the application's.
MODULE = [*VALGRIND, "--child-silent-after-fork=yes", "-v", f"--log-file={LOGS}/module.log",
          f"--xml-file={LOGS}/module.%p.xml",
          "--show-leak-kinds=definite,indirect,possible"]
# Children of the agent that have become the user leave with _exit() and all their
# contexts; talloc points behind its headers, which valgrind calls "possibly lost".
AGENT = [*VALGRIND, f"--xml-file={LOGS}/agent.%p.xml", "--show-leak-kinds=definite,indirect"]
SESSION = ("authenticate", "acct_mgmt", "setcred(PAM_ESTABLISH_CRED)", "open_session",
           "close_session")


def complaint(error):
    """One error of a report, as text: what, and the stack with its first module first."""
    what = error.findtext("xwhat/text") or error.findtext("what") or error.findtext("kind")
    stack = [f"{f.findtext('fn', '?')} ({f.findtext('file') or f.findtext('obj', '?')}"
             f":{f.findtext('line', '')})" for f in error.iter("frame")]
    return "\n  ".join([what, *stack])


def complaints(text, leaks=True):
    """All of a report; one that was not finished is a complaint itself."""
    try:
        report = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        return [f"the report is cut short: {error}"]
    return [complaint(e) for e in report.iter("error")
            if leaks or not e.findtext("kind", "").startswith("Leak_")]


def judge_module(label):
    """No complaint about the module, and it was loaded."""
    loaded = ws(f"grep -c 'Reading syms from .*/pam_trustlogon.so' {LOGS}/module.log").stdout
    names = ws(f"ls {LOGS}/module.*.xml").stdout.split()
    found = [c for name in names for c in complaints(ws(["cat", name]).stdout)]
    check(f"{label}: no error and no leak in the module",
          loaded.strip() == "1" and len(names) == 1 and not found,
          "\n".join([f"loaded: {loaded}", *names, *found]))


def judge_agent(label, listener=None):
    """No complaint about the agent. A listener's workers leave with _exit() and all that
    the listener had, so leaks are looked for in the listener alone: in one-shot agents
    the same code is looked at whole."""
    # The application does not wait for an agent's end, which comes when it hangs up.
    ws("for i in $(seq 1200); do pgrep -f '[v]algrind.*trustlogond' || break; sleep 0.1; done")
    names = ws(f"ls {LOGS}/agent.*.xml").stdout.split()
    own = f"{LOGS}/agent.{listener}.xml"
    found = [c for name in names
             for c in complaints(ws(["cat", name]).stdout, listener is None or name == own)]
    check(f"{label}: no error and no leak in the agent",
          names and not found and (listener is None or own in names),
          "\n".join([*names, *found]))
    ws(f"rm {LOGS}/agent.*")


def run(label, name=ALICE, password=PASSWORD, steps=("authenticate",), says=None, status=1,
        service=SERVICE):
    ws(f"mkdir -p {LOGS}; rm -f {LOGS}/module.*")
    got = ws([*MODULE, "pamtester", service, name, *steps], stdin=password + "\n", timeout=300)
    said = got.stdout + got.stderr
    check(f"{label}: ends as it does without valgrind",
          got.returncode == status and (says is None or says in said), got)
    judge_module(label)


def one(label, **how):
    run(label, **how)
    judge_agent(label)


def prepare():
    put("ws1", "/root/agent",
        "#!/bin/sh\nexec " + " ".join(AGENT) + ' /usr/libexec/trustlogond "$@"\n', 0o755)
    put("ws1", f"/etc/pam.d/{SERVICE}", pam_stack("agent=/root/agent"))
    put("ws1", "/etc/pam.d/mistaken", pam_stack("no_such_option=1"))
    put("ws1", "/etc/pam.d/other", "auth required pam_deny.so\n")
    # valgrind takes some twenty times as long; the deadline is not tested here.
    put("ws1", "/etc/trustlogon.conf", "[logon]\nlogon_timeout = 120000\n"
        "kdc_connect_timeout = 10000\nexplain_timeout = 60000\n"
        # valgrind makes code, and writes its reports.
        "[agent]\nsandbox = no\n")


def with_the_daemon():
    """Over the socket: the listener and its workers, one of each outcome, then its end."""
    listener = ws("/root/agent >/dev/null 2>&1 & echo $!; "
                  "for i in $(seq 1200); do [ -S /run/trustlogon/agent ] && exit 0; sleep 0.1; "
                  "done").stdout.strip()
    run("daemon: a session", steps=SESSION, status=0)
    run("daemon: a wrong password", password="wrong", says=TEXT[1326])
    ws(["kill", listener])
    judge_agent("daemon", listener)


def main():
    up(**LAB)
    prepare()
    one("a session", steps=SESSION, status=0)
    one("a wrong password", password="wrong", says=TEXT[1326])
    one("an unknown user", name="CONTOSO\\nobody.here", says=TEXT[1326])
    one("a disabled account", name="CONTOSO\\disabled", says=TEXT[1331],
        steps=("authenticate", "acct_mgmt"))
    one("a change of the password", name="CONTOSO\\bob", steps=("chauthtok",), status=0,
        password=f"{PASSWORD}\nAb1!\nAb1!\n{NEW}\n{NEW}", says="too short")
    one("a password that must be changed", name="CONTOSO\\mustchange", steps=SESSION, status=0,
        password=f"{PASSWORD}\n{NEW}\n{NEW}", says="has been changed")
    with broken("trusttype"):
        one("a broken trust", says=TEXT[1787])
    with broken("port88"):
        one("no KDC", says=TEXT[1311])
    run("a mistaken option", service="mistaken")
    with_the_daemon()
    finish()


if __name__ == "__main__":
    main()
