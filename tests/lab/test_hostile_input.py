#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Hostile names, unknown PAM options and broken configuration, through the whole product."""
import json
import pathlib

from harness import (PASSWORD, check, command, finish, forget_journal, journal, journal_lines,
                     logon, pam_stack, put, up, ws)
from scenarios import works

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
CLIENT = pathlib.Path(__file__).with_name("pam_client.py").read_text(encoding="utf-8")
CONF = "/etc/trustlogon.conf"

NAMES = ["", "\\", "@", "@@", "a@", "@a", "\\a", "a\\", "a\\b\\c", "%s%n%s%n", "CONTOSO\\%s%n",
         "../../etc/passwd", "CONTOSO\\../../x", "a@../../contoso.test", "\x01\x1b[2J", "a\x7f",
         "CONTOSO\\alice\x1b]0;x\x07", "CONTOSO\\alice ", " CONTOSO\\alice", "a@b@contoso.test",
         "CONTOSO\\al*ce", "CONTOSO\\(|(cn=*))", "alice@" + "x." * 200 + "test",
         "x" * 1024, "x" * 1025, "CONTOSO\\" + "x" * 20000, "x@" + "y" * 100000]

def hostile_names():
    names = NAMES + [b"CONTOSO\\\xff\xfe".decode("utf-8", "surrogateescape")]
    put("ws1", "/tmp/pam_client.py", CLIENT)
    # A name of 100,000 bytes is too long for a command line of pamtester.
    done = ws(["/usr/bin/python3", "-I", "/tmp/pam_client.py", "trustlogon-test"],
              stdin="".join(json.dumps([name, PASSWORD]) + "\n" for name in names), timeout=300)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    check("every hostile name has an answer", len(results) == len(names), done.stderr)
    for name, (code, shown, _) in zip(names, results):
        label = repr(name[:30]) + (f"... {len(name)} characters" if len(name) > 30 else "")
        check(f"{label} gets nobody in", code not in (0, 25), (code, shown))
        check(f"{label} is answered in at most one line without control characters",
              len(shown) <= 1 and all(ord(c) >= 32 and ord(c) != 127 for s in shown for c in s),
              shown)
    records = journal()
    check("the journal holds no control character of a name",
          not any(ord(c) < 32 and c != "\n" for r in records for c in r.get("MESSAGE", "")),
          [r for r in records if any(ord(c) < 32 and c != "\n" for c in r.get("MESSAGE", ""))][:3])
    for name in names:
        if "\0" not in name and len(name) < 100000:
            done = command("route", "--json", name)
            check(f"route {name[:30]!r} ends in an orderly way", done.returncode in (0, 1, 2),
                  (done.returncode, done.stderr[-300:]))


def unknown_options():
    for option in ("no_such_option", "walk=sideways", "minimum_uid=-1", "minimum_uid=abc",
                   "realm=", "conf=/nonexistent/trustlogon.conf", "debug=maybe"):
        put("ws1", "/etc/pam.d/bad", pam_stack(option))
        forget_journal()
        got = logon(ALICE, service="bad", steps=("authenticate",))
        check(f"PAM option {option}: no logon", got.code != "PAM_SUCCESS", got)
        key, _, value = option.partition("=")
        lines = [line for line in journal_lines(value or key) if key in line]
        check(f"PAM option {option}: one clear line", len(lines) == 1, journal())


BROKEN = [
    ("[logon]\n    walk = sideways\n", ["logon", "walk", "sideways"]),
    ("[logon]\n    no_such_key = 1\n", ["logon", "no_such_key"]),
    ("[no_such_section]\n    walk = direct\n", ["no_such_section"]),
    ("[logon]\n    logon_timeout = soon\n", ["logon", "logon_timeout", "soon"]),
    ("[logon]\n    logon_timeout = -5\n", ["logon", "logon_timeout"]),
    ("[locator]\n    require_ldap_ping = perhaps\n", ["locator", "require_ldap_ping", "perhaps"]),
    ("[logon\n    walk = direct\n", []),
    ("walk = direct\n", []),
]


def broken_configuration():
    for text, words in BROKEN:
        label = text.replace("\n", " ").strip()
        put("ws1", CONF, text)
        forget_journal()
        got = logon(ALICE)
        check(f"{label}: no logon by accident", got.code != "PAM_SUCCESS", got)
        lines = journal_lines(CONF)
        check(f"{label}: one line names file{', section and key' if words else ''}",
              len(lines) == 1 and all(word in lines[0] for word in words), journal())
        done = command("config")
        check(f"{label}: the command says the same",
              done.returncode == 1 and CONF in done.stderr
              and all(word in done.stderr for word in words), done)
    put("ws1", CONF, "[logon]\n    walk = windows\n", mode=0o666)
    got = logon(ALICE)
    check("a configuration anybody may write is refused", got.code != "PAM_SUCCESS", got)
    put("ws1", CONF, "[logon]\n    walk = windows\n")
    works("mended configuration", ALICE)
    put("ws1", CONF + ".d/10-walk.conf", "[logon]\n    walk = nowhere\n")
    forget_journal()
    got = logon(ALICE)
    check("a broken drop-in: no logon", got.code != "PAM_SUCCESS", got)
    check("a broken drop-in is named", journal_lines("10-walk.conf"), journal())


def main():
    up(**LAB)
    command("refresh")
    works("before", ALICE)
    hostile_names()
    unknown_options()
    broken_configuration()
    finish()


if __name__ == "__main__":
    main()
