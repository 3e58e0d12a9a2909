#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Options that no other test covers, through the whole product: what each changes, on the PAM line
or in the file. tests/options.txt says which test covers which option."""
import json
import time

import daemon
import harness
from daemon import agent
from domains import encryption_types
from harness import broken, check, command, equal, finish, logon_with, nss, put, up, ws
from scenarios import TEXT, said

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
CONF = "/etc/trustlogon.conf"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
SNAPSHOT = "/var/lib/trustlogon/topology.json"


def quick(options, limit):
    """The first of three logons with these options that took less than the limit, else the
    last: an option that does nothing fails all, a machine that is busy hardly."""
    for _ in range(3):
        got = logon_with(options)
        if got[0].seconds < limit:
            break
    return got


def workstation():
    for options, name, code, reason, subject in (
            ("", ALICE, "PAM_SUCCESS", "ok", None),
            ("minimum_uid=4000000000", ALICE, "PAM_USER_UNKNOWN", None, None),
            ("keytab=/etc/other.keytab", ALICE, "PAM_AUTH_ERR", "keytab-missing",
             "/etc/other.keytab"),
            ("realm=CONTOSO.TEST", ALICE, "PAM_AUTH_ERR", "keytab-no-key", "/etc/krb5.keytab"),
            ("hostname=ws2.fabrikam.test", ALICE, "PAM_AUTH_ERR", "host-spn-missing",
             "host/ws2.fabrikam.test"),
            ("default_domain=contoso.test", "alice", "PAM_SUCCESS", "ok", None)):
        got, why, what = logon_with(options, name)
        equal(f"{options or 'no option'}: {name} gets {code} and {reason}", (got.code, why),
              (code, reason))
        if subject:
            equal(f"{options}: it names {subject}", what, subject)
    equal("no default_domain: alice is looked for in the machine's own domain",
          logon_with("", "alice")[1], "user-unknown")


def site():
    """Whose SRV records are asked for first: in another site this DC is none of the nearest."""
    for name, inside in (("Default-First-Site-Name", True), ("Elsewhere", False)):
        put("ws1", CONF, f"[workstation]\n    site = {name}\n")
        told = json.loads(command("--json", "locate", "--force", "contoso.test").stdout)
        equal(f"site = {name}: the DC is {'in' if inside else 'not in'} it",
              [one["in_site"] for one in told["candidates"]], [inside])
    ws(["rm", CONF])


def rc4():
    encryption_types(4)
    got, why, _ = logon_with("")
    equal("allow_rc4 = trusts, and only RC4 is to be had for this machine", (got.code, why),
          ("PAM_AUTH_ERR", "etype-unsupported"))
    equal("allow_rc4=yes: it is taken", logon_with("allow_rc4=yes")[:2][1], "ok")
    encryption_types(28)


def explanations():
    with broken("trusttype"):
        equal("explain = yes: the cause of 1787", logon_with("")[1], "trust-downlevel")
        equal("explain=no: what the KDC said", logon_with("explain=no")[1],
              "trust-account-unknown")
        with broken_too("tcp389", "tcp389-ws"):
            slow, _, _ = quick("explain_timeout=2500", 4)
            soon, _, _ = quick("explain_timeout=300", 2)
        for what, got in (("2500", slow), ("300", soon)):
            check(f"explain_timeout={what}: 1787 all the same", TEXT[1787] in said(got), got)
        check("explain_timeout: so long is waited for silent directories, in all",
              soon.seconds < 2 < 2.5 < slow.seconds < 4, (soon.seconds, slow.seconds))


def broken_too(*names):
    """Inside of another break, which stays."""
    class Both:
        def __enter__(self):
            harness.break_(*names)

        def __exit__(self, *_):
            harness.fix(*names)
    return Both()


def waits():
    """The time that each takes: the option's, where the default would be seconds longer."""
    with broken("port88"):
        got, why, _ = quick("kdc_connect_timeout=500", 2)
    equal("kdc_connect_timeout=500: 1311", (got.code, why),
          ("PAM_AUTHINFO_UNAVAIL", "port-88-filtered"))
    check("kdc_connect_timeout=500: and not in 2.5 s", got.seconds < 2, got.seconds)
    command("locate", "--force", "contoso.test")
    with broken("tcp389", "tcp389-ws"):
        got, why, _ = quick("deny_groups=CONTOSO\\Sales rule_timeout=200", 2.5)
    equal("rule_timeout=200: a name that nobody tells", (got.code, why),
          ("PAM_PERM_DENIED", "access-rule"))
    check("rule_timeout=200: and not in 4 s", got.seconds < 2.5, got.seconds)


