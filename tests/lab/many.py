# SPDX-License-Identifier: MIT
"""Hundreds of logons at once, thousands one after the other; and what they leave behind.

Each good logon is a whole one: a session with tickets that opens and ends. Among them are wrong
passwords, unknown names, and look-ups: those are the paths where leaks occur."""
import pathlib
import statistics
import time

import leaks
from daemon import LOG
from harness import PASSWORD, check, ids_of, nss, pam_stack, put, ws
from meddling import Talker

CLIENT = pathlib.Path(__file__).with_name("pam_client.py")
SESSION = ("authenticate", "account", "establish", "open", "close", "delete")
USERS = ["CONTOSO\\alice", "bob@contoso.test", "CONTOSO\\jürgen.groß", "FABRIKAM\\carol"]
PAT = "CONTOSO\\pat o'neil"  # no other test gives him a keyring
PAM_AUTH_ERR = 7
# For good, as seconds are concerned: many tests may run on one machine.
PATIENT = "[logon]\n    logon_timeout = 120000\n"


class Clients:
    """One PAM application whose tickets go to files, and one with keyrings."""

    def __enter__(self):
        put("ws1", "/tmp/pam_client.py", CLIENT.read_text(encoding="utf-8"))
        put("ws1", "/etc/pam.d/many", pam_stack("timeout=600"))
        put("ws1", "/etc/pam.d/many-keyring",
            pam_stack("timeout=600 ccache=KEYRING:persistent:%{uid}"))
        self.file, self.keyring = (
            Talker("ws1", "/usr/bin/python3", "-I", "/tmp/pam_client.py", service)
            for service in ("many", "many-keyring"))
        return self

    def look(self):
        """Of each: [KiB of its own, descriptors]."""
        return [client.ask("self") for client in (self.file, self.keyring)]

    def __exit__(self, *_):
        self.file.end()
        self.keyring.end()


def at_once(clients, count):
    """Logons that did not succeed, and the seconds of all."""
    got = clients.file.ask([[USERS[i % len(USERS)], PASSWORD, *SESSION] for i in range(count)])
    return [one for one in got if one[0] != 0], [one[2] for one in got]


def _others(clients, number):
    """Logons and look-ups that must fail; returns those that did not."""
    if number % 10 == 3:
        got = clients.file.ask(["CONTOSO\\bob", "wrong password"])
    elif number % 10 == 6:
        got = clients.file.ask([f"CONTOSO\\nobody{number % 50}", PASSWORD])
    elif number % 10 == 9:
        known, unknown = (nss(["getent", "passwd", name]).returncode
                          for name in (USERS[number % len(USERS)], f"CONTOSO\\none{number % 40}"))
        return [] if (known, unknown) == (0, 2) else [("getent", known, unknown)]
    else:
        return []
    return [] if got[0] == PAM_AUTH_ERR else [got]


def in_sequence(clients, count, first=0):
    """Good logons, and others among them; what did not go as it should, and the good ones'
    seconds."""
    wrong, seconds = [], []
    for number in range(first, first + count):
        keyring = number % 5 == 4
        got = (clients.keyring if keyring else clients.file).ask(
            [PAT if keyring else USERS[number % len(USERS)], PASSWORD, *SESSION])
        seconds.append(got[2])
        if got[0] != 0:
            wrong.append(got)
        wrong += _others(clients, number)
    return wrong, seconds


def _told(seen, seconds, done, since):
    print(f"    {done:6} logons, {time.monotonic() - since:5.0f} s, median "
          f"{1000 * statistics.median(seconds):.0f} ms; agent: resident {leaks.size(seen)} KiB, "
          f"its own {seen['sizes']['agent']['own']} KiB, "
          f"{len(seen['descriptors']['agent'])} descriptors; files: "
          f"{sum(seen['files'].values()) - seen['files'][leaks.LOGS]}, store "
          f"{seen['bytes']['/var/lib/trustlogon']} B, logs {seen['bytes'][leaks.LOGS]} B",
          flush=True)


def crowd(clients, count):
    failed, seconds = at_once(clients, count)
    print(f"    {count} logons at once: {len(failed)} failed; the median answer after "
          f"{statistics.median(seconds):.1f} s, the last after {max(seconds):.1f} s", flush=True)
    reasons = ws(f"grep -o 'refused: .*TRUSTLOGON_SUBJECT' {LOG} | sort | uniq -c").stdout
    return check(f"{count} logons at once, at one DC: none fails", not failed,
                 f"{failed[:5]}\n{reasons}")


def leak(agent, clients, count, warm=100, parts=10):
    """`count` logons in sequence; all that there is afterwards is what the first few left."""
    pat, since = ids_of(PAT)[0], time.monotonic()
    wrong, seconds = in_sequence(clients, warm)
    before = after = leaks.look(agent, pat)
    programs = clients.look()
    _told(before, seconds, warm, since)
    for part in range(parts):
        first, last = (warm + (count - warm) * n // parts for n in (part, part + 1))
        more, seconds = in_sequence(clients, last - first, first)
        wrong += more
        after = leaks.look(agent, pat)
        _told(after, seconds, last, since)
    after = leaks.look_again(before, agent, pat)
    store, left = "/var/lib/trustlogon", leaks.grown(before, after)
    return all([
        check(f"{count} logons in sequence, and others that must fail: each as it should",
              not wrong, f"{len(wrong)}: {wrong[:5]}"),
        check("the agent has kept its size within a tenth",
              leaks.size(after) <= leaks.size(before) * 1.1, (before["sizes"], after["sizes"])),
        check("no process, no descriptor, no file and no key is left", not left, left),
        check("nor in the programs that log on, which keep their size, too",
              all(now[0] <= then[0] * 1.1 and now[1] == then[1]
                  for then, now in zip(programs, clients.look())), (programs, clients.look())),
        check("the store has kept its size within a quarter",
              after["bytes"][store] <= before["bytes"][store] * 1.25,
              (before["bytes"][store], after["bytes"][store]))])
