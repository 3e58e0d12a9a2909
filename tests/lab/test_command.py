#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The command where a snapshot is needed: without root, by NetBIOS name, without a backslash."""
import json

from harness import check, equal, finish, put, up, ws

LAB = {"trust": "external"}

ORDINARY = ["setpriv", "--reuid=5001", "--regid=5001", "--clear-groups"]
CONF = "/tmp/trustlogon.conf"


def ordinary_user():
    done = ws([*ORDINARY, "trustlogon", "route", "CONTOSO\\alice"])
    check("a route needs no root", done.returncode == 0 and "route found" in done.stdout, done)
    for name in ("CONTOSO\\alice", "alice@corp.example", "bob", "WS1\\root"):
        equal(f"an ordinary user's route of {name} is root's",
              ws([*ORDINARY, "trustlogon", "route", "--json", name]).stdout,
              ws(["trustlogon", "route", "--json", name]).stdout)
    for verb in (["diagnose", "--no-password", "CONTOSO\\alice"], ["refresh"]):
        done = ws([*ORDINARY, "trustlogon", *verb])
        said = done.stdout + done.stderr
        check(f"{verb[0]} says that it needs root, and to leave the keytab's mode",
              done.returncode != 0 and "as root" in said and "Correct its owner" not in said, done)


    done = ws([*ORDINARY, "trustlogon", "diagnose", "--no-password", "CONTOSO\\alice"])
    check("it could not tell, and no user sees that", done.returncode == 3 and
          "The user sees" not in done.stdout, done)


def no_backslash():
    done = ws("trustlogon diagnose --no-password CONTOSO\\alice --json")
    got = json.loads(done.stdout)
    hints = [each for each in got["findings"] if "'CONTOSO\\alice'" in each["what"]]
    check("a shell took the backslash: diagnose says what was probably meant",
          hints and hints[0]["check"] == "name" and hints[0]["verdict"] == "warning", got["findings"])
    check("and does not claim that all is well",
          done.returncode != 0 and "Everything works" not in
          ws("trustlogon diagnose --no-password CONTOSO\\alice").stdout, done)
    done = ws("trustlogon id CONTOSO\\alice")
    check("so does id", "'CONTOSO\\alice'" in done.stdout, done)


def by_flat_name():
    flat, dns = (json.loads(ws(f"trustlogon locate --json {name}").stdout)
                 for name in ("CONTOSO", "contoso.test"))
    equal("locate takes a NetBIOS name",
          [each["host"] for each in flat["candidates"]],
          [each["host"] for each in dns["candidates"]])
    check("and finds somebody", flat["ok"] and flat["candidates"], flat)
    done = ws("trustlogon locate NOWHERE")
    check("a NetBIOS name that no domain has", done.returncode == 1 and
          "NetBIOS name 'NOWHERE'" in done.stderr, done)


def names_in_the_configuration():
    for option, value, words in (("default_domain", "comtoso.test", "no domain"),
                                 ("realm", "FABRIKAM", "NetBIOS"),
                                 ("realm", "FABRIKAM.TSET", "fabrikam.test"),
                                 ("default_domain", "CONTOSO", None),
                                 ("realm", "FABRIKAM.TEST", None)):
        put("ws1", CONF, f"[workstation]\n    {option} = {value}\n")
        done = ws(f"trustlogon --conf {CONF} config --json")
        problems = json.loads(done.stdout)["problems"]
        if words is None:
            equal(f"config: {option} = {value} is good", (done.returncode, problems), (0, []))
        else:
            check(f"config: {option} = {value} is a problem",
                  done.returncode == 1 and len(problems) == 1 and problems[0]["option"] == option
                  and words in problems[0]["what"], done.stdout)
    put("ws1", CONF, "[access]\n    allow_groups = S-1-18-1\n")
    done = ws(f"trustlogon --conf {CONF} config --json")
    access = json.loads(done.stdout)["access"]
    equal("config knows the well-known SID of a rule",
          (done.returncode, access[0]["name"], access[0]["why"]),
          (0, "Authentication authority asserted identity", None))


up(**LAB)
check("a snapshot is there", ws("trustlogon refresh").returncode == 0)
ordinary_user()
no_backslash()
by_flat_name()
names_in_the_configuration()
finish()