def stored():
    """One record of each kind, and what the file made of it."""
    put("ws1", CONF, "[agent]\n known_lifetime = 77\n unknown_lifetime = 33\n"
        "[identity]\n home = /srv/%d/%u\n shell = /bin/dash\n")
    with agent():
        found = nss(["getent", "passwd", "bob@contoso.test"]).stdout.strip().split(":")
        equal("home and shell of the file", found[5:], ["/srv/contoso/bob", "/bin/dash"])
        nss(["getent", "passwd", "nobody.here@contoso.test"])
    entries = {e["name"]: e for e in json.loads(command("--json", "store", "list").stdout)["entries"]}
    for name, member, seconds in (("bob@contoso.test", "known_lifetime", 77),
                                  ("nobody.here@contoso.test", "unknown_lifetime", 33)):
        one = entries.get(name, {"fresh_until": 0, "written": 0})
        check(f"{member}: for {seconds} s {name} is not asked for again",
              abs(one["fresh_until"] - one["written"] - seconds) <= 1, one)


def refreshed(seconds):
    """How often a daemon whose clock runs ten times as fast has read the trusts by then. So do
    its deadlines, which a busy machine must keep."""
    plain, daemon.AGENT = daemon.AGENT, f"env LD_PRELOAD={FAKETIME} {daemon.AGENT}"
    put("ws1", "/etc/faketimerc", "+0 x10\n")
    seen, deadline = set(), time.monotonic() + seconds
    try:
        with agent():
            while len(seen) < 3 and time.monotonic() < deadline:
                seen.add(ws(["stat", "-c", "%i %y", SNAPSHOT]).stdout)
                time.sleep(0.1)
    finally:
        daemon.AGENT = plain
    return len(seen)


def confined():
    """The worker of a logon, while no KDC answers: whose it is, and what lies over it."""
    for line, filters in (("", "2"), ("[agent]\n sandbox = no\n", "1")):
        put("ws1", CONF, line)
        with broken("port88"):
            told = ws("while pgrep -u trustlogon >/dev/null; do sleep 0.1; done\n"
                      "(echo x | pamtester trustlogon-test 'CONTOSO\\alice' authenticate >/dev/null 2>&1 &)\n"
                      "for i in $(seq 200); do p=$(pgrep -u trustlogon -n trustlogond) && break; "
                      "sleep 0.05; done; sleep 0.5; cat /proc/$p/status").stdout
        facts = dict(line.split(":\t", 1) for line in told.splitlines() if ":\t" in line)
        told = (facts.get("CapEff"), facts.get("NoNewPrivs"), facts.get("Seccomp_filters"))
        equal("sandbox = no: no list of system calls of the worker's own" if line else
              "sandbox = yes: the monitor's list of system calls, and the worker's", told,
              ("0000000000000000", "1", filters))


def topology():
    put("ws1", CONF, "[topology]\n    topology_refresh = 60\n")
    check("topology_refresh = 60: read again each minute", refreshed(120) == 3)
    put("ws1", CONF, "[topology]\n    topology_refresh = 3600\n")
    check("topology_refresh = 3600: read once", refreshed(5) == 1)


def main():
    up(**LAB)
    command("refresh")
    workstation()
    site()
    rc4()
    explanations()
    waits()
    put("ws1", "/etc/nsswitch.conf",
        "passwd: files trustlogon\ngroup: files trustlogon\nhosts: files dns\n")
    stored()
    confined()
    topology()
    finish()


if __name__ == "__main__":
    main()
